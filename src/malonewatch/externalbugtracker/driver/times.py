"""Moments in answers.  Pure."""

from datetime import datetime, timezone


def is_number(text: str) -> bool:
    """Whether `text` is a number of ASCII digits, as most bug ids are."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def parse_time(text: str, *, zoned: bool = False) -> datetime | None:
    """The time, aware and in UTC, that ISO 8601 `text` gives; None if it gives none.

    A time without an offset is taken to be UTC, or for none if it has to be
    `zoned`: where servers write times for people, in a zone of their own.
    """
    if not text:
        return None
    # Python 3.10 does not know the Z, nor an offset without a colon.
    if text.endswith("Z"):
        text = text[:-1] + "+00:00"
    elif text[-5:-4] in ("+", "-") and text[-4:].isdecimal() and ":" in text:
        text = f"{text[:-2]}:{text[-2:]}"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is timezone.utc:
            return moment
        if moment.tzinfo is None:
            return None if zoned else moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def from_epoch(seconds: str | float) -> datetime | None:
    """The time, aware and in UTC, so many seconds after 1970; None for none, or for 0."""
    try:
        value = float(seconds)
        return datetime.fromtimestamp(value, timezone.utc) if value else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def format_time(moment: datetime) -> str:
    """`moment` in UTC, ISO 8601 to the second, with a Z."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
