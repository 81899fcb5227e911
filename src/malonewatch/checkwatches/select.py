"""What to ask for: a short transaction that reads.

All of it runs in one, and gives plain values.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from zope.component import queryAdapter

from malonewatch.interfaces import (
    Batch,
    BugTrackerFacts,
    BugTrackerTrouble,
    IChangesSince,
    IExternalBugTracker,
    ISweeps,
    Politeness,
    Polling,
    UnsupportedBugTracker,
)

#: How many watches of a bug tracker one run takes on, if nothing else says:
#: this many, or that part of them all if it is more.
SMALLEST_BATCH = 500
BATCH_PART = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to ask of one bug tracker.

    `external` is its `IExternalBugTracker`, `politeness` how a person wants it
    to be asked, and `watches` counts those that are taken on.  `trouble` says
    why it cannot be asked at all, `polled_otherwise` that its type wants it to
    be asked longer, or less long, than is noted.  `sweep` is since when it is to be
    asked first which of all its bugs changed.
    """

    facts: BugTrackerFacts
    external: Any = None
    politeness: Politeness = Politeness()
    watches: int = 0
    batches: Sequence[Batch] = ()
    trouble: BugTrackerTrouble | None = None
    polled_otherwise: bool = False
    sweep: datetime | None = None


def by_origin(trackers: Any, names: Iterable[str]) -> dict[str, list[str]]:
    """The names of bug trackers, by the origin that they are at, both in the order given."""
    origins: dict[str, list[str]] = {}
    for name in names:
        bugtracker = trackers.getByName(name)
        # It may have been removed meanwhile.
        if bugtracker is not None:
            origins.setdefault(bugtracker.origin, []).append(name)
    return origins


def select(
    bugtracker: Any,
    now: datetime,
    batch_size: int | None = None,
    only: Sequence[str] | None = None,
) -> Plan:
    """What to ask a bug tracker for: what is due, or `only` some bugs, in full.

    `batch_size` is how many watches are taken on at most, 0 for all that are
    due; None leaves it to the type.
    """
    facts = bugtracker.facts
    external = queryAdapter(facts, IExternalBugTracker, name=facts.bugtrackertype)
    if external is None:
        return Plan(
            facts,
            trouble=UnsupportedBugTracker(
                f"{facts.baseurl} is of the type {facts.bugtrackertype}, which nothing here "
                "can talk to."
            ),
        )
    # Types that others wrote before may not say.
    polling = getattr(external, "polling", Polling.ALWAYS), getattr(external, "not_polled", "")
    can_sweep = polling[0] is Polling.ALWAYS and ISweeps.providedBy(external)
    sweep = bugtracker.getSweep(now) if only is None else None
    polled_otherwise = polling != (bugtracker.polling, bugtracker.not_polled) or (
        sweep is not None and not can_sweep
    )
    watches, batches = 0, []
    if polling[0] is Polling.NEVER:
        pass
    elif only is None:
        watches, batches = bugtracker.getDueBatches(
            now,
            _size(bugtracker, external, batch_size),
            external.request_size,
            IChangesSince.providedBy(external),
        )
    else:
        size, only = external.request_size, bugtracker.withFollowed(only)
        watches = sum(len(bugtracker.getBugsWatching(remotebug)) for remotebug in only)
        batches = [
            Batch(facts, tuple(only[start : start + size])) for start in range(0, len(only), size)
        ]
    return Plan(
        *(facts, external, bugtracker.politeness, watches, batches),
        polled_otherwise=polled_otherwise,
        sweep=sweep if can_sweep else None,
    )


def _size(bugtracker: Any, external: Any, batch_size: int | None) -> int:
    """How many watches to take on; 0 for all that are due."""
    if batch_size is None:
        batch_size = external.batch_size
    if batch_size is None:
        batch_size = max(SMALLEST_BATCH, bugtracker.watches.count() // BATCH_PART)
    return batch_size
