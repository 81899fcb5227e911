"""When a bug tracker's answers would lose or close too many bugs at once.  Pure."""

from typing import Any

from malonewatch.interfaces import (
    BadInput,
    Brake,
    BrakeSettings,
    BugTaskStatus,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model.kept import pack

#: How a check fails where the remote bug cannot be had.
LOST = frozenset(
    {
        BugWatchErrorType.BUG_NOT_FOUND,
        BugWatchErrorType.BUG_DELETED,
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
    }
)

_OPEN = frozenset(status.name for status in BugTaskStatus if status.is_open)
_CLOSED = frozenset(status.name for status in BugTaskStatus if status.is_closed)


def closes(old_status: str, new_status: str) -> bool:
    """Whether a bug goes from open to closed; by the names of what it means."""
    return old_status in _OPEN and new_status in _CLOSED


def advance(brake: Brake, settings: BrakeSettings, asked: int, suspicious: int) -> Brake:
    """The brake after so many more watches of known status were asked for."""
    asked += brake.asked
    suspicious += brake.suspicious
    too_many = suspicious >= settings.least and suspicious >= settings.part * asked
    return Brake(asked, suspicious, brake.engaged or too_many)


def says_the_same(packed: tuple[Any, ...], outcome: RemoteBug | RemoteBugError) -> bool:
    """Whether an outcome says the same of a bug as the one that was packed and held."""
    # An error by its type; else the remote status, and what it means.
    size = 1 if isinstance(outcome, RemoteBugError) else 2
    again = pack(outcome)
    return len(again) == len(packed) and again[:size] == packed[:size]


def check_settings(settings: BrakeSettings) -> None:
    """See that they can be used.

    :raises BadInput: they cannot.
    """
    least, part, confirm_after = settings
    if least < 1 or not 0 <= part <= 1 or not confirm_after >= 0:
        raise BadInput(
            "The brake needs a number of bugs that is at least 1, a part from 0 to 1, and a time "
            "in seconds that is not negative."
        )
