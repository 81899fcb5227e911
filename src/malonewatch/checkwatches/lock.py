"""One run at a time on a database."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import zc.lockfile

from malonewatch.interfaces import MalonewatchError

# It logs a traceback where another run is at work, which is no fault.
logging.getLogger("zc.lockfile").setLevel(logging.CRITICAL)


class Locked(MalonewatchError):
    """Another run is at work."""


def lock_path(uri: str) -> Path:
    """Where the lock of the database at `uri` is, by default."""
    digest = hashlib.sha256(uri.encode()).hexdigest()[:16]
    return platformdirs.user_state_path("malonewatch") / f"checkwatches-{digest}.lock"


@contextmanager
def run_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`.

    The operating system lets go of it when the process ends, however it
    does, so one that a dead process left is no obstacle.

    :raises Locked: another process holds it.
    :raises OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = zc.lockfile.LockFile(str(path), content_template="{pid}")
    except zc.lockfile.LockError:
        holder = path.read_text(errors="replace").strip()[:20]
        process = f" (process {holder})" if holder.isdigit() else ""
        raise Locked(
            f"Another checkwatches{process} is at work on this database; this one ends here."
        ) from None
    try:
        yield
    finally:
        lock.close()
