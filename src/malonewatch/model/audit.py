"""The audit trail, as it is kept."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from BTrees.LOBTree import LOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import AuditEntry, IAuditLog
from malonewatch.model.activity import one_line
from malonewatch.model.times import from_seconds, to_seconds

#: How many months are kept, this one among them.
MONTHS = 13

#: In characters.
_LONGEST = 300

#: Bits of a number that are by chance, so that those who write at the same time have two.
_CHANCE = 10
_MICRO = 10**6
#: No number is greater, nor could it be looked for.
_GREATEST = 2**63 - 1


@implementer(IAuditLog)
class AuditLog(Persistent):
    """See `IAuditLog`.

    A month is a BTree of its own, so that a record costs a bucket or two, and an
    old month goes as a whole.  Two who add to the same bucket are both right to
    ZODB, as their numbers differ; a common count would set them against each
    other, so there is none.
    """

    __parent__: Any = None
    __name__ = "audit"

    def __init__(self) -> None:
        #: By month, counted from the year 0: the entries by number.
        self._months = LOBTree()

    def record(
        self,
        moment: datetime,
        face: str,
        actor: str,
        action: str,
        target: str,
        detail: str = "",
    ) -> None:
        entries = self._month_of(moment)
        number = _number_of(moment) + secrets.randbits(_CHANCE)
        while number in entries:
            number += 1
        texts = (face, actor, action, target, detail)
        entries[number] = tuple(one_line(each, _LONGEST) for each in texts)

    def _month_of(self, moment: datetime) -> Any:
        month = moment.year * 12 + moment.month
        entries = self._months.get(month)
        if entries is None:
            entries = self._months[month] = LOBTree()
            for old in list(self._months.keys(max=month - MONTHS)):
                del self._months[old]
        return entries

    def entries(
        self, since: datetime | None = None, before: int | None = None
    ) -> Iterator[AuditEntry]:
        first = None if since is None else _number_of(since)
        last = None if before is None else min(before, _GREATEST) - 1
        for month in reversed(self._months.keys()):
            for number in _backwards(self._months[month], first, last):
                texts = self._months[month][number]
                yield AuditEntry(number, from_seconds((number >> _CHANCE) / _MICRO), *texts)


def _backwards(entries: Any, first: int | None, last: int | None) -> Iterator[int]:
    """The numbers from `last` down to `first`; a BTree has no way back of its own."""
    while True:
        try:
            number = entries.maxKey() if last is None else entries.maxKey(last)
        except ValueError:
            # There is none.
            return
        if first is not None and number < first:
            return
        yield number
        last = number - 1


def _number_of(moment: datetime) -> int:
    """The least number of what is done at that moment."""
    return round(to_seconds(moment) * _MICRO) << _CHANCE
