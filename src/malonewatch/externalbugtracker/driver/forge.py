"""Forges: hosts with very many projects, each with bugs of its own."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from malonewatch.externalbugtracker.driver.ask import Ask
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker


class Forge(ExternalBugTracker):
    """Base of types where a host is one bug tracker, whatever projects it has.

    A remote id is that of a place and a number there, ``owner/project#12``; one
    without a place is a bug of the host as a whole, where the type has such.
    Bugs are asked for place by place, and alone where there is but one.
    """

    #: What a place looks like, whole.
    place_pattern: ClassVar[str]
    #: How many bugs of a place are asked for in one question, at most.
    place_size: ClassVar[int] = 100

    @classmethod
    def canonical_place(cls, place: str) -> str:
        """The one way to write a place."""
        return place

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        place, number = split_id(remotebug.strip())
        place = cls.canonical_place(place) if place else ""
        number = super().canonicalRemoteBug(number)
        return f"{place}#{number}" if place else number

    @classmethod
    def is_valid(cls, remotebug: str) -> bool:
        place, number = split_id(remotebug)
        return re.fullmatch(cls.place_pattern, place) is not None and super().is_valid(number)

    def parts(self, remotebug: str) -> Mapping[str, str]:
        return dict(zip(("place", "id"), split_id(remotebug), strict=True))

    def called(self, remotebug: str) -> str:
        return split_id(remotebug)[1]

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        for place, some in by_place(ids).items():
            if place and len(some) > 1:
                for start in range(0, len(some), self.place_size):
                    yield from self.ask_many(some[start : start + self.place_size], None)
            else:
                yield from map(self.ask_one, some)


def split_id(remotebug: str) -> tuple[str, str]:
    """The place, which may be empty, and the number."""
    place, _, number = remotebug.rpartition("#")
    return place, number


def by_place(ids: Iterable[str]) -> dict[str, list[str]]:
    """`ids` by their place."""
    found: dict[str, list[str]] = {}
    for remotebug in ids:
        found.setdefault(split_id(remotebug)[0], []).append(remotebug)
    return found
