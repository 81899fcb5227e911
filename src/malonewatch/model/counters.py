"""What a bug tracker cost and gave, day by day."""

from collections.abc import Mapping
from datetime import date, timedelta
from struct import Struct
from typing import Any

from persistent import Persistent

from malonewatch.interfaces import DailyCounters, FailureOwner

#: How many days are kept.
DAYS = 60

#: In the order in which their failures are kept.
_OWNERS = (
    FailureOwner.WATCH,
    FailureOwner.TRACKER,
    FailureOwner.APPLICATION,
    FailureOwner.US,
)
#: A day: its number, requests, checks, changes, and failures by owner.
_DAY = Struct(f"<{4 + len(_OWNERS)}I")


class PastDays(Persistent):
    """The days before the latest one, the oldest first; written once a day."""

    def __init__(self) -> None:
        self.days = b""

    def __getstate__(self) -> bytes:
        return self.days

    def __setstate__(self, state: bytes) -> None:
        self.days = state

    def add(self, day: bytes) -> None:
        self.days = (self.days + day)[-(DAYS - 1) * _DAY.size :]


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
        found = [_shown(*day) for day in _DAY.iter_unpack(self._past.days + self._latest)]
        return found[::-1][:days]


def _shown(day: int, requests: int, checks: int, changes: int, *failures: int) -> DailyCounters:
    by_owner = {owner: count for owner, count in zip(_OWNERS, failures, strict=True) if count}
    return DailyCounters(_EPOCH + timedelta(day), requests, checks, changes, by_owner)


_EPOCH = date(1970, 1, 1)
