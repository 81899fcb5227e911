"""Bug trackers."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from persistent import Persistent
from zope.event import notify
from zope.interface import implementer
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    Applied,
    Batch,
    Brake,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchActivity,
    BugWatchErrorType,
    Fetched,
    IBugTracker,
    IBugWatchSet,
    Outcome,
)
from malonewatch.model import applying, schedule
from malonewatch.model.activity import activity_entries, log_activity
from malonewatch.model.baseurl import base_key, check_baseurl, origin_of
from malonewatch.model.ledger import Ledger
from malonewatch.model.pages import UNKNOWN
from malonewatch.model.resultset import ResultSet
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_optional, from_seconds, to_seconds
from malonewatch.model.times import now as _now
from malonewatch.model.trackertypes import find_type


@implementer(IBugTracker)
class BugTracker(Persistent):
    """See `IBugTracker`."""

    __parent__: Any = None
    #: Its number in the set, None while it is in none.
    id: int | None = None

    dialect: str | None = None
    guessed = False
    failures = 0
    last_error: str | None = None
    clock_skew: float | None = None
    _last_error_type: str | None = None
    _next_attempt: float | None = None
    _aliases: tuple[str, ...] = ()
    _activity = ""

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
        self.guessed = guessed
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
        self._baseurl, self._aliases = baseurl, aliases
        self.dialect = None
        self._enlist()

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
        if self.__parent__ is not None:
            self.__parent__.check_type(bugtrackertype)
        self._bugtrackertype = str(bugtrackertype)
        self.dialect = None

    # What can be derived.

    @property
    def datecreated(self) -> datetime:
        return from_seconds(self._datecreated)

    @property
    def last_error_type(self) -> BugWatchErrorType | None:
        name = self._last_error_type
        return None if name is None else BugWatchErrorType[name]

    @property
    def next_attempt(self) -> datetime | None:
        return from_optional(self._next_attempt)

    @property
    def activity(self) -> list[BugWatchActivity]:
        return activity_entries(self._activity)

    def canonicalRemoteBug(self, remotebug: Any) -> str:
        """The canonical id, by the rules of the bug tracker's type."""
        external = find_type(self._bugtrackertype)
        if external is None:
            return str(remotebug).strip()
        return external.canonicalRemoteBug(str(remotebug))

    @property
    def facts(self) -> BugTrackerFacts:
        """The same as a plain value."""
        return BugTrackerFacts(
            self._name, self.bugtrackertype, self._baseurl, self.dialect, self.guessed
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
        return self.watches[:10]

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
        for _, watch_id in sorted(self.ledger.not_checked_since(limit)):
            yield watches.get(watch_id)

    def resetWatches(self, now: datetime | None = None) -> int:
        self.ledger.reset(to_seconds(now or _now()))
        self.failures = 0
        self.put_off(None)
        return len(self.ledger)

    # A run.

    def countDue(self, now: datetime) -> int:
        return self.ledger.count_due(to_seconds(now))

    def setClockBack(self, now: datetime) -> None:
        moment = to_seconds(now)
        self.ledger.set_clock_back(moment)
        if self._next_attempt is not None:
            self.put_off(min(self._next_attempt, moment + schedule.LONGEST_BACK_OFF))

    def put_off(self, moment: float | None) -> None:
        """Leave the bug tracker alone until then."""
        if self._next_attempt != moment:
            self._next_attempt = moment
            if self.__parent__ is not None:
                self.__parent__.put_off(self, moment)

    def getDueBatches(
        self, now: datetime, batch_size: int, request_size: int, changed_since: bool = False
    ) -> tuple[int, list[Batch]]:
        moment = to_seconds(now)
        due = self.ledger.due(moment)
        if batch_size:
            due = due[:batch_size]
        # Per remote bug: as of when all its watches are well known.
        bugs: dict[str, tuple[int, bool]] = {}
        for remotebug, seen, known in self.ledger.rows(due, moment):
            before = bugs.get(remotebug)
            if before is not None:
                seen, known = min(seen, before[0]), known and before[1]
            bugs[remotebug] = seen, known
        facts = self.facts
        batches: list[Batch] = []
        if changed_since:
            full = [name for name, (seen, _) in bugs.items() if seen == UNKNOWN]
            some = [name for name, (seen, _) in bugs.items() if seen != UNKNOWN]
        else:
            full, some = list(bugs), []
        for start in range(0, len(full), request_size):
            names = tuple(full[start : start + request_size])
            batches.append(Batch(facts, names, validators=self._validators(names, bugs)))
        for start in range(0, len(some), request_size):
            names = tuple(some[start : start + request_size])
            since = min(bugs[name][0] for name in names) - schedule.OVERLAP
            batches.append(Batch(facts, names, dict.fromkeys(names, from_seconds(since))))
        return len(due), batches

    def _validators(
        self, remotebugs: Iterable[str], bugs: dict[str, tuple[int, bool]]
    ) -> dict[str, str]:
        found = {}
        for remotebug in remotebugs if self.ledger.has_validators() else ():
            validator = self.ledger.validator(remotebug)
            if validator is not None and bugs[remotebug][1]:
                found[remotebug] = validator
        return found

    # What was learnt; see `malonewatch.model.applying`.

    def preview(self, fetched: Fetched, brake: Brake = Brake()) -> Applied:
        return applying.preview(self, fetched, brake)

    def apply(self, fetched: Fetched, brake: Brake = Brake()) -> Applied:
        return applying.apply(self, fetched, brake)

    def previewOutcomes(self, outcomes: Iterable[Outcome]) -> Applied:
        return applying.preview_outcomes(self, outcomes)

    def applyOutcomes(
        self, outcomes: Iterable[Outcome], now: datetime, clock_skew: float | None = None
    ) -> Applied:
        return applying.apply_outcomes(self, outcomes, now, clock_skew)

    def recordAnswer(
        self, now: datetime, dialect: str | None, clock_skew: float | None = None
    ) -> None:
        moment = to_seconds(now)
        if self.dialect != dialect:
            self.dialect = dialect
        applying.record_answer(self, moment, clock_skew)

    def recordTrouble(
        self, trouble: BugTrackerTrouble, now: datetime, remotebugs: Iterable[str] = ()
    ) -> None:
        applying.record_trouble(self, trouble, to_seconds(now), remotebugs)

    def record_state(
        self, moment: float, error_type: BugWatchErrorType | None, error: str | None
    ) -> None:
        """Note what is wrong with the bug tracker as a whole; None if nothing is."""
        name = None if error_type is None else error_type.name
        if (name, error) == (self._last_error_type, self.last_error):
            return
        if name != self._last_error_type:
            self._activity = log_activity(
                self._activity, moment, error_type, error or "It can be asked again."
            )
        self._last_error_type = name
        self.last_error = error
        notify(ObjectModifiedEvent(self))


def _without_own(baseurl: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """The aliases, sorted, each once, of a bug tracker at `baseurl`."""
    by_key = {}
    for alias in aliases:
        check_baseurl(alias)
        by_key[base_key(alias)] = alias
    by_key.pop(base_key(baseurl), None)
    return tuple(sorted(by_key.values()))
