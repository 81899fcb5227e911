"""Reading files that have secrets in them."""

import os
import stat
from pathlib import Path

#: In bytes; more than that are no credentials.
LARGEST = 1024 * 1024


class Unreadable(Exception):
    """A file cannot be read.  The text says why, in a word or two."""


def read(path: Path) -> tuple[bytes, os.stat_result]:
    """What is in a file, and its status.

    :raises FileNotFoundError: it is not there.
    :raises Unreadable: it cannot be read, or is a pipe, a device or another
        thing that one might wait for, or is larger than `LARGEST`.
    """
    try:
        with open(path, "rb", opener=_opened) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("not a file")
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(why(error)) from None
    if len(data) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes")
    return data, status


def _opened(path: str, flags: int) -> int:
    # A pipe would be waited for.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def why(error: OSError) -> str:
    """In a word or two."""
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__


def is_open_to_others(status: os.stat_result) -> bool:
    """Whether others than its owner, or than a group that an owner gave it to on purpose, can
    read a file."""
    mode = status.st_mode
    # Elsewhere the mode tells nothing.
    return os.name == "posix" and bool(
        mode & stat.S_IROTH or (mode & stat.S_IRGRP and status.st_uid == os.geteuid())
    )
