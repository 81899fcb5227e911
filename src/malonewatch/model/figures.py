"""How a site is doing, in figures: one look at every page of every ledger."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from zope.component import queryUtility

from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerFigures,
    IBugWatchSet,
    IOutbox,
    MeaningGroup,
    OriginState,
    Polling,
    SiteFigures,
    Staleness,
)
from malonewatch.model.index import WatchIndex
from malonewatch.model.ledger import Ledger
from malonewatch.model.pages import PARKED
from malonewatch.model.search import index_of
from malonewatch.model.site import find_utility
from malonewatch.model.sweeping import checked_at
from malonewatch.model.times import to_seconds

QUANTILES = (0.5, 0.95, 1.0)

#: How many pages of a ledger are looked at where a moment is all there is.
_LOOKS = 500

#: By meaning, the bits of all watches of it, by page.
_Bits = Mapping[MeaningGroup, Mapping[int, int]]


def site_figures(trackers: Any, now: datetime) -> SiteFigures:
    """See `IBugTrackerSet.getFigures`."""
    index = index_of(find_utility(trackers, IBugWatchSet))
    meanings = _meanings(index)
    found: list[BugTrackerFigures] = []
    heard: list[list[int]] = []
    origins: dict[str, OriginState] = {}
    for tracker in trackers:
        moments, failing = _heard(tracker.ledger)
        is_asked = _is_asked(tracker)
        if is_asked:
            heard.append(moments)
        found.append(
            BugTrackerFigures(
                name=tracker.name,
                title=tracker.title,
                bugtrackertype=tracker.bugtrackertype,
                baseurl=tracker.baseurl,
                origin=tracker.origin,
                active=tracker.active,
                watches=_by_meaning(index.get("tracker", tracker.id), meanings),
                due=tracker.countDue(now) if is_asked else 0,
                failing=failing,
                held=len(tracker.ledger.held),
                staleness=_staleness(moments, now) if is_asked else None,
                totals=tracker.totals,
                trouble=tracker.last_error_type,
            )
        )
        state = trackers.claims.getState(tracker.origin)
        if state is not None:
            origins[tracker.origin] = state
    outbox = queryUtility(IOutbox)
    return SiteFigures(
        tuple(found),
        # What is in order by parts is put in order quickly.
        _staleness(sorted(chain.from_iterable(heard)), now),
        origins,
        None if outbox is None else outbox.pending,
    )


def staleness_of(tracker: Any, now: datetime) -> Staleness | None:
    """See `IBugTracker.getStaleness`."""
    if not _is_asked(tracker):
        return None
    moments, _ = _heard(tracker.ledger, _LOOKS)
    return _staleness(moments, now)


def _is_asked(tracker: Any) -> bool:
    return tracker.active and tracker.polling is not Polling.NEVER


def _heard(ledger: Ledger, looks: int | None = None) -> tuple[list[int], int]:
    """When something was last heard of the watches that are asked for and not failing, in order;
    and how many are failing.  Of more than `looks` pages so many are looked at."""
    moments: list[int] = []
    failing = 0
    numbers = list(ledger._times)
    step = 1 if looks is None else max(math.ceil(len(numbers) / looks), 1)
    for number in numbers[::step]:
        times = ledger._times[number]
        failing += len(times.failures) - times.failures.count(0)
        moments += [
            # When it was never checked, it is due since it was to be.
            checked_at(ledger.sweeps, times, row) or due
            for row, (due, failures) in enumerate(zip(times.due, times.failures, strict=True))
            if due < PARKED and not failures
        ]
    moments.sort()
    return moments, failing


def _staleness(moments: Sequence[int], now: datetime) -> Staleness | None:
    """That of watches of which something was heard at these moments, the earliest first."""
    if not moments:
        return None
    moment, count = to_seconds(now), len(moments)
    return Staleness(
        count,
        max(moment * count - sum(moments), 0.0),
        # A clock that was set back makes no age below nought.
        {part: max(moment - moments[count - math.ceil(part * count)], 0.0) for part in QUANTILES},
    )


def _meanings(index: WatchIndex) -> _Bits:
    found: Mapping[MeaningGroup, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for status in BugTaskStatus:
        watches, bits = index.get("status", status.name), found[MeaningGroup.of(status)]
        for page in watches.pages():
            bits[page] |= watches.bits(page)
    return found


def _by_meaning(watches: Any, meanings: _Bits) -> dict[MeaningGroup, int]:
    """How many of some watches there are of each meaning."""
    counts: Counter[MeaningGroup] = Counter()
    for page in watches.pages():
        bits = watches.bits(page)
        for meaning, pages in meanings.items():
            counts[meaning] += (bits & pages.get(page, 0)).bit_count()
    return {meaning: counts[meaning] for meaning in MeaningGroup}
