import pytest
import transaction
from zope.component import getGlobalSiteManager, getUtility
from zope.interface.interfaces import IObjectEvent

from malonewatch import model
from malonewatch.interfaces import (
    BugTrackerType,
    IBugSet,
    IBugTrackerFacts,
    IBugTrackerSet,
    IBugWatchSet,
    IExternalBugTracker,
    IPersonSet,
)
from malonewatch.model import BugTracker
from malonewatch.model.trackertypes import find_type
from malonewatch.testing import fresh_site

from ..clock import fake_time
from ..zeo import Zeo


@pytest.fixture
def site(new_uri):
    """A new and empty site, the current one; in memory, as no other process needs it."""
    with fresh_site(new_uri("memory://")) as site:
        yield site


@pytest.fixture
def clock(site):
    """What time it is is up to the test."""
    with fake_time() as clock:
        yield clock


@pytest.fixture
def events(site):
    """The object events that are notified from here on, as subscribers get them."""
    events = []
    handler = events.append
    registry = getGlobalSiteManager()
    registry.registerHandler(handler, (IObjectEvent,))
    # Of which that registration is one.
    events.clear()
    yield events
    registry.unregisterHandler(handler, (IObjectEvent,))


@pytest.fixture
def trackers(site):
    return getUtility(IBugTrackerSet)


@pytest.fixture
def watches(site):
    return getUtility(IBugWatchSet)


@pytest.fixture
def bugs(site):
    return getUtility(IBugSet)


@pytest.fixture
def owner(site):
    return getUtility(IPersonSet).ensurePerson("sample@example.com", "Sample Person")


@pytest.fixture
def make_tracker(trackers, owner):
    """Adds a bug tracker; what is not given does not matter."""

    def make(name="bugs", **values):
        values = {
            "title": name.title(),
            "bugtrackertype": BugTrackerType.BUGZILLA,
            "baseurl": f"https://{name}.example.com",
            "owner": owner,
            **values,
        }
        return trackers.add(BugTracker(name=name, **values))

    return make


@pytest.fixture
def tracker(clock, make_tracker):
    return make_tracker()


@pytest.fixture
def bug(clock, bugs, owner):
    return bugs.createBug("Something is broken", owner)


@pytest.fixture
def without_types(site):
    """Nothing can talk to Bugzillas any more."""
    registry = getGlobalSiteManager()
    registration = (find_type("BUGZILLA"), (IBugTrackerFacts,), IExternalBugTracker, "BUGZILLA")
    registry.unregisterAdapter(*registration)
    yield
    registry.registerAdapter(*registration)


@pytest.fixture
def watch(bug, tracker, owner):
    return bug.addWatch(tracker, "42", owner)


@pytest.fixture
def add_watches(bugs, tracker, owner):
    """Adds so many watches, on remote bugs "0", "1" and so on, each of a bug of its own."""

    def add(count):
        return [bugs.createBug().addWatch(tracker, number, owner) for number in range(count)]

    return add


@pytest.fixture
def reopened(site):
    """Commits, and gives the same object as a new connection sees it."""
    connections = []

    def reopen(thing):
        transaction.commit()
        connection = site.database.db.open(transaction.TransactionManager())
        connections.append(connection)
        return connection.get(thing._p_oid)

    yield reopen
    for connection in connections:
        connection.transaction_manager.abort()
        connection.close()


@pytest.fixture
def sqlite_uri(tmp_path):
    """Where an embedded database can be."""
    return model.sqlite_uri(tmp_path / "database")


@pytest.fixture
def zeo_uri(tmp_path):
    """A ZEO server's."""
    server = Zeo(tmp_path)
    yield server.uri
    server.stop()
