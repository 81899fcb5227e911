"""The set of all bug watches."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from BTrees.Length import Length
from BTrees.LOBTree import LOBTree
from persistent import Persistent
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectAddedEvent, ObjectCreatedEvent, ObjectRemovedEvent

from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    BugWatchTaken,
    IBugTrackerSet,
    IBugWatchSet,
    NoBugTrackerFound,
    NotFoundError,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model.bugwatch import BugWatch
from malonewatch.model.site import find_utility
from malonewatch.model.times import to_seconds

# Quotation marks and the punctuation of scripts without spaces end a URL too.
_URL = re.compile(
    r"""https?://[^\s<>"'`{}|\\^“”„‟‘’‚«»‹›…、。，；：！？（）「」『』【】《》〈〉]+""",
    re.IGNORECASE,
)
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

    def extractBugTrackerAndBug(self, url: str) -> tuple[Any, str]:
        trackers = find_utility(self, IBugTrackerSet)
        baseurl, remotebug, bugtrackertype = self._recognise(trackers, url)
        bugtracker = trackers.getByBaseURL(baseurl)
        if bugtracker is None:
            raise NoBugTrackerFound(baseurl, remotebug, bugtrackertype)
        if bugtracker.bugtrackertype != bugtrackertype:
            # There is one of another type, which knows no such URL.
            raise UnrecognizedBugTrackerURL(url)
        return bugtracker, bugtracker.canonicalRemoteBug(remotebug)

    def _recognise(self, trackers: Any, url: str) -> tuple[str, str, BugTrackerType]:
        try:
            parts = urlsplit(url.strip())
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
                raise ValueError(url)
            parts.port  # noqa: B018 - raises where it is no number
        except ValueError:
            raise UnrecognizedBugTrackerURL(_without_user(url)) from None
        types = dict(trackers.getBugTrackerTypes())
        for bugtracker in trackers.getByURLPrefix(parts):
            external = types.get(bugtracker.bugtrackertype)
            if external is not None:
                found = external.parseBugURL(parts, bugtracker.baseurl.rstrip("/"))
                if found is not None:
                    return (*found, bugtracker.bugtrackertype)
        for bugtrackertype, external in types.items():
            found = external.parseBugURL(parts)
            if found is not None:
                return (*found, bugtrackertype)
        raise UnrecognizedBugTrackerURL(url)

    def fromText(self, text: str, bug: Any, owner: Any) -> list[BugWatch]:
        trackers = find_utility(self, IBugTrackerSet)
        added = []
        for match in _URL.finditer(text):
            try:
                bugtracker, remotebug = self.extractBugTrackerAndBug(_trimmed(match.group()))
            except UnrecognizedBugTrackerURL:
                continue
            except NoBugTrackerFound as missing:
                remotebug = missing.remotebug
                try:
                    bugtracker = trackers.ensureBugTracker(
                        missing.baseurl, owner, missing.bugtrackertype, guessed=True
                    )
                except BadInput:
                    # Something that only looks like a URL, or is far too long.
                    continue
            if bug.getBugWatch(bugtracker, remotebug) is None:
                added.append(bug.addWatch(bugtracker, remotebug, owner))
        return added


def _without_user(url: str) -> str:
    """Without the user name and password that a URL may begin with."""
    return re.sub("//[^/?#]*@", "//", url)


def _trimmed(url: str) -> str:
    """Without the punctuation that belongs to the sentence around a URL."""
    while url:
        last = url[-1]
        opening = {")": "(", "]": "["}.get(last)
        if last in ".,;:!?*_" or (opening and url.count(last) > url.count(opening)):
            url = url[:-1]
        else:
            break
    return url
