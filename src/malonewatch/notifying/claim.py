"""Who delivers: one process at a time, in a database.

As with the origins that runs ask, a claim in the database decides, wherever
the processes are; a lock file of this machine's tells which of those that
claimed it before have ended, so that a killed one is nobody's obstacle.
"""

import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from zope.component import getUtility

from malonewatch.identity import holder_of, id_of, new_id, shown
from malonewatch.interfaces import DatabaseError, IClock
from malonewatch.lock import Locked, lock_path, run_lock

log = logging.getLogger("malonewatch.notifying")

#: What is claimed, and what it is called that does.
CLAIM = "outbox"
WHAT = "delivery"

#: After how many seconds a claim is renewed; it lasts ten minutes.
RENEW_EVERY = 60.0


class Claimed(Exception):
    """Another has it: `holder`, for people."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class Claim:
    """The outbox of a database, claimed; `write` is as `IDatabase.write`."""

    def __init__(self, database: Any, write: Callable[[Callable[[Any], Any]], Any]) -> None:
        self._database = database
        self._write = write
        self._clock = getUtility(IClock)
        self._id = new_id()
        self._holder = holder_of(self._id, WHAT)
        self._renewed = 0.0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Have it in this block.

        :raises Claimed: another has it.
        :raises DatabaseError: the database cannot be written.
        """
        with contextlib.ExitStack() as stack:
            self._take(self._lock(stack))
            try:
                yield
            finally:
                # Without the database it runs out by itself.
                with contextlib.suppress(DatabaseError):
                    self._write(
                        lambda trackers: trackers.claims.release(CLAIM, self._holder) and None
                    )

    def renew(self) -> None:
        """Go on having it, if it is time to say so.

        :raises Claimed: another took it, as may be when this machine was asleep.
        """
        if time.monotonic() - self._renewed >= RENEW_EVERY:
            self._take([])

    def _lock(self, stack: contextlib.ExitStack) -> list[str]:
        """The ids of those that had it before on this machine, and have ended."""
        path = lock_path(self._database.identity, WHAT)
        try:
            return stack.enter_context(run_lock(path, self._id, WHAT))
        except Locked as error:
            which = "" if error.process is None else f" (process {error.process})"
            raise Claimed(f"{WHAT} on {socket.gethostname()}{which}") from None
        except OSError as error:
            # The claim does; only that those that ended are not known.
            log.debug("There can be no lock file %s: %s", path, error)
            return []

    def _take(self, ended: list[str]) -> None:
        def step(trackers: Any) -> str | None:
            claims, now = trackers.claims, self._clock.now()
            claim = claims.get(CLAIM, now)
            if claim is not None and id_of(claim.holder) in ended:
                claims.release(CLAIM, claim.holder)
            return None if claims.claim(CLAIM, self._holder, now) else str(claim.holder)

        holder = self._write(step)
        if holder is not None:
            raise Claimed(shown(holder))
        self._renewed = time.monotonic()
