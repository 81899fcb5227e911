"""A simulated FusionForge.

From the sources of GForge 4.5 and of FusionForge 5.3 to 6.1, https://scm.fusionforge.org:
``src/common/tracker/actions/detail.php``, ``src/common/include/exit.php`` and
``src/www/pm/t_lookup.php``.
"""

import json
from html import escape
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

#: Of the only project, and its only tracker.
WHERE = "group_id=5&atid=105"


class FusionForgeSimulator(Simulator):
    """A site of that `version`, with one project.

    A bug's id is a number, or ``task/12`` for a task.  Its `status` is the
    state: Open, Closed, Pending or Deleted; and what is in ``extra["fields"]``
    has labels of its own.

    - From 5.1 on a number alone is redirected to the URL with all numbers.
    - From 6.1 on a field is beside its label, and no longer below it.
    - Before 4.8 the state is called status, and an error is but a text.
    """

    defaults = {"status": "Open", "priority": "3"}

    def __init__(self, *, version: tuple[int, int] = (6, 0), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.version = version

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", self._front),
            web.get("/tracker/", self._item),
            web.get("/tracker/index.php", self._item),
            web.get("/pm/t_lookup.php", self._task),
            web.get("/account/login.php", self._login),
        ]

    async def _front(self, request: web.Request) -> web.Response:
        return self._page("Welcome", "<h1>Welcome</h1>")

    async def _login(self, request: web.Request) -> web.Response:
        return self._page("Login", '<form><input type="password" name="form_pw" /></form>')

    async def _item(self, request: web.Request) -> web.StreamResponse:
        number = request.query.get("aid", "")
        bug = self.bugs.get(number)
        if bug is None and self.version < (5, 1):
            return self._exit("Could Not Get Artifact Object")
        if bug is None:
            return self._exit(f"Item [#{escape(number)}] does not exist in this project")
        if self.version >= (5, 1) and "atid" not in request.query:
            raise web.HTTPFound(f"/tracker/?func=detail&{WHERE}&aid={number}")
        if bug.private:
            raise web.HTTPFound(f"/account/login.php?return_to={request.path}")
        return self._page(f"[#{number}] {bug.title}", self._body(bug))

    async def _task(self, request: web.Request) -> web.Response:
        number = request.query.get("tid", "")
        bug = self.bugs.get(f"task/{number}")
        if bug is None:
            return self._exit(f"No Task with ID: {escape(number)}")
        task: dict[str, Any] = {"project_task_id": int(number), "group_id": 5}
        if not bug.private:
            task |= {"summary": escape(bug.title), "priority": int(bug.priority)}
            task |= {"status_name": None if bug.malformed else bug.status, "status_id": 1}
        text = json.dumps({**task, "public": not bug.private, "forge_name": "Forge"}) + "\n"
        return web.Response(text=text, content_type="application/json", charset="UTF-8")

    def _body(self, bug: SimulatedBug) -> str:
        old = self.version < (4, 8)
        fields = {
            "Date": "2024-01-02 03:04",
            "Priority": bug.priority,
            "Status" if old else "State": "" if bug.malformed else bug.status,
            "Submitted by": "Jo (<tt>jo</tt>)",
            **bug.extra.get("fields", {}),
            "Summary": escape(bug.title),
        }
        between = "</td>\n<td>" if self.version >= (6, 1) else "<br />\n"
        cells = [
            f"<td>\n<strong>{label}:</strong>{between}{value}</td>\n"
            for label, value in fields.items()
        ]
        rows = "".join(f"<tr>{''.join(cells[n : n + 2])}</tr>" for n in range(0, len(cells), 2))
        head = "h2" if old else "h1"
        return (
            f"<{head}>[#{bug.id}] {escape(bug.title)}</{head}>\n<table>{rows}</table>\n"
            f'<div id="tabber"><p>{bug.extra.get("comment", "It fell off.")}</p></div>\n'
        )

    def _exit(self, error: str) -> web.Response:
        message = error if self.version < (4, 8) else f'<p class="error">{error}</p>'
        return self._page("Exiting with error", message)

    def _page(self, title: str, body: str) -> web.Response:
        name = "GForge" if self.version < (4, 9) else "FusionForge"
        text = (
            f"<!DOCTYPE html>\n<html><head><title>Forge: {escape(title)}</title></head><body>"
            f'{body}<a href="/"><img src="/images/pow.png" alt="Powered By {name}" /></a>'
            "</body></html>"
        )
        return web.Response(text=text, content_type="text/html")
