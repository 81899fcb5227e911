"""The connections and the lanes of a run."""

from collections.abc import Callable, Mapping

from zope.interface import implementer

from malonewatch.http.connections import Connections
from malonewatch.http.politeness import Lane, Lanes
from malonewatch.http.session import Session
from malonewatch.http.settings import Settings
from malonewatch.interfaces import (
    Credentials,
    IBugTrackerFacts,
    IHTTPPool,
    OriginState,
    Politeness,
)


@implementer(IHTTPPool)
class Pool:
    """See `IHTTPPool`."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._connections = Connections(settings)
        self._lanes = Lanes(Politeness(settings.per_host, 0.0))
        self._lanes_of_trackers: dict[str, Lane] = {}

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
            session.lane.agree(politeness, defaults, state)
            self._lanes_of_trackers[tracker.baseurl] = session.lane
        return session

    def state(self, tracker: IBugTrackerFacts) -> OriginState:
        lane = self._lanes_of_trackers.get(tracker.baseurl)
        return OriginState() if lane is None else lane.state()

    async def close(self) -> None:
        await self._connections.close()
