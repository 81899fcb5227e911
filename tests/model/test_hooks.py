import pytest
import transaction

from malonewatch.interfaces import RemoteBug

from ..fetching import apply


@pytest.fixture
def checked(tracker, watch, clock):
    """A watch that was checked an hour ago, and is due tomorrow."""
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    clock.tick(hours=1)
    return watch


def test_none_has_come_at_first(tracker):
    assert (tracker.lasthook, tracker.hook_secrets) == (None, ())


def test_what_it_names_is_due(tracker, checked, clock):
    assert tracker.countDue(clock.moment) == 0
    assert tracker.noteEvent(["042"], clock.moment) == 1
    assert checked.next_check == clock.moment == tracker.lasthook
    (batch,) = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)[1]
    # Of which all that changed since is asked for, as ever.
    assert batch.remotebugs == ("42",)
    assert tracker.noteEvent(["42", "42"], clock.moment) == 0


def test_each_watch_on_it_is_due(tracker, checked, bugs, clock, owner):
    bugs.createBug("Another").addWatch(tracker, "42", owner)
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    clock.tick(hours=1)
    assert tracker.noteEvent([f"{tracker.baseurl}/show_bug.cgi?id=42"], clock.moment) == 2


@pytest.mark.parametrize("name", ["43", "https://elsewhere.example.com/show_bug.cgi?id=42"])
def test_what_nobody_watches_here_does_not_matter(tracker, checked, clock, name):
    assert tracker.noteEvent([name], clock.moment) == 0


def test_what_is_due_already_is_not_written(site, tracker, checked, clock):
    tracker.noteEvent(["42"], clock.moment)
    transaction.commit()
    clock.tick(seconds=100)
    tracker.noteEvent(["42"], clock.moment)
    assert not tracker._p_jar._registered_objects


def test_within_a_minute_of_its_check_it_is_not_due(tracker, watch, clock):
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    start = clock.moment
    clock.tick(seconds=5)
    tracker.noteEvent(["42"], clock.moment)
    assert (watch.next_check - start).total_seconds() == 60


@pytest.fixture
def run(tracker, trackers, clock):
    """Lets a run begin to ask."""

    def begin():
        assert trackers.claims.claim(tracker.origin, "a run", clock.moment)
        return clock.moment

    return begin


@pytest.mark.parametrize("title", ["", "Another"])
@pytest.mark.parametrize("is_due", [True, False])
def test_one_that_comes_while_it_is_asked_for_is_not_lost(
    tracker, checked, clock, run, is_due, title
):
    if is_due:
        clock.tick(days=30)
    asked = run()
    clock.tick(milliseconds=500)
    assert tracker.noteEvent(["42"], clock.moment) == (not is_due)
    apply(tracker, [RemoteBug("42", "NEW", title=title)], asked)
    assert 0 < (checked.next_check - asked).total_seconds() <= 10
    clock.tick(minutes=1)
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    assert tracker.countDue(clock.tick(hours=1)) == 0


def test_many_while_it_is_asked_for_write_once_in_ten_seconds(site, tracker, checked, clock, run):
    clock.tick(days=30)
    run()
    transaction.commit()
    for seconds, written in ((0, True), (4, True), (5, False), (1, False), (1, True)):
        tracker.noteEvent(["42"], clock.tick(seconds=seconds))
        assert bool(tracker._p_jar._registered_objects) == written
        transaction.commit()


def test_what_a_watch_is_followed_to_is_due_once_in_a_minute(tracker, watch, clock):
    apply(
        tracker,
        [RemoteBug("42", "RESOLVED", resolution="DUPLICATE", duplicate_of="7")],
        clock.moment,
    )
    apply(tracker, [RemoteBug("7", "NEW")], clock.moment)
    clock.tick(hours=1, seconds=20)
    assert tracker.getDueBatches(clock.moment, 0, 100)[1] == []
    assert tracker.noteEvent(["7"], clock.moment) == 1
    assert tracker.noteEvent(["7"], clock.tick(seconds=20)) == 0
    assert tracker.followed.due["7"] % 60 == 0
    clock.tick(seconds=20)
    (batch,) = tracker.getDueBatches(clock.moment, 0, 100)[1]
    assert batch.remotebugs == ("7",)


def test_one_that_comes_while_that_is_asked_for_is_not_lost(tracker, watch, clock, run):
    duplicate = RemoteBug("42", "RESOLVED", resolution="DUPLICATE", duplicate_of="7")
    apply(tracker, [duplicate], clock.moment)
    clock.tick(hours=1)
    asked = run()
    clock.tick(seconds=10)
    tracker.noteEvent(["7"], clock.moment)
    apply(tracker, [RemoteBug("7", "NEW")], asked)
    (batch,) = tracker.getDueBatches(clock.tick(minutes=1), 0, 100)[1]
    assert batch.remotebugs == ("7",)
    apply(tracker, [RemoteBug("7", "NEW")], clock.moment)
    assert "7" not in tracker.followed.due
