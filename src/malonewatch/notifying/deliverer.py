"""Delivering what waits in a database.

The main thread alone works on the database: it looks for what is due, gives it
to the lanes of the routes, and writes down what came of each message.
"""

import contextlib
import logging
import queue
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zope.component import getUtility, queryUtility
from zope.interface import provider

from malonewatch.interfaces import (
    DatabaseBusy,
    Delivered,
    DeliveryFailed,
    DeliverySettings,
    DestinationSettings,
    IChannel,
    IClock,
    IDeliverer,
    IOutbox,
    ISubscriptionSet,
    Message,
    NotFoundError,
)
from malonewatch.notifying.claim import Claim, Claimed
from malonewatch.notifying.record import Record, Refused
from malonewatch.notifying.routes import AHEAD, Lane, Result, Route, Unopened, failure_of

log = logging.getLogger("malonewatch.notifying")

#: How many lanes there are at the same time.
LANES = 8

#: How many destinations are looked at in one go.
MANY = 5000

#: How many seconds a message may take, and the opening of a channel.
MESSAGE_SECONDS = 60.0

#: How many seconds other lanes of the same route are waited for.
TOGETHER = 0.005

#: After how many seconds the main thread sees whether it is to end, whether there is
#: anything new, and how long it waits for what is on its way when all is to end.
TICK = 0.2
LOOK_EVERY = 5.0
GRACE = 3.0

#: For how many seconds a write waits for others before it sees whether all is to end, and how
#: often it does.
PATIENCE = 2.0
ATTEMPTS = 15


@provider(IDeliverer)
def deliver(
    database: Any,
    *,
    seconds: float | None = None,
    is_over: Callable[[], bool] | None = None,
) -> Delivered:
    """See `IDeliverer`."""
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
        self._claim = Claim(database, self._write)
        self._record = Record(self._write)
        self._delivery = DeliverySettings()
        #: By kind of channel, and what that calls the route.
        self._routes: dict[tuple[str, str], Route] = {}
        self._lanes: list[Lane] = []
        self._closed: list[Lane] = []
        #: Destinations that wait for a route, are sent to, or are left until the next time.
        self._known: set[int] = set()
        self._looked = 0.0
        self._results: queue.SimpleQueue[Result | Unopened] = queue.SimpleQueue()
        self._is_over = False

    def run(self) -> Delivered:
        """Deliver; what came of it."""
        try:
            with self._claim.held(), self._signals():
                self._deliver()
        except Claimed as error:
            return Delivered(claimed=error.holder)
        record = self._record
        return Delivered(
            *(record.messages, record.notices, record.failed, record.disabled),
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

    def _is_to_end(self) -> bool:
        is_late = self._end is not None and time.monotonic() >= self._end
        if is_late or self._says_over():
            self._is_over = True
        return self._is_over

    def _write(self, step: Callable[[Any], Any]) -> Any:
        """Write to the database.

        What is not written down is sent again, so that much is done to have it written.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._database.write(step, PATIENCE)
            except DatabaseBusy:
                if self._is_to_end():
                    raise
        return self._database.write(step, PATIENCE)

    # The main thread's loop.

    def _deliver(self) -> None:
        try:
            while not self._is_to_end():
                is_news = self._look() if self._is_time_to_look() else True
                self._feed()
                if not (self._lanes or is_news):
                    return
                self._note(self._collect())
                self._leave_what_hangs()
                self._renew()
            self._wait_for_the_last()
        finally:
            for lane in list(self._lanes):
                self._close(lane)
            end = time.monotonic() + GRACE
            for lane in self._closed:
                if lane.current is None:
                    lane.join(max(end - time.monotonic(), 0))

    def _renew(self) -> None:
        try:
            self._claim.renew()
        except Claimed as error:
            log.warning("%s has taken the outbox over; this process sends no more.", error.holder)
            self._is_over = True

    def _wait_for_the_last(self) -> None:
        """Write down what was on its way, as far as it arrives soon."""
        end = time.monotonic() + GRACE
        while any(lane.current for lane in self._lanes) and time.monotonic() < end:
            self._note(self._collect())

    # Looking for what is due.

    def _is_time_to_look(self) -> bool:
        is_idle = all(not route.waiting for route in self._routes.values()) and not all(
            lane.current for lane in self._lanes
        )
        return not self._lanes or is_idle or time.monotonic() - self._looked >= LOOK_EVERY

    def _look(self) -> bool:
        """Let what is due wait for its route; whether there is anything new."""
        known, now = self._known, self._clock.now()

        def step(
            trackers: Any,
        ) -> tuple[DeliverySettings, dict[int, DestinationSettings | None], dict[str, Any]]:
            outbox, subscriptions = getUtility(IOutbox), getUtility(ISubscriptionSet)
            due = outbox.getDue(now, len(known) + MANY)
            settings = {
                number: _settings_of(subscriptions, number) for number in due if number not in known
            }
            kinds = {each.kind for each in settings.values() if each is not None}
            channels = {kind: queryUtility(IChannel, name=kind) for kind in kinds}
            return outbox.settings, settings, channels

        self._delivery, due, channels = self._database.read(step)
        self._looked = time.monotonic()
        known.update(due)
        self._record.refused(self._sort(due, channels))
        return bool(due)

    def _sort(
        self, due: Mapping[int, DestinationSettings | None], channels: Mapping[str, Any]
    ) -> Iterator[Refused]:
        """Let those that are due wait for their routes; yields those that can wait for none."""
        for number, settings in due.items():
            if settings is None:
                yield Refused(number, "", None)
                continue
            kind = settings.kind
            if channels[kind] is None:
                sentence = (
                    f"Messages cannot go by {kind!r} any more; install again what brought that, "
                    "or unsubscribe."
                )
                yield Refused(number, kind, DeliveryFailed(sentence))
                continue
            try:
                route = self._route(settings, channels[kind])
            except Exception as error:
                yield Refused(number, kind, failure_of(error, kind))
                continue
            if route.error is not None:
                yield Refused(number, route.name, route.error)
            elif not route.is_left:
                route.waiting.append(number)

    def _route(self, settings: DestinationSettings, channel: Any) -> Route:
        kind, name = key = settings.kind, channel.route(settings)
        if key not in self._routes:
            shown = kind if name in ("", kind) else f"{kind} to {name}"
            self._routes[key] = Route(key, shown, channel, channel.keeps, channel.lanes)
        return self._routes[key]

    # Giving it to the lanes.

    def _feed(self) -> None:
        """Give each lane something to send, as far as there is."""
        self._open_lanes()
        idle = [lane for lane in self._lanes if lane.current is None]
        for lane, messages in self._take(idle).items():
            lane.messages = messages
        for lane in idle:
            if lane.messages:
                lane.send_next()
            elif not lane.route.waiting:
                self._close(lane)

    def _open_lanes(self) -> None:
        waiting = [route for route in self._routes.values() if route.waiting]
        without = [route for route in waiting if not route.lanes]
        if len(without) > LANES - len(self._lanes):
            # It is another route's turn.
            for lane in [lane for lane in self._lanes if lane.current is None]:
                self._close(lane)
                self._routes[lane.route.key] = self._routes.pop(lane.route.key)
        for route in without:
            self._open_lane(route)
        for route in waiting:
            # Another lane only where one has proved useful, and has much to do.
            while (
                route.has_worked
                and len(route.lanes) < route.most
                and len(route.waiting) >= AHEAD
                and self._open_lane(route)
            ):
                pass

    def _open_lane(self, route: Route) -> bool:
        """Have another lane on a route, if there may be another one at all; whether so."""
        if len(self._lanes) >= LANES:
            return False
        lane = Lane(route, self._delivery, self._results)
        route.lanes.append(lane)
        self._lanes.append(lane)
        return True

    def _close(self, lane: Lane) -> None:
        self._let_go(lane)
        self._closed.append(lane)

    def _let_go(self, lane: Lane) -> None:
        lane.close()
        self._lanes.remove(lane)
        lane.route.lanes.remove(lane)

    def _take(self, lanes: list[Lane]) -> dict[Lane, deque[Message]]:
        """What each of those lanes is to send next."""
        wanted = {lane: lane.route.next_few() for lane in lanes}
        if not any(wanted.values()):
            return {}

        def step(trackers: Any) -> dict[Lane, deque[Message]]:
            outbox, now = getUtility(IOutbox), self._clock.now()
            return {
                lane: deque(
                    message
                    for number in numbers
                    for message in outbox.take(number, now, lane.route.keeps)
                )
                for lane, numbers in wanted.items()
            }

        taken: dict[Lane, deque[Message]] = self._write(step)
        return taken

    # What came of it.

    def _collect(self) -> list[Result | Unopened]:
        """What came of messages since the last time; waits a little for the first one."""
        results: list[Result | Unopened] = []
        with contextlib.suppress(queue.Empty):
            if any(lane.current for lane in self._lanes):
                results.append(self._results.get(timeout=TICK))
                # What is written down together costs little more than one.
                until = time.monotonic() + TOGETHER
                while len(results) < len(results[0].lane.route.lanes):
                    left = max(until - time.monotonic(), 0)
                    results.append(self._results.get(timeout=left))
            while True:
                results.append(self._results.get_nowait())
        return results

    def _note(self, results: list[Result | Unopened]) -> None:
        """Write down what came of messages, and have the next ones sent."""
        sent = [result for result in results if isinstance(result, Result)]
        if sent:
            self._record.sent(sent)
        is_to_end = self._is_to_end()
        for lane, message, error in sent:
            lane.route.has_worked = lane.route.has_worked or error is None
            # Else it was given up meanwhile.
            if lane.current is message:
                lane.current = None
                if lane.is_done_with(message.destination.id, self._record.stops(message, error)):
                    self._known.discard(message.destination.id)
                if lane.messages and not is_to_end:
                    lane.send_next()
        for result in results:
            if isinstance(result, Unopened) and result.lane in self._lanes:
                self._give_up(*result)

    def _leave_what_hangs(self) -> None:
        """Give up on messages that take too long; what waits for the same route is left alone."""
        now = time.monotonic()
        for lane in list(self._lanes):
            began, message, route = lane.began, lane.current, lane.route
            if message is None or began is None or now - began < self._message_seconds:
                continue
            sentence = (
                f"Sending by {route.name} took more than {self._message_seconds:g} seconds; look "
                "whether the other side answers at all."
            )
            # Should it arrive after all, that is written down then.
            self._record.sent([Result(lane, message, DeliveryFailed(sentence))])
            lane.current = None
            self._let_go(lane)
            route.is_left = True
            route.waiting.clear()
            for each in route.lanes:
                each.messages.clear()

    def _give_up(self, lane: Lane, error: DeliveryFailed) -> None:
        """A channel cannot be opened: what waits for the route fails, unless other lanes are at
        work there."""
        route = lane.route
        current = [] if lane.current is None else [lane.current]
        numbers = dict.fromkeys(each.destination.id for each in [*current, *lane.messages])
        route.waiting.extendleft(reversed(numbers))
        lane.current = None
        self._let_go(lane)
        if route.lanes:
            route.most = len(route.lanes)
            return
        # Whatever it is, it is no fault of each of them.
        route.error = error = DeliveryFailed(str(error), retry_after=error.retry_after)
        refused = [Refused(number, route.name, error) for number in route.waiting]
        route.waiting.clear()
        self._record.refused(refused)


def _settings_of(subscriptions: Any, number: int) -> DestinationSettings | None:
    """The settings of a destination; None if there is none of that number."""
    try:
        settings: DestinationSettings = subscriptions.getDestination(number).settings
    except NotFoundError:
        return None
    return settings
