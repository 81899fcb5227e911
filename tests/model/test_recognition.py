"""Which bug a URL leads to, and the bugs whose URLs stand in a text."""

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager

from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    Certainty,
    IBugTrackerFacts,
    IExternalBugTracker,
    NoBugTrackerFound,
    RecognisedURL,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model import BugTracker

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def make_type():
    """Registers a type whose bugs are at <base>/<word>/<number>, and counts what it is asked."""
    registry = getGlobalSiteManager()
    made = []

    def make(word, certainty=None, known=()):
        class Type:
            asked = []

            def __init__(self, facts):
                self.baseurl = facts.baseurl

            @classmethod
            def parseBugURL(cls, url, baseurl=None):
                cls.asked.append((url, baseurl))
                head, _, number = url.path.rpartition(f"/{word}/")
                if not number.isdigit() or url.netloc == "no":
                    return None
                base = f"{url.scheme}://{dict(known).get(url.netloc, url.netloc)}{head}"
                if certainty is None:
                    return base, number
                return RecognisedURL(base, number, certainty)

            @staticmethod
            def getKnownBaseURL(netloc):
                return dict(known).get(netloc)

            @classmethod
            def canonicalRemoteBug(cls, remotebug):
                return remotebug.lstrip("0")

            def getBugURL(self, remotebug):
                return f"{self.baseurl}/{word}/{remotebug}"

        name = word.upper()
        made.append((Type, (IBugTrackerFacts,), IExternalBugTracker, name))
        registry.registerAdapter(*made[-1])
        return BugTrackerType(name), Type

    yield make
    for registration in made:
        registry.unregisterAdapter(*registration)


# From URLs


@pytest.mark.parametrize(
    "url",
    [
        "https://bugs.example.com/~joe/show_bug.cgi?id=42",
        "http://bugs.example.com/~joe/show_bug.cgi?id=42",
        " https://bugs.example.com/~joe/show_bug.cgi?id=42\n",
        "<https://bugs.example.com/~joe/show_bug.cgi?id=42>",
        "<URL:https://bugs.example.com/~joe/show_bug.cgi?id=42>",
        "HTTPS://BUGS.Example.com/~joe/show_bug.cgi?id=42",
        "https://bugs.example.com:443/~joe/show_bug.cgi?id=42",
        "http://bugs.example.com:80/~joe/show_bug.cgi?id=42",
        "https://bugs.example.com./~joe/show_bug.cgi?id=42",
        "https://bugs.example.com/%7ejoe/show%5Fbug.cgi?id=%34%32",
        "https://bugs.example.com//~joe//show_bug.cgi/?id=42",
        "https://bugs.example.com/~joe/show_bug.cgi?id=42#c1",
        "https://bugs.example.com/~joe/show_bug.cgi?id=42%23c1",
        "https://bugs.example.com/~joe/show_bug.cgi?id=0042",
        "https://bugs.example.com/~joe/show_bug.cgi?ctype=xml;id=42",
        # The short form
        "https://bugs.example.com/~joe/42",
        "http://BUGS.example.com:80/%7Ejoe/42/#c1",
        "https://bugs.example.com/~joe/0042%23c1",
        # At an alias
        "https://old.example.com/bugs/show_bug.cgi?id=42",
        "https://old.example.com/bugs/42",
        "http://OLD.example.com:80/bugs/42/",
        "https://old.example.com/bugs/42#c1",
    ],
)
def test_a_registered_bug_trackers_own_urls(watches, make_tracker, url):
    tracker = make_tracker(baseurl="https://bugs.example.com/%7Ejoe/")
    tracker.aliases = ["http://old.example.com/bugs"]
    assert watches.extractBugTrackerAndBug(url) == (tracker, "42")
    assert watches.recognise(url) == (
        RecognisedURL(tracker.baseurl, "42", Certainty.REGISTERED),
        BugTrackerType.BUGZILLA,
    )


def test_the_bug_tracker_with_the_longest_base_url_is_asked_first(watches, tracker, make_tracker):
    part = make_tracker("part", baseurl="https://bugs.example.com/part")
    url = "https://bugs.example.com/part/show_bug.cgi?id=1"
    assert watches.extractBugTrackerAndBug(url) == (part, "1")
    url = "https://bugs.example.com/show_bug.cgi?id=1"
    assert watches.extractBugTrackerAndBug(url) == (tracker, "1")


def test_the_base_url_goes_before_the_aliases(watches, make_tracker, make_type):
    word, factory = make_type("thing")
    tracker = make_tracker(bugtrackertype=word)
    tracker.aliases = ["https://bugs.example.com/a", "https://bugs.example.com/a/b"]
    make_tracker("other", baseurl="https://bugs.example.com/a/b/c", bugtrackertype=word)
    watches.getReadings("https://bugs.example.com/a/b/c/d")
    assert [baseurl for _, baseurl in factory.asked] == [
        "https://bugs.example.com/a/b/c",
        "https://bugs.example.com",
        "https://bugs.example.com/a/b",
        "https://bugs.example.com/a",
        None,
    ]


def test_a_bug_tracker_that_is_not_registered(watches, tracker):
    url = "https://other.example.com/show_bug.cgi?id=42"
    (baseurl, remotebug, _), bugtrackertype = watches.recognise(url)
    with pytest.raises(NoBugTrackerFound, match=r"https://other\.example\.com") as caught:
        watches.extractBugTrackerAndBug(url)
    assert caught.value.baseurl == baseurl == "https://other.example.com"
    assert caught.value.remotebug == remotebug == "42"
    assert caught.value.bugtrackertype == bugtrackertype == BugTrackerType.BUGZILLA


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bugs",
        "https://",
        "https://bugs.example.com/",
        "https://example.org/about",
        "ftp://bugs.example.com/show_bug.cgi?id=42",
        "https://bugs.example.com:port/show_bug.cgi?id=42",
        "https://[bugs/show_bug.cgi?id=42",
        "https://user@bugs.example.com/show_bug.cgi?id=42",
        "https://archive.example/2010/https://bugs.example.com/show_bug.cgi?id=42",
        # What follows a number is no alias.
        "https://bugs.example.com/show_bug.cgi?id=77)and",
        "https://bugs.example.com/show_bug.cgi?id=3D77",
    ],
)
def test_what_is_not_the_url_of_a_bug(watches, tracker, url):
    assert watches.getReadings(url) == []
    for method in watches.recognise, watches.extractBugTrackerAndBug:
        with pytest.raises(UnrecognizedBugTrackerURL, match="is not the URL of a bug"):
            method(url)


def test_credentials_in_a_url_are_not_quoted(watches, tracker):
    for url in (
        "https://user:s3cret@bugs.example.com/show_bug.cgi?id=42",
        "https://user:s3cret@bugs.example.com:port/show_bug.cgi?id=42",
    ):
        with pytest.raises(UnrecognizedBugTrackerURL) as caught:
            watches.extractBugTrackerAndBug(url)
        assert "s3cret" not in str(caught.value)
        assert "bugs.example.com" in str(caught.value)


def test_the_surest_reading_wins(watches, make_type):
    guess, _ = make_type("thing", Certainty.GUESS)
    shape, _ = make_type("a/thing")
    known, _ = make_type("x/a/thing", Certainty.KNOWN_HOST)
    url = "https://example.com/x/a/thing/7"
    readings = [
        (RecognisedURL("https://example.com", "7", Certainty.KNOWN_HOST), known),
        (RecognisedURL("https://example.com/x", "7", Certainty.SHAPE), shape),
        (RecognisedURL("https://example.com/x/a", "7", Certainty.GUESS), guess),
    ]
    assert watches.getReadings(url) == readings
    assert watches.recognise(url) == readings[0]


def test_of_two_readings_that_are_as_sure_that_of_the_first_type_wins(watches, make_type):
    for word in ("thing", "a/thing", "x/a/thing"):
        make_type(word)
    readings = watches.getReadings("https://example.com/x/a/thing/7")
    assert [name for _, name in readings] == ["A/THING", "THING", "X/A/THING"]
    assert watches.recognise("https://example.com/x/a/thing/7") == readings[0]


def test_nobody_guesses_at_a_host_that_is_known_to_run_others(watches, make_type):
    make_type("x", Certainty.KNOWN_HOST, known=[("bugs.example.com", "bugs.example.com")])
    guess, _ = make_type("y", Certainty.GUESS)
    with pytest.raises(UnrecognizedBugTrackerURL):
        watches.recognise("https://bugs.example.com/y/7")
    assert watches.recognise("https://elsewhere.example.com/y/7")[1] == guess


def test_nothing_is_surer_than_what_is_registered(watches, make_tracker, make_type):
    guess, _ = make_type("thing", Certainty.GUESS)
    known, other_factory = make_type("a/thing", Certainty.KNOWN_HOST)
    make_tracker(baseurl="https://example.com/a/", bugtrackertype=guess)
    url = "https://example.com/a/thing/7"
    registered = RecognisedURL("https://example.com/a/", "7", Certainty.REGISTERED), guess
    assert watches.recognise(url) == registered
    assert other_factory.asked == []
    assert watches.getReadings(url) == [
        registered,
        (RecognisedURL("https://example.com", "7", Certainty.KNOWN_HOST), known),
    ]


def test_a_bug_tracker_below_a_registered_one_is_another(watches, make_tracker, make_type):
    thing, _ = make_type("thing")
    make_tracker(baseurl="https://example.com", bugtrackertype=thing)
    found, _ = watches.recognise("https://example.com/x/thing/7")
    assert found == RecognisedURL("https://example.com/x", "7", Certainty.SHAPE)


def test_a_registered_bug_tracker_may_be_at_another_host(watches, make_tracker, make_type):
    thing, _ = make_type("thing", known={"short.example": "long.example"})
    tracker = make_tracker(baseurl="https://long.example", bugtrackertype=thing)
    assert watches.extractBugTrackerAndBug("http://short.example/thing/07") == (tracker, "7")


def test_a_url_of_another_type_than_the_bug_tracker_there(watches, make_tracker, make_type):
    thing, _ = make_type("thing")
    make_tracker(bugtrackertype=thing)
    url = "https://bugs.example.com/show_bug.cgi?id=42"
    # No bug of the bug tracker that is registered there, whatever else it may be.
    assert watches.getReadings(url) == []
    with pytest.raises(UnrecognizedBugTrackerURL):
        watches.extractBugTrackerAndBug(url)


def test_a_bug_tracker_whose_type_is_gone(watches, make_tracker, make_type):
    thing, factory = make_type("thing")
    make_tracker(bugtrackertype=thing)
    registry = getGlobalSiteManager()
    registry.unregisterAdapter(factory, (IBugTrackerFacts,), IExternalBugTracker, thing)
    assert watches.getReadings("https://bugs.example.com/thing/7") == []


# From texts


def found_in(text, watches, bug):
    return [(watch.bugtracker.name, watch.remotebug) for watch in watches.fromText(text, bug, None)]


@pytest.mark.parametrize(
    "text",
    [
        "See {}, please!",
        "[{}]({})",
        "[url]{}[/url]",
        "{};{},{}",
        "{})and",
        "({}/)",
        "{}%23c4",
        "{}—fixed",
        "`the bug <{}>`_",
        # What is only left out if the bug is not recognised with it
        "{}(fixed)",
        "{}[the bug]",
        "{},8",
        "{}:8: no",
        "{}.Thanks",
        "{};8",
        "{}を見て",
    ],
)
def test_a_url_in_a_text(watches, bug, tracker, make_tracker, text):
    make_tracker("trac", baseurl="https://trac.example.com", bugtrackertype=BugTrackerType.TRAC)
    for url, name in (
        ("https://bugs.example.com/show_bug.cgi?id=77", "bugs"),
        ("https://bugs.example.com/78", "bugs"),
        ("http://trac.example.com/ticket/79", "trac"),
    ):
        assert found_in(text.replace("{}", url), watches, bug) == [(name, url[-2:])]


def test_brackets_of_the_url_itself_stay(watches, bug, make_tracker):
    make_tracker(baseurl="https://bugs.example.com/(x)")
    text = "(https://bugs.example.com/(x)/show_bug.cgi?id=42)"
    assert found_in(text, watches, bug) == [("bugs", "42")]
    text = "(See https://bugs.example.com/(x)/show_bug.cgi?id=alias(7).)"
    assert found_in(text, watches, bug) == [("bugs", "alias(7)")]


def test_urls_in_the_order_of_the_text_each_bug_once(watches, bug, tracker, owner):
    bug.addWatch(tracker, "5", owner)
    text = " ".join(
        f"https://bugs.example.com/show_bug.cgi?id={number}" for number in (9, 5, "007", 9, 7, 8)
    )
    assert [found.remotebug for found, _ in watches.recogniseText(text)] == ["9", "5", "7", "8"]
    assert found_in(text, watches, bug) == [("bugs", "9"), ("bugs", "7"), ("bugs", "8")]
    assert found_in(text, watches, bug) == []
    assert bug.watches.count() == 4


def test_bug_trackers_that_are_not_registered_are_added_as_guessed(
    watches, trackers, bug, tracker, owner
):
    text = "https://other.example.com/show_bug.cgi?id=1 https://other.example.com/show_bug.cgi?id=2"
    added = watches.fromText(text, bug, owner)
    assert [watch.remotebug for watch in added] == ["1", "2"]
    other = trackers["auto-other.example.com"]
    assert {watch.bugtracker for watch in added} == {other}
    assert other.guessed
    assert other.owner is owner
    assert other.bugtrackertype == BugTrackerType.BUGZILLA
    assert not tracker.guessed
    assert trackers.count() == 2


def test_a_guess_stays_a_proposal(watches, trackers, bug, make_type):
    guess, _ = make_type("thing", Certainty.GUESS)
    text = "https://example.com/thing/7"
    assert found_in(text, watches, bug) == []
    assert trackers.count() == 0
    assert list(watches.recogniseText(text)) == [
        (RecognisedURL("https://example.com", "7", Certainty.GUESS), guess)
    ]
    trackers.ensureBugTracker("https://example.com", None, guess, name="things")
    assert found_in(text, watches, bug) == [("things", "7")]


def test_what_is_recognised_in_a_text_is_not_watched_by_that(watches, trackers, tracker):
    text = "https://bugs.example.com/1 https://other.example.com/show_bug.cgi?id=1"
    assert len(list(watches.recogniseText(text))) == 2
    assert watches.count() == 0
    assert trackers.count() == 1


def test_bugs_of_several_types_in_one_text(watches, trackers, bug, make_type):
    make_type("thing")
    text = "https://a.example.com/show_bug.cgi?id=1 and https://b.example.com/thing/2"
    assert found_in(text, watches, bug) == [
        ("auto-a.example.com", "1"),
        ("auto-b.example.com", "2"),
    ]
    assert [tracker.bugtrackertype for tracker in trackers] == ["BUGZILLA", "THING"]


def test_a_text_without_bugs(watches, trackers, bug):
    text = "Nothing at https://example.com/ nor at http://[ or https://u:p@bugs.example.com/1"
    assert watches.fromText(text, bug, None) == []
    assert trackers.count() == 0


def test_what_cannot_be_watched_costs_the_others_nothing(watches, trackers, bug, tracker):
    text = (
        f"https://{'x' * 3000}.example.com/show_bug.cgi?id=1 "
        f"https://example.com/{'x' * 3000}/show_bug.cgi?id=1 "
        f"https://bugs.example.com/show_bug.cgi?id={'1' * 1000} "
        "https://bugs.example.com/show_bug.cgi?id=3"
    )
    assert found_in(text, watches, bug) == [("bugs", "3")]
    assert trackers.count() == 1


def test_an_id_that_is_too_long_costs_the_others_nothing(watches, bug, make_tracker, make_type):
    thing, _ = make_type("thing")
    make_tracker(bugtrackertype=thing)
    text = f"https://bugs.example.com/thing/{'1' * 201} https://bugs.example.com/thing/2"
    assert found_in(text, watches, bug) == [("bugs", "2")]


words = st.sampled_from(
    [
        *("https://", "http://", "bugs.example.com", "[", "]", "(", ")", ":", "80", "@", "/", "?"),
        *("show_bug.cgi", "id=", "42", "#", "%", "%0a", ".", ",", " ", "\\", "é", "\u202e", "\x00"),
        *("bugreport.cgi?bug=", "/ticket/", "/issue", "tracker/index.php?aid=", "&", ";", "=", "-"),
    ]
)


@relaxed
@given(st.lists(words, max_size=12).map("https://bugs.example.com/".join) | st.text())
def test_any_text_has_watches_in_it_or_none(watches, bug, tracker, text):
    for watch in watches.fromText(text, bug, None):
        assert watch.bug is bug
        assert watch.remotebug.isprintable()
        assert watch.url


@relaxed
@given(st.lists(words, max_size=12).map("".join))
def test_any_url_is_that_of_a_bug_or_bad_input(watches, tracker, url):
    try:
        found, remotebug = watches.extractBugTrackerAndBug(url)
    except BadInput:
        return
    assert isinstance(found, BugTracker)
    assert remotebug


@relaxed
@given(st.lists(words, max_size=12).map("https://bugs.example.com/".join))
def test_what_any_text_names_is_what_it_is_watched_for(watches, bugs, tracker, text):
    bug = bugs.createBug("Something is broken")
    named = [(found.baseurl, found.remotebug) for found, _ in watches.recogniseText(text)]
    watched = [(watch.bugtracker, watch.remotebug) for watch in watches.fromText(text, bug, None)]
    assert [remotebug for _, remotebug in named] == [remotebug for _, remotebug in watched]


# What it costs, counted.


def test_a_type_is_asked_once_or_twice_for_a_url(watches, tracker, make_type):
    _, factory = make_type("thing")
    list(watches.recogniseText("https://no/7 https://no/7(x) " * 100))
    assert len(factory.asked) == 100 + 200


def test_other_types_are_not_asked_for_the_urls_of_registered_bug_trackers(
    watches, bug, tracker, make_type
):
    _, factory = make_type("thing")
    text = " ".join(f"https://bugs.example.com/{number}" for number in range(1, 101))
    assert len(watches.fromText(text, bug, None)) == 100
    assert factory.asked == []


def calls(function, *arguments):
    """How many functions of Python are called."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "url",
    [
        "https://bugs.example.com/show_bug.cgi?id={}",
        "https://other{}.example.com/show_bug.cgi?id={}",
        # Ever more bug trackers on one host
        "https://other.example.com/{}/show_bug.cgi?id={}",
        "https://bugs.example.com/nothing/{}",
        "https://bugs.example.com" + "/x" * 40 + "/{}",
    ],
)
def test_the_work_goes_with_the_length_of_the_text(watches, bug, tracker, url):
    first, second = (
        " ".join(url.replace("{}", str(number)) for number in range(start, start + 300))
        for start in (1000, 2000)
    )
    some = calls(watches.fromText, first, bug, None)
    assert calls(watches.fromText, second, bug, None) <= 1.2 * some
