"""Duplicates are followed to the bug that survives."""

from datetime import timedelta

import pytest

from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchErrorType,
    FollowedBug,
    FollowedWay,
    IBugWatchStatusChanged,
    Mappings,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.model.ways import MOST_HOPS

from ..fetching import apply, preview

DUPLICATE = RemoteBug("42", "RESOLVED DUPLICATE", BugTaskStatus.INVALID, title="It crashes")
OPEN = BugTaskStatus.CONFIRMED
FIXED = BugTaskStatus.FIXRELEASED


def duplicate(of, remotebug="42"):
    return DUPLICATE._replace(remotebug=remotebug, duplicate_of=of)


def bug_is(remotebug, words, status):
    return RemoteBug(remotebug, words, status)


@pytest.fixture
def say(tracker, clock):
    """Lets the bug tracker say something, now; what is to be asked for next."""

    def say(*outcomes, by=tracker, **values):
        return apply(by, outcomes, clock.now(), **values).follow

    return say


@pytest.fixture
def asked(tracker, clock):
    """What would be asked for in so many days."""

    def asked(days=0, by=tracker, changed_since=False):
        _, batches = by.getDueBatches(clock.now() + timedelta(days=days), 0, 100, changed_since)
        return [batch.remotebugs for batch in batches]

    return asked


def test_what_a_duplicate_duplicates_is_to_be_asked_for_next(say, watch):
    assert say(duplicate("7")) == ("7",)
    assert say(bug_is("7", "ASSIGNED", OPEN)) == ()


def test_a_watch_on_a_duplicate_shows_how_the_other_one_is(say, watch):
    say(duplicate("7"))
    say(bug_is("7", "ASSIGNED", OPEN)._replace(resolution="later", fixed_in="2.0", closed=False))
    assert (watch.remotestatus, watch.status) == ("ASSIGNED", OPEN)
    assert (watch.resolution, watch.fixed_in, watch.closed) == ("later", "2.0", False)
    assert (watch.remotebug, watch.remote_title) == ("42", "It crashes")
    assert watch.duplicate_of == "7"


def test_the_chain_is_shown(say, watch):
    say(duplicate("7"))
    say(duplicate("8", "7"))
    say(bug_is("8", "ASSIGNED", OPEN))
    url = "https://bugs.example.com/show_bug.cgi?id="
    assert watch.followed == [
        FollowedBug("bugs", "7", url + "7"),
        FollowedBug("bugs", "8", url + "8"),
    ]
    assert watch.status is OPEN


def test_what_it_shows_stays_until_the_other_one_was_asked_for(say, watch, events):
    say(bug_is("42", "ASSIGNED", OPEN))
    events.clear()
    say(duplicate("7"))
    assert watch.remotestatus == "ASSIGNED"
    say(bug_is("7", "ASSIGNED", OPEN))
    assert not [event for event in events if IBugWatchStatusChanged.providedBy(event)]


def test_the_other_one_is_asked_for_in_the_same_batch(say, asked, watch):
    say(duplicate("7"))
    assert asked() == [("7",)]
    say(bug_is("7", "ASSIGNED", OPEN))
    assert asked() == []
    assert asked(days=1) == [("42", "7")]
    say(RemoteBugUnchanged("42"), RemoteBugUnchanged("7"), clock_skew=0)
    assert asked(days=1, changed_since=True) == [("42", "7")]


def test_what_is_followed_to_is_asked_for_in_full_if_it_could_not_be_read(say, asked, watch):
    say(duplicate("7"), clock_skew=0)
    say(bug_is("7", "ASSIGNED", OPEN), clock_skew=0)
    say(RemoteBugError("7", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private."), clock_skew=0)
    assert asked(days=1, changed_since=True) == [("7",), ("42",)]
    assert watch.remotestatus == "ASSIGNED"


def test_a_change_of_the_other_one_is_a_change_of_the_watch(say, watch, events, clock, tracker):
    say(duplicate("7"))
    say(bug_is("7", "ASSIGNED", OPEN))
    events.clear()
    applied = apply(tracker, [RemoteBugUnchanged("42"), bug_is("7", "FIXED", FIXED)], clock.now())
    (change,) = applied.changes
    assert (change.remotebug, change.old_status, change.new_status) == ("42", OPEN, FIXED)
    (event,) = events
    assert (event.object, event.new_status) == (watch, FIXED)
    assert watch.activity[0].message == "ASSIGNED -> FIXED"


def test_it_is_found_by_what_it_shows(say, watch, watches):
    from malonewatch.interfaces import BugWatchQuery

    say(duplicate("7"))
    say(bug_is("7", "FIXED", FIXED))
    found = watches.search(BugWatchQuery(meanings=frozenset({FIXED})))
    assert found.watches == [watch]


def test_one_that_is_no_duplicate_any_more_shows_how_it_is_itself(say, asked, watch):
    say(duplicate("7"))
    say(bug_is("7", "FIXED", FIXED))
    say(bug_is("42", "REOPENED", OPEN))
    assert (watch.remotestatus, watch.duplicate_of, watch.followed) == ("REOPENED", None, [])
    assert asked(days=1) == [("42",)]
    say(bug_is("7", "ASSIGNED", OPEN))
    assert watch.remotestatus == "REOPENED"


def test_a_duplicate_of_another_one_is_followed_there(say, asked, watch):
    say(duplicate("7"))
    say(bug_is("7", "FIXED", FIXED))
    say(duplicate("8"))
    say(bug_is("8", "ASSIGNED", OPEN))
    assert watch.remotestatus == "ASSIGNED"
    assert asked(days=1) == [("42", "8")]


def test_what_a_batch_says_of_both_counts(say, watch):
    assert say(duplicate("7"), bug_is("7", "ASSIGNED", OPEN)) == ()
    assert watch.remotestatus == "ASSIGNED"
    say(bug_is("42", "REOPENED", OPEN), bug_is("7", "FIXED", FIXED))
    assert watch.remotestatus == "REOPENED"


def test_duplicates_of_one_another_show_how_they_are_themselves(say, watch):
    say(duplicate("7"))
    say(duplicate("42", "7"))
    assert watch.remotestatus == "RESOLVED DUPLICATE"
    assert [hop.remotebug for hop in watch.followed] == ["7"]


def test_a_duplicate_of_itself_is_followed_nowhere(say, asked, watch):
    say(duplicate("42"))
    assert (watch.remotestatus, watch.followed) == ("RESOLVED DUPLICATE", [])
    assert asked(days=1) == [("42",)]


def test_a_chain_is_followed_so_far(say, watch):
    say(duplicate("100"))
    for number in range(100, 100 + MOST_HOPS - 1):
        assert say(duplicate(str(number + 1), str(number))) == (str(number + 1),)
    assert say(duplicate("200", str(99 + MOST_HOPS))) == ()
    assert len(watch.followed) == MOST_HOPS


def test_what_cannot_be_read_is_not_followed_to(say, watch):
    say(duplicate("7"))
    say(RemoteBugError("7", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 7."))
    assert watch.remotestatus == "RESOLVED DUPLICATE"
    say(bug_is("7", "ASSIGNED", OPEN))
    assert watch.remotestatus == "ASSIGNED"


def test_what_is_watched_itself_is_known_already(say, watch, bug, tracker):
    bug.addWatch(tracker, "7", None)
    say(bug_is("7", "ASSIGNED", OPEN))
    assert say(duplicate("7")) == ()
    assert watch.remotestatus == "ASSIGNED"
    say(bug_is("7", "FIXED", FIXED))
    assert {each.remotestatus for each in tracker.watches} == {"FIXED"}


def test_it_is_followed_to_another_bug_tracker(say, asked, watch, make_tracker, trackers, clock):
    other = make_tracker("others")
    url = "https://others.example.com/show_bug.cgi?id=7"
    assert say(duplicate(url)) == ()
    states = {state.name: state.due for state in trackers.getBugTrackerStates(clock.now())}
    assert states["others"]
    assert (asked(), asked(by=other)) == ([], [("7",)])
    say(bug_is("7", "FIXED", FIXED), by=other)
    assert (watch.remotestatus, watch.bugtracker.name) == ("FIXED", "bugs")
    assert watch.followed == [FollowedBug("others", "7", url)]
    assert (asked(by=other), asked(days=1, by=other)) == ([], [("7",)])
    say(bug_is("7", "REOPENED", OPEN), by=other)
    assert watch.remotestatus == "REOPENED"
    states = {state.name: state.due for state in trackers.getBugTrackerStates(clock.now())}
    assert not states["others"]


def test_what_is_on_a_bug_tracker_that_is_not_registered_is_shown_only(say, watch, trackers):
    url = "https://bugzilla.mozilla.org/show_bug.cgi?id=7"
    say(duplicate(url))
    assert watch.followed == [FollowedBug(None, url, url)]
    assert (watch.remotestatus, trackers.count()) == ("RESOLVED DUPLICATE", 1)


def test_a_bug_tracker_that_is_gone_is_not_followed_to(say, watch, make_tracker, trackers):
    other = make_tracker("others")
    say(duplicate("https://others.example.com/show_bug.cgi?id=7"))
    trackers.remove(other)
    assert [hop.tracker for hop in watch.followed] == [None]
    say(bug_is("42", "REOPENED", OPEN))
    assert watch.remotestatus == "REOPENED"


@pytest.mark.parametrize("forget", ["reset", "remove", "move"])
def test_a_watch_that_is_on_something_else_is_followed_no_more(
    say, asked, watch, watches, tracker, forget
):
    say(duplicate("7"))
    if forget == "reset":
        watch.reset()
    elif forget == "remove":
        watches.removeBugWatch(watch)
    else:
        watches.moveBugWatch(watch, tracker, "43")
    assert not tracker.followed.followers
    assert "7" not in [name for names in asked(days=1) for name in names]


def test_a_site_says_that_it_is_not_to_be_followed(say, asked, watch, tracker):
    say(duplicate("7"))
    say(bug_is("7", "FIXED", FIXED))
    tracker.follows = False
    assert (watch.remotestatus, watch.followed) == ("RESOLVED DUPLICATE", [])
    assert asked(days=1) == [("42",)]
    assert say(duplicate("8")) == ()
    tracker.follows = True
    assert asked() == [("8",)]
    say(bug_is("8", "ASSIGNED", OPEN))
    assert watch.remotestatus == "ASSIGNED"


def test_what_is_followed_to_is_read_anew_too(say, watch, tracker, clock):
    say(duplicate("7"))
    say(bug_is("7", "ASSIGNED", OPEN))
    mappings = Mappings(statuses=(("ASSIGNED", BugTaskStatus.INPROGRESS),))
    (change,) = tracker.setMappings(mappings, clock.now())
    assert (change.remotebug, watch.status) == ("42", BugTaskStatus.INPROGRESS)


def test_another_bug_tracker_knows_nothing_of_what_is_followed_to(say, asked, watch, tracker):
    say(duplicate("7"))
    say(bug_is("7", "FIXED", FIXED))
    tracker.baseurl = "https://elsewhere.example.com"
    assert asked() == [("42", "7")]


def test_a_preview_follows_what_is_known(say, watch, tracker, clock):
    say(duplicate("7"))
    say(bug_is("7", "FIXED", FIXED))
    applied = preview(tracker, [duplicate("7")._replace(title="Another")], clock.now())
    assert applied.changes == []


def test_checking_a_watch_asks_for_what_it_is_followed_to(say, watch, tracker):
    assert tracker.withFollowed(["42"]) == ["42"]
    say(duplicate("7"))
    assert tracker.withFollowed(["42"]) == ["42", "7"]


def test_nothing_is_kept_where_nothing_is_followed(say, tracker, watch):
    say(bug_is("42", "ASSIGNED", OPEN))
    assert tracker.followed is None


def test_what_the_application_could_not_be_told_is_not_heard(say, asked, watch):
    say(duplicate("7"))
    say(RemoteBugError("7", BugWatchErrorType.APPLICATION_FAILED, "It failed."))
    assert watch.remotestatus == "RESOLVED DUPLICATE"
    assert asked() == [("7",)]


def test_where_nothing_was_ever_followed_nothing_is_kept_of_duplicates_either(say, tracker, watch):
    tracker.follows = False
    assert say(duplicate("7")) == ()
    assert (tracker.followed, watch.remotestatus) == (None, "RESOLVED DUPLICATE")


def test_what_is_elsewhere_is_not_asked_for_here(say, asked, watch, make_tracker):
    other = make_tracker("others")
    say(duplicate("https://others.example.com/show_bug.cgi?id=7"))
    say(bug_is("7", "ASSIGNED", OPEN), by=other)
    assert asked(days=1) == [("42",)]


def test_what_is_not_the_status_changes_without_being_a_change(say, watch, tracker, clock):
    say(duplicate("7"))
    say(bug_is("7", "ASSIGNED", OPEN))
    applied = apply(tracker, [bug_is("7", "ASSIGNED", OPEN)._replace(fixed_in="2.0")], clock.now())
    assert (applied.changes, watch.fixed_in) == ([], "2.0")


def test_others_are_followed_on_when_one_watch_is_gone(say, watch, watches, bugs, tracker):
    other = bugs.createBug().addWatch(tracker, "42", None)
    say(duplicate("7"))
    watches.removeBugWatch(watch)
    say(bug_is("7", "ASSIGNED", OPEN))
    assert other.remotestatus == "ASSIGNED"


def test_as_it_was_is_no_answer_where_nothing_is_known(say, asked, watch):
    say(duplicate("7"))
    assert say(RemoteBugUnchanged("7")) == ("7",)
    assert watch.remotestatus == "RESOLVED DUPLICATE"


def test_the_same_again_is_no_news(say, watch, events):
    say(duplicate("7"))
    say(bug_is("7", "ASSIGNED", OPEN))
    events.clear()
    say(bug_is("7", "ASSIGNED", OPEN))
    assert events == []


def test_what_is_watched_itself_is_asked_for_as_that_watch_wants(say, asked, watch, bug, tracker):
    bug.addWatch(tracker, "7", None)
    say(duplicate("7"), clock_skew=0)
    say(bug_is("7", "ASSIGNED", OPEN), clock_skew=0)
    (together,) = asked(days=1, changed_since=True)
    assert set(together) == {"42", "7"}


# Whose status counts.


def test_a_watch_that_is_not_followed_goes_by_its_own_bug(say, watch, tracker):
    assert watch.way == FollowedWay((None,))
    say(bug_is("42", "ASSIGNED", OPEN))
    assert watch.way == FollowedWay((bug_is("42", "ASSIGNED", OPEN),))
    tracker.follows = False
    say(duplicate("7"))
    assert watch.way == FollowedWay((duplicate("7"),))


def test_one_that_is_followed_goes_by_the_last_bug(say, watch):
    say(duplicate("7"))
    assert watch.way == FollowedWay((duplicate("7"), None), None)
    say(duplicate("8", "7"))
    assert watch.way == FollowedWay((duplicate("7"), duplicate("8", "7"), None), None)
    say(bug_is("8", "ASSIGNED", OPEN))
    said = (duplicate("7"), duplicate("8", "7"), bug_is("8", "ASSIGNED", OPEN))
    assert watch.way == FollowedWay(said, 2)


def test_it_goes_by_its_own_where_the_other_one_cannot_be_read(say, watch):
    gone = RemoteBugError("7", BugWatchErrorType.BUG_NOT_FOUND, "It is gone.")
    say(duplicate("7"))
    say(gone)
    assert watch.way == FollowedWay((duplicate("7"), gone))


def test_it_goes_by_its_own_where_all_duplicate_one_another(say, watch):
    say(duplicate("7"))
    say(duplicate("42", "7"))
    assert watch.way == FollowedWay((duplicate("7"), duplicate("42", "7")))


def test_it_goes_by_its_own_where_nobody_is_asked(say, watch):
    elsewhere = "https://other.example.com/show_bug.cgi?id=1"
    say(duplicate(elsewhere))
    assert watch.way == FollowedWay((duplicate(elsewhere), None))
