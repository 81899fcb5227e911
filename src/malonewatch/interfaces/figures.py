"""How a site and its bug trackers are doing, in figures, for programs that keep an eye on them."""

import dataclasses
import enum
from collections.abc import Mapping
from typing import NamedTuple

from zope.interface import Interface

from malonewatch.interfaces.enumerations import (
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    FailureOwner,
)
from malonewatch.interfaces.http import OriginState


class MeaningGroup(enum.Enum):
    """What remote statuses mean, roughly: what is asked first of many bugs."""

    OPEN = "open"
    FIXED = "fixed"
    CLOSED = "closed"  #: over, and not fixed
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, status: BugTaskStatus) -> "MeaningGroup":
        if status.is_fixed:
            return cls.FIXED
        if status.is_closed:
            return cls.CLOSED
        return cls.OPEN if status.is_open else cls.UNKNOWN


class WatchTally(NamedTuple):
    """How many watches there are, how many of them mean open and closed, and of how many the last
    check failed."""

    watches: int
    open: int
    closed: int
    failing: int


@dataclasses.dataclass(frozen=True, slots=True)
class Staleness:
    """How old what some watches show is, in seconds.

    - `count`: how many watches that are, one at least,
    - `total`: the sum of their ages,
    - `quantiles`: by quantile (0.5, 0.95 and 1), the least age that so large a part of the
      watches does not exceed.
    """

    count: int
    total: float
    quantiles: Mapping[float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Totals:
    """What a bug tracker cost and gave since it was asked for the first time; never less than
    before.  The fields are as in `DailyCounters`."""

    requests: int = 0
    checks: int = 0
    changes: int = 0
    failures: Mapping[FailureOwner, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class BugTrackerFigures:
    """How a bug tracker is doing.

    - `name`, `title`, `bugtrackertype`, `baseurl`, `origin`, `active`: see `IBugTracker`,
    - `watches`: how many it has, by what they show,
    - `due`: how many are due; none if it is not active,
    - `failing`: how many of them could not be read when last asked for, for a reason of their
      own,
    - `held`: of how many remote bugs something is kept back as too many changes at once,
    - `staleness`: how long ago the bug tracker last said something of those that it is to be
      asked for again and again, and that are not failing; or since when it is to be asked, of
      those that never were.  None if there are none, or it is not active,
    - `totals`: what it cost and gave,
    - `trouble`: see `IBugTracker.last_error_type`.
    """

    name: str
    title: str
    bugtrackertype: BugTrackerType
    baseurl: str
    origin: str
    active: bool
    watches: Mapping[MeaningGroup, int]
    due: int
    failing: int
    held: int
    staleness: Staleness | None
    totals: Totals
    trouble: BugWatchErrorType | None


@dataclasses.dataclass(frozen=True, slots=True)
class SiteFigures:
    """How a site is doing.

    - `trackers`: its bug trackers, by title,
    - `staleness`: that of all their watches together, None if there are none,
    - `origins`: what is known of the origins that they are at, as in `IClaims`,
    - `pending`: see `IOutbox.pending`; None where there is no outbox.
    """

    trackers: tuple[BugTrackerFigures, ...]
    staleness: Staleness | None
    origins: Mapping[str, OriginState]
    pending: int | None


class Exposition(NamedTuple):
    """Figures as Prometheus reads them: the media type, and the text."""

    content_type: str
    text: bytes


class IExposer(Interface):
    """Utility: tells programs how a site is doing."""

    def __call__(figures: SiteFigures, accept: str) -> Exposition:
        """The figures of a site as metrics, in that of the formats of Prometheus and OpenMetrics
        that ``accept``, the header of a request, likes best.

        :raises PackageMissing: what writes them is not installed.
        """
