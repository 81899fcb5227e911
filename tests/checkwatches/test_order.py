"""In which order a worker takes what is due."""

import random

import pytest

from malonewatch.checkwatches import order
from malonewatch.checkwatches.order import SPREAD, in_order

ORIGINS = [f"https://host-{number:03}.example.org" for number in range(200)]
OWN = set(ORIGINS[::4])


@pytest.fixture(autouse=True)
def chance(monkeypatch):
    monkeypatch.setattr(order, "_random", random.Random(1))


@pytest.fixture
def shuffled():
    origins = list(ORIGINS)
    random.Random(2).shuffle(origins)
    return origins


def test_all_come_once(shuffled):
    assert sorted(in_order(shuffled, OWN)) == ORIGINS
    assert sorted(in_order(shuffled, set())) == ORIGINS
    assert in_order([], OWN) == []


def test_a_worker_begins_with_its_own_from_the_one_end(shuffled):
    assert in_order(shuffled, OWN)[: len(OWN)] == sorted(OWN)


def test_those_of_others_come_from_the_end_where_these_get_to_them_last(shuffled):
    others = in_order(shuffled, OWN)[len(OWN) :]
    expected = sorted(set(ORIGINS) - OWN, reverse=True)
    assert others != expected
    for place, origin in enumerate(others):
        assert abs(place - expected.index(origin)) <= SPREAD


def test_what_is_not_due_is_not_taken_though_it_was_had_last(shuffled):
    assert in_order(["https://b.example.org"], OWN) == ["https://b.example.org"]


def test_two_who_had_none_begin_at_different_ends(shuffled):
    beginnings = {in_order(shuffled, set())[0] for _ in range(50)}
    assert len(beginnings) > 10


def test_two_who_have_done_with_their_own_seldom_want_the_same(shuffled):
    own = {"https://elsewhere.example.org"}
    pairs = [(in_order(shuffled, own)[0], in_order(shuffled, own)[0]) for _ in range(100)]
    assert sum(one == other for one, other in pairs) < 30
