"""Time, as far as tests are concerned."""

from datetime import datetime, timedelta

import pytz
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
