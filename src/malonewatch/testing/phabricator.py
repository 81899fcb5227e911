"""A simulated Phabricator.

From https://we.phorge.it/conduit/ and from Phabricator's sources, which say what its
pages look like.
"""

import html
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

STATUSES = {
    "open": ("Open", "Open", False),
    "progress": ("In Progress", "In Progress", False),
    "resolved": ("Resolved", "Closed, Resolved", True),
    "declined": ("Declined", "Closed, Declined", True),
    "invalid": ("Invalid", "Closed, Invalid", True),
    "duplicate": ("Duplicate", "Closed, Duplicate", True),
}
PRIORITIES = {"Unbreak Now!": 100, "Needs Triage": 90, "High": 80, "Normal": 50, "Low": 25}


class PhabricatorSimulator(Simulator):
    """A Phabricator.

    A bug's `status` is a value, its `duplicate_of` the id of another one.

    - `tokens`: the tokens that are known; True for those who see what is private,
    - `public`: strangers see the pages of tasks,
    - `edges`: it tells what a task duplicates,
    - `old`: it does not tell when a task was closed.

    `sent_to_pages` is what came with the requests for pages, which is nothing.

    A bug's ``extra["closed"]`` is the second at which it was; one whose
    ``extra["unlisted"]`` is true is in no search.
    """

    defaults = {"status": "open", "priority": "Needs Triage"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tokens: dict[str, bool] = {}
        self.public = True
        self.edges = True
        self.old = False
        self.sent_to_pages = ""

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/api/{method}", self._call),
            web.get(r"/T{number:\d+}", self._page),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        form = parse_qsl(await request.text())
        numbers = [value for name, value in form if name.startswith("constraints[ids]")]
        return request.path == f"/{id}" or id.removeprefix("T") in numbers

    # Conduit.

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        form = parse_qsl(await request.text())
        if method == "conduit.ping":
            return _answer("phab01")
        sees_all = self.tokens.get(dict(form).get("api.token", ""))
        if sees_all is None:
            return _answer(None, "ERR-INVALID-AUTH", 'API token "x" is not valid.')
        lists: dict[str, list[str]] = {}
        for name, value in form:
            lists.setdefault(name.rpartition("[")[0], []).append(value)
        listed = [bug for bug in self.bugs.values() if not bug.extra.get("unlisted")]
        seen = [bug for bug in listed if sees_all or not bug.private]
        if method == "user.whoami":
            return _answer({"phid": "PHID-USER-1", "userName": "jane"})
        if method == "maniphest.search":
            ids = lists.get("constraints[ids]", []), lists.get("constraints[phids]", [])
            # No page is longer.
            assert max(map(len, ids)) <= 100
            return _data([self._fields(bug) for bug in seen if _is_in(bug, *ids)])
        if method == "maniphest.status.search":
            return _data(
                {"name": name, "value": value, "closed": closed}
                for value, (name, _, closed) in STATUSES.items()
            )
        if method == "maniphest.priority.search":
            return _data({"name": name, "value": value} for name, value in PRIORITIES.items())
        if method == "edge.search" and self.edges:
            sources = lists["sourcePHIDs"]
            return _data(
                {
                    "sourcePHID": _phid(bug.id),
                    "edgeType": lists["types"][0],
                    "destinationPHID": _phid(bug.duplicate_of),
                }
                for bug in seen
                if bug.duplicate_of and _phid(bug.id) in sources
            )
        return _answer(None, "ERR-CONDUIT-CALL", f'Conduit method "{method}" does not exist.')

    def _fields(self, bug: SimulatedBug) -> dict[str, Any]:
        name, _, _ = STATUSES.get(bug.status, (bug.status, bug.status, False))
        fields = {
            "name": bug.title,
            "status": {"value": None if bug.malformed else bug.status, "name": name},
            "priority": {"value": PRIORITIES.get(bug.priority, 0), "name": bug.priority},
            "dateClosed": bug.extra.get("closed"),
            "dateModified": int(bug.modified.timestamp()),
        }
        if self.old:
            del fields["dateClosed"]
        return {
            "id": int(bug.id.removeprefix("T")),
            "type": "TASK",
            "phid": _phid(bug.id),
            "fields": fields,
        }

    # Pages.

    async def _page(self, request: web.Request) -> web.Response:
        self.sent_to_pages += await request.text()
        bug = self.bugs.get(f"T{request.match_info['number']}")
        if not self.public or (bug is not None and bug.private):
            return _html("Login", '<form action="/auth/login/password:self/" method="POST"></form>')
        if bug is None:
            return _html("404 Not Found", status=404)
        _, full, closed = STATUSES.get(bug.status, (bug.status, bug.status, False))
        words = full if closed else f"{full}, {bug.priority}"
        tag = (
            '<span class="phui-tag-view phui-tag-type-shade phui-tag-grey phui-tag-icon-view ">'
            '<span class="phui-tag-core "><span class="visual-only phui-icon-view fa-square-o" '
            f'aria-hidden="true"></span>{html.escape(words)}</span></span>'
        )
        head = f'<span class="phui-header-header">{html.escape(bug.title)}</span>'
        below = f'<div class="phui-header-subheader">{"" if bug.malformed else tag}</div>'
        return _html(f"⚓ {bug.id} {html.escape(bug.title)}", f"<h1>{head}{below}</h1>")


def _phid(id: str) -> str:
    return f"PHID-TASK-{id.removeprefix('T'):0>20}"


def _is_in(bug: SimulatedBug, numbers: list[str], phids: list[str]) -> bool:
    return bug.id.removeprefix("T") in numbers or _phid(bug.id) in phids


def _data(records: Any) -> web.Response:
    cursor = {"limit": 100, "after": None, "before": None, "order": None}
    return _answer({"data": list(records), "maps": {}, "cursor": cursor})


def _answer(result: Any, code: str | None = None, info: str | None = None) -> web.Response:
    return web.json_response({"result": result, "error_code": code, "error_info": info})


def _html(title: str, body: str = "", status: int = 200) -> web.Response:
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return web.Response(status=status, text=text, content_type="text/html")
