import dataclasses

import pytest
from tests.channels import in_place_of, refusal
from zope.component import getUtility

from malonewatch.application.database import open_database
from malonewatch.interfaces import IClock, IOutbox, ISubscriptionSet, Timing
from malonewatch.testing.faults import fault

ANN = "ann@example.com"


@pytest.fixture
def channel(cli, monkeypatch):
    monkeypatch.delenv("EMAIL", raising=False)
    with in_place_of("mail") as channel, in_place_of("webhook"), in_place_of("feed"):
        yield channel


@pytest.fixture
def watched(cli, channel, bugzilla, url):
    """A bug of ours whose remote bug was checked."""
    bugzilla.add("1", title="First")
    cli("watch", url(1), "--bug", "1", "--title", "Ours")
    cli("check", "auto-127.0.0.1")
    return cli


def test_subscribing(watched):
    result = watched("subscribe", "--bug", "1", "--tracker", "auto-127.0.0.1", "--mail", ANN)
    assert (result.code, result.out.splitlines()) == (
        0,
        [
            "Subscription 1: ann is told of bug 1 by mail to ann@example.com.",
            "Subscription 2: ann is told of tracker auto-127.0.0.1 by mail to ann@example.com.",
        ],
    )
    lines = watched("subscriptions").out.splitlines()
    assert [line.split() for line in lines] == [
        ["Number", "Person", "To", "Events", "By", "Address"],
        [
            *("1", "ann", "bug", "1"),
            *["status,", "duplicate,", "moved,", "gone,", "private"],
            "mail",
            ANN,
        ],
        [
            *("2", "ann", "tracker", "auto-127.0.0.1"),
            *["status,", "duplicate,", "moved,", "gone,", "private,", "trouble"],
            *("mail", ANN),
        ],
    ]
    assert watched("subscriptions", "--for", "bob@example.com").out.count("\n") == 1


def test_programs_read_subscriptions(watched):
    args = ("--search", "open", "--all", "--for", ANN, "--events", "fixed,gone", "--json")
    found = watched("subscribe", *args).json
    assert [each["target"] for each in found] == [
        {"kind": "SEARCH", "key": "open"},
        {"kind": "ALL", "key": ""},
    ]
    assert found[0]["happenings"] == ["FIXED", "GONE"]
    assert watched("subscriptions", "--json").json == found


def test_where_and_when(watched):
    args = ("--deliver", "weekly", "--hour", "7", "--timezone", "Europe/Berlin")
    watched("subscribe", "--all", "--for", ANN, *args, "--quiet-hours", "22:00-07:30")
    hook = ("--webhook", "env:HOOK", "--secret", "env:SECRET", "--deliver", "hourly")
    watched("subscribe", "--person", "ann", "--for", "bob@example.com", *hook, "--limit", "3")
    one, other = watched("destination", "list", "--json").json
    assert one["settings"]["timing"] == Timing.WEEKLY.name
    assert one["settings"]["quiet"] == [1320, 450]
    assert (other["settings"]["kind"], other["settings"]["address"]) == ("webhook", "env:HOOK")
    assert (other["settings"]["secret"], other["settings"]["limit"]) == ("env:SECRET", 3)
    shown = watched("destination", "list").out
    assert "weekly at 7:00 Europe/Berlin but from 22:00 to 07:30 Europe/Berlin" in shown
    assert "hourly" in shown
    assert shown.count("In order") == 2
    assert "is told of everything by" in watched("subscribe", "--all", "--for", ANN).out


def test_who_is_told_may_be_in_the_environment(watched, monkeypatch):
    monkeypatch.setenv("EMAIL", "joe@example.com")
    assert watched("subscribe", "--all").out == (
        "Subscription 1: joe is told of everything by mail to joe@example.com.\n"
    )


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("--mail", ANN), "Say of what: --bug, --tracker, --search, --person or --all."),
        (("--all",), "Say who is told, with --for EMAIL."),
        (("--all", "--feed", "/x.xml"), "Say who is told, with --for EMAIL."),
        (("--all", "--mail", ANN, "--feed", "/x.xml"), "Say one place only"),
        (("--all", "--mail", ANN, "--secret", "env:X"), "--secret is what the messages"),
        (("--all", "--mail", ANN, "--events", "fixed,oops"), "'oops' is none of fixed, closed"),
        (("--all", "--mail", ANN, "--quiet-hours", "22-7"), "'22-7' is not like 22:00-07:00."),
        (("--all", "--mail", ANN, "--timezone", "Mars"), "'Mars' is no time zone"),
        (("--all", "--mail", "ann"), "'ann' is not an e-mail address."),
        (("--bug", "99", "--mail", ANN), "There is no bug 99"),
        (("--search", "owner:me", "--mail", ANN), "owner: is nothing to search for"),
    ],
)
def test_what_cannot_be_is_said(watched, args, problem):
    result = watched("subscribe", *args)
    assert (result.code, problem in result.err) == (2, True), result.err
    assert watched("subscriptions", "--json").json == []


def test_unsubscribing(watched):
    watched("subscribe", "--all", "--bug", "1", "--mail", ANN)
    assert watched("unsubscribe", "1", "2").out.splitlines() == [
        "ann is told of bug 1 by mail no more.",
        "ann is told of everything by mail no more.",
    ]
    result = watched("unsubscribe", "1")
    assert (result.code, result.err) == (2, "Error: There is no subscription 1.\n")


def test_what_waits_is_shown(watched, bugzilla):
    watched("subscribe", "--all", "--events", "status,trouble", "--mail", ANN)
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    watched("check", "auto-127.0.0.1")
    _, line = watched("outbox").out.splitlines()
    assert line.split()[:2] == ["ann", "mail"]
    assert line.split()[4:] == [
        *("fixed", "1", "auto-127.0.0.1", "#1"),
        *("CONFIRMED", "RESOLVED", "FIXED"),
    ]
    (message,) = watched("outbox", "--json").json
    assert message["notices"][0]["happening"] == "FIXED"


def test_trouble_is_shown_by_the_bug_tracker(watched, bugzilla):
    watched("delivery", "--trouble-after", "1")
    watched("subscribe", "--all", "--events", "trouble", "--mail", ANN)
    with fault(bugzilla, "503"):
        watched("check", "auto-127.0.0.1")
    _, line = watched("outbox").out.splitlines()
    assert line.split()[4:6] == ["trouble", "auto-127.0.0.1"]


def test_a_test_message(watched, channel):
    watched("subscribe", "--all", "--mail", ANN)
    assert watched("destination", "test", "1").out == (
        "Sent a test to destination 1, ann@example.com.\n"
    )
    assert len(channel.sent) == 1
    channel.failure = refusal()
    result = watched("destination", "test", "1")
    assert (result.code, result.err) == (1, "Error: The server is down.\n")


def test_a_destination_is_enabled(watched):
    watched("subscribe", "--all", "--mail", ANN)
    assert watched("destination", "enable", "1").out == (
        "Destination 1 is sent to again; waiting: 0.\n"
    )
    result = watched("destination", "enable", "7")
    assert (result.code, result.err) == (2, "Error: There is no destination 7.\n")


def test_how_a_destination_does_is_shown(watched):
    watched("subscribe", "--all", "--mail", ANN)
    watched("subscribe", "--all", "--mail", "bob@example.com")

    def fail(trackers):
        outbox, now = getUtility(IOutbox), getUtility(IClock).now()
        outbox.failed(1, "The server is down.", now)
        outbox.failed(2, "There is no bob.", now, is_permanent=True)

    with open_database() as database:
        database.write(fail)
    shown = watched("destination", "list").out
    assert "Failed 1 time: The server is down." in shown
    assert "Disabled: There is no bob." in shown


def test_what_was_given_up_is_shown(watched, bugzilla):
    watched("subscribe", "--all", "--mail", ANN)
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    watched("check", "auto-127.0.0.1")
    assert "Given up" not in watched("outbox").out

    def refuse(trackers):
        outbox, now = getUtility(IOutbox), getUtility(IClock).now()
        (message,) = outbox.take(1, now, 0)
        outbox.refused(message, "It is spam.", now)
        notices = (message.notices[0], message.notices[0])
        again = dataclasses.replace(message, notices=notices)
        getUtility(ISubscriptionSet).getDestination(1).refuse(again, "It is large.", now)

    with open_database() as database:
        database.write(refuse)
    shown = watched("outbox").out
    assert "auto-127.0.0.1 #1 " in shown
    assert "auto-127.0.0.1 #1 and 1 more  It is large." in shown
    assert "Gave up 2 messages of late: It is large." in watched("destination", "list").out
    (destination,) = watched("destination", "list", "--json").json
    assert [each["error"] for each in destination["refused"]] == ["It is spam.", "It is large."]


def test_how_messages_go_out(watched):
    shown = watched("delivery").out
    assert "smtp://localhost:25" in shown
    changed = watched("delivery", "--sender", "bugs@example.org", "--trouble-after", "5", "--json")
    assert (changed.json["sender"], changed.json["trouble_after"]) == ("bugs@example.org", 5)
    assert watched("delivery", "--json").json == changed.json
    back = watched("delivery", "--sender", "", "--json").json
    assert (back["sender"], back["trouble_after"]) == ("malonewatch@localhost", 5)
    result = watched("delivery", "--password", "hunter2")
    assert (result.code, "A password is not kept" in result.err) == (2, True)
    assert "hunter2" not in result.err
