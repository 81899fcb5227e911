import json
import logging
import sys

import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import BadInput, DeliveryFailed, DeliverySettings, IChannel, ISender
from malonewatch.notifying import chat
from malonewatch.testing.faults import answer, fault

MISSING = "To send by Apprise needs the package apprise; install malonewatch[apprise]."


@pytest.fixture
def channel():
    return getUtility(IChannel, "apprise")


@pytest.fixture
def chatroom(receiver, monkeypatch):
    """A receiver to which CHAT leads."""
    simulator = receiver()
    monkeypatch.setenv("CHAT", simulator.url.replace("http:", "json:") + "/pa55")
    return simulator


@pytest.fixture
def send(channel, message, notice, settings):
    """Sends a notice, or some, to where a reference leads."""

    def send(*notices, reference="env:CHAT"):
        with channel.open(DeliverySettings(bug_url="https://desk/{bug}")) as sender:
            sender.send(message(settings("apprise", reference), *notices or [notice()]))

    return send


@pytest.fixture
def failure(send):
    """What is said of a failure to send a notice."""

    def failure(**values):
        with pytest.raises(DeliveryFailed) as caught:
            send(**values)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        assert not caught.value.is_permanent
        return str(caught.value)

    return failure


@pytest.fixture
def logged():
    """What comes to those who log everything."""
    records = []

    class Handler(logging.Handler):
        emit = records.append

    handler = Handler()
    logging.getLogger().addHandler(handler)
    yield records
    logging.getLogger().removeHandler(handler)


def test_the_interfaces_are_provided(channel):
    verifyObject(IChannel, channel)
    assert channel.title == "Chat, by Apprise"
    with channel.open(DeliverySettings()) as sender:
        verifyObject(ISender, sender)


def test_a_message_arrives(chatroom, send, notice):
    send(notice(title="<b>Ünï</b> & _more_"))
    ((path, _, body),) = chatroom.received
    assert path == "/pa55"
    said = json.loads(body)
    told = notice(title="<b>Ünï</b> & _more_")
    assert said["title"] == chat.headline(told)
    assert said["message"].splitlines() == [
        *chat.sentences(told),
        "https://bugs.example.com/show_bug.cgi?id=77",
        "https://desk/12",
    ]


def test_a_digest_is_a_list_that_has_an_end(chatroom, send, notice):
    notices = [notice(number) for number in range(23)]
    send(*notices)
    said = json.loads(chatroom.received[0][2])
    lines = said["message"].splitlines()
    assert said["title"] == "23 changes in remote bugs"
    assert lines[:20] == [f"- {chat.headline(each)}" for each in notices[:20]]
    assert lines[20:] == ["... and 3 more."]
    send(*notices[:20])
    assert "more" not in json.loads(chatroom.received[1][2])["message"].splitlines()[-1]


def test_what_is_too_long_for_a_service_comes_in_parts(chatroom, send, notice, monkeypatch):
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 200)
    told = [notice(number) for number in range(20)]
    send(*told)
    assert len(chatroom.received) > 1
    said = " ".join(json.loads(body)["message"] for _, _, body in chatroom.received)
    assert all(chat.headline(each).split()[0] in said for each in told)


def test_unless_its_url_says_that_it_is_to_be_cut_off(chatroom, send, notice, monkeypatch):
    import apprise

    monkeypatch.setattr(apprise.plugins.custom_json.NotifyJSON, "body_maxlen", 200)
    monkeypatch.setenv("CHAT", f"{chatroom.url.replace('http:', 'json:')}/?overflow=truncate")
    send(*[notice(number) for number in range(20)])
    assert len(chatroom.received) == 1


def test_a_service_is_made_once_for_many_messages(
    chatroom, channel, message, settings, notice, monkeypatch
):
    with channel.open(DeliverySettings()) as sender:
        sender.send(message(settings("apprise", "env:CHAT"), notice(1)))
        monkeypatch.delenv("CHAT")
        sender.send(message(settings("apprise", "env:CHAT"), notice(2)))
    assert len(chatroom.received) == 2


# What does not arrive.


def test_a_service_that_fails(chatroom, failure, logged, capfd):
    chatroom.fault = answer(500)
    assert failure() == (
        "Apprise could not send to where env:CHAT leads; its own command, apprise, says why if it "
        "is given the same URL."
    )
    assert logged == []
    assert "pa55" not in str(capfd.readouterr())


def test_a_plug_in_that_raises(chatroom, failure, monkeypatch):
    import apprise

    def notify(*args, **kwargs):
        raise RuntimeError("pa55")

    monkeypatch.setattr(apprise.Apprise, "notify", notify)
    assert failure().startswith("Apprise could not send to where env:CHAT leads; ")


def test_a_service_that_hangs_holds_nobody_up(
    chatroom, channel, message, settings, notice, monkeypatch
):
    with channel.open(DeliverySettings()) as sender:
        given = message(settings("apprise", "env:CHAT"), notice())
        monkeypatch.setattr(chat, "PATIENCE", 0.05)
        with fault(chatroom, "silent"), pytest.raises(DeliveryFailed) as caught:
            sender.send(given)
        assert str(caught.value) == (
            "Apprise had not sent to where env:CHAT leads after 0.05 seconds; see whether what "
            "is there answers."
        )
        monkeypatch.undo()
        monkeypatch.setenv("CHAT", chatroom.url.replace("http:", "json:"))
        sender.send(given)
    assert [path for path, _, _ in chatroom.received] == ["/"]


@pytest.mark.parametrize("url", ["pa55", "pa55://hooks.example.com", "json://"])
def test_a_reference_to_what_is_no_url_of_apprises(url, failure, monkeypatch, logged, capfd):
    monkeypatch.setenv("CHAT", url)
    assert failure() == "What env:CHAT refers to is no URL that Apprise knows; correct it."
    assert logged == []
    assert "pa55" not in str(capfd.readouterr())


def test_a_reference_to_nothing(failure, monkeypatch):
    monkeypatch.delenv("CHAT", raising=False)
    assert failure() == (
        "The reference env:CHAT names the environment variable CHAT, which is not set; correct it."
    )


def test_a_machine_without_the_package(channel, failure, settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert failure() == MISSING
    with pytest.raises(BadInput) as caught:
        channel.check(settings("apprise", "env:CHAT"))
    assert str(caught.value) == MISSING


def test_an_address_that_nobody_checked_is_not_shown(channel, settings, failure):
    assert channel.route(settings("apprise", "slack://pa55")) == "nowhere"
    assert failure(reference="slack://pa55") == (
        "What refers to a secret is env:NAME, file:PATH or keyring:SERVICE/USER, and that is none "
        "of them."
    )


# What is stored.


def test_a_reference_is_stored_and_is_the_route(channel, settings):
    given = settings("apprise", "file:chat")
    assert channel.check(given) == given
    assert channel.route(given) == "file:chat"


@pytest.mark.parametrize(
    ("address", "values", "why"),
    [
        ("slack://pa55", {}, "A URL of Apprise's has a secret in it and is not kept here; "),
        ("env:CHAT", {"secret": "env:KEY"}, "Messages by Apprise are not signed; "),
        ("env:CHAT", {"is_trusted": False}, "Apprise may send anywhere, so "),
    ],
)
def test_what_cannot_be_stored(address, values, why, channel, settings):
    with pytest.raises(BadInput) as caught:
        channel.check(settings("apprise", address, **values))
    assert str(caught.value).startswith(why)
    assert "pa55" not in str(caught.value)
