import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.http.headers import LONGEST_RETRY_AFTER, clock_skew, http_date, retry_after, text

# Tue, 02 Jan 2024 03:04:05 GMT
NOW = 1704164645.0


@pytest.mark.parametrize(
    "value",
    [
        "Tue, 02 Jan 2024 03:04:05 GMT",
        # The two obsolete forms, and some that are none.
        "Tuesday, 02-Jan-24 03:04:05 GMT",
        "Tue Jan  2 03:04:05 2024",
        "Tue, 02 Jan 2024 03:04:05",
        "Tue, 02 Jan 2024 03:04:05 -0000",
        "Tue, 02 Jan 2024 04:04:05 +0100",
        "2 Jan 2024 03:04:05 GMT",
    ],
)
def test_a_date_is_understood_whatever_the_local_time(value, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert http_date(value) == NOW
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "now",
        "120",
        "Tue, 32 Jan 2024 03:04:05 GMT",
        "Tue, 02 Jan 2024 25:04:05 GMT",
        "Tue, 02 Jan 99999 03:04:05 GMT",
        "Tue, 02 Jan 2024 03:04:05 +9999",
        "2024-01-02T03:04:05Z",
        5000 * "9",
    ],
)
def test_what_is_no_date(value):
    assert http_date(value) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,5} [A-Z][a-z]{2} \d+ [\d:]{0,9} [-+]?\d+"))
def test_any_text_is_a_date_or_none(value):
    assert http_date(value) is None or isinstance(http_date(value), float)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("604801", LONGEST_RETRY_AFTER),
        ("9" * 1000, LONGEST_RETRY_AFTER),
        ("Tue, 02 Jan 2024 03:06:05 GMT", 120),
        ("Tue, 02 Jan 2024 03:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("nan", None),
        ("inf", None),
        ("0x10", None),
        ("1_000", None),
        ("120 seconds", None),
        # Digits, and none of those that the protocol has.
        ("١٢٠", None),
        ("１２０", None),
        ("²", None),
    ],
)
def test_retry_after(value, seconds):
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_a_date_to_come_back_at_is_by_the_servers_clock():
    headers = {
        "retry-after": "Tue, 02 Jan 2024 05:06:05 GMT",
        "date": "Tue, 02 Jan 2024 05:04:05 GMT",
    }
    assert retry_after(headers, NOW) == 120


@given(st.text(), st.text())
def test_any_retry_after_is_a_bearable_time_or_none(value, date):
    seconds = retry_after({"retry-after": value, "date": date}, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


def test_a_value_is_text_whatever_bytes_came():
    assert text("ü") == "ü"
    assert text(b"\xfc".decode("utf-8", "surrogateescape")) == "ü"


def test_the_clock_skew_is_how_far_the_server_is_ahead():
    assert clock_skew({"date": "Tue, 02 Jan 2024 02:04:05 GMT"}, NOW) == -3600


def test_an_answer_from_a_cache_tells_nothing_of_the_clock():
    assert clock_skew({"date": "Tue, 02 Jan 2024 02:04:05 GMT", "age": "3600"}, NOW) is None


def test_no_date_tells_nothing_of_the_clock():
    assert clock_skew({}, NOW) is None
    assert clock_skew({"date": "soon"}, NOW) is None
