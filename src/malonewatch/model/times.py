"""Moments: aware datetimes outside, seconds since the epoch in the database."""

from datetime import datetime, timedelta

import pytz
from zope.component import queryUtility

from malonewatch.clock import SystemClock
from malonewatch.interfaces import BadInput, IClock

_EPOCH = datetime(1970, 1, 1, tzinfo=pytz.utc)


def now() -> datetime:
    """Now, by the `IClock` that is registered, else by the machine's."""
    clock = queryUtility(IClock)
    return clock.now() if clock is not None else SystemClock().now()


def to_seconds(moment: datetime) -> float:
    """Seconds since the epoch.

    :raises BadInput: `moment` is naive.
    """
    if moment.utcoffset() is None:
        raise BadInput(f"{moment} has no time zone; give one, such as pytz.utc.")
    return moment.timestamp()


def from_seconds(seconds: float) -> datetime:
    """The moment, aware, in UTC."""
    # `fromtimestamp` would call the time zone, which is slow, as it is in Python.
    return _EPOCH + timedelta(0, seconds)


def from_optional(seconds: float | None) -> datetime | None:
    """Like `from_seconds`; None stays None."""
    return None if seconds is None else from_seconds(seconds)


def to_optional(moment: datetime | None) -> float | None:
    """Like `to_seconds`; None stays None."""
    return None if moment is None else to_seconds(moment)
