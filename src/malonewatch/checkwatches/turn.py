"""An origin's turn in a run: its bug trackers one after the other; select, fetch, apply."""

import asyncio
import contextlib
import dataclasses
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from zope.component import getAdapter

from malonewatch.checkwatches.apply import Applier
from malonewatch.checkwatches.fetch import fetch, join, sweep
from malonewatch.checkwatches.logs import said
from malonewatch.checkwatches.report import Report
from malonewatch.checkwatches.select import Plan, select
from malonewatch.interfaces import (
    Applied,
    Batch,
    Brake,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugWatchErrorType,
    DatabaseBusy,
    DatabaseError,
    FailureOwner,
    Fetched,
    IClock,
    IExternalBugTracker,
    OriginState,
    SuspiciousAnswer,
)

log = logging.getLogger("malonewatch.checkwatches")

#: Trouble that may well be the whole host's.  After so many bug trackers in a
#: row that have it, the others there are not asked in this run.
OF_THE_HOST = frozenset(
    {
        BugWatchErrorType.CHALLENGE_PAGE,
        BugWatchErrorType.CONNECTION_ERROR,
        BugWatchErrorType.TIMEOUT,
        BugWatchErrorType.UNAVAILABLE,
    }
)
IN_A_ROW = 2

#: How many seconds to wait before each further attempt to write, where others
#: keep the database busy.
PAUSES = (1.0, 2.0, 4.0, 8.0)

#: How many outcomes are enough for a write, which costs as much as some hundred of them.
TOGETHER = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """What the turns of a run have in common; see `Run`.

    `only` are the remote bugs to ask for, None for what is due.  `progress` is
    called with a number of watches that are done with.
    """

    database: Any
    clock: IClock
    applier: Applier
    report: Report
    batch_size: int | None
    only: Sequence[str] | None
    tracker_seconds: float | None
    progress: Callable[[int], None]


class Turn:
    """The bug trackers of those names, at one origin.

    `stop` ends it soon.  `state` is what is known of the origin, and `facts`
    are those of the bug tracker that was asked last.
    """

    def __init__(self, work: Work, origin: str, names: Sequence[str]) -> None:
        self.origin = origin
        self.names = names
        self.stop = asyncio.Event()
        self.state: OriginState | None = None
        self.facts: BugTrackerFacts | None = None
        self._is_limited = False
        self._work = work
        self._report = work.report

    async def take(self, pool: Any) -> None:
        """Ask the bug trackers, and apply what they say.

        :raises DatabaseError: the database cannot be read or written.
        """
        in_a_row = 0
        for position, name in enumerate(self.names, start=1):
            if self.stop.is_set():
                break
            try:
                trouble = await self._update(pool, name)
            except DatabaseBusy as error:
                self.postpone([name], name, error)
                continue
            except DatabaseError:
                raise
            except Exception:
                self._report.faults += 1
                log.exception(
                    "Unexpected failure when updating %s", name, extra=said("fault", tracker=name)
                )
                continue
            of_the_host = trouble is not None and trouble.error_type in OF_THE_HOST
            in_a_row = in_a_row + 1 if of_the_host else 0
            rest = self.names[position:]
            if rest and in_a_row == IN_A_ROW:
                # Nothing is known of the rest, but that asking them would be vain.
                self._report.late += rest
                log.info(
                    "%d more bug trackers at %s have to wait until it can be reached.",
                    *(len(rest), self.origin),
                    extra=said("waiting", trackers=rest),
                )
                break

    def postpone(self, names: Sequence[str], what: str, error: DatabaseBusy) -> None:
        """Leave some bug trackers to the next run, as others keep the database busy."""
        self._report.postponed += names
        log.error("%s has to wait: %s", what, error, extra=said("postponed", trackers=names))

    # A bug tracker.

    async def _update(self, pool: Any, name: str) -> BugTrackerTrouble | None:
        """Ask one bug tracker; what kept it from being asked, None if nothing did."""
        plan = self._select(name)
        if plan is None:
            # It was removed meanwhile.
            return None
        if plan.trouble is not None:
            nothing = Fetched(Batch(plan.facts, ()), self._work.clock.now(), trouble=plan.trouble)
            self._work.applier.apply(nothing)
            self._tell(plan.facts, plan.trouble)
            return plan.trouble
        if plan.polled_otherwise:
            self._work.applier.learn_polling(name)
        if plan.sweep is not None:
            plan = await self._sweep(pool, plan, plan.sweep) or plan
        if not plan.batches:
            # Nothing is asked of what is never asked.
            return None
        log.info(
            "Updating %d watches on %s",
            *(plan.watches, plan.facts.baseurl),
            extra=said("update", tracker=name, watches=plan.watches),
        )
        self._report.watches += plan.watches
        done = _Share(plan)
        try:
            return await self._ask(pool, plan, done)
        finally:
            # Those that are not have to wait.
            self._work.progress(done.rest)

    async def _sweep(self, pool: Any, plan: Plan, since: datetime) -> Plan | None:
        """Find out which of all its bugs changed; what to ask for then."""
        session = self._session(pool, plan)
        swept = await sweep(
            *(plan.external, session, plan.facts, since),
            asked=self._work.clock.now(),
            seconds=self._work.tracker_seconds,
            stop=self.stop,
        )
        self._report.note(swept.exchanges)
        hastened = self._work.applier.apply_sweep(swept)
        log.info(
            "Swept %s: %s",
            plan.facts.baseurl,
            "it did not tell what changed"
            if swept.remotebugs is None
            else f"{len(swept.remotebugs)} bugs changed, {hastened} of them watched",
            extra=said("sweep", tracker=plan.facts.name, watches=hastened),
        )
        return self._select(plan.facts.name)

    def _session(self, pool: Any, plan: Plan) -> Any:
        external, self.facts = plan.external, plan.facts
        return pool.session(
            plan.facts,
            external.timeout,
            authorization=external.authorization,
            politeness=plan.politeness,
            defaults=external.politeness,
            state=self.state,
            service=external.service,
        )

    async def _ask(self, pool: Any, plan: Plan, done: "_Share") -> BugTrackerTrouble | None:
        """Fetch and apply, batch by batch."""
        work, external, facts = self._work, plan.external, plan.facts
        loop = asyncio.get_running_loop()
        end = None if work.tracker_seconds is None else loop.time() + work.tracker_seconds
        session = self._session(pool, plan)
        writing = _Writing(self._apply)
        trouble = None
        batches, planned = deque(plan.batches), len(plan.batches)
        asked = {name for batch in batches for name in batch.remotebugs}
        while batches:
            batch = batches.popleft()
            planned -= 1
            fetched = await fetch(
                *(external, session, batch),
                asked=work.clock.now(),
                seconds=None if end is None else end - loop.time(),
                stop=self.stop,
                meanwhile=writing.flush,
            )
            if fetched.dialect is not None:
                # The other batches are asked in it as well.
                spoken = dataclasses.replace(facts, dialect=fetched.dialect.dialect)
                external = getAdapter(spoken, IExternalBugTracker, name=facts.bugtrackertype)
            self._report.note(fetched.exchanges)
            is_over = bool(fetched.missing) or fetched.trouble is not None
            await writing.add(fetched)
            if is_over or not batches:
                await writing.flush()
            # Duplicates are followed at once, wherever they lead on this bug tracker.
            more = tuple(name for name in writing.take_followed() if name not in asked)
            if more:
                asked.update(more)
                batches.append(Batch(facts, more))
            if planned >= 0:
                work.progress(done.add(len(fetched.outcomes)))
            if is_over:
                trouble = fetched.trouble
                if trouble is None and not self.stop.is_set():
                    self._tell_late(plan, done.rest)
                break
            # Let the others have a turn, however fast this one answers.
            await asyncio.sleep(0)
        for each in (writing.suspicious, trouble):
            if each is not None:
                self._tell(facts, each)
        return trouble

    async def _apply(self, fetched: Fetched, brake: Brake) -> Applied:
        """Apply what was fetched; where others keep the database busy, at a better moment.

        :raises DatabaseBusy: there was none.
        """
        for pause in PAUSES:
            with contextlib.suppress(DatabaseBusy):
                return self._work.applier.apply(fetched, brake)
            # The other origins get on meanwhile.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.stop.wait(), pause)
        return self._work.applier.apply(fetched, brake)

    def _select(self, name: str) -> Plan | None:
        """What to ask a bug tracker for; None if there is none of that name."""
        work, now = self._work, self._work.clock.now()

        def step(trackers: Any) -> Plan | None:
            bugtracker = trackers.getByName(name)
            if bugtracker is None:
                return None
            return select(bugtracker, now, work.batch_size, work.only)

        plan: Plan | None = work.database.read(step)
        return plan

    def _tell(self, facts: BugTrackerFacts, trouble: BugTrackerTrouble) -> None:
        self._report.troubled[facts.name] = trouble
        error_type = trouble.error_type
        if error_type.owner is FailureOwner.US:
            # The traceback was logged where it was.
            self._report.faults += 1
            return
        # A limit is the origin's, and its bug trackers all meet it: saying so once is enough.
        is_limit = error_type is BugWatchErrorType.RATE_LIMITED
        log.log(
            logging.INFO if is_limit and self._is_limited else logging.ERROR,
            "%s when updating %s%s",
            error_type.title,
            facts.baseurl,
            "" if error_type is BugWatchErrorType.TIMEOUT else f": {trouble}",
            extra=said("trouble", tracker=facts.name, error=error_type.name),
        )
        self._is_limited = self._is_limited or is_limit

    def _tell_late(self, plan: Plan, rest: int) -> None:
        self._report.late.append(plan.facts.name)
        log.info(
            "%s had %g seconds; %d of its %d watches have to wait.",
            *(plan.facts.baseurl, self._work.tracker_seconds, rest, plan.watches),
            extra=said("late", tracker=plan.facts.name, watches=rest),
        )


class _Writing:
    """Applies what is fetched from one bug tracker, some batches of it at a time.

    `suspicious` is the trouble if what came last is hard to believe.
    """

    def __init__(self, apply: Callable[[Fetched, Brake], Awaitable[Applied]]) -> None:
        self._apply = apply
        self._waiting: Fetched | None = None
        self._brake = Brake()
        self._followed: dict[str, None] = {}
        self.suspicious: SuspiciousAnswer | None = None

    async def add(self, fetched: Fetched) -> None:
        """Apply that, at once or later."""
        waiting = self._waiting
        if waiting is not None and waiting.batch.apart != fetched.batch.apart:
            await self.flush()
            waiting = None
        self._waiting = fetched if waiting is None else join(waiting, fetched)
        if len(self._waiting.outcomes) >= TOGETHER:
            await self.flush()

    async def flush(self) -> None:
        """Apply what waits for it."""
        fetched, self._waiting = self._waiting, None
        if fetched is None:
            return
        applied = await self._apply(fetched, self._brake)
        self._brake = applied.brake
        self._followed.update(dict.fromkeys(applied.follow))
        if fetched.outcomes:
            # The last one that is known of counts.
            trouble = applied.trouble
            self.suspicious = trouble if isinstance(trouble, SuspiciousAnswer) else None

    def take_followed(self) -> list[str]:
        """The remote bugs that are to be asked for as well, each once."""
        followed, self._followed = list(self._followed), {}
        return followed


class _Share:
    """How many of a plan's watches are done with, by the remote bugs that are."""

    def __init__(self, plan: Plan) -> None:
        self._watches = plan.watches
        self._bugs = sum(len(batch.remotebugs) for batch in plan.batches)
        self._bugs_done = self._done = 0

    def add(self, bugs: int) -> int:
        """So many remote bugs more are done with; how many watches more that are."""
        self._bugs_done += bugs
        # A remote bug may have several watches; that evens out.
        share = self._watches * self._bugs_done // self._bugs - self._done
        self._done += share
        return share

    @property
    def rest(self) -> int:
        return self._watches - self._done
