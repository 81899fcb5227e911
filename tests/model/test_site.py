import pytest
import transaction
import ZODB
from persistent import Persistent
from zope.component import getGlobalSiteManager, getUtility, hooks
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.interface import implementer
from zope.interface.interfaces import ComponentLookupError
from zope.interface.verify import verifyObject

from malonewatch.interfaces import IBugSet, IBugTrackerSet, IBugWatchSet, IPersonSet
from malonewatch.model import BugTracker, Site, install
from malonewatch.model.site import find_utility, site_of

UTILITIES = [IBugSet, IBugTrackerSet, IBugWatchSet, IPersonSet]


@implementer(ISite)
class Application(Persistent):
    """What an application has that embeds malonewatch."""

    def __init__(self):
        self.components = PersistentComponents("app", (getGlobalSiteManager(),))

    def getSiteManager(self):
        return self.components

    def setSiteManager(self, site_manager):
        self.components = site_manager


def test_it_is_a_site():
    verifyObject(ISite, Site())


@pytest.mark.parametrize("kind", [Site, Application])
def test_the_utilities_are_installed_empty(kind):
    site = kind()
    assert install(site) is site
    for interface in UTILITIES:
        utility = site.getSiteManager().getUtility(interface)
        verifyObject(interface, utility)
        assert list(utility) == []
        assert utility.count() == 0
        assert site_of(utility) is site


def test_its_site_manager_can_be_replaced():
    site, components = Site(), PersistentComponents("other")
    site.setSiteManager(components)
    assert site.getSiteManager() is components


def test_getutility_finds_those_of_the_current_site(site):
    here = getUtility(IBugTrackerSet)
    one, other = install(Site()), install(Application())
    with hooks.site(one):
        assert getUtility(IBugTrackerSet).__parent__ is one
        with hooks.site(other):
            assert getUtility(IBugTrackerSet).__parent__ is other
    assert getUtility(IBugTrackerSet) is here


def test_outside_of_a_site_there_are_none(site):
    with hooks.site(None), pytest.raises(ComponentLookupError):
        getUtility(IBugTrackerSet)


def test_what_is_in_a_site_finds_its_utilities_whatever_the_current_site(site):
    other = install(Application())
    trackers = other.getSiteManager().getUtility(IBugTrackerSet)
    tracker = trackers.add(BugTracker("x1", "X", "BUGZILLA", "https://x.example.com"))
    bug = other.getSiteManager().getUtility(IBugSet).createBug()
    watch = bug.addWatch(tracker, 1, None)
    watches = other.getSiteManager().getUtility(IBugWatchSet)
    assert list(watches) == list(tracker.watches) == list(bug.watches) == [watch]
    assert watch.bug is bug
    assert site_of(watch) is site_of(bug) is site_of(tracker) is other
    assert getUtility(IBugWatchSet).count() == 0


def test_what_is_in_no_site_finds_those_of_the_current_one(site):
    tracker = BugTracker("x1", "X", "BUGZILLA", "https://x.example.com")
    assert site_of(tracker) is None
    assert find_utility(tracker, IBugWatchSet) is getUtility(IBugWatchSet)


def test_the_global_utilities_are_found_through_a_stored_site():
    db = ZODB.DB(None)
    with db.transaction() as connection:
        connection.root()["site"] = install(Site())
    connection = db.open(transaction.TransactionManager())
    components = connection.root()["site"].getSiteManager()
    assert components.__bases__ == (getGlobalSiteManager(),)
    assert components.getUtility(IPersonSet).count() == 0
    connection.close()
    db.close()
