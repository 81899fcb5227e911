"""The desk as people use it, in a real browser."""

import mailbox

from malonewatch.application import subscribing
from malonewatch.interfaces import DestinationSettings, Target, TargetKind

from .conftest import link


def watch(chromium, desk, bugzilla):
    """Log in, and watch two bugs for one of ours."""
    bugzilla.add("1", title="The mill grinds to a halt")
    bugzilla.add("2", title="Sails turn backwards")
    urls = [f"{bugzilla.url}/show_bug.cgi?id={number}" for number in (1, 2)]
    chromium.open(link(desk))
    chromium.follow("Watches")
    chromium.unfold("Watch bugs")
    chromium.fill("URLs of bugs", "\n".join(urls))
    chromium.fill("Its title", "Flour is late")
    chromium.press("Watch")


def test_a_bug_is_watched_until_it_moves(chromium, desk, bugzilla):
    watch(chromium, desk, bugzilla)
    assert "Added 2 watches." in chromium.text
    assert "Bug 1: Flour is late" in chromium.text

    chromium.follow("auto-127.0.0.1 #1")
    chromium.press("Check now")
    assert "auto-127.0.0.1 #1 is CONFIRMED (Confirmed)." in chromium.text
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    chromium.press("Check now")
    assert "auto-127.0.0.1 #1 is RESOLVED FIXED (Fix Released)." in chromium.text

    chromium.follow("What moved")
    assert "Bug 1: Flour is late auto-127.0.0.1 #1 The mill grinds to a halt" in chromium.text
    assert "RESOLVED FIXED" in chromium.text

    chromium.follow("Watches")
    assert "Sails turn" not in chromium.text
    chromium.fill("Search", "grinds")
    chromium.press("Show")
    assert "The mill grinds to a halt" in chromium.text
    assert "auto-127.0.0.1 #2" not in chromium.text
    chromium.follow("Open")
    assert "There are no such watches." in chromium.text
    chromium.follow("Fixed")

    chromium.follow("Be told of what it finds")
    chromium.fill("Who", "jo@example.com")
    chromium.tick("fixed")
    chromium.press("Subscribe")
    assert "jo is told of search fixed by mail" in chromium.text
    chromium.follow("fixed")
    assert "The mill grinds to a halt" in chromium.text

    chromium.follow("auto-127.0.0.1 #1")
    chromium.follow("Why?")
    assert "RESOLVED FIXED" in chromium.text
    chromium.follow("The watch")
    chromium.follow("Forget it")
    chromium.press("Forget it")
    assert "auto-127.0.0.1 #1 is not watched for it any more." in chromium.text
    assert chromium.complaints() == []


def test_a_session_ends_with_logging_out(chromium, desk, bugzilla):
    first = link(desk)
    watch(chromium, desk, bugzilla)
    url, cookies = chromium.url, chromium.cookies
    chromium.press("Log out")
    for _ in ("as it is", "with what somebody has kept"):
        chromium.open(url)
        assert "Flour is late" not in chromium.text
        chromium.cookies = cookies
    chromium.open(first)
    assert "This log-in link was used already" in chromium.text
    chromium.open(link(desk))
    assert "What moved" in chromium.text


def test_the_keyboard_is_enough(chromium, desk, bugzilla):
    watch(chromium, desk, bugzilla)
    chromium.follow("auto-127.0.0.1 #2")
    reached = []
    while "Check now" not in reached:
        name, is_seen = chromium.tab()
        assert is_seen, name
        reached.append(name)
    assert reached[:3] == ["Skip to the content", "malonewatch", "What moved"]
    assert "Log out" in reached
    chromium.enter()
    assert "auto-127.0.0.1 #2 is CONFIRMED (Confirmed)." in chromium.text
    assert chromium.tab()[0] == "Skip to the content"
    chromium.jump()
    assert chromium.tab()[0] == "Why?"


def test_who_follows_the_link_in_a_mail_is_told_no_more(
    chromium, desk, database, monkeypatch, tmp_path
):
    monkeypatch.setenv("LINKS", "a secret that is long enough")
    values = {"desk_url": link(desk).partition("log-in")[0], "link_secret": "env:LINKS"}
    subscribing.change_delivery(database, values | {"transport": f"maildir:{tmp_path / 'mail'}"})
    where = DestinationSettings(kind="mail", address="jane@example.com")
    subscribing.subscribe(database, where.address, where, [Target(TargetKind.ALL)])
    subscribing.send_test(database, 1)
    (mail,) = mailbox.Maildir(tmp_path / "mail")
    chromium.open(mail["List-Unsubscribe"].strip("<>"))
    assert "jane is told of all by mail." in chromium.text
    assert chromium.violations() == []
    chromium.press("Be told no more of this")
    assert "jane is told of all by mail no more." in chromium.text
    assert chromium.violations() == []
    assert chromium.complaints() == []
