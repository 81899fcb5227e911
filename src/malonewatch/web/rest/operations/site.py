"""The operations on what is known of the site: types, links, credentials."""

from typing import Any

from malonewatch.application import credentials, links, types
from malonewatch.web.rest.calls import Call, Page, operation, page_of


@operation(types.list_types)
def list_types(call: Call) -> Page:
    return Page(list(types.list_types(call.database)))


@operation(links.report)
def report(call: Call) -> Page:
    query = call.query
    projects = [query["project"]] if "project" in query else []
    found = links.report(call.database, projects, [query["part"]] if "part" in query else [])

    def place(link: Any) -> list[Any]:
        return [link.project, link.path, link.line, link.column]

    return page_of(call, sorted(found, key=place), place)


@operation(credentials.check_credentials, waits=True)
def check_credentials(call: Call) -> Any:
    with call.detached() as database:
        return {"checks": credentials.check_credentials(database)}
