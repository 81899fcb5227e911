"""Events: what a bug tracker is told when it sends that something happened to a bug."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from persistent import Persistent

from malonewatch.model import schedule
from malonewatch.model.following import Followed, keep_due
from malonewatch.model.ledger import Ledger
from malonewatch.model.pages import NEVER
from malonewatch.model.times import from_optional, to_seconds
from malonewatch.model.ways import find_place

#: Within so many seconds another event is not noted, so that many of them write nothing.
RESOLUTION = 300


class Hooked(Persistent):
    """The part of a bug tracker that hears of events."""

    ledger: Ledger
    followed: Followed | None

    hook_secrets: tuple[str, ...] = ()
    _lasthook: float | None = None

    @property
    def lasthook(self) -> datetime | None:
        return from_optional(self._lasthook)

    def noteEvent(self, references: Iterable[str], now: datetime) -> int:
        moment = to_seconds(now)
        # A clock that was wrong may have noted one in the future.
        if self._lasthook is None or abs(moment - self._lasthook) >= RESOLUTION:
            self._lasthook = moment
        places = (find_place(self, reference) for reference in references)
        names = dict.fromkeys(name for there, name in places if there is self)
        return sum(_hasten(self, name, moment) for name in names)


def _hasten(tracker: Any, remotebug: str, moment: float) -> int:
    """Make a remote bug due, if it is not; how many watches that concerns.

    Nothing is written for what is due already.
    """
    ledger, hastened = tracker.ledger, 0
    for slot in ledger.slots(remotebug):
        # In the second after, so that it is later than the question that is under way.
        due = max(math.ceil(moment), ledger.get(slot, "checked") + schedule.LEAST_PAUSE)
        if due < ledger.get(slot, "due"):
            ledger.set(slot, due=due)
            hastened += 1
    followed = tracker.followed
    if followed is not None and remotebug in followed.followers:
        # It is not known when that was asked for last.
        due = math.ceil(moment / schedule.LEAST_PAUSE) * schedule.LEAST_PAUSE
        if due < followed.due.get(remotebug, NEVER):
            keep_due(tracker, remotebug, due)
            hastened += len(followed.followers[remotebug])
    return hastened
