"""What dialects share; which one is asked in is in test_dialects."""

from datetime import datetime, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.toys import BASE, ChangingToys, SingleToys, Toys, toy

from malonewatch.externalbugtracker.driver import Ask, Dialect, Finding, GraphQLDialect
from malonewatch.externalbugtracker.driver.ask import Situation
from malonewatch.interfaces import BugTrackerFacts, BugTrackerType, Credentials, Response

SINCE = datetime(2024, 1, 2, tzinfo=timezone.utc)


def make(factory=Toys):
    return factory(BugTrackerFacts("x", BugTrackerType("TOYS"), BASE))


def planned(factory, ids, **situation):
    return [(ask.ids, ask.since) for ask in make(factory).plan(ids, Situation(**situation))]


# Plans


def test_changes_are_asked_for_since_the_bug_that_was_seen_first():
    ids = [str(number) for number in range(25)]
    seen = {id: SINCE.replace(day=2 + int(id) % 7) for id in ids}
    seen["another bug"] = SINCE.replace(year=2000)
    assert planned(ChangingToys, ids, seen=seen) == [(tuple(ids), SINCE)]


@pytest.mark.parametrize("count", [0, 1, 10])
def test_a_since_question_that_saves_none_is_not_asked(count):
    ids = [str(number) for number in range(20)]
    seen = dict.fromkeys(ids[:count], SINCE)
    assert [since for _, since in planned(ChangingToys, ids, seen=seen)] == [None, None]


def test_a_type_that_does_not_tell_changes_is_not_asked_for_them():
    ids = tuple(str(number) for number in range(20))
    assert planned(Toys, ids, seen=dict.fromkeys(ids, SINCE)) == [(ids, None)]


def test_a_type_without_a_question_for_many_asks_one_by_one():
    assert planned(SingleToys, ["1", "2"]) == [(("1",), None), (("2",), None)]


@given(st.lists(st.text(max_size=200), max_size=50, unique=True), st.integers(1, 500))
def test_portions_have_all_ids_in_order_and_fit_into_a_url(ids, budget):
    class Short(Toys):
        url_budget = budget

    portions = list(make(Short).portions(ids))
    assert [id for portion in portions for id in portion] == ids
    for portion in portions:
        assert len(portion) == 1 or len("&id=".join(map(quote, portion))) <= budget


def test_no_portion_has_more_ids_than_a_page_of_an_answer_has_bugs():
    class Paged(Toys):
        page_size = 2

    assert list(make(Paged).portions("abcde")) == ["ab", "cd", "e"]


# What a type may leave as it is


def test_a_type_need_not_have_more_than_it_knows():
    dialect = Dialect(make())
    assert dialect.ask_identity() is None
    assert dialect.ask_whoami() is None
    assert dialect.identity({}) is None
    assert dialect.records({}) == [{}]
    assert dialect.next_page(Ask("/"), None, {}) is None
    assert dialect.led_to(Ask("/"), None) is None
    ask = Ask("/", json={})
    assert dialect.sign(ask, Credentials(token="x")) is ask
    with pytest.raises(TypeError, match="Dialect reads no records"):
        dialect.read({})
    with pytest.raises(TypeError, match="GraphQLDialect has no queries"):
        GraphQLDialect(make()).nodes({})


def test_a_type_may_say_by_a_path_and_fields_what_is_told_where():
    class Named(Dialect):
        asks_who = ("/me", "login")
        id_field = "number"

    dialect = Named(make())
    assert dialect.ask_whoami() == Ask("/me")
    assert dialect.whoami({"login": "jane"}) == "jane"
    assert dialect.ids_of({"id": 12, "number": 7}) == ("7",)
    assert dialect.records([{"number": 7}]) == [{"number": 7}]


def test_an_answer_is_a_list_of_bugs_or_has_one_or_is_a_bug_itself():
    class Boxed(Toys):
        list_field, id_field = "box", "number"
        records, ids_of = Dialect.records, Dialect.ids_of

    bug = {"number": 7}
    boxed = make(Boxed)
    for answer in ([bug], {"box": [bug]}, bug):
        assert boxed.records(answer) == [bug]
    assert boxed.ids_of(bug) == ("7",)
    assert boxed.records("7") == ["7"]


def test_where_it_is_asked_what_it_is_may_be_data():
    class Told(Toys):
        asks_what = "/version"
        ask_identity = Dialect.ask_identity

    assert make(Told).ask_identity() == Ask("/version")


@pytest.mark.parametrize(("wanted", "finding"), [(True, "REFUSED"), (False, "PRIVATE")])
def test_a_log_in_may_be_wanted_for_anything_at_all(wanted, finding):
    class Shy(Toys):
        wants_login = wanted

    shy = make(Shy)
    response = Response(f"{BASE}/toys/1", 401, {}, b"")
    assert shy.judge(shy.ask_one("1"), response, None) is Finding[finding]


def test_a_question_is_for_one_bug_or_for_all():
    ask = Ask("/", ids=("1",))
    assert ask.for_one() == Ask("/", ids=("1",), alone=True)
    assert ask.for_one().for_all() == ask


def test_a_question_may_be_put_for_the_next_page():
    ask = Ask("/", (("a", "1"), ("page", "9")), ("1",))
    assert ask.for_next_page() == Ask("/", (("a", "1"), ("page", "10")), ("1",))


def test_one_bug_is_asked_for_as_many_are_unless_the_type_says_more():
    class Listed(Toys):
        ask_one = Dialect.ask_one

    assert make(Listed).ask_one("7") == Ask("/toys", (("ids", "7"),), ("7",), alone=True)


# What is left of an answer that does not have all


@pytest.mark.parametrize(
    ("there", "rest"),
    [([], None), (["1"], ("2", "A")), (["a", "2"], ("1",)), (["1", "2", "a"], None)],
)
def test_what_an_answer_left_out_is_asked_for_unless_it_has_nothing(there, rest):
    ask = Ask("/toys", ids=("1", "2", "A"))
    found = make().ask_rest(ask, {"toys": [toy(id) for id in there]})
    assert (found and found.ids) == rest
