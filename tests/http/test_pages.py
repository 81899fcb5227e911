import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from malonewatch.http.pages import (
    is_block,
    is_challenge,
    is_challenged,
    is_html,
    is_login,
    is_maintenance,
    speaks_of_maintenance,
    speaks_of_rate,
)
from malonewatch.testing.faults import (
    ANUBIS_PAGE,
    CLOUDFLARE_BLOCK_PAGE,
    CLOUDFLARE_PAGE,
    LOGIN_PAGE,
    SHUTDOWN_PAGE,
)

URL = "https://bugs.example.com/rest/bug"


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


CERTAIN = [
    ANUBIS_PAGE,
    CLOUDFLARE_PAGE,
    CLOUDFLARE_BLOCK_PAGE,
    '<div class="cf-wrapper"><div id="cf-error-details">',
    "<title>Attention Required! | Cloudflare</title>",
    "<TITLE> Just a moment...\n</TITLE>",
    "<title>Making sure you&#39;re not a bot!</title>",
    "<title>Making sure you’re not a bot!</title>",
    "<iframe id='main-iframe' src='/_Incapsula_Resource?x'></iframe>",
    "<title>DDoS-Guard</title>",
]
LIKELY = [
    "<h1>Sorry, you have been blocked</h1>",
    "<title>Access denied | bugs.example.com used Cloudflare to restrict access</title>",
    "<script src='/_Incapsula_Resource?x'></script>",
    "<script>window._cf_chl_opt = {}</script>",
    "<script src='https://1a2b.token.awswaf.com/challenge.js'></script>",
    "<title>Browser check</title>",
    "<title>Robot verification</title>",
]


@pytest.mark.parametrize("body", CERTAIN + LIKELY)
def test_a_challenge_is_known_by_its_page(body):
    assert is_challenge({}, body.encode(), wanted=False)


@pytest.mark.parametrize("body", CERTAIN)
def test_a_challenge_is_known_where_a_page_was_asked_for(body):
    assert is_challenge({}, body.encode(), wanted=True)


@pytest.mark.parametrize("body", CERTAIN + LIKELY)
def test_a_bug_report_on_a_challenge_is_none(body):
    written = f"<title>Issue 7: {html.escape(body)}</title><p>{html.escape(body)}</p>"
    headers = {"set-cookie": "__ddg1_=x; Path=/"}
    assert not is_challenge(headers, written.encode(), wanted=True)


@pytest.mark.parametrize(
    "cookie", ["a=1, techaro.lol-anubis-auth=x", "__ddg1_=x; Path=/", "__DDG2_=x"]
)
def test_a_challenge_is_known_by_its_cookie(cookie):
    assert is_challenge({"set-cookie": cookie}, b"", wanted=False)


@pytest.mark.parametrize(
    "headers",
    [
        {"cf-mitigated": "challenge"},
        {"x-amzn-waf-action": "challenge"},
        {"x-amzn-waf-action": " CAPTCHA"},
        {"x-vercel-mitigated": "deny"},
    ],
)
def test_a_challenge_is_known_by_its_headers(headers):
    assert is_challenged(headers)


@pytest.mark.parametrize("headers", [{}, {"cf-ray": "1-FRA"}, {"x-amzn-waf-action": "allow"}])
def test_other_headers_are_no_challenge(headers):
    assert not is_challenged(headers)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("error code: 1020", True),
        ("error code: 1010\n", True),
        ('{"error_code": 1020, "cloudflare_error": true}', True),
        ('{"error_code": 1020, "cloudflare_error":true}', True),
        ('{"title": "The error code: 1020"}', False),
        ('{"title": "\\"cloudflare_error\\": true"}', False),
        ("error code: 102", False),
        ("error code: 10200", False),
        ("", False),
    ],
)
def test_a_block_is_known_without_a_page(body, expected):
    assert is_block(body.encode()) is expected


@pytest.mark.parametrize(
    "body",
    [
        LOGIN_PAGE,
        "<input type=password>",
        "<INPUT name=a\nTYPE = 'password'>",
        "<html><head><title>Frob Services | Sign In</title></head></html>",
    ],
)
def test_a_log_in_page_is_known_by_its_form_or_its_title(body):
    assert is_login(URL, body.encode())


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
    assert is_login(url, b"")


@pytest.mark.parametrize(
    "body",
    [
        SHUTDOWN_PAGE,
        "<h1>Down for maintenance</h1>",
        "<title>Scheduled Maintenance</title>",
        "<h2 class=x>We will be back soon</h2>",
        "<h1>The server was shut down</h1>",
    ],
)
def test_maintenance_is_known_by_title_or_heading(body):
    assert is_maintenance(body.encode())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"message": "GitLab is in maintenance mode"}', True),
        ("We are down for a moment", True),
        ("Service unavailable", False),
    ],
)
def test_an_answer_that_is_none_speaks_of_maintenance(body, expected):
    assert speaks_of_maintenance(body.encode()) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("API rate limit exceeded for 192.0.2.1.", True),
        ("You have triggered an abuse detection mechanism", True),
        ("Too Many Requests", True),
        ("<Code>SlowDown</Code>", True),
        ("You are not allowed to see this bug", False),
    ],
)
def test_an_answer_that_is_none_speaks_of_the_rate(body, expected):
    assert speaks_of_rate(body.encode()) is expected


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Welcome</h1>",
        "<p>I forgot my password; the input was wrong; maintenance</p>",
        "<title>Checks of the browser</title>",
        "<input type=text><b>type=password</b>",
        # Allura's own.
        "<title>403 Forbidden</title><h1>403 Forbidden</h1><p>You may not see this ticket.</p>",
    ],
)
def test_another_page_is_just_a_page(body):
    assert not is_challenge({}, body.encode(), wanted=False)
    assert not is_login(URL, body.encode())
    assert not is_maintenance(body.encode())


OPENINGS = ["<input ", "<input type", "<title>", "__ddg", "<input type = ", "<script ", "<"]
OPENINGS += ["<title> ", "<h1>is ", "type ", "making sure you", "verify ", "<iframe"]


@pytest.mark.parametrize("opening", OPENINGS)
def test_a_page_of_openings_is_gone_through_once(opening):
    """If it were gone through again from each of them, this would not end."""
    body = (opening * (2**24 // len(opening))).encode()
    assert not is_challenge({"set-cookie": opening * 2**20}, body, wanted=False)
    assert not is_login(URL, body)
    assert not is_maintenance(body)
    assert not is_block(body)


@given(st.binary(), st.text(), st.text())
def test_any_page_is_of_some_kind(body, header, content_type):
    headers = {"set-cookie": header, "cf-mitigated": header}
    assert is_html(content_type, body) in (True, False)
    assert is_challenge(headers, body, wanted=False) in (True, False)
    assert is_login(URL, body) in (True, False)
