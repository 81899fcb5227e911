import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.model.words import LONGEST_WORD, MOST_WORDS, words_of


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Panel crashes, then hangs", ["panel", "crashes", "then", "hangs"]),
        ("C++: foo_bar()/baz-42", ["c", "foo_bar", "baz", "42"]),
        ("the Kernel and THE kernel", ["the", "kernel", "and"]),
        ("Größe Straße ＡＢＣ", ["grösse", "strasse", "abc"]),
        ("", []),
        ("?! --", []),
    ],
)
def test_words_are_folded(title, words):
    assert words_of(title) == words


def test_a_long_word_is_cut():
    assert words_of("x" * 100) == ["x" * LONGEST_WORD]


def test_there_is_a_limit():
    assert len(words_of(" ".join(map(str, range(10_000))))) == MOST_WORDS


@given(st.text())
def test_a_word_is_found_by_itself(title):
    for word in words_of(title):
        assert words_of(word) == [word]
