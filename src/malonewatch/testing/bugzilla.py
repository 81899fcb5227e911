"""A simulated Bugzilla.

From https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html, and from
what Bugzilla 5.0.6 and 5.2 were seen to answer.
"""

from datetime import datetime, timezone
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator


class BugzillaSimulator(Simulator):
    """A Bugzilla with REST; without it if `rest` is false, as before 5.0.

    A bug's ``extra["alias"]`` is its list of aliases.
    """

    defaults = {"status": "CONFIRMED", "priority": "P3", "severity": "normal"}

    def __init__(self, *, rest: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rest = rest

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/rest/bug", self._search),
            web.get("/rest/bug/{id}", self._get),
            web.get("/show_bug.cgi", self._show_bug),
        ]

    def _find(self, name: str) -> SimulatedBug | None:
        if name in self.bugs:
            return self.bugs[name]
        for bug in self.bugs.values():
            if name in bug.extra.get("alias", ()):
                return bug
        return None

    def _fields(self, bug: SimulatedBug, request: web.Request) -> dict[str, Any]:
        if bug.malformed:
            return {"id": int(bug.id), "status": None, "resolution": []}
        fields = {
            "id": int(bug.id),
            "alias": bug.extra.get("alias", []),
            "status": bug.status,
            "resolution": bug.resolution,
            "summary": bug.title,
            "priority": bug.priority,
            "severity": bug.severity,
            "last_change_time": bug.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "is_open": not bug.resolution,
            "dupe_of": None if bug.duplicate_of is None else int(bug.duplicate_of),
        }
        wanted = request.query.get("include_fields")
        if wanted is None:
            return fields
        names = wanted.split(",")
        return {name: value for name, value in fields.items() if name in names}

    async def _search(self, request: web.Request) -> web.Response:
        if not self.rest:
            return _not_found_page()
        names = [name for value in request.query.getall("id", []) for name in value.split(",")]
        since = request.query.get("last_change_time")
        moment = (
            None
            if since is None
            else datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        )
        found = []
        for name in names:
            bug = self._find(name)
            if bug is None or bug.private or (moment is not None and bug.modified < moment):
                continue
            found.append(self._fields(bug, request))
        limit = int(request.query.get("limit", "0"))
        return web.json_response({"bugs": found[:limit] if limit else found})

    async def _get(self, request: web.Request) -> web.Response:
        if not self.rest:
            return _not_found_page()
        name = request.match_info["id"]
        bug = self._find(name)
        if bug is None and not name.isdigit():
            return _error(400, 100, f"'{name}' is not a valid bug number nor an alias to a bug.")
        if bug is None:
            return _error(404, 101, f"Bug #{name} does not exist.")
        if bug.private:
            return _error(401, 102, f"You are not authorized to access bug #{name}.")
        return web.json_response({"bugs": [self._fields(bug, request)], "faults": []})

    async def _show_bug(self, request: web.Request) -> web.Response:
        if request.query.get("ctype") != "xml":
            return web.Response(text="<!DOCTYPE html><title>Bug</title>", content_type="text/html")
        lines = [
            '<?xml version="1.0" encoding="UTF-8" ?>',
            f'<!DOCTYPE bugzilla SYSTEM "{self.url}/page.cgi?id=bugzilla.dtd">',
            f'<bugzilla version="4.0.2" urlbase="{self.url}/" maintainer="admin@example.com">',
        ]
        names = [name for value in request.query.getall("id", []) for name in value.split(",")]
        for name in names:
            lines.append(self._bug_element(name, self._find(name)))
        lines.append("</bugzilla>")
        return web.Response(text="\n".join(lines), content_type="text/xml", charset="UTF-8")

    def _bug_element(self, name: str, bug: SimulatedBug | None) -> str:
        if bug is None or bug.private:
            error = "InvalidBugId" if bug is None else "NotPermitted"
            return f'<bug error="{error}"><bug_id>{escape(name)}</bug_id></bug>'
        values = [("bug_id", bug.id)]
        if not bug.malformed:
            values += [
                *(("alias", alias) for alias in bug.extra.get("alias", ())),
                ("short_desc", bug.title),
                ("delta_ts", bug.modified.strftime("%Y-%m-%d %H:%M:%S +0000")),
                ("bug_status", bug.status),
                ("resolution", bug.resolution),
                ("priority", bug.priority),
                ("bug_severity", bug.severity),
            ]
            if bug.duplicate_of is not None:
                values.append(("dup_id", bug.duplicate_of))
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values if value)
        return f"<bug>{inner}</bug>"


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response(
        {"error": True, "code": code, "message": message, "documentation": ""}, status=status
    )


def _not_found_page() -> web.Response:
    return web.Response(
        status=404,
        text="<!DOCTYPE HTML><html><title>404 Not Found</title></html>",
        content_type="text/html",
    )
