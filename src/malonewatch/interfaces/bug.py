"""Local bugs."""

from collections.abc import Iterable, Iterator
from typing import Any

from zope.interface import Attribute, Interface
from zope.schema import Bool, Datetime, Int, Object, TextLine

from malonewatch.interfaces.person import IPerson


class IBug(Interface):
    """A bug of ours, which may depend on bugs elsewhere.

    An application's own notifies an ``IObjectModifiedEvent`` when its title is
    another one, as such objects do anyway, so that its watches are found by it.
    """

    id = Int(title="Number", description="Unique, given once.", readonly=True)
    title = TextLine(title="Title", required=False)
    owner = Object(title="Who reported it", schema=IPerson, required=False)
    datecreated = Datetime(
        title="When it was reported", description="Aware, in UTC.", readonly=True
    )

    watches = Attribute("The bug's watches, newest first, as an `IResultSet`.")

    def addWatch(bugtracker: Any, remotebug: str | int, owner: Any) -> Any:
        """Watch a remote bug, and return the `IBugWatch`.

        The one that is there already is returned as it is.  `remotebug` may
        be a number; it is stored as a canonical string.

        :raises BadInput: `remotebug` cannot be an id, or `bugtracker` is not
            in the bug tracker set.
        """

    def getBugWatch(bugtracker: Any, remotebug: str | int) -> Any:
        """This bug's watch on that remote bug, None if there is none."""

    def removeWatch(bugwatch: Any) -> None:
        """Forget a watch of this bug, and its history.

        :raises NotFoundError: it is not a watch of this bug.
        """

    # For `IBugWatchSet`, which keeps both sides of the link together.

    def link(bugwatch: Any) -> None:
        """Note that `bugwatch` is a watch of this bug from now on."""

    def unlink(bugwatch: Any) -> None:
        """Note that it is one no longer."""


class IMayBePrivate(Interface):
    """A bug of ours that not everybody may know the title of.

    An application's own bug need not provide it; it is private never, then.
    """

    private = Bool(
        title="Private",
        description="Whether its title, and those of the remote bugs watched for it, are for "
        "those only who may see private bugs, and for whoever is told of it by e-mail.",
    )


class IBugSet(Interface):
    """Utility: all local bugs."""

    def __iter__() -> Iterator[Any]:
        """The bugs, by number."""

    def count() -> int:
        """How many there are."""

    def get(bug_id: int) -> Any:
        """The `IBug` with that number.

        :raises NotFoundError: there is none.
        """

    def query(bug_id: int, default: Any = None) -> Any:
        """The `IBug` with that number, `default` if there is none."""

    def getBugsFrom(bug_id: int) -> Iterable[Any]:
        """The bugs from that number on, by number; costs what is looked at."""

    def createBug(title: str = "", owner: Any = None, id: int | None = None) -> Any:
        """Add an `IBug` and return it; with the next free number if `id` is None.

        :raises BadInput: there is a bug with that number.
        """

    def removeBug(bug: Any) -> None:
        """Forget a bug, and its watches with their history."""
