"""Which links of before are those of now.  Pure."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from malonewatch.interfaces import Place


class Known(NamedTuple):
    """A link that is in the database: its number, where it leads to, and where it is."""

    id: int
    url: str
    place: Place


class Seen(NamedTuple):
    """A link that is in the tree."""

    url: str
    place: Place


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done so that the database has what is in the tree.

    - `added`: the links that are new,
    - `moved`: the numbers of those that are elsewhere, or have other words
      around them, and where they are now,
    - `removed`: the numbers of those that are gone,
    - `kept`: how many stay as they are.
    """

    added: tuple[Seen, ...]
    moved: tuple[tuple[int, Place], ...]
    removed: tuple[int, ...]
    kept: int

    @property
    def is_change(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.added or self.moved or self.removed)


def match(before: Iterable[Known], now: Iterable[Seen]) -> Plan:
    """What leads from `before` to `now`.

    A link is the same one if it leads to the same bug and is where it was;
    else in the same file with the same words around it; else in the same
    file; else in another file with the same words.
    """
    old: dict[str, list[Known]] = defaultdict(list)
    new: dict[str, list[Seen]] = defaultdict(list)
    for known in before:
        old[known.url].append(known)
    for seen in now:
        new[seen.url].append(seen)
    added: list[Seen] = []
    moved: list[tuple[int, Place]] = []
    removed: list[int] = []
    kept = 0
    for url in {**old, **new}:
        pairs, rest, left = _pair(old[url], new[url])
        for known, seen in pairs:
            # What has other words around it is written anew as well.
            if known.place == seen.place:
                kept += 1
            else:
                moved.append((known.id, seen.place))
        removed += [known.id for known in rest]
        added += left
    return Plan(
        tuple(sorted(added, key=lambda seen: seen.place[:3])),
        tuple(sorted(moved)),
        tuple(sorted(removed)),
        kept,
    )


_ALIKE: Sequence[Callable[[Place], Hashable]] = (
    lambda place: place,
    lambda place: (place.path, place.text),
    lambda place: place.path,
    lambda place: place.text,
)


def _pair(
    old: list[Known], new: list[Seen]
) -> tuple[list[tuple[Known, Seen]], list[Known], list[Seen]]:
    """Those that are the same, and what is left of either."""
    pairs: list[tuple[Known, Seen]] = []
    for alike in _ALIKE:
        waiting: dict[Any, list[Known]] = defaultdict(list)
        for known in reversed(old):
            waiting[alike(known.place)].append(known)
        left = []
        for seen in new:
            same = waiting.get(alike(seen.place))
            if same:
                pairs.append((same.pop(), seen))
            else:
                left.append(seen)
        new = left
        found = {known.id for known, _ in pairs}
        old = [known for known in old if known.id not in found]
    return pairs, old, new
