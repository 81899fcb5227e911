"""A run in which one bug tracker is at fault, in every way there is."""

import pytest
import transaction
from zope.component import getUtility

from malonewatch.checkwatches import Run
from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import BugTrackerType, FailureOwner, IBugSet, IBugTrackerSet
from malonewatch.testing import fresh_site
from malonewatch.testing.bugzilla import BugzillaSimulator
from malonewatch.testing.faults import FAULTS, fault


@pytest.mark.parametrize("name", ["refused", *FAULTS])
def test_a_fault_is_its_bug_trackers_trouble_and_nobody_elses(name, registry, caplog):
    class Other(Bugzilla):
        """Has a time limit of its own: what is well may take its time on a busy machine."""

    other = registry.type("OTHER", base=Other)
    caplog.set_level("INFO", "malonewatch")
    with fresh_site() as site, BugzillaSimulator() as good, BugzillaSimulator() as bad:
        bug = getUtility(IBugSet).createBug()
        trackers = {}
        for title, simulator, kind in (
            ("good", good, BugTrackerType.BUGZILLA),
            ("bad", bad, other),
        ):
            simulator.add("1")
            trackers[title] = getUtility(IBugTrackerSet).ensureBugTracker(
                simulator.url, None, kind, name=title
            )
            bug.addWatch(trackers[title], 1, None)
        transaction.commit()
        Run(site.database).update(["good", "bad"])
        good.change("1", status="IN_PROGRESS")
        transaction.begin()
        for tracker in trackers.values():
            tracker.resetWatches()
        transaction.commit()
        caplog.clear()
        due = trackers["bad"].watches[0].next_check
        Other.timeout = 0.5
        with fault(bad, name):
            report = Run(site.database).update(["good", "bad"])
        transaction.begin()

        assert list(report.troubled) == ["bad"]
        assert report.faults == 0
        tracker, watch = trackers["bad"], trackers["bad"].watches[0]
        assert tracker.last_error_type.owner is FailureOwner.TRACKER
        assert tracker.failures == 1
        assert tracker.next_attempt is not None
        # The watch shows it, keeps what it knew, and is as due as it was.
        assert watch.last_error_type is tracker.last_error_type
        assert watch.remotestatus == "CONFIRMED"
        assert watch.next_check == due
        (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert bad.url in line
        assert "\n" not in line
        # The other has lost nothing by it.
        assert trackers["good"].watches[0].remotestatus == "IN_PROGRESS"
        assert trackers["good"].last_error_type is None
