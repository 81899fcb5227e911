import csv
import functools
import io
import json
import xmlrpc.client
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker.trac import (
    COLUMNS,
    Query,
    Trac,
    format_ranges,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
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
    ExternalBugTrackerConformance,
    SweepsConformance,
    VocabularyConformance,
)
from malonewatch.testing.faults import answer, fault, page
from malonewatch.testing.simulator import Simulator
from malonewatch.testing.trac import TracSimulator

BASE = "https://example.com/trac"


class TestTrac(BatchesConformance, ExternalBugTrackerConformance):
    factory = Trac
    simulator = TracSimulator
    urls = [
        ("https://example.com/trac/ticket/42", BASE, "42"),
        ("https://trac.example.com/ticket/42#comment:3", "https://trac.example.com", "42"),
        ("http://example.com/p/trac/ticket/042?cversion=1", "http://example.com/p/trac", "42"),
        ("https://example.com/ticket/ticket/42", "https://example.com/ticket", "42"),
    ]
    not_urls = [
        "https://example.com/trac/ticket/",
        "https://example.com/trac/ticket/foo",
        "https://example.com/trac/ticket/42/edit",
        "https://example.com/trac/attachment/ticket/42/patch.diff",
        "https://example.com/trac/tickets/42",
        "https://example.com/trac/query?id=42",
        "https://example.com/trac/ticket/٤٢",
    ]
    # The first request is an answer already.
    requests_for_three_batches = 3


class TestOldTrac(ExternalBugTrackerConformance):
    factory = Trac
    simulator = functools.partial(TracSimulator, version=(0, 10))
    urls = TestTrac.urls
    tells_modified = False


LOGIN = Credentials(username="jane", password="a-secret")


class TestJsonRpc(BatchesConformance, CredentialsConformance, ExternalBugTrackerConformance):
    factory = Trac
    simulator = functools.partial(
        TracSimulator, rpc=("json", "xml"), login=("jane", "a-secret"), iso_dates=False
    )
    simulator_with_login = simulator
    urls = TestTrac.urls
    login = LOGIN
    wrong_login = Credentials(username="jane", password="another-secret")
    requests_for_three_batches = 3
    has_private_bugs = False
    says_what_is_missing = True

    def asker(self, simulator):
        return Asker(Trac, simulator.url, credentials=LOGIN)


class TestWords(VocabularyConformance):
    factory = Trac
    simulator = TestJsonRpc.simulator
    login = LOGIN


class TestWordsByXmlRpc(TestWords):
    simulator = functools.partial(TracSimulator, rpc=("xml",), login=("jane", "a-secret"))


def test_the_words_of_a_site_are_told():
    with TestJsonRpc.simulator() as simulator:
        simulator.add("1", status="frobbing", priority="whenever", severity="awful")
        simulator.add("2", status="closed", resolution="frobbed")
        found = Asker(Trac, simulator.url, credentials=LOGIN).learn_vocabulary()
        assert Asker(Trac, simulator.url).learn_vocabulary() is None
        simulator.rpc_granted = False
        assert Asker(Trac, simulator.url, credentials=LOGIN).learn_vocabulary() is None
    assert found.statuses["frobbing"] is None
    assert found.statuses["closed frobbed"] is found.statuses["closed"] is True
    assert {"whenever", "awful", "blocker"} <= {*found.importances}


@pytest.mark.parametrize("instead", [page("<html>Hello</html>"), page("It broke.", 500)])
def test_where_something_else_is_in_place_of_the_plug_in_no_words_are_told(instead):
    with TracSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Trac, simulator.url, credentials=LOGIN)
        asker.ask(["1"])
        simulator.fault = instead
        assert asker.learn_vocabulary() is None
        assert simulator.requests[-1].endswith("/login/rpc")


class TestSweeps(SweepsConformance):
    factory = Trac
    simulator = TracSimulator
    # However many there are.
    requests_for_changes = 1


class TestOldSweeps(TestSweeps):
    simulator = functools.partial(
        TracSimulator, version=(0, 12), iso_dates=False, zone=timezone(timedelta(hours=-7))
    )


class TestSweepsByJsonRpc(TestSweeps):
    simulator = TestJsonRpc.simulator
    login = LOGIN


class TestSweepsByXmlRpc(TestSweepsByJsonRpc):
    simulator = functools.partial(TracSimulator, rpc=("xml",), login=("jane", "a-secret"))


def sweep(simulator, credentials=None):
    """What changed in the last five minutes, after a closed ticket did, which is asked for."""
    simulator.add("1", status="closed", resolution="fixed")
    simulator.add("2", private=True)
    for remotebug in ("1", "2"):
        simulator.change(remotebug)
    simulator.add("3")
    asker = Asker(Trac, simulator.url, credentials=credentials)
    asker.ask(["1", "3"])
    simulator.requests.clear()
    return asker, asker.sweep(simulator.now() - timedelta(minutes=5))


@pytest.mark.parametrize("hours", [-11, 0, 13])
def test_the_time_zone_does_not_matter_to_what_changed(hours):
    with TracSimulator(zone=timezone(timedelta(hours=hours))) as simulator:
        assert sweep(simulator)[1] == ("1",)


def test_where_the_time_is_not_looked_at_everything_has_changed():
    with TracSimulator(version=(0, 11)) as simulator:
        assert sweep(simulator)[1] == ("1", "3")


def test_where_there_is_no_query_it_is_not_asked_what_changed():
    with TracSimulator(version=(0, 10)) as simulator:
        asker, found = sweep(simulator)
        assert (asker.dialect, found, simulator.requests) == ("ticket", None, [])


def test_who_may_see_private_tickets_is_told_that_they_changed():
    with TestJsonRpc.simulator() as simulator:
        asker, found = sweep(simulator, LOGIN)
        assert (asker.dialect, found) == ("jsonrpc", ("1", "2"))
        simulator.rpc_granted = False
        assert asker.sweep(simulator.now()) is None


def test_who_is_refused_is_not_told_what_changed():
    with TracSimulator() as simulator:
        asker, _ = sweep(simulator)
        for simulator.login_page in (False, True):
            simulator.public = False
            assert asker.sweep(simulator.now()) is None


def test_a_plug_in_that_takes_no_xml_tells_no_changes():
    with TracSimulator(rpc=("json",), login=("jane", "a-secret")) as simulator:
        assert sweep(simulator, LOGIN)[1] is None


@pytest.fixture
def trac():
    return Trac(BugTrackerFacts("x", BugTrackerType.TRAC, BASE + "/"))


def ask(simulator, remotebugs):
    return Asker(Trac, simulator.url).ask(remotebugs)


# Older versions


@pytest.mark.parametrize("version", [(0, 10), (0, 11), (0, 12), (1, 0)])
def test_every_version_is_understood(version):
    with TracSimulator(version=version) as simulator:
        simulator.add("1", title="Schön, nicht?", status="assigned", priority="minor")
        simulator.add("2", status="closed", resolution="wontfix")
        simulator.add("3", severity="blocker")
        simulator.add("4", malformed=True)
        simulator.add("5", private=True)
        simulator.add("77")
        outcomes = ask(simulator, ["1", "2", "3", "4", "5", "6"])
    assert outcomes["1"].title == "Schön, nicht?"
    assert outcomes["1"].remotestatus == "assigned"
    assert outcomes["1"].remote_importance == "minor"
    assert outcomes["1"].resolution == ""
    assert outcomes["2"].remotestatus == "closed wontfix"
    assert outcomes["2"].resolution == "wontfix"
    assert outcomes["3"].remote_importance == "major blocker"
    assert [outcomes[remotebug].error_type for remotebug in "456"] == [
        BugWatchErrorType.UNPARSABLE_BUG,
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
        BugWatchErrorType.BUG_NOT_FOUND,
    ]


def test_a_list_of_other_columns_is_not_relied_upon():
    # There are no tickets but those that were asked for, so it shows in the columns only.
    with TracSimulator(version=(0, 10)) as simulator:
        simulator.add("1", status="closed", resolution="wontfix")
        assert ask(simulator, ["1"])["1"].remotestatus == "closed wontfix"


def test_a_list_of_other_tickets_is_not_relied_upon():
    body = "id,Status\n1,new\n77,new\n"
    with TracSimulator() as simulator, fault(simulator, answer(body=body, content_type="text/csv")):
        outcomes = ask(simulator, ["1", "2"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "another bug" in outcomes["2"].message


def test_where_times_are_for_people_there_is_no_time():
    with TracSimulator(iso_dates=False) as simulator:
        simulator.add("1")
        assert ask(simulator, ["1"])["1"].modified is None


# No answer, or not all of it


def test_an_empty_answer_is_not_taken_for_nothing():
    with TracSimulator() as simulator:
        simulator.add("1")
        with (
            fault(simulator, answer(content_type="text/csv")),
            pytest.raises(UnparsableBugTracker, match="it is empty"),
        ):
            ask(simulator, ["1"])


@pytest.mark.parametrize(
    "end",
    [
        "1,A bug,closed",
        "1,A bug,clo",
        "1,A bug,closed,wontfix",
        '1,"A\n',
        "1,A bug\n",
    ],
)
def test_what_was_cut_off_is_no_answer(end):
    body = "id,Summary,Status,Resolution\n2,Another,new,\n" + end
    with TracSimulator() as simulator, fault(simulator, answer(body=body, content_type="text/csv")):
        with pytest.raises(UnparsableBugTracker):
            ask(simulator, ["1", "2"])
        assert len(simulator.requests) > 1


@pytest.mark.parametrize(
    "body",
    ["Welcome\n", "id,Summary\n1,A bug\n", "Status\nnew\n", "id,Status\n1," + "x" * 200_000],
)
def test_what_is_no_list_of_tickets_is_trouble(body):
    with (
        TracSimulator() as simulator,
        fault(simulator, answer(body=body, content_type="text/csv")),
        pytest.raises(UnparsableBugTracker),
    ):
        ask(simulator, ["1"])


@pytest.mark.parametrize("status", [400, 302, 500])
def test_tickets_in_an_answer_without_success_are_none(status):
    body = b"id,Status\n1,new\n2,new\n"
    with pytest.raises(UnparsableBugTracker):
        Asker(Trac, BASE, dialect="query", client=Canned(body, "text/csv", status)).ask(["1", "2"])


@pytest.mark.parametrize("body", [b"id,Status\n2,new\n", b"id,Status\n1, \n", b"id,status\n1,--\n"])
def test_another_ticket_and_no_status_are_no_status_of_the_ticket(body):
    client = Canned(body, "text/csv")
    outcome = Asker(Trac, BASE, dialect="ticket", client=client).ask(["1"], apart=True)["1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG


@pytest.mark.parametrize("fault_name", ["page", "500", "log-in page"])
def test_a_bad_answer_does_not_change_the_dialect(fault_name):
    with TracSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Trac, simulator.url)
        asker.ask(["1"])
        with fault(simulator, fault_name), pytest.raises(MalonewatchError):
            asker.ask(["1"])
        assert asker.dialect == "query"
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)


def test_a_trac_that_was_brought_up_to_date_is_asked_for_many_once_that_is_tried_again():
    with TracSimulator(version=(0, 10)) as simulator:
        simulator.add("1")
        simulator.add("2")
        asker = Asker(Trac, simulator.url)
        asker.ask(["1", "2"])
        assert asker.dialect == "ticket"
        simulator.version = (1, 6)
        asker.ask(["1", "2"], probe=True)
    assert asker.dialect == "query"


# The request


def test_ids_are_asked_for_as_ranges():
    with TracSimulator() as simulator:
        for number in (1, 2, 3, 7, 9, 10):
            simulator.add(str(number))
        ask(simulator, ["10", "1", "9", "3", "7", "2"])
        assert len(simulator.requests) == 1
        assert "id=1-3,7,9-10&" in simulator.requests[0]


@given(st.sets(st.integers(0, 10**18 - 1) | st.integers(0, 50)))
def test_ranges_hold_the_numbers_and_no_others(numbers):
    found = set()
    for part in filter(None, format_ranges(map(str, numbers)).split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    assert found == numbers


def test_a_trac_that_never_answers_is_asked_once():
    class Impatient(Trac):
        timeout = 0.2

    with TracSimulator() as simulator, fault(simulator, "silent"):
        asker = Asker(Impatient, simulator.url)
        with pytest.raises(BugTrackerTimeout):
            asker.ask(["1", "2"])
    assert len(asker.exchanges) == 1


# Why there is no bug


def test_a_trac_for_members_only_wants_credentials():
    with TracSimulator() as simulator:
        simulator.public = False
        with pytest.raises(BugTrackerCredentialsRefused, match="there are no credentials for it"):
            ask(simulator, ["1"])


def test_what_has_no_ticket_query_is_no_trac():
    with Simulator() as simulator:
        with pytest.raises(
            UnsupportedBugTracker, match="does not answer like a bug tracker of the type Trac"
        ):
            ask(simulator, ["1"])
        assert len(simulator.requests) == 1


def test_a_page_for_a_ticket_that_no_list_has_tells_nothing():
    with TracSimulator() as simulator:
        simulator.add("1")
        simulator.add("2", extra={"unlisted": True})
        simulator.ticket_csv = False
        outcomes = ask(simulator, ["1", "2"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.UNPARSABLE_BUG


def test_a_ticket_that_no_list_has_may_be_there_all_the_same():
    with TracSimulator() as simulator:
        simulator.add("1")
        simulator.add(
            "2", title="Left out", status="closed", resolution="fixed", extra={"unlisted": True}
        )
        outcomes = ask(simulator, ["1", "2"])
    assert outcomes["2"].title == "Left out"
    assert outcomes["2"].status is BugTaskStatus.FIXRELEASED


def test_a_ticket_behind_a_log_in_page_is_private():
    with TracSimulator() as simulator:
        simulator.add("1")
        simulator.add("2", private=True)
        simulator.login_page = True
        outcomes = ask(simulator, ["1", "2"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def test_a_log_in_page_for_the_query_wants_credentials():
    with TracSimulator() as simulator:
        simulator.public = False
        simulator.login_page = True
        with pytest.raises(BugTrackerCredentialsRefused):
            ask(simulator, ["1"])


# The plug-in for remote procedure calls


def ask_with_login(simulator, remotebugs, **kwargs):
    asker = Asker(Trac, simulator.url, credentials=LOGIN)
    return asker, asker.ask(remotebugs, **kwargs)


@pytest.mark.parametrize(
    ("rpc", "dialect", "requests"),
    [
        (("json", "xml"), "jsonrpc", 1),
        # JSON in vain, all, and the two of which there was an error.
        (("xml",), "xmlrpc", 4),
        # The plug-in in vain.
        ((), "query", 4),
    ],
)
def test_with_credentials_the_plug_in_is_called(rpc, dialect, requests):
    with TracSimulator(rpc=rpc, iso_dates=False) as simulator:
        simulator.add("1", title="Schön", status="closed", resolution="wontfix", severity="minor")
        simulator.add("2")
        simulator.add("3", private=True)
        asker, outcomes = ask_with_login(simulator, ["1", "2", "3", "4"])
        assert len(simulator.requests) == requests
    assert asker.dialect == dialect
    first = outcomes["1"]
    assert (first.title, first.remotestatus) == ("Schön", "closed wontfix")
    assert first.remote_importance == "major minor"
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert first.modified == (moment if rpc else None)
    assert outcomes["3"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["4"].error_type is BugWatchErrorType.BUG_NOT_FOUND


@pytest.mark.parametrize("rpc", [(), ("xml",)])
def test_whose_credentials_are_only_json_tells(rpc):
    with TracSimulator(rpc=rpc) as simulator:
        assert Asker(Trac, simulator.url, credentials=LOGIN).check_credentials() is None


def test_without_credentials_it_is_not_called():
    with TracSimulator(rpc=("json", "xml")) as simulator:
        simulator.add("1")
        ask(simulator, ["1"])
        assert len(simulator.requests) == 1


@pytest.mark.parametrize("rpc", [("json", "xml"), ("xml",)])
def test_whoever_may_not_call_it_is_told_the_rest(rpc):
    with TracSimulator(rpc=rpc) as simulator:
        simulator.add("1")
        asker, _ = ask_with_login(simulator, ["1"])
        assert asker.dialect == f"{rpc[0]}rpc"
        simulator.rpc_granted = False
        for each in (asker, Asker(Trac, simulator.url, credentials=LOGIN)):
            assert isinstance(each.ask(["1"])["1"], RemoteBug)
            assert each.dialect == "query"


@pytest.mark.parametrize("rpc", [("json",), ("xml",)])
def test_a_ticket_of_bad_repute_is_called_for_alone(rpc):
    with TracSimulator(rpc=rpc) as simulator:
        simulator.add("1")
        _, outcomes = ask_with_login(simulator, ["1"], apart=True)
    assert isinstance(outcomes["1"], RemoteBug)


def test_a_plug_in_that_cannot_write_json_is_called_in_xml():
    error = {"name": "JSONRPCError", "code": -32603, "message": "Error: JSON-RPC not available."}
    body = json.dumps({"result": None, "error": error, "id": None})
    with TracSimulator(rpc=("json", "xml")) as simulator:
        simulator.add("1")
        simulator.spoiler, simulator.spoil = "json", answer(body=body)
        asker, outcomes = ask_with_login(simulator, ["1"])
    assert asker.dialect == "xmlrpc"
    assert isinstance(outcomes["1"], RemoteBug)


ERROR = json.dumps({"result": None, "error": {"code": -32603, "message": "Oops"}, "id": 0})
FAULT = xmlrpc.client.dumps(xmlrpc.client.Fault(1, "Oops"))


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(("dialect", "body"), [("jsonrpc", ERROR), ("xmlrpc", FAULT)])
def test_an_error_of_another_kind_is_no_answer(dialect, body, apart):
    client = Canned(body.encode(), "application/json", credentials=LOGIN)
    with pytest.raises(UnparsableBugTracker):
        Asker(Trac, BASE, dialect=dialect, client=client).ask(["1"], apart=apart)


# What the words mean


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("new", BugTaskStatus.NEW),
        ("reopened", BugTaskStatus.NEW),
        ("assigned", BugTaskStatus.CONFIRMED),
        ("accepted", BugTaskStatus.CONFIRMED),
        ("in_work", BugTaskStatus.INPROGRESS),
        ("infoneeded_new", BugTaskStatus.INCOMPLETE),
        ("needs information", BugTaskStatus.INCOMPLETE),
        ("in_QA", BugTaskStatus.FIXCOMMITTED),
        ("closed", BugTaskStatus.FIXRELEASED),
        ("closed fixed", BugTaskStatus.FIXRELEASED),
        ("closed Won't Fix", BugTaskStatus.WONTFIX),
        ("closed duplicate", BugTaskStatus.INVALID),
        ("closed works for me", BugTaskStatus.INVALID),
        ("closed needs_more_info", BugTaskStatus.EXPIRED),
        ("closed needsinfo", BugTaskStatus.EXPIRED),
        ("closed maybelater", BugTaskStatus.WONTFIX),
        ("closed reported-upstream", BugTaskStatus.WONTFIX),
        ("closed no change required", BugTaskStatus.INVALID),
        ("closed user disappeared", BugTaskStatus.EXPIRED),
        ("closed too_vague", BugTaskStatus.EXPIRED),
        ("closed implemented", BugTaskStatus.FIXRELEASED),
        ("awaitsfeedback", BugTaskStatus.INCOMPLETE),
        ("needs_revision", BugTaskStatus.INPROGRESS),
        ("merge_ready", BugTaskStatus.INPROGRESS),
        ("reviewing", BugTaskStatus.INPROGRESS),
        ("works for me", BugTaskStatus.INVALID),
        ("reopened fixed", BugTaskStatus.NEW),
        ("closed by the cat", BugTaskStatus.UNKNOWN),
        ("simmering", BugTaskStatus.UNKNOWN),
        ("simmering fixed", BugTaskStatus.UNKNOWN),
        ("", BugTaskStatus.UNKNOWN),
        (" ", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(trac, remotestatus, status):
    assert trac.convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("remote_importance", "importance"),
    [
        ("blocker", BugTaskImportance.CRITICAL),
        ("major", BugTaskImportance.HIGH),
        ("trivial", BugTaskImportance.LOW),
        ("Highest", BugTaskImportance.CRITICAL),
        ("blocker trivial", BugTaskImportance.LOW),
        ("minor strange", BugTaskImportance.LOW),
        ("strange", BugTaskImportance.UNKNOWN),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance_is_the_severity_if_that_is_known(trac, remote_importance, importance):
    assert trac.convertRemoteImportance(remote_importance) is importance


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("2024-01-02T08:34:05+05:30", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("2024-01-02T03:04:05", None),
        ("2024-01-02", None),
        ("2024-13-02T03:04:05Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("01/02/24 03:04:05", None),
        ("Jan 2, 2024, 3:04:05 AM", None),
        ("", None),
    ],
)
def test_a_time_is_taken_only_with_its_zone(trac, text, moment):
    assert Query(trac).read({"id": "1", "status": "new", "modified": text}).modified == moment


def test_a_title_may_have_several_lines_and_a_resolution_be_dashes():
    body = b'\xef\xbb\xbfid,Summary,Status,Resolution\r\n1,"two\r\nlines",closed,--\r\n'
    bug = Asker(Trac, BASE, client=Canned(body, "text/csv")).ask(["1"])["1"]
    assert (bug.title, bug.remotestatus, bug.resolution) == ("two\r\nlines", "closed", "")


def test_links(trac):
    links = trac.getBugFilingAndSearchLinks(summary="It's broken", description="Very & much")
    assert links.bug_filing_url == (
        f"{BASE}/newticket?summary=It%27s%20broken&description=Very%20%26%20much"
    )
    assert links.bug_search_url == f"{BASE}/search?ticket=on&q=It%27s%20broken"


# What real ones answered.


@pytest.mark.parametrize("name", ["csv-single.csv", "ticket-csv-all-fields.csv"])
def test_a_recorded_ticket_is_read(name):
    body, [must_read] = sample("TRAC", name)
    number = str(must_read["id"])
    client = Canned(body, "text/csv")
    bug = Asker(Trac, BASE, dialect="ticket", client=client).ask([number])[number]
    assert bug.remotestatus == f"{must_read['status']} {must_read['resolution']}"
    assert bug.status is BugTaskStatus.FIXRELEASED
    assert bug.remote_importance == must_read["importance"]
    assert bug.importance is not BugTaskImportance.UNKNOWN
    assert bug.title == must_read["title"]
    # There is no such column.
    assert bug.modified is None


def test_a_recorded_page_of_a_ticket_tells_nothing():
    body, [must_read] = sample("TRAC", "ticket-page.html")
    client = Canned(body, "text/html")
    with pytest.raises(UnparsableBugTracker):
        Asker(Trac, BASE, dialect="ticket", client=client).ask([str(must_read["id"])])


# Anything


def outcomes_of(body, dialect=None):
    credentials = None if dialect is None else LOGIN
    client = Canned(body, "text/csv", credentials=credentials)
    try:
        found = Asker(Trac, BASE, dialect=dialect, client=client).ask(["1", "2"])
    except MalonewatchError:
        return
    assert all(isinstance(outcome, (RemoteBug, RemoteBugError)) for outcome in found.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    outcomes_of(body)
    outcomes_of(b"id,Status,Modified\r\n1," + body)
    outcomes_of(b'{"error": null, "result": [' + body + b"]}", "jsonrpc")
    outcomes_of(b"<methodResponse><params><param><value>" + body, "xmlrpc")
    outcomes_of(b"<methodResponse><params/></methodResponse>", "xmlrpc")


# Python 3.10 cannot write a NUL, nor read one.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(st.lists(st.sampled_from(["1", "2", "closed", "fixed", "--", ""]) | words)))
def test_any_lines_are_bugs_or_an_error_of_ours(lines):
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *lines])
    outcomes_of(text.getvalue().encode("utf-8-sig", "surrogatepass"))


GOOD = (
    "\ufeffid,Summary,Status,Resolution,Priority,Modified\r\n"
    '1,"Ü, ""quoted""",closed,fixed,major,2024-01-02T03:04:05Z\r\n'
    "2,Two,new,,minor,2024-01-02T08:34:05+05:30\r\n"
).encode()


@given(st.integers(0, len(GOOD)), st.integers(0, 20), st.binary(max_size=10))
def test_a_damaged_answer_is_bugs_or_an_error_of_ours(start, length, replacement):
    outcomes_of(GOOD[:start] + replacement + GOOD[start + length :])


@given(st.text(max_size=50))
def test_any_words_have_a_meaning(text):
    external = Trac(BugTrackerFacts("x", BugTrackerType.TRAC, BASE))
    assert isinstance(external.convertRemoteStatus(text), BugTaskStatus)
    assert isinstance(external.convertRemoteImportance(text), BugTaskImportance)
