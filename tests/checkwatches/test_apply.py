import dataclasses
import logging
from datetime import datetime, timezone

import pytest

from malonewatch.checkwatches.apply import Applier
from malonewatch.checkwatches.report import Report
from malonewatch.interfaces import (
    ApplicationFailed,
    Applied,
    Batch,
    Brake,
    BugTaskStatus,
    BugTrackerConnectError,
    BugWatchChange,
    BugWatchErrorType,
    DatabaseBusy,
    DatabaseError,
    DialectLearnt,
    Exchange,
    Fetched,
    RemoteBug,
    Swept,
)

from .fakes import FACTS, FakeDatabase, FakeTracker

NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
NAMES = ("1", "2", "3", "4", "5")
FETCHED = Fetched(
    Batch(FACTS, NAMES),
    NOW,
    outcomes=tuple(RemoteBug(name, "NEW") for name in NAMES),
    exchanges=(Exchange("GET", "https://b.example.com/"),),
)
CHANGE = BugWatchChange(
    *(7, 3, "bugs", "1", None, "NEW", BugTaskStatus.UNKNOWN, BugTaskStatus.NEW),
)
FAILURE = CHANGE._replace(
    remotebug="2",
    new_remotestatus=None,
    new_status=BugTaskStatus.UNKNOWN,
    error_type=BugWatchErrorType.BUG_NOT_FOUND,
    message="Gone.",
)


@pytest.fixture
def tracker():
    return FakeTracker()


@pytest.fixture
def database(tracker):
    return FakeDatabase(tracker)


@pytest.fixture
def report():
    return Report()


@pytest.fixture
def applier(database, report):
    return Applier(database, report)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


def names_of(fetched):
    return [outcome.remotebug for outcome in fetched.outcomes]


def refusing(*names, error=None):
    """What makes applying those bugs fail, as an application's subscriber does by default."""

    def fails(fetched):
        for outcome in fetched.outcomes:
            if outcome.remotebug in names and isinstance(outcome, RemoteBug):
                if error is not None:
                    raise error
                raise ApplicationFailed("It failed.") from LookupError("no")

    return fails


def test_all_of_it_is_applied_in_one_transaction(applier, database, tracker):
    tracker.answer = Applied(brake=Brake(5, 1))
    assert applier.apply(FETCHED, Brake(2, 1)) is tracker.answer
    assert tracker.applied == [(FETCHED, Brake(2, 1))]
    assert database.written == 1


def test_what_came_of_it_is_said_and_reported(applier, tracker, report, lines):
    again = CHANGE._replace(remotebug="3", old_remotestatus="OLD", new_remotestatus="DONE")
    tracker.answer = Applied(checked=4, failed=1, changes=[CHANGE, again], failures=[FAILURE])
    applier.apply(FETCHED)
    assert lines() == [
        "INFO Bug 3: bugs #1 is now NEW (was not known)",
        "INFO Bug 3: bugs #3 is now DONE (was OLD)",
        "INFO Bug 3: Gone.",
    ]
    assert (report.changed, report.applied.checked, report.applied.failed) == (2, 4, 1)


def test_for_programs_it_is_said_as_facts(applier, tracker, caplog):
    caplog.set_level(logging.INFO)
    tracker.answer = Applied(changes=[CHANGE], failures=[FAILURE])
    applier.apply(FETCHED)
    common = {"tracker": "bugs", "bug": 3, "watch": 7, "old": None, "old_meaning": "UNKNOWN"}
    assert [record.facts for record in caplog.records] == [
        {
            **common,
            "event": "status",
            "remotebug": "1",
            "new": "NEW",
            "new_meaning": "NEW",
            "error": None,
        },
        {
            **common,
            "event": "error",
            "remotebug": "2",
            "new": None,
            "new_meaning": "UNKNOWN",
            "error": "BUG_NOT_FOUND",
        },
    ]


def test_what_is_held_back_is_counted(applier, tracker, report):
    tracker.answer = Applied(held=3)
    applier.apply(FETCHED)
    assert (report.changed, report.applied.held) == (0, 3)


def test_a_dry_run_looks_and_writes_nothing(database, tracker, report, lines):
    tracker.answer = Applied(changes=[CHANGE])
    assert Applier(database, report, dry_run=True).apply(FETCHED, Brake(1)) is tracker.answer
    assert tracker.previewed == [(FETCHED, Brake(1), None)]
    assert (tracker.applied, database.written) == ([], 0)
    assert lines() == ["INFO Bug 3: bugs #1 would now be NEW (was not known)"]


def test_a_dry_run_takes_along_what_it_foresees(database, tracker, report):
    applier = Applier(database, report, dry_run=True)
    tracker.answer = Applied(foreseen="foreseen")
    applier.apply(FETCHED)
    applier.apply(FETCHED)
    assert [foreseen for *_, foreseen in tracker.previewed] == [None, "foreseen"]


def test_details_are_kept_if_wanted(applier, tracker, report):
    report.keep_details = True
    tracker.answer = Applied(changes=[CHANGE], failures=[FAILURE])
    applier.apply(FETCHED)
    assert (report.applied.changes, report.applied.failures) == ([CHANGE], [FAILURE])


def test_where_nothing_was_learnt_nothing_is_written(applier, database):
    nothing = Fetched(Batch(FACTS, ("1",)), NOW, missing=("1",))
    assert applier.apply(nothing, Brake(3)) == Applied(brake=Brake(3))
    assert database.written == 0


def test_requests_that_came_to_nothing_are_counted(applier, tracker):
    nothing = dataclasses.replace(FETCHED, outcomes=(), missing=NAMES)
    applier.apply(nothing)
    assert tracker.applied == [(nothing, Brake())]


@pytest.mark.parametrize(
    "facts",
    [
        dataclasses.replace(FACTS, name="gone"),
        dataclasses.replace(FACTS, baseurl="https://another.example.com"),
    ],
)
def test_a_bug_tracker_that_is_gone_or_elsewhere_by_now_learns_nothing(applier, tracker, facts):
    fetched = dataclasses.replace(FETCHED, batch=Batch(facts, NAMES))
    assert applier.apply(fetched, Brake(3)) == Applied(brake=Brake(3))
    assert tracker.applied == []


# The database fails.


def test_a_database_that_fails_is_not_tried_again(applier, database):
    def fail():
        raise DatabaseError("The disk is full.")

    database.before = fail
    for _ in range(2):
        with pytest.raises(DatabaseError, match="The disk is full"):
            applier.apply(FETCHED)
        database.before = lambda: None
    assert database.written == 0


def test_one_that_is_busy_is(applier, database, tracker):
    def fail():
        raise DatabaseBusy("Others changed it.")

    database.before = fail
    with pytest.raises(DatabaseBusy):
        applier.apply(FETCHED)
    database.before = lambda: None
    applier.apply(FETCHED)
    assert tracker.applied == [(FETCHED, Brake())]


# A subscriber of the application's fails.


def test_only_the_bug_that_an_application_fails_for_is_not_applied(applier, tracker, report):
    tracker.fails = refusing("2")
    applier.apply(FETCHED)
    applied = [outcome for fetched, _ in tracker.applied for outcome in fetched.outcomes]
    assert [outcome.remotebug for outcome in applied] == list(NAMES)
    assert [type(outcome) is RemoteBug for outcome in applied] == [True, False, True, True, True]
    assert applied[1].error_type is BugWatchErrorType.APPLICATION_FAILED
    assert applied[1].message == (
        "The application failed when told what https://b.example.com says of bug 2."
    )
    assert (report.refused, report.faults) == (1, 0)


def test_an_application_that_fails_again_and_again_has_one_traceback(
    applier, tracker, report, caplog
):
    tracker.fails = refusing("2", "4")
    applier.apply(FETCHED)
    (record,) = [record for record in caplog.records if record.levelno >= logging.INFO]
    assert record.levelname == "ERROR"
    assert record.getMessage() == (
        "The application failed when told of bug 2 on https://b.example.com; that is still due."
    )
    assert record.exc_info[0] is LookupError
    assert record.facts == {"event": "refused", "tracker": "bugs"}
    assert report.refused == 2


def test_what_else_has_joined_the_transaction_is_the_applications(
    applier, database, report, caplog
):
    def refuse():
        raise LookupError("no")

    database.after = refuse
    applier.apply(dataclasses.replace(FETCHED, outcomes=FETCHED.outcomes[:1]))
    assert (report.refused, report.faults) == (1, 0)
    assert caplog.records[0].exc_info[0] is LookupError


def test_what_concerns_the_bug_tracker_counts_once(applier, tracker):
    tracker.fails = refusing("2")
    tracker.answer = Applied(brake=Brake(9))
    trouble = BugTrackerConnectError("Down.")
    fetched = dataclasses.replace(
        FETCHED,
        missing=("6",),
        trouble=trouble,
        dialect=DialectLearnt("rest", "It said so."),
    )
    applier.apply(fetched)
    applied = [fetched for fetched, _ in tracker.applied]
    assert [each.trouble for each in applied] == [*[None] * (len(applied) - 1), trouble]
    assert [each.missing for each in applied] == [*[()] * (len(applied) - 1), ("6",)]
    assert [len(each.exchanges) for each in applied] == [1, *[0] * (len(applied) - 1)]
    assert [each.dialect is not None for each in applied] == [True, *[False] * (len(applied) - 1)]
    # And the brake goes from one to the next.
    assert [brake for _, brake in tracker.applied] == [Brake(), *[Brake(9)] * (len(applied) - 1)]


def test_trouble_that_an_application_does_not_take_is_left_at_that(applier, tracker, report):
    def fails(fetched):
        raise ApplicationFailed("It failed.")

    tracker.fails = fails
    nothing = dataclasses.replace(FETCHED, outcomes=(), trouble=BugTrackerConnectError("Down."))
    assert applier.apply(nothing, Brake(3)) == Applied(brake=Brake(3))
    assert report.refused == 1


def test_an_application_that_takes_nothing_at_all_is_left_at_that(applier, tracker, report):
    def fails(fetched):
        raise ApplicationFailed("It failed.")

    tracker.fails = fails
    assert applier.apply(FETCHED, Brake(3)) == Applied(brake=Brake(3))
    assert (report.refused, tracker.applied) == (5, [])


# A fault of ours.


def test_a_bug_that_we_fail_for_costs_no_other_and_has_its_traceback(
    applier, tracker, report, caplog
):
    tracker.fails = refusing("2", "4", error=ZeroDivisionError())
    applier.apply(FETCHED)
    applied = [outcome for fetched, _ in tracker.applied for outcome in fetched.outcomes]
    assert [type(outcome) is RemoteBug for outcome in applied] == [True, False, True, False, True]
    assert applied[1].error_type is BugWatchErrorType.UNKNOWN
    assert applied[1].message == "What https://b.example.com says of bug 2 could not be applied."
    assert [record.getMessage() for record in caplog.records] == [
        "Unexpected failure when updating bug 2 on https://b.example.com",
        "Unexpected failure when updating bug 4 on https://b.example.com",
    ]
    assert {record.exc_info[0] for record in caplog.records} == {ZeroDivisionError}
    assert (report.refused, report.faults) == (0, 2)


def test_a_bug_tracker_that_is_gone_learns_nothing_of_how_long_it_is_asked(applier, database):
    applier.learn_polling("gone")
    assert database.written == 1


@pytest.mark.parametrize(
    "facts", [None, dataclasses.replace(FACTS, baseurl="https://elsewhere.example.com")]
)
def test_what_changed_elsewhere_makes_nothing_due(report, tracker, facts):
    database = FakeDatabase()
    if facts is not None:
        tracker.facts = facts
        database = FakeDatabase(tracker)
    swept = Swept(FACTS, NOW, ("1",), None, ())
    assert Applier(database, report).apply_sweep(swept) == 0
