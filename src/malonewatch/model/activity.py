"""The history of a watch or a bug tracker: a bounded text in its own record.

A line is an entry, the oldest first: seconds since the epoch, the name of the
error type or nothing, and the message, with tabs between.  It is one value
rather than many, since a record costs by the number of values in it; and it is
written when the object is written anyway.
"""

from malonewatch.interfaces import BugWatchActivity, BugWatchErrorType
from malonewatch.model.times import from_seconds

#: How many entries are kept.
LIMIT = 30
LONGEST_MESSAGE = 500


def log_activity(
    log: str, moment: float, error_type: BugWatchErrorType | None, message: str
) -> str:
    """`log` with an entry more, or as it is if that is the last one's failure again."""
    name = "" if error_type is None else error_type.name
    message = " ".join(message.split())[:LONGEST_MESSAGE]
    what = f"\t{name}\t{message}\n"
    if name and log.endswith(what):
        return log
    if log.count("\n") >= LIMIT:
        log = "".join(log.splitlines(keepends=True)[1 - LIMIT :])
    return f"{log}{moment:.0f}{what}"


def prune_activity(log: str, before: float) -> str:
    """`log` without the entries from before that time."""
    return "".join(
        line for line in log.splitlines(keepends=True) if float(line.partition("\t")[0]) >= before
    )


def activity_entries(log: str) -> list[BugWatchActivity]:
    """What people see of it, the newest first."""
    entries = []
    for line in reversed(log.splitlines()):
        moment, name, message = line.split("\t")
        entries.append(
            BugWatchActivity(
                from_seconds(float(moment)), BugWatchErrorType[name] if name else None, message
            )
        )
    return entries
