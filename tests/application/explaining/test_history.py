"""How a watch was at a time, as its history has it."""

from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.application.explaining.history import state_at
from malonewatch.interfaces import BugTaskStatus, BugWatchActivity, BugWatchErrorType

START = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
NEW, FIXED, UNKNOWN = BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED, BugTaskStatus.UNKNOWN


def day(number):
    return START + timedelta(days=number)


def change(number, old, new, kind="status"):
    meanings = {None: None, "NEW": NEW, "DONE": FIXED}
    return BugWatchActivity(
        *(day(number), None, f"{old} -> {new}", kind, old, new, meanings[old], meanings[new]),
        "table",
    )


def failure(number):
    return BugWatchActivity(day(number), BugWatchErrorType.TIMEOUT, "Too late.", "error")


def note(number, kind="note"):
    return BugWatchActivity(day(number), None, "Something.", kind)


FIRST, SECOND = change(1, None, "NEW"), change(5, "NEW", "DONE")


def at(number, *history, lastchanged=None, now=("DONE", FIXED), of_tracker=()):
    """How it was on a day; the history is given the oldest first."""
    return state_at(history[::-1], of_tracker[::-1], day(number), lastchanged, *now)


@pytest.mark.parametrize(
    ("number", "status", "last", "following"),
    [
        (0, None, None, FIRST),
        (1, NEW, FIRST, SECOND),
        (4, NEW, FIRST, SECOND),
        (5, FIXED, SECOND, None),
    ],
)
def test_the_last_change_until_then_made_it_what_it_was(number, status, last, following):
    found = at(number, FIRST, SECOND)
    assert (found.status, found.change, found.next_change) == (status, last, following)
    assert found.is_first is (number == 0)


def test_before_the_first_change_that_is_kept_it_was_what_that_changed():
    found = at(3, SECOND)
    assert (found.remotestatus, found.status, found.change) == ("NEW", NEW, None)
    assert not found.is_first
    assert found.meaning == "NEW (New)"


def test_it_was_what_it_is_if_it_has_not_changed_since():
    found = at(3, failure(1), lastchanged=day(2))
    assert (found.remotestatus, found.status, found.change) == ("DONE", FIXED, None)


@pytest.mark.parametrize(
    ("lastchanged", "now"),
    [(day(4), ("DONE", FIXED)), (None, ("DONE", FIXED)), (None, (None, UNKNOWN))],
)
def test_else_it_is_not_known(lastchanged, now):
    found = at(3, failure(4), lastchanged=lastchanged, now=now)
    assert (found.status, found.is_first, found.meaning) == (None, False, "not known")
    assert found.begins == day(4)
    assert at(3, now=now).begins is None


def test_that_a_word_means_something_else_is_a_change_too():
    mapping = change(3, "NEW", "DONE", "mapping")
    assert at(4, FIRST, mapping).change is mapping


@pytest.mark.parametrize("after", [note(3, "recovered"), note(3, "duplicate"), SECOND])
def test_a_failure_stands_until_the_bug_can_be_read(after):
    failed = failure(2)
    assert at(1, failed, after).error is None
    assert at(2, failed, after).error is failed
    assert at(9, failed, after).error is None
    assert at(9, failed, note(3), note(4, "moved")).error is failed


def test_so_does_trouble_of_the_bug_tracker():
    trouble = failure(2)
    assert at(3, of_tracker=(trouble, note(4, "recovered"))).trouble is trouble
    assert at(5, of_tracker=(trouble, note(4, "recovered"))).trouble is None


def test_what_came_after_that_is_told_the_oldest_first():
    assert at(1, FIRST, note(3), SECOND).since == (note(3), SECOND)
