import functools
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver import Finding
from malonewatch.externalbugtracker.flyspray import MARK, Flyspray
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
    Response,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import DuplicatesConformance, ExternalBugTrackerConformance
from malonewatch.testing.faults import answer, fault
from malonewatch.testing.flyspray import FlyspraySimulator

BASE = "https://flyspray.example.com"
ARCH = "https://bugs.archlinux.org"


def make(baseurl=BASE):
    return Flyspray(BugTrackerFacts("x", BugTrackerType.FLYSPRAY, baseurl))


def asker_of(simulator, **kwargs):
    return Asker(Flyspray, simulator.url, **kwargs)


class TestFlyspray(DuplicatesConformance, ExternalBugTrackerConformance):
    factory = Flyspray
    simulator = FlyspraySimulator
    duplicate = {"resolution": "Duplicate"}
    tells_modified = False
    spellings = [*ExternalBugTrackerConformance.spellings, ("FS#42", "42"), (" fs#042", "42")]
    urls = [
        ("https://example.com/index.php?do=details&task_id=42", "https://example.com", "42"),
        ("http://example.com/f/?do=details&task_id=42#comment7", "http://example.com/f", "42"),
        ("http://example.com/f/index.php?do=details;id=042", "http://example.com/f", "42"),
        ("http://example.com/?do=details&id=42&area=comments", "http://example.com", "42"),
        ("https://example.com/tracker/task/42?string=a", "https://example.com/tracker", "42"),
        ("http://bugs.archlinux.org/task/42", ARCH, "42"),
    ]
    not_urls = [
        "https://example.com/index.php?do=newtask&task_id=42",
        "https://example.com/index.php?do=details&task_id=abc",
        "https://example.com/index.php?task_id=42",
        "https://example.com/task/?42",
        "https://example.com/42",
    ]


class TestOldFlyspray(TestFlyspray):
    simulator = functools.partial(FlyspraySimulator, old=True)
    # As in the other.
    test_whatever_goes_wrong_is_the_bug_trackers_trouble = None


# URLs


def test_what_other_programs_have_is_a_guess():
    def certainty(url, baseurl=None):
        return Flyspray.parseBugURL(urlsplit(url), baseurl).certainty

    assert certainty(f"{BASE}/index.php?do=details&task_id=42") is Certainty.SHAPE
    assert certainty(f"{BASE}/task/42") is Certainty.GUESS
    assert certainty(f"{ARCH}/task/42") is Certainty.KNOWN_HOST
    assert certainty(f"{BASE}/42", BASE) is Certainty.REGISTERED


def test_links():
    links = make().getBugFilingAndSearchLinks("3", "It's loose")
    assert links.bug_filing_url == (
        f"{BASE}/index.php?do=newtask&project=3&item_summary=It%27s%20loose"
    )
    assert links.bug_search_url.startswith(f"{BASE}/index.php?do=index&project=3&")
    links = make().getBugFilingAndSearchLinks(None, "Loose")
    assert links.bug_filing_url is None
    assert "&project=0&" in links.bug_search_url


def test_an_archive_is_asked_once_and_by_its_short_urls():
    arch, other = make(ARCH), make()
    assert (arch.polling, other.polling) == (Polling.ONCE, Polling.ALWAYS)
    assert "gitlab.archlinux.org" in arch.not_polled
    assert arch.getBugURL("42") == f"{ARCH}/task/42"
    assert arch.ask_one("42").path == "/task/42"
    assert other.getBugURL("42") == f"{BASE}/index.php?do=details&task_id=42"


# What a page says


@pytest.mark.parametrize("old", [True, False])
def test_every_version_is_understood(old):
    with FlyspraySimulator(old=old) as simulator:
        simulator.add("1", title="Schön & gut", priority="High", severity="Very Low")
        simulator.add("2", status="Researching", severity="Critical")
        simulator.add("3", resolution="Fixed")
        simulator.add("4", resolution="Duplicate", duplicate_of="1")
        simulator.add("5", resolution="Not a bug", duplicate_of="1")
        simulator.add("6", private=True)
        ids = ["1", "2", "3", "4", "5", "6", "7"]
        outcomes = asker_of(simulator).ask(ids)
        # One for each; where one was led to, which is what such a bug tracker is.
        assert len(simulator.requests) == len(ids) + 1
    assert outcomes["1"].title == "Schön & gut"
    assert outcomes["1"].remote_importance == "High Very Low"
    assert outcomes["1"].importance is BugTaskImportance.LOW
    said = [
        (outcomes[each].remotestatus, outcomes[each].status, outcomes[each].closed)
        for each in ids[:5]
    ]
    assert said == [
        ("Unconfirmed", BugTaskStatus.NEW, False),
        ("Researching", BugTaskStatus.INPROGRESS, False),
        ("Closed Fixed", BugTaskStatus.FIXRELEASED, True),
        ("Closed Duplicate", BugTaskStatus.INVALID, True),
        ("Closed Not a bug", BugTaskStatus.INVALID, True),
    ]
    assert [outcomes[each].duplicate_of for each in ids[:5]] == [None, None, None, "1", None]
    assert outcomes["6"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["7"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_what_is_not_shown_is_told_by_the_page_itself():
    with FlyspraySimulator() as simulator:
        simulator.hidden = {"Status", "Priority"}
        simulator.add("1")
        simulator.add("2", resolution="Implemented")
        outcomes = asker_of(simulator).ask(["1", "2"])
    assert (outcomes["1"].remotestatus, outcomes["1"].remote_importance) == ("Open", "Low")
    assert outcomes["2"].remotestatus == "Closed Implemented"


def test_in_another_language_the_reason_tells():
    with FlyspraySimulator(closed="Geschlossen") as simulator:
        simulator.add("1", resolution="Works for me")
        bug = asker_of(simulator).ask(["1"])["1"]
    assert bug.remotestatus == "Geschlossen Works for me"
    assert (bug.status, bug.guessed) == (BugTaskStatus.INVALID, True)


def test_a_closed_task_without_a_reason_is_closed():
    page = f'{MARK}<h2 class="summary">FS#1 - A</h2><div id="taskclosed">By Jane</div>'
    client = Canned(page.encode(), "text/html")
    bug = Asker(Flyspray, BASE, dialect="page", client=client).ask(["1"])["1"]
    assert (bug.remotestatus, bug.closed) == ("Closed", True)


def test_where_else_one_is_led_to_tells_nothing_of_a_task():
    flyspray = make()
    ask = flyspray.ask_one("1")
    for page, finding in ((MARK, Finding.MISSING), ("Welcome", Finding.SPOILED)):
        response = Response(f"{BASE}/", 200, {}, page.encode())
        assert flyspray.judge(ask, response, page) is finding


def test_another_page_of_it_tells_nothing():
    with FlyspraySimulator() as simulator:
        simulator.add("1")
        page = answer(body=MARK, content_type="text/html")
        asker = asker_of(simulator)
        asker.ask(["1"])
        with fault(simulator, page):
            outcome = asker.ask(["1"], apart=True)["1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("New", BugTaskStatus.NEW),
        ("Assigned", BugTaskStatus.CONFIRMED),
        ("Waiting on Customer", BugTaskStatus.INCOMPLETE),
        ("Waiting on Response", BugTaskStatus.INCOMPLETE),
        ("Requires testing", BugTaskStatus.FIXCOMMITTED),
        ("Closed", BugTaskStatus.FIXRELEASED),
        ("Closed Won't fix", BugTaskStatus.WONTFIX),
        ("Closed Won't implement", BugTaskStatus.WONTFIX),
        ("Closed Deferred", BugTaskStatus.WONTFIX),
        ("Closed Works for me", BugTaskStatus.INVALID),
        ("Closed Upstream", BugTaskStatus.WONTFIX),
        ("Closed No response", BugTaskStatus.EXPIRED),
    ],
)
def test_status(remotestatus, status):
    assert make().convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("Very High Critical", BugTaskImportance.CRITICAL),
        ("Defer Medium", BugTaskImportance.MEDIUM),
        ("Very Low", BugTaskImportance.LOW),
        ("Flash", BugTaskImportance.CRITICAL),
    ],
)
def test_importance_is_the_severity(words, importance):
    assert make().convertRemoteImportance(words) is importance


# Anything


@given(st.binary(max_size=200))
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    for start in (b"", b'<h2 class="summary">FS#1 - A</h2><div id="taskclosed">'):
        client = Canned(start + body, "text/html")
        try:
            found = Asker(Flyspray, BASE, dialect="page", client=client).ask(["1"])
        except MalonewatchError:
            continue
        assert isinstance(found["1"], (RemoteBug, RemoteBugError))
