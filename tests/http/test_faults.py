"""Every fault that a server can have, over a socket, and what is made of it."""

import asyncio
import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    AnswerTooLarge,
    BugTrackerChallenge,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerRateLimited,
    BugTrackerServerError,
    BugTrackerTimeout,
    BugTrackerTrouble,
    BugTrackerType,
    BugTrackerUnavailable,
    Credentials,
    MalonewatchError,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.faults import FAULTS, MIB, Names, bomb, certificates, fault, page, raw
from malonewatch.testing.simulator import Simulator

SECRET = "s3cret"
BROKE_OFF = "127.0.0.1 broke off in the middle of its answer, or garbled it."
NO_ANSWER = "127.0.0.1 closed the connection without an answer."
NOT_HTTP = "127.0.0.1 answered with something that is not proper HTTP."
TOO_LONG = "{url} gave an answer of more than 1048576 bytes; no more of it was read."
TIMED_OUT = "{url} did not answer within 0.2 seconds."
CHALLENGE = "{url} shows a challenge page, meant to keep robots out, instead of an answer."
LIMITED = "{url} asks to be left alone for a while (HTTP status {status})."

TROUBLE = {
    "refused": (BugTrackerConnectError, "127.0.0.1 cannot be reached: connection refused."),
    "reset": (BugTrackerConnectError, BROKE_OFF),
    "reset before the answer": (BugTrackerConnectError, NO_ANSWER),
    "closed before the answer": (BugTrackerConnectError, NO_ANSWER),
    "silent": (BugTrackerTimeout, TIMED_OUT),
    "silent in mid-body": (BugTrackerTimeout, TIMED_OUT),
    "drip": (BugTrackerTimeout, TIMED_OUT),
    "500": (BugTrackerServerError, "{url} failed with HTTP status 500."),
    "502": (BugTrackerServerError, "{url} failed with HTTP status 502."),
    "503": (BugTrackerServerError, "{url} failed with HTTP status 503."),
    "429": (BugTrackerRateLimited, LIMITED.replace("{status}", "429")),
    "429 with seconds": (BugTrackerRateLimited, LIMITED.replace("{status}", "429")),
    "429 with a date": (BugTrackerRateLimited, LIMITED.replace("{status}", "429")),
    "503 with seconds": (BugTrackerUnavailable, "{url} is unavailable until 2024-05-06 12:02 UTC."),
    "503 for asking too much": (BugTrackerRateLimited, LIMITED.replace("{status}", "503")),
    "403 with seconds": (BugTrackerRateLimited, LIMITED.replace("{status}", "403")),
    "no quota left": (BugTrackerRateLimited, LIMITED.replace("{status}", "403")),
    "maintenance": (
        BugTrackerUnavailable,
        "{url} is down for maintenance until 2024-05-06 13:00 UTC.",
    ),
    "maintenance page": (BugTrackerUnavailable, "{url} is down for maintenance."),
    "log-in page": (
        BugTrackerCredentialsRefused,
        "{url} shows a log-in page instead of an answer.",
    ),
    "Anubis": (BugTrackerChallenge, CHALLENGE),
    "Cloudflare": (BugTrackerChallenge, CHALLENGE),
    "Cloudflare block": (BugTrackerChallenge, CHALLENGE),
    "Cloudflare block without a page": (BugTrackerChallenge, CHALLENGE),
    "AWS WAF": (BugTrackerChallenge, CHALLENGE),
    "AWS WAF with a CAPTCHA": (BugTrackerChallenge, CHALLENGE),
    "page": (UnparsableBugTracker, "{url} answers with a web page where there should be data."),
    "bomb": (AnswerTooLarge, TOO_LONG),
    "deflate bomb": (AnswerTooLarge, TOO_LONG),
    "bomb of line feeds": (AnswerTooLarge, TOO_LONG),
    "list of millions": (AnswerTooLarge, TOO_LONG),
    "lists in lists": (AnswerTooLarge, TOO_LONG),
    "not gzip": (BugTrackerConnectError, BROKE_OFF),
    "endless body": (AnswerTooLarge, TOO_LONG),
    "redirect loop": (
        BugTrackerConnectError,
        "{url} redirects in circles, or more than 5 times.",
    ),
    "redirect to a file": (
        BugTrackerConnectError,
        "{url} redirects to something that is not a web address.",
    ),
    "not HTTP": (BugTrackerConnectError, NOT_HTTP),
    "endless headers": (BugTrackerConnectError, NOT_HTTP),
    "large header": (BugTrackerConnectError, NOT_HTTP),
    "endless interim answers": (BugTrackerTimeout, TIMED_OUT),
    "Content-Length too large": (BugTrackerConnectError, BROKE_OFF),
    "Content-Length no number": (BugTrackerConnectError, NOT_HTTP),
    "chunks that are none": (BugTrackerConnectError, NOT_HTTP),
}
# It is for the type to see that these are no data.
NO_TROUBLE = {"truncated JSON", "wrong charset"}
# These last until the client has enough.
NEVER_ENDING = ["silent", "silent in mid-body", "drip", "endless interim answers"]
RETRY_AFTER = {
    "429 with seconds": 120,
    "429 with a date": 120,
    "503 with seconds": 120,
    "503 for asking too much": 120,
    "403 with seconds": 120,
    "no quota left": 120,
    "maintenance": 3600,
}


@pytest.fixture(scope="module")
def simulator():
    with Simulator() as simulator:
        yield simulator


def test_every_fault_is_tested():
    assert set(TROUBLE) | NO_TROUBLE == {"refused", *FAULTS}


@pytest.mark.parametrize("name", TROUBLE)
def test_a_fault_is_trouble_in_one_sentence(name, simulator, ask, credentials, clock):
    credentials[simulator.url] = Credentials(token=SECRET)
    kind, sentence = TROUBLE[name]
    client = HTTPClient(body_limit=MIB)
    # A loop's requests and a bomb's making take a moment; all else is given little.
    timeout = 0.2 if kind is BugTrackerTimeout else 60
    with fault(simulator, name):
        asked = ask(simulator.url, client=client, timeout=timeout)
    assert asked.kind is kind
    assert str(asked.trouble) == sentence.format(url=simulator.url)
    assert asked.trouble.retry_after == RETRY_AFTER.get(name)
    assert asked.trouble.__cause__ is None
    assert SECRET not in f"{asked.trouble!r}{asked.session.exchanges}"


@pytest.mark.parametrize("name", TROUBLE)
def test_a_simulator_is_well_again_after_a_fault(name, ask):
    with Simulator() as simulator:
        with fault(simulator, name):
            pass
        assert ask(simulator.url).response.status == 404


@pytest.mark.parametrize("name", NEVER_ENDING)
def test_a_hanging_server_holds_nobody_up(name, simulator, recorder, facts):
    well = recorder()

    async def run():
        async with HTTPClient(per_host=2).open() as pool:
            hanging = [
                asyncio.create_task(
                    pool.session(facts(simulator.url)).request("GET", simulator.url)
                )
                for _ in range(5)
            ]
            await asyncio.sleep(0)
            response = await pool.session(facts(well.url)).request("GET", well.url)
            assert not any(task.done() for task in hanging)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            return response

    with fault(simulator, name):
        assert asyncio.run(run()).status == 200


@pytest.mark.parametrize("name", sorted(set(TROUBLE) - set(NEVER_ENDING)))
def test_a_faulty_server_costs_another_nothing(name, simulator, recorder, facts):
    well = recorder()

    async def run():
        async with HTTPClient(body_limit=MIB).open() as pool:
            return await asyncio.gather(
                pool.session(facts(simulator.url)).request("GET", simulator.url),
                pool.session(facts(well.url)).request("GET", well.url),
                return_exceptions=True,
            )

    with fault(simulator, name):
        trouble, response = asyncio.run(run())
    assert isinstance(trouble, BugTrackerTrouble)
    assert response.status == 200


@pytest.mark.parametrize("name", ["bomb", "deflate bomb", "endless body"])
def test_little_is_read_beyond_the_limit(name, simulator, ask):
    with fault(simulator, name):
        asked = ask(simulator.url, client=HTTPClient(body_limit=MIB))
    assert MIB < asked.session.exchanges[0].size <= 2 * MIB


def test_little_is_read_of_a_bomb_in_zstd(simulator, ask):
    zstd = pytest.importorskip("compression.zstd")
    body = zstd.compress(bytes(64 * MIB))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: %d\r\n\r\n" % len(body)
    with fault(simulator, raw(head + body)):
        asked = ask(simulator.url, client=HTTPClient(body_limit=MIB))
    assert asked.kind is AnswerTooLarge
    assert asked.session.exchanges[0].size <= 2 * MIB


def test_a_drip_is_not_caught_drop_by_drop(simulator, ask):
    """The time limit is for the whole answer, and not for each piece of it."""
    with fault(simulator, "drip"):
        asked = ask(simulator.url, timeout=0.2)
    assert asked.session.exchanges[0].size <= 1


def test_what_is_compressed_within_the_limit_is_an_answer(simulator, ask):
    with fault(simulator, bomb(size=MIB)):
        asked = ask(simulator.url, client=HTTPClient(body_limit=MIB))
    assert asked.response.body == b" " * MIB


def test_an_encoding_that_was_not_asked_for_is_garbled(simulator, ask):
    with fault(simulator, raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nwhat is this")):
        assert ask(simulator.url).kind is BugTrackerConnectError


def test_what_a_connection_was_closed_on_is_asked_for_again(recorder, facts):
    """A connection that was kept open may be closed just when it is used again."""
    simulator = recorder()

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(simulator.url))
            await session.request("GET", simulator.url)
            simulator.listen(False)
            simulator.listen(True)
            return await session.request("GET", simulator.url)

    assert asyncio.run(run()).status == 200


@pytest.mark.parametrize("name", sorted(NO_TROUBLE))
def test_what_is_no_data_is_trouble_for_its_type(name, simulator):
    with fault(simulator, name), pytest.raises(UnparsableBugTracker, match="should be JSON"):
        Asker(Bugzilla, simulator.url).ask(["1"])


def test_a_page_is_an_answer_where_one_is_wanted(simulator, ask):
    with fault(simulator, "page"):
        assert b"Welcome" in ask(simulator.url, html=True).response.body


def test_a_page_with_an_error_is_an_answer(simulator, ask):
    with fault(simulator, page("<h1>No such bug</h1>", 404)):
        assert ask(simulator.url).response.status == 404


def test_a_challenge_is_one_where_a_page_is_wanted_too(simulator, ask):
    with fault(simulator, "Anubis"):
        assert ask(simulator.url, html=True).kind is BugTrackerChallenge


def test_a_name_that_does_not_resolve(ask):
    asked = ask("http://bugs.example.com", client=HTTPClient(resolver=Names))
    assert asked.kind is BugTrackerConnectError
    assert str(asked.trouble) == "The name bugs.example.com does not resolve."


def test_a_certificate_of_an_unknown_authority(ask):
    server, _ = certificates()
    with Simulator(ssl_context=server) as simulator:
        asked = ask(simulator.url)
    assert asked.kind is BugTrackerConnectError
    assert re.fullmatch(
        r"The certificate of localhost cannot be trusted: [a-z -]+\.", str(asked.trouble)
    )
    assert simulator.requests == []


def test_a_certificate_for_another_name(ask):
    server, client = certificates("bugs.example.com")
    with Simulator(ssl_context=server) as simulator:
        asked = ask(simulator.url, client=HTTPClient(ssl=client))
    assert asked.kind is BugTrackerConnectError
    assert str(asked.trouble) == (
        "The certificate of localhost cannot be trusted: Hostname mismatch, "
        "certificate is not valid for 'localhost'."
    )
    assert simulator.requests == []


def test_a_server_that_does_not_speak_tls(simulator, ask):
    asked = ask(simulator.url.replace("http:", "https:"))
    assert asked.kind is BugTrackerConnectError
    assert re.fullmatch(
        r"127\.0\.0\.1 does not speak TLS as it should: [a-z0-9 ]+\.", str(asked.trouble)
    )


def test_a_certificate_in_order(ask):
    server, client = certificates()
    with Simulator(ssl_context=server) as simulator:
        assert ask(simulator.url, client=HTTPClient(ssl=client)).response.status == 404


ANSWER = (
    b"HTTP/1.1 302 Found\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
    b"Location: /x\r\nDate: Tue, 02 Jan 2024 03:04:05 GMT\r\nRetry-After: 1\r\n"
    b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\n{ }\r\n0\r\n\r\n"
)


@st.composite
def mangled(draw):
    """A rich answer with some of it missing, and other things put in."""
    data = bytearray(ANSWER)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        stop = start + draw(st.integers(0, 30))
        data[start:stop] = draw(st.binary(max_size=8))
    return bytes(data)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200) | mangled())
def test_any_bytes_are_an_answer_or_an_error_of_ours(public_simulator, fuzz, data):
    fuzz(public_simulator, raw(data))


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_location_leads_somewhere_or_to_an_error_of_ours(public_simulator, fuzz, location):
    location = location.translate(None, b"\r\n\0")
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
    fuzz(public_simulator, raw(head + location + b"\r\n\r\n"))


@pytest.fixture(scope="module")
def public_simulator():
    with Simulator(host="127.0.0.2") as simulator:
        yield simulator


@pytest.fixture(scope="module")
def fuzz():
    # Whatever redirects there are, they lead nowhere else.
    client = HTTPClient(resolver=Names, is_public=lambda address: address == "127.0.0.2")

    def fuzz(simulator, what):
        facts = BugTrackerFacts("fuzz", BugTrackerType("FUZZ"), simulator.url, guessed=True)

        async def run():
            async with client.open() as pool:
                session = pool.session(facts, 60)
                with contextlib.suppress(MalonewatchError):
                    await session.request("GET", simulator.url)
                assert all(exchange.error.isprintable() for exchange in session.exchanges)
                assert all(exchange.url.isascii() for exchange in session.exchanges)

        with fault(simulator, what):
            asyncio.run(run())

    return fuzz
