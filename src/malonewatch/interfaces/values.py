"""The plain values that travel through a run.

None of them is persistent and none refers to anything persistent, so they
may cross threads, processes and machines.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from zope.interface import implementer

from malonewatch.interfaces.enumerations import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
)
from malonewatch.interfaces.facts import IBugTrackerFacts


@implementer(IBugTrackerFacts)
@dataclasses.dataclass(frozen=True, slots=True)
class BugTrackerFacts:
    """What has to be known of a bug tracker to talk to it."""

    name: str
    bugtrackertype: BugTrackerType
    baseurl: str
    dialect: str | None = None
    guessed: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Remote bugs to ask one bug tracker for, in one go.

    `since`, if not None, says that everything about these bugs is known as of
    that moment of the *remote* clock (aware, UTC), so only what changed later
    matters.  `validators` holds, for some of the bugs, the opaque string that
    came with the last answer (see `RemoteBug.validator`).
    """

    tracker: BugTrackerFacts
    remotebugs: tuple[str, ...]
    since: datetime | None = None
    validators: Mapping[str, str] = dataclasses.field(default_factory=dict)


class RemoteBug(NamedTuple):
    """What a bug tracker says of one bug.

    `remotebug` is the id that was asked for.  `remotestatus` and
    `remote_importance` are the remote words; `status` and `importance` what
    they mean here, UNKNOWN where the tables have no entry.  `modified` is
    aware, in UTC.  `duplicate_of` is an id on the same bug tracker,
    `moved_to` a URL.
    """

    remotebug: str
    remotestatus: str
    status: BugTaskStatus = BugTaskStatus.UNKNOWN
    remote_importance: str = ""
    importance: BugTaskImportance = BugTaskImportance.UNKNOWN
    title: str = ""
    resolution: str = ""
    modified: datetime | None = None
    duplicate_of: str | None = None
    moved_to: str | None = None
    validator: str | None = None


class RemoteBugUnchanged(NamedTuple):
    """The bug tracker says that this bug is as it was."""

    remotebug: str


class RemoteBugError(NamedTuple):
    """This bug could not be read; its siblings may well have been.

    `error_type` is one that belongs to the watch (or UNKNOWN for a fault of
    ours).  `message` is a sentence for people, with nothing secret in it.
    """

    remotebug: str
    error_type: BugWatchErrorType
    message: str
    moved_to: str | None = None


Outcome = RemoteBug | RemoteBugUnchanged | RemoteBugError


class BugWatchChange(NamedTuple):
    """What applying an outcome changes, or would change, in one watch."""

    watch_id: int
    bug_id: int
    tracker: str
    remotebug: str
    old_remotestatus: str | None
    new_remotestatus: str | None
    old_status: BugTaskStatus
    new_status: BugTaskStatus
    error_type: BugWatchErrorType | None = None
    message: str = ""


@dataclasses.dataclass(slots=True)
class Applied:
    """What became of a batch's outcomes.

    `checked` counts watches that were found in order, `failed` those with an
    error of their own.  `changes` lists the watches whose status changed,
    `failures` those that have an error now.
    """

    checked: int = 0
    failed: int = 0
    changes: list[BugWatchChange] = dataclasses.field(default_factory=list)
    failures: list[BugWatchChange] = dataclasses.field(default_factory=list)


class BugWatchActivity(NamedTuple):
    """One entry of a watch's, or of a bug tracker's, history.

    `date` is aware, in UTC.  `error_type` is None for a change of status,
    which `message` then describes.
    """

    date: datetime
    error_type: BugWatchErrorType | None
    message: str


class BugTrackerState(NamedTuple):
    """What a run wants to know before it looks at a bug tracker.

    `due` says whether any watch is.  `next_attempt` is the time (aware, in
    UTC) until when the bug tracker is left alone, None if it may be asked.
    """

    name: str
    title: str
    baseurl: str
    active: bool
    due: bool
    next_attempt: datetime | None


class BugFilingAndSearchLinks(NamedTuple):
    """Where to file a new bug, and where to look for an existing one."""

    bug_filing_url: str | None
    bug_search_url: str | None
