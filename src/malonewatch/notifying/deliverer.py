"""Delivering what waits in a database.

The main thread alone works on the database: it takes what is due, hands it to
the routes, and writes down what came of each message.
"""

import contextlib
import logging
import os
import queue
import re
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from zope.component import getUtility, queryUtility
from zope.interface import provider

from malonewatch.interfaces import (
    DatabaseError,
    Delivered,
    DeliveryFailed,
    DeliverySettings,
    IChannel,
    IClock,
    IDeliverer,
    IOutbox,
    ISubscriptionSet,
    Message,
    NotFoundError,
)
from malonewatch.notifying.routes import Parcel, Result, Route

log = logging.getLogger("malonewatch.notifying")

#: What a deliverer claims, and after how many seconds it does so again.
CLAIM = "outbox"
RENEW_EVERY = 60.0

#: How many destinations are taken on at once, and how many routes are used at the same time.
AHEAD = 200
ROUTES = 8

#: How many seconds a message may take, how often the main thread looks around, and how long it
#: waits for what is on its way when all is to end.
MESSAGE_SECONDS = 60.0
LOOK_EVERY = 0.2
GRACE = 4.0

#: The kind of a channel, and what it goes through.
_Key = tuple[str, str]


class Failure(NamedTuple):
    """That a message failed: by which route, why, and which destination was disabled for it."""

    route: str
    sentence: str
    disabled: int | None


class _Taken(NamedTuple):
    destination: int
    key: _Key
    channel: Any
    messages: list[Message]


@provider(IDeliverer)
def deliver(
    database: Any,
    *,
    seconds: float | None = None,
    is_over: Callable[[], bool] | None = None,
) -> Delivered:
    """See `IDeliverer`.  In the main thread SIGTERM and SIGINT end it as well."""
    return Delivery(database, seconds, is_over).run()


class Delivery:
    """One time that what waits is delivered."""

    def __init__(
        self,
        database: Any,
        seconds: float | None = None,
        is_over: Callable[[], bool] | None = None,
        message_seconds: float = MESSAGE_SECONDS,
    ) -> None:
        self._database = database
        self._end = None if seconds is None else time.monotonic() + seconds
        self._says_over = is_over or (lambda: False)
        self._message_seconds = message_seconds
        self._clock = getUtility(IClock)
        self._holder = f"malonewatch on {socket.gethostname()} (process {os.getpid()})"
        self._renewed = 0.0
        self._delivery = DeliverySettings()
        self._routes: dict[_Key, Route] = {}
        #: What keeps a route from being used any more.
        self._broken: dict[_Key, DeliveryFailed] = {}
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        #: What is to be written down next, and the destinations that are being sent to.
        self._news: list[Result] = []
        self._busy: set[int] = set()
        self._messages = self._notices = 0
        self._failed: dict[str, str] = {}
        self._disabled: dict[int, str] = {}
        self._is_over = False

    def run(self) -> Delivered:
        """Deliver; what came of it."""
        claimed = self._claim()
        if claimed is not None:
            return Delivered(claimed=claimed)
        try:
            with self._signals():
                self._deliver()
        finally:
            for route in self._routes.values():
                route.stop()
            with contextlib.suppress(DatabaseError):
                self._database.write(self._release)
        return Delivered(
            *(self._messages, self._notices, self._failed, self._disabled),
            interrupted=self._is_over,
        )

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """End at SIGTERM and SIGINT, where signals can be had."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def told(number: int, frame: object) -> None:
            self._is_over = True

        with contextlib.ExitStack() as stack:
            for number in (signal.SIGTERM, signal.SIGINT):
                stack.callback(signal.signal, number, signal.signal(number, told))
            yield

    # One deliverer at a time.

    def _claim(self) -> str | None:
        """Take the outbox; who else has it, None if we do now."""

        def step(trackers: Any) -> str | None:
            claims, now = trackers.claims, self._clock.now()
            claim = claims.get(CLAIM, now)
            if claim is not None and _is_dead(claim.holder):
                claims.release(CLAIM, claim.holder)
            self._delivery = getUtility(IOutbox).settings
            return None if claims.claim(CLAIM, self._holder, now) else str(claim.holder)

        claimed: str | None = self._database.write(step)
        self._renewed = time.monotonic()
        return claimed

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > RENEW_EVERY and self._claim() is not None:
            log.warning("Another process has taken the outbox over; this one sends no more.")
            self._is_over = True

    def _release(self, trackers: Any) -> None:
        trackers.claims.release(CLAIM, self._holder)

    # The main thread's loop.

    def _deliver(self) -> None:
        while True:
            self._look_around()
            is_idle = self._write(self._next_results())
            if self._is_over or (is_idle and not self._busy):
                break
        if self._busy:
            self._wait_for_the_last()

    def _look_around(self) -> None:
        """See whether all is to end, whether the claim is to be renewed, and what hangs."""
        is_late = self._end is not None and time.monotonic() >= self._end
        if is_late or self._says_over():
            self._is_over = True
        self._renew()
        for key, route in list(self._routes.items()):
            began = route.began
            if began is not None and time.monotonic() - began >= self._message_seconds:
                sentence = (
                    f"Sending by {route.name} took more than {self._message_seconds:g} seconds; "
                    "look whether the other side answers at all."
                )
                self._give_up(key, DeliveryFailed(sentence))

    def _give_up(self, key: _Key, error: DeliveryFailed) -> None:
        """Use a route no more; what waits for it fails."""
        route = self._routes.pop(key)
        route.abandon()
        self._broken[key] = error
        self._news += [Result(route, parcel, None, error, True) for parcel in route.parcels]

    def _next_results(self) -> list[Result]:
        """What came of messages; waits a little if nothing did, and something is on its way."""
        with contextlib.suppress(queue.Empty):
            if self._busy and not self._news:
                self._hear(self._results.get(timeout=LOOK_EVERY))
            while True:
                self._hear(self._results.get_nowait())
        results, self._news = self._news, []
        return results

    def _hear(self, result: Result) -> None:
        route = result.route
        if route.is_abandoned:
            # Somebody was told that it failed.
            return
        if result.message is None and result.error is not None:
            self._give_up(route.key, result.error)
            return
        self._news.append(result)

    def _wait_for_the_last(self) -> None:
        """Begin nothing more, and write down what was on its way."""
        for route in self._routes.values():
            route.stop()
        end = time.monotonic() + GRACE
        for route in self._routes.values():
            route.join(max(end - time.monotonic(), 0))
        self._write(self._next_results())

    # What is done in one transaction.

    def _write(self, results: list[Result]) -> bool:
        """Write down what came of messages, and take what is due; whether nothing is."""
        done = {result.parcel.destination for result in results if result.is_last}
        busy = self._busy - done

        def step(trackers: Any) -> tuple[list[Failure], list[_Taken], bool]:
            outbox, now = getUtility(IOutbox), self._clock.now()
            failures = [
                failure
                for result in results
                if (failure := _written(outbox, result, now)) is not None
            ]
            return failures, *self._take(outbox, now, busy, failures)

        failures, taken, is_full = self._database.write(step)
        for failure in failures:
            self._failed[failure.route] = failure.sentence
            if failure.disabled is not None:
                self._disabled[failure.disabled] = failure.sentence
        for result in results:
            self._count(result)
        for each in taken:
            self._begin(each)
        if is_full:
            # Those that have nothing to do make room for others.
            for route in [each for each in self._routes.values() if not each.parcels]:
                self._routes.pop(route.key).stop()
        return not (taken or is_full)

    def _take(
        self, outbox: Any, now: Any, busy: set[int], failures: list[Failure]
    ) -> tuple[list[_Taken], bool]:
        """The messages that are to go out now, and whether others wait for a route; notes what
        cannot go."""
        taken: list[_Taken] = []
        is_full, keys = False, set(self._routes)
        room = 0 if self._is_over else AHEAD - len(busy)
        if room <= 0:
            return taken, is_full
        subscriptions = getUtility(ISubscriptionSet)
        # Those that are being sent to are due as well.
        for number in outbox.getDue(now, room + len(busy)):
            if number in busy:
                continue
            try:
                settings = subscriptions.getDestination(number).settings
            except NotFoundError:
                outbox.take(number, now, 0)
                continue
            channel = queryUtility(IChannel, name=settings.kind)
            if channel is None:
                error = DeliveryFailed(
                    f"Messages cannot go by {settings.kind!r} any more; install again what brought "
                    "that, or unsubscribe."
                )
                failures.append(_failed(outbox, number, settings.kind, error, now))
                continue
            key = settings.kind, channel.route(settings)
            if key not in keys and len(keys) >= ROUTES:
                is_full = True
                continue
            messages = outbox.take(number, now, channel.keeps)
            if messages and key in self._broken:
                failures.append(_failed(outbox, number, _shown(key), self._broken[key], now))
            elif messages:
                keys.add(key)
                taken.append(_Taken(number, key, channel, messages))
        return taken, is_full

    def _begin(self, taken: _Taken) -> None:
        """Send what was taken."""
        key, channel = taken.key, taken.channel
        route = self._routes.get(key)
        if route is None:
            route = Route(key, _shown(key), channel, self._delivery, self._results)
            self._routes[key] = route
        self._busy.add(taken.destination)
        route.put(Parcel(taken.destination, deque(taken.messages)))

    def _count(self, result: Result) -> None:
        """Note that a result was written down."""
        route = result.route
        if result.error is None and result.message is not None:
            self._messages += 1
            self._notices += len(result.message.notices)
        if result.is_last:
            self._busy.discard(result.parcel.destination)
            route.parcels.discard(result.parcel)
        route.written()


def _written(outbox: Any, result: Result, now: Any) -> Failure | None:
    """Write down what came of a message; the failure, if it is one."""
    if result.error is not None:
        number = result.parcel.destination
        return _failed(outbox, number, result.route.name, result.error, now)
    outbox.delivered(result.message, now, result.route.keeps)
    return None


def _failed(outbox: Any, number: int, route: str, error: DeliveryFailed, now: Any) -> Failure:
    is_disabled = outbox.failed(number, str(error), now, error.is_permanent, error.retry_after)
    return Failure(route, str(error), number if is_disabled else None)


def _shown(key: _Key) -> str:
    """A route, for people."""
    kind, route = key
    return kind if route in ("", kind) else f"{kind} to {route}"


_HOLDER = re.compile(r"malonewatch on (?P<host>.*) \(process (?P<process>[0-9]{1,9})\)")


def _is_dead(holder: str) -> bool:
    """Whether who claims something is a process of this machine that is not there any more."""
    named = _HOLDER.fullmatch(holder)
    if named is None or named["host"] != socket.gethostname():
        return False
    try:
        os.kill(int(named["process"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # It is another user's.
        pass
    return False
