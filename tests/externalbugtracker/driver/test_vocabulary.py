from malonewatch.externalbugtracker.driver import Vocabulary
from malonewatch.interfaces import BugTaskImportance

HIGH, LOW = BugTaskImportance.HIGH, BugTaskImportance.LOW


def test_a_vocabulary_with_more_words_has_them_first():
    words = Vocabulary({HIGH: "major, Bad", LOW: "minor"})
    more = words.plus({LOW: "7, bad"})
    assert dict(more.items()) == {"7": LOW, "bad": LOW, "major": HIGH, "Bad": HIGH, "minor": LOW}
    assert more.get("BAD") is LOW
    assert words.get("BAD") is HIGH
    assert "7" not in words
