"""URLs as they stand in the sources of many languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scanning.corpus import COMMENTS, ELSEWHERE, SPLIT

from malonewatch.interfaces import Place
from malonewatch.scanning.places import places_in

URLS = (
    "https://github.com/owner/repo/issues/12",
    "http://bugs.example.org/show_bug.cgi?id=7#c4",
    "https://gitlab.example.com/group/sub.group/-/issues/3",
    "HTTPS://tracker.example.net/browse/KEY-88",
    "https://launchpad.net/bugs/1234",
)
FORMS = {**COMMENTS, **ELSEWHERE}


def test_there_are_thirty_languages():
    assert len(COMMENTS) >= 30


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_url_is_found_where_it_stands(form):
    for number, url in enumerate(URLS, 3):
        line = form.replace("{}", url)
        content = "\n" * (number - 1) + f"é{line}\nnothing more\n"
        places, ignored_count = places_in("a/file", content.encode())
        column = line.index(url) + 2
        text = " ".join(f"é{line}".split())
        assert places == [Place("a/file", number, column, url, text, (url,), None)]
        assert ignored_count == 0


PIECES = st.text("abcXYZ-_.~", min_size=1, max_size=12).filter(lambda text: text[-1] not in "-_.~")


@settings(deadline=None, max_examples=60)
@given(
    form=st.sampled_from(sorted(FORMS.values())),
    before=st.lists(st.sampled_from(["", "x = 1", "é", "\t", "http", "# 12"]), max_size=5),
    host=st.sampled_from(["example.org", "bugs.example.org:8080", "localhost", "[2001:db8::1]"]),
    path=st.lists(PIECES, min_size=1, max_size=4).map("/".join),
    number=st.integers(0, 10**9),
    end=st.sampled_from(["\n", "\r\n", ""]),
)
def test_any_url_is_found_at_its_line_and_column(form, before, host, path, number, end):
    url = f"https://{host}/{path}/{number}"
    line = form.replace("{}", url)
    content = "".join(f"{each}\n" for each in before) + line + end
    ((place,), _) = places_in("file", content.encode())
    assert (place.line, place.column) == (len(before) + 1, line.index(url) + 1)
    assert (place.written, place.urls) == (url, (url,))


@pytest.mark.parametrize("form", SPLIT.values(), ids=SPLIT)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://github.com/owner/repo/", "issues/12"),
        ("https://github.com/owner/repo", "/issues/12"),
        ("https://bugs.example.org/show_bug.cgi", "?id=7"),
        ("https://bugs.example.org/show_bug.cgi?id=", "7"),
        ("https://bugs.example.org/show_", "bug.cgi?id=7"),
        ("https://gitlab.example.com/group/project/-", "/issues/3"),
    ],
)
def test_a_url_goes_on_in_the_next_line(form, first, second):
    content = form.replace("{}", first).replace("[]", second)
    (place,), _ = places_in("file", content.encode())
    alone = first.rstrip("=_-")
    assert place.urls == (first + second, alone)
    assert (place.line, place.written) == (1, alone)


@pytest.mark.parametrize("form", SPLIT.values(), ids=SPLIT)
def test_what_can_stand_alone_comes_first(form):
    first, second = "https://bugs.example.org/2/show_bug.cgi", "?id=7"
    content = form.replace("{}", first).replace("[]", second)
    (place,), _ = places_in("file", content.encode())
    assert place.urls == (first, first + second)


@pytest.mark.parametrize("form", SPLIT.values(), ids=SPLIT)
def test_a_url_goes_on_for_two_lines(form):
    pieces = ["https://github.com/", "owner/", "repo/issues/12"]
    begin, following = form.split("\n", 1)
    more = following.partition("[]")[0] + "[]" + begin.partition("{}")[2]
    content = begin.replace("{}", pieces[0]) + "\n" + more.replace("[]", pieces[1])
    content += "\n" + following.replace("[]", pieces[2])
    (place,), _ = places_in("file", content.encode())
    assert place.urls[0] == "".join(pieces)


@pytest.mark.parametrize(
    "text",
    [
        # The next line is something else.
        "# see https://github.com/owner/repo\nissues = 12 / 3",
        "x = 1  // https://github.com/owner/repo/\nissues(12)",
        "# see https://github.com/owner/repo/\n# where it is",
        "# see https://github.com/owner/repo/\n",
        "# see https://github.com/owner/repo/",
        "# see https://github.com/owner/repo/\n# https://example.org",
        "# see https://github.com/owner/repo\n# 12 of them",
        "# see https://github.com/owner/repo\n# in 2020",
        "# see https://github.com/owner/repo/, or\n# issues/12",
        "# see https://github.com/owner/\n# repo/ where many more words follow\n# issues/12",
        "# see https://github.com/owner/\n# repo/ where\n# issues/12",
        "# see https://github.com/owner/repo.\n# issues/12",
        'x = ["https://github.com/owner/repo/",\n "issues/12"]',
        'x = "https://github.com/owner/repo/"\ny = 12',
        "x = 'https://github.com/owner/repo/' +\n    number12",
        "* https://github.com/owner/repo/\n*/ issues/12",
        # There is no id.
        "http://www.w3.org/XML/namespace",
        'xmlns="http://schemas.example.org/wsdl/soap"',
        "https://opensource.org/licenses/MIT",
        "https://localhost:8080",
        "https://127.0.0.1",
        "https://v2.example.org/x",
        'url = "https://github.com/{}/{}/issues/%d"',
        "https://12\n",
        "12://34/5",
        "git://example.org/12",
    ],
)
def test_what_names_no_bug(text):
    assert places_in("file", text.encode()) == ([], 0)


def test_a_number_that_is_broken_is_put_together_in_the_second_place():
    (place,), _ = places_in("file", b"# https://bugs.example.org/12\n# 34.\n")
    assert place.urls == ("https://bugs.example.org/12", "https://bugs.example.org/1234")


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        (
            r"https:\/\/bugs.example.org\/show_bug.cgi?id=7",
            ("https://bugs.example.org/show_bug.cgi?id=7",),
        ),
        (r"https://bugs.example.org/?a=1\u0026id=7", ("https://bugs.example.org/?a=1&id=7",)),
        (r"https://bugs.example.org/show\_bug.cgi?id=7\&a=1", None),
        (
            "https://bugs.example.org/?a=1&amp;id=7",
            ("https://bugs.example.org/?a=1&id=7", "https://bugs.example.org/?a=1&amp;id=7"),
        ),
    ],
)
def test_escapes_are_read(written, urls):
    urls = urls or ("https://bugs.example.org/show_bug.cgi?id=7&a=1",)
    content = f'x = "\\/ {written}\\n" + "{written}"'
    places, _ = places_in("file", content.encode())
    assert [(place.written, place.urls) for place in places] == [(written, urls)] * 2
    assert [place.column for place in places] == [9, 9 + len(written) + 7]


@pytest.mark.parametrize("end", ["*/", " */", ".*/", ".**/ x = 1;"])
def test_the_end_of_a_comment_is_no_part_of_a_url(end):
    ((place,), _) = places_in("file", f"/* https://bugs.example.org/12{end}".encode())
    assert place.urls == ("https://bugs.example.org/12",)
