"""Replies, as they are kept: in order of time, for a day."""

import zlib

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import IReplySet, Reply
from malonewatch.model.times import now, to_seconds

#: How long they are kept, in seconds; and those that are at work.
_DAY, _HOUR = 86400, 3600
#: How many there are at most.
MOST = 10_000
#: How many are forgotten when one is kept, so that it stays a small step.
_AT_ONCE = 10


class _Kept(Persistent):
    """A reply, and since when it is kept."""

    def __init__(self, since: float, reply: Reply) -> None:
        self.since = since
        self.reply = tuple(reply._replace(body=zlib.compress(reply.body)))


@implementer(IReplySet)
class ReplySet(Persistent):
    """See `IReplySet`."""

    def __init__(self) -> None:
        self._replies = OOBTree()  # (token, key): _Kept
        self._in_order = OOBTree()  # (since, token, key): None

    def query(self, token: int, key: str) -> Reply | None:
        kept = self._replies.get((token, key))
        if kept is None:
            return None
        reply = Reply(*kept.reply)
        age = to_seconds(now()) - kept.since
        if age >= (_HOUR if reply.status is None else _DAY):
            return None
        return reply._replace(body=zlib.decompress(reply.body))

    def keep(self, token: int, key: str, reply: Reply) -> None:
        self.forget(token, key)
        since = to_seconds(now())
        for _ in range(_AT_ONCE):
            if not self._in_order:
                break
            oldest = self._in_order.minKey()
            if oldest[0] > since - _DAY and len(self._replies) < MOST:
                break
            self.forget(*oldest[1:])
        self._replies[token, key] = _Kept(since, reply)
        self._in_order[since, token, key] = None

    def forget(self, token: int, key: str) -> None:
        kept = self._replies.pop((token, key), None)
        if kept is not None:
            del self._in_order[kept.since, token, key]

    def __len__(self) -> int:
        return len(self._replies)
