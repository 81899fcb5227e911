import functools
import json
import socket
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker.driver import format_time
from malonewatch.externalbugtracker.roundup import (
    CLASSIC_STATUSES,
    FIELDS,
    HISTORY,
    Csv,
    Rest,
    Roundup,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    MalonewatchError,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    Response,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    SweepsConformance,
    VocabularyConformance,
)
from malonewatch.testing.roundup import RoundupSimulator
from malonewatch.testing.simulator import Simulator

BASE = "https://bugs.example.com"

PYTHON = {
    "status": ("open", "closed", "pending"),
    "resolution": (
        *("accepted", "duplicate", "fixed", "invalid", "later", "out of date"),
        *("postponed", "rejected", "remind", "wont fix", "works for me"),
    ),
}


class TestRoundup(BatchesConformance, DuplicatesConformance, ExternalBugTrackerConformance):
    factory = Roundup
    simulator = RoundupSimulator
    urls = [
        ("https://bugs.example.com/issue42", "https://bugs.example.com", "42"),
        ("http://example.com/bugs/issue042#msg7", "http://example.com/bugs", "42"),
        ("http://example.com/a/b/issue42?@ok_message=x", "http://example.com/a/b", "42"),
    ]
    not_urls = [
        "https://bugs.example.com/issue",
        "https://bugs.example.com/issue42.html",
        "https://bugs.example.com/issue-42",
        "https://bugs.example.com/tissue42",
        "https://bugs.example.com/issue4²",
        "https://bugs.example.com/bug42",
        "https://bugs.example.com/msg42",
    ]


class TestRoundupCSV(TestRoundup):
    simulator = functools.partial(RoundupSimulator, rest=False)
    # No REST, no resolution, no substatus: three probes, once and for all.
    requests_for_three_batches = 6
    tells_modified = False


class TestOldRoundup(TestRoundup):
    simulator = functools.partial(RoundupSimulator, old=True)
    # No REST; and no word which of the columns there is not.
    requests_for_three_batches = 5
    # Nor has it any but the usual.
    test_a_duplicate_names_the_other_bug = None


FAR_EAST = timezone(timedelta(hours=12))


class TestSweeps(SweepsConformance):
    factory = Roundup
    simulator = functools.partial(RoundupSimulator, zone=FAR_EAST)
    # However many there are.
    requests_for_changes = 1


class TestSweepsByCSV(TestSweeps):
    simulator = functools.partial(RoundupSimulator, rest=False, zone=FAR_EAST)


class TestOldSweeps(TestSweeps):
    simulator = functools.partial(RoundupSimulator, old=True)


def sweep(**kwargs):
    """What changed since a time, of bugs one of which did not; and the requests."""
    since = datetime(2024, 1, 2, 3, 0, tzinfo=timezone.utc)
    with RoundupSimulator(**kwargs) as simulator:
        for number in range(1, 6):
            simulator.add(str(number), private=number == 5)
        simulator.add("6", modified=since - timedelta(minutes=1))
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        simulator.requests.clear()
        return asker.sweep(since), simulator.requests


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=hours)) for hours in (-11, 0, 13)])
@pytest.mark.parametrize("rest", [False, True])
def test_what_changed_is_asked_for_as_times_are_stored(zone, rest):
    found, (request,) = sweep(zone=zone, rest=rest)
    assert found == ("1", "2", "3", "4")
    assert request.endswith("activity=20240102030000%3B")


def test_a_list_of_changes_that_was_cut_short_tells_nothing():
    assert sweep(row_limit=3)[0] is None
    assert sweep(row_limit=30)[0] is not None


def test_who_may_not_ask_any_more_is_not_told_what_changed():
    with RoundupSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        simulator.rest = False
        assert asker.sweep(simulator.now()) is None


class TestWords(VocabularyConformance):
    factory = Roundup
    simulator = RoundupSimulator


DEVEL = {
    "status": ("open", "closed"),
    "resolution": ("fixed", "later"),
    "priority": ("low", "high"),
}


def test_words_are_told_with_the_fields_that_were_learnt():
    fields = ("priority", "resolution")
    with RoundupSimulator(fields=fields, numbers=DEVEL) as simulator:
        simulator.add("1", status="open", priority="low", resolution="fixed")
        asker = Asker(Roundup, simulator.url)
        assert set(asker.learn_vocabulary().statuses) == {"open", "closed"}
        asker.ask(["1"])
        found = asker.learn_vocabulary()
    assert found.statuses.keys() == {
        *DEVEL["status"],
        *("open fixed", "open later", "closed fixed", "closed later"),
    }
    assert set(found.statuses.values()) == {None}
    assert found.importances == ("low", "high")


def test_a_roundup_from_before_rest_tells_no_words():
    with RoundupSimulator(old=True) as simulator:
        assert Asker(Roundup, simulator.url).learn_vocabulary() is None


def test_who_may_not_use_rest_is_told_no_words():
    with RoundupSimulator(rest=False) as simulator, pytest.raises(BugTrackerCredentialsRefused):
        Asker(Roundup, simulator.url).learn_vocabulary()


@pytest.fixture
def roundup():
    return Roundup(
        BugTrackerFacts("x", BugTrackerType.ROUNDUP, "https://bugs.example.com/", dialect=None)
    )


def test_another_class_is_recognised_where_a_roundup_is_registered():
    url = urlsplit("https://bugs.example.com/bug42")
    assert Roundup.parseBugURL(url, "https://bugs.example.com") == RecognisedURL(
        "https://bugs.example.com", "42", Certainty.REGISTERED
    )
    assert Roundup.parseBugURL(url, "https://bugs.example.com/t") is None


@pytest.mark.parametrize(
    ("simulator", "dialect"),
    [
        (RoundupSimulator(), "rest+issue+priority+superseder"),
        (RoundupSimulator(fields=()), "rest+issue"),
        (RoundupSimulator(fields=("resolution",)), "rest+issue+resolution"),
        (RoundupSimulator(classname="bug"), "rest+bug+priority+superseder"),
        (RoundupSimulator(rest=False), "csv+issue+priority+superseder"),
        (
            RoundupSimulator(rest=False, fields=("priority", "substatus")),
            "csv+issue+priority+substatus",
        ),
        (RoundupSimulator(rest=False, classname="bug"), "csv+bug+priority+superseder"),
        (RoundupSimulator(old=True), "csv+issue"),
        (
            RoundupSimulator(old=True, fields=FIELDS),
            "csv+issue+" + "+".join(FIELDS),
        ),
    ],
)
def test_the_dialect_tells_what_there_is(simulator, dialect):
    with simulator:
        simulator.add("1", priority="", status="chatting" if not simulator.old else "unread")
        asker = Asker(Roundup, simulator.url)
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
        assert asker.dialect == dialect
        simulator.requests.clear()
        asker.ask(["1"])
        assert len(simulator.requests) == 1


def test_a_dialect_survives_being_stored(roundup):
    for dialect in (Rest(roundup), Csv(roundup, "bug", "priority"), Csv(roundup, "issue")):
        assert vars(roundup.dialect_named(dialect.full_name)) == vars(dialect)


@pytest.mark.parametrize(
    "text", [None, "", "rest", "xml+issue", "rest+msg", "rest+issue+nosy", "csv+issue+"]
)
def test_what_is_no_dialect_is_learnt_anew(roundup, text):
    assert roundup.dialect_named(text) is None


def test_the_bugs_page_is_that_of_its_class():
    with RoundupSimulator(classname="bug") as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
    facts = BugTrackerFacts("x", BugTrackerType.ROUNDUP, "http://example.com", asker.dialect)
    assert Roundup(facts).getBugURL("1") == "http://example.com/bug1"


def test_a_roundup_that_lost_rest_is_asked_for_csv_once_it_is_probed_again():
    with RoundupSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        simulator.rest = False
        with pytest.raises(UnparsableBugTracker):
            asker.ask(["1"])
        assert isinstance(asker.ask(["1"], probe=True)["1"], RemoteBug)
    assert asker.dialect == "csv+issue+priority+superseder"


def test_a_roundup_that_lost_a_field_is_asked_for_the_others():
    with RoundupSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        simulator.fields = ("id", "title", "activity", "status", "superseder")
        assert asker.ask(["1"])["1"].remote_importance == ""
    assert asker.dialect == "rest+issue+superseder"


def test_a_page_of_the_server_that_quotes_the_url_says_nothing_of_fields():
    body = b"<!DOCTYPE html>404: /issue?@columns=id,priority,superseder,resolution,substatus"
    asker = Asker(Roundup, BASE, client=Canned(body, "text/html", 404))
    with pytest.raises(UnsupportedBugTracker):
        asker.ask(["1"])
    assert len(asker.exchanges or asker.client.requests) <= 6


@pytest.mark.parametrize("status", [404, 400])
def test_a_page_on_a_bad_day_does_not_change_the_dialect(status):
    dialect = "csv+issue+priority+superseder"
    client = Canned(b"<!DOCTYPE html>Nothing here.", "text/html", status)
    asker = Asker(Roundup, BASE, dialect=dialect, client=client)
    with pytest.raises(UnparsableBugTracker):
        asker.ask(["1", "2"])
    assert asker.dialect == dialect


@pytest.mark.parametrize("dialect", ["rest+issue", "csv+issue"])
def test_a_page_that_is_no_roundups_is_about_no_bug(dialect):
    client = Canned(b"<!DOCTYPE html>Keep out.", "text/html", 404)
    asker = Asker(Roundup, BASE, dialect=dialect, client=client)
    with pytest.raises(UnparsableBugTracker):
        asker.ask(["1"], apart=True)


def test_after_a_page_at_the_first_contact_rest_is_found_when_it_is_looked_for_again():
    with RoundupSimulator(rest=False) as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        assert asker.dialect == "csv+issue+priority+superseder"
        simulator.rest = True
        asker.ask(["1"], probe=True)
    assert asker.dialect == "rest+issue+priority+superseder"


@pytest.mark.parametrize("rest", [True, False])
def test_it_says_what_it_is_with_rest_and_without(rest):
    with RoundupSimulator(rest=rest) as simulator:
        assert Asker(Roundup, simulator.url).identify() == "Roundup"
    with PageSimulator("<!DOCTYPE html>Welcome") as simulator:
        assert Asker(Roundup, simulator.url).identify() is None


def test_a_fault_of_the_server_does_not_change_the_dialect():
    body = b'{"error": {"status": 400, "msg": "An error occurred."}}'
    asker = Asker(Roundup, BASE, dialect="rest+issue", client=Canned(body, status=400))
    with pytest.raises(UnparsableBugTracker):
        asker.ask(["1"])
    assert asker.dialect == "rest+issue"


def test_what_is_no_roundup_is_not_supported():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(Roundup, simulator.url).ask(["1"])


def test_a_site_that_answers_everything_with_a_page_makes_no_sense():
    with PageSimulator("<!DOCTYPE html><title>Welcome</title>") as simulator:
        with pytest.raises(UnparsableBugTracker):
            Asker(Roundup, simulator.url).ask(["1"])
        # The resolution, say, or the class may be what there is none of; but not here.
        assert len(simulator.requests) == 2


def test_a_log_in_form_instead_of_rest_is_no_reason_to_give_up():
    with PageSimulator('<!DOCTYPE html><input type="password">') as simulator:
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(Roundup, simulator.url).ask(["1"])
        assert [request.partition("?")[0] for request in simulator.requests] == [
            "GET /rest/data/issue",
            "GET /issue",
        ]


def test_nothing_is_learnt_from_what_makes_no_sense():
    asker = Asker(Roundup, BASE, client=Canned(b"Welcome"))
    with pytest.raises(UnparsableBugTracker):
        asker.ask(["1"])
    assert asker.dialect is None


class PageSimulator(Simulator):
    """Shows the same page whatever it is asked."""

    def __init__(self, page):
        super().__init__()
        self.page = page
        self.fault = self.show

    async def show(self, request):
        return web.Response(text=self.page, content_type="text/html")


class Impatient(Roundup):
    timeout = 0.2


def test_a_server_that_never_answers_is_asked_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        asker = Asker(Impatient, f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(BugTrackerTimeout):
            asker.ask(["1", "2"])
    assert len(asker.exchanges) == 1


def test_a_server_that_is_not_there_is_asked_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    asker = Asker(Roundup, url)
    with pytest.raises(BugTrackerConnectError):
        asker.ask(["1"])
    assert len(asker.exchanges) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_list_that_may_not_be_seen_wants_a_log_in(status):
    client = Canned(b"<!DOCTYPE html>Please login", "text/html", status)
    with pytest.raises(BugTrackerCredentialsRefused):
        Asker(Roundup, BASE, dialect="csv+issue", client=client).ask(["1"])


def test_wrong_credentials_are_refused_in_rest_already():
    client = Canned(
        b"Invalid Login - Invalid login", status=401, credentials=Credentials(token="x")
    )
    with pytest.raises(BugTrackerCredentialsRefused):
        Asker(Roundup, BASE, dialect="rest+issue", client=client).ask(["1"])


def test_a_field_that_may_not_be_looked_at_is_left_out(roundup):
    message = {"error": {"status": 403, "msg": 'User does not have permission on "priority.name"'}}
    rest = Rest(roundup)
    (ask,) = rest.ask_many(["1"], None)
    found = rest.judge(ask, Response("", 403, {}, b""), message)
    assert found.dialect == "rest+issue+superseder+resolution"


@pytest.fixture(params=[{}, {"rest": False}, {"old": True}], ids=["rest", "csv", "old"])
def simulator(request):
    with RoundupSimulator(**request.param) as simulator:
        yield simulator


def test_a_retired_bug_is_not_found(simulator):
    simulator.add("1", extra={"retired": True})
    outcome = Asker(Roundup, simulator.url).ask(["1"])["1"]
    assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_an_answer_that_does_not_hold_all_is_followed_by_others():
    with RoundupSimulator(row_limit=3, fields=FIELDS[:3]) as simulator:
        ids = [str(number) for number in range(1, 11)]
        for remotebug in ids:
            simulator.add(remotebug)
        outcomes = Asker(Roundup, simulator.url).ask(ids)
        assert len(simulator.requests) == 4
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize(
    "more",
    [{"@links": {"next": [{"uri": "x"}]}}, {"@total_size": -1}, {"@total_size": 1, "@links": {}}],
)
def test_what_is_on_a_next_page_is_not_missing(roundup, more):
    rest = Rest(roundup)
    (ask,) = rest.ask_many(["1", "2"], None)
    answer = {"data": {"collection": [{"id": "1", "status.name": "open"}], **more}}
    next_ask = rest.next_page(ask, Response("", 200, {}, b""), answer)
    assert next_ask is None if more.get("@total_size") == 1 else next_ask.ids == ("2",)


def test_resolution_and_duplicate():
    for rest in (True, False):
        with RoundupSimulator(rest=rest, fields=("resolution", "superseder")) as simulator:
            simulator.add("7", status="open")
            simulator.add("8", status="closed", resolution="duplicate", duplicate_of="7")
            outcomes = Asker(Roundup, simulator.url).ask(["7", "8"])
        assert outcomes["7"].remotestatus == "open"
        assert outcomes["7"].duplicate_of is None
        assert outcomes["8"].remotestatus == "closed duplicate"
        assert outcomes["8"].resolution == "duplicate"
        assert outcomes["8"].duplicate_of == "7"


def test_hidden_cells():
    with RoundupSimulator(rest=False) as simulator:
        simulator.add("1", extra={"hidden": ("title", "priority", "superseder", "activity")})
        simulator.add("2", extra={"hidden": ("status",)})
        outcomes = Asker(Roundup, simulator.url).ask(["1", "2"])
    assert outcomes["1"]._replace(raw=None) == RemoteBug("1", "chatting", BugTaskStatus.INCOMPLETE)
    assert outcomes["2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def test_numbers_are_looked_up_in_the_classic_templates_order():
    with RoundupSimulator(old=True, fields=("priority", "superseder")) as simulator:
        simulator.add("1", status="need-eg", priority="wish", duplicate_of="2")
        asker = Asker(Roundup, simulator.url, dialect="csv+issue+priority+superseder")
        outcome = asker.ask(["1"])["1"]
    assert outcome.remotestatus == "need-eg"
    assert outcome.remote_importance == "wish"
    assert outcome.duplicate_of == "2"


def test_numbers_of_a_roundup_with_resolutions_are_in_the_order_of_pythons():
    with RoundupSimulator(old=True, fields=("resolution",), numbers=PYTHON) as simulator:
        simulator.add("1", status="closed", resolution="works for me")
        simulator.add("2", status="open")
        asker = Asker(Roundup, simulator.url, dialect="csv+issue+resolution")
        outcomes = asker.ask(["1", "2"])
    assert outcomes["1"].remotestatus == "closed works for me"
    assert outcomes["2"].remotestatus == "open"


def ask_csv(body):
    client = Canned(body, "text/csv")
    return Asker(Roundup, BASE, dialect="csv+issue", client=client).ask(["1"])


def test_numbers_beyond_the_order_stay_numbers():
    outcome = ask_csv(b'"id","status"\r\n"1","9"\r\n')["1"]
    assert outcome.remotestatus == "9"
    assert outcome.status is BugTaskStatus.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"id,title\r\n1,A bug\r\n",
        b'"id","status","title"\r\n"1","chatting","Ha',
        # Beyond what Python's csv takes as one field.
        b'"id","status"\r\n"1","' + 200_000 * b"x" + b'"\r\n',
    ],
)
def test_what_is_no_whole_list_of_bugs_makes_no_sense(body):
    with pytest.raises(UnparsableBugTracker):
        ask_csv(body)


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("unread", BugTaskStatus.NEW),
        ("deferred", BugTaskStatus.CONFIRMED),
        ("chatting", BugTaskStatus.INCOMPLETE),
        ("need-eg", BugTaskStatus.INCOMPLETE),
        ("in-progress", BugTaskStatus.INPROGRESS),
        ("In Progress", BugTaskStatus.INPROGRESS),
        ("testing", BugTaskStatus.INPROGRESS),
        ("done-cbb", BugTaskStatus.FIXCOMMITTED),
        ("resolved", BugTaskStatus.FIXRELEASED),
        ("new", BugTaskStatus.NEW),
        ("open", BugTaskStatus.NEW),
        ("open fixed", BugTaskStatus.FIXCOMMITTED),
        ("closed", BugTaskStatus.WONTFIX),
        ("closed fixed", BugTaskStatus.FIXRELEASED),
        ("closed duplicate", BugTaskStatus.INVALID),
        ("closed out of date", BugTaskStatus.INVALID),
        ("closed won't fix", BugTaskStatus.WONTFIX),
        ("pending", BugTaskStatus.INCOMPLETE),
        ("pending postponed", BugTaskStatus.WONTFIX),
        ("open needs_more_info", BugTaskStatus.INCOMPLETE),
        ("closed implemented", BugTaskStatus.FIXRELEASED),
        ("closed mysteriously", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(roundup, remotestatus, status):
    assert roundup.convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("remote_importance", "importance"),
    [
        ("critical", BugTaskImportance.CRITICAL),
        ("urgent", BugTaskImportance.HIGH),
        ("bug", BugTaskImportance.MEDIUM),
        ("feature", BugTaskImportance.WISHLIST),
        ("wish", BugTaskImportance.WISHLIST),
        ("Immediate", BugTaskImportance.CRITICAL),
        ("low", BugTaskImportance.LOW),
        ("strange", BugTaskImportance.UNKNOWN),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(roundup, remote_importance, importance):
    assert roundup.convertRemoteImportance(remote_importance) is importance


def test_links(roundup):
    links = roundup.getBugFilingAndSearchLinks(None, "It's broken", "Very & much")
    assert links.bug_filing_url == (
        "https://bugs.example.com/issue?@template=item&title=It%27s%20broken"
        "&@note=Very%20%26%20much"
    )
    assert links.bug_search_url == (
        "https://bugs.example.com/issue?@template=search&@search_text=It%27s%20broken"
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02.03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
        ("2024-01-02 03:04", None),
        ("2024-01-02", None),
        ("2024-13-02.03:04:05", None),
        ("yesterday.", None),
        ("", None),
    ],
)
def test_activity(roundup, text, moment):
    record = {"id": "1", "status": "open", "activity": text}
    assert Csv(roundup).read(record).modified == moment


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1", "2"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("data", "collection", "id", "title", "status.name", "priority.name"),
                    *("resolution.name", "superseder", "activity", "@links", "@total_size"),
                ]
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=20,
)


def test_a_page_is_searched_in_one_go_however_it_is_made():
    # Each start of a tag is looked at up to the next one, and so far.
    page = "<table " * 30_000 + "<table " + "x" * 10_000
    assert HISTORY.search(page) is None
    assert "{0,200}" in HISTORY.pattern
    assert HISTORY.search(page + '<table width="100%" class="history table">')


@pytest.mark.parametrize(
    ("size", "error_type"),
    [(900_000, BugWatchErrorType.BUG_NOT_FOUND), (2_000_000, BugWatchErrorType.UNPARSABLE_BUG)],
)
def test_a_page_as_long_as_a_book_is_read_and_one_longer_is_not(size, error_type):
    class Talkative(RoundupSimulator):
        async def _page(self, request):
            if request.path == "/issue":
                return self._export(request)
            page = "<!DOCTYPE html>" + "x" * size + '<table class="history"></table>'
            return web.Response(text=page, content_type="text/html")

    with Talkative(rest=False) as simulator:
        simulator.add("1")
        simulator.add("2", extra={"retired": True})
        outcomes = Asker(Roundup, simulator.url).ask(["1", "2"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is error_type


def test_a_recorded_list_of_an_old_roundup_is_read():
    body, must_read = sample("ROUNDUP", "csv-generic.csv")
    client = Canned(body, "text/csv")
    asker = Asker(Roundup, BASE, dialect="csv+issue", client=client)
    outcomes = asker.ask([str(bug["id"]) for bug in must_read])
    labels = dict(enumerate(CLASSIC_STATUSES, 1))
    for bug in must_read:
        outcome = outcomes[str(bug["id"])]
        assert outcome.remotestatus == labels[int(bug["status"].removeprefix("#"))]
        assert outcome.title == bug["title"]
        assert format_time(outcome.modified)[:-1] == bug["updated"].split()[1].replace(".", "T")


def outcomes_of(body, content_type, dialect):
    client = Canned(body, content_type)
    try:
        found = Asker(Roundup, BASE, dialect=dialect, client=client).ask(["1", "2"])
    except MalonewatchError:
        return
    assert all(isinstance(outcome, (RemoteBug, RemoteBugError)) for outcome in found.values())


@given(json_values | st.lists(json_values).map(lambda bugs: {"data": {"collection": bugs}}))
def test_any_json_is_bugs_or_an_error_of_ours(value):
    outcomes_of(json.dumps(value).encode(), "application/json", "rest+issue+priority+superseder")


GOOD_CSV = (
    b'"id","title","activity","status","priority","superseder"\r\n'
    b'"1","One, ""two""\nand \xc3\xa9","2024-01-02.03:04:05","3","2","[\'2\']"\r\n'
    b'"2","","2024-01-02 03:04","chatting","[hidden]","1;2"\r\n\n'
)


@given(
    st.binary(max_size=200)
    | st.tuples(
        st.integers(0, len(GOOD_CSV)), st.binary(max_size=10), st.integers(0, len(GOOD_CSV))
    ).map(lambda cut: GOOD_CSV[: cut[0]] + cut[1] + GOOD_CSV[cut[2] :])
)
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    outcomes_of(body, "text/csv", "csv+issue+priority+superseder")
