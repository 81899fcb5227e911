"""Bug watches: the links between our bugs and those elsewhere."""

from datetime import datetime

from zope.interface import Attribute, Interface
from zope.lifecycleevent.interfaces import IObjectModifiedEvent
from zope.schema import Choice, Datetime, Int, TextLine

from malonewatch.interfaces.enumerations import (
    BugTaskImportance,
    BugTaskStatus,
    BugWatchErrorType,
)


class IBugWatch(Interface):
    """A link between a local bug and a remote one.

    Times are aware, in UTC.  Those of checking are kept to the second.
    """

    id = Int(title="Number", description="Unique.", readonly=True)
    bug = Attribute("The `IBug`.")
    bugtracker = Attribute("The `IBugTracker`.")
    remotebug = TextLine(title="Remote bug", description="Its canonical id.", readonly=True)
    owner = Attribute("The `IPerson` who added the watch, or None.")
    datecreated = Datetime(title="When it was added", readonly=True)

    remotestatus = TextLine(
        title="Remote status",
        description="In the remote's words; None until known.",
        required=False,
    )
    remote_importance = TextLine(title="Remote importance", required=False)
    status = Choice(
        title="Status", description="What the remote status means here.", values=BugTaskStatus
    )
    importance = Choice(title="Importance", values=BugTaskImportance)
    remote_title = TextLine(title="The remote bug's title", required=False)
    resolution = TextLine(title="Remote resolution", required=False)
    remote_modified = Datetime(title="When the remote bug last changed", required=False)
    duplicate_of = TextLine(title="Remote bug that it duplicates", required=False)
    moved_to = TextLine(title="URL that it moved to", required=False)

    lastchecked = Datetime(
        title="Last checked",
        description=(
            "When it was last found out how the remote bug is; None makes the watch due. "
            "Setting it sets next_check too."
        ),
        required=False,
    )
    lastchanged = Datetime(title="When the remote status last changed", required=False)
    next_check = Datetime(title="When it is due next")
    last_error_type = Choice(
        title="What went wrong when it was last tried",
        values=BugWatchErrorType,
        required=False,
    )
    url = TextLine(title="Where a person sees the remote bug", readonly=True)
    title = TextLine(title="The bug tracker's title and the remote id", readonly=True)
    activity = Attribute("The latest `BugWatchActivity` entries, newest first, a bounded list.")

    def reset() -> None:
        """Forget all that is known of the remote bug, and make the watch due now."""

    def pruneActivity(before: datetime) -> int:
        """Drop the history from before that time; return how many entries went."""


class IBugWatchSet(Interface):
    """Utility: all bug watches."""

    def __iter__():
        """The watches, by number."""

    def count() -> int:
        """How many there are."""

    def get(watch_id: int):
        """The `IBugWatch` with that number.

        :raises NotFoundError: there is none.
        """

    def createBugWatch(bug, owner, bugtracker, remotebug):
        """Add a watch and return it.

        :raises BugWatchTaken: the bug has a watch on that remote bug.
        :raises BadInput: as for `IBug.addWatch`.
        """

    def extractBugTrackerAndBug(url: str):
        """The (`IBugTracker`, remote bug id) that `url` leads to.

        Registered bug trackers whose base URL it begins with are asked first.

        :raises UnrecognizedBugTrackerURL: it is not the URL of a bug.
        :raises NoBugTrackerFound: it is, on a bug tracker not registered here.
        """

    def fromText(text: str, bug, owner):
        """Watch, for `bug`, every remote bug whose URL stands in `text`.

        Bug trackers that are not registered yet are added, marked as guessed.
        Returns the list of watches that are new, in the order of the text.
        """


class IBugWatchStatusChanged(IObjectModifiedEvent):
    """The remote status of a watch, or what it means here, is another one.

    Notified inside the transaction that makes the change.
    """

    old_remotestatus = Attribute("As it was; None if it was not known.")
    new_remotestatus = Attribute("As it is now.")
    old_status = Attribute("What that meant: a `BugTaskStatus`.")
    new_status = Attribute("What it means now.")
