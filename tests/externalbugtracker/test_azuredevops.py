import json
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest
from tests.samples import sample

from malonewatch.externalbugtracker.azuredevops import CLOSING, OPEN, AzureDevOps
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
    RecognisedURL,
    RemoteBug,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.azuredevops import AzureDevOpsSimulator
from malonewatch.testing.conformance import (
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
)

BASE = "https://dev.azure.com/frobs"
SERVER = "https://tfs.example.com/tfs/Main"
LOGIN = Credentials(token="sesame")


def with_login():
    return AzureDevOpsSimulator(token="sesame")


def make(baseurl=BASE):
    return AzureDevOps(BugTrackerFacts("x", BugTrackerType.AZUREDEVOPS, baseurl))


def ask(simulator, *remotebugs, credentials=None):
    return Asker(AzureDevOps, simulator.url, credentials=credentials).ask(remotebugs)


class TestAzureDevOps(
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
):
    factory = AzureDevOps
    simulator = AzureDevOpsSimulator
    simulator_with_login = staticmethod(with_login)
    login = LOGIN
    wrong_login = Credentials(token="barley")
    duplicate = {"status": "Closed", "resolution": "Duplicate"}
    # It says of a private one that it is not there, or not to be seen.
    has_private_bugs = False
    urls = [
        (f"{BASE}/Loose%20Frob/_workitems/edit/42", BASE, "42"),
        (f"{BASE}/_workitems/edit/0042/", BASE, "42"),
        (f"{BASE}/Frob/_workitems?id=42&_a=edit", BASE, "42"),
        (f"{BASE}/_workitems/?id=42#c", BASE, "42"),
        (f"{BASE}/Frob/_boards/board/t/Frob%20Team/Issues/?workitem=42", BASE, "42"),
        (f"{BASE}/Frob/_backlogs/backlog/Team/Stories?workitem=42", BASE, "42"),
        (f"{BASE}/_apis/wit/workItems/42", BASE, "42"),
        (f"{BASE}/Frob/_apis/wit/workitems/42?api-version=5.0", BASE, "42"),
        ("http://DEV.azure.com/frobs/Frob/_workitems/edit/42", BASE, "42"),
        ("https://dev.azure.com/FROBS/Frob/_workItems/Edit/42", BASE, "42"),
        (f"{BASE}/Frob/_Boards/Board/t/Frob/Issues/?WorkItem=42", BASE, "42"),
        (
            "https://frobs.visualstudio.com/DefaultCollection/Frob/_workitems/edit/42",
            *(BASE, "42"),
        ),
        ("https://frobs.visualstudio.com/defaultcollection/Frob/_workitems/edit/42", BASE, "42"),
        ("https://frobs.visualstudio.com/_workitems?id=42", BASE, "42"),
        ("https://tfs.example.com/tfs/Main/Frob/_workitems/edit/42", SERVER, "42"),
        ("https://tfs.example.com/tfs/Main/_workitems/edit/42", SERVER, "42"),
        (
            "https://devops.example.com/Main/Frob/_workitems/edit/42",
            *("https://devops.example.com/Main", "42"),
        ),
        (
            "https://devops.example.com/Main/_workitems/edit/42",
            *("https://devops.example.com/Main", "42"),
        ),
    ]
    not_urls = [
        f"{BASE}/Frob/_git/frob/pullrequest/42",
        f"{BASE}/Frob/_workitems/edit/frob",
        f"{BASE}/Frob/_workitems/edit/4294967296",
        f"{BASE}/Frob/_workitems/recentlyupdated",
        "https://dev.azure.com/_workitems/edit/42",
        "https://example.com/_workitems/edit/42",
        # The organisation stands in the host already.
        "https://frobs.visualstudio.com/frobs/Frob/_workitems/edit/42",
        "https://tfs.example.com/tfs/_workitems/edit/42",
        "https://example.com/issues/42",
    ]


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        (f"{BASE}/Frob/_workitems/edit/1", Certainty.KNOWN_HOST),
        ("https://frobs.visualstudio.com/Frob/_workitems/edit/1", Certainty.KNOWN_HOST),
        (f"{SERVER}/Frob/_workitems/edit/1", Certainty.SHAPE),
    ],
)
def test_how_sure_a_url_is(url, certainty):
    assert AzureDevOps.parseBugURL(urlsplit(url)).certainty is certainty


@pytest.mark.parametrize(
    ("host", "baseurl"),
    [
        ("frobs.visualstudio.com", BASE),
        ("frobs.vsrm.visualstudio.com", None),
        ("developercommunity.visualstudio.com", None),
        ("visualstudio.com", None),
        ("dev.azure.com", None),
    ],
)
def test_an_organisation_is_one_bug_tracker_by_its_former_host_too(host, baseurl):
    assert AzureDevOps.getKnownBaseURL(host) == baseurl


def test_one_that_is_registered_at_its_former_host_stays_there():
    base = "https://frobs.visualstudio.com"
    url = urlsplit(f"{base}/Frob/_workitems/edit/1")
    assert AzureDevOps.parseBugURL(url, base) == RecognisedURL(base, "1", Certainty.REGISTERED)


def test_below_a_registered_base_url():
    parse = AzureDevOps.parseBugURL
    url = urlsplit("https://example.com/a/b/Frob/_workitems/edit/1")
    base = "https://example.com/a/b"
    assert parse(url, base) == RecognisedURL(base, "1", Certainty.REGISTERED)
    assert parse(url, "https://example.com/c") is None


# Requests


def test_a_thousand_work_items_take_five_requests():
    with AzureDevOpsSimulator() as simulator:
        for number in range(1, 1001):
            simulator.add(str(number))
        asker = Asker(AzureDevOps, simulator.url)
        ids = list(simulator.bugs)
        for start in range(0, 1000, AzureDevOps.request_size):
            asker.ask(ids[start : start + AzureDevOps.request_size])
        assert len(simulator.requests) == 5


def test_all_duplicates_of_a_batch_take_one_request_more():
    with AzureDevOpsSimulator() as simulator:
        for number in range(1, 11):
            simulator.add(str(number))
        for number in range(1, 6):
            simulator.change(str(number), status="Closed", resolution="Duplicate", duplicate_of="9")
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 2
    assert [bug.duplicate_of for bug in outcomes.values()] == ["9"] * 5 + [None] * 5


def test_of_what_a_duplicate_is_may_not_be_told():
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", status="Closed", resolution="Duplicate")
        simulator.add("2")
        assert ask(simulator, "1", "2")["1"].duplicate_of is None
    relation = {"rel": "System.LinkTypes.Related", "url": f"{BASE}/_apis/wit/workItems/7"}
    fields = {"System.State": "Closed", "System.Reason": "Duplicate"}
    assert make().read({"fields": fields, "relations": [relation]}).duplicate_of is None


def test_a_duplicate_that_is_asked_for_alone_takes_one_request():
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", status="Closed", resolution="Duplicate", duplicate_of="9")
        outcomes = Asker(AzureDevOps, simulator.url).ask(["1"], apart=True)
        assert len(simulator.requests) == 1
    assert outcomes["1"].duplicate_of == "9"


def test_a_batch_that_is_too_long_is_cut():
    class Greedy(AzureDevOps):
        name = "AZUREDEVOPS"
        request_size = 300

    with AzureDevOpsSimulator() as simulator:
        for number in range(1, 251):
            simulator.add(str(number))
        outcomes = Asker(Greedy, simulator.url).ask(simulator.bugs)
    assert all(isinstance(bug, RemoteBug) for bug in outcomes.values())


def test_what_a_batch_has_not_is_asked_for_alone():
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1")
        simulator.add("2", private=True)
        outcomes = ask(simulator, "1", "2", "3")
        assert len(simulator.requests) == 3
    assert isinstance(outcomes["1"], RemoteBug)
    for id in ("2", "3"):
        assert outcomes[id].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_where_nobody_may_look_somebody_has_to_log_in():
    with with_login() as simulator:
        simulator.public = False
        simulator.add("1")
        with pytest.raises(BugTrackerCredentialsRefused):
            ask(simulator, "1")
        assert isinstance(ask(simulator, "1", credentials=LOGIN)["1"], RemoteBug)


def test_that_somebody_has_to_log_in_may_be_said_of_a_work_item():
    client = Canned(b"{}", status=401)
    asker = Asker(AzureDevOps, BASE, client=client, dialect="only")
    with pytest.raises(BugTrackerCredentialsRefused):
        asker.ask(["1"], apart=True)


def test_a_404_that_does_not_say_why_is_about_no_work_item():
    client = Canned(b'{"message": "TF200016: The project does not exist."}', status=404)
    asker = Asker(AzureDevOps, BASE, client=client, dialect="only")
    with pytest.raises(MalonewatchError):
        asker.ask(["1"], apart=True)


@pytest.mark.parametrize(
    ("in_cloud", "said"), [(True, "Azure DevOps"), (False, "Azure DevOps Server")]
)
def test_it_says_what_it_is_and_whose_the_token_is(in_cloud, said):
    with with_login() as simulator:
        simulator.in_cloud = in_cloud
        asker = Asker(AzureDevOps, simulator.url, credentials=LOGIN)
        assert (asker.identify(), asker.check_credentials()) == (said, "Jane")
    assert make().identity({}) is None
    assert make().whoami({"authenticatedUser": {"providerDisplayName": "Anonymous"}}) is None


def test_a_name_and_a_password_go_along_as_they_are():
    assert make().authorization(Credentials("jane", "sesame")) == {
        "Authorization": "Basic amFuZTpzZXNhbWU="
    }


# What is told


@pytest.mark.parametrize(
    ("state", "reason", "remotestatus", "status"),
    [
        ("New", "New", "New", BugTaskStatus.NEW),
        ("Approved", "", "Approved", BugTaskStatus.TRIAGED),
        ("Active", "Implementation started", "Active", BugTaskStatus.INPROGRESS),
        ("Resolved", "Fixed", "Resolved", BugTaskStatus.FIXCOMMITTED),
        ("Resolved", "Code complete", "Resolved", BugTaskStatus.FIXCOMMITTED),
        ("Closed", "As Designed", "Closed As Designed", BugTaskStatus.WONTFIX),
        ("Closed", "Verified", "Closed", BugTaskStatus.FIXRELEASED),
        ("Done", "Work finished", "Done", BugTaskStatus.FIXRELEASED),
        ("Closed", "Obsolete", "Closed Obsolete", BugTaskStatus.EXPIRED),
        ("Removed", "Moved out of state", "Removed", BugTaskStatus.WONTFIX),
        ("Closed", "Copied to Backlog", "Closed Copied to Backlog", BugTaskStatus.WONTFIX),
        ("Rejected", "", "Rejected", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(state, reason, remotestatus, status):
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", status=state, resolution=reason)
        outcome = ask(simulator, "1")["1"]
    assert (outcome.remotestatus, outcome.status) == (remotestatus, status)


def test_what_was_closed_in_a_state_that_is_not_known_is_guessed():
    when = datetime(2025, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", status="Simmered", extra={"closed": when})
        outcome = ask(simulator, "1")["1"]
    assert (outcome.status, outcome.guessed) == (BugTaskStatus.FIXRELEASED, True)
    assert outcome.date_closed == when


def test_what_is_in_a_state_that_is_not_known_and_was_not_closed_is_guessed_to_be_open():
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", status="Simmering")
        outcome = ask(simulator, "1")["1"]
    assert (outcome.status, outcome.guessed) == (BugTaskStatus.NEW, True)
    assert outcome.closed is False


@pytest.mark.parametrize("state", ["Resolved", "Closed", "Rejected"])
def test_that_something_is_open_is_not_said_of_a_state_that_may_be_over(state):
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", status=state)
        assert ask(simulator, "1")["1"].closed is None


def test_its_own_words_are_in_the_table():
    table = make().status_table
    for meaning, text in (*OPEN.items(), *CLOSING.items()):
        assert {table[word.strip()] for word in text.split(",")} == {meaning}


@pytest.mark.parametrize(
    ("priority", "severity", "importance"),
    [
        ("1", "", BugTaskImportance.CRITICAL),
        ("2", "3 - Medium", BugTaskImportance.MEDIUM),
        ("2", "", BugTaskImportance.HIGH),
        ("3", "", BugTaskImportance.MEDIUM),
        ("4", "", BugTaskImportance.LOW),
        ("", "2 - High", BugTaskImportance.HIGH),
        ("", "", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(priority, severity, importance):
    with AzureDevOpsSimulator() as simulator:
        simulator.add("1", priority=priority, severity=severity)
        assert ask(simulator, "1")["1"].importance is importance


def test_links():
    links = make().getBugFilingAndSearchLinks("Frob", "It's loose", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/Frob/_workitems/create/Bug?%5BSystem.Title%5D=It%27s%20loose"
        "&%5BSystem.Description%5D=A%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/Frob/_search?text=It%27s%20loose&type=workitem"
    assert make().getBugFilingAndSearchLinks(summary="x") == (
        None,
        f"{BASE}/_search?text=x&type=workitem",
    )


# What was recorded


@pytest.mark.parametrize(
    "name",
    [
        "ids-full-fields.json",
        "ids-order-differs.json",
        "ids-with-relations.json",
        "workitem-single-active.json",
        "workitemsbatch-3.json",
    ],
)
def test_recorded_work_items_are_read(name):
    body, must_read = sample("AZUREDEVOPS", name)
    external = make()
    records = {record["id"]: record for record in external.records(json.loads(body))}
    assert list(records) == [each["id"] for each in must_read]
    for expected in must_read:
        record = records[expected["id"]]
        assert list(external.ids_of(record)) == [str(expected["id"])]
        if expected["status"] == "<not asked>":
            assert "System.State" not in record["fields"]
            continue
        found = external.read(record)
        assert (found.title, found.remotestatus) == (expected["title"], expected["status"])
        if expected["updated"] != "<not asked>":
            assert found.modified.strftime("%Y-%m-%dT%H:%M:%SZ") == expected["updated"]
            assert found.remote_importance == str(expected["importance"] or "")
