"""Bug watches: the links between our bugs and those elsewhere."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from zope.interface import Attribute, Interface
from zope.lifecycleevent.interfaces import IObjectModifiedEvent
from zope.schema import Choice, Datetime, Int, TextLine

from malonewatch.interfaces.enumerations import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
)
from malonewatch.interfaces.errors import BugTrackerTrouble
from malonewatch.interfaces.figures import WatchTally
from malonewatch.interfaces.values import BugWatchPage, BugWatchQuery, Checked, RecognisedURL


@dataclasses.dataclass(frozen=True, slots=True)
class Updated:
    """What became of asking for all that is due.

    - `checked`: how many watches were answered,
    - `troubled`: the bug trackers that could not be asked, or answered what is not to be
      believed, by name,
    - `left`: the names of those that were not asked, or not for all, for another reason: another
      run asks them, or they took too long,
    - `out_of_time`: whether `seconds` were over before all was asked for,
    - `faults`: how many failures are malonewatch's own,
    - `interrupted`: whether it was told to end early.
    """

    checked: int = 0
    troubled: Mapping[str, BugTrackerTrouble] = dataclasses.field(default_factory=dict)
    left: Sequence[str] = ()
    out_of_time: bool = False
    faults: int = 0
    interrupted: bool = False


class WatchChecks(NamedTuple):
    """When a watch was checked, and is next: the attributes of an `IBugWatch` of these names."""

    lastchecked: datetime | None
    next_check: datetime | None
    longest_interval: float | None
    quiet_since: datetime | None
    last_error_type: BugWatchErrorType | None


class IBugWatch(Interface):
    """A link between a local bug and a remote one.

    Times are aware, in UTC.  Those of checking are kept to the second.
    """

    id = Int(title="Number", description="Unique.", readonly=True)
    bug = Attribute("The `IBug`.")
    bug_id = Int(title="The number of the bug", readonly=True)
    bugtracker = Attribute("The `IBugTracker`.")
    remotebug = TextLine(title="Remote bug", description="Its canonical id.", readonly=True)
    owner = Attribute("The `IPerson` who added the watch, or None.")
    datecreated = Datetime(title="When it was added", readonly=True)

    remotestatus = TextLine(
        title="Remote status",
        description="In the remote's words; None until known.",
        required=False,
        readonly=True,
    )
    remote_importance = TextLine(title="Remote importance", required=False, readonly=True)
    status = Choice(
        title="Status",
        description="What the remote status means here.",
        values=BugTaskStatus,
        readonly=True,
    )
    importance = Choice(title="Importance", values=BugTaskImportance, readonly=True)
    remote_title = TextLine(title="The remote bug's title", required=False, readonly=True)
    resolution = TextLine(title="Remote resolution", required=False, readonly=True)
    remote_modified = Datetime(
        title="When the remote bug last changed", required=False, readonly=True
    )
    duplicate_of = TextLine(title="Remote bug that it duplicates", required=False, readonly=True)
    followed = Attribute(
        "The bugs that it is followed along, `FollowedBug` values, the one that its remote bug "
        "duplicates first; ten at most.  Where the last one is known, the watch has its status, "
        "resolution, `closed`, `guessed`, `date_closed` and `fixed_in`; all else is of its own "
        "remote bug.  Empty where the bug tracker does not follow."
    )
    moved_to = TextLine(title="URL that it moved to", required=False, readonly=True)
    closed = Attribute(
        "The bug tracker's own word on whether the bug is over; None if it has none."
    )
    guessed = Attribute("Whether `status` was guessed from that.")
    private = Attribute("Whether the remote bug is private, and read with credentials.")
    date_closed = Datetime(title="When the remote bug was closed", required=False, readonly=True)
    fixed_in = TextLine(title="Release that it is fixed in", required=False, readonly=True)

    lastchecked = Datetime(
        title="Last checked",
        description=(
            "When it was last found out how the remote bug is; None makes the watch due. "
            "Setting it sets next_check too."
        ),
        required=False,
    )
    lastchanged = Datetime(
        title="When the remote status last changed", required=False, readonly=True
    )
    next_check = Datetime(
        title="When it is due next",
        description="None: it is not, as `IBugTracker.not_polled` says.",
        required=False,
    )
    longest_interval = Attribute(
        "After how many seconds it is checked again at last, whatever the `Freshness` of its bug "
        "tracker says; None leaves it to that.  Raises BadInput for what makes no sense."
    )
    quiet_since = Datetime(
        title="When the remote bug last changed, as far as known",
        description="Not later than when that was noticed.  None: nothing is known of it.",
        required=False,
        readonly=True,
    )
    last_error_type = Choice(
        title="What went wrong when it was last tried",
        values=BugWatchErrorType,
        required=False,
    )
    url = TextLine(title="Where a person sees the remote bug", readonly=True)
    title = TextLine(title="The bug tracker's title and the remote id", readonly=True)
    links = Attribute("A list of each `ILink` that leads to it, by project, file and line.")
    activity = Attribute("The latest `BugWatchActivity` entries, newest first, a bounded list.")
    last_change = Attribute(
        "The latest entry that tells of another status, or another meaning, than was known before; "
        "None if there is none."
    )
    answer = Attribute(
        "The `KeptAnswer` in which the bug tracker last said something new of the remote bug; None "
        "if none is kept."
    )
    way = Attribute("What it goes by where it is followed, and where it is not: a `FollowedWay`.")

    def reset() -> None:
        """Forget all that is known of the remote bug, and make the watch due now."""

    def pruneActivity(before: datetime) -> int:
        """Drop the history from before that time; return how many entries went."""


class IBugWatchSet(Interface):
    """Utility: all bug watches."""

    def __iter__() -> Iterator[Any]:
        """The watches, by number."""

    def count() -> int:
        """How many there are."""

    def get(watch_id: int) -> Any:
        """The `IBugWatch` with that number.

        :raises NotFoundError: there is none.
        """

    def createBugWatch(bug: Any, owner: Any, bugtracker: Any, remotebug: str | int) -> Any:
        """Add a watch and return it.

        :raises BugWatchTaken: the bug has a watch on that remote bug.
        :raises BadInput: as for `IBug.addWatch`.
        """

    def removeBugWatch(bugwatch: Any) -> None:
        """Forget a watch and its history; `IBug.removeWatch` is the door to it."""

    def moveBugWatch(bugwatch: Any, bugtracker: Any, remotebug: str | int) -> None:
        """Let a watch stand for another remote bug, maybe on another bug tracker.

        It keeps its number, its bug and its history, and is due; what is known
        of the remote bug is forgotten.

        :raises BugWatchTaken: the bug has a watch on that remote bug.
        :raises BadInput: as for `IBug.addWatch`.
        """

    def relocateBugWatch(bugwatch: Any, bugtracker: Any, remotebug: str, now: datetime) -> Any:
        """Let a watch go along with its remote bug, which is there now: `remotebug` is canonical.

        It keeps its number, its bug, its history and what is known, and is
        due.  Where its bug has a watch there already, that one takes over the
        history, and the other is removed.  Returns the watch that is left.
        """

    def search(query: BugWatchQuery) -> BugWatchPage:
        """The watches that `query` asks for, a page at a time.

        Answered from indexes: for one criterion, or a bug tracker and one
        more, the time goes with the page; for others with the smallest set.

        :raises BadInput: `query.start` is none of ours, its limit is below 1, or
            one of its words has no letter and no digit.
        """

    def getChecks(bugwatches: Iterable[Any]) -> list[WatchChecks]:
        """What each of some watches has of its checks, in order; cheaper than to ask each."""

    def getTally(bug: Any) -> WatchTally:
        """How many watches an `IBug` has, and of which kinds; costs the same for very many."""

    def parseSearch(text: str, now: datetime) -> BugWatchQuery:
        """What a search asks for that is written as people do: ``open tracker:gtk changed<7d``.

        Its parts, all of which have to hold, are: ``open``, ``closed``,
        ``fixed`` or another meaning, with ``status:`` before it or not, of
        which one has to hold; ``tracker:NAME``; ``bug:NUMBER``; ``error:TYPE``;
        ``changed<`` and a length of time before `now` (aware): ``30m``,
        ``12h``, ``7d``, ``2w``; and words of the title, with ``title:`` before
        what would be something else.  What has blanks in it is in quotes.

        :raises BadInput: it cannot be read.
        """

    def isFoundBy(query: BugWatchQuery, bugwatch: Any, statuses: Iterable[BugTaskStatus]) -> bool:
        """Whether a search finds a watch whose status means, or meant, one of these; whenever it
        changed."""

    def recognise(url: str) -> tuple[RecognisedURL, BugTrackerType]:
        """What bug `url` is the URL of, and of which type, registered or not.

        The URL is normalised first: case, default ports, ``<URL>``,
        percent-encoding, a trailing slash.  The surest reading wins; that of
        a registered bug tracker is the surest, and has its base URL.  A URL
        longer than 2000 characters, or than 50 segments, is no bug's.

        :raises UnrecognizedBugTrackerURL: it is not the URL of a bug.
        """

    def getReadings(url: str) -> list[tuple[RecognisedURL, BugTrackerType]]:
        """All that `recognise` chooses from, the surest first; empty if it is no bug's URL."""

    def recogniseText(text: str) -> Iterator[tuple[RecognisedURL, BugTrackerType]]:
        """What `recognise` says of each URL of a bug in `text`, in order, each bug once.

        Nothing is added; what is a `Certainty.GUESS` is no more than a
        proposal.  Where a URL is no bug's, it is tried without what may have
        stuck to it, such as ``(fixed)``.  Takes time and memory that go with
        the length of the text.
        """

    def extractBugTrackerAndBug(url: str) -> tuple[Any, str]:
        """The (`IBugTracker`, remote bug id) that `url` leads to.

        Registered bug trackers whose base URL it begins with are asked first.

        :raises UnrecognizedBugTrackerURL: it is not the URL of a bug.
        :raises NoBugTrackerFound: it is, on a bug tracker not registered here.
        """

    def fromText(text: str, bug: Any, owner: Any) -> list[Any]:
        """Watch, for `bug`, every remote bug whose URL stands in `text`.

        Bug trackers that are not registered yet are added, marked as guessed,
        unless their URL is no more than a `Certainty.GUESS`.  Returns the list
        of watches that are new, in the order of the text.  Takes time and
        memory that go with the length of the text.
        """


class IBugWatchChecker(Interface):
    """Utility: asks for bugs at once, for whoever cannot wait for the next run."""

    def __call__(
        database: Any,
        tracker: str,
        remotebugs: Sequence[str],
        progress: Callable[[int, int], None] | None = None,
    ) -> Checked:
        """Ask the bug tracker of that name for some bugs, in full, and apply what it says.

        They are asked for whether or not they are due or the bug tracker is
        to be left alone; but not while another run has its origin.
        `progress` is called again and again with the number of watches done
        with, and that of all.  SIGTERM and SIGINT end it early.  Has an event
        loop of its own, so none may be running in the thread.

        :raises DatabaseError: the database cannot be read or written.
        :raises NotFoundError: there is no such bug tracker.
        """


class IBugWatchUpdater(Interface):
    """Utility: asks for what is due, as a run of ``checkwatches`` does."""

    def __call__(
        database: Any,
        seconds: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Updated:
        """Ask all bug trackers of a database for what is due, and apply what they say.

        They are left alone where they are to be, and it ends after so many
        `seconds`; None lets it go on.  What is not asked for is due the next
        time.  All else is as for `IBugWatchChecker`.

        :raises DatabaseError: the database cannot be read or written.
        """


class IBugWatchEvent(IObjectModifiedEvent):
    """Something happened to a watch (`object`).

    Notified inside the transaction that makes the change.
    """


class IBugWatchStatusChanged(IBugWatchEvent):
    """The remote status of a watch, or what it means here, is another one."""

    old_remotestatus = Attribute("As it was; None if it was not known.")
    new_remotestatus = Attribute("As it is now.")
    old_status = Attribute("What that meant: a `BugTaskStatus`.")
    new_status = Attribute("What it means now.")
    remote = Attribute(
        "The `RemoteBug` that told, with the raw record; None where nothing was asked."
    )


class IBugWatchDuplicateFound(IBugWatchEvent):
    """The remote bug turned out to duplicate another one."""

    duplicate_of = Attribute("The other one: an id on the same bug tracker, or a URL.")


class IBugWatchMoved(IBugWatchEvent):
    """The remote bug moved.

    Where its bug tracker follows, and that place is of a registered bug tracker, the watch goes
    there right after this, or becomes one with the watch that its bug has there.
    """

    moved_to = Attribute("The URL that it moved to.")


class IBugWatchGone(IBugWatchEvent):
    """A remote bug of known status cannot be had any more."""

    error_type = Attribute("Why: a `BugWatchErrorType`.")
    message = Attribute("The same as a sentence.")


class IBugWatchRecovered(IBugWatchEvent):
    """A watch that had failed can be read again."""


class IBugTrackerEvent(IObjectModifiedEvent):
    """Something happened to a bug tracker (`object`), inside this transaction."""


class IBugTrackerInTrouble(IBugTrackerEvent):
    """A bug tracker that was in order, or in other trouble, is in trouble."""

    error_type = Attribute("Which: a `BugWatchErrorType`.")
    message = Attribute("The same as a sentence.")


class IBugTrackerRecovered(IBugTrackerEvent):
    """It can be asked again."""
