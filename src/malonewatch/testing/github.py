"""A simulated GitHub.

From https://docs.github.com/en/rest/issues/issues, https://docs.github.com/en/graphql and the
published GraphQL schema, and from what github.com was seen to answer.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from malonewatch.testing.graphql import Field, GraphQLError, Schema, parse, pick
from malonewatch.testing.simulator import SimulatedBug, Simulator

_BUG = re.compile(r"(?P<place>[^/]+/[^/]+)#(?P<number>\d+)")
_EITHER = "Issue|PullRequest"
_COMMON = {
    **dict.fromkeys(("__typename", "number", "title", "url", "updatedAt", "closedAt", "state")),
    "labels": "LabelConnection",
    "milestone": "Milestone",
}
_SCHEMA: Schema = {
    "Query": {"repository": "Repository"},
    "Repository": {"nameWithOwner": None, "isPrivate": None, "issueOrPullRequest": _EITHER},
    "Issue": {**_COMMON, "stateReason": None, "timelineItems": "IssueTimelineItemsConnection"},
    "PullRequest": {**_COMMON, "isDraft": None, "mergedAt": None},
    "Labelable": {"labels": "LabelConnection"},
    "LabelConnection": {"nodes": "Label"},
    "Label": {"name": None, "color": None},
    "Milestone": {"title": None},
    "IssueTimelineItemsConnection": {"nodes": "MarkedAsDuplicateEvent"},
    "MarkedAsDuplicateEvent": {"canonical": _EITHER},
}
#: How many requests those whom it does not know have in an hour.
ANONYMOUS = 60


class GitHubSimulator(Simulator):
    """A GitHub with public repositories; of its own host, as GitHub Enterprise is.

    A bug's id is ``owner/repository#12``.  Its `status` is the state, its `resolution` the state
    reason; its `extra` may have ``labels``, a ``milestone``, ``closed_at``, ``draft``, and
    ``pull``, which is true for a pull request, and ``merged`` for one that was merged.  A
    `private` one is in a private repository; one with `moved_to` was transferred there.

    What can be switched on:

    - `token`: who shows this one may see all there is; another one is refused,
    - `anonymous`: how many more requests others have,
    - `renamed`: old places of repositories with the new ones,
    - `deleted`: ids of issues that were deleted,
    - `issues_off`: places whose issues are switched off,
    - `blocked`: places that nobody may see for legal reasons,
    - `unlisted`: ids that no query and no list has, though they are there,
    - `reasons`: whether it is new enough to give reasons, and to be asked for duplicates,
    - `has_graphql`: whether it answers queries at all.

    `points` is what the queries cost that were answered.
    """

    defaults = {"status": "open"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token: str | None = None
        self.anonymous: int | None = None
        self.renamed: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.issues_off: set[str] = set()
        self.blocked: set[str] = set()
        self.unlisted: set[str] = set()
        self.reasons = True
        self.has_graphql = True
        self.points = 0

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/api/v3/", self._root),
            web.get("/api/v3/user", self._user),
            web.get("/api/v3/repos/{owner}/{name}/issues", self._list),
            web.get("/api/v3/repos/{owner}/{name}/issues/{number}", self._one),
            web.get("/api/v3/repositories/{repository}/issues/{number}", self._one_by_number),
            web.post("/api/graphql", self._graphql),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        place, number = _split(id)
        if request.method == "POST":
            asked = (await request.json())["query"]
            found = re.search(
                r'owner:"{}",name:"{}"\){{place:nameWithOwner (.*?)}}}}'.format(*place.split("/")),
                asked,
            )
            return found is not None and f"i{number}:" in found[1]
        return request.path.endswith(f"/repos/{place}/issues/{number}")

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        await super()._add_headers(request, response)
        if self.anonymous is not None and "Authorization" not in request.headers:
            response.headers["X-RateLimit-Limit"] = str(ANONYMOUS)
            response.headers["X-RateLimit-Remaining"] = str(max(self.anonymous, 0))
            response.headers["X-RateLimit-Reset"] = str(int(self.now().timestamp()) + 3600)
            response.headers["X-RateLimit-Resource"] = "core"

    # Who may see what.

    def _knows(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            if self.anonymous is not None:
                self.anonymous -= 1
                if self.anonymous < 0:
                    raise _Refusal(
                        403,
                        "API rate limit exceeded for 198.51.100.1. (But here's the good news: "
                        "Authenticated requests get a higher rate limit.)",
                    )
            return False
        if scheme not in ("Bearer", "token") or token != self.token:
            raise _Refusal(401, "Bad credentials")
        return True

    def _place(self, place: str, known: bool) -> str | None:
        """The name of a repository as it is written; None if there is none for those who ask."""
        place = self.renamed.get(place, place)
        for bug in self.bugs.values():
            found = _split(bug.id)[0]
            if found.lower() == place.lower() and (known or not bug.private):
                return found
        return place if place in {*self.issues_off, *self.blocked} else None

    async def _root(self, request: web.Request) -> web.Response:
        self._knows(request)
        api = f"{self.url}/api/v3"
        names = ("current_user", "current_user_repositories", "emojis", "issues", "rate_limit")
        return web.json_response({f"{name}_url": f"{api}/{name}" for name in names})

    async def _user(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            raise _Refusal(401, "Requires authentication")
        return web.json_response({"login": "jane", "id": 1, "type": "User"})

    # REST.

    def _repository(self, request: web.Request) -> tuple[str, bool]:
        asked = "{owner}/{name}".format(**request.match_info)
        known = self._knows(request)
        place = self._place(asked, known)
        if place is None:
            raise _Refusal(404, "Not Found")
        if place in self.blocked:
            raise _Refusal(451, "Repository access blocked")
        if asked in self.renamed:
            rest = request.path.partition("/issues")[2]
            raise self._redirect(f"/repositories/{_number_of(place)}/issues{rest}", request)
        return place, known

    def _redirect(self, path: str, request: web.Request) -> web.HTTPException:
        url = f"{self.url}/api/v3{path}"
        if request.query_string:
            url += f"?{request.query_string}"
        body = {"message": "Moved Permanently", "url": url}
        return web.HTTPMovedPermanently(url, text=json.dumps(body), content_type="application/json")

    async def _one(self, request: web.Request) -> web.Response:
        place, known = self._repository(request)
        return self._answer(request, place, request.match_info["number"], known)

    async def _one_by_number(self, request: web.Request) -> web.Response:
        known = self._knows(request)
        (place,) = {
            where
            for where, _ in map(_split, self.bugs)
            if _number_of(where) == request.match_info["repository"]
        }
        return self._answer(request, place, request.match_info["number"], known)

    def _answer(self, request: web.Request, place: str, number: str, known: bool) -> web.Response:
        id = f"{place}#{number}"
        if place in self.issues_off:
            raise _Refusal(410, "Issues are disabled for this repo")
        if id in self.deleted:
            raise _Refusal(410, "This issue was deleted")
        bug = self.bugs.get(id)
        if bug is None or (bug.private and not known):
            raise _Refusal(404, "Not Found")
        if bug.moved_to is not None:
            where, there = _split(bug.moved_to)
            raise self._redirect(f"/repositories/{_number_of(where)}/issues/{there}", request)
        return _validated(self._resource(bug), request)

    async def _list(self, request: web.Request) -> web.Response:
        place, known = self._repository(request)
        if place in self.issues_off:
            raise _Refusal(410, "Issues are disabled for this repo")
        since = datetime.fromisoformat(request.query["since"].replace("Z", "+00:00"))
        found = [
            bug
            for bug in sorted(self.bugs.values(), key=lambda bug: bug.modified, reverse=True)
            if _split(bug.id)[0] == place
            and (known or not bug.private)
            and bug.id not in self.unlisted
            and bug.modified >= since
        ]
        size = min(int(request.query.get("per_page", "30")), 100)
        page = int(request.query.get("page", "1"))
        headers = {}
        if len(found) > page * size:
            query = "&".join(
                f"{name}={value}" for name, value in request.query.items() if name != "page"
            )
            last = -(-len(found) // size)
            url = f"{self.url}{request.path}?{query}&page="
            headers["Link"] = f'<{url}{page + 1}>; rel="next", <{url}{last}>; rel="last"'
        some = found[(page - 1) * size : page * size]
        return web.json_response([self._resource(bug) for bug in some], headers=headers)

    def _resource(self, bug: SimulatedBug) -> dict[str, Any]:
        place, number = _split(bug.id)
        is_pull = bug.extra.get("pull", False)
        merged_at = bug.extra.get("closed_at", "2024-02-03T04:05:06Z")
        state = "closed" if bug.extra.get("merged") else bug.status
        found: dict[str, Any] = {
            "id": 1000 + int(number),
            "node_id": f"I_{number}",
            "url": f"{self.url}/api/v3/repos/{place}/issues/{number}",
            "html_url": self._page(bug),
            "number": int(number),
            "title": bug.title,
            "state": None if bug.malformed else state,
            "labels": [
                {"id": 1, "name": label, "color": "ededed", "default": False}
                for label in bug.extra.get("labels", ())
            ],
            "milestone": _titled(bug.extra.get("milestone")),
            "updated_at": _time(bug.modified),
            "closed_at": bug.extra.get("closed_at"),
            "body": "It does not work.",
        }
        if self.reasons:
            found["state_reason"] = bug.resolution or None
        if is_pull:
            found["draft"] = bug.extra.get("draft", False)
            found["pull_request"] = {
                "html_url": self._page(bug),
                "merged_at": merged_at if bug.extra.get("merged") else None,
            }
        return found

    def _page(self, bug: SimulatedBug) -> str:
        place, number = _split(bug.id)
        return f"{self.url}/{place}/{'pull' if bug.extra.get('pull') else 'issues'}/{number}"

    # GraphQL.

    async def _graphql(self, request: web.Request) -> web.Response:
        if not self.has_graphql:
            raise _Refusal(404, "Not Found")
        if not self._knows(request):
            raise _Refusal(401, "This endpoint requires you to be authenticated.")
        schema = dict(_SCHEMA)
        asked = (await request.json())["query"]
        if not self.reasons and "enableDuplicate" in asked:
            message = "Field 'stateReason' doesn't accept argument 'enableDuplicate'"
            errors = [{"message": message, "extensions": {"code": "argumentNotAccepted"}}]
            return web.json_response({"errors": errors})
        try:
            fields = parse(asked, {}, schema)
        except GraphQLError as error:
            return web.json_response({"errors": [{"message": str(error)}]})
        self.points += max(1, round(sum(map(_connections, fields)) / 100))
        errors = []
        found: dict[str, Any] = {}
        for field in fields:
            place = self._place("{owner}/{name}".format(**field.arguments), True)
            if place is None:
                errors.append(_not_found([field.key], "Repository"))
                found[field.key] = None
                continue
            here: dict[str, Any] = {}
            for each in field.fields:
                if each.name == "nameWithOwner":
                    here[each.key] = place
                    continue
                number = each.arguments["number"]
                bug = self.bugs.get(f"{place}#{number}")
                if bug is not None and bug.moved_to is not None:
                    bug = self.bugs.get(bug.moved_to)
                if bug is None or bug.id in self.unlisted:
                    errors.append(_not_found([field.key, each.key], "issue or pull request"))
                    here[each.key] = None
                else:
                    here[each.key] = pick(self._object(bug), each.fields)
            found[field.key] = here
        answer: dict[str, Any] = {"data": found}
        if errors:
            answer["errors"] = errors
        return web.json_response(answer)

    def _object(self, bug: SimulatedBug) -> dict[str, Any]:
        resource = self._resource(bug)
        is_pull = "pull_request" in resource
        is_merged = bool(bug.extra.get("merged"))
        state = resource["state"]
        reason = (resource.get("state_reason") or "").upper() or None
        events = []
        if bug.duplicate_of is not None:
            other = self.bugs.get(bug.duplicate_of)
            canonical = None
            if other is not None:
                type = "PullRequest" if other.extra.get("pull") else "Issue"
                canonical = {"__typename": type, "url": self._page(other)}
            events.append({"__typename": "MarkedAsDuplicateEvent", "canonical": canonical})
        return {
            "__typename": "PullRequest" if is_pull else "Issue",
            "number": resource["number"],
            "title": resource["title"],
            "url": resource["html_url"],
            "updatedAt": resource["updated_at"],
            "closedAt": resource["closed_at"],
            "state": "MERGED" if is_merged else state and state.upper(),
            "stateReason": lambda enableDuplicate=False: (  # noqa: N803 - the argument's name
                None if reason == "DUPLICATE" and not enableDuplicate else reason
            ),
            "isDraft": bug.extra.get("draft", False),
            "labels": lambda first: {"nodes": resource["labels"][:first]},
            "milestone": resource["milestone"],
            "timelineItems": lambda itemTypes, last: {"nodes": events[-last:]},  # noqa: N803
        }


def _connections(field: Field) -> int:
    """How many connections are followed for a field, as GitHub counts points."""
    return ("nodes" in {each.name for each in field.fields}) + sum(map(_connections, field.fields))


def _not_found(path: list[str], what: str) -> dict[str, Any]:
    return {
        "type": "NOT_FOUND",
        "path": path,
        "locations": [{"line": 1, "column": 7}],
        "message": f"Could not resolve to a {what} with that name or number.",
    }


class _Refusal(web.HTTPException):
    """An answer that says why there is none."""

    def __init__(self, status: int, message: str) -> None:
        self.status_code = status
        body = {
            "message": message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(status),
        }
        super().__init__(text=json.dumps(body), content_type="application/json")


def _validated(resource: Mapping[str, Any], request: web.Request) -> web.Response:
    """The answer, which has a validator; only that if it is the one that is known."""
    body = json.dumps(resource)
    etag = f'W/"{hashlib.sha256(body.encode()).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    return web.Response(text=body, content_type="application/json", headers={"ETag": etag})


def _split(id: str) -> tuple[str, str]:
    found = _BUG.fullmatch(id)
    assert found is not None, id
    return found["place"], found["number"]


def _number_of(place: str) -> str:
    return str(sum(map(ord, place)) * 1000 + len(place))


def _titled(title: str | None) -> dict[str, Any] | None:
    return None if title is None else {"title": title, "state": "closed"}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
