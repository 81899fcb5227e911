"""Applying what was fetched: what a bug tracker and its watches learn of it."""

from collections import Counter
from datetime import datetime
from typing import Any

from malonewatch.interfaces import (
    Applied,
    Batch,
    Brake,
    BugWatchErrorType,
    Fetched,
    Polling,
    RemoteBug,
    SuspiciousAnswer,
)
from malonewatch.model import schedule
from malonewatch.model.answers import Scrub
from malonewatch.model.comparing import Comparison, compare, is_refusal
from malonewatch.model.following import follow, go_along, keep_due, leave, make_due
from malonewatch.model.foreseeing import Foreseen, foresee
from malonewatch.model.kept import pack, unpack
from malonewatch.model.ledger import Ledger
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pacing import Pace, mark_of
from malonewatch.model.pages import PAGE, PARKED, UNKNOWN
from malonewatch.model.relisting import Relisting
from malonewatch.model.times import from_seconds, now, to_seconds


def preview(tracker: Any, fetched: Fetched, brake: Brake, before: Foreseen | None) -> Applied:
    """See `IBugTracker.preview`."""
    moment = to_seconds(fetched.asked)
    found = compare(tracker, fetched.outcomes, fetched.batch.seen, moment, brake)
    applied = found.applied
    applied.trouble = fetched.trouble or _suspicion(tracker, found)
    before = before or Foreseen()
    applied.foreseen, changes, applied.follow = foresee(tracker, found, fetched.outcomes, before)
    applied.changes += changes
    return applied


def apply(tracker: Any, fetched: Fetched, brake: Brake) -> Applied:
    """See `IBugTracker.apply`."""
    moment = to_seconds(fetched.asked)
    found = compare(tracker, fetched.outcomes, fetched.batch.seen, moment, brake)
    applied = found.applied
    suspicion = _suspicion(tracker, found)
    applied.trouble = fetched.trouble or suspicion
    skew = fetched.clock_skew
    # All is written before anybody is told.
    _write(tracker, found, fetched.asked, skew)
    _note(tracker, found, fetched.batch, moment)
    if applied.brake.engaged and not brake.engaged:
        tracker.ledger.make_due(moment)
    if fetched.dialect is not None:
        tracker.learn_dialect(fetched.dialect, moment, fetched.batch.probe)
    is_answer = not all(map(is_refusal, fetched.outcomes))
    if is_answer:
        tracker.record_clock(skew)
        tracker.begin_sweeps(fetched, skew)
    _tell_watches(found, moment, fetched.scrub)
    _follow(tracker, found, moment)
    _count(tracker, applied, moment, len(fetched.exchanges))
    if fetched.trouble is not None:
        tracker.record_trouble(fetched.trouble, moment, fetched.missing)
    elif suspicion is not None:
        tracker.record_suspicion(suspicion, moment, _next_attempt(tracker, found))
    elif is_answer:
        tracker.record_answer(moment, skew)
    return applied


def accept(tracker: Any, moment: float) -> Applied:
    """See `IBugTracker.acceptChanges`."""
    outcomes = [unpack(name, packed) for name, (_, packed) in tracker.ledger.held.items()]
    found = compare(tracker, outcomes, {}, moment, None)
    _write(tracker, found, from_seconds(moment), None)
    _tell_watches(found, moment, None)
    _follow(tracker, found, moment)
    _count(tracker, found.applied, moment, 0)
    if tracker.last_error_type is BugWatchErrorType.SUSPICIOUS_ANSWER:
        tracker.record_answer(moment, None)
    return found.applied


def _follow(tracker: Any, found: Comparison, moment: float) -> None:
    """Follow what turned out to be duplicates, what they are followed to, and what moved."""
    told, moved = [], []
    for each in found.told:
        if each.told.moved_to is not None:
            leave(each.watch)
            moved.append((each.watch, each.told.moved_to))
        elif each.told.duplicate_of is not None or tracker.followed is not None:
            told.append((each.watch, each.told))
    for failing in found.failing:
        if failing.error.moved_to is not None:
            moved.append((failing.watch, failing.error.moved_to))
    applied = found.applied
    more: list[str] = []
    if told or tracker.followed is not None:
        changes, more = follow(tracker, told, found.heard, moment)
        applied.changes += changes
    if applied.brake.engaged and tracker.followed is not None:
        make_due(tracker, moment)
    for watch, moved_to in moved if tracker.follows else ():
        more += go_along(tracker, watch, moved_to, moment)
    applied.follow = tuple(dict.fromkeys(more))


def _suspicion(tracker: Any, found: Comparison) -> SuspiciousAnswer | None:
    """The trouble that a bug tracker is in as long as something is held."""
    if not found.holding:
        return None
    return SuspiciousAnswer(
        f"{tracker.baseurl} closed or lost {found.holding} bugs at once; that is held back until "
        "it says so again."
    )


def _next_attempt(tracker: Any, found: Comparison) -> float | None:
    """When what is held can be confirmed; None if no more is held than before."""
    if not found.held:
        return None
    said = max(held.said for held in found.held)
    return schedule.next_confirmation(said, tracker.brake_settings.confirm_after)


def _write(tracker: Any, found: Comparison, asked: datetime, skew: float | None) -> None:
    """Write to the ledger what was found out about each watch."""
    ledger, pages, engaged = tracker.ledger, found.pages, found.applied.brake.engaged
    moment = to_seconds(asked)
    checked, today = int(moment), schedule.mark_of(schedule.day_of(moment))
    once = tracker.polling is Polling.ONCE
    seen = UNKNOWN
    if skew is not None and abs(skew) <= schedule.CLOCK_SKEW_LIMIT and not engaged:
        seen = int(moment + skew)
    # What an event made due while it was asked for is asked for once more.
    soon = int(to_seconds(now())) + schedule.LEAST_PAUSE
    told_rows: dict[int, list[int]] = {}
    for told in found.told:
        number, row = divmod(told.slot, PAGE)
        told_rows.setdefault(number, []).append(row)
        names, _ = pages.look(number)
        if names.digests[row] != told.digest:
            names._p_changed = True
            names.digests[row] = told.digest
            names.marks[row] = mark_of(told.told, told.remote, moment)
    answered = (found.unchanged, today), (told_rows, today), (found.passed_over, None)
    pace = None if once or engaged else Pace(tracker, pages, [each for each, _ in answered], asked)
    # Everything is asked for again at the next attempt, if the answers are suspicious.
    due = int(moment) if engaged else PARKED
    for by_page, full in answered:
        for number, rows in by_page.items():
            if rows:
                names, times = pages.page(number)
                dues = [due] * len(rows) if pace is None else pace.dues(names, rows)
                times.check(rows, checked, dues, seen, full, soon)
    for failing in found.failing:
        number, row = divmod(failing.slot, PAGE)
        _, times = pages.page(number)
        failures = min(times.failures[row] + 1, 255)
        error_type = failing.error.error_type
        later = PARKED if once and error_type in _GONE else _later(moment, error_type, failures)
        code = ledger.error_code(error_type)
        times.fail(row, checked, due if engaged else later, failures, code, soon)
    # These stay as due as they are, and show why.
    for refused in found.refused:
        _show_error(ledger, pages, refused.slot, BugWatchErrorType.APPLICATION_FAILED)
    for held in found.held:
        if held.slot is None:
            keep_due(tracker, held.outcome.remotebug, moment)
        else:
            _show_error(ledger, pages, held.slot, BugWatchErrorType.SUSPICIOUS_ANSWER)
        ledger.hold(held.outcome.remotebug, held.said, pack(held.outcome))
    for remotebug in found.released:
        ledger.let_go(remotebug)
    relisting = Relisting(tracker.id, pages.finish())
    for told in found.told:
        relisting.told(told.watch, told.remote, told.change, moment)
    tracker.relist(relisting)
    tracker.note_moment(moment)


#: What ends the questions where nothing changes any more.
_GONE = (BugWatchErrorType.BUG_NOT_FOUND, BugWatchErrorType.BUG_DELETED)


def _later(moment: float, error_type: BugWatchErrorType, failures: int) -> int:
    """When a watch that failed, so often in a row, is due again."""
    if error_type is BugWatchErrorType.BUG_DELETED:
        return int(schedule.next_check_after_deletion(moment))
    return int(schedule.next_check_after_failure(moment, failures))


def _show_error(ledger: Ledger, pages: Pages, slot: int, error_type: BugWatchErrorType) -> None:
    number, row = divmod(slot, PAGE)
    pages.page(number)[1].errors[row] = ledger.error_code(error_type)


def _note(tracker: Any, found: Comparison, batch: Batch, moment: float) -> None:
    """Note what was learnt for the next question."""
    ledger = tracker.ledger
    held = found.held_bugs
    for outcome in found.noted:
        remotebug = outcome.remotebug
        if isinstance(outcome, RemoteBug):
            # What is held is not known yet, so "as it was" would be no answer.
            ledger.set_validator(remotebug, None if remotebug in held else outcome.validator)
        if outcome.apart:
            ledger.set_apart(remotebug, moment)
        elif not batch.apart:
            ledger.set_apart(remotebug, None)


def _count(tracker: Any, applied: Applied, moment: float, requests: int) -> None:
    failures = Counter(
        each.error_type.owner for each in applied.failures if each.error_type is not None
    )
    if applied.trouble is not None:
        failures[applied.trouble.error_type.owner] += 1
    tracker.counters().add(
        schedule.day_of(moment),
        requests,
        applied.checked + applied.failed,
        len(applied.changes),
        failures,
    )


def _tell_watches(found: Comparison, moment: float, scrub: Scrub | None) -> None:
    """Let the watches, and the application, know; `scrub` is that of the answer.

    :raises ApplicationFailed: a subscriber failed.
    """
    for _, watch, error, _ in found.refused:
        watch.log(moment, "error", error.message, error.error_type)
    for _, watch, error, is_loss in found.failing:
        watch.fail(error, moment, is_loss)
    for told in found.told:
        told.watch.update(told.remote, told.told, moment, told.failed, scrub)
