"""Files that others read again and again, and so are replaced all at once."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

#: Whoever reads them is another user.
MODE = 0o644


def try_file(path: Path) -> None:
    """See whether the file at `path` can be put there.

    :raises OSError: it cannot.
    """
    with _beside(path):
        pass


def put_file(path: Path, text: bytes) -> None:
    """Put a text in the place of a file, all at once.

    :raises OSError: that cannot be done.
    """
    with _beside(path) as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), MODE)
        os.fsync(file.fileno())
        os.replace(file.name, path)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator["tempfile._TemporaryFileWrapper[bytes]"]:
    """A new file in the folder of another one, by a name that is not collected; gone in the end,
    unless it is the other one by then.

    :raises OSError: there can be none.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    with tempfile.NamedTemporaryFile(prefix=".malonewatch-", dir=path.parent, delete=False) as file:
        try:
            yield file
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file.name)
