"""A simulated Roundup.

From https://www.roundup-tracker.org/docs/rest.html, and from what Roundup
2.6.0 was seen to answer.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone, tzinfo
from html import escape
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

CLASSIC = {
    "status": (
        *("unread", "deferred", "chatting", "need-eg"),
        *("in-progress", "testing", "done-cbb", "resolved"),
    ),
    "priority": ("critical", "urgent", "bug", "feature", "wish"),
}
# What every class of bugs has.
USUAL = ("id", "title", "activity", "status")


class RoundupSimulator(Simulator):
    """A Roundup with REST for anonymous users; without if `rest` is false.

    `fields` are those that its bugs have beyond the usual, `classname` what
    they are called.  `old` makes it one from before REST, whose exports have
    numbers for labels, those of `numbers`.  It gives no more than `row_limit`
    bugs, if not None, through REST.  `zone` is the time zone of whoever asks: of times in
    exports, and of those that are asked for, unless these are written as they are stored.

    In a bug's `extra`, ``"retired"`` is true for one that was taken away,
    ``"hidden"`` names the fields of it that may not be looked at, and
    ``"substatus"`` is that.
    """

    defaults = {"status": "chatting", "priority": "bug"}

    def __init__(
        self,
        *,
        rest: bool = True,
        old: bool = False,
        fields: Iterable[str] = ("priority", "superseder"),
        classname: str = "issue",
        numbers: dict[str, tuple[str, ...]] = CLASSIC,
        row_limit: int | None = None,
        zone: tzinfo = timezone.utc,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rest = rest
        self.old = old
        self.fields = (*USUAL, *fields)
        self.classname = classname
        self.numbers = numbers
        self.row_limit = row_limit
        self.zone = zone

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/rest/", self._root),
            web.get("/rest/data/{classname}", self._collection),
            web.get("/rest/data/{classname}/{id}", self._element),
            web.get("/{page}", self._page),
        ]

    def _chosen(self, ids: Iterable[str]) -> list[SimulatedBug]:
        """What a filter finds: no private bugs, no retired ones."""
        bugs = [self.bugs[id] for id in dict.fromkeys(ids) if id in self.bugs]
        return [
            bug
            for bug in sorted(bugs, key=lambda bug: int(bug.id))
            if not bug.private and not bug.extra.get("retired")
        ]

    def _filtered(self, filters: Mapping[str, Sequence[str]]) -> list[SimulatedBug]:
        """What filters find: by ids, and by times from one on."""
        bugs = self._chosen(filters.get("id", self.bugs))
        for text in filters.get("activity", ()):
            since = self._time(text)
            bugs = [bug for bug in bugs if bug.modified >= since]
        return bugs

    def _time(self, text: str) -> datetime:
        """The time that a range begins with, which has no end."""
        if re.fullmatch(r"\d{14};", text):
            return datetime.strptime(f"{text}Z", "%Y%m%d%H%M%S;%z")
        return datetime.strptime(text, "%Y-%m-%d.%H:%M:%S;").replace(tzinfo=self.zone)

    def _labels(self, bug: SimulatedBug) -> dict[str, str | None]:
        """The values of a bug by field, without those that may not be looked at."""
        values = {
            "id": bug.id,
            "title": bug.title,
            "activity": bug.modified.astimezone(timezone.utc).strftime("%Y-%m-%d.%H:%M:%S"),
            # Nobody ever chose a status for it.
            "status": None if bug.malformed else bug.status,
            "priority": bug.priority or None,
            "resolution": bug.resolution or None,
            "substatus": bug.extra.get("substatus"),
            "superseder": bug.duplicate_of,
        }
        return {
            name: value
            for name, value in values.items()
            if name in self.fields and name not in bug.extra.get("hidden", ())
        }

    # REST

    def _refused(self, request: web.Request) -> web.Response | None:
        if self.old:
            return _error_page(404)
        if not self.rest:
            return _error(403, "Forbidden.")
        classname = request.match_info["classname"]
        if classname != self.classname:
            return _error(404, f"Class {classname} not found")
        for name in request.query.get("@fields", "id").split(","):
            if name.removesuffix(".name") not in self.fields:
                return _error(400, f"'Unknown property: {name}'")
        return None

    def _attributes(self, bug: SimulatedBug, request: web.Request) -> dict[str, Any]:
        labels = self._labels(bug)
        found: dict[str, Any] = {}
        for name in request.query.get("@fields", "id").split(","):
            field = name.removesuffix(".name")
            if field in labels:
                found[name] = labels[field]
        superseder = found.get("superseder")
        if superseder and request.query.get("@verbose") != "0":
            link = f"{self.url}/rest/data/{self.classname}/{superseder}"
            found["superseder"] = {"id": superseder, "link": link}
        if "superseder" in found and self.classname == "issue":
            # An issue may have any number of them, unlike a bug.
            found["superseder"] = [found["superseder"]] if superseder else []
        return found

    async def _root(self, request: web.Request) -> web.Response:
        if self.old:
            return _error_page(404)
        if not self.rest:
            return _error(403, "Forbidden.")
        links = [
            {"uri": f"{self.url}/rest", "rel": "self"},
            {"uri": f"{self.url}/rest/data", "rel": "data"},
            {"uri": f"{self.url}/rest/summary", "rel": "summary"},
        ]
        data = {"default_version": 1, "supported_versions": [1], "links": links}
        return web.json_response({"data": data})

    async def _collection(self, request: web.Request) -> web.Response:
        name = request.match_info["classname"]
        if name in self.fields and name in self.numbers and self.rest and not self.old:
            return self._labels_of(name)
        refused = self._refused(request)
        if refused is not None:
            return refused
        filters = {name: request.query.getall(name) for name in request.query}
        bugs = self._filtered(filters)
        total = len(bugs)
        if self.row_limit is not None and total >= self.row_limit:
            bugs, total = bugs[: self.row_limit], -1
        link = f"{self.url}/rest/data/{self.classname}"
        collection = [
            {"id": bug.id, "link": f"{link}/{bug.id}", **self._attributes(bug, request)}
            for bug in bugs
        ]
        return web.json_response({"data": {"collection": collection, "@total_size": total}})

    def _labels_of(self, name: str) -> web.Response:
        """The class of what a field of bugs may be."""
        link = f"{self.url}/rest/data/{name}"
        collection = [
            {"id": str(number), "link": f"{link}/{number}", "name": label}
            for number, label in enumerate(self.numbers[name], 1)
        ]
        return web.json_response(
            {"data": {"collection": collection, "@total_size": len(collection)}}
        )

    async def _element(self, request: web.Request) -> web.Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        id = request.match_info["id"]
        bug = self.bugs.get(id)
        if bug is None:
            return _error(404, f"no such {self.classname} {id}")
        if bug.private:
            return _error(403, f"Permission to view {self.classname}{id} denied")
        return web.json_response(
            {
                "data": {
                    "id": id,
                    "type": self.classname,
                    "link": f"{self.url}/rest/data/{self.classname}/{id}",
                    "attributes": self._attributes(bug, request),
                    "@etag": '"dbd5a368ba1cd12627f3b60af2f3c217"',
                }
            }
        )

    # The web

    async def _page(self, request: web.Request) -> web.Response:
        page = request.match_info["page"]
        if page == self.classname and request.query.get("@action") == "export_csv":
            return self._export(request)
        id = page.removeprefix(self.classname)
        if not id.isdigit() or id == page:
            return _error_page(404)
        bug = self.bugs.get(id)
        if bug is None:
            return _page("Not Found", f"There is no {self.classname} with id {id}", 404)
        title = f"{self.classname.title()} {id}"
        if bug.private:
            return _page(f"{title}: [hidden]", "Please login with your username and password.")
        return _page(
            f"{title}: {escape(bug.title)}",
            '<table class="history table table-condensed table-striped"></table>',
        )

    def _export(self, request: web.Request) -> web.Response:
        query = request.query
        columns = query.get("@columns", "").split(",")
        for column in columns:
            if column not in self.fields:
                if self.old:
                    return _error_page(404)
                return web.Response(
                    status=400,
                    text=f'<html><p class="error-message">Column "{column}" not found '
                    f"in {self.classname}</p></html>",
                    content_type="text/html",
                )
        if self.old and not {"@sort", "@group", "@pagesize", "@startwith"} <= set(query):
            return _error_page(400)
        filters = query.get("@filter", "").split(",")
        bugs = self._filtered({name: query[name].split(",") for name in filters if name in query})
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(columns)
        for bug in bugs:
            writer.writerow([self._cell(bug, column) for column in columns])
        return web.Response(text=text.getvalue() + "\n", content_type="text/csv", charset="utf-8")

    def _cell(self, bug: SimulatedBug, column: str) -> str:
        labels = self._labels(bug)
        if column not in labels:
            return "[hidden]"
        value = labels[column]
        if self.old:
            if column in self.numbers and value is not None:
                return str(self.numbers[column].index(value) + 1)
            if column == "superseder":
                return str([value] if value else [])
            return str(value)
        if column == "activity":
            return bug.modified.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")
        return value or ""


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"status": status, "msg": message}}, status=status)


def _error_page(status: int) -> web.Response:
    return web.Response(
        status=status,
        text=f"<!DOCTYPE HTML><html><h1>Error response</h1><p>Error code: {status}</p></html>",
        content_type="text/html",
    )


def _page(title: str, content: str, status: int = 200) -> web.Response:
    """A page as anonymous users see them all, with a form to log in."""
    return web.Response(
        status=status,
        text=f"<!DOCTYPE HTML><html><title>{title} - Roundup issue tracker</title>"
        '<form method="post"><input name="__login_name">'
        '<input type="password" name="__login_password"></form>'
        f'<td class="content">{content}</td></html>',
        content_type="text/html",
    )
