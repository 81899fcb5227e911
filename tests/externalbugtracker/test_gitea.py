import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import answer_in, sample

from malonewatch.externalbugtracker.gitea import PAGE_SIZE, Gitea
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
    SweepsConformance,
)
from malonewatch.testing.gitea import GiteaSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://codeberg.org"
LOGIN = Credentials(token="sesame")


def make(baseurl=BASE):
    return Gitea(BugTrackerFacts("x", BugTrackerType.GITEA, baseurl))


def with_login():
    simulator = GiteaSimulator()
    simulator.token = "sesame"
    return simulator


class TestGitea(ChangesSinceConformance, CredentialsConformance, ExternalBugTrackerConformance):
    factory = Gitea
    simulator = GiteaSimulator
    simulator_with_login = staticmethod(with_login)
    login = LOGIN
    wrong_login = Credentials(token="barley")
    ids = staticmethod("example/project#{}".format)
    invalid_id = "example/project#4294967296"
    # It says of what is private that it is not there.
    has_private_bugs = False
    spellings = [
        ("example/project#42", "example/project#42"),
        (" Example/Pro.ject_#0042 ", "example/pro.ject_#42"),
        ("/example/project/#42", "example/project#42"),
    ]
    urls = [
        ("https://codeberg.org/example/project/issues/42", BASE, "example/project#42"),
        ("http://www.codeberg.org/Example/Project/issues/0042/", BASE, "example/project#42"),
        ("https://codeberg.org/e/p/issues/42?a=b;c=d#issuecomment-7", BASE, "e/p#42"),
        ("https://codeberg.org/example/project/pulls/42", BASE, "example/project#42"),
        ("https://codeberg.org/example/project/pulls/42/files", BASE, "example/project#42"),
        ("https://codeberg.org/example/project/pulls/42/commits/0f3b", BASE, "example/project#42"),
        ("https://codeberg.org/example/project/pulls/42.patch", BASE, "example/project#42"),
        ("https://codeberg.org/api/v1/repos/example/project/issues/42", BASE, "example/project#42"),
        ("https://gitea.com/gitea/tea/issues/42", "https://gitea.com", "gitea/tea#42"),
        (
            "https://example.com/git/api/v1/repos/e/p/pulls/42",
            *("https://example.com/git", "e/p#42"),
        ),
        ("http://git.example.com:3000/e/p/issues/42", "http://git.example.com:3000", "e/p#42"),
    ]
    not_urls = [
        "https://codeberg.org/example/project/issues",
        "https://codeberg.org/example/project/issues/new",
        "https://codeberg.org/example/project/issues/42/edit",
        "https://codeberg.org/example/project/issues/9999999999",
        "https://codeberg.org/example/project/milestone/42",
        "https://codeberg.org/example/project/pulls/42/edit",
        "https://codeberg.org/example/issues/42",
        "https://codeberg.org/example/../issues/42",
        "https://codeberg.org/user/example/issues/42",
        "https://codeberg.org/a/b/c/issues/42",
        "https://example.com/a%20b/c/issues/42",
    ]

    def test_what_is_no_gitea_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="Gitea"):
            self.asker(simulator).ask(self.numbered(1))


class TestSweeps(SweepsConformance):
    factory = Gitea
    simulator = GiteaSimulator
    ids = staticmethod("example/project#{}".format)
    changes_at_once = PAGE_SIZE


class TestSweepsWithToken(TestSweeps):
    simulator = staticmethod(with_login)
    login = LOGIN


# Ids and URLs.


@pytest.mark.parametrize(
    "remotebug",
    ["42", "#42", "example#42", "a/b", "a/b#", "a/b#x", "a/b/c#1", "a b/c#1", "a/..#1", "api/a#1"],
)
def test_what_cannot_be_the_id_of_a_bug(remotebug):
    assert not Gitea.is_valid(Gitea.canonicalRemoteBug(remotebug))


@given(st.text(max_size=30) | st.from_regex(r"\A[abA./-]{1,9}#\d\Z"))
def test_there_is_one_way_to_write_an_id(text):
    canonical = Gitea.canonicalRemoteBug(text)
    if Gitea.is_valid(canonical):
        assert Gitea.canonicalRemoteBug(canonical) == canonical


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://codeberg.org/a/b/issues/1", Certainty.KNOWN_HOST),
        ("https://git.example.com/api/v1/repos/a/b/issues/1", Certainty.SHAPE),
        # GitHub and others write that, too.
        ("https://git.example.com/a/b/issues/1", Certainty.GUESS),
        ("https://git.example.com/a/b/pulls/1", Certainty.GUESS),
    ],
)
def test_how_sure_it_is(url, certainty):
    assert Gitea.parseBugURL(urlsplit(url)).certainty is certainty


def test_links_need_a_repository():
    links = make().getBugFilingAndSearchLinks("example/project", "It's #1", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/example/project/issues/new?title=It%27s%20%231&body=A%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/example/project/issues?state=all&q=It%27s%20%231"
    for product in (None, "", "project", "../x y"):
        links = make().getBugFilingAndSearchLinks(product, "x")
        assert links == (None, f"{BASE}/issues?type=all&state=all&q=x")


# Requests.


def ask(simulator, *remotebugs, since=None, **settings):
    return Asker(Gitea, simulator.url, **settings).ask(remotebugs, since=since)


def fill(simulator, repositories, each):
    for repository in range(repositories):
        for number in range(1, each + 1):
            simulator.add(f"o/r{repository}#{number}")


def test_what_is_not_known_yet_is_asked_for_one_by_one():
    with GiteaSimulator() as simulator:
        fill(simulator, 2, 2)
        ask(simulator, *simulator.bugs)
        assert simulator.requests == [
            f"GET /api/v1/repos/o/r{repository}/issues/{number}"
            for repository in (0, 1)
            for number in (1, 2)
        ]


def test_what_is_known_takes_a_request_for_each_repository_on_a_quiet_day():
    with GiteaSimulator() as simulator:
        fill(simulator, 20, 10)
        simulator.add("only/one#1")
        since = simulator.now()
        outcomes = ask(simulator, *simulator.bugs, since=since)
        assert len(simulator.requests) == 21
        assert simulator.requests[0] == (
            "GET /api/v1/repos/o/r0/issues?state=all"
            f"&since={since:%Y-%m-%dT%H:%M:%SZ}&limit=50&page=1"
        )
    assert isinstance(outcomes.pop("only/one#1"), RemoteBug)
    assert {type(outcome) for outcome in outcomes.values()} == {RemoteBugUnchanged}


@pytest.mark.parametrize(("changed", "requests"), [(PAGE_SIZE, 1), (PAGE_SIZE + 1, 2), (120, 3)])
def test_what_changed_comes_page_by_page(changed, requests):
    with GiteaSimulator() as simulator:
        fill(simulator, 1, 130)
        since = simulator.now() - timedelta(minutes=5)
        for number in range(1, changed + 1):
            simulator.change(f"o/r0#{number}")
        outcomes = ask(simulator, *simulator.bugs, since=since)
        assert len(simulator.requests) == requests
    for id, outcome in outcomes.items():
        is_changed = int(id.partition("#")[2]) <= changed
        assert isinstance(outcome, RemoteBug if is_changed else RemoteBugUnchanged)


@pytest.mark.parametrize("login", [None, LOGIN])
def test_a_sweep_finds_what_changed_in_all_repositories_that_one_may_see(login):
    with GiteaSimulator() as simulator:
        simulator.token = "sesame"
        fill(simulator, 20, 10)
        simulator.add("secret/one#1", private=True)
        asker = Asker(Gitea, simulator.url, credentials=login)
        asker.ask(["o/r0#1"])
        since = simulator.now() - timedelta(minutes=5)
        changed = ["o/r3#4", "o/r7#2", "secret/one#1"]
        simulator.change("o/r3#4", status="closed")
        simulator.change("o/r7#2", extra={"pull": True})
        simulator.change("secret/one#1")
        # The bugs of a repository are told by the name that it has now.
        simulator.renamed["o/before"] = "o/r3"
        simulator.requests.clear()
        assert sorted(asker.sweep(since)) == (changed if login else changed[:2])
        (request,) = simulator.requests
        path = "/api/v1/repos/issues/search"
        when = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        assert request == f"GET {path}?state=all&since={when}&limit=50&page=1"


@pytest.mark.parametrize(("most", "requests"), [(50, 3), (30, 4)])
def test_a_sweep_goes_on_as_long_as_there_is_more(most, requests):
    # A site may allow less in one answer than is asked for.
    with GiteaSimulator() as simulator:
        fill(simulator, 6, 20)
        asker = Asker(Gitea, simulator.url)
        asker.ask(["o/r0#1"])
        since = simulator.now() - timedelta(minutes=5)
        for id in simulator.bugs:
            simulator.change(id)
        simulator.most = most
        simulator.requests.clear()
        assert set(asker.sweep(since)) == set(simulator.bugs)
        assert len(simulator.requests) == requests


@pytest.mark.parametrize(
    ("login", "said"),
    [(None, {"is_locked": True}), (LOGIN, {"scope": "read:user"}), (LOGIN, {"token": "barley"})],
)
def test_a_sweep_that_is_refused_tells_nothing(login, said):
    with with_login() as simulator:
        simulator.add("o/r0#1")
        asker = Asker(Gitea, simulator.url, credentials=login)
        asker.ask(["o/r0#1"])
        vars(simulator).update(said)
        assert asker.sweep(simulator.now()) is None


def test_a_list_that_cannot_be_had_is_made_up_for_one_by_one():
    with GiteaSimulator() as simulator:
        fill(simulator, 1, 10)
        simulator._list = lambda *args: web.Response(status=500)
        outcomes = ask(simulator, *simulator.bugs, since=simulator.now())
    assert {type(outcome) for outcome in outcomes.values()} == {RemoteBug}


@pytest.mark.parametrize("since", [False, True])
def test_a_repository_that_is_gone_costs_the_others_nothing(since):
    with GiteaSimulator() as simulator:
        fill(simulator, 1, 3)
        simulator.add("secret/r#1", private=True)
        ids = [*simulator.bugs, "secret/r#2", "gone/r#1", "gone/r#2", "o/r0#9"]
        outcomes = ask(simulator, *ids, since=simulator.now() if since else None)
    for id, outcome in outcomes.items():
        if id.startswith("o/"):
            assert not isinstance(outcome, RemoteBugError) or id == "o/r0#9"
        else:
            assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


@pytest.mark.parametrize("since", [False, True])
def test_each_bug_of_a_repository_that_was_renamed_learns_that(since):
    with GiteaSimulator() as simulator:
        for number in (1, 2, 3):
            simulator.add(f"new/home#{number}", title="Still here")
        simulator.renamed["old/home"] = "new/home"
        ids = ["old/home#1", "old/home#2", "old/home#3"]
        outcomes = ask(simulator, *ids, since=simulator.now() if since else None)
    for id, outcome in outcomes.items():
        number = id.partition("#")[2]
        assert outcome.title == "Still here"
        assert outcome.moved_to == f"{simulator.url}/new/home/issues/{number}"


def test_an_answer_about_another_bug_is_refused():
    other = {**ISSUE, "number": 2, "html_url": f"{BASE}/a/b/issues/2"}
    assert read(other).error_type is BugWatchErrorType.UNPARSABLE_BUG


# Who it is, and who we are.


@pytest.mark.parametrize(
    ("version", "identity"),
    [
        ("1.24.6", "Gitea 1.24.6"),
        ("11.0.1+gitea-1.22.0", "Forgejo 11.0.1+gitea-1.22.0"),
        ("7.0.0-forgejo", "Forgejo 7.0.0-forgejo"),
    ],
)
def test_it_says_what_it_is(version, identity):
    with with_login() as simulator:
        simulator.version = version
        assert Asker(Gitea, simulator.url).identify() == identity


def test_one_for_members_only_is_known_by_what_it_says_to_others():
    with with_login() as simulator:
        simulator.is_locked = True
        simulator.add("a/b#1")
        assert Asker(Gitea, simulator.url).identify() == "Gitea"
        assert ask(simulator, "a/b#1")["a/b#1"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
        assert isinstance(ask(simulator, "a/b#1", credentials=LOGIN)["a/b#1"], RemoteBug)


def test_a_token_that_is_for_issues_alone_will_do():
    with with_login() as simulator:
        simulator.add("a/b#1", private=True)
        asker = Asker(Gitea, simulator.url, credentials=LOGIN)
        assert asker.check_credentials() == "jane"
        simulator.scope = "read:issue"
        assert asker.check_credentials() == ""
        assert isinstance(asker.ask(["a/b#1"])["a/b#1"], RemoteBug)
        simulator.scope = "read:user"
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(Gitea, simulator.url, credentials=LOGIN).ask(["a/b#1"])


def test_a_password_goes_along_as_one():
    assert make().authorization(Credentials("jane", "secret")) == {
        "Authorization": "Basic amFuZTpzZWNyZXQ="
    }


# What the answers mean.


ISSUE = {
    "number": 1,
    "title": "A bug",
    "state": "open",
    "labels": [],
    "milestone": None,
    "updated_at": "2024-01-02T05:04:05+02:00",
    "closed_at": None,
    "pull_request": None,
    "html_url": f"{BASE}/a/b/issues/1",
}


def read(value, remotebug="a/b#1", status=200):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    client = Canned(body, status=status)
    (outcome,) = Asker(Gitea, BASE, dialect="only", client=client).ask([remotebug]).values()
    return outcome


@pytest.mark.parametrize(
    ("state", "labels", "remotestatus", "status"),
    [
        ("open", [], "open", BugTaskStatus.NEW),
        ("open", ["Status/Need More Info"], "open Need More Info", BugTaskStatus.INCOMPLETE),
        ("open", ["Status/Blocked"], "open Blocked", BugTaskStatus.CONFIRMED),
        ("open", ["Reviewed/Confirmed"], "open Confirmed", BugTaskStatus.CONFIRMED),
        ("open", ["Status/Simmering"], "open Simmering", BugTaskStatus.NEW),
        ("closed", [], "closed", BugTaskStatus.FIXRELEASED),
        ("closed", ["Reviewed/Confirmed"], "closed", BugTaskStatus.FIXRELEASED),
        ("closed", ["Reviewed/Won't Fix"], "closed Won't Fix", BugTaskStatus.WONTFIX),
        ("closed", ["Reviewed/Invalid"], "closed Invalid", BugTaskStatus.INVALID),
        ("closed", ["Reviewed/Duplicate"], "closed Duplicate", BugTaskStatus.INVALID),
        ("closed", ["Status/Abandoned"], "closed Abandoned", BugTaskStatus.EXPIRED),
        ("closed", ["wontfix"], "closed wontfix", BugTaskStatus.WONTFIX),
    ],
)
def test_an_issues_status_is_its_state_and_what_labels_say(state, labels, remotestatus, status):
    labels = [{"name": name} for name in labels]
    found = read({**ISSUE, "state": state, "labels": labels})
    assert (found.remotestatus, found.status) == (remotestatus, status)
    assert found.closed is (state == "closed")


@pytest.mark.parametrize(
    ("state", "pull", "remotestatus", "status"),
    [
        ("open", {}, "open", BugTaskStatus.NEW),
        ("open", {"draft": True}, "open draft", BugTaskStatus.INPROGRESS),
        ("closed", {}, "closed unmerged", BugTaskStatus.WONTFIX),
        ("closed", {"merged": True}, "merged", BugTaskStatus.FIXCOMMITTED),
    ],
)
def test_a_pull_requests_status_is_its_state(state, pull, remotestatus, status):
    found = read({**ISSUE, "state": state, "pull_request": {"merged": False, **pull}})
    assert (found.remotestatus, found.status) == (remotestatus, status)
    assert found.closed is (state == "closed")


def test_times_have_offsets():
    closed = {"state": "closed", "closed_at": "2024-02-03T04:05:06Z"}
    found = read({**ISSUE, **closed})
    assert f"{found.modified:%H:%M} {found.date_closed:%H:%M}" == "03:04 04:05"


def test_a_milestone_is_what_something_was_fixed_in():
    milestone = {"title": "4.2"}
    wontfix = [{"name": "wontfix"}]
    assert read({**ISSUE, "milestone": milestone}).fixed_in == ""
    assert read({**ISSUE, "state": "closed", "milestone": milestone}).fixed_in == "4.2"
    found = read({**ISSUE, "state": "closed", "milestone": milestone, "labels": wontfix})
    assert found.fixed_in == ""


@pytest.mark.parametrize(
    ("labels", "remote_importance", "importance"),
    [
        ([], "", BugTaskImportance.UNKNOWN),
        (["Kind/Bug", "Priority/High"], "Priority/High", BugTaskImportance.HIGH),
        (["P1"], "P1", BugTaskImportance.CRITICAL),
        (["Kind/Feature"], "Kind/Feature", BugTaskImportance.WISHLIST),
    ],
)
def test_an_importance_is_a_label(labels, remote_importance, importance):
    found = read({**ISSUE, "labels": [{"name": name} for name in labels]})
    assert (found.remote_importance, found.importance) == (remote_importance, importance)


@pytest.mark.parametrize("missing", ["state", "title", "labels", "updated_at"])
def test_an_issue_without_a_field_that_matters_is_not_understood(missing):
    found = read({name: value for name, value in ISSUE.items() if name != missing})
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert missing in found.message


# Whatever comes.


names = st.sampled_from([*ISSUE, "merged", "draft", "name", "message"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
mutated = st.builds(
    lambda changes: {**ISSUE, **changes}, st.dictionaries(names, json_values, max_size=3)
)


@given(json_values | mutated | st.lists(mutated, max_size=2))
def test_any_json_is_bugs_or_an_error_of_ours(value):
    client = Canned(json.dumps(value).encode())
    with GiteaSimulator() as simulator:
        since = simulator.now()
    for remotebugs in (["a/b#1", "a/b#2"], ["a/b#1"]):
        try:
            asker = Asker(Gitea, BASE, dialect="only", client=client)
            outcomes = asker.ask(remotebugs, since=since)
        except MalonewatchError:
            continue
        kinds = (RemoteBug, RemoteBugError, RemoteBugUnchanged)
        assert all(isinstance(outcome, kinds) for outcome in outcomes.values())


# What real ones answered.


@pytest.mark.parametrize("name", ["issue-closed.http", "pull-as-issue.http"])
def test_recorded_issues(name):
    recorded, (bug,) = sample("GITEA", name)
    status, _, body = answer_in(recorded)
    found = read(body, f"a/b#{bug['id']}", status)
    assert (found.remotestatus, found.title) == (bug["status"], bug["title"])
    assert f"{found.modified:%Y-%m-%dT%H:%M:%SZ}" == bug["updated"]


def test_a_recorded_list():
    recorded, must_read = sample("GITEA", "list-open-page1.http")
    status, headers, body = answer_in(recorded)
    client = Canned(body, status=status, headers=headers)
    asker = Asker(Gitea, BASE, dialect="only", client=client)
    with GiteaSimulator() as simulator:
        since = simulator.now()
    place = "packit-validator/ogr-tests"
    client.response.headers["link"] = ""
    outcomes = asker.ask([f"{place}#{bug['id']}" for bug in must_read], since=since)
    for bug in must_read:
        found = outcomes[f"{place}#{bug['id']}"]
        assert (found.remotestatus, found.title) == (bug["status"], bug["title"])
        assert f"{found.modified:%Y-%m-%dT%H:%M:%SZ}" == bug["updated"]


@pytest.mark.parametrize("name", ["user-not-found-404.http", "unknown-author-404.http"])
def test_recorded_absence(name):
    recorded, must_read = sample("GITEA", name)
    status, _, body = answer_in(recorded)
    assert must_read == {"error": "not_found", "http": status}
    assert read(body, status=status).error_type is BugWatchErrorType.BUG_NOT_FOUND
