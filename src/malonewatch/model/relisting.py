"""What changed in watches that they are found by."""

from collections.abc import Iterable
from typing import Any

from malonewatch.interfaces import BugTaskStatus, BugWatchChange, RemoteBug


class Relisting:
    """What some watches of a bug tracker were found by, and what they are from now on.

    By number of the watch:

    - `statuses`: the name of the `BugTaskStatus` before, and now; maybe the
      same, with another remote status,
    - `errors`: the name of the `BugWatchErrorType` before, and now; empty for
      none,
    - `titles`: the remote title before, and now; empty if it is not known,
    - `moments`: when the status became another one, in seconds since the
      epoch; 0 for never, which the first sight of a status is.
    """

    def __init__(self, tracker_id: int, errors: Iterable[tuple[int, str, str]] = ()) -> None:
        self.tracker_id = tracker_id
        self.statuses: dict[int, tuple[str, str]] = {}
        self.errors = {watch_id: (before, now) for watch_id, before, now in errors}
        self.titles: dict[int, tuple[str, str]] = {}
        self.moments: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.statuses or self.errors or self.titles)

    def told(
        self, watch: Any, remote: RemoteBug, change: BugWatchChange | None, moment: float
    ) -> None:
        """`watch` is about to be told what its bug tracker says, which is that change."""
        if change is not None:
            number = change.watch_id
            self.statuses[number] = change.old_status._name_, change.new_status._name_
            if change.old_remotestatus is not None:
                self.moments[number] = int(moment)
        title = watch.remote_title
        if title != remote.title:
            self.titles[watch.id] = title, remote.title

    def forgotten(self, watch: Any) -> None:
        """`watch` is about to know nothing of its remote bug."""
        self.statuses[watch.id] = watch.status._name_, BugTaskStatus.UNKNOWN.name
        self.moments[watch.id] = 0
        error_type = watch.last_error_type
        if error_type is not None:
            self.errors[watch.id] = error_type.name, ""
        if watch.remote_title:
            self.titles[watch.id] = watch.remote_title, ""
