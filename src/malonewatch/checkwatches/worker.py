"""A worker: checkwatches that stays.

It looks for what is due whenever something has changed in the database, or the
time has come for the next thing; and claims origins one by one, as there are
places free.  What it does with one is the same as in a run, but that each turn
has connections of its own: how a server is to be asked others may have learnt
since the last one.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from zope.component import getUtility

from malonewatch.checkwatches.apply import Applier
from malonewatch.checkwatches.claims import Claimant
from malonewatch.checkwatches.delivering import LONGEST, deliver_due
from malonewatch.checkwatches.due import set_clock_back
from malonewatch.checkwatches.health import (
    ENDED,
    WAITING,
    WORKING,
    Health,
    keep_metrics,
    metrics_writer,
)
from malonewatch.checkwatches.limits import SILENCE, TRACKER_SECONDS
from malonewatch.checkwatches.logs import said
from malonewatch.checkwatches.order import in_order
from malonewatch.checkwatches.reach import Reach
from malonewatch.checkwatches.report import Report
from malonewatch.checkwatches.threads import Threads
from malonewatch.checkwatches.turn import Turn, Work
from malonewatch.exitcodes import EXIT_FAULT
from malonewatch.guard import Guard
from malonewatch.identity import new_id
from malonewatch.interfaces import (
    DatabaseBusy,
    DatabaseError,
    DueBugTrackers,
    IClock,
    IHTTPClient,
    IOutbox,
    WorkerSettings,
)
from malonewatch.signals import heard

log = logging.getLogger("malonewatch.checkwatches")

#: After how many seconds it sees whether anything has changed; and for how long, at least, it
#: works on what was found due before it sees what of that others have done: looking costs as much
#: as there is.
TICK = 0.25
LOOK_EVERY = 0.5
LOOK_PER_TRACKER = 0.002

#: How many seconds to wait for a database that is away: at first, and at most.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

#: For how many seconds an origin is left that another has; one where a turn came to nothing,
#: though something was due; and one that this worker is not to ask.
CLAIMED = 15.0
FRUITLESS = 60.0
ELSEWHERE = 3600.0

#: How many seconds lie between two deliveries; and after one that failed.
BETWEEN_DELIVERIES = 5.0
AFTER_FAULT = 60.0

#: How long, in seconds, what is under way is waited for in the end.
GRACE = 4.0


async def pause(news: asyncio.Event, seconds: float) -> None:
    """Wait until there is news, but no longer than that."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(news.wait(), seconds)


class Worker:
    """Works on a database with those settings; `guard` ends the process if that hangs.

    `jobs` is how many origins are asked at the same time, and `pause` waits for
    news in the event loop.

    :raises BadInput: the settings make no sense.
    """

    def __init__(
        self,
        database: Any,
        settings: WorkerSettings,
        guard: Guard,
        *,
        jobs: int,
        pause: Callable[[asyncio.Event, float], Awaitable[None]] = pause,
    ) -> None:
        self._database = database
        self._settings = settings
        self._guard = guard
        self._jobs = jobs
        self._pause = pause
        self._reach = Reach(settings.only, settings.besides)
        self._health = Health(settings.health_file)
        self._write_metrics = metrics_writer(settings.metrics_file, database)
        self._clock = getUtility(IClock)
        self._claimant = Claimant(database, new_id(), what="worker")
        self._news = asyncio.Event()
        self._is_over = False
        self._error: DatabaseError | None = None
        #: By origin: the bug trackers there to be asked, those that are being asked, and until
        #: when one is left alone.
        self._queue: dict[str, list[str]] = {}
        self._turns: dict[str, asyncio.Event] = {}
        self._rests: dict[str, datetime] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        #: The origins that it had last, rather than another.
        self._familiar: set[str] = set()
        #: As of which transaction it was looked for what is due, when that was, and when there is
        #: more by itself.
        self._seen: bytes | None = None
        self._looked: datetime | None = None
        self._found = 0
        self._next: datetime | None = None
        self._delivery: asyncio.Task[None] | None = None
        self._delivers_from: datetime | None = None

    def run(self) -> None:
        """Work until SIGTERM, SIGINT or `stop`."""
        asyncio.run(self._work())

    def stop(self) -> None:
        """End soon, with what was fetched saved; from the event loop's thread."""
        self._is_over = True
        self._stop_turns()

    async def _work(self) -> None:
        asyncio.get_running_loop().set_default_executor(Threads())
        keeping = [asyncio.create_task(self._keep_claims())]
        if self._write_metrics is not None:
            keeping.append(asyncio.create_task(keep_metrics(self._write_metrics)))
        # So that what connections are made of is there when something is due.
        async with getUtility(IHTTPClient).open():
            pass
        with self._signals():
            log.info("A worker is at work on %s.", self._database.place, extra=said("worker"))
            self._health.begin()
            while not self._is_over:
                self._guard.allow(SILENCE)
                try:
                    self._step()
                except DatabaseBusy:
                    # The next time is early enough.
                    pass
                except DatabaseError as error:
                    self._error = self._error or error
                if self._error is not None:
                    await self._wait_for_database(self._error)
                    continue
                await self._rest(TICK, WORKING)
            self._health.end()
            await self._hand_over()
            for task in keeping:
                task.cancel()
            self._health.tell(ENDED, 0)
        log.info("The worker has ended.", extra=said("worker ended"))

    async def _rest(self, seconds: float, state: str) -> None:
        self._health.tell(state, len(self._turns))
        await self._pause(self._news, seconds)
        self._news.clear()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def told() -> None:
            self._guard.hurry()
            loop.call_soon_threadsafe(self.stop)

        with heard((signal.SIGTERM, signal.SIGINT), told):
            yield

    async def _keep_claims(self) -> None:
        while True:
            try:
                await self._claimant.keep()
            except DatabaseError as error:
                self._fail(error)

    def _fail(self, error: DatabaseError) -> None:
        self._error = self._error or error
        self._stop_turns()

    def _stop_turns(self) -> None:
        for stop in self._turns.values():
            stop.set()
        self._news.set()

    async def _hand_over(self) -> None:
        """Let what is under way end, and let go of what is claimed."""
        self._stop_turns()
        under_way = [*self._tasks, *([] if self._delivery is None else [self._delivery])]
        if under_way:
            await asyncio.wait(under_way, timeout=GRACE)
        with contextlib.suppress(DatabaseError):
            self._claimant.release_rest()

    async def _wait_for_database(self, error: DatabaseError) -> None:
        """Wait until the database can be used again, or all is over."""
        log.error("%s The worker waits for it.", error, extra=said("database away"))
        self._stop_turns()
        if self._tasks:
            await asyncio.wait(self._tasks)
        seconds = FIRST_PAUSE
        while not self._is_over:
            await self._rest(seconds, WAITING)
            self._guard.allow(SILENCE)
            try:
                self._claimant.release_rest()
                self._database.lastTransaction()
            except DatabaseError:
                seconds = min(2 * seconds, LONGEST_PAUSE)
                continue
            log.info("The database can be used again.", extra=said("database back"))
            break
        self._error = self._looked = None
        # What was broken off was so for no fault of its own.
        self._rests.clear()

    # Looking for what is due.

    def _step(self) -> None:
        """See what is due, as far as there may be news, and begin with as much as there is room
        for.

        :raises DatabaseError: the database cannot be used.
        """
        state, now = self._database.lastTransaction(), self._clock.now()
        if self._is_time_to_look(state, now):
            self._look(now)
            self._seen, self._looked = state, now
        if not self._queue:
            self._claimant.release_rest()
        while self._queue and len(self._turns) < self._jobs:
            origin, names = self._queue.popitem()
            self._turns[origin] = asyncio.Event()
            task = asyncio.create_task(self._take(origin, names))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _is_time_to_look(self, state: bytes, now: datetime) -> bool:
        if self._looked is None or not self._looked <= now:
            return True
        least = max(LOOK_EVERY, LOOK_PER_TRACKER * self._found)
        if self._queue and now - self._looked < timedelta(seconds=least):
            return False
        return state != self._seen or (self._next is not None and now >= self._next)

    def _look(self, now: datetime) -> None:
        def step(trackers: Any) -> tuple[bool, DueBugTrackers, datetime | None]:
            told = getUtility(IOutbox).nextDue() if self._settings.delivers else None
            return trackers.clockWentBack(now), trackers.getDueBugTrackers(now), told

        clock_went_back, due, told = self._database.read(step)
        if clock_went_back:
            set_clock_back(self._database, now)
            self._rests.clear()
            due = self._database.read(lambda trackers: trackers.getDueBugTrackers(now))
        self._rests = {origin: until for origin, until in self._rests.items() if until > now}
        found: dict[str, list[str]] = {}
        again = [due.next]
        for origin, name in due.trackers:
            if origin in self._rests:
                again.append(self._rests[origin])
            elif origin not in self._turns:
                found.setdefault(origin, []).append(name)
        # The last one is taken first.
        origins = reversed(in_order(found, self._familiar))
        self._queue = {origin: found[origin] for origin in origins}
        self._found = len(due.trackers)
        again.append(self._deliver(told, now))
        self._next = min((moment for moment in again if moment is not None), default=None)

    def _look_again(self, seconds: float) -> datetime:
        """Look again after so many seconds, if not before; when that is."""
        moment: datetime = self._clock.now() + timedelta(seconds=seconds)
        self._next = min(self._next or moment, moment)
        return moment

    # The turns.

    async def _take(self, origin: str, names: Sequence[str]) -> None:
        """Take a turn at an origin, and leave it alone afterwards if that came to nothing."""
        rest = FRUITLESS
        try:
            rest = await self._turn(origin, names)
        except DatabaseBusy as error:
            log.error("%s has to wait: %s", origin, error, extra=said("postponed", trackers=names))
        except DatabaseError as error:
            self._fail(error)
        except Exception:
            log.exception("Unexpected failure when updating %s", origin)
        finally:
            del self._turns[origin]
            self._health.turns += 1
            if rest:
                self._rests[origin] = self._look_again(rest)
            self._news.set()

    async def _turn(self, origin: str, names: Sequence[str]) -> float:
        """For how many seconds to leave the origin alone after the turn."""
        names = await self._reach.choose(names, urlsplit(origin).hostname or "")
        if not names:
            return ELSEWHERE
        report = Report()
        applier = Applier(self._database, report)
        work = Work(
            database=self._database,
            clock=self._clock,
            applier=applier,
            report=report,
            batch_size=None,
            only=None,
            tracker_seconds=TRACKER_SECONDS,
            progress=lambda watches: None,
        )
        turn = Turn(work, origin, names)
        turn.stop = self._turns[origin]
        now = self._clock.now()

        def is_due(trackers: Any) -> bool:
            turn.names = [name for _, name in trackers.getDueBugTrackers(now, names).trackers]
            return bool(turn.names)

        claim, turn.state = await self._claimant.take(origin, turn.stop, is_due)
        self._familiar.discard(origin)
        if claim is not None:
            return CLAIMED
        if not self._claimant.has(origin):
            # Another has seen to it meanwhile.
            return 0.0
        self._familiar.add(origin)
        state = None
        try:
            async with getUtility(IHTTPClient).open() as pool:
                await turn.take(pool)
                state = None if turn.facts is None else pool.state(turn.facts)
        finally:
            # In one transaction with what is claimed next, or at the next step.
            self._claimant.leave(origin, state)
        report.tell_refused()
        applied = report.applied
        is_fruitless = report.faults or report.refused or report.postponed
        return FRUITLESS if is_fruitless or not applied.checked + applied.failed else 0.0

    # What people are to be told.

    def _deliver(self, due: datetime | None, now: datetime) -> datetime | None:
        """Begin to deliver what is due; when to look again."""
        if due is None or self._delivery is not None:
            return None
        due = max(due, self._delivers_from or due)
        if due > now:
            return due
        self._delivery = asyncio.create_task(self._deliver_now())
        return None

    async def _deliver_now(self) -> None:
        seconds = BETWEEN_DELIVERIES
        try:
            code = await asyncio.to_thread(
                deliver_due,
                *(self._database, LONGEST, self._guard),
                lambda: self._is_over or self._error is not None,
            )
            if code == EXIT_FAULT:
                seconds = AFTER_FAULT
        except DatabaseBusy as error:
            log.error("Delivering has to wait: %s", error, extra=said("undelivered"))
        except DatabaseError as error:
            self._fail(error)
        finally:
            self._delivery = None
            self._delivers_from = self._look_again(seconds)
            self._news.set()
