"""Asking for some bugs at once."""

from collections.abc import Callable, Sequence
from typing import Any

from zope.interface import provider

from malonewatch.interfaces import Checked, IBugWatchChecker


@provider(IBugWatchChecker)
def check_bugs(
    database: Any,
    tracker: str,
    remotebugs: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
) -> Checked:
    """See `IBugWatchChecker`."""
    # Only now: it takes its time to import, and all programs register this.
    from malonewatch.checkwatches.updater import Run

    report = Run(database, progress=progress, keep_details=True).update_only(tracker, remotebugs)
    return Checked(
        report.applied,
        exchanges=tuple(report.exchanges),
        trouble=report.troubled.get(tracker),
        faults=report.faults,
        interrupted=report.interrupted,
    )
