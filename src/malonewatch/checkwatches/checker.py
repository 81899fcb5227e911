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
    from malonewatch.checkwatches.run import Run

    database.read(lambda trackers: trackers[tracker].name)
    # Whoever waits for it decides for how long.
    run = Run(database, tracker_seconds=None, insist=True, progress=progress, keep_details=True)
    report = run.update_only(tracker, remotebugs)
    return Checked(
        report.applied,
        exchanges=tuple(report.exchanges),
        trouble=report.troubled.get(tracker),
        claim=report.claimed.get(tracker),
        faults=report.faults,
        interrupted=report.interrupted,
    )
