"""Made data/schema-1.fs, a database as the first version stored it, with malonewatch 0.1.0::

    python tests/model/make_old_database.py tests/model/data/schema-1.fs

Later versions have to read it; so it is made once, and kept.
"""

import shutil
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import transaction
from zope.component import getGlobalSiteManager, getUtility
from zope.interface import implementer

from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerRateLimited,
    BugTrackerType,
    BugWatchErrorType,
    IBugSet,
    IBugTrackerSet,
    IClock,
    IPersonSet,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import BugTracker, Person
from malonewatch.testing import fresh_site


@implementer(IClock)
class FixedClock:
    moment = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self.moment


def make(path: Path) -> None:
    clock = FixedClock()
    with fresh_site(f"file://{path}") as site:
        getGlobalSiteManager().registerUtility(clock, IClock)
        owner = getUtility(IPersonSet).add(Person("sample", "Sample Person", "sample@example.com"))
        trackers, bugs = getUtility(IBugTrackerSet), getUtility(IBugSet)
        bugzilla = trackers.add(
            BugTracker(
                "bugs",
                "Bugs",
                BugTrackerType.BUGZILLA,
                "https://bugs.example.com/",
                summary="All of them",
                contactdetails="bugs@example.com",
                owner=owner,
            )
        )
        bugzilla.aliases = ["https://old.example.com/bugs"]
        trac = trackers.ensureBugTracker(
            "https://trac.example.com", owner, BugTrackerType.TRAC, guessed=True
        )
        trackers.add(
            BugTracker(
                "idle", "Idle", BugTrackerType.DEBBUGS, "https://idle.example.com", active=False
            )
        )
        bug, other = bugs.createBug("It crashes", owner, 7), bugs.createBug("It burns")
        for remotebug in ("42", "43", "44", "45", "meta"):
            bug.addWatch(bugzilla, remotebug, owner)
        other.addWatch(bugzilla, "42", None)
        other.addWatch(trac, "1", owner)
        bug.removeWatch(bug.getBugWatch(bugzilla, "45"))
        for status in ("NEW", "ASSIGNED"):
            clock.moment += timedelta(days=1)
            bugzilla.applyOutcomes(
                [
                    RemoteBug(
                        "42",
                        status,
                        BugTaskStatus.CONFIRMED,
                        "P1 critical",
                        BugTaskImportance.CRITICAL,
                        "Ünïcode",
                        "",
                        datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
                        validator='"etag"',
                    ),
                    RemoteBug(
                        "43",
                        "RESOLVED DUPLICATE",
                        BugTaskStatus.INVALID,
                        resolution="DUPLICATE",
                        duplicate_of="42",
                        moved_to="https://new.example.com/show_bug.cgi?id=43",
                    ),
                    RemoteBugError("44", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private."),
                ],
                clock.moment,
                0.0,
            )
            bugzilla.recordAnswer(clock.moment, "rest", 7.0)
        trac.recordTrouble(
            BugTrackerRateLimited("Slow down.", retry_after=86_400), clock.moment, ["1"]
        )
        transaction.commit()
        site.database.db.pack()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "Data.fs")
        make(path)
        # Without its index and the like.
        shutil.copy(path, sys.argv[1])
