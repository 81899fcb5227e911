"""The pages that a ledger's rows lie in."""

import sys
from array import array
from typing import Any

from persistent import Persistent

#: Rows in a page.  Bugs are asked for by the hundred or by five hundred, so
#: that a batch fills whole pages.
PAGE = 100

#: "Not known yet", for `checked` and `seen`.
UNKNOWN = 0
#: "Never again", for a removed row.
NEVER = 0xFFFFFFFF


def _pack(values: array) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


def _unpack(typecode: str, data: bytes) -> array:
    values = array(typecode, data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


class TimesPage(Persistent):
    """What every check changes.

    - `checked`: when the watch was last looked at, by our clock,
    - `due`: when it is due,
    - `seen`: as of which moment of the bug tracker's clock all is known,
    - `failures`: how many checks in a row failed, 255 for more,
    - `errors`: what was wrong, an index into the ledger's `error_names`, 0
      for nothing.
    """

    def __init__(self) -> None:
        self.checked = array("I")
        self.due = array("I")
        self.seen = array("I")
        self.failures = array("B")
        self.errors = array("B")

    def set(self, row: int, checked: int, due: int, seen: int) -> None:
        """What a check says that found the watch in order."""
        self.checked[row] = checked
        self.due[row] = due
        self.seen[row] = seen
        self.failures[row] = self.errors[row] = 0

    def __getstate__(self) -> Any:
        return (
            _pack(self.checked),
            _pack(self.due),
            _pack(self.seen),
            self.failures.tobytes(),
            self.errors.tobytes(),
        )

    def __setstate__(self, state: Any) -> None:
        self.checked = _unpack("I", state[0])
        self.due = _unpack("I", state[1])
        self.seen = _unpack("I", state[2])
        self.failures = array("B", state[3])
        self.errors = array("B", state[4])


class NamesPage(Persistent):
    """What hardly ever changes.

    - `watch_ids`: the watch's number, 0 for a removed row,
    - `digests`: of what was last told of the remote bug, 0 for nothing,
    - `remotebugs`: the remote id.
    """

    def __init__(self) -> None:
        self.watch_ids = array("Q")
        self.digests = array("Q")
        self.remotebugs: list[str] = []

    def __getstate__(self) -> Any:
        return _pack(self.watch_ids), _pack(self.digests), tuple(self.remotebugs)

    def __setstate__(self, state: Any) -> None:
        self.watch_ids = _unpack("Q", state[0])
        self.digests = _unpack("Q", state[1])
        self.remotebugs = list(state[2])
