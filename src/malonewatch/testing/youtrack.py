"""A simulated YouTrack.

From https://www.jetbrains.com/help/youtrack/devportal/, and from what clients of
YouTrack 2026.3 wrote down about lists in which an issue is not there.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

STATES = {
    "Submitted": False,
    "Open": False,
    "In Progress": False,
    "Fixed": True,
    "Won't fix": True,
    "Duplicate": True,
    "Incomplete": True,
    "Verified": True,
}
PRIORITIES = ("Show-stopper", "Critical", "Major", "Normal", "Minor")
#: How many issues a list has unless it is told.
USUAL_LIMIT = 42
_QUERY = re.compile(r"issue id: ([\w-]+(?:, [\w-]+)*)")


class YouTrackSimulator(Simulator):
    """A YouTrack.

    - `token`: a permanent token of somebody who may see what is private,
    - `guests`: whether anybody may look who has not logged in,
    - `forgiving`: a list leaves out what is not there; otherwise that costs it all others,
    - `state_field`: the name and the kind of the field that says how an issue is; None for
      projects without one.

    A bug's `moved_to` is the id of another one, which answers in its place.  In its
    ``extra`` may be ``fields``, further custom fields as they come, ``resolved``, the time
    at which it was, or None, and ``links``, further ones as they come.
    """

    path = "/youtrack"
    defaults = {"status": "Submitted", "priority": "Normal"}

    def __init__(self, *, token: str | None = None, guests: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token = token
        self.guests = guests
        self.forgiving = False
        self.state_field: tuple[str, str] | None = ("State", "StateIssueCustomField")

    def ways_to_say(self, remotestatus: str) -> Iterator[dict[str, Any]]:
        """Whether an issue of a state is resolved is up to the project."""
        yield {"status": remotestatus}
        yield {"status": remotestatus, "extra": {"resolved": self.now()}}

    def routes(self) -> list[web.AbstractRouteDef]:
        bundles = f"{self.path}/api/admin/customFieldSettings/bundles/{{kind}}"
        return [
            web.get(f"{self.path}/api/config", self._config),
            web.get(f"{self.path}/api/users/me", self._me),
            web.get(f"{self.path}/api/issues", self._issues),
            web.get(f"{self.path}/api/issues/{{id}}", self._issue),
            web.get(bundles, self._bundles),
        ]

    # Who asks.

    def _knows(self, request: web.Request) -> bool:
        """Whether it is somebody with a token.

        Who shows a wrong one is refused, and a guest where guests are not let in.
        """
        said = request.headers.get("Authorization")
        if said is None and self.guests:
            return False
        if self.token is None or said != f"Bearer {self.token}":
            raise _error(401, "Unauthorized", "")
        return True

    async def _config(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "2026.3", "$type": "GlobalConfig"})

    async def _me(self, request: web.Request) -> web.Response:
        known = self._knows(request)
        login = "jane" if known else "guest"
        return web.json_response({"login": login, "guest": not known, "$type": "Me"})

    async def _bundles(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            raise _error(403, "Forbidden", "You are not allowed to read this")
        if request.match_info["kind"] == "state":
            values: list[dict[str, Any]] = [
                {"name": name, "isResolved": over, "$type": "StateBundleElement"}
                for name, over in STATES.items()
            ]
            return web.json_response([{"name": "States", "values": values}])
        priorities = [{"name": name, "$type": "EnumBundleElement"} for name in PRIORITIES]
        types = [{"name": "Bug", "$type": "EnumBundleElement"}]
        return web.json_response(
            [{"name": "Types", "values": types}, {"name": "Priorities", "values": priorities}]
        )

    # Issues.

    def _find(self, id: str, known: bool) -> SimulatedBug | None:
        """The bug of that id, or what it had before it moved, if it is to be seen."""
        bug = self.bugs.get(id.upper())
        if bug is not None and bug.moved_to is not None:
            return self._find(bug.moved_to, known)
        return None if bug is None or (bug.private and not known) else bug

    async def _issue(self, request: web.Request) -> web.Response:
        known, id = self._knows(request), request.match_info["id"]
        bug = self._find(id, known)
        if bug is None:
            raise _error(404, "Not Found", f"Entity with id {id} not found")
        return web.json_response(self._record(bug))

    async def _issues(self, request: web.Request) -> web.Response:
        known = self._knows(request)
        query = _QUERY.fullmatch(request.query["query"])
        assert query is not None
        ids = query[1].split(", ")
        found = {id: self._find(id, known) for id in ids}
        bugs = {bug.id: bug for bug in found.values() if bug is not None}
        if not bugs and not self.forgiving:
            text = f'The value "{ids[0]}" isn\'t used for the issue id field.'
            raise _error(400, "invalid_query", text)
        if None in found.values() and not self.forgiving:
            bugs = {}
        limit = int(request.query.get("$top", USUAL_LIMIT))
        return web.json_response([self._record(bug) for bug in list(bugs.values())[:limit]])

    def _record(self, bug: SimulatedBug) -> dict[str, Any]:
        resolved = bug.extra.get("resolved", bug.modified if STATES.get(bug.status) else None)
        record = {
            "idReadable": bug.id,
            "summary": bug.title,
            "updated": _milliseconds(bug.modified),
            "resolved": None if resolved is None else _milliseconds(resolved),
            "customFields": self._fields(bug),
            "links": [
                _link("BOTH", "relates to", "", []),
                _link(
                    *("OUTWARD", "is duplicated by", "duplicates"),
                    [each.id for each in self.bugs.values() if each.duplicate_of == bug.id],
                ),
                _link(
                    *("INWARD", "is duplicated by", "duplicates"),
                    [bug.duplicate_of] if bug.duplicate_of else [],
                ),
                *bug.extra.get("links", ()),
            ],
            "$type": "Issue",
        }
        if bug.malformed:
            del record["updated"]
        return record

    def _fields(self, bug: SimulatedBug) -> list[dict[str, Any]]:
        fields = [_field("Priority", "SingleEnumIssueCustomField", _value("Enum", bug.priority))]
        fields.append(_field("Estimation", "PeriodIssueCustomField", None))
        if self.state_field is not None:
            fields.append(_field(*self.state_field, _value("State", bug.status)))
        return [*fields, *bug.extra.get("fields", ())]


def _value(kind: str, name: str) -> dict[str, Any]:
    return {"name": name, "$type": f"{kind}BundleElement"}


def _field(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "$type": kind}


def _link(direction: str, outward: str, inward: str, ids: list[str]) -> dict[str, Any]:
    return {
        "direction": direction,
        "linkType": {
            "sourceToTarget": outward,
            "targetToSource": inward,
            "$type": "IssueLinkType",
        },
        "issues": [{"idReadable": id, "$type": "Issue"} for id in ids],
        "$type": "IssueLink",
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _error(status: int, error: str, description: str) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
    }
    text = web.json_response({"error": error, "error_description": description}).text
    return kinds[status](text=text, content_type="application/json")
