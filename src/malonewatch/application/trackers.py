"""Bug trackers: registering them, looking at them, changing and forgetting them."""

import dataclasses
import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from malonewatch.application.audit import record
from malonewatch.application.facts import TrackerDetails, TrackerFacts, now, state_of
from malonewatch.application.finding import FoundTracker, find_tracker_at, known_type
from malonewatch.application.hooks import check_secret
from malonewatch.application.references import check_url, find_tracker
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BugTrackerType,
    BugWatchChange,
    BugWatchErrorType,
    Freshness,
    Politeness,
    Scope,
)


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerChanges:
    """What is to be changed in a bug tracker; None leaves it as it is.

    - `type_name`: the name of its type, in any case,
    - `aliases`: these are added to those known; `no_aliases` forgets those first,
    - `active`: whether it is asked; `follows`: whether watches on duplicates are
      followed to what those duplicate,
    - `hook_secrets`: what refers to secrets of its events; these are added, and
      `no_hook_secrets` forgets those first,
    - `concurrency` and `gap` (seconds): how it is asked, as in `Politeness`;
      `no_politeness` first forgets what was said before,
    - `budget`, `longest` and `longest_closed` (seconds): how often it is asked,
      as in `Freshness`; `no_freshness` first forgets what was said before.
    """

    name: str | None = None
    type_name: str | None = None
    title: str | None = None
    summary: str | None = None
    contactdetails: str | None = None
    baseurl: str | None = None
    aliases: Sequence[str] = ()
    no_aliases: bool = False
    active: bool | None = None
    follows: bool | None = None
    concurrency: int | None = None
    gap: float | None = None
    no_politeness: bool = False
    hook_secrets: Sequence[str] = ()
    no_hook_secrets: bool = False
    budget: int | None = None
    longest: float | None = None
    longest_closed: float | None = None
    no_freshness: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerLine:
    """What is known of a bug tracker at a glance: what costs the same however many watches it
    has.  The fields are as in `TrackerFacts`."""

    name: str
    title: str
    bugtrackertype: BugTrackerType
    baseurl: str
    guessed: bool
    watches: int
    next_due: datetime | None
    held_count: int
    state: str
    last_error_type: BugWatchErrorType | None
    last_error: str | None
    help: str | None

    @classmethod
    def of(cls, tracker: Any) -> "TrackerLine":
        error_type = tracker.last_error_type
        return cls(
            name=tracker.name,
            title=tracker.title,
            bugtrackertype=tracker.bugtrackertype,
            baseurl=tracker.baseurl,
            guessed=tracker.guessed,
            watches=tracker.watches.count(),
            next_due=tracker.next_due,
            held_count=tracker.held_count,
            state=state_of(tracker),
            last_error_type=error_type,
            last_error=tracker.last_error,
            help=None if error_type is None else error_type.help,
        )


#: What of `TrackerFacts` can be changed.
_EDITABLE = (
    *("name", "title", "bugtrackertype", "baseurl", "aliases", "summary", "contactdetails"),
    *("politeness", "freshness", "follows", "active", "hook_secrets"),
)


@remote(Scope.ADMIN)
def add(
    database: Any, url: str, changes: TrackerChanges = TrackerChanges()
) -> tuple[TrackerFacts, FoundTracker]:
    """Register the bug tracker at `url`: its base URL, or that of any bug there.

    Of `changes`, name, type, title, summary and contact details are taken.  If
    they do not name a type, it is found out, if need be by asking the server.
    Returns how it was found out, too.

    :raises BaseURLTaken: there is one, which was not guessed from a text.
    :raises BadInput: it cannot be told of which type it is, or what was given
        cannot be used.
    """
    found = find_tracker_at(database, url, changes.type_name)

    def step(trackers: Any) -> TrackerFacts:
        tracker = trackers.getByBaseURL(found.baseurl)
        if tracker is None:
            tracker = trackers.ensureBugTracker(
                found.baseurl,
                None,
                found.bugtrackertype,
                title=changes.title,
                summary=changes.summary or "",
                contactdetails=changes.contactdetails or "",
                name=changes.name,
            )
            record("add", f"tracker {tracker.name}", found.baseurl)
            return TrackerFacts.of(tracker)
        if not tracker.guessed:
            raise BaseURLTaken(
                f"{found.baseurl} belongs to the bug tracker {tracker.name!r} already."
            )
        # Now somebody registers it.
        tracker.guessed = False
        if found.bugtrackertype != tracker.bugtrackertype:
            tracker.bugtrackertype = found.bugtrackertype
        _describe(tracker, changes)
        record("approve", f"tracker {tracker.name}", found.baseurl)
        return TrackerFacts.of(tracker)

    facts: TrackerFacts = database.write(step)
    return facts, found


@remote(Scope.READ)
def list_trackers(database: Any) -> list[TrackerFacts]:
    """All bug trackers, by title."""
    facts: list[TrackerFacts] = database.read(
        lambda trackers: [TrackerFacts.of(tracker) for tracker in trackers]
    )
    return facts


def list_lines(database: Any, first: int = 1, size: int | None = None) -> list[TrackerLine]:
    """At most `size` bug trackers by title, from that place on; the first is at 1."""

    def step(trackers: Any) -> list[TrackerLine]:
        stop = None if size is None else first - 1 + size
        return [TrackerLine.of(tracker) for tracker in itertools.islice(trackers, first - 1, stop)]

    lines: list[TrackerLine] = database.read(step)
    return lines


def most_active(database: Any, limit: int) -> list[TrackerLine]:
    """Those with the most watches, these first."""
    lines: list[TrackerLine] = database.read(
        lambda trackers: list(map(TrackerLine.of, trackers.getMostActiveBugTrackers(limit)))
    )
    return lines


@remote(Scope.READ)
def show(database: Any, what: str, days: int = 7, most: int | None = None) -> TrackerDetails:
    """All that is known of the bug tracker that `what` names, with the counters of so many days.

    That is its name, a base URL of it, or the URL of a bug there; here as in
    the other functions.  Of what is due, and kept back, no more than `most` is
    looked at, or somewhat more.

    :raises NotFoundError: there is none.
    """
    details: TrackerDetails = database.read(
        lambda trackers: TrackerDetails.of(find_tracker(trackers, what), days, most)
    )
    return details


@remote(Scope.ADMIN)
def edit(database: Any, what: str, changes: TrackerChanges) -> tuple[TrackerFacts, TrackerFacts]:
    """Change a bug tracker; it before and after that.

    :raises NotFoundError: there is none.
    :raises BadInput: what was given cannot be used; nothing is changed.
    """

    def step(trackers: Any) -> tuple[TrackerFacts, TrackerFacts]:
        tracker = find_tracker(trackers, what)
        before = TrackerFacts.of(tracker)
        if changes.baseurl is not None:
            tracker.baseurl = check_url(changes.baseurl)
        if changes.aliases or changes.no_aliases:
            known = () if changes.no_aliases else tracker.aliases
            tracker.aliases = (*known, *map(check_url, changes.aliases))
        if changes.hook_secrets or changes.no_hook_secrets:
            tracker.hook_secrets = _hook_secrets(tracker.hook_secrets, changes)
        if changes.type_name is not None:
            types = [str(name) for name, _ in trackers.getBugTrackerTypes()]
            tracker.bugtrackertype = known_type(changes.type_name, types)
        if changes.active is not None:
            tracker.active = changes.active
        if changes.follows is not None:
            tracker.follows = changes.follows
        politeness = _politeness(tracker.politeness, changes)
        if politeness != tracker.politeness:
            tracker.politeness = politeness
        freshness = _freshness(tracker.freshness, changes)
        if freshness != tracker.freshness:
            tracker.freshness = freshness
        _describe(tracker, changes)
        after = TrackerFacts.of(tracker)
        changed = [name for name in _EDITABLE if getattr(before, name) != getattr(after, name)]
        if changed:
            record("edit", f"tracker {after.name}", ", ".join(changed))
        return before, after

    both: tuple[TrackerFacts, TrackerFacts] = database.write(step)
    return both


@remote(Scope.ADMIN)
def remove(database: Any, what: str) -> TrackerFacts:
    """Forget a bug tracker that has no watches; what it was.

    :raises NotFoundError: there is none.
    :raises BadInput: it has watches.
    """

    def step(trackers: Any) -> TrackerFacts:
        tracker = find_tracker(trackers, what)
        facts = TrackerFacts.of(tracker)
        trackers.remove(tracker)
        record("remove", f"tracker {facts.name}", facts.baseurl)
        return facts

    forgotten: TrackerFacts = database.write(step)
    return forgotten


@remote(Scope.ADMIN)
def accept_changes(database: Any, what: str) -> tuple[TrackerFacts, tuple[BugWatchChange, ...]]:
    """Apply the changes that were held as too many at once; the bug tracker, and what they were.

    Nothing is asked.

    :raises NotFoundError: there is no such bug tracker.
    """

    def step(trackers: Any) -> tuple[TrackerFacts, tuple[BugWatchChange, ...]]:
        tracker = find_tracker(trackers, what)
        held = tuple(tracker.held)
        if held:
            tracker.acceptChanges(now())
            record("accept changes", f"tracker {tracker.name}", str(len(held)))
        return TrackerFacts.of(tracker), held

    accepted: tuple[TrackerFacts, tuple[BugWatchChange, ...]] = database.write(step)
    return accepted


def _describe(tracker: Any, changes: TrackerChanges) -> None:
    if changes.name is not None:
        tracker.name = changes.name
    if changes.title is not None:
        tracker.title = changes.title
    if changes.summary is not None:
        tracker.summary = changes.summary
    if changes.contactdetails is not None:
        tracker.contactdetails = changes.contactdetails


#: How many secrets may be good at a time; each costs whoever refuses what is not genuine.
MOST_SECRETS = 4


def _hook_secrets(before: Sequence[str], changes: TrackerChanges) -> tuple[str, ...]:
    """What refers to the secrets of a bug tracker's events, after `changes`."""
    known = () if changes.no_hook_secrets else before
    after = tuple(dict.fromkeys((*known, *map(check_secret, changes.hook_secrets))))
    if len(after) > MOST_SECRETS:
        raise BadInput(
            f"A webhook has {MOST_SECRETS} secrets at most; forget those that are used no more."
        )
    return after


def _politeness(before: Politeness, changes: TrackerChanges) -> Politeness:
    """What a person says of how to ask, after `changes`."""
    if changes.no_politeness:
        before = Politeness()
    if changes.concurrency is not None:
        before = before._replace(concurrency=changes.concurrency)
    if changes.gap is not None:
        before = before._replace(gap=changes.gap)
    return before


def _freshness(before: Freshness, changes: TrackerChanges) -> Freshness:
    """What a person says of how often to ask, after `changes`."""
    if changes.no_freshness:
        before = Freshness()
    said = {name: getattr(changes, name) for name in Freshness._fields}
    return before._replace(**{name: value for name, value in said.items() if value is not None})
