"""A simulated Savane.

From the sources of Savane (``frontend/php/include/trackers_run/mod.php`` and
``exit.php``), https://git.savannah.nongnu.org/cgit/administration/savane.git, and
from a program that reads the pages of Savannah.
"""

from html import escape
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

#: How an item of each tracker is called.
PREFIXES = {"bugs": "bug", "patch": "patch", "support": "sr", "task": "task"}
_ERROR = """<div id="feedback" class="feedbackerror feedback"><span class='feedbackerrortitle'>\
<img src="/images/wrong.png" alt="" class="feedbackimage" />Error:</span><br/>
{}</div>
"""
_COMMENT = """<table class="box"><tr class="boxitem"><td valign="top"><a href="#comment0">\
Tue Jan  2 03:04:05 2024, original submission:</a><br /><div class="tracker_comment">{}</div>\
</td></tr></table>
"""


class SavaneSimulator(Simulator):
    """A site with groups that have bugs, patches, support requests and tasks.

    A bug's id is ``bugs/12``.  Its `status` is Open or Closed, its `resolution`
    what people see as the status, and its ``extra["release"]`` the release that
    it was fixed in.  What can be switched on:

    - `old`: there is no HTTP status with an error,
    - `log_in`: what is private is behind a log-in,
    - `other_host`: the address of a second host, which items are redirected to.
    """

    defaults = {"status": "Open", "severity": "3 - Normal", "priority": "5 - Normal"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.old = False
        self.log_in = False
        self.other_host: str | None = None

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self._front),
            web.get("/account/login.php", self._login),
            *(web.get(f"/{name}/{page}", self._item) for name in PREFIXES for page in PAGES),
        ]

    async def _front(self, request: web.Request) -> web.Response:
        return _page("Welcome", "<h1>Welcome</h1>")

    async def _login(self, request: web.Request) -> web.Response:
        return _page("Login", '<form><input type="password" name="form_pw" /></form>')

    async def _item(self, request: web.Request) -> web.StreamResponse:
        tracker = request.path.split("/")[1]
        number = request.query.get("item_id", request.query_string)
        bug = self.bugs.get(f"{tracker}/{number}")
        if bug is None:
            return self._error("Item not found")
        if self.other_host is not None:
            raise web.HTTPFound(self.other_host + request.path_qs)
        if bug.private and self.log_in:
            raise web.HTTPFound(f"/account/login.php?uri={request.path}")
        if bug.private:
            return self._error(
                "This item is private. You are not listed as member\nallowed to read private items."
            )
        return _page(f"{PREFIXES[tracker]} #{number}, {bug.title}", _body(bug, tracker, number))

    def _error(self, message: str) -> web.Response:
        return _page("Exiting with Error", _ERROR.format(message), 200 if self.old else 404)


PAGES = ("", "index.php")


def _body(bug: SimulatedBug, tracker: str, number: str) -> str:
    fields = {
        "Category": "None",
        "Severity": bug.severity or "None",
        "Priority": bug.priority or "None",
        "Item Group": "None",
        "Status": bug.resolution or "None",
        "Privacy": "Public",
        "Assigned to": '<a href="/users/jo">Jo &lt;jo&gt;</a>',
        "Open/Closed": "" if bug.malformed else bug.status,
        "Fixed Release": bug.extra.get("release", "None"),
        **bug.extra.get("fields", {}),
    }
    cells = [
        '<td valign="middle" width="15%"><span class="preinput"><span class="help" '
        f'title="The {label.lower()}">{label}:</span></span>&nbsp;</td>\n'
        f'<td valign="middle" width="35%">{value}</td>\n'
        for label, value in fields.items()
    ]
    rows = "".join(
        f"\n<tr>{''.join(cells[start : start + 2])}</tr>" for start in range(0, len(cells), 2)
    )
    return (
        f'<h1 class="priore"><i><a href="?{number}">{PREFIXES[tracker]} #{number}</a></i>: '
        f"{escape(bug.title)}</h1>\n"
        '<form action="/bugs/index.php" method="post" name="item_form">\n'
        "<table cellpadding='0' width='100%'>\n<tr>\n"
        "<td class='preinput' width='15%'>Submitter:&nbsp;</td>\n<td width='35%'>Jo</td>\n"
        f'<td colspan="2" width="50%"></td></tr>{rows}</table>\n</form>\n'
        + _COMMENT.format(bug.extra.get("comment", "It fell off."))
    )


def _page(title: str, body: str, status: int = 200) -> web.Response:
    text = (
        f"<!DOCTYPE html>\n<html><head><title>{escape(title)} [Savannah]</title></head><body>"
        f"<h1 class='toptitle'>Group</h1>{body}<div class='footer'><p>"
        '<a href="//git.savannah.gnu.org">Powered by Savane 3.10</a></p></div></body></html>'
    )
    return web.Response(status=status, text=text, content_type="text/html")
