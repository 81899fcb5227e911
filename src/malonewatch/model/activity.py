"""The history of a watch or a bug tracker: a bounded text in its own record.

A line is an entry, the oldest first: seconds since the epoch, the kind, the
name of the error type or nothing, and the message, with tabs between.  One of
the kind ``status`` or ``mapping`` has no message, and five parts more: the old and the new
remote status, the names of the old and the new status, and the rule.  Lines of
0.1.0 have no kind.

It is one value rather than many, since a record costs by the number of values
in it; and it is written when the object is written anyway.
"""

from malonewatch.interfaces import BugTaskStatus, BugWatchActivity, BugWatchErrorType, RemoteBug
from malonewatch.model.enums import member
from malonewatch.model.times import from_seconds

#: How many entries are kept.
LIMIT = 30
LONGEST_MESSAGE = 500


def log_activity(
    log: str,
    moment: float,
    kind: str,
    message: str = "",
    error_type: BugWatchErrorType | None = None,
) -> str:
    """`log` with an entry more, or as it is if that is the last one's failure again."""
    name = "" if error_type is None else error_type.name
    what = f"\t{kind}\t{name}\t{one_line(message)}\n"
    if name and log.endswith(what):
        return log
    return _with_line(log, moment, what)


def log_status(
    log: str,
    moment: float,
    kind: str,
    old_remotestatus: str | None,
    new_remotestatus: str,
    old_status: str,
    new_status: str,
    rule: str,
) -> str:
    """`log` with a change of status more; `old_status` and `new_status` are names."""
    if old_remotestatus is None:
        before = old_status = ""
    else:
        before = one_line(old_remotestatus)
    after = one_line(new_remotestatus)
    what = f"\t{kind}\t\t\t{before}\t{after}\t{old_status}\t{new_status}\t{rule}\n"
    return _with_line(log, moment, what)


def rule_of(remote: RemoteBug) -> str:
    """Which rule gave the meaning of a status."""
    if remote.status is BugTaskStatus.UNKNOWN:
        return ""
    return "site" if remote.mapped else "flag" if remote.guessed else "table"


def one_line(text: str, length: int = LONGEST_MESSAGE) -> str:
    """`text` as far as there is room for it in an entry."""
    return " ".join(text.split())[:length]


def _with_line(log: str, moment: float, what: str) -> str:
    if log.count("\n") >= LIMIT:
        log = "".join(log.splitlines(keepends=True)[1 - LIMIT :])
    # Not rounded: nothing happened later than now.
    return f"{log}{int(moment)}{what}"


def merge_activity(log: str, other: str) -> str:
    """The latest entries of two, in order."""
    lines = [*log.splitlines(keepends=True), *other.splitlines(keepends=True)]
    lines.sort(key=lambda line: float(line.partition("\t")[0]))
    return "".join(lines[-LIMIT:])


def prune_activity(log: str, before: float) -> str:
    """`log` without the entries from before that time."""
    return "".join(
        line for line in log.splitlines(keepends=True) if float(line.partition("\t")[0]) >= before
    )


def activity_entries(log: str) -> list[BugWatchActivity]:
    """What people see of it, the newest first."""
    return [_entry(line.split("\t")) for line in reversed(log.splitlines())]


def last_change(log: str) -> BugWatchActivity | None:
    """The latest entry of another status than was known before; no other is read."""
    for line in reversed(log.splitlines()):
        parts = line.split("\t")
        if parts[1] in ("status", "mapping"):
            entry = _entry(parts)
            if entry.old_remotestatus is not None:
                return entry
    return None


def last_error(log: str) -> BugWatchErrorType | None:
    """What failed, if that is the latest entry."""
    line = log[log.rfind("\n", 0, -1) + 1 :]
    return _entry(line.rstrip("\n").split("\t")).error_type if line else None


def _entry(parts: list[str]) -> BugWatchActivity:
    if len(parts) == 3:
        moment, name, message = parts
        parts = [moment, "error" if name else "note", name, message]
    moment, kind, name, message = parts[:4]
    entry = BugWatchActivity(
        from_seconds(float(moment)),
        member(BugWatchErrorType, name) if name else None,
        message,
        kind,
    )
    if len(parts) == 4:
        return entry
    before, after, old_status, new_status, rule = parts[4:]
    if not old_status:
        message = f"nothing known -> {after}"
    elif before == after:
        was, now = member(BugTaskStatus, old_status), member(BugTaskStatus, new_status)
        message = f"{after} means {now.title}, was {was.title}"
    else:
        message = f"{before} -> {after}"
    return entry._replace(
        message=message,
        old_remotestatus=before if old_status else None,
        new_remotestatus=after,
        old_status=member(BugTaskStatus, old_status) if old_status else None,
        new_status=member(BugTaskStatus, new_status),
        rule=rule,
    )
