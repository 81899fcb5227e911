from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.externalbugtracker.bitbucket import Bitbucket
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
    Polling,
    RecognisedURL,
    UnsupportedBugTracker,
)
from malonewatch.testing import fresh_site
from malonewatch.testing.asking import Asker, Canned

BASE = "https://bitbucket.org"


def make(baseurl=BASE):
    return Bitbucket(BugTrackerFacts("x", BugTrackerType.BITBUCKET, baseurl))


def test_it_provides_the_interfaces():
    verifyObject(IExternalBugTracker, make())
    verifyObject(IExternalBugTrackerType, Bitbucket)
    assert Bitbucket.name == "BITBUCKET"


def test_nothing_is_asked_for():
    client = Canned(b"{}")
    assert make().polling is Polling.NEVER
    asker = Asker(Bitbucket, BASE, client=client)
    with pytest.raises(UnsupportedBugTracker) as caught:
        asker.ask(["acme/frob#1"])
    assert str(caught.value) == make().not_polled
    assert asker.identify() is None
    assert asker.check_credentials() is None
    assert client.requests == []


def test_a_watch_says_why_it_is_never_due():
    with fresh_site("memory://"):
        watches, trackers = getUtility(IBugWatchSet), getUtility(IBugTrackerSet)
        found, name = watches.recognise(f"{BASE}/acme/frob/issues/1/it-is-loose")
        assert name == "BITBUCKET"
        tracker = trackers.ensureBugTracker(found.baseurl, None, name)
        watch = getUtility(IBugSet).createBug("Loose").addWatch(tracker, found.remotebug, None)
        assert watch.next_check is None
        assert tracker.not_polled == Bitbucket.not_polled


@pytest.mark.parametrize(
    ("url", "remotebug"),
    [
        (f"{BASE}/acme/frob/issues/42", "acme/frob#42"),
        ("http://www.bitbucket.org/Acme/Frob/issues/0042/", "acme/frob#42"),
        (f"{BASE}/acme/frob/issues/42/it-is-loose", "acme/frob#42"),
        (f"{BASE}/acme/frob/issues/42/%C3%BCn%C3%AF?page=1#comment-7", "acme/frob#42"),
        (f"{BASE}/acme/frob/issue/42", "acme/frob#42"),
        (f"{BASE}/acme/frob/issue/42/it-is-loose", "acme/frob#42"),
        ("https://api.bitbucket.org/2.0/repositories/acme/frob/issues/42", "acme/frob#42"),
        ("https://api.bitbucket.org/1.0/repositories/acme/frob/issues/42/", "acme/frob#42"),
        (f"{BASE}/api/1.0/repositories/acme/frob/issues/42", "acme/frob#42"),
        (f"{BASE}/!api/2.0/repositories/acme/frob/issues/42", "acme/frob#42"),
    ],
)
def test_bug_urls_are_recognised(url, remotebug):
    found = Bitbucket.parseBugURL(urlsplit(url))
    assert found == RecognisedURL(BASE, remotebug, Certainty.KNOWN_HOST)


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/acme/frob/issues",
        f"{BASE}/acme/frob/issues/new",
        f"{BASE}/acme/frob/issues/42/a/b",
        f"{BASE}/acme/frob/issues/9999999999",
        f"{BASE}/acme/frob/pull-requests/42",
        f"{BASE}/acme/issues/42",
        f"{BASE}/acme/../issues/42",
        # There are no issues elsewhere, and others have such URLs.
        "https://bitbucket.example.com/acme/frob/issues/42",
    ],
)
def test_other_urls_are_not_recognised(url):
    assert Bitbucket.parseBugURL(urlsplit(url)) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("acme/frob#42", "acme/frob#42"),
        (" Acme/Frob#0042 ", "acme/frob#42"),
        ("/acme/frob/#42", "acme/frob#42"),
    ],
)
def test_ids_are_canonical(text, canonical):
    assert Bitbucket.canonicalRemoteBug(text) == canonical
    assert Bitbucket.is_valid(canonical)


@pytest.mark.parametrize(
    "remotebug", ["42", "#42", "acme#42", "a/b", "a/b#x", "a/b/c#1", "a b/c#1", "a/..#1", "../a#1"]
)
def test_what_cannot_be_an_id(remotebug):
    assert not Bitbucket.is_valid(Bitbucket.canonicalRemoteBug(remotebug))


@given(st.text(max_size=30) | st.from_regex(r"\A[abA./-]{1,9}#\d\Z"))
def test_the_url_of_a_bug_leads_back_to_it(text):
    remotebug = Bitbucket.canonicalRemoteBug(text)
    if Bitbucket.is_valid(remotebug):
        found = Bitbucket.parseBugURL(urlsplit(make().getBugURL(remotebug)))
        assert found.remotebug == remotebug


def test_what_its_words_meant():
    external = make()
    assert len(external.status_table) == 8
    for word, status in external.status_table.items():
        assert external.convertRemoteStatus(word) is status
    assert external.convertRemoteStatus("submitted") is BugTaskStatus.UNKNOWN
    assert external.convertRemoteImportance("blocker") is BugTaskImportance.CRITICAL
    assert external.convertRemoteImportance("trivial") is BugTaskImportance.LOW


def test_nothing_can_be_filed_or_searched_for():
    assert make().getBugFilingAndSearchLinks("acme/frob", "a", "b") == (None, None)
