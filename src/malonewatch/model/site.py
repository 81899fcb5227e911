"""The site: where the utilities of one database are registered."""

from typing import Any

from persistent import Persistent
from zope.component import getGlobalSiteManager, getUtility
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.interface import Interface, implementer

from malonewatch.interfaces import IBugSet, IBugTrackerSet, IBugWatchSet, IPersonSet

#: Where the site is in the database's root.
ROOT_KEY = "malonewatch"


@implementer(ISite)
class Site(Persistent):
    """A site of malonewatch's own, for databases that hold nothing else."""

    __parent__: Any = None
    __name__ = ROOT_KEY

    def __init__(self) -> None:
        self._site_manager = PersistentComponents(ROOT_KEY, (getGlobalSiteManager(),))

    def getSiteManager(self) -> Any:
        return self._site_manager

    def setSiteManager(self, site_manager: Any) -> None:
        self._site_manager = site_manager


def install(site: Any) -> Any:
    """Register the persistent utilities in the site manager of `site`, and return `site`.

    They are `IBugTrackerSet`, `IBugWatchSet`, `IBugSet` and `IPersonSet`, each
    new and empty.  `site` is an ISite: malonewatch's own, or an embedding
    application's.
    """
    from malonewatch.model.bug import BugSet
    from malonewatch.model.bugtrackerset import BugTrackerSet
    from malonewatch.model.bugwatchset import BugWatchSet
    from malonewatch.model.person import PersonSet

    registry = site.getSiteManager()
    utilities: tuple[tuple[type, Any], ...] = (
        (PersonSet, IPersonSet),
        (BugSet, IBugSet),
        (BugTrackerSet, IBugTrackerSet),
        (BugWatchSet, IBugWatchSet),
    )
    for factory, interface in utilities:
        utility = factory()
        utility.__parent__ = site
        registry.registerUtility(utility, interface)
    return site


def site_of(context: Any) -> Any:
    """The site that a persistent object is in, None if it is in none (yet)."""
    while context is not None and not ISite.providedBy(context):
        context = getattr(context, "__parent__", None)
    return context


def find_utility(context: Any, interface: type[Interface]) -> Any:
    """The utility of the site that `context` is in, else that of the current site."""
    site = site_of(context)
    if site is not None:
        return site.getSiteManager().getUtility(interface)
    return getUtility(interface)
