"""What the answers of a type of the tests' own say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.toys import BASE, Shop, Toys, asker, toy

from malonewatch.externalbugtracker.driver import Ask, Finding, Form, Read
from malonewatch.externalbugtracker.driver.asking import _condition, _validator
from malonewatch.externalbugtracker.driver.hearing import LONGEST_WORDS, Hearing, Spoiled
from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    Credentials,
    RemoteBug,
    Response,
)

BUG = BugWatchErrorType
MANY = Ask("/toys", (("ids", "1,2"),), ("1", "2"))
ONE = Ask("/toys/1", ids=("1",), alone=True)


def hearing(factory=Toys, scrub=None):
    external = factory(BugTrackerFacts("x", BugTrackerType("TOYS"), BASE))
    return Hearing(external, external, scrub)


def hear(value, ask=MANY, factory=Toys, status=200, scrub=None):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return hearing(factory, scrub).hear(ask, Response(f"{BASE}{ask.path}", status, {}, body))


def outcome_of(record, factory=Toys, scrub=None):
    return hear({"toys": [{"id": "1", **record}]}, factory=factory, scrub=scrub).outcomes["1"]


# Records


def test_an_answer_has_outcomes_of_what_was_asked_for_and_of_nothing_else():
    heard = hear({"toys": [toy("2"), toy("3"), toy(1)]})
    assert list(heard.outcomes) == ["2", "1"]
    assert heard.strangers
    assert not hear({"toys": [toy("1")]}).strangers


def test_a_bug_of_another_id_is_not_the_one_that_was_asked_for_alone():
    heard = hear({"toy": toy("2")}, ONE)
    assert heard.outcomes == {}
    assert heard.strangers


def test_a_page_of_a_list_may_hold_as_much_as_all_its_bugs():
    class Pages(Toys):
        bugs_at_once = 100

    page = {"toys": [{**toy(str(number)), "parts": [0] * 300} for number in range(1, 101)]}
    assert len(hear(page, factory=Pages).outcomes) == 2
    with pytest.raises(Spoiled, match="more values"):
        hear(page)


def test_what_has_no_id_is_what_was_asked_for_alone():
    class Nameless(Toys):
        def ids_of(self, record):
            return ()

    assert list(hear({"toy": toy("2")}, ONE, Nameless).outcomes) == ["1"]
    assert hear({"toys": [toy("1")]}, factory=Nameless).outcomes == {}


@pytest.mark.parametrize("folds", [True, False])
def test_the_case_of_ids_matters_unless_the_type_says_otherwise(folds):
    class Named(Toys):
        folds_ids = folds

    ask = Ask("/toys", ids=("meta", "Big", "none"))
    heard = hear({"toys": [toy("META"), toy("Big"), toy("other")]}, ask, Named)
    assert list(heard.outcomes) == (["meta", "Big"] if folds else ["Big"])
    assert heard.strangers


@pytest.mark.parametrize("value", [[], {}, 7, None, {"toys": 7}, {"toys": [7]}, {"toys": [{}]}])
def test_what_has_no_bugs_where_they_should_be_makes_no_sense(value):
    with pytest.raises(Spoiled, match="no bugs"):
        hear(value)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"title": "x"}, "it has no status"),
        ({"status": "new"}, "it has no title"),
        ({"status": "", "title": "x"}, "it has no status"),
        ({"status": " \t\n", "title": "x"}, "it has no status"),
        ({"status": None, "title": "x"}, "wrong kind"),
        ({"status": ["new"], "title": "x"}, "wrong kind"),
        ({"status": "new", "title": 7}, "wrong kind"),
        ({"status": "x" * (LONGEST_WORDS + 1), "title": "x"}, "text where there should be words"),
    ],
)
def test_a_record_that_cannot_be_read_is_an_error_of_its_bug(record, why):
    outcome = outcome_of(record)
    assert outcome.error_type is BUG.UNPARSABLE_BUG
    assert why in outcome.message


def reading(read):
    class Odd(Toys):
        def read(self, record):
            return read

    return Odd


@pytest.mark.parametrize(
    "read",
    [
        Read("new", "x", 7),
        Read("new", "x", "", 7),
        Read("new", "x", duplicate_of=7),
        Read("new", "x", moved_to=7),
        Read("new", "x", fixed_in=None),
        Read("new", "x", "y" * 1000),
        Read("new", "x", "", "y" * 1000),
    ],
)
def test_whatever_a_type_reads_is_looked_at(read):
    assert outcome_of({}, reading(read)).error_type is BUG.UNPARSABLE_BUG


def test_what_a_type_raises_is_an_error_of_its_bug():
    for error in (LookupError, TypeError, AttributeError, ValueError, RecursionError):

        class Raising(Toys):
            def read(self, record, error=error):
                raise error("x")

        assert outcome_of({}, Raising).error_type is BUG.UNPARSABLE_BUG


@pytest.mark.parametrize(
    ("finding", "error_type"),
    [
        (Finding.PRIVATE, BUG.PRIVATE_REMOTE_BUG),
        (Finding.MISSING, BUG.BUG_NOT_FOUND),
        (Finding.DELETED, BUG.BUG_DELETED),
    ],
)
def test_a_record_may_say_that_there_is_nothing(finding, error_type):
    assert outcome_of({}, reading(finding)).error_type is error_type


def test_halves_of_characters_are_replaced_for_they_cannot_be_written():
    body = rb'{"toys": [{"id": "1", "status": "n\udc00", "title": "a\ud83d\ude00b\ud800"}]}'
    bug = hear(body).outcomes["1"]
    assert (bug.remotestatus, bug.title) == ("n\ufffd", "a\U0001f600b\ufffd")
    texts = Read("new", "\ud800", "\ud800", "\ud800", duplicate_of="\ud800", moved_to="\ud800")
    bug = outcome_of({}, reading(texts._replace(fixed_in="\ud800")))
    for text in (bug.title, bug.remote_importance, bug.resolution, bug.fixed_in):
        assert text == "\ufffd"
    assert (bug.duplicate_of, bug.moved_to) == ("\ufffd", "\ufffd")


def test_secrets_that_a_server_sends_back_are_not_kept():
    def scrub(text):
        return text.replace("sesame", "***")

    read = Read("new sesame", "sesame", "sesame", "sesame", None, None, "sesame", "x/sesame")
    bug = outcome_of({}, reading(read._replace(fixed_in="sesame")), scrub)
    assert "sesame" not in repr(bug._replace(raw=None))
    assert bug.moved_to == "x/***"
    assert outcome_of({"status": "new", "title": "x"}, scrub=scrub).duplicate_of is None


def test_words_that_come_again_are_kept_as_they_were_at_first():
    read = Read("n\u00e9w sesame", "x", "sesame", "sesame")

    def scrub(text):
        return text.replace("sesame", "***")

    one, other = (
        bug._replace(remotebug="", raw=None)
        for bug in hear(
            {"toys": [toy("1"), toy("2")]}, factory=reading(read), scrub=scrub
        ).outcomes.values()
    )
    assert one == other
    assert (one.remotestatus, one.remote_importance, one.resolution) == (
        "n\u00e9w ***",
        "***",
        "***",
    )


def test_a_flag_of_the_wrong_kind_spoils_its_bug_alone():
    class Odd(Toys):
        def read(self, record):
            return super().read(record)._replace(closed={} if record["id"] == "1" else None)

    outcomes = hear({"toys": [toy("1"), toy("2")]}, factory=Odd).outcomes
    assert outcomes["1"].error_type is BUG.UNPARSABLE_BUG
    assert outcomes["2"].title == "Toy 2"


def test_a_session_with_credentials_scrubs_what_is_kept():
    class Scrubbing(Shop):
        def scrub(self, text):
            return text.replace("Toy", "***")

    assert asker(Scrubbing()).ask(["1"])["1"].title == "Toy 1"
    shop = Scrubbing(credentials=Credentials(token="Toy"))
    assert asker(shop).ask(["1"])["1"].title == "*** 1"


def test_the_record_comes_along_as_plain_values():
    assert outcome_of({"status": "new", "title": "x"}).raw == {
        "id": "1",
        "status": "new",
        "title": "x",
    }

    class InXml(Toys):
        def records(self, answer):
            return answer

        def ids_of(self, record):
            return (record.get("id"),)

        def read(self, record):
            return Read(record.findtext("p:status"))

    ask = Ask("/toys", ids=("1",), form=Form.XML)
    heard = hear(b'<toys><toy id="1"><p:status>new</p:status></toy></toys>', ask, InXml)
    assert heard.outcomes["1"].raw == {"status": "new"}


# HTTP statuses


@pytest.mark.parametrize(
    ("status", "alone", "many"),
    [
        (304, Finding.SPOILED, Finding.SPOILED),
        (302, Finding.SPOILED, Finding.SPOILED),
        (400, Finding.SPOILED, Finding.SPOILED),
        (401, Finding.PRIVATE, Finding.REFUSED),
        (403, Finding.PRIVATE, Finding.REFUSED),
        (404, Finding.MISSING, Finding.ABSENT),
        (405, Finding.SPOILED, Finding.ABSENT),
        (410, Finding.DELETED, Finding.ABSENT),
        (418, Finding.SPOILED, Finding.SPOILED),
        (501, Finding.SPOILED, Finding.ABSENT),
    ],
)
@pytest.mark.parametrize("body", [{"toys": [toy("1")], "toy": toy("1")}, b"<html>", b""])
def test_no_status_but_success_has_data(status, alone, many, body):
    assert hear(body, ONE, status=status).finding is alone
    assert hear(body, MANY, status=status).finding is many
    assert not hear(body, ONE, status=status).outcomes


@pytest.mark.parametrize("body", [b"", {"toys": [toy("1")], "toy": toy("1")}])
@pytest.mark.parametrize("status", [202, 204, 206])
def test_what_is_no_whole_answer_makes_no_sense(status, body):
    for ask in (ONE, MANY):
        with pytest.raises(Spoiled, match=f"HTTP status {status}"):
            hear(body, ask, status=status)


def test_success_without_data_makes_no_sense():
    for ask in (ONE, MANY):
        with pytest.raises(Spoiled, match="should be JSON"):
            hear(b"", ask)


def test_an_empty_list_says_nothing_of_one_bug():
    class Lists(Toys):
        def records(self, answer):
            return answer if isinstance(answer, list) else [answer]

    assert not hear([], MANY, Lists).outcomes
    with pytest.raises(Spoiled, match="says nothing of the bug"):
        hear([], ONE, Lists)


def test_where_credentials_went_along_an_unknown_one_is_not_told_from_a_private_bug():
    signed = Ask("/toys/1", ids=("1",), alone=True, signed=True)
    assert hear(b"", signed, status=401).finding is Finding.REFUSED
    assert hear(b"", signed, status=403).finding is Finding.PRIVATE
    elsewhere = Response("https://other.example/toys/1", 401, {}, b"")
    assert hearing().hear(signed, elsewhere).finding is Finding.PRIVATE


def test_an_error_message_is_looked_at_as_far_as_it_may_be_one():
    class Wordy(Toys):
        def judge(self, ask, response, answer):
            return None if answer is None else Finding.DELETED

    assert hear({"error": "x"}, ONE, Wordy, 400).finding is Finding.DELETED
    with pytest.raises(Spoiled):
        hear({"error": "x" * 100_000}, ONE, Wordy, 400)


def test_an_answer_that_a_type_cannot_judge_makes_no_sense():
    class Puzzled(Toys):
        def judge(self, ask, response, answer):
            return answer["error"]["code"]

    with pytest.raises(Spoiled, match="nothing that such a bug tracker answers"):
        hear({"error": None}, MANY, Puzzled)


# Validators


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"etag": '"a"'}, '"a"'),
        ({"etag": 'W/"a"'}, 'W/"a"'),
        ({"last-modified": "Tue, 02 Jan 2024 03:04:05 GMT"}, "Tue, 02 Jan 2024 03:04:05 GMT"),
        ({"etag": "", "last-modified": "x"}, "x"),
        ({"etag": "x" * 201}, None),
        ({"etag": '"é"'}, None),
        ({"etag": '"a\r\nX-Evil: 1"'}, None),
        ({"etag": '"a\x00"'}, None),
        ({}, None),
    ],
)
def test_only_a_validator_that_can_be_sent_again_is_kept(headers, validator):
    found = _validator(Response(BASE, 200, headers, b""))
    assert found == validator
    assert set(_condition(found).values()) == ({validator} - {None})


# Anything

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["toys", "toy", "id", "status", "title"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(values, st.sampled_from([ONE, MANY]), st.sampled_from([200, 404, 500]))
def test_any_value_is_outcomes_or_makes_no_sense(value, ask, status):
    try:
        heard = hear(value, ask, status=status)
    except Spoiled:
        return
    for outcome in heard.outcomes.values():
        if isinstance(outcome, RemoteBug):
            json.dumps(outcome.title, ensure_ascii=False).encode()
