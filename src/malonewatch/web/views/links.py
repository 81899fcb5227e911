"""The links in source trees: what their bugs mean for the places that name them."""

from typing import Any

from malonewatch.application import linking, links
from malonewatch.web.database import RequestDatabase
from malonewatch.web.forms import text, whole_number
from malonewatch.web.page import action, done, page, shown
from malonewatch.web.resources import Links
from malonewatch.web.security import MANAGE_TRACKERS

_PAGE = 50


@page(Links, "links")
def listed(context: Links, request: Any) -> dict[str, Any]:
    """The source trees; or the links of one, a page of them."""
    database, project = RequestDatabase(), text(request.GET, "project")
    if not project:
        return shown(
            request, "Source trees", projects=links.list_projects(database), project="", links=()
        )
    first = max(whole_number(request.GET.get("from") or "1"), 1)
    found = links.list_page(database, project, first, _PAGE + 1)
    return shown(
        request,
        f"Links in {project}",
        projects=(),
        project=project,
        links=found[:_PAGE],
        following=first + _PAGE if len(found) > _PAGE else None,
    )


@action(Links, "accept", MANAGE_TRACKERS)
def accept(context: Links, request: Any) -> Any:
    """Register a bug tracker that links lead to, and have their bugs watched."""
    project, baseurl = (text(request.POST, name) for name in ("project", "baseurl"))
    registered = linking.accept(RequestDatabase(), project, baseurl)
    told = [f"Registered {each.name}, of type {each.bugtrackertype}." for each in registered]
    return done(request, [*told, f"What {project} names there is watched."], "needs")
