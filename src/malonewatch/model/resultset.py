"""Lazy sequences of persistent objects."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from zope.interface import implementer

from malonewatch.interfaces import IResultSet


@implementer(IResultSet)
class ResultSet:
    """See `IResultSet`.

    `iterate` yields the results from that index on, cheaply; `count` counts
    them without looking at any.
    """

    def __init__(self, iterate: Callable[[int], Iterator[Any]], count: Callable[[], int]):
        self._iterate = iterate
        self._count = count

    def count(self) -> int:
        return self._count()

    __len__ = count

    def __iter__(self) -> Iterator[Any]:
        return self._iterate(0)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            start, stop = index.start or 0, index.stop
            step = 1 if index.step is None else index.step
            if start < 0 or (stop is not None and stop < 0) or step < 1:
                # Only these ask for the count, which may have to be counted.
                start, stop, step = index.indices(self.count())
            if step < 0:
                return [self[position] for position in range(start, stop, step)]
            length = None if stop is None else max(stop - start, 0)
            return list(islice(self._iterate(start), 0, length, step))
        position = index + self.count() if index < 0 else index
        if position >= 0:
            for result in self._iterate(position):
                return result
        raise IndexError(f"There is no result {index}.")
