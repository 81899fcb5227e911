"""The places in a file that may name bugs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counting import operations

from malonewatch.interfaces import Wish
from malonewatch.scanning.places import places_in, words_around
from malonewatch.scanning.shortforms import short_form

U = "https://bugs.example.com/show_bug.cgi?id=77"
V = "https://bugs.example.com/show_bug.cgi?id=88"
RHBZ = short_form("rhbz#{number}", "https://bugzilla.redhat.com/{number}")
CLOSES = short_form("Closes: #{numbers}", "https://bugs.debian.org/{number}")


def found(text, *forms):
    places, ignored_count = places_in("file", text.encode(), forms)
    return [(place.line, place.column, place.written) for place in places], ignored_count


# Order


def test_places_come_in_their_order():
    text = f"{V} {U}\n\n rhbz#2 {U}, rhbz#1\n{U}"
    assert found(text, RHBZ)[0] == [
        *((1, 1, V), (1, 45, U)),
        *((3, 2, "rhbz#2"), (3, 9, U), (3, 54, "rhbz#1")),
        (4, 1, U),
    ]


def test_a_list_goes_on_in_the_next_line_before_what_else_that_has():
    text = f"  * Fix.  (Closes: #1, bug 2,\n    #3)  {U}\n"
    assert found(text, CLOSES)[0] == [
        *((1, 20, "#1"), (1, 24, "bug 2"), (2, 5, "#3")),
        (2, 10, U),
    ]


def test_a_list_ends_where_another_thing_begins():
    assert found("Closes: #1,\nthe last one", CLOSES)[0] == [(1, 9, "#1")]
    assert found("Closes: #1,", CLOSES)[0] == [(1, 9, "#1")]
    assert found("(Closes: #1), for now,\n#3", CLOSES)[0] == [(1, 10, "#1")]
    assert found("Closes:,\n#3", CLOSES)[0] == [(2, 1, "#3")]


def test_what_is_part_of_a_url_is_no_short_form():
    url = "https://bugs.example.com/12/rhbz#7"
    assert found(f"{url} rhbz#8", RHBZ)[0] == [(1, 1, url), (1, len(url) + 2, "rhbz#8")]


def test_the_first_short_form_that_fits_is_taken():
    other = short_form("my rhbz#{number}", "https://example.org/{number}")
    assert found("my rhbz#1", other, RHBZ)[0] == [(1, 1, "my rhbz#1")]
    assert found("my rhbz#1", RHBZ, other)[0] == [(1, 4, "rhbz#1")]


# Bytes


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_count_characters_whatever_the_encoding(encoding, end):
    text = f"Größe: {U}{end}x = 'é'  # {V}{end}"
    places, _ = places_in("file", text.encode(encoding))
    assert [(place.line, place.column, place.written) for place in places] == [
        (1, 8, U),
        (2, 12, V),
    ]


def test_a_line_that_nobody_has_written_is_left_out():
    text = f"{U}{'x' * 20_000} {V}\n{U}\n{' ' * 30_000}{V}"
    assert found(text)[0] == [(2, 1, U)]


@pytest.mark.parametrize("length", [10, 30_000])
def test_a_url_does_not_go_on_in_a_line_that_nobody_has_written(length):
    ((place,), _) = places_in("file", f"https://a.example/x/2\n7{' ' * length}\n".encode())
    assert len(place.urls) == (2 if length == 10 else 1)


# Words around


@given(before=st.text(max_size=600), after=st.text(max_size=600))
@settings(deadline=None)
def test_the_words_around_are_one_line_that_can_be_printed(before, after):
    words = words_around(before + U + after, len(before), len(before) + len(U))
    assert len(words) <= 200
    assert U in words
    assert words.isprintable()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"\t# see  {U}  \x1b[0m", f"# see {U} \ufffd[0m"),
        ("a" * 300 + U + "b" * 300, f"…{'a' * 78}{U}{'b' * 77}…"),
        (U + "b" * 300, f"{U}{'b' * 155}…"),
        (" " * 300 + U + "b" * 300, f"{U}{'b' * 77}…"),
        ("a" * 300 + U, f"…{'a' * 155}{U}"),
    ],
)
def test_the_url_is_in_the_middle_of_the_words_around(text, words):
    start = text.index(U)
    assert words_around(text, start, start + len(U)) == words


def test_a_long_url_is_told_by_its_beginning():
    url = "https://bugs.example.com/" + "7" * 400
    ((place,), _) = places_in("file", f"see {url}.".encode())
    assert place.written == url
    assert place.text == f"…{url[:198]}…"


# Wishes


@pytest.mark.parametrize("wish", Wish)
@pytest.mark.parametrize(
    "text",
    [
        "# malonewatch: {wish} - {url}",
        "{url}  # Malonewatch:{WISH}",
        "# malonewatch:  {wish}\n# {url}",
        "<!-- MALONEWATCH: {WISH} -->\n{url}",
        "// malonewatch: {wish}\r\n// {url}\r\n",
    ],
)
def test_the_author_says_what_is_wanted(text, wish):
    text = text.format(wish=wish.value, WISH=wish.value.upper(), url=U)
    ((place,), _) = places_in("file", text.encode())
    assert place.wish is wish


@pytest.mark.parametrize(
    "text",
    [
        "{url}\nmalonewatch: until closed",
        "malonewatch: until closed\n\n{url}",
        "malonewatch: until closed {other}\n{url}",
        "malonewatch: until closed rhbz#1\n{url}",
        "malonewatch: until it is over {url}",
        "malonewatch: until closed\n{url} malonewatch: something else",
        "malonewatch: {url}",
        "malonewatch until closed: {url}",
    ],
)
def test_what_is_said_of_something_else_or_is_not_known_is_no_wish(text):
    places, _ = places_in("file", text.format(url=U, other=V).encode(), [RHBZ])
    (place,) = (place for place in places if place.written == U)
    assert place.wish is None


@pytest.mark.parametrize(
    "text",
    [
        "{url} {url} rhbz#1 // malonewatch: ignore",
        "# Malonewatch: IGNORE, it is only an example\n{url}{url} rhbz#1",
    ],
)
def test_what_is_to_be_ignored_is_counted(text):
    places, ignored_count = places_in("file", f"{text.format(url=U)}\n{V}".encode(), [RHBZ])
    assert [place.written for place in places] == [V]
    assert ignored_count == 3


# Hostile files


HOSTILE = [
    *("://", "https://x/7 ", "https://x/7\n", "https://x/", "https://x/\n", "https://x/\n# ", "/"),
    *("rhbz#", "rhbz#1", "rhbz#1 ", "Closes: ", "#1,", "1,\n", "Closes: #1,\n", "\n", " ", '"'),
    *(
        "malonewatch: ",
        "&amp;",
        "\\/",
        "\\",
        "7",
        "a",
        "https:\\/\\/x\\/7",
        "+",
        "é",
        "*/",
        ".",
        "#",
    ),
]


@pytest.mark.parametrize("before", ["", "https://x/7"])
@settings(deadline=None, max_examples=15)
@given(units=st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4))
def test_what_is_done_goes_with_the_length_of_the_file(before, units):
    def all_places(times):
        content = (before + "".join(units) * times).encode()[:19_000]
        yield places_in("file", content, [RHBZ, CLOSES])

    some, twice = (operations(all_places, times) for times in (300, 600))
    assert twice <= 2.2 * some + 200
