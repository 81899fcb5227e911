import functools
import json
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample
from zope.component import getGlobalSiteManager

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.externalbugtracker.bugzilla import HEADER_HOSTS, JsonRpc
from malonewatch.externalbugtracker.driver import format_time
from malonewatch.http import FileCredentials
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
    ICredentials,
    MalonewatchError,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.bugzilla import BugzillaSimulator, _RefusedError
from malonewatch.testing.conformance import (
    BatchesConformance,
    DuplicatesConformance,
    ExternalBugTrackerConformance,
    SweepsConformance,
    VocabularyConformance,
)
from malonewatch.testing.simulator import Simulator


class TestBugzilla(BatchesConformance, DuplicatesConformance, ExternalBugTrackerConformance):
    factory = Bugzilla
    duplicate = {"status": "RESOLVED", "resolution": "DUPLICATE"}
    simulator = BugzillaSimulator
    urls = [
        ("https://bugs.example.com/show_bug.cgi?id=42", "https://bugs.example.com", "42"),
        ("http://example.com/bugs/show_bug.cgi?id=042#c7", "http://example.com/bugs", "42"),
        ("http://example.com/show_bug.cgi?issue=42", "http://example.com", "42"),
        ("http://example.com/show_bug.cgi?x=1;id=42", "http://example.com", "42"),
        ("https://bugzil.la/42", "https://bugzilla.mozilla.org", "42"),
        ("https://bugzilla.mozilla.org/42#c7", "https://bugzilla.mozilla.org", "42"),
        ("http://bugs.gentoo.org/42", "https://bugs.gentoo.org", "42"),
        ("https://bugzilla.redhat.com/show_bug.cgi?id=frob", "https://bugzilla.redhat.com", "frob"),
    ]
    not_urls = [
        "https://bugs.example.com/buglist.cgi?bug_id=42",
        "https://bugs.example.com/show_bug.cgi?id=foo",
        "https://bugs.example.com/noshow_bug.cgi?id=42",
        "https://bugs.example.com/show_bug.cgi",
        "https://bugs.example.com/42",
        "https://bugzilla.mozilla.org/",
        "https://bugzilla.mozilla.org/42/frob",
    ]

    def test_without_rest_the_dialect_is_xml(self):
        with BugzillaSimulator(rest=False) as simulator:
            simulator.add("1")
            asker = self.asker(simulator)
            asker.ask(["1"])
        assert asker.dialect == "xml"

    def test_a_bugzilla_that_lost_rest_is_asked_in_xml_once_it_is_probed_again(self):
        with BugzillaSimulator() as simulator:
            simulator.add("1")
            asker = self.asker(simulator)
            asker.ask(["1"])
            assert asker.dialect == "rest"
            simulator.rest = False
            trouble = self.trouble_of(asker, ["1"])
            assert trouble.error_type is BugWatchErrorType.UNPARSABLE_BUG_TRACKER
            assert isinstance(asker.ask(["1"], probe=True)["1"], RemoteBug)
        assert asker.dialect == "xml"

    def test_what_is_no_bugzilla_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker):
            self.asker(simulator).ask(["1"])

    def test_a_bug_that_is_missing_where_the_xml_page_is_closed_is_asked_for_alone(self):
        class Closed(BugzillaSimulator):
            async def _show_bug(self, request):
                return web.Response(status=403, text="Keep out, robots.")

        with Closed() as simulator:
            simulator.add("1")
            outcomes = Asker(Bugzilla, simulator.url, dialect="rest").ask(["1", "2", "3"])
        assert isinstance(outcomes["1"], RemoteBug)
        assert outcomes["3"].error_type is BugWatchErrorType.BUG_NOT_FOUND

    def test_a_bug_is_booked_under_each_name_that_it_was_asked_for(self):
        with type(self).simulator() as simulator:
            simulator.add("1", extra={"alias": ["one", "uno"]})
            outcomes = self.asker(simulator).ask(["1", "one", "uno"])
        assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())

    def test_missing_bugs_are_asked_for_in_one_request(self):
        with BugzillaSimulator() as simulator:
            outcomes = self.asker(simulator).ask([str(number) for number in range(100)])
            assert len(simulator.requests) == 2
        assert all(isinstance(outcome, RemoteBugError) for outcome in outcomes.values())


class TestBugzillaXML(TestBugzilla):
    simulator = functools.partial(BugzillaSimulator, rest=False)

    requests_for_three_batches = 6
    says_what_is_missing = True


class TestSweeps(SweepsConformance):
    factory = Bugzilla
    simulator = BugzillaSimulator


class TestSweepsWithKey(TestSweeps):
    simulator = functools.partial(BugzillaSimulator, jsonrpc=False, header=True, key="sesame")
    login = Credentials(token="sesame")


class TestWords(VocabularyConformance):
    factory = Bugzilla
    simulator = BugzillaSimulator


class TestWordsByJsonRpc(TestWords):
    simulator = functools.partial(BugzillaSimulator, rest=False, login=("me", "sesame"))
    login = Credentials("me", "sesame")


def test_what_is_closed_is_told_with_each_resolution_and_what_is_open_without():
    with BugzillaSimulator() as simulator:
        simulator.words["bug_status"] = ("NEW", "CLOSED")
        simulator.words["resolution"] = ("", "FIXED", "SHELVED")
        found = Asker(Bugzilla, simulator.url).learn_vocabulary()
        assert found.statuses == {"NEW": False, "CLOSED FIXED": True, "CLOSED SHELVED": True}
        assert "P1" not in found.importances
        assert "trivial" in found.importances
        assert len(simulator.requests) == 4


def test_a_bugzilla_with_the_xml_export_alone_tells_no_words():
    with BugzillaSimulator(rest=False) as simulator:
        assert Asker(Bugzilla, simulator.url).learn_vocabulary() is None


def test_a_bugzilla_that_shows_strangers_nothing_keeps_its_words_too():
    with BugzillaSimulator(closed=True) as simulator, pytest.raises(BugTrackerCredentialsRefused):
        Asker(Bugzilla, simulator.url).learn_vocabulary()


def test_a_field_that_a_bugzilla_does_not_have_spoils_what_it_tells():
    with BugzillaSimulator() as simulator:
        del simulator.words["priority"]
        with pytest.raises(BugTrackerTrouble):
            Asker(Bugzilla, simulator.url).learn_vocabulary()


@pytest.fixture
def bugzilla():
    return Bugzilla(
        BugTrackerFacts("x", BugTrackerType.BUGZILLA, "https://bugs.example.com/", dialect="rest")
    )


def test_an_alias_is_a_bug_of_a_registered_bugzilla():
    url = urlsplit("https://bugs.example.com/show_bug.cgi?id=meta-bug")
    assert Bugzilla.parseBugURL(url) is None
    assert Bugzilla.parseBugURL(url, "https://bugs.example.com") == RecognisedURL(
        "https://bugs.example.com", "meta-bug", Certainty.REGISTERED
    )


def test_the_short_form_is_a_bug_of_a_registered_bugzilla():
    url = urlsplit("https://bugs.example.com/42")
    assert Bugzilla.parseBugURL(url, "https://bugs.example.com") == RecognisedURL(
        "https://bugs.example.com", "42", Certainty.REGISTERED
    )


def test_alias_and_duplicate():
    with BugzillaSimulator() as simulator:
        simulator.add("7", extra={"alias": ["meta"]})
        simulator.add("8", status="RESOLVED", resolution="DUPLICATE", duplicate_of="7")
        outcomes = Asker(Bugzilla, simulator.url).ask(["meta", "8"])
    assert outcomes["meta"].remotebug == "meta"
    assert outcomes["8"].duplicate_of == "7"
    assert outcomes["8"].status is BugTaskStatus.INVALID


@pytest.mark.parametrize("dialect", ["rest", "xml"])
def test_a_bug_that_was_fixed_tells_the_milestone(dialect):
    with BugzillaSimulator() as simulator:
        for number, resolution, milestone in (
            ("1", "FIXED", "3.2"),
            ("2", "FIXED", "---"),
            ("3", "WONTFIX", "3.2"),
            ("4", "", "3.2"),
        ):
            status = "RESOLVED" if resolution else "NEW"
            extra = {"milestone": milestone}
            simulator.add(number, status=status, resolution=resolution, extra=extra)
        outcomes = Asker(Bugzilla, simulator.url, dialect=dialect).ask(["1", "2", "3", "4"])
    assert [outcomes[number].fixed_in for number in "1234"] == ["3.2", "", "", ""]


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("UNCONFIRMED", BugTaskStatus.NEW),
        ("CONFIRMED", BugTaskStatus.CONFIRMED),
        ("IN_PROGRESS", BugTaskStatus.INPROGRESS),
        ("RESOLVED FIXED", BugTaskStatus.FIXRELEASED),
        ("VERIFIED WONTFIX", BugTaskStatus.WONTFIX),
        ("CLOSED NOT A BUG", BugTaskStatus.INVALID),
        ("NEEDSINFO WAITINGFORINFO", BugTaskStatus.INCOMPLETE),
        ("RESOLVED INSUFFICIENTDATA", BugTaskStatus.EXPIRED),
        ("RESOLVED PKGREMOVED", BugTaskStatus.WONTFIX),
        ("RESOLVED NORESPONSE", BugTaskStatus.EXPIRED),
        ("CLOSED Works As Intended", BugTaskStatus.WONTFIX),
        ("Closed Overcome By Events", BugTaskStatus.EXPIRED),
        ("REJECTED INVALID", BugTaskStatus.INVALID),
        ("New", BugTaskStatus.NEW),
        ("NEW", BugTaskStatus.CONFIRMED),
        ("Open", BugTaskStatus.CONFIRMED),
        ("In Discussion", BugTaskStatus.CONFIRMED),
        ("Patch Ready", BugTaskStatus.INPROGRESS),
        ("IN PROGRESS REVIEW", BugTaskStatus.INPROGRESS),
        ("Needs Triage", BugTaskStatus.NEW),
        ("VERIFIED", BugTaskStatus.FIXCOMMITTED),
        ("RELEASE_PENDING", BugTaskStatus.FIXCOMMITTED),
        ("NEW IN BUILD", BugTaskStatus.FIXCOMMITTED),
        ("NEW IN BUILD FIXED", BugTaskStatus.FIXRELEASED),
        ("DONE FIXED", BugTaskStatus.FIXRELEASED),
        ("CLOSED", BugTaskStatus.FIXRELEASED),
        ("RESOLVED", BugTaskStatus.UNKNOWN),
        ("RESOLVED SOMETHING", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(bugzilla, remotestatus, status):
    assert bugzilla.convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("remote_importance", "importance"),
    [
        ("P1 enhancement", BugTaskImportance.WISHLIST),
        ("P1 --", BugTaskImportance.CRITICAL),
        ("-- S2", BugTaskImportance.HIGH),
        ("unspecified unspecified", BugTaskImportance.UNDECIDED),
        ("Lowest strange", BugTaskImportance.LOW),
        ("strange", BugTaskImportance.UNKNOWN),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(bugzilla, remote_importance, importance):
    assert bugzilla.convertRemoteImportance(remote_importance) is importance


def test_links(bugzilla):
    links = bugzilla.getBugFilingAndSearchLinks("Core", "It's broken", "Very & much")
    assert links.bug_filing_url == (
        "https://bugs.example.com/enter_bug.cgi?product=Core"
        "&short_desc=It%27s%20broken&comment=Very%20%26%20much"
    )
    assert links.bug_search_url == (
        "https://bugs.example.com/query.cgi?product=Core&short_desc=It%27s%20broken"
    )
    assert bugzilla.getBugFilingAndSearchLinks().bug_filing_url is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bugs", "id", "alias", "status", "resolution", "summary", "dupe_of"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


def outcomes_of(body, dialect, content_type):
    """What is made of an answer for bugs 1 and 2, or the trouble that it is."""
    client = Canned(body, content_type)
    asker = Asker(Bugzilla, "http://b.example", dialect=dialect, client=client)
    try:
        return asker.ask(["1", "2"])
    except MalonewatchError as error:
        return {"trouble": error}


def is_plain(outcome):
    return isinstance(outcome, (RemoteBug, RemoteBugError, MalonewatchError))


@given(json_values)
def test_any_json_is_bugs_or_an_error_of_ours(value):
    body = json.dumps(value).encode()
    assert all(map(is_plain, outcomes_of(body, "rest", "application/json").values()))


GOOD_XML = (
    b'<?xml version="1.0" encoding="UTF-8" ?>'
    b'<!DOCTYPE bugzilla SYSTEM "https://b.example/page.cgi?id=bugzilla.dtd">'
    b'<bugzilla version="4.0.2"><bug><bug_id>1</bug_id><alias>one</alias>'
    b"<short_desc>It breaks</short_desc><delta_ts>2024-01-02 03:04:05 +0000</delta_ts>"
    b"<bug_status>RESOLVED</bug_status><resolution>DUPLICATE</resolution>"
    b"<priority>P3</priority><bug_severity>normal</bug_severity><dup_id>2</dup_id></bug>"
    b'<bug error="NotPermitted"><bug_id>2</bug_id></bug></bugzilla>'
)
places = st.integers(0, len(GOOD_XML))


@given(st.lists(st.tuples(places, places, st.binary(max_size=10)), min_size=1, max_size=4))
def test_garbled_xml_is_bugs_or_an_error_of_ours(changes):
    body = GOOD_XML
    for start, length, put in changes:
        body = body[:start] + put + body[start + length % 20 :]
    assert all(map(is_plain, outcomes_of(body, "xml", "text/xml").values()))


@given(st.binary(max_size=200))
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    assert all(map(is_plain, outcomes_of(body, "xml", "text/xml").values()))


# Aliases and numbers.


@pytest.mark.parametrize("postgresql", [False, True])
def test_an_alias_is_asked_for_apart_from_the_numbers(postgresql):
    with BugzillaSimulator(postgresql=postgresql) as simulator:
        simulator.add("1", extra={"alias": ["one"]})
        simulator.add("2")
        outcomes = Asker(Bugzilla, simulator.url).ask(["2", "One", "none"])
    assert isinstance(outcomes["2"], RemoteBug)
    assert isinstance(outcomes["One"], RemoteBug)
    assert outcomes["none"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_private_alias_is_private_though_the_export_names_its_number():
    with BugzillaSimulator() as simulator:
        simulator.add("7", private=True, extra={"alias": ["secret"]})
        outcomes = Asker(Bugzilla, simulator.url).ask(["secret", "none"])
    assert outcomes["secret"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["none"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_an_alias_may_be_a_string():
    body = b'{"bugs": [{"id": 7, "alias": "meta", "status": "NEW", "resolution": ""}]}'
    asker = Asker(Bugzilla, "http://b.example", dialect="rest", client=Canned(body))
    assert isinstance(asker.ask(["meta"])["meta"], RemoteBug)


def test_an_export_of_another_program_is_none():
    outcomes = outcomes_of(b"<issues><bug><bug_id>1</bug_id></bug></issues>", "xml", "text/xml")
    assert isinstance(outcomes["trouble"], UnparsableBugTracker)


def test_a_bug_that_an_export_leaves_out_is_asked_for_again():
    body = b"<bugzilla><bug><bug_id>1</bug_id><bug_status>NEW</bug_status></bug></bugzilla>"
    client = Canned(body, "text/xml")
    outcomes = Asker(Bugzilla, "http://b.example", dialect="xml", client=client).ask(["1", "2"])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert [url.partition("&id=")[2].partition("&")[0] for _, url, _ in client.requests] == [
        "1,2",
        "2",
    ]


def test_a_bugzilla_without_such_a_resource_speaks_another_dialect():
    body = b'{"error": true, "code": 32614, "message": "A REST API resource was not found."}'
    client = Canned(body)
    with pytest.raises(UnparsableBugTracker):
        Asker(Bugzilla, "http://b.example", client=client).ask(["1"])
    # What says so of REST is no export either.
    assert "show_bug.cgi" in client.requests[-1][1]


def test_a_number_that_no_bug_can_have_is_invalid():
    with BugzillaSimulator(postgresql=True) as simulator:
        simulator.add("1")
        outcomes = Asker(Bugzilla, simulator.url).ask(["1", str(2**31)])
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes[str(2**31)].error_type is BugWatchErrorType.INVALID_BUG_ID


def test_more_bugs_than_a_search_gives_are_asked_for_again():
    ids = [str(number) for number in range(1, 31)]
    with BugzillaSimulator(max_results=10) as simulator:
        for remotebug in ids:
            simulator.add(remotebug)
        outcomes = Asker(Bugzilla, simulator.url).ask(ids)
        assert len(simulator.requests) == 2
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_rest_is_found_where_no_urls_are_rewritten():
    with BugzillaSimulator(cgi=True) as simulator:
        simulator.add("1")
        asker = Asker(Bugzilla, simulator.url)
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
        assert asker.identify() == "Bugzilla 5.0.6"
    assert asker.dialect == "rest.cgi"
    assert "rest:" in asker.reason


# Credentials.


@pytest.fixture
def log_in(tmp_path):
    """Gives credentials for a simulator."""
    registered = []

    def give(simulator, **values):
        path = tmp_path / "credentials.ini"
        lines = "".join(f"{name} = {value}\n" for name, value in values.items())
        path.touch(mode=0o600)
        path.write_text(f"[{simulator.url}]\n{lines}")
        credentials = FileCredentials(path)
        getGlobalSiteManager().registerUtility(credentials, ICredentials)
        registered.append(credentials)

    yield give
    for credentials in registered:
        getGlobalSiteManager().unregisterUtility(credentials, ICredentials)


def who(simulator):
    """Whose the credentials are."""
    return Asker(Bugzilla, simulator.url).check_credentials()


@pytest.mark.parametrize(
    ("values", "secret"),
    [
        ({"token": "sesame"}, "sesame"),
        ({"username": "me", "password": "open sesame"}, "open sesame"),
    ],
)
def test_stock_bugzilla_is_sent_credentials_in_the_body(log_in, values, secret):
    with BugzillaSimulator(key="sesame", login=("me", "open sesame")) as simulator:
        simulator.add("1", private=True)
        log_in(simulator, **values)
        asker = Asker(Bugzilla, simulator.url)
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
        assert asker.dialect == "jsonrpc"
        assert not any(secret in request for request in simulator.requests)
        assert who(simulator) == ""


def test_a_wrong_key_is_refused_by_stock_bugzilla_though_it_is_open(log_in):
    with BugzillaSimulator(key="sesame") as simulator:
        simulator.add("1")
        log_in(simulator, token="simsim")
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(Bugzilla, simulator.url).ask(["1"])
        with pytest.raises(BugTrackerCredentialsRefused):
            who(simulator)


def test_a_closed_bugzilla_wants_credentials(log_in):
    with BugzillaSimulator(closed=True, key="sesame") as simulator:
        simulator.add("1")
        with pytest.raises(BugTrackerCredentialsRefused, match="there are no credentials"):
            Asker(Bugzilla, simulator.url, dialect="rest").ask(["1"])
        log_in(simulator, token="sesame")
        assert isinstance(Asker(Bugzilla, simulator.url).ask(["1"])["1"], RemoteBug)


def test_rest_is_left_for_what_reads_credentials_once_there_are_some(log_in):
    with BugzillaSimulator(key="sesame") as simulator:
        simulator.add("1", private=True)
        asker = Asker(Bugzilla, simulator.url)
        assert isinstance(asker.ask(["1"])["1"], RemoteBugError)
        assert asker.dialect == "rest"
        log_in(simulator, token="sesame")
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
    assert asker.dialect == "jsonrpc"


def test_json_rpc_is_left_once_the_credentials_are_gone(log_in):
    with BugzillaSimulator(key="sesame") as simulator:
        simulator.add("1")
        asker = Asker(Bugzilla, simulator.url, dialect="jsonrpc")
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
    assert asker.dialect == "rest"


def test_a_fork_without_json_rpc_is_sent_the_key_in_a_header(log_in):
    with BugzillaSimulator(key="sesame", header=True, jsonrpc=False) as simulator:
        simulator.add("1", private=True)
        log_in(simulator, token="sesame")
        asker = Asker(Bugzilla, simulator.url)
        assert isinstance(asker.ask(["1"])["1"], RemoteBug)
        assert asker.dialect == "rest+key"
        simulator.requests.clear()
        asker.ask(["1"])
        assert len(simulator.requests) == 1
        assert who(simulator) == "me@example.com"
        log_in(simulator, token="simsim")
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.ask(["1"])
        with pytest.raises(BugTrackerCredentialsRefused):
            who(simulator)


def test_a_key_that_an_old_bugzilla_does_not_look_at_is_refused(log_in):
    class Old(BugzillaSimulator):
        def _is_in(self, parameters, key=None):
            return False

    with Old(rest=False) as simulator:
        log_in(simulator, token="sesame")
        with pytest.raises(BugTrackerCredentialsRefused):
            who(simulator)


def test_a_search_in_json_rpc_that_gives_too_little_is_followed_by_another(log_in):
    ids = [str(number) for number in range(1, 31)]
    with BugzillaSimulator(max_results=10, key="sesame") as simulator:
        for remotebug in ids:
            simulator.add(remotebug)
        log_in(simulator, token="sesame")
        outcomes = Asker(Bugzilla, simulator.url).ask(ids)
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize("name", sorted(HEADER_HOSTS))
def test_the_large_forks_are_sent_the_key_in_headers(name):
    external = Bugzilla(BugTrackerFacts("x", BugTrackerType.BUGZILLA, f"https://{name}"))
    assert not JsonRpc(external).speaks(True)
    assert external.authorization(Credentials(token="sesame")) == {
        "Authorization": "Bearer sesame",
        "X-BUGZILLA-API-KEY": "sesame",
    }


def test_private_and_missing_bugs_are_told_apart_in_json_rpc(log_in):
    with BugzillaSimulator(key="sesame", header=True) as simulator:
        simulator.add("1")
        log_in(simulator, token="sesame")
        outcomes = Asker(Bugzilla, simulator.url, dialect="jsonrpc").ask(["1", "2", "meta"])
        assert who(simulator) == ""
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert outcomes["meta"].error_type is BugWatchErrorType.BUG_NOT_FOUND


# What is no answer about a bug.


def trouble_of(asker, ids):
    with pytest.raises(MalonewatchError) as caught:
        asker.ask(ids)
    return caught.value


@pytest.mark.parametrize("dialect", ["rest", "xml"])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_http_status_without_an_error_of_bugzillas_is_about_no_bug(dialect, status):
    client = Canned(b"<!DOCTYPE html><title>Keep out</title>", "text/html", status)
    for ids in (["1"], ["1", "2"]):
        asker = Asker(Bugzilla, "http://b.example", dialect=dialect, client=client)
        assert isinstance(trouble_of(asker, ids), BugTrackerTrouble)
        assert asker.dialect == dialect


@pytest.mark.parametrize(
    "body",
    [
        b'{"bugs": [{"id": 1, "status": " ", "resolution": ""}]}',
        b'{"bugs": [{"id": 1, "status": "", "resolution": "FIXED"}]}',
        b'{"bugs": [{"id": 1}]}',
        b'{"bugs": [{"id": 9, "status": "NEW", "resolution": ""}]}',
    ],
)
def test_no_status_and_another_bug_are_no_status_of_the_bug(body):
    asker = Asker(Bugzilla, "http://b.example", dialect="rest", client=Canned(body))
    outcome = asker.ask(["1"], apart=True)["1"]
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG


@pytest.mark.parametrize("status", [400, 302])
def test_bugs_in_an_answer_without_success_are_none(status):
    body = b'{"bugs": [{"id": 1, "status": "NEW", "resolution": ""}]}'
    client = Canned(body, status=status)
    asker = Asker(Bugzilla, "http://b.example", dialect="rest", client=client)
    assert isinstance(trouble_of(asker, ["1"]), UnparsableBugTracker)


def test_a_bug_that_makes_a_search_fail_costs_the_others_nothing():
    class Stumbling(BugzillaSimulator):
        def _chosen(self, parameters, is_in):
            if "13" in parameters["id"]:
                raise _RefusedError(100500, "DBD::Pg::db selectcol_arrayref failed.")
            return super()._chosen(parameters, is_in)

    ids = [str(number) for number in range(1, 101)]
    with Stumbling() as simulator:
        for remotebug in ids:
            simulator.add(remotebug)
        outcomes = Asker(Bugzilla, simulator.url, dialect="rest").ask(ids)
    assert outcomes.pop("13").apart
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_after_a_page_at_the_first_contact_rest_is_found_when_it_is_looked_for_again():
    with BugzillaSimulator() as simulator:
        simulator.add("1")
        asker = Asker(Bugzilla, simulator.url)
        simulator.rest = False
        asker.ask(["1"])
        assert asker.dialect == "xml"
        simulator.rest = True
        asker.ask(["1"], probe=True)
    assert asker.dialect == "rest"


def test_a_time_without_an_offset_is_none():
    body = GOOD_XML.replace(b" +0000", b"")
    client = Canned(body, "text/xml")
    asker = Asker(Bugzilla, "http://b.example", dialect="xml", client=client)
    assert asker.ask(["1", "2"])["1"].modified is None


# What real ones answered.


def read_sample(name, dialect, content_type, *ids):
    body, must_read = sample("BUGZILLA", name)
    client = Canned(body, content_type)
    asker = Asker(Bugzilla, "http://b.example", dialect=dialect, client=client)
    names = ids or [str(bug["id"]) for bug in must_read]
    return asker.ask(names), must_read


def is_as(bug, must_read):
    """Whether all is read that is to be."""
    resolution = must_read["resolution"].strip("-")
    duplicate_of = must_read["duplicate_of"]
    assert bug.remotestatus == f"{must_read['status']} {resolution}".strip()
    assert bug.resolution == resolution
    assert bug.remote_importance == f"{must_read['priority']} {must_read['severity']}"
    assert bug.title == must_read["title"]
    assert format_time(bug.modified) == must_read["updated"]
    assert bug.duplicate_of == (None if duplicate_of is None else str(duplicate_of))
    assert bug.status is not BugTaskStatus.UNKNOWN
    assert bug.importance is not BugTaskImportance.UNKNOWN


@pytest.mark.parametrize("name", ["rest-list-duplicate-verified.json", "rest-list-new.json"])
def test_recorded_lists_of_rest_are_read(name):
    outcomes, must_read = read_sample(name, "rest", "application/json")
    for each in must_read:
        is_as(outcomes[str(each["id"])], each)


def test_a_recorded_export_is_read():
    outcomes, must_read = read_sample("xml-next.xml", "xml", "text/xml")
    for each in must_read:
        is_as(outcomes[str(each["id"])], each)


def test_a_recorded_error_about_a_key_is_a_refusal():
    body, _ = sample("BUGZILLA", "rest-error-api-key.json")
    asker = Asker(Bugzilla, "http://b.example", dialect="rest", client=Canned(body))
    assert isinstance(trouble_of(asker, ["1", "2", "3"]), BugTrackerCredentialsRefused)


def test_a_list_in_csv_is_what_we_do_not_ask_for():
    body, must_read = sample("BUGZILLA", "buglist.csv")
    for dialect in ("rest", "xml"):
        client = Canned(body, "text/csv")
        asker = Asker(Bugzilla, "http://b.example", dialect=dialect, client=client)
        ids = [str(bug["id"]) for bug in must_read]
        assert isinstance(trouble_of(asker, ids), UnparsableBugTracker)
