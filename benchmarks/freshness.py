"""How soon a change is noticed, to how soon it is when each bug is asked for once in a fixed time.

``python -m benchmarks.freshness [BUGS]``

A year is simulated, with the intervals that `malonewatch.model.rhythm` gives
and learns, at the same number of requests.
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.histories import DAY, HOUR, History, histories
from benchmarks.measure import Row
from malonewatch.interfaces import Freshness
from malonewatch.model import rhythm

COMMAND = "python -m benchmarks.freshness"
BUGS = 100_000
DAYS = 365
#: Where the intervals have not been learnt yet, it is not measured.
_BEGIN = 14 * DAY


class Result(NamedTuple):
    """Seconds from a change to when it was noticed, on average, and how many checks a watch and
    day there were."""

    delay: float
    checks: float


def simulate(bugs: Sequence[History]) -> Result:
    """Ask for each bug by itself, as often as the product does by default."""
    freshness = Freshness()
    longest = freshness.longest_interval, freshness.longest_interval_closed
    step = rhythm.rhythm(len(bugs), 1, None, rhythm.FIRST_SCALE, longest).step
    slots = int(DAYS * DAY / step) + 1
    due: list[list[int]] = [[] for _ in range(slots + 1)]
    for number, bug in enumerate(bugs):
        due[min(int(max(bug.reported, 0.0) / step) + 1, slots)].append(number)
    checked = [max(bug.reported, 0.0) for bug in bugs]
    seen = [sum(each <= at for each in bug.changes) for bug, at in zip(bugs, checked, strict=True)]
    scale, watches = rhythm.FIRST_SCALE, sum(bug.reported <= 0 for bug in bugs)
    delays: list[float] = []
    checks = watched = 0.0
    for slot in range(slots):
        now = slot * step
        asked, marks, waits = due[slot], [], []
        for number in asked:
            bug, place = bugs[number], seen[number]
            watches += checked[number] == bug.reported
            while place < len(bug.changes) and bug.changes[place] <= now:
                if now > _BEGIN:
                    delays.append(now - bug.changes[place])
                place += 1
            seen[number] = place
            waits.append(now - checked[number])
            checked[number] = now
            marks.append(rhythm.mark(bug.changes[place - 1] + 2**30, bug.closed <= now))
        if now > _BEGIN:
            checks += len(asked)
            watched += watches * step
        before = rhythm.rhythm(max(watches, 1), 1, None, scale, longest)
        stride = max(len(asked) // 64, 1)
        sample = list(zip(marks, waits, strict=True))[::stride]
        part = len(asked) / max(watches, 1)
        then = rhythm.learn(before, before.at(now + 2**30), watches, part, sample)
        scale = then.scale
        # Exactly as often as meant, so that the slots are.
        dues = then.at(now + 2**30).dues(marks, now + step / 2, 1.0)
        for number, moment in zip(asked, dues, strict=True):
            due[min(int(moment / step), slots)].append(number)
    return Result(sum(delays) / len(delays), checks / (watched / DAY))


def sweep(bugs: Sequence[History], requests: int) -> float:
    """The delay where one request tells what changed, as often as the product does it; what changed
    is asked for as well, each in a request of its own."""
    moments = sorted(each for bug in bugs for each in bug.changes if 0 <= each < DAYS * DAY)
    place, now, delay, made = 0, 0.0, 0.0, 0
    span = rhythm.sweep_interval(requests, 1)
    while place < len(moments):
        now += span
        before = place
        while place < len(moments) and moments[place] <= now:
            delay += now - moments[place]
            place += 1
        made += 1 + place - before
        span = rhythm.sweep_interval(requests, 1 + place - before)
    assert made <= requests * DAYS
    return delay / len(moments)


def rows(bugs: int = BUGS) -> list[Row]:
    made = list(histories(bugs, DAYS))
    asked = simulate(made)
    fixed = DAY / asked.checks / 2
    watched = sum(DAYS - max(bug.reported, 0.0) / DAY for bug in made) / DAYS
    swept = sweep(made, round(watched * asked.checks))
    note = f"{asked.delay / HOUR:.1f} hours at {asked.checks:.2f} checks of a watch a day"
    return [
        Row(
            "Delay until a change is noticed, each bug asked for, to a fixed time",
            *(asked.delay / fixed, "times", 0.55, COMMAND),
            note=note,
        ),
        Row(
            "Delay until a change is noticed, in a quiet sweep, to a fixed time",
            *(swept / fixed, "times", 0.1, COMMAND),
            note=f"{swept / 60:.0f} minutes",
        ),
    ]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else BUGS):
        print(row)
