import pytest
from tests.application.remote import bug_url

from malonewatch.application import trackers, watches, words
from malonewatch.application.facts import now
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import (
    BadInput,
    BugTaskImportance,
    BugTaskStatus,
    Mappings,
    NotFoundError,
    RemoteVocabulary,
    UnknownWord,
)
from malonewatch.testing.bugzilla import BugzillaSimulator


@pytest.fixture
def some(database, tell):
    """A bug tracker with two watches, the status of one of which is in no table."""
    watches.watch(database, [bug_url(1), bug_url(2)])
    trackers.edit(database, bug_url(1), TrackerChanges(name="some"))
    tell("some", "1", "LIMBO", BugTaskStatus.NEW, closed=False, guessed=True)
    tell("some", "2", "NEW", BugTaskStatus.CONFIRMED, remote_importance="grim")
    return database


@pytest.fixture
def bugzilla(database):
    with BugzillaSimulator() as simulator:
        changes = TrackerChanges(type_name="BUGZILLA", name="there")
        trackers.add(database, simulator.url, changes)
        yield simulator


def status_of(database, number):
    return watches.show(database, str(number)).facts.status


@pytest.mark.parametrize(
    ("text", "is_importance", "meaning"),
    [
        ("Fix Released", False, BugTaskStatus.FIXRELEASED),
        ("fix-released", False, BugTaskStatus.FIXRELEASED),
        ("WONTFIX", False, BugTaskStatus.WONTFIX),
        ("won't fix", False, BugTaskStatus.WONTFIX),
        ("unknown", False, BugTaskStatus.UNKNOWN),
        ("unknown", True, BugTaskImportance.UNKNOWN),
        ("high", True, BugTaskImportance.HIGH),
    ],
)
def test_a_meaning_may_be_written_in_many_ways(text, is_importance, meaning):
    assert words.meaning_named(text, is_importance) is meaning


@pytest.mark.parametrize(("text", "is_importance"), [("high", False), ("new", True), ("", False)])
def test_what_is_no_meaning_is_refused_with_those_that_are(text, is_importance):
    expected = "Undecided, Wishlist, Low" if is_importance else "In Progress, Fix Committed"
    with pytest.raises(BadInput, match=expected):
        words.meaning_named(text, is_importance)


def test_a_word_that_is_mapped_means_that_at_once(some):
    reread = words.map_word(some, "some", "  LIMBO ", BugTaskStatus.EXPIRED)
    assert (reread.tracker, [each.watch_id for each in reread.changes]) == ("some", [1])
    assert status_of(some, 1) is BugTaskStatus.EXPIRED
    facts = watches.show(some, "1").facts
    assert (facts.old_remotestatus, facts.old_status) == ("LIMBO", BugTaskStatus.NEW)
    name, mappings = words.list_mappings(some, bug_url(1))
    assert (name, mappings) == ("some", Mappings((("LIMBO", BugTaskStatus.EXPIRED),)))


def test_a_word_has_its_last_meaning_and_others_keep_theirs(some):
    words.map_word(some, "some", "LIMBO", BugTaskStatus.EXPIRED)
    words.map_word(some, "some", "NEW", BugTaskStatus.TRIAGED)
    words.map_word(some, "some", "LIMBO", BugTaskStatus.INVALID)
    words.map_word(some, "some", "grim", BugTaskImportance.CRITICAL, is_importance=True)
    _, mappings = words.list_mappings(some, "some")
    assert dict(mappings.statuses) == {"LIMBO": BugTaskStatus.INVALID, "NEW": BugTaskStatus.TRIAGED}
    assert dict(mappings.importances) == {"grim": BugTaskImportance.CRITICAL}
    assert watches.show(some, "2").facts.importance is BugTaskImportance.CRITICAL


def test_what_was_mapped_is_taken_back(some):
    words.map_word(some, "some", "LIMBO", BugTaskStatus.EXPIRED)
    words.map_word(some, "some", "LIMBO", None)
    assert words.list_mappings(some, "some")[1] == Mappings()
    assert status_of(some, 1) is BugTaskStatus.NEW
    with pytest.raises(BadInput, match="'LIMBO' is not mapped for some"):
        words.map_word(some, "some", "LIMBO", None)
    with pytest.raises(NotFoundError):
        words.map_word(some, "other", "LIMBO", None)


def test_what_was_read_by_another_table_is_read_anew(some, tell):
    tell("some", "2", "RESOLVED FIXED", BugTaskStatus.NEW, resolution="FIXED", closed=True)
    (reread,) = words.reread_words(some)
    assert [each.watch_id for each in reread.changes] == [2]
    assert status_of(some, 2) is BugTaskStatus.FIXRELEASED
    assert words.reread_words(some, "some") == [words.Reread("some", ())]
    with pytest.raises(NotFoundError):
        words.reread_words(some, "other")


def test_words_that_no_table_knows_are_listed_by_tracker(some, bugzilla):
    limbo = UnknownWord("LIMBO", BugTaskStatus.NEW, True, 1, "1")
    grim = UnknownWord("grim", BugTaskImportance.UNKNOWN, False, 1, "2")
    expected = [words.UnknownWords("some", (limbo,), (grim,))]
    assert words.unknown_words(some) == expected
    assert words.unknown_words(some, "some") == expected
    assert words.unknown_words(some, "there") == []
    with pytest.raises(NotFoundError):
        words.unknown_words(some, "other")


def test_a_bug_tracker_is_asked_for_words_that_no_table_knows(database, bugzilla):
    bugzilla.words["bug_status"] = ("NEW", "LIMBO", "QUIET", "CLOSED")
    bugzilla.words["resolution"] = ("", "FIXED", "SHELVED")
    bugzilla.words["priority"] = ("P1", "grim", "calm")
    for word, meaning in (
        ("quiet", BugTaskStatus.UNKNOWN),
        ("CLOSED FIXED", BugTaskStatus.FIXCOMMITTED),
        ("GONE", BugTaskStatus.EXPIRED),
    ):
        words.map_word(database, "there", word, meaning)
    for word, meaning in (
        ("calm", BugTaskImportance.UNKNOWN),
        ("P1 minor", BugTaskImportance.HIGH),
        ("P9", BugTaskImportance.LOW),
    ):
        words.map_word(database, "there", word, meaning, is_importance=True)
    found = words.check_vocabulary(database, "there")
    assert (found.tracker, found.statuses, found.importances) == ("there", 5, 10)
    assert found.unmapped == ("LIMBO", "CLOSED SHELVED")
    assert found.unmapped_importances == ("grim",)
    assert found.dead == ("GONE", "P9")
    assert (found.known, found.problem) == (words.UnknownWords("there", (), ()), None)


def test_where_a_bug_tracker_does_not_tell_there_is_what_was_seen(database, bugzilla, tell):
    bugzilla.rest = False
    watches.watch(database, [f"{bugzilla.url}/show_bug.cgi?id=1"])
    tell("there", "1", "LIMBO", BugTaskStatus.UNKNOWN)
    found = words.check_vocabulary(database, "there")
    assert (found.statuses, found.importances, found.problem) == (None, None, None)
    assert [each.word for each in found.known.statuses] == ["LIMBO"]


def test_one_that_cannot_be_asked_is_no_fault(database, bugzilla):
    bugzilla.closed = True
    found = words.check_vocabulary(database, "there")
    assert found.statuses is None
    assert "wants a log-in" in found.problem


def test_what_is_not_told_is_not_dead(database, software, monkeypatch):
    async def learn_vocabulary(self, session):
        return RemoteVocabulary({"NEW": None})

    monkeypatch.setattr(software, "learn_vocabulary", learn_vocabulary, raising=False)
    monkeypatch.setattr(software, "isMapped", lambda self, word: True, raising=False)
    trackers.add(database, "http://127.0.0.1", TrackerChanges(type_name="FIRST", name="first"))
    mappings = Mappings((("new", BugTaskStatus.NEW),), (("P9", BugTaskImportance.LOW),))
    database.write(lambda all_trackers: all_trackers["first"].setMappings(mappings, now()))
    found = words.check_vocabulary(database, "first")
    assert (found.statuses, found.importances, found.dead) == (1, None, ())
