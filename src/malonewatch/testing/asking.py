"""Asking an external bug tracker without a database, for the tests of a type."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    Batch,
    BugTrackerFacts,
    BugTrackerType,
    Exchange,
    Outcome,
)


class Asker:
    """Asks for bugs as a run would.

    `factory` is an `ExternalBugTracker` class; the keyword arguments are
    those of `BugTrackerFacts`.  After `ask`, `dialect` is what was learnt and
    `exchanges` the requests that were made, even if it raised.
    """

    def __init__(
        self,
        factory: type[ExternalBugTracker],
        baseurl: str,
        *,
        dialect: str | None = None,
        guessed: bool = False,
        client: HTTPClient | None = None,
    ) -> None:
        self.factory = factory
        self.baseurl = baseurl
        self.dialect = dialect
        self.guessed = guessed
        self.client = client or HTTPClient()
        self.exchanges: list[Exchange] = []

    def ask(
        self,
        remotebugs: Iterable[str],
        since: datetime | None = None,
        validators: Mapping[str, str] | None = None,
    ) -> dict[str, Outcome]:
        """Outcomes by remote id.  Fails if one is missing or comes twice."""
        return asyncio.run(self._ask(tuple(remotebugs), since, validators or {}))

    async def _ask(
        self, remotebugs: tuple[str, ...], since: datetime | None, validators: Mapping[str, str]
    ) -> dict[str, Outcome]:
        facts = BugTrackerFacts(
            name="asked",
            bugtrackertype=BugTrackerType(self.factory.__name__.upper()),
            baseurl=self.baseurl,
            dialect=self.dialect,
            guessed=self.guessed,
        )
        external = self.factory(facts)
        seen = {} if since is None else dict.fromkeys(remotebugs, since)
        batch = Batch(facts, remotebugs, seen, validators)
        outcomes: dict[str, Outcome] = {}
        async with self.client.open() as pool:
            session = pool.session(facts, external.timeout)
            self.exchanges = session.exchanges
            async for outcome in external.fetch(session, batch):
                assert outcome.remotebug not in outcomes, f"{outcome} came twice"
                outcomes[outcome.remotebug] = outcome
        assert set(outcomes) == set(remotebugs), set(remotebugs) ^ set(outcomes)
        self.dialect = external.dialect
        return outcomes
