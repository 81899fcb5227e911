"""A simulated GNATS, on the web.

From https://www.netbsd.org/developers/PR.html, from what gnats.netbsd.org was seen to
answer, and from https://www.gnu.org/software/gnats/doc/.
"""

import html

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator


class GNATSSimulator(Simulator):
    """A site with problem reports.

    With `old` it has the page ``query-pr.cgi``, as FreeBSD had, else the one of NetBSD.

    A bug's `status` is its state, `resolution` its class; ``extra["closed"]`` is when it was
    closed, as it stands in the report.
    """

    defaults = {"status": "open", "severity": "serious", "priority": "medium"}

    def __init__(self, *, old: bool = False) -> None:
        super().__init__()
        self.old = old

    def routes(self) -> list[web.AbstractRouteDef]:
        if self.old:
            return [web.get("/cgi-bin/query-pr.cgi", self._report)]
        return [web.get("/cgi-bin/query-pr-single.pl", self._report)]

    async def _report(self, request: web.Request) -> web.Response:
        number = request.query["pr" if self.old else "number"]
        bug = self.bugs.get(number)
        if bug is None:
            return _page("GNATS", "query-pr: no PRs matched")
        if bug.private:
            return _page("GNATS", f"PR {number} is confidential.")
        lines = "\n".join(self._lines(bug))
        return _page(f"NetBSD Problem Report #{number}", f"<pre>{lines}</pre>")

    def _lines(self, bug: SimulatedBug) -> list[str]:
        fields = {
            "Number": bug.id,
            "Category": "kern",
            "Synopsis": bug.title,
            "Confidential": "no",
            "Severity": bug.severity,
            "Priority": bug.priority,
            "Responsible": "kern-bug-people",
            "State": "" if bug.malformed else bug.status,
            "Class": bug.resolution or "sw-bug",
            "Arrival-Date": "Fri May 14 20:45:00 +0000 2021",
            "Closed-Date": bug.extra.get("closed", ""),
            "Last-Modified": bug.modified.strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "Description": "",
        }
        head = ["From jane@example.com  Fri May 14 20:43:29 2021", "Subject: Loose", ""]
        body = [
            "It is loose.",
            "&gt;State:          none",
            "State-Changed-From-To: open-&gt;closed",
        ]
        report = [f"&gt;{name + ':':15} {html.escape(value)}" for name, value in fields.items()]
        return [*head, *report, *body]


def _page(title: str, body: str) -> web.Response:
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return web.Response(text=text, content_type="text/html")
