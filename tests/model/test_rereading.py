"""What words mean here, and what is known read anew by it."""

import pytest
import transaction
from zope.component import getGlobalSiteManager, getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    ApplicationFailed,
    BadInput,
    BrakeSettings,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    BugWatchQuery,
    IBugSet,
    IBugTracker,
    IBugTrackerSet,
    IBugWatchStatusChanged,
    Mappings,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnknownWord,
)
from malonewatch.model import rereading
from malonewatch.model.pages import PAGE
from malonewatch.testing import fresh_site

from ..fetching import apply

LIMBO = RemoteBug(
    "42", "LIMBO", BugTaskStatus.NEW, "grim", title="T", closed=False, guessed=True, validator='"1"'
)
TO_TRIAGED = Mappings((("LIMBO", BugTaskStatus.TRIAGED),))


@pytest.fixture
def known(watch, tracker, clock):
    """A watch on a bug whose words are in no table."""
    apply(tracker, [LIMBO], clock.now())
    clock.tick(hours=1)
    return watch


def status_changes(events):
    return [event for event in events if IBugWatchStatusChanged.providedBy(event)]


def test_mappings_are_kept_by_name_and_travel_with_the_facts(tracker, reopened):
    assert tracker.mappings == Mappings()
    mappings = Mappings(
        (("A", BugTaskStatus.NEW), ("b", BugTaskStatus.INVALID)), (("x", BugTaskImportance.LOW),)
    )
    backwards = Mappings(mappings.statuses[::-1], mappings.importances)
    tracker.setMappings(backwards, tracker.datecreated)
    again = reopened(tracker)
    assert again.mappings == again.facts.mappings == mappings
    assert again._mappings[0] == (("A", "NEW"), ("b", "INVALID"))
    verifyObject(IBugTracker, tracker)


@pytest.mark.parametrize("word", ["", " A", "x" * 201, "twice"])
def test_words_that_can_be_none_are_refused(tracker, word):
    pairs = ((word, BugTaskStatus.NEW), ("twice", BugTaskStatus.INVALID))
    with pytest.raises(BadInput):
        tracker.setMappings(Mappings(pairs), tracker.datecreated)
    assert tracker.mappings == Mappings()


def test_a_watch_with_a_word_that_is_mapped_means_that_at_once(known, tracker, clock, events):
    (change,) = tracker.setMappings(TO_TRIAGED, clock.now())
    assert (change.watch_id, change.old_remotestatus, change.new_remotestatus) == (
        *(known.id, "LIMBO", "LIMBO"),
    )
    assert (change.old_status, change.new_status) == (BugTaskStatus.NEW, BugTaskStatus.TRIAGED)
    assert (known.status, known.guessed) == (BugTaskStatus.TRIAGED, False)
    assert known.lastchanged == clock.now()
    (event,) = status_changes(events)
    assert event.object is known
    assert (event.old_status, event.new_status) == (BugTaskStatus.NEW, BugTaskStatus.TRIAGED)
    assert event.remote is None


def test_the_history_says_that_it_was_a_mapping_and_whose(known, tracker, clock):
    tracker.setMappings(TO_TRIAGED, clock.now())
    entry = known.activity[0]
    assert (entry.kind, entry.rule) == ("mapping", "site")
    assert entry.message == "LIMBO means Triaged, was New"
    tracker.setMappings(Mappings(), clock.now())
    entry = known.activity[0]
    assert (entry.kind, entry.rule, entry.new_status) == ("mapping", "flag", BugTaskStatus.NEW)
    assert known.guessed


def test_it_is_found_by_what_it_means_now(known, tracker, clock, watches):
    tracker.setMappings(TO_TRIAGED, clock.now())
    for meaning, expected in ((BugTaskStatus.TRIAGED, [known]), (BugTaskStatus.NEW, [])):
        query = BugWatchQuery(meanings=frozenset([meaning]), changed_since=clock.now())
        assert watches.search(query).watches == expected


def test_the_next_answer_that_says_the_same_is_no_news(known, tracker, clock, events):
    tracker.setMappings(TO_TRIAGED, clock.now())
    events.clear()
    clock.tick(hours=1)
    said = LIMBO._replace(status=BugTaskStatus.TRIAGED, guessed=False, mapped=True)
    applied = apply(tracker, [said], clock.now())
    assert (applied.checked, applied.changes) == (1, [])
    assert not [event for event in events if event.object is known]


def test_an_answer_in_which_a_word_means_another_thing_is_a_mapping_too(known, tracker, clock):
    apply(tracker, [LIMBO._replace(status=BugTaskStatus.TRIAGED, mapped=True)], clock.now())
    assert (known.activity[0].kind, known.activity[0].rule) == ("mapping", "site")
    apply(tracker, [LIMBO._replace(status=BugTaskStatus.FIXRELEASED, closed=True)], clock.now())
    assert (known.activity[0].kind, known.activity[0].rule) == ("status", "flag")


def test_what_was_read_by_another_table_is_read_anew(watch, tracker, clock, events):
    old = RemoteBug("42", "RESOLVED FIXED", BugTaskStatus.NEW, "P1 minor", resolution="FIXED")
    apply(tracker, [old], clock.now())
    (change,) = tracker.rereadWords(clock.now())
    assert change.new_status is watch.status is BugTaskStatus.FIXRELEASED
    assert watch.importance is BugTaskImportance.LOW
    assert (watch.activity[0].kind, watch.activity[0].rule) == ("mapping", "table")
    events.clear()
    assert tracker.rereadWords(clock.now()) == []
    assert not events


def test_an_importance_alone_is_no_change_of_status(known, tracker, clock, events):
    mappings = Mappings((), (("grim", BugTaskImportance.CRITICAL),))
    assert tracker.setMappings(mappings, clock.now()) == []
    assert known.importance is BugTaskImportance.CRITICAL
    assert not status_changes(events)
    assert [event.object for event in events] == [known]


def test_labels_that_mean_something_now_are_asked_for_when_due(known, tracker, clock):
    due = known.next_check
    tracker.setMappings(TO_TRIAGED, clock.now())
    assert tracker.ledger.validator("42") == '"1"'
    tracker.setMappings(
        TO_TRIAGED._replace(importances=(("x", BugTaskImportance.LOW),)), clock.now()
    )
    assert known.next_check == due
    _, (batch,) = tracker.getDueBatches(due, 0, 100, True)
    assert (batch.seen, batch.validators) == ({}, {})


def test_what_is_held_is_read_anew_as_well(known, tracker, clock, trackers):
    trackers.brake_settings = BrakeSettings(least=1)
    apply(tracker, [LIMBO._replace(status=BugTaskStatus.FIXRELEASED, closed=True)], clock.now())
    assert tracker.held[0].new_status is BugTaskStatus.FIXRELEASED
    tracker.setMappings(Mappings((("LIMBO", BugTaskStatus.WONTFIX),)), clock.now())
    tracker.acceptChanges(clock.now())
    assert known.status is BugTaskStatus.WONTFIX


def test_a_bug_that_could_not_be_had_is_held_as_it_was(known, tracker, clock, trackers):
    trackers.brake_settings = BrakeSettings(least=1)
    gone = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "It is gone.")
    apply(tracker, [gone], clock.now())
    tracker.setMappings(TO_TRIAGED, clock.now())
    assert tracker.held[0].error_type is BugWatchErrorType.BUG_NOT_FOUND


def test_a_watch_of_which_nothing_is_known_stays_so(watch, tracker, clock):
    assert tracker.setMappings(TO_TRIAGED, clock.now()) == []
    assert watch.remotestatus is None


def test_nothing_is_read_anew_that_nothing_can_read(known, tracker, clock, without_types):
    assert tracker.setMappings(TO_TRIAGED, clock.now()) == []
    assert known.status is BugTaskStatus.NEW


def test_a_subscriber_that_fails_is_said(known, tracker, clock, site):
    def fails(event):
        raise ValueError

    registry = getGlobalSiteManager()
    registry.registerHandler(fails, (IBugWatchStatusChanged,))
    try:
        with pytest.raises(ApplicationFailed):
            tracker.setMappings(TO_TRIAGED, clock.now())
    finally:
        registry.unregisterHandler(fails, (IBugWatchStatusChanged,))


def test_an_unchanged_answer_leaves_what_was_mapped(known, tracker, clock):
    tracker.setMappings(TO_TRIAGED, clock.now())
    apply(tracker, [RemoteBugUnchanged("42")], clock.now())
    assert known.status is BugTaskStatus.TRIAGED


def test_words_that_no_table_knows_are_counted(bug, tracker, add_watches, clock):
    add_watches(4)
    for remotebug, said in (
        ("0", {"remotestatus": "LIMBO", "status": BugTaskStatus.NEW, "guessed": True}),
        ("1", {"remotestatus": "ODD"}),
        ("2", {"remotestatus": "ODD", "remote_importance": "grim"}),
        ("3", {"remotestatus": "NEW", "status": BugTaskStatus.CONFIRMED}),
    ):
        apply(tracker, [RemoteBug(remotebug, **said)], clock.now())
    unknown, new = BugTaskStatus.UNKNOWN, BugTaskStatus.NEW
    assert tracker.getUnknownWords() == [
        UnknownWord("ODD", unknown, False, 2, "1"),
        UnknownWord("LIMBO", new, True, 1, "0"),
        UnknownWord("grim", BugTaskImportance.UNKNOWN, False, 1, "2"),
    ]
    tracker.setMappings(
        Mappings((("ODD", unknown),), (("grim", BugTaskImportance.UNKNOWN),)), clock.now()
    )
    assert [each.word for each in tracker.getUnknownWords()] == ["LIMBO"]


def test_very_many_watches_are_read_in_portions(monkeypatch, clock):
    monkeypatch.setattr(rereading, "PORTION", 2)
    with fresh_site():
        trackers = getUtility(IBugTrackerSet)
        tracker = trackers.ensureBugTracker("https://b.example.com", None, BugTrackerType.BUGZILLA)
        bug = getUtility(IBugSet).createBug()
        for number in range(5):
            bug.addWatch(tracker, number, None)
        apply(tracker, (LIMBO._replace(remotebug=str(each)) for each in range(5)), clock.now())
        transaction.commit()
        assert len(tracker.setMappings(TO_TRIAGED, clock.now())) == 5


def test_what_was_told_by_other_words_meanwhile_keeps_its_digest(known, tracker, clock):
    slot = known.slot
    tracker.ledger.set_digest(slot, 1, 2)
    number, row = divmod(slot, PAGE)
    assert tracker.ledger._names[number].digests[row] not in (0, 1, 2)
