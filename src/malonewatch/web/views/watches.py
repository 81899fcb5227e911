"""The watches: those that a search finds, and each by itself."""

import re
from datetime import datetime, timezone
from typing import Any

from malonewatch.application import searches, trackers, watches
from malonewatch.application.explaining import explain_watch, find_known
from malonewatch.application.explaining.upcoming import of_watch
from malonewatch.application.listing import WatchPage, find_page
from malonewatch.interfaces import BadInput, IBugWatch
from malonewatch.web.database import RequestDatabase
from malonewatch.web.filters import CHANGES, STATUSES, Filters
from malonewatch.web.forms import text
from malonewatch.web.page import done, page, shown
from malonewatch.web.resources import Watches

#: How many bug trackers are offered to choose from.
_OFFERED = 50

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
def listed(context: Watches, request: Any) -> Any:
    """A page of the watches that a search finds.

    What is chosen beside the search becomes a part of it, so that a link, or
    who keeps it, has all of it.
    """
    fields, database = request.GET, RequestDatabase()
    search, sort = text(fields, "q"), text(fields, "sort")
    newest = sort == "changed"
    chosen = [text(fields, name) for name in Filters._fields[1:]]
    if any(chosen):
        search = Filters(search, *chosen).search
        return done(request, [], "watches", q=search, **({"sort": sort} if newest else {}))
    problem, start = "", fields.get("after")
    try:
        found = find_page(database, search, newest, start)
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
        filters=Filters.of(search),
        statuses=STATUSES,
        changes=CHANGES,
        offered=trackers.list_lines(database, size=_OFFERED),
        is_first=start is None,
        **_searches(request, database),
    )


def _searches(request: Any, database: Any) -> dict[str, Any]:
    """The searches that who looks at it keeps, and those that they are told of; None for whoever
    is nobody."""
    identity = request.identity
    if identity is None:
        return {"kept": None, "subscribed": ()}
    return {
        "kept": searches.list_kept(database, identity.name),
        "subscribed": searches.list_subscribed(database, identity.address),
    }


@page(IBugWatch, "watch")
def one(context: Any, request: Any) -> dict[str, Any]:
    """All that is known of a watch."""
    database = RequestDatabase()
    details = watches.show(database, context.__name__)
    known = find_known(database, context.__name__)
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
    """The time that a form says, in UTC unless it says otherwise; None if nothing is said."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(re.sub("[Zz]$", "", text))
        if moment.tzinfo is not None:
            return moment.astimezone(timezone.utc)
        return moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        raise BadInput(f"{text[:40]!r} is no time such as 2024-01-31T12:00, in UTC.") from None
