"""Keeping the watches' statuses fresh: select, fetch, apply."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from malonewatch.checkwatches.report import Report
    from malonewatch.checkwatches.run import Run
    from malonewatch.checkwatches.updater import BugWatchUpdater

__all__ = ["BugWatchUpdater", "Report", "Run"]

_MODULES = {"BugWatchUpdater": "updater", "Report": "report", "Run": "run"}


def __getattr__(name: str) -> Any:
    # The cron script finds nothing to do most of the time, and then does
    # without asyncio and what comes with it.
    if name in _MODULES:
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
