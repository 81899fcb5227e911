"""Years of running, in simulated time: what a database takes after packing.

``python -m benchmarks.soak``

10,000 watches are checked whenever they are due, for three years.  Each remote
bug changes four times in the first year, and then no more; bug trackers are in
trouble now and then, all the time.  Each year the database is closed, its
schema is called the first one, so that all steps of the upgrade are done again,
and it is packed.  What it takes then is to go with what happened, and not with
the time that went by.
"""

import contextlib
import random
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.clock import FakeClock, fake_time
from zope.component import getUtility

from benchmarks.measure import Row
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerTimeout,
    BugTrackerType,
    Fetched,
    IBugSet,
    IInstallation,
    RemoteBug,
)
from malonewatch.model import open_database

COMMAND = "python -m benchmarks.soak"
WATCHES = 10_000
TRACKERS = 20
YEARS = 3
YEAR = 365
#: How often each remote bug changes in the first year.
CHANGES = 4
#: Of so many checks of a bug tracker one fails.
TROUBLE = 50
#: How many watches are added in one transaction.
TOGETHER = 500

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
STATUSES = (
    ("NEW", BugTaskStatus.NEW),
    ("ASSIGNED", BugTaskStatus.INPROGRESS),
    ("RESOLVED FIXED", BugTaskStatus.FIXRELEASED),
    ("REOPENED", BugTaskStatus.CONFIRMED),
    ("CLOSED", BugTaskStatus.FIXRELEASED),
)


class Soak:
    """A database on a FileStorage, and what happens in it."""

    def __init__(self, directory: Path, clock: FakeClock, watches: int, trackers: int) -> None:
        self._file = directory / "Data.fs"
        self._clock = clock
        self._chance = random.Random(1)
        #: By bug tracker and remote bug, the days on which it changes.
        self._days: dict[tuple[str, str], list[int]] = {}
        self._names = [f"tracker-{number}" for number in range(trackers)]
        with self._opened(create=True) as database:
            for name in self._names:
                for first in range(0, watches // trackers, TOGETHER):
                    last = min(first + TOGETHER, watches // trackers)
                    database.write(lambda it: self._add(it, name, range(first, last)))  # noqa: B023

    def _opened(self, create: bool = False) -> Any:
        uri = f"file://{self._file}"
        return contextlib.closing(open_database(uri, create=create, upgrade=True))

    def _add(self, trackers: Any, name: str, remotebugs: range) -> None:
        url = f"https://{name}.example.org"
        tracker = trackers.ensureBugTracker(url, None, BugTrackerType.BUGZILLA, name=name)
        bug = getUtility(IBugSet).createBug(f"A bug in {name}")
        for number in remotebugs:
            bug.addWatch(tracker, str(number), None)
            days = sorted(self._chance.sample(range(2, YEAR - 5), CHANGES))
            self._days[name, str(number)] = days

    def run(self, days: int) -> int:
        """Let that many days go by, and then upgrade and pack; how many bytes the file has."""
        with self._opened() as database:
            for _ in range(days):
                self._clock.moment += timedelta(days=1)
                for name in self._names:
                    database.write(lambda trackers: self._check(trackers[name]))  # noqa: B023
            # As old as can be.
            database.write(lambda it: setattr(getUtility(IInstallation), "schema", 1))
        with self._opened() as database:
            database.upgrade()
            database.pack()
        return self._file.stat().st_size

    def _check(self, tracker: Any) -> None:
        now = self._clock.moment
        _, batches = tracker.getDueBatches(now, 0, 500, False)
        for batch in batches:
            if self._chance.randrange(TROUBLE):
                outcomes = tuple(self._said(tracker.name, each) for each in batch.remotebugs)
                tracker.apply(Fetched(batch, now, outcomes))
            else:
                trouble = BugTrackerTimeout("It did not answer within 30 seconds.")
                tracker.apply(Fetched(batch, now, missing=batch.remotebugs, trouble=trouble))
                break

    def _said(self, name: str, remotebug: str) -> RemoteBug:
        """What a bug tracker says of a bug today."""
        today = (self._clock.moment - START).days
        changes = sum(day <= today for day in self._days[name, remotebug])
        words, status = STATUSES[changes]
        return RemoteBug(remotebug, words, status, title=f"It fails, case {remotebug}")


def soak(directory: Path, watches: int, trackers: int, years: int = YEARS) -> list[int]:
    """How many bytes a database has after packing: in the beginning, and after each year."""
    configure()
    with fake_time() as clock:
        clock.moment = START
        made = Soak(directory, clock, watches, trackers)
        return [made.run(1), *(made.run(YEAR) for _ in range(years))]


def rows(watches: int = WATCHES, trackers: int = TRACKERS) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        sizes = soak(Path(name), watches, trackers)
    first, happened, *_, last = sizes
    shown = ", ".join(f"{size / 2**20:.1f}" for size in sizes)
    changes = watches * CHANGES
    return [
        Row(
            "Size after packing when two quiet years went by, to before them",
            *(last / happened, "times", 1.02, COMMAND),
            note=f"in the beginning, and after each year: {shown} MiB",
        ),
        Row(
            "Size after packing, for each change of a status that was seen",
            *((happened - first) / changes, "bytes", 300, COMMAND),
        ),
    ]


if __name__ == "__main__":
    print(*rows(*map(int, sys.argv[1:])), sep="\n")
