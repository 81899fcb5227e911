"""What came of messages: written down, logged and counted."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from zope.component import getUtility

from malonewatch.interfaces import DeliveryFailed, IClock, IOutbox, Message
from malonewatch.notifying.routes import Result

log = logging.getLogger("malonewatch.notifying")

#: How many failures are written down in one transaction.
SOME = 500


class Refused(NamedTuple):
    """That nothing is sent to a destination now: its number, by which route nothing is, and why;
    None if there is no such destination any more."""

    destination: int
    route: str
    error: DeliveryFailed | None


class Record:
    """What came of messages.  `write` is as `IDatabase.write`.

    - `messages`, `notices`, `failed`, `disabled`: as of `Delivered`.
    """

    def __init__(self, write: Callable[[Callable[[Any], Any]], Any]) -> None:
        self.messages = self.notices = 0
        self.failed: dict[str, str] = {}
        self.disabled: dict[int, str] = {}
        self._write = write
        self._clock = getUtility(IClock)

    def sent(self, results: Sequence[Result]) -> None:
        """Write down, in one transaction, what came of messages.

        That a message failed of which that was written down before is none.

        :raises DatabaseError: it cannot be written.
        """

        def step(trackers: Any) -> dict[int, str]:
            outbox, now = getUtility(IOutbox), self._clock.now()
            disabled = {}
            for lane, message, error in results:
                if error is None:
                    outbox.delivered(message, now, lane.route.keeps)
                elif lane.current is message:
                    disabled.update(_not_taken(outbox, message, error, now))
            return disabled

        self.disabled.update(self._write(step))
        for lane, message, error in results:
            self._count(lane.route.name, message, error)

    def stops(self, message: Message, error: DeliveryFailed | None) -> bool:
        """Whether nothing more is to go to where a message went, as that failed; what is refused is
        given up, and the others go on."""
        if message.destination.id in self.disabled:
            return True
        return error is not None and not error.is_refused

    def refused(self, refused: Iterable[Refused]) -> None:
        """Write down what is not even tried.

        :raises DatabaseError: it cannot be written.
        """
        refused = list(refused)
        for first in range(0, len(refused), SOME):
            some = refused[first : first + SOME]

            def step(trackers: Any, some: Sequence[Refused] = some) -> dict[int, str]:
                outbox, now = getUtility(IOutbox), self._clock.now()
                disabled = {}
                for number, _, error in some:
                    if error is None:
                        # It finds out that nothing is to wait.
                        outbox.take(number, now, 0)
                    else:
                        disabled.update(_failed(outbox, number, error, now))
                return disabled

            self.disabled.update(self._write(step))
            for number, route, error in some:
                if error is not None:
                    self._say_refused(number, route, error)

    def _say_refused(self, number: int, route: str, error: DeliveryFailed) -> None:
        self.failed[route] = str(error)
        extra = {
            "facts": {"event": "not delivered", "destination": number, "error": str(error)},
        }
        log.info("Could not send to destination %d by %s: %s", number, route, error, extra=extra)

    def _count(self, route: str, message: Message, error: DeliveryFailed | None) -> None:
        person, count = message.destination.person, len(message.notices)
        facts = {
            "person": person,
            "destination": message.destination.id,
            "channel": message.destination.settings.kind,
            "key": message.key,
            "notices": count,
        }
        if error is None:
            self.messages += 1
            self.notices += count
            extra = {"facts": {"event": "delivered", **facts}}
            log.info("Told %s by %s; notices: %d", person, route, count, extra=extra)
        else:
            self.failed[route] = str(error)
            extra = {"facts": {"event": "not delivered", **facts, "error": str(error)}}
            log.info("Could not tell %s by %s: %s", person, route, error, extra=extra)


def _not_taken(
    outbox: Any, message: Message, error: DeliveryFailed, now: datetime
) -> dict[int, str]:
    """Write down that a message failed; as `_failed`."""
    if not error.is_refused:
        return _failed(outbox, message.destination.id, error, now)
    is_disabled = outbox.refused(message, str(error), now)
    return {message.destination.id: str(error)} if is_disabled else {}


def _failed(outbox: Any, number: int, error: DeliveryFailed, now: datetime) -> dict[int, str]:
    """Write down that a destination failed; if it was disabled for that, its number and why."""
    is_disabled = outbox.failed(number, str(error), now, error.is_permanent, error.retry_after)
    return {number: str(error)} if is_disabled else {}
