"""The set of all bug watches."""

from collections.abc import Iterator
from typing import Any

from BTrees.Length import Length
from BTrees.LOBTree import LOBTree
from persistent import Persistent
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectAddedEvent, ObjectCreatedEvent, ObjectRemovedEvent

from malonewatch.interfaces import (
    BadInput,
    BugWatchTaken,
    IBugTrackerSet,
    IBugWatchSet,
    NotFoundError,
)
from malonewatch.model import recognition
from malonewatch.model.bugwatch import BugWatch
from malonewatch.model.recognition import Reading
from malonewatch.model.site import find_utility
from malonewatch.model.times import to_seconds

LONGEST_REMOTE_ID = 200


@implementer(IBugWatchSet)
class BugWatchSet(Persistent):
    """See `IBugWatchSet`."""

    __parent__: Any = None
    __name__ = "bugwatches"

    def __init__(self) -> None:
        self._watches = LOBTree()
        self._length = Length()

    def __iter__(self) -> Iterator[BugWatch]:
        return iter(self._watches.values())

    def count(self) -> int:
        return self._length()

    def get(self, watch_id: int) -> BugWatch:
        try:
            return self._watches[watch_id]
        except (KeyError, TypeError):
            raise NotFoundError(f"There is no bug watch {watch_id}.") from None

    def createBugWatch(self, bug: Any, owner: Any, bugtracker: Any, remotebug: Any) -> BugWatch:
        if bugtracker.id is None:
            raise BadInput(f"{bugtracker.title} is not in the bug tracker set; add it first.")
        remotebug = bugtracker.canonicalRemoteBug(remotebug)
        if not remotebug or len(remotebug) > LONGEST_REMOTE_ID or not remotebug.isprintable():
            raise BadInput(f"{remotebug!r} cannot be the id of a bug.")
        if bug.getBugWatch(bugtracker, remotebug) is not None:
            raise BugWatchTaken(
                f"Bug {bug.id} has a watch on bug {remotebug} of {bugtracker.title} already."
            )
        watch_id = self._watches.maxKey() + 1 if self._watches else 1
        watch = BugWatch(watch_id, bug, bugtracker, remotebug, owner)
        notify(ObjectCreatedEvent(watch))
        self._watches[watch_id] = watch
        self._length.change(1)
        watch.slot = bugtracker.ledger.add(watch_id, remotebug, to_seconds(watch.datecreated))
        bugtracker.__parent__.latest.note(int(to_seconds(watch.datecreated)))
        bug.link(watch)
        notify(ObjectAddedEvent(watch, self, watch.__name__))
        return watch

    def removeBugWatch(self, bugwatch: BugWatch) -> None:
        bugwatch.bug.unlink(bugwatch)
        bugwatch.bugtracker.ledger.remove(bugwatch.slot)
        del self._watches[bugwatch.id]
        self._length.change(-1)
        notify(ObjectRemovedEvent(bugwatch, self, bugwatch.__name__))

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
