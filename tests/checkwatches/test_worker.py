"""Checkwatches that stays."""

import asyncio
import contextlib
import logging
import os
import signal
import threading

import pytest
import transaction
from zope.component import getUtility

from malonewatch.checkwatches import order
from malonewatch.checkwatches import worker as working
from malonewatch.checkwatches.worker import Worker
from malonewatch.guard import Guard
from malonewatch.interfaces import (
    DatabaseBusy,
    DatabaseError,
    Delivered,
    IBugWatchStatusChanged,
    IClock,
    IDatabaseOpener,
    IDeliverer,
    WorkerSettings,
)

from ..channels import in_place_of
from ..notifying.waiting import add_destination, add_notices
from .conftest import all_new, statuses

OTHER = "worker on h2 (process 12) #0123456789ab"
PATIENCE = 60


class Watched:
    """A database that counts, and fails when told to: `fails` is called before each transaction,
    with how it is used."""

    def __init__(self, database):
        self._database = database
        self.place = database.place
        self.identity = database.identity
        self.reads = 0
        self.fails = lambda use: None

    def lastTransaction(self):
        self.fails("last")
        return self._database.lastTransaction()

    def read(self, function):
        self.fails("read")
        self.reads += 1
        return self._database.read(function)

    def write(self, function, *patience):
        self.fails("write")
        return self._database.write(function, *patience)


@pytest.fixture
def database(site):
    database = getUtility(IDatabaseOpener)(site.uri)
    yield Watched(database)
    database.close()


@pytest.fixture
def work(database, clock):
    """Lets a worker work.

    Whenever it has nothing to do but to wait, the next of the `actions` is
    called, with the worker; in the end it is told to end.  Returns for how long
    it would have waited each time.
    """

    def work(*actions, jobs=10, **settings):
        waited = []
        left = list(actions)

        async def pause(news, seconds):
            if worker._tasks or worker._delivery:
                await asyncio.wait_for(news.wait(), PATIENCE)
                return
            waited.append(seconds)
            if left:
                transaction.abort()
                left.pop(0)(worker)
                transaction.begin()
            else:
                worker.stop()

        guard = Guard()
        worker = Worker(database, WorkerSettings(**settings), guard, jobs=jobs, pause=pause)
        transaction.abort()
        worker.run()
        transaction.begin()
        return waited

    return work


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, "malonewatch")
    return caplog


def claims(trackers):
    return trackers.claims


def nothing(worker):
    pass


# What is due is asked for.


def test_what_is_due_is_asked_for_and_the_origin_let_go_of(watched, work, clock, trackers, log):
    assert work() == [working.TICK]
    assert statuses(watched) == {"1": "CONFIRMED", "2": "CONFIRMED", "3": "CONFIRMED"}
    assert trackers.claims.get(watched.origin, clock.now()) is None
    assert log.messages[0].startswith("A worker is at work on ")
    assert log.messages[-1] == "The worker has ended."


def test_what_becomes_due_is_asked_for_then(watched, work, clock, bugzilla):
    def next_day(worker):
        bugzilla.change("2", status="IN_PROGRESS")
        clock.tick(days=1)

    work(next_day)
    assert statuses(watched)["2"] == "IN_PROGRESS"


def test_what_another_makes_due_is_asked_for_at_once(watched, work, site, bugzilla):
    def reset(worker):
        bugzilla.change("2", status="IN_PROGRESS")
        with contextlib.closing(getUtility(IDatabaseOpener)(site.uri)) as other:
            other.write(lambda trackers: trackers["bugs"].resetWatches() and None)

    work(reset)
    assert statuses(watched)["2"] == "IN_PROGRESS"


def test_as_long_as_nothing_changes_nothing_is_looked_for(watched, work, database):
    reads = []

    def count(worker):
        reads.append(database.reads)

    work(nothing, count, nothing, nothing, count)
    assert reads[0] == reads[1]


def test_so_many_origins_are_asked_at_the_same_time_and_no_more(watch_bugs, registry, work):
    at_work, most = [], []

    async def fetch(self, session, batch):
        at_work.append(batch)
        most.append(len(at_work))
        await asyncio.sleep(0)
        async for outcome in all_new(self, session, batch):
            yield outcome
        at_work.remove(batch)

    kind = registry.type("NEW", fetch)
    for number in range(5):
        watch_bugs(f"bugs{number}", f"https://b{number}.example.com", ["1"], kind)
    work(jobs=2)
    assert len(most) == 5
    assert max(most) <= 2


def test_the_clock_may_go_back(watched, work, clock, log, bugzilla):
    def back(worker):
        bugzilla.change("2", status="IN_PROGRESS")
        clock.tick(days=-10)

    work(back)
    assert statuses(watched)["2"] == "IN_PROGRESS"
    assert [line for line in log.messages if line.startswith("The clock went back")]


def test_an_origin_is_let_go_of_as_the_next_one_is_claimed(watch_bugs, registry, work, database):
    kind = registry.type("NEW", all_new)
    for name in ("one", "two", "three"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    uses = []
    database.fails = uses.append
    work(jobs=1)
    # Each is claimed, and what was answered is applied; the last one is let go of by itself.
    assert uses.count("write") == 2 * 3 + 1


# Who has an origin.


def test_an_origin_that_another_has_is_left_alone_for_a_while(
    watched, work, clock, trackers, bugzilla
):
    trackers.claims.claim(watched.origin, OTHER, clock.now())
    transaction.commit()

    def given_back(worker):
        assert bugzilla.requests == []
        trackers.claims.release(watched.origin, OTHER)
        transaction.commit()

    def later(worker):
        assert bugzilla.requests == []
        clock.tick(seconds=working.CLAIMED)

    work(given_back, later)
    assert statuses(watched)["1"] == "CONFIRMED"


def test_what_another_has_done_meanwhile_is_not_claimed(watch_bugs, registry, work, trackers):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch.tracker.name)
        (other,) = {"one", "two"} - {batch.tracker.name}
        trackers[other].active = False
        transaction.commit()
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("NEW", fetch)
    for name in ("one", "two"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    work(jobs=1)
    assert len(asked) == 1
    (other,) = {"one", "two"} - set(asked)
    assert trackers.claims.getState(f"https://{other}.example.com") is None


def test_the_origins_that_it_had_last_come_first(
    watch_bugs, registry, work, trackers, clock, monkeypatch
):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch.tracker.name)
        async for outcome in all_new(self, session, batch):
            yield outcome

    def claim(*names):
        for name in names:
            trackers.claims.claim(f"https://{name}.example.com", OTHER, clock.now())
        transaction.commit()

    def next_day(worker):
        for name in ("two", "three", "four"):
            trackers.claims.release(f"https://{name}.example.com", OTHER)
        transaction.commit()
        clock.tick(days=5)
        asked.append("next day")

    def next_day_without_four(worker):
        next_day(worker)
        claim("four")

    monkeypatch.setattr(order._random, "uniform", lambda least, most: 0)
    kind = registry.type("NEW", fetch)
    for name in ("one", "two", "three", "four"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    claim("two", "three")
    work(next_day, next_day_without_four, next_day, jobs=1)
    days = " ".join(asked).split(" next day ")
    assert days[0] == "one four"
    assert days[1] == "four one two three"
    assert days[2] == "one three two"
    assert days[3] == "one three two four"


def test_what_a_worker_is_not_to_ask_it_leaves_to_others(watch_bugs, registry, work, database):
    kind = registry.type("NEW", all_new)
    one = watch_bugs("one", "https://one.example.com", ["1"], kind)
    two = watch_bugs("two", "https://two.example.com", ["1"], kind)
    work(nothing, only=["t*"])
    assert (statuses(one), statuses(two)) == ({"1": None}, {"1": "NEW"})


# What goes wrong.


def test_a_fault_is_logged_and_its_bug_tracker_left_alone_for_a_while(
    watch_bugs, registry, work, clock, log
):
    asked = []

    async def fetch(self, session, batch):
        asked.append(batch)
        raise RuntimeError
        yield

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("NEW", fetch))

    def count(worker):
        assert len(asked) == 1

    def later(worker):
        clock.tick(hours=1)

    work(count, nothing, count, later)
    assert len(asked) == 2


def test_a_turn_that_fails_lets_go_of_the_origin(watched, work, monkeypatch, clock, trackers, log):
    async def take(self, pool):
        raise RuntimeError

    monkeypatch.setattr(working.Turn, "take", take)
    work(nothing)
    assert trackers.claims.get(watched.origin, clock.now()) is None
    assert [record.exc_info for record in log.records if record.levelname == "ERROR"] != []


def test_a_change_that_the_application_refuses_is_tried_again_later(
    watched, work, registry, clock, log
):
    told = []

    def refuse(event):
        told.append(event)
        raise ValueError

    registry.subscriber(refuse, IBugWatchStatusChanged)
    work(nothing, nothing, lambda worker: clock.tick(seconds=working.FRUITLESS))
    assert len(told) > 3
    assert "The application failed to take in 3 changes; they are still due." in log.messages


def test_a_busy_database_is_tried_again(watched, work, database, log):
    uses = []

    def fails(use):
        uses.append(use)
        if uses.count(use) == 1 and use != "read":
            raise DatabaseBusy("It is busy.")

    database.fails = fails
    clock = getUtility(IClock)
    work(nothing, lambda worker: clock.tick(seconds=working.FRUITLESS))
    assert statuses(watched)["1"] == "CONFIRMED"
    assert f"{watched.origin} has to wait: It is busy." in log.messages


def test_a_database_that_is_away_is_waited_for(watched, work, database, log):
    away = [True] * 7

    def fails(use):
        if away and use == "last":
            away.pop()
            raise DatabaseError("It is away.")

    database.fails = fails
    assert work(*[nothing] * 8) == [1, 2, 4, 8, 16, 30, 30, 0.25, 0.25]
    assert log.messages[1:3] == [
        "It is away. The worker waits for it.",
        "The database can be used again.",
    ]
    assert statuses(watched)["1"] == "CONFIRMED"


def test_a_database_that_is_away_does_not_keep_it_from_ending(watched, work, database, log):
    def fails(use):
        raise DatabaseError("It is away.")

    database.fails = fails
    assert work() == [1]
    assert "The database can be used again." not in log.messages


def test_a_database_that_goes_away_in_a_turn_ends_the_others_too(
    watch_bugs, registry, work, database, trackers, clock, log
):
    reached = []

    async def fetch(self, session, batch):
        reached.append(batch.tracker.name)
        if batch.tracker.name == "slow" and len(reached) <= 2:
            await asyncio.sleep(PATIENCE)
        elif len(reached) <= 2:
            while "slow" not in reached:
                await asyncio.sleep(0)

            def fails(use):
                if use == "write":
                    raise DatabaseError("It is away.")

            database.fails = fails
        async for outcome in all_new(self, session, batch):
            yield outcome

    kind = registry.type("NEW", fetch)
    watch_bugs("quick", "https://quick.example.com", ["1"], kind)
    watch_bugs("slow", "https://slow.example.com", ["1"], kind)

    def back(worker):
        database.fails = lambda use: None

    work(back, lambda worker: worker.stop())
    assert "It is away. The worker waits for it." in log.messages
    for name in ("quick", "slow"):
        assert trackers.claims.get(trackers[name].origin, clock.now()) is None


def test_claims_that_cannot_be_renewed_are_the_databases_trouble(watched, work, monkeypatch, log):
    calls = []

    async def keep(self):
        calls.append(self)
        if len(calls) == 1:
            raise DatabaseError("It is away.")
        await asyncio.sleep(PATIENCE)

    monkeypatch.setattr(working.Claimant, "keep", keep)
    work(nothing, nothing)
    assert "It is away. The worker waits for it." in log.messages
    assert statuses(watched)["1"] == "CONFIRMED"


# The end.


def test_a_signal_ends_it_with_what_is_under_way_handed_over(
    watch_bugs, registry, work, trackers, clock
):
    async def fetch(self, session, batch):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(PATIENCE)
        yield

    slow = watch_bugs("slow", "https://s.example.com", ["1"], registry.type("NEW", fetch))
    assert work() == []
    assert trackers.claims.get(slow.origin, clock.now()) is None


def test_without_the_database_it_ends_all_the_same(watched, work, database):
    def away(worker):
        def fails(use):
            raise DatabaseError("It is away.")

        database.fails = fails
        worker._claimant._unreleased["https://b.example.com"] = None
        worker.stop()

    assert work(away) == [working.TICK]


def test_waiting_ends_with_news_or_in_time():
    async def wait():
        news = asyncio.Event()
        await working.pause(news, 0)
        assert not news.is_set()
        news.set()
        await working.pause(news, PATIENCE)

    asyncio.run(wait())


def test_metrics_are_written_meanwhile(watched, work, tmp_path):
    path = tmp_path / "bugs.prom"

    def written(worker):
        while not path.exists():
            threading.Event().wait(0.01)

    work(written, metrics_file=path)
    assert "malonewatch_watches" in path.read_text()


# What people are to be told.


@pytest.fixture
def kept(site):
    with in_place_of("kept") as channel:
        add_notices(add_destination("kept"))
        transaction.commit()
        yield channel


class Deliverer:
    """An `IDeliverer`; `outcomes` are what comes of each delivery in turn."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.over = []

    def __call__(self, database, *, seconds, is_over):
        self.over.append(is_over())
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_what_people_are_to_be_told_is_delivered(kept, clock, work):
    work()
    assert len(kept.sent) == 1


def test_others_may_deliver(kept, clock, work):
    work(nothing, delivers=False)
    assert kept.sent == []


def test_what_could_not_be_delivered_is_tried_again_after_a_moment(kept, clock, work, registry):
    deliverer = registry.utility(
        Deliverer(Delivered(claimed="another"), DatabaseBusy("Busy."), Delivered()), IDeliverer
    )

    def soon(worker):
        clock.tick(seconds=working.BETWEEN_DELIVERIES)

    work(nothing, soon, soon)
    assert deliverer.over == [False, False, False]


def test_a_fault_in_delivering_is_tried_again_later(kept, clock, work, registry):
    deliverer = registry.utility(Deliverer(RuntimeError(), Delivered()), IDeliverer)

    def soon(worker):
        assert len(deliverer.over) == 1
        clock.tick(seconds=working.AFTER_FAULT / 2)

    work(soon, soon)
    assert len(deliverer.over) == 2


def test_a_database_that_goes_away_while_delivering_is_waited_for(kept, clock, work, registry, log):
    registry.utility(Deliverer(DatabaseError("It is away."), Delivered()), IDeliverer)
    work(nothing, lambda worker: clock.tick(seconds=working.BETWEEN_DELIVERIES))
    assert "It is away. The worker waits for it." in log.messages
