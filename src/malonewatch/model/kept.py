"""What is kept of what a bug tracker says of a bug.  Pure."""

import hashlib
import marshal
from typing import Any

from malonewatch.interfaces import RemoteBug


def bounded(remote: RemoteBug) -> RemoteBug:
    """`remote` with no text longer than what is kept, and nothing but plain strings."""
    changes: dict[str, Any] = {}
    for name, length in _LONGEST.items():
        value = getattr(remote, name)
        if value is not None and (type(value) is not str or len(value) > length):
            changes[name] = str(value)[:length]
    return remote._replace(**changes) if changes else remote


# In characters.  The body of an answer may be megabytes of one title.
_LONGEST = {
    "remotestatus": 200,
    "remote_importance": 200,
    "title": 1000,
    "resolution": 200,
    "duplicate_of": 200,
    "moved_to": 2000,
}


def digest_of(remote: RemoteBug) -> int:
    """What two answers that say the same of a bug have in common: 64 bits, never 0."""
    # The validator is no part of what is said.
    said = (
        remote.remotestatus,
        remote.status._name_,
        remote.remote_importance,
        remote.importance._name_,
        remote.title,
        remote.resolution,
        None if remote.modified is None else remote.modified.timestamp(),
        remote.duplicate_of,
        remote.moved_to,
    )
    # Format 2 has no back references, so equal values give equal bytes.
    try:
        octets = marshal.dumps(said, 2)
    except ValueError:
        # A kind of string of some parser's own.
        plain = (str(value) if isinstance(value, str) else value for value in said)
        octets = marshal.dumps(tuple(plain), 2)
    digest = hashlib.blake2b(octets, digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
