"""A real Roundup, from the installed package, on the loopback interface.

To have one at hand, until it is interrupted::

    python tests/peers/roundup_server.py DIRECTORY

The directory is made, and may be on a disk that everybody can read: Roundup's
server does not run as root, so it runs as `nobody` then.
"""

import contextlib
import dataclasses
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# Seconds that a command, or the server's start, may take at most.
PATIENCE = 60
SERVER_USER = "nobody"

# What Python's strptime imports when first called, that user may not be able to read.
START = "import _strptime; from roundup.scripts.roundup_server import run; run()"

CLASSIC_STATUSES = (
    *("unread", "deferred", "chatting", "need-eg"),
    *("in-progress", "testing", "done-cbb", "resolved"),
)
CLASSIC_PRIORITIES = ("critical", "urgent", "bug", "feature", "wish")
DEVEL_STATUSES = ("new", "open", "closed", "pending")
DEVEL_PRIORITIES = ("immediate", "urgent", "high", "normal", "low")
DEVEL_RESOLUTIONS = (
    *("accepted", "duplicate", "fixed", "invalid", "later", "out of date"),
    *("postponed", "rejected", "remind", "wont fix", "works for me"),
)

# Instead of all issues, anonymous users see those that are not private.
CLASSIC_PERMISSIONS = "for cl in 'issue', 'file', 'msg', 'keyword', 'priority', 'status':\n"
PRIVATE = """
def is_public(db, userid, itemid):
    return not db.issue.get(itemid, 'title').startswith('Private')

db.security.addPermissionToRole('Anonymous', db.security.addPermission(
    name='View', klass='issue', check=is_public, description='What is public'))
db.security.addPermissionToRole('Anonymous', db.security.addPermission(
    name='Search', klass='issue'))
"""
REST_ACCESS = "\ndb.security.addPermissionToRole('Anonymous', 'Rest Access')\n"


class NotServing(Exception):
    """There is no Roundup to be had here, and why."""


@dataclasses.dataclass
class Tracker:
    """A tracker that the server serves; `classname` is what its bugs are called."""

    url: str
    home: Path
    classname: str = "issue"
    _bugs: dict[str, dict[str, str]] | None = None

    def admin(self, *command: str, input: str = "") -> str:
        """What roundup-admin prints for a command, or for the commands in `input`."""
        self._bugs = None
        done = subprocess.run(
            [sys.executable, "-m", "roundup.scripts.roundup_admin", "-i", self.home, *command],
            input=input,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            cwd=self.home.parent,
            # Its history of commands goes to the home directory.
            env={**os.environ, "HOME": str(self.home.parent), "PYTHONUTF8": "1"},
        )
        if done.returncode or "Error:" in done.stdout:
            raise NotServing(f"roundup-admin failed: {done.stdout}{done.stderr}")
        self._give_away()
        return done.stdout

    def _give_away(self) -> None:
        """Let the server write what root has made."""
        if os.getuid() == 0 and self.home.exists():
            for path in (self.home, *self.home.rglob("*")):
                shutil.chown(path, SERVER_USER)

    def labels(self, classname: str) -> dict[str, str]:
        """Names by number, of a class such as "status"."""
        lines = self.admin("list", classname, "name").splitlines()
        return dict(line.strip().split(": ", 1) for line in lines)

    def bugs(self) -> dict[str, dict[str, str]]:
        """What roundup-admin says of every bug that is not private, by number."""
        if self._bugs is not None:
            return self._bugs
        links = {name: self.labels(name) for name in ("status", "priority")}
        if self.classname == "bug":
            links["resolution"] = self.labels("resolution")
        rows = self.admin("table", self.classname, "id,activity").splitlines()[1:]
        activities = dict(row.split() for row in rows)
        lines = self.admin(
            "display", ",".join(f"{self.classname}{id}" for id in activities)
        ).splitlines()
        # One bug after the other, with a line for each of its fields.
        size = len(lines) // len(activities)
        found = {}
        for index, (id, activity) in enumerate(activities.items()):
            values = dict(line.split(": ", 1) for line in lines[index * size :][:size])
            values["activity"] = activity
            for name, labels in links.items():
                values[name] = labels.get(values[name], "")
            if not values["title"].startswith("Private"):
                found[id] = values
        self._bugs = found
        return found


@dataclasses.dataclass
class RoundupServer:
    """The server and its trackers.

    `rest` and `csv` are of the "classic" template, with REST for anonymous
    users and without; the latter is in a time zone of its own.  `devel` is of
    the "devel" template, where bugs have resolutions and are not issues.
    """

    rest: Tracker
    csv: Tracker
    devel: Tracker

    @property
    def trackers(self) -> dict[str, Tracker]:
        return {"rest": self.rest, "csv": self.csv, "devel": self.devel}


# Numbers in the "classic" trackers: first one bug in each status.
DUPLICATE, DUPLICATED = "9", "1"
PRIVATE_BUG = "10"
RETIRED_BUG = "11"
MISSING_BUG = "999"


def classic_commands() -> str:
    lines = [
        f'create issue title="Issue in {status}: é, <b>&amp;</b>" status={status}'
        f" priority={CLASSIC_PRIORITIES[index % 5]}"
        for index, status in enumerate(CLASSIC_STATUSES)
    ]
    lines += [
        f"create issue title='Said \"twice\"; again' status=resolved superseder={DUPLICATED},2",
        'create issue title="Private matters" status=testing',
        'create issue title="Retired" status=testing',
        f"retire issue{RETIRED_BUG}",
        "commit",
    ]
    return "\n".join(lines) + "\n"


def devel_commands() -> str:
    lines = [
        f'create bug title="A bug" status={status} priority={DEVEL_PRIORITIES[index % 5]}'
        + (f' resolution="{resolution}"' if resolution else "")
        + (" superseder=1" if resolution == "duplicate" else "")
        for status in DEVEL_STATUSES
        for index, resolution in enumerate(("", *DEVEL_RESOLUTIONS))
    ]
    return "\n".join((*lines, "commit")) + "\n"


def make_tracker(
    tracker: Tracker, template: str, commands: str, *, rest: bool, zone: str = "UTC"
) -> Tracker:
    """Install a tracker and fill it."""
    settings = {
        "tracker_web": f"{tracker.url}/",
        "mail_domain": "example.com",
        "mail_host": "127.0.0.1",
        "timezone": zone,
    }
    tracker.admin(
        "install", template, "sqlite", ",".join(f"{name}={settings[name]}" for name in settings)
    )
    path = tracker.home / "schema.py"
    schema = path.read_text(encoding="utf-8")
    if template == "classic":
        if CLASSIC_PERMISSIONS not in schema:
            raise NotServing("the classic template is not as it was")
        schema = schema.replace(CLASSIC_PERMISSIONS, CLASSIC_PERMISSIONS.replace("'issue', ", ""))
        schema += PRIVATE
    if rest:
        schema += REST_ACCESS
    path.write_text(schema, encoding="utf-8")
    tracker.admin("initialise", "secret")
    tracker.admin(input=commands)
    return tracker


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[RoundupServer]:
    """A `RoundupServer` with its files in `directory`, to be used in a with block.

    :raises NotServing: it cannot be had.
    """
    if importlib.util.find_spec("roundup") is None:
        raise NotServing("the package roundup is not installed")
    if sys.platform == "win32":
        raise NotServing("Roundup's server is started for Unix here")
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = RoundupServer(
        rest=Tracker(f"{url}/rest-tracker", directory / "rest"),
        csv=Tracker(f"{url}/csv-tracker", directory / "csv"),
        devel=Tracker(f"{url}/devel-tracker", directory / "devel", "bug"),
    )
    make_tracker(server.rest, "classic", classic_commands(), rest=True)
    make_tracker(server.csv, "classic", classic_commands(), rest=False, zone="-5")
    make_tracker(server.devel, "devel", devel_commands(), rest=True)
    command = [sys.executable, "-c", START, "-t", "thread"]
    if os.getuid() == 0:
        command += ["-u", SERVER_USER]
    command += ["-n", "127.0.0.1", "-p", str(port)]
    command += [f"{name}-tracker={tracker.home}" for name, tracker in server.trackers.items()]
    log = directory / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=directory)
    try:
        _wait_for(process, port, log)
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
            return
        except OSError:
            pass
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise NotServing(f"roundup-server ended: {log.read_text(errors='replace')}")
    raise NotServing(f"roundup-server does not answer: {log.read_text(errors='replace')}")


def main() -> None:
    # Leave the with block, and so end the server, when terminated too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        with serving(Path(sys.argv[1]).resolve()) as server:
            for name, tracker in server.trackers.items():
                print(f"{name}: {tracker.url}/{tracker.classname}1", flush=True)
            threading.Event().wait()


if __name__ == "__main__":
    main()
