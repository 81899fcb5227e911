"""Questions that an answer leads to, and where they are put."""

import pytest
from tests.scripted import Server

from malonewatch.externalbugtracker.driver import Ask, ExternalBugTracker, Finding, Read, URLShape
from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    RemoteBug,
    UnparsableBugTracker,
)
from malonewatch.testing.asking import Asker

BASE = "https://letters.example"
SERVICE = "https://api.letters.example/1.0"


class Letters(ExternalBugTracker):
    """The state of a letter is elsewhere than its title; that of many is in one place."""

    title = "Letters"
    dialect_name = "letters"
    urls = (URLShape("/letters/{id}"),)
    services = {"letters.example": SERVICE}

    def ask_one(self, remotebug):
        return Ask(f"/letters/{remotebug}", ids=(remotebug,), alone=True)

    def ask_more(self, ask, answers):
        if len(answers) == 2 or not any(letter["sent"] for letter in letters(answers[0])):
            return None
        return Ask("/states")

    def records(self, answer):
        if not isinstance(answer, tuple):
            return [{**letter, "state": "draft"} for letter in letters(answer)]
        titles, states = answer
        return [{**letter, "state": states[letter["id"]]} for letter in letters(titles)]

    def read(self, record):
        return Read(record["state"], record["title"])


class Batch(Letters):
    def ask_many(self, ids, since):
        yield Ask("/letters", (("ids", ",".join(ids)),), tuple(ids))


def letters(answer):
    return answer.get("letters", [answer])


def letter(id, sent=True):
    return {"id": id, "title": f"Letter {id}", "sent": sent}


def post(path, parameters):
    assert path.startswith("/1.0/")
    if path == "/1.0/states":
        return {"1": "read", "2": "lost"}
    if path == "/1.0/letters":
        return {"letters": [letter(id) for id in parameters["ids"].split(",")]}
    return letter(path.rpartition("/")[2], sent=not path.endswith("3"))


def ask(answer, *remotebugs):
    server = Server(answer)
    asker = Asker(Letters, BASE, dialect="letters", client=server)
    return server, asker.ask(remotebugs)


def test_what_an_answer_does_not_tell_is_asked_for_and_read_together_with_it():
    server, outcomes = ask(post, "1")
    assert outcomes["1"][:2] == ("1", "read")
    assert outcomes["1"].title == "Letter 1"
    urls = [url for _, url, _ in server.requests]
    assert urls == [f"{SERVICE}/letters/1", f"{SERVICE}/states"]


def test_what_an_answer_tells_is_not_asked_for():
    server, outcomes = ask(post, "3")
    assert outcomes["3"].remotestatus == "draft"
    assert len(server.requests) == 1


def test_it_is_asked_once_for_many():
    server = Server(post)
    outcomes = Asker(Batch, BASE, dialect="letters", client=server).ask(["1", "2"])
    assert [outcome.remotestatus for outcome in outcomes.values()] == ["read", "lost"]
    assert len(server.requests) == 2


def without_states(status):
    return lambda path, parameters: (
        {"status": status} if path.endswith("/states") else post(path, parameters)
    )


@pytest.mark.parametrize("status", [500, 302])
def test_more_that_cannot_be_had_is_the_same_as_nothing(status):
    with pytest.raises(UnparsableBugTracker):
        ask(without_states(status), "1")


def test_what_more_says_of_a_bug_alone_is_said_of_the_bug():
    _, outcomes = ask(without_states(410), "1")
    assert outcomes["1"].error_type is BugWatchErrorType.BUG_DELETED


def test_what_more_says_of_many_is_said_of_none():
    with pytest.raises(UnparsableBugTracker):
        Asker(Batch, BASE, dialect="letters", client=Server(without_states(410))).ask(["1", "2"])


def test_an_answer_that_is_none_leads_to_nothing_more():
    with pytest.raises(UnparsableBugTracker):
        ask(lambda path, parameters: {"something": "else"}, "1")


def test_a_bug_of_which_there_is_no_more_costs_the_others_nothing():
    def answer(path, parameters):
        return {"1": "read"} if path.endswith("/states") else post(path, parameters)

    _, outcomes = ask(answer, "1", "2")
    assert isinstance(outcomes["1"], RemoteBug)
    assert outcomes["2"].error_type is BugWatchErrorType.UNPARSABLE_BUG


def test_a_bug_that_is_missing_leads_to_nothing_more():
    server, outcomes = ask(lambda path, parameters: 404, "1")
    assert outcomes["1"].error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("baseurl", "service"), [(BASE + "/", SERVICE), ("http://x.example/", "http://x.example")]
)
def test_programs_may_be_answered_elsewhere_than_people(baseurl, service):
    assert Letters(BugTrackerFacts("x", BugTrackerType("LETTERS"), baseurl)).service == service


# What became a part of another


class Merging(Letters):
    """A letter may be in the envelope of another one."""

    def ask_more(self, ask, answers):
        return None

    def ids_of(self, record):
        return (record["id"],)

    def merged_into(self, ask, answer):
        return None if answer["id"] in ask.ids else answer["id"]

    def read(self, record):
        return super().read(record) if record["sent"] else Finding.DELETED


def merging(answer, *remotebugs):
    return Asker(Merging, BASE, dialect="letters", client=Server(answer)).ask(remotebugs)


def test_a_bug_that_became_a_part_of_another_moved_there():
    outcomes = merging(lambda path, parameters: letter("2"), "1", "2")
    assert (outcomes["1"].title, outcomes["1"].moved_to) == ("Letter 2", f"{BASE}/letters/2")
    assert outcomes["2"].moved_to is None


def test_a_bug_that_is_no_more_may_be_a_part_of_another_all_the_same():
    outcome = merging(lambda path, parameters: 410, "1")["1"]
    assert outcome.error_type is BugWatchErrorType.BUG_DELETED
    outcome = merging(lambda path, parameters: letter("2", sent=False), "1")["1"]
    assert outcome.error_type is BugWatchErrorType.BUG_MOVED


def test_a_record_may_say_that_its_bug_was_deleted():
    outcome = merging(lambda path, parameters: letter("1", sent=False), "1")["1"]
    assert outcome.error_type is BugWatchErrorType.BUG_DELETED


class Placed(Batch):
    """One whose HTTP status is about the place of the bugs."""

    def judge(self, ask, response, answer):
        return super().judge(ask.for_one(), response, answer)


def test_what_more_says_of_the_place_of_many_is_said_of_none():
    with pytest.raises(UnparsableBugTracker):
        Asker(Placed, BASE, dialect="letters", client=Server(without_states(410))).ask(["1", "2"])
