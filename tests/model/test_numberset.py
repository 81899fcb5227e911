import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.model.numberset import PAGE, STRETCH, Bits, NumberSet, masks_of, numbers_in

FAR = 3 * PAGE + 5

numbers = st.sets(st.integers(0, 2 * PAGE) | st.integers(0, 200), max_size=200)


def content(numberset):
    return [n for page in numberset.pages() for n in numbers_in(page, numberset.bits(page))]


def made(numbers):
    numberset = NumberSet()
    numberset.add(masks_of(numbers))
    return numberset


def test_a_new_one_is_empty():
    assert content(NumberSet()) == []
    assert NumberSet().is_empty()
    assert NumberSet().bits(7) == 0


def test_numbers_are_added_and_removed():
    numberset = made([7, 3, FAR])
    assert content(numberset) == [3, 7, FAR]
    assert not numberset.is_empty()
    numberset.add(masks_of([3, 4]))
    numberset.remove(masks_of([7, FAR, 100]))
    assert content(numberset) == [3, 4]
    numberset.remove(masks_of([3, 4, 2 * PAGE]))
    assert numberset.is_empty()


def test_a_page_is_written_only_if_it_changes():
    numberset = made([3, 7])
    page = numberset._pages[0]
    page._p_jar = Jar()
    for change in (numberset.add, numberset.remove):
        change(masks_of([7] if change == numberset.add else [8]))
        assert not page._p_changed
    numberset.add(masks_of([8]))
    assert page._p_changed


class Jar:
    """What a stored object belongs to."""

    def register(self, thing):
        pass


@given(numbers, numbers, numbers)
def test_it_is_a_set(first, second, gone):
    numberset = made(first)
    numberset.add(masks_of(second))
    numberset.remove(masks_of(gone))
    assert content(numberset) == sorted((first | second) - gone)


@given(numbers, st.integers(-1, 2 * PAGE))
def test_numbers_behind_one_are_found(numbers, after):
    found = [n for page, bits in masks_of(numbers).items() for n in numbers_in(page, bits, after)]
    assert sorted(found) == sorted(number for number in numbers if number > after)


@pytest.mark.parametrize(
    "numbers",
    [
        set(),
        {0},
        {PAGE - 1},
        {STRETCH - 1, STRETCH},
        set(range(99)),
        set(range(100)),
        set(range(PAGE)),
    ],
)
def test_a_page_is_stored(numbers):
    page, other = Bits(), Bits()
    page.bits = masks_of(numbers).get(0, 0)
    other.__setstate__(page.__getstate__())
    assert list(numbers_in(0, other.bits)) == sorted(numbers)


def test_a_page_with_few_takes_little_room():
    page = Bits()
    page.bits = masks_of(range(0, PAGE, PAGE // 50))[0]
    assert len(pickle.dumps(page.__getstate__())) < 200


@given(numbers, numbers, numbers)
def test_what_two_change_at_the_same_time_is_changed(before, theirs, ours):
    pages = [Bits(), Bits(), Bits()]
    for page, each in zip(pages, (before, theirs, ours), strict=True):
        page.bits = masks_of([n for n in each if n < PAGE]).get(0, 0)
    states = [page.__getstate__() for page in pages]
    page = Bits()
    page.__setstate__(page._p_resolveConflict(*states))
    added, gone = ours - before, before - ours
    assert list(numbers_in(0, page.bits)) == sorted(n for n in (theirs | added) - gone if n < PAGE)
