from datetime import datetime, timedelta, timezone, tzinfo

import pytest
import pytz
from hypothesis import given
from hypothesis import strategies as st
from zope.interface.verify import verifyObject

from malonewatch.interfaces import BadInput, IClock
from malonewatch.model import SystemClock
from malonewatch.model.times import from_optional, from_seconds, now, to_seconds


def test_the_system_clock_is_a_clock():
    verifyObject(IClock, SystemClock())


def test_the_system_clock_is_aware_and_in_utc():
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_now_is_what_the_registered_clock_says(clock):
    assert now() == clock.moment


def test_moments_are_shown_in_pytz_utc():
    assert from_seconds(0) == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert from_seconds(0).tzinfo is pytz.utc


@given(st.floats(min_value=-(2.0**33), max_value=2.0**36))
def test_moments_are_to_the_microsecond_that_is_nearest(seconds):
    assert from_seconds(seconds) == datetime.fromtimestamp(seconds, timezone.utc)


def test_nothing_stays_nothing():
    assert from_optional(None) is None
    assert from_optional(0.0) == from_seconds(0)


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1971, 1, 1)))
def test_the_time_zone_does_not_matter(moment):
    assert to_seconds(moment) == to_seconds(moment.astimezone(timezone.utc))


def test_a_naive_moment_is_refused():
    with pytest.raises(BadInput, match="has no time zone"):
        to_seconds(datetime(2024, 5, 6))


def test_a_moment_whose_zone_knows_no_offset_is_refused():
    class Nowhere(tzinfo):
        def utcoffset(self, moment):
            return None

    with pytest.raises(BadInput, match="has no time zone"):
        to_seconds(datetime(2024, 5, 6, tzinfo=Nowhere()))
