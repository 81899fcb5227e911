from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker import PHPProject
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    MalonewatchError,
    Polling,
    RemoteBug,
    RemoteBugError,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import ExternalBugTrackerConformance
from malonewatch.testing.phpproject import PHPProjectSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://bugs.php.net"


def make(baseurl=BASE):
    return PHPProject(BugTrackerFacts("x", BugTrackerType.PHPPROJECT, baseurl))


class TestPHPProject(ExternalBugTrackerConformance):
    factory = PHPProject
    simulator = PHPProjectSimulator
    urls = [
        ("https://bugs.php.net/bug.php?id=42", BASE, "42"),
        ("http://bugs.php.net/bug.php?id=0042&edit=1#1283292000", BASE, "42"),
        ("https://bugs.php.net/bug.php?thanks=4;id=%2342", BASE, "42"),
        ("https://bugs.php.net/42", BASE, "42"),
        ("https://bugs.php.net/rss/bug.php?id=42&format=xml", BASE, "42"),
        ("https://pear.php.net/bugs/bug.php?id=42", "https://pear.php.net/bugs", "42"),
    ]
    not_urls = [
        "https://bugs.php.net/",
        "https://bugs.php.net/bug.php",
        "https://bugs.php.net/bug.php?id=preview",
        "https://bugs.php.net/bug.php?id=9999999999",
        "https://bugs.php.net/search.php?search_for=42",
        "https://bugs.php.net/42/43",
        "https://example.com/42",
    ]

    def test_what_is_none_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="PHP"):
            self.asker(simulator).ask(self.numbered(1))


def as_pear():
    simulator = PHPProjectSimulator()
    simulator.is_pear = True
    return simulator


class TestPEAR(TestPHPProject):
    simulator = staticmethod(as_pear)
    # It is asked as PHP's is.
    test_whatever_goes_wrong_is_the_bug_trackers_trouble = None
    # It shows none.
    has_private_bugs = False


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://bugs.php.net/bug.php?id=1", Certainty.KNOWN_HOST),
        ("https://bugs.mysql.com/bug.php?id=1", Certainty.GUESS),
    ],
)
def test_how_sure_it_is(url, certainty):
    assert PHPProject.parseBugURL(urlsplit(url)).certainty is certainty


def test_a_registered_one_has_short_urls():
    base = "https://pear.php.net/bugs"
    assert PHPProject.parseBugURL(urlsplit(f"{base}/42"), base)[:2] == (base, "42")


def test_there_is_a_link_to_search_and_none_to_file():
    links = make().getBugFilingAndSearchLinks(None, "It's #1", "A & b")
    assert links == (None, f"{BASE}/search.php?cmd=display&status=All&search_for=It%27s%20%231")


def test_its_bugs_are_asked_for_as_long_as_somebody_may_close_them():
    assert make().polling is Polling.ALWAYS
    assert make().politeness.concurrency == 1


# Requests.


def test_each_bug_takes_a_request():
    with PHPProjectSimulator() as simulator:
        for number in range(1, 11):
            simulator.add(str(number))
        outcomes = Asker(PHPProject, simulator.url).ask(simulator.bugs)
        assert len(simulator.requests) == 10
        assert simulator.requests[0] == "GET /rss/bug.php?id=1&format=xml"
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize("is_pear", [False, True])
def test_it_says_what_it_is_by_any_bug_or_none(is_pear):
    with PHPProjectSimulator() as simulator:
        simulator.is_pear = is_pear
        for values in (None, {}, {"private": True}):
            if values is not None:
                simulator.add("1", **values)
            assert Asker(PHPProject, simulator.url).identify() == "PHP's bug tracker"
            missing = Asker(PHPProject, simulator.url).ask(["2"])["2"]
            assert missing.error_type is BugWatchErrorType.BUG_NOT_FOUND


@pytest.mark.parametrize(
    "body", [b"<bug></bug>", b"<rss></rss>", b"Nothing", b"<p>Nothing found</p>"]
)
def test_what_says_something_else_is_another_program(body):
    assert Asker(PHPProject, BASE, client=Canned(body)).identify() is None


# What the answers mean.


def feed(**values):
    fields = {"id": "1", "sdesc": "A bug", "status": "Open", "bug_type": "Bug", **values}
    return "<bug>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in fields.items()) + "</bug>"


def read(body):
    client = Canned(body if isinstance(body, bytes) else body.encode(), "text/xml")
    (outcome,) = Asker(PHPProject, BASE, dialect="feed", client=client).ask(["1"]).values()
    return outcome


@pytest.mark.parametrize(
    ("remotestatus", "status", "closed"),
    [
        ("Open", BugTaskStatus.NEW, False),
        ("Re-Opened", BugTaskStatus.NEW, False),
        ("Assigned", BugTaskStatus.INPROGRESS, False),
        ("Analyzed", BugTaskStatus.TRIAGED, False),
        ("Verified", BugTaskStatus.CONFIRMED, False),
        ("Critical", BugTaskStatus.CONFIRMED, False),
        ("Feedback", BugTaskStatus.INCOMPLETE, False),
        ("Suspended", BugTaskStatus.INCOMPLETE, False),
        ("Closed", BugTaskStatus.FIXRELEASED, True),
        ("No Feedback", BugTaskStatus.EXPIRED, True),
        ("Wont fix", BugTaskStatus.WONTFIX, True),
        ("Not a bug", BugTaskStatus.INVALID, True),
        ("Bogus", BugTaskStatus.INVALID, True),
        ("Duplicate", BugTaskStatus.INVALID, True),
        ("Spam", BugTaskStatus.INVALID, True),
        ("Forgotten", BugTaskStatus.UNKNOWN, None),
    ],
)
def test_status(remotestatus, status, closed):
    found = read(feed(status=remotestatus))
    assert (found.remotestatus, found.status, found.closed) == (remotestatus, status, closed)


@pytest.mark.parametrize(
    ("values", "remote_importance", "importance"),
    [
        ({}, "Bug", BugTaskImportance.UNDECIDED),
        (
            {"bug_type": "Feature/Change Request"},
            *("Feature/Change Request", BugTaskImportance.WISHLIST),
        ),
        ({"bug_type": "Security"}, "Security", BugTaskImportance.UNDECIDED),
        ({"status": "Critical"}, "Critical", BugTaskImportance.CRITICAL),
        ({"bug_type": ""}, "", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(values, remote_importance, importance):
    found = read(feed(**values))
    assert (found.remote_importance, found.importance) == (remote_importance, importance)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"modified": "1283299000", "submitted": "1283292000"}, 1283299000),
        ({"modified": "", "submitted": "1283292000"}, 1283292000),
        ({"ts1a": "1283292000", "ts2a": "1283299000"}, 1283299000),
        ({"ts1a": "1283292000", "ts2a": ""}, 1283292000),
    ],
)
def test_a_bug_that_was_never_changed_is_as_old_as_it_is(times, seconds):
    assert read(feed(**times)).modified.timestamp() == seconds


def test_a_bug_without_times_has_none():
    assert read(feed()).modified is None


def test_characters_that_xml_cannot_have_are_left_out():
    with PHPProjectSimulator() as simulator:
        simulator.add("1", title="Bell\x07 and\x1b escape", extra={"untouched": True})
        found = Asker(PHPProject, simulator.url).ask(["1"])["1"]
    assert found.title == "Bell and escape"
    assert f"{found.modified:%Y-%m-%d}" == "2010-08-31"


def test_another_bugs_data_is_not_taken_for_this_ones():
    outcome = read(feed(id="99"))
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "another bug" in outcome.message


@given(
    st.binary(max_size=100)
    | st.dictionaries(
        st.sampled_from(["id", "status", "sdesc", "bug_type", "modified", "ts1a", "x"]),
        st.text(max_size=10) | st.integers().map(str),
        max_size=4,
    ).map(lambda values: feed(**values))
)
def test_any_feed_is_a_bug_or_an_error_of_ours(body):
    try:
        outcome = read(body)
    except MalonewatchError:
        return
    assert isinstance(outcome, (RemoteBug, RemoteBugError))
