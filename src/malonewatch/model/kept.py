"""What is kept of what a bug tracker says of a bug.  Pure."""

import marshal
from hashlib import blake2b
from typing import Any

from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model.enums import member
from malonewatch.model.times import from_optional, to_optional

# In characters.  The body of an answer may be megabytes of one title.
LONGEST = {
    "remotestatus": 200,
    "remote_importance": 200,
    "title": 1000,
    "resolution": 200,
    "duplicate_of": 200,
    "moved_to": 2000,
    "fixed_in": 200,
}


def bounded(remote: RemoteBug) -> RemoteBug:
    """`remote` with no text longer than what is kept, and nothing but plain strings."""
    changes: dict[str, Any] = {}
    for name, length in LONGEST.items():
        value = getattr(remote, name)
        if value is not None and (type(value) is not str or len(value) > length):
            changes[name] = str(value)[:length]
    return remote._replace(**changes) if changes else remote


def digest_of(remote: RemoteBug) -> int:
    """What two answers that say the same of a bug have in common: 64 bits, never 0."""
    # By place, once: this is done for each bug of each answer.  The validator
    # is no part of what is said, nor is how it was said.
    _, words, status, weight, importance, title, resolution, modified, same, moved = remote[:10]
    said: tuple[Any, ...] = (
        words,
        status._name_,
        weight,
        importance._name_,
        title,
        resolution,
        modified and modified.timestamp(),
        # Not as 0.1.0 had it, which did not follow: such a bug is told again.
        same and f"={same}",
        moved,
    )
    more = remote[11:16]
    if more != _NO_MORE:
        # Apart, so that the digests of 0.1.0 are still good where there is none of it.
        closed, guessed, private, date_closed, fixed_in = more
        closed_at = date_closed and date_closed.timestamp()
        said += (closed, guessed, private, closed_at, fixed_in)
    # Format 2 has no back references, so equal values give equal bytes.
    try:
        octets = marshal.dumps(said, 2)
    except ValueError:
        # A kind of string of some parser's own.
        plain = (str(value) if isinstance(value, str) else value for value in said)
        octets = marshal.dumps(tuple(plain), 2)
    return int.from_bytes(blake2b(octets, digest_size=8).digest(), "little") or 1


#: `closed`, `guessed`, `private`, `date_closed` and `fixed_in` of a `RemoteBug` that has none.
_NO_MORE = (None, False, False, None, "")


# Outcomes as plain tuples, for the database.


def pack(outcome: RemoteBug | RemoteBugError) -> tuple[Any, ...]:
    """What is kept of an outcome, in values that outlive any version of the classes."""
    if isinstance(outcome, RemoteBugError):
        return outcome.error_type.name, outcome.message, outcome.moved_to
    remote = bounded(outcome)
    return (
        remote.remotestatus,
        remote.status.name,
        remote.remote_importance,
        remote.importance.name,
        remote.title,
        remote.resolution,
        to_optional(remote.modified),
        remote.duplicate_of,
        remote.moved_to,
        remote.closed,
        remote.guessed,
        remote.private,
        to_optional(remote.date_closed),
        remote.fixed_in,
    )


def unpack(remotebug: str, packed: tuple[Any, ...]) -> RemoteBug | RemoteBugError:
    """The outcome again."""
    if len(packed) == 3:
        name, message, moved_to = packed
        return RemoteBugError(remotebug, member(BugWatchErrorType, name), message, moved_to)
    values = list(packed)
    for place, kind in ((_STATUS, BugTaskStatus), (_IMPORTANCE, BugTaskImportance)):
        values[place] = member(kind, values[place])
    for place in (_MODIFIED, _DATE_CLOSED):
        values[place] = from_optional(values[place])
    values.insert(_VALIDATOR, None)
    return RemoteBug(remotebug, *values)


#: Where these are in a packed `RemoteBug`, or would be.
_STATUS, _IMPORTANCE, _MODIFIED, _VALIDATOR, _DATE_CLOSED = 1, 3, 6, 9, 12
