"""Filing a bug of ours elsewhere: look there first, file it, and say where it is then."""

from typing import Any

from malonewatch.application import bugs, filing, trackers
from malonewatch.interfaces import IBug
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import text
from malonewatch.web.page import page, shown
from malonewatch.web.security import WATCH

#: How many bug trackers are offered.
_OFFERED = 50


@page(IBug, "file", "file", permission=WATCH)
def file_there(context: Any, request: Any) -> dict[str, Any]:
    """Where to look for a bug in a bug tracker, and where to file it."""
    database, number = RequestDatabase(), int(context.__name__)
    (bug,) = bugs.find(database, [number])
    names = ("tracker", "product", "summary", "description")
    tracker, *said = (text(request.GET, name) for name in names)
    found = filing.find_links(database, number, tracker, *said) if tracker else None
    return shown(
        request,
        f"File bug {number} elsewhere",
        bug=bug,
        found=found,
        tracker=tracker,
        product=said[0],
        summary=said[1] or filing.find_summary(database, number),
        description=said[2],
        offered=trackers.list_lines(database, size=_OFFERED),
    )
