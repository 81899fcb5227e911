"""What a watch goes by: the answers of bug trackers, and where duplicates lead."""

from datetime import datetime
from typing import Any, NamedTuple

from malonewatch.interfaces.values import RemoteBug, RemoteBugError


class FollowedBug(NamedTuple):
    """A bug that a watch is followed to, as its remote bug duplicates it.

    `tracker` is the name of its bug tracker; None if that is not registered, or
    never asked, so that `remotebug` is a URL as well.
    """

    tracker: str | None
    remotebug: str
    url: str


class FollowedWay(NamedTuple):
    """What a watch goes by that may be followed.

    `said` is what was last said of its own remote bug, and of each in
    `IBugWatch.followed`; None where that is not known.  `shown` tells which of
    these the watch has its status of, by place; None as long as the last one
    is still to be asked for, and the watch stays as it was.
    """

    said: tuple[RemoteBug | RemoteBugError | None, ...]
    shown: int | None = 0


class KeptAnswer(NamedTuple):
    """What is kept of the answer of a bug tracker that said something new of a bug.

    `asked` is when, by our clock (aware, UTC).  `record` is what it said, in plain
    values: with nothing secret in it, and cut where it was long.
    """

    asked: datetime
    record: Any
