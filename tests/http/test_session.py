import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerRateLimited,
    Credentials,
    CredentialsUnreadable,
    ICredentials,
    IHTTPSession,
)
from malonewatch.testing.faults import Names, answer, fault, raw, redirect


def test_the_interface_is_provided(facts):
    async def run():
        async with HTTPClient().open() as pool:
            verifyObject(IHTTPSession, pool.session(facts("http://bugs.example.com")))

    asyncio.run(run())


def test_an_answer_is_read_to_its_end(recorder, ask):
    simulator = recorder()
    simulator.answers["/bug"] = answer(201, "{}", "application/JSON; charset=utf-8", X_More="1")
    response = ask(simulator.url, f"{simulator.url}/bug?id=1,2").response
    assert (response.status, response.body, response.moved) == (201, b"{}", False)
    assert response.url == f"{simulator.url}/bug?id=1,2"
    assert response.content_type == "application/json"
    assert response.headers["x-more"] == "1"


def test_a_request_goes_out_as_it_is(recorder, ask):
    simulator = recorder()
    url = f"{simulator.url}/a%2Fb;c/?x={{}}&y=%20,:*"
    ask(simulator.url, url, "POST", body=b"<xml/>", headers={"Content-Type": "text/xml"})
    ((method, _, headers, body),) = simulator.received
    assert simulator.requests == ["POST /a%2Fb;c/?x={}&y=%20,:*"]
    assert (method, body, headers["Content-Type"]) == ("POST", b"<xml/>", "text/xml")
    assert headers["User-Agent"].startswith("malonewatch/")
    assert headers["Host"] == f"127.0.0.1:{simulator.port}"


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 410, 422])
def test_a_status_below_500_is_an_answer(status, recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = answer(status)
    assert ask(simulator.url).response.status == status


def test_a_proxy_that_wants_a_log_in_is_trouble(recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = answer(407)
    asked = ask(simulator.url)
    assert asked.kind is BugTrackerConnectError
    assert str(asked.trouble) == f"A proxy before {simulator.url} wants a log-in."


def test_headers_of_one_name_are_joined(recorder, ask):
    simulator = recorder()

    async def handler(request):
        response = web.Response()
        response.headers.add("Link", "<a>")
        response.headers.add("Link", "<b>")
        return response

    simulator.answers["/"] = handler
    assert ask(simulator.url).response.headers["link"] == "<a>, <b>"


def test_a_header_of_any_bytes_can_be_sent_back(recorder, ask):
    """An ETag is."""
    simulator = recorder()
    simulator.answers["/"] = raw(b'HTTP/1.1 200 OK\r\nETag: "\xff"\r\nContent-Length: 0\r\n\r\n')
    etag = ask(simulator.url).response.headers["etag"]
    assert etag == '"ÿ"'
    assert ask(simulator.url, headers={"If-None-Match": etag}).response.status == 200


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, None), (0, 0), (60, 60), (10**12, 604800), (-5, None), ("nan", None)],
)
def test_a_server_says_when_to_come_back(retry_after, seconds, recorder, ask):
    simulator = recorder()
    simulator.quota = 0
    simulator.retry_after = retry_after
    asked = ask(simulator.url)
    assert asked.kind is BugTrackerRateLimited
    assert asked.trouble.retry_after == seconds


@pytest.mark.parametrize("hours", [-7, 0, 5])
def test_the_clock_skew_is_learnt(hours, recorder, ask):
    simulator = recorder()
    simulator.clock_offset = timedelta(hours=hours)
    # To the second, and the answer takes a moment.
    assert round(ask(simulator.url).session.clock_skew / 3600, 1) == hours


def test_the_clock_skew_is_learnt_from_trouble_too(recorder, ask):
    simulator = recorder()
    simulator.clock_offset = timedelta(hours=2)
    with fault(simulator, "500"):
        assert ask(simulator.url).session.clock_skew > 7000


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bugs.example.com",
        "ftp://bugs.example.com",
        "http://",
        "http://[::1",
        "http://a..b/",
        "http://bugs.example.com:99999",
        f"http://{'a' * 64}.com",
    ],
)
def test_a_base_url_that_is_none(url, ask):
    asked = ask(url, url)
    assert asked.kind is BugTrackerConnectError
    shown = url.rstrip("/")
    assert str(asked.trouble) == f"{shown} leads to a URL that is none; correct its base URL."


def test_a_name_in_letters_of_any_kind(recorder, ask):
    simulator = recorder()
    names = Names({"xn--bcher-kva.example": ["127.0.0.1"]})
    url = f"http://Bücher.example:{simulator.port}"
    assert ask(url, client=HTTPClient(resolver=lambda: names)).response.status == 200


# Exchanges.


def test_every_request_is_kept_for_people_to_look_at(recorder, ask):
    simulator = recorder()
    simulator.answers["/"] = redirect("/there")
    simulator.answers["/there"] = answer(body="[1]")
    first, second = ask(simulator.url, f"{simulator.url}/").session.exchanges
    assert (first.method, first.url, first.status) == ("GET", f"{simulator.url}/", 302)
    assert (second.url, second.status, second.size) == (f"{simulator.url}/there", 200, 3)
    assert second.seconds > 0
    assert second.error == ""


def test_a_request_that_failed_is_kept_with_the_reason(recorder, ask):
    simulator = recorder()
    with fault(simulator, "reset"):
        asked = ask(simulator.url)
    (exchange,) = asked.session.exchanges
    assert (exchange.status, exchange.size, exchange.error) == (None, 10, str(asked.trouble))


@pytest.mark.parametrize(
    "query", ["key=s3cret&x=pass word", "key=%73%33cret&x=pass+word", "key=s3CRET&x=pass%20word"]
)
def test_no_exchange_has_a_secret_in_it(query, recorder, credentials, ask):
    simulator = recorder()
    credentials[simulator.url] = Credentials("jane", "pass word", "s3cret")
    asked = ask(simulator.url, f"{simulator.url.replace('//', '//jane:s3cret@')}/?{query}")
    assert asked.session.exchanges[0].url == f"{simulator.url}/?key=***&x=***"


@pytest.mark.parametrize("given", [Credentials(token="s3cret"), Credentials("jane", "s3cret")])
@pytest.mark.parametrize("form", ["http://{}.example/", "http://127.0.0.1:1/{}", "http://a/?{}"])
def test_a_secret_that_a_server_sends_back_is_not_shown(given, form, recorder, credentials, ask):
    simulator = recorder()
    credentials[simulator.url] = given

    async def send_back(request):
        sent = request.headers["Authorization"].split()[-1].rstrip("=")
        raise web.HTTPFound(form.format(f"s3cret-{sent}"))

    simulator.answers["/"] = send_back
    asked = ask(simulator.url, client=HTTPClient(resolver=Names))
    shown = f"{asked.trouble!r}{asked.session.exchanges}".lower()
    assert "***" in shown
    assert "s3cret" not in shown
    assert "amFuZTpzM2NyZXQ".lower() not in shown


def test_a_secret_that_a_server_sends_back_is_not_in_an_answer(recorder, credentials, ask):
    simulator = recorder()
    credentials[simulator.url] = Credentials("jane", "s3cret /")
    simulator.answers["/"] = redirect("/of/s3cret%20%2f/S3CRET+/")
    simulator.answers["/of/s3cret //S3CRET+/"] = answer(
        body='{"message": "s3cret /"}', ETag='"amFuZTpzM2NyZXQgLw"', Link="</?p=s3cret%20/>"
    )
    asked = ask(simulator.url)
    assert asked.response.url == f"{simulator.url}/of/***/***"
    assert asked.response.headers["etag"] == '"***"'
    assert asked.response.headers["link"] == "</?p=***>"
    assert asked.session.scrub('{"message": "s3cret /"}') == '{"message": "***"}'


def test_without_credentials_nothing_is_taken_out(recorder, ask):
    assert ask(recorder().url).session.scrub("Bearer s3cret") == "Bearer s3cret"


def test_a_user_in_the_base_url_is_neither_logged_in_nor_shown(recorder, ask):
    simulator = recorder()
    url = simulator.url.replace("//", "//jane:s3cret@")
    with fault(simulator, "500"):
        asked = ask(url)
    assert str(asked.trouble) == f"{simulator.url} failed with HTTP status 500."
    assert "s3cret" not in str(asked.session.exchanges)
    ask(url)
    assert "Authorization" not in simulator.received[0][2]


# Credentials.


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (Credentials(token="s3cret"), "Bearer s3cret"),
        (Credentials(username="jane", password="ünknown"), "Basic amFuZTrDvG5rbm93bg=="),
        (Credentials("jane", "password", "s3cret"), "Bearer s3cret"),
        (Credentials(username="jane"), None),
        (Credentials(), None),
        (None, None),
    ],
)
def test_credentials_are_sent_as_http_authentication(given, sent, recorder, credentials, ask):
    simulator = recorder()
    credentials[simulator.url] = given
    asked = ask(simulator.url)
    assert asked.session.credentials == given
    assert simulator.received[0][2].get("Authorization") == sent


def api_key(credentials):
    return {"Api-Key": f"key={credentials.token}-1", "X-User": "", "authorization": "None"}


def test_a_type_says_how_its_credentials_are_sent(recorder, credentials, facts):
    own, other = recorder(), recorder()
    credentials[own.url] = Credentials(token="s3cret")
    own.answers["/"] = redirect(f"{other.url}/?s3cret-1&KEY=s3cret-1")

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(own.url), authorization=api_key)
            headers = {"Authorization": "Basic x", "api-key": "another"}
            response = await session.request("GET", own.url, headers=headers)
            assert response.url == f"{other.url}/?***-1&***"

    asyncio.run(run())
    sent = own.received[0][2]
    assert sent.getall("Api-Key") == ["key=s3cret-1"]
    assert sent.getall("Authorization") == ["None"]
    assert "Api-Key" not in other.received[0][2]
    assert "Authorization" not in other.received[0][2]


def test_credentials_go_to_where_a_bug_tracker_is_asked(recorder, credentials, facts):
    people, service = recorder(), recorder()
    credentials[people.url] = Credentials(token="s3cret")

    async def ask():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(people.url), service=f"{service.url}/api")
            for url in (f"{service.url}/api/1", people.url):
                await session.request("GET", url)

    asyncio.run(ask())
    assert service.received[0][2]["Authorization"] == "Bearer s3cret"
    assert "Authorization" not in people.received[0][2]


def test_a_type_is_not_asked_how_to_send_no_credentials(recorder, facts):
    simulator = recorder()

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(simulator.url), authorization=api_key)
            await session.request("GET", simulator.url)

    asyncio.run(run())
    assert "Api-Key" not in simulator.received[0][2]


def test_a_link_in_a_text_makes_no_secret_travel_in_the_clear(recorder, credentials, ask):
    simulator = recorder()
    credentials[simulator.url] = Credentials(token="s3cret")
    client = HTTPClient(is_public=lambda address: True)
    ask(simulator.url, client=client, guessed=True)
    assert "Authorization" not in simulator.received[0][2]


def test_unreadable_credentials_are_told_when_they_are_needed(facts, credentials):
    def unreadable(baseurl):
        raise BadInput("The credentials file cannot be read.")

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts("http://127.0.0.1:1"))
            with pytest.raises(CredentialsUnreadable, match="cannot be read") as caught:
                await session.request("GET", "http://127.0.0.1:1")
            assert caught.value.__context__ is None
            with pytest.raises(CredentialsUnreadable):
                _ = session.credentials
            assert session.exchanges == []

    getUtility(ICredentials).get = unreadable
    asyncio.run(run())
