"""Telling a page that is in the way from an answer.  Pure: bytes in, verdict out.

A page may be what was asked for, and then has what people wrote in it: a bug
report on such pages in the way is none.  There only what no such text can have
counts, the whole title or something within a tag.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

# How much of a page is looked at, and of an answer that has a sentence in it.
_LOOK = 64 * 1024
_GLANCE = 4 * 1024

# Every pattern goes through what it is given once: none goes on across another tag.
_CHALLENGE = re.compile(
    rb"<(script|link)[^<>]*(/\.within\.website/x/cmd/anubis/|/cdn-cgi/challenge-platform/h/)"
    rb"|<[^<>]+id=[\"']?(cf-error-details|anubis_challenge|challenge-error-text)\b"
    rb"|<iframe[^<>]*/_Incapsula_Resource"
    rb"|<title>\s*(just a moment\.\.\.|ddos-guard|attention required! \| cloudflare"
    rb"|making sure you('|&#39;|&#x27;|\xe2\x80\x99)re not a bot!?)\s*</title",
    re.IGNORECASE,
)
# Where a page is not what was asked for, there is less need to be sure.
_LIKELY_CHALLENGE = re.compile(
    rb"making sure you('|&#39;|&#x27;|\xe2\x80\x99)re not a bot"
    rb"|cf-chl-|_cf_chl_opt|/cdn-cgi/challenge-platform/|just a moment\.\.\.</title"
    rb"|sorry, you have been blocked|used cloudflare to restrict access"
    rb"|_Incapsula_Resource|incapsula incident id|ddos-guard|captcha-delivery\.com|px-captcha"
    rb"|awswaf\.com/|sucuri website firewall|errors\.edgesuite\.net"
    rb"|checking your browser before accessing|verify(ing)? (that )?you are (a )?human"
    rb"|<title>[^<]*(bot|robot|browser)[ -]?(check|verification)",
    re.IGNORECASE,
)
_CHALLENGE_COOKIE = re.compile(r"techaro\.lol-anubis|__ddg\w{0,9}_=", re.IGNORECASE)
_CHALLENGE_HEADERS = {
    "cf-mitigated": ("challenge",),
    "x-amzn-waf-action": ("challenge", "captcha"),
    "x-vercel-mitigated": ("challenge", "deny"),
}

# Cloudflare's, for those who do not ask for a page.
_BLOCK = re.compile(
    rb"\s{0,9}error code: 1[0-9]{3}\s{0,9}\Z|[^<]*\"cloudflare_error\"\s{0,9}:\s{0,9}true"
)

_MAINTENANCE = (
    rb"maintenance|shut ?down|\bis (currently )?(down|offline|closed)\b|\bdown for\b"
    rb"|\b(be|are) (right )?back (soon|shortly|later|in )"
)
_MAINTENANCE_WORDS = re.compile(_MAINTENANCE, re.IGNORECASE)
_MAINTENANCE_HEADING = re.compile(
    rb"<(title|h1|h2)\b[^<>]*>[^<]*(" + _MAINTENANCE + rb")", re.IGNORECASE
)
_RATE_WORDS = re.compile(
    rb"rate[ -]?limit|too many (requests|connections)|throttl|\bslow ?down\b|abuse detection",
    re.IGNORECASE,
)

_LOGIN = re.compile(
    rb"<input[^<>]+type\s*=\s*[\"']?password|<title>[^<]{0,100}\bsign in\s*</title>", re.IGNORECASE
)
_LOGIN_PATH = re.compile(
    r"/(login|log_in|signin|sign_in|login_page\.php|account/login(\.php)?|users/sign_in)/?$",
    re.IGNORECASE,
)


def is_html(content_type: str, body: bytes) -> bool:
    """Whether an answer is a page, whatever it claims to be."""
    if content_type in HTML_TYPES:
        return True
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def is_challenged(headers: Mapping[str, str]) -> bool:
    """Whether the headers alone say that there is a challenge, with a page or without."""
    return not _CHALLENGE_HEADERS.keys().isdisjoint(headers) and any(
        headers.get(name, "").strip().lower() in values
        for name, values in _CHALLENGE_HEADERS.items()
    )


def is_challenge(headers: Mapping[str, str], body: bytes, *, wanted: bool) -> bool:
    """Whether a page tells robots from people, or keeps this one out, instead of answering.

    `wanted` says that it may be a page that was asked for.
    """
    body = body[:_LOOK]
    return _CHALLENGE.search(body) is not None or (
        not wanted
        and (
            _LIKELY_CHALLENGE.search(body) is not None
            or _CHALLENGE_COOKIE.search(headers.get("set-cookie", "")) is not None
        )
    )


def is_block(body: bytes) -> bool:
    """Whether a refusal that is no page keeps robots out."""
    return _BLOCK.match(body[:_GLANCE]) is not None


def is_login(url: str, body: bytes) -> bool:
    """Whether the page at `url` (after redirects) is a log-in form."""
    parts = urlsplit(url)
    return (
        _LOGIN_PATH.search(parts.path) is not None
        or "GoAheadAndLogIn" in parts.query
        or _LOGIN.search(body[:_LOOK]) is not None
    )


def is_maintenance(body: bytes) -> bool:
    """Whether a page's title or heading says that the site is down for a while."""
    return _MAINTENANCE_HEADING.search(body[:_LOOK]) is not None


def speaks_of_maintenance(body: bytes) -> bool:
    """Whether an answer that is none says that the site is down for a while."""
    return _MAINTENANCE_WORDS.search(body[:_GLANCE]) is not None


def speaks_of_rate(body: bytes) -> bool:
    """Whether an answer that is none says that there were too many requests."""
    return _RATE_WORDS.search(body[:_GLANCE]) is not None
