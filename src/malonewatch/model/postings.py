"""Many sets of numbers, most of them small."""

from collections.abc import Sequence
from typing import Any

from persistent import Persistent

from malonewatch.model.numberset import NumberSet, PagedSet, SmallSet, masks_of
from malonewatch.model.packing import pack, unpack

#: A set that ever had more is an object of its own.
SMALL = 64


class Postings(Persistent):
    """Sets by key, in a BTree: a packed value each, or a `NumberSet`."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree

    def get(self, key: Any) -> PagedSet:
        """The set of that key."""
        return _opened(self._tree.get(key, b""))

    def first(self, lowest: Any, highest: Any) -> Any:
        """The lowest key from `lowest` to `highest` of a set that is not empty; None if there is
        none."""
        return next(iter(self._tree.keys(lowest, highest)), None)

    def add(self, key: Any, numbers: Sequence[int]) -> None:
        found = self._tree.get(key, b"")
        if isinstance(found, bytes):
            before = unpack("I", found)
            now = sorted({*before, *numbers})
            if len(now) == len(before):
                return
            if len(now) <= SMALL:
                self._tree[key] = pack("I", now)
                return
            found = self._tree[key] = NumberSet()
            numbers = now
        found.add(masks_of(numbers))

    def remove(self, key: Any, numbers: Sequence[int]) -> None:
        found = self._tree.get(key)
        if isinstance(found, NumberSet):
            found.remove(masks_of(numbers))
            if found.is_empty():
                del self._tree[key]
        elif found is not None:
            before, gone = unpack("I", found), set(numbers)
            now = [number for number in before if number not in gone]
            if not now:
                del self._tree[key]
            elif len(now) < len(before):
                self._tree[key] = pack("I", now)


def _opened(found: Any) -> PagedSet:
    return found if isinstance(found, NumberSet) else SmallSet(masks_of(unpack("I", found)))
