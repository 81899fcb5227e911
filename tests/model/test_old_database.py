"""Databases that earlier versions made are read, and go on."""

import importlib
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import transaction
from persistent import Persistent
from zope.component import getUtility, hooks

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    Brake,
    BrakeSettings,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    DialectLearnt,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IPersonSet,
    Politeness,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import open_database

from ..fetching import apply

OLD = Path(__file__).parent / "data" / "schema-1.fs"

FIRST = datetime(2024, 5, 7, 12, tzinfo=timezone.utc)
SECOND = FIRST + timedelta(days=1)

configure()


@pytest.fixture
def database(tmp_path):
    """A copy of the database that make_old_database.py made."""
    path = shutil.copy(OLD, tmp_path / "Data.fs")
    database = open_database(f"file://{path}")
    yield database
    database.close()


@pytest.fixture
def trackers(database):
    connection = database.db.open()
    with hooks.site(connection.root()["malonewatch"]):
        yield getUtility(IBugTrackerSet)
    transaction.abort()
    connection.close()


def test_it_is_small():
    assert OLD.stat().st_size < 30_000


def test_people(trackers):
    (person,) = getUtility(IPersonSet)
    assert (person.name, person.displayname) == ("sample", "Sample Person")
    assert getUtility(IPersonSet).getByEmail("Sample@example.com") is person


def test_bug_trackers(trackers):
    assert [tracker.name for tracker in trackers] == ["bugs", "idle", "auto-trac.example.com"]
    tracker = trackers["bugs"]
    assert tracker.title == "Bugs"
    assert tracker.bugtrackertype == BugTrackerType.BUGZILLA
    assert tracker.baseurl == "https://bugs.example.com/"
    assert (tracker.summary, tracker.contactdetails) == ("All of them", "bugs@example.com")
    assert tracker.owner is getUtility(IPersonSet).getByName("sample")
    assert tracker.datecreated == datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
    assert (tracker.dialect, tracker.clock_skew) == ("rest", 7)
    assert (tracker.active, tracker.guessed) == (True, False)
    assert trackers.getByBaseURL("https://old.example.com/bugs") is tracker
    assert not trackers["idle"].active
    assert trackers["auto-trac.example.com"].guessed


def test_a_bug_tracker_in_trouble(trackers):
    tracker = trackers["auto-trac.example.com"]
    assert tracker.last_error_type is BugWatchErrorType.RATE_LIMITED
    assert tracker.last_error == "Slow down."
    assert tracker.failures == 1
    assert tracker.next_attempt == SECOND + timedelta(days=1)
    (entry,) = tracker.activity
    assert (entry.date, entry.error_type) == (SECOND, BugWatchErrorType.RATE_LIMITED)
    states = {state.name: state for state in trackers.getBugTrackerStates(SECOND)}
    assert states["auto-trac.example.com"].next_attempt is not None
    assert not trackers.clockWentBack(SECOND)


def test_bugs_and_watches(trackers):
    bugs = getUtility(IBugSet)
    assert [(bug.id, bug.title) for bug in bugs] == [(7, "It crashes"), (8, "It burns")]
    assert [watch.remotebug for watch in bugs.get(7).watches] == ["meta", "44", "43", "42"]
    tracker = trackers["bugs"]
    assert [(watch.remotebug, watch.bug.id) for watch in tracker.watches] == [
        ("42", 8),
        ("meta", 7),
        ("44", 7),
        ("43", 7),
        ("42", 7),
    ]
    assert getUtility(IBugWatchSet).count() == 6
    assert tracker.getBugsWatching("42") == [bugs.get(7), bugs.get(8)]


def watch_on(trackers, remotebug):
    return getUtility(IBugSet).get(7).getBugWatch(trackers["bugs"], remotebug)


def test_no_answer_was_kept(trackers):
    watch = watch_on(trackers, "42")
    assert (watch.answer, watch.way.shown) == (None, 0)


def test_what_is_known_of_a_bug(trackers):
    watch = watch_on(trackers, "42")
    assert (watch.remotestatus, watch.status) == ("ASSIGNED", BugTaskStatus.CONFIRMED)
    assert (watch.remote_importance, watch.importance) == (
        "P1 critical",
        BugTaskImportance.CRITICAL,
    )
    assert watch.remote_title == "Ünïcode"
    assert watch.remote_modified == datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert watch.lastchecked == watch.lastchanged == SECOND
    assert watch.owner.name == "sample"
    assert [(entry.date, entry.message) for entry in watch.activity] == [
        (SECOND, "NEW -> ASSIGNED"),
        (FIRST, "nothing known -> NEW"),
    ]
    other = watch_on(trackers, "43")
    assert (other.resolution, other.duplicate_of) == ("DUPLICATE", "42")
    assert other.moved_to == "https://new.example.com/show_bug.cgi?id=43"


def test_what_went_wrong_with_a_bug(trackers):
    watch = watch_on(trackers, "44")
    assert watch.last_error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert watch.remotestatus is None
    assert [entry.message for entry in watch.activity] == ["It is private."]


def test_a_bug_of_which_nothing_is_known(trackers):
    watch = watch_on(trackers, "meta")
    assert watch.lastchecked is None
    assert watch.remotestatus is None
    assert watch.next_check == datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


def test_what_is_due(trackers):
    tracker = trackers["bugs"]
    assert tracker.countDue(SECOND) == 1
    assert tracker.countDue(SECOND + timedelta(days=1)) == 4
    assert [watch.remotebug for watch in tracker.getBugWatchesNeedingUpdate(0)] == [
        *("42", "42", "43", "44", "meta")
    ]
    _, batches = tracker.getDueBatches(SECOND + timedelta(days=1), 0, 100)
    assert {name: batch.validators.get(name) for batch in batches for name in batch.remotebugs} == {
        "meta": None,
        "42": '"etag"',
        "43": None,
    }


def test_the_same_answer_is_no_news(trackers):
    tracker, watch = trackers["bugs"], watch_on(trackers, "42")
    remote = RemoteBug(
        "42",
        "ASSIGNED",
        BugTaskStatus.CONFIRMED,
        "P1 critical",
        BugTaskImportance.CRITICAL,
        "Ünïcode",
        "",
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    )
    applied = apply(tracker, [remote], SECOND + timedelta(days=1), 0)
    assert (applied.checked, applied.changes) == (2, [])
    assert not watch._p_changed


def test_it_can_be_written(database):
    def change(trackers):
        tracker = trackers["bugs"]
        getUtility(IBugSet).createBug().addWatch(tracker, "46", None)
        apply(tracker, [RemoteBug("46", "NEW"), RemoteBug("44", "NEW")], SECOND)
        tracker.title = "Zebra"
        trackers.ensureBugTracker("https://new.example.com", None, BugTrackerType.TRAC)

    def look(trackers):
        return [
            (tracker.title, [watch.remotestatus for watch in tracker.watches])
            for tracker in trackers
        ]

    database.write(change)
    assert database.read(look) == [
        ("Idle", []),
        ("new.example.com", []),
        ("trac.example.com", [None]),
        ("Zebra", ["NEW", "ASSIGNED", None, "NEW", "RESOLVED DUPLICATE", "ASSIGNED"]),
    ]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("bug", "Bug"),
        ("bug", "BugSet"),
        ("bugtracker", "BugTracker"),
        ("bugtracker", "BugTrackerSet"),
        ("bugwatch", "BugWatch"),
        ("bugwatch", "BugWatchSet"),
        ("ledger", "Latest"),
        ("ledger", "Ledger"),
        ("ledger", "NamesPage"),
        ("ledger", "RemoteBugIndex"),
        ("ledger", "TimesPage"),
        ("person", "Person"),
        ("person", "PersonSet"),
        ("site", "Site"),
    ],
)
def test_the_classes_are_found_where_they_were(module, name):
    found = getattr(importlib.import_module(f"malonewatch.model.{module}"), name)
    assert issubclass(found, Persistent)
    assert found.__name__ == name


def test_what_the_first_version_did_not_know(trackers):
    tracker, watch = trackers["bugs"], watch_on(trackers, "42")
    assert (watch.closed, watch.guessed, watch.private) == (None, False, False)
    assert (watch.date_closed, watch.fixed_in) == (None, "")
    assert (tracker.dialect_learnt, tracker.dialect_reason) == (None, None)
    assert (tracker.held, tracker.getDailyCounters()) == ([], [])
    assert tracker.politeness == Politeness()
    assert trackers.brake_settings == BrakeSettings()


def test_what_it_said_in_prose(trackers):
    assert [entry.kind for entry in watch_on(trackers, "42").activity] == ["note", "note"]
    assert [entry.kind for entry in watch_on(trackers, "44").activity] == ["error"]
    assert [entry.kind for entry in trackers["auto-trac.example.com"].activity] == ["error"]


def test_nobody_knows_when_a_bug_was_last_asked_for_in_full(trackers):
    _, batches = trackers["bugs"].getDueBatches(SECOND + timedelta(days=1), 0, 100, True)
    assert [batch.seen for batch in batches] == [{}]


def test_numbers_are_not_given_again(trackers):
    bug, newest = (
        getUtility(IBugSet).get(7),
        max(getUtility(IBugWatchSet), key=lambda each: each.id),
    )
    newest.bug.removeWatch(newest)
    assert bug.addWatch(trackers["bugs"], "47", None).id == newest.id + 1
    getUtility(IBugSet).removeBug(getUtility(IBugSet).get(8))
    assert getUtility(IBugSet).createBug().id == 9
    trackers.remove(trackers["idle"])
    new = trackers.ensureBugTracker("https://new.example.com", None, BugTrackerType.TRAC)
    assert new.id == 4


def test_a_bug_is_still_lost(trackers):
    error = RemoteBugError("44", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private.")
    applied = apply(trackers["bugs"], [error], SECOND + timedelta(days=1))
    assert applied.brake == Brake(0, 0)
    assert len(watch_on(trackers, "44").activity) == 2


def test_what_is_new_can_be_kept_in_it(database):
    def change(trackers):
        tracker = trackers["bugs"]
        trackers.brake_settings = BrakeSettings(1)
        closed = RemoteBug("42", "FIXED", BugTaskStatus.FIXRELEASED, closed=True, fixed_in="5.0")
        odd = RemoteBug("meta", "NEW", BugTaskStatus.NEW, apart=True, private=True)
        apply(tracker, [closed, odd], SECOND, dialect=DialectLearnt("xml", "It said so."))
        tracker.politeness = Politeness(1, 2.5)

    def look(trackers):
        tracker = trackers["bugs"]
        _, batches = tracker.getDueBatches(SECOND, 0, 100)
        return (
            [change.new_remotestatus for change in tracker.held],
            [(batch.remotebugs, batch.apart) for batch in batches],
            watch_on(trackers, "meta").private,
            (tracker.dialect_reason, tracker.politeness),
            [counters.changes for counters in tracker.getDailyCounters()],
        )

    database.write(change)
    held, batches, is_private, known, changes = database.read(look)
    assert held == ["FIXED", "FIXED"]
    assert (("meta",), True) in batches
    assert is_private
    assert known == ("It said so.", Politeness(1, 2.5))
    assert changes == [1]
