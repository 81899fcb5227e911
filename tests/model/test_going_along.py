"""A watch goes along where its remote bug moves."""

import pytest

from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchErrorType,
    IBugWatchMoved,
    RemoteBug,
    RemoteBugError,
)

from ..fetching import apply

HERE, THERE = (f"https://{name}.example.com/show_bug.cgi?id=" for name in ("bugs", "others"))
OPEN = BugTaskStatus.CONFIRMED
KNOWN = RemoteBug("42", "NEW", OPEN, title="It crashes")


def moved(to, remotebug="42"):
    return RemoteBugError(remotebug, BugWatchErrorType.BUG_MOVED, f"It moved to {to}.", to)


@pytest.fixture
def say(tracker, clock):
    """Lets the bug tracker say something, now; what is to be asked for next."""

    def say(*outcomes, by=tracker):
        return apply(by, outcomes, clock.now()).follow

    return say


@pytest.fixture
def others(make_tracker):
    return make_tracker("others")


def place(watch):
    return watch.bugtracker.name, watch.remotebug


@pytest.mark.parametrize("said", [moved(THERE + "7"), KNOWN._replace(moved_to=THERE + "7")])
def test_it_goes_to_another_bug_tracker(say, watch, others, tracker, bug, clock, events, said):
    say(KNOWN)
    events.clear()
    assert say(said) == ()
    assert place(watch) == ("others", "7")
    assert (watch.remotestatus, watch.remote_title) == ("NEW", "It crashes")
    assert (watch.last_error_type, watch.next_check) == (None, clock.now())
    assert watch.lastchecked == clock.now()
    assert (len(tracker.ledger), others.countDue(clock.now())) == (0, 1)
    assert bug.getBugWatch(others, "7") is watch
    messages = [entry.message for entry in watch.activity]
    assert messages[0] == "It was a watch on Bugs #42 before."
    assert messages[-1] == "nothing known -> NEW"
    assert THERE + "7" in messages
    say(RemoteBug("7", "FIXED", BugTaskStatus.FIXRELEASED), by=others)
    assert (watch.remotestatus, watch.moved_to) == ("FIXED", None)
    assert len([event for event in events if IBugWatchMoved.providedBy(event)]) == 1


def test_another_id_on_the_same_bug_tracker_is_to_be_asked_for_next(say, watch, tracker):
    assert say(moved(HERE + "43")) == ("43",)
    assert place(watch) == ("bugs", "43")
    assert tracker.getBugsWatching("42") == []


def test_all_watches_on_it_go(say, watch, others, bugs, tracker):
    other = bugs.createBug().addWatch(tracker, "42", None)
    say(moved(THERE + "7"))
    assert {place(watch), place(other)} == {("others", "7")}


@pytest.mark.parametrize("to", ["https://nobody.example.com/show_bug.cgi?id=7", HERE + "42"])
def test_it_stays_where_it_is_and_says_where_the_bug_went(say, watch, to):
    say(moved(to))
    assert (place(watch), watch.moved_to) == (("bugs", "42"), to)
    assert watch.last_error_type is BugWatchErrorType.BUG_MOVED


def test_it_stays_where_a_site_does_not_follow(say, watch, others, tracker):
    tracker.follows = False
    say(moved(THERE + "7"))
    assert (place(watch), watch.moved_to) == (("bugs", "42"), THERE + "7")


def test_it_does_not_go_to_and_fro(say, watch, others):
    say(moved(THERE + "7"))
    say(moved(HERE + "42", "7"), by=others)
    assert place(watch) == ("others", "7")
    assert watch.moved_to == HERE + "42"


def test_two_watches_of_a_bug_on_the_same_one_become_one(say, watch, others, bug, clock, watches):
    there = bug.addWatch(others, "7", None)
    say(KNOWN)
    clock.tick(seconds=1)
    say(RemoteBug("7", "ASSIGNED", OPEN), by=others)
    clock.tick(seconds=1)
    say(moved(THERE + "7"))
    assert list(bug.watches) == [there]
    assert watches.count() == 1
    assert (place(there), there.remotestatus) == (("others", "7"), "ASSIGNED")
    messages = [entry.message for entry in there.activity]
    assert messages == [
        f"Watch {watch.id}, on Bugs #42, is one with it now.",
        f"It moved to {THERE}7.",
        THERE + "7",
        "nothing known -> ASSIGNED",
        "nothing known -> NEW",
    ]


def test_what_moves_is_followed_no_more_to_what_it_duplicated(say, watch, tracker):
    say(KNOWN._replace(duplicate_of="7"))
    assert tracker.followed.followers
    say(KNOWN._replace(moved_to="https://nobody.example.com/show_bug.cgi?id=7"))
    assert not tracker.followed.followers
