import contextlib
import subprocess
import sys
from datetime import timedelta

import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject
from zope.lifecycleevent import modified

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTrackerType,
    BugWatchQuery,
    IBugSet,
    IBugWatchSet,
    IClock,
    IDatabase,
    IDatabaseOpener,
)


@pytest.fixture(autouse=True)
def _registered():
    configure()


def test_nothing_of_a_database_is_loaded_before_one_is_wanted():
    code = (
        "import sys, malonewatch.configuration as it; it.configure()\n"
        "print({'BTrees', 'ZODB', 'persistent', 'malonewatch.model'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


def test_what_is_registered_is_as_the_model_has_it(tmp_path):
    opener = getUtility(IDatabaseOpener)
    assert verifyObject(IDatabaseOpener, opener)
    assert not hasattr(opener, "_other")
    with contextlib.closing(opener(opener.embedded(str(tmp_path)), create=True)) as database:
        assert opener.sites(database.uri) == ["/malonewatch"]
        assert verifyObject(IDatabase, database)
    assert verifyObject(IClock, getUtility(IClock))
    assert getUtility(IClock).now().utcoffset() == timedelta(0)


def test_a_bug_is_found_by_its_new_title(tmp_path):
    opener = getUtility(IDatabaseOpener)

    def step(trackers):
        tracker = trackers.ensureBugTracker(
            "https://bugs.example.com", None, BugTrackerType.BUGZILLA
        )
        bug = getUtility(IBugSet).createBug("The frob is loose")
        watch = bug.addWatch(tracker, "1", None)
        bug.title = "Gadgets"
        modified(bug)
        found = getUtility(IBugWatchSet).search(BugWatchQuery(words=("gadgets",)))
        assert list(found.watches) == [watch]

    with contextlib.closing(opener(opener.embedded(str(tmp_path)), create=True)) as database:
        database.write(step)
