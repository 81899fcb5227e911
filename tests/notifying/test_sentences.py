import pytest

from malonewatch.interfaces import Happening
from malonewatch.notifying.sentences import headline, links, sentences

URL = "https://bugs.example.com/show_bug.cgi?id=77"
FOR = "It is watched for bug 12: Ours"
STATUS = "Its status is NEW (New) since 2024-03-27 12:00 UTC, as far as is known."


@pytest.mark.parametrize(
    ("happening", "said"),
    [
        (Happening.FIXED, "GNOME bug 77 is fixed: Theirs"),
        (Happening.CLOSED, "GNOME bug 77 is closed: Theirs"),
        (Happening.REOPENED, "GNOME bug 77 is open again: Theirs"),
        (Happening.STATUS, "GNOME bug 77 is RESOLVED FIXED now: Theirs"),
        (Happening.DUPLICATE, "GNOME bug 77 is a duplicate: Theirs"),
        (Happening.MOVED, "GNOME bug 77 has moved: Theirs"),
        (Happening.GONE, "GNOME bug 77 is gone: Theirs"),
        (Happening.PRIVATE, "GNOME bug 77 is private now: Theirs"),
        (Happening.TROUBLE, "GNOME cannot be asked"),
        (Happening.RECOVERED, "GNOME can be asked again"),
        (Happening.DISABLED, "No more messages go out by Theirs"),
    ],
)
def test_a_line_says_what_happened_to_what(happening, said, notice):
    assert headline(notice(happening=happening)) == said


def test_what_has_no_title_is_told_by_its_name(notice):
    assert headline(notice(tracker_title="", title="")) == "gnome bug 77 is fixed"


def test_a_status_that_is_not_known_is_another_one(notice):
    told = notice(happening=Happening.STATUS, new_remotestatus=None)
    assert headline(told) == "GNOME bug 77 has another status: Theirs"


def test_it_is_one_line_whatever_is_in_it(notice):
    assert headline(notice(title="A\nB\x1b[31m\u202e")) == "GNOME bug 77 is fixed: A B"
    assert sentences(notice(bug_title="A\nB\x1b[31m"))[1] == "It is watched for bug 12: A B"


def test_what_was_what_is_since_when_and_for_what(notice):
    said = "Its status was NEW (New) since 2024-03-27 12:00 UTC, and is RESOLVED FIXED (Fix "
    assert sentences(notice()) == [f"{said}Released) now.", FOR]


def test_of_what_is_not_known_nothing_is_said(notice):
    told = notice(old_remotestatus=None, old_status=None, new_status=None, since=None, bug_title="")
    assert sentences(told) == [
        "Its status was not known, and is RESOLVED FIXED now.",
        "It is watched for bug 12.",
    ]


@pytest.mark.parametrize(
    ("happening", "text", "said"),
    [
        (Happening.GONE, "There is no such bug.", "There is no such bug."),
        (
            Happening.DUPLICATE,
            "https://x.example.com/1",
            "It is the same as https://x.example.com/1",
        ),
        (Happening.MOVED, "https://x.example.com/1", "It is at https://x.example.com/1 now"),
    ],
)
def test_where_the_bug_went(happening, text, said, notice):
    new = {"new_remotestatus": "NEW", "new_status": notice().old_status}
    assert sentences(notice(happening=happening, text=text, **new)) == [STATUS, said, FOR]


@pytest.mark.parametrize(
    ("happening", "text", "said"),
    [
        (
            Happening.TROUBLE,
            "It is down.",
            ["Attempts to ask it have failed since 2024-03-27 12:00 UTC.", "It is down."],
        ),
        (
            Happening.RECOVERED,
            "",
            ["Attempts to ask it had failed since 2024-03-27 12:00 UTC."],
        ),
        (Happening.DISABLED, "It refuses.", ["It refuses."]),
    ],
)
def test_what_did_not_happen_to_a_bug(happening, text, said, notice):
    told = notice(happening=happening, text=text, bug=None, watch=None, url="")
    assert sentences(told) == said


def test_where_to_look(notice):
    assert links(notice(), "https://desk.example.com/{bug}") == {
        "theirs": URL,
        "ours": "https://desk.example.com/12",
    }


def test_where_there_is_nothing_to_look_at(notice):
    assert links(notice(url="mailto:bugs@example.com"), "") == {}
    assert links(notice(url="", bug=None), "https://desk.example.com/{bug}") == {}


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (
            "HTTP://[2001:db8::1]:80/?id[]=7 7&x=%20",
            "HTTP://[2001:db8::1]:80/?id%5B%5D=7%207&x=%20",
        ),
        ('https://x.example.com/">\n<ü', "https://x.example.com/%22%3E%20%3C%C3%BC"),
        ("https://x.example.com", "https://x.example.com"),
    ],
)
def test_a_link_can_be_clicked_at(url, link, notice):
    assert links(notice(url=url), "") == {"theirs": link}
