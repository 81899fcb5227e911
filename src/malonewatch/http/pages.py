"""Telling a page that is in the way from an answer.  Pure: bytes in, verdict out."""

import enum
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

# How much of a page is looked at.
_LOOK = 64 * 1024

_CHALLENGE = re.compile(
    rb"/\.within\.website/x/cmd/anubis/|techaro\.lol-anubis"
    rb"|making sure you('|&#39;|&#x27;|\xe2\x80\x99)re not a bot"
    rb"|cf-chl-|/cdn-cgi/challenge-platform/|just a moment\.\.\.</title|_Incapsula_Resource"
    rb"|ddos-guard|<title>[^<]*(bot|robot|browser)[ -]?(check|verification)",
    re.IGNORECASE,
)
_CHALLENGE_COOKIE = re.compile(r"techaro\.lol-anubis|__ddg\w{0,9}_=", re.IGNORECASE)
# Not across another tag: a page of nothing but openings would take for ever.
_LOGIN = re.compile(rb"<input[^<>]+type\s*=\s*[\"']?password", re.IGNORECASE)
_LOGIN_PATH = re.compile(
    r"/(login|log_in|signin|sign_in|login_page\.php|account/login(\.php)?|users/sign_in)/?$",
    re.IGNORECASE,
)


class Page(enum.Enum):
    """What kind of page stands where there should be data."""

    CHALLENGE = enum.auto()
    LOGIN = enum.auto()
    OTHER = enum.auto()


def is_html(content_type: str, body: bytes) -> bool:
    """Whether an answer is a page, whatever it claims to be."""
    if content_type in HTML_TYPES:
        return True
    start = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def is_challenge(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a page tells robots from people instead of answering."""
    return (
        headers.get("cf-mitigated", "").lower() == "challenge"
        or _CHALLENGE_COOKIE.search(headers.get("set-cookie", "")) is not None
        or _CHALLENGE.search(body[:_LOOK]) is not None
    )


def kind_of_page(url: str, headers: Mapping[str, str], body: bytes) -> Page:
    """What the page at `url` (after redirects) is."""
    if is_challenge(headers, body):
        return Page.CHALLENGE
    parts = urlsplit(url)
    if (
        _LOGIN_PATH.search(parts.path)
        or "GoAheadAndLogIn" in parts.query
        or _LOGIN.search(body[:_LOOK])
    ):
        return Page.LOGIN
    return Page.OTHER
