"""The types of bug tracker that are registered."""

from typing import Any

from zope.component import getSiteManager
from zope.interface import providedBy

from malonewatch.interfaces import BugTrackerFacts, BugTrackerType, IExternalBugTracker


def find_type(name: str) -> Any:
    """The factory of the type of that name, an `IExternalBugTrackerType`, or None."""
    return getSiteManager().adapters.lookup((providedBy(_SOME_FACTS),), IExternalBugTracker, name)


def canonical_type(name: str) -> BugTrackerType | None:
    """The type of that name, or else of that name in another case; None if there is none."""
    if find_type(name) is not None:
        return BugTrackerType(name)
    for other, _ in all_types():
        if other.casefold() == name.casefold():
            return other
    return None


def all_types() -> list[tuple[BugTrackerType, Any]]:
    """The name of each type and its factory, by name."""
    return sorted(
        (BugTrackerType(name), factory)
        for name, factory in getSiteManager().adapters.lookupAll(
            (providedBy(_SOME_FACTS),), IExternalBugTracker
        )
    )


_SOME_FACTS = BugTrackerFacts("", BugTrackerType(""), "")
