"""The database as a request has it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from pyramid_retry import mark_error_retryable
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.interfaces import (
    DatabaseBusy,
    DatabaseError,
    IBugTrackerSet,
    IDatabase,
    IDatabaseOpener,
)


class RequestDatabase:
    """What the functions of `malonewatch.application` need of an `IDatabase`, in a request.

    What is read and written is so in the request's transaction, which is
    committed, and tried again after a conflict, with the request.
    """

    def read(self, function: Callable[[Any], Any]) -> Any:
        """See `IDatabase.read`."""
        return function(getUtility(IBugTrackerSet))

    def write(self, function: Callable[[Any], Any], patience: float = 0.0) -> Any:
        """See `IDatabase.write`; nothing is committed yet."""
        return function(getUtility(IBugTrackerSet))


@contextlib.contextmanager
def detached(request: Any) -> Iterator[Any]:
    """The same database with transactions of its own, for what waits for the network.

    The request's transaction is aborted before; what it has written is lost.
    """
    database = IDatabase(getUtility(IBugTrackerSet))
    request.tm.abort()
    try:
        yield database
    finally:
        request.tm.begin()


def failure_of(error: Exception, request: Any) -> DatabaseError | None:
    """What `error` says, which was raised in a request; None if no storage raised it.

    Where others got in the way the request is tried again, as often as it may be; pyramid_tm
    sees to that for conflicts alone where there is a view of what a commit raises.
    """
    settings = request.registry.settings
    uri = settings.get("malonewatch.database") or settings.get("zodbconn.uri") or ""
    # What a site of ours has registered may be what cannot be read.
    failure: DatabaseError | None = (
        getGlobalSiteManager().getUtility(IDatabaseOpener).failure(error, uri)
    )
    if isinstance(failure, DatabaseBusy):
        mark_error_retryable(error)
    return failure
