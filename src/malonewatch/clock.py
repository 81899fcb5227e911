"""The clock that everything goes by unless another one is registered."""

from datetime import datetime, timezone

from zope.interface import implementer

from malonewatch.interfaces import IClock


@implementer(IClock)
class SystemClock:
    """What the machine says."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)
