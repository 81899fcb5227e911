import json
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import answer_in, sample

from malonewatch.externalbugtracker.github import GitHub
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerRateLimited,
    BugTrackerServerError,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    RemoteBug,
    RemoteBugUnchanged,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    ChangesSinceConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
    ValidatorsConformance,
)
from malonewatch.testing.faults import answer, fault
from malonewatch.testing.github import GitHubSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://github.com"
TOKEN = Credentials(token="ghp_sesame")
SINCE = datetime(2024, 1, 1, tzinfo=timezone.utc)
ERROR = BugWatchErrorType


def make(baseurl=BASE):
    return GitHub(BugTrackerFacts("x", BugTrackerType.GITHUB, baseurl))


def with_login():
    simulator = GitHubSimulator()
    simulator.token = "ghp_sesame"
    return simulator


class Common(ExternalBugTrackerConformance):
    factory = GitHub
    simulator = staticmethod(with_login)
    ids = staticmethod("example/project#{}".format)
    invalid_id = "example/project#4294967296"
    # It says of a private one that it is not there.
    has_private_bugs = False
    spellings = [
        ("example/project#42", "example/project#42"),
        (" Example/Project#0042 ", "example/project#42"),
        ("/example/project/#42", "example/project#42"),
    ]
    urls = [
        ("https://github.com/example/project/issues/42", BASE, "example/project#42"),
        ("https://www.github.com/Example/Project/issues/42", BASE, "example/project#42"),
        ("https://github.com/a/b.c/issues/0042#issuecomment-7", BASE, "a/b.c#42"),
        ("https://github.com/example/project/pull/42", BASE, "example/project#42"),
        ("https://github.com/example/project/pull/42/files?w=1", BASE, "example/project#42"),
        ("https://github.com/example/project/pull/42/commits/0f3b", BASE, "example/project#42"),
        ("https://github.com/example/project/pull/42.diff", BASE, "example/project#42"),
        ("https://redirect.github.com/example/project/issues/42", BASE, "example/project#42"),
        (
            "https://github.com/orgs/e/projects/7/views/1?pane=issue&issue=example%7Cproject%7C42",
            *(BASE, "example/project#42"),
        ),
        ("https://github.com/users/jane/projects/7?issue=a%7Cb%7C42", BASE, "a/b#42"),
        ("https://api.github.com/repos/example/project/issues/42", BASE, "example/project#42"),
        ("https://api.github.com/repos/example/project/pulls/42", BASE, "example/project#42"),
        (
            "https://git.example.com/api/v3/repos/example/project/issues/42",
            *("https://git.example.com", "example/project#42"),
        ),
        (
            "https://git.example.com/example/project/pull/42",
            *("https://git.example.com", "example/project#42"),
        ),
    ]
    not_urls = [
        "https://github.com/example/project/issues",
        "https://github.com/example/project/issues/new",
        "https://github.com/example/project/issues/9999999999",
        "https://github.com/example/project/discussions/42",
        "https://github.com/example/project/commit/42",
        "https://github.com/example/project/pull/42/edit",
        "https://github.com/orgs/example/projects/7?pane=issue&itemId=42",
        "https://github.com/example/issues/42",
        "https://github.com/orgs/example/issues/42",
        "https://github.com/issues/42",
        "https://example.com/a%20b/c/issues/42",
    ]

    def test_what_is_no_github_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="GitHub"):
            self.asker(simulator).ask(self.numbered(1))


class TestRest(ChangesSinceConformance, MovesConformance, ValidatorsConformance, Common):
    """For those without credentials."""


class TestGraphQL(
    BatchesConformance, CredentialsConformance, DuplicatesConformance, MovesConformance, Common
):
    """For those with a token."""

    simulator_with_login = staticmethod(with_login)
    login = TOKEN
    wrong_login = Credentials(token="ghp_barley")
    duplicate = {"status": "closed", "resolution": "duplicate"}
    # Ten of a hundred each.
    requests_for_three_batches = 3 * GitHub.request_size // 100 + 1
    # As of five hundred, with one for each further hundred.
    requests_to_isolate = 30

    def asker(self, simulator):
        return Asker(GitHub, simulator.url, credentials=TOKEN)


# Ids and URLs.


@pytest.mark.parametrize(
    "remotebug",
    ["42", "#42", "example#42", "a/b", "a/b#", "a/b#x", "a b/c#1", "a/b/c#1", "a.b/c#1"],
)
def test_what_cannot_be_the_id_of_a_bug(remotebug):
    assert not GitHub.is_valid(GitHub.canonicalRemoteBug(remotebug))


@given(st.text(max_size=30) | st.from_regex(r"\A[ab./#-]{1,12}#\d\Z"))
def test_there_is_one_way_to_write_an_id(text):
    canonical = GitHub.canonicalRemoteBug(text)
    if GitHub.is_valid(canonical):
        assert GitHub.canonicalRemoteBug(canonical) == canonical
        found = GitHub.parseBugURL(urlsplit(make().getBugURL(canonical)), BASE)
        assert found.remotebug == canonical


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://github.com/a/b/issues/1", Certainty.KNOWN_HOST),
        ("https://git.example.com/a/b/pull/1", Certainty.SHAPE),
        # Gitea and others write that, too.
        ("https://git.example.com/a/b/issues/1", Certainty.GUESS),
    ],
)
def test_how_sure_it_is(url, certainty):
    assert GitHub.parseBugURL(urlsplit(url)).certainty is certainty


def test_links_need_a_repository():
    links = make().getBugFilingAndSearchLinks("Example/project", "It's #1", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/Example/project/issues/new?title=It%27s%20%231&body=A%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/Example/project/issues?q=is%3Aissue%20It%27s%20%231"
    for product in (None, "", "project", "../x y"):
        links = make().getBugFilingAndSearchLinks(product, "x")
        assert links == (None, f"{BASE}/search?type=issues&q=x")


def test_github_com_answers_programs_elsewhere():
    client = Canned(b'{"current_user_repositories_url": "https://api.github.com/user/repos"}')
    assert Asker(GitHub, BASE, client=client).identify() == "GitHub"
    assert client.requests[0][1] == "https://api.github.com/"
    client = Canned(b"[]", credentials=TOKEN)
    with pytest.raises(UnparsableBugTracker):
        Asker(GitHub, BASE, client=client, dialect="graphql").ask(["a/b#1"])
    assert client.requests[-1][1] == "https://api.github.com/graphql"


def test_where_data_stay_in_a_country_programs_are_answered_elsewhere_too():
    client = Canned(b'{"message": "Not Found"}', status=404)
    base = "https://acme.ghe.com"
    Asker(GitHub, base, client=client, dialect="rest").ask(["a/b#1"])
    assert client.requests == [("GET", "https://api.acme.ghe.com/repos/a/b/issues/1", None)]


def test_a_host_of_its_own_is_an_enterprises():
    with with_login() as simulator:
        assert Asker(GitHub, simulator.url).identify() == "GitHub Enterprise"


# Requests.


def ask(simulator, *remotebugs, since=None, **settings):
    return Asker(GitHub, simulator.url, **settings).ask(remotebugs, since)


def fill(simulator, projects, each):
    for number in range(each):
        for project in range(projects):
            simulator.add(f"example/p{project}#{number + 1}")


def test_a_thousand_bugs_of_three_hundred_repositories_take_ten_requests_and_ten_points():
    with with_login() as simulator:
        fill(simulator, 334, 3)
        ids = list(simulator.bugs)[:1000]
        # On a quiet day, too.
        for _ in range(2):
            simulator.requests.clear()
            simulator.points = 0
            outcomes = ask(simulator, *ids, credentials=TOKEN, dialect="graphql")
            assert len(simulator.requests) == 10
            assert simulator.points == 10
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_what_changed_in_a_repository_takes_one_request():
    with with_login() as simulator:
        fill(simulator, 3, 4)
        simulator.add("example/alone#1", title="Changed")
        changed = simulator.change("example/p0#1", title="Changed")
        since = changed.modified
        for id in simulator.bugs.keys() - {changed.id, "example/alone#1"}:
            simulator.bugs[id].modified = SINCE
        outcomes = ask(simulator, *simulator.bugs, since=since, dialect="rest")
        assert len(simulator.requests) == 4
    for id, outcome in outcomes.items():
        if id in ("example/p0#1", "example/alone#1"):
            assert outcome.title == "Changed"
        else:
            assert isinstance(outcome, RemoteBugUnchanged)


def test_pages_of_changes_are_followed():
    with with_login() as simulator:
        fill(simulator, 1, 250)
        outcomes = ask(simulator, *list(simulator.bugs)[100:], since=SINCE, dialect="rest")
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_without_credentials_nothing_is_asked_once_the_hour_is_used_up():
    with with_login() as simulator:
        fill(simulator, 10, 1)
        simulator.anonymous = 4
        asker = Asker(GitHub, simulator.url, dialect="rest")
        with pytest.raises(BugTrackerRateLimited):
            asker.ask(simulator.bugs)
        assert len(asker.outcomes) == 4
        # That it would be the last one was told.
        assert len(simulator.requests) == 4


def test_what_an_answer_leaves_out_is_asked_for_alone():
    with with_login() as simulator:
        for number in range(1, 4):
            simulator.add(f"a/b#{number}")
        simulator.unlisted.add("a/b#2")
        outcomes = ask(simulator, *simulator.bugs, "a/b#4", "gone/b#1", credentials=TOKEN)
    assert isinstance(outcomes["a/b#2"], RemoteBug)
    for id in ("a/b#4", "gone/b#1"):
        assert outcomes[id].error_type is ERROR.BUG_NOT_FOUND


@pytest.mark.parametrize("credentials", [None, TOKEN], ids=["rest", "graphql"])
def test_why_a_bug_cannot_be_had(credentials):
    with with_login() as simulator:
        simulator.deleted.add("a/b#1")
        simulator.unlisted.add("a/b#1")
        simulator.add("a/b#1")
        simulator.issues_off.add("off/b")
        simulator.blocked.add("blocked/b")
        outcomes = ask(simulator, "a/b#1", "off/b#1", "blocked/b#1", credentials=credentials)
    assert outcomes["a/b#1"].error_type is ERROR.BUG_DELETED
    assert outcomes["off/b#1"].error_type is ERROR.PRIVATE_REMOTE_BUG
    assert outcomes["blocked/b#1"].error_type is ERROR.PRIVATE_REMOTE_BUG


def test_a_list_of_a_repository_whose_issues_are_switched_off():
    with with_login() as simulator:
        simulator.issues_off.add("off/b")
        outcomes = ask(simulator, "off/b#1", "off/b#2", since=SINCE, dialect="rest")
    assert {each.error_type for each in outcomes.values()} == {ERROR.PRIVATE_REMOTE_BUG}


@pytest.mark.parametrize("credentials", [None, TOKEN], ids=["rest", "graphql"])
def test_a_bug_of_a_repository_that_was_renamed_has_moved(credentials):
    with with_login() as simulator:
        simulator.add("new/home#1", title="Still here")
        simulator.renamed["old/home"] = "new/home"
        outcome = ask(simulator, "old/home#1", credentials=credentials)["old/home#1"]
    assert outcome.title == "Still here"
    assert outcome.moved_to == f"{simulator.url}/new/home/issues/1"


@pytest.mark.parametrize("credentials", [None, TOKEN], ids=["rest", "graphql"])
def test_a_bug_that_was_transferred_has_moved(credentials):
    with with_login() as simulator:
        simulator.add("a/b#1", moved_to="c/d#2")
        simulator.add("c/d#2", title="Over here")
        outcome = ask(simulator, "a/b#1", credentials=credentials)["a/b#1"]
    assert outcome.title == "Over here"
    assert outcome.moved_to == f"{simulator.url}/c/d/issues/2"


@pytest.mark.parametrize("credentials", [None, TOKEN], ids=["rest", "graphql"])
def test_another_bug_of_the_repository_is_another_bug(credentials):
    with with_login() as simulator:
        simulator.bugs["a/b#1"] = simulator.add("a/b#2")
        outcome = ask(simulator, "a/b#1", credentials=credentials)["a/b#1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "about another bug" in outcome.message


def test_a_redirect_to_the_same_bug_is_no_move():
    with with_login() as simulator:
        simulator.fault = redirecting(f"{simulator.url}/a/b/issues/1")
        outcome = ask(simulator, "a/b#1", dialect="rest")["a/b#1"]
    assert isinstance(outcome, RemoteBug)
    assert outcome.moved_to is None


def redirecting(url):
    """A server that leads to the same bug by another address."""
    issue = {
        "html_url": url,
        "number": 1,
        "title": "A bug",
        "state": "open",
        "labels": [],
        "updated_at": "2024-01-02T03:04:05Z",
    }

    async def served(request):
        if request.query_string != "old":
            raise web.HTTPMovedPermanently(f"{request.path}?old")
        return web.json_response(issue)

    return served


def test_a_page_of_long_descriptions_is_read_though_few_of_its_bugs_are_watched():
    resource = GitHubSimulator._resource

    class Talkative(GitHubSimulator):
        def _resource(self, bug):
            return {**resource(self, bug), "body": "One, two, three.\n" * 1000}

    with Talkative() as simulator:
        since = simulator.now() - timedelta(minutes=5)
        for number in range(1, 101):
            simulator.add(f"a/b#{number}", modified=simulator.now())
        outcomes = Asker(GitHub, simulator.url).ask(["a/b#1", "a/b#2"], since=since)
        assert len(simulator.requests) == 1
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


# Dialects.


@pytest.mark.parametrize("is_old", [True, False])
def test_a_github_that_is_too_old_for_the_query_is_asked_by_rest(is_old):
    with with_login() as simulator:
        simulator.reasons = not is_old
        simulator.has_graphql = is_old
        simulator.add("a/b#1", status="closed", extra={"labels": ["wontfix"]})
        asker = Asker(GitHub, simulator.url, credentials=TOKEN)
        assert asker.ask(["a/b#1"])["a/b#1"].status is BugTaskStatus.WONTFIX
        assert asker.dialect == "rest"


def test_whoever_gets_a_token_asks_by_queries_from_then_on():
    with with_login() as simulator:
        simulator.add("a/b#1")
        asker = Asker(GitHub, simulator.url)
        asker.ask(["a/b#1"])
        assert asker.dialect == "rest"
        asker.credentials = TOKEN
        simulator.requests.clear()
        asker.ask(["a/b#1"])
        assert (asker.dialect, simulator.requests) == ("graphql", ["POST /api/graphql"])


def test_an_error_that_says_nothing_of_the_schema_changes_no_dialect():
    error = '{"errors": [{"message": "Something went wrong while executing your query."}]}'
    with with_login() as simulator:
        simulator.add("a/b#1")
        asker = Asker(GitHub, simulator.url, credentials=TOKEN, dialect="graphql")
        with (
            fault(simulator, answer(body=error, content_type="application/json")),
            pytest.raises(UnparsableBugTracker),
        ):
            asker.ask(["a/b#1"])
        assert asker.dialect == "graphql"


@pytest.mark.parametrize("name", ["RATE_LIMITED", "RATE_LIMIT"])
def test_a_query_that_is_refused_for_the_quota_is_a_limit(name):
    body = json.dumps({"errors": [{"type": name, "message": "API rate limit exceeded"}]})
    client = Canned(body.encode(), credentials=TOKEN)
    asker = Asker(GitHub, BASE, client=client, dialect="graphql")
    with pytest.raises(BugTrackerRateLimited):
        asker.ask(["a/b#1"])


# Words.


@pytest.mark.parametrize("credentials", [None, TOKEN], ids=["rest", "graphql"])
@pytest.mark.parametrize(
    ("status", "resolution", "extra", "words", "meaning"),
    [
        ("open", "", {}, "open", BugTaskStatus.NEW),
        ("open", "reopened", {}, "open", BugTaskStatus.NEW),
        ("open", "", {"labels": ["needs info"]}, "open needs info", BugTaskStatus.INCOMPLETE),
        ("closed", "", {}, "closed", BugTaskStatus.FIXRELEASED),
        ("closed", "completed", {}, "closed completed", BugTaskStatus.FIXRELEASED),
        ("closed", "completed", {"labels": ["invalid"]}, "closed invalid", BugTaskStatus.INVALID),
        ("closed", "not_planned", {}, "closed not planned", BugTaskStatus.WONTFIX),
        ("closed", "duplicate", {}, "closed duplicate", BugTaskStatus.INVALID),
        ("open", "", {"pull": True}, "open", BugTaskStatus.NEW),
        ("open", "", {"pull": True, "draft": True}, "open draft", BugTaskStatus.INPROGRESS),
        ("closed", "", {"pull": True}, "closed unmerged", BugTaskStatus.WONTFIX),
        ("closed", "", {"pull": True, "merged": True}, "merged", BugTaskStatus.FIXCOMMITTED),
    ],
)
def test_what_states_reasons_and_labels_mean(
    credentials, status, resolution, extra, words, meaning
):
    with with_login() as simulator:
        simulator.add("a/b#1", status=status, resolution=resolution, extra=extra)
        outcome = ask(simulator, "a/b#1", credentials=credentials)["a/b#1"]
    assert (outcome.remotestatus, outcome.status) == (words, meaning)
    assert outcome.closed == (status == "closed")


@pytest.mark.parametrize("credentials", [None, TOKEN], ids=["rest", "graphql"])
def test_what_else_is_told_of_a_bug(credentials):
    extra = {
        "labels": ["bug", "priority: high"],
        "milestone": "4.2",
        "closed_at": "2024-02-03T04:05:06Z",
    }
    with with_login() as simulator:
        simulator.add("a/b#1", status="closed", resolution="completed", extra=extra)
        simulator.add("a/b#2", extra={"milestone": "4.2"})
        outcomes = ask(simulator, "a/b#1", "a/b#2", credentials=credentials)
    bug = outcomes["a/b#1"]
    assert (bug.remote_importance, bug.importance) == ("priority: high", BugTaskImportance.HIGH)
    assert bug.fixed_in == "4.2"
    assert bug.date_closed == datetime(2024, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
    assert outcomes["a/b#2"].fixed_in == ""


def test_a_duplicate_names_what_it_duplicates_wherever_that_is():
    with with_login() as simulator:
        simulator.add("a/b#1", status="closed", resolution="duplicate", duplicate_of="c/d#2")
        simulator.add("c/d#2", extra={"pull": True})
        # Closed as one, but nobody said of which.
        simulator.add("a/b#3", status="closed", resolution="duplicate")
        # What it duplicated is not to be seen.
        simulator.add("a/b#4", status="closed", resolution="duplicate", duplicate_of="x/y#1")
        outcomes = ask(simulator, *simulator.bugs, credentials=TOKEN)
        assert simulator.requests == ["POST /api/graphql"] * 2
    assert [outcomes[f"a/b#{number}"].duplicate_of for number in (1, 3, 4)] == ["c/d#2", None, None]


# What was recorded.


def canned(name):
    recorded = sample("GITHUB", name)
    status, headers, body = answer_in(recorded.body)
    kind = headers.pop("content-type", "application/json")
    return Canned(body, kind, status, headers=headers), recorded.must_read


@pytest.mark.parametrize(
    "name", ["issue-closed-completed.http", "pull-request-as-issue-closed.http"]
)
def test_recorded_bugs_are_read(name):
    client, (expected,) = canned(name)
    id = f"a/b#{expected['id']}"
    client.response.headers.pop("location", None)
    outcome = Asker(GitHub, BASE, dialect="rest", client=client).ask([id])[id]
    assert isinstance(outcome, RemoteBug)
    assert outcome.title == expected["title"]
    assert outcome.modified.strftime("%Y-%m-%dT%H:%M:%SZ") == expected["updated"]
    assert outcome.closed == (expected["status"] == "closed")


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("bad-credentials-401.http", BugTrackerCredentialsRefused),
        ("graphql-parse-error.json", UnparsableBugTracker),
        ("graphql-rate-limited.json", BugTrackerRateLimited),
    ],
)
def test_recorded_trouble_is_the_bug_trackers(name, trouble):
    client, _ = canned(name)
    client.credentials = TOKEN
    asker = Asker(GitHub, BASE, dialect="graphql", client=client)
    with pytest.raises(trouble):
        asker.ask(["a/b#1"])


def test_a_recorded_bug_that_is_not_there_is_not():
    client, _ = canned("issue-not-found-404.http")
    outcome = Asker(GitHub, BASE, dialect="rest", client=client).ask(["a/b#1"])["a/b#1"]
    assert outcome.error_type is ERROR.BUG_NOT_FOUND


def test_a_recorded_node_that_is_not_there_is_not():
    client, must_read = canned("graphql-node-not-found.http")
    client.credentials = TOKEN
    outcome = Asker(GitHub, BASE, dialect="graphql", client=client).ask(["a/b#1"])["a/b#1"]
    assert outcome.error_type.name == f"BUG_{must_read['error'].upper()}"


def test_a_recorded_bug_that_is_as_it_was_is_unchanged():
    client, _ = canned("not-modified-304.http")
    asker = Asker(GitHub, BASE, dialect="rest", client=client)
    outcome = asker.ask(["a/b#1"], validators={"a/b#1": '"x"'})["a/b#1"]
    assert isinstance(outcome, RemoteBugUnchanged)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("rate-limit-primary-403-2013.http", BugTrackerRateLimited),
        ("rate-limit-abuse-403.http", BugTrackerRateLimited),
        ("html-503.http", BugTrackerServerError),
    ],
)
def test_recorded_refusals_are_served_as_they_were(name, trouble):
    status, headers, body = answer_in(sample("GITHUB", name).body)
    wanted = ("retry-after", "x-ratelimit-remaining", "x-ratelimit-limit")
    kept = {name.replace("-", "_"): headers[name] for name in wanted if name in headers}
    kind = headers.get("content-type", "text/html").partition(";")[0]
    with with_login() as simulator:
        refusal = answer(status, body.decode(), content_type=kind, **kept)
        with fault(simulator, refusal), pytest.raises(trouble):
            ask(simulator, "a/b#1", dialect="rest")
