"""The front page: what moved."""

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from malonewatch.application.facts import now
from malonewatch.application.moved import find_moved
from malonewatch.web import ROUTE
from malonewatch.web.database import RequestDatabase
from malonewatch.web.page import page, shown
from malonewatch.web.resources import Desk

#: How many watches are shown at most.
_MOST = 50

#: After so long without a look at the page the next one is another visit.
_PAUSE = timedelta(minutes=30)

_COOKIE = "malonewatch-seen"
_YEAR = 365 * 86400

#: What can be chosen instead of the last visit, in hours.
_CHOICES = {"1d": ("a day", 24), "7d": ("a week", 168), "30d": ("30 days", 720)}


@page(Desk, "front")
def moved(context: Desk, request: Any) -> dict[str, Any]:
    """What moved since the last visit, or in as much time as was chosen."""
    moment = now()
    before, last = _visits(request, moment)
    if last is None or moment - last > _PAUSE:
        before = last
    _remember(request, before, moment)
    chosen = request.GET.get("since", "")
    if chosen in _CHOICES:
        since = moment - timedelta(hours=_CHOICES[chosen][1])
    else:
        chosen = ""
        since = before or moment - timedelta(days=7)
    found = find_moved(RequestDatabase(), since, _MOST + 1)
    count = sum(len(bug.watches) for bug in found)
    return shown(
        request,
        "What moved",
        bugs=found,
        since=since,
        chosen=chosen,
        choices=[("", "my last visit" if before else "a week"), *_choices(before)],
        more=count > _MOST,
    )


def _choices(before: datetime | None) -> list[tuple[str, str]]:
    return [(key, title) for key, (title, _) in _CHOICES.items() if before or key != "7d"]


def _visits(request: Any, moment: datetime) -> tuple[datetime | None, datetime | None]:
    """When the visit before this one was, and when the page was last seen; None if never."""
    kept = re.fullmatch("([0-9]{1,10})-([0-9]{1,10})", request.cookies.get(_COOKIE, ""))
    if kept is None:
        return None, None
    before, last = (
        min(datetime.fromtimestamp(int(each), timezone.utc), moment) for each in kept.groups()
    )
    return before if int(kept[1]) else None, last


def _remember(request: Any, before: datetime | None, moment: datetime) -> None:
    first = 0 if before is None else int(before.timestamp())
    request.response.set_cookie(
        _COOKIE,
        f"{first}-{int(moment.timestamp())}",
        max_age=_YEAR,
        path=request.route_path(ROUTE, traverse=()),
        httponly=True,
        samesite="Lax",
        secure=request.scheme == "https",
    )
