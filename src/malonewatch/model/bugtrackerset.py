"""The set of all bug trackers."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from BTrees.OOBTree import OOBTree
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectAddedEvent, ObjectCreatedEvent, ObjectRemovedEvent

from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BrakeSettings,
    BugTrackerNameTaken,
    BugTrackerState,
    BugTrackerType,
    DueBugTrackers,
    IBugTrackerSet,
    ISubscriptionSet,
    NotFoundError,
    SiteFigures,
    UnknownBugTrackerType,
)
from malonewatch.model import schedule
from malonewatch.model.baseurl import (
    WEB,
    auto_name,
    auto_title,
    base_key,
    check_baseurl,
    common_key,
    host_key,
    parent_key,
    plain_path,
)
from malonewatch.model.brake import check_settings
from malonewatch.model.bugtracker import BugTracker
from malonewatch.model.claims import Claims
from malonewatch.model.duetrackers import find_due
from malonewatch.model.latest import Latest
from malonewatch.model.numbers import Numbered
from malonewatch.model.pages import NEVER
from malonewatch.model.site import query_utility
from malonewatch.model.times import from_seconds, to_seconds
from malonewatch.model.trackertypes import all_types, canonical_type, find_type

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,99}")


@implementer(IBugTrackerSet)
class BugTrackerSet(Numbered):
    """See `IBugTrackerSet`."""

    __parent__: Any = None
    __name__ = "bugtrackers"
    # Made when it is asked for, in databases of 0.1.0.
    _claims: Claims | None = None
    # Plain, so that the record does not depend on the class.
    _brake_settings: tuple[float, ...] = tuple(BrakeSettings())

    def __init__(self) -> None:
        self._claims = Claims()
        self._trackers = LOBTree()
        self._names = OLBTree()
        # By normalised base URL, those of aliases too.
        self._bases = OLBTree()
        # In order of title, with what a run wants to know before it looks at
        # a bug tracker: (name, title, base URL, active).
        self._titles = OOBTree()
        # When the first of each one's watches is due; until when those in
        # trouble are left alone.
        self._earliest = LLBTree()
        self._put_off = LLBTree()
        self.latest = Latest()

    @property
    def brake_settings(self) -> BrakeSettings:
        least, part, confirm_after = self._brake_settings
        return BrakeSettings(int(least), part, confirm_after)

    @brake_settings.setter
    def brake_settings(self, settings: BrakeSettings) -> None:
        check_settings(settings)
        self._brake_settings = tuple(settings)

    def __iter__(self) -> Iterator[BugTracker]:
        for _, tracker_id in self._titles:
            yield self._trackers[tracker_id]

    def __getitem__(self, name: str) -> BugTracker:
        tracker: BugTracker | None = self.getByName(name)
        if tracker is None:
            raise NotFoundError(f"There is no bug tracker named {name!r}.")
        return tracker

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._names

    def count(self) -> int:
        return len(self._trackers)

    def getByName(self, name: str, default: Any = None) -> Any:
        tracker_id = self._names.get(name)
        return default if tracker_id is None else self._trackers[tracker_id]

    def getByBaseURL(self, baseurl: str) -> Any:
        try:
            tracker_id = self._bases.get(base_key(baseurl))
        except ValueError:
            return None
        return None if tracker_id is None else self._trackers[tracker_id]

    def getByURLPrefix(self, url: SplitResult) -> Iterator[tuple[BugTracker, str]]:
        if not url.netloc:
            # Nothing can stand below an address.
            base = f"{url.scheme}:{url.path}"
            tracker = self.getByBaseURL(base)
            if tracker is not None:
                yield tracker, base
            return
        host = host_key(url)
        key = host + plain_path(url.path)
        while key:
            try:
                # Every base URL that `key` begins with comes before it in
                # order, and what comes between begins with that one too.
                nearest = self._bases.maxKey(key)
            except ValueError:
                return
            if nearest == key:
                base = f"{url.scheme}://{url.netloc}{key[len(host) :]}"
                yield self._trackers[self._bases[key]], base
                key = parent_key(key)
            else:
                key = common_key(key, nearest)

    def queryByBaseURL(self, baseurl: str) -> Any:
        tracker = self.getByBaseURL(baseurl)
        if tracker is None and baseurl:
            for candidate in self:
                if baseurl in candidate.baseurl:
                    return candidate
        return tracker

    def getBugTrackerTypes(self) -> list[tuple[BugTrackerType, Any]]:
        return all_types()

    def add(self, bugtracker: BugTracker) -> BugTracker:
        if bugtracker.id is not None:
            raise BadInput(f"{bugtracker.title} is in a bug tracker set already.")
        self._check_name(bugtracker.name)
        self._check_title(bugtracker.title)
        bugtracker.bugtrackertype = self.check_type(bugtracker.bugtrackertype)
        keys = self._check_bases(bugtracker, bugtracker.baseurl, bugtracker.aliases)
        notify(ObjectCreatedEvent(bugtracker))
        tracker_id = self._next_number(self._trackers)
        bugtracker.id = tracker_id
        bugtracker.__parent__ = self
        self._trackers[tracker_id] = bugtracker
        self._names[bugtracker.name] = tracker_id
        self.enlist(bugtracker)
        bugtracker.ledger.attach(self._earliest, tracker_id)
        bugtracker.learnPolling()
        for key in keys:
            self._bases[key] = tracker_id
        notify(ObjectAddedEvent(bugtracker, self, bugtracker.name))
        return bugtracker

    def remove(self, bugtracker: BugTracker) -> None:
        if self.getByName(bugtracker.name) is not bugtracker:
            raise NotFoundError(f"There is no bug tracker named {bugtracker.name!r}.")
        count = bugtracker.watches.count()
        if count:
            raise BadInput(
                f"{bugtracker.title} has watches, {count} of them; remove them first, or make it "
                "inactive."
            )
        subscriptions = query_utility(self, ISubscriptionSet)
        if subscriptions is not None:
            subscriptions.forget_tracker(bugtracker)
        self._retire_number(self._trackers, bugtracker.id)
        del self._trackers[bugtracker.id]
        del self._names[bugtracker.name]
        del self._titles[self._place(bugtracker)]
        self._earliest.pop(bugtracker.id, None)
        self._earliest.pop(_followed_key(bugtracker.id), None)
        self._put_off.pop(bugtracker.id, None)
        for url in (bugtracker.baseurl, *bugtracker.aliases):
            self._bases.pop(base_key(url), None)
        index = bugtracker.bugwatches.index
        if index is not None:
            index.forget(bugtracker.id)
        notify(ObjectRemovedEvent(bugtracker, self, bugtracker.name))
        bugtracker.__parent__ = bugtracker.id = None

    def ensureBugTracker(
        self,
        baseurl: str,
        owner: Any,
        bugtrackertype: BugTrackerType,
        title: str | None = None,
        summary: str = "",
        contactdetails: str = "",
        name: str | None = None,
        guessed: bool = False,
    ) -> BugTracker:
        found: BugTracker | None = self.getByBaseURL(baseurl)
        if found is not None:
            # Named on purpose now, even if it only stood in some text before.
            if found.guessed and not guessed:
                found.guessed = False
            return found
        check_baseurl(baseurl)
        if name is None:
            name = self._free_name(auto_name(baseurl))
        return self.add(
            BugTracker(
                name=name,
                title=title or auto_title(baseurl),
                bugtrackertype=bugtrackertype,
                baseurl=baseurl,
                summary=summary,
                contactdetails=contactdetails,
                owner=owner,
                guessed=guessed,
            )
        )

    def _free_name(self, stem: str) -> str:
        """`stem`, with a number where it is taken, found in as few look-ups as that has digits."""
        if stem not in self._names:
            return stem
        taken, free = 0, 1
        while f"{stem}-{free}" in self._names:
            taken, free = free, 2 * free
        while free - taken > 1:
            middle = (taken + free) // 2
            if f"{stem}-{middle}" in self._names:
                taken = middle
            else:
                free = middle
        return f"{stem}-{free}"

    def getBugTrackerStates(self, now: datetime) -> Iterator[BugTrackerState]:
        moment = to_seconds(now)
        for (_, tracker_id), (name, title, baseurl, active) in self._titles.items():
            put_off = self._put_off.get(tracker_id)
            yield BugTrackerState(
                name,
                title,
                baseurl,
                active,
                self.first_due(tracker_id) <= moment,
                None if put_off is None or put_off <= moment else from_seconds(put_off),
            )

    def first_due(self, tracker_id: int) -> int:
        """When the first is due of what is asked for there; `NEVER` if nothing ever is."""
        get = self._earliest.get
        return int(min(get(tracker_id, NEVER), get(_followed_key(tracker_id), NEVER)))

    def getDueBugTrackers(
        self, now: datetime, names: Iterable[str] | None = None
    ) -> DueBugTrackers:
        only = None if names is None else {self._names[name] for name in names if name in self}
        return find_due(self._trackers, self._earliest, self._put_off, to_seconds(now), only)

    def clockWentBack(self, now: datetime) -> bool:
        return to_seconds(now) < self.latest.moment - schedule.CLOCK_SKEW_LIMIT

    def setClockBack(self, now: datetime) -> None:
        self.latest.moment = int(to_seconds(now))

    def getMostActiveBugTrackers(self, limit: int | None = None) -> list[BugTracker]:
        counted = [(tracker.watches.count(), tracker) for tracker in self]
        # Stable: those with as many watches stay in order of title.
        counted.sort(key=lambda pair: -pair[0])
        return [tracker for count, tracker in counted if count][:limit]

    def getFigures(self, now: datetime) -> SiteFigures:
        # Only now: most programs never want to know.
        from malonewatch.model.figures import site_figures

        return site_figures(self, now)

    @property
    def claims(self) -> Claims:
        if self._claims is None:
            self._claims = Claims()
        return self._claims

    # What its bug trackers call when they change.

    def rename(self, bugtracker: BugTracker, name: str) -> None:
        if name != bugtracker.name:
            self._check_name(name)
            del self._names[bugtracker.name]
            self._names[name] = bugtracker.id

    def delist(self, bugtracker: BugTracker, title: str) -> None:
        """Make room for another title."""
        self._check_title(title)
        del self._titles[self._place(bugtracker)]

    def enlist(self, bugtracker: BugTracker) -> None:
        """Note its title, and what a run wants to know."""
        self._titles[self._place(bugtracker)] = (
            bugtracker.name,
            bugtracker.title,
            bugtracker.baseurl,
            bugtracker.active,
        )

    def _place(self, bugtracker: BugTracker) -> tuple[str, int | None]:
        return bugtracker.title.casefold(), bugtracker.id

    def note_followed(self, bugtracker: BugTracker, due: int) -> None:
        """Note when the first of what is followed there is due by itself."""
        key = _followed_key(bugtracker.id)
        if self._earliest.get(key, NEVER) != due:
            self._earliest[key] = due

    def by_id(self, tracker_id: int) -> BugTracker | None:
        """The bug tracker of that number, None if there is none any more."""
        found: BugTracker | None = self._trackers.get(tracker_id)
        return found

    def put_off(self, bugtracker: BugTracker, moment: float | None) -> None:
        if moment is None:
            self._put_off.pop(bugtracker.id, None)
        else:
            self._put_off[bugtracker.id] = int(moment) + 1

    def move(self, bugtracker: BugTracker, baseurl: str, aliases: tuple[str, ...]) -> None:
        keys = self._check_bases(bugtracker, baseurl, aliases)
        for url in (bugtracker.baseurl, *bugtracker.aliases):
            self._bases.pop(base_key(url), None)
        for key in keys:
            self._bases[key] = bugtracker.id

    def rekey_bases(self) -> None:
        """Take over what `base_key` makes of the keys that an earlier version made."""
        for key in [key for key in self._bases if base_key(key) != key]:
            # Where two have become one, the bug tracker that had it keeps it.
            self._bases.insert(base_key(key), self._bases.pop(key))

    def check_type(self, bugtrackertype: str) -> BugTrackerType:
        """The type of that name, whatever its case."""
        found = canonical_type(bugtrackertype)
        if found is None:
            known = ", ".join(name for name, _ in self.getBugTrackerTypes())
            raise UnknownBugTrackerType(
                f"There is no bug tracker type {str(bugtrackertype)!r}; those known are {known}."
            )
        return found

    def _check_name(self, name: str) -> None:
        if _NAME.fullmatch(name) is None:
            raise BadInput(
                f"{name!r} cannot be a bug tracker's name: 2 to 100 lower-case letters, digits "
                "and any of +.- after the first."
            )
        if name in self._names:
            raise BugTrackerNameTaken(f"There is a bug tracker named {name!r} already.")

    def _check_title(self, title: str) -> None:
        if not title.strip() or not title.isprintable():
            raise BadInput("A bug tracker's title is one line, and not empty.")

    def _check_bases(
        self, bugtracker: BugTracker, baseurl: str, aliases: Iterable[str]
    ) -> dict[str, str]:
        keys = {}
        external = find_type(bugtracker.bugtrackertype)
        # Types that others wrote before may not say.
        schemes = getattr(external, "schemes", WEB)
        for url in (baseurl, *aliases):
            check_baseurl(url, schemes)
            keys[base_key(url)] = url
        for key, url in keys.items():
            owner = self._bases.get(key)
            if owner is not None and owner != bugtracker.id:
                raise BaseURLTaken(
                    f"{url} belongs to the bug tracker {self._trackers[owner].name!r} already."
                )
        return keys


def _followed_key(tracker_id: Any) -> int:
    """Where the set keeps the earliest `due` of what is followed to on a bug tracker."""
    return -int(tracker_id)
