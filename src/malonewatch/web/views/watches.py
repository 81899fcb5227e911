"""The watches: those that a search finds, and each by itself."""

import re
from datetime import datetime, timezone
from typing import Any

from malonewatch.application import watches
from malonewatch.application.explaining import explain_watch
from malonewatch.application.explaining.upcoming import of_watch
from malonewatch.application.listing import WatchPage, find_page
from malonewatch.interfaces import BadInput, IBugWatch
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Watches

#: What many look for.
_USUAL = (
    ("All", ""),
    ("Open", "open"),
    ("Fixed", "fixed"),
    ("Closed", "closed"),
    ("Not known", "status:unknown"),
    ("Changed this week", "changed<7d"),
)


@page(Watches, "watches")
def listed(context: Watches, request: Any) -> dict[str, Any]:
    """A page of the watches that a search finds."""
    search = request.GET.get("q", "").strip()
    newest = request.GET.get("sort") == "changed"
    problem = ""
    try:
        found = find_page(RequestDatabase(), search, newest, request.GET.get("after"))
    except BadInput as error:
        found, problem = WatchPage((), None), str(error)
        request.response.status_int = 400
    return shown(
        request,
        "Watches",
        found=found,
        search=search,
        sort="changed" if newest else "",
        problem=problem,
        usual=_USUAL,
    )


@page(IBugWatch, "watch")
def one(context: Any, request: Any) -> dict[str, Any]:
    """All that is known of a watch."""
    database = RequestDatabase()
    details = watches.show(database, context.__name__)
    known = explain_watch(database, context.__name__).known
    return shown(
        request,
        details.facts.remote,
        details=details,
        watch=details.facts,
        chain=known.said if len(known.said) > 1 else (),
        shown_at=known.shown,
        upcoming=list(of_watch(known.watch, known.tracker, known.now)),
    )


@page(IBugWatch, "explain", "explain")
def explained(context: Any, request: Any) -> dict[str, Any]:
    """Why its status is what it is, or was at a time."""
    given = request.GET.get("at", "").strip()
    explanation = explain_watch(RequestDatabase(), context.__name__, _moment(given))
    return shown(
        request, f"Why {explanation.title}", explanation=explanation, at=given, id=context.__name__
    )


def _moment(text: str) -> datetime | None:
    """The time that a form says, in UTC; None if nothing is said."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(re.sub("[Zz]$", "", text))
        return moment.replace(tzinfo=timezone.utc)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no time such as 2024-01-31T12:00, in UTC.") from None
