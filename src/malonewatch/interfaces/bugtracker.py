"""Bug trackers and the set of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult

from zope.interface import Attribute, Interface
from zope.schema import Bool, Choice, Datetime, Text, TextLine, Tuple

from malonewatch.interfaces.enumerations import BugTrackerType, BugWatchErrorType
from malonewatch.interfaces.facts import IBugTrackerFacts
from malonewatch.interfaces.figures import SiteFigures, Staleness
from malonewatch.interfaces.freshness import IPaced
from malonewatch.interfaces.http import OriginState
from malonewatch.interfaces.values import (
    Applied,
    Batch,
    Brake,
    BugTrackerState,
    BugWatchChange,
    Claim,
    DailyCounters,
    Fetched,
)
from malonewatch.interfaces.words import Mappings, UnknownWord
from malonewatch.interfaces.worker import DueBugTrackers


class IResultSet(Interface):
    """A lazy sequence.

    Counting, indexing, slicing and iterating cost what they return, not what
    exists.
    """

    def count() -> int:
        """How many there are."""

    def __iter__() -> Iterator[Any]:
        """Each of them, in order."""

    def __getitem__(index: int | slice) -> Any:
        """The one at `index`, or for a slice the list of those."""


class IBugTracker(IBugTrackerFacts, IPaced):
    """A bug tracker that we follow bugs in.

    Setting `baseurl` to another server's, or `bugtrackertype`, makes it another
    bug tracker: what is known of the remote side is forgotten, and all is asked
    for in full; what the watches show stays until then.  That, another address
    of the same server, and no longer being `guessed` may be what it was in
    trouble for, so they end trouble and back-off.
    """

    id = Attribute("Its number in the set, given once; None while it is in none.")
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
    follows = Bool(
        title="Follows",
        description="Whether watches on duplicates are followed to what those duplicate.",
    )
    polling = Attribute(
        "How long its bugs are asked for: a `Polling`.  By its type, as of when it was added, "
        "changed, reset or last asked.  With NEVER no watch is due; with ONCE none whose remote "
        "bug was read or is gone, until somebody resets it or makes it due."
    )
    not_polled = Attribute("A sentence for people, why it is not ALWAYS; else empty.")

    hook_secrets = Tuple(
        title="What refers to the secrets that its events are signed with",
        value_type=TextLine(),
        description="As `ISecrets` has them.  Two of them while one takes the place of another.",
    )
    lasthook = Datetime(
        title="When it last sent an event",
        description="Or something in its place did; five minutes early at most.  None: never.",
        required=False,
        readonly=True,
    )

    watches = Attribute("All its watches, newest first: an `IResultSet` of `IBugWatch`.")
    latestwatches = Attribute("The ten newest watches.")

    last_error_type = Choice(
        title="What is wrong with the bug tracker as a whole",
        values=BugWatchErrorType,
        required=False,
        readonly=True,
    )
    last_error = TextLine(title="The same as a sentence", required=False, readonly=True)
    failures = Attribute("How many times in a row it could not be asked.")
    next_attempt = Datetime(
        title="It is left alone until then",
        description="None: it may be asked.",
        required=False,
        readonly=True,
    )
    clock_skew = Attribute("Seconds by which its clock was ahead of ours; None if not known.")
    dialect_learnt = Datetime(title="When the dialect was learnt", required=False, readonly=True)
    dialect_reason = TextLine(
        title="Why it is thought to speak that dialect", required=False, readonly=True
    )
    activity = Attribute("The latest `BugWatchActivity` entries, newest first, a bounded list.")
    politeness = Attribute(
        "The `Politeness` that a person set for it; overrides the type's, and what was learnt.  "
        "Raises BadInput for numbers that make no sense."
    )
    held = Attribute(
        "The `BugWatchChange` values that are kept back as too many at once, by watch; a list."
    )
    held_count = Attribute("Of how many remote bugs something is kept back.")

    def getHeld(
        remotebugs: Iterable[str] | None = None, limit: int | None = None
    ) -> list[BugWatchChange]:
        """Of what is `held`, that of these remote bugs, or of the first `limit` ones."""

    next_due = Attribute("When the first is due of what is asked for there; None if nothing is.")

    def getStaleness(now: datetime) -> Staleness | None:
        """How long ago it last said something of its watches, as in `BugTrackerFigures`; of very
        many, some thousand are looked at."""

    def getBugsWatching(remotebug: str | int) -> Any:
        """The local bugs that watch that remote bug, oldest bug first."""

    def getBugWatchesNeedingUpdate(hours: float) -> Any:
        """The watches not checked in the last `hours` hours.

        Ordered by remote bug, then oldest watch first.
        """

    def resetWatches(now: datetime | None = None) -> int:
        """Make every watch due, to be asked for in full, and drop all back-off.

        Returns how many watches that are: none where nothing is polled.  What
        is known of them stays.
        """

    def acceptChanges(now: datetime) -> Applied:
        """Apply what is `held`, without asking; the bug tracker is not in trouble for it.

        :raises ApplicationFailed: a subscriber failed; the transaction has to
            be aborted.
        """

    def canonicalRemoteBug(remotebug: str | int) -> str:
        """The one way to write a remote id, by the rules of the bug tracker's type."""

    def setMappings(mappings: Mappings, now: datetime) -> list[BugWatchChange]:
        """Let remote words mean that here from now on.

        What is known is read anew, as by `rereadWords`.  Labels that did not
        matter until now are not kept, so with another table of importances
        every bug is asked for in full when it is due.

        :raises BadInput: a word is empty, far too long, or there twice.
        """

    def rereadWords(now: datetime) -> list[BugWatchChange]:
        """Read the remote statuses and importances that are known by the tables as they are now.

        Nothing is asked.  Returns the changes of status; of each
        `IBugWatchStatusChanged` is notified.

        :raises ApplicationFailed: a subscriber failed; the transaction has to
            be aborted.
        """

    def getUnknownWords(most: int | None = None) -> list[UnknownWord]:
        """The remote statuses, then the importances, that no table knows; what most watches have
        first.  Costs what is there, or the `most` newest watches."""

    def getDailyCounters(days: int = 30) -> list[DailyCounters]:
        """What each of the last `days` days on which it was asked cost and gave, newest first."""

    def noteEvent(references: Iterable[str], now: datetime) -> int:
        """Something happened to the bugs of those ids or URLs: make the watches on them due.

        Returns how many watches were not due, and are now.  Bugs that nobody
        watches, and those of other bug trackers, do not matter.  None is made
        due within a minute of its last check; one that is being asked for
        stays due.  Where nothing becomes due, nothing is written, but for
        `lasthook`.
        """

    totals = Attribute("What it cost and gave in all: `Totals`.")
    facts = Attribute("The same as a plain value: `BugTrackerFacts`.")
    origin = Attribute("The scheme, host and port of its base URL, as in `IClaims`.")

    # What a run needs.

    def withFollowed(remotebugs: Iterable[str]) -> list[str]:
        """Some remote bugs, and those that watches on them are followed to here."""

    def learnPolling() -> None:
        """Take over from its type how long its bugs are asked for."""

    def setClockBack(now: datetime) -> None:
        """Make the watches due that a clock that was wrong put off."""

    def countDue(now: datetime, most: int | None = None) -> int:
        """How many watches are due.  Costs what is due; where that is very much, `most` or
        somewhat more are counted."""

    def getDueBatches(
        now: datetime, batch_size: int, request_size: int, changed_since: bool = False
    ) -> tuple[int, list[Batch]]:
        """What to ask for: (number of watches, batches).

        The watches that have been due for longest come first, `batch_size` of
        them at most (0: all), each remote bug once, `request_size` remote
        bugs a batch at most.  Before them come those of which something is
        held.  Bugs that spoiled answers in the week before are in batches with
        `Batch.apart`, the last ones.  The first has `Batch.probe` if a dialect
        that is not the type's best was learnt more than a week ago.  With
        `changed_since`, `Batch.seen` has those bugs of which everything is
        known, unless the last full answer of a bug is a week old.
        """

    def preview(fetched: Fetched, brake: Brake = Brake(), foreseen: Any = None) -> Applied:
        """What `apply` would do, after what was `foreseen` in the run; nothing is changed."""

    def apply(fetched: Fetched, brake: Brake = Brake()) -> Applied:
        """Record all that was learnt, on all watches of the remote bugs, in this transaction.

        Outcomes go to the watches; an answer ends trouble and back-off,
        `Fetched.trouble` begins or goes on with them: then the watches of
        `Fetched.missing` show the error, keep their status, and stay as due as
        they are.  Dialect, clock skew and counters are kept.

        Where too many changes at once would lose or close watches of known
        status (`brake` counts them over a run), they are held, the bug tracker
        is in trouble (SUSPICIOUS_ANSWER), and all its watches are due again at
        the next attempt; what is held is applied when a later run, an hour or
        more after, says the same of the bug, and dropped when it says
        otherwise.  As long as anything is held that trouble goes on.

        Notifies `IBugWatchStatusChanged` for each watch whose status is
        another one, and the other events of `malonewatch.interfaces`.

        An outcome that is a `RemoteBugError` of the application's
        (APPLICATION_FAILED) is shown by the watches, which stay as due as
        they are.

        :raises ApplicationFailed: a subscriber failed; the transaction has to
            be aborted.
        """


class IBugTrackerSet(Interface):
    """Utility: all bug trackers."""

    def __iter__() -> Iterator[Any]:
        """The bug trackers, by title."""

    def __getitem__(name: str) -> Any:
        """The `IBugTracker` of that name.

        :raises NotFoundError: there is none.
        """

    def __contains__(name: object) -> bool:
        """Whether there is a bug tracker of that name."""

    def count() -> int:
        """How many there are."""

    def getByName(name: str, default: Any = None) -> Any:
        """The `IBugTracker` of that name, `default` if there is none."""

    def queryByBaseURL(baseurl: str) -> Any:
        """The bug tracker at that base URL, None if there is none.

        The scheme, the host's case and a trailing slash do not matter, and
        an alias is as good.  Failing all that, the first one in order of
        title whose base URL contains `baseurl`.
        """

    def getByBaseURL(baseurl: str) -> Any:
        """Like `queryByBaseURL`, without the last resort."""

    def getByURLPrefix(url: SplitResult) -> Iterable[Any]:
        """The bug trackers whose base URL, or an alias of it, `url` begins with.

        The longest first; each with that part of `url`, without a slash at
        its end.  One that `url` begins with in several ways comes as often.
        The look-ups go with the path's depth, not with what is registered.
        """

    def getBugTrackerTypes() -> Iterable[tuple[str, Any]]:
        """(name, `IExternalBugTrackerType`) of every type that is registered, by name."""

    def add(bugtracker: Any) -> Any:
        """Add an `IBugTracker` and return it.

        The case of its type's name does not matter, here and wherever it is
        set.

        :raises BugTrackerNameTaken: there is one of that name.
        :raises BaseURLTaken: there is one at that base URL.
        :raises UnknownBugTrackerType: nothing can talk to its type.
        :raises BadInput: its name or base URL cannot be used.
        """

    def remove(bugtracker: Any) -> None:
        """Forget a bug tracker that has no watches.

        :raises BadInput: it has watches.
        """

    def ensureBugTracker(
        baseurl: str,
        owner: Any,
        bugtrackertype: BugTrackerType,
        title: str | None = None,
        summary: str = "",
        contactdetails: str = "",
        name: str | None = None,
        guessed: bool = False,
    ) -> Any:
        """The bug tracker at that base URL, which is added if not there.

        One that was guessed is a guess no longer unless `guessed` says so.
        Without a `name` one is made from the host, ``auto-bugs.example.com``,
        and a number added where that is taken.
        """

    def getBugTrackerStates(now: datetime) -> Iterable[BugTrackerState]:
        """What a run wants to know of each bug tracker, by title.

        Costs little a bug tracker, and nothing a watch.
        """

    def getDueBugTrackers(now: datetime, names: Iterable[str] | None = None) -> DueBugTrackers:
        """Which of all bug trackers, or of those of some names, may be asked now, and when the
        next one may.

        Costs next to nothing a bug tracker, and a look at each that is due.
        """

    def clockWentBack(now: datetime) -> bool:
        """Whether something has been recorded that lies in the future."""

    def setClockBack(now: datetime) -> None:
        """Forget that; the bug trackers have to be told one by one."""

    def getMostActiveBugTrackers(limit: int | None = None) -> Any:
        """The bug trackers with the most watches, those first; a list."""

    def getFigures(now: datetime) -> SiteFigures:
        """How all of it is doing.

        Costs a look at every watch, some thousand of them in a millisecond.
        """

    claims = Attribute("The `IClaims`: who works on what.")
    brake_settings = Attribute(
        "The `BrakeSettings` of the site: when changes are too many at once; may be set.  Raises "
        "BadInput for numbers that make no sense."
    )


class IClaims(Interface):
    """Which run works on which origin.

    A claim is taken in a transaction of its own; where two take the same one,
    the database's conflict detection decides.  An origin is a base URL's
    scheme, host and port, as `IBugTracker.origin` has it; ``outbox`` stands for
    what waits to be told, which one process delivers at a time.
    """

    def get(origin: str, now: datetime) -> Claim | None:
        """Who works on that origin; None if nobody does, or the claim has run out.

        Five minutes of difference between clocks are allowed for.
        """

    def claim(origin: str, holder: str, now: datetime) -> bool:
        """Take an origin for ten minutes, or go on holding it; False if another has it."""

    def release(origin: str, holder: str) -> None:
        """Let go of it, if it is that holder's."""

    def getState(origin: str) -> OriginState | None:
        """What an earlier run kept of the origin."""

    def setState(origin: str, state: OriginState) -> None:
        """Keep what is known of the origin for the next run."""
