"""Working on what is due, until told to end."""

from typing import Any

from zope.component import getUtility

from malonewatch.interfaces import IWorker, WorkerSettings


def work(database: Any, settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT, as `IWorker` has it.

    :raises BadInput: the settings make no sense.
    :raises MalonewatchError: this machine does not let it work.
    """
    getUtility(IWorker)(database, settings)
