"""A simulated Trac.

From https://trac.edgewall.org/wiki/TracQuery, from the sources of Trac 0.10 to
1.6 and of its plug-in for remote procedure calls, and from what Trac 1.6 was
seen to answer.
"""

import contextlib
import csv
import io
import re
import xmlrpc.client
from datetime import datetime, timezone, tzinfo
from typing import Any

from aiohttp import BasicAuth, web

from malonewatch.testing.simulator import SimulatedBug, Simulator

LABELS = {
    "summary": "Summary",
    "owner": "Owner",
    "type": "Type",
    "status": "Status",
    "priority": "Priority",
    "milestone": "Milestone",
    "severity": "Severity",
    "resolution": "Resolution",
    "changetime": "Modified",
}
#: What it comes with.
WORDS = {
    "status": ("accepted", "assigned", "closed", "new", "reopened"),
    "resolution": ("fixed", "invalid", "wontfix", "duplicate", "worksforme"),
    "priority": ("blocker", "critical", "major", "minor", "trivial"),
    "severity": (),
}
RANGES = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")


class TracSimulator(Simulator):
    """A Trac of that `version`.

    - Before 1.0 the first line has names in place of labels, and no byte order
      mark is before it.
    - Before 0.12 ``changetime`` is neither a column nor a constraint, and
      ``--`` stands for nothing.
    - Before 0.11 ``id`` and ``col`` are ignored.

    Who asks for no tickets in particular gets those that are open.

    `iso_dates` stands for ``default_date_format = iso8601`` in ``trac.ini``.
    Without it times are as Trac writes them where it has no other locale.
    `zone` is the time zone that it shows times in, and takes those to be in
    that name none.

    Further to be switched: `public`, without which nobody sees a ticket who
    has not logged in; `login_page`, to be sent there instead of being told so;
    and `ticket_csv`, without which a ticket is always a page.

    `rpc` are the protocols of that plug-in, ``json`` and ``xml``, which `login` may
    call, a name and a password; with `rpc_granted` off, not even they.

    A bug whose ``extra["unlisted"]`` is true is there, but in no list.
    """

    path = "/trac"
    defaults = {"status": "new", "priority": "major"}

    def __init__(
        self,
        *,
        version: tuple[int, int] = (1, 6),
        iso_dates: bool = True,
        zone: tzinfo = timezone.utc,
        rpc: tuple[str, ...] = (),
        login: tuple[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.version = version
        self.iso_dates = iso_dates
        self.zone = zone
        self.rpc = rpc
        self.login = login
        self.rpc_granted = True
        self.public = True
        self.login_page = False
        self.ticket_csv = True

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{self.path}/query", self._query),
            web.get(f"{self.path}/ticket/{{id}}", self._ticket),
            web.post(f"{self.path}/login/rpc", self._rpc),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        """Ids come as ranges."""
        if request.path.endswith("/query"):
            return _is_in(int(id), request.query.getall("id", ["0"]))
        if request.path.endswith("/rpc"):
            said = await request.text()
            return f"[{id}]" in said or f"<int>{id}</int>" in said or id in request.content_type
        return await super().asks_for(request, id)

    def _fields(self) -> list[str]:
        """What a ticket has, in Trac's order.  What has no values at all is no field."""
        names = ["summary", "owner", "type", "status", "priority", "milestone", "resolution"]
        if any(bug.severity for bug in self.bugs.values()):
            names.insert(-1, "severity")
        if self.version >= (0, 12):
            names.append("changetime")
        return names

    def _value(self, bug: SimulatedBug, name: str) -> str:
        if name == "changetime":
            return self._format_time(bug.modified)
        value = {
            "id": bug.id,
            "summary": bug.title,
            "owner": "somebody",
            "type": "defect",
            "status": "" if bug.malformed else bug.status,
            "priority": bug.priority,
            "severity": bug.severity,
            "resolution": bug.resolution,
        }.get(name, "")
        return value or ("--" if self.version < (0, 12) else "")

    def _format_time(self, moment: datetime) -> str:
        moment = moment.astimezone(self.zone)
        if self.iso_dates and self.version >= (1, 0):
            return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        return moment.strftime("%m/%d/%y %H:%M:%S")

    def _forbidden(self) -> web.Response:
        if self.login_page:
            return _page("Login", content='<form><input type="password" name="password"></form>')
        return _page("Error: Forbidden", 403)

    def _csv(self, head: list[str], lines: list[list[str]], *, bom: bool = True) -> web.Response:
        text = io.StringIO()
        csv.writer(text).writerows([head, *lines])
        body = text.getvalue().encode("utf-8-sig" if bom else "utf-8")
        return web.Response(body=body, content_type="text/csv", charset="utf-8")

    async def _query(self, request: web.Request) -> web.Response:
        query = request.query
        if not self.public:
            return self._forbidden()
        if query.get("format") != "csv":
            return _page("Custom Query")
        numbers = set(self.bugs)
        changed = None
        has_ids = self.version >= (0, 11) and "id" in query
        if has_ids:
            asked = query.getall("id")
            if not all(map(RANGES.fullmatch, asked)):
                return web.Response(content_type="text/csv", charset="utf-8")
            numbers = {number for number in numbers if _is_in(int(number), asked)}
        if self.version >= (0, 12) and "changetime" in query:
            start, _, end = query["changetime"].partition("..")
            changed = _parse_time(start, self.zone)
            if changed is None or end:
                return web.Response(content_type="text/csv", charset="utf-8")
        if not (has_ids or changed is not None or (self.version < (1, 0) and "order" in query)):
            # What it lists by default.
            numbers = {number for number in numbers if self.bugs[number].status != "closed"}
        names = ["id", *self._fields()[:6]]
        if self.version >= (0, 11) and "col" in query:
            names = [name for name in query.getall("col") if name in ("id", *self._fields())]
        bugs = [
            bug
            for bug in sorted(self.bugs.values(), key=lambda bug: int(bug.id))
            if bug.id in numbers
            and not bug.private
            and not bug.extra.get("unlisted")
            and (changed is None or bug.modified >= changed)
        ]
        maximum = int(query.get("max", "0"))
        labelled = self.version >= (1, 0)
        return self._csv(
            [LABELS.get(name, name) for name in names] if labelled else names,
            [[self._value(bug, name) for name in names] for bug in bugs[: maximum or None]],
            bom=labelled,
        )

    async def _ticket(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if not number.isdigit():
            return _page("Error: Not Found", 404)
        bug = self.bugs.get(number)
        if bug is None:
            return _page("Error: Invalid ticket number", 404)
        if bug.private or not self.public:
            return self._forbidden()
        if request.query.get("format") != "csv" or not self.ticket_csv:
            return _page(f"#{number}")
        names = ["id", *(name for name in self._fields() if name != "changetime")]
        return self._csv(names, [[self._value(bug, name) for name in names]])

    # The plug-in.

    async def _rpc(self, request: web.Request) -> web.Response:
        if self.login is not None:
            given = request.headers.get("Authorization", "")
            if not given or BasicAuth.decode(given)[:2] != self.login:
                headers = {"WWW-Authenticate": 'Basic realm="Trac"'}
                return web.Response(status=401, text="Unauthorized", headers=headers)
        if not self.rpc:
            return _page("Error: Not Found", 404)
        is_json = request.content_type == "application/json"
        if ("json" if is_json else "xml") not in self.rpc:
            return web.Response(status=415, text="No protocol matching Content-Type")
        return self._json(await request.json()) if is_json else self._xml(await request.text())

    def _words(self, name: str) -> list[str]:
        """The values that a field may have."""
        own = (getattr(bug, name) for bug in self.bugs.values())
        return [*dict.fromkeys((*WORDS[name], *filter(None, own)))]

    def _call(self, method: str, argument: Any = None) -> Any:
        """What a method returns: with an error, a (code, message)."""
        if method == "system.getAPIVersion":
            return [1, 1, 9]
        if not self.rpc_granted:
            return (403, "XML_RPC privileges are required to perform this operation")
        if method == "system.multicall":
            return None
        if method == "ticket.getRecentChanges":
            # Always in UTC.
            since = datetime.strptime(f"{argument}Z", "%Y%m%dT%H:%M:%S%z")
            bugs = (bug for bug in self.bugs.values() if not bug.private or self.login is not None)
            return [int(bug.id) for bug in bugs if bug.modified >= since]
        if method.endswith(".getAll"):
            return self._words(method.split(".")[1])
        bug = self.bugs.get(str(argument))
        if bug is None:
            return (404, f"Ticket {argument} does not exist.")
        if bug.private and self.login is None:
            return (403, "TICKET_VIEW privileges are required")
        names = (name for name in self._fields() if name != "changetime")
        return [bug, {name: self._value(bug, name) for name in names}]

    def _json(self, call: dict[str, Any]) -> web.Response:
        def said(found: Any, id: int) -> dict[str, Any]:
            if isinstance(found, tuple):
                error = {"name": "JSONRPCError", "code": found[0], "message": found[1]}
                return {"result": None, "error": error, "id": id}
            if isinstance(found[0], SimulatedBug):
                bug, fields = found
                moment = bug.modified.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
                changed = {"__jsonclass__": ["datetime", moment]}
                found = [int(bug.id), changed, changed, fields]
            return {"result": found, "error": None, "id": id}

        found = self._call(call["method"], 0)
        if found is None:
            found = [
                said(self._call(each["method"], each["params"][0]), each["id"])
                for each in call["params"]
            ]
        return web.json_response(said(found, call.get("id", 0)))

    def _xml(self, text: str) -> web.Response:
        def said(found: Any) -> Any:
            # What cannot be written becomes a struct of what it is made of.
            if isinstance(found, tuple):
                return {"message": found[1], "title": "Trac Error"}
            if not found or not isinstance(found[0], SimulatedBug):
                return found
            bug, fields = found
            moment = xmlrpc.client.DateTime(bug.modified.astimezone(timezone.utc))
            return [int(bug.id), moment, moment, fields]

        arguments, method = xmlrpc.client.loads(text)
        call: Any = arguments[0]
        found = self._call(str(method), call)
        if isinstance(found, tuple):
            body = xmlrpc.client.dumps(xmlrpc.client.Fault(*found))
        else:
            result = (
                said(found)
                if found is not None
                else [
                    answer
                    if isinstance(
                        answer := said(self._call(each["methodName"], *each["params"])), dict
                    )
                    else [answer]
                    for each in call
                ]
            )
            body = xmlrpc.client.dumps((result,), methodresponse=True)
        return web.Response(text=body, content_type="text/xml")


def _is_in(number: int, ranges: list[str]) -> bool:
    for part in ",".join(ranges).split(","):
        first, _, last = part.partition("-")
        if int(first) <= number <= int(last or first):
            return True
    return False


def _parse_time(text: str, zone: tzinfo) -> datetime | None:
    """The time in ISO 8601 that `text` gives, in `zone` if it names none."""
    for form in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"):
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, form)
    with contextlib.suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
    return None


def _page(title: str, status: int = 200, content: str = "") -> web.Response:
    return web.Response(
        status=status,
        text=f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>{content}</html>",
        content_type="text/html",
    )
