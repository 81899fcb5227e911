"""What changed in watches that they are found by."""

from collections.abc import Iterable
from typing import Any

from malonewatch.interfaces import BugTaskStatus, RemoteBug


class Relisting:
    """What some watches were found by, and what they are from now on.

    - `moves`: (``status`` or ``error``, its name before, and now; empty for no
      error) to the numbers of the watches,
    - `titles`: by number, the remote title before, and now; empty if it is not
      known,
    - `moments`: by number, when the status became another one, in seconds
      since the epoch; 0 for never, which the first sight of a status is.

    `errors` are (number, name before, now).
    """

    def __init__(self, errors: Iterable[tuple[int, str, str]] = ()) -> None:
        self.moves: dict[tuple[str, str, str], list[int]] = {}
        self.titles: dict[int, tuple[str, str]] = {}
        self.moments: dict[int, int] = {}
        for watch_id, before, now in errors:
            self._move("error", watch_id, before, now)

    def __bool__(self) -> bool:
        return bool(self.moves or self.titles or self.moments)

    def told(self, watch: Any, remote: RemoteBug, moment: float) -> None:
        """`watch` is about to be told what its bug tracker says."""
        status = watch.status._name_
        if watch.remotestatus is not None and watch.differs(remote):
            self.moments[watch.id] = int(moment)
        self._move("status", watch.id, status, remote.status._name_)
        self._retitle(watch.id, watch.remote_title, remote.title)

    def forgotten(self, watch: Any) -> None:
        """`watch` is about to know nothing of its remote bug."""
        error_type = watch.last_error_type
        self._move("status", watch.id, watch.status._name_, BugTaskStatus.UNKNOWN.name)
        self._move("error", watch.id, "" if error_type is None else error_type.name, "")
        self._retitle(watch.id, watch.remote_title, "")
        self.moments[watch.id] = 0

    def _move(self, kind: str, watch_id: int, before: str, now: str) -> None:
        if before != now:
            self.moves.setdefault((kind, before, now), []).append(watch_id)

    def _retitle(self, watch_id: int, before: str, now: str) -> None:
        if before != now:
            self.titles[watch_id] = before, now
