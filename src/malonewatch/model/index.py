"""What bug watches are searched by: sets of their numbers, kept as they change."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface.interfaces import ComponentLookupError

from malonewatch.interfaces import IBugWatchSet
from malonewatch.model.moments import Moments
from malonewatch.model.numberset import NumberSet, PagedSet, SmallSet, masks_of
from malonewatch.model.postings import Postings
from malonewatch.model.relisting import Relisting
from malonewatch.model.site import find_utility
from malonewatch.model.times import to_seconds
from malonewatch.model.words import words_of

#: How many watches are put into an index in one transaction, and how many
#: within a second or so.
PORTION = 1000
QUICK = 3000

#: What is said of the first sight of a status, in 0.1.0 too.
FIRST_SIGHT = "nothing known -> "


def last_change(watch: Any) -> int:
    """When the status of `watch` last became another one, as in `Relisting.changed`."""
    changed = watch.lastchanged
    if changed is None:
        return 0
    for entry in watch.activity:
        # Where 0.1.0 wrote it, it is prose.
        if (
            entry.message.startswith(FIRST_SIGHT)
            and abs((entry.date - changed).total_seconds()) < 1
        ):
            return 0
    return int(to_seconds(changed))


class WatchIndex(Persistent):
    """The sets of all watches of a bug watch set.

    Whoever changes a watch says so here, in the same transaction, and once for
    all watches that a batch changes: `update`.
    """

    #: Whether all watches are in it.  Those of a database of 0.1.0 get into it
    #: by and by, in order of number; so far, up to this one.
    complete = True
    _grown_to = 0

    def __init__(self, watches: Any) -> None:
        self._watches = watches
        self._sets = OOBTree()
        self.words = Postings(OOBTree())
        self.bugs = Postings(LOBTree())
        #: When the status of a watch last became another one.
        self.changed = Moments()
        #: The same the other way round, by the negative of the moment, so that
        #: the latest is the first; without those whose status never did.
        self.changes = Postings(LOBTree())
        # The local bug's title, for watches whose remote one is not known.
        self._local_titles = LOBTree()

    # Watches come and go.

    def add(self, watches: Iterable[Any]) -> None:
        """Add watches, as they are; those that are there already stay."""
        sets, bugs = defaultdict(list), defaultdict(list)
        moments: dict[int, int] = {}
        titles: dict[int, tuple[str, str]] = {}
        for watch in watches:
            for key in _keys(watch):
                sets[key].append(watch.id)
            bugs[watch.bug_id].append(watch.id)
            moments[watch.id] = last_change(watch)
            titles[watch.id] = "", watch.remote_title or ""
        for key, numbers in sets.items():
            self._ensure(key).add(masks_of(numbers))
        _post(self.bugs, {}, bugs)
        self._note_changes(moments)
        self._retitle(titles)

    def remove(self, watch: Any) -> None:
        """Take out a watch, which is still as it was listed."""
        for key in _keys(watch):
            self._ensure(key).remove(masks_of([watch.id]))
        self.bugs.remove(watch.bug_id, [watch.id])
        self._note_changes({watch.id: 0})
        for word in words_of(self._local_titles.pop(watch.id, watch.remote_title or "")):
            self.words.remove(word, [watch.id])

    def grow(self, most: int) -> int:
        """Add the next watches, `most` of them at most, and return how many these are."""
        some = list(islice(self._watches.watches_from(self._grown_to + 1), most))
        self.add(some)
        if some:
            self._grown_to = some[-1].id
        self.complete = len(some) < most
        return len(some)

    def forget(self, tracker_id: int) -> None:
        """Drop the set of a bug tracker that has no watches any more."""
        self._sets.pop(("tracker", tracker_id), None)

    # Watches change.

    def update(self, relisting: Relisting) -> None:
        """Take over what changed."""
        for (kind, before, now), numbers in relisting.moves.items():
            masks = masks_of(numbers)
            if before:
                self._ensure((kind, before)).remove(masks)
            if now:
                self._ensure((kind, now)).add(masks)
        self._note_changes(relisting.moments)
        self._retitle(relisting.titles)

    def retitle(self, bug: Any) -> None:
        """Take over the title of a local bug, which is another one now."""
        self._retitle(
            {watch.id: ("", "") for watch in bug.watches if watch.id in self._local_titles}
        )

    def _retitle(self, titles: dict[int, tuple[str, str]]) -> None:
        gone, come = defaultdict(list), defaultdict(list)
        for watch_id, (before, now) in titles.items():
            before = self._local_titles.pop(watch_id, before)
            if not now:
                now = self._local_titles[watch_id] = self._watches.get(watch_id).bug.title or ""
            words, others = set(words_of(before)), set(words_of(now))
            for word in words - others:
                gone[word].append(watch_id)
            for word in others - words:
                come[word].append(watch_id)
        _post(self.words, gone, come)

    def _note_changes(self, moments: dict[int, int]) -> None:
        gone, come = defaultdict(list), defaultdict(list)
        noted = []
        for watch_id, moment in moments.items():
            before = self.changed.get(watch_id)
            if before != moment:
                noted.append((watch_id, moment))
                gone[-before].append(watch_id)
                come[-moment].append(watch_id)
        # Those that never did are not posted.
        gone.pop(0, None)
        come.pop(0, None)
        self.changed.set(noted)
        _post(self.changes, gone, come)

    # Looking.

    def get(self, kind: str, value: Any = "") -> PagedSet:
        """The watches with that ``status`` or ``error``, of that ``tracker``, or ``all``."""
        found: NumberSet | None = self._sets.get((kind, value))
        return SmallSet({}) if found is None else found

    def _ensure(self, key: tuple[str, Any]) -> NumberSet:
        found: NumberSet | None = self._sets.get(key)
        if found is None:
            found = self._sets[key] = NumberSet()
        return found


def bug_retitled(bug: Any, event: Any = None) -> None:
    """Subscriber: a local bug was modified; its title may be another one."""
    with contextlib.suppress(ComponentLookupError):
        index = find_utility(bug, IBugWatchSet).index
        if index is not None:
            index.retitle(bug)


def is_quick(trackers: Any) -> bool:
    """Whether building the index takes a second or less; `trackers` is the set of bug trackers."""
    return bool(find_utility(trackers, IBugWatchSet).count() <= QUICK)


def build(database: Any, progress: Callable[[int, int], None]) -> None:
    """Give the watches of a database of 0.1.0 an index."""

    def grow(trackers: Any) -> tuple[int, bool, int]:
        watches = find_utility(trackers, IBugWatchSet)
        if watches.index is None:
            watches.index = WatchIndex(watches)
            watches.index.complete = False
        grown = 0 if watches.index.complete else watches.index.grow(PORTION)
        return grown, watches.index.complete, watches.count()

    done, is_complete = 0, False
    while not is_complete:
        grown, is_complete, total = database.write(grow)
        done += grown
        progress(done, total)


def _keys(watch: Any) -> Iterator[tuple[str, Any]]:
    """What sets a watch is in, as it is."""
    yield "all", ""
    yield "tracker", watch.bugtracker.id
    yield "status", watch.status.name
    if watch.last_error_type is not None:
        yield "error", watch.last_error_type.name


def _post(postings: Postings, gone: Mapping[Any, list[int]], come: Mapping[Any, list[int]]) -> None:
    for key, numbers in gone.items():
        postings.remove(key, numbers)
    for key, numbers in come.items():
        postings.add(key, numbers)
