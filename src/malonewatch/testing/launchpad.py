"""A simulated Launchpad.

From https://help.launchpad.net/API/Hacking, from the sources of Launchpad and of
lazr.restful, and from what api.launchpad.net was seen to answer.
"""

import hashlib
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

PROJECT = "frob"
RESOLVED = ("Fix Released", "Opinion", "Invalid", "Won't Fix", "Expired", "Does Not Exist")
UNRESOLVED = (
    *("New", "Deferred", "Incomplete", "Confirmed", "Triaged", "In Progress", "Fix Committed"),
)
# That of a project or of a distribution.
_SERIES = re.compile(r"[^/]+/[^/+][^/]*(?:/\+source/.+)?")


class LaunchpadSimulator(Simulator):
    """Launchpad's web service.

    A bug's id is that of a task, ``frob#12``; those with the same number are
    tasks of one bug, whose title, time and so on are those of the first.  With
    a bare number it is a bug of the project ``frob``, and of what is in its
    ``extra["tasks"]``, pairs of a target and a status.  A task that moved away
    has in `moved_to` the id of one that there is.

    - `login`: the token and the secret of who may read private bugs,
    - `most`: how many tasks come in one answer, at most.

    A bug's ``extra`` may also have its ``milestone`` and when it was ``closed``.
    """

    defaults = {"status": "New", "priority": "Undecided"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.login: tuple[str, str] | None = None
        self.most = 300

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/1.0/", self._root),
            web.get("/1.0/people/+me", self._me),
            web.get("/1.0/~jane", self._jane),
            web.get("/1.0/bugs", self._bugs),
            web.get("/1.0/bugs/{number}", self._bug),
            web.get("/1.0/bugs/{number}/bug_tasks", self._bug_tasks),
            web.get("/1.0/{target:.+}/+bug/{number}", self._task),
        ]

    # What there is.

    def _tasks(self, number: str) -> list[tuple[str, SimulatedBug]]:
        """The tasks of a bug, each with its target."""
        found = []
        for id, bug in self.bugs.items():
            target, _, its = id.rpartition("#")
            if its == number:
                found.append((target or PROJECT, bug))
                for other, status in bug.extra.get("tasks", ()):
                    found.append((other, SimulatedBug(id, status=status, priority="Undecided")))
        return found

    def _known(self, request: web.Request) -> bool:
        """Whether it is somebody; whoever pretends to be is none."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme != "OAuth":
            return False
        values = dict(
            parse_qsl("&".join(part.strip().replace('"', "") for part in rest.split(",")))
        )
        token, secret = self.login or ("", "")
        if values["oauth_token"] != token:
            raise _unauthorized(f"Unknown access token ({values['oauth_token']}).")
        signature = values["oauth_signature_method"], values["oauth_signature"]
        if signature != ("PLAINTEXT", f"&{secret}") or not values["oauth_consumer_key"]:
            raise _unauthorized("Invalid signature.")
        return True

    def _found(self, request: web.Request) -> tuple[str, list[tuple[str, SimulatedBug]]]:
        """The number and the tasks of the bug that a request is about."""
        known = self._known(request)
        number = request.match_info["number"]
        tasks = self._tasks(number)
        if not tasks:
            text = f"Object: <lp.systemhomes.MaloneApplication object>, name: '{number}'"
            raise web.HTTPNotFound(text=text)
        if tasks[0][1].private and not known:
            raise _unauthorized("(<Bug at 0x7f>, 'duplicateof', 'launchpad.View')")
        return number, tasks

    # What is answered.

    def _entry(self, request: web.Request, entry: dict[str, Any]) -> web.Response:
        etag = f'"{hashlib.sha1(json.dumps(entry).encode()).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.json_response({**entry, "http_etag": etag}, headers={"ETag": etag})

    async def _root(self, request: web.Request) -> web.Response:
        self._known(request)
        here = f"{self.url}/1.0/"
        links = {f"{name}_collection_link": f"{here}{name}" for name in ("bugs", "people")}
        return self._entry(request, {"resource_type_link": f"{here}#service-root", **links})

    async def _me(self, request: web.Request) -> web.Response:
        if not self._known(request):
            raise _unauthorized("You need to be logged in to view this URL.")
        raise web.HTTPSeeOther(f"{self.url}/1.0/~jane")

    async def _jane(self, request: web.Request) -> web.Response:
        return self._entry(request, {"name": "jane", "display_name": "Jane"})

    async def _bug(self, request: web.Request) -> web.Response:
        number, ((_, bug), *_) = self._found(request)
        here = f"{self.url}/1.0/bugs/"
        duplicate = bug.duplicate_of and here + bug.duplicate_of.rpartition("#")[2]
        return self._entry(
            request,
            {
                "id": int(number),
                "title": bug.title,
                "private": bug.private,
                "information_type": "Private" if bug.private else "Public",
                "duplicate_of_link": duplicate,
                "date_last_updated": bug.modified.isoformat(),
                "bug_tasks_collection_link": f"{here}{number}/bug_tasks",
                "self_link": f"{here}{number}",
            },
        )

    async def _bug_tasks(self, request: web.Request) -> web.Response:
        number, found = self._found(request)
        tasks = [(target, bug) for target, bug in found if bug.moved_to is None]
        return self._collection(request, [(number, *task) for task in tasks])

    async def _bugs(self, request: web.Request) -> web.Response:
        """The tasks of all bugs that a search finds."""
        known, query = self._known(request), request.query
        if query.get("ws.op") != "searchTasks":
            # There are too many to list.
            return self._collection(request, [])
        wanted = query.getall("status", list(UNRESOLVED))
        strange = set(wanted).difference(UNRESOLVED, RESOLVED)
        if strange:
            raise web.HTTPBadRequest(text=f'status: Invalid value "{strange.pop()}".')
        if query.get("order_by") not in (None, "-date_last_updated"):
            raise web.HTTPBadRequest(text=f"Unrecognized order_by: {query['order_by']!r}")
        since = query.get("modified_since", "0001-01-01T00:00:00Z")
        if not since.endswith("Z"):
            raise web.HTTPBadRequest(text="modified_since: Time not in UTC.")
        moment = datetime.fromisoformat(since.replace("Z", "+00:00"))
        found = []
        for number in dict.fromkeys(id.rpartition("#")[2] for id in self.bugs):
            tasks = self._tasks(number)
            first = tasks[0][1]
            if first.modified <= moment or (first.private and not known):
                continue
            if first.duplicate_of and query.get("omit_duplicates", "true") == "true":
                continue
            for target, bug in tasks:
                omitted = query.get("omit_targeted", "true") == "true" and _SERIES.fullmatch(target)
                if bug.status in wanted and bug.moved_to is None and not omitted:
                    found.append((first.modified, (number, target, bug)))
        found.sort(key=lambda each: each[0], reverse=True)
        return self._collection(request, [task for _, task in found])

    def _collection(
        self, request: web.Request, tasks: list[tuple[str, str, SimulatedBug]]
    ) -> web.Response:
        size = min(int(request.query.get("ws.size", "75")), self.most)
        start = int(request.query.get("ws.start", "0"))
        answer: dict[str, Any] = {"total_size": len(tasks), "start": start}
        if start + size < len(tasks):
            where = {"ws.size": str(size), "ws.start": str(start + size)}
            answer["next_collection_link"] = str(request.url.update_query(where))
        answer["entries"] = [self._fields(*task) for task in tasks[start : start + size]]
        return web.json_response(answer)

    async def _task(self, request: web.Request) -> web.Response:
        number, tasks = self._found(request)
        for target, bug in tasks:
            if target == request.match_info["target"] and bug.moved_to is None:
                return self._entry(request, self._fields(number, target, bug))
        if request.match_info["target"] == "nowhere":
            raise web.HTTPNotFound(text="Object: <LaunchpadRootFacets>, name: 'nowhere'")
        # It has others.
        target = next(target for target, bug in tasks if bug.moved_to is None)
        raise web.HTTPMovedPermanently(f"{self.url}/1.0/{target}/+bug/{number}")

    def _fields(self, number: str, target: str, bug: SimulatedBug) -> dict[str, Any]:
        here = f"{self.url}/1.0/"
        milestone = bug.extra.get("milestone")
        resolved = bug.status in RESOLVED
        return {
            "bug_link": f"{here}bugs/{number}",
            "bug_target_name": target,
            "date_closed": bug.extra.get("closed") if resolved else None,
            "importance": bug.priority,
            "is_complete": resolved,
            "milestone_link": milestone and f"{here}{target}/+milestone/{milestone}",
            "self_link": f"{here}{target}/+bug/{number}",
            "status": None if bug.malformed else bug.status,
            "target_link": f"{here}{target}",
            "title": f'Bug #{number} in {target}: "{bug.title}"',
        }


def _unauthorized(text: str) -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(text=text, headers={"WWW-Authenticate": "OAuth"})
