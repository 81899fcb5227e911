"""A quiet sweep: a bug tracker says which of all its bugs changed, and the others count as checked
without a write for each."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from persistent import Persistent

from malonewatch.interfaces import Fetched, ISweeps, RemoteBugError, Swept
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
    freshness: Any
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
        sweeps, moment = self.ledger.sweeps, to_seconds(fetched.asked)
        if skew is None or not ISweeps.providedBy(self.external):
            return
        apiece = self._apiece(fetched)
        if sweeps is None:
            sweeps = Sweeps(start=int(moment), seen=int(moment + skew), apiece=apiece)
            if self._at_once(sweeps) == 1:
                return
            sweeps.due = int(moment + self._sweep_interval(sweeps))
        elif apiece > sweeps.apiece:
            sweeps.apiece = apiece
        else:
            return
        self.ledger.set_sweeps(sweeps)

    def _apiece(self, fetched: Fetched) -> int:
        """How many requests it took to ask for as many bugs as the type would like to ask for in
        one, as far as that is shown; else 1."""
        failed = any(isinstance(outcome, RemoteBugError) for outcome in fetched.outcomes)
        if failed or fetched.dialect is not None or fetched.batch.apart:
            # Some were for other things.
            return 1
        return max(len(fetched.exchanges) // self._requests(len(fetched.outcomes)), 1)

    def check_sweeps(self) -> None:
        """See that nothing is asked that the type cannot ask any more."""
        if self.ledger.sweeps is not None and not ISweeps.providedBy(self.external):
            self.ledger.set_sweeps(None)

    def _requests(self, bugs: int) -> int:
        """How many requests the type would like to ask for so many bugs in."""
        return rhythm.requests(bugs, self._page)

    def _at_once(self, sweeps: Sweeps) -> int:
        """How many requests ask for all its bugs."""
        return self._requests(len(self.ledger)) * sweeps.apiece

    def _sweep_interval(self, sweeps: Sweeps) -> float:
        allowed = self.freshness.budget or self._at_once(sweeps)
        return rhythm.sweep_interval(allowed, sweeps.cost) * schedule.chance()

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
            is_dear = len(swept.exchanges) >= self._at_once(sweeps)
            wait = schedule.SECOND_CHANCE if is_dear else schedule.CHECK_INTERVAL
            sweeps.due = int(moment + wait)
            self.ledger.set_sweeps(sweeps)
            return 0
        if sweeps.seen < moment - _GOOD:
            # It was not asked for what was before that.
            sweeps.start = max(sweeps.start, int(moment - _GOOD))
        slots = [slot for name in names for slot in self.ledger.slots(name)]
        asked_for = min(self._requests(len(slots)) * sweeps.apiece, len(slots))
        sweeps.cost = len(swept.exchanges) + asked_for
        sweeps.seen = int(moment + skew)
        if sweeps.cost < self._at_once(sweeps):
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
