"""Standard streams that are closed, or take no more."""

import os
import sys


def ensure() -> None:
    """See that there are all three, be they nothing.

    Else the next file that is opened, which may be the database, would take
    the place of one, and what is written there would end up in the file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # It is the lowest that is free.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def settle() -> None:
    """Write what is left to be written; a stream that does not take it leads nowhere then."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)
