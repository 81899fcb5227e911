"""When a bug watch was checked, and when it is next: what its bug tracker's ledger has of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from persistent import Persistent

from malonewatch.interfaces import WatchChecks
from malonewatch.model import rhythm
from malonewatch.model.ledger import Ledger
from malonewatch.model.pacing import check_interval
from malonewatch.model.pages import PAGE, PARKED, UNKNOWN, TimesPage
from malonewatch.model.schedule import CHECK_INTERVAL
from malonewatch.model.sweeping import checked_at
from malonewatch.model.times import from_seconds, now, to_seconds


class Checked(Persistent):
    """The part of a bug watch that every check changes."""

    id: Any
    bugtracker: Any
    slot: int
    __parent__: Any

    @property
    def _ledger(self) -> Ledger:
        ledger: Ledger = self.bugtracker.ledger
        return ledger

    @property
    def lastchecked(self) -> datetime | None:
        number, row = divmod(self.slot, PAGE)
        return _lastchecked(self._ledger, self._ledger._times[number], row)

    @lastchecked.setter
    def lastchecked(self, moment: datetime | None) -> None:
        if moment is None:
            self._ledger.set(self.slot, checked=UNKNOWN, due=int(to_seconds(now())))
        else:
            due = _ledger_moment(to_seconds(moment) + CHECK_INTERVAL)
            self._ledger.set(self.slot, checked=_ledger_moment(to_seconds(moment)), due=due)

    @property
    def next_check(self) -> datetime | None:
        return _next_check(self._ledger, self._ledger.get(self.slot, "due"))

    @next_check.setter
    def next_check(self, moment: datetime) -> None:
        self._ledger.set(self.slot, due=_ledger_moment(to_seconds(moment)))

    @property
    def longest_interval(self) -> float | None:
        return _interval(self.__parent__.own_intervals, self.id)

    @longest_interval.setter
    def longest_interval(self, seconds: float | None) -> None:
        check_interval(seconds)
        self.__parent__.set_own_interval(self.id, seconds)
        self.bugtracker.bring_forward()

    @property
    def quiet_since(self) -> datetime | None:
        return _quiet_since(self, self._ledger.mark(self.slot))


def checks_of(watches: Iterable[Any], intervals: Mapping[int, int]) -> list[WatchChecks]:
    """What each of some watches has of its checks; `intervals` are the longest of some, by number.

    Each row is looked up once, and not for each of what is in it.
    """
    found = []
    for watch in watches:
        ledger = watch.bugtracker.ledger
        number, row = divmod(watch.slot, PAGE)
        times, names = ledger._times[number], ledger._names[number]
        found.append(
            WatchChecks(
                _lastchecked(ledger, times, row),
                _next_check(ledger, times.due[row]),
                _interval(intervals, watch.id),
                _quiet_since(watch, names.marks[row]),
                ledger.error_named(times.errors[row]),
            )
        )
    return found


def _lastchecked(ledger: Ledger, times: TimesPage, row: int) -> datetime | None:
    checked = checked_at(ledger.sweeps, times, row)
    return None if checked == UNKNOWN else from_seconds(checked)


def _next_check(ledger: Ledger, due: int) -> datetime | None:
    return from_seconds(due) if ledger.polled and due < PARKED else None


def _interval(intervals: Mapping[int, int], number: int) -> float | None:
    seconds = intervals.get(number)
    return None if seconds is None else float(seconds)


def _quiet_since(watch: Any, mark: int) -> datetime | None:
    if not mark:
        return None
    # A mark tells it to two seconds; the watch itself may tell it exactly.
    for known in (watch._modified, watch._lastchanged):
        if known is not None and rhythm.mark(known, rhythm.is_closed(mark)) == mark:
            return from_seconds(known)
    return from_seconds(rhythm.changed_at(mark))


def _ledger_moment(seconds: float) -> int:
    """Whole seconds since the epoch, as far as the ledger has room for them."""
    return min(max(int(seconds), UNKNOWN + 1), PARKED - 1)
