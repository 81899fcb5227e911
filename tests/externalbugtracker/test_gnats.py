import functools
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.gnats import GNATS, moment
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    MalonewatchError,
    Polling,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import ExternalBugTrackerConformance
from malonewatch.testing.gnats import GNATSSimulator

BASE = "https://gnats.netbsd.org"


def make(baseurl=BASE):
    return GNATS(BugTrackerFacts("x", BugTrackerType.GNATS, baseurl))


def ask(simulator, *remotebugs):
    return Asker(GNATS, simulator.url).ask(remotebugs)


class TestGNATS(ExternalBugTrackerConformance):
    factory = GNATS
    simulator = GNATSSimulator
    spellings = [("42", "42"), (" 42 ", "42"), ("#0042", "42"), ("kern/42", "42")]
    urls = [
        ("https://gnats.netbsd.org/56170", BASE, "56170"),
        ("http://gnats.netbsd.org/056170/", BASE, "56170"),
        ("https://gnats.netbsd.org/cgi-bin/query-pr-single.pl?number=56170", BASE, "56170"),
        ("http://www.netbsd.org/cgi-bin/query-pr-single.pl?number=42;x=1", BASE, "42"),
        (
            "https://bugs.example.com/cgi-bin/query-pr-single.pl?number=42",
            "https://bugs.example.com",
            "42",
        ),
        (
            "https://bugs.example.com/cgi-bin/query-pr.cgi?pr=kern/42",
            "https://bugs.example.com",
            "42",
        ),
        (
            "https://bugs.example.com/cgi-bin/query-pr.cgi?f=raw&pr=42",
            "https://bugs.example.com",
            "42",
        ),
        ("http://www.freebsd.org/cgi/query-pr.cgi?pr=bin%2F42", "https://www.freebsd.org", "42"),
    ]
    not_urls = [
        "https://gnats.netbsd.org/",
        "https://gnats.netbsd.org/summary/42",
        "https://gnats.netbsd.org/cgi-bin/query-pr-single.pl?number=x",
        "https://example.com/42",
        "https://bugs.example.com/cgi-bin/query-pr.cgi?pr=a/b/42",
    ]


class TestOldGNATS(TestGNATS):
    simulator = staticmethod(functools.partial(GNATSSimulator, old=True))


def test_each_report_takes_a_request():
    with GNATSSimulator() as simulator:
        for number in range(1, 6):
            simulator.add(str(number))
        ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 5


def test_the_other_page_is_tried_once():
    with GNATSSimulator(old=True) as simulator:
        for number in range(1, 4):
            simulator.add(str(number))
        asker = Asker(GNATS, simulator.url)
        asker.ask(simulator.bugs)
        assert asker.dialect == "query"
        assert len(simulator.requests) == 4
        url = GNATS(asker.facts).getBugURL("7")
    assert url.endswith("/cgi-bin/query-pr.cgi?pr=7")


def test_what_moved_away_is_recognised_and_not_asked_for():
    found = GNATS.parseBugURL(urlsplit("https://www.freebsd.org/cgi/query-pr.cgi?pr=bin/42"))
    assert found == RecognisedURL("https://www.freebsd.org", "42", Certainty.KNOWN_HOST)
    assert make(found.baseurl).polling is Polling.NEVER


@pytest.mark.parametrize(
    ("state", "kind", "status"),
    [
        ("open", "", BugTaskStatus.NEW),
        ("analyzed", "", BugTaskStatus.TRIAGED),
        ("feedback", "", BugTaskStatus.INCOMPLETE),
        ("suspended", "", BugTaskStatus.CONFIRMED),
        ("stuck", "", BugTaskStatus.CONFIRMED),
        ("repocopy", "", BugTaskStatus.INPROGRESS),
        ("patched", "", BugTaskStatus.FIXCOMMITTED),
        ("needs-pullups", "", BugTaskStatus.FIXCOMMITTED),
        ("pending-pullups", "", BugTaskStatus.FIXCOMMITTED),
        ("validation", "", BugTaskStatus.FIXCOMMITTED),
        ("closed", "", BugTaskStatus.FIXRELEASED),
        ("closed", "duplicate", BugTaskStatus.INVALID),
        ("closed", "mistaken", BugTaskStatus.INVALID),
        ("open", "duplicate", BugTaskStatus.NEW),
        ("dead", "", BugTaskStatus.EXPIRED),
    ],
)
def test_status(state, kind, status):
    with GNATSSimulator() as simulator:
        simulator.add("1", status=state, resolution=kind)
        bug = ask(simulator, "1")["1"]
    assert (bug.status, bug.guessed) == (status, False)
    assert bug.remotestatus == (f"{state} {kind}".strip() if state == "closed" else state)
    assert bug.closed is (state in ("closed", "dead"))


@pytest.mark.parametrize(
    ("severity", "importance"),
    [
        ("critical", BugTaskImportance.CRITICAL),
        ("serious", BugTaskImportance.HIGH),
        ("non-critical", BugTaskImportance.LOW),
        ("", BugTaskImportance.MEDIUM),
    ],
)
def test_the_severity_counts_before_the_priority(severity, importance):
    with GNATSSimulator() as simulator:
        simulator.add("1", severity=severity)
        assert ask(simulator, "1")["1"].importance is importance


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fri May 14 20:45:00 +0000 2021", datetime(2021, 5, 14, 20, 45, tzinfo=timezone.utc)),
        ("Fri May 14 13:45:00 -0700 2021", datetime(2021, 5, 14, 20, 45, tzinfo=timezone.utc)),
        ("Fri May 14 20:45:00 2021", None),
        ("Fri May 99 20:45:00 +0000 2021", None),
        ("", None),
    ],
)
def test_a_time_is_one_with_a_zone(text, found):
    assert moment(text) == found


def test_when_it_was_closed():
    with GNATSSimulator() as simulator:
        simulator.add("1", status="closed", extra={"closed": "Sat Nov 10 16:38:05 +0000 2007"})
        bug = ask(simulator, "1")["1"]
    assert bug.date_closed == datetime(2007, 11, 10, 16, 38, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["PR 7 not found", "No such PR 7.", "The PR doesn't exist."])
@pytest.mark.parametrize("status", [200, 404])
def test_what_is_not_there_may_be_said_in_many_ways(text, status):
    outcome = read(f"<!DOCTYPE html><p>{text}</p>", status)
    assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


@pytest.mark.parametrize(("status", "text"), [(404, "Gone fishing"), (200, "Welcome")])
def test_another_page_says_nothing_of_a_report(status, text):
    with pytest.raises(UnparsableBugTracker):
        read(f"<!DOCTYPE html><p>{text}</p>", status)


def test_nothing_can_be_filed_or_searched_for():
    assert make().getBugFilingAndSearchLinks("kern", "a", "b") == (None, None)


def read(page, status=200):
    client = Canned(page.encode(), "text/html", status)
    return Asker(GNATS, BASE, dialect="single", client=client).ask(["7"])["7"]


@given(st.text(max_size=200))
def test_any_page_is_a_report_or_an_error_of_ours(text):
    for page in (text, f"<!DOCTYPE html><pre>\n&gt;Number: 7\n&gt;State: {text}\n&gt;Synopsis:\n"):
        try:
            assert isinstance(read(page), (RemoteBug, RemoteBugError))
        except MalonewatchError:
            continue


def test_a_very_long_page_takes_no_longer_than_it_is():
    for piece in ("&gt;A", "<b>", "\n>", "pr ", "no "):
        with pytest.raises(UnparsableBugTracker):
            read("<!DOCTYPE html>" + piece * 100_000)
