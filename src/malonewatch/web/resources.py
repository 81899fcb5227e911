"""What there is to be seen, by its path: the site as a tree."""

from typing import Any

from pyramid_zodbconn import get_connection
from zope.component import getUtility, hooks
from zope.interface import alsoProvides, providedBy

from malonewatch import acting
from malonewatch.application import privacy
from malonewatch.application.references import is_id
from malonewatch.interfaces import BadInput, DatabaseError, IBugSet, IBugTrackerSet, IBugWatchSet
from malonewatch.web import ROUTE
from malonewatch.web.callers import sight_of, trust_of
from malonewatch.web.headers import protect
from malonewatch.web.security import ACL

#: Where malonewatch puts the site in a database of its own.
_OWN_SITE = "/malonewatch"


class Branch:
    """A place with others below it."""

    def __init__(self, name: str, parent: Any) -> None:
        self.__name__ = name
        self.__parent__ = parent


class Located:
    """A bug, a watch or a bug tracker, and where it is on the desk.

    It provides what the object provides and has its attributes, so a view is
    registered for the interface, and finds the object's own ``__acl__`` in
    force if it has one.
    """

    def __init__(self, thing: Any, name: str, parent: Any) -> None:
        self.thing = thing
        self.__name__ = name
        self.__parent__ = parent
        alsoProvides(self, *providedBy(thing))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.thing, name)


def _number(name: str) -> int:
    if not is_id(name):
        raise KeyError(name)
    return int(name)


class Bugs(Branch):
    """The bugs of ours, by number."""

    def __getitem__(self, name: str) -> Located:
        return Located(getUtility(IBugSet).get(_number(name)), name, self)


class Watches(Branch):
    """The watches, by number."""

    def __getitem__(self, name: str) -> Located:
        return Located(getUtility(IBugWatchSet).get(_number(name)), name, self)


class Trackers(Branch):
    """The bug trackers, by name."""

    def __getitem__(self, name: str) -> Located:
        return Located(getUtility(IBugTrackerSet)[name], name, self)


class Hook(Branch):
    """Where events are sent to, be there such a bug tracker or not."""


class Hooks(Branch):
    """Where events are sent to, by the name of the bug tracker."""

    def __getitem__(self, name: str) -> Hook:
        return Hook(name, self)


class Subscriptions(Branch):
    """Who is told of what."""


class Feeds(Branch):
    """What moved, for programs that read feeds."""


class Links(Branch):
    """What source trees name."""


class Needs(Branch):
    """What waits for a person."""


class Settings(Branch):
    """What holds for the whole site."""


class People(Branch):
    """Who may log in."""


class Audit(Branch):
    """Who did what."""


class Account(Branch):
    """Who is logged in."""


class Desk(Branch):
    """The root.  Who may do what is the site's ``__acl__``, else `security.ACL`."""

    _branches = {
        "bugs": Bugs,
        "watches": Watches,
        "trackers": Trackers,
        "subscriptions": Subscriptions,
        "feeds": Feeds,
        "links": Links,
        "needs": Needs,
        "hooks": Hooks,
        "settings": Settings,
        "people": People,
        "account": Account,
        "audit": Audit,
    }

    def __init__(self, site: Any) -> None:
        super().__init__("", None)
        self.__acl__ = getattr(site, "__acl__", ACL)

    def __getitem__(self, name: str) -> Branch:
        return self._branches[name](name, self)


def desk_of(request: Any) -> Desk:
    """The root factory: the site that is meant is the current one for the length of the request."""
    request.add_response_callback(protect)
    if request.matched_route.name == ROUTE:
        _check_query(request)
    site = _site(request)
    before = hooks.getSite()
    hooks.setSite(site)
    request.add_finished_callback(lambda request: hooks.setSite(before))
    desk = Desk(site)
    ends = (
        acting.begin(lambda: acting.Actor("desk", request.authenticated_userid or "")),
        privacy.begin(
            sight_of(request, lambda bug: Located(bug, str(bug.id), desk["bugs"])),
            trust_of(request, lambda each: Located(each, each.name, desk["trackers"])),
        ),
    )
    request.add_finished_callback(lambda request: [end() for end in ends])
    return desk


def _check_query(request: Any) -> None:
    """See that what stands in the query can be read.

    :raises BadInput: it cannot.
    """
    try:
        _ = request.GET
    except UnicodeDecodeError:
        raise BadInput("The address is not in UTF-8; nothing of ours leads there.") from None


def _site(request: Any) -> Any:
    """What the setting says: a path in the database, or the object id of the site."""
    connection = get_connection(request)
    where = request.registry.settings.get("malonewatch.site") or _OWN_SITE
    if isinstance(where, bytes):
        return connection.get(where)
    site = connection.root()
    for name in filter(None, where.split("/")):
        try:
            site = site[name]
        except (KeyError, TypeError):
            raise DatabaseError(
                f"There is nothing at {where} in the database; the setting malonewatch.site says "
                "where the site is."
            ) from None
    return site
