import json
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import answer_in, sample

from malonewatch.externalbugtracker.gitlab import PLACES_PER_QUERY, GitLab
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
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
    SweepsConformance,
)
from malonewatch.testing.gitlab import GitLabSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://gitlab.com"
GNOME = "https://gitlab.gnome.org"


def make(baseurl=BASE):
    return GitLab(BugTrackerFacts("x", BugTrackerType.GITLAB, baseurl))


def with_login():
    simulator = GitLabSimulator()
    simulator.token = "glpat-sesame"
    return simulator


def drawer(**values):
    """The parameter for an item that is shown beside a list."""
    item = {"iid": "42", "full_path": "Example/project", "id": 7, **values}
    return urlencode({"show": b64encode(json.dumps(item).encode())})


class TestGitLab(
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    MovesConformance,
    ExternalBugTrackerConformance,
):
    factory = GitLab
    simulator = GitLabSimulator
    simulator_with_login = staticmethod(with_login)
    login = Credentials(token="glpat-sesame")
    wrong_login = Credentials(token="glpat-barley")
    duplicate = {"status": "closed"}
    ids = staticmethod("example/project#{}".format)
    invalid_id = "example/project#4294967296"
    # It says of a private one that it is not there.
    has_private_bugs = False
    # Each is one of eight hundreds and one of two.
    requests_for_three_batches = 6
    spellings = [
        ("example/project#42", "example/project#42"),
        (" Example/Project#0042 ", "example/project#42"),
        ("example/sub/project!42", "example/sub/project!42"),
        ("example%2Fproject#42", "example/project#42"),
        ("/example/project/!042", "example/project!42"),
    ]
    urls = [
        ("https://gitlab.com/example/project/-/issues/42", BASE, "example/project#42"),
        ("https://www.gitlab.com/Example/Project/-/issues/42", BASE, "example/project#42"),
        ("https://gitlab.com/a/b/c/d/-/issues/0042#note_7", BASE, "a/b/c/d#42"),
        ("https://gitlab.com/example/project/issues/42?scope=all", BASE, "example/project#42"),
        ("https://gitlab.com/example/project/-/issues/incident/42", BASE, "example/project#42"),
        ("https://gitlab.com/example/project/-/issues/42/designs", BASE, "example/project#42"),
        (
            "https://gitlab.com/example/project/-/issues/42/designs/frob-2.png",
            *(BASE, "example/project#42"),
        ),
        ("https://gitlab.com/example/project/-/merge_requests/42.diff", BASE, "example/project!42"),
        ("https://gitlab.com/example/project/merge_requests/42.patch", BASE, "example/project!42"),
        ("https://gitlab.com/example/project/-/work_items/42", BASE, "example/project#42"),
        ("https://gitlab.com/example/project/-/merge_requests/42", BASE, "example/project!42"),
        (f"https://gitlab.com/example/project/-/issues?{drawer()}", BASE, "example/project#42"),
        (f"https://gitlab.com/groups/example/-/boards/7?{drawer()}", BASE, "example/project#42"),
        (
            "https://gitlab.com/example/project/-/merge_requests/42/diffs?tab=x",
            *(BASE, "example/project!42"),
        ),
        ("https://gitlab.com/example/project/merge_requests/42", BASE, "example/project!42"),
        (
            "https://gitlab.com/api/v4/projects/example%2Fproject/issues/42",
            *(BASE, "example/project#42"),
        ),
        (
            "https://example.com/gitlab/api/v4/projects/a%2Fb%2Fc/merge_requests/42",
            *("https://example.com/gitlab", "a/b/c!42"),
        ),
        ("https://gitlab.gnome.org/GNOME/gtk/-/issues/42", GNOME, "gnome/gtk#42"),
        ("http://git.example.com:8080/a/b/-/issues/42", "http://git.example.com:8080", "a/b#42"),
    ]
    not_urls = [
        "https://gitlab.com/example/project/-/issues",
        "https://gitlab.com/example/project/-/issues/new",
        "https://gitlab.com/example/project/-/issues/42/edit",
        "https://gitlab.com/example/project/-/issues/9999999999",
        "https://gitlab.com/example/project/-/commits/42",
        "https://gitlab.com/example/project/-/merge_requests/42/edit",
        "https://gitlab.com/example/-/issues/42",
        "https://gitlab.com/groups/example/-/work_items/42",
        "https://gitlab.com/groups/example/sub/-/issues/42",
        "https://gitlab.com/api/v4/projects/14233409/issues/42",
        "https://gitlab.com/issues/42",
        "https://gitlab.com/example/project/-/issues?show=42",
        f"https://gitlab.com/example/project/-/issues?{drawer(full_path='example')}",
        f"https://gitlab.com/example/project/-/issues?{drawer(iid=None)}",
        f"https://gitlab.com/dashboard?{drawer()}",
        "https://example.com/a%20b/c/-/issues/42",
    ]

    def test_what_is_no_gitlab_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="GitLab"):
            self.asker(simulator).ask(self.numbered(1))


class TestSweeps(SweepsConformance):
    factory = GitLab
    simulator = GitLabSimulator
    ids = staticmethod("example/project#{}".format)
    changes_at_once = 100
    # Issues and merge requests are in lists of their own.
    requests_for_changes = 3
    requests_for_few_changes = 2


class TestSweepsOfMergeRequests(TestSweeps):
    ids = staticmethod("example/sub/project!{}".format)


def without_graphql():
    simulator = with_login()
    simulator.has_graphql = False
    return simulator


class TestSweepsWithoutGraphQL(TestSweeps):
    simulator = staticmethod(without_graphql)
    login = TestGitLab.login


class Small(GitLab):
    name = GitLab.name
    request_size = 200


class TestREST(
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
):
    factory = Small
    simulator = staticmethod(without_graphql)
    simulator_with_login = staticmethod(without_graphql)
    login = TestGitLab.login
    wrong_login = TestGitLab.wrong_login
    duplicate = TestGitLab.duplicate
    ids = TestGitLab.ids
    invalid_id = TestGitLab.invalid_id
    has_private_bugs = False
    # A hundred of a project at a time, and one for the other dialect.
    requests_for_three_batches = 7
    spellings = TestGitLab.spellings
    urls = TestGitLab.urls


class TestMergeRequests(TestGitLab):
    ids = staticmethod("example/project!{}".format)
    # They are asked for as issues are.
    test_whatever_goes_wrong_is_the_bug_trackers_trouble = None
    test_a_bug_that_spoils_the_answer_for_all_is_found_and_asked_for_apart = None
    # There is neither of them.
    test_it_says_that_it_tells_duplicates = None
    test_a_duplicate_names_the_other_bug = None
    test_it_says_that_it_tells_moves = None
    test_a_bug_that_moved_tells_where_it_is = None
    test_what_is_private_can_be_read_with_credentials = None


# Ids and URLs.


@pytest.mark.parametrize(
    "remotebug",
    [
        "42",
        "#42",
        "example#42",
        "a/b",
        "a/b#",
        "a/b#x",
        "a/b!",
        "a b/c#1",
        "groups/a/b#1",
        "a//b#1",
    ],
)
def test_what_cannot_be_the_id_of_a_bug(remotebug):
    assert not GitLab.is_valid(GitLab.canonicalRemoteBug(remotebug))


@given(st.text(max_size=30) | st.from_regex(r"\A[ab./%2F#!]{1,12}[#!]\d\Z"))
def test_there_is_one_way_to_write_an_id(text):
    canonical = GitLab.canonicalRemoteBug(text)
    if GitLab.is_valid(canonical):
        assert GitLab.canonicalRemoteBug(canonical) == canonical
        found = GitLab.parseBugURL(urlsplit(make().getBugURL(canonical)), BASE)
        assert found.remotebug == canonical


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://gitlab.com/a/b/-/issues/1", Certainty.KNOWN_HOST),
        ("https://gitlab.com/a/b/issues/1", Certainty.KNOWN_HOST),
        ("https://git.example.com/a/b/-/issues/1", Certainty.SHAPE),
        ("https://git.example.com/a/b/merge_requests/1", Certainty.SHAPE),
        # GitHub, Gitea and others write that, too.
        ("https://git.example.com/a/b/issues/1", Certainty.GUESS),
    ],
)
def test_how_sure_it_is(url, certainty):
    assert GitLab.parseBugURL(urlsplit(url)).certainty is certainty


def test_below_a_path_the_project_begins_where_the_registered_base_url_ends():
    url = urlsplit("https://example.com/gitlab/a/b/-/issues/1")
    assert GitLab.parseBugURL(url)[:2] == ("https://example.com", "gitlab/a/b#1")
    registered = "https://example.com/gitlab"
    assert GitLab.parseBugURL(url, registered)[:2] == (registered, "a/b#1")
    url = urlsplit(f"https://example.com/gitlab/a/-/issues?{drawer()}")
    assert GitLab.parseBugURL(url, registered)[:2] == (registered, "example/project#42")


@pytest.mark.parametrize("end", ["", "/-/issues/1", "/-/issues/x", "/issues/1"])
def test_a_very_long_path_is_no_bugs(end):
    for path in ("/p" * 8_000, "/p/" + "x" * 16_000, "/p/x" + "/-" * 8_000):
        assert GitLab.parseBugURL(urlsplit(f"https://example.com{path}{end}")) is None


def test_links_need_a_project():
    links = make().getBugFilingAndSearchLinks("GNOME/gtk", "It's #1", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/GNOME/gtk/-/issues/new?issue%5Btitle%5D=It%27s%20%231"
        "&issue%5Bdescription%5D=A%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/GNOME/gtk/-/issues/?state=all&search=It%27s%20%231"
    for product in (None, "", "gtk", "../x y"):
        links = make().getBugFilingAndSearchLinks(product, "x")
        assert links == (None, f"{BASE}/search?scope=issues&search=x")


# Requests.


def ask(simulator, *remotebugs, **settings):
    return Asker(GitLab, simulator.url, **settings).ask(remotebugs)


def fill(simulator, projects, each):
    for number in range(each):
        for project in range(projects):
            simulator.add(f"group/p{project}#{number + 1}")


def test_several_bugs_that_an_answer_leaves_out_are_asked_for_together_by_their_numbers():
    with GitLabSimulator() as simulator:
        for number in range(1, 5):
            simulator.add(f"example/project#{number}")
        simulator.unlisted.update(("example/project#2", "example/project#3"))
        outcomes = ask(simulator, *simulator.bugs)
        list_of_two, *alone = simulator.requests[1:]
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    path = "GET /api/v4/projects/example%2Fproject/issues"
    assert list_of_two.startswith(f"{path}?iids%5B%5D=2&iids%5B%5D=3&scope=all")
    assert alone == [f"{path}/2", f"{path}/3"]


def test_a_query_is_for_bugs_of_several_projects():
    with GitLabSimulator() as simulator:
        for id in ("a/b#1", "a/b!1", "c/d/e#2", "a/b#3"):
            simulator.add(id, title=id)
        outcomes = ask(simulator, *simulator.bugs)
        assert simulator.requests == ["POST /api/graphql"]
    assert {id: outcome.title for id, outcome in outcomes.items()} == {
        id: id for id in simulator.bugs
    }


@pytest.mark.parametrize(
    ("token", "has_graphql", "requests"),
    [(None, True, 13), ("glpat-sesame", True, 13), (None, False, 101)],
)
def test_a_thousand_bugs_of_a_hundred_projects_take_few_requests(token, has_graphql, requests):
    with with_login() as simulator:
        simulator.has_graphql = has_graphql
        fill(simulator, 100, 10)
        credentials = None if token is None else Credentials(token=token)
        outcomes = ask(simulator, *simulator.bugs, credentials=credentials)
        assert len(simulator.requests) == requests <= (20 if has_graphql else 110)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_query_is_no_more_complex_than_gitlab_allows_to_all():
    with GitLabSimulator() as simulator:
        fill(simulator, PLACES_PER_QUERY, 2)
        ask(simulator, *simulator.bugs)
        (complexity,) = simulator.complexities
    assert 150 < complexity <= 200


def test_more_than_a_page_of_a_project_takes_another_place_in_a_query():
    with GitLabSimulator() as simulator:
        fill(simulator, 1, 250)
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 1
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_the_only_bug_of_a_project_is_asked_for_alone_in_rest():
    with GitLabSimulator() as simulator:
        for id in ("a/b#1", "a/b!1", "c/d#1", "c/d#2"):
            simulator.add(id)
        ask(simulator, *simulator.bugs, dialect="rest")
        several = "iids%5B%5D=1&iids%5B%5D=2&scope=all&state=all&per_page=100"
        assert simulator.requests == [
            f"GET /api/v4/projects/c%2Fd/issues?{several}",
            "GET /api/v4/projects/a%2Fb/issues/1",
            "GET /api/v4/projects/a%2Fb/merge_requests/1",
        ]


@pytest.mark.parametrize("dialect", ["graphql", "rest"])
def test_what_a_list_leaves_out_is_asked_for_alone(dialect):
    with GitLabSimulator() as simulator:
        for number in range(1, 5):
            simulator.add(f"a/b#{number}")
        simulator.unlisted.add("a/b#2")
        simulator.add("a/b#3", private=True)
        outcomes = ask(simulator, *simulator.bugs, "a/b#5", dialect=dialect)
        assert [request.rpartition("/")[2] for request in simulator.requests[-3:]] == [
            "2",
            "3",
            "5",
        ]
    assert isinstance(outcomes["a/b#2"], RemoteBug)
    for id in ("a/b#3", "a/b#5"):
        assert outcomes[id].error_type is BugWatchErrorType.BUG_NOT_FOUND


@pytest.mark.parametrize("dialect", ["graphql", "rest"])
def test_a_project_that_is_private_or_gone_costs_the_others_nothing(dialect):
    with GitLabSimulator() as simulator:
        for place in ("secret/b", "a/b"):
            simulator.add(f"{place}#1")
            simulator.add(f"{place}#2")
        simulator.closed_projects.add("secret/b")
        ids = [*simulator.bugs, *(f"gone/b#{number}" for number in range(1, 11))]
        outcomes = ask(simulator, *ids, dialect=dialect)
        # A list of each of the two, and one bug.
        assert len(simulator.requests) == 5
    for id, outcome in outcomes.items():
        if id.startswith("a/"):
            assert isinstance(outcome, RemoteBug)
        else:
            assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


@pytest.mark.parametrize("dialect", ["graphql", "rest"])
def test_a_project_whose_issues_are_switched_off_keeps_them_to_itself(dialect):
    with GitLabSimulator() as simulator:
        simulator.add("a/b#1")
        simulator.issues_off.add("off/b")
        simulator.add("off/b!1")
        outcomes = ask(simulator, "off/b#1", "off/b#2", "off/b!1", "a/b#1", dialect=dialect)
    assert outcomes["off/b#1"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["off/b#2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert isinstance(outcomes["off/b!1"], RemoteBug)
    assert isinstance(outcomes["a/b#1"], RemoteBug)


@pytest.mark.parametrize("dialect", ["graphql", "rest"])
def test_a_bug_of_a_project_that_was_renamed_has_moved(dialect):
    with GitLabSimulator() as simulator:
        simulator.add("new/home#1", title="Still here")
        simulator.renamed["old/home"] = "new/home"
        outcome = ask(simulator, "old/home#1", dialect=dialect)["old/home#1"]
    assert outcome.title == "Still here"
    assert outcome.moved_to == f"{simulator.url}/new/home/-/issues/1"


def test_a_list_of_a_project_that_was_renamed_is_that_of_the_project():
    with GitLabSimulator() as simulator:
        simulator.add("new/home#1")
        simulator.add("new/home#2")
        simulator.renamed["old/home"] = "new/home"
        outcomes = ask(simulator, "old/home#1", "old/home#2", dialect="rest")
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_server_that_moved_to_https_has_moved_no_bug():
    issue = {**ISSUE, "web_url": "http://localhost/a/b/-/issues/1"}

    async def answer(request):
        if "old" in request.query_string:
            return web.json_response(issue)
        raise web.HTTPMovedPermanently(f"{request.path}?old")

    with GitLabSimulator() as simulator:
        issue["web_url"] = f"{simulator.url}/a/b/-/issues/1"
        simulator.fault = answer
        outcome = ask(simulator, "a/b#1", dialect="rest")["a/b#1"]
    assert isinstance(outcome, RemoteBug)
    assert outcome.moved_to is None


@pytest.mark.parametrize("login", [None, TestGitLab.login])
def test_a_sweep_finds_what_changed_in_all_projects_that_one_may_see(login):
    with with_login() as simulator:
        for project in range(20):
            simulator.add(f"g/p{project}#1")
            simulator.add(f"g/p{project}!1")
        simulator.closed_projects.add("g/p9")
        simulator.archived.add("g/p5")
        asker = Asker(GitLab, simulator.url, credentials=login)
        asker.ask(["g/p0#1"])
        since = simulator.now() - timedelta(minutes=5)
        changed = ["g/p3!1", "g/p4#1", "g/p5!1", "g/p5#1", "g/p9!1", "g/p9#1"]
        for id in changed:
            simulator.change(id, status="closed")
        simulator.change("g/p6#1", private=True)
        simulator.requests.clear()
        seen = [*changed, "g/p6#1"] if login else changed[:4]
        assert sorted(asker.sweep(since)) == sorted(seen)
        asked = (
            f"updated_after={since:%Y-%m-%dT%H%%3A%M%%3A%SZ}&order_by=updated_at"
            "&scope=all&state=all&non_archived=false&per_page=100&page=1"
        )
        assert [unquote(request) for request in simulator.requests] == [
            f"GET /api/v4/{kind}?{unquote(asked)}" for kind in ("issues", "merge_requests")
        ]


def test_a_page_of_a_sweep_that_is_not_full_need_not_be_the_last():
    # What one may not see is taken out of pages that were full.
    with GitLabSimulator() as simulator:
        ids = [f"g/p#{number}" for number in range(1, 251)]
        for id in ids:
            simulator.add(id)
        asker = Asker(GitLab, simulator.url)
        asker.ask(ids[:1])
        since = simulator.now() - timedelta(minutes=5)
        for id in ids:
            simulator.change(id)
        simulator.unlisted.update(ids[:200:2])
        simulator.add("g/p!1", modified=simulator.now())
        simulator.requests.clear()
        assert set(asker.sweep(since)) == {"g/p!1", *ids} - simulator.unlisted
        assert len(simulator.requests) == 4


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        # It does not say whether there is more.
        ([], {}),
        # Before 12.6 it does not say whole ids.
        ([{"iid": 1, "web_url": f"{BASE}/g/p/-/issues/1"}], {"x-next-page": ""}),
        ({"message": "403 Forbidden"}, {"x-next-page": ""}),
    ],
)
@pytest.mark.parametrize("dialect", ["graphql", "rest"])
def test_a_sweep_that_tells_not_enough_tells_nothing(answer, headers, dialect):
    client = Canned(json.dumps(answer).encode(), headers=headers)
    asker = Asker(GitLab, BASE, dialect=dialect, client=client)
    assert asker.sweep(datetime(2024, 5, 6, tzinfo=timezone.utc)) is None
    assert len(client.requests) == 1


def test_a_sweep_that_is_refused_tells_nothing():
    with with_login() as simulator:
        simulator.add("g/p#1")
        asker = Asker(GitLab, simulator.url, credentials=TestGitLab.login)
        asker.ask(["g/p#1"])
        simulator.token = "glpat-another"
        assert asker.sweep(simulator.now()) is None


# Dialects.


def answering(answer):
    """A simulator that answers queries so."""
    simulator = GitLabSimulator()
    simulator._graphql = answer
    return simulator


def test_a_gitlab_that_is_too_old_for_the_query_is_asked_by_rest():
    with GitLabSimulator() as simulator:
        simulator.unknown_fields.add("closedAsDuplicateOf")
        simulator.add("a/b#1")
        asker = Asker(GitLab, simulator.url)
        assert isinstance(asker.ask(["a/b#1"])["a/b#1"], RemoteBug)
        assert asker.dialect == "rest"


@pytest.mark.parametrize(
    "message",
    [
        "Query has complexity of 201, which exceeds max complexity of 200",
        "Field 'issues' doesn't accept argument 'iids'",
        "Query too large",
    ],
)
def test_a_gitlab_that_refuses_the_query_is_asked_by_rest(message):
    async def refuse(request):
        return web.json_response({"errors": [{"message": message}]})

    with answering(refuse) as simulator:
        simulator.add("a/b#1")
        asker = Asker(GitLab, simulator.url, dialect="graphql")
        assert isinstance(asker.ask(["a/b#1"])["a/b#1"], RemoteBug)
        assert asker.dialect == "rest"


def test_a_query_that_fails_is_the_bug_trackers_trouble():
    client = Canned(b'{"errors": [{"message": "Timeout on validation of query"}]}')
    with pytest.raises(UnparsableBugTracker):
        Asker(GitLab, BASE, dialect="graphql", client=client).ask(["a/b#1"])


def test_what_a_query_tells_in_spite_of_errors_is_taken():
    async def half(request):
        data = {"p0": {"fullPath": "a/b", "issues": None}, "p1": None}
        return web.json_response({"errors": [{"message": "Timeout"}], "data": data})

    with answering(half) as simulator:
        simulator.add("a/b#1")
        assert isinstance(ask(simulator, "a/b#1")["a/b#1"], RemoteBug)


def test_it_tells_its_version_to_those_whom_it_knows():
    with with_login() as simulator:
        assert Asker(GitLab, simulator.url).identify() == "GitLab"
        asker = Asker(GitLab, simulator.url, credentials=TestGitLab.login)
        assert asker.identify() == "GitLab 18.5.1"
        assert asker.check_credentials() == "jane"


def test_a_refused_token_is_the_bug_trackers_trouble():
    with with_login() as simulator:
        asker = Asker(GitLab, simulator.url, credentials=TestGitLab.wrong_login)
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.ask(["a/b#1"])
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.check_credentials()
        assert asker.identify() is None


def test_what_remains_of_its_quota_is_heeded():
    with GitLabSimulator() as simulator:
        simulator.add("a/b#1")
        simulator.tells_quota, simulator.quota = True, 5
        asker = Asker(GitLab, simulator.url)
        assert isinstance(asker.ask(["a/b#1"])["a/b#1"], RemoteBug)


# What the answers mean.


ISSUE = {
    "id": 70001,
    "iid": 1,
    "project_id": 7,
    "title": "A bug",
    "state": "opened",
    "labels": [],
    "updated_at": "2024-01-02T03:04:05.678Z",
    "closed_at": None,
    "confidential": False,
    "moved_to_id": None,
    "milestone": None,
    "web_url": f"{BASE}/a/b/-/issues/1",
    "_links": {"closed_as_duplicate_of": None},
}
MERGE_REQUEST = {
    **{name: ISSUE[name] for name in ("iid", "title", "state", "labels", "updated_at")},
    "merged_at": None,
    "web_url": f"{BASE}/a/b/-/merge_requests/1",
}


def read(value, remotebug="a/b#1", status=200):
    """What is made of an answer for that bug alone."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    client = Canned(body, status=status)
    (outcome,) = Asker(GitLab, BASE, dialect="rest", client=client).ask([remotebug]).values()
    return outcome


@pytest.mark.parametrize(
    ("state", "labels", "remotestatus", "status", "closed"),
    [
        ("opened", [], "opened", BugTaskStatus.NEW, False),
        ("reopened", [], "reopened", BugTaskStatus.NEW, False),
        ("closed", [], "closed", BugTaskStatus.FIXRELEASED, True),
        ("opened", ["status::in review"], "opened in review", BugTaskStatus.INPROGRESS, False),
        ("opened", ["Doing"], "opened Doing", BugTaskStatus.INPROGRESS, False),
        (
            "opened",
            ["2. Needs Information"],
            "opened Needs Information",
            *(BugTaskStatus.INCOMPLETE, False),
        ),
        ("opened", ["workflow::simmering"], "opened simmering", BugTaskStatus.NEW, False),
        ("closed", ["workflow::simmering"], "closed", BugTaskStatus.FIXRELEASED, True),
        ("closed", ["wontfix"], "closed wontfix", BugTaskStatus.WONTFIX, True),
        ("closed", ["resolution::Stale"], "closed Stale", BugTaskStatus.EXPIRED, True),
        ("closed", ["resolution::lost"], "closed lost", BugTaskStatus.UNKNOWN, True),
    ],
)
def test_an_issues_status_is_its_state_and_what_labels_say_of_it(
    state, labels, remotestatus, status, closed
):
    found = read({**ISSUE, "state": state, "labels": labels})
    assert (found.remotestatus, found.status, found.closed) == (remotestatus, status, closed)


@pytest.mark.parametrize(
    ("state", "remotestatus", "status", "closed"),
    [
        ("opened", "opened", BugTaskStatus.NEW, False),
        ("locked", "locked", BugTaskStatus.INPROGRESS, False),
        ("merged", "merged", BugTaskStatus.FIXCOMMITTED, True),
        ("closed", "closed unmerged", BugTaskStatus.WONTFIX, True),
    ],
)
def test_a_merge_requests_status_is_its_state(state, remotestatus, status, closed):
    found = read({**MERGE_REQUEST, "state": state}, "a/b!1")
    assert (found.remotestatus, found.status, found.closed) == (remotestatus, status, closed)


def test_a_milestone_is_what_something_was_fixed_in():
    milestone = {"title": "4.2"}
    closed = {"state": "closed", "closed_at": "2024-02-03T04:05:06.789Z"}
    found = read({**ISSUE, **closed, "milestone": milestone})
    assert found.fixed_in == "4.2"
    assert f"{found.date_closed:%Y-%m-%d %H:%M}" == "2024-02-03 04:05"
    assert read({**ISSUE, "milestone": milestone}).fixed_in == ""
    assert read({**ISSUE, **closed, "milestone": milestone, "labels": ["wontfix"]}).fixed_in == ""
    merged = {"state": "merged", "merged_at": "2024-02-03T04:05:06.789Z", "milestone": milestone}
    found = read({**MERGE_REQUEST, **merged}, "a/b!1")
    assert (found.fixed_in, found.date_closed is None) == ("4.2", False)


@pytest.mark.parametrize(
    ("labels", "severity", "remote_importance", "importance"),
    [
        ([], None, "", BugTaskImportance.UNKNOWN),
        ([], "UNKNOWN", "", BugTaskImportance.UNKNOWN),
        ([], "CRITICAL", "CRITICAL", BugTaskImportance.CRITICAL),
        (["bug", "priority::1"], "LOW", "priority::1", BugTaskImportance.CRITICAL),
        (["severity::3"], None, "severity::3", BugTaskImportance.MEDIUM),
        (["P2"], None, "P2", BugTaskImportance.HIGH),
        (["type::feature"], None, "type::feature", BugTaskImportance.WISHLIST),
        (["priority::sometime"], None, "priority::sometime", BugTaskImportance.UNKNOWN),
    ],
)
def test_an_importance_is_a_label_or_an_incidents_severity(
    labels, severity, remote_importance, importance
):
    found = read({**ISSUE, "labels": labels, "severity": severity})
    assert (found.remote_importance, found.importance) == (remote_importance, importance)


@pytest.mark.parametrize("dialect", ["graphql", "rest"])
def test_both_dialects_tell_the_same(dialect):
    with with_login() as simulator:
        simulator.add(
            "a/b#1",
            status="closed",
            severity="HIGH",
            private=True,
            extra={"labels": ["wontfix"], "milestone": "1", "closed_at": "2024-02-03T04:05:06Z"},
        )
        simulator.add("a/b!2", status="merged", extra={"merged_at": "2024-02-03T04:05:06Z"})
        outcomes = ask(simulator, "a/b#1", "a/b!2", dialect=dialect, credentials=TestGitLab.login)
    issue, merge_request = outcomes["a/b#1"], outcomes["a/b!2"]
    assert (issue.remotestatus, issue.resolution) == ("closed wontfix", "wontfix")
    assert (issue.remote_importance, issue.private) == ("HIGH", True)
    assert (
        f"{issue.date_closed:%Y-%m-%d}" == f"{merge_request.date_closed:%Y-%m-%d}" == "2024-02-03"
    )
    assert (merge_request.remotestatus, merge_request.private) == ("merged", False)


def test_a_duplicate_of_another_project_is_named_by_graphql_alone():
    with GitLabSimulator() as simulator:
        simulator.add("c/d#7")
        simulator.add("a/b#1", status="closed", duplicate_of="c/d#7")
        found = ask(simulator, "a/b#1")["a/b#1"]
        assert (found.remotestatus, found.duplicate_of) == ("closed duplicate", "c/d#7")
        found = ask(simulator, "a/b#1", dialect="rest")["a/b#1"]
        assert (found.remotestatus, found.duplicate_of) == ("closed duplicate", None)
        assert found.status is BugTaskStatus.INVALID


def test_a_duplicate_with_a_page_elsewhere_is_one_of_something():
    link = f"{BASE}/api/v4/projects/7/issues/2"
    issue = {**ISSUE, "state": "closed", "_links": {"closed_as_duplicate_of": link}}
    assert read(issue).duplicate_of == "a/b#2"
    assert read({**issue, "web_url": "https://example.com/a/b/-/issues/1"}).duplicate_of is None


def test_where_an_issue_moved_to_is_told_by_graphql_alone():
    with GitLabSimulator() as simulator:
        simulator.add("a/b#1", status="closed", moved_to="c/d#7")
        found = ask(simulator, "a/b#1")["a/b#1"]
        assert found.moved_to == f"{simulator.url}/c/d/-/issues/7"
        found = ask(simulator, "a/b#1", dialect="rest")["a/b#1"]
        assert (found.remotestatus, found.moved_to) == ("closed moved", None)


def test_another_issues_data_is_not_taken_for_this_ones():
    outcome = read({**ISSUE, "iid": 99})
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "another bug" in outcome.message


@pytest.mark.parametrize("missing", ["state", "title", "updated_at", "labels"])
def test_an_issue_without_a_field_that_matters_is_not_understood(missing):
    found = read({name: value for name, value in ISSUE.items() if name != missing})
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert missing in found.message


def test_every_status_that_gitlab_has_is_known():
    known = make().status_table
    for word in ("opened", "reopened", "closed", "merged", "locked", "closed unmerged"):
        assert word in known


# Whatever comes.


names = st.sampled_from([*ISSUE, "data", "errors", "p0", "fullPath", "issues", "nodes", "message"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
mutated = st.builds(
    lambda changes: {**ISSUE, **changes}, st.dictionaries(names, json_values, max_size=3)
)
answered = mutated.map(
    lambda issue: {"data": {"p0": {"fullPath": "a/b", "issues": {"nodes": [issue]}}}}
)


@pytest.mark.parametrize("dialect", ["graphql", "rest"])
@given(value=json_values | mutated | st.lists(mutated, max_size=2) | answered)
def test_any_json_is_bugs_or_an_error_of_ours(dialect, value):
    client = Canned(json.dumps(value).encode())
    for remotebugs in (["a/b#1", "a/b#2"], ["a/b#1"]):
        try:
            outcomes = Asker(GitLab, BASE, dialect=dialect, client=client).ask(remotebugs)
        except MalonewatchError:
            continue
        assert all(isinstance(each, (RemoteBug, RemoteBugError)) for each in outcomes.values())


# What real ones answered.


@pytest.mark.parametrize(
    "name",
    [
        "issue-closed.http",
        "list-by-assignee.http",
        "list-page-with-link-header.http",
        "list-2017-no-moved-to-key.json",
    ],
)
def test_recorded_issues(name):
    recorded, must_read = sample("GITLAB", name)
    status, _, body = answer_in(recorded)
    ids = [f"example/project#{bug['id']}" for bug in must_read]
    client = Canned(body, status=status)
    outcomes = Asker(GitLab, BASE, dialect="rest", client=client).ask(ids)
    for id, bug in zip(ids, must_read, strict=True):
        found = outcomes[id]
        assert (found.remotestatus, found.title) == (bug["status"], bug["title"])
        assert f"{found.modified:%Y-%m-%dT%H:%M:%SZ}" == bug["updated"]
        assert (found.private, found.moved_to) == (bug["confidential"], None)
        assert found.closed is (bug["status"] == "closed")


def test_recorded_issues_that_are_switched_off():
    recorded, must_read = sample("GITLAB", "issues-disabled-403.http")
    status, _, body = answer_in(recorded)
    assert must_read == {"error": "private", "http": status}
    found = read(body, status=status)
    assert found.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
