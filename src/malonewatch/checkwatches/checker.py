"""Asking for some bugs at once."""

from collections.abc import Callable, Sequence
from typing import Any

from zope.component import getUtility
from zope.interface import provider

from malonewatch.checkwatches.due import due
from malonewatch.interfaces import Checked, IBugWatchChecker, IBugWatchUpdater, IClock, Updated


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


@provider(IBugWatchUpdater)
def update_due(
    database: Any,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Updated:
    """See `IBugWatchUpdater`."""
    from malonewatch.checkwatches.run import Run

    names = due(database, [], getUtility(IClock).now(), reset=False, dry_run=False)
    if not names:
        return Updated()
    run = Run(database, batch_size=0, time_limit=seconds, progress=progress)
    report = run.update(names)
    return Updated(
        report.applied.checked,
        report.troubled,
        tuple(dict.fromkeys([*report.claimed, *report.postponed, *report.late])),
        report.out_of_time,
        report.faults,
        report.interrupted,
    )
