"""A Tick Tock that is not real, for tests."""

from aiohttp import web

from malonewatch.testing.simulator import Simulator

PAGE = 50


class TickTockSimulator(Simulator):
    """A Tick Tock with those `people`, by their tokens; only they see private tickets."""

    defaults = {"status": "open", "priority": "light"}

    def __init__(self, people=None, **kwargs):
        super().__init__(**kwargs)
        self.people = people or {}

    def routes(self):
        return [
            web.get("/api", self._about),
            web.get("/api/me", self._me),
            web.get("/api/tickets", self._tickets),
            web.get("/api/changes", self._changes),
            web.get("/api/tickets/{key}", self._ticket),
        ]

    def _person(self, request):
        """Who asks; None if nobody in particular."""
        token = request.headers.get("X-Tick-Tock-Token")
        if token is not None and token not in self.people:
            raise web.HTTPUnauthorized
        return self.people.get(token)

    def _visible(self, request):
        person = self._person(request)
        return [bug for bug in self.bugs.values() if person or not bug.private]

    def _fields(self, bug):
        return {
            "key": bug.id,
            "summary": bug.title,
            "state": None if bug.malformed else bug.status,
            "weight": bug.priority,
            "changed": bug.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duplicate_of": bug.duplicate_of,
        }

    async def _about(self, request):
        return web.json_response({"software": "Tick Tock 3.1"})

    async def _me(self, request):
        return web.json_response({"name": self._person(request)})

    async def _tickets(self, request):
        keys = request.query["keys"].split(",")
        if len(keys) > PAGE:
            raise web.HTTPBadRequest
        found = [bug for bug in self._visible(request) if bug.id in keys and not bug.moved_to]
        return web.json_response({"tickets": [self._fields(bug) for bug in found]})

    async def _changes(self, request):
        since, page = request.query["since"], int(request.query.get("page", "1"))
        changed = [self._fields(bug) for bug in self._visible(request)]
        changed = [fields for fields in changed if fields["changed"] >= since]
        rest = None
        if len(changed) > page * PAGE:
            rest = f"/api/changes?since={since}&page={page + 1}"
        found = changed[(page - 1) * PAGE : page * PAGE]
        return web.json_response({"tickets": found, "next": rest})

    async def _ticket(self, request):
        bug = self.bugs.get(request.match_info["key"])
        if bug is None:
            raise web.HTTPNotFound
        if bug.moved_to is not None:
            raise web.HTTPMovedPermanently(f"/api/tickets/{bug.moved_to}")
        if bug not in self._visible(request):
            raise web.HTTPForbidden
        return web.json_response(self._fields(bug))
