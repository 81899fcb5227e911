"""How often each watch of a bug tracker is checked.  Pure.

What changed lately is likely to change again soon, and what has been silent for
years to stay so.  All times are seconds since the epoch, all spans seconds.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from malonewatch.model.schedule import CHECK_INTERVAL, DAY, HOUR

#: What a watch is checked after, of which it is not known when it last changed.
PLAIN = CHECK_INTERVAL
#: A bug that is closed is asked for so much more seldom: about once a week.
CLOSED = 3.0
#: Each check of a page of the ledger writes the page, so watches are not checked more often than
#: this on average, unless somebody has said how many requests that may take.
SHORTEST = CHECK_INTERVAL / 4
SHORTEST_ON_PURPOSE = HOUR
#: No bug tracker is asked more often which of all its bugs changed.
SHORTEST_SWEEP = 600.0
#: How much of a request for many bugs is filled: what is due at a time is seldom a full number.
FILLED = 0.875
#: So many requests for many bugs are made one after the other, that most are full ones.
TOGETHER = 4

#: After how long a bug that changed a day ago is asked for, as long as nothing else is known.
FIRST_SCALE = DAY / 8
_SCALES = (60.0, 30 * DAY)
#: How much a part of the watches counts at least.
_LEAST_PART = 0.02

#: "Closed", in what stands for a change; see `mark`.
_CLOSED = 1 << 31
#: By how long ago the last change was, classes of watches are made: from an hour to some thirty
#: years, half as much again and again from one to the next.
_STEP = math.sqrt(2)
_AGES = tuple(HOUR * _STEP**step for step in range(36, -1, -1))


def mark(changed: float, closed: bool) -> int:
    """When a remote bug last changed and whether it is closed, in 32 bits that are not 0.

    All that are closed come after all that are not; in either part they are in order of time.
    """
    return max(min(int(changed) // 2, _CLOSED - 1), 1) + (_CLOSED if closed else 0)


def changed_at(marked: int) -> int:
    """When a remote bug with that mark last changed."""
    return marked % _CLOSED * 2


def is_closed(marked: int) -> bool:
    """Whether a remote bug with that mark is closed."""
    return marked >= _CLOSED


def interval(
    since_change: float, closed: bool, webhooked: bool, scale: float, longest: float
) -> float:
    """How long after a check the next one is to be.

    `since_change` is how long ago the remote bug last changed, `webhooked` whether its bug
    tracker tells us of changes by itself, `scale` the interval for a bug that changed a day ago,
    and `longest` what it may not exceed.
    """
    if webhooked:
        return longest
    wanted = scale * math.sqrt(max(since_change, HOUR) / DAY)
    return min(CLOSED * wanted if closed else wanted, longest)


class Rhythm(NamedTuple):
    """What the intervals of a bug tracker's watches go by.

    - `step`: they are multiples of this, so that what is due comes in portions,
    - `capacity`: how many checks a second may be made on average,
    - `scale`, `webhooked`: see `interval`,
    - `longest`, `longest_closed`: what they may not exceed; the latter where the remote bug is
      closed.
    """

    step: float
    capacity: float
    scale: float
    longest: float
    longest_closed: float
    webhooked: bool = False

    def of(self, since_change: float, closed: bool) -> float:
        """The interval of a watch, a multiple of the step."""
        longest = self.longest_closed if closed else self.longest
        wanted = interval(since_change, closed, self.webhooked, self.scale, longest)
        return min(max(round(wanted / self.step), 1) * self.step, longest)

    def at(self, moment: float) -> "Intervals":
        """The intervals of watches that are checked at that moment."""
        limits, spans = [1], [min(PLAIN, self.longest)]
        for closed in (False, True):
            # One for what changed before the longest ago of the ages, and one after each.
            spans.append(self.of(_AGES[0], closed))
            for age in _AGES:
                limits.append(mark(moment - age, closed))
                spans.append(self.of(age / _STEP, closed))
            limits.append(_CLOSED)
        return Intervals(limits[:-1], spans)


class Intervals(NamedTuple):
    """The intervals of watches by the marks of their remote bugs: those from a limit on have that
    after it."""

    limits: Sequence[int]
    spans: Sequence[float]

    def dues(self, marks: Sequence[int], moment: float, chance: float) -> list[int]:
        """When watches with these marks are due again, which is `chance` times their interval
        after that moment."""
        limits = self.limits
        dues = [int(moment + span * chance) for span in self.spans]
        return [dues[bisect_right(limits, each)] for each in marks]

    def span(self, marked: int) -> float:
        """The interval of a watch with that mark."""
        return self.spans[bisect_right(self.limits, marked)]


def requests(watches: int, page: int) -> int:
    """How many requests ask for so many watches once, `page` of them in each."""
    return max(math.ceil(watches / page), 1)


def sweep_interval(allowed: int, cost: int) -> float:
    """How long after a sweep that took `cost` requests the next one is to be, where so many are
    allowed a day: half of them are left to what changed, and to checks."""
    return min(max(2 * CHECK_INTERVAL * cost / allowed, SHORTEST_SWEEP), CHECK_INTERVAL)


def rhythm(
    watches: int,
    page: int,
    budget: int | None,
    scale: float,
    longest: tuple[float, float],
    webhooked: bool = False,
) -> Rhythm:
    """That of a bug tracker with so many watches, of which a request asks for `page` at most.

    `budget` is how many requests a day a person allows, None for as many as one check of each
    watch takes; `longest` is the longest interval, and that where the remote bug is closed.
    """
    at_once = requests(watches, page)
    allowed = at_once if budget is None else budget
    shortest = SHORTEST if budget is None else SHORTEST_ON_PURPOSE
    step = CHECK_INTERVAL * min(at_once, TOGETHER) / allowed
    filled = page * FILLED if page > 1 else 1.0
    step = min(max(step, shortest), CHECK_INTERVAL)
    capacity = allowed * filled / CHECK_INTERVAL
    return Rhythm(
        step,
        capacity,
        # Where all can be asked for each time, they are.
        scale if watches > capacity * step else _SCALES[0],
        *longest,
        webhooked,
    )


def learn(
    now: Rhythm,
    intervals: Intervals,
    watches: int,
    part: float,
    sample: Iterable[tuple[int, float]],
) -> Rhythm:
    """The rhythm that keeps to the budget, going by some of the watches.

    `sample` has the mark of each, and how long it had waited for its check.  What is checked
    often is often among them, so each counts by that.  `part` is how much of all watches those
    are that were checked with it.
    """
    waited = demand = 0.0
    for marked, wait in sample:
        # The first time nothing is known of how often it is checked.
        span = intervals.span(marked)
        wait = wait or span
        waited += wait
        demand += wait / span
    if not waited:
        return now
    load = watches * demand / waited / now.capacity
    scale = now.scale * load ** min(max(part, _LEAST_PART), 1.0)
    return now._replace(scale=min(max(scale, _SCALES[0]), _SCALES[1]))
