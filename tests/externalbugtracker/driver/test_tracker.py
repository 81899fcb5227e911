"""What a type is made of; what comes of asking is in other modules."""

from urllib.parse import urlsplit

import pytest
from tests.scripted import Server
from tests.toys import BASE, Shop, Toys, asker
from zope.interface.verify import verifyObject

from malonewatch.externalbugtracker.driver import (
    ExternalBugTracker,
    URLShape,
    Vocabulary,
    Workflow,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerType,
    Certainty,
    Credentials,
    IExternalBugTracker,
    IExternalBugTrackerType,
    Polling,
    RecognisedURL,
    StatusReading,
    TableRow,
    UnsupportedBugTracker,
)


class Dolls(ExternalBugTracker):
    title = "Dolls"
    hosts = {"dolls.example": "https://dolls.example", "www.dolls.example": "https://dolls.example"}
    urls = (
        URLShape("/dolls/{id}", certainty=Certainty.GUESS),
        URLShape("/{id}", registered=True),
        URLShape("/find?doll={id}", at_root=True),
    )
    highest_id = 999
    shut_down = {"gone.example": "The shop at gone.example closed in 2020."}
    archives = {"old.example": "The shop at old.example is a museum."}
    statuses = Workflow({BugTaskStatus.NEW: "new"})
    importances = Vocabulary(
        {
            BugTaskImportance.HIGH: "major, P1, very bad",
            BugTaskImportance.LOW: "minor",
            BugTaskImportance.UNDECIDED: "--",
        }
    )
    file_link = ("/new?in={product}&text={summary}", "/new?text={summary}")
    search_link = "/find?words={summary}"


def make(factory=Dolls, baseurl="https://dolls.example/", dialect=None):
    return factory(BugTrackerFacts("x", BugTrackerType("DOLLS"), baseurl, dialect))


def test_a_type_has_the_name_of_its_class_unless_it_says_otherwise():
    class Named(Dolls):
        name = "dolls of wood"

    assert Dolls.name == "DOLLS"
    assert Named.name == "dolls of wood"
    for factory in (Dolls, Named):
        verifyObject(IExternalBugTracker, make(factory))
        verifyObject(IExternalBugTrackerType, factory)


# URLs and ids


@pytest.mark.parametrize(
    ("url", "baseurl", "found"),
    [
        ("https://a.example/x/dolls/7", None, ("https://a.example/x", "7", Certainty.GUESS)),
        ("https://a.example/find?doll=7", None, ("https://a.example", "7", Certainty.SHAPE)),
        ("https://a.example/find?doll=%2307", None, ("https://a.example", "7", Certainty.SHAPE)),
        ("https://a.example/x/find?doll=7", None, None),
        ("https://a.example/find?doll=x", None, None),
        ("https://a.example/find", None, None),
        ("https://a.example/7", None, None),
        ("https://a.example/dolls/1000", None, None),
        (
            "https://www.dolls.example/dolls/7",
            None,
            ("https://dolls.example", "7", Certainty.KNOWN_HOST),
        ),
        ("https://dolls.example/7", None, ("https://dolls.example", "7", Certainty.KNOWN_HOST)),
        ("https://dolls.example/x/dolls/7", None, None),
        (
            "https://a.example/x/7",
            "https://a.example/x",
            ("https://a.example/x", "7", Certainty.REGISTERED),
        ),
        ("https://a.example/x/y/7", "https://a.example/x", None),
        (
            "https://a.example/x/y/dolls/7",
            "https://a.example/z",
            ("https://a.example/x/y", "7", Certainty.GUESS),
        ),
        ("https://a.example/x/1000", "https://a.example/x", None),
    ],
)
def test_a_url_is_recognised_by_its_shape_its_host_or_what_is_registered(url, baseurl, found):
    assert Dolls.parseBugURL(urlsplit(url), baseurl) == (found and RecognisedURL(*found))


@pytest.mark.parametrize(
    ("text", "canonical"), [(" 007 ", "7"), ("#7", "7"), ("000", "0"), ("x7", "x7"), ("", "")]
)
def test_a_number_has_no_zeros_before_it(text, canonical):
    assert Dolls.canonicalRemoteBug(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"), [(" #doll-007 ", "DOLL-7"), ("big-doll-7", "BIG-DOLL-7"), ("007", "7")]
)
def test_a_key_is_in_capitals_and_its_number_has_no_zeros_before_it(text, canonical):
    class Keyed(Dolls):
        keyed_ids = True

    assert Keyed.canonicalRemoteBug(text) == canonical


@pytest.mark.parametrize(
    ("id", "is_valid"),
    [("0", True), ("999", True), ("1000", False), ("x", False), ("7\n", False), ("", False)],
)
def test_an_id_has_to_have_the_pattern_and_not_to_be_too_high(id, is_valid):
    assert Dolls.is_valid(id) == is_valid


def test_ids_without_a_highest_are_as_high_as_the_pattern_allows():
    assert Toys.is_valid("9" * 18)
    assert not Toys.is_valid("9" * 19)


@pytest.mark.parametrize(
    ("url", "id"),
    [
        ("https://dolls.example/7", "7"),
        ("https://www.dolls.example/dolls/7", "7"),
        ("https://dolls.example/about", None),
        ("https://other.example/dolls/7", None),
    ],
)
def test_a_url_may_be_that_of_one_of_its_bugs(url, id):
    assert make().id_at(url) == id


def test_the_url_of_a_bug_is_of_the_first_shape():
    assert make().getBugURL("7") == "https://dolls.example/dolls/7"


def test_a_type_that_knows_no_urls_leads_to_the_bug_tracker(monkeypatch):
    monkeypatch.setattr(Dolls, "urls", ())
    assert make().getBugURL("7") == "https://dolls.example"


# Links


def test_links_have_the_words_in_them():
    links = make().getBugFilingAndSearchLinks("a&b", "It's #1")
    assert links.bug_filing_url == "https://dolls.example/new?in=a%26b&text=It%27s%20%231"
    assert links.bug_search_url == "https://dolls.example/find?words=It%27s%20%231"


def test_a_link_without_a_product_is_another_or_none():
    assert make().getBugFilingAndSearchLinks().bug_filing_url == "https://dolls.example/new?text="

    class Strict(Dolls):
        file_link = Dolls.file_link[0]
        search_link = None

    assert make(Strict).getBugFilingAndSearchLinks() == (None, None)


# Words


def test_a_status_means_what_the_table_says():
    assert make().convertRemoteStatus("New") is BugTaskStatus.NEW
    assert make().convertRemoteStatus("old") is BugTaskStatus.UNKNOWN
    assert make().status_table == {"new": BugTaskStatus.NEW}


def test_what_a_status_means_is_found_out_once():
    class Counting(Dolls):
        asked = 0

        def reading(self, remotestatus, resolution, closed):
            Counting.asked += 1
            return StatusReading(BugTaskStatus.NEW)

        def weighed(self, words):
            Counting.asked += 1
            return TableRow("importances", words, BugTaskImportance.HIGH)

    external = make(Counting)
    for _ in range(3):
        external.convertRemoteStatus("x")
        external.convertRemoteImportance("x")
    assert Counting.asked == 2


@pytest.mark.parametrize(
    ("words", "importance"),
    [
        ("major", BugTaskImportance.HIGH),
        ("P1 minor", BugTaskImportance.LOW),
        ("P1 --", BugTaskImportance.HIGH),
        ("-- --", BugTaskImportance.UNDECIDED),
        ("minor strange", BugTaskImportance.LOW),
        ("Very Bad", BugTaskImportance.HIGH),
        ("strange", BugTaskImportance.UNKNOWN),
        ("", BugTaskImportance.UNKNOWN),
    ],
)
def test_an_importance_means_what_its_last_word_says_that_says_something(words, importance):
    assert make().convertRemoteImportance(words) is importance


# Credentials


@pytest.mark.parametrize(
    ("credentials", "headers"),
    [
        (Credentials(token="sesame"), {"Authorization": "Bearer sesame"}),
        (Credentials("me", "sesame"), {"Authorization": "Basic bWU6c2VzYW1l"}),
        (Credentials(None, "sesame"), {"Authorization": "Basic OnNlc2FtZQ=="}),
        (Credentials("me"), {}),
    ],
)
def test_credentials_travel_as_http_has_it(credentials, headers):
    assert make().authorization(credentials) == headers


def test_a_token_may_have_a_header_of_its_own():
    class Headed(Dolls):
        token_header = "X-Doll"

    assert make(Headed).authorization(Credentials(token="sesame")) == {"X-Doll": "sesame"}
    assert "Authorization" in make(Headed).authorization(Credentials("me", "sesame"))


def test_a_token_may_have_a_scheme_of_its_own():
    class Schemed(Dolls):
        token_scheme = "token"

    headers = make(Schemed).authorization(Credentials(token="sesame"))
    assert headers == {"Authorization": "token sesame"}


# Dialects


def test_a_type_with_one_dialect_is_that_itself():
    external = make()
    assert external.dialects == ()
    assert external.all_dialects() == [external]
    assert external.dialect_named("whatever") is external
    assert external.dialect_named(None) is None


# Asking


def test_it_says_what_it_is_and_whose_credentials_are():
    assert asker(Shop()).identify() == "Toys 1.0"
    assert asker(Server(lambda *asked: 404)).identify() is None
    assert asker(Shop(), dialect=None).check_credentials() is None
    assert make(Toys, BASE).places == {}


@pytest.mark.parametrize(
    ("host", "polling", "why"),
    [
        ("dolls.example", Polling.ALWAYS, ""),
        ("gone.example", Polling.NEVER, "The shop at gone.example closed in 2020."),
        ("old.example", Polling.ONCE, "The shop at old.example is a museum."),
    ],
)
def test_a_service_that_was_shut_down_is_never_polled_an_archive_once_and_says_so(
    host, polling, why
):
    tracker = Dolls(BugTrackerFacts("x", BugTrackerType.DOLLS, f"https://{host}/"))
    assert (tracker.polling, tracker.not_polled) == (polling, why)


def test_nothing_is_asked_of_a_service_that_was_shut_down():
    class Closed(Toys):
        shut_down = {urlsplit(BASE).netloc: "The shop closed in 2020."}

    shop = Shop()
    with pytest.raises(UnsupportedBugTracker, match=r"^The shop closed in 2020\.$"):
        asker(shop, factory=Closed).ask(["1"])
    assert shop.requests == []


class Balls(ExternalBugTracker):
    title = "Balls"
    hosts = {"play.example": "https://play.example/balls"}
    urls = (URLShape("/ball/{id}"),)

    @classmethod
    def getKnownBaseURL(cls, netloc):
        if netloc.endswith(".ballpark.example"):
            return f"https://{netloc}"
        return super().getKnownBaseURL(netloc)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://play.example/balls/ball/7", ("https://play.example/balls", "7")),
        ("https://our.ballpark.example/ball/7", ("https://our.ballpark.example", "7")),
        # There it is something else.
        ("https://play.example/ball/7", None),
        ("https://our.ballpark.example/our/ball/7", None),
    ],
)
def test_at_a_known_host_the_base_url_is_known_whatever_its_path(url, found):
    expected = None if found is None else RecognisedURL(*found, Certainty.KNOWN_HOST)
    assert Balls.parseBugURL(urlsplit(url)) == expected


# Requests


def test_the_request_for_a_bug_can_be_told_once_the_dialect_is_known():
    def request(dialect, remotebug="1", factory=Toys):
        facts = BugTrackerFacts("x", BugTrackerType("TOYS"), BASE, dialect)
        return factory(facts).getRequest(remotebug)

    class Retired(Toys):
        polling = Polling.NEVER

    assert request("only") == f"GET {BASE}/toys/1"
    assert request(None) is None
    assert request("only", "no id") is None
    assert request("only", factory=Retired) is None
