import base64
import json
from datetime import timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    DeliveryFailed,
    DeliverySettings,
    Happening,
    IChannel,
    IClock,
    IHTTPClient,
    ISender,
)
from malonewatch.notifying import webhook
from malonewatch.notifying.webhook import payload
from malonewatch.testing.faults import (
    Names,
    answer,
    certificates,
    endless_body,
    fault,
    page,
    redirect,
)

from ..clock import FakeClock

SECRET = "whsec_" + base64.b64encode(b"twenty-four bytes of key").decode()


@pytest.fixture(autouse=True)
def _secrets(monkeypatch):
    monkeypatch.setenv("HOOK_KEY", SECRET)


@pytest.fixture
def channel():
    return getUtility(IChannel, "webhook")


@pytest.fixture
def send(channel, message, notice, settings):
    """Sends a notice, or some, to an address."""

    def send(address, *notices, **values):
        with channel.open(DeliverySettings()) as sender:
            sender.send(message(settings("webhook", address, **values), *notices or [notice()]))

    return send


@pytest.fixture
def failure(send):
    """What is said of a failure to send a notice."""

    def failure(address, **values):
        with pytest.raises(DeliveryFailed) as caught:
            send(address, **values)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return caught.value

    return failure


def test_the_interfaces_are_provided(channel):
    verifyObject(IChannel, channel)
    assert channel.title == "Webhook"
    with channel.open(DeliverySettings()) as sender:
        verifyObject(ISender, sender)


# What arrives.


def test_a_message_arrives_and_is_verified_by_the_reference_library(receiver, send, notice):
    simulator = receiver()
    send(f"{simulator.url}/hook", notice(7), secret="env:HOOK_KEY")
    ((path, headers, body),) = simulator.received
    assert path == "/hook"
    assert headers["Content-Type"] == "application/json"
    assert Webhook(SECRET).verify(body, dict(headers)) == {
        "type": "bugwatch.fixed",
        "timestamp": "2024-05-06T19:00:00+00:00",
        "data": {
            "id": 7,
            "moment": "2024-05-06T19:00:00+00:00",
            "happening": "fixed",
            "bug": 12,
            "bug_title": "Ours",
            "tracker": "gnome",
            "tracker_title": "GNOME",
            "watch": 3,
            "remotebug": "77",
            "title": "Theirs",
            "url": "https://bugs.example.com/show_bug.cgi?id=77",
            "old_remotestatus": "NEW",
            "new_remotestatus": "RESOLVED FIXED",
            "old_status": "NEW",
            "new_status": "FIXRELEASED",
            "since": "2024-03-27T12:00:00+00:00",
            "text": webhook.headline(notice(7)),
            "detail": "",
            "private": False,
        },
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"fixed", b"fiXed"), dict(headers))


@pytest.mark.parametrize("key", [SECRET, SECRET.rstrip("="), "whsec_" + "YWJjZA"])
def test_a_key_may_come_without_its_padding(key, receiver, send, monkeypatch):
    monkeypatch.setenv("HOOK_KEY", key)
    simulator = receiver()
    send(simulator.url, secret="env:HOOK_KEY")
    ((_, headers, body),) = simulator.received
    # As its first version wants the padding.
    Webhook(key + "=" * (-len(key.partition("_")[2]) % 4)).verify(body, dict(headers))


def test_without_a_secret_nothing_is_signed(receiver, send):
    simulator = receiver()
    send(simulator.url)
    ((_, headers, _),) = simulator.received
    assert "webhook-signature" not in headers
    assert "webhook-id" in headers


def test_what_is_sent_again_is_known_by_its_id_and_signed_anew(receiver, send, register):
    simulator = receiver()
    clock = FakeClock()
    register(clock, IClock)
    send(simulator.url, secret="env:HOOK_KEY")
    clock.tick(hours=2)
    send(simulator.url, secret="env:HOOK_KEY")
    (_, first, body), (_, again, same) = simulator.received
    assert first["webhook-id"] == again["webhook-id"]
    assert first["webhook-id"].endswith(".4.1")
    assert body == same
    seconds = int(again["webhook-timestamp"]) - int(first["webhook-timestamp"])
    assert seconds == timedelta(hours=2).total_seconds()
    assert first["webhook-signature"] != again["webhook-signature"]


def test_connections_are_kept_open_and_those_that_were_closed_are_not_used(
    receiver, channel, message, settings, notice
):
    simulator = receiver()
    peers = []

    async def handler(request):
        peers.append(request.transport.get_extra_info("peername"))
        return web.Response()

    simulator.answers["/"] = handler
    with channel.open(DeliverySettings()) as sender:
        for number in (1, 2, 3):
            sender.send(message(settings("webhook", simulator.url), notice(number)))
            if number == 2:
                simulator.listen(False)
                simulator.listen(True)
    assert peers[0] == peers[1] != peers[2]


# What it says.


@pytest.mark.parametrize(
    ("happening", "what"),
    [
        (Happening.STATUS, "bugwatch.status"),
        (Happening.GONE, "bugwatch.gone"),
        (Happening.TROUBLE, "bugtracker.trouble"),
        (Happening.RECOVERED, "bugtracker.recovered"),
        (Happening.DISABLED, "destination.disabled"),
    ],
)
def test_the_type_says_what_happened_to_what(happening, what, message, settings, notice):
    some = notice(1, happening, old_status=None, since=None, text="It failed.")
    said = json.loads(payload(message(settings("webhook", ""), some)))
    assert said["type"] == what
    assert said["data"]["detail"] == "It failed."
    assert said["data"]["old_status"] is said["data"]["since"] is None


def test_a_digest_has_all_notices_the_oldest_first(message, settings, notice):
    notices = [notice(number, old_status=BugTaskStatus.NEW) for number in (1, 2, 3)]
    said = json.loads(payload(message(settings("webhook", ""), *notices)))
    assert said["type"] == "digest"
    assert said["timestamp"] == "2024-05-06T15:00:00+00:00"
    assert [each["id"] for each in said["data"]["notices"]] == [1, 2, 3]
    assert said["data"]["omitted"] == 0


def test_a_digest_is_bounded_and_says_how_much_is_missing(message, settings, notice, monkeypatch):
    notices = [notice(number, title="ü" * 5000) for number in range(100)]
    monkeypatch.setattr(webhook, "LARGEST", 50_000)
    body = payload(message(settings("webhook", ""), *notices))
    data = json.loads(body)["data"]
    assert 40_000 < len(body) < 51_000
    assert data["omitted"] == 100 - len(data["notices"]) > 0
    assert data["notices"][0]["title"] == "ü" * 1999 + "…"


def test_what_is_no_text_harms_nobody(message, settings, notice):
    body = payload(message(settings("webhook", ""), notice(title="\ud800\x1b[31mred\x00")))
    assert json.loads(body)["data"]["title"] == "\ufffdred"


# What does not arrive.


ELSEWHERE = "leads elsewhere (HTTP status 301), and messages do not follow; correct its address."
REFUSED = "refuses the message (HTTP status 404); see whether the address and the secret are right."
FAILED = "failed to take the message (HTTP status 500); its own log may say why."
LATER = "wants no more messages for a while (HTTP status {})."


@pytest.mark.parametrize(
    ("handler", "why", "retry_after"),
    [
        (answer(301), ELSEWHERE, None),
        (answer(404), REFUSED, None),
        (answer(413), REFUSED.replace("404", "413"), None),
        (answer(500), FAILED, None),
        (answer(429), LATER.format(429), None),
        (answer(429, Retry_After="90"), LATER.format(429), 90),
        (page("Busy", 503, Retry_After="90"), LATER.format(503), 90),
    ],
)
@pytest.mark.parametrize("is_secret", [False, True])
def test_an_answer_that_is_none(
    handler, why, retry_after, is_secret, receiver, failure, monkeypatch
):
    simulator = receiver()
    simulator.fault = handler
    url = f"{simulator.url}/s3cret"
    monkeypatch.setenv("HOOK", url)
    failed = failure("env:HOOK" if is_secret else url)
    name = "env:HOOK" if is_secret else simulator.origin.partition("//")[2]
    assert str(failed) == f"{name} {why}"
    assert failed.retry_after == retry_after
    assert not failed.is_permanent
    assert not failed.is_refused


def test_who_wants_nothing_any_more_is_sent_nothing_any_more(receiver, failure):
    simulator = receiver()
    simulator.fault = answer(410)
    failed = failure(simulator.url)
    assert failed.is_permanent
    assert str(failed).endswith("says that nothing is wanted there any more (HTTP status 410).")


def test_a_redirect_is_not_followed(receiver, failure):
    simulator, other = receiver(), receiver()
    simulator.fault = redirect(other.url, 307)
    failure(simulator.url)
    assert other.requests == []


@pytest.mark.parametrize("status", [200, 202, 204])
def test_what_else_is_answered_is_no_matter(status, receiver, send):
    simulator = receiver()
    simulator.fault = page("<h1>Log in</h1>", status)
    send(simulator.url)
    simulator.fault = endless_body
    send(simulator.url)
    assert len(simulator.requests) == 2


def test_a_receiver_that_hangs_is_not_waited_for(receiver, failure, monkeypatch):
    monkeypatch.setattr(webhook, "PATIENCE", 0.05)
    simulator = receiver()
    with fault(simulator, "silent"):
        assert str(failure(simulator.url)) == "127.0.0.1 did not answer within 0.05 seconds."


def test_one_that_is_not_there_is_named_but_not_where_it_is_a_secret(
    receiver, failure, monkeypatch
):
    simulator = receiver()
    simulator.listen(False)
    assert str(failure(simulator.url)) == "127.0.0.1 cannot be reached: connection refused."
    monkeypatch.setenv("HOOK", f"{simulator.url}/s3cret")
    assert str(failure("env:HOOK")) == "env:HOOK cannot be reached: connection refused."


def test_only_who_is_trusted_may_be_on_a_private_network(receiver, failure, send):
    simulator = receiver()
    assert str(failure(simulator.url, is_trusted=False)) == (
        f"{simulator.origin.partition('//')[2]} is not on the public Internet, where alone this "
        "destination may be; whoever runs this site can trust it."
    )
    assert simulator.requests == []
    send(simulator.url, is_trusted=True)


def test_a_certificate_has_to_be_trusted(receiver, send, failure, register):
    server, client = certificates("hooks.example.com")
    simulator = receiver(ssl_context=server)
    names = Names({"hooks.example.com": ["127.0.0.1"]})
    url = simulator.url.replace("localhost", "hooks.example.com")
    register(HTTPClient(resolver=lambda: names), IHTTPClient)
    assert str(failure(url)).startswith("The certificate of hooks.example.com cannot be trusted: ")
    register(HTTPClient(resolver=lambda: names, ssl=client), IHTTPClient)
    send(url)
    assert len(simulator.received) == 1


@pytest.mark.parametrize("key", ["pa55", "YWJjZA==", "whsec_", "whsec_pa55!", "whsec_ü"])
def test_a_key_that_is_none(key, receiver, failure, monkeypatch):
    monkeypatch.setenv("HOOK_KEY", key)
    simulator = receiver()
    assert str(failure(simulator.url, secret="env:HOOK_KEY")) == (
        "What env:HOOK_KEY refers to is no key to sign with, which is whsec_ and base64 after "
        "that; correct it."
    )
    assert simulator.requests == []


def test_a_key_that_is_not_there(failure, monkeypatch):
    monkeypatch.delenv("HOOK_KEY")
    assert str(failure("http://127.0.0.1/", secret="env:HOOK_KEY")) == (
        "The reference env:HOOK_KEY names the environment variable HOOK_KEY, which is not set; "
        "correct it."
    )


NO_URL = (
    "is not the URL of a webhook, which begins with https:// or http:// and has no user name and "
    "password in it; correct it."
)
NO_URLS = [
    "hooks.example.com",
    "ftp://hooks.example.com/",
    "https:///hook",
    "https://jane:pa55@hooks.example.com/",
    "https://hooks.example.com:99999/",
    "https://[::1/",
    "pa55",
]


@pytest.mark.parametrize("url", NO_URLS)
def test_a_reference_to_what_is_no_url(url, failure, monkeypatch):
    monkeypatch.setenv("HOOK", url)
    assert str(failure("env:HOOK")) == f"What env:HOOK refers to {NO_URL}"


def test_a_host_that_can_be_none(failure):
    assert str(failure("http://no host/")) == "no host:80 is not the name of a server; correct it."


@pytest.mark.parametrize("url", NO_URLS)
def test_an_address_that_nobody_checked(url, channel, settings, failure):
    assert channel.route(settings("webhook", url)) == "nowhere"
    assert str(failure(url)) == f"The address {NO_URL}"


# What is stored.


@pytest.mark.parametrize("url", NO_URLS)
def test_an_address_that_is_no_url_is_refused_and_not_shown(url, channel, settings):
    with pytest.raises(BadInput) as caught:
        channel.check(settings("webhook", url))
    assert str(caught.value) == f"The address {NO_URL}"


@pytest.mark.parametrize("key", [SECRET, "pa55"])
def test_a_secret_is_never_stored(key, channel, settings):
    with pytest.raises(BadInput) as caught:
        channel.check(settings("webhook", "https://hooks.example.com/", secret=key))
    assert str(caught.value) == (
        "What messages are signed with is not kept here; put it elsewhere, and say where by "
        "env:NAME, file:PATH or keyring:SERVICE/USER."
    )


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("https://Hooks.Example.com/some?where", "hooks.example.com:443"),
        ("https://hooks.example.com:/", "hooks.example.com:443"),
        ("http://hooks.example.com:8080/", "hooks.example.com:8080"),
        ("http://[::1]/", "[::1]:80"),
        ("env:HOOK", "env:HOOK"),
        ("keyring:hooks/jane", "keyring:hooks/jane"),
    ],
)
def test_what_has_the_same_host_goes_by_the_same_route(address, route, channel, settings):
    given = settings("webhook", address, secret="env:HOOK_KEY")
    assert channel.check(given) == given
    assert channel.route(given) == route
