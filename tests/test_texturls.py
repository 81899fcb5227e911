"""The URLs that stand in a text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.texturls import _spans_in_run, find_spans, find_urls
from tests.counting import operations

relaxed = settings(deadline=None)

U = "https://bugs.example.com/show_bug.cgi?id=77"
V = "http://trac.example.com/ticket/8"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "See {}.",
        "See {}, please!",
        "See {}; or {}?",
        "(see {})",
        "(see {}.)",
        "(see {}).",
        "{}...!?",
        "{}…",
        "{}—fixed",
        "{}–fixed",
        "{}•",
        "{}→",
        "{}✓",
        "{}’s",
        "'{}'s",
        "{})and",
        "({})and",
        "[{}]and",
        "{}\n{}\r\n\t{}",
        "{}\x00{}\x1b[0m{}\x7f",
        "{}\u200b{}\u200e{}\u202e{}\ufeff{}\xad{}",
        "{}\xa0{}\u3000{}",
        '"{}"',
        "'{}'",
        "“{}”",
        "„{}“",
        "«{}»",
        "‘{}’",
        "见{}。谢谢",
        "（{}）",
        "「{}」、",
        # Markup
        "<{}>",
        "<URL:{}>",
        "`{}`",
        "``{}``",
        "*{}*",
        "_{}_",
        "__{}__",
        "**{}**",
        "~~{}~~",
        "[the bug]({})",
        "[the bug]({}).",
        '[the bug]({} "its title")',
        "[the bug](<{}>)",
        "[{}]({})",
        "![{}]({})",
        "[1]: {}",
        "* [ ] {}",
        "`the bug <{}>`_",
        ".. _bug: {}",
        "{}_",
        "[url]{}[/url]",
        "[URL={}]the bug[/URL]",
        "[{} the bug]",
        "[[{}|the bug]]",
        "[[{}][the bug]]",
        "[the bug|{}]",
        "<{}|the bug>",
        '"the bug":{}',
        "\\url{{}}",
        "\\href{{}}{{}}",
        '<a href="{}">{}</a>',
        "<a href={}>{}</a>",
        "&lt;{}&gt;",
        "&quot;{}&quot;",
        "&#39;{}&#39;",
        "{}&nbsp;{}",
        # Joined
        "{},{}",
        "{};{}",
        "{}, {};{}",
        "{}|{}",
        "{}+{}",
        "{}&{}",
        "{}{}",
        "{})({}",
        "({})[{}]",
        "({})=({})",
        "https://{}",
        "http://https://{}",
    ],
)
def test_urls_are_found_whatever_stands_around_them(text):
    for url in (U, V, "HTTPS://Bugs.Example.com/(x)/ticket/7#c4"):
        assert list(find_urls(text.replace("{}", url))) == [url] * text.count("{}")


@pytest.mark.parametrize(
    "url",
    [
        "https://bugs.example.com/(x)/show_bug.cgi?id=alias(7)",
        "https://bugs.example.com/[x]/show_bug.cgi?id=alias[7]",
        "https://bugs.example.com/show_bug.cgi?a[]=1&id=7",
        "https://bugs.example.com/show_bug.cgi?id=7;ctype=xml",
        "https://bugs.example.com/show_bug.cgi?a=1,2&id=7",
        "http://[2001:db8::1]:8080/ticket/7",
        "https://bücher.example/ticket/7",
        "https://web.archive.example/2010/https://bugs.example.com/show_bug.cgi?id=7",
        "https://example.com/login?back=https://bugs.example.com/show_bug.cgi?id=7",
        "https://example.com/~joe/x+y/@z!/$a&b=c%20d*e/",
    ],
)
def test_what_belongs_to_a_url_stays(url):
    assert list(find_urls(f"({url}), {url}; <{url}>. [{url}]")) == [url] * 4


def test_a_bracket_that_one_url_opens_is_not_closed_by_another():
    assert list(find_urls(f"{U}(see,{V})and")) == [f"{U}(see", V]


@pytest.mark.parametrize(
    "text", ["", "http://", "https:// x", "https://...", "ftp://x/7", "http:/x", "//x/7"]
)
def test_a_text_without_urls(text):
    assert list(find_urls(text)) == []


def test_a_url_may_be_as_long_as_a_base_url_but_no_longer():
    url = "https://bugs.example.com/".ljust(2000, "x")
    assert list(find_urls(f"{url} {url}x {url}, {url}) {url}{'.' * 5000}")) == [url] * 4


# Hostile texts


HOSTILE = [
    "/",
    "https://",
    "https://x",
    "https://x/",
    "https://x/7 ",
    "https://x/7)",
    "https://x/7;",
    "=https://x/7",
    "(",
    ")",
    "[",
    "]",
    "([",
    "[/",
    ")]",
    ".",
    "&lt;",
    "&",
    "&#",
    "a",
    "http",
    "é",
    "%23",
]


@pytest.mark.parametrize("before", ["", "https://example.com/", "(https://example.com/7)"])
@relaxed
@given(units=st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4))
def test_finding_goes_with_the_length_of_the_text(before, units):
    some, twice = (operations(find_urls, before + "".join(units) * n) for n in (500, 1000))
    assert twice <= 2 * some + 50


def counted(name):
    def method(self, *arguments):
        CountingText.touched += len(self)
        return getattr(str, name)(self, *arguments)

    return method


class CountingText(str):
    """Text that counts how many of its characters are looked at or copied."""

    touched = 0
    count, find, index, rstrip = map(counted, ("count", "find", "index", "rstrip"))

    def __getitem__(self, key):
        found = CountingText(super().__getitem__(key))
        CountingText.touched += len(found)
        return found


@pytest.mark.parametrize("before", ["https://", "https://example.com/", "https://example.com/(7"])
@relaxed
@given(units=st.lists(st.sampled_from([unit for unit in HOSTILE if " " not in unit]), max_size=4))
def test_no_part_of_a_text_is_looked_at_again_and_again(before, units):
    run = CountingText(before + "".join(units) * 500)
    CountingText.touched = 0
    for _ in _spans_in_run(run):
        pass
    assert CountingText.touched <= 4 * len(run)


@relaxed
@given(st.lists(st.sampled_from([*HOSTILE, "https://example.com/"]), max_size=20).map("".join))
def test_urls_do_not_overlap_and_none_is_longer_than_is_allowed(text):
    text *= 200
    position = 0
    for url in find_urls(text):
        position = text.index(url, position) + len(url)
        assert len(url) <= 2000
    assert position <= len(text)


def test_where_a_url_stands_is_counted_in_characters():
    text = f"é ({U}), <{V}>"
    assert [text[start:end] for start, end in find_spans(text)] == [U, V]
    assert [start for start, _ in find_spans(text)] == [3, len(text) - len(V) - 1]
