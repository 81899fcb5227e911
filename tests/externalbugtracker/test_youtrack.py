import json
from datetime import datetime, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.youtrack import OPEN, OVER, YouTrack
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
    RemoteBugError,
    RemoteVocabulary,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
)
from malonewatch.testing.youtrack import YouTrackSimulator

BASE = "https://youtrack.jetbrains.com"
LOGIN = Credentials(token="perm:sesame")


def with_login():
    return YouTrackSimulator(token="perm:sesame")


def make(baseurl=BASE):
    return YouTrack(BugTrackerFacts("x", BugTrackerType.YOUTRACK, baseurl))


def ask(simulator, *remotebugs, credentials=None):
    return Asker(YouTrack, simulator.url, credentials=credentials).ask(remotebugs)


class TestYouTrack(
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    MovesConformance,
    ExternalBugTrackerConformance,
):
    factory = YouTrack
    simulator = YouTrackSimulator
    simulator_with_login = staticmethod(with_login)
    login = LOGIN
    wrong_login = Credentials(token="perm:barley")
    duplicate = {"status": "Duplicate"}
    # With one to see what is there.
    requests_for_three_batches = 3 * YouTrack.request_size // YouTrack.page_size + 1
    ids = staticmethod("FROB-{}".format)
    destination = "NOB-2"
    # It says of a private one that it is not there.
    has_private_bugs = False
    spellings = [("FROB-42", "FROB-42"), (" frob-0042 ", "FROB-42"), ("#A_B2-7", "A_B2-7")]
    urls = [
        ("https://youtrack.jetbrains.com/issue/IDEA-42", BASE, "IDEA-42"),
        ("https://youtrack.jetbrains.com/issue/idea-042/", BASE, "IDEA-42"),
        (f"{BASE}/issue/KT-42/It-is-loose#focus=Comments-27-1.0-0", BASE, "KT-42"),
        (f"{BASE}/issue/KT-42?p=KT-7", BASE, "KT-42"),
        (f"{BASE}/api/issues/KT-42?fields=id", BASE, "KT-42"),
        (f"{BASE}/agiles/103-7/current?issue=KT-42", BASE, "KT-42"),
        (
            "https://frobs.youtrack.cloud/issue/A-1/A-slug",
            *("https://frobs.youtrack.cloud", "A-1"),
        ),
        (
            "https://frobs.myjetbrains.com/youtrack/issue/A-1",
            *("https://frobs.myjetbrains.com/youtrack", "A-1"),
        ),
        (
            "http://frobs.example.com/youtrack/issue/A-1/caf%C3%A9",
            *("http://frobs.example.com/youtrack", "A-1"),
        ),
        ("https://frobs.example.com/tickets/A-1/slug", "https://frobs.example.com", "A-1"),
    ]
    not_urls = [
        "https://youtrack.jetbrains.com/issue/IDEA",
        "https://youtrack.jetbrains.com/issue/42",
        "https://youtrack.jetbrains.com/issue/IDEA-0",
        "https://youtrack.jetbrains.com/issue/IDEA-42/slug/more",
        "https://youtrack.jetbrains.com/articles/KT-A-42",
        "https://youtrack.jetbrains.com/issues/KT",
        "https://frobs.myjetbrains.com/issue/A-1",
    ]


@pytest.mark.parametrize(
    ("url", "certainty"),
    [
        ("https://frobs.youtrack.cloud/issue/A-1", Certainty.KNOWN_HOST),
        ("https://frobs.myjetbrains.com/youtrack/issue/A-1", Certainty.KNOWN_HOST),
        ("https://frobs.example.com/issue/A-1", Certainty.SHAPE),
        ("https://frobs.example.com/api/issues/A-1", Certainty.GUESS),
        ("https://frobs.example.com/tickets/A-1", Certainty.GUESS),
    ],
)
def test_how_sure_a_url_is(url, certainty):
    assert YouTrack.parseBugURL(urlsplit(url)).certainty is certainty


def test_below_a_registered_base_url():
    base = "https://example.com/tracker"
    found = YouTrack.parseBugURL(urlsplit(f"{base}/api/issues/A-1"), base)
    assert found == RecognisedURL(base, "A-1", Certainty.REGISTERED)


# Requests


def test_a_thousand_issues_take_four_requests():
    with YouTrackSimulator() as simulator:
        ids = [f"{project}-{number}" for number in range(1, 501) for project in ("FROB", "NOB")]
        for id in ids:
            simulator.add(id)
        asker = Asker(YouTrack, simulator.url)
        for start in range(0, len(ids), YouTrack.request_size):
            asker.ask(ids[start : start + YouTrack.request_size])
        assert len(simulator.requests) == 4


def test_one_that_is_not_there_costs_shorter_lists():
    with YouTrackSimulator() as simulator:
        for number in range(1, 101):
            simulator.add(f"FROB-{number}")
        del simulator.bugs["FROB-42"]
        outcomes = ask(simulator, *(f"FROB-{number}" for number in range(1, 101)))
        sizes = [
            len(parse_qs(urlsplit(request.split()[1]).query).get("query", [""])[0].split(", "))
            for request in simulator.requests
        ]
    # All, ten times ten, and those among which it is.
    assert sizes == [100] + [10] * 10 + [1] * 10
    assert outcomes.pop("FROB-42").error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert all(isinstance(bug, RemoteBug) for bug in outcomes.values())


def test_where_a_list_leaves_it_out_it_is_asked_for_alone():
    with YouTrackSimulator() as simulator:
        simulator.forgiving = True
        simulator.add("FROB-1")
        outcomes = ask(simulator, "FROB-1", "FROB-2")
        assert len(simulator.requests) == 2
    assert outcomes["FROB-2"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_list_without_any_that_is_there_is_no_trouble():
    with YouTrackSimulator() as simulator:
        outcomes = ask(simulator, "FROB-1", "FROB-2")
    assert {bug.error_type for bug in outcomes.values()} == {BugWatchErrorType.BUG_NOT_FOUND}


def test_another_bad_request_is_trouble():
    client = Canned(b'{"error": "bad_request", "error_description": "x"}', status=400)
    with pytest.raises(MalonewatchError):
        Asker(YouTrack, BASE, client=client).ask(["FROB-1"])


def test_where_guests_may_not_look_somebody_has_to_log_in():
    with YouTrackSimulator(token="perm:sesame", guests=False) as simulator:
        simulator.add("FROB-1")
        with pytest.raises(BugTrackerCredentialsRefused):
            ask(simulator, "FROB-1")
        assert isinstance(ask(simulator, "FROB-1", credentials=LOGIN)["FROB-1"], RemoteBug)


def test_that_nothing_is_found_where_no_youtrack_says_so_is_trouble():
    client = Canned(b'{"detail": "Not found"}', status=404)
    asker = Asker(YouTrack, BASE, client=client, dialect="only")
    with pytest.raises(MalonewatchError):
        asker.ask(["FROB-1"], apart=True)


def test_an_issue_that_is_said_to_be_forbidden_is_private():
    client = Canned(b'{"error": "Forbidden", "error_description": "x"}', status=403)
    found = Asker(YouTrack, BASE, client=client, dialect="only").ask(["FROB-1"], apart=True)
    assert found["FROB-1"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def listed(links):
    """An answer with an issue that has those links, as they are written."""
    fields = b'"idReadable": "FROB-1", "summary": "It", "updated": 1, "resolved": null'
    return b'[{%s, "customFields": [], "links": %s, "$type": "Issue"}]' % (fields, links)


@pytest.mark.parametrize(
    "links", [b"[]", b'[{"direction": "BOTH", "linkType": {"sourceToTarget": "a"}, "issues": []}]']
)
def test_kinds_of_links_are_not_read_where_no_issue_is(links):
    client = Canned(listed(links))
    found = Asker(YouTrack, BASE, client=client, dialect="only").ask(["FROB-1", "FROB-2"])
    assert found["FROB-1"].raw["links"] == []
    assert found["FROB-1"].duplicate_of is None


def test_an_issue_that_is_linked_is_kept_with_the_kinds_of_its_links():
    links = (
        b'[{"direction": "INWARD", "issues": [{"idReadable": "FROB-9"}],'
        b' "linkType": {"sourceToTarget": "is duplicated by", "targetToSource": "duplicates"}}]'
    )
    found = Asker(YouTrack, BASE, client=Canned(listed(links)), dialect="only").ask(
        ["FROB-1", "FROB-2"]
    )
    assert found["FROB-1"].raw["links"] == json.loads(links)
    assert found["FROB-1"].duplicate_of == "FROB-9"


def test_links_that_cannot_be_read_are_trouble():
    client = Canned(listed(b'[{"issues": [{"idReadable": "\xff"}]}]'))
    with pytest.raises(MalonewatchError):
        Asker(YouTrack, BASE, client=client, dialect="only").ask(["FROB-1", "FROB-2"])


def test_whose_the_token_is():
    with with_login() as simulator:
        asker = Asker(YouTrack, simulator.url, credentials=LOGIN)
        assert asker.check_credentials() == "jane"
        assert make().whoami({"login": "guest", "guest": True}) is None


def test_which_words_there_are_is_told_to_those_with_credentials():
    with with_login() as simulator:
        found = Asker(YouTrack, simulator.url, credentials=LOGIN).learn_vocabulary()
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(YouTrack, simulator.url).learn_vocabulary()
    assert isinstance(found, RemoteVocabulary)
    assert (found.statuses["Open"], found.statuses["Fixed"]) == (False, True)
    assert found.importances == ("Show-stopper", "Critical", "Major", "Normal", "Minor")


# What is told


@pytest.mark.parametrize("kind", ["StateIssueCustomField", "StateMachineIssueCustomField"])
@pytest.mark.parametrize("name", ["State", "Stage", "Zustand"])
def test_a_project_calls_the_state_as_it_likes(name, kind):
    with YouTrackSimulator() as simulator:
        simulator.state_field = name, kind
        simulator.add("FROB-1", status="Fixed")
        outcome = ask(simulator, "FROB-1")["FROB-1"]
    assert (outcome.remotestatus, outcome.status, outcome.closed) == (
        *("Fixed", BugTaskStatus.FIXRELEASED),
        True,
    )


def test_of_two_states_the_one_that_is_called_so_counts():
    kanban = {"name": "Kanban State", "$type": "StateMachineIssueCustomField"}
    fields = [{**kanban, "value": {"name": "Blocked"}}]
    with YouTrackSimulator() as simulator:
        simulator.add("FROB-1", status="Fixed", extra={"fields": fields})
        assert ask(simulator, "FROB-1")["FROB-1"].remotestatus == "Fixed"
        simulator.state_field = None
        assert ask(simulator, "FROB-1")["FROB-1"].remotestatus == "Blocked"


def test_a_list_to_choose_from_that_is_called_a_status_is_one():
    with YouTrackSimulator() as simulator:
        simulator.state_field = "Status", "SingleEnumIssueCustomField"
        simulator.add("FROB-1", status="In Progress")
        assert ask(simulator, "FROB-1")["FROB-1"].status is BugTaskStatus.INPROGRESS


def test_a_project_may_do_without_a_state():
    when = datetime(2025, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
    with YouTrackSimulator() as simulator:
        simulator.state_field = None
        simulator.add("FROB-1")
        simulator.add("FROB-2", extra={"resolved": when})
        one, other = ask(simulator, "FROB-1", "FROB-2").values()
    assert (one.remotestatus, one.status) == ("Unresolved", BugTaskStatus.NEW)
    assert (other.remotestatus, other.status) == ("Resolved", BugTaskStatus.FIXRELEASED)
    assert (one.date_closed, other.date_closed) == (None, when)


def test_the_version_that_it_was_fixed_in():
    versions = [{"name": "1.4"}, {"name": "1.5"}]
    field = {"name": "Fix versions", "$type": "MultiVersionIssueCustomField", "value": versions}
    with YouTrackSimulator() as simulator:
        simulator.add("FROB-1", extra={"fields": [field]})
        simulator.add("FROB-2", status="Verified", extra={"fields": [field]})
        outcomes = ask(simulator, "FROB-1", "FROB-2")
    assert [bug.fixed_in for bug in outcomes.values()] == ["", "1.4, 1.5"]


def test_a_link_that_a_site_turned_round_says_the_same():
    kind = {"sourceToTarget": "Duplicates", "targetToSource": None}
    link = {"direction": "OUTWARD", "linkType": kind, "issues": [{"idReadable": "NOB-7"}]}
    with YouTrackSimulator() as simulator:
        simulator.add("FROB-1", extra={"links": [{**link, "direction": "INWARD"}, link]})
        assert ask(simulator, "FROB-1")["FROB-1"].duplicate_of == "NOB-7"


def test_an_issue_that_moved_is_read_where_it_is():
    with YouTrackSimulator() as simulator:
        simulator.add("NOB-7", title="It moved")
        simulator.add("FROB-1", moved_to="NOB-7")
        simulator.add("FROB-2")
        outcome = ask(simulator, "FROB-1", "FROB-2")["FROB-1"]
        url = f"{simulator.url}/issue/NOB-7"
    assert (outcome.remotebug, outcome.title, outcome.moved_to) == ("FROB-1", "It moved", url)


def test_another_issue_of_the_project_is_another_bug():
    with YouTrackSimulator() as simulator:
        simulator.add("FROB-7", title="Over there")
        simulator.add("FROB-1", moved_to="FROB-7")
        outcome = ask(simulator, "FROB-1")["FROB-1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "about another bug" in outcome.message


def test_the_case_of_a_projects_name_does_not_matter():
    with YouTrackSimulator() as simulator:
        simulator.bugs["FROB-1"] = simulator.add("Frob-1")
        (outcome,) = ask(simulator, "FROB-1").values()
    assert (outcome.remotebug, outcome.moved_to) == ("FROB-1", None)


@pytest.mark.parametrize(
    ("remotestatus", "closed", "status", "guessed"),
    [
        ("Submitted", False, BugTaskStatus.NEW, False),
        ("To be discussed", False, BugTaskStatus.CONFIRMED, False),
        ("Wait for Reply", False, BugTaskStatus.INCOMPLETE, False),
        ("Incomplete", False, BugTaskStatus.INCOMPLETE, False),
        ("Incomplete", True, BugTaskStatus.EXPIRED, False),
        ("Fixed", True, BugTaskStatus.FIXRELEASED, False),
        ("Fixed", False, BugTaskStatus.FIXCOMMITTED, False),
        ("Fixed", None, BugTaskStatus.FIXRELEASED, False),
        ("Verified", True, BugTaskStatus.FIXRELEASED, False),
        ("Can't Reproduce", True, BugTaskStatus.INVALID, False),
        ("Duplicate", True, BugTaskStatus.INVALID, False),
        ("Obsolete", True, BugTaskStatus.EXPIRED, False),
        ("Won't fix", True, BugTaskStatus.WONTFIX, False),
        ("Third Party Problem", True, BugTaskStatus.WONTFIX, False),
        ("Test", True, BugTaskStatus.FIXRELEASED, False),
        ("Simmering", True, BugTaskStatus.FIXRELEASED, True),
        ("Simmering", False, BugTaskStatus.NEW, True),
        ("Simmering", None, BugTaskStatus.UNKNOWN, False),
    ],
)
def test_status(remotestatus, closed, status, guessed):
    assert make().meaning(remotestatus, "", closed) == (status, guessed)


@pytest.mark.parametrize(
    ("remotestatus", "closed", "rule", "words"),
    [
        ("Fixed", True, "table", ["fixed"]),
        ("Fixed", False, "table", ["fixed"]),
        ("In Progress", True, "flag", ["in progress"]),
        ("Simmering", True, "flag", []),
    ],
)
def test_why_a_status_means_what_it_does(remotestatus, closed, rule, words):
    found = make().explainStatus(remotestatus, "", closed)
    assert (found.rule, [row.word.lower() for row in found.rows]) == (rule, words)


def test_its_own_words_are_in_the_table():
    table = make().status_table
    for words in (OPEN, OVER):
        for meaning, text in words.items():
            for word in text.split(","):
                assert table[word.strip()] is meaning


@pytest.mark.parametrize(
    ("priority", "importance"),
    [
        ("Show-stopper", BugTaskImportance.CRITICAL),
        ("Critical", BugTaskImportance.CRITICAL),
        ("Major", BugTaskImportance.HIGH),
        ("Normal", BugTaskImportance.MEDIUM),
        ("Minor", BugTaskImportance.LOW),
        (None, BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(priority, importance):
    with YouTrackSimulator() as simulator:
        simulator.add("FROB-1", priority=priority)
        assert ask(simulator, "FROB-1")["FROB-1"].importance is importance


def test_links():
    links = make().getBugFilingAndSearchLinks("KT", "It's loose", "A & b")
    assert links == (
        f"{BASE}/newIssue?project=KT&summary=It%27s%20loose&description=A%20%26%20b",
        f"{BASE}/issues/KT?q=It%27s%20loose",
    )
    assert make().getBugFilingAndSearchLinks(summary="x") == (
        f"{BASE}/newIssue?summary=x&description=",
        f"{BASE}/issues?q=x",
    )


# Anything


ISSUE = {
    "idReadable": "FROB-1",
    "summary": "Loose",
    "updated": 1704164645000,
    "resolved": None,
    "customFields": [],
    "links": [],
}
names = st.sampled_from(["name", "value", "$type", "linkType", "issues", "direction", "error"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)


@given(st.sampled_from(sorted(ISSUE)), values)
def test_any_fields_are_bugs_or_an_error_of_ours(name, value):
    body = json.dumps([{**ISSUE, name: value}]).encode()
    try:
        found = Asker(YouTrack, BASE, client=Canned(body)).ask(["FROB-1"])
    except MalonewatchError:
        return
    assert isinstance(found["FROB-1"], (RemoteBug, RemoteBugError))
