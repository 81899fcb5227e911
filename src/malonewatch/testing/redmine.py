"""A simulated Redmine.

From https://www.redmine.org/projects/redmine/wiki/Rest_api, from the sources of
Redmine 1.1 to 7.0, and from what Redmine 1.1 and 5.0.4 were seen to answer.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

#: The statuses that come with Redmine, and whether an issue is closed then.
STATUSES = {
    "New": False,
    "In Progress": False,
    "Resolved": False,
    "Feedback": False,
    "Closed": True,
    "Rejected": True,
}
PRIORITIES = ("Low", "Normal", "High", "Urgent", "Immediate")
#: What an answer has issues of, unless more are asked for, and at most.
USUAL_LIMIT, HIGHEST_LIMIT = 25, 100


class RedmineSimulator(Simulator):
    """A Redmine of that `version`.

    - Before 5.0 an issue does not tell whether its status is one of closed issues,
    - before 3.3 ``issue_id`` is ignored,
    - before 2.3 there is no ``closed_on``,
    - before 2.2 the list of statuses goes by another name, and before 1.3 there is
      none,
    - before 1.3 times are written with slashes, in a time zone of the server's.

    `statuses` are the site's own, in order, and whether an issue is closed then.
    `token` is a key that somebody has who may see what is private; further to be
    switched: `public`, without which nobody sees anything who has not logged in,
    and `rest`, without which keys are worth nothing.

    A bug's `duplicate_of` is the id of another one.  In its ``extra`` may be
    ``fixed_version``, ``custom_fields`` (values by name), ``closed_on``, and
    ``unlisted``: then it is there, but in no list.
    """

    path = "/redmine"
    defaults = {"status": "New", "priority": "Normal"}

    def __init__(
        self,
        *,
        version: tuple[int, int] = (6, 1),
        statuses: dict[str, bool] = STATUSES,
        token: str | None = None,
        public: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.version = version
        self.statuses = dict(statuses)
        self.token = token
        self.public = public
        self.rest = True

    def ways_to_say(self, remotestatus: str) -> Iterator[dict[str, Any]]:
        self.statuses.setdefault(remotestatus, False)
        yield {"status": remotestatus}

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{self.path}{page}", self._guarded(handler))
            for page, handler in (
                ("/issues.json", self._issues),
                (r"/issues/{id:\d+}.json", self._issue),
                ("/issue_statuses.json", self._issue_statuses),
                ("/enumerations/issue_priorities.json", self._issue_priorities),
                ("/users/current.json", self._current_user),
            )
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        if request.path.endswith("/issues.json"):
            return id in {bug.id for bug in self._page(request)}
        return request.match_info.get("id") == id

    # Who asks.

    def _is_known(self, request: web.Request) -> bool:
        key = request.headers.get("X-Redmine-API-Key")
        return self.rest and self.token is not None and key == self.token

    def _deny(self, request: web.Request) -> web.Response:
        """What who has not logged in is told where that is needed."""
        if not self.rest:
            return web.Response(status=403)
        asks = "X-Redmine-API-Key" not in request.headers
        headers = {"WWW-Authenticate": 'Basic realm="Redmine API"'} if asks else {}
        return web.Response(status=401, headers=headers)

    def _guarded(self, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.public and not self._is_known(request):
                return self._deny(request)
            found: web.StreamResponse = handler(request)
            return found

        return guarded

    # What there is.

    def _format_time(self, moment: datetime) -> str:
        if self.version < (1, 3):
            moment = moment.astimezone(timezone(timedelta(hours=-8)))
            return moment.strftime("%Y/%m/%d %H:%M:%S %z")
        return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _record(self, request: web.Request, bug: SimulatedBug) -> dict[str, Any]:
        if bug.malformed:
            return {"id": int(bug.id), "status": {"id": 1, "is_closed": False}}
        status: dict[str, Any] = {
            "id": list(self.statuses).index(bug.status) + 1,
            "name": bug.status,
        }
        closed = self.statuses[bug.status]
        if self.version >= (5, 0):
            status["is_closed"] = closed
        record: dict[str, Any] = {
            "id": int(bug.id),
            "project": {"id": 1, "name": "Frobs"},
            "tracker": {"id": 1, "name": "Bug"},
            "status": status,
            "priority": {"id": 4, "name": bug.priority},
            "author": {"id": 3, "name": "Somebody"},
            "subject": bug.title,
            "description": "It came off.",
            "done_ratio": 100 if closed else 0,
            "is_private": bug.private,
            "created_on": self._format_time(datetime(2024, 1, 1, tzinfo=timezone.utc)),
            "updated_on": self._format_time(bug.modified),
        }
        if "fixed_version" in bug.extra:
            record["fixed_version"] = {"id": 2, "name": bug.extra["fixed_version"]}
        if self.version >= (2, 3):
            moment = bug.extra.get("closed_on", bug.modified if closed else None)
            record["closed_on"] = None if moment is None else self._format_time(moment)
        fields = bug.extra.get("custom_fields")
        if fields:
            record["custom_fields"] = [
                {"id": number, "name": name, "value": value}
                for number, (name, value) in enumerate(fields.items(), 1)
            ]
        if "relations" in request.query.get("include", "").split(","):
            record["relations"] = self._relations(bug)
        return record

    def _relations(self, bug: SimulatedBug) -> list[dict[str, Any]]:
        """Each relation is with both of its issues, from the one to the other."""
        pairs = [(bug.id, bug.duplicate_of)] if bug.duplicate_of else []
        pairs += [(id, bug.id) for id, each in self.bugs.items() if each.duplicate_of == bug.id]
        related = {"id": 1, "issue_id": 1, "issue_to_id": 99, "relation_type": "relates"}
        found = [
            {"id": number, "issue_id": int(one), "issue_to_id": int(other)}
            for number, (one, other) in enumerate(pairs, 2)
        ]
        return [related, *({**each, "relation_type": "duplicates"} for each in found)]

    # Pages.

    def _listed(self, request: web.Request) -> list[SimulatedBug]:
        query = request.query
        ids = query.get("issue_id") if self.version >= (3, 3) else None
        since = query.get("updated_on")
        return [
            bug
            for bug in sorted(self.bugs.values(), key=lambda bug: int(bug.id))
            if (ids is None or bug.id in ids.split(","))
            and (query.get("status_id") == "*" or not self.statuses[bug.status])
            and (since is None or bug.modified >= _parse_time(since))
            and (not bug.private or self._is_known(request))
            and not bug.extra.get("unlisted")
        ]

    def _page(self, request: web.Request) -> list[SimulatedBug]:
        offset, limit = _bounds(request)
        return self._listed(request)[offset : offset + limit]

    def _issues(self, request: web.Request) -> web.Response:
        offset, limit = _bounds(request)
        answer = {"total_count": len(self._listed(request)), "offset": offset, "limit": limit}
        issues = [self._record(request, bug) for bug in self._page(request)]
        return web.json_response({"issues": issues, **answer})

    def _issue(self, request: web.Request) -> web.Response:
        bug = self.bugs.get(request.match_info["id"])
        if bug is None:
            return web.Response(status=404)
        if bug.private and not self._is_known(request):
            return self._deny(request)
        return web.json_response({"issue": self._record(request, bug)})

    def _issue_statuses(self, request: web.Request) -> web.Response:
        if self.version < (1, 3):
            return web.Response(status=404)
        statuses = [
            {"id": number, "name": name, "is_closed": closed}
            for number, (name, closed) in enumerate(self.statuses.items(), 1)
        ]
        return web.json_response(
            {"issue_statuses" if self.version >= (2, 2) else "statuses": statuses}
        )

    def _issue_priorities(self, request: web.Request) -> web.Response:
        priorities = [
            {"id": number, "name": name, "is_default": name == "Normal"}
            for number, name in enumerate(PRIORITIES, 1)
        ]
        return web.json_response({"issue_priorities": priorities})

    def _current_user(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return self._deny(request)
        user = {"id": 3, "firstname": "Jane", "lastname": "Doe"}
        if self.version >= (3, 3):
            user["login"] = "jane"
        return web.json_response({"user": user})


def _bounds(request: web.Request) -> tuple[int, int]:
    """Where the page that is asked for begins, and how many issues it has at most."""
    limit = int(request.query.get("limit", USUAL_LIMIT))
    return int(request.query.get("offset", "0")), min(limit, HIGHEST_LIMIT)


def _parse_time(text: str) -> datetime:
    """The time that a filter such as ``>=2024-01-02T03:04:05Z`` begins at."""
    moment = datetime.strptime(text.removeprefix(">="), "%Y-%m-%dT%H:%M:%SZ")
    return moment.replace(tzinfo=timezone.utc)
