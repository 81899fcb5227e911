"""The types of bug tracker that are registered."""

from typing import Any

from zope.component import getSiteManager
from zope.interface import providedBy

from malonewatch.interfaces import BugTrackerFacts, BugTrackerType, IExternalBugTracker, Polling


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


def polling_of(external: Any) -> tuple[Polling, str]:
    """How long an `IExternalBugTracker`, or None, wants its bugs to be asked for, and why."""
    # Types that others wrote before may not say.
    return getattr(external, "polling", Polling.ALWAYS), getattr(external, "not_polled", "")


_SOME_FACTS = BugTrackerFacts("", BugTrackerType(""), "")
