import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.interfaces import (
    BadInput,
    Brake,
    BrakeSettings,
    BugTaskStatus,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model.brake import advance, check_settings, closes, says_the_same
from malonewatch.model.kept import pack

SETTINGS = BrakeSettings()

OPEN = [
    *("NEW", "INCOMPLETE", "CONFIRMED", "TRIAGED", "INPROGRESS"),
]
CLOSED = ["FIXCOMMITTED", "FIXRELEASED", "INVALID", "WONTFIX", "EXPIRED"]


@pytest.mark.parametrize("old", [status.name for status in BugTaskStatus])
@pytest.mark.parametrize("new", [status.name for status in BugTaskStatus])
def test_a_bug_is_closed_that_was_open_and_is_not(old, new):
    assert closes(old, new) == (old in OPEN and new in CLOSED)


def test_a_status_of_a_later_version_is_neither():
    assert not closes("FROBBED", "INVALID")


@pytest.mark.parametrize(
    ("asked", "suspicious", "engaged"),
    [(20, 20, True), (60, 20, True), (61, 20, False), (20, 19, False), (1000, 333, False)],
)
def test_twenty_and_a_third_are_too_many(asked, suspicious, engaged):
    assert advance(Brake(), SETTINGS, asked, suspicious) == Brake(asked, suspicious, engaged)


def test_what_was_asked_for_before_counts():
    brake = advance(Brake(100, 15), SETTINGS, 5, 5)
    assert brake == Brake(105, 20, False)
    assert advance(brake, SETTINGS, 30, 25).engaged


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_once_engaged_it_stays_so(asked, suspicious):
    assert advance(Brake(engaged=True), SETTINGS, asked, suspicious).engaged


def test_the_numbers_can_be_set():
    assert advance(Brake(), BrakeSettings(2, 0.5), 4, 2).engaged
    assert not advance(Brake(), BrakeSettings(2, 0.5), 5, 2).engaged


FIXED = RemoteBug("42", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED, title="It crashes")
GONE = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")


@pytest.mark.parametrize(
    ("held", "again", "same"),
    [
        (FIXED, FIXED._replace(title="It crashed", resolution="FIXED"), True),
        (FIXED, FIXED._replace(remotestatus="CLOSED"), False),
        (FIXED, FIXED._replace(status=BugTaskStatus.INVALID), False),
        (FIXED._replace(remotestatus="x" * 999), FIXED._replace(remotestatus="x" * 999), True),
        (FIXED, GONE, False),
        (GONE, FIXED, False),
        (GONE, GONE._replace(message="It is not there."), True),
        (GONE, GONE._replace(error_type=BugWatchErrorType.PRIVATE_REMOTE_BUG), False),
        (GONE, FIXED._replace(remotestatus="BUG_NOT_FOUND"), False),
    ],
)
def test_the_same_is_the_same_status_or_the_same_error(held, again, same):
    assert says_the_same(pack(held), again) == same


@pytest.mark.parametrize(
    "settings",
    [
        BrakeSettings(least=0),
        BrakeSettings(part=1.1),
        BrakeSettings(part=-0.1),
        BrakeSettings(confirm_after=-1),
        BrakeSettings(part=float("nan")),
        BrakeSettings(confirm_after=float("nan")),
    ],
)
def test_numbers_that_make_no_sense_are_refused(settings):
    with pytest.raises(BadInput, match="brake needs"):
        check_settings(settings)


def test_any_others_are_not():
    check_settings(BrakeSettings(1, 0, 0))
    check_settings(BrakeSettings(10**6, 1, 10**9))
