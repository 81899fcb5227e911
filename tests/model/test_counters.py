from datetime import date, timedelta

import pytest
import transaction

from malonewatch.interfaces import DailyCounters, FailureOwner, Totals
from malonewatch.model.counters import DAYS, Counters, PastDays

FIRST = date(2024, 5, 6)
DAY = (FIRST - date(1970, 1, 1)).days


@pytest.fixture
def counters(site):
    counters = Counters()
    site.connection.root()["counters"] = counters
    return counters


def test_nothing_was_counted_yet(counters):
    assert counters.list(30) == []


def test_what_happens_on_a_day_adds_up(counters):
    counters.add(DAY, 1, 20, 3, {FailureOwner.WATCH: 2})
    counters.add(DAY, 2, 30, 0, {FailureOwner.WATCH: 1, FailureOwner.US: 4})
    failures = {FailureOwner.WATCH: 3, FailureOwner.US: 4}
    assert counters.list(30) == [DailyCounters(FIRST, 3, 50, 3, failures)]


@pytest.mark.parametrize("owner", FailureOwner)
def test_each_owner_has_a_counter(counters, owner):
    counters.add(DAY, 0, 0, 0, {owner: 7})
    assert counters.list(1)[0].failures == {owner: 7}


def test_days_come_newest_first(counters, reopened):
    for day in (0, 1, 3):
        counters.add(DAY + day, day, 0, 0, {})
    days = [(3, FIRST + timedelta(3)), (1, FIRST + timedelta(1)), (0, FIRST)]
    for found in (counters, reopened(counters)):
        assert [(each.requests, each.day) for each in found.list(30)] == days
        assert [each.requests for each in found.list(2)] == [3, 1]


@pytest.mark.parametrize("count", [59, 60, 61, DAYS, DAYS + 100])
def test_the_days_of_a_year_are_kept(counters, reopened, count):
    for day in range(count):
        counters.add(DAY + day, day, 0, 0, {})
    for found in (counters, reopened(counters)):
        kept = [each.requests for each in found.list(1000)]
        assert kept == list(range(count - 1, count - 1 - len(kept), -1))
        assert min(count, DAYS) <= len(kept) < DAYS + 31


def test_a_clock_that_was_set_back_makes_no_day(counters):
    counters.add(DAY, 1, 0, 0, {})
    counters.add(DAY - 7, 1, 0, 0, {})
    assert counters.list(30) == [DailyCounters(FIRST, 2)]


def test_the_days_before_are_not_written_with_each_batch(counters):
    for day in range(DAYS):
        counters.add(DAY + day, 1, 1, 1, {})
    transaction.commit()
    counters.add(DAY + DAYS - 1, 1, 1, 1, {})
    assert counters._p_changed
    assert not counters._past._p_changed
    assert len(counters.__getstate__()[0]) <= 32


def test_those_of_a_year_are_not_written_with_each_day(counters):
    for day in range(DAYS):
        counters.add(DAY + day, 1, 1, 1, {})
    transaction.commit()
    counters.add(DAY + DAYS, 1, 1, 1, {})
    assert counters._past._p_changed
    assert not counters._past.older._p_changed
    assert len(counters._past.__getstate__()[0]) < 60 * 32


def test_the_total_is_of_all_days_whether_kept_or_not(counters, reopened):
    assert counters.totals() == Totals()
    for day in range(DAYS + 100):
        counters.add(DAY + day, 1, 2, 3, {FailureOwner.US: 4, FailureOwner.WATCH: day})
        count = day + 1
        failures = {FailureOwner.US: 4 * count}
        if day:
            failures[FailureOwner.WATCH] = sum(range(count))
        assert counters.totals() == Totals(count, 2 * count, 3 * count, failures)
    assert reopened(counters).totals() == counters.totals()


@pytest.mark.parametrize("kept", [lambda days, gone, older: days, lambda *all: all[:2]])
def test_where_days_were_kept_otherwise_the_total_is_of_those(kept):
    counters = Counters()
    counters.add(DAY, 1, 0, 0, {})
    counters.add(DAY + 1, 2, 0, 0, {})
    latest, past = counters.__getstate__()
    before = PastDays()
    before.__setstate__(kept(*past.__getstate__()))
    counters.__setstate__((latest, before))
    assert [each.requests for each in counters.list(30)] == [2, 1]
    assert counters.totals() == Totals(3)
