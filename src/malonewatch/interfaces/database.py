"""Databases with malonewatch in them."""

from collections.abc import Callable
from typing import Any

from zope.interface import Attribute, Interface

from malonewatch.interfaces.errors import DatabaseError
from malonewatch.interfaces.values import UpgradeStep


class IDatabase(Interface):
    """An open database with malonewatch in it.

    Also an adapter: ``IDatabase(bugtracker)`` is the database that a
    persistent bug tracker is in, with the transaction manager that the bug
    tracker was loaded with; and ``IDatabase(bugtrackers)`` that of the set.
    """

    uri = Attribute("Where it is.")
    place = Attribute("The same for people: a folder or file, else the URI without passwords.")
    identity = Attribute("What tells this database (and site) from others, by whatever name: text.")
    schema = Attribute("The version of the schema of what is in it: a whole number.")

    def read(function: Callable[[Any], Any]) -> Any:
        """Call `function` with the set of bug trackers, in a transaction of its own.

        Its connection is opened for the call and the site set; nothing is
        written.  Returns what the function returns, which has to be a plain
        value: no persistent object outlives the call.

        :raises DatabaseError: the database cannot be read.
        """

    def write(function: Callable[[Any], Any], patience: float = 30.0) -> Any:
        """Like `read`, and commits.

        The function is called again, on a new state, if another process has
        changed the same objects meanwhile; so it changes nothing else.  The
        pauses between the attempts get longer; all together they are not
        longer than `patience`, in seconds.

        :raises DatabaseBusy: that went on for too long.
        :raises DatabaseError: the database cannot be written.
        """

    def lastTransaction() -> bytes:
        """What tells the state of all that is in it from those before: another value after each
        change, whoever made it.  Costs next to nothing.

        :raises DatabaseError: the database cannot be read.
        """

    def planUpgrade() -> list[UpgradeStep]:
        """What `upgrade` would do, in that order; empty if the schema is the latest.

        :raises DatabaseError: the database cannot be read.
        """

    def upgrade(progress: Callable[[str, int, int], None] | None = None) -> None:
        """Bring what is stored up to the latest schema.

        In as many transactions as it takes; what is interrupted goes on the
        next time.  `progress` is called again and again with the description
        of the step, how much of it is done, and how much there is.  Nobody
        with an earlier version of malonewatch may write meanwhile, or later.

        :raises DatabaseError: the database cannot be written.
        """

    def pack(days: float = 0) -> None:
        """Drop what is no longer reachable, and revisions older than that many days.

        :raises DatabaseError: the database cannot be packed.
        """

    def close() -> None:
        """Close it.

        :raises DatabaseError: what was to be written could not be, and still cannot.
        """


class IInstallation(Interface):
    """Utility: what malonewatch knows of its installation in a site.

    One that 0.1.0 made has none until it is upgraded; its schema is 1.
    """

    identity = Attribute("As `IDatabase.identity`.")
    schema = Attribute("As `IDatabase.schema`.")


class IDatabaseOpener(Interface):
    """Utility: opens databases."""

    def __call__(
        uri: str | None = None,
        create: bool = False,
        read_only: bool = False,
        transaction_manager: Any = None,
        site: str | None = None,
        upgrade: bool = False,
    ) -> Any:
        """The `IDatabase` at `uri`, a zodburi URI; by default the user's own.

        `create` makes one where nothing is; what is there stays as it is.
        `site` is the path from the root of the site that is meant, such as
        ``/app/tracker``; None means the only one.

        The transactions of `write` are those of `transaction_manager`, or of
        one of its own, as those of `read` always are.  It may be an explicit
        one; while `write` is called it is in no transaction, and afterwards
        it is in none.

        Opened for writing, one with an old schema is upgraded if that takes
        no time worth mentioning; with `upgrade` it stays as it is, for
        `IDatabase.planUpgrade` and `IDatabase.upgrade`.  Opened with
        `read_only`, an old schema does too.

        :raises BadInput: `uri` cannot be the URI of a database.
        :raises DatabaseError: it cannot be opened, or is not there and
            `create` is false; there are several sites and none is named; its
            schema is newer than this version knows, or old and to be upgraded
            first ('malonewatch upgrade').
        """

    def embedded(folder: str) -> str:
        """The URI of the embedded database in that folder."""

    def copy(source: str, target: str, progress: Callable[[int], None] | None = None) -> int:
        """Copy all of the database at one URI to a new one at another, and compare both.

        Returns how many objects there are; `progress` is called now and then
        with how many were compared so far.  Nobody may write to either meanwhile.

        :raises BadInput: one of them cannot be the URI of a database, or there is
            something in the other already.
        :raises DatabaseError: one of them cannot be opened, read or written, or
            what arrived is not what was there.
        """

    def failure(error: BaseException, uri: str) -> DatabaseError | None:
        """What `error` says, which was raised where a database was used by other means than ours.

        None if no storage raised it.  `uri` is where the database is, empty
        if that is not known.
        """

    def sites(uri: str | None = None) -> list[str]:
        """The paths of all sites in that database that malonewatch is installed in.

        They are looked for in containers, down to the fourth level and among
        some thousand objects.

        :raises DatabaseError: it cannot be opened.
        """
