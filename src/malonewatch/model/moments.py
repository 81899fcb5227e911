"""When something last happened to each of many numbers."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator

from BTrees.LOBTree import LOBTree
from persistent import Persistent

from malonewatch.model.numberset import PAGE, STRETCH, PagedSet, stretches
from malonewatch.model.packing import pack, unpack

#: How many stretches a page has, and the bits of a stretch.
_STRETCHES = PAGE // STRETCH
_ALL = b"\xff" * (STRETCH // 8)
_NONE = b"\0" * (STRETCH // 8)


class Times(Persistent):
    """The moments of a stretch of numbers."""

    def __init__(self) -> None:
        self.times = _unpacked(b"")

    def __getstate__(self) -> bytes:
        return _packed(self.times)

    def __setstate__(self, state: bytes) -> None:
        self.times = _unpacked(state)

    def _p_resolveConflict(self, old: bytes, saved: bytes, new: bytes) -> bytes:
        states = map(_unpacked, (old, saved, new))
        return _packed(
            theirs if ours == before else ours if theirs == before else max(theirs, ours)
            for before, theirs, ours in zip(*states, strict=True)
        )


def _packed(times: Iterable[int]) -> bytes:
    return pack("I", times).rstrip(b"\0")


def _unpacked(state: bytes) -> "array[int]":
    return unpack("I", state.ljust(4 * STRETCH, b"\0"))


class Moments(Persistent):
    """Number to whole seconds since the epoch, up to 2106; 0 for never."""

    def __init__(self) -> None:
        self._times = LOBTree()
        # The same for stretches: when it was the latest of its numbers' turn,
        # or later.
        self._latest = LOBTree()

    def get(self, number: int) -> int:
        """When it was."""
        page = self._times.get(number // STRETCH)
        return 0 if page is None else page.times[number % STRETCH]

    def set(self, moments: Iterable[tuple[int, int]]) -> None:
        """Note (number, moment)."""
        by_stretch = defaultdict(list)
        for number, moment in moments:
            by_stretch[number // STRETCH].append((number % STRETCH, moment))
        for stretch, entries in by_stretch.items():
            _write(self._times, stretch, entries)
            latest = max(moment for _, moment in entries)
            group, place = divmod(stretch, STRETCH)
            if group not in self._latest or self._latest[group].times[place] < latest:
                _write(self._latest, group, [(place, latest)])

    def moments(self, page: int, bits: int) -> Iterator[tuple[int, int]]:
        """(number, moment) for the numbers that `bits` of a page stand for."""
        for number, digits in stretches(page, bits):
            times = self._times.get(number // STRETCH, _NEVER).times
            place = digits.find("1")
            while place >= 0:
                yield number + place, times[place]
                place = digits.find("1", place + 1)

    def since(self, moment: int) -> PagedSet:
        """All stretches with any number that something happened to at that moment or later."""
        return _Since(self._latest, moment)

    def select(self, page: int, bits: int, after: int, first: int, last: int) -> Iterator[int]:
        """The numbers that `bits` of a page stand for, in order, that are higher than `after` and
        have a moment from `first` to `last`."""
        for number, digits in stretches(page, bits, after):
            times = self._times.get(number // STRETCH, _NEVER).times
            for place, moment in enumerate(times[: len(digits)]):
                if first <= moment <= last and digits[place] == "1":
                    yield number + place


_NEVER = Times()


class _Since:
    """See `Moments.since`."""

    def __init__(self, latest: LOBTree, moment: int) -> None:
        self._latest = latest
        self._moment = moment

    def pages(self) -> Iterator[int]:
        for group, page in self._latest.items():
            for place in range(0, STRETCH, _STRETCHES):
                if max(page.times[place : place + _STRETCHES]) >= self._moment:
                    yield (group * STRETCH + place) // _STRETCHES

    def bits(self, page: int) -> int:
        group, place = divmod(page * _STRETCHES, STRETCH)
        latest = self._latest.get(group, _NEVER).times[place : place + _STRETCHES]
        stretches = (_ALL if moment >= self._moment else _NONE for moment in latest)
        return int.from_bytes(b"".join(stretches), "little")


def _write(pages: LOBTree, key: int, entries: Iterable[tuple[int, int]]) -> None:
    page = pages.get(key)
    if page is None:
        page = pages[key] = Times()
    for place, moment in entries:
        page.times[place] = moment
    page._p_changed = True
