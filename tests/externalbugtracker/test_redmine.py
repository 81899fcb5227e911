import functools
import json
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker.redmine import Redmine
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerServerError,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    MalonewatchError,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    RemoteVocabulary,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.capabilities import fails, stumbles
from malonewatch.testing.conformance import (
    BatchesConformance,
    ChangesSinceConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    SweepsConformance,
)
from malonewatch.testing.redmine import RedmineSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://redmine.example.com"
SPANISH = {
    "Nueva": False,
    "En curso": False,
    "Resuelta": False,
    "Comentarios": False,
    "Cerrada": True,
    "Rechazada": True,
    "Aparcada": False,
    "Olvidada": True,
}


def make(baseurl=BASE):
    return Redmine(BugTrackerFacts("x", BugTrackerType.REDMINE, baseurl))


def asker_of(simulator, **kwargs):
    return Asker(Redmine, simulator.url, **kwargs)


class TestRedmine(
    BatchesConformance,
    ChangesSinceConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
):
    factory = Redmine
    simulator = RedmineSimulator
    simulator_with_login = functools.partial(RedmineSimulator, token="a-key", public=False)
    login = Credentials(token="a-key")
    wrong_login = Credentials(token="another-key")
    # A page for each hundred.
    requests_for_three_batches = 3 * Redmine.request_size // 100
    bugs_since = 101
    urls = [
        ("https://bugs.example.com/issues/42", "https://bugs.example.com", "42"),
        ("http://example.com/redmine/issues/42#note-3", "http://example.com/redmine", "42"),
        ("https://example.com/issues/0042/?tab=history", "https://example.com", "42"),
        ("https://example.com/issues/42.json?include=relations", "https://example.com", "42"),
        ("https://example.com/issues/42.pdf", "https://example.com", "42"),
        ("http://example.com/r/issues/show/42", "http://example.com/r", "42"),
        ("http://bugs.ruby-lang.org/issues/42", "https://bugs.ruby-lang.org", "42"),
        ("https://Tracker.Ceph.com/issues/42.xml", "https://tracker.ceph.com", "42"),
        ("http://redmine.org/issues/show/42", "https://www.redmine.org", "42"),
    ]
    not_urls = [
        "https://example.com/issues/",
        "https://example.com/issues/new",
        "https://example.com/issues/42/edit",
        "https://example.com/issues/42.exe",
        "https://example.com/issues?issue_id=42",
        "https://example.com/issues/99999999999",
        "https://bugs.ruby-lang.org/projects/ruby/issues/42",
    ]


class TestSweeps(SweepsConformance):
    factory = Redmine
    simulator = RedmineSimulator


class TestOldRedmine(ExternalBugTrackerConformance):
    """One that lists whatever there is."""

    factory = Redmine
    simulator = functools.partial(RedmineSimulator, version=(3, 2))
    urls = TestRedmine.urls


@pytest.mark.parametrize("dialect", [None, "issue+told"])
@pytest.mark.parametrize("spoil", [fails, stumbles])
@pytest.mark.parametrize("count", [1, 2, 20])
def test_where_ids_are_ignored_a_bug_spoils_no_list_for_others(count, spoil, dialect):
    """Any issue may be in any list: that it is not asked for does not help."""
    with RedmineSimulator(version=(3, 2)) as simulator:
        ids = [str(number) for number in range(1, count + 1)]
        for remotebug in (*ids, "99"):
            simulator.add(remotebug)
        simulator.spoiler, simulator.spoil = "99", spoil
        asker = Asker(Redmine, simulator.url, dialect=dialect)
        outcomes = asker.ask(ids, probe=dialect is not None)
        assert [outcomes[each].remotestatus for each in ids] == ["New"] * count
        assert asker.dialect.startswith("issue")
        # Half of them are to find out which statuses are closed.
        assert len(simulator.requests) <= count + 8
        simulator.requests.clear()
        assert asker.ask([*ids, "99"])["99"].error_type is BugWatchErrorType.UNPARSABLE_BUG
        assert len(simulator.requests) <= count + 2


def test_one_that_can_be_read_in_no_way_is_the_bug_trackers_trouble():
    with RedmineSimulator() as simulator:
        simulator.add("1")
        simulator.spoiler, simulator.spoil = "1", fails
        with pytest.raises(BugTrackerServerError):
            Asker(Redmine, simulator.url).ask(["1"])


# URLs


def test_only_on_known_hosts_is_it_more_than_a_guess():
    def certainty(url):
        return Redmine.parseBugURL(urlsplit(url)).certainty

    assert certainty("https://example.com/issues/42") is Certainty.GUESS
    assert certainty("https://example.com/issues/show/42") is Certainty.GUESS
    assert certainty("https://www.redmine.org/issues/42") is Certainty.KNOWN_HOST


def test_links():
    links = make().getBugFilingAndSearchLinks("frobs", "It's loose", "A & B")
    assert links.bug_filing_url == (
        f"{BASE}/projects/frobs/issues/new"
        "?issue%5Bsubject%5D=It%27s%20loose&issue%5Bdescription%5D=A%20%26%20B"
    )
    assert links.bug_search_url == f"{BASE}/projects/frobs/search?issues=1&q=It%27s%20loose"
    links = make().getBugFilingAndSearchLinks(None, "Loose")
    assert links.bug_filing_url.startswith(f"{BASE}/issues/new?issue%5Bsubject%5D=Loose&")
    assert links.bug_search_url == f"{BASE}/search?issues=1&q=Loose"


# Requests


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 500])
def test_a_request_for_each_hundred(count):
    with RedmineSimulator() as simulator:
        ids = [str(number) for number in range(1, count + 1)]
        for remotebug in ids:
            simulator.add(remotebug, status="Closed")
        outcomes = asker_of(simulator).ask(ids)
        assert len(simulator.requests) == -(-count // 100)
    assert {outcome.closed for outcome in outcomes.values()} == {True}


@pytest.mark.parametrize(("changed", "requests"), [(0, 1), (100, 1), (101, 2), (250, 3)])
def test_what_changed_comes_in_pages(changed, requests):
    with RedmineSimulator() as simulator:
        ids = [str(number) for number in range(1, 501)]
        for remotebug in ids:
            simulator.add(remotebug)
        since = simulator.now() - timedelta(minutes=5)
        for remotebug in ids[:changed]:
            simulator.change(remotebug, status="Closed")
        outcomes = asker_of(simulator).ask(ids, since=since)
        assert len(simulator.requests) == requests
    assert [outcomes[each].closed for each in ids[:changed]] == [True] * changed
    assert all(isinstance(outcomes[each], RemoteBugUnchanged) for each in ids[changed:])


def test_a_list_that_tells_no_number_of_issues_is_all_there_is():
    issue = {"id": 1, "status": {"id": 1, "name": "New", "is_closed": False}, "subject": "A"}
    body = json.dumps({"issues": [{**issue, "updated_on": "2024-01-02T03:04:05Z"}]}).encode()
    assert Asker(Redmine, BASE, client=Canned(body)).ask(["1"])["1"].title == "A"


def test_a_list_that_promises_more_than_it_has_is_not_read_for_ever():
    body = json.dumps({"issues": [], "total_count": 5, "offset": 0, "limit": 100}).encode()
    client = Canned(body)
    Asker(Redmine, BASE, dialect="list+told", client=client).ask(["1", "2", "3"])
    assert len([url for _, url, _ in client.requests if "issue_id" in url]) == 1


def test_an_issue_that_no_list_has_may_be_there_all_the_same():
    with RedmineSimulator() as simulator:
        simulator.add("1")
        simulator.add("2", title="Left out", extra={"unlisted": True})
        assert asker_of(simulator).ask(["1", "2"])["2"].title == "Left out"


# Versions


@pytest.mark.parametrize(
    ("version", "requests", "dialect"),
    [
        # The issues; and those once more, when the statuses are known.
        ((5, 0), 1, "list+told"),
        ((4, 2), 3, "list+5+6+8"),
        ((3, 3), 3, "list+5+6+8"),
        # Each by itself.
        ((3, 2), 3 + 4, "issue+5+6+8"),
        ((2, 2), 3 + 4, "issue+5+6+8"),
        ((1, 4), 3 + 4, "issue+5+6+8"),
        ((1, 1), 3 + 4, "issue+untold"),
    ],
)
def test_every_version_is_understood(version, requests, dialect):
    with RedmineSimulator(version=version, statuses=SPANISH) as simulator:
        simulator.add("1", title="Schön", status="Resuelta", priority="Inmediata")
        simulator.add("2", status="Cerrada", extra={"fixed_version": "1.0"})
        simulator.add("3", status="Olvidada")
        simulator.add("4", status="Aparcada", extra={"fixed_version": "2.0"})
        simulator.add("77", status="Nueva")
        asker = asker_of(simulator)
        outcomes = asker.ask(["1", "2", "3", "4"])
        assert len(simulator.requests) == requests
        simulator.requests.clear()
        assert asker.ask(["1", "2", "3", "4"]) == outcomes
        assert len(simulator.requests) == (1 if dialect.startswith("list") else 4)
    assert asker.dialect == dialect
    told = version >= (1, 3)
    assert outcomes["1"].title == "Schön"
    assert outcomes["1"].status is BugTaskStatus.FIXCOMMITTED
    assert outcomes["1"].importance is BugTaskImportance.CRITICAL
    assert outcomes["1"].modified == datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert outcomes["2"].status is BugTaskStatus.FIXRELEASED
    assert outcomes["2"].closed is (True if told else None)
    assert outcomes["2"].fixed_in == ("1.0" if told else "")
    assert outcomes["2"].date_closed == (outcomes["2"].modified if version >= (2, 3) else None)
    # No table has these words.
    unknown = BugTaskStatus.UNKNOWN
    assert outcomes["3"].status is (BugTaskStatus.FIXRELEASED if told else unknown)
    assert outcomes["4"].status is (BugTaskStatus.NEW if told else unknown)
    assert outcomes["3"].guessed is outcomes["4"].guessed is told
    assert outcomes["4"].fixed_in == ""


def test_what_was_never_closed_is_open_where_no_status_tells():
    with RedmineSimulator(version=(2, 3), statuses=SPANISH) as simulator:
        simulator.add("1", status="Aparcada")
        simulator.add("2", status="Aparcada", extra={"closed_on": simulator.now()})
        outcomes = asker_of(simulator, dialect="list+untold").ask(["1", "2"])
    assert outcomes["1"].closed is False
    assert outcomes["2"].closed is None


def test_a_redmine_that_was_brought_up_to_date_is_noticed_once_that_is_tried_again():
    with RedmineSimulator(version=(3, 2)) as simulator:
        for number in ("1", "2", "77"):
            simulator.add(number)
        asker = asker_of(simulator)
        asker.ask(["1", "2"])
        assert asker.dialect == "issue+5+6"
        simulator.version = (6, 1)
        asker.ask(["1", "2"], probe=True)
    assert asker.dialect == "list+told"


@pytest.mark.parametrize("version", [(6, 1), (4, 2)])
def test_single_issues_of_bad_repute_are_asked_for_alone(version):
    with RedmineSimulator(version=version) as simulator:
        simulator.add("1", status="Closed")
        outcomes = asker_of(simulator).ask(["1"], apart=True)
    assert outcomes["1"].closed is True


# What an issue says


def test_a_duplicate_is_one_in_one_direction_only():
    relations = [
        {"id": 1, "issue_id": 1, "issue_to_id": 2, "relation_type": "relates"},
        {"id": 2, "issue_id": 9, "issue_to_id": 1, "relation_type": "duplicates"},
        {"id": 3, "issue_id": 7, "issue_to_id": 1, "relation_type": "duplicated"},
    ]
    issue = {
        "id": 1,
        "status": {"id": 1, "name": "New", "is_closed": False},
        "subject": "A",
        "updated_on": "",
        "relations": relations,
    }
    body = json.dumps({"issue": issue}).encode()
    asker = Asker(Redmine, BASE, dialect="issue+told", client=Canned(body))
    assert asker.ask(["1"])["1"].duplicate_of == "7"


def test_a_field_of_the_sites_own_may_be_the_resolution():
    with RedmineSimulator() as simulator:
        for number, status, value in (
            ("1", "Closed", "Duplicate"),
            ("2", "Closed", "Fixed"),
            ("3", "Resolved", "Fixed"),
            ("4", "Closed", ["several", "values"]),
            ("5", "Closed", ""),
        ):
            fields = {"Browser": "Lynx", "Resolution": value}
            simulator.add(number, status=status, extra={"custom_fields": fields})
        outcomes = asker_of(simulator).ask(["1", "2", "3", "4", "5"])
    said = [(each.remotestatus, each.resolution, each.status) for each in outcomes.values()]
    assert said == [
        ("Closed Duplicate", "Duplicate", BugTaskStatus.INVALID),
        ("Closed Fixed", "Fixed", BugTaskStatus.FIXRELEASED),
        ("Resolved Fixed", "Fixed", BugTaskStatus.FIXCOMMITTED),
        ("Closed", "", BugTaskStatus.FIXRELEASED),
        ("Closed", "", BugTaskStatus.FIXRELEASED),
    ]


# Why there is no issue


def test_why_an_issue_is_not_there():
    with RedmineSimulator(token="a-key") as simulator:
        simulator.add("1")
        simulator.add("2", private=True)
        for credentials in (None, Credentials(token="wrong")):
            asker = asker_of(simulator, credentials=credentials)
            # Who may read the rest anyway is not told that the key is nobody's.
            outcomes = asker.ask(["1", "3"])
            assert isinstance(outcomes["1"], RemoteBug)
            assert outcomes["3"].error_type is BugWatchErrorType.BUG_NOT_FOUND
        outcomes = asker_of(simulator).ask(["1", "2"])
        assert outcomes["2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
        outcomes = asker_of(simulator, credentials=Credentials(token="a-key")).ask(["1", "2"])
        assert outcomes["2"].private


def test_keys_are_worth_nothing_where_there_is_no_rest():
    with RedmineSimulator(token="a-key", public=False) as simulator:
        simulator.rest = False
        simulator.add("1")
        asker = asker_of(simulator, credentials=Credentials(token="a-key"))
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.check_credentials()
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.ask(["1"])


@pytest.mark.parametrize(("version", "name"), [((6, 1), "jane"), ((2, 0), "3")])
def test_whose_a_key_is(version, name):
    with RedmineSimulator(version=version, token="a-key") as simulator:
        asker = asker_of(simulator, credentials=Credentials(token="a-key"))
        assert asker.check_credentials() == name


def test_a_key_of_nobody_is_told_from_one_of_somebody():
    with RedmineSimulator(token="a-key") as simulator:
        asker = asker_of(simulator, credentials=Credentials(token="another-key"))
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.check_credentials()


def test_what_is_no_redmine_is_not_supported():
    with Simulator() as simulator:
        with pytest.raises(UnsupportedBugTracker, match="Redmine"):
            asker_of(simulator).ask(["1"])
        assert len(simulator.requests) == 1


# Words


@pytest.mark.parametrize("version", [(6, 1), (1, 4)])
def test_the_words_of_a_site_can_be_had(version):
    with RedmineSimulator(version=version, statuses=SPANISH) as simulator:
        assert asker_of(simulator).learn_vocabulary() == RemoteVocabulary(
            SPANISH, ("Low", "Normal", "High", "Urgent", "Immediate")
        )


@pytest.mark.parametrize(
    ("remotestatus", "closed", "status", "guessed"),
    [
        ("New", False, BugTaskStatus.NEW, False),
        ("Resolved", False, BugTaskStatus.FIXCOMMITTED, False),
        ("Resolved", None, BugTaskStatus.FIXCOMMITTED, False),
        ("Resolved", True, BugTaskStatus.FIXRELEASED, False),
        ("Gelöst", True, BugTaskStatus.FIXRELEASED, False),
        ("Closed", True, BugTaskStatus.FIXRELEASED, False),
        ("Erledigt", None, BugTaskStatus.FIXRELEASED, False),
        ("Rejected", True, BugTaskStatus.WONTFIX, False),
        ("Deferred", False, BugTaskStatus.CONFIRMED, False),
        ("Deferred", True, BugTaskStatus.WONTFIX, False),
        ("Third Party's Issue", False, BugTaskStatus.CONFIRMED, False),
        ("Feedback", True, BugTaskStatus.FIXRELEASED, True),
        ("Can't reproduce", True, BugTaskStatus.INVALID, False),
        ("Won't Fix - EOL", True, BugTaskStatus.WONTFIX, False),
        ("Need More Info", False, BugTaskStatus.INCOMPLETE, False),
        ("Pending Backport", False, BugTaskStatus.FIXCOMMITTED, False),
        ("Simmering", False, BugTaskStatus.NEW, True),
        ("Simmering", True, BugTaskStatus.FIXRELEASED, True),
        ("Simmering", None, BugTaskStatus.UNKNOWN, False),
    ],
)
def test_status(remotestatus, closed, status, guessed):
    assert make().meaning(remotestatus, "", closed) == (status, guessed)


@pytest.mark.parametrize(
    ("remotestatus", "closed", "rule", "words"),
    [
        ("Resolved", True, "table", ["resolved"]),
        ("Feedback", True, "flag", ["feedback"]),
        ("Fixed", True, "table", ["fixed"]),
        ("Simmering", True, "flag", []),
    ],
)
def test_why_a_status_means_what_it_does(remotestatus, closed, rule, words):
    found = make().explainStatus(remotestatus, "", closed)
    assert (found.rule, [row.word.lower() for row in found.rows]) == (rule, words)


@pytest.mark.parametrize(
    ("priority", "importance"),
    [
        ("Immediate", BugTaskImportance.CRITICAL),
        ("Urgent", BugTaskImportance.CRITICAL),
        ("High", BugTaskImportance.HIGH),
        ("Normal", BugTaskImportance.MEDIUM),
        ("Низкий", BugTaskImportance.LOW),
        ("高め", BugTaskImportance.HIGH),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(priority, importance):
    assert make().convertRemoteImportance(priority) is importance


# What real ones answered.


def as_list(body):
    """An answer with a list, from one or from an element of one."""
    found = json.loads(body)
    return found if "issues" in found else {"issues": [found], "total_count": 1}


@pytest.mark.parametrize(
    "name",
    [
        "issue-assigned-1.x.json",
        "list-1.x-slash-dates.json",
        "list-closed-translated-status.json",
        "list-next.json",
    ],
)
def test_recorded_issues_are_read(name):
    body, must_read = sample("REDMINE", name)
    answer = {**as_list(body), "total_count": 0}
    client = Canned(json.dumps(answer).encode())
    asker = Asker(Redmine, BASE, dialect="list+untold", client=client)
    outcomes = asker.ask([str(each["id"]) for each in must_read])
    for each in must_read:
        bug = outcomes[str(each["id"])]
        assert (bug.remotestatus, bug.title) == (each["status"], each["title"])
        assert bug.status is not BugTaskStatus.UNKNOWN
        assert bug.remote_importance == each["importance"]
        assert bug.importance is not BugTaskImportance.UNKNOWN
        assert bug.modified == datetime.fromisoformat(each["updated"].replace("Z", "+00:00"))
        closed_on = each["closed_on"]
        assert bug.date_closed == (
            closed_on and datetime.fromisoformat(closed_on.replace("Z", "+00:00"))
        )


def test_recorded_statuses_are_read():
    body, must_read = sample("REDMINE", "issue-statuses.json")
    redmine = make().all_dialects()[0]
    found = redmine.vocabulary([json.loads(body), {"issue_priorities": []}])
    assert found.statuses == must_read


# Anything


FIELDS = ("status", "subject", "priority", "updated_on", "relations", "custom_fields")


@given(
    st.sampled_from(FIELDS),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
)
def test_any_fields_are_bugs_or_an_error_of_ours(name, value):
    status = {"id": 1, "name": "New", "is_closed": False}
    issue = {"id": 1, "status": status, "subject": "A", "updated_on": "", name: value}
    body = json.dumps({"issues": [issue]}).encode()
    try:
        found = Asker(Redmine, BASE, client=Canned(body), dialect="list+told").ask(["1"])
    except MalonewatchError:
        return
    assert isinstance(found["1"], (RemoteBug, RemoteBugError))
