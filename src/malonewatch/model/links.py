"""Links: the places in source trees that name bugs elsewhere."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from BTrees.LLBTree import LLTreeSet
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent
from zope.interface import implementer
from zope.interface.interfaces import ObjectEvent

from malonewatch.interfaces import (
    BadInput,
    IBugWatchSet,
    ILink,
    ILinkAppeared,
    ILinkGone,
    ILinkSet,
    IProject,
    NotFoundError,
    Place,
    Wish,
)
from malonewatch.model.events import tell
from malonewatch.model.numbers import FIRST, LAST, Numbered
from malonewatch.model.readonly import stored
from malonewatch.model.resultset import ResultSet
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_optional, from_seconds, now, to_optional, to_seconds

LONGEST_NAME = 200


@implementer(ILinkAppeared)
class LinkAppeared(ObjectEvent):
    """See `ILinkAppeared`."""


@implementer(ILinkGone)
class LinkGone(ObjectEvent):
    """See `ILinkGone`."""


@implementer(ILink)
class Link(Persistent):
    """See `ILink`."""

    id = stored("id")
    path = stored("path")
    line = stored("line")
    column = stored("column")
    written = stored("written")
    text = stored("text")
    url = stored("url")

    #: The number of the watch that it leads to.
    watch_id: int | None = None

    def __init__(self, project: Any, id: int, place: Place, url: str) -> None:
        self.__parent__ = project
        self.__dict__.update(id=id, url=url)
        self._datecreated = to_seconds(now())
        self.move(place)

    def move(self, place: Place) -> None:
        """Be at that place."""
        self.__dict__.update(
            path=place.path,
            line=place.line,
            column=place.column,
            written=place.written,
            text=place.text,
        )
        # By name, as every enumeration is stored; and an assignment, which is what ZODB notices.
        self._wish = None if place.wish is None else place.wish.name

    @property
    def __name__(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<Link {self.id}>"

    @property
    def title(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def project(self) -> Any:
        return self.__parent__

    @property
    def wish(self) -> Wish | None:
        return None if self._wish is None else Wish[self._wish]

    @property
    def datecreated(self) -> datetime:
        return from_seconds(self._datecreated)

    @property
    def watch(self) -> Any:
        if self.watch_id is None:
            return None
        return find_utility(self, IBugWatchSet).get(self.watch_id)


@implementer(IProject)
class Project(Persistent):
    """See `IProject`."""

    name = stored("name")

    bug: int | None = None
    state: bytes | None = None
    _scanned: float | None = None

    def __init__(self, links: Any, name: str) -> None:
        self.__parent__ = links
        self.__dict__["name"] = name
        self.root = ""
        #: (path, number) of each link.
        self._places = OOTreeSet()
        #: The numbers of those that lead to no watch.
        self.unbound = LLTreeSet()

    @property
    def __name__(self) -> str:
        return str(self.name)

    def __repr__(self) -> str:
        return f"<Project {self.name}>"

    @property
    def scanned(self) -> datetime | None:
        return from_optional(self._scanned)

    @scanned.setter
    def scanned(self, moment: datetime | None) -> None:
        self._scanned = to_optional(moment)

    @property
    def links(self) -> ResultSet:
        return ResultSet(lambda start: islice(self._in_order(), start, None), self._places.__len__)

    def _in_order(self) -> Iterator[Link]:
        for path, _ in groupby(self._places.keys(), lambda place: place[0]):
            yield from self.getLinksIn(path)

    @property
    def proposals(self) -> Iterator[Link]:
        return map(self.__parent__.get, list(self.unbound))

    def getLinksIn(self, path: str) -> list[Link]:
        places = self._places.keys((path, FIRST), (path, LAST))
        links = [self.__parent__.get(link_id) for _, link_id in places]
        return sorted(links, key=lambda link: (link.line, link.column))

    def addLink(self, place: Place, url: str) -> Link:
        link: Link = self.__parent__.create(self, place, url)
        self._outdate()
        self._places.insert((link.path, link.id))
        tell(LinkAppeared(link))
        return link

    def moveLink(self, link: Link, place: Place) -> None:
        self._outdate()
        if place.path != link.path:
            self._places.remove((link.path, link.id))
            self._places.insert((place.path, link.id))
        link.move(place)

    def bindLink(self, link: Link, watch: Any) -> None:
        self.__parent__.bind(link, watch)

    def removeLink(self, link: Link) -> None:
        if (link.path, link.id) not in self._places:
            raise NotFoundError(f"There is no link {link.id} in {self.name}.")
        self._outdate()
        self._places.remove((link.path, link.id))
        self.__parent__.discard(link)
        tell(LinkGone(link))

    def _outdate(self) -> None:
        """Have the next scan read all: the state is that of the links that were there."""
        if self.state is not None:
            self.state = None


@implementer(ILinkSet)
class LinkSet(Numbered):
    """See `ILinkSet`."""

    __parent__: Any = None
    __name__ = "links"

    def __init__(self) -> None:
        self._projects = OOBTree()
        self._links = LOBTree()
        #: (number of a watch, number of a link that leads to it).
        self._to_watches = OOTreeSet()

    def __iter__(self) -> Iterator[Project]:
        return iter(self._projects.values())

    def getProject(self, name: str) -> Any:
        return self._projects.get(name)

    def ensureProject(self, name: str, root: str) -> Project:
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise BadInput(
                f"The name of a project is one line of at most {LONGEST_NAME} characters."
            )
        project: Project | None = self._projects.get(name)
        if project is None:
            project = self._projects[name] = Project(self, name)
        if project.root != root:
            project.root, project.state = root, None
        return project

    def removeProject(self, name: str) -> None:
        project = self._projects.get(name)
        if project is None:
            raise NotFoundError(f"There is no project {name!r}.")
        for link in list(project.links):
            project.removeLink(link)
        del self._projects[name]

    def queryLink(self, link_id: int) -> Any:
        return self._links.get(link_id)

    def getLinksTo(self, watch: Any) -> list[Link]:
        links = map(self.get, self._ids_to(watch))
        return sorted(links, key=lambda link: (link.project.name, link.path, link.line))

    def rebind(self, old: Any, new: Any) -> None:
        for link_id in self._ids_to(old):
            self.bind(self.get(link_id), new)

    def _ids_to(self, watch: Any) -> list[int]:
        pairs = self._to_watches.keys((watch.id, FIRST), (watch.id, LAST))
        return [link_id for _, link_id in pairs]

    # For the projects.

    def get(self, link_id: int) -> Link:
        """The link of that number."""
        link: Link = self._links[link_id]
        return link

    def create(self, project: Project, place: Place, url: str) -> Link:
        """A new link with a number."""
        link_id = self._next_number(self._links)
        link = self._links[link_id] = Link(project, link_id, place, url)
        project.unbound.insert(link_id)
        return link

    def bind(self, link: Link, watch: Any) -> None:
        """Let a link lead to a watch, or to none."""
        if link.watch_id is None:
            link.project.unbound.remove(link.id)
        else:
            self._to_watches.remove((link.watch_id, link.id))
        link.watch_id = None if watch is None else watch.id
        if watch is None:
            link.project.unbound.insert(link.id)
        else:
            self._to_watches.insert((watch.id, link.id))

    def discard(self, link: Link) -> None:
        """Forget a link."""
        self.bind(link, None)
        link.project.unbound.remove(link.id)
        self._retire_number(self._links, link.id)
        del self._links[link.id]
