"""Applying what was fetched: what a bug tracker and its watches learn of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from zope.event import notify
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    Applied,
    Brake,
    BugTrackerTrouble,
    BugWatchChange,
    BugWatchErrorType,
    FailureOwner,
    Fetched,
    Outcome,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import schedule
from malonewatch.model.kept import bounded, digest_of
from malonewatch.model.pages import PAGE, UNKNOWN
from malonewatch.model.times import to_seconds


def preview(tracker: Any, fetched: Fetched, brake: Brake) -> Applied:
    """See `IBugTracker.preview`."""
    applied = preview_outcomes(tracker, fetched.outcomes)
    applied.brake, applied.trouble = brake, fetched.trouble
    return applied


def apply(tracker: Any, fetched: Fetched, brake: Brake) -> Applied:
    """See `IBugTracker.apply`."""
    moment = to_seconds(fetched.asked)
    applied = apply_outcomes(tracker, fetched.outcomes, fetched.asked, fetched.clock_skew)
    if fetched.dialect is not None and tracker.dialect != fetched.dialect.dialect:
        tracker.dialect = fetched.dialect.dialect
    if fetched.trouble is not None:
        record_trouble(tracker, fetched.trouble, moment, fetched.missing)
    elif fetched.outcomes:
        record_answer(tracker, moment, fetched.clock_skew)
    applied.brake, applied.trouble = brake, fetched.trouble
    return applied


def preview_outcomes(tracker, outcomes: Iterable[Outcome]) -> Applied:
    applied = Applied()
    for outcome in outcomes:
        watches = tracker.watches_on(outcome.remotebug)
        if isinstance(outcome, RemoteBugError):
            applied.failed += len(watches)
            applied.failures += [_failure(tracker, watch, outcome) for watch in watches]
            continue
        if isinstance(outcome, RemoteBug):
            remote = bounded(outcome)
            applied.changes += [
                _change(tracker, watch, remote) for watch in watches if watch.differs(remote)
            ]
        else:
            # "As it was" is nothing to a watch that knows nothing.
            watches = [watch for watch in watches if watch.remotestatus is not None]
        applied.checked += len(watches)
    return applied


def apply_outcomes(
    tracker: Any, outcomes: Iterable[Outcome], now: datetime, clock_skew: float | None = None
) -> Applied:
    """Let the watches know."""
    applied = Applied()
    moment = to_seconds(now)
    checked = int(moment)
    due = int(schedule.next_check(moment))
    seen = UNKNOWN
    if clock_skew is not None and abs(clock_skew) <= schedule.CLOCK_SKEW_LIMIT:
        seen = int(moment + clock_skew)
    ledger = tracker.ledger
    pages = ledger.pages()
    validators = ledger.has_validators()
    differing = []
    number = -1
    # This loop is what an unchanged watch costs.
    for outcome in outcomes:
        remotebug = outcome[0]
        slots = ledger.slots(remotebug)
        if isinstance(outcome, RemoteBugError):
            for slot in slots:
                _apply_error(tracker, pages, slot, outcome, moment, applied)
            continue
        remote = outcome if isinstance(outcome, RemoteBug) else None
        digest = 0 if remote is None else digest_of(remote)
        if slots and remote is not None and (remote.validator or validators):
            ledger.set_validator(remotebug, remote.validator)
        for slot in slots:
            if slot // PAGE != number:
                number = slot // PAGE
                names, times = pages.page(slot)
                digests, failures, errors = names.digests, times.failures, times.errors
            row = slot % PAGE
            before = digests[row]
            if remote is None:
                if not before:
                    # "As it was" is nothing to a watch that knows nothing.
                    continue
            elif before != digest or failures[row] or errors[row]:
                recovered = failures[row] > 0 or _is_own_error(tracker, errors[row])
                if before != digest or recovered:
                    differing.append((names.watch_ids[row], remote, recovered))
                if before != digest:
                    digests[row] = digest
                    names._p_changed = True
            times.set(row, checked, due, seen)
            applied.checked += 1
    pages.finish()
    if tracker.__parent__ is not None:
        tracker.__parent__.latest.note(checked)
    _update_watches(tracker, differing, moment, applied)
    return applied


def _update_watches(
    tracker: Any, differing: list[tuple[int, RemoteBug, bool]], moment: float, applied: Applied
) -> None:
    """Take over what is new; an entry has the watch's number, what is said, and whether
    the watch had failed before."""
    watches = [tracker.bugwatches.get(watch_id) for watch_id, _, _ in differing]
    if tracker._p_jar is not None:
        tracker._p_jar.prefetch(watch._p_oid for watch in watches if watch._p_oid is not None)
    for watch, (_, told, recovered) in zip(watches, differing, strict=True):
        remote = bounded(told)
        if watch.differs(remote):
            applied.changes.append(_change(tracker, watch, remote))
        watch.update(remote, moment, recovered)


def _is_own_error(tracker: Any, code: int) -> bool:
    """Whether an entry of the ledger's errors column is a failure of the watch's own."""
    if not code:
        return False
    return BugWatchErrorType[tracker.ledger.error_names[code]].owner is not FailureOwner.TRACKER


def _apply_error(
    tracker: Any, pages: Any, slot: int, outcome: RemoteBugError, moment: float, applied: Applied
) -> None:
    names, times = pages.page(slot)
    row = slot % PAGE
    watch = tracker.bugwatches.get(names.watch_ids[row])
    applied.failed += 1
    applied.failures.append(_failure(tracker, watch, outcome))
    failures = min(times.failures[row] + 1, 255)
    times.failures[row] = failures
    times.errors[row] = tracker.ledger.error_code(outcome.error_type)
    times.checked[row] = int(moment)
    times.due[row] = int(schedule.next_check_after_failure(moment, failures))
    times.seen[row] = UNKNOWN
    watch.log(moment, outcome.error_type, outcome.message)
    if outcome.moved_to is not None and outcome.moved_to != watch.moved_to:
        watch.moved_to = outcome.moved_to
    notify(ObjectModifiedEvent(watch))


def _change(tracker: Any, watch: Any, remote: RemoteBug) -> BugWatchChange:
    return BugWatchChange(
        watch.id,
        watch.bug_id,
        tracker.name,
        watch.remotebug,
        watch.remotestatus,
        remote.remotestatus,
        watch.status,
        remote.status,
    )


def _failure(tracker: Any, watch: Any, outcome: RemoteBugError) -> BugWatchChange:
    return BugWatchChange(
        watch.id,
        watch.bug_id,
        tracker.name,
        watch.remotebug,
        watch.remotestatus,
        watch.remotestatus,
        watch.status,
        watch.status,
        outcome.error_type,
        outcome.message,
    )


def record_answer(tracker: Any, moment: float, clock_skew: float | None) -> None:
    """The bug tracker answered: it is in order, but for its clock."""
    if clock_skew is not None and (
        tracker.clock_skew is None or abs(tracker.clock_skew - clock_skew) > 30
    ):
        tracker.clock_skew = round(clock_skew)
    error_type = error = None
    if clock_skew is not None and abs(clock_skew) > schedule.CLOCK_SKEW_LIMIT:
        # It can be asked all the same, in full.
        error_type = BugWatchErrorType.CLOCK_SKEW
        minutes = abs(clock_skew) / 60
        where = "ahead of" if clock_skew > 0 else "behind"
        error = f"The clock of {tracker.baseurl} is {minutes:.0f} minutes {where} this machine's."
    tracker.record_state(moment, error_type, error)
    if tracker.failures:
        tracker.failures = 0
    tracker.put_off(None)


def record_trouble(
    tracker: Any, trouble: BugTrackerTrouble, moment: float, remotebugs: Iterable[str]
) -> None:
    """The bug tracker could not be asked; the watches on `remotebugs` show it, and stay due."""
    if tracker.__parent__ is not None:
        tracker.__parent__.latest.note(int(moment))
    tracker.failures += 1
    tracker.put_off(schedule.next_attempt(moment, tracker.failures, trouble.retry_after))
    tracker.record_state(moment, trouble.error_type, str(trouble))
    pages = tracker.ledger.pages()
    code = tracker.ledger.error_code(trouble.error_type)
    for remotebug in remotebugs:
        for slot in tracker.ledger.slots(remotebug):
            _, times = pages.page(slot)
            times.errors[slot % PAGE] = code
    pages.finish()
