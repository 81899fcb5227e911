import json
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from tests.samples import sample
from zope.component import getGlobalSiteManager

from malonewatch.externalbugtracker import SourceForge
from malonewatch.externalbugtracker.sourceforge import path_of
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerChallenge,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
    Certainty,
    Credentials,
    ICredentials,
    MalonewatchError,
    RecognisedURL,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)
from malonewatch.testing.asking import Asker, Canned
from malonewatch.testing.conformance import (
    BatchesConformance,
    ExternalBugTrackerConformance,
    MovesConformance,
    ValidatorsConformance,
)
from malonewatch.testing.faults import page
from malonewatch.testing.simulator import Simulator
from malonewatch.testing.sourceforge import SourceForgeSimulator

BASE = "https://sourceforge.net"


def make(baseurl=BASE):
    return SourceForge(BugTrackerFacts("x", BugTrackerType.SOURCEFORGE, baseurl))


class TestSourceForge(
    BatchesConformance, MovesConformance, ValidatorsConformance, ExternalBugTrackerConformance
):
    factory = SourceForge
    simulator = SourceForgeSimulator
    ids = staticmethod("example/bugs#{}".format)
    invalid_id = "example/bugs#4294967296"
    spellings = [
        ("example/bugs#42", "example/bugs#42"),
        (" p/example/bugs#0042 ", "example/bugs#42"),
        ("/p/example/part/bugs/#42", "example/part/bugs#42"),
        ("u/jane/own#42", "u/jane/own#42"),
        ("adobe/example/bugs#42", "adobe/example/bugs#42"),
        ("adobe/bugs#42", "p/adobe/bugs#42"),
        ("#0042", "42"),
    ]
    # A search for each hundred.
    requests_for_three_batches = 3 * SourceForge.request_size // SourceForge.page_size
    # As of five hundred, with a search for each further hundred.
    requests_to_isolate = 30
    urls = [
        ("https://sourceforge.net/p/example/bugs/42/", BASE, "example/bugs#42"),
        ("http://www.sourceforge.net/p/example/bugs/042", BASE, "example/bugs#42"),
        ("https://sf.net/p/example/bugs/42/?limit=25&page=1#4f2a/1234", BASE, "example/bugs#42"),
        ("https://sourceforge.net/rest/p/example/bugs/42/", BASE, "example/bugs#42"),
        (
            "https://sourceforge.net/p/example/part/feature-requests/42/",
            BASE,
            "example/part/feature-requests#42",
        ),
        ("https://sourceforge.net/u/jane/own/42/", BASE, "u/jane/own#42"),
        ("https://sourceforge.net/adobe/flex/bugs/42/", BASE, "adobe/flex/bugs#42"),
        ("https://sourceforge.net/p/adobe/flex/bugs/42/", BASE, "p/adobe/flex/bugs#42"),
        (
            "https://forge-allura.apache.org/p/allura/tickets/42/",
            "https://forge-allura.apache.org",
            "allura/tickets#42",
        ),
        (
            "http://forge.example.com:8080/p/it/tickets/42/",
            "http://forge.example.com:8080",
            "it/tickets#42",
        ),
        ("http://sourceforge.net/tracker/?func=detail&aid=42&group_id=5&atid=7", BASE, "42"),
        ("http://sourceforge.net/tracker/index.php?aid=42&group_id=5", BASE, "42"),
        ("http://sourceforge.net/tracker2/?func=detail;aid=42", BASE, "42"),
        ("http://sourceforge.net/support/tracker.php?aid=0042", BASE, "42"),
        ("http://www.sf.net/tracker2/index.php?aid=42", BASE, "42"),
    ]
    not_urls = [
        "https://sourceforge.net/p/example/bugs/",
        "https://sourceforge.net/p/example/bugs/milestone/2/",
        "https://sourceforge.net/p/example/bugs/99999999999/",
        "https://sourceforge.net/p/example/bugs/12/13/",
        "https://sourceforge.net/p/example/discussion/42/",
        "https://sourceforge.net/p/example/mailman/message/42/",
        "https://sourceforge.net/p/example/code/42/",
        "https://sourceforge.net/p/example/42/",
        "https://sourceforge.net/projects/example/bugs/42/",
        "https://sourceforge.net/p/a/b/c/d/42/",
        "https://example.com/p/2024/10/42/",
        "https://example.com/u/jane/bugs/42/",
        "http://sourceforge.net/tracker/?func=browse&group_id=5",
        "http://sourceforge.net/tracker/?aid=abc",
        "http://example.com/tracker/?func=detail&aid=42",
    ]

    def test_what_is_no_allura_is_not_supported(self):
        with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="SourceForge"):
            self.asker(simulator).ask(self.numbered(1))


class TestNumbersOfBeforeAllura(TestSourceForge):
    ids = staticmethod(str)
    invalid_id = "4294967296"
    # Each bug is a redirect, the page that it leads to, and the ticket.
    requests_for_three_batches = 3 * 3 * SourceForge.request_size

    def test_the_dialect_is_learnt_and_not_probed_again(self):
        with SourceForgeSimulator() as simulator:
            asker = self.asker(simulator)
            asker.ask(["1"])
            assert simulator.requests[-1] == "GET /rest/"
            assert asker.dialect == "allura"
            simulator.requests.clear()
            asker.ask(["1"])
            assert len(simulator.requests) == 1

    # It moved in Allura, where it has another number.
    test_a_bug_that_moved_tells_where_it_is = None
    # There is no request for many that one could spoil.
    test_a_bug_that_spoils_the_answer_for_all_is_found_and_asked_for_apart = None


# Ids and URLs.


@pytest.mark.parametrize(
    "remotebug",
    [
        *("bugs#1", "p#1", "example/bugs", "example/bugs#", "example/bugs#x", "a/b/c/d/e#1"),
        *("../bugs#1", "example/..#1", "example/b ugs#1", "example/bugs#1#2"),
    ],
)
def test_what_cannot_be_the_id_of_a_ticket(remotebug):
    assert not SourceForge.is_valid(SourceForge.canonicalRemoteBug(remotebug))


@given(st.text(max_size=30) | st.from_regex(r"\A((p|u|adobe|x)/){0,4}(p|u|adobe|x)#\d\Z"))
def test_there_is_one_way_to_write_an_id(text):
    canonical = SourceForge.canonicalRemoteBug(text)
    if SourceForge.is_valid(canonical):
        assert SourceForge.canonicalRemoteBug(canonical) == canonical
        url = make().getBugURL(canonical)
        found = SourceForge.parseBugURL(urlsplit(url), BASE)
        assert found is None or found.remotebug == canonical


def test_on_a_registered_site_any_tracker_is_one():
    baseurl = "http://forge.example.com"
    url = urlsplit("http://forge.example.com/p/it/matters/42/")
    assert SourceForge.parseBugURL(url) is None
    assert SourceForge.parseBugURL(url, baseurl) == RecognisedURL(
        baseurl, "it/matters#42", Certainty.REGISTERED
    )


def test_on_a_registered_site_there_are_former_urls():
    baseurl = "http://example.com/forge"
    url = urlsplit("http://example.com/forge/tracker/?func=detail&aid=42")
    assert SourceForge.parseBugURL(url, baseurl)[:2] == (baseurl, "42")


@pytest.mark.parametrize(
    ("registered", "url", "found"),
    [
        (
            "https://www.sourceforge.net/p/example/bugs",
            "https://www.sourceforge.net/p/example/bugs/42",
            RecognisedURL(BASE, "example/bugs#42", Certainty.KNOWN_HOST),
        ),
        (
            "https://example.com/p/it/matters",
            "https://example.com/p/it/matters/42",
            RecognisedURL("https://example.com", "it/matters#42", Certainty.REGISTERED),
        ),
        (
            "https://example.com/p/it/part/matters",
            "https://example.com/p/it/part/matters/42",
            RecognisedURL("https://example.com", "it/part/matters#42", Certainty.REGISTERED),
        ),
    ],
)
def test_a_tracker_of_a_project_that_is_registered_belongs_to_the_site(registered, url, found):
    assert SourceForge.parseBugURL(urlsplit(url), registered) == found


@given(
    st.text(max_size=60),
    st.none() | st.sampled_from([BASE, f"{BASE}/p/x/y", "http://forge.example.com"]),
)
def test_any_path_is_a_bug_or_none(path, baseurl):
    url = urlsplit("http://forge.example.com")._replace(path="/" + path)
    found = SourceForge.parseBugURL(url, baseurl)
    assert found is None or SourceForge.is_valid(found.remotebug)


@pytest.mark.parametrize("end", ["", "/1", "/x"])
def test_a_very_long_path_is_no_bugs(end):
    """Nor does it take long to say so, as each segment is looked at a few times at most."""
    for path in ("/p" * 8_000, "/p/" + "x" * 16_000, "/p/x" + "/1" * 8_000):
        url = urlsplit(f"https://example.com{path}{end}")
        assert SourceForge.parseBugURL(url) is None
        assert SourceForge.parseBugURL(url, "https://example.com") is None
        SourceForge.parseBugURL(url, f"https://example.com{path}")


def test_links_need_a_tracker():
    links = make().getBugFilingAndSearchLinks("example/bugs", "No: it's (broken)", "A & b")
    assert links.bug_filing_url == (
        f"{BASE}/p/example/bugs/new/?summary=No:%20it%27s%20%28broken%29&description=A%20%26%20b"
    )
    assert links.bug_search_url == (
        f"{BASE}/p/example/bugs/search/?q=No%5C:%20it%27s%20%5C%28broken%5C%29"
    )
    for product in (None, "", "example", "84122&575154", "../x y"):
        assert make().getBugFilingAndSearchLinks(product) == (None, None)


def test_a_person_has_trackers_too():
    links = make().getBugFilingAndSearchLinks("u/jane/own")
    assert links.bug_filing_url == f"{BASE}/u/jane/own/new/?summary=&description="
    assert path_of("jane/own") == "p/jane/own"


# Requests.


def ask(simulator, *remotebugs, **settings):
    return Asker(SourceForge, simulator.url).ask(remotebugs, **settings)


def test_one_bug_of_a_tracker_is_asked_for_directly():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#7")
        simulator.add("u/jane/own#7")
        ask(simulator, "example/bugs#7", "u/jane/own#7")
        assert simulator.requests == [
            "GET /rest/p/example/bugs/7/",
            "GET /rest/u/jane/own/7/",
        ]


def test_several_bugs_of_a_tracker_are_searched_for_at_once():
    with SourceForgeSimulator() as simulator:
        for id in ("example/bugs#7", "other/part/bugs#7", "example/bugs#8", "other/part/bugs#9"):
            simulator.add(id, title=id)
        outcomes = ask(simulator, *simulator.bugs)
        assert simulator.requests == [
            "GET /rest/p/example/bugs/search?q=ticket_num_i:%287%20OR%208%29&limit=2&page=0",
            "GET /rest/p/other/part/bugs/search?q=ticket_num_i:%287%20OR%209%29&limit=2&page=0",
        ]
    assert all(outcome.title == id for id, outcome in outcomes.items())


def test_what_a_search_does_not_find_is_asked_for_alone():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#7")
        simulator.add("example/bugs#8", private=True)
        outcomes = ask(simulator, "example/bugs#7", "example/bugs#8", "example/bugs#9")
        assert simulator.requests[1:] == [
            "GET /rest/p/example/bugs/8/",
            "GET /rest/p/example/bugs/9/",
        ]
    assert outcomes["example/bugs#8"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["example/bugs#9"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_search_for_the_highest_numbers_fits_into_a_url():
    with SourceForgeSimulator() as simulator:
        for number in range(SourceForge.page_size):
            simulator.add(f"example/bugs#{2**31 - 1 - number}")
        ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 1
        assert len(simulator.requests[0]) < 2000


def test_a_site_that_allows_short_pages_only_is_asked_for_several():
    with SourceForgeSimulator() as simulator:
        simulator.limit_max = 4
        for number in range(1, 11):
            simulator.add(f"example/bugs#{number}")
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_server_that_finds_more_than_it_was_asked_for_is_not_asked_for_ever():
    async def same_page(request):
        if "q" not in request.query:
            return web.Response(status=404)
        return web.json_response({"tickets": [ticket(ticket_num=1)], "count": 1000})

    with SourceForgeSimulator() as simulator:
        simulator.fault = same_page
        ask(simulator, *(f"example/bugs#{number}" for number in range(1, 6)))
        assert sum("page=" in request for request in simulator.requests) == 1


def test_a_server_that_counts_what_it_does_not_list_is_asked_for_each_ticket():
    async def empty(request):
        if "q" in request.query:
            return web.json_response({"tickets": [], "count": 2})
        return web.json_response({"ticket": ticket(ticket_num=int(request.path[-2]))})

    with SourceForgeSimulator() as simulator:
        simulator.fault = empty
        outcomes = ask(simulator, "example/bugs#1", "example/bugs#2")
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_site_that_lists_no_more_than_titles_is_asked_for_each_ticket():
    with SourceForgeSimulator() as simulator:
        simulator.lists_titles = True
        simulator.add("example/bugs#1")
        simulator.add("example/bugs#2")
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_search_that_is_out_of_order_means_nothing_for_the_bugs():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1")
        simulator.search_fails = True
        with pytest.raises(BugTrackerConnectError, match="search"):
            ask(simulator, "example/bugs#1", "example/bugs#2")
        assert len(simulator.requests) == 1


@pytest.mark.parametrize(
    ("gone", "error_type"),
    [
        (False, BugWatchErrorType.PRIVATE_REMOTE_BUG),
        (True, BugWatchErrorType.BUG_NOT_FOUND),
    ],
)
def test_a_tracker_that_is_private_or_gone_costs_the_others_nothing(gone, error_type):
    with SourceForgeSimulator() as simulator:
        for number in range(1, 21):
            simulator.add(f"secret/bugs#{number}")
            simulator.add(f"example/bugs#{number}")
        ids = list(simulator.bugs)
        asker = Asker(SourceForge, simulator.url)
        asker.ask(ids)
        simulator.closed_trackers.add("secret/bugs")
        if gone:
            for number in range(1, 21):
                del simulator.bugs[f"secret/bugs#{number}"]
        simulator.requests.clear()
        outcomes = asker.ask(ids)
        # Two searches, and one of the tickets alone.
        assert len(simulator.requests) == 3
    for id, outcome in outcomes.items():
        if id.startswith("secret/"):
            assert outcome.error_type is error_type
        else:
            assert isinstance(outcome, RemoteBug)


def test_a_search_that_is_kept_from_robots_says_nothing_of_the_tickets():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1")
        simulator.add("example/bugs#2")
        simulator._search = lambda *args: web.Response(status=403, text="Not acceptable: OR")
        outcomes = ask(simulator, *simulator.bugs)
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_server_that_never_answers_is_asked_once():
    class Impatient(SourceForge):
        timeout = 0.1

    for remotebugs in (["1"], ["example/bugs#1"], ["example/bugs#1", "example/bugs#2"]):
        with SourceForgeSimulator() as simulator:
            simulator.latency = 600
            asker = Asker(Impatient, simulator.url)
            with pytest.raises(BugTrackerTimeout):
                asker.ask(remotebugs)
        assert len(asker.exchanges) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(
    "remotebugs", [["1"], ["example/bugs#1"], ["example/bugs#1", "example/bugs#2"]]
)
def test_a_site_that_refuses_everything_is_no_allura(status, remotebugs):
    async def refuse(request):
        return web.json_response({"error": "no"}, status=status)

    with SourceForgeSimulator() as simulator:
        simulator.fault = refuse
        asker = Asker(SourceForge, simulator.url)
        with pytest.raises(UnsupportedBugTracker):
            asker.ask(remotebugs)
    assert asker.dialect is None


@pytest.mark.parametrize("remotebug", ["1", "example/bugs#1"])
def test_a_page_that_keeps_robots_out_is_the_bug_trackers_trouble(remotebug):
    blocked = page("<h1>Sorry, you have been blocked</h1>", 403)
    with SourceForgeSimulator() as simulator:
        simulator.fault = blocked
        with pytest.raises(BugTrackerChallenge):
            Asker(SourceForge, simulator.url, dialect="allura").ask([remotebug])


def test_it_says_what_it_is():
    with SourceForgeSimulator() as simulator:
        assert Asker(SourceForge, simulator.url).identify() == "Apache Allura"
    for body in (b'{"bugs": []}', b"[]", b"<p>"):
        client = Canned(body)
        assert Asker(SourceForge, BASE, client=client).identify() is None


# Validators.


def test_a_ticket_that_is_as_old_as_it_was_is_unchanged():
    with SourceForgeSimulator() as simulator:
        simulator.last_modified = True
        simulator.add("example/bugs#1")
        validator = ask(simulator, "example/bugs#1")["example/bugs#1"].validator
        assert validator.endswith("GMT")
        outcomes = ask(simulator, "example/bugs#1", validators={"example/bugs#1": validator})
    assert outcomes == {"example/bugs#1": RemoteBugUnchanged("example/bugs#1")}


def test_each_former_number_is_asked_for_with_its_validator():
    with SourceForgeSimulator() as simulator:
        simulator.validators = True
        simulator.add("1")
        simulator.add("2")
        validators = {name: bug.validator for name, bug in ask(simulator, "1", "2").items()}
        assert ask(simulator, "1", "2", validators=validators) == {
            "1": RemoteBugUnchanged("1"),
            "2": RemoteBugUnchanged("2"),
        }


@pytest.mark.parametrize("etag", ['"é"', '"' + "x" * 300 + '"', ""])
def test_a_validator_that_could_not_be_sent_back_is_none(etag):
    async def with_etag(request):
        return web.json_response({"ticket": ticket()}, headers={"ETag": etag})

    with SourceForgeSimulator() as simulator:
        simulator.fault = with_etag
        assert ask(simulator, "example/bugs#1")["example/bugs#1"].validator is None


def test_not_modified_is_no_answer_to_a_question_without_a_condition():
    with pytest.raises(UnparsableBugTracker):
        read(b"", status=304)


# Bugs that are elsewhere, or for others.


def test_a_moved_ticket_is_followed_and_says_where_it_is():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1", moved_to="other/bugs#7")
        simulator.add("other/bugs#7", title="Over there", status="closed-fixed")
        simulator.add("example/bugs#2")
        for remotebugs in (["example/bugs#1"], ["example/bugs#1", "example/bugs#2"]):
            found = ask(simulator, *remotebugs)["example/bugs#1"]
            assert found.title == "Over there"
            assert found.remotebug == "example/bugs#1"
            assert found.moved_to == f"{simulator.url}/p/other/bugs/7/"


def test_a_ticket_that_moved_to_where_it_cannot_be_read_is_moved():
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1", moved_to="other/bugs#7")
        simulator.add("example/bugs#2", moved_to="other/bugs#8")
        simulator.add("other/bugs#8", private=True)
        outcomes = ask(simulator, "example/bugs#1", "example/bugs#2")
        for remotebug, number in (("example/bugs#1", "7"), ("example/bugs#2", "8")):
            outcome = outcomes[remotebug]
            assert outcome.error_type is BugWatchErrorType.BUG_MOVED
            assert outcome.moved_to == f"{simulator.url}/p/other/bugs/{number}/"


def test_another_scheme_or_host_alone_is_no_move():
    with SourceForgeSimulator() as new, SourceForgeSimulator() as old:
        new.add("example/bugs#1")

        async def redirect(request):
            raise web.HTTPMovedPermanently(new.origin + request.path_qs)

        old.fault = redirect
        found = ask(old, "example/bugs#1")["example/bugs#1"]
    assert isinstance(found, RemoteBug)
    assert found.moved_to is None


def test_a_ticket_that_moved_to_another_host_is_moved():
    with SourceForgeSimulator() as new, SourceForgeSimulator() as old:
        new.add("other/bugs#7")

        async def redirect(request):
            raise web.HTTPMovedPermanently(f"{new.origin}/rest/p/other/bugs/7/")

        old.fault = redirect
        outcome = ask(old, "example/bugs#1")["example/bugs#1"]
    assert outcome.error_type is BugWatchErrorType.BUG_MOVED
    assert outcome.moved_to == f"{new.origin}/p/other/bugs/7/"


def test_a_redirect_for_the_time_being_is_no_move():
    async def redirect(request):
        if request.path.startswith("/rest/p/example/"):
            raise web.HTTPFound("/rest/p/other/bugs/7/")
        return web.json_response({"ticket": ticket(ticket_num=7)})

    with SourceForgeSimulator() as simulator:
        simulator.fault = redirect
        found = ask(simulator, "example/bugs#1")["example/bugs#1"]
    assert isinstance(found, RemoteBug)
    assert found.moved_to is None


def test_another_tickets_data_is_not_taken_for_this_ones():
    outcome = read({"ticket": ticket(ticket_num=99)})
    assert outcome.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert "another bug" in outcome.message


def test_a_moved_ticket_is_the_one_that_the_redirect_led_to():
    async def redirect(request):
        if request.path.startswith("/rest/p/example/"):
            raise web.HTTPMovedPermanently("/rest/p/other/bugs/7/")
        return web.json_response({"ticket": ticket(ticket_num=1)})

    with SourceForgeSimulator() as simulator:
        simulator.fault = redirect
        outcome = ask(simulator, "example/bugs#1")["example/bugs#1"]
    assert outcome.error_type is BugWatchErrorType.BUG_MOVED


def test_a_log_in_page_instead_of_a_ticket_makes_it_private():
    async def log_in(request):
        if request.path.startswith("/rest/"):
            raise web.HTTPFound("/auth/?return_to=x")
        return await simulator._log_in(request)

    with SourceForgeSimulator() as simulator:
        simulator.fault = log_in
        asker = Asker(SourceForge, simulator.url, dialect="allura")
        outcome = asker.ask(["example/bugs#1"])["example/bugs#1"]
        with pytest.raises(BugTrackerCredentialsRefused):
            ask(simulator, "example/bugs#1")
    assert outcome.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def test_a_log_in_page_instead_of_a_search_concerns_that_tracker_alone():
    async def log_in(request):
        raise web.HTTPFound("/auth/?return_to=x")

    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1")
        simulator.add("example/bugs#2")
        simulator.add("secret/bugs#1")
        simulator.add("secret/bugs#2")
        asker = Asker(SourceForge, simulator.url)
        asker.ask(simulator.bugs)
        simulator.spoiler, simulator.spoil = "secret", log_in
        simulator.asks_for = about_secrets
        outcomes = asker.ask(simulator.bugs)
    assert isinstance(outcomes["example/bugs#2"], RemoteBug)
    assert outcomes["secret/bugs#1"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["secret/bugs#2"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


async def about_secrets(request, id):
    return "secret" in request.path


@pytest.mark.parametrize(("former_status", "moved"), [(301, True), (302, False)])
def test_a_former_number_leads_to_the_ticket(former_status, moved):
    with SourceForgeSimulator() as simulator:
        simulator.former_status = former_status
        simulator.add("other/part/bugs#7", title="From before", extra={"aid": "3200655"})
        found = ask(simulator, "3200655")["3200655"]
        assert simulator.requests == [
            "GET /support/tracker.php?aid=3200655",
            "GET /p/other/part/bugs/7/",
            "GET /rest/p/other/part/bugs/7/",
        ]
    assert (found.remotebug, found.title) == ("3200655", "From before")
    assert found.moved_to == (f"{simulator.url}/p/other/part/bugs/7/" if moved else None)


def test_a_former_number_that_leads_to_another_host_is_not_followed_there():
    async def redirect(request):
        if "tracker.php" in request.path:
            raise web.HTTPFound(f"http://localhost:{simulator._port}/p/other/bugs/7/")
        return web.Response(status=404)

    with SourceForgeSimulator() as simulator:
        simulator.fault = redirect
        outcome = ask(simulator, "1")["1"]
        assert not any("/rest/" in request for request in simulator.requests)
    assert outcome.error_type is BugWatchErrorType.BUG_MOVED
    assert outcome.moved_to.endswith("/p/other/bugs/7/")


def test_a_former_number_that_leads_to_no_ticket_is_not_found():
    async def redirect(request):
        if "tracker.php" in request.path:
            raise web.HTTPFound("/projects/example/")
        if request.path == "/rest/":
            return web.json_response({})
        return web.Response(text="<!DOCTYPE html><h1>Example</h1>", content_type="text/html")

    with SourceForgeSimulator() as simulator:
        simulator.fault = redirect
        assert ask(simulator, "1")["1"].error_type is BugWatchErrorType.BUG_NOT_FOUND


# Credentials.


@pytest.fixture
def token():
    """Make all bug trackers have the token "sesame"."""

    class Store:
        def get(self, baseurl):
            return Credentials(token="sesame")

    store = Store()
    getGlobalSiteManager().registerUtility(store, ICredentials)
    yield "sesame"
    getGlobalSiteManager().unregisterUtility(store, ICredentials)


def test_a_token_opens_private_tickets(token):
    with SourceForgeSimulator() as simulator:
        simulator.token = token
        simulator.add("example/bugs#1", private=True)
        simulator.add("example/bugs#2")
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 1
    assert outcomes["example/bugs#1"].private is True
    assert outcomes["example/bugs#2"].private is False


@pytest.mark.parametrize("dialect", [None, "allura"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_refused_token_is_the_bug_trackers_trouble(token, dialect, number):
    with SourceForgeSimulator() as simulator:
        simulator.add("example/bugs#1", private=True)
        simulator.add("example/bugs#2")
        ids = list(simulator.bugs)[:number]
        with pytest.raises(BugTrackerCredentialsRefused):
            Asker(SourceForge, simulator.url, dialect=dialect).ask(ids)


def test_credentials_are_in_order_if_they_are_not_refused(token):
    with SourceForgeSimulator() as simulator:
        asker = Asker(SourceForge, simulator.url)
        with pytest.raises(BugTrackerCredentialsRefused):
            asker.check_credentials()
        simulator.token = token
        # It does not tell whose they are.
        assert asker.check_credentials() == ""
        assert simulator.requests == ["GET /rest/"] * 2


def test_what_is_no_allura_takes_no_credentials(token):
    client = Canned(b'{"bugs": []}', credentials=Credentials(token="x"))
    with pytest.raises(BugTrackerCredentialsRefused):
        Asker(SourceForge, BASE, client=client).check_credentials()


def test_a_token_that_does_not_go_to_another_host_is_not_refused_there(token):
    with SourceForgeSimulator() as new, SourceForgeSimulator() as old:
        new.add("example/bugs#1", private=True)

        async def redirect(request):
            raise web.HTTPFound(new.origin + request.path_qs)

        old.fault = redirect
        asker = Asker(SourceForge, old.url, dialect="allura")
        outcome = asker.ask(["example/bugs#1"])["example/bugs#1"]
    assert outcome.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


def test_a_tracker_that_is_closed_to_a_good_token_is_private(token):
    async def forbidden(request):
        return web.Response(status=403, text="<h1>403</h1>", content_type="text/html")

    with SourceForgeSimulator() as simulator:
        simulator.fault = forbidden
        asker = Asker(SourceForge, simulator.url, dialect="allura")
        outcomes = asker.ask(["example/bugs#1", "example/bugs#2"])
    assert {outcome.error_type for outcome in outcomes.values()} == {
        BugWatchErrorType.PRIVATE_REMOTE_BUG
    }


# What the answers mean.


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("open", BugTaskStatus.NEW),
        ("unread", BugTaskStatus.NEW),
        ("accepted", BugTaskStatus.CONFIRMED),
        ("pending", BugTaskStatus.INCOMPLETE),
        ("needs info", BugTaskStatus.INCOMPLETE),
        ("Needs-Info", BugTaskStatus.INCOMPLETE),
        ("closed", BugTaskStatus.FIXRELEASED),
        ("wont-fix", BugTaskStatus.WONTFIX),
        ("closed-fixed", BugTaskStatus.FIXRELEASED),
        ("open-fixed", BugTaskStatus.FIXCOMMITTED),
        ("closed-accepted", BugTaskStatus.FIXCOMMITTED),
        ("closed-duplicate", BugTaskStatus.INVALID),
        ("open-duplicate", BugTaskStatus.CONFIRMED),
        ("pending-postponed", BugTaskStatus.WONTFIX),
        ("closed-later", BugTaskStatus.CONFIRMED),
        ("Closed-Works-For-Me", BugTaskStatus.INVALID),
        ("closed-rejected", BugTaskStatus.WONTFIX),
        ("Closed Works for me", BugTaskStatus.INVALID),
        ("closed-won't-fix", BugTaskStatus.WONTFIX),
        ("In Progress", BugTaskStatus.INPROGRESS),
        ("closed-by-lawyers", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(remotestatus, status):
    assert make().convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("status", "resolution", "closed"),
    [
        ("closed-wont-fix", "wont-fix", True),
        ("Closed-Fixed", "Fixed", True),
        ("open", "", False),
        ("pending-remind", "remind", None),
        ("wont-fix", "", None),
        ("in-progress", "", None),
    ],
)
def test_the_resolution_is_what_follows_the_state(status, resolution, closed):
    found = read({"ticket": ticket(status=status)})
    assert (found.remotestatus, found.resolution, found.closed) == (status, resolution, closed)


def test_an_open_ticket_of_whatever_kind_is_new():
    assert read({"ticket": ticket(status="open-to-debate")}).status is BugTaskStatus.NEW


@pytest.mark.parametrize(
    ("custom_fields", "remote_importance", "importance"),
    [
        ({"_priority": "9"}, "9", BugTaskImportance.CRITICAL),
        ({"_priority": 7}, "7", BugTaskImportance.HIGH),
        ({"_priority": "5"}, "5", BugTaskImportance.MEDIUM),
        ({"_priority": "1"}, "1", BugTaskImportance.LOW),
        ({"_priority": "Low"}, "Low", BugTaskImportance.LOW),
        ({"_priority": "strange"}, "strange", BugTaskImportance.UNKNOWN),
        ({"_priority": None}, "", BugTaskImportance.UNKNOWN),
        ({}, "", BugTaskImportance.UNKNOWN),
        (None, "", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(custom_fields, remote_importance, importance):
    found = read({"ticket": ticket(custom_fields=custom_fields)})
    assert found.remote_importance == remote_importance
    assert found.importance is importance


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"status": " "}, "no status"),
        ({"status": None}, "wrong kind"),
        ({"summary": None}, "wrong kind"),
        ({"mod_date": 5}, "wrong kind"),
        ({"custom_fields": "_priority"}, "wrong kind"),
    ],
)
def test_a_ticket_with_a_field_that_makes_no_sense_is_not_understood(values, why):
    found = read({"ticket": ticket(**values)})
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert why in found.message


@pytest.mark.parametrize("missing", ["status", "summary"])
def test_a_ticket_without_a_field_that_matters_is_not_understood(missing):
    value = ticket()
    del value[missing]
    found = read({"ticket": value})
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert missing in found.message


# Whatever comes.


def ticket(**values):
    return {
        "ticket_num": 1,
        "status": "open",
        "summary": "A bug",
        "mod_date": "2024-01-02 03:04:05.678000",
        "custom_fields": {"_priority": "5"},
        **values,
    }


def read(value, status=200, dialect="allura"):
    """What is made of an answer for ticket 1."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    client = Canned(body, status=status)
    (outcome,) = Asker(SourceForge, BASE, dialect=dialect, client=client).ask(["a/b#1"]).values()
    return outcome


@pytest.mark.parametrize("status", [302, 400, 418])
def test_the_data_in_an_answer_without_success_are_none(status):
    with pytest.raises(UnparsableBugTracker):
        read({"ticket": ticket()}, status=status)


names = st.sampled_from(
    ["ticket", "tickets", "count", "solr_error", *ticket(), "_priority", "private"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
mutated = st.builds(
    lambda changes: ticket(**changes), st.dictionaries(names, json_values, max_size=3)
)


def outcomes_of(body, *remotebugs):
    client = Canned(body)
    try:
        return Asker(SourceForge, BASE, dialect="allura", client=client).ask(remotebugs).values()
    except MalonewatchError:
        return []


@given(json_values | st.builds(lambda value: {"ticket": value, "tickets": [value]}, mutated))
def test_any_json_is_bugs_or_an_error_of_ours(value):
    body = json.dumps(value).encode()
    for remotebugs in (["a/b#1", "a/b#2"], ["a/b#1"], ["1"]):
        for outcome in outcomes_of(body, *remotebugs):
            assert isinstance(outcome, (RemoteBug, RemoteBugError))


@given(st.binary(max_size=200) | st.integers(1, 3000).map(lambda depth: b"[" * depth))
def test_any_bytes_are_an_error_of_ours(body):
    with pytest.raises(MalonewatchError):
        read(body)


# What real ones answered.


def test_a_recorded_ticket():
    body, [must_read] = sample("SOURCEFORGE", "allura-ticket-701-closed.json")
    client = Canned(body)
    found = Asker(SourceForge, BASE, client=client).ask(["allura/tickets#701"])
    bug = found["allura/tickets#701"]
    assert client.requests == [("GET", f"{BASE}/rest/p/allura/tickets/701/", None)]
    assert bug.remotestatus == must_read["status"]
    assert (bug.status, bug.closed) == (BugTaskStatus.FIXRELEASED, True)
    assert bug.remote_importance == must_read["importance"]
    assert bug.importance is BugTaskImportance.LOW
    assert bug.title == must_read["title"]
    assert f"{bug.modified:%Y-%m-%d %H:%M:%S.%f}" == must_read["updated"].split(" ", 1)[1]
    assert bug.private is must_read["private"]


def test_a_recorded_list_has_titles_only_so_each_ticket_is_asked_for():
    body, must_read = sample("SOURCEFORGE", "allura-search-list.json")
    with SourceForgeSimulator() as simulator:
        simulator._search = lambda *args: web.Response(body=body, content_type="application/json")
        for bug in must_read:
            simulator.add(f"allura/tickets#{bug['id']}", title=bug["title"])
        outcomes = ask(simulator, *simulator.bugs)
        assert len(simulator.requests) == 1 + len(must_read)
    assert {id: outcome.title for id, outcome in outcomes.items()} == {
        f"allura/tickets#{bug['id']}": bug["title"] for bug in must_read
    }


@pytest.mark.parametrize("name", ["open", "closed-rejected", "private", "status-rows-missing"])
def test_a_recorded_page_of_before_allura_says_nothing_that_we_read(name):
    body, _ = sample("SOURCEFORGE", f"pre-allura-page-old-{name}.html")
    client = Canned(body, "text/html")
    asker = Asker(SourceForge, "http://sourceforge.net", dialect="allura", client=client)
    with pytest.raises(UnparsableBugTracker):
        asker.ask(["1722250"])
