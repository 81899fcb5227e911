"""Who has an account logs in by name and password."""

import threading
import time
from collections.abc import Callable
from typing import Any

from pyramid.request import RequestLocalCache
from zope.component import queryUtility

from malonewatch.application import audit, people
from malonewatch.interfaces import IAccountSet
from malonewatch.web.database import RequestDatabase
from malonewatch.web.limits import LogInLimits
from malonewatch.web.security import Identity, Policy
from malonewatch.web.sessions import Sessions

#: How long a session lasts without a request, in seconds.
LENGTH = 12 * 3600


#: How many failed log-ins an hour are kept in the audit trail, whoever wants to fill it.
MOST_FAILURES = 100


class TooManyAttempts(Exception):
    """Who tries to log in has to wait for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class AccountPolicy(Policy):
    """Who makes a request is who logged in, and has an account still.

    A session ends when it is said to, when the account is disabled or removed
    or has another password, and with the process.  `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions = Sessions(LENGTH, clock)
        self._limits = LogInLimits(clock)
        #: How many log-ins failed in that hour.
        self._hour, self._failures = 0, 0
        self._lock = threading.Lock()
        # Many parts of a page ask.
        self._identities = RequestLocalCache(self._look)

    def identity(self, request: Any) -> Identity | None:
        # There are none where the database cannot be used, or before a site is found.
        if queryUtility(IAccountSet) is None:
            return None
        found: Identity | None = self._identities.get_or_create(request)
        return found

    def _look(self, request: Any) -> Identity | None:
        key = request.session.get("key", "")
        session = self._sessions.get(key)
        if session is None:
            return None
        found = people.known(RequestDatabase(), session.name)
        if found is None or not found.account.enabled or found.stamp != session.stamp:
            self._sessions.close(key)
            return None
        return Identity.of(found.account)

    def log_in(self, request: Any, name: str, password: str) -> bool:
        """Open a session for who has this name and password; whether somebody has.

        :raises TooManyAttempts: nothing was looked at.
        """
        name, address = name.lower(), request.client_addr or ""
        self._begin(name, address)
        database = RequestDatabase()
        found = people.log_in(database, name, password)
        if found is None:
            self._note_failure(database, name, address)
            return False
        self._limits.succeeded(name, address)
        self._open(request, found)
        audit.note(database, "log in", f"person {name}", f"from {address}")
        return True

    def _begin(self, name: str, address: str) -> None:
        wait = self._limits.begin(name, address)
        if wait:
            raise TooManyAttempts(wait)

    def _note_failure(self, database: Any, name: str, address: str) -> None:
        """Keep that a log-in failed, unless too many did in the last hour."""
        hour = int(self._clock() // 3600)
        with self._lock:
            if hour != self._hour:
                self._hour, self._failures = hour, 0
            self._failures += 1
            count = self._failures
        if count > MOST_FAILURES:
            return
        # What was typed as a name may be a password, so only a known one is kept.
        is_known = people.known(database, name) is not None
        detail = f"from {address}"
        if count == MOST_FAILURES:
            detail += "; further ones of this hour are not kept"
        target = f"person {name}" if is_known else "nobody known"
        audit.note(database, "failed log-in", target, detail)

    def change_password(self, request: Any, old: str, new: str) -> None:
        """Give who makes the request another password; other sessions of the person end.

        :raises BadInput: the old one is not right, or the new one cannot be a password.
        :raises TooManyAttempts: nothing was looked at.
        """
        name, address = request.identity.name, request.client_addr or ""
        # Who found a browser that is logged in guesses no faster than others.
        self._begin(name, address)
        database = RequestDatabase()
        people.change_password(database, name, old, new)
        self._limits.succeeded(name, address)
        found = people.known(database, name)
        assert found is not None
        self._open(request, found)

    def _open(self, request: Any, found: people.Known) -> None:
        # Another cookie: who knew, or set, that of before has nothing of it.
        self.log_out(request)
        request.session["key"] = self._sessions.open(found.account.name, found.stamp)
        self._identities.clear(request)

    def log_out(self, request: Any) -> None:
        """End the session, also for who has a copy of the cookie."""
        self._sessions.close(request.session.get("key", ""))
        request.session.invalidate()
        self._identities.clear(request)
