"""A simulated SourceForge.

From https://sourceforge.net/p/forge/documentation/Allura%20API/ and from what
Apache Allura's REST controllers answer.
"""

import email.utils
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

# <tracker>/<number> or <tracker>/search, for people or for programs.
_PLACE = re.compile(
    r"(?P<rest>/rest)?/(?P<tracker>[^/]+(?:/[^/]+){2,})/(?:(?P<number>\d+)|search)/?", re.ASCII
)

# As much of Solr's query language as anybody asks a tracker for by number.
_QUERY = re.compile(
    r"ticket_num_i:(?:(?P<one>\d+)|\((?P<some>\d+(?: OR \d+)*)\))"
    r"(?: AND mod_date_dt:\[(?P<since>\S+) TO \*\])?"
)


class SourceForgeSimulator(Simulator):
    """A site with Apache Allura.

    A bug's id is that of its tracker and its number there, ``example/bugs#12``.
    With a bare number for its id it is in ``example/bugs``, and its number was
    the same in the tracker of before Allura; what it was there for another one
    is its ``extra["aid"]``.

    A bug's `status` is Allura's, `priority` the custom field of that name,
    `moved_to` the id of a ticket, in another tracker maybe.  What can be
    switched on:

    - `last_modified`: a ticket has that header, and If-Modified-Since is honoured,
    - `limit_max`: no page of a search is longer,
    - `lists_titles`: a search tells no more than titles, as it did of old,
    - `search_fails`: the search index is out of order,
    - `token`: who shows this one may read private tickets,
    - `closed_trackers`: those that only such people may see,
    - `former_status`: how the former tracker redirects, 301 or 302.
    """

    defaults = {"status": "open", "priority": "5"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.last_modified = False
        self.limit_max = 500
        self.lists_titles = False
        self.search_fails = False
        self.closed_trackers: set[str] = set()
        self.token: str | None = None
        self.former_status = 302

    def routes(self) -> list[web.AbstractRouteDef]:
        former = ("/support/tracker.php", "/tracker/", "/tracker/index.php", "/tracker2/")
        return [
            web.get("/rest/", self._rest_root),
            web.get("/auth/", self._log_in),
            *(web.get(path, self._former) for path in former),
            web.get("/{path:.*}", self._in_a_tracker),
        ]

    async def asks_for(self, request: web.Request, id: str) -> bool:
        # Not the number of tickets that a search may give.
        said = request.query.get("q", "") + request.path + request.query.get("aid", "")
        return re.search(rf"\b{id.rpartition('#')[2]}\b", said) is not None

    def _in(self, tracker: str) -> dict[str, SimulatedBug]:
        """The tickets of a tracker by number."""
        return {
            number: bug
            for id, bug in self.bugs.items()
            for place, _, number in [id.rpartition("#")]
            if _path(place or "example/bugs") == tracker
        }

    async def _in_a_tracker(self, request: web.Request) -> web.StreamResponse:
        place = _PLACE.fullmatch(request.path)
        if place is None:
            return _error(404)
        tracker, number = place["tracker"], place["number"]
        tickets = self._in(tracker)
        if not tickets or (number is None and not place["rest"]):
            return _error(404)
        if tracker in map(_path, self.closed_trackers) and self._token_of(request) is None:
            return _error(401)
        if number is None:
            return self._search(request, tickets)
        bug = tickets.get(number)
        if bug is None:
            return _error(404)
        if bug.moved_to is not None:
            where, _, number = bug.moved_to.rpartition("#")
            path = f"/{_path(where or 'example/bugs')}/{number}/"
            raise web.HTTPMovedPermanently((place["rest"] or "") + path)
        if not place["rest"]:
            return self._page(request, bug)
        return self._ticket(request, bug, number)

    def _may_read(self, request: web.Request, bug: SimulatedBug) -> bool:
        return not bug.private or self._token_of(request) is not None

    def _token_of(self, request: web.Request) -> str | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return None
        if token != self.token:
            raise web.HTTPUnauthorized(text=_html("Error 401"), content_type="text/html")
        return token

    def _fields(self, bug: SimulatedBug, number: int) -> dict[str, Any]:
        if bug.malformed:
            return {"ticket_num": number, "summary": [], "status": None, "custom_fields": "?"}
        custom_fields = {"_milestone": bug.extra.get("milestone", "")}
        if bug.priority:
            custom_fields["_priority"] = bug.priority
        return {
            "_id": f"{number:024x}",
            "ticket_num": number,
            "summary": bug.title,
            "status": bug.status,
            "reported_by": "somebody",
            "assigned_to": None,
            "labels": [],
            "private": bug.private,
            "created_date": "2024-01-01 00:00:00",
            "mod_date": bug.modified.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "custom_fields": custom_fields,
            "votes_up": 0,
            "votes_down": 0,
            "attachments": [],
            "related_artifacts": [],
            "discussion_disabled": False,
        }

    async def _rest_root(self, request: web.Request) -> web.Response:
        self._token_of(request)
        return web.json_response({"site_stats": {}})

    def _ticket(self, request: web.Request, bug: SimulatedBug, number: str) -> web.Response:
        if not self._may_read(request, bug):
            return _error(401)
        thread = {"_id": "12ab", "discussion_id": "34cd", "limit": 10, "page": 0, "posts": []}
        fields = self._fields(bug, int(number))
        response = web.json_response(
            {"ticket": {**fields, "description": "", "discussion_thread": thread}}
        )
        if self.last_modified:
            stamp = email.utils.format_datetime(bug.modified, usegmt=True)
            if request.headers.get("If-Modified-Since") == stamp:
                return web.Response(status=304)
            response.headers["Last-Modified"] = stamp
        return response

    def _search(self, request: web.Request, tickets: dict[str, SimulatedBug]) -> web.Response:
        self._token_of(request)
        text = request.query.get("q", "")
        limit = min(max(int(request.query.get("limit", "100")), 1), self.limit_max)
        page = max(int(request.query.get("page", "0")), 0)
        query = _QUERY.fullmatch(text)
        matches: list[str] = []
        if query is not None and not self.search_fails:
            since = datetime.min.replace(tzinfo=timezone.utc)
            if query["since"] is not None:
                since = datetime.fromisoformat(query["since"].replace("Z", "+00:00"))
            numbers = (query["some"] or query["one"]).split(" OR ")
            matches = [
                number
                for number in sorted(set(numbers), key=int, reverse=True)
                if number in tickets
                and tickets[number].moved_to is None
                and tickets[number].modified >= since
            ]
        # The page is cut first; then what is not for everybody is left out.
        some = matches[page * limit : (page + 1) * limit]
        found = [
            self._fields(tickets[number], int(number))
            for number in some
            if self._may_read(request, tickets[number])
        ]
        if self.lists_titles:
            found = [{name: each[name] for name in ("summary", "ticket_num")} for each in found]
        return web.json_response(
            {
                "tickets": found,
                "count": len(matches) - len(some) + len(found),
                "q": text,
                "limit": limit,
                "page": page,
                "sort": None,
                "filter": {},
                "filter_choices": {},
                "solr_error": "Error running search query" if self.search_fails else None,
            }
        )

    def _page(self, request: web.Request, bug: SimulatedBug) -> web.Response:
        if not self._may_read(request, bug):
            raise web.HTTPFound(f"/auth/?return_to={quote(request.path, safe='')}")
        return web.Response(text=_html(f"#{bug.id}"), content_type="text/html")

    async def _former(self, request: web.Request) -> web.StreamResponse:
        for bug in self.bugs.values():
            place, _, number = bug.id.rpartition("#")
            if bug.extra.get("aid", bug.id) == request.query.get("aid"):
                where = {"Location": f"/{_path(place or 'example/bugs')}/{number}/"}
                return web.Response(status=self.former_status, headers=where)
        return _error(404)

    async def _log_in(self, request: web.Request) -> web.Response:
        form = '<form method="post"><input name="p"><input type="password" name="q"></form>'
        return web.Response(text=_html("Log In", form), content_type="text/html")


def _path(place: str) -> str:
    """Where a tracker is on the site: with its neighbourhood."""
    return place if place.startswith(("u/", "adobe/")) else f"p/{place}"


def _html(title: str, body: str = "") -> str:
    return f"<!DOCTYPE html><html><title>{title}</title><body>{body}</body></html>"


def _error(status: int) -> web.Response:
    return web.Response(status=status, text=_html(f"Error {status}"), content_type="text/html")
