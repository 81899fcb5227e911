"""How a site is doing, in figures."""

from datetime import timedelta

import pytest
from zope.component import getGlobalSiteManager, getSiteManager, getUtility

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    Brake,
    BugTaskStatus,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
    FailureOwner,
    Happening,
    IBugTrackerFacts,
    IExternalBugTracker,
    IOutbox,
    MeaningGroup,
    Notice,
    OriginState,
    Polling,
    Quota,
    RemoteBug,
    RemoteBugError,
    Staleness,
    Totals,
)
from malonewatch.model import schedule

from ..fetching import apply, fail

EVERY_MEANING = {
    BugTaskStatus.NEW: MeaningGroup.OPEN,
    BugTaskStatus.INCOMPLETE: MeaningGroup.OPEN,
    BugTaskStatus.CONFIRMED: MeaningGroup.OPEN,
    BugTaskStatus.TRIAGED: MeaningGroup.OPEN,
    BugTaskStatus.INPROGRESS: MeaningGroup.OPEN,
    BugTaskStatus.FIXCOMMITTED: MeaningGroup.FIXED,
    BugTaskStatus.FIXRELEASED: MeaningGroup.FIXED,
    BugTaskStatus.INVALID: MeaningGroup.CLOSED,
    BugTaskStatus.WONTFIX: MeaningGroup.CLOSED,
    BugTaskStatus.EXPIRED: MeaningGroup.CLOSED,
    BugTaskStatus.UNKNOWN: MeaningGroup.UNKNOWN,
}


@pytest.fixture
def figures(trackers, clock):
    """Those of the site as of now."""
    return lambda: trackers.getFigures(clock.now())


@pytest.fixture
def only(figures):
    """Those of the only bug tracker."""

    def figures_of_it():
        (tracker,) = figures().trackers
        return tracker

    return figures_of_it


def open_bugs(*names):
    return [RemoteBug(str(name), "NEW", BugTaskStatus.NEW) for name in names]


def test_a_site_without_bug_trackers(figures):
    found = figures()
    assert (found.trackers, found.staleness, found.origins, found.pending) == ((), None, {}, 0)


def test_a_bug_tracker_that_was_never_asked(tracker, only):
    found = only()
    assert (found.name, found.title, found.bugtrackertype) == ("bugs", "Bugs", "BUGZILLA")
    assert (found.baseurl, found.origin) == (tracker.baseurl, "https://bugs.example.com")
    assert found.active
    assert found.watches == dict.fromkeys(MeaningGroup, 0)
    assert (found.due, found.failing, found.held, found.trouble) == (0, 0, 0, None)
    assert found.staleness is None
    assert found.totals == Totals()


# What watches show.


@pytest.mark.parametrize("status", BugTaskStatus)
def test_every_status_means_something(status):
    assert MeaningGroup.of(status) is EVERY_MEANING[status]


def test_watches_are_counted_by_what_they_show(tracker, add_watches, clock, only):
    add_watches(len(EVERY_MEANING) + 1)
    apply(
        tracker,
        [RemoteBug(str(n), status.title, status) for n, status in enumerate(EVERY_MEANING)],
        clock.moment,
    )
    # The last one was never asked for.
    assert only().watches == {
        MeaningGroup.OPEN: 5,
        MeaningGroup.FIXED: 2,
        MeaningGroup.CLOSED: 3,
        MeaningGroup.UNKNOWN: 2,
    }


def test_each_bug_tracker_counts_its_own(tracker, make_tracker, bug, figures, clock):
    other = make_tracker("others")
    for each, count in ((tracker, 1), (other, 2)):
        for name in range(count):
            bug.addWatch(each, name, None)
        apply(each, open_bugs(*range(count)), clock.moment)
    counts = {each.name: each.watches[MeaningGroup.OPEN] for each in figures().trackers}
    assert counts == {"bugs": 1, "others": 2}


def test_they_are_counted_without_an_index_too(tracker, add_watches, watches, only):
    add_watches(3)
    watches.index = None
    assert only().watches[MeaningGroup.UNKNOWN] == 3


# How old that is.


def heard(tracker, clock, ages):
    """Something was heard of remote bugs 0, 1 and so on so many seconds ago."""
    now = clock.moment
    for name, age in enumerate(ages):
        apply(tracker, open_bugs(name), now - timedelta(seconds=age))


@pytest.mark.parametrize(
    ("ages", "median", "most"),
    [
        ([7], 7, 7),
        ([0, 10], 0, 10),
        ([30, 10, 20], 20, 30),
        (range(100), 49, 94),
        ([5] * 19 + [900], 5, 5),
        ([5] * 18 + [900] * 2, 5, 900),
    ],
)
def test_quantiles_are_ages_that_watches_have(
    tracker, add_watches, clock, only, ages, median, most
):
    add_watches(len(ages))
    heard(tracker, clock, ages)
    assert only().staleness == Staleness(
        len(ages), sum(ages), {0.5: median, 0.95: most, 1: max(ages)}
    )


def test_all_watches_of_a_site_are_as_old_together(tracker, make_tracker, bug, clock, figures):
    other = make_tracker("others")
    for each, ages in ((tracker, [10, 20, 30, 40]), (other, [15])):
        for name in range(len(ages)):
            bug.addWatch(each, name, None)
        heard(each, clock, ages)
    assert figures().staleness == Staleness(5, 115, {0.5: 20, 0.95: 40, 1: 40})


def test_what_was_never_asked_for_is_as_old_as_its_watch(tracker, add_watches, clock, only):
    add_watches(2)
    apply(tracker, open_bugs(0), clock.moment)
    clock.tick(seconds=60)
    apply(tracker, open_bugs(0), clock.moment)
    assert only().staleness.quantiles == {0.5: 0, 0.95: 60, 1: 60}


def test_trouble_of_the_bug_tracker_makes_nothing_younger(tracker, add_watches, clock, only):
    add_watches(1)
    apply(tracker, open_bugs(0), clock.moment)
    clock.tick(hours=30)
    fail(tracker, BugTrackerTimeout("Too slow."), clock.moment, ["0"])
    found = only()
    assert found.staleness.quantiles[0.5] == 30 * 3600
    assert (found.trouble, found.failing) == (BugWatchErrorType.TIMEOUT, 0)


def test_what_fails_by_itself_has_a_count_and_no_age(tracker, add_watches, clock, only):
    add_watches(2)
    gone = RemoteBugError("1", BugWatchErrorType.BUG_DELETED, "It is gone.")
    apply(tracker, [*open_bugs(0), gone], clock.moment)
    clock.tick(days=29)
    apply(tracker, open_bugs(0), clock.moment)
    found = only()
    assert (found.failing, found.staleness) == (1, Staleness(1, 0, {0.5: 0, 0.95: 0, 1: 0}))


def test_a_watch_that_is_gone_has_none(tracker, add_watches, clock, only):
    watch, _ = add_watches(2)
    heard(tracker, clock, [900, 5])
    watch.bug.removeWatch(watch)
    assert only().staleness.quantiles[1] == 5


def test_a_clock_that_was_set_back_makes_nothing_younger_than_new(
    tracker, add_watches, clock, only
):
    add_watches(1)
    apply(tracker, open_bugs(0), clock.moment)
    clock.tick(minutes=-2)
    assert only().staleness == Staleness(1, 0, {0.5: 0, 0.95: 0, 1: 0})


def test_what_is_not_asked_gets_no_older(tracker, add_watches, clock, figures):
    add_watches(1)
    heard(tracker, clock, [900])
    tracker.active = False
    found = figures()
    assert (found.staleness, found.trackers[0].staleness, found.trackers[0].due) == (None, None, 0)
    assert not found.trackers[0].active


@pytest.mark.parametrize("polling", [Polling.ONCE, Polling.NEVER])
def test_nor_does_what_is_not_asked_for_again(clock, bug, make_tracker, only, polling):
    registry = getGlobalSiteManager()
    kind = type("Frozen", (Bugzilla,), {"polling": polling, "not_polled": "Nothing changes."})
    registration = (kind, (IBugTrackerFacts,), IExternalBugTracker, "FROZEN")
    registry.registerAdapter(*registration)
    try:
        tracker = make_tracker(bugtrackertype=BugTrackerType.FROZEN)
        bug.addWatch(tracker, 0, None)
        if polling is Polling.ONCE:
            assert only().staleness.count == 1
            apply(tracker, open_bugs(0), clock.moment)
        clock.tick(days=400)
        assert (only().staleness, only().due) == (None, 0)
    finally:
        registry.unregisterAdapter(*registration)


# The rest.


def test_what_is_due_is_counted(tracker, add_watches, clock, only):
    add_watches(3)
    assert only().due == 3
    apply(tracker, open_bugs(0, 1), clock.moment)
    assert only().due == 1
    clock.tick(seconds=schedule.CHECK_INTERVAL)
    assert only().due == 3


def test_what_is_held_is_counted(tracker, add_watches, clock, only):
    add_watches(2)
    apply(tracker, open_bugs(0, 1), clock.moment)
    closed = [RemoteBug(name, "CLOSED", BugTaskStatus.INVALID, closed=True) for name in "01"]
    apply(tracker, closed, clock.moment, brake=Brake(engaged=True))
    assert only().held == 2
    assert only().trouble is BugWatchErrorType.SUSPICIOUS_ANSWER


def test_some_of_what_is_held_is_looked_at(tracker, add_watches, clock):
    add_watches(3)
    apply(tracker, open_bugs(0, 1, 2), clock.moment)
    closed = [RemoteBug(name, "CLOSED", BugTaskStatus.INVALID, closed=True) for name in "012"]
    apply(tracker, closed, clock.moment, brake=Brake(engaged=True))
    assert tracker.held_count == len(tracker.held) == 3
    assert [each.remotebug for each in tracker.getHeld(limit=2)] == ["0", "1"]
    assert [each.remotebug for each in tracker.getHeld(["2", "7"])] == ["2"]


def test_when_the_next_is_due_costs_no_look_at_all(tracker, add_watches, clock):
    assert tracker.next_due is None
    add_watches(350)
    assert tracker.next_due == clock.moment
    assert tracker.countDue(clock.moment) == 350
    assert tracker.countDue(clock.moment, 150) == 200
    apply(tracker, open_bugs(*range(350)), clock.moment)
    assert tracker.next_due > clock.moment
    tracker.__parent__ = None
    assert tracker.next_due is None


def test_totals_are_those_of_all_days(tracker, add_watches, clock, only):
    add_watches(1)
    for _ in range(500):
        apply(tracker, open_bugs(0), clock.moment)
        clock.tick(days=1)
    fail(tracker, BugTrackerTimeout("Too slow."), clock.moment, ["0"])
    assert len(tracker.getDailyCounters(1000)) < 500
    assert only().totals == Totals(0, 500, 1, {FailureOwner.TRACKER: 1})


def test_how_old_it_is_what_a_bug_tracker_shows_is_known_of_it_alone(
    tracker, add_watches, clock, only, monkeypatch
):
    assert tracker.getStaleness(clock.moment) is None
    add_watches(350)
    apply(tracker, open_bugs(*range(350)), clock.moment)
    clock.tick(hours=1)
    assert tracker.getStaleness(clock.moment) == only().staleness
    assert only().staleness.count == 350
    # Of very many, some are looked at, evenly.
    monkeypatch.setattr("malonewatch.model.figures._LOOKS", 2)
    assert tracker.getStaleness(clock.moment).count == 200
    assert tracker.getStaleness(clock.moment).quantiles[0.95] == 3600
    tracker.active = False
    assert tracker.getStaleness(clock.moment) is None


def test_what_servers_said_is_there_once_for_each(trackers, make_tracker, clock, figures):
    for name, path in (("one", "x"), ("two", "y")):
        make_tracker(name, baseurl=f"https://forge.example.com/{path}")
    make_tracker("three", baseurl="https://silent.example.com")
    state = OriginState(quota=Quota(5000, 17, clock.moment))
    trackers.claims.setState("https://forge.example.com", state)
    assert figures().origins == {"https://forge.example.com": state}


def test_what_waits_in_the_outbox_is_counted(site, clock, figures):
    notice = Notice(0, clock.moment, Happening.FIXED)
    outbox = getUtility(IOutbox)
    outbox.add(notice, [1, 2])
    outbox.add(notice, [1])
    assert figures().pending == 3


def test_a_site_without_an_outbox_has_no_such_count(site, figures):
    getSiteManager().unregisterUtility(provided=IOutbox)
    assert figures().pending is None
