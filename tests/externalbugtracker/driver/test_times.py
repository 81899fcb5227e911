from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.externalbugtracker.driver import format_time, from_epoch, is_number, parse_time

MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02T03:04:05Z", MOMENT),
        ("2024-01-02 03:04:05", MOMENT),
        ("2024-01-02T03:04:05+00:00", MOMENT),
        ("2024-01-02T08:34:05+05:30", MOMENT),
        ("2024-01-02T04:04:05+0100", MOMENT),
        ("2024-01-02T03:04:05.678Z", MOMENT + timedelta(milliseconds=678)),
        ("2024-01-02", MOMENT.replace(hour=0, minute=0, second=0)),
        ("2024-13-02T03:04:05Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("٢٠٢٤-01-02T03:04:05Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_time_in_iso_8601_is_taken_in_utc(text, moment):
    assert parse_time(text) == moment


def test_a_time_that_has_to_have_a_zone_is_none_without():
    assert parse_time("2024-01-02T03:04:05", zoned=True) is None
    assert parse_time("2024-01-02T04:04:05+01:00", zoned=True) == MOMENT


@pytest.mark.parametrize(
    ("seconds", "moment"),
    [
        (1704164645, MOMENT),
        ("1704164645", MOMENT),
        (0, None),
        ("", None),
        (None, None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        (1e300, None),
        ([], None),
    ],
)
def test_seconds_since_1970_are_a_time(seconds, moment):
    assert from_epoch(seconds) == moment


@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))
def test_a_time_that_was_formatted_is_the_same_when_parsed(moment):
    moment = moment.replace(tzinfo=timezone(timedelta(hours=2)), microsecond=0)
    assert parse_time(format_time(moment)) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_time_in_utc_or_none(text):
    found = parse_time(text)
    assert found is None or found.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("42", True), ("0", True), ("", False), ("-1", False), ("٤٢", False), ("1" * 19, False)],
)
def test_a_number_is_one_of_ascii_digits(text, is_one):
    assert is_number(text) == is_one
