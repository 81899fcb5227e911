"""What 300 bug trackers on one slow host cost the only one on another.

``python -m benchmarks.fairness``
"""

import contextlib
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from zope.component import getUtility

from benchmarks.databases import fill
from benchmarks.measure import CHECKWATCHES, Row
from benchmarks.server import running
from malonewatch.configuration import configure
from malonewatch.interfaces import BugTrackerType, IBugSet
from malonewatch.model import open_database, sqlite_uri

COMMAND = "python -m benchmarks.fairness"
WATCHES = 20_000
TRACKERS = 300


def seconds(uri: str, lock: Path) -> float:
    """How long it is from the start of a run until all is known of the first bug tracker."""
    command = [*CHECKWATCHES, "-b", "0", "--log-format", "json", "--database", uri]
    started = time.perf_counter()
    with subprocess.Popen(
        [*command, "--lock-file", str(lock)], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        left = WATCHES
        for line in process.stderr:
            said = json.loads(line)
            left -= said["event"] == "status" and said["tracker"] == "tracker-0"
            if not left:
                break
        taken = time.perf_counter() - started
        process.terminate()
        process.stderr.read()
    assert not left
    return taken


def crowd(trackers: Any, host: str) -> None:
    """Add many bug trackers at one host, with a watch each."""
    bug = getUtility(IBugSet).createBug("On a slow host")
    for number in range(TRACKERS):
        tracker = trackers.ensureBugTracker(
            f"{host}/slow/{number}", None, BugTrackerType.BUGZILLA, name=f"slow-{number}"
        )
        bug.addWatch(tracker, "1", None)


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name, running(WATCHES) as server:
        directory = Path(name)
        taken = []
        for is_crowded in (False, True):
            uri = sqlite_uri(directory / f"crowded-{is_crowded}")
            fill(uri, [f"http://127.0.1.1:{server.port}"], WATCHES)
            if is_crowded:
                with contextlib.closing(open_database(uri)) as database:
                    database.write(
                        lambda trackers: crowd(trackers, f"http://127.0.1.2:{server.port}")
                    )
            taken.append(seconds(uri, directory / "lock"))
        alone, together = taken
    return [
        Row(
            "The only bug tracker on a host, beside 300 on a slow one, to it alone",
            *(together / alone, "times", 1.2, COMMAND),
            note=f"{together:.1f} s and {alone:.1f} s",
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
