"""Searches that people keep."""

from typing import Any

from malonewatch.application import searches
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import text
from malonewatch.web.page import action, done
from malonewatch.web.resources import Watches
from malonewatch.web.security import VIEW


@action(Watches, "keep", VIEW)
def keep(context: Watches, request: Any) -> Any:
    """Keep a search, without being told of anything."""
    search = text(request.POST, "q")
    searches.keep(RequestDatabase(), request.authenticated_userid or "", search)
    return done(request, [f"The search {search!r} is kept."], "watches", q=search)


@action(Watches, "drop", VIEW)
def drop(context: Watches, request: Any) -> Any:
    """Keep a search no more."""
    search = text(request.POST, "q")
    searches.drop(RequestDatabase(), request.authenticated_userid or "", search)
    return done(request, [f"The search {search!r} is kept no more."], "watches")
