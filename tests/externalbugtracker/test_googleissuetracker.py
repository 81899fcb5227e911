import dataclasses
import json
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest

from malonewatch.externalbugtracker import GoogleIssueTracker
from malonewatch.externalbugtracker.googleissuetracker import HOSTS, STATUSES
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    RemoteBug,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
)
from malonewatch.testing.googleissuetracker import GoogleIssueTrackerSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://issuetracker.google.com"


def make(baseurl=BASE):
    return GoogleIssueTracker(BugTrackerFacts("x", BugTrackerType.GOOGLEISSUETRACKER, baseurl))


class TestGoogleIssueTracker(BatchesConformance, ExternalBugTrackerConformance):
    factory = GoogleIssueTracker
    simulator = GoogleIssueTrackerSimulator
    # The first request is an answer already.
    requests_for_three_batches = 3 * GoogleIssueTracker.request_size // GoogleIssueTracker.page_size
    spellings = [
        *ExternalBugTrackerConformance.spellings,
        ("b/0042", "42"),
        ("Chromium#42", "chromium#42"),
        (" v8:0042 ", "v8#42"),
    ]
    urls = [
        ("https://issuetracker.google.com/issues/42", BASE, "42"),
        ("https://issuetracker.google.com/issues/042/?pli=1#comment3", BASE, "42"),
        ("https://issuetracker.google.com/u/1/issues/42", BASE, "42"),
        ("https://issuetracker.google.com/issues/42/dependencies", BASE, "42"),
        ("https://issuetracker.google.com/issues/42/resources", BASE, "42"),
        ("https://issuetracker.google.com/action/issues/42/getIssue", BASE, "42"),
        ("https://issuetracker.google.com/42", BASE, "42"),
        ("https://issues.chromium.org/issues/40012345", BASE, "40012345"),
        ("https://git.issues.gerritcodereview.com/issues/42", BASE, "42"),
        ("http://b/42", BASE, "42"),
        ("https://buganizer.corp.google.com/issues/42", BASE, "42"),
        ("https://crbug.com/40012345", BASE, "40012345"),
        ("http://crbug.com/0042", BASE, "chromium#42"),
        ("https://www.crbug.com/42#c3", BASE, "chromium#42"),
        ("https://crbug.com/v8/42", BASE, "v8#42"),
        ("https://crbug.com/webrtc/42345678", BASE, "42345678"),
        (
            "https://bugs.chromium.org/p/project-zero/issues/detail?id=42#c3",
            BASE,
            "project-zero#42",
        ),
        ("https://bugs.chromium.org/p/V8/issues/detail?q=a&id=042", BASE, "v8#42"),
        ("https://bugs.fuchsia.dev/p/fuchsia/issues/detail?id=42", BASE, "fuchsia#42"),
    ]
    not_urls = [
        "https://issuetracker.google.com/issues",
        "https://issuetracker.google.com/issues/0",
        "https://issuetracker.google.com/issues/new?component=42",
        "https://issuetracker.google.com/issues?q=42",
        "https://issuetracker.google.com/hotlists/42",
        "https://bugs.chromium.org/p/v8/issues/list",
        "https://crbug.com/new",
        "https://crbug.com/p/v8/42",
        "https://example.com/issues/42",
        "https://code.google.com/p/v8/issues/detail?id=42",
    ]


class TestMonorail(MovesConformance):
    factory = GoogleIssueTracker
    simulator = GoogleIssueTrackerSimulator

    def numbered(self, *numbers):
        return ["chromium#42", "40012345"]

    def asker(self, simulator):
        return Asker(GoogleIssueTracker, simulator.url)


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_is_known(host):
    url = f"https://{host}/{'p/v8/issues/detail?id=1' if host[:5] == 'bugs.' else '41000000'}"
    assert GoogleIssueTracker.parseBugURL(urlsplit(url)).certainty is Certainty.KNOWN_HOST


def test_an_issue_of_monorail_has_the_url_that_it_had_there():
    url = "https://bugs.chromium.org/p/v8/issues/detail?id=42"
    assert make().getBugURL("v8#42") == url
    assert make().getBugURL("42") == f"{BASE}/issues/42"


def test_requests_say_which_page_they_are_from_and_what_they_are_about():
    client = Canned(
        b")]}'\n" + json.dumps([["b.BatchGetIssuesResponse", None, [[issue()]]]]).encode()
    )
    outcome = Asker(GoogleIssueTracker, BASE, client=client).ask(["42"])["42"]
    assert isinstance(outcome, RemoteBug)
    ((method, url, body),) = client.requests
    assert (method, url) == ("POST", f"{BASE}/action/issues/batch")
    assert json.loads(body) == ["b.BatchGetIssuesRequest", None, None, [[42], 1, 1]]


def test_whom_google_does_not_let_in_is_refused():
    class Stranger(GoogleIssueTracker):
        def _ask(self, path, body, ids):
            return dataclasses.replace(super()._ask(path, body, ids), headers={})

    with GoogleIssueTrackerSimulator() as simulator:
        simulator.add("1")
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(Stranger, simulator.url).ask(["1"])


def test_requests_go_with_the_number_of_bugs_and_one_more_for_each_that_is_left_out():
    with GoogleIssueTrackerSimulator() as simulator:
        for number in range(1, 61):
            simulator.add(str(number))
        simulator.add("7", private=True)
        del simulator.bugs["9"]
        simulator.add("chromium#1", moved_to="60")
        asker = Asker(GoogleIssueTracker, simulator.url)
        ids = [*map(str, range(1, 61)), "chromium#1"]
        for start in range(0, len(ids), 25):
            asker.ask(ids[start : start + 25])
        paths = [request.split("?")[0] for request in simulator.requests]
    assert paths.count("POST /action/issues/batch") == 3
    # Two that were left out, and the one that Monorail's led to.
    assert sum(path.endswith("/getIssue") for path in paths) == 3
    assert paths.count("GET /p/chromium/issues/detail") == 1
    assert paths.count("GET /issues/60") == 1
    assert len(paths) == 8


@pytest.mark.parametrize("status", [401, 403])
def test_private_and_missing_issues_are_told_apart(status):
    with GoogleIssueTrackerSimulator() as simulator:
        simulator.private_status = status
        simulator.add("1")
        simulator.add("2", private=True)
        outcomes = Asker(GoogleIssueTracker, simulator.url).ask(["1", "2", "3"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["3"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_redirect_that_is_not_for_good_leads_there_without_moving():
    with GoogleIssueTrackerSimulator() as simulator:
        simulator.redirect_status = 302
        simulator.add("40012345", title="Loose")
        simulator.add("chromium#1", moved_to="40012345")
        bug = Asker(GoogleIssueTracker, simulator.url).ask(["chromium#1"])["chromium#1"]
    assert (bug.title, bug.moved_to) == ("Loose", None)


def test_what_monorail_does_not_lead_on_is_told_apart():
    with GoogleIssueTrackerSimulator() as simulator:
        simulator.add("1")
        simulator.add("chromium#1")
        simulator.add("chromium#3", private=True)
        asker = Asker(GoogleIssueTracker, simulator.url)
        outcomes = asker.ask(["1", "chromium#1", "chromium#2", "chromium#3"])
    assert outcomes["chromium#1"].error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert outcomes["chromium#2"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert outcomes["chromium#3"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def test_another_site_is_no_issue_tracker():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(GoogleIssueTracker, simulator.url).ask(["1"])
    assert make().identity([["b.Other"]]) is None


def issue(status=1, priority=3, title="Loose", modified=(1704164645, 0), number=42):
    details = [None] * 32
    details[2], details[3], details[5] = status, priority, title
    return [None, number, details, None, None, modified, None]


def ask(*answer, body=None):
    body = json.dumps([answer]).encode() if body is None else body
    return Asker(GoogleIssueTracker, BASE, dialect="pages", client=Canned(body)).ask(["42", "43"])


@pytest.mark.parametrize(
    "answer",
    [
        ("b.Other", None, [[issue()]]),
        ("b.BatchGetIssuesResponse",),
        ("b.BatchGetIssuesResponse", None, [7]),
        (),
    ],
)
def test_what_has_another_shape_is_trouble(answer):
    with pytest.raises(UnparsableBugTracker):
        ask(*answer)


@pytest.mark.parametrize("nothing", [None, [], [None], [[]]])
def test_an_answer_without_issues_says_nothing_of_any(nothing):
    body = [["b.BatchGetIssuesResponse", None, nothing]]
    assert list(make().records(body)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"status": None},
        {"status": True},
        {"status": "NEW"},
        {"title": 7},
        {"priority": "P1"},
        {"modified": None},
        {"modified": ()},
    ],
)
def test_an_issue_that_makes_no_sense_spoils_nothing_but_itself(fields):
    outcomes = ask("b.BatchGetIssuesResponse", None, [[issue(**fields), issue(number=43)]])
    assert outcomes["42"].error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert isinstance(outcomes["43"], RemoteBug)


def test_an_issue_is_read_from_where_its_fields_stand():
    bug = ask("b.BatchGetIssuesResponse", None, [[issue(4), issue(11, None, number=43)]])
    one, other = bug["42"], bug["43"]
    assert (one.remotestatus, one.status, one.closed) == (
        "FIXED",
        BugTaskStatus.FIXRELEASED,
        True,
    )
    assert (one.title, one.remote_importance) == ("Loose", "P2")
    assert one.modified == datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    # A status that came later.
    assert (other.remotestatus, other.status, other.closed) == ("11", BugTaskStatus.UNKNOWN, None)
    assert other.remote_importance == ""


def test_issues_come_with_all_that_their_project_might_know_of_one():
    numbers = range(1, 26)
    issues = [[*issue(number=number), [[]] * 1_500] for number in numbers]
    body = json.dumps([["b.BatchGetIssuesResponse", None, [issues]]]).encode()
    client = Canned(body)
    outcomes = Asker(GoogleIssueTracker, BASE, client=client).ask(map(str, numbers))
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    assert len(client.requests) == 1


def test_every_status_passes_through():
    with GoogleIssueTrackerSimulator() as simulator:
        for number, word in STATUSES.items():
            simulator.add(str(number), status=word)
        outcomes = Asker(GoogleIssueTracker, simulator.url).ask(simulator.bugs)
    words = dict(make().status_table)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == words
    assert [bug.closed for bug in map(outcomes.get, map(str, STATUSES))] == [False] * 3 + [True] * 7


@pytest.mark.parametrize(
    ("word", "importance"),
    [("P0", "CRITICAL"), ("P1", "HIGH"), ("P2", "MEDIUM"), ("P3", "LOW"), ("P4", "LOW")],
)
def test_importance(word, importance):
    assert make().convertRemoteImportance(word) is BugTaskImportance[importance]


def test_links():
    links = make().getBugFilingAndSearchLinks("192735", "It's loose", "a & b")
    assert links.bug_filing_url == (
        f"{BASE}/issues/new?component=192735&title=It%27s%20loose&description=a%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/issues?q=It%27s%20loose"
