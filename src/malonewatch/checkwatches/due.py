"""Which bug trackers of a site a run of the script is to ask, and what comes before."""

import functools
import logging
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime
from typing import Any

from zope.component import getGlobalSiteManager, hooks

from malonewatch.checkwatches.logs import said
from malonewatch.interfaces import (
    BadInput,
    BugTrackerState,
    IBugTracker,
    IBugTrackerEvent,
    IBugWatch,
    IBugWatchEvent,
)
from malonewatch.wording import exact

log = logging.getLogger("malonewatch.checkwatches")


def known(trackers: Any, names: Iterable[str]) -> list[str]:
    """Those of the names that are those of bug trackers.  Runs in a transaction."""
    return [name for name in names if name in trackers]


def refuse_unknown(names: Iterable[str], there: Container[str]) -> None:
    """See that all of the names are there.

    :raises BadInput: one is not.
    """
    for name in names:
        if name not in there:
            raise BadInput(
                f"There is no bug tracker named {name!r}; 'malonewatch tracker list' shows them."
            )


def due(
    database: Any, names: Sequence[str], now: datetime, *, reset: bool, dry_run: bool
) -> list[str]:
    """The names of the bug trackers that are to be asked now, of those named, or of all.

    Says of the others why they are not.  With `reset` their watches are made
    due first; and so are those that a clock put off which was wrong.

    :raises BadInput: there is no bug tracker of some name.
    :raises DatabaseError: the database cannot be read or written.
    """
    states, clock_went_back = database.read(
        lambda trackers: (_states(trackers, names, now), trackers.clockWentBack(now))
    )
    if dry_run:
        clock_went_back = reset = False
    if clock_went_back:
        set_clock_back(database, now)
    if reset:
        wanted = [state.name for state in states if state.active]
        _change_each(database, wanted, lambda tracker: tracker.resetWatches(now))
    if clock_went_back or reset:
        states = database.read(lambda trackers: _states(trackers, names, now))
    return [state.name for state in states if _is_to_be_asked(state)]


def set_clock_back(database: Any, now: datetime) -> None:
    """Make what a clock put off due that was wrong.

    :raises DatabaseError: the database cannot be read or written.
    """
    log.warning("The clock went back; watches checked in what is now the future are due.")
    every = database.read(lambda trackers: [tracker.name for tracker in trackers])
    _change_each(database, every, lambda tracker: tracker.setClockBack(now))
    database.write(lambda trackers: trackers.setClockBack(now))


def _states(trackers: Any, names: Sequence[str], now: datetime) -> list[BugTrackerState]:
    refuse_unknown(names, trackers)
    return [
        state for state in trackers.getBugTrackerStates(now) if not names or state.name in names
    ]


def _change_each(database: Any, names: Sequence[str], change: Callable[[Any], Any]) -> None:
    """Change each of those bug trackers, in a transaction of its own."""

    def step(trackers: Any, name: str) -> None:
        # It may have been removed meanwhile.
        if name in trackers:
            change(trackers[name])

    for name in names:
        database.write(functools.partial(step, name=name))


def _is_to_be_asked(state: BugTrackerState) -> bool:
    """Whether to ask a bug tracker; says so if not."""
    if not state.active:
        log.info(
            "Skipping updating %s watches.", state.title, extra=said("inactive", tracker=state.name)
        )
    elif not state.due:
        log.info(
            "No watches to update on %s", state.baseurl, extra=said("idle", tracker=state.name)
        )
    elif state.next_attempt is not None:
        until = exact(state.next_attempt)
        log.info(
            "Leaving %s alone until %s",
            *(state.baseurl, until),
            extra=said("left alone", tracker=state.name, until=state.next_attempt.isoformat()),
        )
    else:
        return True
    return False


def warn_if_untold(database: Any) -> None:
    """Say so if an application's site is about to change, and nothing of it is there to be told.

    :raises DatabaseError: the database cannot be read.
    """
    if database.read(nobody_is_told):
        log.warning(
            "The site is an application's, of which nothing is loaded that would be told what "
            "changes; name its package or its ZCML with --configure.",
            extra=said("untold"),
        )


def nobody_is_told(trackers: Any) -> bool:
    """Whether the site is an application's, and nothing of the application listens to events.

    Runs in a transaction.
    """
    site = hooks.getSite()
    if type(site).__module__.partition(".")[0] == "malonewatch":
        return False
    return not any(
        required.isOrExtends(ours)
        for registry in (site.getSiteManager(), getGlobalSiteManager())
        for handler in registry.registeredHandlers()
        for required in handler.required
        for ours in (IBugWatchEvent, IBugTrackerEvent, IBugWatch, IBugTracker)
    )
