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
from malonewatch.model.times import from_optional, from_seconds, to_seconds
from malonewatch.model.ways import find_place

#: Within so many seconds another event is not noted, so that many of them write nothing.
RESOLUTION = 300
#: Within so many seconds another event about a bug that is being asked for changes nothing.
STEP = 10


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

    Nothing is written for what is due already, unless somebody may be asking
    for it at the moment: then it is to be due after that.
    """
    ledger, hastened = tracker.ledger, 0
    at_work = tracker.__parent__.claims.get(tracker.origin, from_seconds(moment)) is not None
    soon = _after(moment, STEP if at_work else 1)
    for slot in ledger.slots(remotebug):
        before = ledger.get(slot, "due")
        due = max(soon, ledger.get(slot, "checked") + schedule.LEAST_PAUSE)
        if due < before or (at_work and due > before):
            ledger.set(slot, due=due)
            hastened += before > moment
    followed = tracker.followed
    if followed is not None and remotebug in followed.followers:
        # It is not known when that was asked for last.
        due, before = _after(moment, schedule.LEAST_PAUSE), followed.due.get(remotebug, NEVER)
        if due < before or (at_work and due > before):
            keep_due(tracker, remotebug, due)
            hastened += len(followed.followers[remotebug]) if before > moment else 0
    return hastened


def _after(moment: float, step: int) -> int:
    """The next whole number of steps of so many seconds, so that what comes before it is one."""
    return math.ceil(moment / step) * step
