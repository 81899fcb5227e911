import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.interfaces import BugTaskStatus, BugWatchActivity, BugWatchErrorType
from malonewatch.model.activity import (
    LIMIT,
    activity_entries,
    last_change,
    last_error,
    log_activity,
    log_status,
    prune_activity,
)
from malonewatch.model.times import from_seconds

TIMEOUT = BugWatchErrorType.TIMEOUT


def test_the_newest_entry_comes_first():
    log = log_activity("", 1, "note", "It was moved.")
    log = log_activity(log, 2, "error", "It did not answer.", TIMEOUT)
    assert activity_entries(log) == [
        BugWatchActivity(from_seconds(2), TIMEOUT, "It did not answer.", "error"),
        BugWatchActivity(from_seconds(1), None, "It was moved.", "note"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (None, "NEW", "nothing known -> NEW"),
        ("NEW", "FIXED", "NEW -> FIXED"),
        ("NEW", "NEW", "NEW means Fix Released, was Confirmed"),
    ],
)
def test_a_change_of_status_is_kept_in_its_parts(old, new, message):
    log = log_status("", 1, "status", old, new, "CONFIRMED", "FIXRELEASED", "table")
    old_status = None if old is None else BugTaskStatus.CONFIRMED
    assert activity_entries(log) == [
        BugWatchActivity(
            *(from_seconds(1), None, message, "status", old, new),
            *(old_status, BugTaskStatus.FIXRELEASED, "table"),
        )
    ]


def test_statuses_are_one_line_each():
    log = log_status("", 1, "status", "A\tB\n", "C\u2028D\t", "NEW", "NEW", "")
    (entry,) = activity_entries(log)
    assert (entry.old_remotestatus, entry.new_remotestatus) == ("A B", "C D")


def test_lines_of_the_first_version_are_notes_and_errors():
    log = "1\t\tNEW -> ASSIGNED\n2\tTIMEOUT\tIt did not answer.\n"
    assert activity_entries(log) == [
        BugWatchActivity(from_seconds(2), TIMEOUT, "It did not answer.", "error"),
        BugWatchActivity(from_seconds(1), None, "NEW -> ASSIGNED", "note"),
    ]
    assert last_error(log) is TIMEOUT


def test_names_that_this_version_does_not_know_are_unknown():
    log = "1\terror\tFROBBED\tIt frobbed.\n"
    assert activity_entries(log)[0].error_type is BugWatchErrorType.UNKNOWN
    (entry,) = activity_entries(log_status("", 1, "status", "A", "B", "FROBBED", "FROBBED", "site"))
    assert entry.old_status is entry.new_status is BugTaskStatus.UNKNOWN


def test_the_last_change_is_the_latest_and_first_sight_is_none():
    log = "1700000000\t\tstatus\n"
    log = log_status(log, 1, "status", None, "NEW", "", "NEW", "table")
    assert last_change(log) is None
    log = log_status(log, 2, "status", "NEW", "DONE", "NEW", "FIXRELEASED", "table")
    log = log_status(log, 3, "mapping", "DONE", "DONE", "FIXRELEASED", "INVALID", "site")
    log = log_activity(log, 4, "error", "It did not answer.", TIMEOUT)
    # As it is when it was forgotten, and is known again.
    log = log_status(log, 5, "status", None, "DONE", "", "INVALID", "site")
    assert last_change(log) == activity_entries(log)[2]
    assert last_change(log).date == from_seconds(3)


def test_the_last_error_is_the_latest_entrys():
    assert last_error("") is None
    log = log_activity("", 1, "error", "It did not answer.", TIMEOUT)
    assert last_error(log) is TIMEOUT
    log = log_activity(log, 2, "recovered", "It can be read again.")
    assert last_error(log) is None


def test_the_same_failure_again_is_one_entry():
    log = log_activity("", 1, "error", "It did not answer.", TIMEOUT)
    assert log_activity(log, 2, "error", "It did not answer.", TIMEOUT) is log


@pytest.mark.parametrize(
    ("error_type", "message"),
    [
        (TIMEOUT, "Another message."),
        (BugWatchErrorType.CONNECTION_ERROR, "It did not answer."),
        (None, "It did not answer."),
    ],
)
def test_another_failure_is_another_entry(error_type, message):
    log = log_activity("", 1, "error", "It did not answer.", TIMEOUT)
    assert len(activity_entries(log_activity(log, 2, "error", message, error_type))) == 2


def test_the_same_change_of_status_again_is_another_entry():
    log = log_activity("", 1, "note", "NEW -> ASSIGNED")
    assert len(activity_entries(log_activity(log, 2, "note", "NEW -> ASSIGNED"))) == 2


def test_a_failure_that_comes_back_is_another_entry():
    log = ""
    for moment, error_type in enumerate([TIMEOUT, None, TIMEOUT]):
        log = log_activity(log, moment, "error", "Something", error_type)
    assert len(activity_entries(log)) == 3


def test_only_the_latest_entries_are_kept():
    log = ""
    for moment in range(100):
        log = log_activity(log, moment, "note", str(moment))
    assert [entry.message for entry in activity_entries(log)] == [
        str(moment) for moment in range(99, 99 - LIMIT, -1)
    ]


def test_a_long_message_is_cut():
    (entry,) = activity_entries(log_activity("", 1, "note", "x" * 10_000))
    assert len(entry.message) == 500


def test_a_long_failure_again_is_one_entry():
    log = log_activity("", 1, "error", "x" * 10_000, TIMEOUT)
    assert log_activity(log, 2, "error", "x" * 10_000, TIMEOUT) is log


def test_pruning_drops_what_is_older():
    log = ""
    for moment in range(5):
        log = log_activity(log, moment, "note", str(moment))
    assert [entry.message for entry in activity_entries(prune_activity(log, 3))] == ["4", "3"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, *BugWatchErrorType]), st.text(max_size=30))))
def test_any_message_is_one_entry_of_one_line(entries):
    log = ""
    for moment, (error_type, message) in enumerate(entries):
        before = activity_entries(log)
        log = log_activity(log, moment, "error", message, error_type)
        found = activity_entries(log)
        assert last_error(log) is error_type
        assert found[0].error_type is error_type
        assert found[0].message.split() == message.split()
        assert len(found[0].message.splitlines()) <= 1
        assert found[1:] in (before, before[1:], before[: LIMIT - 1])
