"""What the headers of an answer say.  Pure."""

import email.utils
import functools
import re
from collections.abc import Mapping
from datetime import datetime, timezone

# No server may keep us away for longer than this many seconds.
LONGEST_RETRY_AFTER = 7 * 24 * 3600.0

# Some servers send a fraction, which the protocol does not know.
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")


def text(value: str) -> str:
    """`value` as text that can be kept and sent back.

    What was no UTF-8 came with its bytes as surrogates, and is taken for Latin-1.
    """
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


# Of the answers of a second there may be many.
@functools.lru_cache(maxsize=64)
def http_date(value: str) -> float | None:
    """Seconds since the epoch, None if `value` is no date."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            # It is in GMT whatever it says; https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
            moment = moment.replace(tzinfo=timezone.utc)
        return moment.timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None


def iso_date(value: str) -> float | None:
    """Seconds since the epoch, None if `value` is no date of ISO 8601; it is in UTC by default."""
    try:
        # A Python before 3.11 does not know the Z.
        at = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value.strip()))
        return (at if at.tzinfo is not None else at.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds the server asks to be left alone; None if it does not.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if _SECONDS.fullmatch(value):
        seconds = float(value)
    else:
        moment = http_date(value)
        if moment is None:
            return None
        # By the server's own clock, if it tells.
        server_now = http_date(headers.get("date", ""))
        seconds = moment - (now if server_now is None else server_now)
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def clock_skew(headers: Mapping[str, str], now: float) -> float | None:
    """How many seconds the server's clock is ahead of `now`; None if it does not tell."""
    if "age" in headers:
        # From a cache: the date is that of the answer it kept.
        return None
    server_now = http_date(headers.get("date", ""))
    return None if server_now is None else server_now - now
