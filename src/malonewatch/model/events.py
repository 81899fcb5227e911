"""Events of our own, and telling the application of them."""

from typing import Any

import zope.event
from zope.interface import implementer
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import (
    ApplicationFailed,
    BugTaskStatus,
    BugWatchErrorType,
    IBugTrackerInTrouble,
    IBugTrackerRecovered,
    IBugWatchDuplicateFound,
    IBugWatchGone,
    IBugWatchMoved,
    IBugWatchRecovered,
    IBugWatchStatusChanged,
    RemoteBug,
)
from malonewatch.model.failures import is_storages
from malonewatch.model.telling import note


def tell(event: Any) -> None:
    """Let people, and the application's subscribers, know of an `IObjectEvent`.

    :raises ApplicationFailed: one of them failed.
    """
    note(event)
    try:
        zope.event.notify(event)
    except Exception as error:
        if is_storages(error):
            raise
        raise ApplicationFailed(
            f"The application failed when it was told of {event.object.title}: "
            f"{type(error).__name__}."
        ) from error


@implementer(IBugWatchStatusChanged)  # type: ignore[misc] # zope.lifecycleevent is untyped
class BugWatchStatusChanged(ObjectModifiedEvent):
    """See `IBugWatchStatusChanged`."""

    def __init__(
        self,
        bugwatch: Any,
        old_remotestatus: str | None,
        new_remotestatus: str | None,
        old_status: BugTaskStatus,
        new_status: BugTaskStatus,
        remote: RemoteBug | None = None,
    ) -> None:
        super().__init__(bugwatch)
        self.old_remotestatus = old_remotestatus
        self.new_remotestatus = new_remotestatus
        self.old_status = old_status
        self.new_status = new_status
        self.remote = remote


@implementer(IBugWatchDuplicateFound)  # type: ignore[misc]
class BugWatchDuplicateFound(ObjectModifiedEvent):
    """See `IBugWatchDuplicateFound`."""

    def __init__(self, bugwatch: Any, duplicate_of: str) -> None:
        super().__init__(bugwatch)
        self.duplicate_of = duplicate_of


@implementer(IBugWatchMoved)  # type: ignore[misc]
class BugWatchMoved(ObjectModifiedEvent):
    """See `IBugWatchMoved`."""

    def __init__(self, bugwatch: Any, moved_to: str) -> None:
        super().__init__(bugwatch)
        self.moved_to = moved_to


@implementer(IBugWatchGone)  # type: ignore[misc]
class BugWatchGone(ObjectModifiedEvent):
    """See `IBugWatchGone`."""

    def __init__(self, bugwatch: Any, error_type: BugWatchErrorType, message: str) -> None:
        super().__init__(bugwatch)
        self.error_type = error_type
        self.message = message


@implementer(IBugWatchRecovered)  # type: ignore[misc]
class BugWatchRecovered(ObjectModifiedEvent):
    """See `IBugWatchRecovered`."""


@implementer(IBugTrackerInTrouble)  # type: ignore[misc]
class BugTrackerInTrouble(ObjectModifiedEvent):
    """See `IBugTrackerInTrouble`."""

    def __init__(self, bugtracker: Any, error_type: BugWatchErrorType, message: str) -> None:
        super().__init__(bugtracker)
        self.error_type = error_type
        self.message = message


@implementer(IBugTrackerRecovered)  # type: ignore[misc]
class BugTrackerRecovered(ObjectModifiedEvent):
    """See `IBugTrackerRecovered`."""
