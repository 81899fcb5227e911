"""The plain values that travel through a run.

None of them is persistent and none refers to anything persistent, so they
may cross threads, processes and machines.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from zope.interface import implementer

from malonewatch.interfaces.enumerations import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    FailureOwner,
)
from malonewatch.interfaces.errors import BugTrackerTrouble
from malonewatch.interfaces.facts import IBugTrackerFacts
from malonewatch.interfaces.http import Exchange, Quota
from malonewatch.interfaces.words import Mappings


@implementer(IBugTrackerFacts)
@dataclasses.dataclass(frozen=True, slots=True)
class BugTrackerFacts:
    """What has to be known of a bug tracker to talk to it."""

    name: str
    bugtrackertype: BugTrackerType
    baseurl: str
    dialect: str | None = None
    guessed: bool = False
    mappings: Mappings = Mappings()


def remote_name(tracker: str, remotebug: str) -> str:
    """A remote bug in short, for people: ``example #12``, ``example owner/repo#12``,
    ``example PROJ-12``; `tracker` is the name or title of its bug tracker."""
    return f"{tracker} #{remotebug}" if remotebug.isdecimal() else f"{tracker} {remotebug}"


class RecognisedURL(NamedTuple):
    """What the URL of a bug says: where its bug tracker is, the bug's id, and how sure that is."""

    baseurl: str
    remotebug: str
    certainty: Certainty = Certainty.SHAPE


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Remote bugs to ask one bug tracker for, in one go.

    `seen` has, for the bugs of which everything is known, as of which moment
    of the *remote* clock (aware, UTC), so only what changed later matters; the
    others are asked for in full.  `validators` holds, for some of the bugs,
    the opaque string that came with the last answer (see
    `RemoteBug.validator`).  `apart` says that these bugs spoiled answers for
    others before, so each is asked for alone.  `probe` says that the dialect
    was learnt so long ago that better ones are to be tried again.
    """

    tracker: BugTrackerFacts
    remotebugs: tuple[str, ...]
    seen: Mapping[str, datetime] = dataclasses.field(default_factory=dict)
    validators: Mapping[str, str] = dataclasses.field(default_factory=dict)
    apart: bool = False
    probe: bool = False

    @property
    def since(self) -> datetime | None:
        """As of when all of the bugs are known; None if one is to be asked for in full."""
        if len(self.seen) < len(self.remotebugs):
            return None
        return min(self.seen.values(), default=None)


class RemoteBug(NamedTuple):
    """What a bug tracker says of one bug.

    `remotebug` is the id that was asked for.  `remotestatus` and
    `remote_importance` are the remote words; `status` and `importance` what
    they mean here, UNKNOWN where the tables have no entry.  `modified` and
    `date_closed` are aware, in UTC.  `duplicate_of` is an id on the same bug
    tracker or the URL of a bug elsewhere, `moved_to` a URL.

    `closed` is the bug tracker's own word on whether the bug is over, None if
    it has none; `guessed` says that `status` comes from that rather than from
    a table, `mapped` that it is what the site has mapped the words to.
    `private` bugs can be read with the credentials given.  `fixed_in` names
    the release.  `raw` is the record as it came, as large as one bug's share of
    an answer may be, with whatever secrets a server sends back; what is stored
    of it is `IBugWatch.answer`.  `apart` says that the bug spoils the
    answer for others, so that it has to be asked for alone.
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
    closed: bool | None = None
    guessed: bool = False
    private: bool = False
    date_closed: datetime | None = None
    fixed_in: str = ""
    raw: Any = None
    apart: bool = False
    mapped: bool = False


class RemoteBugUnchanged(NamedTuple):
    """The bug tracker says that this bug is as it was."""

    remotebug: str


class RemoteBugError(NamedTuple):
    """This bug could not be read; its siblings may well have been.

    `error_type` is one that belongs to the watch (or UNKNOWN for a fault of
    ours).  `message` is a sentence for people, with nothing secret in it.
    `apart` is as in `RemoteBug`.
    """

    remotebug: str
    error_type: BugWatchErrorType
    message: str
    moved_to: str | None = None
    apart: bool = False


Outcome = RemoteBug | RemoteBugUnchanged | RemoteBugError


class DialectLearnt(NamedTuple):
    """That a bug tracker was found to speak a dialect, and why that is thought."""

    dialect: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Fetched:
    """All that came of asking for a `Batch`.

    - `asked`: when, by our clock (aware, UTC),
    - `outcomes`: one for each bug that something was learnt of,
    - `missing`: the bugs of the batch that nothing was learnt of, because of
      `trouble` or because time was up,
    - `dialect`: what was learnt of the dialect, None if nothing new,
    - `clock_skew`: seconds by which the bug tracker's clock is ahead of ours,
      None if it did not tell,
    - `trouble`: why it could not be asked for all, None if it could,
    - `exchanges`: the requests that were made,
    - `quota`: what it said of how much more it may be asked, None if nothing,
    - `scrub`: takes the secrets that were sent out of a text, as
      `IHTTPSession.scrub` does; None if there are none.
    """

    batch: Batch
    asked: datetime
    outcomes: tuple[Outcome, ...] = ()
    missing: tuple[str, ...] = ()
    dialect: DialectLearnt | None = None
    clock_skew: float | None = None
    trouble: BugTrackerTrouble | None = None
    exchanges: tuple[Exchange, ...] = ()
    quota: Quota | None = None
    scrub: Callable[[str], str] | None = dataclasses.field(default=None, repr=False, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Brake:
    """What a run has seen of one bug tracker's watches of known status, so far.

    `asked` counts those, `suspicious` the ones among them that would be lost
    or closed; once `engaged`, such changes are held.
    """

    asked: int = 0
    suspicious: int = 0
    engaged: bool = False


class BrakeSettings(NamedTuple):
    """When changes are too many at once: at least `least` of them, and at least `part` of those
    asked for; what is held is applied when a run at least `confirm_after` seconds later agrees."""

    least: int = 20
    part: float = 1 / 3
    confirm_after: float = 3600.0


class BugWatchChange(NamedTuple):
    """What applying an outcome changes, or would change, in one watch.

    `held` says that the change is kept back; see `IBugTracker.held`.
    """

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
    held: bool = False


@dataclasses.dataclass(slots=True)
class Applied:
    """What became of a batch's outcomes.

    `checked` counts watches that were found in order, `failed` those with an
    error of their own, `held` those whose change is kept back.  `changes`
    lists the watches whose status changed, `failures` those that have an error
    now.  `brake` goes into the next call for the same bug tracker in the same
    run.  `trouble` is what the bug tracker is in after that, None if nothing;
    after a run that of the last batch counts.  `follow` are remote bugs on the
    same bug tracker to be asked for next, as watches are followed there.
    `foreseen` goes into the next preview in the same run, of any bug tracker.
    """

    checked: int = 0
    failed: int = 0
    held: int = 0
    changes: list[BugWatchChange] = dataclasses.field(default_factory=list)
    failures: list[BugWatchChange] = dataclasses.field(default_factory=list)
    brake: Brake = Brake()
    trouble: BugTrackerTrouble | None = None
    follow: Sequence[str] = ()
    foreseen: Any = dataclasses.field(default=None, compare=False)


class Claim(NamedTuple):
    """That a run works on an origin: who it is, and until when (aware, UTC) that holds."""

    origin: str
    holder: str
    until: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What came of asking a bug tracker for some bugs at once.

    - `applied`: what became of the outcomes,
    - `exchanges`: the requests that were made, oldest first,
    - `trouble`: why it could not be asked for all, None if it could,
    - `claim`: who works on its origin, so that nothing was asked; None if it
      was free,
    - `faults`: how many failures are malonewatch's own,
    - `interrupted`: whether a signal ended it; what was fetched is saved.
    """

    applied: Applied
    exchanges: tuple[Exchange, ...] = ()
    trouble: BugTrackerTrouble | None = None
    claim: Claim | None = None
    faults: int = 0
    interrupted: bool = False


class BugWatchActivity(NamedTuple):
    """One entry of a watch's, or of a bug tracker's, history.

    `date` is aware, in UTC.  `kind` says what happened:

    - ``status``: the remote status, or what it means here, became another one,
    - ``error``: a check failed, or the bug tracker could not be asked
      (`error_type`),
    - ``recovered``: it can be read, or asked, again,
    - ``duplicate``, ``moved``: where to is in `message`,
    - ``mapping``: the remote status is as it was, and means another thing here,
      by another rule or another table,
    - ``note``: anything else, such as what databases of 0.1.0 have as prose.

    The statuses are None where they were not known, or do not matter.  `rule`
    says which rule gave the new meaning: ``table``, ``flag`` (the bug
    tracker's own open or closed flag), ``site`` (a mapping of the site's), or
    nothing.  `message` is the entry as a sentence for people.
    """

    date: datetime
    error_type: BugWatchErrorType | None
    message: str
    kind: str = "note"
    old_remotestatus: str | None = None
    new_remotestatus: str | None = None
    old_status: BugTaskStatus | None = None
    new_status: BugTaskStatus | None = None
    rule: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class DailyCounters:
    """What a bug tracker cost and gave on one day (UTC).

    `failures` counts by owner: checks that failed for the watch, for the
    application or for us, and batches that failed for the bug tracker.
    """

    day: date
    requests: int = 0
    checks: int = 0
    changes: int = 0
    failures: Mapping[FailureOwner, int] = dataclasses.field(default_factory=dict)


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


@dataclasses.dataclass(frozen=True, slots=True)
class BugWatchQuery:
    """Which bug watches to look for; all criteria that are given have to hold.

    - `bug`: the number of a local bug,
    - `tracker`: the name of a bug tracker,
    - `meanings`: what the remote status means here is one of these,
    - `errors`: the last check failed like one of these,
    - `changed_since`: the status became another one (the first sight does not
      count) at that moment or later (aware),
    - `words`: each of these words stands, as a whole and in whatever case, in
      the remote bug's title, or in the local bug's if that is not known,
    - `newest_change_first`: in order of the last change, newest first, and
      those last whose status never became another one; else in order of
      number,
    - `limit`: how many to a page; None for all,
    - `start`: the `BugWatchPage.next` of the page before, None for the first,
    - `shown`: whether a watch may be found at all, a function of it; None: all may.
    """

    bug: int | None = None
    tracker: str | None = None
    meanings: frozenset[BugTaskStatus] | None = None
    errors: frozenset[BugWatchErrorType] | None = None
    changed_since: datetime | None = None
    words: tuple[str, ...] = ()
    newest_change_first: bool = False
    limit: int | None = 50
    start: str | None = None
    shown: Callable[[Any], bool] | None = None


class BugWatchPage(NamedTuple):
    """Some of the watches that were looked for; `next` leads to more, None if there are none."""

    watches: list[Any]
    next: str | None


class UpgradeStep(NamedTuple):
    """A step to a later version of the schema: which, what it does, and whether it is a matter
    of a second."""

    version: int
    description: str
    quick: bool


class BugFilingAndSearchLinks(NamedTuple):
    """Where to file a new bug, and where to look for an existing one."""

    bug_filing_url: str | None
    bug_search_url: str | None
