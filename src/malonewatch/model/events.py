"""Events of our own."""

from typing import Any

from zope.interface import implementer
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.interfaces import BugTaskStatus, IBugWatchStatusChanged


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
    ) -> None:
        super().__init__(bugwatch)
        self.old_remotestatus = old_remotestatus
        self.new_remotestatus = new_remotestatus
        self.old_status = old_status
        self.new_status = new_status
