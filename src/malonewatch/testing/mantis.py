"""A simulated MantisBT.

From the documentation of MantisBT's web services, from the sources of MantisBT
1.2 to 2.28, and from what MantisBT 1.1 and 2.28.4 were seen to answer.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta, timezone
from html import escape
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator


def _numbers(words: str) -> dict[str, int]:
    """Words, and the numbers that they have in MantisBT: with gaps between, for more."""
    return {word: 10 * count for count, word in enumerate(words.split(", "), 1)}


NUMBERS = {
    "status": {
        **_numbers("new, feedback, acknowledged, confirmed, assigned"),
        "resolved": 80,
        "closed": 90,
    },
    "resolution": _numbers(
        "open, fixed, reopened, unable to duplicate, not fixable, duplicate, not a bug,"
        " suspended, wont fix"
    ),
    "priority": _numbers("none, low, normal, high, urgent, immediate"),
    "severity": _numbers("feature, trivial, text, tweak, minor, major, crash, block"),
}
ENUMERATIONS = {
    "mc_enum_status": "status",
    "mc_enum_resolutions": "resolution",
    "mc_enum_priorities": "priority",
    "mc_enum_severities": "severity",
}
COLUMNS = (
    *("Id", "Priority", "Severity", "Updated", "Summary", "Status", "Resolution"),
    *("Fixed in Version", "View Status", "Duplicate ID"),
)
RELATIONSHIPS = {0: "duplicate of", 1: "related to", 4: "has duplicate"}
#: Issues in this status are in no list, unless it is asked for.
HIDDEN = "closed"
_CALL = re.compile(r"<(?:\w+:)?(mc_\w+)[ >]")
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope'
    ' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:ns1="http://futureware.biz/mantisconnect"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<SOAP-ENV:Body>{}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


class MantisSimulator(Simulator):
    """A MantisBT that answers by `soap` and `rest`, and gives an `export`.

    `named` pages are those of MantisBT 1.3 and later, whose cells have names; before
    they had comments, as in 1.1.  `token` is that of the account ``jane``, who may see
    what is private, and whose `password` is that; without `public` nobody else may see
    anything.  A status that is the site's own is in `statuses`, with its number; `columns`
    are what those of an export are called in the site's language.

    A bug's `severity`, `priority`, `status` and `resolution` are names.  In its ``extra``
    may be ``fixed_in``; ``unlisted``, which keeps it from lists; and ``project``,
    ``"private"`` for one in a project that is.
    """

    path = "/mantis"
    defaults = {"status": "new", "resolution": "open", "priority": "normal", "severity": "minor"}

    def __init__(
        self,
        *,
        soap: bool = True,
        rest: bool = True,
        export: bool = True,
        named: bool = True,
        public: bool = True,
        token: str | None = None,
        password: str | None = None,
        statuses: dict[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.soap = soap
        self.rest = rest
        self.export = export
        self.named = named
        self.public = public
        self.columns = COLUMNS
        self.token = token
        self.password = password
        self.numbers = {name: dict(words) for name, words in NUMBERS.items()}
        self.numbers["status"].update(statuses or {})

    def ways_to_say(self, remotestatus: str) -> Iterator[dict[str, Any]]:
        # The headers of issues have numbers, and never a word.
        self.soap = False
        for values in super().ways_to_say(remotestatus):
            for name, word in values.items():
                known = self.numbers[name]
                known.setdefault(word, max(known.values()) + 1)
            yield values

    def routes(self) -> list[web.AbstractRouteDef]:
        rest = f"{self.path}/api/rest/index.php"
        return [
            web.post(f"{self.path}/api/soap/mantisconnect.php", self._soap),
            web.get(f"{rest}/issues", self._rest_issues),
            web.get(f"{rest}/issues/{{id}}", self._rest_issue),
            web.get(f"{rest}/users/me", self._rest_me),
            web.get(f"{self.path}/csv_export.php", self._csv),
            web.get(f"{self.path}/view.php", self._view),
            web.get(f"{self.path}/my_view_page.php", self._my_view),
            web.get(f"{self.path}/login_page.php", self._login),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        if request.method == "POST":
            return f">{id}<" in await request.text()
        return id in (request.match_info.get("id"), request.query.get("id"))

    def _has(self, id: str, known: bool) -> SimulatedBug | None:
        """The bug, if whoever asks may see it."""
        bug = self.bugs.get(id)
        return bug if bug is not None and (known or not bug.private) else None

    def _time(self, bug: SimulatedBug) -> str:
        return bug.modified.astimezone(timezone(timedelta(hours=2))).isoformat()

    # SOAP.

    async def _soap(self, request: web.Request) -> web.Response:
        if not self.soap:
            raise web.HTTPNotFound
        text = await request.text()
        call = _CALL.search(text)
        assert call is not None, text
        if call[1] == "mc_version":
            return self._returns("mc_version", "2.28.4")
        name, password = (
            re.findall(rf"<{what}>(.*)</{what}>", text)[0] for what in ("username", "password")
        )
        known = name == "jane" and password in (self.token, self.password) and bool(password)
        if not known and (name or not self.public):
            return self._fault("Access denied")
        if call[1] == "mc_login":
            who = f"<id>3</id><name>{'jane' if known else 'nobody'}</name>"
            return self._returns(call[1], f"<account_data>{who}</account_data>")
        if call[1] in ENUMERATIONS:
            return self._returns(call[1], self._soap_enumeration(ENUMERATIONS[call[1]]))
        ids = re.findall(r'<(?:item|issue_id) xsi:type="xsd:int">(\d+)<', text)
        if call[1] == "mc_issue_exists":
            bug = self.bugs.get(ids[0])
            hidden = bug is None or (bug.extra.get("project") == "private" and not known)
            return self._returns(call[1], "false" if hidden else "true")
        bugs = [bug for id in ids if (bug := self._has(id, known)) is not None]
        whole = call[1] == "mc_issues_get"
        listed = [self._soap_issue(bug, whole) for bug in bugs if not bug.extra.get("unlisted")]
        return self._returns(call[1], "".join(f"<item>{issue}</item>" for issue in listed))

    def _soap_enumeration(self, what: str) -> str:
        return "".join(
            '<item xsi:type="ns1:ObjectRef">'
            f'<id xsi:type="xsd:integer">{number}</id><name xsi:type="xsd:string">{word}</name>'
            "</item>"
            for word, number in sorted(self.numbers[what].items(), key=lambda each: each[1])
        )

    def _returns(self, call: str, content: str) -> web.Response:
        name = f"ns1:{call}Response"
        text = _ENVELOPE.format(f"<{name}><return>{content}</return></{name}>")
        return web.Response(text=text, content_type="text/xml")

    def _fault(self, why: str) -> web.Response:
        fault = (
            "<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>"
            f"<faultstring>{why}</faultstring></SOAP-ENV:Fault>"
        )
        return web.Response(status=500, text=_ENVELOPE.format(fault), content_type="text/xml")

    def _soap_issue(self, bug: SimulatedBug, whole: bool) -> str:
        if whole:
            relationships = "".join(
                f"<item><id>{number}</id><type><id>{kind}</id><name>x</name></type>"
                f"<target_id>{other}</target_id></item>"
                for number, (kind, other) in enumerate(self._relationships(bug), 1)
            )
            return f"<id>{bug.id}</id><relationships>{relationships}</relationships>"
        values = {
            "id": bug.id,
            "view_state": "50" if bug.private else "10",
            "last_updated": self._time(bug),
            "project": "1",
            "category": "General",
            **{what: self._number(bug, what) for what in NUMBERS},
            "summary": escape(bug.title),
        }
        if bug.malformed:
            del values["status"]
        return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())

    def _number(self, bug: SimulatedBug, what: str) -> str:
        return str(self.numbers[what][getattr(bug, what)])

    def _relationships(self, bug: SimulatedBug) -> list[tuple[int, str]]:
        """Kinds, and the others' ids: related to 99, duplicate of, has duplicate."""
        same = [] if bug.duplicate_of is None else [(0, bug.duplicate_of)]
        others = [(4, id) for id, each in self.bugs.items() if each.duplicate_of == bug.id]
        return [(1, "99"), *same, *others]

    # REST.

    def _knows(self, request: web.Request) -> bool:
        """Whether somebody asks who is known.

        :raises web.HTTPException: nobody else may.
        """
        if not self.rest:
            raise web.HTTPServiceUnavailable(reason="API disabled")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        known = self.token is not None and token == self.token
        if not known and not self.public:
            headers = {"WWW-Authenticate": "Bearer"}
            raise web.HTTPUnauthorized(reason="Valid API token required", headers=headers)
        return known

    async def _rest_issues(self, request: web.Request) -> web.Response:
        self._knows(request)
        return web.json_response({"issues": [{"id": int(id)} for id in list(self.bugs)[:1]]})

    async def _rest_me(self, request: web.Request) -> web.Response:
        return web.json_response({"id": 3, "name": "jane" if self._knows(request) else "nobody"})

    async def _rest_issue(self, request: web.Request) -> web.Response:
        known, id = self._knows(request), request.match_info["id"]
        if id not in self.bugs:
            message = f"Issue #{id} not found"
            answer = {"message": message, "code": 1100, "localized": f"Issue {id} not found."}
            return web.json_response(answer, status=404)
        bug = self._has(id, known)
        if bug is None:
            answer = {"message": "Access denied for user nobody."}
            return web.json_response(answer, status=403)
        issue: dict[str, Any] = {"id": int(id), "summary": bug.title}
        for what in NUMBERS:
            name = getattr(bug, what)
            issue[what] = {"id": self.numbers[what][name], "name": name, "label": name.title()}
        issue["updated_at"] = self._time(bug)
        issue["view_state"] = {"id": 50, "name": "private"} if bug.private else {"id": 10}
        if "fixed_in" in bug.extra:
            issue["fixed_in_version"] = {"id": 7, "name": bug.extra["fixed_in"]}
        issue["relationships"] = [
            {"id": number, "type": {"id": kind, "name": "x"}, "issue": {"id": int(other)}}
            for number, (kind, other) in enumerate(self._relationships(bug), 1)
        ]
        if bug.malformed:
            issue["status"] = None
        wanted = request.query["select"].split(",")
        selected = {name: issue[name] for name in wanted if name in issue}
        return web.json_response({"issues": [selected]})

    # Pages.

    async def _csv(self, request: web.Request) -> web.Response:
        self._let_in()
        if not self.export:
            raise web.HTTPForbidden(text="<html>Access Denied.</html>", content_type="text/html")
        text = io.StringIO()
        lines = csv.writer(text)
        lines.writerow(self.columns)
        for bug in self.bugs.values():
            if bug.private or bug.status == HIDDEN or bug.extra.get("unlisted"):
                continue
            number, same = (id.zfill(7) for id in (bug.id, bug.duplicate_of or ""))
            day, status = bug.modified.strftime("%Y-%m-%d"), "" if bug.malformed else bug.status
            start = (number, bug.priority, bug.severity, day, bug.title, status, bug.resolution)
            lines.writerow((*start, bug.extra.get("fixed_in", ""), "public", same))
        headers = {"Content-Type": "text/csv; name=all.csv;charset=UTF-8"}
        return web.Response(body=text.getvalue().encode("utf-8-sig"), headers=headers)

    async def _view(self, request: web.Request) -> web.Response:
        self._let_in()
        bug = self.bugs.get(request.query["id"])
        if bug is None:
            # As old ones have it with 200.
            status = 404 if self.named else 200
            return _page("APPLICATION ERROR #1100", status)
        if bug.private:
            return _page("Access Denied.", 403)
        cells = {
            "id": bug.id.zfill(7),
            **{what: getattr(bug, what) for what in NUMBERS},
            "last-modified": bug.modified.strftime("%Y-%m-%d %H:%M"),
            "fixed-in-version": bug.extra.get("fixed_in", ""),
            "summary": f"{bug.id.zfill(7)}: {bug.title}",
        }
        if bug.malformed:
            del cells["status"]
        relationships = "".join(
            f"<tr><td>{RELATIONSHIPS[kind]}</td>"
            f'<td><a href="view.php?id={other}">{other.zfill(7)}</a></td></tr>'
            for kind, other in self._relationships(bug)
        )
        rows = [self._row(name, escape(value), bug) for name, value in cells.items()]
        return _page(f"<table>{''.join(rows)}</table><table>{relationships}</table>")

    def _row(self, name: str, value: str, bug: SimulatedBug) -> str:
        if self.named:
            box = f'<i class="fa fa-square status-{self._number(bug, "status")}-fg"></i>'
            value = f"{box} {value}" if name == "status" else value
            return (
                f'<tr><th class="bug-{name} category">{name.title()}</th>'
                f'<td class="bug-{name}">{value}</td></tr>\n'
            )
        label = name.replace("-", " ").title()
        if name == "severity":
            return f"<tr>\n\t<!-- {label} -->\n\t<td>\n\t\t{value}\t</td></tr>\n"
        return (
            f'<tr>\n\t<!-- {label} -->\n\t<td class="category">\n\t\t{label}\t</td>\n'
            f"\t<td>\n\t\t{value}\t</td></tr>\n"
        )

    async def _my_view(self, request: web.Request) -> web.Response:
        self._let_in()
        return _page("My View")

    def _let_in(self) -> None:
        """:raises web.HTTPException: whoever looks at pages has to log in."""
        if not self.public:
            raise web.HTTPFound(f"{self.path}/login_page.php?return=view.php")

    async def _login(self, request: web.Request) -> web.Response:
        return _page('<form action="login.php"><input type="password" name="password"></form>')


def _page(content: str, status: int = 200) -> web.Response:
    text = (
        f"<!DOCTYPE html><html><head><title>Bugs</title></head><body>{content}"
        '<p>Powered by <a href="https://www.mantisbt.org">MantisBT</a></p></body></html>'
    )
    return web.Response(text=text, status=status, content_type="text/html")
