import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.cleaning import clean


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
