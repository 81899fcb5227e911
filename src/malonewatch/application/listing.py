"""Listing watches: those that a person looks for, a page at a time."""

import dataclasses
import enum
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from zope.component import getUtility

from malonewatch.application.facts import WatchFacts, now
from malonewatch.application.privacy import remote_title_of, shown, title_of
from malonewatch.application.references import find_tracker
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchErrorType,
    BugWatchPage,
    BugWatchQuery,
    IBugSet,
    IBugWatchSet,
    Scope,
    folded,
    meanings_of,
)

#: How many watches are read in one transaction.
PAGE = 500


class Order(enum.Enum):
    """In which order watches are listed; where two are equal, by number."""

    NUMBER = "number"
    CHANGED = "changed"
    TRACKER = "tracker"
    TITLE = "title"
    STATUS = "status"


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which watches a person looks for; all that is given has to hold.

    - `bug`: the number of a bug of ours,
    - `tracker`: the name or a URL of a bug tracker,
    - `statuses`: the status is one of these: ``open``, ``closed`` or ``fixed``,
      a meaning such as ``Won't Fix``, else a remote status or a word of it;
      case, blanks and punctuation do not matter,
    - `errors`: the last check failed like one of these,
    - `changed_since`: the status became another one then or later; the first
      sight does not count,
    - `words`: each stands in the remote title, or in ours while that is not known,
    - `search`: the same as a search, for what is not given otherwise; see
      `IBugWatchSet.parseSearch`,
    - `order`, and `limit`: no more than so many of them.
    """

    bug: int | None = None
    tracker: str | None = None
    statuses: tuple[str, ...] = ()
    errors: frozenset[BugWatchErrorType] | None = None
    changed_since: datetime | None = None
    words: tuple[str, ...] = ()
    search: str = ""
    order: Order = Order.NUMBER
    limit: int | None = None


def list_watches(database: Any, wanted: Wanted) -> Iterator[list[WatchFacts]]:
    """The watches that are wanted, page after page; no page is empty.

    Each page is read in a transaction of its own.  The time goes with what is
    looked at: for remote words all that the rest leaves, and to sort by title
    as well; the titles are kept in memory then, and nothing else.

    :raises NotFoundError: there is no such bug or bug tracker.
    :raises BadInput: a status has no letter or digit in it; or the search
        cannot be read, or says what is given otherwise.
    """
    if wanted.search:
        wanted = _searched(database, wanted)
    meanings, words = _meanings_and_words(wanted.statuses)
    queries = database.read(lambda trackers: _queries(trackers, wanted, meanings, words))
    matches = _matcher(meanings, words)
    if wanted.order is Order.TITLE:
        pages = _by_title(database, queries, matches, wanted.limit)
    else:
        pages = _in_order(database, queries, matches)
    return _limited(pages, wanted.limit)


@dataclasses.dataclass(frozen=True, slots=True)
class WatchPage:
    """Some of the watches that were looked for; `next` leads to more, None if there are none."""

    watches: tuple[WatchFacts, ...]
    next: str | None


@remote(Scope.READ)
def find_page(
    database: Any,
    search: str = "",
    newest_change_first: bool = False,
    start: str | None = None,
    size: int = 50,
) -> WatchPage:
    """A page of the watches that a search finds, as `IBugWatchSet.parseSearch` has it.

    By number, or in order of the last change; `start` is the `next` of the page before.  The
    time goes with the page.

    :raises BadInput: the search cannot be read; or `start` leads nowhere.
    """

    def step(trackers: Any) -> WatchPage:
        watches = getUtility(IBugWatchSet)
        query = watches.parseSearch(search, now())
        query = dataclasses.replace(
            query,
            newest_change_first=newest_change_first,
            start=start,
            limit=size,
            shown=shown() if query.words else None,
        )
        found: BugWatchPage = watches.search(query)
        return WatchPage(tuple(WatchFacts.of_all(found.watches)), found.next)

    page: WatchPage = database.read(step)
    return page


def _searched(database: Any, wanted: Wanted) -> Wanted:
    """`wanted` with what its search looks for."""
    query: BugWatchQuery = database.read(
        lambda trackers: getUtility(IBugWatchSet).parseSearch(wanted.search, now())
    )
    found: dict[str, Any] = {
        "bug": query.bug,
        "tracker": query.tracker,
        "statuses": tuple(sorted(each.name for each in query.meanings or ())),
        "errors": query.errors,
        "changed_since": query.changed_since,
        "words": query.words,
    }
    found = {name: value for name, value in found.items() if value not in (None, ())}
    for name in found:
        if getattr(wanted, name) not in (None, ()):
            raise BadInput(f"The search has the {_CALLED[name]} in it; give that once.")
    return dataclasses.replace(wanted, search="", **found)


_CALLED = {
    "bug": "bug",
    "tracker": "bug tracker",
    "statuses": "status",
    "errors": "error",
    "changed_since": "time of the change",
    "words": "title",
}


def _meanings_and_words(
    statuses: Iterable[str],
) -> tuple[frozenset[BugTaskStatus], frozenset[str]]:
    """The meanings in `statuses`, and the rest: what may be remote words."""
    meanings: set[BugTaskStatus] = set()
    words = set()
    for status in statuses:
        meaning = meanings_of(status)
        if meaning is not None:
            meanings |= meaning
        elif folded(status):
            words.add(folded(status))
        else:
            raise BadInput("A status has to have a letter or a digit in it.")
    return frozenset(meanings), frozenset(words)


def _queries(
    trackers: Any, wanted: Wanted, meanings: frozenset[BugTaskStatus], words: frozenset[str]
) -> list[BugWatchQuery]:
    """What to search for, one after the other, so that the watches come in the right order."""
    if wanted.bug is not None:
        # Does it exist?
        getUtility(IBugSet).get(wanted.bug)
    tracker = None if wanted.tracker is None else find_tracker(trackers, wanted.tracker).name
    query = BugWatchQuery(
        bug=wanted.bug,
        tracker=tracker,
        # Remote words are looked for among all that the rest leaves.
        meanings=meanings if meanings and not words else None,
        errors=wanted.errors,
        changed_since=wanted.changed_since,
        words=wanted.words,
        shown=shown() if wanted.words else None,
        newest_change_first=wanted.order is Order.CHANGED,
        limit=PAGE if words or wanted.limit is None else min(wanted.limit, PAGE),
    )
    if wanted.order is Order.TRACKER and tracker is None:
        names = [each.name for each in trackers if each.watches.count()]
        return [dataclasses.replace(query, tracker=name) for name in names]
    if wanted.order is Order.STATUS:
        return [
            dataclasses.replace(query, meanings=frozenset({status}))
            for status in BugTaskStatus
            if query.meanings is None or status in query.meanings
        ]
    return [query]


def _matcher(
    meanings: frozenset[BugTaskStatus], words: frozenset[str]
) -> Callable[[Any], bool] | None:
    """Whether a watch has one of these statuses; None if the search sees to that."""
    if not words:
        return None

    def matches(watch: Any) -> bool:
        if watch.status in meanings:
            return True
        remotestatus = watch.remotestatus or ""
        return not words.isdisjoint(map(folded, (remotestatus, *remotestatus.split())))

    return matches


def _pages(
    database: Any,
    query: BugWatchQuery,
    matches: Callable[[Any], bool] | None,
    values_of: Callable[[Sequence[Any]], list[Any]],
) -> Iterator[list[Any]]:
    """The values of all that match, page after page."""

    def step(trackers: Any) -> tuple[list[Any], str | None]:
        found: BugWatchPage = getUtility(IBugWatchSet).search(query)
        watches = [watch for watch in found.watches if matches is None or matches(watch)]
        return values_of(watches), found.next

    while True:
        values, following = database.read(step)
        if values:
            yield values
        if following is None:
            return
        query = dataclasses.replace(query, start=following)


def _in_order(
    database: Any,
    queries: Sequence[BugWatchQuery],
    matches: Callable[[Any], bool] | None,
) -> Iterator[list[WatchFacts]]:
    for query in queries:
        yield from _pages(database, query, matches, WatchFacts.of_all)


def _by_title(
    database: Any,
    queries: Sequence[BugWatchQuery],
    matches: Callable[[Any], bool] | None,
    limit: int | None,
) -> Iterator[list[WatchFacts]]:
    keys = (
        key
        for query in queries
        for page in _pages(database, query, matches, _title_keys)
        for key in page
    )
    chosen = sorted(keys) if limit is None else heapq.nsmallest(limit, keys)
    for start in range(0, len(chosen), PAGE):
        numbers = [number for _, number in chosen[start : start + PAGE]]
        yield database.read(lambda trackers, numbers=numbers: WatchFacts.of_numbers(numbers))


def _title_keys(watches: Iterable[Any]) -> list[tuple[str, int]]:
    return [(_title(watch)[:100].casefold(), watch.id) for watch in watches]


def _title(watch: Any) -> str:
    return remote_title_of(watch) or title_of(watch.bug)


def _limited(pages: Iterator[list[WatchFacts]], limit: int | None) -> Iterator[list[WatchFacts]]:
    left = limit
    for page in pages:
        if left is None:
            yield page
            continue
        yield page[:left]
        left -= len(page)
        if left <= 0:
            return
