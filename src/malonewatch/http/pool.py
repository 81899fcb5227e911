"""The connections and the lanes of a run."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping

import aiohttp
from zope.interface import implementer

from malonewatch.http.clock import now
from malonewatch.http.connections import BodyTooLarge, Connections, Hop, Received
from malonewatch.http.failures import Failures
from malonewatch.http.headers import retry_after
from malonewatch.http.politeness import Lane, Lanes
from malonewatch.http.session import Session
from malonewatch.http.settings import Settings
from malonewatch.http.urls import clean, origin
from malonewatch.interfaces import (
    Credentials,
    IBugTrackerFacts,
    IHTTPPool,
    OriginState,
    Politeness,
    Posted,
)

#: How many bytes are read of what is answered to what is sent: enough for the connection to be
#: used again, where the server is no chatterbox.
ACKNOWLEDGEMENT = 64 * 1024

#: How many rounds a loop takes, at most, to see that a connection was closed: one by TLS, before
#: Python 3.11.
ROUNDS = 4


@implementer(IHTTPPool)
class Pool:
    """See `IHTTPPool`."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._connections = Connections(settings)
        self._lanes = Lanes(Politeness(settings.per_host, 0.0))
        self._lanes_of_trackers: dict[str, Lane] = {}
        #: What was known before, by the base URL of a bug tracker.
        self._known: dict[str, OriginState] = {}

    def session(
        self,
        tracker: IBugTrackerFacts,
        timeout: float = 30.0,
        *,
        authorization: Callable[[Credentials], Mapping[str, str]] | None = None,
        politeness: Politeness = Politeness(),
        defaults: Politeness = Politeness(),
        state: OriginState | None = None,
        service: str | None = None,
    ) -> Session:
        session = Session(
            self._settings, self._connections, self._lanes, tracker, timeout, authorization, service
        )
        if session.lane is not None:
            if state is not None:
                self._known[tracker.baseurl] = state
                state = state.of(session.lane.mark)
            session.lane.agree(politeness, defaults, state)
            self._lanes_of_trackers[tracker.baseurl] = session.lane
        return session

    def state(self, tracker: IBugTrackerFacts) -> OriginState:
        lane = self._lanes_of_trackers.get(tracker.baseurl)
        if lane is None:
            return OriginState()
        known = self._known.get(tracker.baseurl, OriginState())
        before = (dataclasses.replace(each, others=()) for each in (known, *known.others))
        others = {each.mark: each for each in before}
        others |= {each.mark: each.state() for each in self._lanes.beside(lane)}
        others.pop(lane.mark, None)
        worth = (each for each in others.values() if each != OriginState(mark=each.mark))
        return dataclasses.replace(lane.state(), others=tuple(worth))

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        is_trusted: bool,
        called: str | None = None,
        timeout: float = 30.0,
    ) -> Posted:
        hop = Hop("POST", clean(url), body, public_only=not is_trusted)
        host = origin(hop.url)[1]
        received = Received()
        # The loop looks up: what the other side has closed meanwhile is not used again.
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        try:
            await self._connections.send(
                hop, headers, received, seconds=timeout, limit=ACKNOWLEDGEMENT
            )
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, BodyTooLarge) as error:
            if not received.status:
                name = called or host
                trouble = Failures(name, timeout).explain(
                    error, hop, name, answered=False, limit=ACKNOWLEDGEMENT
                )
                said = str(trouble)
                if host not in name:
                    # What is wrong with a certificate may be which host it is for.
                    said = said.replace(host, name)
                raise type(trouble)(said) from None
        return Posted(received.status, retry_after(received.headers, now()))

    async def close(self) -> None:
        await self._connections.close()
