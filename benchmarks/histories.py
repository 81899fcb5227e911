"""Made-up histories of bugs that have the shape of real ones.

How long a bug goes on changing, from its report to its last change, is as in
SeaMonkey's 1,076 bugs of 2020 to 2025 on bugzilla.mozilla.org, as they are in
GitBugs (A. Patil, arXiv:2504.09651, CC BY 4.0): 47 of 100 are closed.  Within
that time changes become rarer as the bug grows older, as those of files do
(D. Challet, S. Valverde: Fat tails, long memory, maturity and ageing in
open-source software projects, arXiv:0802.3170); and one in four changes comes
at any time, as bugs are also changed in bulk.
"""

import math
import random
from collections.abc import Iterator
from typing import NamedTuple

DAY = 24 * 3600.0
HOUR = 3600.0

#: After how many days bugs changed for the last time, by the part of them that did by then.
_PARTS = (0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 1.0)
# fmt: off
_OPEN = (0.01, 0.02, 0.05, 0.35, 2.31, 12.1, 77.0, 105, 146, 253, 306, 324, 397, 674, 1224, 1834)
_CLOSED = (
    0.01, 0.03, 0.13, 0.77, 1.52, 2.58, 13.5, 36.4, 64.6, 119, 150, 222, 412, 730, 1371, 1848
)
# fmt: on
#: The part of the bugs that are closed, and for how many days bugs had been reported.
_CLOSED_PART = 0.47
_YEARS = 1867.0
#: For each change that is the rarer the older the bug is, so many come at any time.
_ANY_TIME = 1 / 3


class History(NamedTuple):
    """When a bug was reported, when it changed, which that is a part of, and when it was closed."""

    reported: float
    changes: tuple[float, ...]
    closed: float


def histories(count: int, days: int, seed: int = 11) -> Iterator[History]:
    """So many bugs, reported at any time up to `days` after moment 0."""
    chance = random.Random(seed)
    for _ in range(count):
        reported = chance.uniform(days - _YEARS, days) * DAY
        is_closed = chance.random() < _CLOSED_PART
        life = _life(chance, _CLOSED if is_closed else _OPEN)
        changes = [0.0, life]
        age = HOUR
        while (age := age * math.exp(chance.expovariate(1.0))) < life:
            changes.append(age)
            if chance.random() < _ANY_TIME:
                changes.append(chance.uniform(0.0, life))
        changes.sort()
        # Some are looked after once more: verified, or filed in the right place.
        last = changes[-1 if chance.random() < 0.5 or len(changes) < 3 else -2]
        yield History(
            reported,
            tuple(reported + each for each in changes),
            reported + last if is_closed else math.inf,
        )


def _life(chance: random.Random, days: tuple[float, ...]) -> float:
    part = chance.random()
    place = next(i for i, limit in enumerate(_PARTS[1:], start=1) if part <= limit)
    within = (part - _PARTS[place - 1]) / (_PARTS[place] - _PARTS[place - 1])
    return DAY * days[place - 1] * (days[place] / days[place - 1]) ** within
