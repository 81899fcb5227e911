import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.http.pages import Page, is_challenge, is_html, kind_of_page
from malonewatch.testing.faults import ANUBIS_PAGE, CLOUDFLARE_PAGE, LOGIN_PAGE

URL = "https://bugs.example.com/rest/bug"


def kind(body="", url=URL, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return kind_of_page(url, headers, body.encode())


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("text/html", b"", True),
        ("application/xhtml+xml", b"", True),
        ("application/json", b"<!DOCTYPE html>", True),
        ("", b"\xef\xbb\xbf\r\n  <HTML lang=en>", True),
        ("application/json", b'{"title": "<html>"}', False),
        ("text/xml", b"<?xml version='1.0'?><bugzilla/>", False),
        ("", b"", False),
    ],
)
def test_a_page_is_one_whatever_it_claims_to_be(content_type, body, expected):
    assert is_html(content_type, body) is expected


@pytest.mark.parametrize(
    "body",
    [
        ANUBIS_PAGE,
        CLOUDFLARE_PAGE,
        "<title>Making sure you&#39;re not a bot!</title>",
        "<title>Making sure you’re not a bot!</title>",
        "<script src='/_Incapsula_Resource?x'></script>",
        "<title>DDoS-Guard</title>",
        "<title>Browser check</title>",
        "<title>Robot verification</title>",
    ],
)
def test_a_challenge_is_known_by_its_page(body):
    assert kind(body) is Page.CHALLENGE


@pytest.mark.parametrize(
    "headers",
    [
        {"cf_mitigated": "challenge"},
        {"set_cookie": "a=1, techaro.lol-anubis-auth=x"},
        {"set_cookie": "__ddg1_=x; Path=/"},
    ],
)
def test_a_challenge_is_known_by_its_headers(headers):
    assert kind(**headers) is Page.CHALLENGE


def test_a_challenge_before_a_log_in_page_is_a_challenge():
    assert kind(ANUBIS_PAGE + LOGIN_PAGE) is Page.CHALLENGE


@pytest.mark.parametrize(
    "body",
    [
        LOGIN_PAGE,
        "<input type=password>",
        "<INPUT name=a\nTYPE = 'password'>",
    ],
)
def test_a_log_in_page_is_known_by_its_form(body):
    assert kind(body) is Page.LOGIN


@pytest.mark.parametrize(
    "url",
    [
        "https://bugs.example.com/login",
        "https://bugs.example.com/users/sign_in",
        "https://bugs.example.com/mantis/login_page.php?return=view.php",
        "https://bugs.example.com/index.cgi?GoAheadAndLogIn=1",
    ],
)
def test_a_log_in_page_is_known_by_its_place(url):
    assert kind(url=url) is Page.LOGIN


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Welcome</h1>",
        "<p>I forgot my password; the input was wrong</p>",
        "<title>Checks of the browser</title>",
        "<input type=text><b>type=password</b>",
    ],
)
def test_another_page_is_just_a_page(body):
    assert kind(body) is Page.OTHER
    assert not is_challenge({}, body.encode())


@pytest.mark.parametrize(
    "opening", ["<input ", "<input type", "<title>", "__ddg", "<input type = "]
)
def test_a_page_of_openings_is_gone_through_once(opening):
    """If it were gone through again from each of them, this would not end."""
    body = opening * (2**24 // len(opening))
    assert kind(body, set_cookie=body[: 2**22]) is Page.OTHER


@given(st.binary(), st.text(), st.text())
def test_any_page_is_of_some_kind(body, header, content_type):
    assert is_html(content_type, body) in (True, False)
    assert kind_of_page(URL, {"set-cookie": header, "cf-mitigated": header}, body) in Page
