"""What it costs to read a watch over REST, and a page of 50, to what an empty view of the same
application costs.

``python -m benchmarks.rest``
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.session import SignedCookieSessionFactory
from zope.component import hooks

from benchmarks.databases import fill
from benchmarks.measure import Row
from malonewatch.application import tokens
from malonewatch.application.database import open_database
from malonewatch.configuration import configure
from malonewatch.interfaces import Scope
from malonewatch.model import sqlite_uri
from malonewatch.web.resources import desk_of
from malonewatch.web.security import Policy

COMMAND = "python -m benchmarks.rest"
WATCHES = 1000
TIMES, ROUNDS = 100, 15


def milliseconds(application: Any, path: str, text: str) -> float:
    """The CPU that a request takes, the least of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(TIMES):
            request = Request.blank(path, headers={"Authorization": f"Bearer {text}"})
            request.host = "localhost:8090"
            response = request.get_response(application)
            assert response.status_int == 200, response.text
            assert response.body
        taken.append(1000 * (time.process_time() - started) / TIMES)
    return min(taken)


def make(database: Any) -> Any:
    """An application with the desk, and with an empty view of its own."""
    db, site = database.read(lambda trackers: (trackers._p_jar.db(), hooks.getSite()._p_oid))
    settings = {
        "malonewatch.site": site,
        "tm.manager_hook": "pyramid_tm.explicit_manager",
        "retry.attempts": 3,
    }
    with Configurator(
        settings=settings, session_factory=SignedCookieSessionFactory("secret")
    ) as config:
        config.set_security_policy(Policy())
        config.add_route("empty", "/empty", factory=desk_of)
        config.add_view(lambda request: Response("{}"), route_name="empty")
        config.include("malonewatch.web")
        config.registry._zodb_databases[""] = db
        return config.make_wsgi_app()


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name:
        uri = sqlite_uri(Path(name) / "database")
        fill(uri, ["http://host.example/bugs"], WATCHES)
        with open_database(uri) as database:
            text = tokens.issue(database, "ann@example.com", "a benchmark", Scope.READ).text
            application = make(database)
            empty, one, page = (
                milliseconds(application, path, text)
                for path in ("/empty", "/api/v1/watches/7", "/api/v1/watches?limit=50")
            )
    note = f"{{:.2f}} ms; the empty view {empty:.2f} ms"
    return [
        Row("A watch over REST", one / empty, "empty views", 5, COMMAND, note.format(one)),
        Row("50 watches over REST", page / empty, "empty views", 15, COMMAND, note.format(page)),
    ]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name}: {row.value:.3g} {row.unit}, at most {row.limit} ({row.note})")
