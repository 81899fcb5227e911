from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.cli.text import ago, at, count_of, span, width

NOW = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (47 * 3600, "47h"),
        (48 * 3600, "2d"),
        (400 * 86400, "400d"),
    ],
)
def test_spans(seconds, expected):
    assert span(seconds) == expected


def test_how_long_ago():
    assert ago(None, NOW) == "never"
    assert ago(NOW, NOW) == "now"
    assert ago(NOW - timedelta(minutes=5), NOW) == "5m ago"
    assert ago(NOW + timedelta(hours=5), NOW) == "in 5h"


def test_a_moment_comes_with_how_long_ago_it_was():
    assert at(None, NOW) == ""
    assert at(NOW - timedelta(hours=3), NOW) == "2024-01-31 09:00:00 UTC (3h ago)"


def test_counting():
    assert count_of(1, "watch", "watches") == "1 watch"
    assert count_of(2, "watch", "watches") == "2 watches"
    assert count_of(0, "bug") == "0 bugs"


def test_the_width_on_a_terminal_is_not_the_length():
    assert width("plain") == 5
    assert width("中文") == 4
    assert width("e\u0301") == 1
    assert width("a\u200db") == 2
