"""Local bugs."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from BTrees.LLBTree import LLTreeSet
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from persistent import Persistent
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectAddedEvent, ObjectCreatedEvent, ObjectRemovedEvent

from malonewatch.interfaces import (
    BadInput,
    IBug,
    IBugSet,
    IBugWatchSet,
    IMayBePrivate,
    NotFoundError,
)
from malonewatch.model.index import bug_retitled
from malonewatch.model.numbers import Numbered
from malonewatch.model.readonly import stored
from malonewatch.model.resultset import ResultSet
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_seconds, now, to_seconds


@implementer(IBug, IMayBePrivate)
class Bug(Persistent):
    """See `IBug`."""

    __parent__: Any = None
    private = False
    # Made with the first watch: most databases have more bugs than watches.
    _newest: LLTreeSet | None = None
    _by_remote: OLBTree | None = None

    id = stored("id")

    def __init__(self, id: int, title: str = "", owner: Any = None) -> None:
        self.__dict__.update(id=id, title=title)
        self.owner = owner
        self._datecreated = to_seconds(now())

    @property
    def __name__(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<Bug {self.id}>"

    @property
    def title(self) -> Any:
        return self.__dict__["title"]

    @title.setter
    def title(self, title: str) -> None:
        self.__dict__["title"] = title
        self._p_changed = True
        bug_retitled(self)

    @property
    def datecreated(self) -> datetime:
        return from_seconds(self._datecreated)

    @property
    def watches(self) -> ResultSet:
        return ResultSet(
            self._watches_from, lambda: len(self._newest) if self._newest is not None else 0
        )

    def _watches_from(self, start: int) -> Iterator[Any]:
        if self._newest is None:
            return
        watches = find_utility(self, IBugWatchSet)
        key = next(islice(self._newest.keys(), start, None), None)
        while key is not None:
            yield watches.get(-key)
            # Looked for anew: the watch may be gone by now.
            key = next(iter(self._newest.keys(key + 1)), None)

    def addWatch(self, bugtracker: Any, remotebug: Any, owner: Any) -> Any:
        found = self.getBugWatch(bugtracker, remotebug)
        if found is not None:
            return found
        return find_utility(self, IBugWatchSet).createBugWatch(self, owner, bugtracker, remotebug)

    def getBugWatch(self, bugtracker: Any, remotebug: Any) -> Any:
        if self._by_remote is None or bugtracker.id is None:
            return None
        watch_id = self._by_remote.get((bugtracker.id, bugtracker.canonicalRemoteBug(remotebug)))
        if watch_id is None:
            return None
        return find_utility(self, IBugWatchSet).get(watch_id)

    def removeWatch(self, bugwatch: Any) -> None:
        if self.getBugWatch(bugwatch.bugtracker, bugwatch.remotebug) is not bugwatch:
            raise NotFoundError(f"{bugwatch.title} is not watched for bug {self.id}.")
        find_utility(self, IBugWatchSet).removeBugWatch(bugwatch)

    def link(self, bugwatch: Any) -> None:
        if self._newest is None or self._by_remote is None:
            self._newest = LLTreeSet()
            self._by_remote = OLBTree()
        # Negative, so that the newest come first.
        self._newest.insert(-bugwatch.id)
        self._by_remote[bugwatch.bugtracker.id, bugwatch.remotebug] = bugwatch.id

    def unlink(self, bugwatch: Any) -> None:
        assert self._newest is not None and self._by_remote is not None
        self._newest.remove(-bugwatch.id)
        del self._by_remote[bugwatch.bugtracker.id, bugwatch.remotebug]


@implementer(IBugSet)
class BugSet(Numbered):
    """See `IBugSet`."""

    __parent__: Any = None
    __name__ = "bugs"

    def __init__(self) -> None:
        self._bugs = LOBTree()

    def __iter__(self) -> Iterator[Bug]:
        return iter(self._bugs.values())

    def count(self) -> int:
        return len(self._bugs)

    def get(self, bug_id: int) -> Bug:
        bug: Bug | None = self.query(bug_id)
        if bug is None:
            raise NotFoundError(f"There is no bug {bug_id}.")
        return bug

    def query(self, bug_id: int, default: Any = None) -> Any:
        return self._bugs.get(bug_id, default)

    def getBugsFrom(self, bug_id: int) -> Iterator[Bug]:
        return iter(self._bugs.values(min=bug_id))

    def createBug(self, title: str = "", owner: Any = None, id: int | None = None) -> Bug:
        if id is None:
            id = self._next_number(self._bugs)
        elif id in self._bugs:
            raise BadInput(f"There is a bug {id} already.")
        elif not 0 < id < 2**62:
            raise BadInput(f"{id} cannot be the number of a bug.")
        bug = Bug(id, title, owner)
        notify(ObjectCreatedEvent(bug))
        self._bugs[id] = bug
        bug.__parent__ = self
        notify(ObjectAddedEvent(bug, self, bug.__name__))
        return bug

    def removeBug(self, bug: Bug) -> None:
        if self.query(bug.id) is not bug:
            raise NotFoundError(f"There is no bug {bug.id}.")
        for watch in list(bug.watches):
            bug.removeWatch(watch)
        self._retire_number(self._bugs, bug.id)
        del self._bugs[bug.id]
        notify(ObjectRemovedEvent(bug, self, bug.__name__))
        bug.__parent__ = None
