"""Which bug trackers may be asked now, and when the next one may."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from malonewatch.interfaces import DueBugTrackers
from malonewatch.model.pages import NEVER
from malonewatch.model.times import from_seconds


def find_due(
    trackers: Mapping[int, Any],
    earliest: Mapping[int, int],
    put_off: Mapping[int, int],
    moment: float,
    only: Collection[int] | None = None,
) -> DueBugTrackers:
    """Those of `trackers`, or `only` of some, that are active, due, and not to be left alone.

    `earliest` is when the first of each one's watches is due, by its number,
    and that of what is followed there by the negative of it; `put_off` until
    when some are left alone; moments are seconds since the epoch.  Costs a
    millisecond for some thousand bug trackers, and a look at those that are due.
    """
    keys: Iterable[tuple[int, int]] = earliest.items()
    if only is not None:
        keys = [(key, earliest.get(key, NEVER)) for each in only for key in (each, -each)]
    due: dict[int, None] = {}
    soonest = NEVER
    for key, first in keys:
        tracker_id = abs(key)
        may = max(first, put_off.get(tracker_id, first))
        if may <= moment:
            due[tracker_id] = None
        elif may < soonest:
            soonest = may
    # One may be left that was removed while another wrote when it is due.
    there = [tracker for tracker in map(trackers.get, due) if tracker is not None]
    return DueBugTrackers(
        tuple((tracker.origin, tracker.name) for tracker in there if tracker.active),
        None if soonest == NEVER else from_seconds(soonest),
    )
