import pytest

from malonewatch.externalbugtracker.driver.labels import weight_of
from malonewatch.externalbugtracker.driver.remembering import LONGEST, remembered
from malonewatch.externalbugtracker.driver.words import IMPORTANCES
from malonewatch.externalbugtracker.github import GitHub


def test_what_is_as_long_as_a_word_is_made_once():
    made = []

    @remembered
    def make(text, more=0):
        made.append((text, more))
        return text.upper()

    short, long = "a" * LONGEST, "a" * (LONGEST + 1)
    for text in (short, long):
        assert make(text) == make(text) == make(text, 1) == text.upper()
    assert made == [(short, 0), (short, 1), (long, 0), (long, 0), (long, 1)]
    assert make.__name__ == "make"


def test_what_is_wrong_with_a_text_is_raised():
    with pytest.raises(TypeError):
        weight_of([None], IMPORTANCES)
    assert weight_of(["x" * 10_000, "priority: high"], IMPORTANCES) == "priority: high"


def test_no_id_of_a_forge_is_very_long():
    assert GitHub.is_valid("owner/project#1")
    long = f"owner/{'p' * 2000}#1"
    assert not GitHub.is_valid(long)
    assert GitHub.canonicalRemoteBug(f" {long.upper()} ") == long
