from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from malonewatch.interfaces import IResultSet
from malonewatch.model.resultset import ResultSet

SIZE = 7


def results(size=SIZE):
    return ResultSet(lambda start: iter(range(start, size)), lambda: size)


bounds = st.none() | st.integers(min_value=-SIZE - 3, max_value=SIZE + 3)
steps = st.none() | st.integers(min_value=-3, max_value=3).filter(bool)


def test_it_provides_the_interface():
    verifyObject(IResultSet, results())


def test_it_counts_and_iterates():
    assert results().count() == len(results()) == SIZE
    assert list(results()) == list(range(SIZE))


@settings(deadline=None)
@given(bounds, bounds, steps)
def test_a_slice_is_a_list_slice(start, stop, step):
    assert results()[start:stop:step] == list(range(SIZE))[start:stop:step]


@settings(deadline=None)
@given(st.integers(min_value=-SIZE - 3, max_value=SIZE + 2))
def test_an_index_is_a_list_index(index):
    try:
        expected = list(range(SIZE))[index]
    except IndexError:
        with pytest.raises(IndexError, match=f"There is no result {index}"):
            results()[index]
    else:
        assert results()[index] == expected


def test_no_more_is_produced_than_is_asked_for():
    produced = []

    def iterate(start):
        for number in range(start, 100):
            produced.append(number)
            yield number

    lazy = ResultSet(iterate, lambda: 100)
    assert lazy[3:5] == [3, 4]
    assert lazy[-1] == 99
    assert lazy.count() == 100
    assert list(islice(lazy, 1)) == [0]
    assert produced == [3, 4, 99, 0]


def test_nothing_is_counted_for_what_is_near_the_beginning():
    def count():
        raise AssertionError("counted")

    uncounted = ResultSet(lambda start: iter(range(start, SIZE)), count)
    assert uncounted[2] == 2
    assert uncounted[:3] == [0, 1, 2]
    assert uncounted[1:5:2] == [1, 3]
    assert uncounted[5:] == [5, 6]


def test_a_step_of_nothing_is_refused():
    with pytest.raises(ValueError, match="zero"):
        results()[::0]


def test_an_empty_one_is_false():
    assert not results(0)
    assert results(0)[:] == []
