"""What one bug costs that spoils the answer for all: 500 bugs on one Bugzilla, all due.

``python -m benchmarks.isolation``
"""

import contextlib
import tempfile
from pathlib import Path

from aiohttp import web

from benchmarks.databases import fill
from benchmarks.measure import Row
from malonewatch.checkwatches import Run
from malonewatch.configuration import configure
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing.bugzilla import BugzillaSimulator

COMMAND = "python -m benchmarks.isolation"
BUGS = 500


async def fails(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="Internal error")


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name, BugzillaSimulator() as simulator:
        for number in range(1, BUGS + 1):
            simulator.add(str(number))
        simulator.spoiler, simulator.spoil = str(BUGS // 3), fails
        uri = sqlite_uri(Path(name) / "database")
        fill(uri, [simulator.url], BUGS)
        with contextlib.closing(open_database(uri)) as database:
            names = database.read(lambda trackers: [tracker.name for tracker in trackers])
            Run(database, batch_size=0).update(names)
            known = database.read(
                lambda trackers: sum(
                    watch.remotestatus is not None for watch in trackers[names[0]].watches
                )
            )
    assert known == BUGS - 1, known
    return [
        Row(
            f"Requests for {BUGS} bugs of which one spoils the answer for all",
            *(len(simulator.requests), "requests", 25, COMMAND),
            note=f"all but that one are known afterwards, {known} of them",
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
