"""How a worker is: told to the service manager, in a file, and as metrics."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from zope.component import getUtility

from malonewatch.checkwatches.exposing import metrics_type
from malonewatch.checkwatches.files import put_file
from malonewatch.checkwatches.logs import said
from malonewatch.checkwatches.systemd import notify
from malonewatch.interfaces import IClock

log = logging.getLogger("malonewatch.checkwatches")

#: After how many seconds the file is written anew, and the metrics are read.
HEALTH_EVERY = 10.0
METRICS_EVERY = 300.0

#: What a worker does, as the file has it.
WORKING, WAITING, ENDED = "working", "waiting for the database", "ended"


class Health:
    """Tells how a worker is, in the file at `path` if there is one.

    That has an object as JSON: what it does (`state`), as of when (`time`), and
    when it began (`since`); how many origins it asks now (`asking`), and how
    many turns it has taken (`turns`).
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._clock = getUtility(IClock)
        self._since = self._clock.now()
        self._state = ""
        self._written: datetime | None = None
        self._is_failing = False
        #: How many turns were taken.
        self.turns = 0

    def begin(self) -> None:
        """It is ready to work."""
        notify("READY=1")
        self.tell(WORKING, 0)

    def tell(self, state: str, asking: int) -> None:
        """It is alive, does that, and asks so many origins."""
        notify("WATCHDOG=1")
        now = self._clock.now()
        age = now - (self._written or now)
        if state == self._state and timedelta(0) <= age < timedelta(seconds=HEALTH_EVERY):
            return
        self._state, self._written = state, now
        if self._path is None:
            return
        facts = {
            "state": state,
            "time": now.isoformat(timespec="seconds"),
            "since": self._since.isoformat(timespec="seconds"),
            "asking": asking,
            "turns": self.turns,
        }
        try:
            put_file(self._path, json.dumps(facts).encode() + b"\n")
            self._is_failing = False
        except OSError as error:
            if not self._is_failing:
                log.error(
                    "The health file %s cannot be written (%s); see that its folder is there, and "
                    "that this user may write there.",
                    *(self._path, error.strerror),
                    extra=said("no health"),
                )
            self._is_failing = True

    def end(self) -> None:
        """It is about to end."""
        notify("STOPPING=1")


def metrics_writer(path: Path | None, database: Any) -> Callable[[], None] | None:
    """What writes the metrics of a database to the file at `path`; None if there is none.

    :raises BadInput: nothing can write it.
    """
    if path is None:
        return None
    make = metrics_type()
    started = time.monotonic()

    def write() -> None:
        metrics = make(path)
        metrics.read(database, None)
        metrics.write(0, time.monotonic() - started)

    return write


async def keep_metrics(write: Callable[[], None]) -> None:
    """Have the metrics written again and again, until cancelled."""
    while True:
        await asyncio.to_thread(write)
        await asyncio.sleep(METRICS_EVERY)
