"""The bug trackers: how each is doing."""

from typing import Any

from malonewatch.application import trackers
from malonewatch.interfaces import IBugTracker
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Trackers
from malonewatch.web.strips import strip_of

#: How far back the counters of a bug tracker are shown.
_DAYS = 365


@page(Trackers, "trackers")
def listed(context: Trackers, request: Any) -> dict[str, Any]:
    """All bug trackers, those with the most watches first."""
    found = trackers.list_trackers(RequestDatabase())
    found.sort(key=lambda tracker: -tracker.watches)
    return shown(request, "Bug trackers", trackers=found)


@page(IBugTracker, "tracker")
def one(context: Any, request: Any) -> dict[str, Any]:
    """All that is known of a bug tracker."""
    details = trackers.show(RequestDatabase(), context.thing.name, _DAYS)
    made = shown(request, details.facts.title, details=details, tracker=details.facts)
    made["strip"] = strip_of(details.counters, made["page"].now.date(), _DAYS)
    return made
