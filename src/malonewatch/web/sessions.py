"""Sessions of people who have logged in."""

import secrets
import threading
from collections.abc import Callable
from typing import NamedTuple

#: How many sessions a person has at a time; another one ends the oldest.
MOST = 20


class Session(NamedTuple):
    """Whose it is; `stamp` is what the account had when it began, `used` when it was last used."""

    name: str
    stamp: str
    used: float


class Sessions:
    """Who is logged in, by a key that the browser has.

    They are the process's, and end with it; one that was not used for `length`
    seconds has ended.  Usable by several threads.
    """

    def __init__(self, length: float, clock: Callable[[], float]) -> None:
        self._length = length
        self._clock = clock
        self._known: dict[str, Session] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def open(self, name: str, stamp: str) -> str:
        """Begin a session; its key, which nobody guesses."""
        key, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._known = {
                each: session
                for each, session in self._known.items()
                if now - session.used < self._length
            }
            own = [each for each, session in self._known.items() if session.name == name]
            for each in own[: max(0, len(own) - MOST + 1)]:
                del self._known[each]
            self._known[key] = Session(name, stamp, now)
        return key

    def get(self, key: str) -> Session | None:
        """The session that has this key, which is used now; None if there is none any more."""
        with self._lock:
            session, now = self._known.get(key), self._clock()
            if session is None or now - session.used >= self._length:
                return None
            # In its place, so that the order is that in which they began.
            self._known[key] = session = session._replace(used=now)
            return session

    def close(self, key: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            self._known.pop(key, None)
