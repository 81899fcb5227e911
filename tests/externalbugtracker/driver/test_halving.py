"""Bugs that spoil the answer for others are found, whatever the spoiling is."""

import contextlib
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.toys import BASE, SPOILS, Shop, Toys, asker, toy

from malonewatch.externalbugtracker.driver import fetching
from malonewatch.interfaces import (
    BugTrackerServerError,
    BugTrackerTimeout,
    BugTrackerTrouble,
    BugWatchErrorType,
    RemoteBug,
    UnparsableBugTracker,
)

BUG = BugWatchErrorType


@pytest.fixture(autouse=True)
def the_same_dice(monkeypatch):
    monkeypatch.setattr(fetching, "_random", random.Random(1))


def numbers(count):
    return [str(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("spoil", SPOILS)
def test_one_bad_bug_costs_the_others_nothing_and_has_an_error_of_its_own(spoil):
    shop = Shop(bad=["7"])
    shop.spoil = SPOILS[spoil]
    outcomes = asker(shop).ask(numbers(20))
    bad = outcomes.pop("7")
    assert (bad.error_type, bad.apart) == (BUG.UNPARSABLE_BUG, True)
    assert bad.message.startswith(f"Bug 7 on {BASE} cannot be understood: ")
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
    assert not any(outcome.apart for outcome in outcomes.values())


@pytest.mark.parametrize("count", [2, 3, 20, 500])
def test_one_bad_bug_takes_as_many_requests_as_a_search_by_halves(count):
    for bad in {"1", str(count // 2), str(count)}:
        shop = Shop(bad=[bad])
        outcomes = asker(shop).ask(numbers(count))
        assert outcomes[bad].apart
        # All, one by itself, two for each half, and the bad one alone at last.
        assert len(shop.requests) <= 4 + 2 * math.ceil(math.log2(count))


@pytest.mark.parametrize("bad", [["1", "2"], ["3", "18"], ["19", "20"]])
def test_two_bad_bugs_are_both_found(bad):
    outcomes = asker(Shop(bad=bad)).ask(numbers(20))
    assert [id for id, outcome in outcomes.items() if not isinstance(outcome, RemoteBug)] == bad


def test_a_bad_bug_that_can_be_read_alone_is_read_and_remembered():
    class Crowded(Shop):
        """Toy 7 spoils what it is in with others."""

        def _answer(self, path, parameters):
            self.bad = {"7"} if "ids" in parameters else set()
            return super()._answer(path, parameters)

    bug = asker(Crowded()).ask(numbers(20))["7"]
    assert isinstance(bug, RemoteBug)
    assert bug.apart


@pytest.mark.parametrize(
    ("answers", "error_type"),
    [({"missing": ["7"]}, BUG.BUG_NOT_FOUND), ({"private": ["7"]}, BUG.PRIVATE_REMOTE_BUG)],
)
def test_why_a_bad_bug_cannot_be_had_is_told_if_it_can_be(answers, error_type):
    class Crowded(Shop):
        def _answer(self, path, parameters):
            self.bad = {"7"} if "ids" in parameters else set()
            return super()._answer(path, parameters)

    outcome = asker(Crowded(**answers)).ask(numbers(20))["7"]
    assert (outcome.error_type, outcome.apart) == (error_type, True)


def test_a_bug_tracker_that_is_down_is_asked_a_couple_of_times():
    shop = Shop()
    shop.down = BugTrackerServerError("It failed.")
    with pytest.raises(BugTrackerServerError, match="It failed"):
        asker(shop).ask(numbers(500))
    assert len(shop.requests) == 3


def test_a_bug_tracker_of_bad_bugs_alone_is_in_trouble():
    shop = Shop(bad=numbers(500))
    with pytest.raises(UnparsableBugTracker, match="HTTP status 400"):
        asker(shop).ask(numbers(500))
    assert len(shop.requests) == 3


def test_a_bug_tracker_that_does_not_answer_is_asked_once():
    shop = Shop()
    shop.down = BugTrackerTimeout("It did not answer in time.")
    with pytest.raises(BugTrackerTimeout):
        asker(shop).ask(numbers(500))
    assert len(shop.requests) == 1


def test_the_only_bug_that_is_asked_for_says_nothing_of_itself():
    shop = Shop(bad=["1"])
    with pytest.raises(UnparsableBugTracker):
        asker(shop).ask(["1"])
    assert len(shop.requests) == 1


def test_very_many_bad_bugs_are_found_in_several_runs():
    ids = numbers(500)
    shop = Shop(bad=ids[::50])
    apart = set()
    for _ in range(6):
        shop.requests.clear()
        asking = asker(shop)
        with contextlib.suppress(UnparsableBugTracker):
            asking.ask(each for each in ids if each not in apart)
        assert len(shop.requests) <= 3 + fetching.MOST_HALVINGS + len(shop.bad)
        found = {id for id, outcome in asking.outcomes.items() if outcome.apart}
        assert found <= shop.bad
        apart |= found
    assert apart == shop.bad
    assert len(asking.outcomes) == 490


# What was found bad is asked for apart.


def test_bugs_kept_apart_are_asked_for_alone():
    shop = Shop()
    outcomes = asker(shop).ask(["1", "2"], apart=True)
    assert shop.paths == ["/shop/toys/1", "/shop/toys/2"]
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_bugs_that_are_still_bad_are_no_trouble_of_their_bug_tracker(count):
    ids = numbers(count)
    shop = Shop(bad=ids)
    outcomes = asker(shop).ask(ids, apart=True)
    assert {outcome.error_type for outcome in outcomes.values()} == {BUG.UNPARSABLE_BUG}
    assert all(outcome.apart for outcome in outcomes.values())
    # What a bug tracker that is there was found to be is asked after two more.
    assert shop.paths.count("/shop/about") == math.ceil(count / 3)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_where_even_the_bug_tracker_does_not_answer_it_is_its_trouble(count):
    shop = Shop()
    shop.down = BugTrackerServerError("It failed.")
    with pytest.raises(BugTrackerServerError):
        asker(shop).ask(numbers(count), apart=True)
    assert len(shop.requests) <= 3


def test_bugs_kept_apart_of_a_type_that_cannot_say_what_it_is_are_at_fault_themselves():
    class Silent(Toys):
        def ask_identity(self):
            return None

    outcomes = asker(Shop(bad=["1", "2"]), Silent).ask(["1", "2", "3"], apart=True)
    assert [outcome.apart for outcome in outcomes.values()] == [False, True, True]
    assert isinstance(outcomes["3"], RemoteBug)


def test_an_absent_bug_that_was_kept_apart_is_asked_for_as_one_that_an_answer_left_out():
    shop = Shop(missing=["1"])
    outcome = asker(shop).ask(["1"], apart=True)["1"]
    assert outcome.error_type is BUG.BUG_NOT_FOUND
    assert not outcome.apart


# Whatever happens.

sets = st.sets(st.sampled_from(numbers(30)), max_size=8)


@settings(max_examples=200)
@given(
    st.integers(1, 30),
    *(sets, sets, sets),
    st.sampled_from(sorted(SPOILS)),
    st.integers(0, 60),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_each_bug_has_one_outcome_or_the_bug_tracker_is_in_trouble(
    count, bad, missing, private, spoil, until, apart, dice
):
    class Failing(Shop):
        """Goes down after so many requests."""

        def _answer(self, path, parameters):
            if len(self.requests) > until:
                self.down = BugTrackerServerError("It failed.")
            return super()._answer(path, parameters)

    fetching._random = dice
    ids = numbers(count)
    shop = Failing(bad=bad, missing=missing, private=private)
    shop.spoil = SPOILS[spoil]
    try:
        outcomes = asker(shop).ask(ids, apart=apart)
    except BugTrackerTrouble:
        pass
    else:
        # That there is one for each, once, the asker sees to.
        for id in set(ids) - bad:
            if id in missing:
                assert outcomes[id].error_type in (BUG.BUG_NOT_FOUND, BUG.UNPARSABLE_BUG)
            elif id in private:
                assert outcomes[id].error_type in (BUG.PRIVATE_REMOTE_BUG, BUG.UNPARSABLE_BUG)
            elif isinstance(outcomes[id], RemoteBug):
                assert outcomes[id].title == toy(id)["title"]
    assert len(shop.requests) <= 3 + fetching.MOST_HALVINGS + 3 * count
