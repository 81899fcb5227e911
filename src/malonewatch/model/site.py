"""The site: where the utilities of one database are registered."""

from typing import Any

from persistent import Persistent
from zope.component import getGlobalSiteManager, getSiteManager
from zope.component.interfaces import ISite
from zope.component.persistentregistry import PersistentComponents
from zope.interface import Interface, implementer

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


def site_of(context: Any) -> Any:
    """The site that a persistent object is in, None if it is in none (yet)."""
    while context is not None and not ISite.providedBy(context):
        context = getattr(context, "__parent__", None)
    return context


def find_utility(context: Any, interface: type[Interface]) -> Any:
    """The utility of the site that `context` is in, else that of the current site."""
    return _manager_of(context).getUtility(interface)


def query_utility(context: Any, interface: type[Interface]) -> Any:
    """The same, None in a database that has none yet, as an earlier version made it."""
    return _manager_of(context).queryUtility(interface)


def _manager_of(context: Any) -> Any:
    site = site_of(context)
    return getSiteManager() if site is None else site.getSiteManager()


def own_utility(site: Any, interface: type[Interface]) -> Any:
    """The utility that is registered in `site` itself, None if none is.

    Not one that a site above it has.
    """
    for registration in site.getSiteManager().registeredUtilities():
        if registration.provided is interface and not registration.name:
            return registration.component
    return None
