"""The utility that works until it is told to end."""

from typing import Any

from zope.interface import provider

from malonewatch.checkwatches.due import warn_if_untold
from malonewatch.checkwatches.limits import SILENCE, affordable
from malonewatch.checkwatches.logs import set_up
from malonewatch.garbage import seldom_collected
from malonewatch.guard import Guard
from malonewatch.interfaces import IWorker, WorkerSettings

#: How many seconds there are to hand over after a signal.
GRACE = 4.5


@provider(IWorker)
def work(database: Any, settings: WorkerSettings) -> None:
    """See `IWorker`."""
    # Only now: all programs register this.
    from malonewatch.checkwatches.worker import Worker

    set_up(settings.log_format, settings.verbosity)
    jobs = affordable(settings.jobs)
    with Guard(SILENCE, grace=GRACE) as guard, seldom_collected():
        guard.place = database.place
        warn_if_untold(database)
        Worker(database, settings, guard, jobs=jobs).run()
