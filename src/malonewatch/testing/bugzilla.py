"""A simulated Bugzilla.

From https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html, and from
what Bugzilla 5.0.6 and 5.2 were seen to answer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

#: The words of a new Bugzilla 5.0; a bug that is open has the empty resolution.
WORDS = {
    "bug_status": ("UNCONFIRMED", "CONFIRMED", "IN_PROGRESS", "RESOLVED", "VERIFIED"),
    "resolution": ("", "FIXED", "INVALID", "WONTFIX", "DUPLICATE", "WORKSFORME"),
    "priority": ("Highest", "High", "Normal", "Low", "Lowest", "---"),
    "bug_severity": (
        *("blocker", "critical", "major", "normal", "minor", "trivial", "enhancement"),
    ),
}
CLOSED = frozenset({"RESOLVED", "VERIFIED", "CLOSED"})


class BugzillaSimulator(Simulator):
    """A Bugzilla with REST; without it if `rest` is false, as before 5.0.

    - `cgi`: REST is at ``/rest.cgi`` alone, as where no URLs are rewritten.
    - `jsonrpc`: JSON-RPC is there, as it is but for the fork that Mozilla runs.
    - `postgresql`: an id that is no number, or too large a one, makes a search
      fail as a whole; elsewhere it finds nothing.
    - `max_results`: no search gives more bugs than that.
    - `key`, and `login` with its password: who sends them sees private bugs;
      with `closed` nobody else sees any.
    - `header`: REST looks for the key in a header too, as the forks do that
      Mozilla and Red Hat run; stock Bugzilla looks at parameters only.

    `words` are what its fields may hold, by the name of the field.

    A bug's ``extra["alias"]`` is its list of aliases.
    """

    defaults = {"status": "CONFIRMED", "priority": "P3", "severity": "normal"}

    def __init__(
        self,
        *,
        rest: bool = True,
        cgi: bool = False,
        jsonrpc: bool = True,
        postgresql: bool = False,
        max_results: int = 10_000,
        key: str | None = None,
        login: tuple[str, str] | None = None,
        closed: bool = False,
        header: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rest = rest
        self.cgi = cgi
        self.jsonrpc = jsonrpc
        self.postgresql = postgresql
        self.max_results = max_results
        self.key = key
        self.login = login
        self.closed = closed
        self.header = header
        self.words: dict[str, tuple[str, ...]] = dict(WORDS)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/{rest:rest|rest\\.cgi}/bug", self._search),
            web.get("/{rest:rest|rest\\.cgi}/bug/{id}", self._get),
            web.get("/{rest:rest|rest\\.cgi}/field/bug/{name}", self._field),
            web.get("/{rest:rest|rest\\.cgi}/version", self._version),
            web.get("/{rest:rest|rest\\.cgi}/whoami", self._whoami),
            web.post("/jsonrpc.cgi", self._jsonrpc),
            web.get("/show_bug.cgi", self._show_bug),
        ]

    def _find(self, name: str) -> SimulatedBug | None:
        if name in self.bugs:
            return self.bugs[name]
        for bug in self.bugs.values():
            # Aliases are compared by databases that do not look at case.
            if name.lower() in map(str.lower, bug.extra.get("alias", ())):
                return bug
        return None

    # Who asks.

    def _is_in(self, parameters: Mapping[str, Any], key: str | None = None) -> bool:
        """Whether somebody has logged in.

        :raises _RefusedError: with credentials that are wrong.
        """
        key = key or parameters.get("Bugzilla_api_key")
        if key is not None:
            if key != self.key:
                raise _RefusedError(306, "The API key you specified is invalid.")
            return True
        name = parameters.get("Bugzilla_login")
        if name is not None:
            if (name, parameters.get("Bugzilla_password")) != self.login:
                raise _RefusedError(300, "The login or password you entered is not valid.")
            return True
        if self.closed:
            raise _RefusedError(410, "You must log in before using this part of Bugzilla.")
        return False

    def _enter(self, request: web.Request) -> bool:
        """The same, for a request of REST."""
        key = request.headers.get("X-BUGZILLA-API-KEY") if self.header else None
        return self._is_in(request.query, key)

    def _has_rest(self, request: web.Request) -> bool:
        return self.rest and (not self.cgi or request.path.startswith("/rest.cgi"))

    def _fields(self, bug: SimulatedBug) -> dict[str, Any]:
        if bug.malformed:
            return {"id": int(bug.id), "status": None, "resolution": []}
        return {
            "id": int(bug.id),
            "alias": bug.extra.get("alias", []),
            "status": bug.status,
            "resolution": bug.resolution,
            "summary": bug.title,
            "priority": bug.priority,
            "severity": bug.severity,
            "last_change_time": bug.modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "is_open": bug.extra.get("is_open", not bug.resolution),
            "target_milestone": bug.extra.get("milestone", "---"),
            "dupe_of": None if bug.duplicate_of is None else int(bug.duplicate_of),
        }

    def _changed(self, since: str, offset: int, is_in: bool) -> list[SimulatedBug]:
        """What changed at that time or later, without the first ones of them."""
        moment = datetime.fromisoformat(since.replace("Z", "+00:00"))
        found = [bug for bug in self.bugs.values() if bug.modified >= moment]
        return [bug for bug in found if is_in or not bug.private][offset:][: self.max_results]

    def _chosen(self, parameters: Mapping[str, list[str]], is_in: bool) -> list[SimulatedBug]:
        """What a search finds: it leaves out what is not there, and what may not be seen."""
        ids = parameters.get("id", [])
        numbers = [id for id in ids if id.isdigit() and int(id) < 2**31]
        if self.postgresql and len(numbers) < len(ids):
            raise _RefusedError(100500, "DBD::Pg::db selectcol_arrayref failed: invalid input.")
        aliases = {alias.lower() for alias in parameters.get("alias", [])}
        found = [self.bugs[id] for id in dict.fromkeys(numbers) if id in self.bugs]
        found += [
            bug
            for bug in self.bugs.values()
            if aliases.intersection(map(str.lower, bug.extra.get("alias", ())))
        ]
        return [bug for bug in found if is_in or not bug.private][: self.max_results]

    async def _search(self, request: web.Request) -> web.Response:
        if not self._has_rest(request):
            return _not_found_page()
        query = {
            name: [part for value in request.query.getall(name, []) for part in value.split(",")]
            for name in ("id", "alias")
        }
        try:
            is_in, since = self._enter(request), request.query.get("last_change_time")
            if since is None:
                found = self._chosen(query, is_in)
            else:
                found = self._changed(since, int(request.query["offset"]), is_in)
        except _RefusedError as refused:
            return refused.response()
        limit = int(request.query.get("limit", "0")) or len(found)
        names = request.query.get("include_fields")
        return web.json_response(
            {"bugs": [_some(self._fields(bug), names) for bug in found[:limit]]}
        )

    async def _get(self, request: web.Request) -> web.Response:
        if not self._has_rest(request):
            return _not_found_page()
        try:
            bug = self._one(request.match_info["id"], self._enter(request))
        except _RefusedError as refused:
            return refused.response()
        fields = _some(self._fields(bug), request.query.get("include_fields"))
        return web.json_response({"bugs": [fields], "faults": []})

    def _one(self, name: str, is_in: bool) -> SimulatedBug:
        bug = self._find(name)
        if bug is None and not name.isdigit():
            raise _RefusedError(100, f"'{name}' is not a valid bug number nor an alias to a bug.")
        if bug is None:
            raise _RefusedError(101, f"Bug #{name} does not exist.")
        if bug.private and not is_in:
            raise _RefusedError(102, f"You are not authorized to access bug #{name}.")
        return bug

    async def _version(self, request: web.Request) -> web.Response:
        if not self._has_rest(request):
            return _not_found_page()
        return web.json_response({"version": "5.0.6"})

    async def _field(self, request: web.Request) -> web.Response:
        if not self._has_rest(request):
            return _not_found_page()
        try:
            self._enter(request)
            fields = [self._words_of(request.match_info["name"])]
        except _RefusedError as refused:
            return refused.response()
        names = request.query.get("include_fields")
        return web.json_response({"fields": [_some(field, names) for field in fields]})

    def _words_of(self, name: str) -> dict[str, Any]:
        """What Bug.fields tells of a field."""
        if name not in self.words:
            raise _RefusedError(51, f"There is no field named '{name}'.")
        values: list[dict[str, Any]] = [
            {"name": word, "sort_key": 100 * number, "visibility_values": []}
            for number, word in enumerate(self.words[name])
        ]
        for value in values if name == "bug_status" else ():
            value["is_open"] = value["name"] not in CLOSED
            value["can_change_to"] = []
        return {"name": name, "type": 2, "is_custom": False, "values": values}

    async def _whoami(self, request: web.Request) -> web.Response:
        # Stock Bugzilla knows no such resource.
        if not self._has_rest(request) or not self.header:
            return _RefusedError(32614, "A REST API resource was not found.").response()
        try:
            if not self._enter(request):
                raise _RefusedError(410, "You must log in before using this part of Bugzilla.")
        except _RefusedError as refused:
            return refused.response()
        return web.json_response({"id": 1, "name": "me@example.com", "real_name": "Me"})

    async def _jsonrpc(self, request: web.Request) -> web.Response:
        if not self.jsonrpc:
            return _not_found_page()
        call = await request.json()
        (parameters,) = call["params"]
        names = ",".join(parameters.get("include_fields", ())) or None
        result = error = None
        try:
            is_in = self._is_in(parameters)
            if call["method"] == "Bug.search":
                found = self._chosen(parameters, is_in)[: parameters.get("limit")]
            elif call["method"] == "Bug.get":
                found = [self._one(id, is_in) for id in parameters["ids"]]
            elif is_in or call["method"] == "Bug.fields":
                found = []
            else:
                raise _RefusedError(505, 'Logged-out users cannot use the "ids" argument.')
            result = {
                "bugs": [_some(self._fields(bug), names) for bug in found],
                **({"users": []} if call["method"] == "User.get" else {}),
            }
            if call["method"] == "Bug.fields":
                fields = [self._words_of(name) for name in parameters["names"]]
                result = {"fields": [_some(field, names) for field in fields]}
        except _RefusedError as refused:
            error = {"code": refused.code, "message": refused.message}
        return web.json_response({"id": call["id"], "result": result, "error": error})

    async def _show_bug(self, request: web.Request) -> web.Response:
        if request.query.get("ctype") != "xml":
            return web.Response(text="<!DOCTYPE html><title>Bug</title>", content_type="text/html")
        if self.closed:
            page = '<!DOCTYPE html><title>Log in to Bugzilla</title><input type="password">'
            return web.Response(text=page, content_type="text/html")
        lines = [
            '<?xml version="1.0" encoding="UTF-8" ?>',
            f'<!DOCTYPE bugzilla SYSTEM "{self.url}/page.cgi?id=bugzilla.dtd">',
            f'<bugzilla version="4.0.2" urlbase="{self.url}/" maintainer="admin@example.com">',
        ]
        names = [name for value in request.query.getall("id", []) for name in value.split(",")]
        for name in names:
            lines.append(self._bug_element(name, self._find(name)))
        lines.append("</bugzilla>")
        return web.Response(text="\n".join(lines), content_type="text/xml", charset="UTF-8")

    def _bug_element(self, name: str, bug: SimulatedBug | None) -> str:
        if bug is None or bug.private:
            error = "InvalidBugId" if bug is None else "NotPermitted"
            return f'<bug error="{error}"><bug_id>{escape(name)}</bug_id></bug>'
        values = [("bug_id", bug.id)]
        if not bug.malformed:
            values += [
                *(("alias", alias) for alias in bug.extra.get("alias", ())),
                ("short_desc", bug.title),
                ("delta_ts", bug.modified.strftime("%Y-%m-%d %H:%M:%S +0000")),
                ("bug_status", bug.status),
                ("resolution", bug.resolution),
                ("priority", bug.priority),
                ("bug_severity", bug.severity),
                ("target_milestone", bug.extra.get("milestone", "---")),
            ]
            if bug.duplicate_of is not None:
                values.append(("dup_id", bug.duplicate_of))
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values if value)
        return f"<bug>{inner}</bug>"


class _RefusedError(Exception):
    """An error of the web services."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def response(self) -> web.Response:
        """The error as REST has it; of a fault of the database the HTTP status tells nothing."""
        status = {100: 400, 306: 400, 101: 404, 32614: 404, 100500: 200}.get(self.code, 401)
        return web.json_response(
            {"error": True, "code": self.code, "message": self.message, "documentation": ""},
            status=status,
        )


def _some(fields: dict[str, Any], names: str | None) -> dict[str, Any]:
    """Those of the fields that are wanted."""
    if names is None:
        return fields
    wanted = names.split(",")
    return {name: value for name, value in fields.items() if name in wanted}


def _not_found_page() -> web.Response:
    return web.Response(
        status=404,
        text="<!DOCTYPE HTML><html><title>404 Not Found</title></html>",
        content_type="text/html",
    )
