"""Asking an external bug tracker without a database, for the tests of a type."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zope.component import getGlobalSiteManager
from zope.interface import implementer

from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    AnswerTooLarge,
    Batch,
    BugTrackerFacts,
    BugTrackerType,
    Credentials,
    DialectLearnt,
    Exchange,
    ICredentials,
    Outcome,
    RemoteVocabulary,
    Response,
)


class Asker:
    """Asks for bugs as a run would.

    `factory` is an `ExternalBugTracker` class; `dialect` and `guessed` are as
    in `BugTrackerFacts`.  `client` is another `IHTTPClient` than malonewatch's
    own, `credentials` are given to that one.  After `ask`, even if it raised,
    `dialect` and `reason` are what was learnt, `exchanges` the requests that
    were made, and `outcomes` what came.
    """

    def __init__(
        self,
        factory: type[ExternalBugTracker],
        baseurl: str,
        *,
        dialect: str | None = None,
        guessed: bool = False,
        client: Any = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.factory = factory
        self.baseurl = baseurl
        self.dialect = dialect
        self.reason = ""
        self.guessed = guessed
        self.client = client or HTTPClient()
        self.credentials = credentials
        self.exchanges: Sequence[Exchange] = []
        self.outcomes: dict[str, Outcome] = {}

    def ask(
        self,
        remotebugs: Iterable[str],
        since: datetime | None = None,
        validators: Mapping[str, str] | None = None,
        *,
        apart: bool = False,
        probe: bool = False,
    ) -> dict[str, Outcome]:
        """Outcomes by remote id.  Fails if one is missing or comes twice."""
        names = tuple(remotebugs)
        seen = {} if since is None else dict.fromkeys(names, since)
        batch = Batch(self.facts, names, seen, validators or {}, apart, probe)
        with only_credentials(self.credentials):
            return asyncio.run(self._ask(batch))

    @property
    def facts(self) -> BugTrackerFacts:
        return BugTrackerFacts(
            name="asked",
            bugtrackertype=BugTrackerType(self.factory.name),
            baseurl=self.baseurl,
            dialect=self.dialect,
            guessed=self.guessed,
        )

    async def _ask(self, batch: Batch) -> dict[str, Outcome]:
        external = self.factory(self.facts)
        outcomes = self.outcomes = {}
        async with self.client.open() as pool:
            session = self._session(pool, external)
            self.exchanges = session.exchanges
            async for said in external.fetch(session, batch):
                if isinstance(said, DialectLearnt):
                    self.dialect, self.reason = said
                    continue
                assert said.remotebug not in outcomes, f"{said} came twice"
                outcomes[said.remotebug] = said
        asked = set(batch.remotebugs)
        assert set(outcomes) == asked, asked ^ set(outcomes)
        return outcomes

    def _session(self, pool: Any, external: ExternalBugTracker) -> Any:
        return pool.session(
            self.facts,
            external.timeout,
            authorization=external.authorization,
            service=external.service,
        )

    def identify(self) -> str | None:
        """What the server says that it is."""
        said: str | None = self._call("identify")
        return said

    def check_credentials(self) -> str | None:
        """Whose the credentials are, as the server says."""
        said: str | None = self._call("check_credentials")
        return said

    def learn_vocabulary(self) -> RemoteVocabulary | None:
        """The words that the server says it has."""
        found: RemoteVocabulary | None = self._call("learn_vocabulary")
        return found

    def sweep(self, since: datetime) -> tuple[str, ...] | None:
        """The ids of all bugs that changed since then; for an `ISweeps`."""
        found: tuple[str, ...] | None = self._call("sweep", since)
        return found

    def _call(self, name: str, *arguments: Any) -> Any:
        async def call() -> Any:
            external = self.factory(self.facts)
            async with self.client.open() as pool:
                session = self._session(pool, external)
                self.exchanges = session.exchanges
                return await getattr(external, name)(session, *arguments)

        with only_credentials(self.credentials):
            return asyncio.run(call())


@implementer(ICredentials)
class OnlyCredentials:
    """The `ICredentials` utility that has the same for all bug trackers."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials

    def get(self, baseurl: str) -> Credentials | None:
        return self.credentials

    def getSection(self, baseurl: str) -> str | None:
        return None

    def sections(self) -> Iterable[str]:
        return ()


@contextlib.contextmanager
def only_credentials(credentials: Credentials | None) -> Iterator[None]:
    """In the block, these are the credentials for all bug trackers, unless there are none."""
    if credentials is None:
        yield
        return
    registry = getGlobalSiteManager()
    before = registry.queryUtility(ICredentials)
    registry.registerUtility(OnlyCredentials(credentials), ICredentials)
    try:
        yield
    finally:
        registry.unregisterUtility(provided=ICredentials)
        if before is not None:
            registry.registerUtility(before, ICredentials)


class Canned:
    """An `IHTTPClient` whose sessions give the same answer to everything: without a socket.

    For the tests of what a type makes of an answer::

        Asker(Bugzilla, "https://bugs.example.com", client=Canned(b'{"bugs": []}'))

    `requests` are the (method, URL, body) that were asked for.
    """

    def __init__(
        self,
        body: bytes,
        content_type: str = "application/json",
        status: int = 200,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.response = Response(
            "", status, {"content-type": content_type, **(headers or {})}, body
        )
        self.credentials = credentials
        self.requests: list[tuple[str, str, bytes | None]] = []
        self.exchanges: list[Exchange] = []
        self.quota = None
        self.clock_skew = None

    def open(self) -> "Canned":
        return self

    async def __aenter__(self) -> "Canned":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    def session(self, tracker: Any, timeout: float = 30.0, **settings: Any) -> "Canned":
        return self

    def scrub(self, text: str) -> str:
        return text

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        html: bool = False,
        limit: int | None = None,
    ) -> Response:
        self.requests.append((method, url, body))
        if limit is not None and len(self.response.body) > limit:
            raise AnswerTooLarge(f"{url} gives more than {limit} bytes.")
        return Response(url, self.response.status, self.response.headers, self.response.body)
