"""Bug trackers and the set of them."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import SplitResult

from zope.interface import Attribute, Interface
from zope.schema import Bool, Choice, Datetime, Text, TextLine, Tuple

from malonewatch.interfaces.enumerations import BugTrackerType, BugWatchErrorType
from malonewatch.interfaces.errors import BugTrackerTrouble
from malonewatch.interfaces.facts import IBugTrackerFacts
from malonewatch.interfaces.values import Applied, Batch, BugTrackerState, Outcome


class IResultSet(Interface):
    """A lazy sequence.

    Counting, indexing, slicing and iterating cost what they return, not what
    exists.
    """

    def count() -> int:
        """How many there are."""

    def __iter__():
        """Each of them, in order."""

    def __getitem__(index):
        """The one at `index`, or for a slice the list of those."""


class IBugTracker(IBugTrackerFacts):
    """A bug tracker that we follow bugs in."""

    title = TextLine(title="Title")
    summary = Text(title="Summary", required=False)
    contactdetails = Text(title="Contact details", required=False)
    owner = Attribute("The `IPerson` who registered it, or None.")
    datecreated = Datetime(title="When it was registered", readonly=True)
    aliases = Tuple(
        title="Other base URLs of the same bug tracker",
        value_type=TextLine(),
        description="Sorted.  Any iterable may be assigned; None clears them.",
    )
    active = Bool(title="Active", description="Whether it is asked at all.")

    watches = Attribute("All its watches, newest first: an `IResultSet` of `IBugWatch`.")
    latestwatches = Attribute("The ten newest watches.")

    last_error_type = Choice(
        title="What is wrong with the bug tracker as a whole",
        values=BugWatchErrorType,
        required=False,
    )
    last_error = TextLine(title="The same as a sentence", required=False)
    failures = Attribute("How many times in a row it could not be asked.")
    next_attempt = Datetime(
        title="It is left alone until then", description="None: it may be asked.", required=False
    )
    clock_skew = Attribute("Seconds by which its clock was ahead of ours; None if not known.")
    activity = Attribute("The latest `BugWatchActivity` entries, newest first, a bounded list.")

    def getBugsWatching(remotebug):
        """The local bugs that watch that remote bug, oldest bug first."""

    def getBugWatchesNeedingUpdate(hours: float):
        """The watches not checked in the last `hours` hours.

        Ordered by remote bug, then oldest watch first.
        """

    def resetWatches(now: datetime | None = None) -> int:
        """Make every watch due, to be asked for in full, and drop all back-off.

        Returns how many watches that are.  What is known of them stays.
        """

    def canonicalRemoteBug(remotebug) -> str:
        """The one way to write a remote id, by the rules of the bug tracker's type."""

    facts = Attribute("The same as a plain value: `BugTrackerFacts`.")

    # What a run needs.

    def setClockBack(now: datetime) -> None:
        """Make the watches due that a clock that was wrong put off."""

    def countDue(now: datetime) -> int:
        """How many watches are due.  Costs what is due."""

    def getDueBatches(
        now: datetime, batch_size: int, request_size: int, changed_since: bool = False
    ) -> tuple[int, list[Batch]]:
        """What to ask for: (number of watches, batches).

        The watches that have been due for longest come first, `batch_size` of
        them at most (0: all), each remote bug once, `request_size` remote
        bugs a batch at most.  With `changed_since` those of which everything
        is known as of some moment are in batches of their own, with `since`.
        """

    def previewOutcomes(
        outcomes: Iterable[Outcome],
    ) -> Applied:
        """What `applyOutcomes` would do; nothing is changed."""

    def applyOutcomes(
        outcomes: Iterable[Outcome], now: datetime, clock_skew: float | None = None
    ) -> Applied:
        """Record what was found out about remote bugs on all their watches.

        `now` is when they were asked for, by our clock; `clock_skew` how many
        seconds the bug tracker's is ahead.  Notifies `IBugWatchStatusChanged`
        for each watch whose status is another one.
        """

    def recordAnswer(now: datetime, dialect: str | None, clock_skew: float | None = None) -> None:
        """Record that it answered: it speaks that dialect, and trouble is over."""

    def recordTrouble(
        trouble: BugTrackerTrouble, now: datetime, remotebugs: Iterable[str] = ()
    ) -> None:
        """Record that it could not be asked, and leave it alone for a while.

        The watches of `remotebugs` show the error, keep their status, and
        stay as due as they are.
        """


class IBugTrackerSet(Interface):
    """Utility: all bug trackers."""

    def __iter__():
        """The bug trackers, by title."""

    def __getitem__(name: str):
        """The `IBugTracker` of that name.

        :raises NotFoundError: there is none.
        """

    def __contains__(name) -> bool:
        """Whether there is a bug tracker of that name."""

    def count() -> int:
        """How many there are."""

    def getByName(name: str, default=None):
        """The `IBugTracker` of that name, `default` if there is none."""

    def queryByBaseURL(baseurl: str):
        """The bug tracker at that base URL, None if there is none.

        The scheme, the host's case and a trailing slash do not matter, and
        an alias is as good.  Failing all that, the first one in order of
        title whose base URL contains `baseurl`.
        """

    def getByBaseURL(baseurl: str):
        """Like `queryByBaseURL`, without the last resort."""

    def getByURLPrefix(url: SplitResult) -> Iterable:
        """The bug trackers whose base URL `url` begins with, the longest first."""

    def getBugTrackerTypes() -> Iterable:
        """(name, `IExternalBugTrackerType`) of every type that is registered, by name."""

    def add(bugtracker):
        """Add an `IBugTracker` and return it.

        :raises BugTrackerNameTaken: there is one of that name.
        :raises BaseURLTaken: there is one at that base URL.
        :raises UnknownBugTrackerType: nothing can talk to its type.
        :raises BadInput: its name or base URL cannot be used.
        """

    def remove(bugtracker) -> None:
        """Forget a bug tracker that has no watches.

        :raises BadInput: it has watches.
        """

    def ensureBugTracker(
        baseurl: str,
        owner,
        bugtrackertype: BugTrackerType,
        title: str | None = None,
        summary: str = "",
        contactdetails: str = "",
        name: str | None = None,
        guessed: bool = False,
    ):
        """The bug tracker at that base URL, which is added if not there.

        One that was guessed is a guess no longer unless `guessed` says so.
        Without a `name` one is made from the host, ``auto-bugs.example.com``,
        and a number added where that is taken.
        """

    def getBugTrackerStates(now: datetime) -> Iterable[BugTrackerState]:
        """What a run wants to know of each bug tracker, by title.

        Costs little a bug tracker, and nothing a watch.
        """

    def clockWentBack(now: datetime) -> bool:
        """Whether something has been recorded that lies in the future."""

    def setClockBack(now: datetime) -> None:
        """Forget that; the bug trackers have to be told one by one."""

    def getMostActiveBugTrackers(limit: int | None = None):
        """The bug trackers with the most watches, those first; a list."""


class IDatabase(Interface):
    """An open database with malonewatch in it.

    Also an adapter: ``IDatabase(bugtracker)`` is the database that a
    persistent bug tracker is in, with the transaction manager that the bug
    tracker was loaded with.
    """

    uri = Attribute("Where it is.")

    def read(function):
        """Call `function` with the set of bug trackers, in a transaction of its own.

        Its connection is opened for the call and the site set; nothing is
        written.  Returns what the function returns, which has to be a plain
        value: no persistent object outlives the call.

        :raises DatabaseError: the database cannot be read.
        """

    def write(function):
        """Like `read`, and commits.

        The function is called again, on a new state, if another process has
        changed the same objects meanwhile; so it changes nothing else.

        :raises DatabaseError: the database cannot be written.
        """

    def close() -> None:
        """Close it."""


class IDatabaseOpener(Interface):
    """Utility: opens databases."""

    def __call__(
        uri: str | None = None,
        create: bool = False,
        read_only: bool = False,
        transaction_manager=None,
    ):
        """The `IDatabase` at `uri`, a zodburi URI; by default the user's own.

        Its transactions are those of `transaction_manager`, which nobody else
        uses then, or of one of its own.

        :raises DatabaseError: it cannot be opened, or is not there and
            `create` is false.
        """
