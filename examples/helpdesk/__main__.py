"""A helpdesk at work: ``python -m helpdesk``, with ``examples`` on the path.

The bug tracker is a simulated one, on this machine.
"""

import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
from urllib.parse import urlencode

from pyramid.request import Request

from helpdesk import main
from malonewatch.testing.bugzilla import BugzillaSimulator


def ask(application, path, **form):
    """What the application answers."""
    request = Request.blank(path, POST=urlencode(form) if form else None)
    return json.loads(request.get_response(application).body)


def run(module, uri, *arguments):
    """What an operator would type, or cron would run.

    Both scripts have to be told of the application, and may be told of its site.
    """
    where = ["--database", uri, "--configure", "helpdesk", "--site", "/helpdesk"]
    command = [sys.executable, "-m", module, *arguments, *where]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def try_it():
    with contextlib.ExitStack() as stack:
        simulator = stack.enter_context(BugzillaSimulator())
        simulator.add("42", status="ASSIGNED")
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        uri = f"sqlite://?data_dir={folder}"
        application = main({}, **{"zodbconn.uri": uri})
        # The first request makes the helpdesk.
        assert ask(application, "/helpdesk/tickets") == []
        # A bug tracker that only stood in some text is not asked on a private network.
        run("malonewatch", uri, "tracker", "add", simulator.url, "--type", "BUGZILLA")
        ticket = ask(
            application,
            "/helpdesk/tickets",
            **{"from": "anna@example.com", "title": "The mill stands still"},
            text=f"It must be this: {simulator.url}/show_bug.cgi?id=42.",
        )
        print(f"Ticket {ticket['id']}: {ticket['title']}")
        for changes in ({}, {"status": "RESOLVED", "resolution": "FIXED"}):
            simulator.change("42", **changes)
            run("malonewatch.checkwatches", uri, "--quiet", "--reset")
            print(*ask(application, "/helpdesk/tickets/1")["news"], sep="\n")
        for database in application.registry._zodb_databases.values():
            database.close()


if __name__ == "__main__":
    try_it()
