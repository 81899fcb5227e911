"""Routes: what messages go through, each in a thread of its own.

A thread has plain values only.  What came of each message it reports, and it
waits for what it reported before to be written down, so that at any moment
nobody knows of two messages at most on each route whether they arrived.
"""

import dataclasses
import logging
import queue
import threading
import time
from collections import deque
from typing import Any

from malonewatch.interfaces import DeliveryFailed, DeliverySettings, Message

log = logging.getLogger("malonewatch.notifying")


@dataclasses.dataclass(slots=True, eq=False)
class Parcel:
    """The messages for a destination, in their order."""

    destination: int
    messages: deque[Message]


@dataclasses.dataclass(slots=True, eq=False)
class Result:
    """What came of a message: it arrived, unless there is an error.

    `message` is None where it never came to one; nothing more of the parcel is
    sent then.  `is_last` says that the parcel is done with.
    """

    route: "Route"
    parcel: Parcel
    message: Message | None
    error: DeliveryFailed | None = None
    is_last: bool = False


class Route:
    """Sends parcels by a channel, one after the other.

    `key` tells it from others, `name` is for people, and `results` is where the
    thread reports.
    """

    def __init__(
        self,
        key: tuple[str, str],
        name: str,
        channel: Any,
        delivery: DeliverySettings,
        results: "queue.SimpleQueue[Result]",
    ) -> None:
        self.key = key
        self.name = name
        self.keeps: int = channel.keeps
        self.parcels: set[Parcel] = set()
        #: When the message was begun that is on its way, in seconds of the monotonic clock.
        self.began: float | None = None
        self.is_stopped = False
        #: Whether it hung, so that what it reports still is known to nobody.
        self.is_abandoned = False
        self._channel = channel
        self._delivery = delivery
        self._results = results
        self._inbox: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        # As many as may be sent without having been written down.
        self._places = threading.Semaphore(2)
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"delivery by {name}")
        self._thread.start()

    def put(self, parcel: Parcel) -> None:
        """Let it send that, too."""
        self.parcels.add(parcel)
        self._inbox.put(parcel)

    def stop(self) -> None:
        """Begin no further message, and end."""
        self.is_stopped = True
        self._inbox.put(None)
        self._places.release()

    def abandon(self) -> None:
        """Let it go on by itself, or hang; it is asked for nothing any more."""
        self.is_abandoned = True
        self.stop()

    def join(self, seconds: float) -> None:
        """Wait for it to end, for so long at most."""
        self._thread.join(seconds)

    def written(self) -> None:
        """A result was written down."""
        self._places.release()

    # In its thread.

    def _run(self) -> None:
        parcel = self._inbox.get()
        while parcel is not None and not self.is_stopped:
            self.began = time.monotonic()
            try:
                with self._channel.open(self._delivery) as sender:
                    self.began = None
                    while parcel is not None:
                        self._send(sender, parcel)
                        parcel = self._inbox.get()
            except Exception as error:
                self.began = None
                if parcel is None:
                    # All was sent by then.
                    log.warning("Closing %s failed: %s", self.name, error)
                    return
                self._report(Result(self, parcel, None, self._failure(error), is_last=True))
                parcel = self._inbox.get()

    def _send(self, sender: Any, parcel: Parcel) -> None:
        """Send the messages of a parcel, as far as they arrive."""
        messages = parcel.messages
        while messages and not self.is_stopped:
            message, error = messages.popleft(), None
            self._places.acquire()
            if self.is_stopped:
                return
            self.began = time.monotonic()
            try:
                sender.send(message)
            except Exception as caught:
                error = self._failure(caught)
            self.began = None
            self._report(Result(self, parcel, message, error, error is not None or not messages))
            if error is not None:
                return

    def _report(self, result: Result) -> None:
        self._results.put(result)

    def _failure(self, error: Exception) -> DeliveryFailed:
        if isinstance(error, DeliveryFailed):
            return error
        log.error("Unexpected failure when sending by %s", self.name, exc_info=error)
        return DeliveryFailed(
            f"Sending by {self.name} failed unexpectedly ({type(error).__name__}); the log has "
            "the traceback."
        )
