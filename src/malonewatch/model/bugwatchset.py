"""The set of all bug watches."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, cast

from BTrees.Length import Length
from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import (
    ObjectAddedEvent,
    ObjectCreatedEvent,
    ObjectModifiedEvent,
    ObjectRemovedEvent,
)

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchPage,
    BugWatchQuery,
    BugWatchTaken,
    IBugTrackerSet,
    IBugWatchSet,
    ILinkSet,
    NotFoundError,
    WatchChecks,
    WatchTally,
)
from malonewatch.model import recognition
from malonewatch.model.bugwatch import BugWatch
from malonewatch.model.checking import checks_of
from malonewatch.model.following import leave
from malonewatch.model.index import WatchIndex
from malonewatch.model.numbers import Numbered
from malonewatch.model.recognition import Reading
from malonewatch.model.search import search
from malonewatch.model.searches import matches, parse_search
from malonewatch.model.site import find_utility, query_utility
from malonewatch.model.tallies import tally_of
from malonewatch.model.times import now, to_seconds

LONGEST_REMOTE_ID = 200


@implementer(IBugWatchSet)
class BugWatchSet(Numbered):
    """See `IBugWatchSet`."""

    __parent__: Any = None
    __name__ = "bugwatches"
    #: What they are searched by; databases of 0.1.0 have none until they are upgraded.
    index: WatchIndex | None = None
    # Made when a watch has one.
    _own_intervals: Any = None

    def __init__(self) -> None:
        self._watches = LOBTree()
        self._length = Length()
        self.index = WatchIndex(self)

    def __iter__(self) -> Iterator[BugWatch]:
        return iter(self._watches.values())

    def watches_from(self, watch_id: int) -> Iterator[BugWatch]:
        """The watches from that number on, by number."""
        return iter(self._watches.values(min=watch_id))

    def count(self) -> int:
        return int(self._length())

    def get(self, watch_id: int) -> BugWatch:
        try:
            watch: BugWatch = self._watches[watch_id]
        except (KeyError, TypeError):
            raise NotFoundError(f"There is no bug watch {watch_id}.") from None
        return watch

    def createBugWatch(self, bug: Any, owner: Any, bugtracker: Any, remotebug: Any) -> BugWatch:
        remotebug = _check_place(bug, bugtracker, remotebug)
        watch_id = self._next_number(self._watches)
        watch = BugWatch(watch_id, bug, bugtracker, remotebug, owner)
        notify(ObjectCreatedEvent(watch))
        self._watches[watch_id] = watch
        self._length.change(1)
        moment = to_seconds(watch.datecreated)
        watch.slot = bugtracker.ledger.add(watch_id, remotebug, moment)
        bugtracker.note_moment(moment)
        bug.link(watch)
        if self.index is not None:
            self.index.add([watch])
        notify(ObjectAddedEvent(watch, self, watch.__name__))
        return watch

    def moveBugWatch(self, bugwatch: BugWatch, bugtracker: Any, remotebug: Any) -> None:
        remotebug = _check_place(bugwatch.bug, bugtracker, remotebug)
        moment = to_seconds(now())

        def change() -> None:
            bugwatch.bugtracker.ledger.remove(bugwatch.slot)
            slot = bugtracker.ledger.add(bugwatch.id, remotebug, moment)
            bugwatch.move(bugtracker, remotebug, slot, moment)

        self._replace(bugwatch, change)
        bugtracker.note_moment(moment)

    def relocateBugWatch(
        self, bugwatch: BugWatch, bugtracker: Any, remotebug: str, now: datetime
    ) -> BugWatch:
        moment = to_seconds(now)
        there = bugwatch.bug.getBugWatch(bugtracker, remotebug)
        if there is not None:
            there.absorb(bugwatch, moment)
            self._rebind_links(bugwatch, there)
            self.removeBugWatch(bugwatch)
            notify(ObjectModifiedEvent(there))
            return cast(BugWatch, there)

        def change() -> None:
            ledger = bugwatch.bugtracker.ledger
            checked = ledger.get(bugwatch.slot, "checked")
            ledger.remove(bugwatch.slot)
            slot = bugtracker.ledger.add(bugwatch.id, remotebug, moment)
            bugtracker.ledger.set(slot, checked=checked)
            bugwatch.log_place(moment)
            bugwatch.stand_for(bugtracker, remotebug, slot)

        self._replace(bugwatch, change)
        return bugwatch

    def carry_over(self, bugwatch: BugWatch, bugtracker: Any, remotebug: str) -> None:
        """Let a watch stand for what is the same remote bug by another name: all that is known of
        it stays."""

        def change() -> None:
            slot = bugtracker.ledger.adopt(bugwatch.bugtracker.ledger, bugwatch.slot, remotebug)
            bugwatch.stand_for(bugtracker, remotebug, slot)

        self._replace(bugwatch, change)

    def _replace(self, bugwatch: BugWatch, change: Callable[[], None]) -> None:
        """Let `change` make a watch stand for another remote bug, and find it there."""
        bug = bugwatch.bug
        leave(bugwatch)
        if self.index is not None:
            self.index.remove(bugwatch)
        bug.unlink(bugwatch)
        change()
        bug.link(bugwatch)
        if self.index is not None:
            self.index.add([bugwatch])
        notify(ObjectModifiedEvent(bugwatch))

    def _rebind_links(self, old: BugWatch, new: Any) -> None:
        links = query_utility(self, ILinkSet)
        if links is not None:
            links.rebind(old, new)

    def removeBugWatch(self, bugwatch: BugWatch) -> None:
        self._rebind_links(bugwatch, None)
        leave(bugwatch)
        if self.index is not None:
            self.index.remove(bugwatch)
        bugwatch.bug.unlink(bugwatch)
        bugwatch.bugtracker.ledger.remove(bugwatch.slot)
        self.set_own_interval(bugwatch.id, None)
        self._retire_number(self._watches, bugwatch.id)
        del self._watches[bugwatch.id]
        self._length.change(-1)
        notify(ObjectRemovedEvent(bugwatch, self, bugwatch.__name__))

    # The longest intervals of single watches, by number.

    @property
    def own_intervals(self) -> Any:
        return {} if self._own_intervals is None else self._own_intervals

    def set_own_interval(self, watch_id: int, seconds: float | None) -> None:
        if self._own_intervals is None and seconds is not None:
            self._own_intervals = LLBTree()
        if seconds is not None:
            self._own_intervals[watch_id] = int(seconds)
        elif self._own_intervals is not None:
            self._own_intervals.pop(watch_id, None)

    def search(self, query: BugWatchQuery) -> BugWatchPage:
        return search(self, query)

    def getChecks(self, bugwatches: Iterable[Any]) -> list[WatchChecks]:
        return checks_of(bugwatches, self.own_intervals)

    def getTally(self, bug: Any) -> WatchTally:
        return tally_of(self, bug)

    def parseSearch(self, text: str, now: datetime) -> BugWatchQuery:
        return parse_search(text, now)

    def isFoundBy(
        self, query: BugWatchQuery, bugwatch: Any, statuses: Iterable[BugTaskStatus]
    ) -> bool:
        return matches(query, bugwatch, statuses)

    # What URLs lead to.

    @property
    def _trackers(self) -> Any:
        return find_utility(self, IBugTrackerSet)

    def recognise(self, url: str) -> Reading:
        return recognition.recognise(self._trackers, url)

    def getReadings(self, url: str) -> list[Reading]:
        return recognition.get_readings(self._trackers, url)

    def recogniseText(self, text: str) -> Iterator[Reading]:
        return recognition.recognise_text(self._trackers, text)

    def extractBugTrackerAndBug(self, url: str) -> tuple[Any, str]:
        return recognition.extract_bug(self._trackers, url)

    def fromText(self, text: str, bug: Any, owner: Any) -> list[BugWatch]:
        return recognition.from_text(self._trackers, text, bug, owner)


def _check_place(bug: Any, bugtracker: Any, remotebug: Any) -> str:
    """The canonical id of the remote bug that `bug` can have a watch on.

    :raises BadInput: it can have none there.
    """
    if bugtracker.id is None:
        raise BadInput(f"{bugtracker.title} is not in the bug tracker set; add it first.")
    canonical = str(bugtracker.canonicalRemoteBug(remotebug))
    if not canonical or len(canonical) > LONGEST_REMOTE_ID or not canonical.isprintable():
        raise BadInput(f"{canonical!r} cannot be the id of a bug.")
    if bug.getBugWatch(bugtracker, canonical) is not None:
        raise BugWatchTaken(
            f"Bug {bug.id} has a watch on bug {canonical} of {bugtracker.title} already."
        )
    return canonical
