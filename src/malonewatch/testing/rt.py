"""A simulated Request Tracker.

From https://docs.bestpractical.com/rt/5.0.7/RT/REST2.html, from the sources of RT
3.4 to 6.0, and from what RT 5.0 was seen to answer.
"""

import base64
import re
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

NONE = "1970-01-01T00:00:00Z"
ORDER = re.compile(r"id=(\d+)")


class RTSimulator(Simulator):
    """An RT of that `version`.

    Before 5.0 there is no REST 2.

    - `people`: who may log in, by (name, password) or by token; True for
      those who see private tickets too,
    - `most`: how many tickets a page has, at most,
    - `fails`: it says in the body that the server failed, after which a ticket follows.

    A bug's `moved_to` is the id of the ticket that it was merged into, its
    `severity` the custom field of that name; ``extra`` may say when it was
    ``resolved``, and what it is ``fixed_in``.
    """

    path = "/rt"
    defaults = {"status": "new", "priority": "0"}

    def __init__(self, *, version: tuple[int, int, int] = (5, 0, 3), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.version = version
        self.people: dict[Any, bool] = {}
        self.most = 100
        self.fails = False

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{self.path}/REST/2.0/{{rest:.*}}", self._rest2),
            web.post(f"{self.path}/REST/1.0/{{rest:.*}}", self._rest1),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        form = await request.text()
        said = request.query.get("query", "") + "".join(parse_qs(form).get("id", []))
        return re.search(rf"\b{id}\b", f"{said} {request.match_info['rest']}") is not None

    def _login(self, header: str) -> Any:
        scheme, _, value = header.partition(" ")
        if scheme == "token":
            return value
        return tuple(base64.b64decode(value).decode().split(":")) if scheme == "Basic" else None

    def _found(self, number: str) -> SimulatedBug | None:
        """The ticket of that number, or the one that it is a part of now."""
        bug = self.bugs.get(number)
        return self.bugs.get(bug.moved_to) if bug and bug.moved_to else bug

    # REST 2.

    async def _rest2(self, request: web.Request) -> web.Response:
        if self.version < (5, 0, 0):
            # All that is below REST is answered so, but who knows people by cookies only.
            return self._text("401 Credentials required")
        sees_all = self.people.get(self._login(request.headers.get("Authorization", "")))
        rest = request.match_info["rest"]
        if sees_all is None:
            return _message(401, "Unauthorized")
        if rest == "rt":
            return web.json_response({"Version": ".".join(map(str, self.version))})
        if rest == "tickets":
            return self._tickets(request, sees_all)
        bug = self._found(rest.removeprefix("ticket/"))
        if bug is None:
            return _message(404, "Not Found")
        if bug.private and not sees_all:
            return _message(403, "Forbidden")
        return web.json_response({**self._fields(bug), "id": int(bug.id)})

    def _tickets(self, request: web.Request, sees_all: bool) -> web.Response:
        query = request.query.get("query", "")
        numbers = ORDER.findall(query)
        assert " OR ".join(f"id={number}" for number in numbers) == query
        found = [
            bug
            for bug in sorted(self.bugs.values(), key=lambda bug: int(bug.id))
            if bug.id in numbers and bug.moved_to is None and bug.status != "deleted"
        ]
        # The page is cut first; then what is not for everybody is left out.
        size = min(int(request.query.get("per_page", "20")), self.most)
        page = int(request.query.get("page", "1"))
        some = found[(page - 1) * size : page * size]
        wanted = {"id", "type", *request.query.get("fields", "").split(",")}
        items = [
            {name: value for name, value in self._fields(bug).items() if name in wanted}
            for bug in some
            if sees_all or not bug.private
        ]
        answer: dict[str, Any] = {
            "count": len(items),
            "total": None,
            "pages": None,
            "page": page,
            "per_page": size,
            "items": items,
        }
        if page * size < len(found):
            answer["next_page"] = f"http://behind.a.proxy/REST/2.0/tickets?page={page + 1}"
        return web.json_response(answer)

    def _fields(self, bug: SimulatedBug) -> dict[str, Any]:
        named = {"Severity": bug.severity, "Fixed in": bug.extra.get("fixed_in", "")}
        fields = [
            {"id": str(number), "type": "customfield", "name": name, "values": [value]}
            for number, (name, value) in enumerate(named.items(), 1)
            if value
        ]
        return {
            "id": bug.id,
            "type": "ticket",
            "Subject": bug.title,
            "Status": None if bug.malformed else bug.status,
            "Priority": bug.priority,
            "LastUpdated": bug.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Resolved": bug.extra.get("resolved", NONE),
            "EffectiveId": {"id": bug.id, "type": "ticket"},
            **({"CustomFields": fields} if fields else {}),
        }

    # REST 1.0.

    async def _rest1(self, request: web.Request) -> web.Response:
        form = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        header = self._login(request.headers.get("Authorization", ""))
        login = header if isinstance(header, str) else (form.get("user"), form.get("pass"))
        sees_all = self.people.get(login)
        if sees_all is None:
            return self._text("401 Credentials required")
        rest = request.match_info["rest"]
        asked = form.get("id", "") if rest == "show" else rest.removesuffix("/show")
        if not asked:
            return self._text("200 Ok", "# Invalid object specification: ''\n\nid: \n")
        numbers = asked.removeprefix("ticket/").split(",")
        records = [self._record(number, sees_all) for number in numbers]
        status = "500 Internal server error" if self.fails else "200 Ok"
        return self._text(status, "\n--\n\n".join(records) + "\n")

    def _record(self, number: str, sees_all: bool) -> str:
        bug = self._found(number)
        if bug is None:
            return f"# Ticket {number} does not exist.\n\nid: ticket/{number}\n"
        if bug.private and not sees_all:
            return f"# You are not allowed to display ticket {number}.\n\nid: ticket/{number}\n"
        fields = {
            "id": f"ticket/{bug.id}",
            "Queue": "Frobs",
            "Owner": "Nobody",
            "Subject": bug.title,
            "Status": "" if bug.malformed else bug.status,
            "Priority": bug.priority,
            "Requestors": "jane@example.com,\n            joe@example.com\n",
            "Resolved": "Not set",
            "LastUpdated": bug.modified.strftime("%a %b %d %H:%M:%S %Y"),
            "TimeWorked": "0",
            "TimeLeft": "0",
            "CF.{Severity}": bug.severity,
            "CF.{Fixed in}": bug.extra.get("fixed_in", ""),
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def _text(self, status: str, body: str = "") -> web.Response:
        version = ".".join(map(str, self.version))
        return web.Response(
            text=f"RT/{version} {status}\n\n{body}", content_type="text/plain", charset="utf-8"
        )


def _message(status: int, text: str) -> web.Response:
    return web.json_response({"message": text}, status=status)
