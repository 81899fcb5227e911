"""Counters of days as bars side by side.  Pure."""

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta

from malonewatch.interfaces import DailyCounters, FailureOwner
from malonewatch.wording import count_of

#: How high the strip is, in units of its own; a bar is one wide.
HEIGHT = 40


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """A day: where its bar is, how high, in which style, and what it stands for."""

    x: int
    y: int
    height: int
    look: str
    title: str


@dataclasses.dataclass(frozen=True, slots=True)
class Strip:
    """The bars of some days, the latest on the right; and what they say in all."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    summary: str


def strip_of(counters: Sequence[DailyCounters], today: date, days: int) -> Strip:
    """How many checks there were on each of the last `days` days, and whether the bug tracker
    failed on it."""
    first = today - timedelta(days=days - 1)
    shown = [each for each in counters if first <= each.day <= today]
    most = max((each.checks for each in shown), default=0)
    bars = tuple(_bar(each, (each.day - first).days, most) for each in reversed(shown))
    failing = sum(each.look == "failed" for each in bars)
    requests = sum(each.requests for each in shown)
    checks = sum(each.checks for each in shown)
    changes = sum(each.changes for each in shown)
    summary = (
        f"In {count_of(days, 'day')}: asked on {len(bars)}, failed on {failing}; "
        f"{count_of(requests, 'request')}, {count_of(checks, 'check')}, "
        f"{count_of(changes, 'change')} of status."
    )
    return Strip(days, HEIGHT, bars, summary)


def requests_a_day(counters: Sequence[DailyCounters], today: date, days: int) -> tuple[int, float]:
    """How many requests there were today, and on average on each of the `days` days before."""
    first = today - timedelta(days=days)
    now = sum(each.requests for each in counters if each.day == today)
    before = sum(each.requests for each in counters if first <= each.day < today)
    return now, before / days


def _bar(day: DailyCounters, x: int, most: int) -> Bar:
    failures = day.failures.get(FailureOwner.TRACKER, 0)
    # A day on which nothing but failures happened is seen too, and at a glance.
    least = HEIGHT // 4 if failures else 2
    height = max(least, round(HEIGHT * day.checks / most)) if most else least
    title = (
        f"{day.day}: {count_of(day.requests, 'request')}, {count_of(day.checks, 'check')}, "
        f"{count_of(day.changes, 'change')}, {count_of(failures, 'failure')}"
    )
    return Bar(x, HEIGHT - height, height, "failed" if failures else "good", title)
