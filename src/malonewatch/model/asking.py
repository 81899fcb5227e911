"""What to ask a bug tracker for."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from malonewatch.interfaces import Batch
from malonewatch.model import schedule, ways
from malonewatch.model.ledger import Ledger
from malonewatch.model.pages import UNKNOWN
from malonewatch.model.times import from_seconds


def due_batches(
    tracker: Any, moment: float, batch_size: int, request_size: int, changed_since: bool
) -> tuple[int, list[Batch]]:
    """See `IBugTracker.getDueBatches`."""
    ledger: Ledger = tracker.ledger
    due = _due(ledger, moment)
    if batch_size:
        due = due[:batch_size]
    # Per remote bug: as of when all its watches are well known.
    bugs: dict[str, tuple[int, bool]] = {}
    for remotebug, seen, known in ledger.rows(due, moment):
        before = bugs.get(remotebug)
        if before is not None:
            seen, known = min(seen, before[0]), known and before[1]
        bugs[remotebug] = seen, known
    if tracker.followed is not None:
        seen_by = {ledger.watch_id(slot): bugs[ledger.remotebug(slot)][0] for _, slot in due}
        for name, seen in ways.to_ask(tracker, seen_by, moment).items():
            if seen == UNKNOWN or name not in bugs:
                bugs[name] = seen, seen != UNKNOWN
    # They are few, and most bug trackers have none.
    apart = [
        remotebug
        for remotebug, since in ledger.apart.items()
        if remotebug in bugs and moment - since < schedule.SECOND_CHANCE
    ]
    together = [remotebug for remotebug in bugs if remotebug not in apart]
    full, some = together, []
    if changed_since:
        full = [remotebug for remotebug in together if bugs[remotebug][0] == UNKNOWN]
        some = [remotebug for remotebug in together if bugs[remotebug][0] != UNKNOWN]
    facts = tracker.facts
    batches = [
        Batch(facts, names, validators=_validators(ledger, names, bugs))
        for names in _parts(full, request_size)
    ]
    batches += [Batch(facts, names, _seen(names, bugs)) for names in _parts(some, request_size)]
    # Last, as they are what answers fail for.
    batches += [
        Batch(facts, names, validators=_validators(ledger, names, bugs), apart=True)
        for names in _parts(apart, request_size)
    ]
    if batches and tracker.is_to_be_probed(moment):
        # Once will do.
        batches[0] = dataclasses.replace(batches[0], probe=True)
    return len(due), batches


def _due(ledger: Ledger, moment: float) -> list[tuple[int, int]]:
    """What is due, the longest due first; but before that, what waits for being confirmed."""
    due = ledger.due(moment)
    if ledger.held:
        held = {slot for remotebug in ledger.held for slot in ledger.slots(remotebug)}
        due.sort(key=lambda each: each[1] not in held)
    return due


def _parts(remotebugs: list[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(remotebugs), size):
        yield tuple(remotebugs[start : start + size])


def _validators(
    ledger: Ledger, remotebugs: Iterable[str], bugs: dict[str, tuple[int, bool]]
) -> dict[str, str]:
    found = {}
    for remotebug in remotebugs if ledger.has_validators() else ():
        validator = ledger.validator(remotebug)
        if validator is not None and bugs[remotebug][1]:
            found[remotebug] = validator
    return found


def _seen(remotebugs: Iterable[str], bugs: dict[str, tuple[int, bool]]) -> dict[str, datetime]:
    """As of when each is known, with some time to spare."""
    # Most were asked for together.
    moments = {seen: from_seconds(seen - schedule.OVERLAP) for seen, _ in set(bugs.values())}
    return {remotebug: moments[bugs[remotebug][0]] for remotebug in remotebugs}
