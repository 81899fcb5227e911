"""Delivering what people are to be told."""

from collections.abc import Callable
from typing import Any

from zope.component import getUtility

from malonewatch.interfaces import Delivered, IDeliverer


def deliver(
    database: Any, seconds: float | None = None, is_over: Callable[[], bool] | None = None
) -> Delivered:
    """Deliver all messages that are due, for so many seconds at most, and until soon after
    `is_over` says so.

    :raises DatabaseError: the database cannot be read or written.
    """
    delivered: Delivered = getUtility(IDeliverer)(database, seconds=seconds, is_over=is_over)
    return delivered
