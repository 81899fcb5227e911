import json
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker.phabricator import OWN_STATUSES, Phabricator, split_status
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
    Polling,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    RemoteVocabulary,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
)
from malonewatch.testing.phabricator import PhabricatorSimulator

BASE = "https://phabricator.wikimedia.org"
INSIDER = Credentials(token="api-insider")
OUTSIDER = Credentials(token="api-outsider")


def running():
    simulator = PhabricatorSimulator()
    simulator.tokens = {"api-insider": True, "api-outsider": False}
    return simulator


def make(baseurl=BASE):
    return Phabricator(BugTrackerFacts("x", BugTrackerType.PHABRICATOR, baseurl))


def ask(simulator, *remotebugs, credentials=OUTSIDER, **settings):
    return Asker(Phabricator, simulator.url, credentials=credentials).ask(remotebugs, **settings)


class TestPages(ExternalBugTrackerConformance):
    factory = Phabricator
    simulator = staticmethod(running)
    ids = staticmethod("T{}".format)
    tells_modified = False
    spellings = [("T42", "T42"), (" t0042 ", "T42"), ("#42", "T42"), ("42", "T42")]
    urls = [
        ("https://phabricator.wikimedia.org/T42", BASE, "T42"),
        ("http://phabricator.wikimedia.org/T42/#1234", BASE, "T42"),
        ("https://we.phorge.it/T15042", "https://we.phorge.it", "T15042"),
        ("https://dev.gnupg.org/T042", "https://dev.gnupg.org", "T42"),
        ("https://phab.example.com/T42", "https://phab.example.com", "T42"),
    ]
    not_urls = [
        "https://phabricator.wikimedia.org/",
        "https://phabricator.wikimedia.org/T",
        "https://phabricator.wikimedia.org/T0",
        "https://phabricator.wikimedia.org/D42",
        "https://phabricator.wikimedia.org/T42/edit",
        "https://phabricator.wikimedia.org/tag/T42",
        "https://phab.example.com/p/T42",
    ]


class TestConduit(BatchesConformance, CredentialsConformance, DuplicatesConformance, TestPages):
    simulator_with_login = staticmethod(running)
    login = INSIDER
    wrong_login = Credentials(token="api-nonsense")
    duplicate = {"status": "duplicate"}
    requests_for_three_batches = 3 * Phabricator.request_size // 100
    tells_modified = True

    def asker(self, simulator):
        return Asker(Phabricator, simulator.url, credentials=OUTSIDER)


def test_on_a_host_that_nobody_knows_it_is_a_guess():
    url = "https://phab.example.com/T42"
    assert Phabricator.parseBugURL(urlsplit(url)).certainty is Certainty.GUESS
    base = "https://phab.example.com"
    assert Phabricator.parseBugURL(urlsplit(url), base) == RecognisedURL(
        base, "T42", Certainty.REGISTERED
    )


@pytest.mark.parametrize("host", ["reviews.llvm.org", "developer.blender.org"])
def test_what_was_shut_down_is_recognised_and_not_asked(host):
    found = Phabricator.parseBugURL(urlsplit(f"https://{host}/T42"))
    assert found.certainty is Certainty.KNOWN_HOST
    external = make(found.baseurl)
    assert external.polling is Polling.NEVER
    assert host in external.not_polled


# Requests


def test_a_thousand_tasks_take_ten_requests():
    with running() as simulator:
        ids = [f"T{number}" for number in range(100_001, 101_001)]
        for id in ids:
            simulator.add(id)
        asker = Asker(Phabricator, simulator.url, credentials=OUTSIDER)
        for start in range(0, len(ids), Phabricator.request_size):
            asker.ask(ids[start : start + Phabricator.request_size])
        assert simulator.requests == ["POST /api/maniphest.search"] * 10


def test_strangers_take_a_request_for_each_task():
    with running() as simulator:
        for number in range(1, 6):
            simulator.add(f"T{number}")
        ask(simulator, *simulator.bugs, credentials=None)
        assert simulator.requests == [f"GET /T{number}" for number in range(1, 6)]


def test_duplicates_take_two_requests_more_whatever_their_number():
    with running() as simulator:
        for number in range(1, 51):
            simulator.add(f"T{number}")
            simulator.add(f"T{number + 50}", status="duplicate", duplicate_of=f"T{number}")
        outcomes = ask(simulator, *simulator.bugs)
        assert simulator.requests == [
            "POST /api/maniphest.search",
            "POST /api/edge.search",
            "POST /api/maniphest.search",
        ]
    assert outcomes["T77"].duplicate_of == "T27"
    assert outcomes["T77"].status is BugTaskStatus.INVALID


def test_a_duplicate_of_what_is_hidden_or_not_told_is_one_all_the_same():
    with running() as simulator:
        simulator.add("T1", private=True)
        simulator.add("T2", status="duplicate", duplicate_of="T1")
        assert ask(simulator, "T2")["T2"].duplicate_of is None
        simulator.bugs["T2"].duplicate_of = None
        assert ask(simulator, "T2")["T2"].duplicate_of is None
        simulator.edges = False
        outcome = ask(simulator, "T2")["T2"]
    assert (outcome.remotestatus, outcome.duplicate_of) == ("duplicate", None)


def test_what_a_search_leaves_out_has_a_page_that_tells_why():
    with running() as simulator:
        simulator.add("T1")
        simulator.add("T2", private=True)
        outcomes = ask(simulator, "T1", "T2", "T3")
        assert simulator.requests[1:] == ["GET /T2", "GET /T3"]
        assert simulator.sent_to_pages == ""
    assert outcomes["T2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["T3"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_what_strangers_may_see_and_a_search_left_out_is_read_on_its_page():
    with running() as simulator:
        simulator.add("T1")
        simulator.add("T2", title="Left <out>", status="declined", extra={"unlisted": True})
        outcome = ask(simulator, "T1", "T2")["T2"]
    assert (outcome.title, outcome.remotestatus, outcome.closed) == ("Left <out>", "Declined", True)


# What is told


def test_what_a_page_tells():
    with running() as simulator:
        simulator.add("T1", title="A & b", status="progress", priority="High")
        simulator.add("T2", status="resolved")
        outcomes = ask(simulator, "T1", "T2", credentials=None)
    first, second = outcomes.values()
    assert (first.title, first.remotestatus, first.status, first.closed) == (
        *("A & b", "In Progress"),
        *(BugTaskStatus.INPROGRESS, False),
    )
    assert first.importance is BugTaskImportance.HIGH
    assert (second.remotestatus, second.status, second.closed) == (
        *("Resolved", BugTaskStatus.FIXRELEASED),
        True,
    )
    assert first.modified is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Open, Needs Triage", ("Open", False, "Needs Triage")),
        ("Stuck, for now, Low", ("Stuck, for now", False, "Low")),
        ("Closed, Resolved", ("Resolved", True, "")),
        ("Done", ("Done", True, "")),
    ],
)
def test_a_page_has_a_status_and_a_priority_in_one(text, parts):
    assert split_status(text) == parts


def test_when_a_task_was_closed():
    with running() as simulator:
        simulator.add("T1", status="buried", extra={"closed": 1704164645})
        simulator.add("T2", status="buried")
        outcomes = ask(simulator, "T1", "T2")
        simulator.old = True
        assert ask(simulator, "T1")["T1"].closed is None
    assert outcomes["T1"].date_closed == datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert [bug.closed for bug in outcomes.values()] == [True, False]
    assert all(bug.guessed for bug in outcomes.values())


def test_every_status_passes_through():
    own = [word.strip() for each in OWN_STATUSES.values() for word in each.split(",")]
    words = {word: make().status_table[word] for word in own}
    with running() as simulator:
        for number, word in enumerate(words, 1):
            simulator.add(f"T{number}", status=word)
        outcomes = ask(simulator, *simulator.bugs)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == words


@pytest.mark.parametrize(
    ("priority", "importance"),
    [
        ("Unbreak Now!", BugTaskImportance.CRITICAL),
        ("Needs Triage", BugTaskImportance.UNDECIDED),
        ("High", BugTaskImportance.HIGH),
        ("Normal", BugTaskImportance.MEDIUM),
        ("Low", BugTaskImportance.LOW),
        ("Lowest", BugTaskImportance.LOW),
        ("Wishlist", BugTaskImportance.WISHLIST),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(priority, importance):
    with running() as simulator:
        simulator.add("T1", priority=priority)
        assert ask(simulator, "T1")["T1"].importance is importance


def test_it_says_which_words_it_has():
    with running() as simulator:
        asker = Asker(Phabricator, simulator.url, credentials=OUTSIDER)
        found = asker.learn_vocabulary()
        assert Asker(Phabricator, simulator.url).learn_vocabulary() is None
    assert isinstance(found, RemoteVocabulary)
    assert (found.statuses["progress"], found.statuses["resolved"]) == (False, True)
    assert "Unbreak Now!" in found.importances


def test_it_says_whose_the_token_is():
    with running() as simulator:
        asker = Asker(Phabricator, simulator.url, credentials=OUTSIDER)
        assert asker.check_credentials() == "jane"


def test_a_password_is_nothing_to_it():
    with running() as simulator:
        simulator.add("T1")
        with pytest.raises(BugTrackerCredentialsRefused):
            ask(simulator, "T1", credentials=Credentials("jane", "secret"))


def test_a_site_for_members_shows_a_form_to_log_in():
    with running() as simulator:
        simulator.public = False
        simulator.add("T1")
        outcome = ask(simulator, "T1", credentials=None)["T1"]
    assert outcome.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


@pytest.mark.parametrize("code", ["ERR-CONDUIT-CALL", "ERR-CONDUIT-CORE"])
def test_an_error_is_no_answer(code):
    body = json.dumps({"result": None, "error_code": code, "error_info": "x"}).encode()
    with pytest.raises(UnparsableBugTracker):
        read(body)


def test_an_answer_without_success_is_none():
    with pytest.raises(UnparsableBugTracker):
        read(b'{"result": {"data": []}, "error_code": null}', status=404)


def test_links():
    links = make().getBugFilingAndSearchLinks("frob", "It's loose", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/maniphest/task/edit/?title=It%27s%20loose&description=A%20%26%20b&projects=frob"
    )
    assert links.bug_search_url == f"{BASE}/maniphest/?query=It%27s%20loose"
    assert make().getBugFilingAndSearchLinks(summary="x").bug_filing_url == (
        f"{BASE}/maniphest/task/edit/?title=x&description="
    )


# Whatever comes


def read(body, *remotebugs, dialect="conduit", status=200):
    content_type = "application/json" if dialect == "conduit" else "text/html"
    credentials = Credentials(token="x") if dialect == "conduit" else None
    client = Canned(body, content_type, status, credentials)
    return Asker(Phabricator, BASE, dialect=dialect, client=client).ask(remotebugs or ["T1"])


names = st.sampled_from(
    ["result", "data", "error_code", "id", "phid", "fields", "status", "value", "priority", "name"]
)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
TASK = {
    "id": 1,
    "phid": "PHID-TASK-1",
    "fields": {
        "name": "Loose",
        "status": {"value": "duplicate"},
        "priority": None,
        "dateModified": 1,
    },
}


@given(json_values | st.builds(lambda value: {"result": {"data": [TASK, value]}}, json_values))
def test_any_json_is_tasks_or_an_error_of_ours(value):
    if isinstance(value, dict):
        value.setdefault("error_code", None)
    for remotebugs in (["T1"], ["T1", "T2"]):
        try:
            outcomes = read(json.dumps(value).encode(), *remotebugs)
        except MalonewatchError:
            continue
        assert all(isinstance(each, (RemoteBug, RemoteBugError)) for each in outcomes.values())


@given(st.text(max_size=200))
def test_any_page_is_a_task_or_an_error_of_ours(text):
    for body in (text, f"<!DOCTYPE html><title>⚓ T1 {text}</title>{text}"):
        try:
            outcomes = read(body.encode(), dialect="page")
        except MalonewatchError:
            continue
        assert isinstance(outcomes["T1"], (RemoteBug, RemoteBugError))


def test_a_very_long_page_takes_no_longer_than_it_is():
    head = "<!DOCTYPE html><title>T1 x</title>"
    for piece in (
        '<div class="phui-header-subheader">',
        '<span class="phui-tag-core ">',
        "<title>",
    ):
        outcome = read((head + piece * 50_000).encode(), dialect="page")["T1"]
        assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG


# What real ones answered


def test_a_recorded_search():
    body, [must_read] = sample("PHABRICATOR", "search-next.json")
    bug = read(body, must_read["id"])[must_read["id"]]
    assert (bug.remotestatus, bug.remote_importance) == (
        must_read["status"],
        must_read["importance"],
    )
    assert bug.title == must_read["title"]
    assert f"{bug.modified:%Y-%m-%dT%H:%M:%SZ}" == must_read["updated"]
    assert bug.closed is None


def test_a_recorded_error():
    body, must_read = sample("PHABRICATOR", "conduit-error.json")
    assert must_read["error"] == "bad_request"
    with pytest.raises(UnparsableBugTracker):
        read(body)
