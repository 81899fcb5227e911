"""What bug watches are searched by: sets of their numbers, kept as they change."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface.interfaces import ComponentLookupError

from malonewatch.interfaces import IBugWatchSet
from malonewatch.model.moments import Moments
from malonewatch.model.numberset import NumberSet, PagedSet, SmallSet, Union, masks_of
from malonewatch.model.postings import Postings, PostingsTree
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


#: The keys of some sets: ``all``, ``tracker``, ``status`` or ``error``, and which.
Keys = Sequence[tuple[str, Any]]

#: By some key, numbers of watches.
_Numbers = dict[Any, list[int]]


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
        self.words = Postings(PostingsTree())
        self.bugs = Postings(LOBTree())
        #: When the status of a watch last became another one.
        self.changed = Moments()
        #: The same the other way round, for each of the sets: its key and the
        #: negative of the moment, so that the latest is the first; without
        #: those whose status never did.
        self.changes = Postings(PostingsTree())
        # The local bug's title, for watches whose remote one is not known.
        self._local_titles = LOBTree()

    # Watches come and go.

    def add(self, watches: Iterable[Any]) -> None:
        """Add watches, as they are; those that are there already stay."""
        sets: _Numbers = defaultdict(list)
        bugs: _Numbers = defaultdict(list)
        changes: _Numbers = defaultdict(list)
        moments: list[tuple[int, int]] = []
        titles: dict[int, tuple[str, str]] = {}
        for watch in watches:
            moment = last_change(watch)
            for kind, value in _keys_of(watch):
                sets[kind, value].append(watch.id)
                if moment:
                    changes[kind, value, -moment].append(watch.id)
            moments.append((watch.id, moment))
            bugs[watch.bug_id].append(watch.id)
            titles[watch.id] = "", watch.remote_title or ""
        for key, numbers in sets.items():
            self._ensure(key).add(masks_of(numbers))
        self.changed.set(moments)
        _post(self.changes, {}, changes)
        _post(self.bugs, {}, bugs)
        self._retitle(titles)

    def remove(self, watch: Any) -> None:
        """Take out a watch, which is still as it was listed."""
        numbers = [watch.id]
        moment = self.changed.get(watch.id)
        for key in _keys_of(watch):
            self._ensure(key).remove(masks_of(numbers))
            self.changes.remove((*key, -moment), numbers)
        self.changed.set([(watch.id, 0)])
        self.bugs.remove(watch.bug_id, numbers)
        for word in words_of(self._local_titles.pop(watch.id, watch.remote_title or "")):
            self.words.remove(word, numbers)

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
        # Those that went the same way: statuses, errors and moments, before and now.
        ways: _Numbers = defaultdict(list)
        moments = []
        for watch_id in {**relisting.statuses, **relisting.errors}:
            before = self.changed.get(watch_id)
            now = relisting.moments.get(watch_id, before)
            if before != now:
                moments.append((watch_id, now))
            statuses = relisting.statuses.get(watch_id, ("", ""))
            errors = relisting.errors.get(watch_id, ("", ""))
            ways[statuses, errors, (before, now)].append(watch_id)
        self.changed.set(moments)
        gone: _Numbers = defaultdict(list)
        come: _Numbers = defaultdict(list)
        for (statuses, errors, (before, now)), numbers in ways.items():
            if statuses[0] != statuses[1]:
                self._shift("status", statuses, numbers)
            if errors[0] != errors[1]:
                self._shift("error", errors, numbers)
            keys = [("all", 0), ("tracker", relisting.tracker_id)] if before != now else []
            for changes, moment, place in ((gone, before, 0), (come, now, 1)):
                found = [*keys, ("status", statuses[place]), ("error", errors[place])]
                for kind, value in found if moment else ():
                    if value != "":
                        changes[kind, value, -moment] += numbers
        _post(self.changes, gone, come)
        self._retitle(relisting.titles)

    def _shift(self, kind: str, names: tuple[str, str], numbers: list[int]) -> None:
        masks = masks_of(numbers)
        before, now = names
        if before:
            self._ensure((kind, before)).remove(masks)
        if now:
            self._ensure((kind, now)).add(masks)

    def retitle(self, bug: Any) -> None:
        """Take over the title of a local bug, which is another one now."""
        self._retitle(
            {watch.id: ("", "") for watch in bug.watches if watch.id in self._local_titles}
        )

    def _retitle(self, titles: dict[int, tuple[str, str]]) -> None:
        gone: _Numbers = defaultdict(list)
        come: _Numbers = defaultdict(list)
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

    # Looking.

    def get(self, kind: str, value: Any = 0) -> PagedSet:
        """The watches with that ``status`` or ``error``, of that ``tracker``, or ``all``."""
        found: NumberSet | None = self._sets.get((kind, value))
        return SmallSet({}) if found is None else found

    def latest_change(self, keys: Keys, second: int) -> int:
        """The latest moment, up to that second, at which a watch in any of those sets changed for
        the last time; 0 if there is none."""
        found = (self.changes.first((*key, -second), (*key, -1)) for key in keys)
        return max((-each[-1] for each in found if each is not None), default=0)

    def changed_at(self, keys: Keys, moment: int) -> PagedSet:
        """Those that did at that moment."""
        return Union([self.changes.get((*key, -moment)) for key in keys])

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


def _keys_of(watch: Any) -> Iterator[tuple[str, Any]]:
    """What sets a watch is in, as it is."""
    yield "all", 0
    yield "tracker", watch.bugtracker.id
    yield "status", watch.status.name
    if watch.last_error_type is not None:
        yield "error", watch.last_error_type.name


def _post(postings: Postings, gone: _Numbers, come: _Numbers) -> None:
    for key, numbers in gone.items():
        postings.remove(key, numbers)
    for key, numbers in come.items():
        postings.add(key, numbers)
