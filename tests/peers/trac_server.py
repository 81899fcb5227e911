"""A real Trac, from the installed package, on the loopback interface.

To have one at hand, until it is interrupted::

    python tests/peers/trac_server.py DIRECTORY

It has three projects: ``plain`` is as Trac makes them, with a ticket in every
status and of every resolution; ``iso`` has severities, and writes times in ISO
8601, in a time zone of its own; ``members`` shows tickets to nobody who has
not logged in.

Trac is imported nowhere but in processes of its own.
"""

import contextlib
import importlib.util
import json
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

# Seconds that a command, or the server's start, may take at most.
PATIENCE = 60
PROJECTS = ("plain", "iso", "members")

PRIVATE_KEYWORD = "private"
# A plug-in: Trac's own permissions cannot hide a single ticket.
PRIVATE_TICKETS = f"""
from trac.core import Component, implements
from trac.perm import IPermissionPolicy
from trac.ticket.model import Ticket


class PrivateTickets(Component):
    implements(IPermissionPolicy)

    def check_permission(self, action, username, resource, perm):
        if resource is None or resource.realm != "ticket" or not resource.id:
            return None
        if Ticket(self.env, resource.id)["keywords"] == "{PRIVATE_KEYWORD}":
            return False
"""

FIRST_CHANGE = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)


class NotServing(Exception):
    """There is no Trac to be had here, and why."""


class TracServer:
    """The server; its files are in `directory`, its projects below `url`."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.url = url
        self._tickets: dict[str, dict[str, dict[str, Any]]] = {}

    def tickets(self, project: str) -> dict[str, dict[str, Any]]:
        """All tickets, by number, as Trac's own model gives them."""
        if project not in self._tickets:
            self._tickets[project] = json.loads(_run("tickets", self.directory / project))
        return self._tickets[project]

    def change(self, project: str, number: str, **values: str) -> None:
        """Give a ticket other values, now."""
        self._tickets.pop(project, None)
        _run("change", self.directory / project, number, json.dumps(values))


def _command(*arguments: object) -> list[str]:
    # It imports pkg_resources, which warns.
    return [sys.executable, "-W", "ignore", __file__, *map(str, arguments)]


def _run(*arguments: object) -> str:
    done = subprocess.run(
        _command(*arguments), capture_output=True, encoding="utf-8", timeout=PATIENCE
    )
    if done.returncode:
        raise NotServing(done.stderr)
    return done.stdout


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[TracServer]:
    """A `TracServer` with its files in `directory`, to be used in a with block.

    :raises NotServing: it cannot be had.
    """
    if importlib.util.find_spec("trac") is None:
        raise NotServing("the package Trac is not installed")
    if sys.platform == "win32":
        raise NotServing("the server is waited for as on Unix")
    log = directory / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            _command("serve", directory), stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
        )
    with process:
        try:
            assert process.stdout is not None
            readable, _, _ = select.select([process.stdout], [], [], PATIENCE)
            line = process.stdout.readline() if readable else ""
            if not line:
                raise NotServing(f"the server does not start: {log.read_text(errors='replace')}")
            yield TracServer(directory, line.strip())
        finally:
            process.terminate()


# What follows runs in processes of its own.


def make(path: Path, options: dict[str, str]) -> Any:
    """A new project; `options` are of ``trac.ini``, by ``section.name``."""
    from trac.env import Environment

    options = {
        "trac.database": "sqlite:db/trac.db?synchronous=off",
        "logging.log_type": "none",
        **options,
    }
    pairs = [(*name.split("."), value) for name, value in options.items()]
    return Environment(str(path), create=True, options=pairs)


def add(env: Any, **values: str) -> Any:
    """A new ticket, changed a day after the one before it."""
    from trac.ticket.model import Ticket

    ticket = Ticket(env)
    for name, value in {"status": "new", "priority": "major", **values}.items():
        ticket[name] = value
    number = env.db_query("SELECT COUNT(*) FROM ticket")[0][0]
    ticket.insert(when=FIRST_CHANGE + timedelta(days=number))
    return ticket


def make_plain(path: Path) -> None:
    from trac.ticket.api import TicketSystem
    from trac.ticket.model import Priority, Resolution

    env = make(
        path,
        {
            "trac.permission_policies": (
                "PrivateTickets, DefaultWikiPolicy, DefaultTicketPolicy, "
                "DefaultPermissionPolicy, LegacyAttachmentPolicy"
            )
        },
    )
    (path / "plugins" / "private_tickets.py").write_text(PRIVATE_TICKETS, encoding="utf-8")
    for status in TicketSystem(env).get_all_status():
        add(env, summary=f'In {status}: é, "quoted", <b>&amp;</b>', status=status)
    for resolution in Resolution.select(env):
        add(env, summary="Closed,\nin two lines", status="closed", resolution=resolution.name)
    for priority in Priority.select(env):
        add(env, summary="Of some priority", priority=priority.name)
    add(env, summary="Private matters", keywords=PRIVATE_KEYWORD)
    deleted = add(env, summary="Deleted")
    add(env, summary="The last one")
    # Not before: its number would be given again.
    deleted.delete()
    env.shutdown()


def make_iso(path: Path) -> None:
    from trac.ticket.model import Severity

    env = make(
        path, {"trac.default_date_format": "iso8601", "trac.default_timezone": "Asia/Kolkata"}
    )
    for name in ("catastrophic", "blocker", "minor"):
        severity = Severity(env)
        severity.name = name
        severity.insert()
        add(env, summary=f"Of a {name} severity", severity=name)
    add(env, summary="Of none")
    env.shutdown()


def make_members(path: Path) -> None:
    from trac.perm import PermissionSystem

    env = make(path, {})
    PermissionSystem(env).revoke_permission("anonymous", "TICKET_VIEW")
    add(env, summary="For members")
    env.shutdown()


def serve(directory: Path) -> None:
    from trac.web.main import dispatch_request
    from trac.web.standalone import TracEnvironMiddleware, TracHTTPServer

    directory.mkdir(parents=True, exist_ok=True)
    for project in PROJECTS:
        if not (directory / project).exists():
            globals()[f"make_{project}"](directory / project)
    paths = [str(directory / project) for project in PROJECTS]
    application = TracEnvironMiddleware(dispatch_request, None, paths, False)
    # What tracd does, but with a port that is free for certain.
    server = TracHTTPServer(("127.0.0.1", 0), application, None, paths, use_http_11=True)
    url = f"http://127.0.0.1:{server.server_port}"
    # The first line is what `serving` waits for.
    print(url, *(f"{project}: {url}/{project}/ticket/1" for project in PROJECTS), sep="\n")
    sys.stdout.flush()
    server.serve_forever()


def tickets(path: Path) -> None:
    from trac.env import Environment
    from trac.ticket.model import Ticket
    from trac.util.datefmt import to_utimestamp

    env = Environment(str(path))
    found = {}
    for (number,) in env.db_query("SELECT id FROM ticket ORDER BY id"):
        ticket = Ticket(env, number)
        names = ("summary", "status", "resolution", "priority", "severity", "keywords")
        values = {name: ticket[name] or "" for name in names}
        found[number] = {**values, "changetime": to_utimestamp(ticket["changetime"]) / 1e6}
    print(json.dumps(found))


def change(path: Path, number: str, values: str) -> None:
    from trac.env import Environment
    from trac.ticket.model import Ticket

    ticket = Ticket(Environment(str(path)), number)
    for name, value in json.loads(values).items():
        ticket[name] = value
    ticket.save_changes("somebody", "For a test.")


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    arguments = sys.argv[1:]
    actions = {"serve": serve, "tickets": tickets, "change": change}
    action = actions[arguments.pop(0)] if arguments[0] in actions else serve
    with contextlib.suppress(KeyboardInterrupt):
        action(Path(arguments[0]).resolve(), *arguments[1:])


if __name__ == "__main__":
    main()
