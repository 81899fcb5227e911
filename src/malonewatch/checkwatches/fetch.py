"""Asking a bug tracker for a batch: no transaction is open, nothing persistent in sight."""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from malonewatch.checkwatches.logs import said
from malonewatch.interfaces import (
    Batch,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugWatchErrorType,
    DialectLearnt,
    Fetched,
    Outcome,
    RemoteBugError,
    Swept,
)

log = logging.getLogger("malonewatch.checkwatches")

#: After how many seconds a fetch that did not heed it is cancelled again.
PATIENCE = 0.1
#: After how many seconds a bug tracker is not quick.
QUICK = 0.2


async def fetch(
    external: Any,
    session: Any,
    batch: Batch,
    *,
    asked: datetime,
    seconds: float | None,
    stop: asyncio.Event,
    meanwhile: Callable[[], Awaitable[None]],
) -> Fetched:
    """Ask for the bugs of `batch`; what came of it, whatever happens.

    `external` is an `IExternalBugTracker` and `session` an `IHTTPSession` to
    the same bug tracker, `asked` the time now.  After so many `seconds` (None:
    never), or when `stop` is set, what came so far is returned, and the rest
    is missing.  `meanwhile` is called, and what it raises is raised, if the bug
    tracker takes its time.
    """
    if stop.is_set() or (seconds is not None and seconds <= 0):
        return Fetched(batch, asked, missing=batch.remotebugs)
    requests_before = len(session.exchanges)
    answers = _Answers(batch)
    asking = asyncio.create_task(answers.receive(external, session))
    stopped = asyncio.create_task(stop.wait())
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    try:
        await _first(asking, stopped, QUICK if seconds is None else min(QUICK, seconds))
        if not (asking.done() or stopped.done()):
            await meanwhile()
            await _first(asking, stopped, None if end is None else max(end - loop.time(), 0))
    finally:
        stopped.cancel()
        has_ended = asking.done()
        await _end(asking)
    trouble = asking.result() if has_ended else None
    if has_ended and trouble is None:
        answers.note_silence()
    return Fetched(
        batch,
        asked,
        outcomes=answers.outcomes,
        missing=answers.missing,
        dialect=answers.dialect,
        clock_skew=session.clock_skew,
        trouble=trouble,
        exchanges=tuple(session.exchanges[requests_before:]),
        quota=session.quota,
        scrub=session.scrub or None,
    )


async def sweep(
    external: Any,
    session: Any,
    tracker: BugTrackerFacts,
    since: datetime,
    *,
    asked: datetime,
    seconds: float | None,
    stop: asyncio.Event,
) -> Swept:
    """Ask which of all bugs changed since a time; what came of it, whatever happens.

    `external` is an `ISweeps`; the rest is as for `fetch`.
    """
    asking = asyncio.create_task(external.sweep(session, since))
    stopped = asyncio.create_task(stop.wait())
    try:
        await _first(asking, stopped, seconds)
    finally:
        stopped.cancel()
        has_ended = asking.done()
        await _end(asking)
    remotebugs = None
    if has_ended and asking.exception() is None:
        remotebugs = asking.result()
    elif has_ended:
        log.error(
            "Unexpected failure when asking %s what changed",
            tracker.baseurl,
            exc_info=asking.exception(),
            extra=said("fault", tracker=tracker.name),
        )
    return Swept(tracker, asked, remotebugs, session.clock_skew, tuple(session.exchanges))


async def _end(asking: "asyncio.Task[Any]") -> None:
    while not asking.done():
        # A cancellation is lost where a library's time limit ends at the same moment.
        asking.cancel()
        await asyncio.wait({asking}, timeout=PATIENCE)


async def _first(
    asking: "asyncio.Task[Any]", stopped: "asyncio.Task[Any]", seconds: float | None
) -> None:
    await asyncio.wait({asking, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


def join(first: Fetched, then: Fetched) -> Fetched:
    """What came of two batches of one bug tracker, as if they had been one; neither is of bugs
    that are kept apart, or both are."""
    one, other = first.batch, then.batch
    batch = dataclasses.replace(
        other,
        remotebugs=one.remotebugs + other.remotebugs,
        seen={**one.seen, **other.seen},
        validators={**one.validators, **other.validators},
        probe=one.probe or other.probe,
    )
    return dataclasses.replace(
        then,
        batch=batch,
        # All of it is so since then, at least.
        asked=first.asked,
        outcomes=first.outcomes + then.outcomes,
        missing=first.missing + then.missing,
        dialect=then.dialect or first.dialect,
        exchanges=first.exchanges + then.exchanges,
    )


class _Answers:
    """What has come of a batch so far."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.dialect: DialectLearnt | None = None
        self._outcomes: dict[str, Outcome] = {}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """In the order of the batch, and of its bugs only."""
        came = self._outcomes
        return tuple(came[name] for name in self.batch.remotebugs if name in came)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self.batch.remotebugs if name not in self._outcomes)

    async def receive(self, external: Any, session: Any) -> BugTrackerTrouble | None:
        """Ask to the end; what ended it early."""
        outcomes = self._outcomes
        try:
            # The generator is closed here whatever happens, not some time later.
            async with contextlib.aclosing(external.fetch(session, self.batch)) as answers:
                async for answer in answers:
                    if isinstance(answer, DialectLearnt):
                        self.dialect = answer
                    else:
                        outcomes[answer.remotebug] = answer
        except BugTrackerTrouble as trouble:
            return trouble
        except Exception:
            tracker = self.batch.tracker
            log.exception(
                "Unexpected failure when updating %s",
                tracker.baseurl,
                extra=said("fault", tracker=tracker.name),
            )
            fault = BugTrackerTrouble(f"malonewatch failed when updating {tracker.baseurl}.")
            fault.error_type = BugWatchErrorType.UNKNOWN
            return fault
        return None

    def note_silence(self) -> None:
        """An error for each bug that the type said nothing of, though it came to the end."""
        tracker = self.batch.tracker
        for name in self.missing:
            self._outcomes[name] = RemoteBugError(
                name,
                BugWatchErrorType.UNKNOWN,
                f"Bug {name} on {tracker.baseurl} was asked for, and the "
                f"{tracker.bugtrackertype} type said nothing of it.",
            )
