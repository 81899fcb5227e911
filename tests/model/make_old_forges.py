"""Makes data/schema-1-forges.fs, a database as 0.1.0 stores it, with forges in it::

    python tests/model/make_old_forges.py tests/model/data/schema-1-forges.fs

It was made with the code of 0.1.0, where each tracker of a project was a bug
tracker of its own; so it is made once, and kept.
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

TRACKERS = [
    ("sf", "SourceForge", "http://sourceforge.net/"),
    ("frob", "The Frob's bugs", "https://sourceforge.net/p/frob/bugs"),
    ("frob-features", "The Frob's features", "https://sourceforge.net/p/frob/feature-requests/"),
    ("frob-again", "The Frob's bugs, again", "https://sf.net/p/frob/bugs"),
    ("jane", "Jane's tickets", "https://sourceforge.net/u/jane/tickets"),
    ("it", "It", "https://forge.example.com/p/it/tickets"),
    ("matters", "Matters", "https://forge.example.com/p/it/matters"),
    ("empty", "Empty", "https://forge.example.com/p/it/empty"),
]

# (bug, bug tracker, remote bug), the oldest first.
WATCHES = [
    (1, "sf", "3200655"),
    (1, "frob", "35"),
    (1, "frob", "36"),
    (2, "frob", "35"),
    (1, "frob-features", "35"),
    (1, "frob-again", "35"),
    (2, "frob-again", "37"),
    (2, "jane", "3"),
    (1, "it", "1"),
    (2, "matters", "1"),
    (1, "debian", "424242"),
]


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
        for name, title, baseurl in TRACKERS:
            trackers.add(BugTracker(name, title, BugTrackerType.SOURCEFORGE, baseurl, owner=owner))
        trackers.add(
            BugTracker("debian", "Debian", BugTrackerType.DEBBUGS, "https://bugs.debian.org")
        )
        trackers["frob"].aliases = ["https://sourceforge.net/p/old-frob/bugs"]
        trackers["jane"].active = False
        trackers["it"].guessed = trackers["matters"].guessed = True
        for id in (1, 2):
            bugs.createBug(f"Bug {id}", owner, id)
        for bug, name, remotebug in WATCHES:
            bugs.get(bug).addWatch(trackers[name], remotebug, owner)
        for status, meaning in (
            ("open", BugTaskStatus.NEW),
            ("closed-fixed", BugTaskStatus.FIXRELEASED),
        ):
            clock.moment += timedelta(days=1)
            trackers["frob"].applyOutcomes(
                [
                    RemoteBug(
                        "35",
                        status,
                        meaning,
                        "5",
                        BugTaskImportance.MEDIUM,
                        "The frob is loose",
                        "fixed" if status == "closed-fixed" else "",
                        datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
                        validator='"etag"',
                    ),
                    RemoteBugError("36", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private."),
                ],
                clock.moment,
                0.0,
            )
            trackers["frob"].recordAnswer(clock.moment, "allura", 7.0)
            for name, remotebug in (
                ("sf", "3200655"),
                ("frob-features", "35"),
                ("matters", "1"),
                ("debian", "424242"),
            ):
                trackers[name].applyOutcomes([RemoteBug(remotebug, status, meaning)], clock.moment)
        trackers["it"].recordTrouble(
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
