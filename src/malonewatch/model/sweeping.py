"""A quiet sweep: a bug tracker says which of all its bugs changed, and the others count as checked
without a write for each."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from persistent import Persistent

from malonewatch.interfaces import Fetched, ISweeps, Swept
from malonewatch.model import rhythm, schedule
from malonewatch.model.ledger import Ledger
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pages import NEVER, PAGE, TimesPage
from malonewatch.model.sweeps import Sweeps
from malonewatch.model.times import from_optional, from_seconds, to_seconds

#: For so long a sweep is as good as the bug tracker's word, and so far back one looks.
_GOOD = 2 * schedule.CHECK_INTERVAL


class Sweeping(Persistent):
    """The part of a bug tracker that is asked what changed."""

    external: Any
    ledger: Ledger
    requests: Any
    _page: Any

    @property
    def swept(self) -> datetime | None:
        sweeps = self.ledger.sweeps
        return None if sweeps is None else from_optional(sweeps.swept or None)

    def is_swept(self, now: datetime) -> bool:
        """Whether it says by itself, so to speak, what changed."""
        swept = self.swept
        return swept is not None and (now - swept).total_seconds() < _GOOD

    def begin_sweeps(self, fetched: Fetched, skew: float | None) -> None:
        """From what was asked for now on, ask what changed, if that may be cheaper."""
        ledger, moment = self.ledger, to_seconds(fetched.asked)
        if ledger.sweeps is not None or skew is None or self._at_once == 1:
            return
        if ISweeps.providedBy(self.external):
            sweeps = Sweeps(start=int(moment), seen=int(moment + skew))
            sweeps.due = int(moment + self._sweep_interval(sweeps))
            ledger.set_sweeps(sweeps)

    def check_sweeps(self) -> None:
        """See that nothing is asked that the type cannot ask any more."""
        if self.ledger.sweeps is not None and not ISweeps.providedBy(self.external):
            self.ledger.set_sweeps(None)

    @property
    def _at_once(self) -> int:
        """How many requests ask for all its bugs."""
        return rhythm.requests(len(self.ledger), self._page)

    def _sweep_interval(self, sweeps: Sweeps) -> float:
        return rhythm.sweep_interval(self.requests, sweeps.cost) * schedule.chance()

    def getSweep(self, now: datetime) -> datetime | None:
        sweeps = self.ledger.sweeps
        if sweeps is None or to_seconds(now) < sweeps.due:
            return None
        return from_seconds(max(sweeps.seen, to_seconds(now) - _GOOD) - schedule.OVERLAP)

    def applySweep(self, swept: Swept) -> int:
        sweeps, moment = self.ledger.sweeps, int(to_seconds(swept.asked))
        counters: Any = self
        counters.counters().add(schedule.day_of(moment), len(swept.exchanges), 0, 0, {})
        skew, names = swept.clock_skew, swept.remotebugs
        if sweeps is None:
            # All of it was forgotten meanwhile.
            return 0
        if names is None or skew is None or abs(skew) > schedule.CLOCK_SKEW_LIMIT:
            # As good as none.
            sweeps.due = int(moment + schedule.CHECK_INTERVAL)
            self.ledger.set_sweeps(sweeps)
            return 0
        if sweeps.seen < moment - _GOOD:
            # It was not asked for what was before that.
            sweeps.start = max(sweeps.start, int(moment - _GOOD))
        slots = [slot for name in names for slot in self.ledger.slots(name)]
        sweeps.cost = len(swept.exchanges) + math.ceil(len(slots) / self._page)
        sweeps.seen = int(moment + skew)
        if sweeps.cost < self._at_once:
            sweeps.swept = moment
            sweeps.due = int(moment + self._sweep_interval(sweeps))
        else:
            # Asking for the bugs is cheaper; it is seen whether it still is.
            sweeps.swept = 0
            sweeps.due = int(moment + schedule.SECOND_CHANCE)
        self.ledger.set_sweeps(sweeps)
        return _make_due(self.ledger, slots, moment)


def _make_due(ledger: Ledger, slots: list[int], moment: int) -> int:
    """Make the watches in those slots due; how many were not."""
    pages, hastened = Pages(ledger), 0
    for slot in slots:
        number, row = divmod(slot, PAGE)
        if pages.look(number)[1].due[row] > moment:
            pages.page(number)[1].due[row] = moment
            hastened += 1
    pages.finish()
    return hastened


def checked_at(sweeps: Sweeps | None, times: TimesPage, row: int) -> int:
    """When the watch in a row was last checked, by itself or in a sweep."""
    checked, due = times.checked[row], times.due[row]
    if (
        sweeps is not None
        and sweeps.start <= checked < sweeps.swept < due < NEVER
        and not (times.failures[row] or times.errors[row])
    ):
        return sweeps.swept
    return checked


def not_checked_since(ledger: Ledger, moment: float) -> Iterator[tuple[str, int]]:
    """(remote id, watch's number) of the watches last checked before `moment`."""
    for number, earliest in ledger._page_checked.items():
        if earliest <= moment:
            names, times = ledger._names[number], ledger._times[number]
            for row, (remotebug, watch_id) in enumerate(
                zip(names.remotebugs, names.watch_ids, strict=True)
            ):
                if checked_at(ledger.sweeps, times, row) <= moment:
                    yield remotebug, watch_id
