"""The database as a request has it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from zope.component import getUtility

from malonewatch.interfaces import IBugTrackerSet, IDatabase


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
