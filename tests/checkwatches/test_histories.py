"""What happens over days and weeks, in simulated time, without a socket."""

import contextlib
import itertools
import random
from datetime import datetime, timedelta, timezone

import pytest
import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from zope.component import adapter, getGlobalSiteManager, getUtility
from zope.interface import implementer

from malonewatch.checkwatches import Run
from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerType,
    BugWatchErrorType,
    Freshness,
    IBugSet,
    IBugTrackerFacts,
    IBugTrackerSet,
    IChangesSince,
    IClock,
    IExternalBugTracker,
    IHTTPClient,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.model.schedule import CHECK_INTERVAL, LONGEST_CHECK_INTERVAL, OVERLAP
from malonewatch.testing import fresh_site

START = datetime(2024, 3, 30, 12, tzinfo=timezone.utc)


@implementer(IClock)
class Clock:
    def __init__(self):
        self.moment = START

    def now(self):
        return self.moment

    def advance(self, **span):
        self.moment += timedelta(**span)


class World:
    """A remote bug tracker, its clock, and what goes wrong with it."""

    def __init__(self, clock):
        self.clock = clock
        self.offset = timedelta()
        self.bugs = {}
        self.down = False
        self.broken = set()
        self.full = 0
        self.asked = {}

    def now(self):
        return self.clock.now() + self.offset

    def change(self, remotebug):
        version, _ = self.bugs.get(remotebug, (0, None))
        self.bugs[remotebug] = version + 1, self.now()


class Session:
    exchanges = ()
    quota = scrub = None

    def __init__(self, world):
        self.world = world

    @property
    def clock_skew(self):
        return self.world.offset.total_seconds()


@implementer(IHTTPClient)
class NoNetwork:
    def __init__(self, world):
        self.world = world

    @contextlib.asynccontextmanager
    async def open(self):
        yield self

    def session(self, tracker, timeout, **settings):
        return Session(self.world)

    def state(self, tracker):
        return None


@adapter(IBugTrackerFacts)
@implementer(IChangesSince)
class Imaginary(ExternalBugTracker):
    """Answers from the world that its session is in."""

    title = "Imaginary"
    request_size = 5

    async def fetch(self, session, batch):
        world = session.world
        if world.down:
            raise BugTrackerConnectError("down")
        for remotebug in batch.remotebugs:
            world.asked.setdefault(remotebug, []).append(world.clock.now())
            version, modified = world.bugs[remotebug]
            if remotebug in world.broken:
                yield RemoteBugError(remotebug, BugWatchErrorType.BUG_NOT_FOUND, "gone")
            elif batch.since is not None and modified < batch.since:
                yield RemoteBugUnchanged(remotebug)
            else:
                world.full += batch.since is None
                yield RemoteBug(
                    remotebug, f"version {version}", BugTaskStatus.NEW, modified=modified
                )


@contextlib.contextmanager
def imaginary_world(count):
    """A site, a bug with `count` watches on a bug tracker of an imaginary world."""
    with fresh_site("memory://") as site:
        registry = getGlobalSiteManager()
        clock = Clock()
        world = World(clock)
        before = getUtility(IClock), getUtility(IHTTPClient)
        registry.registerUtility(clock, IClock)
        registry.registerUtility(NoNetwork(world), IHTTPClient)
        registry.registerAdapter(Imaginary, provided=IExternalBugTracker, name="IMAGINARY")
        try:
            tracker = getUtility(IBugTrackerSet).ensureBugTracker(
                "http://imaginary.example", None, BugTrackerType.IMAGINARY, name="imaginary"
            )
            bug = getUtility(IBugSet).createBug()
            for number in range(count):
                world.change(str(number))
                bug.addWatch(tracker, str(number), None)
            transaction.commit()
            yield site.database, world, tracker
        finally:
            registry.registerUtility(before[0], IClock)
            registry.registerUtility(before[1], IHTTPClient)
            registry.unregisterAdapter(Imaginary, provided=IExternalBugTracker, name="IMAGINARY")


def run(database, batch_size=0):
    Run(database, batch_size=batch_size).update(["imaginary"])
    transaction.begin()


BUGS = 6
OFFSETS = st.sampled_from([0, 2, -2, 180, -180, 60 * 24 * 400])
steps = [
    st.tuples(st.just("change"), st.integers(0, BUGS - 1)),
    st.tuples(st.just("round"), st.integers(0, BUGS - 1)),
    st.tuples(st.just("advance"), st.sampled_from([1, 4, 9, 30, 60 * 7, 60 * 24, 60 * 80])),
    st.tuples(st.just("run"), st.sampled_from([0, 3, 7])),
    st.tuples(st.just("down"), st.booleans()),
    st.tuples(st.just("break"), st.integers(0, BUGS - 1)),
    st.tuples(st.just("mend"), st.none()),
    st.tuples(st.just("our clock jumps"), st.sampled_from([-90, -60 * 24, 60 * 24 * 30])),
]


def live(history, database, world):
    """Let all that happen, and then let all be well."""
    clock = world.clock
    for what, value in history:
        if what == "change":
            world.change(str(value))
        elif what == "advance":
            clock.advance(minutes=value)
        elif what == "run":
            run(database, value)
        elif what == "round":
            # All comes due, and a bug changes right behind our back.
            clock.advance(seconds=CHECK_INTERVAL)
            run(database)
            world.change(str(value))
        elif what == "down":
            world.down = value
        elif what == "break":
            world.broken.add(str(value))
        elif what == "mend":
            world.broken.clear()
        elif what == "its clock is set":
            world.offset = timedelta(minutes=value)
        else:
            # Our clock is set to another time; the world's is not.
            clock.advance(minutes=value)
            world.offset -= timedelta(minutes=value)
    world.down = False
    world.broken.clear()
    if database.read(lambda trackers: trackers.clockWentBack(clock.now())):
        database.write(lambda trackers: trackers["imaginary"].setClockBack(clock.now()))
        database.write(lambda trackers: trackers.setClockBack(clock.now()))


def assert_all_seen(world, tracker):
    for watch in tracker.watches:
        version, _ = world.bugs[watch.remotebug]
        assert watch.remotestatus == f"version {version}"
        assert watch.last_error_type is None


@settings(max_examples=100, deadline=None)
@given(OFFSETS, st.lists(st.one_of(steps), max_size=40))
def test_every_remote_change_is_seen_whatever_the_order_of_changes_failures_and_runs(
    offset, history
):
    with imaginary_world(BUGS) as (database, world, tracker):
        world.offset = timedelta(minutes=offset)
        live(history, database, world)
        for _ in range(2):
            world.clock.advance(seconds=LONGEST_CHECK_INTERVAL)
            run(database)
        assert_all_seen(world, tracker)


clock_is_set = st.tuples(st.just("its clock is set"), OFFSETS)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(*steps, clock_is_set, clock_is_set), max_size=40))
def test_what_a_server_dated_wrong_is_seen_within_a_week(history):
    # It may have stamped a change with any time at all while nobody looked:
    # that only shows where the bug is asked for in full.
    with imaginary_world(BUGS) as (database, world, tracker):
        live(history, database, world)
        world.offset = timedelta()
        for _ in range(15):
            world.clock.advance(days=1)
            run(database)
        assert_all_seen(world, tracker)


def test_a_change_while_the_answer_was_made_is_seen_the_next_time():
    with imaginary_world(1) as (database, world, tracker):
        run(database)
        # Its clock says a moment before we asked.
        world.offset = -timedelta(seconds=OVERLAP / 4)
        world.change("0")
        world.offset = timedelta()
        world.clock.advance(seconds=CHECK_INTERVAL)
        run(database)
        assert tracker.watches[0].remotestatus == "version 2"


def test_what_has_not_changed_is_asked_for_in_full_once_a_week():
    with imaginary_world(70) as (database, world, _):
        run(database)
        days = []
        for _ in range(15):
            world.clock.advance(hours=24)
            world.full = 0
            run(database)
            days.append(world.full)
        assert sum(days) == 140
        # All together: a day sooner or later is as good, and costs fewer requests.
        assert [day for day, full in enumerate(days, start=1) if full] == [8, 15]


def test_with_more_due_than_a_run_takes_and_a_tenth_failing_nothing_starves():
    rng = random.Random(7)
    with imaginary_world(300) as (database, world, _):
        world.broken = {str(number) for number in range(0, 300, 10)}
        # A run an hour that takes 15: enough for 360 a day, with 300 due at first.
        for _ in range(24 * 30):
            world.clock.advance(hours=1)
            world.change(str(rng.randrange(300)))
            run(database, batch_size=15)
        promised = timedelta(seconds=Freshness().longest_interval)
        last = timedelta(seconds=LONGEST_CHECK_INTERVAL)
        for remotebug, moments in world.asked.items():
            gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
            gaps.append(world.clock.now() - moments[-1])
            limit = last if remotebug in world.broken else promised
            # The first round takes 20 runs for all; no watch waits longer than that.
            assert max(gaps) <= limit + timedelta(hours=20), remotebug
            assert moments[0] - START <= timedelta(hours=20)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_server_whose_clock_is_hours_off_is_asked_in_full_and_named(hours):
    with imaginary_world(10) as (database, world, tracker):
        world.offset = timedelta(hours=hours)
        for _ in range(3):
            run(database)
            world.clock.advance(seconds=CHECK_INTERVAL)
        assert world.full == 30
        assert tracker.last_error_type is BugWatchErrorType.CLOCK_SKEW
        assert tracker.next_attempt is None
        assert {watch.last_error_type for watch in tracker.watches} == {None}
        world.offset = timedelta()
        run(database)
        assert tracker.last_error_type is None


def test_a_local_clock_that_was_years_ahead_puts_nothing_off_for_years():
    with imaginary_world(10) as (database, world, tracker):
        world.clock.advance(days=4000)
        world.down = True
        run(database)
        world.down = False
        run(database)
        world.clock.moment = START + timedelta(hours=1)
        assert database.read(lambda trackers: trackers.clockWentBack(world.clock.now()))
        database.write(lambda trackers: trackers["imaginary"].setClockBack(world.clock.now()))
        database.write(lambda trackers: trackers.setClockBack(world.clock.now()))
        assert not database.read(lambda trackers: trackers.clockWentBack(world.clock.now()))
        world.change("3")
        run(database)
        assert [watch.remotestatus for watch in tracker.watches if watch.remotebug == "3"] == [
            "version 2"
        ]
        assert all(watch.lastchecked <= world.clock.now() for watch in tracker.watches)


def test_daylight_saving_is_no_matter():
    # The clocks of central Europe went forward on 31 March 2024 at 01:00 UTC.
    with imaginary_world(1) as (database, world, tracker):
        for _ in range(4):
            run(database)
            watch = tracker.watches[0]
            assert watch.next_check - watch.lastchecked <= timedelta(seconds=CHECK_INTERVAL)
            world.clock.moment = watch.next_check
        assert len(world.asked["0"]) == 4
