"""Texts that people read: cleaned, cut off, and lengths of time."""

import re
import unicodedata
from datetime import datetime

# Control sequences, and the strings that some of them begin.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)
# They join characters into one, in scripts and emoji that need it.
_JOINERS = "\u200c\u200d"

#: No line of text is longer.
LONGEST_LINE = 2000


def clean(text: str, limit: int = LONGEST_LINE) -> str:
    """`text` from who knows where as one line that is safe on a terminal.

    Without control sequences and what changes the direction of writing, and
    cut off at `limit` characters.
    """
    # Cut before too: a text without end would cost its length.
    text = _SEQUENCES.sub("", text[: 2 * limit])
    if not text.isprintable():
        text = "".join(map(_safe, text))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _safe(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf") else "\ufffd"


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character) or character in _JOINERS
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def count_of(number: int, one: str, many: str | None = None) -> str:
    """``1 watch``, ``2 watches``; `many` is `one` with an s if not given."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def span(seconds: float) -> str:
    """A length of time in one unit: ``5m``, ``3h``, ``12d``."""
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}m"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f}h"
    return f"{seconds // 86400:.0f}d"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago `moment` was, or how far ahead it is."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 10:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def at(moment: datetime | None, now: datetime) -> str:
    """`moment`, and how long ago it was; empty if there is none."""
    if moment is None:
        return ""
    return f"{moment.strftime('%Y-%m-%d %H:%M:%S UTC')} ({ago(moment, now)})"
