"""What the author of a line says of the links in it.

``malonewatch: until closed`` and the like, in any case, anywhere in the line or
in a line of its own before it.
"""

import re
from typing import NamedTuple

from malonewatch.interfaces import Wish

_MARK = re.compile(r"malonewatch:\s{0,8}(\w{1,20})(?:\s{1,8}(\w{1,20}))?", re.IGNORECASE)
_WISHES = {wish.value: wish for wish in Wish}


class Said(NamedTuple):
    """What a line says: a wish, or that it is to be left alone; neither where that is not known."""

    wish: Wish | None = None
    ignore: bool = False


def said_in(text: str) -> Said | None:
    """What a line says to malonewatch; None if it says nothing."""
    # Most lines say nothing, and this is the quicker way to see it.
    mark = _MARK.search(text) if "malonewatch" in text.lower() else None
    if mark is None:
        return None
    first, second = mark.groups(default="")
    if first.lower() == "ignore":
        return Said(ignore=True)
    return Said(_WISHES.get(f"{first} {second}".lower()))
