"""The bugs of ours, and each with its watches."""

from typing import Any

from malonewatch.application import bugs
from malonewatch.application.listing import find_page
from malonewatch.application.references import MOST_DIGITS
from malonewatch.interfaces import BadInput, IBug
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Bugs

_PAGE = 50


def whole_number(text: str) -> int:
    """The number that a form or a link has.

    :raises BadInput: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadInput(f"{text[:40]!r} is not a whole number.")
    return int(text)


@page(Bugs, "bugs")
def listed(context: Bugs, request: Any) -> dict[str, Any]:
    """A page of the bugs, by number."""
    first = whole_number(request.GET.get("from") or "1")
    found = bugs.list_page(RequestDatabase(), first, _PAGE + 1)
    following = found[_PAGE].id if len(found) > _PAGE else None
    return shown(request, "Bugs", bugs=found[:_PAGE], following=following, first=first)


@page(IBug, "bug")
def one(context: Any, request: Any) -> dict[str, Any]:
    """A bug, and a page of its watches."""
    database, number = RequestDatabase(), int(context.__name__)
    (bug,) = bugs.find(database, [number])
    found = find_page(database, f"bug:{number}", start=request.GET.get("after"))
    title = f"Bug {bug.id}: {bug.title}" if bug.title else f"Bug {bug.id}"
    return shown(request, title, bug=bug, found=found)
