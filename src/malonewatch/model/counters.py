"""What a bug tracker cost and gave, day by day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from struct import Struct
from typing import Any

from persistent import Persistent

from malonewatch.interfaces import DailyCounters, FailureOwner, Totals

#: How many days are kept, at least.
DAYS = 365

#: In the order in which their failures are kept.
_OWNERS = (
    FailureOwner.WATCH,
    FailureOwner.TRACKER,
    FailureOwner.APPLICATION,
    FailureOwner.US,
)
#: A day: its number, requests, checks, changes, and failures by owner.
_DAY = Struct(f"<{4 + len(_OWNERS)}I")
#: How many octets those of a month are.
_MONTH = 30 * _DAY.size
#: The same without the number, of many days.
_SUM = Struct(f"<{3 + len(_OWNERS)}Q")
_NOTHING = bytes(_SUM.size)


class OlderDays(Persistent):
    """The days that are longer ago than a month or two, the oldest first; written once a month."""

    def __init__(self) -> None:
        self.days = b""

    def __getstate__(self) -> Any:
        return self.days

    def __setstate__(self, state: Any) -> None:
        self.days = state


class PastDays(Persistent):
    """The days before the latest one, the oldest first, and the sum of those that are not kept
    any more; written once a day."""

    def __init__(self) -> None:
        self.days = b""
        self.gone = _NOTHING
        self.older: OlderDays | None = None

    def __getstate__(self) -> Any:
        return self.days, self.gone, self.older

    def __setstate__(self, state: Any) -> None:
        # Before there was a sum, the record was the days.
        days: Any = (state, _NOTHING) if isinstance(state, bytes) else state
        self.days, self.gone, *older = days
        self.older = older[0] if older else None

    def add(self, day: bytes) -> None:
        days = self.days + day
        if len(days) >= 2 * _MONTH:
            self._age(days[:-_MONTH])
            days = days[-_MONTH:]
        self.days = days

    def _age(self, days: bytes) -> None:
        """Put these where it costs nothing that they are many."""
        if self.older is None:
            self.older = OlderDays()
        days = self.older.days + days
        kept = max(len(days) - (DAYS * _DAY.size - _MONTH), 0)
        self.gone = _SUM.pack(*_added(_SUM.unpack(self.gone), days[:kept]))
        self.older.days = days[kept:]

    def all(self) -> bytes:
        """All that are kept."""
        return self.days if self.older is None else self.older.days + self.days


class Counters(Persistent):
    """The counters of one bug tracker.

    The latest day is in a small record of its own, as that is written with
    every batch.
    """

    def __init__(self) -> None:
        self._latest = b""
        self._past = PastDays()

    def __getstate__(self) -> Any:
        return self._latest, self._past

    def __setstate__(self, state: Any) -> None:
        self._latest, self._past = state

    def add(
        self,
        day: int,
        requests: int,
        checks: int,
        changes: int,
        failures: Mapping[FailureOwner, int],
    ) -> None:
        """Count what happened on the day of that number."""
        counted = [requests, checks, changes, *(failures.get(owner, 0) for owner in _OWNERS)]
        if self._latest:
            latest, *before = _DAY.unpack(self._latest)
            if day > latest:
                self._past.add(self._latest)
            else:
                # A clock that was set back makes no day of its own.
                day = latest
                counted = [old + new for old, new in zip(before, counted, strict=True)]
        self._latest = _DAY.pack(day, *counted)

    def list(self, days: int) -> list[DailyCounters]:
        """The latest `days` days on which anything was counted, the newest first."""
        found = [_shown(*day) for day in _DAY.iter_unpack(self._past.all() + self._latest)]
        return found[::-1][:days]

    def totals(self) -> Totals:
        """What was counted on all days."""
        past = self._past
        counted = _added(_SUM.unpack(past.gone), past.all() + self._latest)
        requests, checks, changes, *failures = counted
        return Totals(requests, checks, changes, _by_owner(failures))


def _added(counted: Iterable[int], days: bytes) -> Iterator[int]:
    """The sums of what was counted and of those days."""
    every = [counted, *(day[1:] for day in _DAY.iter_unpack(days))]
    return map(sum, zip(*every, strict=True))


def _shown(day: int, *counted: int) -> DailyCounters:
    requests, checks, changes, *failures = counted
    return DailyCounters(_EPOCH + timedelta(day), requests, checks, changes, _by_owner(failures))


def _by_owner(failures: Iterable[int]) -> dict[FailureOwner, int]:
    return {owner: count for owner, count in zip(_OWNERS, failures, strict=True) if count}


_EPOCH = date(1970, 1, 1)
