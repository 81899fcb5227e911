"""Taking origins for a run, so that no two runs ask one host at the same time."""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.checkwatches.apply import PATIENCE
from malonewatch.checkwatches.logs import said
from malonewatch.identity import holder_of, id_of
from malonewatch.interfaces import Claim, DatabaseBusy, IClock, OriginState

log = logging.getLogger("malonewatch.checkwatches")

#: After how many seconds a claim is renewed; it lasts ten minutes.
RENEW_EVERY = 60.0

#: Who else has an origin, what is known of it, and whether we have it now.
_Answer = tuple[Claim | None, OriginState | None, bool]


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """An origin that is to be taken; see `Claimant.take`."""

    origin: str
    lost: asyncio.Event
    is_wanted: Callable[[Any], bool]
    answer: "asyncio.Future[tuple[Claim | None, OriginState | None]]"


class Claimant:
    """Claims origins in the database under a name of its own.

    `run_id` tells the run from others, and `what` is what it is called.  What
    runs of the ids in `ended` still have is taken from them.  A dry run claims
    nothing, as it writes nothing, and respects what others have claimed.
    """

    def __init__(
        self,
        database: Any,
        run_id: str,
        ended: Collection[str] = (),
        dry_run: bool = False,
        what: str = "checkwatches",
    ) -> None:
        self._database = database
        self._ended = ended
        self._dry_run = dry_run
        self._clock = getUtility(IClock)
        #: What to set if an origin gets lost, for each that we have.
        self._held: dict[str, asyncio.Event] = {}
        #: What is to be kept of those that are yet to be let go of.
        self._unreleased: dict[str, OriginState | None] = {}
        #: What is taken in the event loop's next pass.
        self._asked: list[_Asked] = []
        self.holder = holder_of(run_id, what)

    async def take(
        self,
        origin: str,
        lost: asyncio.Event,
        is_wanted: Callable[[Any], bool] = lambda trackers: True,
    ) -> tuple[Claim | None, OriginState | None]:
        """Take an origin: who else has it, None if we do now; and what is known of the origin.

        `lost` is set if another run takes it from us, as may be when this
        machine was asleep.  It is not taken if `is_wanted` says no, in the same
        transaction; `has` tells.  What we have left is let go of in it, too, and
        what is asked for at the same time is taken in it: a commit costs a
        database server more than all that is written in this one.

        :raises DatabaseError: the database cannot be written.
        """
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._take_asked)
        asked = _Asked(origin, lost, is_wanted, loop.create_future())
        self._asked.append(asked)
        return await asked.answer

    def _take_asked(self) -> None:
        # Who has been cancelled meanwhile waits for no answer.
        asked = [each for each in self._asked if not each.answer.done()]
        self._asked = []
        try:
            answers = self._take_all(asked)
        except Exception as error:
            for each in asked:
                each.answer.set_exception(error)
        else:
            for each, (claim, state, is_taken) in zip(asked, answers, strict=True):
                if is_taken:
                    self._held[each.origin] = each.lost
                each.answer.set_result((claim, state))

    def _take_all(self, asked: Sequence[_Asked]) -> list[_Answer]:
        if self._dry_run:
            read: list[_Answer] = self._database.read(
                lambda trackers: [self._take_one(trackers, each) for each in asked]
            )
            return read
        left = list(self._unreleased)

        def step(trackers: Any) -> list[_Answer]:
            self._let_go(trackers, left)
            return [self._take_one(trackers, each) for each in asked]

        written: list[_Answer] = self._database.write(step, PATIENCE)
        self._forget(left)
        return written

    def _take_one(self, trackers: Any, asked: _Asked) -> _Answer:
        origin, claims, now = asked.origin, trackers.claims, self._clock.now()
        state, claim = claims.getState(origin), claims.get(origin, now)
        if claim is None and not asked.is_wanted(trackers):
            return None, state, False
        if claim is not None and id_of(claim.holder) in self._ended:
            claims.release(origin, claim.holder)
        if not self._dry_run and claims.claim(origin, self.holder, now):
            return None, state, True
        return claim, state, False

    def has(self, origin: str) -> bool:
        """Whether we have it."""
        return origin in self._held

    async def keep(self) -> None:
        """Go on holding what we have, until cancelled.

        :raises DatabaseError: the database cannot be written.
        """
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                self._renew()
            except DatabaseBusy:
                # The next time is early enough.
                continue

    def _renew(self) -> None:
        origins = list(self._held)

        def step(trackers: Any) -> list[str]:
            claims, now = trackers.claims, self._clock.now()
            return [origin for origin in origins if not claims.claim(origin, self.holder, now)]

        for origin in self._database.write(step, PATIENCE) if origins else ():
            log.warning(
                "Another run has taken %s over; this one asks no more there.",
                origin,
                extra=said("lost", origin=origin),
            )
            self._held.pop(origin).set()

    def leave(self, origin: str, state: OriginState | None) -> None:
        """Let go of an origin if we have it, and keep what is known of it (None: as it was); with
        the next one that is taken, or by `release_rest`."""
        if self._held.pop(origin, None) is not None:
            self._unreleased[origin] = state

    def release(self, origin: str, state: OriginState | None) -> None:
        """Let go of an origin if we have it, and keep what is known of it (None: as it was).

        :raises DatabaseError: the database cannot be written; `release_rest` tries again.
        """
        self.leave(origin, state)
        self.release_rest()

    def release_rest(self) -> None:
        """Let go of all that we have left.

        :raises DatabaseError: the database cannot be written.
        """
        left = list(self._unreleased)
        if left:
            self._database.write(lambda trackers: self._let_go(trackers, left), PATIENCE)
            self._forget(left)

    def _let_go(self, trackers: Any, left: Collection[str]) -> None:
        for origin in left:
            state = self._unreleased[origin]
            if state is not None:
                trackers.claims.setState(origin, state)
            trackers.claims.release(origin, self.holder)

    def _forget(self, left: Collection[str]) -> None:
        for origin in left:
            del self._unreleased[origin]
