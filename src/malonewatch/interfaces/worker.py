"""Workers: checkwatches that stays."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from zope.interface import Interface


class DueBugTrackers(NamedTuple):
    """Which bug trackers may be asked now: (origin, name) of each.

    `next` is when the first of the others may (aware, UTC), None if there is none.
    """

    trackers: Sequence[tuple[str, str]]
    next: datetime | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How a worker is to work.

    - `jobs`: how many origins it asks at the same time,
    - `only`: the bug trackers that it asks: their names, patterns of names or of hosts
      (``*.example.com``), and networks (``10.0.0.0/8``); none stands for all,
    - `besides`: in the same way, those that it does not ask,
    - `delivers`: whether it delivers what people are to be told,
    - `health_file`: where it writes, as JSON, how it is, and `metrics_file` metrics for
      Prometheus; None if nowhere,
    - `log_format`: ``text`` or ``json``, and `verbosity` -1, 0 or 1, as for checkwatches.
    """

    jobs: int = 100
    only: Sequence[str] = ()
    besides: Sequence[str] = ()
    delivers: bool = True
    log_format: str = "text"
    verbosity: int = 0
    health_file: Path | None = None
    metrics_file: Path | None = None


class IWorker(Interface):
    """Utility: asks for what is due as it becomes due, until it is told to end."""

    def __call__(database: Any, settings: WorkerSettings) -> None:
        """Work on an `IDatabase` until SIGTERM or SIGINT.

        Any number of them, anywhere, and runs of checkwatches besides, share
        what is due by their claims.  Where the database is away, it is waited
        for; where it does not answer, the process ends with exit code 4.
        Called in the main thread, in which no event loop runs.

        :raises BadInput: the settings make no sense.
        :raises MalonewatchError: this machine does not let it work.
        """
