"""The one way to write a URL."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.model.urltext import normalised, shortened, without_user
from malonewatch.texturls import find_urls
from tests.counting import operations

relaxed = settings(deadline=None)

U = "https://bugs.example.com/show_bug.cgi?id=77"
V = "http://trac.example.com/ticket/8"


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
