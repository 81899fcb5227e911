import asyncio
import contextlib
import logging
import socket

import pytest
import transaction
from zope.component import getUtility, hooks
from zope.interface import implementer

import malonewatch.checkwatches
from malonewatch.checkwatches import BugWatchUpdater
from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerTimeout,
    BugWatchErrorType,
    IBugSet,
    IBugTrackerSet,
    IHTTPClient,
    RemoteBug,
    RemoteBugError,
    Response,
)
from malonewatch.model import BugTracker, Site, install

from ..fetching import fail
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


@contextlib.contextmanager
def black_hole():
    """The URL of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_it_is_in_the_package():
    assert malonewatch.checkwatches.BugWatchUpdater is BugWatchUpdater


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
    fail(watched, BugTrackerConnectError("Down.", retry_after=3600), clock.moment)
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
        credentials = clock_skew = quota = scrub = None
        exchanges = ()

        async def request(self, method, url, **values):
            return Response(url, 200, {"content-type": "application/json"}, b'{"bugs": []}')

    @implementer(IHTTPClient)
    class NoNetwork:
        @contextlib.asynccontextmanager
        async def open(self):
            yield self

        def session(self, tracker, timeout, **settings):
            assert timeout == Bugzilla.timeout
            return Session()

        def state(self, tracker):
            return None

    registry.utility(NoNetwork(), IHTTPClient)
    report = update(watched)
    assert report.applied.failed == 3
    assert set(errors(watched).values()) == {BugWatchErrorType.BUG_NOT_FOUND}


def test_one_that_another_run_is_at_work_on(watched, log, site, clock, bugzilla):
    until = clock.moment.strftime("%H:") + "10"
    holder = "checkwatches on h2 (process 12) #0123456789ab"
    site.database.write(lambda trackers: trackers.claims.claim(bugzilla.url, holder, clock.moment))
    report = update(watched)
    assert report.claimed["bugs"].holder == holder
    assert bugzilla.requests == []
    assert log == [
        f"INFO {bugzilla.url} is being asked by checkwatches on h2 (process 12), until {until} UTC."
    ]


# Transaction managers of an application's own.


class Explicit(transaction.TransactionManager):
    """As pyramid_tm.explicit_manager makes them."""

    def __init__(self):
        super().__init__(explicit=True)


@pytest.mark.parametrize("is_in_transaction", [True, False])
def test_an_explicit_transaction_manager(registry, watch_bugs, site, is_in_transaction):
    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", all_new))
    transaction.abort()
    manager = Explicit()
    connection = site.database.db.open(manager)
    try:
        manager.begin()
        tracker = (
            connection.root()["malonewatch"].getSiteManager().getUtility(IBugTrackerSet)["bugs"]
        )
        tracker.summary = "Pending"
        if not is_in_transaction:
            manager.commit()
        updater = BugWatchUpdater(manager)
        updater.updateBugTracker(tracker)
        assert updater.report.changed == 1
        # In a new transaction, as the application has it in the end of a request.
        assert statuses(tracker) == {"1": "NEW"}
        assert tracker.summary == "Pending"
        manager.commit()
    finally:
        connection.close()


def test_an_explicit_transaction_manager_is_in_a_transaction_after_a_refusal_too(registry, site):
    manager = Explicit()
    tracker = BugTracker("bugs", "Bugs", registry.type("NEW", all_new), "https://b.example.com")
    with pytest.raises(BadInput, match="Bugs is in no database"):
        BugWatchUpdater(manager).updateBugTracker(tracker)
    manager.abort()


def test_a_moved_bug_is_told(registry, watch_bugs, log):
    async def fetch(self, session, batch):
        yield RemoteBugError(
            "1", BugWatchErrorType.BUG_MOVED, "Bug 1 moved.", "https://new.example.com/7"
        )

    tracker = watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("MOVED", fetch))
    update(tracker)
    assert log[1:] == ["INFO Bug 1: Bug 1 moved."]
    assert tracker.watches[0].moved_to == "https://new.example.com/7"
