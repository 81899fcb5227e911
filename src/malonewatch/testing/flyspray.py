"""A simulated Flyspray.

From the sources of Flyspray 0.9.9 to 1.0.
"""

from html import escape

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

HEAD = (
    "<!DOCTYPE html><html><head><title>{}</title>"
    '<meta name="description" content="Flyspray, a Bug Tracking System written in PHP." />'
    "</head><body>"
)
# Everybody can log in on every page.
LOG_IN = '<form id="login"><input type="password" name="password" /></form>'


class FlyspraySimulator(Simulator):
    """A Flyspray; of before 1.0 if `old` is true.

    A bug's `status` is that of an open task; with a `resolution` it is closed, for that
    reason, which a comment about `duplicate_of` may follow.  Fields of which the name is
    in `hidden` are not shown; `closed` is the site's word for that.
    """

    path = "/flyspray"
    defaults = {"status": "Unconfirmed", "priority": "Medium", "severity": "Low"}

    def __init__(self, *, old: bool = False, closed: str = "Closed", **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.old = old
        self.closed = closed
        self.hidden: set[str] = set()

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get(f"{self.path}/", self._start),
            web.get(f"{self.path}/index.php", self._details),
        ]

    async def _start(self, request: web.Request) -> web.Response:
        return self._page("Tasks", "<table></table>")

    async def _details(self, request: web.Request) -> web.Response:
        assert request.query["do"] == "details"
        bug = self.bugs.get(request.query["task_id"])
        if bug is None:
            # What is wrong is in the session, and so on the next page of who has one.
            raise web.HTTPFound(f"{self.path}/")
        if bug.private:
            error = "Error #102: You have no permission to view this task."
            icon = "" if self.old else '<i class="fa" aria-hidden="true"></i> '
            return self._page("", f'<div class="error">{icon}{error}</div>')
        return self._page(f"FS#{bug.id} : {escape(bug.title)}", self._task(bug))

    def _page(self, title: str, content: str) -> web.Response:
        text = HEAD.format(title) + LOG_IN + content + "</body></html>"
        return web.Response(text=text, content_type="text/html")

    def _task(self, bug: SimulatedBug) -> str:
        status = self.closed if bug.resolution else bug.status
        fields = {"Status": status, "Severity": bug.severity, "Priority": bug.priority}
        shown = (self._field(*each) for each in fields.items() if each[0] not in self.hidden)
        title = f'<h2 class="summary severity2">\n\tFS#{bug.id} - {escape(bug.title)}\n\t</h2>'
        if bug.malformed:
            title = f'<h2 class="summary severity2">{escape(bug.title)}</h2>'
        closing = ""
        if bug.resolution:
            link = f'<a href="/task/{bug.duplicate_of}">FS#{bug.duplicate_of}</a>'
            comment = f"<strong>Comment:</strong>\n\t&nbsp;<p>See {link}</p>"
            closing = (
                '<div id="taskclosed">\n\tClosed by&nbsp;&nbsp;<a href="/user/1">Jane</a><br/>'
                "\n\t02.01.2024 03:04<br/>\n\t<strong>Reason for closing:</strong> &nbsp;"
                f"{escape(bug.resolution)}<br/>\n\t{comment if bug.duplicate_of else ''}</div>"
            )
        return f'<div id="taskdetails">{"".join(shown)}{title}{closing}</div>'

    def _field(self, name: str, value: str) -> str:
        value = escape(value)
        if self.old:
            word = name.lower()
            return f'<tr><th id="{word}">{name}</th><td headers="{word}">{value}</td></tr>'
        return (
            f'\t<!-- {name} -->\n\t\t<li>\n\t\t<span class="label">{name}</span>\n'
            f'\t\t<span  class="value">\n\t\t\t\t{value}\t\t\t\t</span>\n\t</li>\n'
        )
