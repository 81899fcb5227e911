"""A simulated GitLab.

From https://docs.gitlab.com/api/issues/, https://docs.gitlab.com/api/merge_requests/ and
https://docs.gitlab.com/api/graphql/reference/, from what gitlab.com was seen to answer, and from
how GitLab's own code judges projects that are private or were renamed, and queries.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from malonewatch.testing.graphql import Field, GraphQLError, Schema, parse, pick
from malonewatch.testing.simulator import SimulatedBug, Simulator

_BUG = re.compile(r"(?P<place>.+)(?P<mark>[#!])(?P<iid>\d+)")
_REST = re.compile(r"/projects/([^/]+)/(issues|merge_requests)(?:/([^/]+))?")
_COMMON = {
    **dict.fromkeys(("iid", "title", "state", "updatedAt", "createdAt", "webUrl", "reference")),
    "labels": "LabelConnection",
    "milestone": "Milestone",
}
_SCHEMA: Schema = {
    "Query": {"project": "Project"},
    "Project": {
        "fullPath": None,
        "issues": "IssueConnection",
        "mergeRequests": "MergeRequestConnection",
    },
    "IssueConnection": {"nodes": "Issue"},
    "MergeRequestConnection": {"nodes": "MergeRequest"},
    "Issue": {
        **_COMMON,
        **dict.fromkeys(("closedAt", "severity", "confidential", "type")),
        "movedTo": "Issue",
        "closedAsDuplicateOf": "Issue",
    },
    "MergeRequest": {**_COMMON, "mergedAt": None, "draft": None},
    "LabelConnection": {"nodes": "Label"},
    "Label": {"title": None, "color": None},
    "Milestone": {"title": None},
}


class GitLabSimulator(Simulator):
    """A GitLab with public projects.

    A bug's id is ``group/project#12`` for an issue, or ``group/project!12`` for a merge request.
    Its `status` is GitLab's state, its `extra` may have ``labels``, a ``milestone``, and
    ``closed_at``; `severity` is an incident's, a `private` one is confidential, `duplicate_of`
    and `moved_to` are ids, the latter maybe of an issue that is not here.

    What can be switched on:

    - `token`: who shows this one may see all there is; another one is refused,
    - `closed_projects`: those that only such people may see,
    - `issues_off`: those that have no issues, so that these are forbidden,
    - `renamed`: old paths of projects with the new ones,
    - `archived`: those that nothing is done in any more,
    - `unlisted`: ids of bugs that no list has, though they are there,
    - `has_graphql`, `unknown_fields`: whether it is there, and what it is too old for.
    """

    defaults = {"status": "opened"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token: str | None = None
        self.closed_projects: set[str] = set()
        self.issues_off: set[str] = set()
        self.renamed: dict[str, str] = {}
        self.archived: set[str] = set()
        self.unlisted: set[str] = set()
        self.has_graphql = True
        self.unknown_fields: set[str] = set()
        #: Of the queries that were answered.
        self.complexities: list[int] = []

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(self.path + "/api/v4/version", self._version),
            web.get(self.path + "/api/v4/user", self._user),
            web.get(self.path + "/api/v4/projects/{rest:.*}", self._rest),
            web.get(self.path + "/api/v4/{kind:issues|merge_requests}", self._all),
            web.post(self.path + "/api/graphql", self._graphql),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        place, mark, iid = _split(id)
        if request.method == "POST":
            asked = (await request.json())["variables"].items()
            places = {name[1:]: value for name, value in asked if name.startswith("p")}
            return any(
                places[name[1:]].lower() == place.lower() and iid in value
                for name, value in asked
                if name.startswith("i")
            )
        found = _REST.search(request.rel_url.raw_path)
        return found is not None and (
            (unquote(found[1]), found[2]) == (place, _kind(mark))
            and iid in (found[3], *request.query.getall("iids[]", []))
        )

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        await super()._add_headers(request, response)
        if self.tells_quota and self.quota is not None:
            reset = int(self.now().timestamp()) + (self.retry_after or 0)
            for name in ("X-RateLimit-Remaining", "X-RateLimit-Reset"):
                del response.headers[name]
            response.headers["RateLimit-Limit"] = "600"
            response.headers["RateLimit-Remaining"] = str(self.quota)
            response.headers["RateLimit-Reset"] = str(reset)

    # Who may see what.

    def _knows(self, request: web.Request) -> bool:
        shown = request.headers.get("PRIVATE-TOKEN")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        shown = shown or (token if scheme == "Bearer" else None)
        if shown is not None and shown != self.token:
            if request.path.endswith("/graphql"):
                raise _unauthorized({"errors": [{"message": "Invalid token"}]})
            raise _unauthorized({"message": "401 Unauthorized"})
        return shown is not None

    def _project(self, place: str, known: bool) -> str | None:
        """The path of a project as it is written; None if there is none for those who ask."""
        places = [_split(id)[0] for id in self.bugs] + sorted(self.issues_off)
        for found in places:
            if found.lower() == place.lower() and (known or found not in self.closed_projects):
                return found
        return None

    def _bugs(self, place: str, mark: str, known: bool) -> dict[str, SimulatedBug]:
        """What there is to be seen in a project, by number."""
        return {
            iid: bug
            for bug in self.bugs.values()
            for where, which, iid in [_split(bug.id)]
            if (where, which) == (place, mark) and (known or not bug.private)
        }

    async def _version(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            raise _unauthorized({"message": "401 Unauthorized"})
        return web.json_response({"version": "18.5.1", "revision": "0f3b4f0e9f2"})

    async def _user(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            raise _unauthorized({"message": "401 Unauthorized"})
        return web.json_response({"id": 1, "username": "jane", "state": "active"})

    # REST.

    async def _rest(self, request: web.Request) -> web.Response:
        found = _REST.search(request.rel_url.raw_path)
        if found is None:
            return _error(404, "404 Not Found")
        place, kind, iid = unquote(found[1]), found[2], found[3]
        known = self._knows(request)
        if place in self.renamed:
            number = _number_of(self.renamed[place])
            raise web.HTTPMovedPermanently(
                f"{self.path}/api/v4/projects/{number}/{kind}/{iid or ''}".rstrip("/")
                + f"?{request.query_string}"
            )
        if place.isdecimal():
            (place,) = {_split(id)[0] for id in self.bugs if _number_of(_split(id)[0]) == place}
        project = self._project(place, known)
        if project is None:
            return _error(404, "404 Project Not Found")
        if kind == "issues" and project in self.issues_off:
            return _error(403, "403 Forbidden")
        bugs = self._bugs(project, "#" if kind == "issues" else "!", known)
        if iid is not None:
            if iid not in bugs:
                return _error(404, "404 Not found")
            return web.json_response(self._resource(bugs[iid]))
        asked = request.query.getall("iids[]", [])
        found_bugs = [
            bug
            for number, bug in sorted(bugs.items(), key=lambda item: -int(item[0]))
            if (not asked or number in asked)
            and bug.id not in self.unlisted
            and request.query.get("state", "all") in ("all", bug.status)
        ]
        size = min(int(request.query.get("per_page", "20")), 100)
        return web.json_response(
            [self._resource(bug) for bug in found_bugs[:size]],
            headers={"X-Total": str(len(found_bugs)), "X-Per-Page": str(size)},
        )

    async def _all(self, request: web.Request) -> web.Response:
        """What changed in all projects, the last first."""
        known, query = self._knows(request), request.query
        if query.get("scope") != "all" and not known:
            raise _unauthorized({"message": "401 Unauthorized"})
        try:
            since = datetime.fromisoformat(query["updated_after"].replace("Z", "+00:00"))
        except ValueError:
            return web.json_response({"error": "updated_after is invalid"}, status=400)
        kind = request.match_info["kind"]
        found = []
        for bug in self.bugs.values():
            place, mark, _ = _split(bug.id)
            hidden = bug.private or place in self.closed_projects
            # Of merge requests there are all by default.
            archived = place in self.archived and query.get(
                "non_archived", str(kind == "issues").lower()
            )
            is_one = _kind(mark) == kind and query.get("state", "all") in ("all", bug.status)
            if is_one and (known or not hidden) and archived in (False, "false"):
                found.append(bug)
        # Whoever does not ask for all gets what they filed themselves, which is nothing here.
        found = [bug for bug in found if bug.modified >= since and query.get("scope") == "all"]
        found.sort(key=lambda bug: bug.modified, reverse=True)
        size, page = min(int(query.get("per_page", "20")), 100), int(query.get("page", "1"))
        # It is only after that that one sees what may be seen.
        some = [
            self._resource(bug)
            for bug in found[(page - 1) * size : page * size]
            if bug.id not in self.unlisted
        ]
        more = str(page + 1) if page * size < len(found) else ""
        pages = {"X-Page": str(page), "X-Next-Page": more, "X-Per-Page": str(size)}
        return web.json_response(some, headers=pages)

    def _resource(self, bug: SimulatedBug) -> dict[str, Any]:
        place, mark, iid = _split(bug.id)
        project = f"{self.url}/api/v4/projects/{_number_of(place)}"
        found: dict[str, Any] = {
            "id": 70000000 + int(iid),
            "iid": int(iid),
            "project_id": int(_number_of(place)),
            "title": bug.title,
            "description": "It does not work.",
            "state": None if bug.malformed else bug.status,
            "created_at": "2024-01-01T00:00:00.000Z",
            "updated_at": bug.modified.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "closed_at": bug.extra.get("closed_at"),
            "labels": bug.extra.get("labels", []),
            "milestone": _titled(bug.extra.get("milestone")),
            "references": {"short": f"{mark}{iid}", "relative": f"{mark}{iid}", "full": bug.id},
            "web_url": self._page(bug.id),
        }
        if mark == "!":
            return {**found, "merged_at": bug.extra.get("merged_at"), "draft": False}
        link = None
        if bug.duplicate_of is not None:
            other, _, number = _split(bug.duplicate_of)
            link = f"{self.url}/api/v4/projects/{_number_of(other)}/issues/{number}"
        return {
            **found,
            "issue_type": "issue",
            "severity": bug.severity or "UNKNOWN",
            "confidential": bug.private,
            "moved_to_id": None if bug.moved_to is None else 70009999,
            "_links": {"self": f"{project}/issues/{iid}", "closed_as_duplicate_of": link},
        }

    def _page(self, id: str) -> str:
        place, mark, iid = _split(id)
        return f"{self.url}/{place}/-/{_kind(mark)}/{iid}"

    # GraphQL.

    async def _graphql(self, request: web.Request) -> web.Response:
        if not self.has_graphql:
            return _error(404, "404 Not Found")
        known = self._knows(request)
        asked = json.loads(await request.text())
        schema = {
            type: {name: of for name, of in fields.items() if name not in self.unknown_fields}
            for type, fields in _SCHEMA.items()
        }
        try:
            fields = parse(asked["query"], asked.get("variables") or {}, schema)
            complexity, most = sum(map(_complexity, fields)), 250 if known else 200
            if complexity > most:
                raise GraphQLError(
                    f"Query has complexity of {complexity}, which exceeds max complexity of {most}"
                )
        except GraphQLError as error:
            return web.json_response({"errors": [{"message": str(error)}]})
        self.complexities.append(complexity)

        def project(fullPath: str) -> dict[str, Any] | None:  # noqa: N803 - the field's argument
            place = self._project(fullPath, known)
            if place is None:
                return None

            def nodes(mark: str) -> Any:
                bugs = self._bugs(place, mark, known)
                if mark == "#" and place in self.issues_off:
                    bugs = {}
                return lambda iids, first=100: {
                    "nodes": [
                        self._object(bugs[iid])
                        for iid in iids
                        if iid in bugs and bugs[iid].id not in self.unlisted
                    ][: min(first, 100)]
                }

            return {"fullPath": place, "issues": nodes("#"), "mergeRequests": nodes("!")}

        return web.json_response({"data": pick({"project": project}, fields)})

    def _object(self, bug: SimulatedBug) -> dict[str, Any]:
        found = self._resource(bug)
        labels = [{"title": label, "color": "#428BCA"} for label in found["labels"]]

        def other(id: str | None) -> dict[str, Any] | None:
            if id is None:
                return None
            _, mark, iid = _split(id)
            return {
                "iid": iid,
                "webUrl": self._page(id),
                "reference": lambda full=False: id if full else f"{mark}{iid}",
            }

        return {
            "iid": str(found["iid"]),
            "title": found["title"],
            "state": found["state"],
            "createdAt": found["created_at"],
            "updatedAt": bug.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "closedAt": found["closed_at"],
            "mergedAt": found.get("merged_at"),
            "severity": found.get("severity"),
            "confidential": bug.private,
            "labels": lambda first=100: {"nodes": labels[:first]},
            "milestone": found["milestone"],
            "webUrl": found["web_url"],
            "movedTo": other(bug.moved_to),
            "closedAsDuplicateOf": other(bug.duplicate_of),
        }


def _complexity(field: Field) -> int:
    """As GitLab counts: 1 for each field, one more for what a resolver finds, and more for the
    items of a connection, unless it is asked for certain ones."""
    found = 1 + sum(map(_complexity, field.fields))
    if field.name in ("issues", "mergeRequests"):
        # They are sorted, even if nobody says how.
        found += 1
    if field.name == "labels":
        found = int(found * (1 + min(field.arguments.get("first", 100), 100) / 100))
    return found


def _split(id: str) -> tuple[str, str, str]:
    found = _BUG.fullmatch(id)
    assert found is not None, id
    return found["place"], found["mark"], found["iid"]


def _kind(mark: str) -> str:
    return "issues" if mark == "#" else "merge_requests"


def _number_of(place: str) -> str:
    return str(sum(map(ord, place)) * 1000 + len(place))


def _titled(title: str | None) -> Mapping[str, str] | None:
    return None if title is None else {"title": title}


def _unauthorized(value: Any) -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(text=json.dumps(value), content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
