"""Bug trackers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from zope.component import queryAdapter
from zope.interface import implementer

from malonewatch.interfaces import (
    Applied,
    BadInput,
    Batch,
    Brake,
    BrakeSettings,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchChange,
    DailyCounters,
    Fetched,
    IBugTracker,
    IBugWatchSet,
    IExternalBugTracker,
    Mappings,
    Politeness,
    Polling,
    Totals,
    UnknownWord,
)
from malonewatch.model import applying, following, rereading, schedule, ways
from malonewatch.model.asking import due_batches
from malonewatch.model.baseurl import base_key, check_baseurl, origin_of
from malonewatch.model.condition import Condition
from malonewatch.model.counters import Counters
from malonewatch.model.enums import member
from malonewatch.model.following import Followed
from malonewatch.model.hooks import Hooked
from malonewatch.model.ledger import Ledger
from malonewatch.model.mappings import Packed, pack, unpack
from malonewatch.model.pacing import Paced
from malonewatch.model.pages import UNKNOWN
from malonewatch.model.resultset import ResultSet
from malonewatch.model.site import find_utility
from malonewatch.model.sweeping import Sweeping, not_checked_since
from malonewatch.model.times import from_seconds, to_seconds
from malonewatch.model.times import now as _now
from malonewatch.model.trackertypes import find_type, polling_of


@implementer(IBugTracker)
class BugTracker(Hooked, Sweeping, Paced, Condition):
    """See `IBugTracker`."""

    __parent__: Any = None
    #: Its number in the set, None while it is in none.
    id: int | None = None

    _aliases: tuple[str, ...] = ()
    _politeness: tuple[int | None, float | None] = (None, None)
    _mappings: Packed = ((), ())
    #: Made when the first watch is followed.
    followed: Followed | None = None
    _follows = True
    #: The name of a `Polling`, and why it is that.
    _polling: tuple[str, str] = ("ALWAYS", "")
    # Made when it is asked for the first time.
    _counters: Counters | None = None

    def __init__(
        self,
        name: str,
        title: str,
        bugtrackertype: BugTrackerType,
        baseurl: str,
        summary: str = "",
        contactdetails: str = "",
        owner: Any = None,
        active: bool = True,
        guessed: bool = False,
    ) -> None:
        self._name = name
        self._title = title
        self._bugtrackertype = str(bugtrackertype)
        self._baseurl = baseurl
        self.summary = summary
        self.contactdetails = contactdetails
        self.owner = owner
        self._active = active
        self.__dict__["guessed"] = guessed
        self._datecreated = to_seconds(_now())
        self.ledger = Ledger()

    @property
    def __name__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<BugTracker {self.name}>"

    # What the set keeps an index of.

    def _enlist(self) -> None:
        """Have the set, if it is in one, note what it lists."""
        if self.__parent__ is not None:
            self.__parent__.enlist(self)

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        if self.__parent__ is not None:
            self.__parent__.rename(self, name)
        self._name = name
        self._enlist()

    @property
    def title(self) -> str:
        return self._title

    @title.setter
    def title(self, title: str) -> None:
        if self.__parent__ is not None:
            self.__parent__.delist(self, title)
        self._title = title
        self._enlist()

    @property
    def active(self) -> bool:
        return self._active

    @active.setter
    def active(self, active: bool) -> None:
        self._active = active
        self._enlist()

    @property
    def baseurl(self) -> str:
        return self._baseurl

    @baseurl.setter
    def baseurl(self, baseurl: str) -> None:
        check_baseurl(baseurl)
        aliases = _without_own(baseurl, self._aliases)
        if self.__parent__ is not None:
            self.__parent__.move(self, baseurl, aliases)
        before, keys = self._baseurl, {base_key(url) for url in (self._baseurl, *self._aliases)}
        self._baseurl, self._aliases = baseurl, aliases
        self._enlist()
        moment = to_seconds(_now())
        if base_key(baseurl) not in keys:
            self.forget(moment)
        elif baseurl != before:
            # The same server by another address.
            self.end_trouble(moment)
        self.learnPolling()

    @property
    def aliases(self) -> tuple[str, ...]:
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: Iterable[str] | None) -> None:
        kept = _without_own(self._baseurl, aliases or ())
        if self.__parent__ is not None:
            self.__parent__.move(self, self._baseurl, kept)
        self._aliases = kept

    @property
    def bugtrackertype(self) -> BugTrackerType:
        return BugTrackerType(self._bugtrackertype)

    @bugtrackertype.setter
    def bugtrackertype(self, bugtrackertype: BugTrackerType) -> None:
        name = str(bugtrackertype)
        if self.__parent__ is not None:
            name = self.__parent__.check_type(bugtrackertype)
        if name != self._bugtrackertype:
            self._bugtrackertype = name
            self.forget(to_seconds(_now()))
            self.learnPolling()

    @property
    def guessed(self) -> bool:
        # In a record of 0.1.0 it may be missing.
        return bool(self.__dict__.get("guessed", False))

    @guessed.setter
    def guessed(self, guessed: bool) -> None:
        was_guessed = self.guessed
        self._set(guessed=guessed)
        if was_guessed and not guessed:
            # It may be on a private network now.
            self.end_trouble(to_seconds(_now()))

    @property
    def politeness(self) -> Politeness:
        return Politeness(*self._politeness)

    @politeness.setter
    def politeness(self, politeness: Politeness) -> None:
        concurrency, gap = politeness
        if (concurrency is not None and concurrency < 1) or (
            gap is not None and not 0 <= gap <= 86_400
        ):
            raise BadInput(
                "At least one request has to be allowed at a time, and a gap is a number of "
                "seconds that is not negative, and a day at most."
            )
        self._politeness = concurrency, gap

    @property
    def follows(self) -> bool:
        return self._follows

    @follows.setter
    def follows(self, follows: bool) -> None:
        if follows == self._follows:
            return
        self._follows, moment = follows, to_seconds(_now())
        if follows:
            following.begin_all(self, rereading.known_watches(self), moment)
        else:
            following.end_all(self, moment)

    def withFollowed(self, remotebugs: Iterable[str]) -> list[str]:
        names, ledger = list(remotebugs), self.ledger
        slots = (slot for name in names for slot in ledger.slots(name))
        more = ways.to_ask(self, dict.fromkeys(map(ledger.watch_id, slots), UNKNOWN))
        return list(dict.fromkeys((*names, *more)))

    def getBugURL(self, remotebug: str) -> str:
        """Where a person sees a remote bug."""
        external = queryAdapter(self, IExternalBugTracker, name=self._bugtrackertype)
        # It may be of a type that some package brought which is gone.
        return self._baseurl if external is None else str(external.getBugURL(remotebug))

    @property
    def polling(self) -> Polling:
        return member(Polling, self._polling[0])

    @property
    def not_polled(self) -> str:
        return self._polling[1]

    def learnPolling(self) -> None:
        polling = polling_of(
            queryAdapter(self.facts, IExternalBugTracker, name=self._bugtrackertype)
        )
        if polling != (self.polling, self.not_polled):
            self._polling = polling[0].name, polling[1]
            self.ledger.set_polled(polling[0] is not Polling.NEVER)
        self.check_sweeps()

    # What words mean.

    @property
    def mappings(self) -> Mappings:
        return unpack(self._mappings)

    def setMappings(self, mappings: Mappings, now: datetime) -> list[BugWatchChange]:
        before, self._mappings = self._mappings, pack(mappings)
        if self._mappings[1] != before[1]:
            self.ledger.doubt()
        return self.rereadWords(now)

    def rereadWords(self, now: datetime) -> list[BugWatchChange]:
        return rereading.reread(self, to_seconds(now))

    def getUnknownWords(self, most: int | None = None) -> list[UnknownWord]:
        return rereading.unknown_words(self, most)

    # What can be derived.

    @property
    def datecreated(self) -> datetime:
        return from_seconds(self._datecreated)

    @property
    def brake_settings(self) -> BrakeSettings:
        """Those of the site."""
        return BrakeSettings() if self.__parent__ is None else self.__parent__.brake_settings

    def canonicalRemoteBug(self, remotebug: Any) -> str:
        """The canonical id, by the rules of the bug tracker's type."""
        external = find_type(self._bugtrackertype)
        if external is None:
            return str(remotebug).strip()
        return str(external.canonicalRemoteBug(str(remotebug)))

    @property
    def facts(self) -> BugTrackerFacts:
        """The same as a plain value."""
        return BugTrackerFacts(
            self._name,
            self.bugtrackertype,
            self._baseurl,
            self.dialect,
            self.guessed,
            self.mappings,
        )

    @property
    def origin(self) -> str:
        return origin_of(self._baseurl)

    # Watches.

    @property
    def bugwatches(self) -> Any:
        """The set that its watches are in."""
        return find_utility(self, IBugWatchSet)

    @property
    def watches(self) -> ResultSet:
        return ResultSet(self._watches_from, self.ledger.__len__)

    def _watches_from(self, start: int) -> Iterator[Any]:
        if self.ledger:
            watches = self.bugwatches
            for watch_id in self.ledger.newest(start):
                yield watches.get(watch_id)

    @property
    def latestwatches(self) -> list[Any]:
        return list(self.watches[:10])

    def watches_on(self, remotebug: str) -> list[Any]:
        """The watches on that remote bug, oldest first."""
        watches = self.bugwatches
        return [watches.get(self.ledger.watch_id(slot)) for slot in self.ledger.slots(remotebug)]

    def getBugsWatching(self, remotebug: Any) -> list[Any]:
        watches = self.watches_on(self.canonicalRemoteBug(remotebug))
        return sorted((watch.bug for watch in watches), key=lambda bug: bug.id)

    def getBugWatchesNeedingUpdate(self, hours: float) -> Iterator[Any]:
        limit = max(to_seconds(_now()) - hours * schedule.HOUR, 0)
        watches = self.bugwatches
        for _, watch_id in sorted(not_checked_since(self.ledger, limit)):
            yield watches.get(watch_id)

    def resetWatches(self, now: datetime | None = None) -> int:
        self.learnPolling()
        self.ledger.reset(to_seconds(now or _now()))
        self.end_back_off()
        return len(self.ledger) if self.ledger.polled else 0

    # A run.

    def countDue(self, now: datetime, most: int | None = None) -> int:
        return self.ledger.count_due(to_seconds(now), most)

    def setClockBack(self, now: datetime) -> None:
        self.set_clock_back(to_seconds(now))

    def getDueBatches(
        self, now: datetime, batch_size: int, request_size: int, changed_since: bool = False
    ) -> tuple[int, list[Batch]]:
        return due_batches(self, to_seconds(now), batch_size, request_size, changed_since)

    def preview(self, fetched: Fetched, brake: Brake = Brake(), foreseen: Any = None) -> Applied:
        return applying.preview(self, fetched, brake, foreseen)

    def apply(self, fetched: Fetched, brake: Brake = Brake()) -> Applied:
        return applying.apply(self, fetched, brake)

    def acceptChanges(self, now: datetime) -> Applied:
        return applying.accept(self, to_seconds(now))

    def getDailyCounters(self, days: int = 30) -> list[DailyCounters]:
        return [] if self._counters is None else self._counters.list(days)

    @property
    def totals(self) -> Totals:
        return Totals() if self._counters is None else self._counters.totals()

    def counters(self) -> Counters:
        """What the days of the bug tracker are counted in."""
        if self._counters is None:
            self._counters = Counters()
        return self._counters

    def note_moment(self, moment: float) -> None:
        """Note that something was recorded, by a clock that said so."""
        if self.__parent__ is not None:
            self.__parent__.latest.note(int(moment))


def _without_own(baseurl: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """The aliases, sorted, each once, of a bug tracker at `baseurl`."""
    by_key = {}
    for alias in aliases:
        check_baseurl(alias)
        by_key[base_key(alias)] = alias
    by_key.pop(base_key(baseurl), None)
    return tuple(sorted(by_key.values()))
