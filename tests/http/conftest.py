import asyncio
import contextlib
import dataclasses

import pytest
from aiohttp import web
from zope.component import getGlobalSiteManager
from zope.interface import implementer

from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    IClock,
    ICredentials,
    IHTTPSession,
    Response,
)
from malonewatch.testing.faults import answer
from malonewatch.testing.simulator import Simulator

from ..clock import FakeClock


class Recorder(Simulator):
    """Keeps the requests with headers and body; answers by path, ``{}`` by default."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.received = []
        self.answers = {}

    def routes(self):
        return [web.route("*", "/{path:.*}", self._receive)]

    async def _receive(self, request):
        self.received.append((request.method, request.path, request.headers, await request.read()))
        return await self.answers.get(request.path, answer(body="{}"))(request)

    @property
    def port(self):
        return self.origin.rpartition(":")[2]


@pytest.fixture
def recorder():
    """Makes running recorders."""
    with contextlib.ExitStack() as stack:
        yield lambda **kwargs: stack.enter_context(Recorder(**kwargs))


@pytest.fixture
def facts():
    def facts(baseurl, guessed=False):
        return BugTrackerFacts("asked", BugTrackerType("ASKED"), baseurl, guessed=guessed)

    return facts


@dataclasses.dataclass
class Asked:
    session: IHTTPSession
    response: Response | None = None
    trouble: BugTrackerTrouble | None = None

    @property
    def kind(self):
        return type(self.trouble)


@pytest.fixture
def ask(facts):
    """Makes one request, in a pool of its own, and tells what came of it."""

    def ask(baseurl, url=None, method="GET", *, client=None, guessed=False, timeout=60, **kwargs):
        async def run():
            async with (client or HTTPClient()).open() as pool:
                asked = Asked(pool.session(facts(baseurl, guessed), timeout))
                try:
                    asked.response = await asked.session.request(method, url or baseurl, **kwargs)
                except BugTrackerTrouble as trouble:
                    asked.trouble = trouble
            return asked

        return asyncio.run(run())

    return ask


@pytest.fixture
def register():
    """Registers utilities for the length of a test."""
    manager = getGlobalSiteManager()
    with contextlib.ExitStack() as stack:

        def register(utility, provided):
            manager.registerUtility(utility, provided)
            stack.callback(manager.unregisterUtility, utility, provided)
            return utility

        yield register


@pytest.fixture
def credentials(register):
    """Registers credentials by base URL."""
    known = {}

    @implementer(ICredentials)
    class Known:
        get = known.get

    register(Known(), ICredentials)
    return known


@pytest.fixture
def clock(register):
    return register(FakeClock(), IClock)
