"""One run at a time on a database, as far as this machine is concerned.

The lock files are in the user's state directory.  A folder for all users would
let each of them keep the others' runs from starting, or lead them astray by a
symbolic link.  That two runs, of whatever users on whatever machines, never
ask one host at the same time is seen to by the claims in the database.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import zc.lockfile

from malonewatch.identity import ID
from malonewatch.interfaces import MalonewatchError

# It logs a traceback where another run is at work, which is no fault.
logging.getLogger("zc.lockfile").setLevel(logging.CRITICAL)


#: Of how many runs the ids are kept in a lock file, and how much of one is read.
IDS = 10
LONGEST = 1000


class Locked(MalonewatchError):
    """Another run is at work.  `process` is its number, None if it does not say."""

    def __init__(self, what: str, process: int | None) -> None:
        which = "" if process is None else f" (process {process})"
        super().__init__(f"Another {what}{which} is at work on this database; this one ends here.")
        self.process = process


def lock_path(identity: str, what: str = "checkwatches") -> Path:
    """Where the lock of the database of that identity is, by default, for what is called `what`."""
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return platformdirs.user_state_path("malonewatch") / f"{what}-{digest}.lock"


@contextmanager
def run_lock(path: Path, run_id: str, what: str = "checkwatches") -> Iterator[list[str]]:
    """Hold the lock file at `path`, and give the ids of runs that held it before.

    The operating system lets go of it when the process ends, however it
    does, so one that a dead process left is no obstacle.  And whoever held it
    before has ended, so what they still claim in the database they do not need.

    :raises Locked: another process holds it.
    :raises OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _, before = _read(path)
    ids = [run_id, *before][:IDS]
    try:
        lock = zc.lockfile.LockFile(str(path), content_template=f"{{pid}} {' '.join(ids)}")
    except zc.lockfile.LockError:
        holder, _ = _read(path)
        raise Locked(what, int(holder) if holder.isdecimal() else None) from None
    try:
        yield before
    finally:
        lock.close()


def _read(path: Path) -> tuple[str, list[str]]:
    """The process and the ids that stand in a lock file; nothing where it is none of ours."""
    try:
        with path.open(errors="replace") as file:
            words = file.read(LONGEST).split()
    except FileNotFoundError:
        words = []
    ids = [word for word in words[1:] if ID.fullmatch(word)]
    return (words[0][:20] if words else ""), ids
