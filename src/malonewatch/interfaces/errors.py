"""Every exception that malonewatch raises on purpose.

::

    MalonewatchError
    ├── BadInput (a ValueError too)
    │   ├── UnrecognizedBugTrackerURL
    │   ├── NoBugTrackerFound
    │   ├── UnknownBugTrackerType
    │   ├── BugTrackerNameTaken
    │   ├── BaseURLTaken
    │   ├── BugWatchTaken
    │   └── Refused
    ├── NotFoundError (a KeyError too)
    ├── DatabaseError
    │   └── DatabaseBusy
    ├── ApplicationFailed
    ├── PackageMissing
    ├── DeliveryFailed
    └── BugTrackerTrouble
        ├── BugTrackerConnectError
        │   ├── BugTrackerTimeout
        │   ├── BugTrackerRateLimited
        │   ├── BugTrackerServerError
        │   ├── BugTrackerUnavailable
        │   └── BugTrackerAddressRefused
        ├── BugTrackerCredentialsRefused
        │   └── CredentialsUnreadable
        ├── BugTrackerChallenge
        ├── UnparsableBugTracker
        │   └── AnswerTooLarge
        ├── SuspiciousAnswer
        └── UnsupportedBugTracker

The text of each is one sentence for people: what failed and on what.
"""

from collections.abc import Sequence

from malonewatch.interfaces.enumerations import BugTrackerType, BugWatchErrorType


class MalonewatchError(Exception):
    """Anything that went wrong and is not a fault in malonewatch."""


class BadInput(MalonewatchError, ValueError):
    """What was given cannot be used; nothing was changed."""


class UnrecognizedBugTrackerURL(BadInput):
    """No bug tracker type has bugs at such a URL."""

    def __init__(self, url: str):
        super().__init__(f"{url} is not the URL of a bug in any bug tracker type known here.")
        self.url = url


class NoBugTrackerFound(BadInput):
    """The URL is that of a bug, in a bug tracker that is not registered."""

    def __init__(self, baseurl: str, remotebug: str, bugtrackertype: BugTrackerType):
        super().__init__(f"No bug tracker is registered for {baseurl} ({bugtrackertype}).")
        self.baseurl = baseurl
        self.remotebug = remotebug
        self.bugtrackertype = bugtrackertype


class UnknownBugTrackerType(BadInput):
    """There is no `IExternalBugTracker` of that name."""


class BugTrackerNameTaken(BadInput):
    """Another bug tracker has that name."""


class BaseURLTaken(BadInput):
    """Another bug tracker has that base URL, or has it as an alias."""


class BugWatchTaken(BadInput):
    """The bug has a watch on that remote bug already."""


class Refused(BadInput):
    """Some of the `given` things cannot be used, so none of them was; `sentences` has one for
    each that is to blame."""

    def __init__(self, sentences: Sequence[str], given: int):
        super().__init__(" ".join(sentences))
        self.sentences = tuple(sentences)
        self.given = given


class NotFoundError(MalonewatchError, KeyError):
    """What was asked for by name or number is not there."""

    def __str__(self) -> str:
        # KeyError would show the sentence in quotes.
        return str(self.args[0]) if self.args else ""


class DatabaseError(MalonewatchError):
    """The database cannot be opened, read or written."""


class DatabaseBusy(DatabaseError):
    """Others changed the same objects again and again; nothing was written, another try may do."""


class ApplicationFailed(MalonewatchError):
    """A subscriber of the application's raised what is the `__cause__` of this."""


class PackageMissing(MalonewatchError):
    """What was asked for needs a package that is not installed."""


class DeliveryFailed(MalonewatchError):
    """A message did not arrive.

    `is_permanent` says that no other message to the same destination will
    either, `is_refused` that this very one never will, where others may;
    `retry_after` after how many seconds the other side wants to see the next
    attempt, None if it did not say.
    """

    def __init__(
        self,
        sentence: str,
        is_permanent: bool = False,
        retry_after: float | None = None,
        is_refused: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.is_permanent = is_permanent
        self.is_refused = is_refused
        self.retry_after = retry_after


class BugTrackerTrouble(MalonewatchError):
    """A bug tracker as a whole could not be asked.

    `error_type` says why.  `retry_after` is how many seconds the bug tracker
    asked to be left alone, None if it did not say.
    """

    error_type = BugWatchErrorType.CONNECTION_ERROR

    def __init__(self, message: str, *, retry_after: float | None = None):
        super().__init__(message)
        self.retry_after = retry_after


class BugTrackerConnectError(BugTrackerTrouble):
    """It cannot be reached, or failed to answer."""


class BugTrackerTimeout(BugTrackerConnectError):
    """It did not answer in time."""

    error_type = BugWatchErrorType.TIMEOUT


class BugTrackerRateLimited(BugTrackerConnectError):
    """It asks us to slow down."""

    error_type = BugWatchErrorType.RATE_LIMITED


class BugTrackerServerError(BugTrackerConnectError):
    """It failed at a request (HTTP status 5xx): a fault there, or a bug that it stumbles over."""


class BugTrackerUnavailable(BugTrackerConnectError):
    """It says that it is down for a while."""

    error_type = BugWatchErrorType.UNAVAILABLE


class BugTrackerAddressRefused(BugTrackerConnectError):
    """It leads to an address that it may not lead to."""

    error_type = BugWatchErrorType.ADDRESS_REFUSED


class BugTrackerCredentialsRefused(BugTrackerTrouble):
    """It wants a log-in that we do not have, or refuses the one that we do."""

    error_type = BugWatchErrorType.CREDENTIALS_REFUSED


class CredentialsUnreadable(BugTrackerCredentialsRefused):
    """There are credentials for it here that cannot be read; it was not asked.

    It is no reason to leave the bug tracker alone: once that is mended, it can
    be asked at once.
    """


class BugTrackerChallenge(BugTrackerTrouble):
    """It shows robots a challenge where there should be data."""

    error_type = BugWatchErrorType.CHALLENGE_PAGE


class UnparsableBugTracker(BugTrackerTrouble):
    """Its answer makes no sense as an answer of its type."""

    error_type = BugWatchErrorType.UNPARSABLE_BUG_TRACKER


class AnswerTooLarge(UnparsableBugTracker):
    """Its answer is larger than what was asked for can need."""

    error_type = BugWatchErrorType.ANSWER_TOO_LARGE


class SuspiciousAnswer(BugTrackerTrouble):
    """Its answer would close or lose more bugs at once than is likely."""

    error_type = BugWatchErrorType.SUSPICIOUS_ANSWER


class UnsupportedBugTracker(BugTrackerTrouble):
    """It is of a type, or speaks no dialect, that we can talk to."""

    error_type = BugWatchErrorType.UNSUPPORTED_BUG_TRACKER
