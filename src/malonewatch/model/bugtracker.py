"""Bug trackers, and the set of them."""

import hashlib
import marshal
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.component import getSiteManager
from zope.event import notify
from zope.interface import implementer, providedBy
from zope.lifecycleevent import (
    ObjectAddedEvent,
    ObjectCreatedEvent,
    ObjectModifiedEvent,
    ObjectRemovedEvent,
)

from malonewatch.interfaces import (
    Applied,
    BadInput,
    BaseURLTaken,
    Batch,
    BugTrackerFacts,
    BugTrackerNameTaken,
    BugTrackerState,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchActivity,
    BugWatchChange,
    BugWatchErrorType,
    FailureOwner,
    IBugTracker,
    IBugTrackerSet,
    IBugWatchSet,
    IExternalBugTracker,
    NotFoundError,
    Outcome,
    RemoteBug,
    RemoteBugError,
    UnknownBugTrackerType,
)
from malonewatch.model import schedule
from malonewatch.model.activity import activity_entries, log_activity
from malonewatch.model.baseurl import auto_name, auto_title, base_key, check_baseurl, prefix_keys
from malonewatch.model.bugwatch import bounded
from malonewatch.model.ledger import NEVER, PAGE, UNKNOWN, Latest, Ledger
from malonewatch.model.resultset import ResultSet
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_optional, from_seconds, to_seconds
from malonewatch.model.times import now as _now

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,99}")


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

    # Watches.

    @property
    def _bugwatches(self) -> Any:
        return find_utility(self, IBugWatchSet)

    @property
    def watches(self) -> ResultSet:
        return ResultSet(self._watches_from, self.ledger.__len__)

    def _watches_from(self, start: int) -> Iterator[Any]:
        if self.ledger:
            watches = self._bugwatches
            for watch_id in self.ledger.newest(start):
                yield watches.get(watch_id)

    @property
    def latestwatches(self) -> list[Any]:
        return self.watches[:10]

    def _watches_on(self, remotebug: str) -> list[Any]:
        watches = self._bugwatches
        return [watches.get(self.ledger.watch_id(slot)) for slot in self.ledger.slots(remotebug)]

    def getBugsWatching(self, remotebug: Any) -> list[Any]:
        watches = self._watches_on(self.canonicalRemoteBug(remotebug))
        return sorted((watch.bug for watch in watches), key=lambda bug: bug.id)

    def getBugWatchesNeedingUpdate(self, hours: float) -> Iterator[Any]:
        limit = max(to_seconds(_now()) - hours * schedule.HOUR, 0)
        watches = self._bugwatches
        for _, watch_id in sorted(self.ledger.not_checked_since(limit)):
            yield watches.get(watch_id)

    def resetWatches(self, now: datetime | None = None) -> int:
        self.ledger.reset(to_seconds(now or _now()))
        self.failures = 0
        self._put_off(None)
        return len(self.ledger)

    # A run.

    def countDue(self, now: datetime) -> int:
        return self.ledger.count_due(to_seconds(now))

    def setClockBack(self, now: datetime) -> None:
        moment = to_seconds(now)
        self.ledger.set_clock_back(moment)
        if self._next_attempt is not None:
            self._put_off(min(self._next_attempt, moment + schedule.LONGEST_BACK_OFF))

    def _put_off(self, moment: float | None) -> None:
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

    def previewOutcomes(self, outcomes: Iterable[Outcome]) -> Applied:
        applied = Applied()
        for outcome in outcomes:
            watches = self._watches_on(outcome.remotebug)
            if isinstance(outcome, RemoteBugError):
                applied.failed += len(watches)
                applied.failures += [self._failure(watch, outcome) for watch in watches]
                continue
            if isinstance(outcome, RemoteBug):
                remote = bounded(outcome)
                applied.changes += [
                    self._change(watch, remote) for watch in watches if watch.differs(remote)
                ]
            else:
                # "As it was" is nothing to a watch that knows nothing.
                watches = [watch for watch in watches if watch.remotestatus is not None]
            applied.checked += len(watches)
        return applied

    def applyOutcomes(
        self, outcomes: Iterable[Outcome], now: datetime, clock_skew: float | None = None
    ) -> Applied:
        applied = Applied()
        moment = to_seconds(now)
        checked = int(moment)
        due = int(schedule.next_check(moment))
        seen = UNKNOWN
        if clock_skew is not None and abs(clock_skew) <= schedule.CLOCK_SKEW_LIMIT:
            seen = int(moment + clock_skew)
        ledger = self.ledger
        pages = ledger.pages()
        validators = ledger.has_validators()
        differing = []
        number = -1
        # This loop is what an unchanged watch costs.
        for outcome in outcomes:
            remotebug = outcome[0]
            slots = ledger.slots(remotebug)
            if isinstance(outcome, RemoteBugError):
                for slot in slots:
                    self._apply_error(pages, slot, outcome, moment, applied)
                continue
            remote = outcome if isinstance(outcome, RemoteBug) else None
            digest = 0 if remote is None else digest_of(remote)
            if slots and remote is not None and (remote.validator or validators):
                ledger.set_validator(remotebug, remote.validator)
            for slot in slots:
                if slot // PAGE != number:
                    number = slot // PAGE
                    names, times = pages.page(slot)
                    digests, failures, errors = names.digests, times.failures, times.errors
                row = slot % PAGE
                before = digests[row]
                if remote is None:
                    if not before:
                        # "As it was" is nothing to a watch that knows nothing.
                        continue
                elif before != digest or failures[row] or errors[row]:
                    recovered = failures[row] > 0 or self._is_own_error(errors[row])
                    if before != digest or recovered:
                        differing.append((names.watch_ids[row], remote, recovered))
                    if before != digest:
                        digests[row] = digest
                        names._p_changed = True
                times.set(row, checked, due, seen)
                applied.checked += 1
        pages.finish()
        if self.__parent__ is not None:
            self.__parent__.latest.note(checked)
        self._update_watches(differing, moment, applied)
        return applied

    def _update_watches(
        self, differing: list[tuple[int, RemoteBug, bool]], moment: float, applied: Applied
    ) -> None:
        """Take over what is new; an entry has the watch's number, what is said, and whether
        the watch had failed before."""
        watches = [self._bugwatches.get(watch_id) for watch_id, _, _ in differing]
        if self._p_jar is not None:
            self._p_jar.prefetch(watch._p_oid for watch in watches if watch._p_oid is not None)
        for watch, (_, told, recovered) in zip(watches, differing, strict=True):
            remote = bounded(told)
            if watch.differs(remote):
                applied.changes.append(self._change(watch, remote))
            watch.update(remote, moment, recovered)

    def _is_own_error(self, code: int) -> bool:
        """Whether an entry of the ledger's errors column is a failure of the watch's own."""
        if not code:
            return False
        return BugWatchErrorType[self.ledger.error_names[code]].owner is not FailureOwner.TRACKER

    def _apply_error(
        self, pages: Any, slot: int, outcome: RemoteBugError, moment: float, applied: Applied
    ) -> None:
        names, times = pages.page(slot)
        row = slot % PAGE
        watch = self._bugwatches.get(names.watch_ids[row])
        applied.failed += 1
        applied.failures.append(self._failure(watch, outcome))
        failures = min(times.failures[row] + 1, 255)
        times.failures[row] = failures
        times.errors[row] = self.ledger.error_code(outcome.error_type)
        times.checked[row] = int(moment)
        times.due[row] = int(schedule.next_check_after_failure(moment, failures))
        times.seen[row] = UNKNOWN
        watch.log(moment, outcome.error_type, outcome.message)
        if outcome.moved_to is not None and outcome.moved_to != watch.moved_to:
            watch.moved_to = outcome.moved_to
        notify(ObjectModifiedEvent(watch))

    def _change(self, watch: Any, remote: RemoteBug) -> BugWatchChange:
        return BugWatchChange(
            watch.id,
            watch.bug_id,
            self._name,
            watch.remotebug,
            watch.remotestatus,
            remote.remotestatus,
            watch.status,
            remote.status,
        )

    def _failure(self, watch: Any, outcome: RemoteBugError) -> BugWatchChange:
        return BugWatchChange(
            watch.id,
            watch.bug_id,
            self._name,
            watch.remotebug,
            watch.remotestatus,
            watch.remotestatus,
            watch.status,
            watch.status,
            outcome.error_type,
            outcome.message,
        )

    def recordAnswer(
        self, now: datetime, dialect: str | None, clock_skew: float | None = None
    ) -> None:
        moment = to_seconds(now)
        if self.dialect != dialect:
            self.dialect = dialect
        if clock_skew is not None and (
            self.clock_skew is None or abs(self.clock_skew - clock_skew) > 30
        ):
            self.clock_skew = round(clock_skew)
        error_type = error = None
        if clock_skew is not None and abs(clock_skew) > schedule.CLOCK_SKEW_LIMIT:
            # It can be asked all the same, in full.
            error_type = BugWatchErrorType.CLOCK_SKEW
            minutes = abs(clock_skew) / 60
            where = "ahead of" if clock_skew > 0 else "behind"
            error = f"The clock of {self._baseurl} is {minutes:.0f} minutes {where} this machine's."
        self._record_state(moment, error_type, error)
        if self.failures:
            self.failures = 0
        self._put_off(None)

    def recordTrouble(
        self, trouble: BugTrackerTrouble, now: datetime, remotebugs: Iterable[str] = ()
    ) -> None:
        moment = to_seconds(now)
        if self.__parent__ is not None:
            self.__parent__.latest.note(int(moment))
        self.failures += 1
        self._put_off(schedule.next_attempt(moment, self.failures, trouble.retry_after))
        self._record_state(moment, trouble.error_type, str(trouble))
        pages = self.ledger.pages()
        code = self.ledger.error_code(trouble.error_type)
        for remotebug in remotebugs:
            for slot in self.ledger.slots(remotebug):
                _, times = pages.page(slot)
                times.errors[slot % PAGE] = code
        pages.finish()

    def _record_state(
        self, moment: float, error_type: BugWatchErrorType | None, error: str | None
    ) -> None:
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


def digest_of(remote: RemoteBug) -> int:
    """What two answers that say the same of a bug have in common: 64 bits, never 0."""
    # The validator is no part of what is said.
    said = (
        remote.remotestatus,
        remote.status._name_,
        remote.remote_importance,
        remote.importance._name_,
        remote.title,
        remote.resolution,
        None if remote.modified is None else remote.modified.timestamp(),
        remote.duplicate_of,
        remote.moved_to,
    )
    # Format 2 has no back references, so equal values give equal bytes.
    try:
        octets = marshal.dumps(said, 2)
    except ValueError:
        # A kind of string of some parser's own.
        plain = (str(value) if isinstance(value, str) else value for value in said)
        octets = marshal.dumps(tuple(plain), 2)
    digest = hashlib.blake2b(octets, digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def find_type(name: str) -> Any:
    """The factory of the type of that name, an `IExternalBugTrackerType`, or None."""
    return getSiteManager().adapters.lookup((providedBy(_SOME_FACTS),), IExternalBugTracker, name)


_SOME_FACTS = BugTrackerFacts("", BugTrackerType(""), "")


@implementer(IBugTrackerSet)
class BugTrackerSet(Persistent):
    """See `IBugTrackerSet`."""

    __parent__: Any = None
    __name__ = "bugtrackers"

    def __init__(self) -> None:
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

    def __iter__(self) -> Iterator[BugTracker]:
        for _, tracker_id in self._titles:
            yield self._trackers[tracker_id]

    def __getitem__(self, name: str) -> BugTracker:
        tracker = self.getByName(name)
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

    def getByURLPrefix(self, url: SplitResult) -> Iterator[BugTracker]:
        for key in prefix_keys(url):
            tracker_id = self._bases.get(key)
            if tracker_id is not None:
                yield self._trackers[tracker_id]

    def queryByBaseURL(self, baseurl: str) -> Any:
        tracker = self.getByBaseURL(baseurl)
        if tracker is None and baseurl:
            for candidate in self:
                if baseurl in candidate.baseurl:
                    return candidate
        return tracker

    def getBugTrackerTypes(self) -> list[tuple[BugTrackerType, Any]]:
        return sorted(
            (BugTrackerType(name), factory)
            for name, factory in getSiteManager().adapters.lookupAll(
                (providedBy(_SOME_FACTS),), IExternalBugTracker
            )
        )

    def add(self, bugtracker: BugTracker) -> BugTracker:
        if bugtracker.id is not None:
            raise BadInput(f"{bugtracker.title} is in a bug tracker set already.")
        self._check_name(bugtracker.name)
        self._check_title(bugtracker.title)
        self.check_type(bugtracker.bugtrackertype)
        keys = self._check_bases(bugtracker, bugtracker.baseurl, bugtracker.aliases)
        notify(ObjectCreatedEvent(bugtracker))
        tracker_id = self._trackers.maxKey() + 1 if self._trackers else 1
        bugtracker.id = tracker_id
        bugtracker.__parent__ = self
        self._trackers[tracker_id] = bugtracker
        self._names[bugtracker.name] = tracker_id
        self.enlist(bugtracker)
        bugtracker.ledger.attach(self._earliest, tracker_id)
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
        del self._trackers[bugtracker.id]
        del self._names[bugtracker.name]
        del self._titles[self._place(bugtracker)]
        self._earliest.pop(bugtracker.id, None)
        self._put_off.pop(bugtracker.id, None)
        for url in (bugtracker.baseurl, *bugtracker.aliases):
            del self._bases[base_key(url)]
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
        found = self.getByBaseURL(baseurl)
        if found is not None:
            # Named on purpose now, even if it only stood in some text before.
            found.guessed = found.guessed and guessed
            return found
        check_baseurl(baseurl)
        if name is None:
            stem, number = auto_name(baseurl), 0
            name = stem
            while name in self._names:
                number += 1
                name = f"{stem}-{number}"
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

    def getBugTrackerStates(self, now: datetime) -> Iterator[BugTrackerState]:
        moment = to_seconds(now)
        for (_, tracker_id), (name, title, baseurl, active) in self._titles.items():
            put_off = self._put_off.get(tracker_id)
            yield BugTrackerState(
                name,
                title,
                baseurl,
                active,
                self._earliest.get(tracker_id, NEVER) <= moment,
                None if put_off is None or put_off <= moment else from_seconds(put_off),
            )

    def clockWentBack(self, now: datetime) -> bool:
        return to_seconds(now) < self.latest.moment - schedule.CLOCK_SKEW_LIMIT

    def setClockBack(self, now: datetime) -> None:
        self.latest.moment = int(to_seconds(now))

    def getMostActiveBugTrackers(self, limit: int | None = None) -> list[BugTracker]:
        counted = [(tracker.watches.count(), tracker) for tracker in self]
        # Stable: those with as many watches stay in order of title.
        counted.sort(key=lambda pair: -pair[0])
        return [tracker for count, tracker in counted if count][:limit]

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

    def check_type(self, bugtrackertype: str) -> None:
        if find_type(bugtrackertype) is None:
            known = ", ".join(name for name, _ in self.getBugTrackerTypes())
            raise UnknownBugTrackerType(
                f"There is no bug tracker type {str(bugtrackertype)!r}; those known are {known}."
            )

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
        for url in (baseurl, *aliases):
            check_baseurl(url)
            keys[base_key(url)] = url
        for key, url in keys.items():
            owner = self._bases.get(key)
            if owner is not None and owner != bugtracker.id:
                raise BaseURLTaken(
                    f"{url} belongs to the bug tracker {self._trackers[owner].name!r} already."
                )
        return keys
