"""Ending what waits for its database, which some storages do without a limit."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable

from malonewatch.exitcodes import EXIT_DATABASE

log = logging.getLogger("malonewatch.guard")

#: How many seconds there are after a signal, and after the time is up.
GRACE = 8.0
LEEWAY = 30.0


def _log(sentence: str) -> None:
    log.error("%s", sentence, extra={"facts": {"event": "broken off"}})


class Guard:
    """Ends the process unless the block that it is used for ends in time.

    A storage that waits for its server has the event loop wait, too, so that
    neither a signal nor a time limit is heeded there.  The block has so many
    `seconds`, None for as long as it likes, and no more than `grace` after `hurry`.
    `place` is where the database is that it works on, once that is known, and
    `say` tells people.
    """

    def __init__(
        self,
        seconds: float | None = None,
        end: Callable[[int], object] = os._exit,
        grace: float | None = None,
        say: Callable[[str], object] = _log,
    ) -> None:
        self.place = ""
        self._grace = GRACE if grace is None else grace
        self._deadline = math.inf if seconds is None else time.monotonic() + seconds + LEEWAY
        self._end = end
        self._say = say
        #: Whether the block was asked to end soon.
        self.is_hurried = False
        self._is_over = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="guard")

    def __enter__(self) -> "Guard":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with self._news:
            self._is_over = True
            self._news.notify()
        self._thread.join()

    def hurry(self) -> None:
        """The block is to end soon; from any thread but the one that may be waiting."""
        with self._news:
            self.is_hurried = True
            self._deadline = min(self._deadline, time.monotonic() + self._grace)
            self._news.notify()

    def allow(self, seconds: float) -> None:
        """The block has so many seconds again, from now on, unless it is to end soon."""
        with self._news:
            if not self.is_hurried:
                self._deadline = time.monotonic() + seconds

    def _watch(self) -> None:
        with self._news:
            while not self._is_over:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(min(left, threading.TIMEOUT_MAX))
            else:
                return
        place = f" {self.place}" if self.place else ""
        self._say(
            f"The database{place} does not answer, so the run is broken off; what was not saved "
            "is still due."
        )
        self._end(EXIT_DATABASE)
