"""Who may ask a server next, and when.

Each server has a lane for each set of credentials.  What its answers teach:

- A refusal for asking too much halves the concurrency; once that is one, there
  is a gap of a second between requests, and then of twice as much each time,
  up to `LONGEST_GAP`.  It is not held against the pace that a quota ended.
- `PATIENCE` answers in a row without one undo the last such step.

A quota that has come to its end is waited for if that takes no longer than
`SHORT_WAIT`; otherwise the server is left alone.
"""

import asyncio
import contextlib
import hashlib
import math
from collections import deque
from collections.abc import AsyncIterator

from malonewatch.http.clock import moment, now
from malonewatch.http.quotas import is_exhausted
from malonewatch.http.urls import Origin
from malonewatch.interfaces import Credentials, OriginState, Politeness, Quota

#: In seconds.
LONGEST_GAP = 16.0
PATIENCE = 200
#: In seconds.
SHORT_WAIT = 5.0
#: For how many seconds after a run a server is left alone that did not say for how long.
UNTOLD = 5 * 60.0


class LeftAlone(Exception):
    """The server wants no more requests until `until`, in seconds since the epoch; infinity is
    'until further notice'."""

    def __init__(self, until: float):
        super().__init__(until)
        self.until = until


class Lane:
    """The way to one server with one set of credentials.

    Of one event loop.  `usual` is how it is asked if nobody knows better, and
    `mark` that of the credentials.
    """

    def __init__(self, usual: Politeness, mark: int | None = None):
        self.quota: Quota | None = None
        self.mark = mark
        self._usual = usual
        self._defaults = self._said = self._learnt = Politeness()
        self._agreed: Politeness | None = None
        self._remembers = False
        self._until = 0.0
        self._in_a_row = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._running = 0
        self._next = -math.inf
        #: When the last request began, and when the next one may, in seconds since the epoch, as
        #: far as others have to do with it.
        self._asked: float | None = None
        self._not_before: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def agree(self, said: Politeness, defaults: Politeness, state: OriginState | None) -> None:
        """Take into account what one more bug tracker knows of the server."""
        self._said = _careful(self._said, said)
        self._defaults = _careful(self._defaults, defaults)
        self._agreed = None
        if state is None or self._remembers:
            return
        self._remembers = True
        self._learnt = _first(self._learnt, state.learnt)
        if self.quota is None and state.quota != Quota():
            self.quota = state.quota
        if state.retry_at is not None:
            self._until = max(self._until, state.retry_at.timestamp())
        if state.asked is not None:
            # Whatever another machine's clock says, it is no longer than that.
            gap = self.politeness.gap or 0.0
            self._not_before = min(state.asked.timestamp(), now()) + gap
        reset = state.quota.reset
        if is_exhausted(self.quota) and reset is not None:
            left = reset.timestamp() - now()
            if left > SHORT_WAIT:
                self._until = max(self._until, reset.timestamp())
            else:
                self._not_before = max(self._not_before or 0.0, reset.timestamp())

    def state(self) -> OriginState:
        """What is to be kept for the next run."""
        until = now() + UNTOLD if self._until == math.inf else self._until
        asked = self._asked if self.politeness.gap else None
        return OriginState(
            self._learnt,
            self.quota or Quota(),
            moment(until) if now() < until else None,
            None if asked is None else moment(asked),
            self.mark,
        )

    @property
    def politeness(self) -> Politeness:
        """How the server is asked now."""
        if self._agreed is None:
            self._agreed = _first(self._said, self._learnt, self._defaults, self._usual)
        return self._agreed

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until it is one's turn, in the order of coming.

        :raises LeftAlone: there will be none for a while.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                # It came at the very moment.
                self._leave()
            raise
        try:
            yield
        finally:
            self._leave()

    def heard(self, quota: Quota | None, refused: bool, wait: float | None) -> None:
        """Take into account an answer: what it said of the quota, whether it was a refusal for
        asking too much, and how many seconds it wants to be left alone."""
        if quota is not None:
            self.quota = quota
        if refused:
            if not self._closed and not is_exhausted(quota):
                self._slow_down()
            self._in_a_row = 0
            self._until = max(self._until, math.inf if wait is None else now() + wait)
        else:
            self._in_a_row += 1
            if self._in_a_row % PATIENCE == 0:
                self._speed_up()
        if quota is not None and is_exhausted(quota) and quota.reset is not None:
            reset = quota.reset.timestamp()
            left = reset - now()
            if refused or left > SHORT_WAIT:
                self._until = max(self._until, reset)
            else:
                self._next = max(self._next, asyncio.get_running_loop().time() + left)
        self._admit()

    @property
    def _closed(self) -> bool:
        return self._until > 0.0 and now() < self._until

    def _leave(self) -> None:
        self._running -= 1
        self._admit()

    def _admit(self) -> None:
        """Let in who may come in, and send all away if the server wants to be left alone."""
        if self._closed:
            while self._waiting:
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_exception(LeftAlone(self._until))
            return
        loop = asyncio.get_running_loop()
        if self._not_before is not None:
            self._next = max(self._next, loop.time() + self._not_before - now())
            self._not_before = None
        concurrency, gap = self.politeness
        while self._waiting and self._running < max(1, concurrency or 1):
            if loop.time() < self._next:
                if self._timer is None:
                    self._timer = loop.call_at(self._next, self._wake)
                return
            turn = self._waiting.popleft()
            if not turn.done():
                self._running += 1
                self._next = loop.time() + (gap or 0.0)
                self._asked = now()
                turn.set_result(None)

    def _wake(self) -> None:
        self._timer = None
        self._admit()

    def _slow_down(self) -> None:
        concurrency, gap = self.politeness
        if concurrency is not None and concurrency > 1:
            self._learnt = self._learnt._replace(concurrency=concurrency // 2)
        else:
            self._learnt = self._learnt._replace(gap=min(max(1.0, 2 * (gap or 0.0)), LONGEST_GAP))
        self._agreed = None

    def _speed_up(self) -> None:
        concurrency, gap = self._learnt
        if gap is not None:
            self._learnt = self._learnt._replace(gap=gap / 2 if gap > 1 else None)
        elif concurrency is not None:
            usual = _first(self._defaults, self._usual).concurrency or 1
            faster = 2 * concurrency if 2 * concurrency < usual else None
            self._learnt = self._learnt._replace(concurrency=faster)
        self._agreed = None


class Lanes:
    """The lanes of a pool."""

    def __init__(self, usual: Politeness):
        self._usual = usual
        self._lanes: dict[tuple[Origin, Credentials | None], Lane] = {}

    def to(self, origin: Origin, credentials: Credentials | None) -> Lane:
        """The lane to a server, with those credentials or without any."""
        lane = self._lanes.get((origin, credentials))
        if lane is None:
            lane = Lane(self._usual, mark_of(credentials))
            self._lanes[origin, credentials] = lane
        return lane

    def beside(self, lane: Lane) -> list[Lane]:
        """The others to the same server, with other credentials."""
        (origin,) = (origin for (origin, _), each in self._lanes.items() if each is lane)
        return [
            each for (other, _), each in self._lanes.items() if other == origin and each is not lane
        ]


def mark_of(credentials: Credentials | None) -> int | None:
    """What tells credentials from others, and is too little to try passwords on."""
    if credentials is None:
        return None
    parts = (credentials.username, credentials.password, credentials.token)
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:2], "big")


def _first(*choices: Politeness) -> Politeness:
    """For each thing, the first that is said of it."""
    concurrency = (choice.concurrency for choice in choices if choice.concurrency is not None)
    gap = (choice.gap for choice in choices if choice.gap is not None)
    return Politeness(next(concurrency, None), next(gap, None))


def _careful(one: Politeness, other: Politeness) -> Politeness:
    """For each thing, the more careful of what the two say of it."""
    concurrency = [each.concurrency for each in (one, other) if each.concurrency is not None]
    gap = [each.gap for each in (one, other) if each.gap is not None]
    return Politeness(min(concurrency, default=None), max(gap, default=None))
