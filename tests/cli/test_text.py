import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.cli.text import ago, at, clean, count_of, span, width

NOW = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("Ünïcode 中 🐞", "Ünïcode 中 🐞"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1bPsixel\x9crest", "rest"),
        ("\x9b2Jrest", "rest"),
        ("\x1bcrest", "rest"),
        ("\x1b", ""),
        ("two\r\nlines\tand\vmore", "two  lines and more"),
        ("\u202eright to left\u2066", "right to left"),
        ("a\xa0b\u2028c", "a b c"),
        ("\ud800", "\ufffd"),
        ("[bold]not bold[/bold]", "[bold]not bold[/bold]"),
    ],
)
def test_cleaning(text, expected):
    assert clean(text) == expected


def test_a_long_text_is_cut_off():
    assert clean("x" * 100, 10) == "xxxxxxxxx…"
    assert clean("x" * 10, 10) == "x" * 10


@given(st.text(st.characters(), max_size=60), st.integers(1, 40))
def test_nothing_dangerous_is_left(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cs"}
    assert set(cleaned).isdisjoint("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e")


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
