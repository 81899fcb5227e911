"""Bug trackers that moved, and two that are one.

A dry run does all of it, and undoes it.
"""

import dataclasses
from typing import Any

from zope.component import getUtility, queryUtility

from malonewatch.application.audit import record
from malonewatch.application.facts import TrackerFacts, WatchFacts
from malonewatch.application.finding import known_type
from malonewatch.application.references import check_url, find_tracker
from malonewatch.application.remote import remote
from malonewatch.interfaces import BadInput, BaseURLTaken, IBugWatchSet, ISubscriptionSet, Scope


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerMerge:
    """What merging a bug tracker into another changes, or would.

    - `source`: the one that is forgotten, as it was,
    - `target`: the other, as it is after that,
    - `moved`: the numbers of the watches that go from the one to the other,
    - `dropped`: those that are forgotten, as their bug has a watch there already.
    """

    source: TrackerFacts
    target: TrackerFacts
    moved: tuple[int, ...]
    dropped: tuple[WatchFacts, ...]


@remote(Scope.ADMIN)
def move(
    database: Any, what: str, url: str, type_name: str | None = None, dry_run: bool = False
) -> tuple[TrackerFacts, TrackerFacts]:
    """Let a bug tracker be at the base URL `url` from now on, maybe of another type.

    Its watches follow, and are asked for in full.  The old base URL becomes an
    alias.  Returns the bug tracker before and after that.

    :raises NotFoundError: there is no such bug tracker.
    :raises BaseURLTaken: another one is there, which it may be merged into.
    :raises BadInput: `url` cannot be a base URL, or it is there already.
    """
    url = check_url(url)

    def step(trackers: Any) -> tuple[TrackerFacts, TrackerFacts]:
        tracker = find_tracker(trackers, what)
        before = TrackerFacts.of(tracker)
        bugtrackertype = before.bugtrackertype
        if type_name is not None:
            names = [str(name) for name, _ in trackers.getBugTrackerTypes()]
            bugtrackertype = known_type(type_name, names)
        other = trackers.getByBaseURL(url)
        if other is not None and other.id != tracker.id:
            raise BaseURLTaken(
                f"{other.name} is at {url} already; merge {tracker.name} into it instead."
            )
        if (url, bugtrackertype) == (before.baseurl, before.bugtrackertype):
            raise BadInput(f"{tracker.name} is at {url} already.")
        tracker.baseurl = url
        tracker.aliases = (*tracker.aliases, before.baseurl)
        if bugtrackertype != before.bugtrackertype:
            tracker.bugtrackertype = bugtrackertype
        record("move", f"tracker {tracker.name}", f"from {before.baseurl} to {url}")
        return before, TrackerFacts.of(tracker)

    both: tuple[TrackerFacts, TrackerFacts] = _step(database, dry_run)(step)
    return both


@remote(Scope.ADMIN)
def merge(database: Any, source: str, target: str, dry_run: bool = False) -> TrackerMerge:
    """Move all watches of one bug tracker to another, and forget the first.

    They keep their numbers, and are due; what is known of the remote bugs is
    forgotten.  The base URL and the aliases of the first become aliases of the
    other.

    :raises NotFoundError: one of them is not there.
    :raises BadInput: both are the same, or of two types.
    """

    def step(trackers: Any) -> TrackerMerge:
        first, other = find_tracker(trackers, source), find_tracker(trackers, target)
        _check_mergeable(first, other)
        before = TrackerFacts.of(first)
        watches = getUtility(IBugWatchSet)
        moved, dropped = [], []
        # All of them first: they leave it one by one.
        for watch in reversed(list(first.watches)):
            if watch.bug.getBugWatch(other, watch.remotebug) is None:
                watches.moveBugWatch(watch, other, watch.remotebug)
                moved.append(watch.id)
            else:
                dropped.append(WatchFacts.of(watch))
                watch.bug.removeWatch(watch)
        subscriptions = queryUtility(ISubscriptionSet)
        if subscriptions is not None:
            # Databases of earlier versions have none.
            subscriptions.retarget(first, other)
        trackers.remove(first)
        other.aliases = (*other.aliases, before.baseurl, *before.aliases)
        record("merge", f"tracker {before.name}", f"into {other.name}, {len(moved)} watches")
        return TrackerMerge(before, TrackerFacts.of(other), tuple(moved), tuple(dropped))

    merged: TrackerMerge = _step(database, dry_run)(step)
    return merged


def _step(database: Any, dry_run: bool) -> Any:
    return database.read if dry_run else database.write


def _check_mergeable(source: Any, target: Any) -> None:
    if source.id == target.id:
        raise BadInput(f"{source.name} cannot be merged into itself.")
    if source.bugtrackertype != target.bugtrackertype:
        raise BadInput(
            f"{source.name} is of type {source.bugtrackertype} and {target.name} of type "
            f"{target.bugtrackertype}, whose bugs have other ids; move its watches one by one."
        )
