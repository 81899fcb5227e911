"""Many sets of numbers, most of them small."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from BTrees.OOBTree import OOBTree, OOBucket
from persistent import Persistent

from malonewatch.model.numberset import NumberSet, PagedSet, SmallSet, masks_of
from malonewatch.model.packing import pack, unpack

#: A set that ever had more is an object of its own.
SMALL = 64


class PostingsBucket(OOBucket):
    """A leaf of a `PostingsTree`: of a set, what two transactions put into it or take out of it
    at the same time both get their way."""

    __slots__ = ()

    def _p_resolveConflict(self, old: Any, theirs: Any, ours: Any) -> Any:
        """The record that both changes lead to; of all but small sets the leaf's own."""
        before, committed, new = map(_items_of, (old, theirs, ours))
        for key in {*before, *committed, *new}:
            was, has, shall = (each.get(key, b"") for each in (before, committed, new))
            if has != was != shall and type(was) is type(has) is type(shall) is bytes:
                _put(committed, key, _merged(was, has, shall))
                # Then it is theirs, and we did not touch it.
                _put(new, key, was)
        states = _with_items(theirs, committed), _with_items(ours, new)
        return super()._p_resolveConflict(old, *states)


class PostingsTree(OOBTree):
    """A tree for `Postings` in which many write at the same time."""

    _bucket_type = PostingsBucket
    #: Whoever splits a leaf gets in the way of all others.
    max_leaf_size = 60


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


def _items_of(state: Any) -> dict[Any, Any]:
    """What is in a leaf, by its record: keys and values by turns, and then the next leaf."""
    items = () if state is None else state[0]
    return dict(zip(items[::2], items[1::2], strict=True))


def _with_items(state: Any, items: Mapping[Any, Any]) -> Any:
    """The record of a leaf with other items in it."""
    by_turns = chain.from_iterable((key, items[key]) for key in sorted(items))
    return tuple(by_turns), *(state or ())[1:]


def _put(items: dict[Any, Any], key: Any, value: bytes) -> None:
    if value:
        items[key] = value
    else:
        items.pop(key, None)


def _merged(before: bytes, committed: bytes, new: bytes) -> bytes:
    """A set after both changes to it."""
    was, has, shall = (set(unpack("I", each)) for each in (before, committed, new))
    return pack("I", sorted(has - (was - shall) | (shall - was)))


def _opened(found: Any) -> PagedSet:
    return found if isinstance(found, NumberSet) else SmallSet(masks_of(unpack("I", found)))
