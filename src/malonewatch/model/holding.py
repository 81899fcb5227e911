"""What is held back of remote bugs, and how many these are."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from BTrees.Length import Length
from BTrees.OOBTree import OOBTree
from persistent import Persistent


class HeldBack(Persistent, MutableMapping[str, Any]):
    """By remote id, something; counting costs the same however much it is."""

    def __init__(self, things: Mapping[str, Any]) -> None:
        self._things = OOBTree(things)
        self._length = Length(len(self._things))

    def __len__(self) -> int:
        return int(self._length())

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __getitem__(self, remotebug: str) -> Any:
        return self._things[remotebug]

    def __setitem__(self, remotebug: str, thing: Any) -> None:
        if remotebug not in self._things:
            self._length.change(1)
        self._things[remotebug] = thing

    def __delitem__(self, remotebug: str) -> None:
        del self._things[remotebug]
        self._length.change(-1)
