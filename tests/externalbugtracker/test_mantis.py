import functools
import json
from datetime import datetime, timezone
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample

from malonewatch.externalbugtracker import mantis
from malonewatch.externalbugtracker.mantis import Mantis
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    MalonewatchError,
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
    ValidatorsConformance,
)
from malonewatch.testing.faults import answer, page
from malonewatch.testing.mantis import MantisSimulator

BASE = "https://mantis.example.com"
OLD = functools.partial(MantisSimulator, soap=False, rest=False)
CLOSED = {"status": "closed", "resolution": "duplicate"}


def make(baseurl=BASE):
    return Mantis(BugTrackerFacts("x", BugTrackerType.MANTIS, baseurl))


def asker_of(simulator, **kwargs):
    return Asker(Mantis, simulator.url, **kwargs)


class TestMantis(
    BatchesConformance,
    CredentialsConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
):
    factory = Mantis
    simulator = MantisSimulator
    simulator_with_login = functools.partial(MantisSimulator, token="a-token", public=False)
    login = Credentials(token="a-token")
    wrong_login = Credentials(token="no-token")
    duplicate = CLOSED
    requests_for_three_batches = 3
    urls = [
        ("https://bugs.example.com/view.php?id=42", "https://bugs.example.com", "42"),
        ("http://example.com/mantis/view.php?id=0000042#c7", "http://example.com/mantis", "42"),
        ("http://example.com/view.php?nid=7;id=42", "http://example.com", "42"),
        ("http://example.com/bug_view_page.php?bug_id=42", "http://example.com", "42"),
        ("http://example.com/m/bug_view_advanced_page.php?bug_id=42", "http://example.com/m", "42"),
        ("http://example.com/view_bug_page.php?f_id=0042", "http://example.com", "42"),
        ("http://example.com/view_bug_advanced_page.php?bug_id=42", "http://example.com", "42"),
        ("http://example.com/api/rest/issues/42", "http://example.com", "42"),
        ("http://example.com/api/rest/index.php/issues/42", "http://example.com", "42"),
        (
            "http://www.austingroupbugs.net/view.php?id=42",
            "https://www.austingroupbugs.net",
            "42",
        ),
        ("https://mantisbt.org/bugs/view.php?id=0042", "https://www.mantisbt.org/bugs", "42"),
    ]
    not_urls = [
        "https://example.com/review.php?id=42",
        "https://example.com/view.php?bug=42",
        "https://example.com/view.php?id=abc",
        "https://example.com/view_all_bug_page.php?bug_id=42",
        "https://example.com/api/rest/issues/",
    ]


class TestMantisWithoutSoap(
    DuplicatesConformance, ValidatorsConformance, ExternalBugTrackerConformance
):
    factory = Mantis
    simulator = functools.partial(MantisSimulator, soap=False)
    urls = TestMantis.urls
    duplicate = CLOSED


class TestMantisWithAnExport(DuplicatesConformance, ExternalBugTrackerConformance):
    factory = Mantis
    simulator = OLD
    urls = TestMantis.urls
    tells_modified = False
    duplicate = {"status": "resolved", "resolution": "duplicate"}


class TestMantisWithPages(TestMantisWithAnExport):
    simulator = functools.partial(OLD, export=False, named=False)
    duplicate = CLOSED
    # What goes wrong with pages does so with those beside the export, too.
    test_whatever_goes_wrong_is_the_bug_trackers_trouble = None


# URLs


def test_what_other_programs_have_is_a_guess():
    def certainty(url):
        return Mantis.parseBugURL(urlsplit(url)).certainty

    assert certainty("https://example.com/mod/forum/view.php?id=42") is Certainty.GUESS
    assert certainty("https://bugs.scribus.net/view.php?id=42") is Certainty.KNOWN_HOST
    assert certainty("https://example.com/bug_view_page.php?bug_id=42") is Certainty.SHAPE


def test_links():
    links = make().getBugFilingAndSearchLinks(None, "It's loose", "A & B")
    assert links.bug_filing_url == (
        f"{BASE}/bug_report_page.php?summary=It%27s%20loose&description=A%20%26%20B"
    )
    assert links.bug_search_url.endswith("&search=It%27s%20loose")


# Requests


@pytest.mark.parametrize(
    ("kinds", "dialect", "requests"),
    [
        # The headers of all, those that are duplicates, and whether there is a seventh.
        ({}, "soap", 3),
        ({"soap": False}, "rest", 1 + 7),
        # What does not answer; the list, and what is closed, or not there.
        ({"soap": False, "rest": False}, "csv", 1 + 3 + 1 + 3),
        ({"soap": False, "rest": False, "export": False}, "page", 1 + 3 + 1 + 7),
        ({"soap": False, "rest": False, "export": False, "named": False}, "page", 1 + 3 + 1 + 7),
    ],
)
def test_every_dialect_tells_the_same(kinds, dialect, requests):
    with MantisSimulator(**kinds) as simulator:
        simulator.add("1", title="Schön & gut")
        simulator.add("2", status="assigned", priority="urgent", severity="crash")
        simulator.add("3", status="resolved", resolution="fixed", extra={"fixed_in": "1.4"})
        simulator.add("4", status="closed", resolution="duplicate", duplicate_of="1")
        simulator.add("5", status="closed")
        simulator.add("6", status="feedback", resolution="reopened")
        asker = asker_of(simulator)
        outcomes = asker.ask(["1", "2", "3", "4", "5", "6", "7"])
        assert (asker.dialect, len(simulator.requests)) == (dialect, requests)
    assert outcomes["7"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    said = {
        remotebug: (outcome.remotestatus, outcome.status, outcome.closed)
        for remotebug, outcome in outcomes.items()
        if remotebug != "7"
    }
    assert said == {
        "1": ("new", BugTaskStatus.NEW, False),
        "2": ("assigned", BugTaskStatus.INPROGRESS, False),
        "3": ("resolved fixed", BugTaskStatus.FIXRELEASED, True),
        "4": ("closed duplicate", BugTaskStatus.INVALID, True),
        "5": ("closed", BugTaskStatus.FIXRELEASED, True),
        "6": ("feedback", BugTaskStatus.INCOMPLETE, False),
    }
    assert outcomes["1"].title == "Schön & gut"
    assert outcomes["2"].remote_importance == "urgent crash"
    assert outcomes["2"].importance is BugTaskImportance.HIGH
    assert outcomes["3"].fixed_in == ("" if dialect == "soap" else "1.4")
    assert outcomes["4"].duplicate_of == "1"
    assert outcomes["1"].duplicate_of is None
    assert outcomes["5"].guessed
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert outcomes["1"].modified == (moment if dialect in ("soap", "rest") else None)


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (100, 1)])
def test_a_request_for_each_hundred(count, requests):
    with MantisSimulator() as simulator:
        ids = [str(number) for number in range(1, count + 1)]
        for remotebug in ids:
            simulator.add(remotebug)
        asker_of(simulator, dialect="soap").ask(ids)
        assert len(simulator.requests) == requests


def test_a_status_of_the_sites_own_is_known_by_its_number():
    statuses = {"on hold": 25, "simmering": 45, "verified": 85}
    outcomes = {}
    for kinds in ({}, {"soap": False}, {"soap": False, "rest": False, "export": False}):
        with MantisSimulator(statuses=statuses, **kinds) as simulator:
            simulator.add("1", status="simmering")
            simulator.add("2", status="verified", resolution="fixed")
            outcomes = asker_of(simulator).ask(["1", "2"])
        assert (outcomes["1"].status, outcomes["1"].guessed) == (BugTaskStatus.NEW, True)
        assert outcomes["2"].status is BugTaskStatus.FIXRELEASED
        assert outcomes["2"].closed is True
        if not kinds:
            assert outcomes["1"].remotestatus == "45"
            assert outcomes["2"].remotestatus == "85 fixed"


# Why there is no issue


@pytest.mark.parametrize("soap", [True, False])
def test_why_an_issue_is_not_there(soap):
    with MantisSimulator(soap=soap) as simulator:
        simulator.add("1")
        simulator.add("2", private=True)
        outcomes = asker_of(simulator).ask(["1", "2", "3"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["3"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_an_issue_in_a_private_project_is_not_told_from_none():
    with MantisSimulator() as simulator:
        simulator.add("1")
        simulator.add("2", private=True, extra={"project": "private"})
        outcomes = asker_of(simulator).ask(["1", "2"])
    assert outcomes["2"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_an_issue_that_the_server_stumbles_over_costs_the_others_nothing():
    with MantisSimulator(soap=False) as simulator:
        for number in ("1", "2", "3"):
            simulator.add(number)
        simulator.spoiler, simulator.spoil = "2", answer(500)
        outcomes = asker_of(simulator).ask(["1", "2", "3"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.UNPARSABLE_BUG


def test_a_list_in_another_language_is_left_for_the_pages():
    with OLD() as simulator:
        simulator.add("1")
        simulator.columns = [f"{name}-de" for name in simulator.columns]
        asker = asker_of(simulator, dialect="csv")
        assert isinstance(asker.ask(["1", "2"])["1"], RemoteBug)
        assert asker.dialect == "page"


# Credentials


@pytest.mark.parametrize(
    "login", [{"token": "a-token"}, {"password": "geheim & mehr"}], ids=["token", "password"]
)
def test_with_a_name_it_goes_by_soap(login):
    credentials = Credentials(username="jane", **login)
    with MantisSimulator(**login, public=False) as simulator:
        simulator.add("1", private=True)
        # XML is escaped.
        simulator.password = simulator.password and "geheim &amp; mehr"
        asker = asker_of(simulator, credentials=credentials)
        assert asker.ask(["1"])["1"].private
        assert asker.check_credentials() == "jane"
        simulator.password = simulator.token = "another"
        with pytest.raises(MalonewatchError):
            asker.check_credentials()
    assert asker.dialect == "soap"


def test_a_token_alone_is_taken_by_rest_only():
    with MantisSimulator(token="a-token") as simulator:
        simulator.add("1", private=True)
        asker = asker_of(simulator, credentials=Credentials(token="a-token"), dialect="soap")
        assert asker.ask(["1"])["1"].private
        assert asker.dialect == "rest"
        assert asker.check_credentials() == "jane"


def test_a_mantis_for_members_only_wants_credentials():
    with MantisSimulator(public=False) as simulator:
        simulator.add("1")
        simulator.export = False
        for dialect in (None, "rest", "csv", "page"):
            with pytest.raises(BugTrackerCredentialsRefused):
                asker_of(simulator, dialect=dialect).ask(["1"])


# Words


@pytest.mark.parametrize("field", mantis.NAMES)
def test_what_is_no_number_of_a_header_is_refused(field):
    fields = {**dict.fromkeys(mantis.NAMES, "10"), field: "7" * 100_000}
    words = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    body = (
        "<Envelope><Body><mc_issues_get_headerResponse><return><item><id>1</id><summary>It</summary>"
        f"<view_state>10</view_state><last_updated>2024-01-02T03:04:05Z</last_updated>{words}"
        "</item></return></mc_issues_get_headerResponse></Body></Envelope>"
    ).encode()
    client = Canned(body, "text/xml")
    found = Asker(Mantis, BASE, client=client, dialect="soap").ask(["1", "2"])
    assert isinstance(found["1"], RemoteBugError)


def test_the_words_of_a_site_are_those_that_are_read():
    with MantisSimulator(statuses={"simmering": 45, "verified": 85}, token="t") as simulator:
        found = asker_of(simulator).learn_vocabulary()
        # With a token alone there is no SOAP.
        alone = asker_of(simulator, credentials=Credentials(token="t")).learn_vocabulary()
        simulator.add("1", status="verified", resolution="fixed")
        simulator.add("2", status="simmering")
        simulator.add("3", status="resolved", resolution="reopened")
        outcomes = asker_of(simulator).ask(["1", "2", "3"])
    assert {each.remotestatus: each.closed for each in outcomes.values()}.items() <= (
        found.statuses.items()
    )
    assert alone is None
    assert found == RemoteVocabulary(
        {
            **dict.fromkeys(("new", "feedback", "acknowledged", "confirmed", "assigned"), False),
            "45": False,
            **{
                f"{status} {resolution}".strip(): True
                for status in ("resolved", "85", "closed")
                for resolution in (
                    *("", "fixed", "unable to duplicate", "not fixable", "duplicate"),
                    *("not a bug", "suspended", "wont fix"),
                )
            },
        },
        (
            *("none", "low", "normal", "high", "urgent", "immediate"),
            *("feature", "trivial", "text", "tweak", "minor", "major", "crash", "block"),
        ),
    )


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("acknowledged", BugTaskStatus.CONFIRMED),
        ("confirmed", BugTaskStatus.CONFIRMED),
        ("resolved unable to reproduce", BugTaskStatus.INVALID),
        ("resolved unable to duplicate", BugTaskStatus.INVALID),
        ("closed no change required", BugTaskStatus.INVALID),
        ("closed not a bug", BugTaskStatus.INVALID),
        ("closed not fixable", BugTaskStatus.WONTFIX),
        ("closed suspended", BugTaskStatus.WONTFIX),
        ("closed won't fix", BugTaskStatus.WONTFIX),
        ("assigned fixed", BugTaskStatus.INPROGRESS),
        ("closed", BugTaskStatus.UNKNOWN),
        ("45", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(remotestatus, status):
    assert make().convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("normal block", BugTaskImportance.CRITICAL),
        ("normal crash", BugTaskImportance.HIGH),
        ("immediate text", BugTaskImportance.LOW),
        ("low feature", BugTaskImportance.WISHLIST),
        ("urgent", BugTaskImportance.CRITICAL),
        ("none", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance_is_the_severity_if_that_is_known(words, importance):
    assert make().convertRemoteImportance(words) is importance


# What real ones answered.


def check(bug, must_read):
    words = (must_read["status"], must_read["resolution"])
    over = words[0] in ("resolved", "closed")
    assert bug.remotestatus == (" ".join(words) if over else words[0])
    assert bug.status is not BugTaskStatus.UNKNOWN
    assert bug.closed is over
    assert bug.remote_importance == f"{must_read['priority']} {must_read['severity']}"
    assert bug.importance is not BugTaskImportance.UNKNOWN
    assert bug.title == must_read["title"]
    # A day, or a time of no zone.
    assert bug.modified is None


def test_a_recorded_export_is_read():
    body, must_read = sample("MANTIS", "csv-export.csv")
    client = Canned(body.rstrip(b"\n") + b"\n", "text/csv")
    ids = [str(each["id"]) for each in must_read]
    outcomes = Asker(Mantis, BASE, dialect="csv", client=client).ask(ids)
    for each in must_read:
        bug = outcomes[str(each["id"])]
        check(bug, each)
        assert bug.duplicate_of == (each["duplicate_of"] and str(each["duplicate_of"]))


@pytest.mark.parametrize("name", ["1679-closed", "1738-feedback", "1748-resolved"])
def test_a_recorded_page_is_read(name):
    body, [must_read] = sample("MANTIS", f"view-page-{name}.html")
    client = Canned(body, "text/html")
    number = str(must_read["id"])
    check(Asker(Mantis, BASE, dialect="page", client=client).ask([number])[number], must_read)


# Anything


FIELDS = ("status", "summary", "priority", "updated_at", "relationships", "view_state")


def test_a_duplicate_of_nothing_that_may_be_seen_is_one_all_the_same():
    with MantisSimulator() as simulator:
        simulator.add("1", **CLOSED)
        bug = asker_of(simulator).ask(["1"])["1"]
    assert (bug.status, bug.duplicate_of) == (BugTaskStatus.INVALID, None)


@given(
    st.sampled_from(FIELDS),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
)
def test_any_fields_are_bugs_or_an_error_of_ours(name, value):
    issue = {"id": 1, "summary": "A", "status": {"id": 10, "name": "new"}, "view_state": {"id": 10}}
    outcomes_of(json.dumps({"issues": [{**issue, name: value}]}).encode(), "rest")


@given(st.binary(max_size=200))
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    for dialect in ("soap", "csv", "page"):
        outcomes_of(body, dialect)
    outcomes_of(b'<td class="bug-summary">a: b</td><td class="bug-status">' + body, "page")


def outcomes_of(body, dialect):
    try:
        found = Asker(Mantis, BASE, client=Canned(body), dialect=dialect).ask(["1"])
    except MalonewatchError:
        return
    assert isinstance(found["1"], (RemoteBug, RemoteBugError))


def test_a_page_that_is_nowhere_says_nothing_of_an_issue_and_the_export_is_not_left():
    with OLD() as simulator:
        simulator.add("1")
        asker = Asker(Mantis, simulator.url)
        asker.ask(["1"])
        assert asker.dialect == "csv"
        simulator.fault = page("<h1>Not found</h1>", 404)
        with pytest.raises(BugTrackerTrouble):
            asker.ask(["1"])
        assert asker.dialect == "csv"


@pytest.mark.parametrize("settings", [{}, {"named": False, "export": False}])
def test_the_page_of_another_issue_is_another_bug(settings):
    with OLD(**settings) as simulator:
        simulator.bugs["1"] = simulator.add("2")
        outcome = asker_of(simulator, dialect="page").ask(["1"])["1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "about another bug" in outcome.message
