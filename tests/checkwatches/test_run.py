import asyncio
import contextlib
import pickle
import threading
from datetime import timedelta

import pytest
import transaction
from zope.component import getUtility

import malonewatch.checkwatches
from malonewatch.checkwatches import Report, Run
from malonewatch.checkwatches import fetch as fetching
from malonewatch.interfaces import (
    DatabaseError,
    IClock,
    IDatabaseOpener,
    IHTTPClient,
    OriginState,
    Politeness,
    Quota,
    RemoteBug,
)

from .conftest import all_new, errors, pass_time, statuses

OTHER = "checkwatches on h2 (process 12) #0123456789ab"


@pytest.fixture
def database(site):
    """The database of the site, opened anew: what a run has."""
    database = getUtility(IDatabaseOpener)(site.uri)
    yield database
    database.close()


def test_there_is_nothing_else_in_the_package():
    assert malonewatch.checkwatches.Run is Run
    assert malonewatch.checkwatches.Report is Report
    with pytest.raises(AttributeError, match="nonsense"):
        malonewatch.checkwatches.nonsense  # noqa: B018


def test_the_report_says_what_became_of_it(watched, bugzilla, database):
    del bugzilla.bugs["2"]
    report = Run(database, keep_details=True).update(["bugs"])
    assert (report.watches, report.changed) == (3, 2)
    assert (report.applied.checked, report.applied.failed) == (2, 1)
    assert [change.remotebug for change in report.applied.changes] == ["1", "3"]
    assert [failure.remotebug for failure in report.applied.failures] == ["2"]
    assert (report.troubled, report.claimed, report.late, report.postponed) == ({}, {}, [], [])
    assert (report.faults, report.refused) == (0, 0)
    assert (report.interrupted, report.out_of_time) == (False, False)
    assert {exchange.method for exchange in report.exchanges} == {"GET"}


def test_details_are_only_kept_if_wanted(watched, database):
    report = Run(database).update(["bugs"])
    assert (report.watches, report.changed, report.applied.checked) == (3, 3, 3)
    assert (report.applied.changes, report.applied.failures, report.exchanges) == ([], [], [])


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


# Who waits for whom.


def test_origins_are_asked_at_the_same_time(watch_bugs, registry, database):
    present = []
    both = asyncio.Event()

    async def fetch(self, session, batch):
        present.append(batch.tracker.name)
        if len(present) == 2:
            both.set()
        await both.wait()
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("MEET", fetch)
    for name in ("one", "two"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    assert Run(database).update(["one", "two"]).changed == 2


def test_one_that_stalls_holds_no_other_up(watch_bugs, registry, database, monkeypatch):
    monkeypatch.setattr(fetching, "QUICK", 0.0)
    saved = asyncio.Event()

    async def fetch(self, session, batch):
        if batch.tracker.name == "slow":
            await saved.wait()
        elif batch.remotebugs == ("2",):
            # What came before this is saved meanwhile.
            while database.read(lambda trackers: statuses(trackers["quick"])["1"]) != "NEW":
                await asyncio.sleep(0)
            saved.set()
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("MEET", fetch, request_size=1)
    for name in ("slow", "quick"):
        watch_bugs(name, f"https://{name}.example.com", ["1", "2"], kind)
    report = Run(database).update(["slow", "quick"])
    assert (report.changed, report.faults) == (4, 0)


def counting(most):
    """A fetch that notes how many are asked at a time, the most of them last."""
    present = set()

    async def fetch(self, session, batch):
        present.add(batch.tracker.name)
        most.append(len(present))
        await asyncio.sleep(0)
        present.discard(batch.tracker.name)
        async for outcome in all_new(self, session, batch):
            yield outcome

    return fetch


def test_no_more_origins_are_asked_at_the_same_time_than_jobs(watch_bugs, registry, database):
    most = []
    kind = registry.type("COUNT", counting(most))
    names = [f"bugs{number}" for number in range(6)]
    for name in names:
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    Run(database, jobs=2).update(names)
    assert max(most) == 2


def test_bug_trackers_of_one_origin_are_asked_one_after_the_other(watch_bugs, registry, database):
    most = []
    kind = registry.type("COUNT", counting(most))
    names = [f"bugs{number}" for number in range(6)]
    for name in names:
        watch_bugs(name, f"https://bugs.example.com/{name}", ["1"], kind)
    assert Run(database).update(names).changed == 6
    assert max(most) == 1


def test_many_at_one_origin_hold_one_place_only(watch_bugs, registry, database):
    others_done = asyncio.Event()

    async def fetch(self, session, batch):
        if batch.tracker.name == "alone":
            others_done.set()
        else:
            await others_done.wait()
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("WAIT", fetch)
    crowd = [f"bugs{number}" for number in range(5)]
    for name in crowd:
        watch_bugs(name, f"https://bugs.example.com/{name}", ["1"], kind)
    watch_bugs("alone", "https://alone.example.com", ["1"], kind)
    assert Run(database, jobs=2).update([*crowd, "alone"]).changed == 6


def test_progress_is_told_batch_by_batch(watch_bugs, registry, database):
    done = []
    new = registry.type("NEW", all_new, request_size=2)
    watch_bugs("bugs", "https://b.example.com", range(5), new)
    Run(database, progress=lambda *counts: done.append(counts)).update(["bugs"])
    assert done == [(2, 5), (4, 5), (5, 5), (5, 5)]


# What is open meanwhile.


@pytest.mark.shared
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


# The database fails.


class Failing:
    """A database of which `write` fails from the moment on that it is told to."""

    def __init__(self, database):
        self.read = database.read
        self.place = database.place
        self._write = database.write
        self.error = None

    def write(self, function, patience):
        if self.error is not None:
            raise self.error
        return self._write(function, patience)


def test_a_database_that_fails_ends_the_run(watch_bugs, registry, database):
    failing = Failing(database)
    asked = []

    async def fetch(self, session, batch):
        failing.error = DatabaseError("The disk is full.")
        asked.append(batch.tracker.name)
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("NEW", fetch)
    for name in ("one", "two", "three"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    with pytest.raises(DatabaseError, match="The disk is full"):
        Run(failing, jobs=1).update(["one", "two", "three"])
    assert len(asked) == 1


def test_what_was_being_asked_for_meanwhile_is_not_written_either(watch_bugs, registry, database):
    failing = Failing(database)
    tried = []
    one_is_done = asyncio.Event()

    async def fetch(self, session, batch):
        if batch.tracker.name == "two":
            yield RemoteBug("1", "NEW")
            one_is_done.set()
            await asyncio.Event().wait()
        await one_is_done.wait()
        failing.error = DatabaseError("The disk is full.")
        failing.write = write
        async for outcome in all_new(self, session, batch):
            yield outcome

    def write(function, patience):
        tried.append("write")
        raise failing.error

    kind = registry.type("NEW", fetch)
    for name in ("one", "two"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    with pytest.raises(DatabaseError, match="The disk is full"):
        Run(failing).update(["one", "two"])
    assert tried == ["write"]


def test_a_fault_of_ours_costs_no_other_bug_tracker(
    watched, watch_bugs, registry, database, caplog
):
    broken = registry.type("BROKEN", all_new, authorization=property(lambda self: 1 // 0))
    new = registry.type("NEW", all_new)
    watch_bugs("broken", "https://b.example.com", ["1"], broken)
    watch_bugs("beside", "https://b.example.com/beside", ["1"], new)
    report = Run(database).update(["broken", "beside", "bugs"])
    assert (report.faults, report.changed) == (1, 4)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "Unexpected failure when updating broken"
    assert record.exc_info[0] is ZeroDivisionError
    # And nobody has to wait for the origin.
    assert claim_of(database, "https://b.example.com") is None


def test_a_fault_of_ours_at_one_origin_costs_no_other(
    watched, watch_bugs, registry, database, caplog, transport
):
    transport.known = property()
    watch_bugs("bugs2", "https://b.example.com", ["1"], registry.type("NEW", all_new))
    report = Run(database).update(["bugs2"])
    assert (report.faults, report.changed) == (1, 1)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == "Unexpected failure when updating https://b.example.com"


# Ending it.


def test_a_run_that_is_stopped_saves_what_was_fetched(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        run.stop()
        await asyncio.Event().wait()

    kind = registry.type("STOP", fetch)
    tracker = watch_bugs("bugs", "https://b.example.com", range(3), kind)
    other = watch_bugs("other", "https://b.example.com/other", range(3), kind)
    third = watch_bugs("third", "https://third.example.com", range(3), kind)
    run = Run(database, jobs=1)
    report = run.update(["bugs", "other", "third"])
    assert report.interrupted
    assert (report.changed, report.late) == (1, [])
    transaction.begin()
    assert statuses(tracker) == {"0": "NEW", "1": None, "2": None}
    assert set(errors(tracker).values()) == {None}
    assert tracker.last_error_type is None
    assert tracker.countDue(tracker.datecreated) == 2
    # Those whose turn would have come are as they were.
    assert set(statuses(other).values()) == set(statuses(third).values()) == {None}


def test_nobody_waits_for_threads_in_the_end(watch_bugs, registry, database):
    release = threading.Event()

    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        asyncio.get_running_loop().call_soon(run.stop)
        # As a library might read an answer that has no end.
        await asyncio.to_thread(release.wait)

    watch_bugs("bugs", "https://b.example.com", range(2), registry.type("STUCK", fetch))
    run = Run(database)
    assert run.update(["bugs"]).changed == 1
    assert not release.is_set()
    release.set()


def test_a_run_whose_time_is_up_saves_what_was_fetched(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        pass_time(3001)
        await asyncio.Event().wait()

    tracker = watch_bugs("bugs", "https://b.example.com", range(3), registry.type("SLOW", fetch))
    report = Run(database, time_limit=3000, tracker_seconds=None).update(["bugs"])
    assert (report.out_of_time, report.interrupted, report.changed) == (True, False, 1)
    transaction.begin()
    assert statuses(tracker) == {"0": "NEW", "1": None, "2": None}
    assert tracker.last_error_type is None


# One run at a time at an origin.


def claim_of(database, origin):
    now = getUtility(IClock).now()
    return database.read(lambda trackers: trackers.claims.get(origin, now))


def claim(database, origin, clock):
    assert database.write(lambda trackers: trackers.claims.claim(origin, OTHER, clock.moment))


def test_an_origin_is_claimed_while_it_is_asked_and_not_afterwards(
    watch_bugs, registry, database, clock
):
    found = []

    async def fetch(self, session, batch):
        found.append(claim_of(database, "https://b.example.com"))
        async for outcome in all_new(self, session, batch):
            yield outcome

    watch_bugs("bugs", "https://b.example.com/bugs", ["1"], registry.type("NEW", fetch))
    Run(database).update(["bugs"])
    (claim,) = found
    assert claim.holder.startswith("checkwatches on ")
    assert claim.until == clock.moment + timedelta(minutes=10)
    assert claim_of(database, "https://b.example.com") is None


def test_what_another_run_has_claimed_is_not_asked(
    watched, watch_bugs, registry, database, clock, bugzilla
):
    other = watch_bugs("other", "https://b.example.com", ["1"], registry.type("NEW", all_new))
    claim(database, bugzilla.url, clock)
    report = Run(database).update(["bugs", "other"])
    transaction.begin()
    assert bugzilla.requests == []
    assert [(name, claim.holder) for name, claim in report.claimed.items()] == [("bugs", OTHER)]
    assert set(statuses(watched).values()) == {None}
    # It goes on with the others, and leaves the claim where it is.
    assert statuses(other) == {"1": "NEW"}
    assert claim_of(database, bugzilla.url).holder == OTHER


def test_two_runs_at_the_same_time_ask_an_origin_once(watch_bugs, registry, database):
    asked, reports = [], []

    async def fetch(self, session, batch):
        asked.append(batch.tracker.name)
        if len(asked) == 1:
            # Within the first run, of which this is the loop: so in a thread.
            second = Run(database)
            await asyncio.to_thread(lambda: reports.append(second.update(["bugs"])))
        async for outcome in all_new(self, session, batch):
            yield outcome

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", fetch))
    Run(database).update(["bugs"])
    assert asked == ["bugs"]
    (report,) = reports
    assert list(report.claimed) == ["bugs"]


def test_a_claim_that_has_run_out_is_nobodys(watched, database, clock, bugzilla):
    claim(database, bugzilla.url, clock)
    clock.tick(minutes=16)
    assert Run(database).update(["bugs"]).changed == 3


def test_a_claim_that_is_lost_ends_the_asking(watch_bugs, registry, database, clock):
    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        # The machine slept, and another one took over.
        clock.tick(minutes=20)
        claim(database, "https://b.example.com", clock)
        pass_time(61)
        await asyncio.Event().wait()

    tracker = watch_bugs("bugs", "https://b.example.com", range(3), registry.type("SLEEP", fetch))
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert report.changed == 1
    assert statuses(tracker)["0"] == "NEW"
    assert claim_of(database, "https://b.example.com").holder == OTHER


def test_a_claim_that_cannot_be_renewed_ends_the_run(watch_bugs, registry, database):
    failing = Failing(database)

    async def fetch(self, session, batch):
        failing.error = DatabaseError("The disk is full.")
        pass_time(61)
        await asyncio.Event().wait()
        yield

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("SLOW", fetch))
    with pytest.raises(DatabaseError, match="The disk is full"):
        Run(failing).update(["bugs"])


def test_a_dry_run_claims_nothing_and_respects_claims(
    watched, watch_bugs, registry, database, clock, bugzilla
):
    found = []

    async def fetch(self, session, batch):
        found.append(claim_of(database, "https://b.example.com"))
        async for outcome in all_new(self, session, batch):
            yield outcome

    watch_bugs("other", "https://b.example.com", ["1"], registry.type("NEW", fetch))
    claim(database, bugzilla.url, clock)
    report = Run(database, dry_run=True).update(["bugs", "other"])
    assert found == [None]
    assert list(report.claimed) == ["bugs"]
    assert bugzilla.requests == []


# What is known of an origin.


class Transport:
    """An `IHTTPClient` and its pool and sessions, which notes what it is given."""

    credentials = clock_skew = quota = scrub = None
    exchanges = ()

    def __init__(self):
        self.sessions = []
        self.known = OriginState(Politeness(1, 2.0), Quota(60, 59, None), None)

    @contextlib.asynccontextmanager
    async def open(self):
        yield self

    def session(self, tracker, timeout=30.0, **settings):
        self.sessions.append((tracker.name, timeout, settings))
        return self

    def state(self, tracker):
        assert tracker.name == "bugs"
        return self.known


@pytest.fixture
def transport(registry):
    return registry.utility(Transport(), IHTTPClient)


def test_what_is_known_of_an_origin_is_kept_for_the_next_run(
    watch_bugs, registry, database, transport, clock
):
    watch_bugs("bugs", "https://b.example.com/bugs", ["1"], registry.type("NEW", all_new))
    Run(database).update(["bugs"])
    state = database.read(lambda trackers: trackers.claims.getState("https://b.example.com"))
    assert state == transport.known
    clock.tick(days=2)
    Run(database).update(["bugs"])
    assert [settings["state"] for _, _, settings in transport.sessions] == [None, transport.known]


def test_whoever_insists_asks_though_an_origin_wants_to_be_left_alone(
    watch_bugs, registry, database, transport, clock
):
    watch_bugs("bugs", "https://b.example.com/bugs", ["1"], registry.type("NEW", all_new))
    transport.known = OriginState(Politeness(1, 2.0), Quota(60, 0, None), clock.moment)
    for _ in range(2):
        Run(database, insist=True).update_only("bugs", ["1"])
    states = [settings["state"] for _, _, settings in transport.sessions]
    assert states == [None, OriginState(Politeness(1, 2.0))]


def test_a_session_is_told_what_the_type_and_a_person_say(
    watch_bugs, registry, database, transport
):
    polite = registry.type("POLITE", all_new, timeout=7, politeness=Politeness(1, 5.0))
    tracker = watch_bugs("bugs", "https://b.example.com/bugs", ["1"], polite)
    tracker.politeness = Politeness(None, 1.0)
    transaction.commit()
    Run(database).update(["bugs"])
    ((name, timeout, settings),) = transport.sessions
    assert (name, timeout) == ("bugs", 7)
    assert settings["politeness"] == Politeness(None, 1.0)
    assert settings["defaults"] == Politeness(1, 5.0)
    assert settings["authorization"].__name__ == "authorization"


def test_nothing_is_kept_of_an_origin_where_nothing_was_asked(
    watch_bugs, registry, database, transport
):
    gone = registry.type("GONE", all_new)
    watch_bugs("bugs", "https://b.example.com/bugs", ["1"], gone)
    registry.undo()
    registry.utility(transport, IHTTPClient)
    Run(database).update(["bugs"])
    assert database.read(lambda trackers: trackers.claims.getState("https://b.example.com")) is None
