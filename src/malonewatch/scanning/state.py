"""What a scan leaves for the next one of the same tree, as bytes."""

import array
import hashlib
import json
from collections.abc import Set
from typing import Any, NamedTuple

_END = b"\n"


class Commit(NamedTuple):
    """The commit that was checked out, and the files that were not as they are in it."""

    commit: str
    dirty: frozenset[str]


class Stamps(NamedTuple):
    """The stamps of all files that were looked at, and the files with places."""

    stamps: Set[int]
    paths: frozenset[str]


def stamp(path: str, size: int, modified: int) -> int:
    """One number for a file's path, its size and when it was modified, in nanoseconds."""
    text = f"{path}\0{size}\0{modified}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def packed(settings: str, kept: Commit | Stamps) -> bytes:
    """The bytes; `settings` is a digest of all that decides how files are read."""
    if isinstance(kept, Commit):
        return _head(settings, commit=kept.commit, dirty=kept.dirty)
    return _head(settings, paths=kept.paths) + array.array("Q", kept.stamps).tobytes()


def unpacked(settings: str, state: bytes | None) -> Commit | Stamps | None:
    """What is in the bytes; None if they were not written under the same settings."""
    head, _, stamps = (state or b"").partition(_END)
    try:
        values = json.loads(head)
        if values["settings"] != settings:
            return None
        if "commit" in values:
            return Commit(values["commit"], frozenset(values["dirty"]))
        numbers = array.array("Q")
        numbers.frombytes(stamps)
        return Stamps(frozenset(numbers), frozenset(values["paths"]))
    except (ValueError, KeyError, TypeError):
        return None


def _head(settings: str, **values: Any) -> bytes:
    lists = {
        name: value if isinstance(value, str) else sorted(value) for name, value in values.items()
    }
    return json.dumps({"settings": settings, **lists}).encode() + _END
