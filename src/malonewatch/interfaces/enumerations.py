"""Enumerations.  Every one of them is stored in the database by its name."""

import enum


class _BugTrackerTypeNames(type):
    """``BugTrackerType.ANY_NAME`` is the type of that name."""

    def __getattr__(cls, name: str) -> "BugTrackerType":
        if name.isidentifier() and name.isupper():
            return BugTrackerType(name)
        raise AttributeError(f"{name!r} is not the name of a bug tracker type")


class BugTrackerType(str, metaclass=_BugTrackerTypeNames):
    """The name of a kind of bug tracker, such as ``BugTrackerType.ROUNDUP``.

    The set is open: a name becomes a supported type when an
    `IExternalBugTracker` is registered under it, so a package that brings a
    new type does not change this one.  Names are upper case.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"BugTrackerType.{self}"


class BugTaskStatus(enum.Enum):
    """What a remote status means to us.  The value is the title."""

    NEW = "New"
    INCOMPLETE = "Incomplete"
    CONFIRMED = "Confirmed"
    TRIAGED = "Triaged"
    INPROGRESS = "In Progress"
    FIXCOMMITTED = "Fix Committed"
    FIXRELEASED = "Fix Released"
    INVALID = "Invalid"
    WONTFIX = "Won't Fix"
    EXPIRED = "Expired"
    UNKNOWN = "Unknown"

    @property
    def title(self) -> str:
        return self.value

    @property
    def is_resolved(self) -> bool:
        """Whether nothing more is to be expected of such a bug."""
        return self in _RESOLVED

    @property
    def is_fixed(self) -> bool:
        """Whether there is a fix, released or not."""
        return self in (BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED)

    @property
    def is_closed(self) -> bool:
        """Whether the bug is over, or fixed."""
        return self in _CLOSED

    @property
    def is_open(self) -> bool:
        """Whether it is neither closed nor unknown."""
        return not self.is_closed and self is not BugTaskStatus.UNKNOWN


_RESOLVED = frozenset(
    {
        BugTaskStatus.FIXRELEASED,
        BugTaskStatus.INVALID,
        BugTaskStatus.WONTFIX,
        BugTaskStatus.EXPIRED,
    }
)
_CLOSED = frozenset(status for status in BugTaskStatus if status.is_resolved or status.is_fixed)


def folded(word: str) -> str:
    """What is the same for ``Won't Fix``, ``wont-fix`` and ``WONTFIX``."""
    return "".join(filter(str.isalnum, word)).casefold()


def meanings_of(status: str) -> frozenset[BugTaskStatus] | None:
    """What a person means by ``open``, ``fixed`` or ``Won't Fix``; None if it is no meaning."""
    return _MEANINGS.get(folded(status))


_MEANINGS = {
    **{folded(status.name): frozenset({status}) for status in BugTaskStatus},
    **{folded(status.title): frozenset({status}) for status in BugTaskStatus},
    "fixed": frozenset(status for status in BugTaskStatus if status.is_fixed),
    "closed": frozenset(status for status in BugTaskStatus if status.is_closed),
    "open": frozenset(status for status in BugTaskStatus if status.is_open),
}


class BugTaskImportance(enum.Enum):
    """What a remote priority or severity means to us.  The value is the title."""

    UNKNOWN = "Unknown"
    UNDECIDED = "Undecided"
    WISHLIST = "Wishlist"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"

    @property
    def title(self) -> str:
        return self.value


class FailureOwner(enum.Enum):
    """Whose a failure is, and so whose schedule it slows down."""

    WATCH = "the watch"
    TRACKER = "the bug tracker"
    APPLICATION = "the application"
    US = "malonewatch"


class Certainty(enum.IntEnum):
    """How sure it is that a URL is that of a bug in a bug tracker of some type."""

    GUESS = 1  #: other software has such URLs too
    SHAPE = 2  #: only this software has such URLs
    KNOWN_HOST = 3  #: the host is known to run this software
    REGISTERED = 4  #: the bug tracker is registered


class BugWatchErrorType(enum.Enum):
    """Why a check failed.

    Each has a `title`, an `owner` and `help`: one sentence on what a person
    can do about it.
    """

    BUG_NOT_FOUND = (
        "Bug not found",
        FailureOwner.WATCH,
        "Look whether the remote bug was deleted, or the watch has a wrong number.",
    )
    PRIVATE_REMOTE_BUG = (
        "Private bug",
        FailureOwner.WATCH,
        "Ask the remote project to open the bug, or give credentials that may read it.",
    )
    INVALID_BUG_ID = (
        "Invalid bug id",
        FailureOwner.WATCH,
        "Remove the watch and add it again with an id that the bug tracker can have.",
    )
    UNPARSABLE_BUG = (
        "Bug not understood",
        FailureOwner.WATCH,
        "Look at the remote bug; if it is as it should be, report this to malonewatch.",
    )
    BUG_MOVED = (
        "Bug moved",
        FailureOwner.WATCH,
        "Watch the bug at its new place instead.",
    )
    BUG_DELETED = (
        "Bug deleted",
        FailureOwner.WATCH,
        "Remove the watch, or watch what took the bug's place.",
    )
    CONNECTION_ERROR = (
        "Connection failed",
        FailureOwner.TRACKER,
        "Nothing, if it passes; otherwise look whether the base URL is still right.",
    )
    TIMEOUT = (
        "Connection timed out",
        FailureOwner.TRACKER,
        "Nothing, if it passes; otherwise ask smaller batches of this bug tracker.",
    )
    UNAVAILABLE = (
        "Bug tracker unavailable",
        FailureOwner.TRACKER,
        "Nothing: it is asked again when it is back, or at the time that it named.",
    )
    RATE_LIMITED = (
        "Rate limit reached",
        FailureOwner.TRACKER,
        "Nothing: it is asked again when it allows; credentials may raise the limit.",
    )
    CREDENTIALS_REFUSED = (
        "Credentials refused",
        FailureOwner.TRACKER,
        "Correct this bug tracker's entry in the credentials file.",
    )
    CHALLENGE_PAGE = (
        "Challenge page instead of data",
        FailureOwner.TRACKER,
        "Ask the bug tracker's operators to let this client through.",
    )
    CLOCK_SKEW = (
        "Clocks differ",
        FailureOwner.TRACKER,
        "Set the clock that is wrong: this machine's, or the bug tracker's.",
    )
    UNPARSABLE_BUG_TRACKER = (
        "Answer not understood",
        FailureOwner.TRACKER,
        "Look whether the base URL and the type are right, and no log-in is needed.",
    )
    ANSWER_TOO_LARGE = (
        "Answer too large",
        FailureOwner.TRACKER,
        "Look whether the base URL is right; what was asked for does not need so much.",
    )
    SUSPICIOUS_ANSWER = (
        "Suspicious answer",
        FailureOwner.TRACKER,
        "Look at some of these bugs; if it is true, 'malonewatch tracker accept-changes' takes it.",
    )
    UNSUPPORTED_BUG_TRACKER = (
        "Bug tracker not supported",
        FailureOwner.TRACKER,
        "Look whether the type is right; a too old version has to be upgraded there.",
    )
    ADDRESS_REFUSED = (
        "Address refused",
        FailureOwner.TRACKER,
        "Register the bug tracker yourself if it really is on a private network.",
    )
    APPLICATION_FAILED = (
        "Application failed",
        FailureOwner.APPLICATION,
        "Mend the application's subscriber that the traceback in the log names.",
    )
    UNKNOWN = (
        "Unexpected failure",
        FailureOwner.US,
        "Report it to malonewatch with the traceback in the log.",
    )

    title: str
    owner: FailureOwner
    help: str

    def __new__(cls, title: str, owner: FailureOwner, help: str) -> "BugWatchErrorType":
        member = object.__new__(cls)
        member._value_ = title
        member.title = title
        member.owner = owner
        member.help = help
        return member


class Polling(enum.Enum):
    """How long the bugs of a bug tracker are asked for."""

    #: As long as they are watched.
    ALWAYS = "always"
    #: Until it is known how they are: nothing changes there any more.
    ONCE = "once"
    #: Not at all: there is nothing to ask, or nobody who answers.
    NEVER = "never"
