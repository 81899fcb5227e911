import functools
import random
from datetime import datetime, timezone
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker import Debbugs
from malonewatch.externalbugtracker.driver import format_time
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    MalonewatchError,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
)
from malonewatch.testing.debbugs import DebbugsSimulator, fault, get_status_response
from malonewatch.testing.simulator import SimulatedBug, Simulator

BASE = "https://bugs.example.com"


class TestDebbugs(BatchesConformance, DuplicatesConformance, ExternalBugTrackerConformance):
    factory = Debbugs
    simulator = DebbugsSimulator
    urls = [
        ("http://bugs.debian.org/cgi-bin/bugreport.cgi?bug=42", "https://bugs.debian.org", "42"),
        (
            "https://bugs.debian.org/cgi-bin/bugreport.cgi?msg=5;bug=042;mbox=yes#5",
            "https://bugs.debian.org",
            "42",
        ),
        (
            "https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=%2342&msg=5",
            "https://bugs.debian.org",
            "42",
        ),
        ("https://example.com/d/cgi-bin/bugreport.cgi?bug=42", "https://example.com/d", "42"),
        ("https://debbugs.gnu.org/cgi/bugreport.cgi?bug=42", "https://debbugs.gnu.org", "42"),
        ("https://bugs.debian.org/42", "https://bugs.debian.org", "42"),
        ("https://bugs.debian.org/42/", "https://bugs.debian.org", "42"),
        ("https://debbugs.gnu.org/42#17", "https://debbugs.gnu.org", "42"),
        ("http://bugs.gnu.org/42", "https://debbugs.gnu.org", "42"),
        (
            "https://bugs.debian.org/cgi-bin/bugreport.cgi/?bug=42",
            "https://bugs.debian.org",
            "42",
        ),
    ]
    not_urls = [
        "https://bugs.debian.org/cgi-bin/pkgreport.cgi?pkg=42",
        "https://bugs.debian.org/cgi-bin/bugreport.cgi?bug=foo",
        "https://bugs.debian.org/cgi-bin/bugreport.cgi",
        "https://bugs.debian.org/bugreport.cgi?bug=42",
        "https://bugs.debian.org/nocgi/bugreport.cgi?bug=42",
        "https://bugs.debian.org/cgi-bin/bugreport.cgi.old?bug=42",
        "cgi-bin/bugreport.cgi?bug=42",
        "https://bugs.debian.org/src:foo",
        "https://bugs.debian.org/pkg/42",
        "https://bugs.debian.org/",
        "https://bugs.example.com/42",
        "https://bugs.debian.org.example.com/42",
    ]
    has_private_bugs = False

    def test_what_is_no_debbugs_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
            self.asker(simulator).ask(["1"])

    def test_missing_bugs_are_asked_for_again_in_one_request(self):
        with type(self).simulator() as simulator:
            simulator.add("1")
            asker = self.asker(simulator)
            asker.ask(["1"])
            simulator.requests.clear()
            outcomes = asker.ask([str(number) for number in range(1, 101)])
            assert len(simulator.requests) == 2
        assert isinstance(outcomes.pop("1"), RemoteBug)
        assert {outcome.error_type for outcome in outcomes.values()} == {
            BugWatchErrorType.BUG_NOT_FOUND
        }


class TestDebbugsInCGI(TestDebbugs):
    simulator = functools.partial(DebbugsSimulator, cgi="cgi")


def make(baseurl=BASE, dialect=None):
    return Debbugs(BugTrackerFacts("x", BugTrackerType.DEBBUGS, baseurl, dialect))


def ask(*bugs):
    """Outcomes by id from a simulator that has those bugs."""
    with DebbugsSimulator() as simulator:
        for id, values in bugs:
            simulator.add(id, **values)
        return Asker(Debbugs, simulator.url).ask([id for id, _ in bugs])


def answer_with(response):
    """A handler that answers everything like that."""

    async def handler(request):
        return response()

    return handler


def test_the_short_form_is_a_bug_of_a_registered_debbugs():
    url = urlsplit("https://example.com/bugs/042?x=y#5")
    assert Debbugs.parseBugURL(url, "https://example.com/bugs") == RecognisedURL(
        "https://example.com/bugs", "42", Certainty.REGISTERED
    )
    assert Debbugs.parseBugURL(url, "https://example.com") is None


@pytest.mark.parametrize(
    ("baseurl", "dialect", "url"),
    [
        ("https://debbugs.gnu.org", None, "https://debbugs.gnu.org/cgi/bugreport.cgi?bug=42"),
        ("http://bugs.debian.org/", None, "http://bugs.debian.org/cgi-bin/bugreport.cgi?bug=42"),
        ("http://b.example", "cgi", "http://b.example/cgi/bugreport.cgi?bug=42"),
        (
            "http://debbugs.gnu.org",
            "cgi-bin",
            "http://debbugs.gnu.org/cgi-bin/bugreport.cgi?bug=42",
        ),
    ],
)
def test_the_dialect_is_the_folder_of_the_scripts(baseurl, dialect, url):
    assert make(baseurl, dialect).getBugURL("42") == url


@pytest.mark.parametrize("cgi", ["cgi-bin", "cgi"])
def test_the_dialect_is_learnt(cgi):
    with DebbugsSimulator(cgi=cgi) as simulator:
        simulator.add("1")
        asker = Asker(Debbugs, simulator.url)
        asker.ask(["1"])
    assert asker.dialect == cgi


def test_scripts_that_moved_are_found_again_once_they_are_looked_for():
    with DebbugsSimulator(cgi="cgi") as simulator:
        simulator.add("1")
        asker = Asker(Debbugs, simulator.url, dialect="cgi-bin")
        with pytest.raises(UnparsableBugTracker, match="as if that were not there"):
            asker.ask(["1"])
        assert isinstance(asker.ask(["1"], probe=True)["1"], RemoteBug)
    assert asker.dialect == "cgi"


@pytest.mark.parametrize("apart", [False, True])
def test_a_service_that_is_not_there_says_nothing_of_a_bug(apart):
    with DebbugsSimulator(cgi="elsewhere") as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(Debbugs, simulator.url).ask(["1"], apart=apart)


def test_it_says_what_it_is():
    with DebbugsSimulator(cgi="cgi") as simulator:
        assert Asker(Debbugs, simulator.url).identify() == "Debbugs"
    with Simulator() as simulator:
        assert Asker(Debbugs, simulator.url).identify() is None


def test_nothing_is_concluded_from_one_answer_that_leaves_all_out():
    """It has an empty map for everything, once."""

    async def empty(request):
        simulator.fault = None
        return web.Response(text=get_status_response([]), content_type="text/xml")

    with DebbugsSimulator() as simulator:
        simulator.add("1")
        simulator.add("2")
        simulator.fault = empty
        outcomes = Asker(Debbugs, simulator.url).ask(["1", "2"])
        assert len(simulator.requests) == 2
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_fault_because_of_one_bug_costs_the_others_nothing():
    async def stumbles(request):
        return fault("Server", "Can't use an undefined value as a HASH reference")

    with DebbugsSimulator() as simulator:
        for number in range(1, 21):
            simulator.add(str(number))
        simulator.spoiler, simulator.spoil = "7", stumbles
        outcomes = Asker(Debbugs, simulator.url, dialect="cgi-bin").ask(simulator.bugs)
    outcome = outcomes.pop("7")
    assert (outcome.error_type, outcome.apart) == (BugWatchErrorType.UNPARSABLE_BUG, True)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_server_that_knows_no_post_does_not_have_it():
    with Simulator() as simulator:
        simulator.fault = answer_with(lambda: web.Response(status=405))
        with pytest.raises(UnsupportedBugTracker):
            Asker(Debbugs, simulator.url).ask(["1"])
        assert simulator.requests == ["POST /cgi-bin/soap.cgi", "POST /cgi/soap.cgi"]


@pytest.mark.parametrize(
    ("response", "error", "why"),
    [
        (lambda: fault("Server", "Oh no"), BugTrackerConnectError, "HTTP status 500"),
        (
            lambda: web.Response(text=fault("Server", "Oh no").text),
            UnparsableBugTracker,
            "there are no bugs in it",
        ),
        (lambda: web.Response(status=403), BugTrackerCredentialsRefused, "log-in"),
        (lambda: web.Response(status=400), UnparsableBugTracker, "HTTP status 400"),
        (
            lambda: web.Response(status=400, text=get_status_response([SimulatedBug("1")])),
            UnparsableBugTracker,
            "HTTP status 400",
        ),
        (lambda: web.Response(text="42"), UnparsableBugTracker, "XML"),
    ],
)
def test_an_answer_that_is_none_is_trouble(response, error, why):
    with DebbugsSimulator() as simulator:
        simulator.fault = answer_with(response)
        with pytest.raises(error, match=why):
            Asker(Debbugs, simulator.url).ask(["1"])


def test_long_ids_take_no_more_requests():
    with DebbugsSimulator() as simulator:
        ids = [str(10**17 + number) for number in range(Debbugs.request_size)]
        for id in ids:
            simulator.add(id)
        Asker(Debbugs, simulator.url).ask(ids)
        assert len(simulator.requests) == 1


@pytest.mark.parametrize(
    ("state", "tags", "remotestatus", "status"),
    [
        ("open", "", "open", BugTaskStatus.NEW),
        ("forwarded", "", "forwarded", BugTaskStatus.CONFIRMED),
        ("done", "", "done", BugTaskStatus.FIXRELEASED),
        ("open", "security patch", "open", BugTaskStatus.NEW),
        ("open", "unreproducible", "open unreproducible", BugTaskStatus.INCOMPLETE),
        ("open", "confirmed moreinfo", "open moreinfo confirmed", BugTaskStatus.CONFIRMED),
        (
            "open",
            "pending moreinfo upstream",
            "open moreinfo upstream pending",
            BugTaskStatus.FIXCOMMITTED,
        ),
        ("open", "wontfix fixed", "open fixed wontfix", BugTaskStatus.WONTFIX),
        ("forwarded", "moreinfo upstream", "forwarded", BugTaskStatus.CONFIRMED),
        (
            "forwarded",
            "fixed-upstream",
            "forwarded fixed-upstream",
            BugTaskStatus.CONFIRMED,
        ),
        ("forwarded", "pending", "forwarded pending", BugTaskStatus.FIXCOMMITTED),
        ("done", "pending moreinfo", "done", BugTaskStatus.FIXRELEASED),
        ("done", "wontfix", "done wontfix", BugTaskStatus.WONTFIX),
        ("done", "notabug", "done notabug", BugTaskStatus.INVALID),
    ],
)
def test_state_and_tags_make_the_status(state, tags, remotestatus, status):
    bug = ask(("1", {"status": state, "extra": {"tags": tags.split()}}))["1"]
    assert (bug.remotestatus, bug.status) == (remotestatus, status)
    assert make().convertRemoteStatus(remotestatus) is status


def test_done_outranks_forwarded():
    outcomes = ask(("1", {"status": "done", "extra": {"forwarded": "mailto:up@example.com"}}))
    assert outcomes["1"].remotestatus == "done"


def test_an_archived_bug_is_a_bug_like_any_other():
    outcomes = ask(("1", {"status": "done", "extra": {"archived": True}}))
    assert outcomes["1"].status is BugTaskStatus.FIXRELEASED


def test_a_tag_that_a_state_does_not_have_is_unknown():
    assert make().convertRemoteStatus("done pending") is BugTaskStatus.UNKNOWN
    assert make().convertRemoteStatus("") is BugTaskStatus.UNKNOWN


def test_only_a_refused_bug_has_a_resolution():
    outcomes = ask(
        ("1", {"status": "done"}),
        ("2", {"status": "done", "extra": {"tags": ["wontfix"]}}),
        ("3", {"status": "open", "extra": {"tags": ["wontfix"]}}),
    )
    assert [outcomes[id].resolution for id in "123"] == ["", "wontfix", ""]


@pytest.mark.parametrize(
    ("severity", "importance"),
    [
        ("critical", BugTaskImportance.CRITICAL),
        ("grave", BugTaskImportance.CRITICAL),
        ("serious", BugTaskImportance.HIGH),
        ("important", BugTaskImportance.HIGH),
        ("normal", BugTaskImportance.MEDIUM),
        ("minor", BugTaskImportance.LOW),
        ("wishlist", BugTaskImportance.WISHLIST),
        ("strange", BugTaskImportance.UNKNOWN),
    ],
)
def test_the_severity_is_the_importance(severity, importance):
    bug = ask(("1", {"severity": severity}))["1"]
    assert (bug.remote_importance, bug.importance) == (severity, importance)


@pytest.mark.parametrize("title", ["0815", "42", "1e5", "true", "Zoë <b> & co", "a  b", "NaN"])
def test_a_title_is_text_whatever_type_it_looks_like(title):
    assert ask(("1", {"title": title}))["1"].title == title


def test_the_oldest_of_merged_bugs_stands_for_all():
    outcomes = ask(
        ("7", {"extra": {"mergedwith": ["10", "9"]}}),
        ("9", {"extra": {"mergedwith": ["7", "10"]}}),
        ("10", {"extra": {"mergedwith": ["7"]}}),
        ("11", {"duplicate_of": "12"}),
    )
    assert [outcomes[id].duplicate_of for id in ("7", "9", "10", "11")] == [None, "7", "7", None]


def test_links():
    links = make().getBugFilingAndSearchLinks("bash", "It's broken", "Very & much")
    assert links.bug_filing_url is None
    assert links.bug_search_url == (
        "https://bugs.example.com/cgi-bin/search.cgi?phrase=It%27s%20broken"
        "&attribute_field=package&attribute_operator=STROREQ&attribute_value=bash"
    )
    assert make("https://debbugs.gnu.org").getBugFilingAndSearchLinks(summary="x") == (
        None,
        "https://debbugs.gnu.org/cgi/search.cgi?phrase=x",
    )


# Parsing alone.

RECORD = {
    "subject": "A bug",
    "severity": "normal",
    "done": "",
    "forwarded": "",
    "tags": "",
    "last_modified": "1704164645",
}


def answer(*records):
    """An answer with those (id, XML of the record's value) in it."""
    items = "".join(f"<item><key>{id}</key>{value}</item>" for id, value in records)
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:i="http://www.w3.org/1999/XMLSchema-instance"><e:Body>'
        f'<get_statusResponse xmlns="Debbugs/SOAP"><r>{items}</r></get_statusResponse>'
        "</e:Body></e:Envelope>"
    ).encode()


def record(**fields):
    """The XML of a record: `RECORD` with some fields changed, those with None left out."""
    fields = {**RECORD, **fields}
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in fields.items() if text is not None)
    return f"<value>{inner}</value>"


def read(body, *ids):
    """Outcomes by id of what an answer with that body says."""
    client = Canned(body, "text/xml")
    return Asker(Debbugs, BASE, dialect="cgi-bin", client=client).ask(ids)


def test_an_older_servers_namespaces_will_do():
    octets = '<subject i:type="SOAP-ENC:base64">WsOkaA==</subject>'
    body = answer(("1", record(subject=None).replace("</value>", octets + "</value>")))
    assert read(body, "1")["1"].title == "Zäh"


def test_base64_that_is_not_utf_8_is_taken_for_latin_1():
    octets = '<subject i:type="xsd:base64Binary">\n WuRo\n </subject>'
    body = answer(("1", record(subject=None).replace("</value>", octets + "</value>")))
    assert read(body, "1")["1"].title == "Zäh"


def test_what_is_not_the_base64_that_it_is_said_to_be_stays_as_it_is():
    octets = '<subject i:type="xsd:base64Binary">a</subject>'
    body = answer(("1", record(subject=None).replace("</value>", octets + "</value>")))
    assert read(body, "1")["1"].title == "a"


def test_a_bug_that_is_done_may_be_so_in_some_release():
    versions = "<item>bash/5.0-1</item><item>bash/4.4-2</item>"
    body = answer(
        ("1", record(done="me@example.com", fixed_versions=versions)),
        ("2", record(fixed_versions=versions)),
    )
    outcomes = read(body, "1", "2")
    assert (outcomes["1"].closed, outcomes["1"].fixed_in) == (True, "bash/5.0-1 bash/4.4-2")
    assert (outcomes["2"].closed, outcomes["2"].fixed_in) == (False, "")


def test_the_record_comes_along():
    assert read(answer(("1", record(owner="me"))), "1")["1"].raw == {
        **RECORD,
        "owner": "me",
        "id": "1",
    }


def test_a_record_may_be_a_map_too():
    items = "".join(f"<item><key>{k}</key><value>{v}</value></item>" for k, v in RECORD.items())
    bug = read(answer(("1", f"<value>{items}</value>")), "1")["1"]
    assert (bug.title, bug.remotestatus) == ("A bug", "open")


def test_lists_may_be_arrays_too():
    body = answer(
        (
            "5",
            record(
                tags="<item>wontfix</item><item>moreinfo</item>",
                mergedwith="<item>3</item><item>4</item>",
            ),
        )
    )
    bug = read(body, "5")["5"]
    assert (bug.remotestatus, bug.duplicate_of) == ("open moreinfo wontfix", "3")


@pytest.mark.parametrize(
    ("fields", "modified"),
    [
        ({}, datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        (
            {"last_modified": "", "log_modified": "1704164645"},
            datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        ),
        ({"last_modified": None}, None),
        ({"last_modified": "0"}, None),
        ({"last_modified": "yesterday"}, None),
        ({"last_modified": "9" * 18}, None),
        ({"last_modified": "9" * 12}, None),
    ],
)
def test_modified_is_in_seconds_since_the_epoch(fields, modified):
    assert read(answer(("1", record(**fields))), "1")["1"].modified == modified


def test_what_is_no_number_is_not_merged():
    body = answer(("5", record(mergedwith="x -3 4")))
    assert read(body, "5")["5"].duplicate_of == "4"


@pytest.mark.parametrize("flag", ["", "0"])
def test_what_perl_takes_for_false_is_not_done(flag):
    body = answer(("1", record(done=flag, forwarded=flag)))
    assert read(body, "1")["1"].remotestatus == "open"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("<value/>", "no subject"),
        (record(done=None), "no done"),
        (record(severity=None), "no severity"),
        (record(subject=None), "no subject"),
    ],
)
def test_a_malformed_record_is_that_bugs_error_alone(value, why):
    found = read(answer(("1", value), ("2", record())), "1", "2")
    assert found["1"].error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert why in found["1"].message
    assert isinstance(found["2"], RemoteBug)


def test_bugs_that_were_not_asked_for_do_not_matter():
    assert set(read(answer(("1", record()), ("2", "<value/>")), "1")) == {"1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Envelope/>",
        b"<Envelope><Body/></Envelope>",
        b"<Envelope><Body><get_statusResponse/></Body></Envelope>",
        b"<Envelope><Body><get_bugsResponse><r/></get_bugsResponse></Body></Envelope>",
        b"<Envelope><Body><get_statusResponse><r>No</r></get_statusResponse></Body></Envelope>",
        b"<Envelope><Body><Fault><faultcode>Server</faultcode></Fault></Body></Envelope>",
        b'<?xml version="1.0" encoding="nonsense"?><x/>',
        answer(("", record())),
        answer(("1", record())).replace(b"key", b"kex"),
    ],
)
def test_nothing_is_concluded_from_another_kind_of_answer(body):
    with pytest.raises(UnparsableBugTracker):
        read(body, "1")


@pytest.mark.parametrize("depth", [5_000, 50_000])
def test_deep_nesting_costs_the_others_nothing(depth):
    deep = answer(("12", record(subject="<a>" * depth + "</a>" * depth)))

    async def nested(request):
        return web.Response(body=deep, content_type="text/xml")

    with DebbugsSimulator() as simulator:
        for id in ("11", "12", "13"):
            simulator.add(id)
        simulator.spoiler, simulator.spoil = "12", nested
        outcomes = Asker(Debbugs, simulator.url).ask(simulator.bugs)
    assert outcomes["12"].error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert isinstance(outcomes["11"], RemoteBug)
    assert isinstance(outcomes["13"], RemoteBug)


def check(body):
    try:
        found = read(body, "1", "2")
    except MalonewatchError:
        return
    assert all(isinstance(outcome, (RemoteBug, RemoteBugError)) for outcome in found.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    check(body)


GOOD = get_status_response(
    [SimulatedBug("1", status="done"), SimulatedBug("2", title="Ünï", extra={"tags": ["help"]})]
).encode()


@given(st.randoms(use_true_random=False), st.integers(1, 20))
def test_an_answer_with_garbled_bytes_is_bugs_or_an_error_of_ours(chance: random.Random, count):
    body = bytearray(GOOD)
    for _ in range(count):
        body[chance.randrange(len(body))] = chance.choice(b"<>/&\"'=0 a\xff\x00\xc3")
    check(bytes(body))


@given(st.randoms(use_true_random=False), st.integers(1, 10))
def test_an_answer_of_another_structure_is_bugs_or_an_error_of_ours(chance: random.Random, count):
    root = ElementTree.fromstring(GOOD)
    for _ in range(count):
        elements = list(root.iter())
        one, other = chance.choice(elements), chance.choice(elements)
        change = chance.randrange(5)
        if change == 0:
            one.text = other.text
        elif change == 1:
            one.tag = other.tag
        elif change == 2:
            one.attrib = dict(other.attrib)
        elif change == 3 and len(one):
            one.remove(one[0])
        elif change == 4 and other not in one.iter():
            other.append(one)
    check(ElementTree.tostring(root))


@given(st.text())
def test_any_text_as_a_status_has_a_meaning(text):
    assert make().convertRemoteStatus(text) in BugTaskStatus


# What real ones answered.


def test_a_recorded_answer():
    body, must_read = sample("DEBBUGS", "soap-get-status-2.xml")
    outcomes = read(body, *(str(bug["id"]) for bug in must_read))
    for bug in must_read:
        found = outcomes[str(bug["id"])]
        assert (bug["status"], bug["done"]) == ("pending", "")
        assert found.remotestatus == "open"
        assert found.status is BugTaskStatus.NEW
        assert found.remote_importance == bug["severity"]
        assert found.title == bug["title"]
        assert format_time(found.modified) == bug["updated"]
        assert found.duplicate_of is None


@pytest.mark.parametrize(
    "name",
    [
        "soap-newest-bugs.xml",
        "spool-summary-304014.txt",
        "spool-summary-322535.txt",
        "spool-summary-563.txt",
    ],
)
def test_a_recorded_answer_to_another_question_and_a_file_of_the_spool_are_no_answers(name):
    body, must_read = sample("DEBBUGS", name)
    ids = [str(bug["id"] if isinstance(bug, dict) else bug) for bug in must_read]
    with pytest.raises(UnparsableBugTracker):
        read(body, *ids)
