"""URLs in texts, and the one way to write a URL."""

import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.model.urltext import (
    _urls_in_run,
    find_urls,
    normalised,
    shortened,
    without_user,
)

relaxed = settings(deadline=None)

U = "https://bugs.example.com/show_bug.cgi?id=77"
V = "http://trac.example.com/ticket/8"


# Finding


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


# Hostile texts: what is done is counted, so that it does not depend on the machine.


def operations(function, *arguments):
    """How many functions, Python's own too, are called on the way to the last result."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for _ in function(*arguments):
            pass
    finally:
        sys.setprofile(before)
    return count


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
    for _ in _urls_in_run(run):
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


@pytest.mark.parametrize("unit", ["/", "https://", "a"])
def test_memory_goes_with_the_length_of_the_text(unit):
    text = "https://example.com/" + unit * 200_000
    tracemalloc.start()
    try:
        for url in find_urls(text):
            normalised(url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(text) + 1_000_000


# Shortening


@pytest.mark.parametrize(
    "rest",
    [
        *("(fixed)", "[the bug]", "を見て", "é", ",8", ";8", ":8", "!important", "$x", "*x"),
        *(".Thanks", "(x,y;z"),
    ],
)
def test_what_may_well_be_no_part_of_a_url_is_left_out(rest):
    assert shortened(U + rest) == U


@pytest.mark.parametrize(
    "url",
    [
        *(U, V, "https://bücher.example", "https://bücher.example/7"),
        *("https://bugs.example.com:8080/~joe/7.html", "https://BUGS.Example.com/7"),
    ],
)
def test_what_there_is_no_doubt_about_is_not_shortened(url):
    assert shortened(url) is None


# Normalising


@pytest.mark.parametrize(
    "url",
    [
        " https://bugs.example.com/~joe/ticket/7#c4\n",
        "<https://bugs.example.com/~joe/ticket/7#c4>",
        "< https://bugs.example.com/~joe/ticket/7#c4 >",
        "<URL:https://bugs.example.com/~joe/ticket/7#c4>",
        "<url:https://bugs.example.com/~joe/ticket/7#c4>",
        "HTTPS://Bugs.EXAMPLE.com/~joe/ticket/7#c4",
        "https://bugs.example.com:443/~joe/ticket/7#c4",
        "https://bugs.example.com:/~joe/ticket/7#c4",
        "https://bugs.example.com./~joe/ticket/7#c4",
        "https://bugs.example.com/%7ejoe/%74icket/7#c4",
        "https://bugs.example.com//~joe///ticket/7#c4",
        "https://bugs.example.com/~joe/ticket/7/#c4",
        "https://bugs.example.com/~joe/ticket/7%23c4",
        "https://bugs.example.com/~joe/ticket/7/%23c4",
    ],
)
def test_there_is_one_way_to_write_a_url(url):
    parts = normalised(url)
    assert parts.geturl() == "https://bugs.example.com/~joe/ticket/7#c4"


@pytest.mark.parametrize(
    "url",
    [
        "http://bugs.example.com",
        "http://bugs.example.com:8080/show_bug.cgi?id=7",
        "http://bugs.example.com:443/ticket/7",
        "https://bugs.example.com:80/ticket/7",
        "https://[2001:db8::1]:8443/Ticket/7",
        "https://bugs.example.com/c%23/ticket/7",
        "https://bugs.example.com/show_bug.cgi?id=%2377",
        "https://bugs.example.com/a%2Fb?q=%7E%2f//x#x/",
        "https://bücher.example/ticket/7",
        "https://under_score/ticket/7",
        "https://bugs.example.com" + "/x" * 49 + "/7",
    ],
)
def test_what_means_something_stays_as_it_is(url):
    assert normalised(url).geturl() == url


def test_a_slash_at_the_end_of_a_query_is_the_pastes():
    assert normalised("https://bugs.example.com/?id=7/").query == "id=7"


def test_a_number_sign_is_decoded_once_only():
    assert normalised("https://bugs.example.com/7%23c4%23x").fragment == "c4%23x"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bugs",
        "//bugs.example.com/7",
        "ftp://bugs.example.com/7",
        "https://",
        "https:///7",
        "https://./7",
        "https://../7",
        "https://$HOST/7",
        "https://*.example.com/7",
        "https://a..b/7",
        "https://a b/7",
        "https://bugs.example.com/a b/7",
        "https://bugs.example.com/a\n/7",
        "https://bugs.example.com:port/7",
        "https://bugs.example.com:99999/7",
        "https://[bugs/7",
        "https://[zz::1]/7",
        "https://joe@bugs.example.com/7",
        "https://joe:s3cret@bugs.example.com/7",
        "https://:s3cret@bugs.example.com/7",
        "https://@bugs.example.com/7",
        "https://https://bugs.example.com/7",
        "https://web.archive.example/2010/https://bugs.example.com/7",
        "https://bugs.example.com/".ljust(2001, "7"),
        "https://bugs.example.com/" + "/" * 200_000,
        "https://bugs.example.com" + "/x" * 50 + "/7",
        "mailto:bugs",
        "mailto:one@example.com,two@example.com?subject=x",
        "mailto:bugs%00@example.com",
    ],
)
def test_what_cannot_be_the_url_of_a_bug(url):
    assert normalised(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "mailto:Bugs+x@lists.example.com?In-Reply-To=%3C7@example.com%3E",
        "<MAILTO:Bugs%2Bx@Lists.Example.com?In-Reply-To=%3C7@example.com%3E#x>",
    ],
)
def test_one_way_to_write_a_mailto(url):
    parts = normalised(url)
    assert parts.geturl() == "mailto:Bugs+x@lists.example.com?In-Reply-To=%3C7@example.com%3E"


@relaxed
@given(st.text() | st.text().map("https://bugs.example.com/{}".format))
def test_normalising_twice_is_normalising_once(url):
    parts = normalised(url)
    if parts is not None:
        assert normalised(parts.geturl()) == parts


@pytest.mark.parametrize("unit", ["/", "%23", "%7e", "7%23", "@", ":", "<", "//a@", "é", "."])
def test_normalising_goes_with_the_length_of_the_url(unit):
    def both(url):
        yield normalised(url)
        yield without_user(url)

    for start in ("https://", "https://bugs.example.com/"):
        some = operations(both, start + unit * 300)
        twice = operations(both, start + unit * 600)
        assert twice <= 2 * some + 50


# Secrets


@pytest.mark.parametrize("secret", ["joe:s3cret@", ":s3cret@", "s3cret@", "joe@x:s3cret@"])
def test_a_user_and_a_password_are_left_out(secret):
    assert without_user(f"https://{secret}bugs.example.com/7?a=b@c") == (
        "https://bugs.example.com/7?a=b@c"
    )
