import asyncio
import contextlib
import logging
import pickle
import socket

import pytest
import transaction
from zope.component import getUtility, hooks
from zope.interface import implementer

import malonewatch.checkwatches
from malonewatch.checkwatches import BugWatchUpdater, Run
from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerTimeout,
    BugWatchErrorType,
    DatabaseError,
    IBugSet,
    IBugTrackerSet,
    IDatabaseOpener,
    IHTTPClient,
    RemoteBug,
    RemoteBugError,
    Response,
)
from malonewatch.model import BugTracker, Site, install

from .conftest import all_new, errors, statuses


class Log(logging.Handler):
    """Collects lines such as 'INFO Updating'."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.levelname} {record.getMessage()}")


@pytest.fixture
def log():
    """What malonewatch says, INFO and up."""
    logger, handler = logging.getLogger("malonewatch"), Log()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)


@pytest.fixture
def database(site):
    """The database of the site, opened anew: what a run has."""
    database = getUtility(IDatabaseOpener)(site.uri)
    yield database
    database.close()


@contextlib.contextmanager
def black_hole():
    """The URL of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_there_is_nothing_else_in_the_package():
    assert malonewatch.checkwatches.BugWatchUpdater is BugWatchUpdater
    with pytest.raises(AttributeError, match="nonsense"):
        malonewatch.checkwatches.nonsense  # noqa: B018


# A run.


def test_the_report_says_what_became_of_it(watched, bugzilla, database):
    del bugzilla.bugs["2"]
    report = Run(database, keep_details=True).update(["bugs"])
    assert (report.watches, report.changed) == (3, 2)
    assert (report.applied.checked, report.applied.failed) == (2, 1)
    assert [change.remotebug for change in report.applied.changes] == ["1", "3"]
    assert [failure.remotebug for failure in report.applied.failures] == ["2"]
    assert (report.troubled, report.faults, report.interrupted) == ({}, 0, False)
    assert [exchange.status for exchange in report.exchanges] == [200, 404]


def test_details_are_only_kept_if_wanted(watched, database):
    report = Run(database).update(["bugs"])
    assert (report.watches, report.changed, report.applied.checked) == (3, 3, 3)
    assert (report.applied.changes, report.applied.failures, report.exchanges) == ([], [], [])


def test_trouble_is_in_the_report(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        raise BugTrackerConnectError("It is down.")
        yield

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("DOWN", fetch))
    report = Run(database).update(["bugs"])
    assert str(report.troubled["bugs"]) == "It is down."
    assert report.faults == 0


def test_progress_is_told_batch_by_batch(watch_bugs, registry, database):
    done = []
    new = registry.type("NEW", all_new, request_size=2)
    watch_bugs("bugs", "https://b.example.com", range(5), new)
    Run(database, progress=lambda *counts: done.append(counts)).update(["bugs"])
    assert done == [(2, 5), (4, 5), (5, 5)]


def test_after_trouble_nothing_more_is_asked(watch_bugs, registry, database, trackers):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch.remotebugs)
        if len(asked) == 2:
            raise BugTrackerConnectError("It is down.")
        async for outcome in all_new(self, session, batch):
            yield outcome

    tracker = watch_bugs(
        "bugs", "https://b.example.com", range(6), registry.type("DOWN", fetch, request_size=2)
    )
    Run(database).update(["bugs"])
    transaction.begin()
    assert asked == [("0", "1"), ("2", "3")]
    assert [name for name, status in statuses(tracker).items() if status] == ["1", "0"]
    # What was not asked for shows nothing.
    connection_error = BugWatchErrorType.CONNECTION_ERROR
    assert errors(tracker) == {
        **dict.fromkeys("0145"),
        "2": connection_error,
        "3": connection_error,
    }


def test_bug_trackers_are_asked_at_the_same_time(watch_bugs, registry, database):
    present = []
    both = asyncio.Event()

    async def fetch(self, session, batch):
        present.append(self.name)
        if len(present) == 2:
            both.set()
        await both.wait()
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("MEET", fetch)
    for name in ("one", "two"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    assert Run(database).update(["one", "two"]).changed == 2


def test_one_that_stalls_holds_no_other_up(watch_bugs, registry, database):
    saved = asyncio.Event()

    async def fetch(self, session, batch):
        if self.name == "slow":
            await saved.wait()
        elif batch.remotebugs == ("2",):
            # What came before this is saved by now.
            assert database.read(lambda trackers: statuses(trackers["quick"])["1"]) == "NEW"
            saved.set()
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("MEET", fetch, request_size=1)
    for name in ("slow", "quick"):
        watch_bugs(name, f"https://{name}.example.com", ["1", "2"], kind)
    report = Run(database).update(["slow", "quick"])
    assert (report.changed, report.faults) == (4, 0)


def test_no_more_are_asked_at_the_same_time_than_jobs(watch_bugs, registry, database):
    present, most = set(), []

    async def fetch(self, session, batch):
        present.add(self.name)
        most.append(len(present))
        await asyncio.sleep(0)
        present.discard(self.name)
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("COUNT", fetch)
    names = [f"bugs{number}" for number in range(6)]
    for name in names:
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    Run(database, jobs=2).update(names)
    assert max(most) == 2


def test_no_connection_is_open_while_the_network_is_waited_for(watch_bugs, registry, database):
    opened = []

    async def fetch(self, session, batch):
        for remotebug in batch.remotebugs:
            opened.extend(info for info in database.db.connectionDebugInfo() if info["opened"])
            await asyncio.sleep(0)
            yield RemoteBug(remotebug, "NEW")

    for name in ("one", "two"):
        kind = registry.type(name.upper(), fetch, request_size=1)
        watch_bugs(name, f"https://{name}.example.com", range(3), kind)
    assert Run(database).update(["one", "two"]).changed == 6
    assert opened == []


def test_what_is_asked_for_is_plain_values(watch_bugs, registry, database):
    asked = []

    async def fetch(self, session, batch):
        asked.append(pickle.loads(pickle.dumps(batch)))
        assert asked == [batch]
        async for outcome in all_new(self, session, batch):
            yield outcome

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("PLAIN", fetch))
    assert Run(database).update(["bugs"]).faults == 0
    assert asked


def test_a_database_that_fails_ends_the_run(watch_bugs, registry, database, trackers):
    class Failing:
        read = database.read

        def write(self, function):
            raise DatabaseError("The disk is full.")

    asked = []

    async def fetch(self, session, batch):
        asked.append(self.name)
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("NEW", fetch)
    for name in ("one", "two", "three"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    with pytest.raises(DatabaseError, match="The disk is full"):
        Run(Failing(), jobs=1).update(["one", "two", "three"])
    assert len(asked) == 1


def test_a_run_that_is_stopped_saves_what_was_fetched(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        run.stop()
        await asyncio.Event().wait()

    tracker = watch_bugs("bugs", "https://b.example.com", range(3), registry.type("STOP", fetch))
    run = Run(database)
    report = run.update(["bugs"])
    assert report.interrupted
    assert report.changed == 1
    transaction.begin()
    assert statuses(tracker) == {"0": "NEW", "1": None, "2": None}
    assert set(errors(tracker).values()) == {None}
    assert tracker.last_error_type is None
    assert tracker.countDue(tracker.datecreated) == 2


def test_only_some_bugs_can_be_updated_due_or_not(watched, database, bugzilla, clock):
    Run(database).update(["bugs"])
    bugzilla.change("2", status="IN_PROGRESS")
    bugzilla.change("3", status="IN_PROGRESS")
    bugzilla.requests.clear()
    report = Run(database).update_only("bugs", ["2"])
    transaction.begin()
    assert (report.watches, report.changed) == (1, 1)
    assert statuses(watched) == {"1": "CONFIRMED", "2": "IN_PROGRESS", "3": "CONFIRMED"}
    assert len(bugzilla.requests) == 1
    assert "last_change_time=" not in bugzilla.requests[0]


def test_the_next_day_only_changes_are_asked_for(bugzilla, watch_bugs, database, clock):
    names = [str(number) for number in range(1, 8)]
    for name in names:
        bugzilla.add(name)
    tracker = watch_bugs("bugs", bugzilla.url, names)
    Run(database).update(["bugs"])
    bugzilla.requests.clear()
    clock.tick(days=1)
    Run(database).update(["bugs"])
    transaction.begin()
    # One in seven is asked for in full all the same.
    full, some = sorted(bugzilla.requests, key=lambda request: "last_change_time=" in request)
    assert "last_change_time=" not in full
    assert "last_change_time=" in some
    assert {watch.lastchecked for watch in tracker.watches} == {clock.moment}
    assert set(statuses(tracker).values()) == {"CONFIRMED"}


# The plain door.


def update(tracker, **values):
    updater = BugWatchUpdater(transaction)
    assert updater.updateBugTracker(tracker, **values) is None
    return updater.report


def test_the_watches_of_one_bug_tracker_are_updated(watched, log):
    report = update(watched)
    assert report.changed == 3
    assert set(statuses(watched).values()) == {"CONFIRMED"}
    assert log[0] == f"INFO Updating 3 watches on {watched.baseurl}"


def test_pending_work_is_committed_first(watched, site):
    watched.summary = "Pending"
    update(watched)
    assert site.database.read(lambda trackers: trackers["bugs"].summary) == "Pending"
    assert watched.summary == "Pending"


def test_a_bug_tracker_that_is_not_committed_yet(registry, trackers):
    new = registry.type("NEW", all_new)
    tracker = trackers.add(BugTracker("bugs", "Bugs", new, "https://b.example.com"))
    getUtility(IBugSet).createBug().addWatch(tracker, 1, None)
    update(tracker)
    assert statuses(tracker) == {"1": "NEW"}


def test_a_bug_tracker_in_no_database_is_refused(site, registry):
    new = registry.type("NEW", all_new)
    tracker = BugTracker("bugs", "Bugs", new, "https://b.example.com")
    with pytest.raises(BadInput, match="Bugs is in no database; add it to the bug tracker set"):
        update(tracker)


def test_within_an_event_loop_it_is_refused(watched):
    async def inside():
        update(watched)

    with pytest.raises(BadInput, match="event loop"):
        asyncio.run(inside())


def test_one_that_is_being_left_alone_is_asked_all_the_same(watched, clock):
    watched.recordTrouble(BugTrackerConnectError("Down.", retry_after=3600), clock.moment)
    assert update(watched).changed == 3
    assert watched.next_attempt is None
    assert watched.failures == 0


def test_no_transaction_is_open_while_the_network_is_waited_for(registry, watch_bugs, site):
    class Synchronizer:
        is_open = False

        def newTransaction(self, transaction):
            self.is_open = True

        def beforeCompletion(self, transaction):
            pass

        def afterCompletion(self, transaction):
            self.is_open = False

    synchronizer = Synchronizer()
    seen = []

    async def fetch(self, session, batch):
        for remotebug in batch.remotebugs:
            opened = [info["opened"] for info in site.database.db.connectionDebugInfo()]
            seen.append((synchronizer.is_open, len(list(filter(None, opened)))))
            yield RemoteBug(remotebug, "NEW")

    tracker = watch_bugs(
        "bugs", "https://b.example.com", range(2), registry.type("NEW", fetch, request_size=1)
    )
    transaction.begin()
    transaction.manager.registerSynch(synchronizer)
    try:
        update(tracker)
        # The one open connection is the application's own, at rest.
        assert seen == [(False, 1), (False, 1)]
        assert synchronizer.is_open
    finally:
        transaction.manager.unregisterSynch(synchronizer)


def test_what_was_learnt_is_seen_in_the_transaction_that_is_begun(watched):
    before = watched.watches[0].remotestatus
    update(watched)
    assert (before, watched.watches[0].remotestatus) == (None, "CONFIRMED")


def test_a_bug_tracker_that_never_answers(registry, watch_bugs, log):
    impatient = registry.type("IMPATIENT", base=Bugzilla, timeout=0.2)
    with black_hole() as url:
        tracker = watch_bugs("example-bugs", url, ["1"], impatient)
        report = update(tracker)
    assert log == [
        f"INFO Updating 1 watches on {url}",
        f"ERROR Connection timed out when updating {url}",
    ]
    assert list(report.troubled) == ["example-bugs"]
    (watch,) = tracker.watches
    assert watch.last_error_type is BugWatchErrorType.TIMEOUT
    assert watch.remotestatus is None
    assert tracker.last_error == f"{url} did not answer within 0.2 seconds."


def test_only_as_many_are_updated_as_the_type_says(registry, watch_bugs, log):
    async def fetch(self, session, batch):
        raise BugTrackerTimeout("Late.")
        yield

    kind = registry.type("LATE", fetch, batch_size=5)
    tracker = watch_bugs("example-bugs", "http://bugs.example.com", range(1, 10), kind)
    update(tracker)
    assert log == [
        "INFO Updating 5 watches on http://bugs.example.com",
        "ERROR Connection timed out when updating http://bugs.example.com",
    ]
    found = [watch.last_error_type for watch in tracker.watches[0].bug.watches]
    assert found.count(BugWatchErrorType.TIMEOUT) == 5


@pytest.mark.parametrize(("batch_size", "updated"), [(2, 2), (0, 9), (None, 5)])
def test_or_as_the_caller_says(registry, watch_bugs, batch_size, updated):
    kind = registry.type("NEW", all_new, batch_size=5)
    tracker = watch_bugs("bugs", "http://bugs.example.com", range(1, 10), kind)
    assert update(tracker, batch_size=batch_size).changed == updated


def test_one_updater_does_one_after_the_other(registry, watch_bugs):
    kind = registry.type("NEW", all_new)
    updater = BugWatchUpdater(transaction)
    for name, count in (("one", 1), ("two", 2)):
        tracker = watch_bugs(name, f"https://{name}.example.com", range(count), kind)
        updater.updateBugTracker(tracker)
        assert updater.report.changed == count


def test_a_site_of_an_applications_own(registry, site):
    new = registry.type("NEW", all_new)
    other = site.connection.root()["other"] = install(Site())
    with hooks.site(other):
        tracker = getUtility(IBugTrackerSet).add(
            BugTracker("bugs", "Bugs", new, "https://b.example.com")
        )
        getUtility(IBugSet).createBug().addWatch(tracker, 1, None)
        update(tracker)
        assert statuses(tracker) == {"1": "NEW"}


def test_another_transport_can_take_its_place(registry, watched):
    class Session:
        credentials = clock_skew = None
        exchanges = ()

        async def request(self, method, url, **values):
            return Response(url, 200, {"content-type": "application/json"}, b'{"bugs": []}')

    @implementer(IHTTPClient)
    class NoNetwork:
        @contextlib.asynccontextmanager
        async def open(self):
            yield self

        def session(self, tracker, timeout=30.0):
            assert timeout == Bugzilla.timeout
            return Session()

    registry.utility(NoNetwork(), IHTTPClient)
    report = update(watched)
    assert report.applied.failed == 3
    assert set(errors(watched).values()) == {BugWatchErrorType.BUG_NOT_FOUND}


def test_a_moved_bug_is_told(registry, watch_bugs, log):
    async def fetch(self, session, batch):
        yield RemoteBugError(
            "1", BugWatchErrorType.BUG_MOVED, "Bug 1 moved.", "https://new.example.com/7"
        )

    tracker = watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("MOVED", fetch))
    update(tracker)
    assert log[1:] == ["INFO Bug 1: Bug 1 moved."]
    assert tracker.watches[0].moved_to == "https://new.example.com/7"
