"""Sets of numbers that are cheap to change many at a time, and to intersect.

A set is made of pages, with a bit for every number that may be in it.  A
record costs by the number of values in it, and a page is one value; and
whatever two transactions change in a page, both get their way.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from BTrees.LOBTree import LOBTree
from persistent import Persistent

from malonewatch.model.packing import pack, unpack

#: How many numbers a page is for, and how many of them are looked at together.
PAGE = 1 << 14
STRETCH = 1 << 10

#: A page with less is written in another way, which takes longer, but less room.
_FEW = 100

#: Page to bits that stand for some of its numbers.
Masks = Mapping[int, int]


class PagedSet(Protocol):
    """A set, as far as searching goes."""

    def pages(self) -> Iterable[int]:
        """The pages that its numbers are in."""

    def bits(self, page: int) -> int:
        """The bits of a page."""


def masks_of(numbers: Collection[int]) -> dict[int, int]:
    """The bits that stand for `numbers`, by page."""
    if len(numbers) == 1:
        (number,) = numbers
        return {number // PAGE: 1 << number % PAGE}
    pages: dict[int, bytearray] = {}
    for number in numbers:
        page = pages.get(number // PAGE)
        if page is None:
            page = pages[number // PAGE] = bytearray(PAGE // 8)
        page[number % PAGE >> 3] |= 1 << (number & 7)
    return {number: int.from_bytes(page, "little") for number, page in pages.items()}


def numbers_in(page: int, bits: int, after: int = -1) -> Iterator[int]:
    """The numbers that `bits` of a page stand for, in order, and higher than `after`."""
    for first, digits in stretches(page, bits, after):
        place = digits.find("1")
        while place >= 0:
            yield first + place
            place = digits.find("1", place + 1)


def stretches(page: int, bits: int, after: int = -1) -> Iterator[tuple[int, str]]:
    """(number, digits) for the stretches of a page that have any bits: those of that number, the
    next, and so on, as ``0`` and ``1``."""
    start = max(after + 1 - page * PAGE, 0)
    bits = bits >> start << start
    for place in range(start // STRETCH * STRETCH, bits.bit_length(), STRETCH):
        stretch = bits >> place & _STRETCH_MASK
        if stretch:
            yield page * PAGE + place, bin(stretch)[:1:-1]


_STRETCH_MASK = (1 << STRETCH) - 1


class Bits(Persistent):
    """A page."""

    def __init__(self) -> None:
        self.bits = 0

    def __getstate__(self) -> bytes:
        return _packed(self.bits)

    def __setstate__(self, state: bytes) -> None:
        self.bits = _unpacked(state)

    def _p_resolveConflict(self, old: bytes, saved: bytes, new: bytes) -> bytes:
        before, theirs, ours = _unpacked(old), _unpacked(saved), _unpacked(new)
        return _packed(theirs & ~(before & ~ours) | ours & ~before)


def _packed(bits: int) -> bytes:
    """The bits; where they are few, their places in 16 bits each."""
    if bits.bit_count() < _FEW:
        return b"p" + pack("H", numbers_in(0, bits))
    return b"b" + bits.to_bytes(PAGE // 8, "little")


def _unpacked(state: bytes) -> int:
    if state.startswith(b"b"):
        return int.from_bytes(state[1:], "little")
    return masks_of(unpack("H", state[1:])).get(0, 0)


class NumberSet(Persistent):
    """A set of numbers from 0 on."""

    def __init__(self) -> None:
        self._pages = LOBTree()

    def is_empty(self) -> bool:
        return not any(page.bits for page in self._pages.values())

    def pages(self) -> Iterable[int]:
        pages: Iterable[int] = self._pages.keys()
        return pages

    def bits(self, page: int) -> int:
        found = self._pages.get(page)
        return 0 if found is None else found.bits

    def add(self, masks: Masks) -> None:
        for page, mask in masks.items():
            found = self._pages.get(page)
            if found is None:
                found = self._pages[page] = Bits()
            if mask & ~found.bits:
                found.bits |= mask

    def remove(self, masks: Masks) -> None:
        for page, mask in masks.items():
            found = self._pages.get(page)
            if found is not None and mask & found.bits:
                found.bits &= ~mask


class SmallSet:
    """A set that is in memory only."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks

    def pages(self) -> Iterable[int]:
        return self._masks

    def bits(self, page: int) -> int:
        return self._masks.get(page, 0)


class Union:
    """What is in any of some sets."""

    def __init__(self, sets: Sequence[PagedSet]) -> None:
        self._sets = sets

    def pages(self) -> Iterable[int]:
        return {page for each in self._sets for page in each.pages()}

    def bits(self, page: int) -> int:
        bits = 0
        for each in self._sets:
            bits |= each.bits(page)
        return bits
