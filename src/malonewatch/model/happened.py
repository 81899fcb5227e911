"""Notices as they are stored, and the last ones of what is in no history of statuses."""

import pickle
import zlib
from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from malonewatch.interfaces import BugTaskStatus, Happening, Notice
from malonewatch.model.times import from_optional, from_seconds, to_optional, to_seconds

#: How many are kept.
MOST = 500


class Happened(Persistent):
    """The last things that happened besides changes of status, whoever was told.

    It is read as a whole, and so it is short: bugs seldom move, or turn out to
    be the same as others.
    """

    def __init__(self) -> None:
        #: (second, name of what happened, bug tracker, number of a watch): a notice, packed.
        self._notices = OOBTree()

    def note(self, notice: Notice) -> None:
        """Keep it; that a bug tracker is in trouble is one thing since it began."""
        second = to_seconds(notice.moment)
        if notice.happening is Happening.TROUBLE and notice.since is not None:
            second = to_seconds(notice.since)
        key = int(second), notice.happening.name, notice.tracker, notice.watch or 0
        if key in self._notices:
            return
        # No number of what waits to be told is so high, and no two of these have the same.
        number = zlib.crc32(repr(key).encode(errors="surrogatepass")) << 64 | int(second)
        self._notices[key] = (number, pack_notice(notice))
        for excess in list(self._notices.keys())[:-MOST]:
            del self._notices[excess]

    def newest(self) -> Iterator[Notice]:
        """All, the newest first."""
        for number, packed in reversed(list(self._notices.values())):
            yield unpack_notice(number, packed)


def pack_notice(notice: Notice) -> bytes:
    """A notice as it is stored: its values but the number, enumerations by name and moments in
    seconds.  In one value, as ZODB looks at each."""
    old, new = notice.old_status, notice.new_status
    values = notice._replace(
        moment=to_seconds(notice.moment),  # type: ignore[arg-type]
        happening=notice.happening.name,  # type: ignore[arg-type]
        old_status=None if old is None else old.name,  # type: ignore[arg-type]
        new_status=None if new is None else new.name,  # type: ignore[arg-type]
        since=to_optional(notice.since),  # type: ignore[arg-type]
    )
    return pickle.dumps(tuple(values[1:]), 4)


def unpack_notice(number: int, packed: bytes) -> Notice:
    """The notice of that number, as it was."""
    notice = Notice(number, *pickle.loads(packed))
    old: Any = notice.old_status
    new: Any = notice.new_status
    moment: Any = notice.moment
    happening: Any = notice.happening
    since: Any = notice.since
    return notice._replace(
        moment=from_seconds(moment),
        happening=Happening[happening],
        old_status=None if old is None else BugTaskStatus[old],
        new_status=None if new is None else BugTaskStatus[new],
        since=from_optional(since),
    )
