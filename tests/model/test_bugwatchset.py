from datetime import timedelta

import pytest
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import IObjectModifiedEvent

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchActivity,
    BugWatchErrorType,
    BugWatchTaken,
    IBugWatchSet,
    NotFoundError,
    RemoteBug,
    RemoteBugError,
    WatchChecks,
)
from malonewatch.model import BugTracker

from ..fetching import apply


def test_it_provides_the_interface(watches):
    verifyObject(IBugWatchSet, watches)


def test_what_watches_have_of_their_checks_is_what_each_has(watches, add_watches, tracker, clock):
    ours = add_watches(3)
    ours[0].longest_interval = 7200.0
    outcomes = [
        RemoteBug("0", "NEW", BugTaskStatus.NEW, modified=clock.moment),
        RemoteBugError("1", BugWatchErrorType.BUG_NOT_FOUND, "It is gone."),
    ]
    apply(tracker, outcomes, clock.moment)
    checks = watches.getChecks(ours)
    assert checks == [
        WatchChecks(**{name: getattr(watch, name) for name in WatchChecks._fields})
        for watch in ours
    ]
    for values in zip(*checks, strict=True):
        assert len(set(values)) > 1
    tracker.ledger.set_polled(False)
    assert {each.next_check for each in watches.getChecks(ours)} == {None}


def test_watches_by_number(watches, bug, tracker, watch, owner):
    other = bug.addWatch(tracker, "43", owner)
    assert list(watches) == [watch, other]
    assert watches.count() == 2
    assert watches.get(watch.id) is watch


@pytest.mark.parametrize("number", [0, 2, -1, 2**80, "1", None])
def test_a_watch_that_is_not_there(watches, watch, number):
    with pytest.raises(NotFoundError, match=f"^There is no bug watch {number}"):
        watches.get(number)


def test_a_number_is_given_once(watches, bug, tracker):
    for expected in (1, 2, 3):
        watch = bug.addWatch(tracker, "42", None)
        assert watch.id == expected
        bug.removeWatch(watch)
    first, second = bug.addWatch(tracker, "42", None), bug.addWatch(tracker, "43", None)
    assert (first.id, second.id) == (4, 5)
    bug.removeWatch(first)
    assert bug.addWatch(tracker, "42", None).id == 6


# Moving


def test_a_watch_can_stand_for_another_bug(tracker, bug, watch, clock, make_tracker, events):
    other = make_tracker("other")
    remote = RemoteBug("42", "NEW", BugTaskStatus.NEW, validator="etag")
    apply(tracker, [remote], clock.moment, 0)
    before = watch.activity
    events.clear()
    watch.__parent__.moveBugWatch(watch, other, "#007")
    assert (watch.bugtracker, watch.remotebug, watch.id, watch.bug) == (other, "7", 1, bug)
    assert bug.getBugWatch(other, "7") is watch
    assert bug.getBugWatch(tracker, "42") is None
    assert list(bug.watches) == list(other.watches) == [watch]
    assert list(tracker.watches) == tracker.getBugsWatching("42") == []
    # Nothing is known of it, so it is due.
    assert (watch.remotestatus, watch.lastchecked) == (None, None)
    assert (tracker.countDue(clock.moment), other.countDue(clock.moment)) == (0, 1)
    assert watch.activity == [
        BugWatchActivity(clock.moment, None, "It was a watch on Bugs #42 before."),
        *before,
    ]
    (event,) = events
    assert IObjectModifiedEvent.providedBy(event)
    assert event.object is watch


def test_what_was_held_or_wrong_stays_behind(tracker, bug, watch, watches, clock):
    error = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")
    apply(tracker, [error], clock.moment)
    watches.moveBugWatch(watch, tracker, "43")
    assert watch.last_error_type is None
    assert tracker.countDue(clock.moment) == 1


def test_it_moves_for_good(tracker, watch, watches, make_tracker, reopened):
    watches.moveBugWatch(watch, make_tracker("other"), "7")
    found = reopened(watch)
    assert (found.bugtracker.name, found.remotebug) == ("other", "7")
    assert [each.id for each in found.bug.watches] == [1]


def test_it_does_not_move_where_there_is_one(tracker, bug, watch, watches):
    other = bug.addWatch(tracker, "43", None)
    for remotebug in ("43", "42"):
        with pytest.raises(BugWatchTaken):
            watches.moveBugWatch(watch, tracker, remotebug)
    assert list(bug.watches) == [other, watch]


def test_it_does_not_move_where_it_cannot_be(tracker, bug, watch, watches):
    loose = BugTracker("loose", "Loose", "BUGZILLA", "https://loose.example.com")
    for bugtracker, remotebug in ((tracker, ""), (loose, "7")):
        with pytest.raises(BadInput):
            watches.moveBugWatch(watch, bugtracker, remotebug)
    assert bug.getBugWatch(tracker, "42") is watch


def test_a_clock_is_noticed_that_was_wrong_when_a_watch_was_moved(
    trackers, tracker, watch, watches, clock
):
    clock.tick(days=365)
    watches.moveBugWatch(watch, tracker, "43")
    assert trackers.clockWentBack(clock.moment - timedelta(days=365))
