"""Asking now how remote bugs are, whether or not it is time to."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from zope.component import getUtility

from malonewatch.application.facts import WatchFacts, now
from malonewatch.application.references import (
    check_url,
    find_watches,
    is_number,
    is_url,
    shortened,
    watch_by_number,
    watches_on,
)
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BadInput,
    BugTrackerTrouble,
    Checked,
    IBugWatchChecker,
    NotFoundError,
    Polling,
    Refused,
    Scope,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What is to be asked for: remote bugs of one bug tracker, and the watches on them."""

    name: str
    title: str
    baseurl: str
    remotebugs: tuple[str, ...]
    watches: tuple[WatchFacts, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Answered:
    """A watch that was asked for and answered, be it only that there is no such bug."""

    before: WatchFacts
    after: WatchFacts


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """What came of asking for a `Target`: the watches that were answered, and the rest of it."""

    target: Target
    answered: tuple[Answered, ...]
    checked: Checked


def find_targets(
    database: Any, what: Sequence[str], are_trackers: bool = False
) -> tuple[Target, ...]:
    """What a person means by `what`, one target for each bug tracker.

    That is the number of a watch or the URL of its remote bug, or the name or
    base URL of a bug tracker for all its watches; with `are_trackers`, names
    only.

    :raises Refused: some of it is not there, or not to be asked.
    """

    def step(trackers: Any) -> tuple[Target, ...]:
        found: dict[Any, list[str | None]] = {}
        refused = []
        for each in what:
            try:
                tracker, remotebug = _find(trackers, each, are_trackers)
            except (BadInput, NotFoundError) as error:
                refused.append(str(error))
                continue
            found.setdefault(tracker, []).append(remotebug)
        if refused:
            raise Refused(refused, len(what))
        return tuple(_target(tracker, remotebugs) for tracker, remotebugs in found.items())

    targets: tuple[Target, ...] = database.read(step)
    return targets


@remote(Scope.WATCH)
def check(
    database: Any, target: Target, progress: Callable[[int, int], None] | None = None
) -> Check:
    """Ask for all of `target`, and apply what is answered.

    `progress` is called as `IBugWatchChecker` has it.

    :raises DatabaseError: the database cannot be read or written.
    :raises NotFoundError: the bug tracker was removed meanwhile.
    """
    started = now().replace(microsecond=0)
    checked: Checked = getUtility(IBugWatchChecker)(
        database, target.name, target.remotebugs, progress
    )
    numbers = [watch.id for watch in target.watches]
    found: list[WatchFacts] = database.read(lambda trackers: WatchFacts.of_numbers(numbers))
    after = {watch.id: watch for watch in found}
    answered = tuple(
        Answered(before, after[before.id])
        for before in target.watches
        if before.id in after and _is_answered(after[before.id], started, checked.trouble)
    )
    return Check(target, answered, checked)


def _find(trackers: Any, what: str, is_tracker: bool) -> tuple[Any, str | None]:
    """The bug tracker that a person means, and the remote bug; None for all of its watches."""
    tracker, remotebug = _named(trackers, what, is_tracker)
    if not tracker.active:
        raise BadInput(
            f"{tracker.title} is inactive, so it is not asked; "
            f"'malonewatch tracker enable {tracker.name}' changes that."
        )
    if tracker.polling is Polling.NEVER:
        raise BadInput(f"{tracker.title} is not asked: {tracker.not_polled}")
    return tracker, remotebug


def _named(trackers: Any, what: str, is_tracker: bool) -> tuple[Any, str | None]:
    named = trackers.getByName(what)
    if is_tracker and named is None:
        raise NotFoundError(f"There is no bug tracker named {shortened(what)!r}.")
    if is_number(what) and not is_tracker:
        try:
            watch = watch_by_number(what)
        except NotFoundError:
            if named is None:
                raise
            return named, None
        if named is not None:
            raise BadInput(
                f"There is a watch {what} and a bug tracker named {what!r}; give the URL of the "
                "remote bug for the one, or --tracker for the other."
            )
        return watch.bugtracker, watch.remotebug
    if named is not None:
        return named, None
    if not is_url(what):
        raise NotFoundError(
            f"There is neither a watch nor a bug tracker called {shortened(what)!r}."
        )
    at_base = trackers.getByBaseURL(check_url(what))
    if at_base is not None:
        return at_base, None
    watch = find_watches(what)[0]
    return watch.bugtracker, watch.remotebug


def _target(tracker: Any, remotebugs: Sequence[str | None]) -> Target:
    """The remote bugs of a bug tracker; all that are watched if None is among them."""
    named = [remotebug for remotebug in remotebugs if remotebug is not None]
    if len(named) < len(remotebugs):
        watches = list(reversed(list(tracker.watches)))
    else:
        watches = [watch for each in dict.fromkeys(named) for watch in watches_on(tracker, each)]
    facts = tuple(WatchFacts.of_all(watches))
    return Target(
        tracker.name,
        tracker.title,
        tracker.baseurl,
        tuple(dict.fromkeys(watch.remotebug for watch in facts)),
        facts,
    )


def _is_answered(watch: WatchFacts, started: datetime, trouble: BugTrackerTrouble | None) -> bool:
    """Whether the bug tracker said something of the remote bug, be it only that there is none."""
    if trouble is not None and watch.last_error_type is trouble.error_type:
        return False
    return watch.lastchecked is not None and watch.lastchecked >= started
