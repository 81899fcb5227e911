"""A run, and somebody who adds watches meanwhile."""

import contextlib
import subprocess
import sys

from zope.component import getUtility

from malonewatch.configuration import configure
from malonewatch.interfaces import BugTrackerType, IBugSet
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing.bugzilla import BugzillaSimulator


def test_a_run_and_people_who_add_watches_lose_nothing(tmp_path):
    configure()
    uri = sqlite_uri(tmp_path / "database")
    command = [
        *(sys.executable, "-m", "malonewatch.checkwatches", "-q", "-b", "0"),
        *("--database", uri, "--lock-file", str(tmp_path / "lock")),
    ]

    def fill(trackers):
        tracker = trackers.ensureBugTracker(
            simulator.url, None, BugTrackerType.BUGZILLA, name="simulated"
        )
        bug = getUtility(IBugSet).createBug()
        for number in range(1, 3001):
            bug.addWatch(tracker, number, None)

    def add_one(trackers, number):
        # To the very page that the run is writing to.
        getUtility(IBugSet).get(1).addWatch(trackers["simulated"], number, None)

    with BugzillaSimulator() as simulator:
        for number in range(1, 6001):
            simulator.add(str(number))
        with contextlib.closing(open_database(uri, create=True)) as database:
            database.write(fill)
            added = 0
            process = subprocess.Popen(command)
            while process.poll() is None and added < 3000:
                added += 1
                database.write(lambda trackers: add_one(trackers, 3000 + added))  # noqa: B023
            assert process.wait() == 0
            assert added
            # What was added too late for that run is still due.
            assert subprocess.run(command).returncode == 0
            watches = database.read(
                lambda trackers: {
                    watch.remotebug: watch.remotestatus for watch in trackers["simulated"].watches
                }
            )
    assert len(watches) == 3000 + added
    assert set(watches.values()) == {"CONFIRMED"}
