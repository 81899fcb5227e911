import json
from urllib.parse import urlsplit

import pytest

from malonewatch.externalbugtracker import GoogleCode
from malonewatch.externalbugtracker.googlecode import OWN_STATUSES
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Polling,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import ExternalBugTrackerConformance, ValidatorsConformance
from malonewatch.testing.googlecode import GoogleCodeSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://code.google.com"
STORE = "https://storage.googleapis.com/google-code-archive/v2"


def make(baseurl=BASE):
    return GoogleCode(BugTrackerFacts("x", BugTrackerType.GOOGLE_CODE, baseurl))


class TestGoogleCode(ValidatorsConformance, ExternalBugTrackerConformance):
    factory = GoogleCode
    simulator = GoogleCodeSimulator
    ids = staticmethod("example/{}".format)
    invalid_id = "Example 12"
    has_private_bugs = False
    spellings = [
        ("example/42", "example/42"),
        (" Example/0042 ", "example/42"),
        ("example#42", "example/42"),
        ("example/#42", "example/42"),
        ("eclipselabs.org/example/42", "eclipselabs.org/example/42"),
    ]
    urls = [
        ("https://code.google.com/archive/p/example/issues/42", BASE, "example/42"),
        ("http://code.google.com/p/example/issues/detail?id=42", BASE, "example/42"),
        ("http://www.code.google.com/p/Example/issues/detail?id=0042#c3", BASE, "example/42"),
        ("https://code.google.com/p/ex-4mple/issues/detail?can=1;id=42", BASE, "ex-4mple/42"),
        (
            "https://code.google.com/p/example/issues/detail/?r=1&id=42&q=a&colspec=ID%20Type",
            BASE,
            "example/42",
        ),
        (
            f"{STORE}/code.google.com/example/issues/issue-42.json",
            BASE,
            "example/42",
        ),
        (
            f"{STORE}/apache-extras.org/example/issues/issue-42.json",
            BASE,
            "apache-extras.org/example/42",
        ),
        (
            "http://code.google.com/a/eclipselabs.org/p/example/issues/detail?id=42",
            BASE,
            "eclipselabs.org/example/42",
        ),
        (
            "https://code.google.com/archive/a/apache-extras.org/p/example/issues/42/",
            BASE,
            "apache-extras.org/example/42",
        ),
    ]
    not_urls = [
        "http://code.google.com/p/example/issues/list",
        "http://code.google.com/p/example/issues/detail?id=0",
        "http://code.google.com/p/example/issues/detail?id=one",
        "http://code.google.com/p/example/source/detail?r=42",
        "http://code.google.com/a/example.org/p/example/issues/detail?id=42",
        "https://bugs.chromium.org/p/example/issues/detail?id=42",
        "https://storage.googleapis.com/other/v2/code.google.com/example/issues/issue-42.json",
    ]


def test_a_host_that_is_known_is_sure():
    found = GoogleCode.parseBugURL(urlsplit("http://code.google.com/p/a/issues/detail?id=1"))
    assert found.certainty is Certainty.KNOWN_HOST


def test_its_bugs_are_asked_for_once():
    assert make().polling is Polling.ONCE
    assert "never again" in make().not_polled


@pytest.mark.parametrize(
    ("remotebug", "folder"),
    [("frob/7", "code.google.com/frob"), ("eclipselabs.org/frob/7", "eclipselabs.org/frob")],
)
def test_a_file_is_asked_for_at_googles_store(remotebug, folder):
    client = Canned(b'{"id": 7, "status": "Fixed", "summary": "Loose", "comments": []}')
    bug = Asker(GoogleCode, BASE, client=client).ask([remotebug])[remotebug]
    assert (bug.title, bug.status, bug.modified) == ("Loose", BugTaskStatus.FIXRELEASED, None)
    url = f"{STORE}/{folder}/issues/issue-7.json"
    assert client.requests == [("GET", url, None)]


def test_each_bug_takes_one_request():
    ids = [f"{project}/{number}" for project in ("a", "b", "c") for number in range(1, 6)]
    with GoogleCodeSimulator() as simulator:
        for remotebug in ids:
            simulator.add(remotebug)
        Asker(GoogleCode, simulator.url).ask(ids)
        assert len(simulator.requests) == len(ids)


@pytest.mark.parametrize("hides_absence", [False, True])
def test_a_file_that_is_not_there_is_a_bug_that_is_not_there(hides_absence):
    with GoogleCodeSimulator() as simulator:
        simulator.hides_absence = hides_absence
        outcome = Asker(GoogleCode, simulator.url).ask(["frob/7"])["frob/7"]
    assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_store_where_nothing_is_known_is_no_archive():
    with GoogleCodeSimulator() as simulator:
        simulator.hides_absence = True
        simulator.known.id = "other/1"
        assert Asker(GoogleCode, simulator.url).identify() is None
        with pytest.raises(UnsupportedBugTracker):
            Asker(GoogleCode, simulator.url).ask(["frob/7"])


def test_denial_in_other_words_is_none_of_the_stores():
    client = Canned(b"denied", "text/plain", 403)
    outcome = Asker(GoogleCode, BASE, dialect="archive", client=client).ask(["frob/7"])["frob/7"]
    assert outcome.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def test_another_site_is_no_archive():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(GoogleCode, simulator.url).ask(["frob/7"])


def read(**fields):
    return make().read({"id": 7, "status": "New", "summary": "Loose", **fields})


def test_the_first_label_of_a_kind_counts():
    labels = ["Type-Defect", "Priority-High", "Priority-Low", "OpSys", "Milestone-Release-1"]
    assert read(labels=labels).remote_importance == "High"
    assert read().remote_importance == ""


@pytest.mark.parametrize("status", ["", " ", None])
def test_without_a_status_it_is_open(status):
    found = read(status=status)
    assert found.remotestatus == "(none)"
    assert make().convertRemoteStatus(found.remotestatus) is BugTaskStatus.NEW


def test_the_last_comment_is_the_last_change():
    comments = [{"timestamp": 1283292000}, {"timestamp": 1283299000}, {"timestamp": 7}]
    assert read(comments=comments).modified.timestamp() == 1283299000


def test_an_issue_may_have_thousands_of_comments():
    comments = [{"id": n, "content": "+1, " * 9, "timestamp": 1283292000 + n} for n in range(5000)]
    record = {"id": 7, "status": "New", "summary": "Loose", "comments": comments}
    client = Canned(json.dumps(record).encode())
    bug = Asker(GoogleCode, BASE, client=client).ask(["frob/7"])["frob/7"]
    assert bug.modified.timestamp() == 1283296999


def test_every_status_passes_through():
    words = dict(make().status_table)
    with GoogleCodeSimulator() as simulator:
        for number, word in enumerate(words, 1):
            simulator.add(f"frob/{number}", status=word)
        outcomes = Asker(GoogleCode, simulator.url).ask(simulator.bugs)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == words
    own = [word.strip() for each in OWN_STATUSES.values() for word in each.split(",")]
    assert set(own) <= set(words)


@pytest.mark.parametrize(
    ("priority", "importance"),
    [
        ("Critical", BugTaskImportance.CRITICAL),
        ("High", BugTaskImportance.HIGH),
        ("Medium", BugTaskImportance.MEDIUM),
        ("Low", BugTaskImportance.LOW),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(priority, importance):
    with GoogleCodeSimulator() as simulator:
        simulator.add("frob/1", priority=priority)
        assert Asker(GoogleCode, simulator.url).ask(["frob/1"])["frob/1"].importance is importance


def test_nothing_can_be_filed_or_searched_for():
    assert make().getBugFilingAndSearchLinks("frob", "a", "b") == (None, None)
