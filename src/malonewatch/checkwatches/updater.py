"""Select, fetch, apply.

A run reads in a short transaction what is due, asks the bug trackers with no
transaction open, and writes what it learnt in one short transaction a batch.
Only plain values cross from one step to the next.
"""

import asyncio
import contextlib
import dataclasses
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from zope.component import getUtility, queryAdapter

from malonewatch.interfaces import (
    Applied,
    BadInput,
    Batch,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugWatchErrorType,
    DatabaseError,
    Exchange,
    IClock,
    IDatabase,
    IExternalBugTracker,
    IHTTPClient,
    NotFoundError,
    Outcome,
    RemoteBugError,
    UnsupportedBugTracker,
)

log = logging.getLogger("malonewatch.checkwatches")

#: How many bug trackers are asked at the same time.  Many, since one that
#: hangs holds its place until it times out; a host has a limit of its own.
JOBS = 100

#: How many watches of a bug tracker one run takes on, if nothing else says:
#: this many, or that part of them all if it is more.
SMALLEST_BATCH = 500
BATCH_PART = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to ask of one bug tracker.

    `watches` counts those that are due and taken on.
    """

    facts: BugTrackerFacts
    external: Any
    watches: int
    batches: Sequence[Batch]


@dataclasses.dataclass(slots=True)
class Report:
    """What became of a run, or of one bug tracker in it.

    `watches` counts those taken on, `changed` those whose status is another
    one, `troubled` names the bug trackers that
    could not be asked, `faults` counts failures that are malonewatch's own.
    `exchanges` are the requests made.
    """

    watches: int = 0
    changed: int = 0
    applied: Applied = dataclasses.field(default_factory=Applied)
    troubled: dict[str, BugTrackerTrouble] = dataclasses.field(default_factory=dict)
    faults: int = 0
    interrupted: bool = False
    exchanges: list[Exchange] = dataclasses.field(default_factory=list)

    #: Whether the changes, the failures and the requests are kept, or only counted.
    keep_details: bool = False

    def add(self, applied: Applied) -> None:
        self.applied.checked += applied.checked
        self.applied.failed += applied.failed
        self.changed += len(applied.changes)
        if self.keep_details:
            self.applied.changes += applied.changes
            self.applied.failures += applied.failures


class Run:
    """One run over some bug trackers of one database.

    - `batch_size`: how many watches of each bug tracker are taken on; 0 for
      all that are due, None leaves it to the type,
    - `jobs`: how many bug trackers are asked at the same time,
    - `dry_run`: say what would change, and write nothing,
    - `progress`: called again and again with the number of watches done with,
      and that of all that are taken on so far,
    - `keep_details`: whether the report lists changes and requests.
    """

    def __init__(
        self,
        database: Any,
        *,
        batch_size: int | None = None,
        jobs: int = JOBS,
        dry_run: bool = False,
        progress: Callable[[int, int], None] | None = None,
        keep_details: bool = False,
    ) -> None:
        self.database = database
        self.batch_size = batch_size
        self.jobs = jobs
        self.dry_run = dry_run
        self.progress = progress or (lambda done, total: None)
        self._done = 0
        self.report = Report(keep_details=keep_details)
        self._clock = getUtility(IClock)
        self._only: Sequence[str] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def update(self, names: Sequence[str]) -> Report:
        """Update the due watches of the bug trackers of those names.

        SIGTERM and SIGINT end it early, with what was fetched saved.

        :raises DatabaseError: the database cannot be read or written.
        """
        asyncio.run(self._update(names))
        return self.report

    def update_only(self, name: str, remotebugs: Sequence[str]) -> Report:
        """Update all watches on some remote bugs, in full, due or not.

        :raises DatabaseError: the database cannot be read or written.
        """
        self._only = remotebugs
        return self.update([name])

    def stop(self) -> None:
        """End the run soon; from the event loop's thread."""
        self.report.interrupted = True
        for task in self._tasks:
            task.cancel()

    async def _update(self, names: Sequence[str]) -> None:
        places = asyncio.Semaphore(self.jobs)
        with self._signals():
            async with getUtility(IHTTPClient).open() as pool:
                self._tasks = {
                    asyncio.create_task(self._in_place(places, pool, name)) for name in names
                }
                results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT, where signals can be had."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.getsignal(number) for number in numbers]
        for number in numbers:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                loop.remove_signal_handler(number)
                signal.signal(number, handler)

    async def _in_place(self, places: asyncio.Semaphore, pool: Any, name: str) -> None:
        async with places:
            try:
                await self._update_tracker(pool, name)
            except DatabaseError:
                # There is no going on without the database.
                self.stop()
                raise
            except Exception:
                self.report.faults += 1
                log.exception("Unexpected failure when updating %s", name)

    async def _update_tracker(self, pool: Any, name: str) -> None:
        try:
            plan = self.database.read(lambda trackers: self._select(trackers[name]))
        except BugTrackerTrouble as trouble:
            self._record_trouble(name, [], trouble, self._clock.now(), ())
            return
        except NotFoundError:
            # Removed meanwhile.
            return
        log.info("Updating %d watches on %s", plan.watches, plan.facts.baseurl)
        self.report.watches += plan.watches
        session = pool.session(plan.facts, plan.external.timeout)
        remotebugs = sum(len(batch.remotebugs) for batch in plan.batches)
        asked = done = 0
        for batch in plan.batches:
            if not await self._update_batch(plan, session, batch):
                # The others of this bug tracker have to wait.
                self._progressed(plan.watches - done)
                break
            asked += len(batch.remotebugs)
            # A remote bug may have several watches; that evens out.
            share = plan.watches * asked // remotebugs - done
            self._progressed(share)
            done += share
            # Let the others have a turn, however fast this one answers.
            await asyncio.sleep(0)
        if self.report.keep_details:
            self.report.exchanges += session.exchanges

    def _progressed(self, watches: int) -> None:
        self._done += watches
        self.progress(self._done, self.report.watches)

    def _select(self, bugtracker: Any) -> Plan:
        """What to ask for.  Runs in a transaction."""
        facts = bugtracker.facts
        external = queryAdapter(facts, IExternalBugTracker, name=facts.bugtrackertype)
        if external is None:
            raise UnsupportedBugTracker(
                f"{facts.baseurl} is of the type {facts.bugtrackertype}, which nothing here "
                "can talk to."
            )
        if self._only is not None:
            return self._plan_only(bugtracker, facts, external, self._only)
        batch_size = self.batch_size
        if batch_size is None:
            batch_size = external.batch_size
        if batch_size is None:
            batch_size = max(SMALLEST_BATCH, bugtracker.watches.count() // BATCH_PART)
        watches, batches = bugtracker.getDueBatches(
            self._clock.now(), batch_size, external.request_size, external.changed_since
        )
        return Plan(facts, external, watches, batches)

    def _plan_only(
        self, bugtracker: Any, facts: BugTrackerFacts, external: Any, remotebugs: Sequence[str]
    ) -> Plan:
        size = external.request_size
        batches = [
            Batch(facts, tuple(remotebugs[start : start + size]))
            for start in range(0, len(remotebugs), size)
        ]
        watches = sum(len(bugtracker.getBugsWatching(remotebug)) for remotebug in remotebugs)
        return Plan(facts, external, watches, batches)

    async def _update_batch(self, plan: Plan, session: Any, batch: Batch) -> bool:
        """Fetch and apply; whether the bug tracker can be asked for more."""
        asked = self._clock.now()
        outcomes: dict[str, Outcome] = {}
        trouble: BugTrackerTrouble | None = None
        try:
            # The generator is closed here whatever happens, not some time later.
            async with contextlib.aclosing(plan.external.fetch(session, batch)) as fetched:
                async for outcome in fetched:
                    outcomes[outcome.remotebug] = outcome
        except BugTrackerTrouble as caught:
            trouble = caught
        except BadInput as caught:
            # The credentials file cannot be read.
            trouble = BugTrackerCredentialsRefused(str(caught))
        except asyncio.CancelledError:
            self._apply(plan, session, list(outcomes.values()), asked)
            raise
        except Exception:
            self.report.faults += 1
            log.exception("Unexpected failure when updating %s", plan.facts.baseurl)
            trouble = BugTrackerTrouble(f"malonewatch failed when updating {plan.facts.baseurl}.")
            trouble.error_type = BugWatchErrorType.UNKNOWN
        missing = [name for name in batch.remotebugs if name not in outcomes]
        if trouble is not None:
            self._record_trouble(plan.facts.name, list(outcomes.values()), trouble, asked, missing)
        else:
            for name in missing:
                outcomes[name] = RemoteBugError(
                    name,
                    BugWatchErrorType.UNKNOWN,
                    f"Bug {name} on {plan.facts.baseurl} was asked for, and the "
                    f"{plan.facts.bugtrackertype} type said nothing of it.",
                )
            self._apply(plan, session, list(outcomes.values()), asked)
        return trouble is None

    # Applying.

    def _apply(self, plan: Plan, session: Any, outcomes: list[Outcome], asked: datetime) -> None:
        skew, dialect = session.clock_skew, plan.external.dialect

        def apply(bugtracker: Any, outcomes: list[Outcome]) -> Applied:
            applied = bugtracker.applyOutcomes(outcomes, asked, skew)
            bugtracker.recordAnswer(asked, dialect, skew)
            return applied

        if outcomes:
            self._write(plan.facts.name, apply, outcomes, plan.facts.baseurl)

    def _write(
        self,
        name: str,
        apply: Callable[[Any, list[Outcome]], Applied],
        outcomes: list[Outcome],
        baseurl: str,
    ) -> None:
        """Apply `outcomes` to the bug tracker of that name.

        If some make it fail (an application's subscriber, say), the others.
        """

        def step(trackers: Any) -> Applied:
            bugtracker = trackers.getByName(name)
            if bugtracker is None:
                # Removed meanwhile.
                return Applied()
            if self.dry_run:
                return bugtracker.previewOutcomes(outcomes)
            return apply(bugtracker, outcomes)

        try:
            applied = self._step(step)
        except DatabaseError:
            raise
        except Exception:
            if len(outcomes) > 1:
                middle = len(outcomes) // 2
                self._write(name, apply, outcomes[:middle], baseurl)
                self._write(name, apply, outcomes[middle:], baseurl)
                return
            self.report.faults += 1
            (outcome,) = outcomes
            log.exception(
                "Unexpected failure when updating bug %s on %s", outcome.remotebug, baseurl
            )
            if isinstance(outcome, RemoteBugError) and outcome.error_type is _UNKNOWN:
                return
            failure = RemoteBugError(
                outcome.remotebug,
                _UNKNOWN,
                f"What {baseurl} says of bug {outcome.remotebug} could not be applied.",
            )
            self._write(name, apply, [failure], baseurl)
            return
        self.report.add(applied)
        self._tell(applied)

    def _step(self, function: Callable[[Any], Any]) -> Any:
        """A transaction that writes, unless this is a dry run."""
        return (self.database.read if self.dry_run else self.database.write)(function)

    def _record_trouble(
        self,
        name: str,
        outcomes: list[Outcome],
        trouble: BugTrackerTrouble,
        asked: datetime,
        missing: Sequence[str],
    ) -> None:
        def apply(bugtracker: Any, outcomes: list[Outcome]) -> Applied:
            return bugtracker.applyOutcomes(outcomes, asked)

        def record(trackers: Any) -> str:
            bugtracker = trackers.getByName(name)
            if bugtracker is None:
                return name
            if not self.dry_run:
                bugtracker.recordTrouble(trouble, asked, missing)
            return bugtracker.baseurl

        baseurl = self._step(record)
        if outcomes:
            self._write(name, apply, outcomes, baseurl)
        self.report.troubled[name] = trouble
        title = trouble.error_type.title
        if trouble.error_type is BugWatchErrorType.TIMEOUT:
            log.error("%s when updating %s", title, baseurl)
        else:
            log.error("%s when updating %s: %s", title, baseurl, trouble)

    def _tell(self, applied: Applied) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        for change in applied.changes:
            log.info(
                "Bug %d: %s #%s %s %s (was %s)",
                change.bug_id,
                change.tracker,
                change.remotebug,
                "would now be" if self.dry_run else "is now",
                change.new_remotestatus,
                change.old_remotestatus or "not known",
            )
        for failure in applied.failures:
            log.info("Bug %d: %s", failure.bug_id, failure.message)


_UNKNOWN = BugWatchErrorType.UNKNOWN


class BugWatchUpdater:
    """Updates the watches of one bug tracker after the other.

    `transaction` is the transaction manager (or the module `transaction`)
    that the bug trackers given were loaded with.
    """

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction
        #: What became of the last bug tracker: a `Report`.
        self.report = Report()

    def updateBugTracker(self, bugtracker: Any, batch_size: int | None = None) -> None:
        """Update the due watches of `bugtracker` now, even if it is being left alone.

        Commits the current transaction first, as none may be open while the
        network is waited for, and begins a new one in the end.  What goes
        wrong with the bug tracker is recorded on it, logged, and kept in
        `report`, not raised.

        :raises BadInput: `bugtracker` is in no database, or an event loop is
            running in this thread.
        :raises DatabaseError: the database cannot be read or written.
        """
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            raise BadInput(
                "updateBugTracker has an event loop of its own; call it in another thread."
            )
        self._transaction.commit()
        database = queryAdapter(bugtracker, IDatabase)
        if database is None:
            raise BadInput(
                f"{bugtracker.title} is in no database; add it to the bug tracker set, and commit."
            )
        run = Run(database, batch_size=batch_size, keep_details=True)
        name = bugtracker.name
        self._transaction.abort()
        self.report = run.report
        try:
            run.update([name])
        finally:
            self._transaction.begin()
