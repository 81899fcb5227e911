"""When a bug watch was checked, and when it is next: what its bug tracker's ledger has of it."""

from datetime import datetime
from typing import Any

from persistent import Persistent

from malonewatch.model.ledger import Ledger
from malonewatch.model.pacing import check_interval
from malonewatch.model.pages import PAGE, PARKED, UNKNOWN
from malonewatch.model.rhythm import changed_at
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
        checked = checked_at(self._ledger.sweeps, self._ledger._times[number], row)
        return None if checked == UNKNOWN else from_seconds(checked)

    @lastchecked.setter
    def lastchecked(self, moment: datetime | None) -> None:
        if moment is None:
            self._ledger.set(self.slot, checked=UNKNOWN, due=int(to_seconds(now())))
        else:
            due = _ledger_moment(to_seconds(moment) + CHECK_INTERVAL)
            self._ledger.set(self.slot, checked=_ledger_moment(to_seconds(moment)), due=due)

    @property
    def next_check(self) -> datetime | None:
        due = self._ledger.get(self.slot, "due")
        return from_seconds(due) if self._ledger.polled and due < PARKED else None

    @next_check.setter
    def next_check(self, moment: datetime) -> None:
        self._ledger.set(self.slot, due=_ledger_moment(to_seconds(moment)))

    @property
    def longest_interval(self) -> float | None:
        seconds = self.__parent__.own_intervals.get(self.id)
        return None if seconds is None else float(seconds)

    @longest_interval.setter
    def longest_interval(self, seconds: float | None) -> None:
        check_interval(seconds)
        self.__parent__.set_own_interval(self.id, seconds)
        self.bugtracker.bring_forward()

    @property
    def quiet_since(self) -> datetime | None:
        mark = self._ledger.mark(self.slot)
        return from_seconds(changed_at(mark)) if mark else None


def _ledger_moment(seconds: float) -> int:
    """Whole seconds since the epoch, as far as the ledger has room for them."""
    return min(max(int(seconds), UNKNOWN + 1), PARKED - 1)
