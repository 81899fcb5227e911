import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from malonewatch.http.urls import clean, is_upgrade, origin, shown


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com/",
        "http://example.com:8080/a/../b%2Fc;d/?x={1,2}&y=a+b%20c:@*|^~",
        "http://under_score.example.com/",
        "http://[2001:db8::1]:80/",
    ],
)
def test_what_is_clean_stays_as_it_is(url):
    assert clean(url) == url


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        ("HTTP://Example.COM/Path", "http://example.com/Path"),
        ("http://jane:s3cret@example.com/#comment", "http://example.com/"),
        ("http://jane@s3cret@example.com/", "http://example.com/"),
        ("http://bücher.example/ü ?q=ä", "http://xn--bcher-kva.example/%C3%BC%20?q=%C3%A4"),
        ("http://example.com/\udcfc", "http://example.com/%FC"),
        ("http://example.com/a\r\nb", "http://example.com/ab"),
        ("http://example.com/\x00\x7f", "http://example.com/%00%7F"),
        ("http://[::FFFF:127.0.0.1]/", f"http://[{URL('http://[::ffff:7f00:1]').host}]/"),
    ],
)
def test_what_is_not_clean_is_made_so(url, cleaned):
    assert clean(url) == cleaned


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "mailto:jane@example.com",
        "file:///etc/passwd",
        "http:example.com",
        "http:///path",
        "http://:80/",
        "http://jane@/",
        "http://[::1",
        "http://[127.0.0.1]/",
        "http://[v1.x]/",
        "http://example.com:port/",
        "http://example.com:99999/",
        "http://a..b/",
        "http://a b/",
        "http://%6c%6f/",
        "http://a\\b/",
        "http://\udcfc.example/",
        f"http://{64 * 'a'}.example/",
        f"http://{64 * 'abcd.'}example/",
    ],
)
def test_what_is_no_web_address_is_not_cleaned(url):
    with pytest.raises(ValueError):
        clean(url)


texts = st.text() | st.text(alphabet="htp:/[]@.%?#1aü\udcfc \\").map("http://{}".format)


@given(texts)
def test_any_text_is_cleaned_or_a_value_error(url):
    try:
        cleaned = clean(url)
    except ValueError:
        return
    assert re.fullmatch(r"https?://[a-z0-9._:\[\]-]+([/?][!-~]*)?", cleaned)
    assert clean(cleaned) == cleaned
    # What is connected to is what was looked at.
    assert URL(cleaned, encoded=True).raw_host == origin(cleaned)[1]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com/x", ("http", "example.com", 80)),
        ("http://example.com:80", ("http", "example.com", 80)),
        ("https://example.com", ("https", "example.com", 443)),
        ("https://[::1]:8443/", ("https", "::1", 8443)),
    ],
)
def test_origin(url, expected):
    assert origin(url) == expected


def test_an_upgrade_is_from_http_to_https_of_one_host():
    def upgrade(before, after):
        return is_upgrade(origin(before), origin(after))

    assert upgrade("http://example.com", "https://example.com")
    assert not upgrade("https://example.com", "http://example.com")
    assert not upgrade("http://example.com", "https://www.example.com")
    assert not upgrade("http://example.com:8080", "https://example.com")
    assert not upgrade("http://example.com", "https://example.com:8443")
    assert not upgrade("http://example.com", "http://example.com")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://jane:s3cret@example.com/a@b", "http://example.com/a@b"),
        ("http://jane:s3cret@[broken", "http://[broken"),
        ("http://example.com/?back=http://jane:x@y/", "http://example.com/?back=http://y/"),
    ],
)
def test_no_user_and_no_password_is_shown(url, expected):
    assert shown(url) == expected
