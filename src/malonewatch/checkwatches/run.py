"""A run: select, fetch, apply.

It reads in a short transaction what is due, asks the bug trackers with no
transaction open, and writes what it learnt in short transactions, of a batch or
of some that come quickly.
Only plain values cross from one step to the next.

The bug trackers of one origin are asked one after the other, those of
different origins at the same time: what waits for a host is in that host's
queue, and in nobody else's way.
"""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.checkwatches.apply import Applier
from malonewatch.checkwatches.claims import Claimant
from malonewatch.checkwatches.limits import JOBS, TRACKER_SECONDS
from malonewatch.checkwatches.report import Report
from malonewatch.checkwatches.select import by_origin
from malonewatch.checkwatches.threads import Threads
from malonewatch.checkwatches.turn import Turn, Work
from malonewatch.guard import Guard
from malonewatch.identity import new_id
from malonewatch.interfaces import DatabaseBusy, DatabaseError, IClock, IHTTPClient, OriginState
from malonewatch.signals import heard

log = logging.getLogger("malonewatch.checkwatches")


class Run:
    """One run over some bug trackers of one database.

    - `batch_size`: how many watches of each bug tracker are taken on; 0 for
      all that are due, None leaves it to the type,
    - `jobs`: how many origins are asked at the same time,
    - `tracker_seconds`: how long each bug tracker may take; None for ever,
    - `time_limit`: how many seconds the run may take; None for ever,
    - `insist`: ask even where an earlier run was told to leave an origin alone
      for now,
    - `dry_run`: say what would change, and write nothing,
    - `progress`: called again and again with the number of watches done with,
      and that of all that are taken on so far,
    - `keep_details`: whether the report lists changes and requests,
    - `run_id`: what tells it from other runs; made up by default,
    - `ended`: the ids of other runs that are known to have ended, so that
      what they still claim is free,
    - `guard`: what ends the process if a signal cannot end the run, as the
      database does not answer; one for this run alone by default.
    """

    def __init__(
        self,
        database: Any,
        *,
        batch_size: int | None = None,
        jobs: int = JOBS,
        tracker_seconds: float | None = TRACKER_SECONDS,
        time_limit: float | None = None,
        insist: bool = False,
        dry_run: bool = False,
        progress: Callable[[int, int], None] | None = None,
        keep_details: bool = False,
        run_id: str | None = None,
        ended: Collection[str] = (),
        guard: Guard | None = None,
    ) -> None:
        self.database = database
        self.batch_size = batch_size
        self.jobs = jobs
        self.tracker_seconds = tracker_seconds
        self.time_limit = time_limit
        self.insist = insist
        self.progress = progress or (lambda done, total: None)
        self.report = Report(keep_details=keep_details)
        self._guard = guard
        self._applier = Applier(database, self.report, dry_run)
        self._claimant = Claimant(database, run_id or new_id(), ended, dry_run)
        self._done = 0
        self._turns: set[Turn] = set()
        self._is_over = False
        self._error: DatabaseError | None = None

    def update(self, names: Sequence[str]) -> Report:
        """Update the due watches of the bug trackers of those names.

        SIGTERM and SIGINT end it early, with what was fetched saved.

        :raises DatabaseError: the database cannot be read or written.
        """
        return self._update(names, None)

    def update_only(self, name: str, remotebugs: Sequence[str]) -> Report:
        """Update all watches on some remote bugs, in full, due or not.

        :raises DatabaseError: the database cannot be read or written.
        """
        return self._update([name], remotebugs)

    def stop(self) -> None:
        """End the run soon, with what was fetched saved; from the event loop's thread."""
        self.report.interrupted = True
        self._end()

    def _end(self) -> None:
        self._is_over = True
        for turn in self._turns:
            turn.stop.set()

    def _time_is_up(self) -> None:
        self.report.out_of_time = True
        self._end()

    def _fail(self, error: DatabaseError) -> None:
        """There is no going on without the database."""
        self._error = self._error or error
        self._end()

    def _update(self, names: Sequence[str], only: Sequence[str] | None) -> Report:
        origins = self.database.read(lambda trackers: by_origin(trackers, names))
        work = Work(
            database=self.database,
            clock=getUtility(IClock),
            applier=self._applier,
            report=self.report,
            batch_size=self.batch_size,
            only=only,
            tracker_seconds=self.tracker_seconds,
            progress=self._progressed,
        )
        turns = self._take_turns(work, origins)
        try:
            asyncio.run(turns)
        finally:
            # They have not even begun if there can be no event loop.
            turns.close()
        if self._error is not None:
            raise self._error
        return self.report

    def _progressed(self, watches: int) -> None:
        self._done += watches
        self.progress(self._done, self.report.watches)

    async def _take_turns(self, work: Work, origins: dict[str, list[str]]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Threads())
        places = asyncio.Semaphore(self.jobs)
        turns = [Turn(work, origin, names) for origin, names in origins.items()]
        with self._signals():
            async with getUtility(IHTTPClient).open() as pool:
                if self.time_limit is not None:
                    loop.call_later(self.time_limit, self._time_is_up)
                keeping = asyncio.create_task(self._keep_claims())
                await asyncio.gather(*(self._in_place(places, pool, turn) for turn in turns))
                keeping.cancel()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT, where signals can be had."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def told() -> None:
            guard.hurry()
            loop.call_soon_threadsafe(self.stop)

        with contextlib.ExitStack() as stack:
            guard = self._guard or stack.enter_context(Guard())
            guard.place = self.database.place
            stack.enter_context(heard((signal.SIGTERM, signal.SIGINT), told))
            yield

    async def _keep_claims(self) -> None:
        try:
            await self._claimant.keep()
        except DatabaseError as error:
            self._fail(error)

    async def _in_place(self, places: asyncio.Semaphore, pool: Any, turn: Turn) -> None:
        async with places:
            if self._is_over:
                return
            self._turns.add(turn)
            try:
                await self._take(turn, pool)
            except DatabaseBusy as error:
                turn.postpone(turn.names, turn.origin, error)
            except DatabaseError as error:
                self._fail(error)
            except Exception:
                self.report.faults += 1
                log.exception("Unexpected failure when updating %s", turn.origin)
            finally:
                self._turns.discard(turn)

    async def _take(self, turn: Turn, pool: Any) -> None:
        """Let a turn be taken, unless another run is at work on the origin."""
        claim, turn.state = await self._claimant.take(turn.origin, turn.stop)
        if claim is not None:
            self.report.claimed.update(dict.fromkeys(turn.names, claim))
            return
        if self.insist and turn.state is not None:
            turn.state = OriginState(turn.state.learnt)
        await turn.take(pool)
        # Without the database there is no letting go; it runs out by itself then.
        if self._error is None:
            state = None if turn.facts is None else pool.state(turn.facts)
            with contextlib.suppress(DatabaseBusy):
                self._claimant.release(turn.origin, state)
