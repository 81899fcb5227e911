from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.externalbugtracker import EmailAddress
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    Certainty,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IExternalBugTracker,
    IExternalBugTrackerType,
    IPersonSet,
    Polling,
    RecognisedURL,
    UnsupportedBugTracker,
)
from malonewatch.testing import fresh_site
from malonewatch.testing.asking import Asker, Canned

BASE = "mailto:bugs@example.com"
MESSAGE_ID = "CAF+x=7@mail.example.com"


def make(baseurl=BASE):
    return EmailAddress(BugTrackerFacts("x", BugTrackerType.EMAILADDRESS, baseurl))


def test_it_provides_the_interfaces():
    verifyObject(IExternalBugTracker, make())
    verifyObject(IExternalBugTrackerType, EmailAddress)
    assert EmailAddress.name == "EMAILADDRESS"


def test_nothing_is_asked_for():
    client = Canned(b"")
    assert make().polling is Polling.NEVER
    asker = Asker(EmailAddress, BASE, client=client)
    with pytest.raises(UnsupportedBugTracker) as caught:
        asker.ask([MESSAGE_ID, "The frob is loose"])
    assert str(caught.value) == make().not_polled
    assert asker.identify() is None
    assert asker.check_credentials() is None
    assert client.requests == []


@pytest.mark.parametrize(
    "text",
    [
        MESSAGE_ID,
        f"<{MESSAGE_ID}>",
        f"  <{MESSAGE_ID}>\n",
        f"Message-ID: <{MESSAGE_ID}>",
        f"message-id:{MESSAGE_ID}",
        f"mid:{MESSAGE_ID}",
        f"id:{MESSAGE_ID}",
    ],
)
def test_a_message_id_is_kept_without_its_brackets(text):
    assert EmailAddress.canonicalRemoteBug(text) == MESSAGE_ID


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("The frob is loose", "The frob is loose"),
        (" The  frob\nis loose ", "The frob is loose"),
        ("[Ticket #0042]", "[Ticket #0042]"),
        ("#42", "#42"),
        ("id: 42", "id: 42"),
        ("grid:a@b", "grid:a@b"),
        ("<joe>", "<joe>"),
        ("<a@b> and <c@d>", "<a@b> and <c@d>"),
    ],
)
def test_whatever_else_a_bug_is_called_stays(text, canonical):
    assert EmailAddress.canonicalRemoteBug(text) == canonical
    assert EmailAddress.is_valid(canonical)


@pytest.mark.parametrize("remotebug", ["", "a\x00b", "x" * 201])
def test_what_cannot_be_an_id(remotebug):
    assert not EmailAddress.is_valid(remotebug)


@pytest.mark.parametrize(
    ("url", "remotebug"),
    [
        (f"{BASE}?In-Reply-To=%3CCAF%2Bx%3D7%40mail.example.com%3E", MESSAGE_ID),
        (f"{BASE}?in-reply-to=<CAF+x=7@mail.example.com>&subject=Re:%20Frob", MESSAGE_ID),
        (f"{BASE}?subject=The%20frob%20is%20loose&body=x", "The frob is loose"),
        (f"{BASE}?subject=C++", "C++"),
    ],
)
def test_a_mail_about_a_bug_is_the_bugs_url(url, remotebug):
    parts = urlsplit(url)
    assert EmailAddress.parseBugURL(parts) == RecognisedURL(BASE, remotebug, Certainty.SHAPE)
    found = EmailAddress.parseBugURL(parts, BASE)
    assert found == RecognisedURL(BASE, remotebug, Certainty.REGISTERED)


@pytest.mark.parametrize(
    "url",
    [
        *(
            BASE,
            f"{BASE}?",
            f"{BASE}?subject=",
            f"{BASE}?subject=%00",
            f"{BASE}?cc=joe@example.com",
        ),
        *("https://example.com/?subject=x", f"{BASE}/1"),
    ],
)
def test_what_is_about_no_bug_is_none(url):
    assert EmailAddress.parseBugURL(urlsplit(url)) is None
    assert EmailAddress.parseBugURL(urlsplit(url), BASE) is None


@given(st.text(min_size=1))
def test_the_url_of_a_bug_leads_back_to_it(text):
    remotebug = EmailAddress.canonicalRemoteBug(text)
    if EmailAddress.is_valid(remotebug) and remotebug.isprintable():
        url = make().getBugURL(remotebug)
        assert url.isascii()
        assert EmailAddress.parseBugURL(urlsplit(url), BASE).remotebug == remotebug
    assert EmailAddress.canonicalRemoteBug(remotebug) == remotebug


def test_a_bug_is_filed_by_a_mail():
    links = make().getBugFilingAndSearchLinks(summary="It's loose", description="a & b")
    assert links.bug_filing_url == f"{BASE}?subject=It%27s%20loose&body=a%20%26%20b"
    assert links.bug_search_url is None


def test_no_words_mean_anything():
    assert make().convertRemoteStatus("fixed") is BugTaskStatus.UNKNOWN
    assert make().convertRemoteImportance("high") is BugTaskImportance.HIGH
    assert make().status_table == {}


def test_a_bug_that_is_followed_by_mail_can_be_watched_and_found_by_its_url():
    with fresh_site("memory://"):
        owner = getUtility(IPersonSet).ensurePerson("jo@example.com")
        watches = getUtility(IBugWatchSet)
        url = make("mailto:Bugs@Lists.Example.com").getBugURL(MESSAGE_ID)
        found, name = watches.recognise(url)
        assert (found, name) == (
            RecognisedURL("mailto:Bugs@lists.example.com", MESSAGE_ID, Certainty.SHAPE),
            "EMAILADDRESS",
        )
        tracker = getUtility(IBugTrackerSet).ensureBugTracker(found.baseurl, owner, name)
        watch = getUtility(IBugSet).createBug("Loose").addWatch(tracker, f"<{MESSAGE_ID}>", owner)
        assert (watch.remotebug, watch.url) == (
            MESSAGE_ID,
            "mailto:Bugs@lists.example.com?In-Reply-To=%3CCAF%2Bx%3D7%40mail.example.com%3E",
        )
        assert watch.next_check is None
        assert tracker.not_polled == EmailAddress.not_polled
        again, _ = watches.recognise(watch.url)
        assert again.certainty is Certainty.REGISTERED
        assert watches.extractBugTrackerAndBug(watch.url) == (tracker, MESSAGE_ID)


def test_no_address_in_a_text_becomes_a_watch():
    with fresh_site("memory://"):
        bug = getUtility(IBugSet).createBug("Loose")
        text = f"Write to {make().getBugURL(MESSAGE_ID)} or <bugs@example.com>."
        assert list(getUtility(IBugWatchSet).fromText(text, bug, None)) == []
