"""How many watches a bug has, and of which kinds, without a look at each."""

from collections.abc import Iterable
from typing import Any

from malonewatch.interfaces import BugTaskStatus, BugWatchErrorType, WatchTally
from malonewatch.model.index import WatchIndex

#: As many watches are looked at faster than the index is.
FEW = 20


def tally_of(watches: Any, bug: Any) -> WatchTally:
    """See `IBugWatchSet.getTally`."""
    index, count = watches.index, bug.watches.count()
    if count > FEW and index is not None and index.complete:
        return _by_index(index, bug.id, count)
    return _by_look(bug.watches)


def _by_look(watches: Iterable[Any]) -> WatchTally:
    some = list(watches)
    return WatchTally(
        len(some),
        sum(watch.status.is_open for watch in some),
        sum(watch.status.is_closed for watch in some),
        sum(watch.last_error_type is not None for watch in some),
    )


def _by_index(index: WatchIndex, bug_id: int, count: int) -> WatchTally:
    of_bug = index.bugs.get(bug_id)
    bits = {page: of_bug.bits(page) for page in of_bug.pages()}

    def counted(kind: str, names: Iterable[str]) -> int:
        # A watch is in one set of a kind, or in none.
        sets = [index.get(kind, name) for name in names]
        return sum((bits[page] & each.bits(page)).bit_count() for each in sets for page in bits)

    return WatchTally(
        count,
        counted("status", [each.name for each in BugTaskStatus if each.is_open]),
        counted("status", [each.name for each in BugTaskStatus if each.is_closed]),
        counted("error", [each.name for each in BugWatchErrorType]),
    )
