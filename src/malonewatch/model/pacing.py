"""How often a bug tracker's watches are checked: what people say of it, and what is learnt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from BTrees.LLBTree import LLBTree
from persistent import Persistent
from zope.component import queryAdapter

from malonewatch.interfaces import (
    LONGEST_INTERVAL,
    SHORTEST_INTERVAL,
    BadInput,
    BugTrackerType,
    Freshness,
    IBatches,
    IExternalBugTracker,
    RemoteBug,
)
from malonewatch.model import rhythm, schedule
from malonewatch.model.ledger import Ledger
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pages import PARKED, UNKNOWN, NamesPage, TimesPage
from malonewatch.model.rhythm import Rhythm
from malonewatch.model.times import to_optional, to_seconds
from malonewatch.wording import span

#: A bug tracker that sent no event for longer than this may have forgotten to.
_HOOKED = 7 * schedule.DAY
#: How many watches are looked at to learn from, and by what part the scale has to be another one
#: to be noted.
_SAMPLE = 64
_NEWS = 0.02


class Scale(Persistent):
    """The scale of a bug tracker's intervals, in seconds; see `rhythm.interval`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __getstate__(self) -> float:
        return self.seconds

    def __setstate__(self, state: float) -> None:
        self.seconds = state

    def _p_resolveConflict(self, old: float, saved: float, new: float) -> float:
        # Both were learnt from some of the same watches.
        return saved


class Paced(Persistent):
    """The part of a bug tracker that says how often its watches are checked."""

    bugtrackertype: BugTrackerType
    bugwatches: Any
    ledger: Ledger
    lasthook: Any
    is_swept: Any
    facts: Any

    _freshness: tuple[int | None, float | None, float | None] = (None, None, None)
    # Made when it is learnt.
    _scale: Scale | None = None

    @property
    def freshness(self) -> Freshness:
        return Freshness(*self._freshness)

    @freshness.setter
    def freshness(self, freshness: Freshness) -> None:
        budget, longest, longest_closed = freshness
        if budget is not None and budget < 1:
            raise BadInput("At least one request a day has to be allowed.")
        for seconds in (longest, longest_closed):
            check_interval(seconds)
        self._freshness = budget, longest, longest_closed
        self.bring_forward()

    @property
    def requests(self) -> int:
        budget = self.freshness.budget
        return rhythm.requests(len(self.ledger), self._page) if budget is None else budget

    @property
    def _page(self) -> int:
        """How many bugs a request asks for."""
        external: Any = self.external
        is_batched = IBatches.providedBy(external)
        return int(external.request_size) if is_batched else 1

    @property
    def external(self) -> Any:
        """The `IExternalBugTracker`, None if nothing here can talk to it."""
        return queryAdapter(self.facts, IExternalBugTracker, name=self.bugtrackertype)

    def rhythm(self, now: datetime) -> Rhythm:
        """What the intervals of its watches go by."""
        freshness, hooked = self.freshness, self.lasthook
        return rhythm.rhythm(
            len(self.ledger),
            self._page,
            freshness.budget,
            rhythm.FIRST_SCALE if self._scale is None else self._scale.seconds,
            (freshness.longest_interval, freshness.longest_interval_closed),
            (hooked is not None and (now - hooked).total_seconds() < _HOOKED) or self.is_swept(now),
        )

    def learn_scale(self, seconds: float) -> None:
        """Note the scale of the intervals, if that is news."""
        if self._scale is None:
            self._scale = Scale(seconds)
        elif abs(seconds / self._scale.seconds - 1) > _NEWS:
            self._scale.seconds = seconds

    def bring_forward(self) -> None:
        """Let no watch be due later than after its longest interval."""
        freshness, own = self.freshness, self.bugwatches.own_intervals
        longest = freshness.longest_interval, freshness.longest_interval_closed
        pages = Pages(self.ledger)
        for number, names in self.ledger._names.items():
            times: TimesPage = pages.look(number)[1]
            rows = zip(names.watch_ids, names.marks, times.checked, times.due, strict=True)
            for row, (watch_id, mark, checked, due) in enumerate(rows):
                at_last = checked + own.get(watch_id, int(longest[rhythm.is_closed(mark)]))
                if at_last < due < PARKED and checked != UNKNOWN and not times.failures[row]:
                    pages.page(number)[1].due[row] = at_last
        pages.finish()


def check_interval(seconds: float | None) -> None:
    """See that watches can be checked so often.

    :raises BadInput: they cannot.
    """
    if seconds is not None and not SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        raise BadInput(
            f"A longest interval is between {span(SHORTEST_INTERVAL)} and "
            f"{span(LONGEST_INTERVAL)}, not {span(seconds)}."
        )


def mark_of(told: RemoteBug, shown: RemoteBug, moment: float) -> int:
    """The mark of a remote bug of which that was `told` at that moment, and is shown."""
    changed = to_optional(told.modified)
    # A clock that is ahead of ours is no reason to take it for silent later on.
    return rhythm.mark(min(changed or moment, moment), shown.status.is_closed)


class Pace:
    """When watches are due that were found in order at a moment, by pages of the ledger and rows.

    The bug tracker learns from them what it can keep to.
    """

    def __init__(
        self,
        tracker: Any,
        pages: Pages,
        found: Iterable[Mapping[int, Sequence[int]]],
        now: datetime,
    ) -> None:
        self._moment = to_seconds(now)
        self._chance = schedule.chance()
        self._own: LLBTree = tracker.bugwatches.own_intervals
        by_page = [(*pages.look(number), rows) for each in found for number, rows in each.items()]
        for names, _, rows in by_page:
            _mark_old(tracker, names, rows)
        before = tracker.rhythm(now)
        intervals = before.at(self._moment)
        count = sum(len(rows) for _, _, rows in by_page)
        watches = max(len(tracker.ledger), 1)
        sample = self._sample(by_page, max(count // _SAMPLE, 1))
        self._rhythm = rhythm.learn(before, intervals, watches, count / watches, sample)
        tracker.learn_scale(self._rhythm.scale)
        self._intervals = self._rhythm.at(self._moment)

    def _sample(
        self, by_page: Iterable[tuple[NamesPage, TimesPage, Sequence[int]]], stride: int
    ) -> Iterable[tuple[int, float]]:
        """The marks of some of the watches, and how long they had waited."""
        passed = 0
        for names, times, rows in by_page:
            for row in rows[-passed % stride :: stride]:
                checked = times.checked[row]
                waited = 0.0 if checked == UNKNOWN else max(self._moment - checked, 0.0)
                yield names.marks[row], waited
            passed += len(rows)

    def dues(self, names: NamesPage, rows: Sequence[int]) -> list[int]:
        """When the watches in those rows are due."""
        marks, own = names.marks, self._own
        dues = self._intervals.dues([marks[row] for row in rows], self._moment, self._chance)
        for place, row in enumerate(rows) if own else ():
            longest = own.get(names.watch_ids[row])
            if longest is not None:
                since = self._moment - rhythm.changed_at(marks[row])
                mine = self._rhythm._replace(longest=longest, longest_closed=longest)
                seconds = mine.of(since, rhythm.is_closed(marks[row])) * self._chance
                dues[place] = int(self._moment + seconds)
        return dues


def _mark_old(tracker: Any, names: NamesPage, rows: Iterable[int]) -> None:
    """Mark what was known before there were marks."""
    if 0 not in names.marks:
        return
    for row in rows:
        if not names.marks[row]:
            watch = tracker.bugwatches.get(names.watch_ids[row])
            known = watch.remote_modified or watch.lastchanged or watch.datecreated
            names.marks[row] = rhythm.mark(to_seconds(known), watch.status.is_closed)
            names._p_changed = True
