"""Finding the sites in a database that malonewatch is installed in."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from persistent import Persistent
from ZODB.broken import Broken
from zope.component.interfaces import ISite

from malonewatch.interfaces import DatabaseError, IBugTrackerSet
from malonewatch.model.site import own_utility
from malonewatch.model.uri import shown

#: How far below the root sites are looked for, in how many objects of each
#: container, and in how many in all.  One that is named is found anywhere.
DEEPEST = 4
MOST_IN_CONTAINER = 100
MOST = 1000


def find_sites(root: Any) -> dict[str, Any]:
    """The sites by their paths, those near the root first."""
    return {path: thing for path, thing in _things(root) if _is_ours(thing)}


def choose_site(root: Any, uri: str, path: str | None = None) -> Any:
    """The site at `path`; the only one there is if that is None; None if there is none at all.

    :raises DatabaseError: there are several, none at that path, or none that
        can be seen since the application cannot be imported.
    """
    if path is not None:
        site = _at(root, path)
        if not _is_ours(site):
            _refuse_broken(uri, [(path, site)])
            there = ", ".join(find_sites(root)) or "none"
            raise DatabaseError(
                f"There is no site with malonewatch at {path} in the database {shown(uri)}; "
                f"those that there are: {there}."
            )
        return site
    sites = find_sites(root)
    if len(sites) > 1:
        raise DatabaseError(
            f"There are several sites with malonewatch in the database {shown(uri)}: "
            f"{', '.join(sites)}; name one of them with --site."
        )
    if not sites:
        _refuse_broken(uri, _things(root))
    return next(iter(sites.values()), None)


def _things(root: Any) -> Iterator[tuple[str, Any]]:
    """What is in the containers below the root, with the paths, level by level."""
    containers = deque([("", root)])
    looked_at = 0
    while containers:
        path, container = containers.popleft()
        for name, thing in islice(container.items(), MOST_IN_CONTAINER):
            looked_at += 1
            if looked_at > MOST:
                return
            if not isinstance(name, str) or "/" in name:
                continue
            below = f"{path}/{name}"
            yield below, thing
            if below.count("/") < DEEPEST and _is_container(thing):
                containers.append((below, thing))


def _is_container(thing: Any) -> bool:
    return (
        isinstance(thing, Persistent | dict)
        and not isinstance(thing, Broken)
        and callable(getattr(thing, "items", None))
    )


def _is_ours(thing: Any) -> bool:
    return (
        not isinstance(thing, Broken)
        and ISite.providedBy(thing)
        and not isinstance(thing.getSiteManager(), Broken)
        and own_utility(thing, IBugTrackerSet) is not None
    )


def _at(root: Any, path: str) -> Any:
    """What is at that path; the nearest thing above it if that is broken, None if nothing is."""
    thing = root
    for name in filter(None, path.split("/")):
        if isinstance(thing, Broken):
            break
        try:
            thing = thing[name]
        except (KeyError, TypeError):
            return None
    return thing


def _refuse_broken(uri: str, things: Any) -> None:
    for path, thing in things:
        if isinstance(thing, Broken):
            cls = type(thing)
            raise DatabaseError(
                f"The database {shown(uri)} is an application's: at {path} is a "
                f"{cls.__module__}.{cls.__name__}, which cannot be imported here; run this where "
                "the application is installed. Nothing was changed."
            )
