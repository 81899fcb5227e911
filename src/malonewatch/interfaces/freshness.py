"""How fresh what the watches of a bug tracker show is to be, and what that may cost."""

import dataclasses
from datetime import datetime
from typing import NamedTuple

from zope.interface import Attribute, Interface
from zope.schema import Datetime

from malonewatch.interfaces.http import Exchange
from malonewatch.interfaces.values import BugTrackerFacts

_DAY = 24 * 3600.0

#: No bug may stay unasked for longer than this, whatever anybody says.
LONGEST_INTERVAL = 30 * _DAY
#: Nor may anybody want one to be asked for more often.
SHORTEST_INTERVAL = 600.0


class Freshness(NamedTuple):
    """What a person says of how often a bug tracker is asked; None leaves it as it is by default.

    - `budget`: how many requests a day checking its watches may take; by default as many as one
      check of each a day would,
    - `longest`: after how many seconds a watch is checked again at last, which goes before the
      budget; by default three days,
    - `longest_closed`: the same where the remote bug is closed; by default a fortnight.
    """

    budget: int | None = None
    longest: float | None = None
    longest_closed: float | None = None

    @property
    def longest_interval(self) -> float:
        return 3 * _DAY if self.longest is None else self.longest

    @property
    def longest_interval_closed(self) -> float:
        """That of a bug that is closed."""
        if self.longest_closed is None:
            return max(14 * _DAY, self.longest_interval)
        return self.longest_closed


@dataclasses.dataclass(frozen=True, slots=True)
class Swept:
    """What came of asking a bug tracker which of all its bugs changed.

    - `asked`: when, by our clock (aware, UTC),
    - `remotebugs`: the ids of those that did, None if it did not tell them all,
    - `clock_skew`: seconds by which its clock is ahead of ours, None if it did
      not tell,
    - `exchanges`: the requests that were made.
    """

    tracker: BugTrackerFacts
    asked: datetime
    remotebugs: tuple[str, ...] | None
    clock_skew: float | None
    exchanges: tuple[Exchange, ...]


class IPaced(Interface):
    """What is checked within a budget of requests."""

    swept = Datetime(
        title="When it last said which of all its bugs had changed",
        description="What had not counts as checked then.  None: it is not asked that.",
        required=False,
        readonly=True,
    )

    def getSweep(now: datetime) -> datetime | None:
        """Since when to ask, by its clock, which of all its bugs changed; None: not now.

        That is done where it takes fewer requests than asking for the bugs.
        """

    def applySweep(swept: Swept) -> int:
        """Make the watches due on bugs that changed; how many these are."""

    freshness = Attribute(
        "The `Freshness` that a person set for it, the rest as by default.  Watches that would be "
        "due later are brought forward.  Raises BadInput for numbers that make no sense."
    )
    requests = Attribute("How many requests a day checking its watches may take.")
