"""The history of a watch or a bug tracker: a bounded tuple in its own record.

An entry is (seconds since the epoch, name of the error type or None, message),
the oldest first.  It is written when the object is written anyway.
"""

from malonewatch.interfaces import BugWatchActivity, BugWatchErrorType
from malonewatch.model.times import from_seconds

ActivityLog = tuple[tuple[float, str | None, str], ...]

#: How many entries are kept.
LIMIT = 30
LONGEST_MESSAGE = 500


def log_activity(
    log: ActivityLog, moment: float, error_type: BugWatchErrorType | None, message: str
) -> ActivityLog:
    """`log` with an entry more, or as it is if that is the last one's failure again."""
    name = None if error_type is None else error_type.name
    message = message[:LONGEST_MESSAGE]
    if name is not None and log and log[-1][1:] == (name, message):
        return log
    return (*log, (moment, name, message))[-LIMIT:]


def activity_entries(log: ActivityLog) -> list[BugWatchActivity]:
    """What people see of it, the newest first."""
    return [
        BugWatchActivity(
            from_seconds(moment), None if name is None else BugWatchErrorType[name], message
        )
        for moment, name, message in reversed(log)
    ]
