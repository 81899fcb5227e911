import asyncio
import threading

import aiohttp
import pytest
from aiohttp import web

from malonewatch.http import HTTPClient
from malonewatch.http.connections import _Answer
from malonewatch.interfaces import AnswerTooLarge, BugTrackerTimeout
from malonewatch.testing.faults import MIB, Names, answer, bomb, endless_body, fault


def test_connections_are_kept_open_for_the_next_request(recorder, facts):
    simulator = recorder()
    peers = set()

    async def handler(request):
        peers.add(request.transport.get_extra_info("peername"))
        return web.json_response({})

    simulator.answers["/"] = handler

    async def run():
        async with HTTPClient().open() as pool:
            for _ in range(3):
                await pool.session(facts(simulator.url)).request("GET", simulator.url)

    asyncio.run(run())
    assert len(peers) == 1


def test_a_cookie_does_not_come_back(recorder, facts):
    simulator = recorder()
    simulator.answers["/"] = answer(body="{}", Set_Cookie="session=1; Path=/")

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(simulator.url))
            await session.request("GET", simulator.url)
            await session.request("GET", simulator.url)

    asyncio.run(run())
    assert "Cookie" not in simulator.received[1][2]


def test_a_pool_closes_the_resolvers_that_were_made_for_it(ask):
    closed = []

    class Closing(Names):
        async def close(self):
            closed.append(self)

    ask("http://bugs.example.com", client=HTTPClient(resolver=Closing))
    ask("http://bugs.example.com", client=HTTPClient(resolver=Closing), guessed=True)
    assert len(closed) == 2


# No more than is wanted.


@pytest.fixture
def limited(recorder, ask):
    """Asks for an answer of at most so many bytes, from a client that takes a megabyte."""
    simulator = recorder()

    def limited(handler, limit):
        with fault(simulator, handler):
            return ask(simulator.url, client=HTTPClient(body_limit=MIB), limit=limit)

    return limited


@pytest.mark.parametrize(
    "handler", [answer(body=b" " * 1000), bomb(size=0, between=(b" " * 1000, b""))]
)
def test_a_body_may_be_as_large_as_the_limit(handler, limited):
    assert limited(handler, 1000).response.body == b" " * 1000
    assert limited(handler, 999).response is None


@pytest.mark.parametrize(
    ("limit", "counted"), [(1000, 1000), (MIB, MIB), (2 * MIB, MIB), (None, MIB)]
)
def test_the_limit_is_the_smaller_of_the_requests_and_the_clients(limit, counted, limited):
    asked = limited(endless_body, limit)
    assert asked.kind is AnswerTooLarge
    assert f"gave an answer of more than {counted} bytes; no more of it was read" in str(
        asked.trouble
    )


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_costs_little_beyond_the_limit(encoding, limited):
    asked = limited(bomb(encoding, of=b"\n"), 1000)
    assert asked.kind is AnswerTooLarge
    assert asked.session.exchanges[0].size <= MIB


# Giving up.


def test_without_any_time_nothing_is_asked(recorder, ask):
    simulator = recorder()
    assert ask(simulator.url, timeout=0).kind is BugTrackerTimeout
    assert simulator.requests == []


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_request_that_is_given_up_closes_its_connection_at_once(before, recorder, facts):
    simulator = recorder()
    asked, closed = threading.Event(), threading.Event()

    async def handler(request):
        request.transport.write(before)
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(simulator.url))
            request = asyncio.create_task(session.request("GET", simulator.url))
            await asyncio.to_thread(asked.wait)
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
            # While the pool is open, and its other connections.
            return await asyncio.to_thread(closed.wait, 20)

    with fault(simulator, handler):
        assert asyncio.run(run())


class Connection:
    """As far as it is looked at before an answer is read."""

    def __init__(self, transport):
        self.transport = transport


class Transport:
    def get_extra_info(self, name):
        return None


@pytest.mark.parametrize("transport", [None, Transport()])
def test_an_answer_from_nobody_knows_where_is_none(transport):
    """Or a redirect in it might lead to a private address."""
    with pytest.raises(aiohttp.ServerDisconnectedError):
        asyncio.run(_Answer.start(None, Connection(transport)))
