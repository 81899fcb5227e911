"""A simulated Pagure.

From https://pagure.io/api/0/, from Pagure's own code, and from what pagure.io was seen to answer.
"""

import re
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

_BUG = re.compile(r"(?P<place>.+)(?P<mark>[#!])(?P<number>\d+)")
_API = re.compile(
    r"/api/0/(?P<place>(?:fork/[^/]+/)?[^/]+(?:/[^/]+)?)"
    r"/(?:(?P<kind>issue|pull-request)/(?P<number>[^/]+)|issues)"
)
_ERRORS = {
    "ENOPROJECT": (404, "Project not found"),
    "ENOISSUE": (404, "Issue not found"),
    "ENOREQ": (404, "Pull-Request not found"),
    "ETRACKERDISABLED": (404, "Issue tracker disabled"),
    "EISSUENOTALLOWED": (403, "You are not allowed to view this issue"),
    "EINVALIDTOK": (401, "Invalid or expired token."),
    "EINVALIDPERPAGEVALUE": (400, "The per_page value must be between 1 and 100"),
    "ETIMESTAMP": (400, "Invalid timestamp format"),
}


class PagureSimulator(Simulator):
    """A Pagure.

    A bug's id is ``project#12`` for an issue, or ``project!12`` for a pull request.  Its `status`
    is Pagure's, `resolution` the reason why it was closed, `priority` a number, and its `extra`
    may have ``tags``, a ``milestone`` and ``closed_at``.

    What can be switched on:

    - `token`: who shows this one may see all there is; another one is refused,
    - `untracked`: projects that have no issues,
    - `is_old`: lists have no pages.
    """

    defaults = {"status": "Open"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token: str | None = None
        self.untracked: set[str] = set()
        self.is_old = False

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/api/0/-/version", self._version),
            web.post("/api/0/-/whoami", self._whoami),
            web.get("/api/0/{rest:.*}", self._api),
        ]

    def _knows(self, request: web.Request) -> bool:
        """Whether it is somebody whom it knows."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "token" and token != self.token:
            raise _error("EINVALIDTOK")
        return scheme == "token"

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.31"})

    async def _whoami(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            raise _error("EINVALIDTOK")
        return web.json_response({"username": "jane"})

    async def _api(self, request: web.Request) -> web.Response:
        found = _API.fullmatch(request.path)
        if found is None:
            raise web.HTTPNotFound
        known = self._knows(request)
        mark = "!" if found["kind"] == "pull-request" else "#"
        place = found["place"].lower()
        bugs = {}
        projects = {name.lower() for name in self.untracked}
        for bug in self.bugs.values():
            parts = _BUG.fullmatch(bug.id)
            assert parts is not None, bug.id
            projects.add(parts["place"].lower())
            if (parts["place"].lower(), parts["mark"]) == (place, mark):
                bugs[parts["number"]] = bug
        if place not in projects:
            raise _error("ENOPROJECT")
        if mark == "#" and place in self.untracked:
            raise _error("ETRACKERDISABLED")
        if found["kind"] is None:
            return self._list(request, list(bugs.values()), known)
        if found["number"] not in bugs:
            raise _error("ENOISSUE" if mark == "#" else "ENOREQ")
        bug = bugs[found["number"]]
        if bug.private and not known:
            raise _error("EISSUENOTALLOWED")
        return web.json_response(_fields(bug, request.query.get("comments") not in ("0", "False")))

    def _list(self, request: web.Request, bugs: list[SimulatedBug], known: bool) -> web.Response:
        status = request.query.get("status", "Open").lower()
        size, page = int(request.query.get("per_page", "20")), int(request.query.get("page", "1"))
        if not 1 <= size <= 100:
            raise _error("EINVALIDPERPAGEVALUE")
        since = datetime.min.replace(tzinfo=timezone.utc)
        if "since" in request.query:
            try:
                since = datetime.fromtimestamp(int(float(request.query["since"])), timezone.utc)
            except ValueError:
                raise _error("ETIMESTAMP") from None
        found = [
            bug
            for bug in reversed(bugs)
            if bug.modified >= since
            and (known or not bug.private)
            and status in ("all", bug.status.lower())
        ]
        some = found if self.is_old else found[(page - 1) * size : page * size]
        answer: dict[str, Any] = {
            "args": {"status": status, "since": request.query.get("since")},
            "issues": [_fields(bug, True) for bug in some],
            "total_issues": len(some),
        }
        if not self.is_old:
            more = page * size < len(found)
            following = request.url.update_query(page=str(page + 1))
            answer["pagination"] = {
                "page": page,
                "per_page": size,
                "next": str(following) if more else None,
            }
        return web.json_response(answer)


def _fields(bug: SimulatedBug, with_comments: bool) -> dict[str, Any]:
    parts = _BUG.fullmatch(bug.id)
    assert parts is not None, bug.id
    person = {"name": "somebody", "fullname": "Some Body"}
    found: dict[str, Any] = {
        "id": int(parts["number"]),
        "title": bug.title,
        "status": None if bug.malformed else bug.status,
        "date_created": "1700000000",
        "last_updated": str(int(bug.modified.timestamp())),
        "closed_at": bug.extra.get("closed_at"),
        "user": person,
        "tags": bug.extra.get("tags", []),
        "comments": [{"id": 1, "comment": "Same here.", "user": person}] if with_comments else [],
    }
    if parts["mark"] == "!":
        return {**found, "branch": "main", "commit_start": None, "updated_on": "1700000000"}
    return {
        **found,
        "content": "It does not work.",
        "close_status": bug.resolution or None,
        "priority": int(bug.priority) if bug.priority else None,
        "milestone": bug.extra.get("milestone"),
        "private": bug.private,
        "depends": [],
        "blocks": [],
    }


def _error(code: str) -> web.HTTPException:
    status, text = _ERRORS[code]
    body = f'{{"error": "{text}", "error_code": "{code}"}}'
    classes = {400: web.HTTPBadRequest, 401: web.HTTPUnauthorized, 403: web.HTTPForbidden}
    return classes.get(status, web.HTTPNotFound)(text=body, content_type="application/json")
