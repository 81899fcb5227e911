"""Making databases with many watches."""

import contextlib
import time
from collections.abc import Sequence
from typing import Any

import transaction

from malonewatch.interfaces import (
    BugTrackerType,
    IBugSet,
    IBugTrackerSet,
)
from malonewatch.model import open_database
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pages import PAGE

#: How many watches a local bug has here.
WATCHES_PER_BUG = 500
#: How many watches are added in one transaction.
COMMIT_EVERY = 5000


def fill(uri: str, baseurls: Sequence[str], watches: int) -> None:
    """Make a database with that many watches in all, spread evenly over the bug trackers.

    Bug tracker number n (from 0) is named ``tracker-n``; its watches are on
    remote bugs 1, 2, 3 and so on.
    """
    database = open_database(uri, create=True)
    connection = database.db.open()
    try:
        registry = connection.root()["malonewatch"].getSiteManager()
        trackers = registry.getUtility(IBugTrackerSet)
        bugs = registry.getUtility(IBugSet)
        made = 0
        bug: Any = None
        each = watches // len(baseurls)
        for number, baseurl in enumerate(baseurls):
            tracker = trackers.ensureBugTracker(
                baseurl, None, BugTrackerType.BUGZILLA, name=f"tracker-{number}"
            )
            tracker.dialect = "rest"
            for remotebug in range(1, each + 1):
                if made % WATCHES_PER_BUG == 0:
                    bug = bugs.createBug(f"Bug {made}")
                bug.addWatch(tracker, str(remotebug), None)
                made += 1
                if made % COMMIT_EVERY == 0:
                    transaction.commit()
                    connection.cacheMinimize()
        transaction.commit()
    finally:
        transaction.abort()
        connection.close()
        database.close()


def make_due(uri: str) -> None:
    """Make every watch due, to be asked for in full."""
    with contextlib.closing(open_database(uri)) as database:
        database.write(lambda trackers: [tracker.resetWatches() for tracker in trackers])


def make_swept(uri: str) -> None:
    """Have every bug tracker asked what changed, and no watch."""

    def change(trackers: Any) -> None:
        for tracker in trackers:
            sweeps = tracker.ledger.sweeps
            sweeps.due = 0
            tracker.ledger.set_sweeps(sweeps)

    settle(uri)
    with contextlib.closing(open_database(uri)) as database:
        database.write(change)


def settle(uri: str) -> None:
    """Put every watch off until tomorrow, as if it had been checked just now."""
    tomorrow = int(time.time()) + 80_000

    def put_off(tracker: Any) -> None:
        pages = Pages(tracker.ledger)
        for slot in range(tracker.watches.count()):
            _, times = pages.page(slot // PAGE)
            times.due[slot % PAGE] = tomorrow
        pages.finish()

    with contextlib.closing(open_database(uri)) as database:
        names = database.read(lambda trackers: [tracker.name for tracker in trackers])
        for name in names:
            database.write(lambda trackers, name=name: put_off(trackers[name]))
