"""How long the bugs of a bug tracker are asked for."""

from datetime import timedelta

import pytest
from zope.component import getGlobalSiteManager

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    IBugTrackerFacts,
    IExternalBugTracker,
    Polling,
    RemoteBug,
    RemoteBugError,
)

from ..fetching import apply

FIXED = RemoteBug("42", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED)


class Frozen(Bugzilla):
    """A type that says how long it wants to be asked."""

    polling = Polling.ONCE
    not_polled = "Nothing changes there any more."


@pytest.fixture
def frozen(site):
    """Frozen Bugzillas; what they want may be set."""
    registry, before = getGlobalSiteManager(), (Frozen.polling, Frozen.not_polled)
    registration = (Frozen, (IBugTrackerFacts,), IExternalBugTracker, "FROZEN")
    registry.registerAdapter(*registration)
    yield Frozen
    Frozen.polling, Frozen.not_polled = before
    registry.unregisterAdapter(*registration)


@pytest.fixture
def tracker(clock, frozen, make_tracker):
    return make_tracker(bugtrackertype=BugTrackerType.FROZEN)


def due_after(clock, tracker, **span):
    return tracker.countDue(clock.now() + timedelta(**span))


def test_a_bug_tracker_is_polled_as_its_type_wants(tracker):
    assert tracker.polling is Polling.ONCE
    assert tracker.not_polled == "Nothing changes there any more."


def test_most_are_polled_for_ever_and_have_nothing_to_say_about_it(make_tracker):
    other = make_tracker("others")
    assert (other.polling, other.not_polled) == (Polling.ALWAYS, "")


def test_what_is_polled_once_is_due_until_it_is_known(clock, tracker, watch):
    assert due_after(clock, tracker) == 1
    apply(tracker, [FIXED], clock.now())
    assert due_after(clock, tracker, days=10_000) == 0
    assert watch.next_check is None


@pytest.mark.parametrize("error_type", ["BUG_NOT_FOUND", "BUG_DELETED"])
def test_what_is_polled_once_is_not_asked_for_when_it_is_gone(clock, tracker, watch, error_type):
    apply(
        tracker, [RemoteBugError("42", BugWatchErrorType[error_type], "It is gone.")], clock.now()
    )
    assert due_after(clock, tracker, days=10_000) == 0


def test_what_is_polled_once_is_tried_until_it_can_be_read(clock, tracker, watch):
    apply(
        tracker, [RemoteBugError("42", BugWatchErrorType.UNPARSABLE_BUG, "It is odd.")], clock.now()
    )
    assert due_after(clock, tracker, days=2) == 1


def test_a_person_makes_due_what_is_polled_once(clock, tracker, watch):
    apply(tracker, [FIXED], clock.now())
    assert tracker.resetWatches(clock.now()) == 1
    assert due_after(clock, tracker) == 1
    apply(tracker, [FIXED], clock.now())
    watch.reset()
    assert due_after(clock, tracker) == 1


def test_a_clock_that_went_back_makes_nothing_due_that_is_polled_once(clock, tracker, watch):
    apply(tracker, [FIXED], clock.now())
    tracker.setClockBack(clock.now() - timedelta(days=100))
    assert due_after(clock, tracker, days=10_000) == 0


def test_what_is_never_polled_is_never_due(clock, frozen, trackers, tracker, watch):
    frozen.polling = Polling.NEVER
    tracker.learnPolling()
    assert watch.next_check is None
    assert due_after(clock, tracker, days=10_000) == 0
    assert tracker.getDueBatches(clock.now(), 0, 10) == (0, [])
    assert tracker.resetWatches(clock.now()) == 0
    (state,) = trackers.getBugTrackerStates(clock.now())
    assert not state.due


def test_a_new_watch_on_what_is_never_polled_is_not_due(clock, frozen, trackers, make_tracker, bug):
    frozen.polling = Polling.NEVER
    tracker = make_tracker(bugtrackertype=BugTrackerType.FROZEN)
    watch = bug.addWatch(tracker, "1", None)
    (state,) = trackers.getBugTrackerStates(clock.now())
    assert (state.due, watch.next_check) == (False, None)


def test_what_is_polled_again_is_due_as_before(clock, frozen, trackers, tracker, watch):
    frozen.polling = Polling.NEVER
    tracker.learnPolling()
    frozen.polling = Polling.ALWAYS
    assert tracker.resetWatches(clock.now()) == 1
    (state,) = trackers.getBugTrackerStates(clock.now())
    assert (state.due, watch.next_check) == (True, clock.now())


def test_another_type_is_polled_as_that_one_wants(clock, tracker, watch):
    tracker.bugtrackertype = BugTrackerType.BUGZILLA
    assert tracker.polling is Polling.ALWAYS


def test_another_base_url_may_be_that_of_a_service_that_was_shut_down(make_tracker):
    tracker = make_tracker(bugtrackertype=BugTrackerType.SAVANE)
    assert tracker.polling is Polling.ALWAYS
    tracker.baseurl = "https://gna.org"
    assert (tracker.polling, tracker.not_polled) == (
        Polling.NEVER,
        "Gna! was shut down for good in 2017.",
    )


def test_a_deleted_bug_is_seldom_asked_for(clock, make_tracker, bug):
    tracker = make_tracker("others")
    watch = bug.addWatch(tracker, "42", None)
    apply(
        tracker,
        [RemoteBugError("42", BugWatchErrorType.BUG_DELETED, "It was deleted.")],
        clock.now(),
    )
    assert timedelta(days=26) < watch.next_check - clock.now() <= timedelta(days=30)
    tracker.setClockBack(clock.now())
    assert watch.next_check > clock.now()
