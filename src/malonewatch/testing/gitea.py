"""A simulated Gitea, or Forgejo.

From https://docs.gitea.com/api/, from how Gitea's own code lists issues, redirects from old names
and judges tokens, and from what servers of Forgejo were seen to answer.
"""

import re
from datetime import datetime
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

_BUG = re.compile(r"(?P<place>[^/]+/[^/]+)#(?P<number>\d+)")
_API = re.compile(r"/api/v1/repos/(?P<place>[^/]+/[^/]+)/issues(?:/(?P<number>\d+))?")
#: What `MAX_RESPONSE_ITEMS`, `DEFAULT_PAGING_NUM` and `ISSUE_PAGING_NUM` are, unless a site says
#: otherwise.
_MOST, _COMMON, _FOUND = 50, 30, 20


class GiteaSimulator(Simulator):
    """A Gitea with public repositories.

    A bug's id is ``owner/project#12``.  Its `status` is ``open`` or ``closed``, and its `extra` may
    have ``labels``, a ``milestone`` and ``closed_at``; with ``pull`` it is a pull request, which
    may be ``merged`` or a ``draft``.  One that is `private` is in a repository of its members.

    What can be switched on:

    - `token`: who shows this one may see all there is; another one is refused,
    - `scope`: what that token is for, where that is not all,
    - `is_locked`: it answers none but those whom it knows,
    - `renamed`: old names of repositories with the new ones,
    - `version`: what it says that it is,
    - `most`: how many items come in one answer, at most,
    - `link_host`: where it believes to be, as links to further pages show.
    """

    defaults = {"status": "open"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.token: str | None = None
        self.scope: str | None = None
        self.is_locked = False
        self.renamed: dict[str, str] = {}
        self.version = "1.24.6"
        self.most = _MOST
        self.link_host = "http://localhost:3000"

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/api/v1/version", self._version),
            web.get("/api/v1/user", self._user),
            web.get("/api/v1/repos/issues/search", self._search),
            web.get("/api/v1/repos/{rest:.*}", self._api),
        ]

    def _knows(self, request: web.Request, scope: str | None = None) -> bool:
        """Whether it is somebody whom it knows."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme in ("token", "Bearer"):
            if token != self.token:
                raise _Refusal(401, "user does not exist [uid: 0, name: ]")
            if scope is not None and self.scope not in (None, scope):
                words = "token does not have at least one of required scope(s)"
                raise _Refusal(403, f"{words}: [{scope}]")
        if self.is_locked and not scheme:
            raise _Refusal(403, "Only signed in user is allowed to call APIs.")
        return bool(scheme)

    async def _version(self, request: web.Request) -> web.Response:
        self._knows(request)
        return web.json_response({"version": self.version})

    async def _user(self, request: web.Request) -> web.Response:
        if not self._knows(request, "read:user"):
            raise _Refusal(401, "token is required")
        return web.json_response({"id": 1, "login": "jane", "username": "jane"})

    async def _api(self, request: web.Request) -> web.Response:
        found = _API.fullmatch(request.path)
        if found is None:
            raise _Refusal(404, "The target couldn't be found.")
        known = self._knows(request, "read:issue")
        place = found["place"].lower()
        if place in self.renamed:
            path = request.path_qs.replace(found["place"], self.renamed[place], 1)
            raise web.HTTPTemporaryRedirect(path)
        bugs = {
            parts["number"]: bug
            for bug in self.bugs.values()
            for parts in [_parts(bug)]
            if parts["place"].lower() == place and (known or not bug.private)
        }
        if not bugs:
            raise _Refusal(404, "GetUserByName", "user redirect does not exist [name: nobody]")
        if found["number"] is None:
            return self._list(request, list(bugs.values()), _COMMON)
        if found["number"] not in bugs:
            raise _Refusal(404, "issue does not exist")
        return web.json_response(self._resource(bugs[found["number"]]))

    async def _search(self, request: web.Request) -> web.Response:
        known = self._knows(request, "read:issue")
        bugs = [bug for bug in self.bugs.values() if known or not bug.private]
        return self._list(request, bugs, _FOUND)

    def _list(self, request: web.Request, bugs: list[SimulatedBug], common: int) -> web.Response:
        query = request.query
        said = query.get("since", "0001-01-01T00:00:00Z")
        try:
            since = datetime.fromisoformat(said.replace("Z", "+00:00"))
        except ValueError:
            raise _Refusal(422, f"parsing time {said!r}") from None
        state = query.get("state", "open")
        found = [
            bug
            for bug in sorted(bugs, key=lambda bug: -int(_parts(bug)["number"]))
            if state in ("all", bug.status) and bug.modified.replace(microsecond=0) >= since
        ]
        size, page = min(int(query.get("limit", common)), self.most), int(query.get("page", "1"))
        headers = {"X-Total-Count": str(len(found))}
        if page * size < len(found):
            url = f"{self.link_host}{request.path}?limit={size}&page="
            last = -(-len(found) // size)
            headers["Link"] = f'<{url}{page + 1}>; rel="next",<{url}{last}>; rel="last"'
        some = found[(page - 1) * size : page * size]
        return web.json_response([self._resource(bug) for bug in some], headers=headers)

    def _resource(self, bug: SimulatedBug) -> dict[str, Any]:
        parts, extra = _parts(bug), bug.extra
        place, is_pull = parts["place"], bool(extra.get("pull"))
        kind, milestone = "pulls" if is_pull else "issues", extra.get("milestone")
        closed_at = extra.get("closed_at")
        is_merged = bool(extra.get("merged"))
        pull = {
            "draft": extra.get("draft", False),
            "merged": is_merged,
            "merged_at": closed_at if is_merged else None,
            "html_url": f"{self.url}/{place}/pulls/{parts['number']}",
        }
        return {
            "id": 1000 + int(parts["number"]),
            "number": int(parts["number"]),
            "html_url": f"{self.url}/{place}/{kind}/{parts['number']}",
            "title": bug.title,
            "body": "It does not work.",
            "state": None if bug.malformed else bug.status,
            "labels": [{"id": 1, "name": name, "color": "f00"} for name in extra.get("labels", ())],
            "milestone": None if milestone is None else {"id": 1, "title": milestone},
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": f"{bug.modified:%Y-%m-%dT%H:%M:%SZ}",
            "closed_at": closed_at,
            "pull_request": pull if is_pull else None,
            "repository": {"id": 1, "full_name": place},
        }


def _parts(bug: SimulatedBug) -> re.Match[str]:
    found = _BUG.fullmatch(bug.id)
    assert found is not None, bug.id
    return found


class _Refusal(web.HTTPException):
    """An answer that says why there is none."""

    def __init__(self, status: int, message: str, *errors: str) -> None:
        self.status_code = status
        body = web.json_response({"errors": errors or None, "message": message, "url": "/swagger"})
        super().__init__(text=body.text, content_type="application/json")
