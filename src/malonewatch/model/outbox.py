"""The outbox: what waits to be told.

A notice is stored once, whoever is told of it; what waits for a destination
are pairs of numbers.  So much is written in the transaction of the change, and
all that has to be known of a destination to send to it is looked at later.
"""

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOTreeSet
from zope.interface import implementer

from malonewatch.interfaces import (
    BadInput,
    DeliverySettings,
    DestinationSettings,
    Happening,
    IInstallation,
    IOutbox,
    ISubscriptionSet,
    Message,
    Notice,
    Timing,
)
from malonewatch.model.happened import Happened, pack_notice, unpack_notice
from malonewatch.model.numbers import FIRST, LAST, Numbered
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_optional, from_seconds, to_seconds
from malonewatch.model.timings import end_of_quiet, next_digest

#: How many notices a message has at most; what is beyond that comes with the next one.
MOST = 500

#: The pauses before the second attempt and further ones, in seconds; the last goes on.
PAUSES = (60, 300, 1800, 2 * 3600, 6 * 3600, 12 * 3600)

#: After so many seconds of nothing but failures a destination is disabled.
GIVE_UP = 3 * 86_400.0

#: After so many messages in a row that are refused for good it is as well.
REFUSALS = 3

HOUR = 3600

#: In so many seconds every destination is looked at again, whatever its timing.
FARTHEST = 9 * 86_400


@implementer(IOutbox)
class Outbox(Numbered):
    """See `IOutbox`."""

    __parent__: Any = None
    __name__ = "outbox"
    #: What feeds tell besides changes of status; made when there is anything.
    _happened: Any = None

    def __init__(self) -> None:
        #: The notices by number, packed; and for how many destinations each is kept, if several.
        self._notices = LOBTree()
        self._readers = LLBTree()
        #: (number of a destination, number of a notice) of what waits, and of what was told.
        self._pending = OOTreeSet()
        self._told = OOTreeSet()
        #: (second, number of a destination): when to look at it; and the second by destination.
        self._due = OOTreeSet()
        self._due_at = LLBTree()
        #: By destination, the hour of the last message and how many went out in it, as one number.
        self._sent = LLBTree()
        self._settings: dict[str, Any] = {}

    @property
    def settings(self) -> DeliverySettings:
        return DeliverySettings(**self._settings)

    @settings.setter
    def settings(self, settings: DeliverySettings) -> None:
        if settings.trouble_after < 1:
            raise BadInput("People are told of trouble after one attempt at least.")
        self._settings = dataclasses.asdict(settings)

    @property
    def pending(self) -> int:
        return len(self._pending)

    # What happens.

    def add(self, notice: Notice, destinations: Collection[int]) -> None:
        """Let that wait for these destinations; its `id` is given here."""
        number = self._next_number(self._notices)
        self._notices[number] = pack_notice(notice)
        if len(destinations) > 1:
            self._readers[number] = len(destinations)
        second = int(to_seconds(notice.moment))
        for destination in destinations:
            self._pending.insert((destination, number))
            # Where it is later than can be, a clock was wrong.
            if not 0 <= self._due_at.get(destination, -1) <= second + FARTHEST:
                self._set_due(destination, second)

    def note(self, notice: Notice) -> None:
        if self._happened is None:
            self._happened = Happened()
        self._happened.note(notice)

    def happened(self) -> Iterator[Notice]:
        return iter(()) if self._happened is None else self._happened.newest()

    # Looking for what is to be sent.

    def getDue(self, now: datetime, limit: int) -> list[int]:
        due = self._due.keys(None, (int(to_seconds(now)), LAST))
        return [destination for _, destination in islice(due, limit)]

    def nextDue(self) -> datetime | None:
        return from_seconds(self._due.minKey()[0]) if self._due else None

    def due_for(self, destination: int) -> datetime | None:
        """When that one is looked at; None if nothing waits for it."""
        return from_optional(self._due_at.get(destination))

    def count_for(self, destination: int) -> int:
        """How many notices wait for it."""
        return len(self._ids(self._pending, destination))

    def take(self, destination_id: int, now: datetime, keeps: int) -> list[Message]:
        destination = self._subscriptions.queryDestination(destination_id)
        waiting = self._ids(self._pending, destination_id)
        if destination is None or destination.disabled is not None or not waiting:
            self._set_due(destination_id, None)
            return []
        settings: DestinationSettings = destination.settings
        moment = self._moment_for(destination, settings, waiting, now)
        if moment > now:
            self._set_due(destination_id, int(to_seconds(moment)))
            return []
        end = destination.digest_end
        if end is None and self._is_one_by_one(settings, destination_id, waiting, now):
            groups: list[tuple[int, ...]] = [(number,) for number in waiting]
        else:
            # What nobody knows to have arrived is sent as it was.
            chosen = [each for each in waiting if end is None or each <= end][:MOST]
            groups = [tuple(chosen)] if chosen else [tuple(waiting[:MOST])]
            if destination.digest_end != groups[0][-1]:
                destination.digest_end = groups[0][-1]
        return self._messages(destination, groups, keeps)

    def _moment_for(
        self, destination: Any, settings: DestinationSettings, waiting: list[int], now: datetime
    ) -> datetime:
        """When the next message may go to a destination."""
        moments = [now]
        if destination.not_before is not None:
            moments.append(from_seconds(destination.not_before))
        if settings.timing is not Timing.AT_ONCE and destination.digest_end is None:
            moments.append(next_digest(settings, self._get(waiting[0]).moment))
        elif settings.limit and self._left(settings, destination.id, now) <= 0:
            moments.append(from_seconds((_hour_of(now) + 1) * HOUR))
        moment = max(moments)
        return end_of_quiet(settings, moment) or moment

    def _is_one_by_one(
        self,
        settings: DestinationSettings,
        destination_id: int,
        waiting: list[int],
        now: datetime,
    ) -> bool:
        """Whether each notice is a message, as these are not too many."""
        if settings.timing is not Timing.AT_ONCE or not settings.limit:
            return False
        return len(waiting) <= self._left(settings, destination_id, now)

    def _left(self, settings: DestinationSettings, destination_id: int, now: datetime) -> int:
        """How many messages may go out in this hour yet."""
        return settings.limit - self._sent_in(destination_id, _hour_of(now))

    def _sent_in(self, destination_id: int, hour: int) -> int:
        """How many messages went out in that hour, if it is the last one in which any did."""
        before, count = divmod(self._sent.get(destination_id, 0), _COUNTS)
        return count if before == hour else 0

    def _messages(
        self, destination: Any, groups: list[tuple[int, ...]], keeps: int
    ) -> list[Message]:
        facts, identity = destination.facts, find_utility(self, IInstallation).identity
        recent = self.told(destination.id, keeps)
        messages = []
        for numbers in groups:
            notices = tuple(self._for(destination, number) for number in numbers)
            is_digest = len(notices) > 1
            which = f"{numbers[0]}-{numbers[-1]}" if is_digest else str(numbers[0])
            key = f"{identity}.{destination.id}.{which}"
            messages.append(Message(key, facts, notices, is_digest, recent))
            recent = (*recent, *notices)[-keeps:] if keeps else ()
        return messages

    def told(self, destination_id: int, keeps: int) -> tuple[Notice, ...]:
        numbers = self._ids(self._told, destination_id)[-keeps:] if keeps else []
        destination = self._subscriptions.queryDestination(destination_id)
        return tuple(self._for(destination, number) for number in numbers)

    def _for(self, destination: Any, number: int) -> Notice:
        """A notice as it may be told there: the titles of a private bug go by mail, to who is
        told of this very bug."""
        notice = self._get(number)
        if not notice.private:
            return notice
        is_mail = destination.settings.kind == "mail"
        is_for_it = is_mail and self._subscriptions.leadsToBug(destination, notice.bug)
        return notice if is_for_it else notice.without_titles()

    # What came of it.

    def delivered(self, message: Message, now: datetime, keeps: int) -> None:
        destination_id = message.destination.id
        destination, news = self._pending_of(message)
        if destination is None or not news:
            return
        for number in news:
            self._pending.remove((destination_id, number))
            if keeps:
                self._told.insert((destination_id, number))
            else:
                self._let_go(number)
        if keeps:
            for number in self._ids(self._told, destination_id)[:-keeps]:
                self._told.remove((destination_id, number))
                self._let_go(number)
        if destination.failures or destination.last_error or destination.refusals:
            destination.recover()
        hour = _hour_of(now)
        self._sent[destination_id] = hour * _COUNTS + self._sent_in(destination_id, hour) + 1
        self._go_on(destination, now)

    def refused(self, message: Message, error: str, now: datetime) -> bool:
        destination, news = self._pending_of(message)
        if destination is None or destination.disabled is not None or not news:
            return False
        for number in news:
            self._pending.remove((destination.id, number))
            self._let_go(number)
        destination.refuse(message, error, now)
        if destination.refusals >= REFUSALS:
            self._give_up(destination, error, now)
            return True
        self._go_on(destination, now)
        return False

    def _pending_of(self, message: Message) -> tuple[Any, list[int]]:
        """The destination of a message, if there is still one, and which of its notices wait."""
        number = message.destination.id
        news = [notice.id for notice in message.notices if (number, notice.id) in self._pending]
        return self._subscriptions.queryDestination(number), news

    def _go_on(self, destination: Any, now: datetime) -> None:
        """Have what waits for a destination go out, as a message is done with."""
        destination_id = destination.id
        if destination.digest_end is not None:
            destination.digest_end = None
        if not self._waits(destination_id):
            self._set_due(destination_id, None)
        elif self._due_at.get(destination_id, LAST) > to_seconds(now):
            self._set_due(destination_id, int(to_seconds(now)))

    def failed(
        self,
        destination_id: int,
        error: str,
        now: datetime,
        is_permanent: bool = False,
        retry_after: float | None = None,
    ) -> bool:
        destination = self._subscriptions.queryDestination(destination_id)
        if destination is None or destination.disabled is not None:
            return False
        moment = to_seconds(now)
        pause = float(PAUSES[min(destination.failures, len(PAUSES) - 1)])
        if destination.failing_since is None:
            destination.failing_since = moment
        destination.failures += 1
        destination.last_error = error
        if is_permanent or moment - destination.failing_since >= GIVE_UP:
            self._give_up(destination, error, now)
            return True
        destination.not_before = moment + min(max(pause, retry_after or 0), PAUSES[-1] * 2)
        self._set_due(destination_id, int(destination.not_before))
        return False

    def _give_up(self, destination: Any, error: str, now: datetime) -> None:
        settings = destination.settings
        self._subscriptions.disable(destination, error)
        self._set_due(destination.id, None)
        others = self._subscriptions.others_of(destination)
        if others:
            # Elsewhere the address may be a secret.
            is_public = settings.address == destination.person.email
            what = f" to {settings.address}" if is_public else f", destination {destination.id}"
            self.add(
                Notice(0, now, Happening.DISABLED, title=f"{settings.kind}{what}", text=error),
                others,
            )

    # Destinations that change.

    def wake(self, destination: Any) -> None:
        """Look at a destination again at the next opportunity, if anything waits for it."""
        if self._waits(destination.id):
            self._set_due(destination.id, 0)

    def drop(self, destination_id: int) -> None:
        """Forget what waits for a destination, and what it was told."""
        for notices in (self._pending, self._told):
            for number in self._ids(notices, destination_id):
                notices.remove((destination_id, number))
                self._let_go(number)
        self._sent.pop(destination_id, None)
        self._set_due(destination_id, None)

    # Parts.

    @property
    def _subscriptions(self) -> Any:
        return find_utility(self, ISubscriptionSet)

    def _ids(self, pairs: Any, destination_id: int) -> list[int]:
        keys: Iterable[tuple[int, int]] = pairs.keys(
            (destination_id, FIRST), (destination_id, LAST)
        )
        return [number for _, number in keys]

    def _waits(self, destination_id: int) -> bool:
        return any(self._pending.keys((destination_id, FIRST), (destination_id, LAST)))

    def _set_due(self, destination_id: int, second: int | None) -> None:
        before = self._due_at.get(destination_id)
        if before == second:
            return
        if before is not None:
            self._due.remove((before, destination_id))
        if second is None:
            del self._due_at[destination_id]
        else:
            self._due.insert((second, destination_id))
            self._due_at[destination_id] = second

    def _get(self, number: int) -> Notice:
        return unpack_notice(number, self._notices[number])

    def _let_go(self, number: int) -> None:
        """Note that a notice is kept for one destination less."""
        readers = self._readers.pop(number, 1) - 1
        if readers:
            self._readers[number] = readers
            return
        self._retire_number(self._notices, number)
        del self._notices[number]


#: More messages than go out in an hour.
_COUNTS = 1_000_000


def _hour_of(moment: datetime) -> int:
    return int(to_seconds(moment)) // HOUR
