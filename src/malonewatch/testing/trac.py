"""A simulated Trac.

From https://trac.edgewall.org/wiki/TracQuery, from the sources of Trac 0.10 to
1.6, and from what Trac 1.6 was seen to answer.
"""

import contextlib
import csv
import io
import re
from datetime import datetime, timezone, tzinfo
from typing import Any

from aiohttp import web

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
RANGES = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")


class TracSimulator(Simulator):
    """A Trac of that `version`.

    - Before 1.0 the first line has names in place of labels, and no byte order
      mark is before it.
    - Before 0.12 ``changetime`` is neither a column nor a constraint, and
      ``--`` stands for nothing.
    - Before 0.11 ``id`` and ``col`` are ignored.

    `iso_dates` stands for ``default_date_format = iso8601`` in ``trac.ini``.
    Without it times are as Trac writes them where it has no other locale.
    `zone` is the time zone that it shows times in, and takes those to be in
    that name none.

    Further to be switched: `public`, without which nobody sees a ticket who
    has not logged in; `login_page`, to be sent there instead of being told so;
    and `ticket_csv`, without which a ticket is always a page.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.version = version
        self.iso_dates = iso_dates
        self.zone = zone
        self.public = True
        self.login_page = False
        self.ticket_csv = True

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{self.path}/query", self._query),
            web.get(f"{self.path}/ticket/{{id}}", self._ticket),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        """Ids come as ranges."""
        if request.path.endswith("/query"):
            return _is_in(int(id), request.query.getall("id", ["0"]))
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
        if not self.public:
            return self._forbidden()
        if request.query.get("format") != "csv":
            return _page("Custom Query")
        numbers = set(self.bugs)
        changed = None
        if self.version >= (0, 11) and "id" in request.query:
            asked = request.query.getall("id")
            if not all(map(RANGES.fullmatch, asked)):
                return web.Response(content_type="text/csv", charset="utf-8")
            numbers = {number for number in numbers if _is_in(int(number), asked)}
        if self.version >= (0, 12) and "changetime" in request.query:
            start, _, end = request.query["changetime"].partition("..")
            changed = _parse_time(start, self.zone)
            if changed is None or end:
                return web.Response(content_type="text/csv", charset="utf-8")
        names = ["id", *self._fields()[:6]]
        if self.version >= (0, 11) and "col" in request.query:
            names = [
                name for name in request.query.getall("col") if name in ("id", *self._fields())
            ]
        bugs = [
            bug
            for bug in sorted(self.bugs.values(), key=lambda bug: int(bug.id))
            if bug.id in numbers
            and not bug.private
            and not bug.extra.get("unlisted")
            and (changed is None or bug.modified >= changed)
        ]
        maximum = int(request.query.get("max", "0"))
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
