import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import answer_in, sample

from malonewatch.externalbugtracker.pagure import PAGE_SIZE, Pagure
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    MalonewatchError,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    ChangesSinceConformance,
    CredentialsConformance,
    ExternalBugTrackerConformance,
)
from malonewatch.testing.faults import FAULTS
from malonewatch.testing.pagure import PagureSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://pagure.io"


def make(baseurl=BASE):
    return Pagure(BugTrackerFacts("x", BugTrackerType.PAGURE, baseurl))


def with_login():
    simulator = PagureSimulator()
    simulator.token = "SESAME"
    return simulator


class TestPagure(ChangesSinceConformance, CredentialsConformance, ExternalBugTrackerConformance):
    factory = Pagure
    simulator = PagureSimulator
    simulator_with_login = staticmethod(with_login)
    login = Credentials(token="SESAME")
    wrong_login = Credentials(token="BARLEY")
    ids = staticmethod("example#{}".format)
    invalid_id = "example#4294967296"
    spellings = [
        ("example#42", "example#42"),
        (" Fedora-Web/Websites#0042 ", "fedora-web/websites#42"),
        ("fork/jane/example#42", "fork/jane/example#42"),
        ("/fork/jane/rpms/example/#42", "fork/jane/rpms/example#42"),
        ("example!042", "example!42"),
    ]
    urls = [
        ("https://pagure.io/example/issue/42", BASE, "example#42"),
        ("https://pagure.io/Example/issue/0042#comment-7", BASE, "example#42"),
        ("https://pagure.io/web/example/issue/42", BASE, "web/example#42"),
        ("https://pagure.io/fork/jane/example/issue/42", BASE, "fork/jane/example#42"),
        ("https://pagure.io/fork/jane/rpms/c++/issue/42", BASE, "fork/jane/rpms/c++#42"),
        ("https://pagure.io/example/pull-request/42", BASE, "example!42"),
        ("https://pagure.io/api/0/web/example/issue/42?comments=0", BASE, "web/example#42"),
        (
            "https://src.fedoraproject.org/rpms/kernel/pull-request/42",
            *("https://src.fedoraproject.org", "rpms/kernel!42"),
        ),
        ("http://git.example.com/example/issue/42", "http://git.example.com", "example#42"),
        (
            "https://example.com/pagure/api/0/example/pull-request/42",
            *("https://example.com/pagure", "example!42"),
        ),
    ]
    not_urls = [
        "https://pagure.io/example/issues",
        "https://pagure.io/example/issue/",
        "https://pagure.io/example/issue/42/update",
        "https://pagure.io/example/issue/9999999999",
        "https://pagure.io/issue/42",
        "https://pagure.io/api/issue/42",
        "https://pagure.io/fork/jane/issue/42",
        "https://pagure.io/a/b/c/issue/42",
        "https://pagure.io/user/jane/issue/42",
    ]

    def test_what_is_no_pagure_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="Pagure"):
            self.asker(simulator).ask(self.numbered(1))


class TestPullRequests(TestPagure):
    ids = staticmethod("example!{}".format)
    # They are asked for as issues are.
    test_whatever_goes_wrong_is_the_bug_trackers_trouble = None
    # All are to be seen by all.
    has_private_bugs = False
    # There is no list of what changed of them.
    test_it_says_that_it_tells_changes = None
    test_what_has_not_changed_since_is_unchanged = None


# Ids and URLs.


@pytest.mark.parametrize(
    "remotebug",
    [
        "42",
        "example",
        "example#",
        "example!x",
        "a/b/c#1",
        "fork/jane#1",
        "a b#1",
        "api/x#1",
        "-x#1",
    ],
)
def test_what_cannot_be_the_id_of_a_bug(remotebug):
    assert not Pagure.is_valid(Pagure.canonicalRemoteBug(remotebug))


@given(st.text(max_size=30) | st.from_regex(r"\A(fork/)?([a-c]/){0,3}[a-c][#!]\d\Z"))
def test_there_is_one_way_to_write_an_id(text):
    canonical = Pagure.canonicalRemoteBug(text)
    if Pagure.is_valid(canonical):
        assert Pagure.canonicalRemoteBug(canonical) == canonical
        found = Pagure.parseBugURL(urlsplit(make().getBugURL(canonical)), BASE)
        assert found.remotebug == canonical


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://pagure.io/example/issue/1", Certainty.KNOWN_HOST),
        ("https://git.example.com/example/pull-request/1", Certainty.SHAPE),
        ("https://git.example.com/example/issue/1", Certainty.GUESS),
    ],
)
def test_how_sure_it_is(url, certainty):
    assert Pagure.parseBugURL(urlsplit(url)).certainty is certainty


def test_links_need_a_project():
    links = make().getBugFilingAndSearchLinks("web/example", "It's #1", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/web/example/new_issue?title=It%27s%20%231&content=A%20%26%20b"
    )
    assert links.bug_search_url == (
        f"{BASE}/web/example/issues?status=all&search_pattern=It%27s%20%231"
    )
    for product in (None, "", "a/b/c", "../x y"):
        assert make().getBugFilingAndSearchLinks(product, "x") == (None, None)


# Requests.


def ask(simulator, *remotebugs, since=None, **settings):
    return Asker(Pagure, simulator.url, **settings).ask(remotebugs, since=since)


def fill(simulator, projects, each):
    for project in range(projects):
        for number in range(1, each + 1):
            simulator.add(f"p{project}#{number}")


def test_what_is_not_known_yet_is_asked_for_one_by_one_without_comments():
    with PagureSimulator() as simulator:
        simulator.add("a#1")
        simulator.add("fork/jane/b/a!2")
        ask(simulator, *simulator.bugs)
        assert simulator.requests == [
            "GET /api/0/a/issue/1?comments=0",
            "GET /api/0/fork/jane/b/a/pull-request/2?comments=0",
        ]


def test_what_is_known_takes_a_request_for_each_project_on_a_quiet_day():
    with PagureSimulator() as simulator:
        fill(simulator, 20, 10)
        since = simulator.now()
        outcomes = ask(simulator, *simulator.bugs, since=since)
        assert len(simulator.requests) == 20
        assert simulator.requests[0] == (
            f"GET /api/0/p0/issues?status=all&since={int(since.timestamp())}&per_page=20&page=1"
        )
    assert {type(outcome) for outcome in outcomes.values()} == {RemoteBugUnchanged}


@pytest.mark.parametrize(
    ("changed", "is_old", "requests"), [(PAGE_SIZE, False, 1), (50, False, 3), (50, True, 1)]
)
def test_what_changed_comes_page_by_page(changed, is_old, requests):
    with PagureSimulator() as simulator:
        simulator.is_old = is_old
        fill(simulator, 1, 60)
        since = simulator.now() - timedelta(minutes=5)
        for number in range(1, changed + 1):
            simulator.change(f"p0#{number}", title="Another")
        outcomes = ask(simulator, *simulator.bugs, since=since)
        assert len(simulator.requests) == requests
    for id, outcome in outcomes.items():
        is_changed = int(id.partition("#")[2]) <= changed
        assert isinstance(outcome, RemoteBug if is_changed else RemoteBugUnchanged)


def test_the_only_bug_of_a_project_and_a_pull_request_are_asked_for_in_full():
    with PagureSimulator() as simulator:
        for id in ("a#1", "a#2", "b#1", "a!3", "a!4"):
            simulator.add(id)
        outcomes = ask(simulator, *simulator.bugs, since=simulator.now())
        assert len(simulator.requests) == 4
    unchanged = [id for id in outcomes if isinstance(outcomes[id], RemoteBugUnchanged)]
    assert unchanged == ["a#1", "a#2"]


def test_a_list_that_cannot_be_had_is_made_up_for_one_by_one():
    with PagureSimulator() as simulator:
        fill(simulator, 1, 10)
        simulator._list = lambda *args: web.Response(status=500)
        outcomes = ask(simulator, *simulator.bugs, since=simulator.now())
    assert {type(outcome) for outcome in outcomes.values()} == {RemoteBug}


@pytest.mark.parametrize("since", [False, True])
def test_a_project_that_is_gone_or_has_no_tracker_costs_the_others_nothing(since):
    with PagureSimulator() as simulator:
        fill(simulator, 1, 3)
        simulator.untracked.add("off")
        ids = [*simulator.bugs, "gone#1", "gone#2", "off#1", "off#2"]
        outcomes = ask(simulator, *ids, since=simulator.now() if since else None)
    for id, outcome in outcomes.items():
        if id.startswith("p0"):
            assert isinstance(outcome, (RemoteBug, RemoteBugUnchanged))
        else:
            assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_pull_request_and_an_issue_are_not_taken_for_each_other():
    with PagureSimulator() as simulator:
        simulator.add("a#1")
        simulator.add("a!2")
        outcomes = ask(simulator, "a!1", "a#2")
    assert {outcome.error_type for outcome in outcomes.values()} == {
        BugWatchErrorType.BUG_NOT_FOUND
    }


def test_it_says_what_it_is_and_who_we_are():
    with with_login() as simulator:
        assert Asker(Pagure, simulator.url).identify() == "Pagure (API 0.31)"
        asker = Asker(Pagure, simulator.url, credentials=TestPagure.login)
        assert asker.check_credentials() == "jane"
    asker = Asker(Pagure, BASE, client=Canned(b'{"version": "1", "revision": "2"}'))
    assert asker.identify() is None


def test_a_token_is_no_use_to_a_password():
    assert make().authorization(Credentials("jane", "secret")) == {}


# What the answers mean.


ISSUE = {
    "id": 1,
    "title": "A bug",
    "status": "Open",
    "close_status": None,
    "tags": [],
    "last_updated": "1700000000",
    "closed_at": None,
    "priority": None,
    "milestone": None,
    "private": False,
}
REQUEST = {
    **{name: ISSUE[name] for name in ("id", "title", "status", "tags", "last_updated")},
    "branch": "main",
}


def read(value, remotebug="a#1", status=200, credentials=None):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    client = Canned(body, status=status, credentials=credentials)
    (outcome,) = Asker(Pagure, BASE, dialect="only", client=client).ask([remotebug]).values()
    return outcome


@pytest.mark.parametrize(
    ("state", "why", "tags", "remotestatus", "status"),
    [
        ("Open", None, [], "Open", BugTaskStatus.NEW),
        ("Open", None, ["easyfix", "needinfo"], "Open needinfo", BugTaskStatus.INCOMPLETE),
        ("Open", None, ["status::baking"], "Open baking", BugTaskStatus.NEW),
        ("Closed", None, [], "Closed", BugTaskStatus.FIXRELEASED),
        ("Closed", None, ["wontfix"], "Closed wontfix", BugTaskStatus.WONTFIX),
        ("Closed", "Fixed", ["wontfix"], "Closed Fixed", BugTaskStatus.FIXRELEASED),
        ("Closed", "Duplicate", [], "Closed Duplicate", BugTaskStatus.INVALID),
        ("Closed", "Insufficient data", [], "Closed Insufficient data", BugTaskStatus.EXPIRED),
        ("Closed", "Get back later", [], "Closed Get back later", BugTaskStatus.WONTFIX),
        ("Closed", "Baked", [], "Closed Baked", BugTaskStatus.UNKNOWN),
        # As it was before 2.12.
        ("Fixed", None, [], "Fixed", BugTaskStatus.FIXRELEASED),
        ("Invalid", None, [], "Invalid", BugTaskStatus.INVALID),
    ],
)
def test_an_issues_status_is_its_own_and_why_it_was_closed(state, why, tags, remotestatus, status):
    found = read({**ISSUE, "status": state, "close_status": why, "tags": tags})
    assert (found.remotestatus, found.status) == (remotestatus, status)
    assert found.closed is (state != "Open")


@pytest.mark.parametrize(
    ("state", "remotestatus", "status"),
    [
        ("Open", "Open", BugTaskStatus.NEW),
        ("Merged", "Merged", BugTaskStatus.FIXCOMMITTED),
        ("Closed", "Closed unmerged", BugTaskStatus.WONTFIX),
    ],
)
def test_a_pull_requests_status_is_its_own(state, remotestatus, status):
    found = read({**REQUEST, "status": state}, "a!1")
    assert (found.remotestatus, found.status) == (remotestatus, status)


def test_times_are_seconds_in_texts():
    found = read({**ISSUE, "status": "Closed", "closed_at": "1600000000", "milestone": "4.2"})
    assert (found.modified.timestamp(), found.date_closed.timestamp()) == (1700000000, 1600000000)
    assert found.fixed_in == "4.2"


def test_a_milestone_is_not_what_an_issue_was_not_fixed_in():
    for values in ({}, {"status": "Closed", "close_status": "Invalid"}):
        assert read({**ISSUE, **values, "milestone": "4.2"}).fixed_in == ""


@pytest.mark.parametrize(
    ("priority", "tags", "remote_importance", "importance"),
    [
        (None, [], "", BugTaskImportance.UNKNOWN),
        (10, [], "10", BugTaskImportance.UNKNOWN),
        (10, ["high priority"], "high priority", BugTaskImportance.HIGH),
        (None, ["RFE", "enhancement"], "enhancement", BugTaskImportance.WISHLIST),
    ],
)
def test_an_importance_is_a_tag_or_a_number(priority, tags, remote_importance, importance):
    found = read({**ISSUE, "priority": priority, "tags": tags})
    assert (found.remote_importance, found.importance) == (remote_importance, importance)


@pytest.mark.parametrize("missing", ["status", "title", "tags"])
def test_an_issue_without_a_field_that_matters_is_not_understood(missing):
    found = read({name: value for name, value in ISSUE.items() if name != missing})
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert missing in found.message


# Whatever comes.


names = st.sampled_from([*ISSUE, "branch", "issues", "pagination", "next", "error_code"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
mutated = st.builds(
    lambda changes: {**ISSUE, **changes}, st.dictionaries(names, json_values, max_size=3)
)


@given(json_values | mutated | mutated.map(lambda issue: {"issues": [issue]}))
def test_any_json_is_bugs_or_an_error_of_ours(value):
    client = Canned(json.dumps(value).encode())
    with PagureSimulator() as simulator:
        since = simulator.now()
    for remotebugs in (["a#1", "a#2"], ["a#1"]):
        try:
            asker = Asker(Pagure, BASE, dialect="only", client=client)
            outcomes = asker.ask(remotebugs, since=since)
        except MalonewatchError:
            continue
        kinds = (RemoteBug, RemoteBugError, RemoteBugUnchanged)
        assert all(isinstance(outcome, kinds) for outcome in outcomes.values())


def test_a_page_where_there_should_be_a_list_tells_nothing_of_the_bugs():
    with PagureSimulator() as simulator:
        fill(simulator, 1, 3)
        simulator.fault = FAULTS["page"]
        with pytest.raises(MalonewatchError):
            ask(simulator, *simulator.bugs, since=simulator.now())


# What a real one answered.


@pytest.mark.parametrize(
    "name",
    [
        "list-all-open-closed-private.http",
        "issue-closed-null-close-status.http",
        "issues-closed-with-and-without-close-status.json",
        "list-old-2020.json",
    ],
)
def test_recorded_issues(name):
    recorded, must_read = sample("PAGURE", name)
    status, _, body = answer_in(recorded)
    answer = json.loads(body)
    issues = answer if isinstance(answer, list) else answer.get("issues", [answer])
    for issue, bug in zip(issues, must_read, strict=True):
        found = read(issue, f"a#{bug['id']}", status)
        close_status = bug["close_status"] or ""
        assert found.remotestatus == f"{bug['status']} {close_status}".strip()
        assert (found.resolution, found.title) == (close_status, bug["title"])
        assert (found.remote_importance, found.private) == ("", bug["private"])
        assert f"{found.modified:%Y-%m-%dT%H:%M:%SZ}" == bug["updated"]


def test_a_recorded_list_is_of_what_changed():
    body, must_read = sample("PAGURE", "list-old-2020.json")
    ids = [f"a#{bug['id']}" for bug in must_read]
    with PagureSimulator() as simulator:
        since = simulator.now()
    asker = Asker(Pagure, BASE, dialect="only", client=Canned(body))
    outcomes = asker.ask([*ids, "a#7"], since=since)
    assert outcomes["a#7"] == RemoteBugUnchanged("a#7")
    assert [outcomes[id].title for id in ids] == [bug["title"] for bug in must_read]


def test_a_recorded_refusal_of_a_token():
    recorded, must_read = sample("PAGURE", "bad-token-401.http")
    status, _, body = answer_in(recorded)
    assert must_read["http"] == status
    with pytest.raises(BugTrackerCredentialsRefused):
        read(body, status=status, credentials=Credentials(token="x"))
