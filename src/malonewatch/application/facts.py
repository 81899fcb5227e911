"""Bugs, bug watches and bug trackers as plain values, which outlive the transaction.

Their fields are named after the attributes of `IBug`, `IBugWatch` and
`IBugTracker`.  The `of` of each runs in a transaction, with the site set.
"""

import contextlib
import dataclasses
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from zope.component import getUtility, queryAdapter

from malonewatch.application.privacy import is_private, remote_title_of, secrets_of, title_of
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchActivity,
    BugWatchChange,
    BugWatchErrorType,
    Claim,
    DailyCounters,
    FailureOwner,
    FollowedBug,
    Freshness,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IClock,
    IExternalBugTracker,
    NotFoundError,
    OriginState,
    Politeness,
    Polling,
    Staleness,
    WatchChecks,
    remote_name,
)

ACTIVE = "active"
INACTIVE = "inactive"
TROUBLE = "trouble"


def now() -> datetime:
    """What time it is."""
    moment: datetime = getUtility(IClock).now()
    return moment


class WatchFacts(NamedTuple):
    """What is known of a bug watch.

    `old_remotestatus` and `old_status` are what the status was before it last
    changed, as far as the history goes back; None if it never did.
    """

    id: int
    bug: int
    bug_title: str
    tracker: str
    tracker_title: str
    remotebug: str
    url: str | None
    remote_title: str
    remotestatus: str | None
    status: BugTaskStatus
    old_remotestatus: str | None
    old_status: BugTaskStatus | None
    closed: bool | None
    guessed: bool
    private: bool
    resolution: str
    fixed_in: str
    remote_importance: str
    importance: BugTaskImportance
    remote_modified: datetime | None
    date_closed: datetime | None
    duplicate_of: str | None
    followed: tuple[FollowedBug, ...]
    moved_to: str | None
    owner: str | None
    datecreated: datetime
    lastchecked: datetime | None
    lastchanged: datetime | None
    next_check: datetime | None
    longest_interval: float | None
    quiet_since: datetime | None
    not_polled: str
    last_error_type: BugWatchErrorType | None
    last_error: str | None
    help: str | None

    @classmethod
    def of(cls, watch: Any) -> "WatchFacts":
        return cls.of_all([watch])[0]

    @classmethod
    def of_all(cls, watches: Collection[Any]) -> list["WatchFacts"]:
        """Of many: what they have in common is looked up once."""
        bugs = getUtility(IBugSet)
        checks = getUtility(IBugWatchSet).getChecks(watches)
        externals: dict[int, Any] = {}
        return [
            cls._of(watch, bugs.get(watch.bug_id), each, externals)
            for watch, each in zip(watches, checks, strict=True)
        ]

    @classmethod
    def of_numbers(cls, numbers: Iterable[int]) -> list["WatchFacts"]:
        """Of those of these numbers that were not removed meanwhile."""
        watches, found = getUtility(IBugWatchSet), []
        for number in numbers:
            with contextlib.suppress(NotFoundError):
                found.append(watches.get(number))
        return cls.of_all(found)

    @classmethod
    def _of(
        cls, watch: Any, bug: Any, checks: WatchChecks, externals: dict[int, Any]
    ) -> "WatchFacts":
        tracker, error_type = watch.bugtracker, checks.last_error_type
        before = watch.last_change
        return cls(
            id=watch.id,
            bug=bug.id,
            bug_title=title_of(bug),
            tracker=tracker.name,
            tracker_title=tracker.title,
            remotebug=watch.remotebug,
            url=_bug_url(tracker, watch.remotebug, externals),
            remote_title=remote_title_of(watch, bug),
            remotestatus=watch.remotestatus,
            status=watch.status,
            old_remotestatus=None if before is None else before.old_remotestatus,
            old_status=None if before is None else before.old_status,
            closed=watch.closed,
            guessed=watch.guessed,
            private=watch.private,
            resolution=watch.resolution or "",
            fixed_in=watch.fixed_in or "",
            remote_importance=watch.remote_importance or "",
            importance=watch.importance,
            remote_modified=watch.remote_modified,
            date_closed=watch.date_closed,
            duplicate_of=watch.duplicate_of,
            followed=tuple(watch.followed),
            moved_to=watch.moved_to,
            owner=None if watch.owner is None else watch.owner.name,
            datecreated=watch.datecreated,
            lastchecked=checks.lastchecked,
            lastchanged=watch.lastchanged,
            next_check=checks.next_check,
            longest_interval=checks.longest_interval,
            quiet_since=checks.quiet_since,
            not_polled=tracker.not_polled,
            last_error_type=error_type,
            last_error=None if error_type is None else _error_of(watch, error_type),
            help=None if error_type is None else error_type.help,
        )

    @property
    def remote(self) -> str:
        """The remote bug, in short."""
        return remote_name(self.tracker, self.remotebug)

    @property
    def title(self) -> str:
        """The remote bug's title, or ours as long as that is not known."""
        return self.remote_title or self.bug_title

    @property
    def meaning(self) -> str:
        """The remote status and what it means."""
        return _described(self.remotestatus, self.status)

    @property
    def meaning_before(self) -> str:
        """The same of what it was before; empty if it never was another."""
        if self.old_remotestatus is None or self.old_status is None:
            return ""
        return _described(self.old_remotestatus, self.old_status)


def _described(remotestatus: str | None, status: BugTaskStatus) -> str:
    return "not known yet" if remotestatus is None else f"{remotestatus} ({status.title})"


def _error_of(watch: Any, error_type: BugWatchErrorType) -> str:
    """What went wrong, as a sentence."""
    if error_type.owner is FailureOwner.TRACKER:
        tracker = watch.bugtracker
        if tracker.last_error_type is error_type and tracker.last_error:
            return str(tracker.last_error)
    else:
        for entry in watch.activity:
            if entry.error_type is error_type:
                return str(entry.message)
    return f"{error_type.title}."


def _bug_url(tracker: Any, remotebug: str, externals: dict[int, Any]) -> str | None:
    """Where a person sees the bug; None if nothing registered can talk to such a bug tracker.

    What talks to a bug tracker is kept in `externals`, as making that costs more than all else.
    """
    number = tracker.id
    if number not in externals:
        externals[number] = queryAdapter(tracker, IExternalBugTracker, name=tracker.bugtrackertype)
    external = externals[number]
    return None if external is None else external.getBugURL(remotebug)


@dataclasses.dataclass(frozen=True, slots=True)
class BugFacts:
    """A bug of ours, and how many of its watches mean what.

    Of the `watches`, `open` and `closed` count those that mean so, `failing`
    those whose last check failed.  Of one that is `private` not everybody sees
    the title.
    """

    id: int
    title: str
    owner: str | None
    datecreated: datetime
    watches: int
    open: int
    closed: int
    failing: int
    private: bool = False

    @classmethod
    def of(cls, bug: Any) -> "BugFacts":
        tally = getUtility(IBugWatchSet).getTally(bug)
        return cls(
            id=bug.id,
            title=title_of(bug),
            owner=None if bug.owner is None else bug.owner.name,
            datecreated=bug.datecreated,
            **tally._asdict(),
            private=is_private(bug),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerFacts:
    """What is known of a bug tracker.

    `state` is one of `ACTIVE`, `INACTIVE` and `TROUBLE`; `due` counts the watches that are.
    """

    name: str
    title: str
    bugtrackertype: BugTrackerType
    baseurl: str
    aliases: tuple[str, ...]
    summary: str
    contactdetails: str
    owner: str | None
    datecreated: datetime
    guessed: bool
    dialect: str | None
    dialect_learnt: datetime | None
    dialect_reason: str | None
    clock_skew: float | None
    politeness: Politeness
    freshness: Freshness
    follows: bool
    polling: Polling
    not_polled: str
    watches: int
    due: int
    next_due: datetime | None
    held_count: int
    active: bool
    state: str
    last_error_type: BugWatchErrorType | None
    last_error: str | None
    help: str | None
    failures: int
    next_attempt: datetime | None
    hook_secrets: tuple[str, ...]
    lasthook: datetime | None

    @classmethod
    def of(cls, tracker: Any, most_due: int | None = None) -> "TrackerFacts":
        error_type = tracker.last_error_type
        return cls(
            name=tracker.name,
            title=tracker.title,
            bugtrackertype=tracker.bugtrackertype,
            baseurl=tracker.baseurl,
            aliases=tuple(tracker.aliases),
            summary=tracker.summary or "",
            contactdetails=tracker.contactdetails or "",
            owner=None if tracker.owner is None else tracker.owner.name,
            datecreated=tracker.datecreated,
            guessed=tracker.guessed,
            dialect=tracker.dialect,
            dialect_learnt=tracker.dialect_learnt,
            dialect_reason=tracker.dialect_reason,
            clock_skew=tracker.clock_skew,
            politeness=tracker.politeness,
            freshness=tracker.freshness,
            follows=tracker.follows,
            polling=tracker.polling,
            not_polled=tracker.not_polled,
            watches=tracker.watches.count(),
            due=tracker.countDue(now(), most_due),
            next_due=tracker.next_due,
            held_count=tracker.held_count,
            active=tracker.active,
            state=state_of(tracker),
            last_error_type=error_type,
            last_error=tracker.last_error,
            help=None if error_type is None else error_type.help,
            failures=tracker.failures,
            next_attempt=tracker.next_attempt,
            hook_secrets=secrets_of(tracker),
            lasthook=tracker.lasthook,
        )


def state_of(tracker: Any) -> str:
    """How a bug tracker is, as in `TrackerFacts`."""
    if not tracker.active:
        return INACTIVE
    return ACTIVE if tracker.last_error_type is None else TROUBLE


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerDetails:
    """All there is to say of a bug tracker.

    - `type_title`: its type for people, None if nothing registered can talk to
      such a bug tracker,
    - `type_politeness`: how such servers want to be asked,
    - `origin`: what is kept of its server between runs, None if nothing is,
    - `claim`: which run works on it now,
    - `requests`: how many requests a day checking its watches may take,
    - `held`: the changes that are kept back, or some of them,
    - `staleness`: how old what its watches show is, None if none is asked for,
    - `counters`: what each day cost and gave, newest first,
    - `activity`: its history, newest first.
    """

    facts: TrackerFacts
    type_title: str | None
    type_politeness: Politeness
    origin: OriginState | None
    claim: Claim | None
    requests: int
    held: tuple[BugWatchChange, ...]
    staleness: Staleness | None
    counters: tuple[DailyCounters, ...]
    activity: tuple[BugWatchActivity, ...]

    @classmethod
    def of(cls, tracker: Any, days: int = 7, most: int | None = None) -> "TrackerDetails":
        """With the counters of so many days; of what is due, and kept back, no more than `most`
        is looked at, or somewhat more."""
        trackers = getUtility(IBugTrackerSet)
        external = dict(trackers.getBugTrackerTypes()).get(tracker.bugtrackertype)
        return cls(
            facts=TrackerFacts.of(tracker, most),
            type_title=None if external is None else external.title,
            type_politeness=Politeness() if external is None else external.politeness,
            origin=trackers.claims.getState(tracker.origin),
            claim=trackers.claims.get(tracker.origin, now()),
            requests=tracker.requests,
            held=tuple(tracker.getHeld(limit=most)),
            staleness=tracker.getStaleness(now()),
            counters=tuple(tracker.getDailyCounters(days)),
            activity=tuple(tracker.activity),
        )
