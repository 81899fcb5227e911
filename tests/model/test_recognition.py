"""Which bug a URL leads to, and the bugs whose URLs stand in a text."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    IExternalBugTracker,
    NoBugTrackerFound,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model import BugTracker

# From URLs


def test_a_url_on_a_registered_bug_tracker(watches, tracker):
    for url in (
        "https://bugs.example.com/show_bug.cgi?id=42",
        " http://BUGS.example.com/show_bug.cgi?id=042#c1 ",
        "https://bugs.example.com/42",
    ):
        assert watches.extractBugTrackerAndBug(url) == (tracker, "42")


def test_a_url_under_an_alias(watches, tracker):
    tracker.aliases = ["https://old.example.com/bugs"]
    found = watches.extractBugTrackerAndBug("https://old.example.com/bugs/show_bug.cgi?id=42")
    assert found == (tracker, "42")


def test_the_bug_tracker_with_the_longest_base_url_is_asked_first(watches, tracker, make_tracker):
    part = make_tracker("part", baseurl="https://bugs.example.com/part")
    url = "https://bugs.example.com/part/show_bug.cgi?id=1"
    assert watches.extractBugTrackerAndBug(url) == (part, "1")
    url = "https://bugs.example.com/show_bug.cgi?id=1"
    assert watches.extractBugTrackerAndBug(url) == (tracker, "1")


def test_a_bug_tracker_that_is_not_registered(watches, tracker):
    with pytest.raises(NoBugTrackerFound, match=r"https://other\.example\.com") as caught:
        watches.extractBugTrackerAndBug("https://other.example.com/show_bug.cgi?id=42")
    assert caught.value.baseurl == "https://other.example.com"
    assert caught.value.remotebug == "42"
    assert caught.value.bugtrackertype == BugTrackerType.BUGZILLA


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bugs",
        "https://",
        "https://bugs.example.com/",
        "https://example.org/about",
        "ftp://bugs.example.com/show_bug.cgi?id=42",
        "https://bugs.example.com:port/show_bug.cgi?id=42",
        "https://[bugs/show_bug.cgi?id=42",
        "https://user@bugs.example.com/show_bug.cgi?id=42",
    ],
)
def test_what_is_not_the_url_of_a_bug(watches, tracker, url):
    with pytest.raises(UnrecognizedBugTrackerURL, match="is not the URL of a bug"):
        watches.extractBugTrackerAndBug(url)


def test_credentials_in_a_url_are_not_quoted(watches, tracker):
    for url in (
        "https://user:s3cret@bugs.example.com/show_bug.cgi?id=42",
        "https://user:s3cret@bugs.example.com:port/show_bug.cgi?id=42",
    ):
        with pytest.raises(UnrecognizedBugTrackerURL) as caught:
            watches.extractBugTrackerAndBug(url)
        assert "s3cret" not in str(caught.value)
        assert "bugs.example.com" in str(caught.value)


@pytest.fixture
def other_type():
    """A type whose bugs are at <base>/other/<number>."""

    class Other(Bugzilla):
        title = "Other"

        @classmethod
        def parseBugURL(cls, url, baseurl=None):
            head, separator, number = url.path.rpartition("/other/")
            if separator and number.isdigit():
                return f"{url.scheme}://{url.netloc}{head}", number
            return None

        def getBugURL(self, remotebug):
            return f"{self.baseurl}/other/{remotebug}"

    registry = getGlobalSiteManager()
    registry.registerAdapter(Other, provided=IExternalBugTracker, name="OTHER")
    yield BugTrackerType.OTHER
    registry.unregisterAdapter(Other, provided=IExternalBugTracker, name="OTHER")


def test_a_url_of_another_type_than_the_bug_tracker_there(watches, make_tracker, other_type):
    make_tracker(bugtrackertype=other_type)
    # No bug of the bug tracker that is registered there, whatever else it may be.
    with pytest.raises(UnrecognizedBugTrackerURL):
        watches.extractBugTrackerAndBug("https://bugs.example.com/show_bug.cgi?id=42")


# From texts


def found_in(text, watches, bug):
    return [(watch.bugtracker.name, watch.remotebug) for watch in watches.fromText(text, bug, None)]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "See {}.",
        "See {}, please!",
        "See {}; or {}?",
        "(see {})",
        "[{}]",
        "<{}>",
        '"{}"',
        "'{}'",
        "“{}”",
        "«{}»",
        "‘{}’",
        "`{}`",
        "*{}*",
        "_{}_",
        "[the bug]({}).",
        "[{}|the bug]",
        '<a href="{}">bug</a>',
        "{}...",
        "{}…",
        "见{}。谢谢",
        "（{}）",
        "{}\n{}\r\n\t{}",
        "\x00{}\x00",
        "HTTPS://bugs.example.com/show_bug.cgi?id=42",
    ],
)
def test_a_url_in_a_text(watches, bug, tracker, text):
    text = text.replace("{}", "https://bugs.example.com/show_bug.cgi?id=42")
    assert found_in(text.replace("\x00", " "), watches, bug) == [("bugs", "42")]


def test_brackets_of_the_url_itself_stay(watches, bug, make_tracker):
    make_tracker(baseurl="https://bugs.example.com/(x)")
    text = "(https://bugs.example.com/(x)/show_bug.cgi?id=42)"
    assert found_in(text, watches, bug) == [("bugs", "42")]
    text = "(See https://bugs.example.com/(x)/show_bug.cgi?id=alias(7).)"
    assert found_in(text, watches, bug) == [("bugs", "alias(7)")]


def test_urls_in_the_order_of_the_text_each_bug_once(watches, bug, tracker, owner):
    bug.addWatch(tracker, "5", owner)
    text = " ".join(
        f"https://bugs.example.com/show_bug.cgi?id={number}" for number in (9, 5, "007", 9, 7, 8)
    )
    assert found_in(text, watches, bug) == [("bugs", "9"), ("bugs", "7"), ("bugs", "8")]
    assert found_in(text, watches, bug) == []
    assert bug.watches.count() == 4


def test_bug_trackers_that_are_not_registered_are_added_as_guessed(
    watches, trackers, bug, tracker, owner
):
    text = "https://other.example.com/show_bug.cgi?id=1 https://other.example.com/show_bug.cgi?id=2"
    added = watches.fromText(text, bug, owner)
    assert [watch.remotebug for watch in added] == ["1", "2"]
    other = trackers["auto-other.example.com"]
    assert {watch.bugtracker for watch in added} == {other}
    assert other.guessed
    assert other.owner is owner
    assert other.bugtrackertype == BugTrackerType.BUGZILLA
    assert not tracker.guessed
    assert trackers.count() == 2


def test_bugs_of_several_types_in_one_text(watches, trackers, bug, other_type):
    text = "https://a.example.com/show_bug.cgi?id=1 and https://b.example.com/other/2"
    assert found_in(text, watches, bug) == [
        ("auto-a.example.com", "1"),
        ("auto-b.example.com", "2"),
    ]
    assert [tracker.bugtrackertype for tracker in trackers] == ["BUGZILLA", "OTHER"]


def test_a_text_without_bugs(watches, trackers, bug):
    text = "Nothing at https://example.com/ nor at http://[ or https://u:p@bugs.example.com/1"
    assert watches.fromText(text, bug, None) == []
    assert trackers.count() == 0


def test_a_url_that_cannot_be_a_bug_trackers_costs_the_others_nothing(watches, trackers, bug):
    text = (
        f"https://{'x' * 3000}.example.com/show_bug.cgi?id=1 "
        f"https://example.com/{'x' * 3000}/show_bug.cgi?id=1 "
        f"https://{'x' * 200}.example.com/show_bug.cgi?id=2 "
        "https://bugs.example.com/show_bug.cgi?id=3"
    )
    assert [remotebug for _, remotebug in found_in(text, watches, bug)][-1] == "3"


words = st.sampled_from(
    [
        *("https://", "http://", "bugs.example.com", "[", "]", "(", ")", ":", "80", "@", "/", "?"),
        *("show_bug.cgi", "id=", "42", "#", "%", "%0a", ".", ",", " ", "\\", "é", "\u202e", "\x00"),
        *("bugreport.cgi?bug=", "/ticket/", "/issue", "tracker/index.php?aid=", "&", ";", "=", "-"),
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=12).map("https://bugs.example.com/".join) | st.text())
def test_any_text_has_watches_in_it_or_none(watches, bug, tracker, text):
    for watch in watches.fromText(text, bug, None):
        assert watch.bug is bug
        assert watch.remotebug.isprintable()
        assert watch.url


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=12).map("".join))
def test_any_url_is_that_of_a_bug_or_bad_input(watches, tracker, url):
    try:
        found, remotebug = watches.extractBugTrackerAndBug(url)
    except BadInput:
        return
    assert isinstance(found, BugTracker)
    assert remotebug
