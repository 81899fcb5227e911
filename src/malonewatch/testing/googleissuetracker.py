"""A simulated Google Issue Tracker, with what is left of Monorail.

From what others found out about the answers to Google's own pages,
https://github.com/rly0nheart/buganize/tree/main/src/buganize/api.
"""

import json
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

#: No script of another site can run what comes after it.
GUARD = ")]}'\n"
JSON = "application/json"
SIGN_IN = "/v3/signin/identifier"
STATUSES = (
    *("NEW", "ASSIGNED", "ACCEPTED", "FIXED", "VERIFIED", "NOT_REPRODUCIBLE"),
    *("INTENDED_BEHAVIOR", "OBSOLETE", "INFEASIBLE", "DUPLICATE"),
)


class GoogleIssueTrackerSimulator(Simulator):
    """A host of Google's.

    A bug's `status` is one of `STATUSES`, or a number; its `priority` P0 to P4.
    A bug whose id is ``project#12`` is one of Monorail's, and its `moved_to` the
    number of the issue that its URL redirects to.  What can be switched on:

    - `private_status`: that of an issue which is not for everybody, 401 or 403,
    - `redirect_status`: how Monorail's URLs redirect.
    """

    defaults = {"status": "NEW", "priority": "P2"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.private_status = 403
        self.redirect_status = 301

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.post("/action/issues/batch", self._batch),
            web.post(r"/action/issues/{id:\d+}/getIssue", self._one),
            web.get("/action/trackers/157", self._tracker),
            web.get("/p/{project}/issues/detail", self._monorail),
            web.get(r"/issues/{id:\d+}", self._page),
            web.get(SIGN_IN, self._sign_in),
        ]

    async def _body(self, request: web.Request) -> Any:
        """What is asked, if the request comes from a page of this very host."""
        if (request.headers.get("Origin"), request.content_type) != (self.origin, JSON):
            raise web.HTTPForbidden
        return await request.json()

    async def _batch(self, request: web.Request) -> web.Response:
        kind, _, _, (ids, _, _) = await self._body(request)
        assert kind == "b.BatchGetIssuesRequest"
        found = [self.bugs.get(str(id)) for id in ids]
        # In no order, and without those that are not there, or not for everybody.
        issues = [_issue(bug) for bug in reversed(found) if bug is not None and not bug.private]
        return _answer("b.BatchGetIssuesResponse", None, [issues or None])

    async def _one(self, request: web.Request) -> web.StreamResponse:
        number, _, _ = await self._body(request)
        bug = self.bugs.get(request.match_info["id"])
        if bug is None or str(number) != bug.id:
            raise web.HTTPNotFound
        if bug.private:
            return web.Response(status=self.private_status)
        return _answer("b.IssueFetchResponse", [None, [7, "x"], [], *[None] * 18, _issue(bug)])

    async def _tracker(self, request: web.Request) -> web.Response:
        return _answer("b.Tracker", *[None] * 8, [157, 1363614, "Chromium"])

    async def _monorail(self, request: web.Request) -> web.StreamResponse:
        id = f"{request.match_info['project']}#{request.query.get('id')}"
        bug = self.bugs.get(id)
        if bug is None:
            raise web.HTTPNotFound
        if bug.private:
            raise web.HTTPFound(SIGN_IN)
        if bug.moved_to is None:
            return web.Response(text="<html><h1>Monorail</h1></html>", content_type="text/html")
        where = {"Location": f"/issues/{bug.moved_to}"}
        return web.Response(status=self.redirect_status, headers=where)

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text="<html><script></script></html>", content_type="text/html")

    async def _sign_in(self, request: web.Request) -> web.Response:
        form = '<html><form><input type="password" name="p"></form></html>'
        return web.Response(text=form, content_type="text/html")


def _issue(bug: SimulatedBug) -> list[Any]:
    known = bug.status in STATUSES
    details: list[Any] = [None] * 32
    details[0], details[1] = 1363614, 1
    details[2] = STATUSES.index(bug.status) + 1 if known else int(bug.status)
    details[3] = int(bug.priority[1:]) + 1 if bug.priority else None
    details[5] = bug.title
    details[6] = [None, "jo@example.com", 1]
    moment = [int(bug.modified.timestamp()), 285000000]
    issue: list[Any] = [None] * 48
    issue[1], issue[2], issue[4], issue[5] = int(bug.id), details, [1262304000], moment
    if bug.malformed:
        details[2] = None
    return issue


def _answer(kind: str, *rest: Any) -> web.Response:
    text = GUARD + json.dumps([[kind, *rest]])
    return web.Response(text=text, content_type=JSON)
