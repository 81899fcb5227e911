"""Routes: what messages go through; and lanes: the threads that send on them.

A lane has plain values only, and a message at a time: the next one is given to
it when what came of the last one is written down.  So at any moment nobody
knows of one message at most on each lane whether it arrived.
"""

import dataclasses
import logging
import queue
import threading
import time
from collections import deque
from typing import Any, NamedTuple

from malonewatch.interfaces import DeliveryFailed, DeliverySettings, Message

log = logging.getLogger("malonewatch.notifying")

#: How many destinations are taken on at once in a lane.
AHEAD = 10


class Result(NamedTuple):
    """What came of a message: it arrived, unless there is an `error`."""

    lane: "Lane"
    message: Message
    error: DeliveryFailed | None = None


class Unopened(NamedTuple):
    """That a lane could not be opened, and why."""

    lane: "Lane"
    error: DeliveryFailed


@dataclasses.dataclass(slots=True, eq=False)
class Route:
    """What messages by a channel go through, as far as the main thread knows.

    - `key`: tells it from others, `name` is for people,
    - `waiting`: the numbers of destinations that are to be sent to,
    - `lanes`: the threads at work, and `most` how many there may be,
    - `has_worked`: whether a message arrived,
    - `error`: why it cannot be used any more, and `is_left` whether it is not
      to be used any more; what waits for it stays as it is then.
    """

    key: tuple[str, str]
    name: str
    channel: Any
    keeps: int
    most: int
    waiting: deque[int] = dataclasses.field(default_factory=deque)
    lanes: "list[Lane]" = dataclasses.field(default_factory=list)
    has_worked: bool = False
    error: DeliveryFailed | None = None
    is_left: bool = False

    def next_few(self) -> list[int]:
        """Destinations for a lane to take on: no more than its share of what waits, or a few lanes
        would have much to do yet when the others have nothing."""
        share = -(-len(self.waiting) // len(self.lanes))
        return [self.waiting.popleft() for _ in range(min(AHEAD, share))]


class Lane:
    """A thread that sends on a route.

    `messages` are those that it is to send, `current` the one that it was
    given; both are the main thread's.
    """

    def __init__(
        self,
        route: Route,
        delivery: DeliverySettings,
        results: "queue.SimpleQueue[Result | Unopened]",
    ) -> None:
        self.route = route
        self.messages: deque[Message] = deque()
        self.current: Message | None = None
        #: When it began what it does, by the monotonic clock; None while it waits.
        self.began: float | None = None
        self._delivery = delivery
        self._results = results
        self._given: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def send_next(self) -> None:
        """Send the next message."""
        if self._thread is None:
            name = f"delivery by {self.route.name}"
            self._thread = threading.Thread(target=self._run, daemon=True, name=name)
            self._thread.start()
        self.current = self.messages.popleft()
        self._given.put(self.current)

    def is_done_with(self, destination: int, has_failed: bool) -> bool:
        """Whether nothing more is to go to a destination now; that is so if it `has_failed`."""
        while self.messages and self.messages[0].destination.id == destination:
            if not has_failed:
                return False
            self.messages.popleft()
        return True

    def close(self) -> None:
        """Begin no further message, and end."""
        self._is_closed = True
        self._given.put(None)

    def join(self, seconds: float) -> None:
        """Wait for it to end, for so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    # In its thread.

    def _run(self) -> None:
        is_open = False
        try:
            self.began = time.monotonic()
            with self.route.channel.open(self._delivery) as sender:
                is_open, self.began = True, None
                while (message := self._given.get()) is not None and not self._is_closed:
                    self._results.put(Result(self, message, self._send(sender, message)))
        # Whatever it is, the main thread has to know.
        except BaseException as error:
            self.began = None
            if is_open:
                # All that it sent had arrived.
                log.debug("Closing %s failed: %s", self.route.name, error)
            else:
                self._results.put(Unopened(self, failure_of(error, self.route.name)))

    def _send(self, sender: Any, message: Message) -> DeliveryFailed | None:
        """Send a message; why it did not arrive, if so."""
        self.began = time.monotonic()
        try:
            sender.send(message)
        except BaseException as error:
            return failure_of(error, self.route.name)
        finally:
            self.began = None
        return None


def failure_of(error: BaseException, name: str) -> DeliveryFailed:
    """What a channel raised, as a failure to deliver; a fault is logged."""
    if isinstance(error, DeliveryFailed):
        return error
    log.error("Unexpected failure when sending by %s", name, exc_info=error)
    return DeliveryFailed(
        f"Sending by {name} failed unexpectedly ({type(error).__name__}); the log has the "
        "traceback."
    )
