"""What is said of a bug or a bug tracker that cannot be read: the same words for all types."""

from malonewatch.interfaces import (
    BugTrackerCredentialsRefused,
    BugWatchErrorType,
    RemoteBugError,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)


class Said:
    """Errors of the bug tracker at `baseurl`, whose type has the title `title`."""

    def __init__(self, baseurl: str, title: str) -> None:
        self.baseurl = baseurl
        self.title = title

    def not_found(self, remotebug: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.BUG_NOT_FOUND,
            f"{self.baseurl} has no bug {remotebug}.",
        )

    def deleted(self, remotebug: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.BUG_DELETED,
            f"Bug {remotebug} on {self.baseurl} was deleted.",
        )

    def private(self, remotebug: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.PRIVATE_REMOTE_BUG,
            f"Bug {remotebug} on {self.baseurl} is private.",
        )

    def invalid(self, remotebug: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.INVALID_BUG_ID,
            f"{remotebug!r} is not the id of a bug in {self.title}.",
        )

    def moved(self, remotebug: str, moved_to: str) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.BUG_MOVED,
            f"Bug {remotebug} on {self.baseurl} moved to {moved_to}, and cannot be had here.",
            moved_to,
        )

    def not_understood(self, remotebug: str, why: str, apart: bool = False) -> RemoteBugError:
        return RemoteBugError(
            remotebug,
            BugWatchErrorType.UNPARSABLE_BUG,
            f"Bug {remotebug} on {self.baseurl} cannot be understood: {why}.",
            apart=apart,
        )

    def unparsable(self, why: str) -> UnparsableBugTracker:
        return UnparsableBugTracker(f"{self.baseurl} gave an answer that makes no sense: {why}.")

    def unsupported(self) -> UnsupportedBugTracker:
        return UnsupportedBugTracker(
            f"{self.baseurl} does not answer like a bug tracker of the type {self.title}."
        )

    def refused(self, has_credentials: bool) -> BugTrackerCredentialsRefused:
        if has_credentials:
            return BugTrackerCredentialsRefused(
                f"{self.baseurl} refuses the credentials given for it."
            )
        return BugTrackerCredentialsRefused(
            f"{self.baseurl} wants a log-in, and there are no credentials for it."
        )
