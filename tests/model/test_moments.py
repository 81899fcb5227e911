import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.model.moments import Moments, Times
from malonewatch.model.numberset import PAGE, STRETCH, masks_of, numbers_in

HOUR = 3600
LATEST = 0xFFFFFFFF


@pytest.fixture
def moments():
    moments = Moments()
    moments.set([(3, 5 * HOUR), (7, 6 * HOUR + 1), (STRETCH + 1, 8 * HOUR), (PAGE, 9 * HOUR)])
    return moments


def select(moments, first, last=LATEST, after=-1, numbers=range(2 * STRETCH)):
    return list(moments.select(0, masks_of(numbers)[0], after, first, last))


def test_a_moment_is_kept(moments):
    assert [moments.get(number) for number in (3, 7, PAGE)] == [5 * HOUR, 6 * HOUR + 1, 9 * HOUR]


@pytest.mark.parametrize("number", [0, 4, 5 * PAGE])
def test_what_never_happened(moments, number):
    assert moments.get(number) == 0


def test_numbers_are_selected_by_moment(moments):
    assert select(moments, 1) == [3, 7, STRETCH + 1]
    assert select(moments, 6 * HOUR + 1) == [7, STRETCH + 1]
    assert select(moments, 6 * HOUR + 2) == [STRETCH + 1]
    assert select(moments, 1, 6 * HOUR + 1) == [3, 7]
    assert select(moments, 9 * HOUR) == []


def test_the_moments_of_some_numbers_can_be_had(moments):
    bits = masks_of([2, 3, STRETCH + 1, 2 * STRETCH])[0]
    assert list(moments.moments(0, bits)) == [
        *((2, 0), (3, 5 * HOUR), (STRETCH + 1, 8 * HOUR), (2 * STRETCH, 0))
    ]


def test_only_those_that_are_wanted_are_selected(moments):
    assert select(moments, 1, after=3) == [7, STRETCH + 1]
    assert select(moments, 1, numbers=[2, 3, 4]) == [3]


def test_numbers_that_nothing_happened_to_are_selected(moments):
    assert select(moments, 0, 0, numbers=[2, 3, 4]) == [2, 4]
    assert select(Moments(), 0, 0, numbers=[2, 3]) == [2, 3]
    assert select(Moments(), 1, numbers=[2, 3]) == []


def test_an_earlier_moment_may_take_a_laters_place(moments):
    moments.set([(7, HOUR), (3, 0)])
    assert (moments.get(7), moments.get(3)) == (HOUR, 0)
    assert select(moments, HOUR) == [7, STRETCH + 1]


def stretches_since(moments, moment):
    since = moments.since(moment)
    return {
        number // STRETCH for page in since.pages() for number in numbers_in(page, since.bits(page))
    }


def test_whole_stretches_are_told_since_a_moment(moments):
    moments.set([(STRETCH * STRETCH, 7 * HOUR)])
    assert stretches_since(moments, 5 * HOUR) == {0, 1, PAGE // STRETCH, STRETCH}
    assert stretches_since(moments, 7 * HOUR) == {1, PAGE // STRETCH, STRETCH}
    assert stretches_since(moments, 9 * HOUR) == {PAGE // STRETCH}
    assert stretches_since(moments, 9 * HOUR + 1) == set()
    assert moments.since(1).bits(STRETCH * STRETCH) == 0


entries = st.dictionaries(st.integers(0, 2 * STRETCH), st.integers(0, LATEST), max_size=20)


@given(entries, entries, st.integers(0, LATEST), st.integers(0, LATEST))
def test_they_are_like_a_dictionary(first, second, low, high):
    moments = Moments()
    moments.set(first.items())
    moments.set(second.items())
    both = {**first, **second}
    assert {number: moments.get(number) for number in both} == both
    found = select(moments, low, high, numbers=range(2 * STRETCH + 1))
    assert found == [n for n in range(2 * STRETCH + 1) if low <= both.get(n, 0) <= high]


@given(entries)
def test_they_are_stored(entries):
    page, other = Times(), Times()
    for number, moment in entries.items():
        page.times[number % STRETCH] = moment
    other.__setstate__(page.__getstate__())
    assert other.times == page.times


def test_what_two_note_at_the_same_time_is_noted():
    pages = [Times(), Times(), Times()]
    for page, moments in zip(pages, ((1, 1, 1), (1, 2, 2), (3, 1, 3)), strict=True):
        for place, moment in enumerate(moments):
            page.times[place] = moment
    page = Times()
    page.__setstate__(page._p_resolveConflict(*(each.__getstate__() for each in pages)))
    assert list(page.times[:4]) == [3, 2, 3, 0]
