"""Finding bug watches, a page at a time.

For each criterion the index has the set of the watches that it holds for, in
pages of some thousand numbers.  What is in all of the sets is found page by
page; so the first matches cost the first pages, whatever else there is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import islice
from typing import Any

from malonewatch.interfaces import BadInput, BugWatchPage, BugWatchQuery, IBugTrackerSet
from malonewatch.model.index import Keys, WatchIndex
from malonewatch.model.numberset import PAGE, PagedSet, Union, numbers_in
from malonewatch.model.site import find_utility
from malonewatch.model.times import to_seconds
from malonewatch.model.words import words_of

#: If words or a bug leave no more matches than that, these are put in order of
#: the last change; otherwise changes are gone through in order, for matches.
FEW = 2_000

#: No watch has a higher number, and no moment is later.
HIGHEST = 0xFFFFFFFF

#: After which watch a page begins: its number, or the second of its last change
#: and its number.
_CURSOR = re.compile("after-(?:([0-9]{1,10})-)?([0-9]{1,10})")


def search(watches: Any, query: BugWatchQuery) -> BugWatchPage:
    """See `IBugWatchSet.search`."""
    limit = query.limit
    if limit is not None and limit < 1:
        raise BadInput(f"A page has one bug watch at least, not {limit}.")
    start = _start(query)
    matches = Matches(watches, query)
    found = matches.by_change(*start) if query.newest_change_first else matches.by_number(start[1])
    shown = query.shown
    if shown is not None:
        found = (place for place in found if shown(watches.get(place[1])))
    page = list(islice(found, limit))
    cursor = None
    if next(found, None) is not None:
        second, number = page[-1]
        cursor = f"after-{second}-{number}" if query.newest_change_first else f"after-{number}"
    return BugWatchPage([watches.get(number) for _, number in page], cursor)


def _start(query: BugWatchQuery) -> tuple[int, int]:
    """After which (second, number) to begin."""
    if query.start is None:
        return HIGHEST, -1
    parts = _CURSOR.fullmatch(query.start)
    if parts is None or (parts[1] is not None) != query.newest_change_first:
        raise BadInput(f"{query.start[:50]!r} leads to no page of this search.")
    return int(parts[1] or 0), int(parts[2])


class Matches:
    """The watches that a query asks for, as (second of the last change, number).

    The second is 0 for a status that never became another one.
    """

    def __init__(self, watches: Any, query: BugWatchQuery) -> None:
        self._watches = watches
        self._index = index = index_of(watches)
        self._since = query.changed_since
        self._first = 0 if self._since is None else max(int(to_seconds(self._since)), 1)
        # The sets that a match is in; and those that are in order of the last
        # change too, by their keys, of some of which one counts.
        self._sets: list[PagedSet] = [index.get("all")]
        self._ordered: list[Keys] = []
        if query.meanings is not None:
            self._demand("status", [each.name for each in query.meanings])
        if query.errors is not None:
            self._demand("error", [each.name for each in query.errors])
        if query.tracker is not None:
            tracker = find_utility(watches, IBugTrackerSet).getByName(query.tracker)
            self._demand("tracker", [0 if tracker is None else tracker.id])
        unordered = []
        if query.bug is not None:
            unordered.append(index.bugs.get(query.bug if abs(query.bug) < 2**63 else 0))
        for word in query.words:
            words = words_of(word)
            if not words:
                raise BadInput(f"{word[:50]!r} has no letter and no digit to look for.")
            unordered += [index.words.get(each) for each in words]
        self._is_ordered = not unordered
        self._sets += unordered
        if not self._ordered:
            self._ordered.append([("all", 0)])
        if self._since is not None:
            # Roughly; see `_in_time`.
            self._sets.append(index.changed.since(self._first))

    def _demand(self, kind: str, values: Sequence[Any]) -> None:
        self._sets.append(Union([self._index.get(kind, value) for value in values]))
        self._ordered.append([(kind, value) for value in values])

    @cached_property
    def _pages(self) -> list[int]:
        """The pages that matches may be in."""
        return sorted(set.intersection(*(set(each.pages()) for each in self._sets)))

    def _bits(self, page: int) -> int:
        """The bits of those in a page that all criteria but the time hold for."""
        bits = -1
        for each in self._sets:
            bits &= each.bits(page)
            if not bits:
                break
        return bits

    def _in_time(self, number: int) -> bool:
        """Whether a watch that changed in a second that is late enough did so at the moment."""
        return self._since is None or self._watches.get(number).lastchanged >= self._since

    def by_number(self, after: int) -> Iterator[tuple[int, int]]:
        """Those with higher numbers than `after`."""
        changed = self._index.changed
        for page in self._pages:
            if page < after // PAGE:
                continue
            bits = self._bits(page)
            if self._since is None:
                numbers = numbers_in(page, bits, after)
            else:
                numbers = changed.select(page, bits, after, self._first, HIGHEST)
            for number in numbers:
                if self._in_time(number):
                    yield 0, number

    def by_change(self, second: int, after: int) -> Iterator[tuple[int, int]]:
        """Those that changed before that second, or in it with a higher number than `after`; the
        latest first."""
        start = _place(second, after)
        for place in self._sorted() if self._are_few() else self._changed(second):
            moment, number = HIGHEST - (place >> 32), place & HIGHEST
            if moment < self._first:
                return
            if place > start and self._in_time(number):
                yield moment, number

    def _are_few(self) -> bool:
        """Whether to put all in order, as there is no set that has nothing else and is in it."""
        if self._is_ordered:
            return False
        count = 0
        for page in self._pages:
            count += self._bits(page).bit_count()
            if count > FEW:
                return False
        return True

    def _sorted(self) -> list[int]:
        """The places of all."""
        moments = self._index.changed.moments
        return sorted(
            _place(moment, number)
            for page in self._pages
            for number, moment in moments(page, self._bits(page))
        )

    def _changed(self, second: int) -> Iterator[int]:
        """The places of all from that second back, in order."""
        bits = cache(self._bits)
        for moment, changed in self._changes(second):
            for page in sorted(changed.pages()):
                for number in numbers_in(page, bits(page) & changed.bits(page)):
                    yield _place(moment, number)
        for page in self._pages:
            for number in self._index.changed.select(page, bits(page), -1, 0, 0):
                yield _place(0, number)

    def _changes(self, second: int) -> Iterator[tuple[int, PagedSet]]:
        """The moments from that second back at which watches of all ordered sets changed, and
        what did of those of the first one; the latest first."""
        index = self._index
        while True:
            moments = [index.latest_change(keys, second) for keys in self._ordered]
            earliest = min(moments)
            if not earliest:
                return
            if earliest == max(moments):
                yield earliest, index.changed_at(self._ordered[0], earliest)
                second = earliest - 1
            else:
                # Nothing that changed later is in all of them.
                second = earliest


def _place(moment: int, number: int) -> int:
    """Where a watch is in order of the last change."""
    return (HIGHEST - moment) << 32 | number


def index_of(watches: Any) -> WatchIndex:
    """What a set of watches is searched by."""
    index: WatchIndex | None = watches.index
    if index is None or not index.complete:
        # In a database of 0.1.0 that is not upgraded: for this once.
        index = WatchIndex(watches)
        index.add(watches)
    return index
