from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.model import schedule
from malonewatch.model.schedule import DAY, HOUR

moments = st.floats(min_value=0, max_value=2**32 - 1)
failures = st.integers(min_value=1, max_value=100_000)
spans = st.floats(min_value=0, allow_infinity=True)

relaxed = settings(deadline=None)


@relaxed
@given(moments)
def test_a_watch_in_order_is_due_again_within_a_day(now):
    assert 22 * HOUR <= schedule.next_check(now) - now <= 23 * HOUR + 1


@relaxed
@given(moments, failures)
def test_a_failing_watch_is_tried_at_least_once_a_week(now, failures):
    assert 20 * HOUR <= schedule.next_check_after_failure(now, failures) - now <= 7 * DAY + 1


@relaxed
@given(failures)
def test_a_watch_that_fails_on_is_tried_less_often(failures):
    # By more than chance may take back.
    sooner = schedule.next_check_after_failure(0, failures)
    later = schedule.next_check_after_failure(0, failures + 2)
    assert later > sooner or later > 6 * DAY


@relaxed
@given(moments, failures)
def test_a_bug_tracker_in_trouble_is_left_alone_for_some_hours_at_most(now, failures):
    wait = schedule.next_attempt(now, failures, None) - now
    assert 4 * 60 <= wait <= 7 * HOUR


@relaxed
@given(failures)
def test_trouble_that_goes_on_makes_it_longer(failures):
    sooner = schedule.next_attempt(0, failures, None)
    later = schedule.next_attempt(0, failures + 2, None)
    assert later > sooner or later > 5 * HOUR


@relaxed
@given(moments, failures, st.floats(min_value=0, max_value=7 * DAY))
def test_what_the_server_asks_for_is_honoured(now, failures, retry_after):
    # As far as a float of today has room for it.
    assert schedule.next_attempt(now, failures, retry_after) >= now + retry_after - 1e-3


@relaxed
@given(moments, failures, spans)
def test_no_server_keeps_us_away_for_longer_than_a_week(now, failures, retry_after):
    assert schedule.next_attempt(now, failures, retry_after) - now <= 7 * DAY + 1


@relaxed
@given(
    st.integers(min_value=0, max_value=30_000),
    st.integers(min_value=0, max_value=255),
    st.integers(min_value=0, max_value=10_000),
)
def test_a_byte_tells_how_long_ago_a_day_was(day, until_check, until_now):
    checked = int((day + until_check) * DAY) + 7
    since = schedule.days_since(schedule.mark_of(day), checked, day + until_check + until_now)
    assert since == until_check + until_now


@relaxed
@given(moments, spans)
def test_what_is_hard_to_believe_is_asked_for_again_when_it_can_be_confirmed(now, span):
    later = schedule.next_confirmation(now, span)
    assert now + span <= later <= now + 1.1 * span + 1
