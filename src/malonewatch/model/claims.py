"""Claims: which run works on which origin."""

from datetime import datetime
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import Claim, IClaims, OriginState, Politeness, Quota
from malonewatch.model.times import from_optional, from_seconds, to_optional, to_seconds

#: How long a claim holds, in seconds, and by how much clocks may differ.
DURATION = 10 * 60.0
CLOCK_DIFFERENCE = 5 * 60.0


class OriginRecord(Persistent):
    """What is kept of one origin.

    Two runs that take the same one write to the same object, and the
    database lets one of them know: there is no way to resolve that.
    """

    holder: str | None = None
    until = 0.0
    #: The parts of an `OriginState`, moments in seconds since the epoch.
    state: tuple[Any, ...] | None = None


@implementer(IClaims)
class Claims(Persistent):
    """See `IClaims`."""

    def __init__(self) -> None:
        self._records = OOBTree()

    def get(self, origin: str, now: datetime) -> Claim | None:
        record = self._records.get(origin)
        if record is None or record.holder is None:
            return None
        # Where it would hold for longer than one can, the holder's clock was
        # wrong; it cannot be waited for until that time.
        left = record.until - to_seconds(now)
        if not -CLOCK_DIFFERENCE < left <= DURATION + CLOCK_DIFFERENCE:
            return None
        return Claim(origin, record.holder, from_seconds(record.until))

    def claim(self, origin: str, holder: str, now: datetime) -> bool:
        current = self.get(origin, now)
        if current is not None and current.holder != holder:
            return False
        record = self._record(origin)
        record.holder = holder
        record.until = to_seconds(now) + DURATION
        return True

    def release(self, origin: str, holder: str) -> None:
        record = self._records.get(origin)
        if record is not None and record.holder == holder:
            record.holder = None

    def getState(self, origin: str) -> OriginState | None:
        record = self._records.get(origin)
        if record is None or record.state is None:
            return None
        return _state_of(record.state)

    def setState(self, origin: str, state: OriginState) -> None:
        values = _values_of(state)
        record = self._record(origin)
        if record.state != values:
            record.state = values

    def _record(self, origin: str) -> OriginRecord:
        record: OriginRecord | None = self._records.get(origin)
        if record is None:
            record = self._records[origin] = OriginRecord()
        return record


def _values_of(state: OriginState) -> tuple[Any, ...]:
    """What is stored of a state; of what is seldom there, nothing where it is not."""
    values: tuple[Any, ...] = (
        *state.learnt,
        *(state.quota.limit, state.quota.remaining, to_optional(state.quota.reset)),
        to_optional(state.retry_at),
    )
    more = to_optional(state.asked), state.mark, tuple(map(_values_of, state.others))
    return values if more == (None, None, ()) else (*values, *more)


def _state_of(values: tuple[Any, ...]) -> OriginState:
    concurrency, gap, limit, remaining, reset, retry_at, *more = values
    asked, mark, others = more or (None, None, ())
    return OriginState(
        Politeness(concurrency, gap),
        Quota(limit, remaining, from_optional(reset)),
        from_optional(retry_at),
        from_optional(asked),
        mark,
        tuple(map(_state_of, others)),
    )
