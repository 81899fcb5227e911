"""Texts that people read: how wide they are, counts, and lengths of time."""

import unicodedata

from malonewatch.cleaning import JOINERS
from malonewatch.wording import ago, at, count_of, span

__all__ = ["ago", "at", "count_of", "span", "width"]


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character) or character in JOINERS
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
