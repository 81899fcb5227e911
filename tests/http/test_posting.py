"""What is sent to who is no bug tracker."""

import asyncio

import pytest
from aiohttp import web

from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    BugTrackerAddressRefused,
    BugTrackerConnectError,
    BugTrackerTimeout,
    BugTrackerTrouble,
    Credentials,
    Posted,
)
from malonewatch.testing.faults import (
    Names,
    answer,
    certificates,
    drip,
    endless_body,
    fault,
    page,
)

NAME = "s3cret.example.com"


@pytest.fixture
def post():
    """Sends something to a URL, and tells what came of it."""

    def post(url, *, client=None, is_trusted=True, **kwargs):
        async def run():
            async with (client or HTTPClient()).open() as pool:
                headers = {"Content-Type": "text/x-news"}
                try:
                    return await pool.post(url, b"news", headers, is_trusted=is_trusted, **kwargs)
                except BugTrackerTrouble as trouble:
                    return trouble

        return asyncio.run(run())

    return post


def test_it_arrives_as_it_is_and_without_credentials(recorder, credentials, post):
    simulator = recorder()
    credentials[simulator.url] = Credentials(token="s3cret")
    assert post(f"{simulator.url}/hook?a=1") == Posted(200)
    ((method, path, headers, body),) = simulator.received
    assert (method, path, body) == ("POST", "/hook", b"news")
    assert headers["Content-Type"] == "text/x-news"
    assert "s3cret" not in str(headers)
    assert simulator.requests == ["POST /hook?a=1"]


@pytest.mark.parametrize("status", [200, 204, 301, 308, 401, 404, 410, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(status, recorder, post):
    own, other = recorder(), recorder()
    own.fault = answer(status, Location=other.url)
    assert post(own.url) == Posted(status)
    assert other.received == []
    assert len(own.requests) == 1


def test_when_the_server_wants_the_next(recorder, post):
    simulator = recorder()
    simulator.fault = page("Slow down", 429, Retry_After="120")
    assert post(simulator.url) == Posted(429, 120.0)


@pytest.mark.parametrize("handler", [endless_body, "reset", "Content-Length too large"])
def test_what_else_is_answered_is_no_matter(handler, recorder, post):
    simulator = recorder()
    with fault(simulator, handler):
        assert post(simulator.url) == Posted(200)


def test_nor_is_an_answer_that_never_ends(recorder, post):
    simulator = recorder()
    with fault(simulator, drip):
        assert post(simulator.url, timeout=3) == Posted(200)


def test_a_server_that_says_nothing_is_not_waited_for(recorder, post):
    simulator = recorder()
    with fault(simulator, "silent"):
        trouble = post(simulator.url, timeout=0.05)
    assert type(trouble) is BugTrackerTimeout
    assert str(trouble) == "127.0.0.1 did not answer within 0.05 seconds."


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("refused", "cannot be reached: connection refused."),
        ("closed before the answer", "closed the connection without an answer."),
        ("not HTTP", "answered with something that is not proper HTTP."),
    ],
)
@pytest.mark.parametrize("called", [None, "env:HOOK", "keyring:127.0.0.1/jane"])
def test_one_that_cannot_be_reached_is_called_as_it_is_to_be(what, why, called, recorder, post):
    simulator = recorder()
    with fault(simulator, what):
        trouble = post(f"{simulator.url}/s3cret", called=called)
    assert isinstance(trouble, BugTrackerConnectError)
    assert str(trouble) == f"{called or '127.0.0.1'} {why}"


def test_a_name_that_is_a_secret_is_not_shown(recorder, post):
    trouble = post(f"http://{NAME}/", client=HTTPClient(resolver=Names), called="env:HOOK")
    assert str(trouble) == "The name env:HOOK does not resolve."
    server, client = certificates("other.example.com")
    simulator = recorder(ssl_context=server)
    names = Names({NAME: ["127.0.0.1"]})
    trouble = post(
        f"https://{NAME}:{simulator.port}/",
        client=HTTPClient(resolver=lambda: names, ssl=client),
        called="env:HOOK",
    )
    assert str(trouble) == (
        "The certificate of env:HOOK cannot be trusted: Hostname mismatch, certificate is not "
        "valid for 'env:HOOK'."
    )


def test_only_who_is_trusted_may_be_on_a_private_network(recorder, post):
    simulator = recorder()
    trouble = post(simulator.url, is_trusted=False)
    assert type(trouble) is BugTrackerAddressRefused
    assert simulator.received == []
    client = HTTPClient(is_public=lambda address: address == "127.0.0.1")
    assert post(simulator.url, is_trusted=False, client=client) == Posted(200)


def test_what_is_no_web_address_is_refused(post):
    with pytest.raises(ValueError):
        post("ftp://example.com/")


def test_connections_are_kept_open_and_those_that_were_closed_are_not_used(recorder):
    simulator = recorder()
    peers = []

    async def handler(request):
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response()

    simulator.answers["/"] = handler

    def close_all():
        simulator.listen(False)
        simulator.listen(True)

    async def run():
        async with HTTPClient().open() as pool:
            for close in (False, False, True):
                if close:
                    # Nothing else runs here meanwhile.
                    close_all()
                assert await pool.post(simulator.url, b"", {}, is_trusted=True) == Posted(200)

    asyncio.run(run())
    assert peers[0] == peers[1] != peers[2]
