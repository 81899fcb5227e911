from array import array

import pytest

from malonewatch.model import packing
from malonewatch.model.pages import NEVER, NamesPage, TimesPage
from malonewatch.model.schedule import days_since

TODAY = 19_600
NOON = TODAY * 86_400 + 43_200


@pytest.fixture
def times():
    page = TimesPage()
    for row in range(3):
        page.append(NOON + row)
    page.check([1], NOON, [NOON + 9], NOON - 9, 200, NOON)
    page.fail(2, NOON, NOON + 7, 3, 4, NOON)
    return page


def columns(page):
    names = ("checked", "due", "seen", "full", "failures", "errors")
    return {name: list(getattr(page, name)) for name in names}


def test_what_is_known_of_each_row(times):
    assert columns(times) == {
        "checked": [0, NOON, NOON],
        "due": [NOON, NOON + 9, NOON + 7],
        "seen": [0, NOON - 9, 0],
        "full": [0, 200, 0],
        "failures": [0, 0, 3],
        "errors": [0, 0, 4],
    }


def test_a_row_in_order_has_failed_no_more(times):
    times.check([2, 0], NOON + 1, [NOON + 2, NOON + 3], NOON, None, NOON)
    assert list(times.failures) == list(times.errors) == [0, 0, 0]
    assert list(times.checked) == [NOON + 1, NOON, NOON + 1]
    # That was no answer in full.
    assert list(times.full) == [0, 200, 0]


def test_the_row_of_a_watch_that_is_gone_is_never_due(times):
    times.clear(1)
    assert (times.checked[1], times.due[1], times.seen[1]) == (NEVER, NEVER, 0)


def test_a_record_is_sixteen_octets_a_row_at_most(times):
    assert len(times.__getstate__()) <= 16 * 3


def restored(page):
    again = type(page)()
    again.__setstate__(page.__getstate__())
    return again


def test_a_record_is_read_as_it_was_written(times):
    assert columns(restored(times)) == columns(times)
    assert columns(restored(TimesPage())) == columns(TimesPage())


@pytest.mark.parametrize("kind", [TimesPage, NamesPage])
def test_a_record_is_the_same_on_every_machine(times, monkeypatch, kind):
    names = NamesPage()
    names.watch_ids, names.digests = array("Q", [1, 2]), array("Q", [3, 2**64 - 1])
    page = times if kind is TimesPage else names
    here = page.__getstate__()
    for name in vars(page):
        column = getattr(page, name)
        if isinstance(column, array):
            column.byteswap()
    other = "big" if packing.sys.byteorder == "little" else "little"
    monkeypatch.setattr(packing.sys, "byteorder", other)
    assert page.__getstate__() == here
    assert restored(page).__getstate__() == here


def test_records_of_the_first_version_are_read_as_of_an_unknown_day():
    page = TimesPage()
    moments = array("I", [NOON, 0])
    page.__setstate__((moments.tobytes(), moments.tobytes(), moments.tobytes(), b"\1\0", b"\0\2"))
    assert columns(page) == {
        "checked": [NOON, 0],
        "due": [NOON, 0],
        "seen": [NOON, 0],
        "full": list(page.full),
        "failures": [1, 0],
        "errors": [0, 2],
    }
    assert days_since(page.full[0], NOON, TODAY) == 255


def test_what_was_made_due_while_it_was_asked_for_stays_so(times):
    for row, due in enumerate((NOON + 5, NOON + 9, NOON + 20)):
        times.due[row] = due
    times.check([0], NOON + 5, [NOON + 900], NOON, None, NOON + 15)
    times.check([1], NOON + 5, [NOON + 900], NOON, None, NOON + 15)
    times.fail(2, NOON + 5, NOON + 900, 1, 1, NOON + 15)
    assert list(times.due) == [NOON + 900, NOON + 9, NOON + 900]
    times.fail(1, NOON + 5, NOON + 900, 1, 1, NOON + 15)
    assert times.due[1] == NOON + 9
