import contextlib
import functools
import json
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from tests.samples import sample

from malonewatch.externalbugtracker.jira import Jira
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    RemoteBug,
    RemoteVocabulary,
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
from malonewatch.testing.jira import JiraSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://jira.example.com"
UTC = timezone.utc
ERROR = BugWatchErrorType


def make(baseurl=BASE):
    return Jira(BugTrackerFacts("x", BugTrackerType.JIRA, baseurl))


def with_login(**kwargs):
    simulator = JiraSimulator(**kwargs)
    simulator.token, simulator.login = "pat-sesame", ("jane@example.com", "api-sesame")
    return simulator


class TestServer(
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    MovesConformance,
    ExternalBugTrackerConformance,
):
    factory = Jira
    simulator = JiraSimulator
    simulator_with_login = staticmethod(with_login)
    login = Credentials(token="pat-sesame")
    wrong_login = Credentials(token="pat-barley")
    duplicate = {"status": "Closed", "resolution": "Duplicate"}
    ids = staticmethod("FROB-{}".format)
    destination = "NOB-2"
    # Five of a hundred for each batch.
    requests_for_three_batches = 15
    spellings = [
        ("FROB-42", "FROB-42"),
        (" frob-0042 ", "FROB-42"),
        ("#A_B2-7", "A_B2-7"),
    ]
    urls = [
        ("https://jira.example.com/browse/FROB-42", BASE, "FROB-42"),
        ("https://jira.example.com/browse/frob-42?focusedCommentId=7#comment-7", BASE, "FROB-42"),
        ("http://example.com/jira/browse/FROB-42/", "http://example.com/jira", "FROB-42"),
        ("https://jira.example.com/projects/FROB/issues/FROB-42?filter=x", BASE, "FROB-42"),
        (
            "https://jira.example.com/si/jira.issueviews:issue-xml/FROB-42/FROB-42.xml",
            *(BASE, "FROB-42"),
        ),
        ("https://jira.example.com/rest/api/latest/issue/FROB-42", BASE, "FROB-42"),
        ("https://jira.example.com/secure/RapidBoard.jspa?selectedIssue=FROB-42", BASE, "FROB-42"),
        ("https://jira.example.com/servicedesk/customer/portal/3/FROB-42", BASE, "FROB-42"),
        (
            "https://example.atlassian.net/jira/software/c/projects/A/boards/1?selectedIssue=A-1",
            *("https://example.atlassian.net", "A-1"),
        ),
        (
            "https://example.atlassian.net/jira/software/c/projects/A/issues/A-1?jql=x",
            *("https://example.atlassian.net", "A-1"),
        ),
        (
            "https://example.com/jira/servicedesk/projects/A/queues/custom/3/A-1",
            *("https://example.com", "A-1"),
        ),
        ("https://example.com/jira/projects/A/issues/A-1", "https://example.com/jira", "A-1"),
        (
            "https://issues.apache.org/jira/browse/LUCENE-7",
            *("https://issues.apache.org/jira", "LUCENE-7"),
        ),
        ("https://jira.example.com/issues/FROB-42?jql=x", BASE, "FROB-42"),
    ]
    not_urls = [
        "https://jira.example.com/browse/FROB",
        "https://jira.example.com/browse/42",
        "https://jira.example.com/browse/FROB-x",
        "https://jira.example.com/issues/?jql=key=FROB-42",
        "https://jira.example.com/browse/FROB-42/edit",
        "https://jira.example.com/secure/RapidBoard.jspa?rapidView=3",
    ]

    def test_what_is_no_jira_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="Jira"):
            self.asker(simulator).ask(self.numbered(1))


class TestCloud(TestServer):
    simulator = functools.partial(JiraSimulator, cloud=True)
    simulator_with_login = functools.partial(with_login, cloud=True)
    login = Credentials("jane@example.com", "api-sesame")
    wrong_login = Credentials("jane@example.com", "api-barley")
    # It says of a private one that it is not there.
    has_private_bugs = False
    # And one that found out that it is not a server.
    requests_for_three_batches = 16


# What changed.


class TestSweeps(SweepsConformance):
    factory = Jira
    simulator = JiraSimulator
    ids = staticmethod("FROB-{}".format)


class TestSweepsOfTheCloud(TestSweeps):
    simulator = functools.partial(JiraSimulator, cloud=True)


def sweep(simulator, credentials=None):
    """What changed in the last five minutes, of seven issues."""
    for number in range(1, 8):
        simulator.add(f"FROB-{number}", private=number == 7)
        simulator.change(f"FROB-{number}")
    simulator.add("FROB-8")
    asker = Asker(Jira, simulator.url, credentials=credentials)
    asker.ask(["FROB-1"])
    simulator.requests.clear()
    return asker, asker.sweep(simulator.now() - timedelta(minutes=5))


@pytest.mark.parametrize("cloud", [False, True])
def test_what_changed_is_followed_where_pages_are_shorter_than_was_asked_for(cloud):
    with JiraSimulator(cloud=cloud) as simulator:
        simulator.page_size = 4
        assert set(sweep(simulator)[1]) == {f"FROB-{number}" for number in range(1, 7)}
        assert len(simulator.requests) == 2


@pytest.mark.parametrize("cloud", [False, True])
def test_who_may_see_private_issues_is_told_that_they_changed(cloud):
    with with_login(cloud=cloud) as simulator:
        credentials = TestCloud.login if cloud else TestServer.login
        assert "FROB-7" in sweep(simulator, credentials)[1]


@pytest.mark.parametrize("cloud", [False, True])
def test_who_is_refused_is_not_told_what_changed(cloud):
    with JiraSimulator(cloud=cloud) as simulator:
        asker, _ = sweep(simulator)
        simulator.closed = True
        assert asker.sweep(simulator.now()) is None


@pytest.mark.parametrize("dialect", ["server", "cloud"])
def test_the_time_from_which_on_is_in_nobodys_time_zone(dialect):
    since = datetime(2024, 5, 6, 14, 34, 5, tzinfo=timezone(timedelta(hours=5.5)))
    body = {"startAt": 0, "total": 1, "isLast": True, "issues": [{"key": "FROB-1"}]}
    client = Canned(json.dumps(body).encode())
    assert Asker(Jira, BASE, dialect=dialect, client=client).sweep(since) == ("FROB-1",)
    ((_, _, sent),) = client.requests
    assert json.loads(sent)["jql"] == "updated >= 1714986245000 order by updated desc"


def test_where_a_page_is_empty_before_the_end_nothing_is_told():
    client = Canned(b'{"startAt": 0, "total": 3, "issues": []}')
    assert Asker(Jira, BASE, dialect="server", client=client).sweep(datetime.now(UTC)) is None
    assert len(client.requests) == 2


# Ids and URLs.


@pytest.mark.parametrize("remotebug", ["42", "FROB", "FROB-", "-42", "4X-1", "FROB-1x"])
def test_what_cannot_be_the_id_of_a_bug(remotebug):
    assert not Jira.is_valid(Jira.canonicalRemoteBug(remotebug))


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://example.atlassian.net/browse/A-1", Certainty.KNOWN_HOST),
        ("https://bugs.openjdk.org/browse/JDK-1", Certainty.KNOWN_HOST),
        ("https://example.com/browse/A-1", Certainty.SHAPE),
        ("https://example.com/issues/A-1", Certainty.GUESS),
    ],
)
def test_how_sure_it_is(url, certainty):
    assert Jira.parseBugURL(urlsplit(url)).certainty is certainty


def test_links():
    links = make().getBugFilingAndSearchLinks("10000", 'A "loose" frob\\')
    assert links.bug_filing_url == (
        f"{BASE}/secure/CreateIssueDetails!init.jspa?pid=10000&issuetype=1"
        "&summary=A%20%22loose%22%20frob%5C"
    )
    assert links.bug_search_url == f"{BASE}/issues/?jql=text%20~%20%22A%20%20loose%20%20frob%22"
    assert make().getBugFilingAndSearchLinks("FROB", "x").bug_filing_url is None


# Requests.


def ask(simulator, *remotebugs, **settings):
    return Asker(Jira, simulator.url, **settings).ask(remotebugs)


@pytest.mark.parametrize(
    ("cloud", "dialect", "requests"), [(False, "server", 4), (True, "cloud", 10)]
)
def test_a_thousand_bugs_take_few_requests(cloud, dialect, requests):
    with JiraSimulator(cloud=cloud) as simulator:
        for number in range(1, 1001):
            simulator.add(f"P{number % 50}-{number}")
        outcomes = ask(simulator, *simulator.bugs, dialect=dialect)
        assert len(simulator.requests) == requests
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize("cloud", [False, True])
def test_shorter_pages_are_followed(cloud):
    with JiraSimulator(cloud=cloud) as simulator:
        simulator.page_size = 3
        for number in range(1, 9):
            simulator.add(f"A-{number}")
        outcomes = ask(simulator, *simulator.bugs, dialect="cloud" if cloud else "server")
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize("strict", [False, True])
def test_a_key_that_there_is_not_costs_the_others_nothing(strict):
    with JiraSimulator() as simulator:
        simulator.strict = strict
        for number in range(1, 41):
            simulator.add(f"A-{number}")
        outcomes = ask(simulator, *simulator.bugs, "A-99")
    assert outcomes.pop("A-99").error_type is ERROR.BUG_NOT_FOUND
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_an_empty_page_is_the_last():
    body = {"startAt": 0, "maxResults": 2, "total": 5, "issues": []}
    asker = Asker(Jira, BASE, dialect="server", client=Canned(json.dumps(body).encode()))
    with pytest.raises(BugTrackerTrouble):
        asker.ask(["A-1", "A-2"])


@pytest.mark.parametrize("apart", [False, True])
def test_that_the_interface_of_the_cloud_is_gone_is_no_finding_about_an_issue(apart):
    with JiraSimulator() as simulator:
        simulator.add("A-1")
        asker = Asker(Jira, simulator.url, dialect="cloud")
        outcomes = []
        with contextlib.suppress(BugTrackerTrouble):
            outcomes = asker.ask(["A-1"], apart=apart).values()
    assert all(outcome.error_type is ERROR.UNPARSABLE_BUG for outcome in outcomes)


def test_in_the_cloud_the_other_search_is_not_looked_for():
    body = {"issues": [{"key": "A-1", "fields": {"status": {"name": "Open"}}}], "isLast": True}
    client = Canned(json.dumps(body).encode())
    outcome = Asker(Jira, "https://a.atlassian.net", client=client).ask(["A-1"])["A-1"]
    assert outcome.remotestatus == "Open"
    assert [url for _, url, _ in client.requests] == [
        "https://a.atlassian.net/rest/api/3/search/jql"
    ]


@pytest.mark.parametrize(("cloud", "said"), [(False, "Jira 9.12.5"), (True, "Jira Cloud")])
def test_it_says_what_it_is_and_whose_credentials_are(cloud, said):
    with with_login(cloud=cloud) as simulator:
        assert Asker(Jira, simulator.url).identify() == said
        asker = Asker(Jira, simulator.url, credentials=Credentials(token="pat-sesame"))
        assert asker.check_credentials() == ("Jane" if cloud else "jane")


def test_it_tells_its_words():
    with JiraSimulator() as simulator:
        simulator.add("A-1", status="Frobbing")
        found = Asker(Jira, simulator.url).learn_vocabulary()
    assert isinstance(found, RemoteVocabulary)
    assert found.statuses["Closed"] is True
    assert found.statuses["Frobbing"] is False
    assert "Blocker" in found.importances


# What is read.


@pytest.mark.parametrize(
    ("status", "resolution", "extra", "meaning", "closed"),
    [
        ("Open", "", {}, BugTaskStatus.NEW, False),
        ("In Progress", "", {}, BugTaskStatus.INPROGRESS, False),
        ("Closed", "Fixed", {}, BugTaskStatus.FIXRELEASED, True),
        ("Resolved", "Won't Fix", {}, BugTaskStatus.WONTFIX, True),
        ("Done", "", {}, BugTaskStatus.FIXRELEASED, True),
        ("Closed", "Cannot Reproduce", {}, BugTaskStatus.INVALID, True),
        # Projects of the cloud may have no resolutions.
        ("Rejected", "", {"category": "done"}, BugTaskStatus.WONTFIX, True),
        ("Duplicate", "", {"category": "done"}, BugTaskStatus.INVALID, True),
        ("Closed", "Gone away", {}, BugTaskStatus.EXPIRED, True),
        ("Closed", "Out of scope", {}, BugTaskStatus.WONTFIX, True),
        # Before there were categories.
        ("Frobbed", "Fixed", {"category": None}, BugTaskStatus.FIXRELEASED, True),
        ("Frobbing", "", {"category": None}, BugTaskStatus.UNKNOWN, False),
        ("Frobbing", "", {"category": "undefined"}, BugTaskStatus.UNKNOWN, False),
    ],
)
def test_what_statuses_and_resolutions_mean(status, resolution, extra, meaning, closed):
    with JiraSimulator() as simulator:
        simulator.add("A-1", status=status, resolution=resolution, extra=extra)
        outcome = ask(simulator, "A-1")["A-1"]
    assert outcome.remotestatus == f"{status} {resolution}".strip()
    assert outcome.closed is closed
    if meaning is not BugTaskStatus.UNKNOWN or not outcome.guessed:
        assert outcome.status is meaning


def test_what_else_is_told():
    extra = {"versions": ["4.2", "5.0"], "resolved": "2024-02-03T04:05:06.000+0100"}
    with with_login() as simulator:
        simulator.add("A-1", status="Closed", priority="Blocker", extra=extra, private=True)
        simulator.add("A-2", priority="", extra={"versions": ["4.2"]})
        outcomes = ask(simulator, "A-1", "A-2", credentials=Credentials(token="pat-sesame"))
    bug = outcomes["A-1"]
    assert bug.private
    assert bug.importance is BugTaskImportance.CRITICAL
    assert bug.fixed_in == "4.2, 5.0"
    assert bug.date_closed == datetime(2024, 2, 3, 3, 5, 6, tzinfo=timezone.utc)
    assert (outcomes["A-2"].fixed_in, outcomes["A-2"].remote_importance) == ("", "")


def test_the_one_that_others_duplicate_is_no_duplicate():
    with JiraSimulator() as simulator:
        simulator.add("A-1", status="Closed", resolution="Duplicate", duplicate_of="A-2")
        simulator.add("A-2", status="Closed", resolution="Duplicate")
        # Only linked.
        simulator.add("A-3", status="Closed", resolution="Fixed", duplicate_of="A-2")
        outcomes = ask(simulator, *simulator.bugs)
    same = [outcomes[key].duplicate_of for key in ("A-1", "A-2", "A-3")]
    assert same == ["A-2", None, None]


def test_an_issue_that_moved_has_another_key():
    with JiraSimulator() as simulator:
        simulator.add("A-1", moved_to="B-7")
        simulator.add("B-7", title="Over here")
        outcome = ask(simulator, "A-1")["A-1"]
    assert outcome.title == "Over here"
    assert outcome.moved_to == f"{simulator.url}/browse/B-7"


def test_another_issue_of_the_project_is_another_bug():
    with JiraSimulator() as simulator:
        simulator.add("A-1", moved_to="A-7")
        simulator.add("A-7", title="Over there")
        outcome = ask(simulator, "A-1")["A-1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "about another bug" in outcome.message


# What was recorded.


def canned(name):
    recorded = sample("JIRA", name)
    return Canned(recorded.body), recorded.must_read


@pytest.mark.parametrize("name", ["server-issue-open-unresolved.json", "server-search-11.json"])
def test_recorded_issues_are_read(name):
    client, must_read = canned(name)
    ids = [each["id"] for each in must_read]
    asker = Asker(Jira, BASE, dialect="server", client=client)
    outcomes = asker.ask(ids, apart="search" not in name)
    for expected in must_read:
        found = outcomes[expected["id"]]
        assert isinstance(found, RemoteBug), found
        assert found.title == expected["title"]
        assert found.resolution == (expected["resolution"] or "")
        assert found.remote_importance == expected["importance"]
        assert found.modified.strftime("%Y-%m-%dT%H:%M:%SZ") == expected["updated"]
        assert found.remotestatus.startswith(expected["status"])


def test_a_recorded_answer_without_issues_tells_of_none():
    client, must_read = canned("server-search-empty.json")
    assert must_read == []
    with pytest.raises(BugTrackerTrouble):
        Asker(Jira, BASE, dialect="server", client=client).ask(["A-1", "A-2"])


@pytest.mark.parametrize(
    ("name", "status"), [("error-invalid-field.json", 400), ("cloud-search-removed-410.json", 410)]
)
def test_recorded_errors_are_the_bug_trackers(name, status):
    client = Canned(sample("JIRA", name).body, status=status)
    with pytest.raises(BugTrackerTrouble):
        Asker(Jira, BASE, dialect="server", client=client).ask(["A-1", "A-2"])


def test_a_recorded_search_that_was_removed_leads_to_the_other():
    body = sample("JIRA", "cloud-search-removed-410-with-headers.http").body.partition(b"\n\n")[2]
    client = Canned(body, status=410)
    with pytest.raises(UnsupportedBugTracker):
        Asker(Jira, BASE, client=client).ask(["A-1"])
    assert client.requests[1][1].endswith("/rest/api/3/search/jql")
