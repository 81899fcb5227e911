"""Time, as far as tests are concerned."""

import contextlib
from datetime import datetime, timedelta

import pytz
from zope.component import getGlobalSiteManager
from zope.interface import implementer

from malonewatch.interfaces import IClock


@implementer(IClock)
class FakeClock:
    """A clock that a test sets."""

    def __init__(self):
        self.moment = datetime(2024, 5, 6, 12, tzinfo=pytz.utc)

    def now(self):
        return self.moment

    def tick(self, **span):
        self.moment += timedelta(**span)
        return self.moment


@contextlib.contextmanager
def fake_time():
    """A clock that everything goes by for the length of the block."""
    registry = getGlobalSiteManager()
    before = registry.getUtility(IClock)
    clock = FakeClock()
    registry.registerUtility(clock, IClock)
    try:
        yield clock
    finally:
        registry.registerUtility(before, IClock)


class Seconds:
    """A count of seconds that a test sets."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now
