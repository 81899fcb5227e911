"""Watching bugs, looking at watches, moving and forgetting them."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from zope.component import getUtility, queryAdapter

from malonewatch.application.audit import record
from malonewatch.application.facts import BugFacts, TrackerFacts, WatchFacts
from malonewatch.application.finding import FoundBug, find_bugs
from malonewatch.application.linkfacts import LinkFacts
from malonewatch.application.links import link_facts
from malonewatch.application.privacy import title_of
from malonewatch.application.references import (
    check_title,
    ensure_bug,
    find_watch,
    watches_on,
)
from malonewatch.application.registering import Registrar, Registration
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BadInput,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchActivity,
    Certainty,
    IBugWatchSet,
    IExternalBugTracker,
    NotFoundError,
    RecognisedURL,
    Refused,
    Scope,
    remote_name,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Watched:
    """What became of watching some bugs.

    - `registered`: the bug trackers that are new,
    - `approved`: the names of those that were guessed and are no longer,
    - `bug`: the bug of ours that they were watched for, None if none was needed,
    - `is_new`: whether that bug was made,
    - `keep_title`: the bugs that have another title than the one that was given,
    - `watches`: the watches that are new, and `trackers`: their bug trackers,
    - `existing`: those that there were already, of what was given,
    - `proposals`: URLs in a text that may be those of bugs, and are not watched.
    """

    registered: tuple[Registration, ...] = ()
    approved: tuple[str, ...] = ()
    bug: BugFacts | None = None
    is_new: bool = False
    keep_title: tuple[int, ...] = ()
    watches: tuple[WatchFacts, ...] = ()
    trackers: tuple[TrackerFacts, ...] = ()
    existing: tuple[WatchFacts, ...] = ()
    proposals: tuple["Proposal", ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """A URL in a text that is that of a bug only if the guess at the type is right."""

    url: str
    bugtrackertype: BugTrackerType


@dataclasses.dataclass(frozen=True, slots=True)
class WatchDetails:
    """All there is to say of a watch; the history has the newest first, `links` the places in
    source trees that lead to it."""

    facts: WatchFacts
    activity: tuple[BugWatchActivity, ...]
    links: tuple[LinkFacts, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class MovedWatch:
    """What a watch stood for, and what it stands for now; and a bug tracker that is new."""

    before: WatchFacts
    after: WatchFacts
    registered: Registration | None


@remote(Scope.WATCH)
def watch(
    database: Any, urls: Sequence[str], bug_id: int | None = None, title: str | None = None
) -> Watched:
    """Watch the bugs at `urls` for a bug of ours.

    That is the bug of that number, which is made if it is not there, or a new
    one; without a number what is watched already is left as it is.  `title` is
    that of a bug that has none; no bug is given another.

    :raises Refused: some of `urls` cannot be watched; nothing is changed.
    :raises BadInput: as for `check_title`.
    """
    title = None if title is None else check_title(title)
    found = find_bugs(database, urls)

    def step(trackers: Any) -> Watched:
        watched = _watch(trackers, found, bug_id, title)
        _record(watched)
        return watched

    watched: Watched = database.write(step)
    return watched


@remote(Scope.WATCH)
def watch_text(
    database: Any, text: str, bug_id: int | None = None, title: str | None = None
) -> Watched:
    """Watch the bugs whose URLs stand in a text, as `watch` does.

    Bug trackers that are not registered are added, marked as guessed; what
    may be other software's URLs is proposed only.

    :raises BadInput: there is no URL of a bug in it; nothing is changed.
    """
    title = None if title is None else check_title(title)

    def step(trackers: Any) -> Watched:
        watches = getUtility(IBugWatchSet)
        found = list(watches.recogniseText(text))
        if not found:
            raise BadInput("There is no URL of a bug in the text.")
        proposals = tuple(_proposal(*each) for each in found if _is_guess(*each))
        if len(proposals) == len(found):
            return Watched(proposals=proposals)
        bug, is_new = ensure_bug(bug_id, title)
        added = watches.fromText(text, bug, None)
        watched = Watched(
            bug=BugFacts.of(bug),
            is_new=is_new,
            keep_title=_with_other_title([bug], title),
            watches=tuple(WatchFacts.of_all(added)),
            trackers=_trackers_of(added),
            proposals=proposals,
        )
        _record(watched)
        return watched

    watched: Watched = database.write(step)
    return watched


@remote(Scope.READ)
def find(database: Any, what: Sequence[str], bug_id: int | None = None) -> tuple[WatchFacts, ...]:
    """The watches that `what` names, by number or URL, each once.

    With a number of a bug, the one of that bug where a URL is watched for several.

    :raises Refused: some name none, or several.
    """

    def step(trackers: Any) -> tuple[WatchFacts, ...]:
        found, refused = {}, []
        for each in what:
            try:
                watch = find_watch(each, bug_id)
            except (BadInput, NotFoundError) as error:
                refused.append(str(error))
            else:
                found[watch.id] = watch
        if refused:
            raise Refused(refused, len(what))
        return tuple(WatchFacts.of_all(found.values()))

    watches: tuple[WatchFacts, ...] = database.read(step)
    return watches


@remote(Scope.READ)
def show(database: Any, what: str, bug_id: int | None = None) -> WatchDetails:
    """All that is known of the watch that `what` names, as for `find`.

    :raises NotFoundError: there is none.
    :raises BadInput: there are several, or it is not the URL of a bug.
    """

    def step(trackers: Any) -> WatchDetails:
        found = find_watch(what, bug_id)
        return WatchDetails(
            WatchFacts.of(found), tuple(found.activity), tuple(map(link_facts, found.links))
        )

    details: WatchDetails = database.read(step)
    return details


@remote(Scope.WATCH)
def set_interval(
    database: Any, watch_ids: Sequence[int], seconds: float | None
) -> tuple[WatchFacts, ...]:
    """Let the watches of those numbers be checked within so many seconds each time, or, with None,
    as often as their bug trackers' settings say; what they are then.

    :raises NotFoundError: one is not there.
    :raises BadInput: nothing can be checked so often, or so seldom.
    """

    def step(trackers: Any) -> tuple[WatchFacts, ...]:
        watches = [getUtility(IBugWatchSet).get(watch_id) for watch_id in watch_ids]
        for watch in watches:
            watch.longest_interval = seconds
            record("edit", _named(watch), "longest interval")
        return tuple(WatchFacts.of_all(watches))

    changed: tuple[WatchFacts, ...] = database.write(step)
    return changed


@remote(Scope.WATCH)
def unwatch(database: Any, watch_ids: Sequence[int]) -> None:
    """Forget the watches of those numbers, and their history.

    :raises Refused: some are not there.
    """

    def step(trackers: Any) -> None:
        watches, refused = getUtility(IBugWatchSet), []
        for watch_id in watch_ids:
            try:
                found = watches.get(watch_id)
                record("unwatch", _named(found), _remote_of(found))
                found.bug.removeWatch(found)
            except NotFoundError as error:
                refused.append(str(error))
        if refused:
            raise Refused(refused, len(watch_ids))

    database.write(step)


@remote(Scope.ADMIN)
def move(database: Any, what: str, url: str, bug_id: int | None = None) -> MovedWatch:
    """Let the watch that `what` names, as for `find`, stand for the bug at `url`.

    It keeps its number, its bug and its history.

    :raises NotFoundError: there is no such watch.
    :raises BadInput: there are several, `url` cannot be watched, or the bug
        has a watch there already.
    """
    (moved,) = find(database, [what], bug_id)
    found = find_bugs(database, [url])

    def step(trackers: Any) -> MovedWatch:
        watches = getUtility(IBugWatchSet)
        registrar = Registrar(trackers)
        watch = watches.get(moved.id)
        tracker = registrar.tracker_of(found[0])
        watches.moveBugWatch(watch, tracker, found[0].remotebug)
        registered = next(iter(registrar.registered), None)
        record("move", _named(watch), f"from {moved.remote} to {_remote_of(watch)}")
        return MovedWatch(moved, WatchFacts.of(watch), registered)

    result: MovedWatch = database.write(step)
    return result


def _named(watch: Any) -> str:
    return f"watch {watch.id} for bug {watch.bug.id}"


def _remote_of(watch: Any) -> str:
    return remote_name(watch.bugtracker.name, watch.remotebug)


def _record(watched: Watched) -> None:
    """Record what became of watching some bugs, if anything did."""
    for registration in watched.registered:
        record("add", f"tracker {registration.tracker.name}", registration.tracker.baseurl)
    for name in watched.approved:
        record("approve", f"tracker {name}")
    for each in watched.watches:
        record("watch", f"watch {each.id} for bug {each.bug}", each.remote)


def _watch(
    trackers: Any, found: Sequence[FoundBug], bug_id: int | None, title: str | None
) -> Watched:
    """See `watch`; runs in a transaction."""
    registrar = Registrar(trackers)
    refused: list[str] = []
    remote = []
    for each in found:
        try:
            remote.append((registrar.tracker_of(each), each.remotebug))
        except BadInput as error:
            refused.append(str(error))
    bug: Any = None
    is_new = False
    if bug_id is not None or not all(watches_on(*pair) for pair in remote):
        bug, is_new = ensure_bug(bug_id, title)
    added, existing = {}, {}
    for tracker, remotebug in remote:
        others = watches_on(tracker, remotebug)
        if bug_id is not None:
            others = [other for other in others if other.bug.id == bug.id]
        for other in others:
            existing[other.id] = other
        if not others:
            try:
                new = bug.addWatch(tracker, remotebug, None)
            except BadInput as error:
                refused.append(str(error))
            else:
                added[new.id] = new
    if refused:
        # The transaction is aborted, with all that was added in it.
        raise Refused(refused, len(found))
    bugs = [bug] if bug is not None else [watch.bug for watch in existing.values()]
    return Watched(
        registered=tuple(registrar.registered),
        approved=tuple(registrar.approved),
        bug=None if bug is None else BugFacts.of(bug),
        is_new=is_new,
        keep_title=_with_other_title(bugs, title),
        watches=tuple(WatchFacts.of_all(added.values())),
        trackers=_trackers_of(added.values()),
        existing=tuple(
            WatchFacts.of_all([each for each in existing.values() if each.id not in added])
        ),
    )


def _trackers_of(watches: Iterable[Any]) -> tuple[TrackerFacts, ...]:
    trackers = {watch.bugtracker.name: watch.bugtracker for watch in watches}
    return tuple(map(TrackerFacts.of, trackers.values()))


def _with_other_title(bugs: Iterable[Any], title: str | None) -> tuple[int, ...]:
    """The numbers of those of `bugs` that have another title than `title`, if there is one."""
    return tuple(sorted({bug.id for bug in bugs if title not in (None, title_of(bug))}))


def _is_guess(found: RecognisedURL, bugtrackertype: BugTrackerType) -> bool:
    return found.certainty is Certainty.GUESS


def _proposal(found: RecognisedURL, bugtrackertype: BugTrackerType) -> Proposal:
    facts = BugTrackerFacts("", bugtrackertype, found.baseurl)
    external = queryAdapter(facts, IExternalBugTracker, name=bugtrackertype)
    return Proposal(external.getBugURL(found.remotebug), bugtrackertype)
