import pytest
from tests.application.remote import BUGZILLA, bug_url

from malonewatch.application import watches
from malonewatch.application.references import check_title, find_tracker, is_number, shortened
from malonewatch.interfaces import BadInput, NotFoundError


@pytest.fixture
def named(database):
    """The name of the bug tracker that something names."""
    watches.watch(database, [bug_url(1)])
    return lambda what: database.read(lambda trackers: find_tracker(trackers, what).name)


@pytest.mark.parametrize(
    "what",
    [
        "auto-bugzilla.example.com",
        BUGZILLA,
        f" {BUGZILLA}/ ",
        "http://bugzilla.example.com",
        bug_url(1),
        bug_url(99),
    ],
)
def test_a_bug_tracker_is_named_by_its_name_or_a_url(named, what):
    assert named(what) == "auto-bugzilla.example.com"


@pytest.mark.parametrize(
    "what", ["nope", "", "https://other.example.com", "https://other.example.com/ticket/1"]
)
def test_what_names_no_bug_tracker_is_not_found(named, what):
    with pytest.raises(NotFoundError):
        named(what)


def test_a_bug_tracker_is_not_named_by_a_url_with_a_password(named):
    with pytest.raises(BadInput) as raised:
        named("https://me:secret@bugzilla.example.com")
    assert "secret" not in str(raised.value)


def test_a_title_is_one_line_that_is_not_too_long():
    assert check_title("  Windows flicker ") == "Windows flicker"
    for bad in ("two\nlines", "\x1b[31mred", "x" * 1001):
        with pytest.raises(BadInput):
            check_title(bad)


def test_only_ascii_digits_are_a_number():
    assert is_number("0042")
    assert not is_number("٣")
    assert not is_number("")


def test_a_long_text_is_cut_off():
    assert shortened("x" * 10, 10) == "x" * 10
    assert shortened("x" * 11, 10) == "x" * 9 + "…"
