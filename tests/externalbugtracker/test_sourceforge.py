import functools
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager

from malonewatch.externalbugtracker.sourceforge import SourceForge
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerCredentialsRefused,
    BugTrackerFacts,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
    Credentials,
    ICredentials,
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
from malonewatch.testing.simulator import Simulator
from malonewatch.testing.sourceforge import SourceForgeSimulator

PROJECT = "https://sourceforge.net/p/example/bugs"
SITE = "http://sourceforge.net"


def facts(baseurl=PROJECT, dialect=None):
    return BugTrackerFacts("x", BugTrackerType.SOURCEFORGE, baseurl, dialect)


class TestSourceForge(ExternalBugTrackerConformance):
    factory = SourceForge
    simulator = SourceForgeSimulator
    path = "/p/example/bugs"
    invalid_id = "4294967296"
    urls = [
        ("https://sourceforge.net/p/example/bugs/42/", PROJECT, "42"),
        ("http://www.sourceforge.net/p/example/bugs/042", PROJECT, "42"),
        ("https://sf.net/p/example/bugs/42/?limit=25&page=1#4f2a/1234", PROJECT, "42"),
        ("https://sourceforge.net/rest/p/example/bugs/42/", PROJECT, "42"),
        (
            "https://sourceforge.net/p/example/part/feature-requests/42/",
            "https://sourceforge.net/p/example/part/feature-requests",
            "42",
        ),
        ("https://sourceforge.net/u/jane/own/42/", "https://sourceforge.net/u/jane/own", "42"),
        (
            "https://forge-allura.apache.org/p/allura/tickets/42/",
            "https://forge-allura.apache.org/p/allura/tickets",
            "42",
        ),
        (
            "http://forge.example.com:8080/p/it/tickets/42/",
            "http://forge.example.com:8080/p/it/tickets",
            "42",
        ),
        ("http://sourceforge.net/tracker/?func=detail&aid=42&group_id=5&atid=7", SITE, "42"),
        ("http://sourceforge.net/tracker/index.php?aid=42&group_id=5", SITE, "42"),
        ("http://sourceforge.net/tracker2/?func=detail;aid=42", SITE, "42"),
        ("http://sourceforge.net/support/tracker.php?aid=0042", SITE, "42"),
        ("http://www.sf.net/tracker2/index.php?aid=42", SITE, "42"),
    ]
    not_urls = [
        "https://sourceforge.net/p/example/bugs/",
        "https://sourceforge.net/p/example/bugs/milestone/2/",
        "https://sourceforge.net/p/example/bugs/99999999999/",
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
        for remotebugs in (["1"], ["1", "2"]):
            with Simulator() as simulator, pytest.raises(UnsupportedBugTracker, match="is no bug"):
                Asker(SourceForge, simulator.url + self.path).ask(remotebugs)


class TestSourceForgeAsAWhole(TestSourceForge):
    """The tracker of the whole site, with the numbers of before Allura."""

    simulator = functools.partial(SourceForgeSimulator, site=True)
    path = ""
    # Each bug is a redirect, the page that it leads to, and the ticket.
    requests_for_three_batches = 3 * 3 * SourceForge.request_size

    def test_the_dialect_is_learnt_and_not_probed_again(self):
        with SourceForgeSimulator(site=True) as simulator:
            asker = self.asker(simulator)
            asker.ask(["1"])
            assert simulator.requests[-1] == "GET /rest/"
            simulator.requests.clear()
            asker.ask(["1"])
            assert len(simulator.requests) == 1


# URLs that only a registered bug tracker makes likely.


def test_a_ticket_of_another_project_is_none_of_the_whole_sites():
    url = urlsplit("http://sourceforge.net/p/example/bugs/42/")
    assert SourceForge.parseBugURL(url, SITE) == (PROJECT, "42")


def test_a_registered_tracker_may_have_any_name():
    url = urlsplit("https://example.com/p/it/matters/42/")
    assert SourceForge.parseBugURL(url) is None
    baseurl = "https://example.com/p/it/matters"
    assert SourceForge.parseBugURL(url, baseurl) == (baseurl, "42")


def test_a_registered_tracker_keeps_the_base_url_it_is_registered_with():
    url = urlsplit("http://sourceforge.net/p/example/bugs/42/")
    baseurl = "http://sourceforge.net/p/example/bugs"
    assert SourceForge.parseBugURL(url, baseurl) == (baseurl, "42")


def test_on_a_registered_site_any_tracker_is_one():
    baseurl = "http://forge.example.com"
    url = urlsplit("http://forge.example.com/p/it/matters/42/")
    assert SourceForge.parseBugURL(url, baseurl) == (f"{baseurl}/p/it/matters", "42")


def test_on_a_registered_site_there_are_former_urls():
    baseurl = "http://example.com/forge"
    url = urlsplit("http://example.com/forge/tracker/?func=detail&aid=42")
    assert SourceForge.parseBugURL(url, baseurl) == (baseurl, "42")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/p/it/others/42/",
        "https://example.net/p/it/matters/42/",
        "https://example.com/tracker/?func=detail&aid=42",
    ],
)
def test_a_registered_tracker_makes_no_other_likely(url):
    assert SourceForge.parseBugURL(urlsplit(url), "https://example.com/p/it/matters") is None


@given(
    st.text(max_size=60),
    st.none() | st.sampled_from([SITE, PROJECT, "http://forge.example.com"]),
)
def test_any_path_is_a_bug_or_none(path, baseurl):
    url = urlsplit("http://forge.example.com")._replace(path="/" + path)
    found = SourceForge.parseBugURL(url, baseurl)
    assert found is None or found[1].isdigit()


# Requests.


def test_one_bug_is_asked_for_directly():
    with SourceForgeSimulator() as simulator:
        simulator.add("7")
        Asker(SourceForge, simulator.url).ask(["7"])
        assert simulator.requests == ["GET /rest/p/example/bugs/7/"]


def test_several_bugs_are_searched_for_at_once():
    with SourceForgeSimulator() as simulator:
        simulator.add("7")
        simulator.add("8")
        Asker(SourceForge, simulator.url).ask(["7", "8"])
        assert simulator.requests == [
            "GET /rest/p/example/bugs/search?q=ticket_num_i:%287+OR+8%29&limit=2&page=0"
        ]


def test_what_a_search_does_not_find_is_asked_for_alone():
    with SourceForgeSimulator() as simulator:
        simulator.add("7")
        simulator.add("8", private=True)
        outcomes = Asker(SourceForge, simulator.url).ask(["7", "8", "9"])
        assert simulator.requests[1:] == [
            "GET /rest/p/example/bugs/8/",
            "GET /rest/p/example/bugs/9/",
        ]
    assert outcomes["8"].error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert outcomes["9"].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_search_for_the_highest_numbers_fits_into_a_url():
    with SourceForgeSimulator() as simulator:
        ids = [str(2**31 - 1 - number) for number in range(SourceForge.request_size)]
        for remotebug in ids:
            simulator.add(remotebug)
        Asker(SourceForge, simulator.url).ask(ids)
        assert len(simulator.requests) == 1
        assert len(simulator.requests[0]) < 2000


def test_a_site_that_allows_short_pages_only_is_asked_for_several():
    with SourceForgeSimulator() as simulator:
        simulator.limit_max = 4
        for number in range(1, 11):
            simulator.add(str(number))
        asker = Asker(SourceForge, simulator.url)
        outcomes = asker.ask(list(simulator.bugs))
        assert len(simulator.requests) == 3
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_server_that_ignores_the_page_is_not_asked_for_ever():
    async def same_page(request):
        if "q" not in request.query:
            return web.Response(status=404)
        return web.json_response({"tickets": [ticket(ticket_num=1)], "count": 1000})

    with SourceForgeSimulator() as simulator:
        simulator.fault = same_page
        Asker(SourceForge, simulator.url).ask(["1", "2", "3", "4", "5"])
        assert sum("page=" in request for request in simulator.requests) == 2


def test_a_search_that_is_out_of_order_means_nothing_for_the_bugs():
    with SourceForgeSimulator() as simulator:
        simulator.add("1")
        simulator.search_fails = True
        with pytest.raises(BugTrackerConnectError, match="search"):
            Asker(SourceForge, simulator.url).ask(["1", "2"], since=simulator.now())
        assert len(simulator.requests) == 1


def test_a_since_is_asked_of_the_search():
    with SourceForgeSimulator() as simulator:
        simulator.add("1")
        simulator.add("2")
        outcomes = Asker(SourceForge, simulator.url).ask(["1", "2"], since=simulator.now())
        assert "+AND+mod_date_dt:%5B20" in simulator.requests[0]
        assert "Z+TO+*%5D" in simulator.requests[0]
        assert len(simulator.requests) == 1
    assert outcomes == {"1": RemoteBugUnchanged("1"), "2": RemoteBugUnchanged("2")}


def test_the_whole_site_cannot_be_asked_what_changed():
    with SourceForgeSimulator(site=True) as simulator:
        simulator.add("1")
        simulator.add("2")
        outcomes = Asker(SourceForge, simulator.url).ask(["1", "2"], since=simulator.now())
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


def test_a_server_that_never_answers_is_asked_once():
    class Impatient(SourceForge):
        timeout = 0.1

    for site in (False, True):
        for remotebugs in (["1"], ["1", "2"]):
            with SourceForgeSimulator(site=site) as simulator:
                simulator.latency = 600
                with pytest.raises(BugTrackerTimeout):
                    Asker(Impatient, simulator.url).ask(remotebugs)
                assert len(simulator.requests) == 1


def test_a_site_that_says_not_found_in_json_is_no_allura():
    async def not_found(request):
        return web.json_response({"error": "not found"}, status=404)

    for site in (False, True):
        with SourceForgeSimulator(site=site) as simulator:
            simulator.fault = not_found
            with pytest.raises(UnsupportedBugTracker):
                Asker(SourceForge, simulator.url).ask(["1"])


def test_a_page_instead_of_data_is_trouble_once_it_is_known_to_be_allura():
    async def page(request):
        return web.Response(text="<!DOCTYPE html><title>Hello</title>", content_type="text/html")

    with SourceForgeSimulator() as simulator:
        simulator.fault = page
        with pytest.raises(UnsupportedBugTracker):
            Asker(SourceForge, simulator.url).ask(["1"])
        with pytest.raises(UnparsableBugTracker):
            Asker(SourceForge, simulator.url, dialect="allura").ask(["1"])


def test_a_tracker_that_is_gone_is_not_supported_any_more():
    with SourceForgeSimulator() as simulator:
        asker = Asker(SourceForge, f"{simulator.origin}/p/gone/bugs", dialect="allura")
        with pytest.raises(UnsupportedBugTracker):
            asker.ask(["1", "2"])


# Validators.


def test_a_ticket_that_is_as_its_etag_says_is_unchanged():
    with SourceForgeSimulator() as simulator:
        simulator.validators = True
        simulator.add("1")
        asker = Asker(SourceForge, simulator.url)
        validator = asker.ask(["1"])["1"].validator
        assert validator.startswith('"')
        assert asker.ask(["1"], validators={"1": validator}) == {"1": RemoteBugUnchanged("1")}
        simulator.change("1", status="closed-fixed")
        assert asker.ask(["1"], validators={"1": validator})["1"].remotestatus == "closed-fixed"


def test_a_ticket_that_is_as_old_as_it_was_is_unchanged():
    with SourceForgeSimulator() as simulator:
        simulator.last_modified = True
        simulator.add("1")
        asker = Asker(SourceForge, simulator.url)
        validator = asker.ask(["1"])["1"].validator
        assert validator.endswith("GMT")
        assert asker.ask(["1"], validators={"1": validator}) == {"1": RemoteBugUnchanged("1")}


def test_each_bug_of_a_whole_site_is_asked_for_with_its_validator():
    with SourceForgeSimulator(site=True) as simulator:
        simulator.validators = True
        simulator.add("1")
        simulator.add("2")
        asker = Asker(SourceForge, simulator.url)
        validators = {name: bug.validator for name, bug in asker.ask(["1", "2"]).items()}
        assert asker.ask(["1", "2"], validators=validators) == {
            "1": RemoteBugUnchanged("1"),
            "2": RemoteBugUnchanged("2"),
        }


@pytest.mark.parametrize("etag", ['"é"', '"' + "x" * 300 + '"', ""])
def test_a_validator_that_could_not_be_sent_back_is_none(etag):
    async def with_etag(request):
        return web.json_response({"ticket": ticket()}, headers={"ETag": etag})

    with SourceForgeSimulator() as simulator:
        simulator.fault = with_etag
        assert Asker(SourceForge, simulator.url).ask(["1"])["1"].validator is None


def test_not_modified_is_no_answer_to_a_question_without_a_condition():
    async def not_modified(request):
        return web.Response(status=304)

    with SourceForgeSimulator() as simulator:
        simulator.fault = not_modified
        with pytest.raises(UnparsableBugTracker):
            Asker(SourceForge, simulator.url, dialect="allura").ask(["1"])


# Bugs that are elsewhere, or for others.


def test_a_moved_ticket_is_followed_and_says_where_it_is():
    with SourceForgeSimulator() as simulator:
        simulator.add("1", moved_to="/p/other/bugs/7/")
        simulator.add("/p/other/bugs/7", title="Over there", status="closed-fixed")
        simulator.add("2")
        for remotebugs in (["1"], ["1", "2"]):
            found = Asker(SourceForge, simulator.url).ask(remotebugs)["1"]
            assert found.title == "Over there"
            assert found.remotebug == "1"
            assert found.moved_to == f"{simulator.origin}/p/other/bugs/7/"


def test_a_ticket_that_moved_to_where_it_cannot_be_read_is_moved():
    with SourceForgeSimulator() as simulator:
        simulator.add("1", moved_to="/p/other/bugs/7/")
        simulator.add("2", moved_to="/p/other/bugs/8/")
        simulator.add("/p/other/bugs/8", private=True)
        outcomes = Asker(SourceForge, simulator.url).ask(["1", "2"])
        for remotebug, number in (("1", "7"), ("2", "8")):
            outcome = outcomes[remotebug]
            assert outcome.error_type is BugWatchErrorType.BUG_MOVED
            assert outcome.moved_to == f"{simulator.origin}/p/other/bugs/{number}/"


def test_another_scheme_or_host_alone_is_no_move():
    with SourceForgeSimulator() as new, SourceForgeSimulator() as old:
        new.add("1")

        async def redirect(request):
            raise web.HTTPMovedPermanently(new.origin + request.path_qs)

        old.fault = redirect
        found = Asker(SourceForge, old.url).ask(["1"])["1"]
    assert isinstance(found, RemoteBug)
    assert found.moved_to is None


def test_a_redirect_for_the_time_being_is_no_move():
    async def redirect(request):
        if request.path.startswith("/rest/p/example/"):
            raise web.HTTPFound("/rest/p/other/bugs/7/")
        return web.json_response({"ticket": ticket(ticket_num=7)})

    with SourceForgeSimulator() as simulator:
        simulator.fault = redirect
        found = Asker(SourceForge, simulator.url).ask(["1"])["1"]
    assert isinstance(found, RemoteBug)
    assert found.moved_to is None


def test_a_log_in_page_instead_of_a_ticket_makes_it_private():
    async def log_in(request):
        if request.path.startswith("/rest/"):
            raise web.HTTPFound("/auth/?return_to=x")
        return await simulator._log_in(request)

    with SourceForgeSimulator() as simulator:
        simulator.fault = log_in
        outcome = Asker(SourceForge, simulator.url).ask(["1"])["1"]
    assert outcome.error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG


@pytest.mark.parametrize(("former_status", "moved"), [(301, True), (302, False)])
def test_a_former_number_leads_to_the_ticket(former_status, moved):
    with SourceForgeSimulator(site=True) as simulator:
        simulator.former_status = former_status
        simulator.add("7", title="From before", extra={"aid": "3200655"})
        found = Asker(SourceForge, simulator.url).ask(["3200655"])["3200655"]
        assert simulator.requests == [
            "GET /support/tracker.php?aid=3200655",
            "GET /p/example/bugs/7/",
            "GET /rest/p/example/bugs/7/",
        ]
    assert found.title == "From before"
    assert found.moved_to == (f"{simulator.origin}/p/example/bugs/7/" if moved else None)


def test_a_former_number_that_leads_to_another_host_is_not_followed_there():
    async def redirect(request):
        if "tracker.php" in request.path:
            raise web.HTTPFound(f"http://localhost:{simulator._port}/p/other/bugs/7/")
        return web.Response(status=404)

    with SourceForgeSimulator(site=True) as simulator:
        simulator.fault = redirect
        outcome = Asker(SourceForge, simulator.url).ask(["1"])["1"]
        assert not any("/rest/" in request for request in simulator.requests)
    assert outcome.error_type is BugWatchErrorType.BUG_MOVED
    assert outcome.moved_to.endswith("/p/other/bugs/7/")


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
        simulator.add("1", private=True)
        simulator.add("2")
        outcomes = Asker(SourceForge, simulator.url).ask(["1", "2"])
        assert len(simulator.requests) == 1
    assert isinstance(outcomes["1"], RemoteBug)


def test_a_refused_token_is_the_bug_trackers_trouble(token):
    with SourceForgeSimulator() as simulator:
        simulator.add("1", private=True)
        simulator.add("2")
        for remotebugs in (["1"], ["1", "2"]):
            with pytest.raises(BugTrackerCredentialsRefused):
                Asker(SourceForge, simulator.url).ask(remotebugs)


# What the answers mean.


@pytest.mark.parametrize(
    ("remotestatus", "status"),
    [
        ("open", BugTaskStatus.NEW),
        ("unread", BugTaskStatus.NEW),
        ("accepted", BugTaskStatus.CONFIRMED),
        ("pending", BugTaskStatus.INCOMPLETE),
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
        ("closed-by-lawyers", BugTaskStatus.UNKNOWN),
    ],
)
def test_status(remotestatus, status):
    assert SourceForge(facts()).convertRemoteStatus(remotestatus) is status


@pytest.mark.parametrize(
    ("status", "resolution"),
    [("closed-wont-fix", "wont-fix"), ("open", ""), ("wont-fix", ""), ("in-progress", "")],
)
def test_the_resolution_is_what_follows_the_state(status, resolution):
    found = SourceForge(facts()).parse_ticket({"ticket": ticket(status=status)}, "1")
    assert found.remotestatus == status
    assert found.resolution == resolution


@pytest.mark.parametrize(
    ("custom_fields", "remote_importance", "importance"),
    [
        ({"_priority": "9"}, "9", BugTaskImportance.CRITICAL),
        ({"_priority": 7}, "7", BugTaskImportance.HIGH),
        ({"_priority": "5"}, "5", BugTaskImportance.MEDIUM),
        ({"_priority": "1"}, "1", BugTaskImportance.LOW),
        ({"_priority": "urgent"}, "urgent", BugTaskImportance.UNKNOWN),
        ({"_priority": None}, "", BugTaskImportance.UNKNOWN),
        ({}, "", BugTaskImportance.UNKNOWN),
        (None, "", BugTaskImportance.UNKNOWN),
    ],
)
def test_importance(custom_fields, remote_importance, importance):
    answer = {"ticket": ticket(custom_fields=custom_fields)}
    found = SourceForge(facts()).parse_ticket(answer, "1")
    assert found.remote_importance == remote_importance
    assert found.importance is importance


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"status": " "}, "status"),
        ({"status": None}, "wrong kind"),
        ({"summary": None}, "summary"),
        ({"mod_date": 5}, "wrong kind"),
        ({"custom_fields": "_priority"}, "wrong kind"),
    ],
)
def test_a_ticket_with_a_field_that_makes_no_sense_is_not_understood(values, why):
    found = SourceForge(facts()).parse_ticket({"ticket": ticket(**values)}, "1")
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert why in found.message


@pytest.mark.parametrize("missing", ["status", "summary"])
def test_a_ticket_without_a_field_that_matters_is_not_understood(missing):
    value = ticket()
    del value[missing]
    found = SourceForge(facts()).parse_ticket({"ticket": value}, "1")
    assert found.error_type is BugWatchErrorType.UNPARSABLE_BUG
    assert missing in found.message


def test_links():
    links = SourceForge(facts()).getBugFilingAndSearchLinks(None, "No: it's (broken)", "A & b")
    assert links.bug_filing_url == (
        f"{PROJECT}/new/?summary=No:%20it%27s%20%28broken%29&description=A%20%26%20b"
    )
    assert links.bug_search_url == f"{PROJECT}/search/?q=No%5C:%20it%27s%20%5C%28broken%5C%29"


def test_links_of_the_whole_site_need_a_product():
    external = SourceForge(facts(SITE))
    links = external.getBugFilingAndSearchLinks("84122&575154", "Broken")
    assert links.bug_filing_url == f"{SITE}/tracker2/?func=add&group_id=84122&atid=575154"
    assert links.bug_search_url == (
        f"{SITE}/search/?group_id=84122&some_word=Broken&type_of_search=artifact"
    )
    for product in (None, "", "84122", "84122&x"):
        assert external.getBugFilingAndSearchLinks(product) == (None, None)


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


@given(json_values | st.builds(lambda value: {"ticket": value, "tickets": [value]}, mutated))
def test_any_json_is_bugs_or_an_error_of_ours(value):
    external = SourceForge(facts())
    for parse in (
        lambda: external.parse_search(value, ["1", "2"]).values(),
        lambda: [external.parse_ticket(value, "1")],
    ):
        try:
            found = parse()
        except MalonewatchError:
            continue
        assert all(isinstance(outcome, (RemoteBug, RemoteBugError)) for outcome in found)


@given(st.binary(max_size=200) | st.integers(1, 3000).map(lambda depth: b"[" * depth))
def test_any_bytes_are_bugs_or_an_error_of_ours(body):
    external = SourceForge(facts())
    response = Response(PROJECT, 200, {}, body)
    with pytest.raises(MalonewatchError):
        external.parse_ticket(external.load_json(response), "1")
