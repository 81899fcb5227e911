import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.interfaces import BugWatchActivity, BugWatchErrorType
from malonewatch.model.activity import (
    LIMIT,
    activity_entries,
    log_activity,
    prune_activity,
)
from malonewatch.model.times import from_seconds

TIMEOUT = BugWatchErrorType.TIMEOUT


def test_the_newest_entry_comes_first():
    log = log_activity("", 1, None, "NEW -> ASSIGNED")
    log = log_activity(log, 2, TIMEOUT, "It did not answer.")
    assert activity_entries(log) == [
        BugWatchActivity(from_seconds(2), TIMEOUT, "It did not answer."),
        BugWatchActivity(from_seconds(1), None, "NEW -> ASSIGNED"),
    ]


def test_the_same_failure_again_is_one_entry():
    log = log_activity("", 1, TIMEOUT, "It did not answer.")
    assert log_activity(log, 2, TIMEOUT, "It did not answer.") is log


@pytest.mark.parametrize(
    ("error_type", "message"),
    [
        (TIMEOUT, "Another message."),
        (BugWatchErrorType.CONNECTION_ERROR, "It did not answer."),
        (None, "It did not answer."),
    ],
)
def test_another_failure_is_another_entry(error_type, message):
    log = log_activity("", 1, TIMEOUT, "It did not answer.")
    assert len(activity_entries(log_activity(log, 2, error_type, message))) == 2


def test_the_same_change_of_status_again_is_another_entry():
    log = log_activity("", 1, None, "NEW -> ASSIGNED")
    assert len(activity_entries(log_activity(log, 2, None, "NEW -> ASSIGNED"))) == 2


def test_a_failure_that_comes_back_is_another_entry():
    log = ""
    for moment, error_type in enumerate([TIMEOUT, None, TIMEOUT]):
        log = log_activity(log, moment, error_type, "Something")
    assert len(activity_entries(log)) == 3


def test_only_the_latest_entries_are_kept():
    log = ""
    for moment in range(100):
        log = log_activity(log, moment, None, str(moment))
    assert [entry.message for entry in activity_entries(log)] == [
        str(moment) for moment in range(99, 99 - LIMIT, -1)
    ]


def test_a_long_message_is_cut():
    (entry,) = activity_entries(log_activity("", 1, None, "x" * 10_000))
    assert len(entry.message) == 500


def test_a_long_failure_again_is_one_entry():
    log = log_activity("", 1, TIMEOUT, "x" * 10_000)
    assert log_activity(log, 2, TIMEOUT, "x" * 10_000) is log


def test_pruning_drops_what_is_older():
    log = ""
    for moment in range(5):
        log = log_activity(log, moment, None, str(moment))
    assert [entry.message for entry in activity_entries(prune_activity(log, 3))] == ["4", "3"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, *BugWatchErrorType]), st.text(max_size=30))))
def test_any_message_is_one_entry_of_one_line(entries):
    log = ""
    for moment, (error_type, message) in enumerate(entries):
        before = activity_entries(log)
        log = log_activity(log, moment, error_type, message)
        found = activity_entries(log)
        assert found[0].error_type is error_type
        assert found[0].message.split() == message.split()
        assert len(found[0].message.splitlines()) <= 1
        assert found[1:] in (before, before[1:], before[: LIMIT - 1])
