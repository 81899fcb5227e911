"""Bug watches and bug trackers as plain values, which outlive the transaction.

Their fields are named after the attributes of `IBugWatch` and `IBugTracker`,
and are what ``--json`` shows.
"""

import dataclasses
from datetime import datetime
from typing import Any

from zope.component import queryAdapter

from malonewatch.cli.options import now
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    FailureOwner,
    IExternalBugTracker,
)

ACTIVE = "active"
INACTIVE = "inactive"
TROUBLE = "trouble"


@dataclasses.dataclass(frozen=True, slots=True)
class WatchFacts:
    """What is known of a bug watch."""

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
    resolution: str
    remote_importance: str
    importance: BugTaskImportance
    remote_modified: datetime | None
    duplicate_of: str | None
    moved_to: str | None
    owner: str | None
    datecreated: datetime
    lastchecked: datetime | None
    lastchanged: datetime | None
    next_check: datetime
    last_error_type: BugWatchErrorType | None
    last_error: str | None
    help: str | None

    @classmethod
    def of(cls, watch: Any) -> "WatchFacts":
        tracker, bug, error_type = watch.bugtracker, watch.bug, watch.last_error_type
        return cls(
            id=watch.id,
            bug=bug.id,
            bug_title=bug.title or "",
            tracker=tracker.name,
            tracker_title=tracker.title,
            remotebug=watch.remotebug,
            url=bug_url(tracker, watch.remotebug),
            remote_title=watch.remote_title or "",
            remotestatus=watch.remotestatus,
            status=watch.status,
            resolution=watch.resolution or "",
            remote_importance=watch.remote_importance or "",
            importance=watch.importance,
            remote_modified=watch.remote_modified,
            duplicate_of=watch.duplicate_of,
            moved_to=watch.moved_to,
            owner=None if watch.owner is None else watch.owner.name,
            datecreated=watch.datecreated,
            lastchecked=watch.lastchecked,
            lastchanged=watch.lastchanged,
            next_check=watch.next_check,
            last_error_type=error_type,
            last_error=None if error_type is None else _error_of(watch, error_type),
            help=None if error_type is None else error_type.help,
        )

    @property
    def remote(self) -> str:
        """The remote bug, in short."""
        return f"{self.tracker} #{self.remotebug}"

    @property
    def title(self) -> str:
        """The remote bug's title, or ours as long as that is not known."""
        return self.remote_title or self.bug_title

    @property
    def meaning(self) -> str:
        """The remote status and what it means."""
        if self.remotestatus is None:
            return "not known yet"
        return f"{self.remotestatus} ({self.status.title})"


def _error_of(watch: Any, error_type: BugWatchErrorType) -> str:
    """What went wrong, as a sentence."""
    if error_type.owner is FailureOwner.TRACKER:
        tracker = watch.bugtracker
        if tracker.last_error_type is error_type and tracker.last_error:
            return tracker.last_error
    else:
        for entry in watch.activity:
            if entry.error_type is error_type:
                return entry.message
    return f"{error_type.title}."


def bug_url(tracker: Any, remotebug: str) -> str | None:
    """Where a person sees the bug; None if nothing registered can talk to such a bug tracker."""
    external = queryAdapter(tracker, IExternalBugTracker, name=tracker.bugtrackertype)
    return None if external is None else external.getBugURL(remotebug)


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerFacts:
    """What is known of a bug tracker.

    `state` is one of `ACTIVE`, `INACTIVE` and `TROUBLE`.
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
    clock_skew: float | None
    watches: int
    due: int
    active: bool
    state: str
    last_error_type: BugWatchErrorType | None
    last_error: str | None
    help: str | None
    failures: int
    next_attempt: datetime | None

    @classmethod
    def of(cls, tracker: Any) -> "TrackerFacts":
        error_type = tracker.last_error_type
        state = ACTIVE if error_type is None else TROUBLE
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
            clock_skew=tracker.clock_skew,
            watches=tracker.watches.count(),
            due=tracker.countDue(now()),
            active=tracker.active,
            state=state if tracker.active else INACTIVE,
            last_error_type=error_type,
            last_error=tracker.last_error,
            help=None if error_type is None else error_type.help,
            failures=tracker.failures,
            next_attempt=tracker.next_attempt,
        )
