import asyncio
import functools
import json
import socket
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.roundup import (
    CSV_FIELDS,
    FIRST_DIALECT,
    Dialect,
    Roundup,
    is_cut,
    parse_activity,
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
    MalonewatchError,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    Response,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker
from malonewatch.testing.conformance import ExternalBugTrackerConformance
from malonewatch.testing.roundup import RoundupSimulator
from malonewatch.testing.simulator import Simulator

PYTHON = {
    "status": ("open", "closed", "pending"),
    "resolution": (
        *("accepted", "duplicate", "fixed", "invalid", "later", "out of date"),
        *("postponed", "rejected", "remind", "wont fix", "works for me"),
    ),
}


class TestRoundup(ExternalBugTrackerConformance):
    factory = Roundup
    simulator = RoundupSimulator
    urls = [
        ("https://bugs.example.com/issue42", "https://bugs.example.com", "42"),
        ("http://example.com/bugs/issue042#msg7", "http://example.com/bugs", "42"),
        ("http://example.com/a/b/issue42?@ok_message=x", "http://example.com/a/b", "42"),
    ]
    not_urls = [
        "https://bugs.example.com/issue",
        "https://bugs.example.com/issue42/",
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

    def test_each_bug_has_an_outcome_of_its_own(self):
        """As in REST, but for the time, which has no zone in this CSV."""
        with self.simulator() as simulator:
            simulator.add("1", title='Ünïcode, "quotes" & <tags>')
            simulator.add("2", malformed=True)
            simulator.add("3", private=True)
            outcomes = self.asker(simulator).ask(["1", "2", "3", "4", self.invalid_id])
        first = outcomes.pop("1")
        assert first.title == 'Ünïcode, "quotes" & <tags>'
        assert first.remotestatus == "chatting"
        assert first.status is BugTaskStatus.INCOMPLETE
        assert first.modified is None
        assert {id: outcome.error_type for id, outcome in outcomes.items()} == {
            "2": BugWatchErrorType.UNPARSABLE_BUG,
            "3": BugWatchErrorType.PRIVATE_REMOTE_BUG,
            "4": BugWatchErrorType.BUG_NOT_FOUND,
            self.invalid_id: BugWatchErrorType.INVALID_BUG_ID,
        }


class TestOldRoundup(TestRoundup):
    simulator = functools.partial(RoundupSimulator, old=True)
    # No REST; and no word which of the columns there is not.
    requests_for_three_batches = 5


@pytest.fixture
def roundup():
    return Roundup(
        BugTrackerFacts("x", BugTrackerType.ROUNDUP, "https://bugs.example.com/", dialect=None)
    )


def test_another_class_is_recognised_where_a_roundup_is_registered():
    url = urlsplit("https://bugs.example.com/bug42")
    assert Roundup.parseBugURL(url, "https://bugs.example.com") == (
        "https://bugs.example.com",
        "42",
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
        (RoundupSimulator(old=True, fields=CSV_FIELDS), "csv+issue+" + "+".join(CSV_FIELDS)),
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


def test_a_dialect_survives_being_stored():
    for dialect in (FIRST_DIALECT, Dialect("csv", "bug", CSV_FIELDS), Dialect("csv", "issue", ())):
        assert Dialect.parse(str(dialect)) == dialect


@pytest.mark.parametrize(
    "text", [None, "", "rest", "xml+issue", "rest+msg", "rest+issue+substatus", "csv+issue+"]
)
def test_what_is_no_dialect_is_learnt_anew(text):
    assert Dialect.parse(text) is None


def test_the_bugs_page_is_that_of_its_class():
    with RoundupSimulator(classname="bug") as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
    facts = BugTrackerFacts("x", BugTrackerType.ROUNDUP, "http://example.com", asker.dialect)
    assert Roundup(facts).getBugURL("1") == "http://example.com/bug1"


def test_a_roundup_that_lost_rest_is_asked_for_csv():
    with RoundupSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        simulator.rest = False
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
    assert asker.dialect == "csv+issue+priority+superseder"


def test_a_roundup_that_lost_a_field_is_asked_for_the_others():
    with RoundupSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Roundup, simulator.url)
        asker.ask(["1"])
        simulator.fields = ("id", "title", "activity", "status", "superseder")
        assert asker.ask(["1"])["1"].remote_importance == ""
    assert asker.dialect == "rest+issue+superseder"


def test_a_fault_of_the_server_does_not_change_the_dialect(roundup):
    fault = Response("", 400, {}, b'{"error": {"status": 400, "msg": "An error occurred."}}')
    with pytest.raises(UnparsableBugTracker):
        roundup._next_dialect(None, FIRST_DIALECT, FIRST_DIALECT, fault)


def test_what_is_no_roundup_is_not_supported():
    with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
        Asker(Roundup, simulator.url).ask(["1"])


def test_a_site_that_answers_everything_with_a_page_makes_no_sense():
    with PageSimulator("<!DOCTYPE html><title>Welcome</title>") as simulator:
        with pytest.raises(UnparsableBugTracker):
            Asker(Roundup, simulator.url).ask(["1"])
        assert len(simulator.requests) == 2


def test_a_log_in_form_instead_of_rest_is_no_reason_to_give_up():
    with PageSimulator('<!DOCTYPE html><input type="password">') as simulator:
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(Roundup, simulator.url).ask(["1"])
        assert [request.partition("?")[0] for request in simulator.requests] == [
            "GET /rest/data/issue",
            "GET /issue",
        ]


def test_nothing_is_learnt_from_what_makes_no_sense(roundup):
    class Session:
        async def request(self, *args, **kwargs):
            return Response("", 200, {}, b"Welcome")

    with pytest.raises(UnparsableBugTracker):
        asyncio.run(roundup.fetch_many(Session(), ["1"], None))
    assert roundup.dialect is None


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
def test_a_list_that_may_not_be_seen_wants_a_log_in(roundup, status):
    class Session:
        credentials = None

    refused = Response("", status, {}, b"<!DOCTYPE html>Please login")
    with pytest.raises(BugTrackerCredentialsRefused):
        roundup._next_dialect(Session(), Dialect("csv", "issue", ()), None, refused)


def test_wrong_credentials_are_refused_in_rest_already(roundup):
    class Session:
        credentials = "wrong"

    refused = Response("", 401, {}, b"Invalid Login - Invalid login")
    with pytest.raises(BugTrackerCredentialsRefused):
        roundup._next_dialect(Session(), FIRST_DIALECT, None, refused)


def test_a_field_that_may_not_be_looked_at_is_left_out(roundup):
    refused = Response(
        "",
        403,
        {},
        json.dumps(
            {"error": {"status": 403, "msg": 'User does not have permission on "priority.name"'}}
        ).encode(),
    )
    assert roundup._next_dialect(None, FIRST_DIALECT, None, refused).fields == (
        "superseder",
        "resolution",
    )


@pytest.fixture(params=[{}, {"rest": False}, {"old": True}], ids=["rest", "csv", "old"])
def simulator(request):
    with RoundupSimulator(**request.param) as simulator:
        yield simulator


def test_a_retired_bug_is_not_found(simulator):
    simulator.add("1", extra={"retired": True})
    outcome = Asker(Roundup, simulator.url).ask(["1"])["1"]
    assert outcome.error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_bug_that_turns_up_late_is_no_error(simulator):
    simulator.add("1")
    asker = Asker(Forgetful, simulator.url)
    assert isinstance(asker.ask(["1"])["1"], RemoteBug)


class Forgetful(Roundup):
    """Learns nothing when it first asks for many."""

    forgot = False

    async def fetch_many(self, session, remotebugs, since):
        found = await super().fetch_many(session, remotebugs, since)
        if not self.forgot:
            self.forgot = True
            return {}
        return found


def test_since_is_taken_in_utc_whatever_the_trackers_time_zone():
    for rest in (True, False):
        with RoundupSimulator(rest=rest, zone=-5) as simulator:
            bug = simulator.add("1")
            asker = Asker(Roundup, simulator.url)
            asker.ask(["1"])
            before = bug.modified - timedelta(hours=1)
            assert isinstance(asker.ask(["1"], since=before)["1"], RemoteBug)
            after = bug.modified + timedelta(hours=1)
            assert asker.ask(["1"], since=after)["1"] == RemoteBugUnchanged("1")


def test_a_roundup_that_does_not_know_offsets_gives_bugs_in_full():
    with RoundupSimulator(old=True) as simulator:
        simulator.add("1")
        outcomes = Asker(Roundup, simulator.url).ask(["1"], since=simulator.now())
    assert isinstance(outcomes["1"], RemoteBug)


def test_an_answer_that_was_cut_short_is_no_reason_to_take_bugs_as_unchanged():
    with RoundupSimulator(row_limit=3) as simulator:
        ids = [str(number) for number in range(1, 11)]
        for remotebug in ids:
            simulator.add(remotebug)
        since = datetime(2020, 1, 1, tzinfo=timezone.utc)
        outcomes = Asker(Roundup, simulator.url).ask(ids, since=since)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_an_answer_with_a_next_page_is_cut():
    assert is_cut({"data": {"collection": [], "@links": {"next": [{"uri": "x"}]}}})
    assert not is_cut({"data": {"collection": [], "@links": {"self": [{"uri": "x"}]}}})


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
    assert outcomes["1"] == RemoteBug("1", "chatting", BugTaskStatus.INCOMPLETE)
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


def test_numbers_beyond_the_order_stay_numbers(roundup):
    found = roundup.parse_csv(b'"id","status"\r\n"1","9"\r\n', ["1"])
    assert found["1"].remotestatus == "9"
    assert found["1"].status is BugTaskStatus.UNKNOWN


def test_a_list_without_an_end_makes_no_sense(roundup):
    with pytest.raises(UnparsableBugTracker):
        roundup.parse_csv(b'"id","status","title"\r\n"1","chatting","Ha', ["1"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"id,title\r\n1,A bug\r\n",
        # Beyond what Python's csv takes as one field.
        b'"id","status"\r\n"1","' + 200_000 * b"x" + b'"\r\n',
    ],
)
def test_what_is_no_list_of_bugs_makes_no_sense(roundup, body):
    with pytest.raises(UnparsableBugTracker):
        roundup.parse_csv(body, ["1"])


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
def test_activity(text, moment):
    assert parse_activity(text) == moment


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


@given(json_values | st.lists(json_values).map(lambda bugs: {"data": {"collection": bugs}}))
def test_any_json_is_bugs_or_an_error_of_ours(value):
    external = Roundup(BugTrackerFacts("x", BugTrackerType.ROUNDUP, "http://b.example"))
    assert is_cut(value) in (True, False)
    try:
        found = external.parse_rest(value, ["1", "2"])
    except MalonewatchError:
        return
    assert all(isinstance(outcome, (RemoteBug, RemoteBugError)) for outcome in found.values())


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
    external = Roundup(BugTrackerFacts("x", BugTrackerType.ROUNDUP, "http://b.example"))
    try:
        found = external.parse_csv(body, ["1", "2"])
    except MalonewatchError:
        return
    assert all(isinstance(outcome, (RemoteBug, RemoteBugError)) for outcome in found.values())
