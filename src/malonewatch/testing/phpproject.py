"""A simulated bugs.php.net.

From ``www/rss/bug.php`` and ``www/rss/xml.php`` in https://github.com/php/web-bugs, and from
``public_html/bugs/rss/bug.php`` in https://github.com/pear/pearweb.
"""

import html
import re
from typing import Any

from aiohttp import web

from malonewatch.testing.simulator import SimulatedBug, Simulator

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class PHPProjectSimulator(Simulator):
    """A bug tracker as PHP has it, or with `is_pear` as PEAR has it.

    A bug's `status` is its own, its `severity` what type of bug it is.
    """

    defaults = {"status": "Open", "severity": "Bug"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.is_pear = False

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/rss/bug.php", self._feed)]

    async def _feed(self, request: web.Request) -> web.Response:
        number = re.match(r"\d*", request.query.get("id", ""))
        bug = self.bugs.get(number[0] if number else "")
        if bug is None or (self.is_pear and bug.private):
            return _say("Nothing found", 200 if self.is_pear else 404)
        if bug.private:
            return _say("Access restricted", 403)
        if request.query.get("format") != "xml":
            return web.Response(text="<rss></rss>", content_type="application/rss+xml")
        root = "pearbug" if self.is_pear else "bug"
        fields = "".join(
            f"  <{name}>{_clean(value)}</{name}>\n" for name, value in self._fields(bug).items()
        )
        comment = "  <comment>\n    <id>1</id>\n    <comment>Same here.</comment>\n  </comment>\n"
        return web.Response(
            text=f"<{root}>\n{fields}{comment}</{root}>\n",
            content_type="text/xml",
            charset="utf-8",
        )

    def _fields(self, bug: SimulatedBug) -> dict[str, str]:
        changed, submitted = str(int(bug.modified.timestamp())), "1283292000"
        fields = {
            "id": bug.id,
            "package_name": "Documentation",
            "bug_type": bug.severity,
            "email": "someone at example dot com",
            "sdesc": bug.title,
            "ldesc": "It does not work.",
            "php_version": "5.3.3",
            "status": "" if bug.malformed else bug.status,
            "assign": "",
        }
        if self.is_pear:
            return {**fields, "ts1a": submitted, "ts2a": changed}
        return {
            **fields,
            "private": "N",
            "cve_id": "",
            "submitted": submitted,
            "modified": "" if bug.extra.get("untouched") else changed,
            "votes": "0",
            "project": "php",
        }


def _clean(text: str) -> str:
    """As numbers, what XML could misunderstand, and what it cannot have."""
    return _CONTROLS.sub(lambda found: f"&#{ord(found[0])};", html.escape(text))


def _say(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="UTF-8")
