import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from malonewatch.interfaces import BadInput
from malonewatch.model.baseurl import (
    auto_name,
    auto_title,
    base_key,
    check_baseurl,
    common_key,
    origin_of,
    parent_key,
    plain_path,
)

relaxed = settings(deadline=None)


@pytest.mark.parametrize(
    "same",
    [
        "https://bugs.example.com/tracker",
        "http://bugs.example.com/tracker",
        "https://bugs.example.com/tracker/",
        "https://bugs.example.com/tracker//",
        "https://BUGS.Example.COM/tracker",
        "HTTPS://bugs.example.com/tracker",
        "https://bugs.example.com./tracker",
        "https://bugs.example.com:443/tracker",
        "http://bugs.example.com:80/tracker",
        "https://bugs.example.com/%74racker",
        "https://bugs.example.com//tracker",
        "bugs.example.com/tracker",
    ],
)
def test_ways_to_write_a_base_url(same):
    assert base_key(same) == "bugs.example.com/tracker"


@pytest.mark.parametrize(
    "other",
    [
        "https://bugs.example.com/",
        "https://bugs.example.com/Tracker",
        "https://bugs.example.com:8080/tracker",
        "https://bugs.example.org/tracker",
        "https://bugs.example.com/tracker/2",
    ],
)
def test_other_base_urls(other):
    assert base_key(other) != base_key("https://bugs.example.com/tracker")


def test_an_ipv6_address_keeps_its_brackets():
    assert base_key("http://[2001:DB8::1]:8080/x/") == "[2001:db8::1]:8080/x"


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("", ""),
        ("/", ""),
        ("/a/b/", "/a/b"),
        ("//a///b//", "/a/b"),
        ("/%7Ejoe/%41%2d%2E%5f", "/~joe/A-._"),
        ("/a%2fb%3a", "/a%2Fb%3A"),
        ("/%c3%a9", "/%C3%A9"),
        ("/100%", "/100%"),
        ("/A", "/A"),
    ],
)
def test_one_way_to_write_a_path(path, plain):
    assert plain_path(path) == plain


def test_what_two_base_urls_lie_below():
    assert common_key("example.com/a/b", "example.com/a") == "example.com/a"
    assert common_key("example.com/a/b", "example.com/a/ab") == "example.com/a"
    assert common_key("example.com/ab", "example.com/a") == "example.com"
    assert common_key("example.org", "example.com") == ""
    assert common_key("example.com:8080/a", "example.com") == ""


def test_the_parent_of_a_base_url():
    assert parent_key("example.com/a/b") == "example.com/a"
    assert parent_key("example.com/a") == "example.com"
    assert parent_key("example.com") == ""


@pytest.mark.parametrize(
    "baseurl",
    [
        "https://bugs.example.com",
        "http://127.0.0.1:8080/tracker/",
        "https://[2001:db8::1]/",
        "https://bücher.example/",
        "mailto:bugs@example.com",
        "mailto:o'malley+bugs@lists.example.com",
    ],
)
def test_base_urls_that_can_be(baseurl):
    check_baseurl(baseurl)


@pytest.mark.parametrize(
    "baseurl",
    [
        "",
        "bugs.example.com",
        "ftp://bugs.example.com",
        "https://",
        "https:///tracker",
        "https://bugs.example.com:port",
        "https://bugs.example.com:99999",
        "https://[bugs",
        "https://bugs.example.com/?x=1",
        "https://bugs.example.com/#top",
        "https://bugs.example.com/a b",
        "https://bugs.example.com/a\nb",
        "https://bugs.example.com/\x1b[31m",
        "https://bugs.example.com/" + "x" * 2000,
        "mailto:",
        "mailto:bugs",
        "mailto:bugs@",
        "mailto:@example.com",
        "mailto:bugs@example..com",
        "mailto:one@example.com,two@example.com",
        "mailto:bugs@example.com?subject=x",
        "mailto:bugs@example.com#x",
        "mailto://bugs@example.com",
    ],
)
def test_base_urls_that_cannot_be(baseurl):
    with pytest.raises(BadInput):
        check_baseurl(baseurl)


@pytest.mark.parametrize(
    ("baseurl", "schemes", "why"),
    [
        ("mailto:bugs@example.com", ["http", "https"], r"it begins with http\(s\)://"),
        ("http://bugs.example.com", ["https"], r"it begins with http\(s\)://"),
        ("https://bugs.example.com", ["mailto"], "it is mailto: and an address"),
        ("gopher://bugs.example.com", ["gopher"], "it is mailto: and an address"),
    ],
)
def test_a_scheme_has_to_be_one_of_those(baseurl, schemes, why):
    with pytest.raises(BadInput, match=why):
        check_baseurl(baseurl, schemes)


@pytest.mark.parametrize(
    "same",
    ["mailto:Bugs@example.com", "MAILTO:Bugs@Example.COM", "mailto:Bugs@example.com/"],
)
def test_ways_to_write_an_address(same):
    assert base_key(same) == origin_of(same) == "mailto:Bugs@example.com"
    assert base_key(same) != base_key("mailto:bugs@example.com")
    assert auto_name(same) == "auto-example.com"
    assert auto_title(same).rstrip("/").lower() == "bugs@example.com"


@pytest.mark.parametrize(
    "baseurl",
    [
        "https://user:s3cret@bugs.example.com/",
        "https://:s3cret@bugs.example.com/",
        "https://s3cret@bugs.example.com/",
        "https://user:s3cret@bugs.example.com:port/",
        "https://user:s3c/ret@bugs.example.com/",
        "https://user:s3cret@[bugs",
        "ftp://user:s3cret@bugs.example.com/",
        "user:s3cret@bugs.example.com",
        "https://bugs.example.com/?token=s3cret",
        "https://bugs.example.com/#s3cret",
    ],
)
def test_secrets_are_refused_and_not_quoted(baseurl):
    with pytest.raises(BadInput) as caught:
        check_baseurl(baseurl)
    assert "s3c" not in str(caught.value)
    assert "ret@" not in str(caught.value)


@relaxed
@given(st.text(max_size=40) | st.text(max_size=40).map("https://{}".format))
def test_any_text_is_a_base_url_with_a_key_and_a_name_or_bad_input(text):
    try:
        check_baseurl(text)
    except BadInput:
        return
    assert base_key(text) == base_key(text + "/")
    assert 0 < len(auto_name(text)) <= 95
    assert auto_title(text).isprintable()
    assert origin_of(text) == origin_of(text + "/")


@pytest.mark.parametrize(
    "baseurl",
    [
        *("https://bugs.example.com", "https://Bugs.Example.COM:443/", "https://bugs.example.com."),
        "https://bugs.example.com/some/tracker",
    ],
)
def test_an_origin_is_the_same_however_it_is_written(baseurl):
    assert origin_of(baseurl) == "https://bugs.example.com"


@pytest.mark.parametrize(
    ("baseurl", "origin"),
    [
        ("http://bugs.example.com/x", "http://bugs.example.com"),
        ("http://bugs.example.com:80", "http://bugs.example.com"),
        ("http://bugs.example.com:443", "http://bugs.example.com:443"),
        ("https://bugs.example.com:8443/x", "https://bugs.example.com:8443"),
        ("https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443"),
        ("https://b\xfccher.example/x", "https://xn--bcher-kva.example"),
        ("https://a..b/x", "https://a..b"),
    ],
)
def test_an_origin_is_scheme_host_and_port(baseurl, origin):
    assert origin_of(baseurl) == origin


def test_a_name_is_made_from_the_host():
    assert auto_name("https://Bugs.Example.com:8080/tracker") == "auto-bugs.example.com"
    assert auto_name("http://[2001:db8::1]/") == "auto-2001db81"


def test_a_name_has_room_for_a_number():
    name = auto_name(f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.example.com/")
    assert len(name) <= 95
    assert name.startswith("auto-aaa")


def test_a_title_is_made_from_host_and_path():
    assert auto_title("https://bugs.example.com:8080/tracker/") == "bugs.example.com:8080/tracker"
