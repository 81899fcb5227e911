"""Keeping the watches' statuses fresh: select, fetch, apply."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from malonewatch.checkwatches.updater import BugWatchUpdater, Report, Run

__all__ = ["BugWatchUpdater", "Report", "Run"]


def __getattr__(name: str) -> Any:
    # The cron script finds nothing to do most of the time, and then does
    # without asyncio and what comes with it.
    if name in __all__:
        from malonewatch.checkwatches import updater

        return getattr(updater, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
