import subprocess
import sys

import pytest
import transaction
from zope.component import getUtility, hooks

from malonewatch.interfaces import (
    BugTrackerType,
    DatabaseError,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IPersonSet,
    NotFoundError,
)
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing import SampleSite, fresh_site, login, sample_site


@pytest.fixture
def sample():
    with sample_site("memory://") as site:
        yield site


def test_the_bug_trackers_of_the_founding_document(sample):
    assert [
        (tracker.name, tracker.bugtrackertype, tracker.baseurl, tracker.active)
        for tracker in getUtility(IBugTrackerSet)
    ] == [
        ("debbugs", BugTrackerType.DEBBUGS, "http://bugs.debian.org", True),
        ("gnome-bugzilla", BugTrackerType.BUGZILLA, "http://bugzilla.gnome.org/bugs", True),
        ("sf", BugTrackerType.SOURCEFORGE, "http://sourceforge.net/", True),
        ("mozilla.org", BugTrackerType.BUGZILLA, "https://bugzilla.mozilla.org/", True),
        ("ubuntu-bugzilla", BugTrackerType.BUGZILLA, "http://bugzilla.ubuntu.com/bugs", False),
    ]


def test_its_watches(sample):
    mozilla = getUtility(IBugTrackerSet)["mozilla.org"]
    assert [(watch.remotebug, watch.bug.id) for watch in mozilla.watches] == [
        ("2000", 1),
        ("123543", 1),
        ("42", 1),
        ("42", 2),
    ]
    active = getUtility(IBugTrackerSet).getMostActiveBugTrackers()
    assert [tracker.watches.count() for tracker in active] == [4, 4, 1, 1]
    assert getUtility(IBugWatchSet).count() == 10


def test_its_bugs(sample):
    bugs = getUtility(IBugSet)
    assert [bug.id for bug in bugs] == list(range(1, 16))
    assert bugs.get(10).watches.count() == 0
    assert bugs.get(1).owner is getUtility(IPersonSet).getByName("name12")


def test_nothing_is_known_of_any_remote_bug(sample):
    for watch in getUtility(IBugWatchSet):
        assert watch.remotestatus is None
        assert watch.lastchecked is None
        assert watch.owner.name == "name12"


def test_its_people(sample):
    people = getUtility(IPersonSet)
    assert people.getByEmail("test@canonical.com").displayname == "Sample Person"
    assert people.getByEmail("no-priv@canonical.com").displayname == "No Privileges Person"
    assert people.count() == 4


def test_all_of_it_is_committed(sample):
    assert isinstance(sample, SampleSite)
    transaction.abort()
    assert sample.database.read(lambda trackers: trackers.count()) == 5


@pytest.mark.parametrize(
    "email", ["test@canonical.com", "TEST@canonical.com", "no-priv@canonical.com"]
)
def test_somebody_can_log_in(sample, email):
    login(email)


def test_nobody_else_can(sample):
    with pytest.raises(NotFoundError, match="There is nobody with the address me@"):
        login("me@example.com")


def test_the_site_is_the_current_one_in_the_block():
    with fresh_site("memory://") as site:
        assert hooks.getSite() is site.connection.root()["malonewatch"]
        with fresh_site("memory://") as other:
            assert hooks.getSite() is other.connection.root()["malonewatch"]
            getUtility(IBugSet).createBug()
        assert hooks.getSite() is site.connection.root()["malonewatch"]
        assert getUtility(IBugSet).count() == 0
    assert hooks.getSite() is None


def test_a_fresh_site_is_empty():
    with fresh_site("memory://") as site:
        assert site.uri == "memory://"
        for interface in (IBugSet, IBugTrackerSet, IBugWatchSet, IPersonSet):
            assert getUtility(interface).count() == 0


def test_each_is_a_database_of_its_own():
    with fresh_site() as one, fresh_site() as other:
        assert one.uri != other.uri


COUNT = """
import sys
from malonewatch.configuration import configure
from malonewatch.model import open_database
configure()
database = open_database(sys.argv[1])
database.write(lambda trackers: setattr(trackers["mozilla.org"], "summary", "From elsewhere"))
print(database.read(lambda trackers: trackers["mozilla.org"].watches.count()))
database.close()
"""


def test_another_process_can_open_it_at_the_same_time():
    with sample_site() as site:
        finished = subprocess.run(
            [sys.executable, "-c", COUNT, site.uri], capture_output=True, text=True, check=True
        )
        assert finished.stdout == "4\n"
        transaction.begin()
        assert getUtility(IBugTrackerSet)["mozilla.org"].summary == "From elsewhere"


def test_a_temporary_one_is_gone_in_the_end():
    with fresh_site() as site:
        uri = site.uri
        open_database(uri).close()
    with pytest.raises(DatabaseError, match="There is no database"):
        open_database(uri)


def test_one_of_a_given_place_stays(tmp_path):
    uri = sqlite_uri(tmp_path / "database")
    with sample_site(uri) as site:
        assert site.uri == uri
    database = open_database(uri)
    assert database.read(lambda trackers: trackers.count()) == 5
    database.close()


def test_all_is_put_away_when_the_block_fails():
    uris = []

    def fail():
        with fresh_site() as site:
            uris.append(site.uri)
            getUtility(IBugSet).createBug()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert hooks.getSite() is None
    with pytest.raises(DatabaseError):
        open_database(uris[0])


def test_what_is_not_committed_is_not_kept(tmp_path):
    uri = sqlite_uri(tmp_path / "database")
    with fresh_site(uri):
        getUtility(IBugSet).createBug()
    with fresh_site(uri):
        assert getUtility(IBugSet).count() == 0
