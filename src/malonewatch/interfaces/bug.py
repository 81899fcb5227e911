"""Local bugs."""

from collections.abc import Iterable

from zope.interface import Attribute, Interface
from zope.schema import Datetime, Int, Object, TextLine

from malonewatch.interfaces.person import IPerson


class IBug(Interface):
    """A bug of ours, which may depend on bugs elsewhere."""

    id = Int(title="Number", description="Unique, given once.", readonly=True)
    title = TextLine(title="Title", required=False)
    owner = Object(title="Who reported it", schema=IPerson, required=False)
    datecreated = Datetime(
        title="When it was reported", description="Aware, in UTC.", readonly=True
    )

    watches = Attribute("The bug's watches, newest first, as an `IResultSet`.")

    def addWatch(bugtracker, remotebug, owner):
        """Watch a remote bug, and return the `IBugWatch`.

        The one that is there already is returned as it is.  `remotebug` may
        be a number; it is stored as a canonical string.

        :raises BadInput: `remotebug` cannot be an id, or `bugtracker` is not
            in the bug tracker set.
        """

    def getBugWatch(bugtracker, remotebug):
        """This bug's watch on that remote bug, None if there is none."""

    def removeWatch(bugwatch) -> None:
        """Forget a watch of this bug, and its history.

        :raises NotFoundError: it is not a watch of this bug.
        """

    # For `IBugWatchSet`, which keeps both sides of the link together.

    def link(bugwatch) -> None:
        """Note that `bugwatch` is a watch of this bug from now on."""

    def unlink(bugwatch) -> None:
        """Note that it is one no longer."""


class IBugSet(Interface):
    """Utility: all local bugs."""

    def __iter__():
        """The bugs, by number."""

    def count() -> int:
        """How many there are."""

    def get(bug_id: int):
        """The `IBug` with that number.

        :raises NotFoundError: there is none.
        """

    def query(bug_id: int, default=None):
        """The `IBug` with that number, `default` if there is none."""

    def getBugsFrom(bug_id: int) -> Iterable:
        """The bugs from that number on, by number; costs what is looked at."""

    def createBug(title: str = "", owner=None, id: int | None = None):
        """Add an `IBug` and return it; with the next free number if `id` is None.

        :raises BadInput: there is a bug with that number.
        """

    def removeBug(bug) -> None:
        """Forget a bug, and its watches with their history."""
