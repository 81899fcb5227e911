import functools
import json
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker.rt import OWN_STATUSES, RT, parse
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    Credentials,
    MalonewatchError,
    RemoteBug,
    RemoteBugError,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    CredentialsConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
)
from malonewatch.testing.rt import RTSimulator

BASE = "https://rt.example.com"
INSIDER = Credentials("jane", "open sesame")
OUTSIDER = Credentials(token="1-14-abc")


def running(version=(5, 0, 3)):
    simulator = RTSimulator(version=version)
    simulator.people = {("jane", "open sesame"): True, "1-14-abc": False}
    return simulator


def ask(simulator, *remotebugs, credentials=OUTSIDER, **settings):
    return Asker(RT, simulator.url, credentials=credentials).ask(remotebugs, **settings)


class TestRT(
    BatchesConformance, CredentialsConformance, MovesConformance, ExternalBugTrackerConformance
):
    factory = RT
    simulator = staticmethod(running)
    requests_for_three_batches = 3 * RT.request_size // 100
    simulator_with_login = staticmethod(running)
    login = INSIDER
    wrong_login = Credentials("jane", "nonsense")
    outsider = OUTSIDER
    urls = [
        ("https://rt.example.com/Ticket/Display.html?id=42", BASE, "42"),
        (
            "http://rt.example.com/rt3/Ticket/History.html?id=042#txn-7",
            "http://rt.example.com/rt3",
            "42",
        ),
        (
            "https://example.com/rt/Ticket/Update.html?Action=Comment;id=42",
            "https://example.com/rt",
            "42",
        ),
        ("https://rt.example.com/SelfService/Display.html?id=42", BASE, "42"),
        ("http://rt.cpan.org/Public/Bug/Display.html?id=42", "https://rt.cpan.org", "42"),
        ("https://rt.cpan.org/NoAuth/Bug.html?id=42", "https://rt.cpan.org", "42"),
        ("https://rt.cpan.org/Ticket/Display.html?id=42&results=a1b2", "https://rt.cpan.org", "42"),
        ("https://rt.example.com/m/ticket/show?id=42", BASE, "42"),
        ("https://rt.example.com/REST/2.0/ticket/42", BASE, "42"),
        ("https://rt.example.com/REST/1.0/ticket/42", BASE, "42"),
        ("https://rt.example.com/REST/1.0/ticket/42/show", BASE, "42"),
    ]
    not_urls = [
        "https://rt.example.com/Ticket/Display.html",
        "https://rt.example.com/Ticket/Display.html?id=new",
        "https://rt.example.com/Ticket/Display.html?id=9999999999",
        "https://rt.example.com/Ticket/Attachment/12/34/x.patch",
        "https://rt.cpan.org/Public/Dist/Display.html?Name=Frob",
        "https://rt.example.com/User/Summary.html?id=42",
        "https://rt.example.com/REST/2.0/queue/42",
        "https://rt.example.com/Search/Results.html?Query=id=42",
    ]

    def asker(self, simulator):
        return Asker(RT, simulator.url, credentials=self.outsider)


class TestOldRT(TestRT):
    simulator_with_login = staticmethod(functools.partial(running, (4, 2, 12)))
    # Of before there were tokens.
    outsider = Credentials("joe", "frob")
    tells_modified = False
    says_what_is_missing = True
    # To the interface that it has not got, some are put twice before that is certain.
    requests_for_three_batches = 3 * RT.request_size // 100 + 7

    @staticmethod
    def simulator():
        simulator = running((4, 2, 12))
        simulator.people["joe", "frob"] = False
        return simulator


def make(baseurl=BASE):
    return RT(BugTrackerFacts("x", BugTrackerType.RT, baseurl))


# Requests


@pytest.mark.parametrize("version", [(5, 0, 3), (4, 2, 12)])
def test_a_thousand_tickets_take_ten_requests(version):
    with running(version) as simulator:
        ids = [str(number) for number in range(1_000_001, 1_001_001)]
        for id in ids:
            simulator.add(id)
        asker = Asker(RT, simulator.url, credentials=INSIDER)
        asker.ask(ids[:1])
        simulator.requests.clear()
        for start in range(0, len(ids), RT.request_size):
            found = asker.ask(ids[start : start + RT.request_size])
            assert all(isinstance(outcome, RemoteBug) for outcome in found.values())
        assert len(simulator.requests) == 10
        assert max(map(len, simulator.requests)) < 4000


def test_a_page_that_is_not_all_is_followed_by_the_next():
    with running() as simulator:
        simulator.most = 4
        for number in range(1, 11):
            simulator.add(str(number))
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_password_is_in_no_url_and_in_no_request_without_one():
    with running((4, 2, 12)) as simulator:
        simulator.add("1")
        ask(simulator, "1", credentials=INSIDER)
        first, second = simulator.requests
        assert first.startswith("GET /rt/REST/2.0/tickets?query=id%3D1&fields=Subject,Status,")
        assert second == "POST /rt/REST/1.0/show"


def test_a_token_is_good_for_the_older_interface():
    with running((4, 4, 4)) as simulator:
        simulator.add("1")
        assert isinstance(ask(simulator, "1")["1"], RemoteBug)


@pytest.mark.parametrize("version", [(5, 0, 3), (3, 4, 5)])
def test_without_credentials_it_says_no_more_than_what_it_is(version):
    with running(version) as simulator:
        simulator.add("1")
        asker = Asker(RT, simulator.url)
        assert asker.identify() == "Request Tracker " + ".".join(map(str, version))
        with pytest.raises(BugTrackerCredentialsRefused, match="there are no credentials for it"):
            asker.ask(["1"])


# Tickets


@pytest.mark.parametrize("version", [(5, 0, 3), (4, 2, 12)])
def test_a_merged_ticket_is_the_one_that_it_is_a_part_of(version):
    with running(version) as simulator:
        simulator.add("3", title="The whole", status="open")
        simulator.add("4", moved_to="3")
        outcomes = ask(simulator, "3", "4", credentials=INSIDER)
        asked = make(simulator.url).getBugURL("3")
    assert (outcomes["4"].title, outcomes["4"].moved_to) == ("The whole", asked)
    assert outcomes["3"].moved_to is None


@pytest.mark.parametrize("ids", [["5"], ["4", "5"]])
@pytest.mark.parametrize("version", [(5, 0, 3), (4, 2, 12)])
def test_a_deleted_ticket_is_deleted(version, ids):
    with running(version) as simulator:
        simulator.add("4")
        simulator.add("5", status="deleted")
        outcome = ask(simulator, *ids, credentials=INSIDER)["5"]
    assert outcome.error_type is BugWatchErrorType.BUG_DELETED


@pytest.mark.parametrize("version", [(5, 0, 3), (4, 2, 12)])
@pytest.mark.parametrize(
    ("priority", "severity", "importance"),
    [
        ("0", "", BugTaskImportance.UNDECIDED),
        ("20", "", BugTaskImportance.LOW),
        ("50", "", BugTaskImportance.MEDIUM),
        ("100", "", BugTaskImportance.HIGH),
        ("On Fire", "", BugTaskImportance.CRITICAL),
        ("", "", BugTaskImportance.UNKNOWN),
        ("0", "Critical", BugTaskImportance.CRITICAL),
        ("0", "Important", BugTaskImportance.HIGH),
        ("0", "Normal", BugTaskImportance.MEDIUM),
        ("0", "Unimportant", BugTaskImportance.LOW),
        ("0", "Wishlist", BugTaskImportance.WISHLIST),
    ],
)
def test_the_severity_counts_before_the_priority(version, priority, severity, importance):
    with running(version) as simulator:
        simulator.add("1", priority=priority, severity=severity)
        bug = ask(simulator, "1", credentials=INSIDER)["1"]
    assert (bug.remote_importance, bug.importance) == (severity or priority, importance)


def test_a_priority_means_what_the_number_does_from_which_that_begins():
    found = make().explainImportance("70")
    medium = BugTaskImportance.MEDIUM
    assert found == (medium, "table", ("numbers", "50", medium))


def test_what_has_a_time_of_resolution_is_over():
    with running() as simulator:
        simulator.add("1", status="released into the wild", extra={"fixed_in": "1.2"})
        simulator.add("2", status="buried", extra={"resolved": "2024-02-03T04:05:06Z"})
        outcomes = ask(simulator, "1", "2")
    assert outcomes["1"].fixed_in == "1.2"
    assert [outcomes[id].closed for id in "12"] == [False, True]
    assert [outcomes[id].guessed for id in "12"] == [True, True]
    assert outcomes["1"].date_closed is None
    assert outcomes["2"].date_closed == datetime(2024, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


@pytest.mark.parametrize("version", [(5, 0, 3), (4, 2, 12)])
def test_every_status_passes_through(version):
    own = [word.strip() for each in OWN_STATUSES.values() for word in each.split(",")]
    words = {word: make().status_table[word] for word in own if word != "deleted"}
    with running(version) as simulator:
        for number, word in enumerate(words, 1):
            simulator.add(str(number), status=word)
        outcomes = ask(simulator, *simulator.bugs, credentials=INSIDER)
    assert {bug.remotestatus: bug.status for bug in outcomes.values()} == words


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("open", BugTaskStatus.CONFIRMED),
        ("stalled", BugTaskStatus.CONFIRMED),
        ("patched", BugTaskStatus.FIXCOMMITTED),
        ("Resolved", BugTaskStatus.FIXRELEASED),
        ("rejected", BugTaskStatus.INVALID),
        ("simmering", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(status, meaning):
    assert make().convertRemoteStatus(status) is meaning


# Answers in text


def test_a_record_has_fields_over_several_lines_and_what_is_said_in_place_of_them():
    text = "\nid: ticket/1\nCc: a@example.com,\n    b@example.com\n\nCF.{a b}: c: d\nEmpty:\n"
    assert parse(text) == {
        "": "",
        "id": "ticket/1",
        "Cc": "a@example.com,\nb@example.com",
        "CF.{a b}": "c: d",
        "Empty": "",
    }
    assert parse("# Not so.\n# At all.")[""] == "Not so. At all. "
    assert parse("nothing\n of this\n") == {"": ""}


def test_a_later_field_of_the_same_name_is_none():
    assert parse("Status: new\nStatus: open\n")["Status"] == "new"


@pytest.mark.parametrize("status", ["400 Bad Request", "500 Internal server error"])
def test_a_status_in_the_body_counts(status):
    body = f"RT/3.4.5 {status}\n\nid: ticket/1\nSubject: x\nStatus: new\nPriority: 0\n"
    with pytest.raises(UnparsableBugTracker):
        read(body.encode())


def test_who_may_not_ask_is_refused():
    with pytest.raises(BugTrackerCredentialsRefused):
        read(b"RT/3.4.5 403 Forbidden\n\nPermission denied")


@pytest.mark.parametrize("status", [200, 404])
def test_what_does_not_begin_as_rt_does_is_no_answer(status):
    with pytest.raises(UnparsableBugTracker):
        read(b"id: ticket/1\nSubject: x\nStatus: new\nPriority: 0\n", status=status)


def test_one_that_fails_in_the_middle_is_in_trouble():
    with running((4, 2, 12)) as simulator:
        simulator.fails = True
        simulator.add("1")
        with pytest.raises(UnparsableBugTracker):
            ask(simulator, "1", credentials=INSIDER)


WHOLE = (
    "RT/4.2.12 200 Ok\n\nid: ticket/1\nSubject: x\nStatus: new\nPriority: 0\n"
    "LastUpdated: Not set\nTimeLeft: 0\n"
)


@pytest.mark.parametrize("end", ["", "\n", "CF.{Severity}: Critical\n", "CF.{a b}: c\n\n"])
def test_a_ticket_is_whole_from_the_last_of_its_own_fields_on(end):
    assert read(f"{WHOLE}{end}".encode())["1"].remotestatus == "new"


@pytest.mark.parametrize(
    "text", [WHOLE[:length] for length in range(len(WHOLE))] + [f"{WHOLE}CF.{{Severity}}: Crit"]
)
def test_a_text_that_was_cut_off_is_no_answer(text):
    with pytest.raises(BugTrackerTrouble):
        read(text.encode())


def test_links():
    links = make().getBugFilingAndSearchLinks("Frobs", "It's loose", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/Ticket/Create.html?Queue=Frobs&Subject=It%27s%20loose&Content=A%20%26%20b"
    )
    assert links.bug_search_url == f"{BASE}/Search/Simple.html?q=It%27s%20loose"
    assert make().getBugFilingAndSearchLinks().bug_filing_url is None


# Whatever comes


def read(body, *remotebugs, dialect="rest1", status=200):
    client = Canned(body, "text/plain", status, Credentials(token="x"))
    return Asker(RT, BASE, dialect=dialect, client=client).ask(remotebugs or ["1"])


@given(st.text(max_size=300))
def test_any_text_is_tickets_or_an_error_of_ours(text):
    for body in (text, f"RT/5.0.3 200 Ok\n\n{text}", f"RT/5.0.3 200 Ok\n\nid: ticket/1\n{text}"):
        for remotebugs in (["1"], ["1", "2"]):
            try:
                outcomes = read(body.encode(), *remotebugs)
            except MalonewatchError:
                continue
            assert all(isinstance(each, (RemoteBug, RemoteBugError)) for each in outcomes.values())


names = st.sampled_from(["items", "id", "Status", "Subject", "CustomFields", "name", "values"])
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)


@given(json_values)
def test_any_json_is_tickets_or_an_error_of_ours(value):
    for remotebugs in (["1"], ["1", "2"]):
        try:
            outcomes = read(json.dumps(value).encode(), *remotebugs, dialect="rest2")
        except MalonewatchError:
            continue
        assert all(isinstance(each, (RemoteBug, RemoteBugError)) for each in outcomes.values())


@given(st.text(max_size=40))
def test_any_query_is_a_ticket_or_none(query):
    url = urlsplit(f"{BASE}/Ticket/Display.html")._replace(query=query)
    found = RT.parseBugURL(url)
    assert found is None or RT.is_valid(found.remotebug)


@pytest.mark.parametrize("end", ["", "/Ticket/Display.html", "/x.html"])
def test_a_very_long_path_is_no_tickets(end):
    for path in ("/p" * 8_000, "/" + "x" * 16_000):
        RT.parseBugURL(urlsplit(f"{BASE}{path}{end}?id=x"))


# What real ones answered


@pytest.mark.parametrize("name", ["ticket-new", "ticket-open", "ticket-rejected", "search-batch-5"])
def test_recorded_tickets(name):
    body, must_read = sample("RT", f"{name}.txt")
    outcomes = read(body, *(str(bug["id"]) for bug in must_read))
    for bug in must_read:
        found = outcomes[str(bug["id"])]
        assert (found.remotestatus, found.title) == (bug["status"], bug["title"])
        assert found.remote_importance == bug["importance"]
        assert found.status is not BugTaskStatus.UNKNOWN
        assert found.modified is None


def test_a_recorded_failure_is_none_of_the_tickets():
    body, _ = sample("RT", "body-says-500.txt")
    with pytest.raises(UnparsableBugTracker):
        read(body, "1585")


def test_recorded_absence():
    for name in ("search-no-match", "queue-missing"):
        body, must_read = sample("RT", f"{name}.txt")
        assert must_read["error"] == "not_found"
        assert read(body)["1"].error_type is BugWatchErrorType.BUG_NOT_FOUND
