import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.model import rhythm
from malonewatch.model.rhythm import changed_at, interval, is_closed, mark
from malonewatch.model.schedule import CHECK_INTERVAL, DAY, HOUR

NOW = 1_700_000_000.0
LONGEST = (3 * DAY, 14 * DAY)

spans = st.floats(min_value=0, max_value=30 * 365 * DAY)


def rhythm_of(watches, page=1, budget=None, scale=DAY / 8, **more):
    return rhythm.rhythm(watches, page, budget, scale, LONGEST, **more)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("moment", [0, 1, NOW, 2.0**32 - 1, 1e18])
def test_a_mark_tells_when_a_bug_changed_and_whether_it_is_closed(moment, closed):
    marked = mark(moment, closed)
    assert 0 < marked < 2**32
    assert is_closed(marked) is closed
    assert abs(changed_at(marked) - min(moment, 2**32 - 2)) <= 2


@given(spans, spans, st.booleans())
def test_the_longer_a_bug_is_quiet_the_more_seldom_it_is_asked_for(one, other, closed):
    shorter, longer = sorted((one, other))
    spans = [interval(each, closed, False, HOUR, 3 * DAY) for each in (shorter, longer)]
    assert spans == sorted(spans)


@given(spans, st.booleans(), st.booleans(), st.floats(min_value=60, max_value=30 * DAY))
def test_no_interval_is_longer_than_the_longest(since, closed, webhooked, scale):
    assert 0 < interval(since, closed, webhooked, scale, 3 * DAY) <= 3 * DAY
    assert rhythm_of(300, scale=scale, webhooked=webhooked).of(since, closed) <= LONGEST[closed]


def test_a_closed_bug_is_asked_for_more_seldom():
    assert interval(DAY, True, False, HOUR, DAY) == 3 * interval(DAY, False, False, HOUR, DAY)


def test_a_bug_tracker_that_tells_by_itself_is_hardly_asked():
    assert interval(0, False, True, HOUR, 3 * DAY) == 3 * DAY


@given(spans, st.booleans())
def test_a_table_of_intervals_is_as_good_as_reckoning_each(since, closed):
    tracker = rhythm_of(10_000)
    by_table = tracker.at(NOW + since).span(mark(NOW, closed))
    # Within a class it is off by a fifth, and by what makes it a multiple of the step.
    assert by_table == pytest.approx(tracker.of(since, closed), rel=0.2, abs=tracker.step)


def test_what_is_not_known_is_asked_for_daily():
    intervals = rhythm_of(300, scale=30 * DAY).at(NOW)
    assert intervals.dues([0], NOW, 1.0) == [NOW + CHECK_INTERVAL]


@pytest.mark.parametrize(
    ("watches", "page", "budget", "hours"),
    [
        # A few are asked for once a day, whichever way.
        (1, 1, None, 23),
        (400, 500, None, 23),
        (2000, 500, None, 23),
        # More come in portions.
        (8, 1, None, 11.5),
        (1000, 1, None, 5.75),
        (4000, 500, None, 11.5),
        (100_000, 500, None, 5.75),
        # Whoever allows more requests gets more of them.
        (400, 500, 23, 1),
        (400, 500, 1000, 1),
        (100_000, 500, 1, 23),
    ],
)
def test_watches_are_asked_for_in_portions(watches, page, budget, hours):
    assert rhythm_of(watches, page, budget).step == pytest.approx(hours * HOUR)


def settled(ages, page=1, budget=None, closed=False):
    """The rhythm that is learnt of bugs that have been quiet so long."""
    marks = [mark(NOW - age, closed) for age in ages]
    scale = DAY / 8
    for _ in range(30):
        tracker = rhythm_of(len(ages), page, budget, scale)
        intervals = tracker.at(NOW)
        waited = [(each, intervals.span(each)) for each in marks]
        scale = rhythm.learn(tracker, intervals, len(ages), 1.0, waited).scale
    return tracker


def load(tracker, ages, closed=False):
    """How many checks a day that makes."""
    return sum(DAY / tracker.of(age, closed) for age in ages)


@pytest.mark.parametrize("budget", [None, 100, 300])
def test_the_budget_is_kept_to_and_made_use_of(budget):
    ages = [DAY * (1 + number % 700) for number in range(200)]
    tracker = settled(ages, budget=budget)
    assert load(tracker, ages) == pytest.approx((budget or 200) * DAY / CHECK_INTERVAL, rel=0.2)


def test_the_longest_interval_goes_before_the_budget():
    ages = [1000 * DAY] * 300
    tracker = settled(ages, budget=10)
    assert tracker.of(1000 * DAY, False) == LONGEST[0]
    assert tracker.of(1000 * DAY, True) == LONGEST[1]


def test_one_bug_is_asked_for_daily_however_quiet():
    assert settled([1000 * DAY]).of(1000 * DAY, False) == CHECK_INTERVAL


def test_of_nothing_nothing_is_learnt():
    tracker = rhythm_of(3)
    assert rhythm.learn(tracker, tracker.at(NOW), 3, 0.0, []) is tracker


def test_what_is_asked_for_the_first_time_counts_like_any_other():
    ages = [DAY * (1 + number % 700) for number in range(1000)]
    tracker = rhythm_of(1000)
    marks = [(mark(NOW - age, False), 0.0) for age in ages[::16]]
    learnt = rhythm.learn(tracker, tracker.at(NOW), 1000, 1.0, marks)
    assert load(learnt, ages) == pytest.approx(1000 * DAY / CHECK_INTERVAL, rel=0.4)
