import asyncio
import logging
from collections import Counter

import pytest
import transaction

from malonewatch.checkwatches import Run, turn
from malonewatch.checkwatches.turn import PAUSES
from malonewatch.interfaces import (
    Applied,
    Brake,
    BugTrackerChallenge,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerTimeout,
    BugTrackerUnavailable,
    BugWatchErrorType,
    DatabaseBusy,
    DialectLearnt,
    Polling,
    RemoteBug,
    RemoteBugUnchanged,
    SuspiciousAnswer,
)
from malonewatch.model import BugTracker

from .conftest import all_new, errors, pass_time, statuses


@pytest.fixture
def database(site):
    return site.database


@pytest.fixture
def lines(caplog):
    """What is said, INFO and up."""
    caplog.set_level(logging.INFO, "malonewatch")
    return lambda: [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


@pytest.fixture
def at_one_origin(watch_bugs):
    """Adds bug trackers of a type at one origin; their names."""

    def add(kind, count):
        names = [f"bugs{number}" for number in range(count)]
        for name in names:
            watch_bugs(name, f"https://b.example.com/{name}", ["1"], kind)
        return names

    return add


def down(asked, error):
    """A fetch that notes who is asked, and meets `error`."""

    async def fetch(self, session, batch):
        asked.append(batch.tracker.name)
        raise error
        yield

    return fetch


# One bug tracker.


def test_trouble_is_told_and_reported(watch_bugs, registry, database, lines):
    kind = registry.type("DOWN", down([], BugTrackerConnectError("It is down.")))
    tracker = watch_bugs("bugs", "https://b.example.com", ["1"], kind)
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert str(report.troubled["bugs"]) == "It is down."
    assert report.faults == 0
    assert tracker.last_error == "It is down."
    assert lines() == [
        "INFO Updating 1 watches on https://b.example.com",
        "ERROR Connection failed when updating https://b.example.com: It is down.",
    ]


def test_what_it_speaks_is_found_out_once_in_a_run(watch_bugs, registry, database):
    spoken = []

    async def fetch(self, session, batch):
        spoken.append(self.dialect)
        if self.dialect is None:
            yield DialectLearnt("klingon", "It answers.")
        for remotebug in batch.remotebugs:
            yield RemoteBug(remotebug, "NEW")

    kind = registry.type("KLINGON", fetch, request_size=1)
    watch_bugs("bugs", "https://b.example.com", ["1", "2", "3"], kind)
    Run(database).update(["bugs"])
    assert spoken == [None, "klingon", "klingon"]


def test_what_is_told_is_for_programs_too(watch_bugs, registry, database, caplog):
    caplog.set_level(logging.INFO, "malonewatch")
    kind = registry.type("DOWN", down([], BugTrackerConnectError("It is down.")))
    watch_bugs("bugs", "https://b.example.com", ["1"], kind)
    Run(database).update(["bugs"])
    assert [record.facts for record in caplog.records] == [
        {"event": "update", "tracker": "bugs", "watches": 1},
        {"event": "trouble", "tracker": "bugs", "error": "CONNECTION_ERROR"},
    ]


def test_after_trouble_nothing_more_is_asked(watch_bugs, registry, database):
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
    done = []
    Run(database, progress=lambda *counts: done.append(counts)).update(["bugs"])
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
    # And is done with as far as this run is concerned.
    assert done == [(2, 6), (2, 6), (6, 6)]


def test_trouble_after_all_was_said_ends_the_asking_too(watch_bugs, registry, database):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch.remotebugs)
        async for outcome in all_new(self, session, batch):
            yield outcome
        raise BugTrackerConnectError("It is down.")

    kind = registry.type("DOWN", fetch, request_size=2)
    watch_bugs("bugs", "https://b.example.com", range(4), kind)
    report = Run(database).update(["bugs"])
    assert (len(asked), report.changed, list(report.troubled)) == (1, 2, ["bugs"])


def test_a_fault_of_ours_is_counted_and_said_once(watch_bugs, registry, database, caplog):
    kind = registry.type("FAULTY", down([], ZeroDivisionError()))
    watch_bugs("bugs", "https://b.example.com", ["1"], kind)
    report = Run(database).update(["bugs"])
    assert (report.faults, list(report.troubled)) == (1, ["bugs"])
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def test_a_bug_tracker_that_is_removed_before_its_turn(registry, watch_bugs, database, trackers):
    async def fetch(self, session, batch):
        def remove(trackers):
            tracker = trackers["two"]
            for watch in list(tracker.watches):
                watch.bug.removeWatch(watch)
            trackers.remove(tracker)

        database.write(remove)
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("NEW", fetch)
    for name in ("one", "two"):
        watch_bugs(name, f"https://b.example.com/{name}", ["1"], kind)
    report = Run(database).update(["one", "two"])
    assert (report.watches, report.changed, report.troubled, report.faults) == (1, 1, {}, 0)


def test_a_type_that_is_gone_is_trouble_unasked(watch_bugs, registry, database, lines):
    tracker = watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("GONE", all_new))
    registry.undo()
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert list(report.troubled) == ["bugs"]
    assert tracker.last_error_type is BugWatchErrorType.UNSUPPORTED_BUG_TRACKER
    (line,) = lines()
    assert line == (
        "ERROR Bug tracker not supported when updating https://b.example.com: "
        "https://b.example.com is of the type GONE, which nothing here can talk to."
    )


# Its time.


def slow(how_many, asked):
    """A fetch that has had its time after so many bugs."""

    async def fetch(self, session, batch):
        async for outcome in all_new(self, session, batch):
            if asked[batch.tracker.name] == how_many:
                pass_time(301)
                await asyncio.Event().wait()
            asked[batch.tracker.name] += 1
            yield outcome

    return fetch


def test_a_bug_tracker_whose_time_is_up_has_to_wait(watch_bugs, registry, database, lines):
    kind = registry.type("SLOW", slow(50, Counter()), request_size=20)
    tracker = watch_bugs("bugs", "https://b.example.com", range(90), kind)
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert len([status for status in statuses(tracker).values() if status]) == 50
    assert set(errors(tracker).values()) == {None}
    assert tracker.last_error_type is None
    assert tracker.countDue(tracker.datecreated) == 40
    assert (report.late, report.troubled, report.changed) == (["bugs"], {}, 50)
    assert (
        "INFO https://b.example.com had 300 seconds; 40 of its 90 watches have to wait." in lines()
    )


def test_the_next_run_goes_on_with_the_rest(watch_bugs, registry, database):
    asked = Counter()
    kind = registry.type("SLOW", slow(50, asked), request_size=20)
    tracker = watch_bugs("bugs", "https://b.example.com", range(90), kind)
    Run(database).update(["bugs"])
    asked.clear()
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert asked == {"bugs": 40}
    assert None not in statuses(tracker).values()
    assert report.late == []


def test_time_that_is_up_between_two_requests(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        async for outcome in all_new(self, session, batch):
            yield outcome
        pass_time(300)

    slow = registry.type("SLOW", fetch, request_size=1)
    tracker = watch_bugs("bugs", "https://b.example.com", range(2), slow)
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert report.late == ["bugs"]
    assert statuses(tracker) == {"0": "NEW", "1": None}


def test_the_others_at_the_origin_have_time_of_their_own(at_one_origin, registry, database):
    async def fetch(self, session, batch):
        if batch.tracker.name == "bugs0":
            pass_time(301)
            await asyncio.Event().wait()
        async for outcome in all_new(self, session, batch):
            yield outcome

    names = at_one_origin(registry.type("SLOW", fetch), 3)
    report = Run(database).update(names)
    assert (report.changed, report.late) == (2, ["bugs0"])


def test_a_bug_tracker_may_have_as_long_as_it_wants(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        pass_time(100_000)
        for _ in range(3):
            await asyncio.sleep(0)
        async for outcome in all_new(self, session, batch):
            yield outcome

    watch_bugs("bugs", "https://b.example.com", range(9), registry.type("SLOW", fetch))
    report = Run(database, tracker_seconds=None).update(["bugs"])
    assert (report.changed, report.late) == (9, [])


# What the bug trackers of an origin have in common.


@pytest.mark.parametrize(
    "error",
    [
        BugTrackerConnectError("down"),
        BugTrackerTimeout("down"),
        BugTrackerUnavailable("down"),
        BugTrackerChallenge("down"),
    ],
)
def test_a_host_that_is_down_is_asked_twice(at_one_origin, registry, database, lines, error):
    asked = []
    names = at_one_origin(registry.type("DOWN", down(asked, error)), 5)
    report = Run(database).update(names)
    assert asked == names[:2]
    assert list(report.troubled) == names[:2]
    # Nothing is known of the others, nor said of them.
    assert report.late == names[2:]
    tracker_errors = database.read(
        lambda trackers: [trackers[name].last_error_type for name in names]
    )
    assert tracker_errors == [error.error_type] * 2 + [None] * 3
    assert lines()[-1] == (
        "INFO 3 more bug trackers at https://b.example.com have to wait until it can be reached."
    )


def test_nor_is_anything_said_of_others_where_there_are_none(
    at_one_origin, registry, database, lines
):
    names = at_one_origin(registry.type("DOWN", down([], BugTrackerTimeout("down"))), 2)
    report = Run(database).update(names)
    assert (list(report.troubled), report.late) == (names, [])
    assert not any("have to wait" in line for line in lines())


@pytest.mark.parametrize("error", [None, BugTrackerCredentialsRefused("no")])
def test_a_host_that_answers_in_between_is_not_down(at_one_origin, registry, database, error):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch.tracker.name)
        if len(asked) % 2:
            raise BugTrackerConnectError("down")
        if error is not None:
            raise error
        async for outcome in all_new(self, session, batch):
            yield outcome

    names = at_one_origin(registry.type("SHAKY", fetch), 5)
    Run(database).update(names)
    assert asked == names


def test_a_limit_ends_the_asking_there_for_all(watch_bugs, database, bugzilla, lines):
    names = [f"bugs{number}" for number in range(4)]
    for name in names:
        watch_bugs(name, f"{bugzilla.url}/{name}", ["1"])
    bugzilla.quota = 0
    bugzilla.retry_after = 7200
    report = Run(database).update(names)
    assert len(bugzilla.requests) == 1
    # All have the same trouble, and one line of it is enough.
    assert list(report.troubled) == names
    attempts = database.read(lambda trackers: [trackers[name].next_attempt for name in names])
    assert len(set(attempts)) == 1
    said = [line.split()[0] for line in lines() if "Rate limit reached" in line]
    assert said == ["ERROR", "INFO", "INFO", "INFO"]


# What is written together.


@pytest.fixture
def written(monkeypatch):
    """The ids of the remote bugs in each write, as they come."""
    written = []

    def apply(self, fetched, brake):
        written.append([outcome.remotebug for outcome in fetched.outcomes])
        return Applied(brake=brake)

    monkeypatch.setattr(BugTracker, "apply", apply)
    return written


def test_what_comes_quickly_is_written_together(
    watch_bugs, registry, database, monkeypatch, written
):
    monkeypatch.setattr(turn, "TOGETHER", 4)
    new = registry.type("NEW", all_new, request_size=2)
    watch_bugs("bugs", "https://b.example.com", range(7), new)
    Run(database).update(["bugs"])
    assert written == [["0", "1", "2", "3"], ["4", "5", "6"]]


def test_what_came_before_trouble_is_written_with_it(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        if batch.remotebugs == ("1",):
            raise BugTrackerConnectError("It is down.")
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("DOWN", fetch, request_size=1)
    bugtracker = watch_bugs("bugs", "https://b.example.com", range(3), kind)
    report = Run(database).update(["bugs"])
    transaction.begin()
    assert (report.changed, list(report.troubled)) == (1, ["bugs"])
    assert errors(bugtracker) == {"0": None, "1": BugWatchErrorType.CONNECTION_ERROR, "2": None}


def test_bugs_that_are_kept_apart_are_written_apart(watch_bugs, registry, database, written, clock):
    new = registry.type("NEW", all_new)
    bugtracker = watch_bugs("bugs", "https://b.example.com", range(3), new)
    bugtracker.ledger.set_apart("1", clock.now().timestamp())
    transaction.commit()
    Run(database).update(["bugs"])
    assert written == [["0", "2"], ["1"]]


# The brake.


def test_an_answer_that_is_not_to_be_believed_is_told_once(
    watch_bugs, registry, database, lines, monkeypatch
):
    brakes = []

    def apply(self, fetched, brake):
        brakes.append(brake)
        return Applied(brake=Brake(len(brakes)), trouble=SuspiciousAnswer("Too many."))

    monkeypatch.setattr(BugTracker, "apply", apply)
    monkeypatch.setattr(turn, "TOGETHER", 1)
    new = registry.type("NEW", all_new, request_size=1)
    watch_bugs("bugs", "https://b.example.com", range(3), new)
    report = Run(database).update(["bugs"])
    # It is asked to the end, and the brake goes from one write to the next.
    assert brakes == [Brake(), Brake(1), Brake(2)]
    assert isinstance(report.troubled["bugs"], SuspiciousAnswer)
    assert [line for line in lines() if line.startswith("ERROR")] == [
        "ERROR Suspicious answer when updating https://b.example.com: Too many."
    ]


# Others keep the database busy.


class Busy:
    """A database in which nothing but claims can be written, so many times."""

    def __init__(self, database, times):
        self.read = database.read
        self.place = database.place
        self._write = database.write
        self.left = times

    def write(self, function, patience):
        if function.__qualname__.startswith("Applier") and self.left > 0:
            self.left -= 1
            pass_time(10)
            raise DatabaseBusy("The database was changed by others again and again.")
        return self._write(function, patience)


@pytest.fixture
def hurried(monkeypatch):
    """The pauses take no time."""
    monkeypatch.setattr(turn, "PAUSES", (0.0,) * len(PAUSES))


def test_a_bug_tracker_waits_for_a_better_moment(watch_bugs, registry, database, hurried):
    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", all_new))
    report = Run(Busy(database, len(PAUSES))).update(["bugs"])
    assert (report.changed, report.postponed) == (1, [])


def test_if_there_is_none_it_waits_for_another_run_and_no_other_does(
    at_one_origin, registry, database, lines, hurried
):
    names = at_one_origin(registry.type("NEW", all_new), 3)
    report = Run(Busy(database, len(PAUSES) + 1)).update(names)
    assert (report.changed, report.postponed, report.troubled) == (2, [names[0]], {})
    assert lines()[1] == (
        "ERROR bugs0 has to wait: The database was changed by others again and again."
    )


def test_a_run_that_is_told_to_end_does_not_wait_for_it(watch_bugs, registry, database):
    async def fetch(self, session, batch):
        asyncio.get_running_loop().call_soon(run.stop)
        async for outcome in all_new(self, session, batch):
            yield outcome

    class Frozen(Busy):
        def write(self, function, patience):
            if function.__qualname__.startswith("Applier"):
                raise DatabaseBusy("The database was changed by others again and again.")
            return self._write(function, patience)

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", fetch))
    run = Run(Frozen(database, 0))
    report = run.update(["bugs"])
    assert (report.interrupted, report.postponed) == (True, ["bugs"])


def test_an_origin_that_cannot_be_claimed_waits(at_one_origin, registry, database):
    class NoClaims(Busy):
        def write(self, function, patience):
            raise DatabaseBusy("The database was changed by others again and again.")

    names = at_one_origin(registry.type("NEW", all_new), 3)
    report = Run(NoClaims(database, 0)).update(names)
    assert (report.postponed, report.watches) == (names, 0)


def test_one_that_cannot_be_let_go_of_runs_out(watch_bugs, registry, database, clock):
    class NoRelease(Busy):
        def write(self, function, patience):
            if "release" in function.__qualname__:
                raise DatabaseBusy("The database was changed by others again and again.")
            return self._write(function, patience)

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", all_new))
    report = Run(NoRelease(database, 0)).update(["bugs"])
    assert (report.changed, report.postponed) == (1, [])
    clock.tick(minutes=16)
    assert (
        database.read(lambda trackers: trackers.claims.get("https://b.example.com", clock.moment))
        is None
    )


def test_a_claim_is_renewed_the_next_time_if_the_database_is_busy(
    watch_bugs, registry, database, clock
):
    class NoRenewal(Busy):
        def write(self, function, patience):
            if "_renew" in function.__qualname__:
                renewals.append(clock.moment)
                if len(renewals) == 1:
                    # Once it waits for the next time.
                    asyncio.get_running_loop().call_soon(pass_time, 61)
                    raise DatabaseBusy("The database was changed by others again and again.")
                renewed.set()
            return self._write(function, patience)

    async def fetch(self, session, batch):
        pass_time(61)
        await renewed.wait()
        async for outcome in all_new(self, session, batch):
            yield outcome

    renewals, renewed = [], asyncio.Event()
    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", fetch))
    assert Run(NoRenewal(database, 0)).update(["bugs"]).changed == 1
    assert len(renewals) == 2


def asked_for(asked):
    """A fetch that notes what it is asked for, and answers."""

    async def fetch(self, session, batch):
        asked.extend(batch.remotebugs)
        for remotebug in batch.remotebugs:
            yield RemoteBug(remotebug, "NEW")

    return fetch


def test_what_is_never_polled_is_not_asked_and_is_not_due_from_then_on(
    database, registry, watch_bugs, clock
):
    asked = []
    kind = registry.type("CLOSING", asked_for(asked))
    tracker = watch_bugs("closing", "https://closing.example.com", ["1"], kind)
    registry.type(
        "CLOSING", asked_for(asked), polling=Polling.NEVER, not_polled="It was shut down."
    )
    Run(database, dry_run=True).update(["closing"])
    transaction.begin()
    assert tracker.polling is Polling.ALWAYS
    assert Run(database).update(["closing"]).watches == 0
    transaction.begin()
    assert (asked, tracker.not_polled) == ([], "It was shut down.")
    assert tracker.countDue(clock.now()) == 0


def test_what_is_polled_once_is_asked_for_once(database, registry, watch_bugs, clock):
    asked = []
    kind = registry.type("FROZEN", asked_for(asked))
    tracker = watch_bugs("frozen", "https://frozen.example.com", ["1"], kind)
    registry.type("FROZEN", asked_for(asked), polling=Polling.ONCE, not_polled="It is frozen.")
    Run(database).update(["frozen"])
    transaction.begin()
    assert (asked, tracker.watches[0].next_check) == (["1"], None)


def test_duplicates_are_followed_in_the_same_run_and_asked_for_together_from_then_on(
    database, registry, watch_bugs, clock
):
    asked = []
    chain = {"1": "2", "2": "3", "3": None}

    async def fetch(self, session, batch):
        asked.append(batch.remotebugs)
        for name in batch.remotebugs:
            yield RemoteBug(name, f"STATUS {name}", duplicate_of=chain[name])

    kind = registry.type("CHAINED", fetch)
    tracker = watch_bugs("chained", "https://chained.example.com", ["1"], kind)
    foreseen = Run(database, dry_run=True).update(["chained"])
    assert asked == [("1",), ("2",), ("3",)]
    del asked[:]
    assert Run(database).update(["chained"]).changed == foreseen.changed == 2
    transaction.begin()
    assert asked == [("1",), ("2",), ("3",)]
    assert statuses(tracker) == {"1": "STATUS 3"}
    clock.tick(hours=24)
    del asked[:]
    Run(database).update(["chained"])
    Run(database).update_only("chained", ["1"])
    assert asked == [("1", "2", "3")] * 2


def test_what_is_followed_to_is_asked_for_once_in_a_run_whatever_comes_of_it(
    database, registry, watch_bugs
):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch.remotebugs)
        for name in batch.remotebugs:
            # Which is no answer to who knows nothing.
            yield (
                RemoteBug("1", "NEW", duplicate_of="2") if name == "1" else RemoteBugUnchanged("2")
            )

    watch_bugs("odd", "https://odd.example.com", ["1"], registry.type("ODD", fetch))
    Run(database).update(["odd"])
    assert asked == [("1",), ("2",)]
