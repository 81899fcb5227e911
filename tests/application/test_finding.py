import asyncio

import pytest

from malonewatch.application.finding import find_bugs, find_tracker_at, look_up
from malonewatch.application.servers import identify, session_with
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerFacts,
    BugTrackerType,
    Certainty,
    Politeness,
    Refused,
    UnknownBugTrackerType,
    UnparsableBugTracker,
)
from malonewatch.model.trackertypes import all_types
from malonewatch.testing.bugzilla import BugzillaSimulator

URL = "https://things.example.com/x/thing/7"
BASE = "https://things.example.com/x"


def test_a_shape_that_only_one_type_has_is_not_asked_about(database, software):
    (found,) = find_bugs(database, ["https://example.com/show_bug.cgi?id=5"])
    assert found.baseurl == "https://example.com"
    assert found.bugtrackertype == "BUGZILLA"
    assert found.remotebug == "5"
    assert found.certainty is Certainty.SHAPE
    assert found.identified is None
    assert software.asked == []


def test_a_guess_is_decided_by_what_the_server_says(database, software):
    software.said["SECOND", BASE] = "It is Second Software 2.0."
    (found,) = find_bugs(database, [URL])
    assert (found.bugtrackertype, found.baseurl, found.remotebug) == ("SECOND", BASE, "7")
    assert found.identified == "It is Second Software 2.0."
    assert software.asked == [("FIRST", BASE), ("SECOND", BASE)]


def test_nobody_is_asked_after_the_first_that_fits(database, software):
    software.said["FIRST", BASE] = "First"
    (found,) = find_bugs(database, [URL])
    assert found.bugtrackertype == "FIRST"
    assert software.asked == [("FIRST", BASE)]


def test_a_server_is_asked_once_for_all_urls_on_it(database, software):
    software.said["FIRST", BASE] = "First"
    found = find_bugs(database, [URL, f"{BASE}/thing/8", URL])
    assert [each.remotebug for each in found] == ["7", "8"]
    assert len(software.asked) == 1


def test_a_server_that_does_not_say_that_it_is_one_is_refused(database, software):
    with pytest.raises(Refused) as raised:
        find_bugs(database, [URL])
    (sentence,) = raised.value.sentences
    assert sentence.startswith(f"{URL} looks like a bug in First Software or Second Software, but")
    assert raised.value.given == 1


def test_a_server_that_cannot_be_reached_is_asked_no_further(database, software):
    software.said["FIRST", BASE] = BugTrackerConnectError("It cannot be reached.")
    found = look_up(database, [URL])
    assert found == {
        URL: f"Whether {URL} is a bug in First Software or Second Software cannot be told: "
        "It cannot be reached."
    }
    assert software.asked == [("FIRST", BASE)]


def test_an_answer_that_makes_no_sense_to_one_type_may_to_another(database, software):
    software.said["FIRST", BASE] = UnparsableBugTracker("It makes no sense.")
    software.said["SECOND", BASE] = "Second"
    (found,) = find_bugs(database, [URL])
    assert found.bugtrackertype == "SECOND"


def test_a_registered_bug_tracker_is_not_asked_what_it_is(database, software):
    database.write(lambda trackers: trackers.ensureBugTracker(BASE, None, "SECOND") and None)
    (found,) = find_bugs(database, [URL])
    assert (found.bugtrackertype, found.certainty) == ("SECOND", Certainty.REGISTERED)
    assert software.asked == []


def test_no_server_is_asked_if_some_are_no_urls_of_bugs(database, software):
    with pytest.raises(Refused) as raised:
        find_bugs(database, [URL, "https://example.com/", "nonsense"])
    assert [sentence.split()[0] for sentence in raised.value.sentences] == [
        "https://example.com/",
        "nonsense",
    ]
    assert raised.value.given == 3
    assert software.asked == []


def test_credentials_in_a_url_are_not_shown(database):
    with pytest.raises(Refused, match="may not hold credentials") as raised:
        find_bugs(database, ["https://me:secret@example.com/show_bug.cgi?id=5"])
    assert "secret" not in str(raised.value)


# Bug trackers.


def test_the_url_of_a_bug_leads_to_its_bug_tracker(database, software):
    software.said["FIRST", BASE] = "First"
    found = find_tracker_at(database, URL)
    assert (found.baseurl, found.bugtrackertype, found.identified) == (BASE, "FIRST", "First")


@pytest.fixture
def server():
    """The URL of something that is none of the types that there are."""
    with BugzillaSimulator() as simulator:
        yield f"{simulator.url}/elsewhere"


def test_a_base_url_alone_is_told_by_the_server(database, software, server):
    software.said["SECOND", server] = "Second"
    found = find_tracker_at(database, f" {server} ")
    assert (found.baseurl, found.bugtrackertype) == (server, "SECOND")
    assert found.identified == "Second"
    assert software.asked == [("FIRST", server), ("SECOND", server)]


@pytest.mark.parametrize("type_name", [None, "sourceforge"])
def test_a_host_that_is_known_is_not_asked_and_is_one_bug_tracker(database, software, type_name):
    found = find_tracker_at(database, "https://sourceforge.net/p/foo/bugs", type_name)
    assert (found.baseurl, found.bugtrackertype) == ("https://sourceforge.net", "SOURCEFORGE")
    assert found.identified is None
    assert software.asked == []


def test_what_it_may_not_be_does_not_slow_down_the_question_what_it_is(software, monkeypatch):
    asked = []

    class Pool:
        def session(self, facts, timeout, **settings):
            asked.append(settings["defaults"])

    slow = Politeness(concurrency=1, gap=60.0)
    facts = BugTrackerFacts("", BugTrackerType.FIRST, BASE)
    monkeypatch.setattr(software, "politeness", slow)
    asyncio.run(identify(Pool(), facts))
    session_with(Pool(), facts)
    assert asked == [Politeness(), slow]


def test_trouble_with_one_type_does_not_keep_another_from_being_found(database, software, server):
    software.said["FIRST", server] = UnparsableBugTracker("It makes no sense.")
    software.said["SECOND", server] = "Second"
    assert find_tracker_at(database, server).bugtrackertype == "SECOND"
    del software.said["SECOND", server]
    with pytest.raises(BadInput, match="cannot be told: It makes no sense"):
        find_tracker_at(database, server)


def test_a_base_url_that_says_nothing_is_refused(database, software, server):
    with pytest.raises(BadInput) as raised:
        find_tracker_at(database, server)
    types = ", ".join(name for name, _ in all_types())
    assert str(raised.value) == (
        f"{server} does not tell of which type the bug tracker is; say so with --type, as one of "
        f"{types}."
    )


def test_a_base_url_that_cannot_be_asked_is_refused_with_the_reason(database, software):
    with pytest.raises(BadInput, match=r"cannot be told: .*cannot be reached.* --type"):
        find_tracker_at(database, "http://127.0.0.1:1/")
    assert software.asked == []


def test_what_only_stood_in_a_text_is_not_asked_on_a_private_network(database):
    with BugzillaSimulator() as simulator:
        for url in (simulator.url, f"{simulator.url}/foo/bar/issues/7"):
            with pytest.raises(BadInput, match=r"127\.0\.0\.1 is not on the public Internet"):
                find_tracker_at(database, url, guessed=True)
        assert simulator.requests == []


def test_a_type_that_is_named_is_not_questioned(database, software):
    found = find_tracker_at(database, URL, "second")
    assert (found.baseurl, found.bugtrackertype, found.certainty) == (BASE, "SECOND", None)
    assert find_tracker_at(database, BASE, "FIRST").baseurl == BASE
    assert software.asked == []


def test_a_type_that_is_none_is_refused(database, software):
    with pytest.raises(UnknownBugTrackerType, match=r"'nonsense'; those known are "):
        find_tracker_at(database, URL, "nonsense")


def test_what_is_registered_is_known(database, software):
    database.write(lambda trackers: trackers.ensureBugTracker(BASE, None, "SECOND") and None)
    found = find_tracker_at(database, f"{BASE}/")
    assert (found.baseurl, found.bugtrackertype) == (BASE, "SECOND")
    assert found.certainty is Certainty.REGISTERED


@pytest.mark.parametrize("url", ["nonsense", "", "http://[", "ftp://example.com", "https://h/?q=1"])
def test_what_is_no_base_url_is_not_asked(database, software, url):
    with pytest.raises(BadInput, match="does not tell of which type"):
        find_tracker_at(database, url)
    assert software.asked == []
