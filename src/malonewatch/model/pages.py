"""The pages that a ledger's rows lie in."""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from malonewatch.model.packing import pack, unpack
from malonewatch.model.schedule import day_of, mark_of

#: Rows in a page.  Bugs are asked for by the hundred or by five hundred, so
#: that a batch fills whole pages.
PAGE = 100

#: "Not known yet", for `checked` and `seen`.
UNKNOWN = 0
#: "Never again", for a removed row.
NEVER = 0xFFFFFFFF
#: "Not due unless somebody says so", for `due`.
PARKED = NEVER - 1


class RemoteBugIndex(OOBTree):
    """Remote id to slot, or to a tuple of slots; with large leaves, as many are read at once."""

    # Where it was at first, so that records can be read by what wrote earlier ones.
    __module__ = "malonewatch.model.ledger"

    max_leaf_size = 120
    max_internal_size = 500


def _columns(typecodes: Iterable[str], data: bytes) -> "Iterator[array[int]]":
    """The columns of those types, of as many rows each, that `data` holds one after the other."""
    sizes = {typecode: array(typecode).itemsize for typecode in typecodes}
    rows = len(data) // sum(sizes[typecode] for typecode in typecodes)
    start = 0
    for typecode in typecodes:
        end = start + rows * sizes[typecode]
        yield unpack(typecode, data[start:end])
        start = end


#: The columns of a `TimesPage` and their types, in the order of its record.
_TIMES = {"checked": "I", "due": "I", "seen": "I", "full": "B", "failures": "B", "errors": "B"}


class TimesPage(Persistent):
    """What every check changes.

    - `checked`: when the watch was last looked at, by our clock,
    - `due`: when it is due,
    - `seen`: as of which moment of the bug tracker's clock all is known,
    - `full`: the mark of the day (see `schedule.mark_of`) when the bug tracker
      last answered in full, rather than that nothing changed,
    - `failures`: how many checks in a row failed, 255 for more,
    - `errors`: what was wrong, an index into the ledger's `error_names`, 0
      for nothing.
    """

    checked: "array[int]"
    due: "array[int]"
    seen: "array[int]"
    full: "array[int]"
    failures: "array[int]"
    errors: "array[int]"

    def __init__(self) -> None:
        for name, typecode in _TIMES.items():
            setattr(self, name, array(typecode))

    def append(self, due: int) -> None:
        """Add a row of which nothing is known."""
        self.checked.append(UNKNOWN)
        self.due.append(due)
        self.seen.append(UNKNOWN)
        self.full.append(0)
        self.failures.append(0)
        self.errors.append(0)
        self._p_changed = True

    def check(
        self,
        rows: Iterable[int],
        checked: int,
        dues: Iterable[int],
        seen: int,
        full: int | None,
        soon: int,
    ) -> None:
        """Note that these were found in order; `full` is None if that was no answer in full.

        What was made due since it was asked for, and until `soon`, stays so.
        """
        moments, own_dues, seens, fulls = self.checked, self.due, self.seen, self.full
        failures, errors = self.failures, self.errors
        for row, due in zip(rows, dues, strict=False):
            moments[row] = checked
            if not checked < own_dues[row] <= soon:
                own_dues[row] = due
            seens[row] = seen
            failures[row] = errors[row] = 0
            if full is not None:
                fulls[row] = full

    def fail(self, row: int, checked: int, due: int, failures: int, error: int, soon: int) -> None:
        """Note that a check failed, for the `failures`-th time in a row; `soon` as in `check`."""
        self.checked[row] = checked
        if not checked < self.due[row] <= soon:
            self.due[row] = due
        self.seen[row] = UNKNOWN
        self.failures[row] = failures
        self.errors[row] = error

    def row(self, row: int) -> dict[str, int]:
        """The entries of a row, by column."""
        return {name: getattr(self, name)[row] for name in _TIMES}

    def clear(self, row: int) -> None:
        """Let a row be that of a watch that is gone."""
        self.checked[row] = self.due[row] = NEVER
        self.seen[row] = self.full[row] = self.failures[row] = self.errors[row] = 0
        self._p_changed = True

    def __getstate__(self) -> Any:
        columns = (pack(typecode, getattr(self, name)) for name, typecode in _TIMES.items())
        return b"".join(columns)

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple):
            # A record of 0.1.0: the columns one by one, and none for `full`.
            checked, due, seen, failures, errors = state
            state = b"".join((checked, due, seen, bytes(len(errors)), failures, errors))
            self._set(state)
            # As long ago as can be.
            days = map(day_of, self.checked)
            self.full = array("B", [mark_of(day + 1) for day in days])
        else:
            self._set(state)

    def _set(self, state: bytes) -> None:
        for name, column in zip(_TIMES, _columns(_TIMES.values(), state), strict=True):
            setattr(self, name, column)


class NamesPage(Persistent):
    """What hardly ever changes.

    - `watch_ids`: the watch's number, 0 for a removed row,
    - `digests`: of what was last told of the remote bug, 0 for nothing,
    - `marks`: when the remote bug last changed and whether it is closed (see
      `rhythm.mark`), 0 if that is not known,
    - `remotebugs`: the remote id.
    """

    def __init__(self) -> None:
        self.watch_ids = array("Q")
        self.digests = array("Q")
        self.marks = array("I")
        self.remotebugs: list[str] = []

    def append(self, watch_id: int, remotebug: str) -> None:
        """Add a row of which nothing is known."""
        self.watch_ids.append(watch_id)
        self.digests.append(0)
        self.marks.append(0)
        self.remotebugs.append(remotebug)
        self._p_changed = True

    def clear(self, row: int) -> None:
        """Let a row be that of a watch that is gone."""
        self.watch_ids[row] = self.digests[row] = self.marks[row] = 0
        self.remotebugs[row] = ""
        self._p_changed = True

    def forget(self) -> None:
        """Know nothing of any remote bug."""
        self.digests = array("Q", bytes(8 * len(self.digests)))
        self.marks = array("I", bytes(4 * len(self.marks)))

    def __getstate__(self) -> Any:
        watch_ids, digests = pack("Q", self.watch_ids), pack("Q", self.digests)
        return watch_ids, digests, tuple(self.remotebugs), pack("I", self.marks)

    def __setstate__(self, state: Any) -> None:
        self.watch_ids = unpack("Q", state[0])
        self.digests = unpack("Q", state[1])
        self.remotebugs = list(state[2])
        # Until 0.1 had it, there was no fourth.
        marks = state[3] if len(state) > 3 else bytes(4 * len(self.remotebugs))
        self.marks = unpack("I", marks)
