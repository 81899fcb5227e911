"""What a sweep makes of the watches of a bug tracker."""

from datetime import timedelta

import pytest
import transaction

from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    DialectLearnt,
    Exchange,
    Freshness,
    RemoteBug,
    RemoteBugError,
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


def made(requests):
    return (Exchange("GET", "https://many.example.com", 200, 0.1, 10),) * requests


def sweep(tracker, clock, names, skew=0.0, requests=1):
    names = None if names is None else tuple(names)
    return tracker.applySweep(Swept(tracker.facts, clock.moment, names, skew, made(requests)))


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


# A type may need more requests than it would like to: one for each few projects, say.


@pytest.fixture
def forge(trackers, bug):
    """A GitLab with a bug watched in each of 300 projects, of which nothing is known."""
    tracker = trackers.ensureBugTracker("https://forge.example.com", None, BugTrackerType.GITLAB)
    for number in range(300):
        bug.addWatch(tracker, f"g/p{number}#1", None)
    return tracker


def ask_some(tracker, clock, count, requests, others=(), **values):
    bugs = [
        RemoteBug(watch.remotebug, "opened", BugTaskStatus.NEW, modified=clock.moment - BEFORE)
        for watch in tracker.watches[:count]
        if watch.remotebug not in {other.remotebug for other in others}
    ]
    apply(tracker, [*bugs, *others], clock.moment, 0.0, exchanges=made(requests), **values)


def test_where_bugs_took_many_requests_it_is_asked_what_changed(forge, clock):
    ask_some(forge, clock, 300, 38)
    until_due(forge, clock)
    # Some that changed take as many, if each is in a project of its own.
    assert sweep(forge, clock, ["g/p1#1", "g/p2#1"], requests=2) == 2
    assert forge.swept == clock.moment
    assert forge.ledger.sweeps.cost == 4
    # Half of the requests that asking for all takes in a day.
    assert forge.getSweep(clock.tick(hours=4)) is None
    assert forge.getSweep(clock.tick(hours=2)) is not None
    sweep(forge, clock, [f"g/p{number}#1" for number in range(40)], requests=2)
    assert forge.swept is None


def test_where_they_took_one_it_is_not(forge, clock):
    ask_some(forge, clock, 300, 1)
    assert forge.getSweep(clock.tick(days=30)) is None


GONE = RemoteBugError("g/p1#1", BugWatchErrorType.BUG_NOT_FOUND, "It is gone.")


@pytest.mark.parametrize(
    ("gone", "values"),
    [
        ([], {"dialect": DialectLearnt("graphql", "it answers")}),
        ([], {"apart": True}),
        ([GONE], {}),
    ],
    ids=str,
)
def test_what_was_asked_besides_does_not_count(forge, clock, gone, values):
    ask_some(forge, clock, 20, 6, gone, **values)
    assert forge.getSweep(clock.tick(days=2)) is None
    ask_some(forge, clock, 20, 6)
    assert forge.getSweep(clock.tick(days=2)) is not None


def test_what_asking_for_bugs_takes_is_learnt_later_too(many, clock):
    assert many.ledger.sweeps.apiece == 1
    ask_some(many, clock, 500, 9)
    ask_some(many, clock, 500, 5)
    assert many.ledger.sweeps.apiece == 9
    until_due(many, clock)
    sweep(many, clock, [], requests=20)
    assert many.swept == clock.moment


def test_what_is_not_told_for_as_many_requests_is_not_asked_for_every_day(forge, clock):
    ask_some(forge, clock, 300, 20)
    assert forge.getSweep(clock.tick(days=2)) is not None
    sweep(forge, clock, None, requests=19)
    assert forge.getSweep(clock.tick(hours=20)) is None
    assert forge.getSweep(clock.tick(hours=5)) is not None
    sweep(forge, clock, None, requests=20)
    assert forge.getSweep(clock.tick(days=6)) is None
    assert forge.getSweep(clock.tick(days=2)) is not None


def test_what_was_known_of_sweeps_before_that_is_read_too(many, clock):
    until_due(many, clock)
    sweeps = many.ledger.sweeps
    sweeps.__setstate__(sweeps.__getstate__()[:5])
    assert sweeps.apiece == 1
    sweep(many, clock, [])
    assert many.swept == clock.moment


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
