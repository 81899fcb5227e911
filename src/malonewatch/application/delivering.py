"""Delivering what people are to be told."""

from typing import Any

from zope.component import getUtility

from malonewatch.interfaces import Delivered, IDeliverer


def deliver(database: Any, seconds: float | None = None) -> Delivered:
    """Deliver all messages that are due, for so many seconds at most.

    :raises DatabaseError: the database cannot be read or written.
    """
    delivered: Delivered = getUtility(IDeliverer)(database, seconds=seconds)
    return delivered
