import pytest
from zope.component import getGlobalSiteManager
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    IAccountSet,
    IAuditLog,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IInstallation,
    ILinkSet,
    IOutbox,
    IPersonSet,
    IReplySet,
    ISubscriptionSet,
    ITokenSet,
)
from malonewatch.model import PersonSet, Site, install
from malonewatch.model.installation import (
    SCHEMA,
    Installation,
    ensure_installation,
    identity_of,
    schema_of,
)
from malonewatch.model.site import own_utility, site_of

UTILITIES = [
    *(IBugSet, IBugTrackerSet, IBugWatchSet, IInstallation, ILinkSet, IOutbox, IPersonSet),
    *(ISubscriptionSet, ITokenSet, IAccountSet, IAuditLog, IReplySet),
]


def own(site):
    return {interface: own_utility(site, interface) for interface in UTILITIES}


def test_it_provides_the_interface():
    verifyObject(IInstallation, Installation(SCHEMA))


def test_a_new_one_has_the_latest_schema_and_an_identity_of_its_own():
    one, other = install(Site()), install(Site())
    assert schema_of(one) == schema_of(other) == SCHEMA
    assert identity_of(one, "memory://") != identity_of(other, "memory://")


def test_installing_again_changes_nothing():
    site = install(Site())
    before = own(site)
    assert install(site) is site
    assert own(site) == before
    assert None not in before.values()


@pytest.mark.parametrize(
    "interface", [each for each in UTILITIES if each not in (IBugTrackerSet, IInstallation)]
)
def test_what_is_missing_is_added(interface):
    site = install(Site())
    before = own(site)
    site.getSiteManager().unregisterUtility(provided=interface)
    install(site)
    after = own(site)
    assert after.pop(interface) not in (None, before.pop(interface))
    assert after == before


def test_what_the_application_registered_stays():
    site, people = Site(), PersonSet()
    site.getSiteManager().registerUtility(people, IPersonSet)
    install(site)
    assert own_utility(site, IPersonSet) is people
    assert site_of(own_utility(site, IBugSet)) is site


def test_what_is_registered_elsewhere_is_not_the_sites_own():
    site, people = Site(), PersonSet()
    getGlobalSiteManager().registerUtility(people, IPersonSet)
    try:
        assert own_utility(site, IPersonSet) is None
        install(site)
    finally:
        getGlobalSiteManager().unregisterUtility(people, IPersonSet)
    assert own_utility(site, IPersonSet) not in (None, people)


def test_a_utility_with_a_name_is_another():
    site = Site()
    site.getSiteManager().registerUtility(PersonSet(), IPersonSet, "guests")
    assert own_utility(site, IPersonSet) is None


@pytest.fixture
def old():
    """A site as 0.1.0 made it."""
    site = install(Site())
    site.getSiteManager().unregisterUtility(provided=IInstallation)
    return site


def test_an_old_one_stays_old_when_it_is_installed_again(old):
    install(old)
    assert own_utility(old, IInstallation) is None
    assert schema_of(old) == 1


def test_an_old_one_gets_an_identity_and_keeps_its_schema(old):
    installation = ensure_installation(old)
    assert ensure_installation(old) is installation
    assert schema_of(old) == 1
    assert identity_of(old, "memory://") == installation.identity
