"""What a sweep makes of the watches of a bug tracker."""

from datetime import timedelta

import pytest
import transaction

from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerType,
    Exchange,
    Freshness,
    RemoteBug,
    Swept,
)
from malonewatch.model import rhythm
from malonewatch.model.schedule import CHECK_INTERVAL, OVERLAP

from ..fetching import apply

WATCHES = 1200
BEFORE = timedelta(days=400)


@pytest.fixture
def many(trackers, bug, clock):
    """A Bugzilla that takes three requests to be asked for all, which is known."""
    tracker = trackers.ensureBugTracker(
        "https://many.example.com", None, BugTrackerType.BUGZILLA, name="many"
    )
    for number in range(WATCHES):
        bug.addWatch(tracker, str(number + 1), None)
    ask_all(tracker, clock)
    return tracker


def ask_all(tracker, clock, skew=0.0):
    bugs = [
        RemoteBug(str(number + 1), "NEW", BugTaskStatus.NEW, modified=clock.moment - BEFORE)
        for number in range(WATCHES)
    ]
    apply(tracker, bugs, clock.moment, skew)


def sweep(tracker, clock, names, skew=0.0, requests=1):
    exchanges = (Exchange("GET", "https://many.example.com", 200, 0.1, 10),) * requests
    names = None if names is None else tuple(names)
    return tracker.applySweep(Swept(tracker.facts, clock.moment, names, skew, exchanges))


def watch_on(tracker, name):
    return tracker.watches_on(name)[0]


def until_due(tracker, clock):
    """Let time go by until it is to be asked what changed."""
    clock.moment += timedelta(hours=23)
    for watch in tracker.watches[:20], tracker.watches[-20:]:
        for each in watch:
            each.next_check = clock.moment + timedelta(days=2)
    return tracker.getSweep(clock.moment)


def test_it_is_asked_what_changed_a_while_after_all_is_known(many, clock):
    first = clock.moment
    assert many.swept is None
    assert many.getSweep(first + timedelta(hours=10)) is None
    assert until_due(many, clock) == first - timedelta(seconds=OVERLAP)
    assert [state.due for state in many.__parent__.getBugTrackerStates(clock.moment)] == [True]


def test_what_changed_is_due_and_the_rest_counts_as_checked(many, clock):
    first = clock.moment
    until_due(many, clock)
    before = clock.moment + timedelta(days=2)
    assert sweep(many, clock, ["7", "9", "nobody's"]) == 2
    assert many.swept == clock.moment
    changed, silent = watch_on(many, "7"), watch_on(many, "8")
    assert (changed.next_check, changed.lastchecked) == (clock.moment, first)
    assert (silent.next_check, silent.lastchecked) == (before, clock.moment)
    fresh = {str(number) for number in range(1, WATCHES + 1)}
    fresh -= {watch.remotebug for watch in many.getBugWatchesNeedingUpdate(1)}
    assert {"1", "8", "1200"} <= fresh
    assert not {"7", "9"} & fresh
    assert many.getDailyCounters()[0].requests == 1
    # What is due is not due once more.
    assert sweep(many, clock, ["7", "9"]) == 0


def test_a_sweep_costs_the_database_next_to_nothing(many, clock):
    until_due(many, clock)
    transaction.commit()
    sweep(many, clock, [])
    connection = many._p_jar
    assert len(connection._registered_objects) < 8


def test_what_is_swept_is_asked_for_by_itself_when_its_longest_interval_is_over(many, clock):
    until_due(many, clock)
    sweep(many, clock, [])
    ask_all(many, clock)
    assert watch_on(many, "8").next_check - clock.moment > timedelta(days=2)
    clock.tick(days=3)
    ask_all(many, clock)
    assert watch_on(many, "8").next_check - clock.moment <= timedelta(days=1)


def test_a_watch_that_was_not_checked_since_sweeps_began_shows_its_own_check(many, clock):
    watch = watch_on(many, "8")
    watch.lastchecked = clock.moment - timedelta(days=1)
    watch.next_check = clock.moment + timedelta(days=2)
    until_due(many, clock)
    sweep(many, clock, [])
    assert watch.lastchecked == clock.moment - timedelta(hours=47)


@pytest.mark.parametrize(("names", "skew"), [(None, 0.0), (["7"], None), (["7"], 3600.0)], ids=str)
def test_a_sweep_that_tells_not_all_tells_nothing(many, clock, names, skew):
    until_due(many, clock)
    assert sweep(many, clock, names, skew) == 0
    assert many.swept is None
    assert watch_on(many, "7").next_check > clock.moment
    assert many.getSweep(clock.moment + timedelta(hours=20)) is None
    assert until_due(many, clock) is not None


def test_where_asking_for_the_bugs_is_cheaper_it_is_done(many, clock):
    until_due(many, clock)
    sweep(many, clock, map(str, range(1, 1000)))
    assert many.swept is None
    assert many.getSweep(clock.moment + timedelta(days=6)) is None
    # Then one looks back for no more than two days.
    clock.tick(days=8)
    since = many.getSweep(clock.moment)
    assert clock.moment - since == timedelta(seconds=2 * CHECK_INTERVAL + OVERLAP)
    silent = watch_on(many, "1100")
    silent.next_check = clock.moment + timedelta(days=1)
    before = silent.lastchecked
    sweep(many, clock, [])
    assert silent.lastchecked == before


def test_the_more_requests_are_allowed_the_more_often_it_is_asked(many, clock):
    many.freshness = Freshness(budget=46)
    until_due(many, clock)
    sweep(many, clock, [])
    assert many.getSweep(clock.tick(minutes=55)) is None
    assert many.getSweep(clock.tick(minutes=10)) is not None
    assert rhythm.sweep_interval(1000, 1) == 600
    assert rhythm.sweep_interval(1, 5) == CHECK_INTERVAL


def test_few_watches_are_asked_for_at_once_and_need_no_sweep(tracker, watch, clock):
    apply(tracker, [RemoteBug("42", "NEW", BugTaskStatus.NEW)], clock.moment, 0.0)
    assert tracker.getSweep(clock.tick(days=30)) is None


@pytest.mark.parametrize(
    ("kind", "skew"), [(BugTrackerType.PAGURE, 0.0), (BugTrackerType.BUGZILLA, None)], ids=str
)
def test_what_cannot_be_asked_what_changed_is_not(trackers, bug, clock, kind, skew):
    tracker = trackers.ensureBugTracker("https://x.example.com", None, kind, name="other")
    for number in range(501):
        bug.addWatch(tracker, f"p#{number + 1}" if kind == "PAGURE" else str(number + 1), None)
    name = tracker.watches[0].remotebug
    apply(tracker, [RemoteBug(name, "NEW", BugTaskStatus.NEW)], clock.moment, skew)
    assert tracker.getSweep(clock.tick(days=30)) is None


def test_when_all_is_forgotten_so_are_sweeps(many, clock):
    until_due(many, clock)
    many.baseurl = "https://other.example.com"
    assert many.getSweep(clock.moment) is None
    assert sweep(many, clock, ["7"]) == 0


def test_after_a_clock_that_was_wrong_sweeps_begin_anew(many, clock):
    until_due(many, clock)
    sweep(many, clock, [])
    clock.tick(days=-9)
    many.setClockBack(clock.moment)
    assert many.swept is None


def test_what_is_known_of_sweeps_is_read_as_it_was_written(many, clock):
    until_due(many, clock)
    sweep(many, clock, [])
    transaction.commit()
    many.ledger.sweeps._p_deactivate()
    assert many.swept == clock.moment
