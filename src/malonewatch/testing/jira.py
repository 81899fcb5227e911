"""A simulated Jira.

From https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/,
https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and what servers were seen to answer.
"""

import base64
import re
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

_KEYS = re.compile(r"key in \((.*)\)")
#: In milliseconds, which no time zone is needed for.
_UPDATED = re.compile(r"updated >= (\d+) order by updated desc")
#: What is over, of the statuses that come with Jira and some more; and what is being done.
DONE = ("Closed", "Resolved", "Done")
BEGUN = ("In Progress", "In Review")
REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at "
    "https://developer.atlassian.com/changelog/#CHANGE-2046"
)
DUPLICATE = {"name": "Duplicate", "inward": "is duplicated by", "outward": "duplicates"}


class JiraSimulator(Simulator):
    """A Jira Server; or, with `cloud`, one of Atlassian's cloud.

    A bug's id is its key.  `moved_to` is the new key of one that went to another project; its
    `extra` may have ``versions``, ``resolved`` (when that was), and ``category``, None for a
    Jira that has none.

    What can be switched on:

    - `token` and `login`: who shows one of them sees private issues; others are refused,
    - `closed`: nobody else sees anything,
    - `page_size`: no search gives more issues than that,
    - `strict`: a search fails for a key that there is not, whatever it is told.
    """

    defaults = {"status": "Open", "priority": "Major"}

    def __init__(self, *, cloud: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cloud = cloud
        self.token: str | None = None
        self.login: tuple[str, str] | None = None
        self.closed = False
        self.page_size = 1000
        self.strict = False

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/rest/api/2/serverInfo", self._server_info),
            web.get("/rest/api/2/myself", self._myself),
            web.get("/rest/api/2/status", self._statuses),
            web.get("/rest/api/2/priority", self._priorities),
            web.post("/rest/api/2/search", self._search),
            web.post("/rest/api/3/search/jql", self._search_jql),
            web.get("/rest/api/{version:[23]}/issue/{key}", self._issue),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        said = request.path + await request.text()
        return re.search(rf"(?<![\w-]){re.escape(id)}(?!\d)", said) is not None

    # Who may see what.

    def _knows(self, request: web.Request) -> bool:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if not shown:
            if self.closed:
                raise _refusal(401, "Client must be authenticated to access this resource.")
            return False
        good = {("Bearer", self.token)} if self.token is not None else set()
        if self.login is not None:
            pair = ":".join(self.login).encode()
            good.add(("Basic", base64.b64encode(pair).decode()))
        if (scheme, shown) not in good:
            raise _refusal(401, "Client must be authenticated to access this resource.")
        return True

    def _find(self, key: str) -> SimulatedBug | None:
        bug = self.bugs.get(key.upper())
        if bug is not None and bug.moved_to is not None:
            return self.bugs.get(bug.moved_to)
        return bug

    async def _server_info(self, request: web.Request) -> web.Response:
        self._knows(request)
        kind = "Cloud" if self.cloud else "Server"
        return web.json_response(
            {
                "baseUrl": self.url,
                "version": "1001.0.0-SNAPSHOT" if self.cloud else "9.12.5",
                "deploymentType": kind,
                "serverTitle": "Issues",
            }
        )

    async def _myself(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            raise _refusal(401, "Client must be authenticated to access this resource.")
        who = {"displayName": "Jane", "emailAddress": "jane@example.com"}
        return web.json_response(
            {"accountId": "1", **who} if self.cloud else {"name": "jane", **who}
        )

    async def _statuses(self, request: web.Request) -> web.Response:
        names = dict.fromkeys(["Open", *DONE, *BEGUN, *(bug.status for bug in self.bugs.values())])
        return web.json_response([_status(name) for name in names])

    async def _priorities(self, request: web.Request) -> web.Response:
        return web.json_response([{"name": name} for name in ("Blocker", "Major", "Minor")])

    # Issues.

    async def _issue(self, request: web.Request) -> web.Response:
        if self.cloud != (request.match_info["version"] == "3") and not self.cloud:
            raise web.HTTPNotFound
        known = self._knows(request)
        bug = self._find(request.match_info["key"])
        is_hidden = bug is not None and bug.private and not known
        if bug is None or (is_hidden and self.cloud):
            raise _refusal(404, "Issue does not exist or you do not have permission to see it.")
        if is_hidden:
            raise _refusal(
                401, "You do not have the permission to see the specified issue.", "Login Required"
            )
        return web.json_response(self._resource(bug))

    def _chosen(self, call: dict[str, Any], known: bool, strict: bool) -> list[dict[str, Any]]:
        """The issues that a search finds: it leaves out what is not to be seen."""
        since = _UPDATED.fullmatch(call["jql"])
        if since is not None:
            return self._changed(int(since[1]) / 1000, known)
        found = _KEYS.fullmatch(call["jql"])
        if found is None:
            raise _refusal(400, f"Error in the JQL Query: {call['jql']}")
        keys = found[1].split(",")
        missing = [key for key in keys if self._find(key) is None]
        if missing and (strict or self.strict):
            raise _refusal(
                400,
                *(f"An issue with key '{key}' does not exist for field 'key'." for key in missing),
            )
        bugs = {bug.id: bug for key in keys if (bug := self._find(key)) is not None}
        visible = [bug for bug in bugs.values() if known or not bug.private]
        if self.spoiler is not None:
            visible = [bug for bug in visible if bug.id != self.spoiler]
        return [
            self._resource(bug) for bug in sorted(visible, key=lambda bug: bug.id, reverse=True)
        ]

    def _changed(self, since: float, known: bool) -> list[dict[str, Any]]:
        """What changed since then, the last first."""
        bugs = [
            bug
            for bug in self.bugs.values()
            if bug.modified.timestamp() >= since
            and bug.moved_to is None
            and (known or not bug.private)
        ]
        bugs.sort(key=lambda bug: (bug.modified, bug.id), reverse=True)
        return [self._resource(bug) for bug in bugs]

    async def _search(self, request: web.Request) -> web.Response:
        known = self._knows(request)
        if self.cloud:
            raise _refusal(410, REMOVED)
        call = await request.json()
        found = self._chosen(call, known, call.get("validateQuery", True))
        start = call.get("startAt", 0)
        size = min(call.get("maxResults", 50), self.page_size)
        return web.json_response(
            {
                "expand": "schema,names",
                "startAt": start,
                "maxResults": size,
                "total": len(found),
                "issues": _page(call, found[start : start + size]),
            }
        )

    async def _search_jql(self, request: web.Request) -> web.Response:
        if not self.cloud:
            raise web.HTTPNotFound
        known = self._knows(request)
        call = await request.json()
        found = self._chosen(call, known, False)
        start = int(call.get("nextPageToken", "0"))
        # It gives more where it is little of each.
        most = 5000 if call.get("fields") == ["key"] else 100
        size = min(call.get("maxResults", 50), self.page_size, most)
        end = start + size
        answer = {"issues": _page(call, found[start:end]), "isLast": end >= len(found)}
        if end < len(found):
            answer["nextPageToken"] = str(end)
        return web.json_response(answer)

    def _resource(self, bug: SimulatedBug) -> dict[str, Any]:
        extra = bug.extra
        if bug.malformed:
            return {"id": "1", "key": bug.id, "fields": {"summary": bug.title, "status": None}}
        links = []
        if bug.duplicate_of is not None:
            other = {"key": bug.duplicate_of, "fields": {"summary": "Another bug"}}
            links.append({"id": "7", "type": DUPLICATE, "outwardIssue": other})
        links += [
            {"id": "8", "type": DUPLICATE, "inwardIssue": {"key": other.id}}
            for other in self.bugs.values()
            if other.duplicate_of == bug.id
        ]
        status = _status(bug.status)
        if "category" in extra:
            key = extra["category"]
            status["statusCategory"] = None if key is None else {"id": 2, "key": key}
        return {
            "id": str(10000 + len(bug.id)),
            "key": bug.id,
            "self": f"{self.url}/rest/api/2/issue/10000",
            "fields": {
                "summary": bug.title,
                "status": status,
                "resolution": _named(bug.resolution),
                "priority": _named(bug.priority),
                "updated": bug.modified.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
                "resolutiondate": extra.get("resolved"),
                "fixVersions": [{"name": name} for name in extra.get("versions", ())],
                "issuelinks": links,
                "security": {"name": "Insiders"} if bug.private else None,
            },
        }


def _page(call: dict[str, Any], issues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those issues with the fields that a call wants; they have their keys whatever it wants."""
    page = [{**issue, "fields": {**issue["fields"]}} for issue in issues]
    for issue in page:
        for name in issue["fields"].keys() - set(call["fields"]):
            del issue["fields"][name]
    return page


def _status(name: str) -> dict[str, Any]:
    key = "done" if name in DONE else "indeterminate" if name in BEGUN else "new"
    return {"id": str(len(name)), "name": name, "statusCategory": {"id": 1, "key": key}}


def _named(name: str) -> dict[str, Any] | None:
    return {"id": "1", "name": name} if name else None


def _refusal(status: int, *messages: str) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        404: web.HTTPNotFound,
        410: web.HTTPGone,
    }
    answer = web.json_response({"errorMessages": messages, "errors": {}})
    return kinds[status](text=answer.text, content_type="application/json")
