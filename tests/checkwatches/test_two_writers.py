"""A run, and somebody who adds watches meanwhile."""

import contextlib
import subprocess
import sys

import transaction
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.checkwatches import Run
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTrackerType,
    IBugSet,
    IBugTrackerSet,
    IBugWatchStatusChanged,
)
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing import fresh_site
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


def test_a_batch_is_applied_again_if_somebody_changed_the_same_meanwhile():
    with fresh_site() as site, BugzillaSimulator() as simulator:
        tracker = getUtility(IBugTrackerSet).ensureBugTracker(
            simulator.url, None, BugTrackerType.BUGZILLA, name="simulated"
        )
        bug = getUtility(IBugSet).createBug()
        for number in range(1, 11):
            simulator.add(str(number))
            bug.addWatch(tracker, number, None)
        transaction.commit()
        got_in_between = []

        def get_in_between(event):
            # The run's transaction is open, and writes to the page of this watch too.
            if not got_in_between:
                got_in_between.append(event.new_remotestatus)
                with contextlib.closing(open_database(site.uri)) as other:
                    other.write(
                        lambda trackers: (
                            getUtility(IBugSet).get(1).addWatch(trackers["simulated"], 11, None)
                        )
                    )

        registry = getGlobalSiteManager()
        registry.registerHandler(get_in_between, [IBugWatchStatusChanged])
        try:
            report = Run(site.database).update(["simulated"])
        finally:
            registry.unregisterHandler(get_in_between, [IBugWatchStatusChanged])
        transaction.begin()
        assert got_in_between == ["CONFIRMED"]
        assert (report.changed, report.faults) == (10, 0)
        statuses = [watch.remotestatus for watch in tracker.watches]
        assert statuses == [None, *["CONFIRMED"] * 10]
        assert {len(watch.activity) for watch in tracker.watches[1:]} == {1}
