"""Links: the places in source trees that name bugs elsewhere."""

import enum
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from zope.interface import Attribute, Interface
from zope.interface.interfaces import IObjectEvent
from zope.schema import Datetime, Int, TextLine


class Wish(enum.Enum):
    """What the author of a line says of the link in it.  The value is how that is written."""

    UNTIL_FIXED = "until fixed"  #: it can go when there is a fix, and not for less
    UNTIL_CLOSED = "until closed"  #: it can go when the bug is over, however
    EXPECT_OPEN = "expect open"  #: anything else than an open bug is a surprise
    EXPECT_CLOSED = "expect closed"  #: it stays, and an open bug is a surprise
    EXPECT_FIXED = "expect fixed"  #: it stays, and a bug without a fix is a surprise


class Place(NamedTuple):
    """A place that may name a bug.

    - `path`: the file, from the root of the tree on, with slashes,
    - `line`: its number, from 1 on; `column`: that of the first character, too,
    - `written`: the characters that name the bug, as they stand there,
    - `text`: the words around, in one line: printable, 200 characters at most,
    - `urls`: the ways to read it, the likeliest first: one, but where what
      stands at the end of a line may go on in the next one, and where ``&amp;``
      may stand for itself,
    - `wish`: what the author says of it.
    """

    path: str
    line: int
    column: int
    written: str
    text: str
    urls: tuple[str, ...]
    wish: Wish | None = None


class ISourceTree(Interface):
    """A source tree that is being read."""

    root = Attribute("The folder that paths begin at: an absolute path.")
    is_whole = Attribute(
        "Whether all files below `root` are meant; otherwise only those at or below `parts`."
    )
    parts = Attribute("Paths from `root` on, with slashes, of what is meant; none if all is.")
    is_anew = Attribute(
        "Whether every file that is meant is read, rather than those that changed since the "
        "state that is gone on from."
    )
    trackers = Attribute(
        "The bug trackers that its configuration accepts: a mapping from base URL to the name of "
        "a type, None where the URL has to tell."
    )
    state = Attribute(
        "Bytes for the next time, once `files` is exhausted; None where that can be no help."
    )
    read_count = Attribute(
        "How many files were looked into so far; git itself leaves out those that have nothing "
        "like a URL or a short form."
    )
    ignored_count = Attribute("How many places the author wants ignored, so far.")

    def resume(state: bytes) -> None:
        """Go on from what the same tree gave the last time, so that less is read.

        To be called before `files`.  A state that no longer fits is not used,
        and none is where `is_whole` is false.

        :raises BadInput: the tree cannot be read.
        """

    def files() -> Iterator[tuple[str, Sequence[Place]]]:
        """Each file that has such places, and its places in their order.

        Where not all is read anew, each that was read; and those that are
        gone, or left out by now, with no places.

        :raises BadInput: the tree cannot be read.
        """


class ISourceScanner(Interface):
    """Utility: finds what may name bugs in source trees."""

    def __call__(paths: Sequence[str], configuration: str | None = None) -> Any:
        """The `ISourceTree` of folders and files of one source tree.

        In a git repository that is the repository, and what git tracks of it;
        else the only folder that is given, or the one that holds all that is.
        `configuration` is the file that says how short forms are read, by
        default ``.malonewatch.toml`` at the root.

        :raises BadInput: there is no such file or folder, they are in
            different trees, or the configuration cannot be used.
        """


class ILink(Interface):
    """A place in a source tree that names a bug elsewhere."""

    id = Int(title="Number", description="Unique in its database.", readonly=True)
    project = Attribute("The `IProject`.")
    path = TextLine(title="File", description="As in `Place`.", readonly=True)
    line = Int(title="Line", description="Its number, from 1 on.", readonly=True)
    column = Int(title="Column", description="As in `Place`.", readonly=True)
    written = TextLine(title="As it is written", readonly=True)
    text = TextLine(title="The words around it", readonly=True)
    url = TextLine(title="URL", description="Of the bug.", readonly=True)
    wish = Attribute("What the author says of it: a `Wish`, or None.")
    datecreated = Datetime(title="When it appeared", readonly=True)
    watch = Attribute("The `IBugWatch` that it leads to; None as long as it is a proposal.")


class IProject(Interface):
    """The links in a source tree."""

    name = TextLine(title="Name", description="Unique.", readonly=True)
    root = TextLine(title="Where it was scanned last", description="A folder.")
    bug = Attribute("The number of the `IBug` that it watches for; None without.")
    state = Attribute(
        "What the last scan left for the next one: bytes; None if there was none, and as soon as "
        "a link is added, moved or removed, or the root is another."
    )
    scanned = Datetime(title="When that was; None if it never was.")
    links = Attribute("Its links by file and line: an `IResultSet`.")
    proposals = Attribute("Those that lead to no watch, by number: an iterable.")

    def getLinksIn(path: str) -> list[Any]:
        """The links in that file, by line."""

    def addLink(place: Place, url: str) -> Any:
        """A new `ILink` at that place to the bug at `url`.

        Notifies of `ILinkAppeared`.
        """

    def moveLink(link: Any, place: Place) -> None:
        """Let a link be at that place, with the words and the wish there."""

    def bindLink(link: Any, watch: Any) -> None:
        """Let a link lead to that watch; to none if it is None."""

    def removeLink(link: Any) -> None:
        """Forget a link.  Notifies of `ILinkGone`."""


class ILinkSet(Interface):
    """Utility: the links of all projects."""

    def __iter__() -> Iterator[Any]:
        """The projects, by name."""

    def getProject(name: str) -> Any:
        """The `IProject` of that name, None if there is none."""

    def ensureProject(name: str, root: str) -> Any:
        """The `IProject` of that name, a new one if need be; `root` is where it is now.

        :raises BadInput: it cannot be the name of a project.
        """

    def removeProject(name: str) -> None:
        """Forget a project and its links.

        :raises NotFoundError: there is none of that name.
        """

    def queryLink(link_id: int) -> Any:
        """The `ILink` of that number, None if there is none."""

    def getLinksTo(watch: Any) -> list[Any]:
        """The links that lead to a watch, by project, file and line."""

    def rebind(old: Any, new: Any) -> None:
        """Let all links that lead to one watch lead to another; to none if that is None."""


class ILinkEvent(IObjectEvent):
    """Something happened to a link (`object`), inside this transaction."""


class ILinkAppeared(ILinkEvent):
    """A place names a bug that did not before."""


class ILinkGone(ILinkEvent):
    """A place names a bug no more."""
