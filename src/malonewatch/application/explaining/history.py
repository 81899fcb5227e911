"""What the history of a watch, or of a bug tracker, says of a time in the past.  Pure."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from malonewatch.interfaces import BugTaskStatus, BugWatchActivity

_OF_STATUS = ("status", "mapping")


@dataclasses.dataclass(frozen=True, slots=True)
class Then:
    """What is known of a watch as it was at a time.

    - `at`: that time,
    - `remotestatus`, `status`: the remote status and what it meant; None if
      the history does not tell,
    - `change`: the entry that made it so, None if the history does not have it,
    - `next_change`: the entry that made it another one, None if none did,
    - `error`: the failure that stood, None if none did,
    - `trouble`: the same of the bug tracker as a whole,
    - `since`: all entries after that time, the oldest first,
    - `begins`: the time of the oldest entry that is kept, None if there is none.
    """

    at: datetime
    remotestatus: str | None
    status: BugTaskStatus | None
    change: BugWatchActivity | None
    next_change: BugWatchActivity | None
    error: BugWatchActivity | None
    trouble: BugWatchActivity | None
    since: tuple[BugWatchActivity, ...]
    begins: datetime | None

    @property
    def meaning(self) -> str:
        """The remote status and what it meant."""
        if self.remotestatus is None or self.status is None:
            return "not known"
        return f"{self.remotestatus} ({self.status.title})"

    @property
    def is_first(self) -> bool:
        """Whether the remote bug was seen for the first time after that."""
        return self.next_change is not None and self.next_change.old_status is None


def state_at(
    activity: Sequence[BugWatchActivity],
    of_tracker: Sequence[BugWatchActivity],
    at: datetime,
    lastchanged: datetime | None,
    remotestatus: str | None,
    status: BugTaskStatus,
) -> Then:
    """How a watch was at a time (aware).

    `activity` is its history and `of_tracker` that of its bug tracker, the
    newest first; `remotestatus` and `status` are what they are now, since
    `lastchanged`.
    """
    # Times in a history are whole seconds.
    before = [entry for entry in activity if entry.date <= at]
    since = [entry for entry in reversed(activity) if entry.date > at]
    change = next((entry for entry in before if entry.kind in _OF_STATUS), None)
    next_change = next((entry for entry in since if entry.kind in _OF_STATUS), None)
    was: tuple[str | None, BugTaskStatus | None] = None, None
    if change is not None:
        was = change.new_remotestatus, change.new_status
    elif next_change is not None:
        was = next_change.old_remotestatus, next_change.old_status
    elif remotestatus is not None and lastchanged is not None and lastchanged <= at:
        was = remotestatus, status
    return Then(
        at,
        *was,
        change,
        next_change,
        _standing(before),
        _standing([entry for entry in of_tracker if entry.date <= at]),
        tuple(since),
        min((entry.date for entry in activity), default=None),
    )


def _standing(entries: Sequence[BugWatchActivity]) -> BugWatchActivity | None:
    """The failure that stood after those entries, the newest first."""
    told = (*_OF_STATUS, "recovered", "duplicate")
    for entry in entries:
        if entry.error_type is not None:
            return entry
        if entry.kind in told:
            return None
    return None
