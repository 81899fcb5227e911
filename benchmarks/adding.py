"""What adding a watch costs where there are 1,000,000, to where there are 1,000.

``python -m benchmarks.adding``
"""

import contextlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import transaction

from benchmarks.databases import fill
from benchmarks.measure import Row
from malonewatch.configuration import configure
from malonewatch.interfaces import IBugSet, IBugTrackerSet
from malonewatch.model import open_database, sqlite_uri

COMMAND = "python -m benchmarks.adding"
ADDED = 1000


def adding(uri: str) -> float:
    """The median time, in seconds, of adding one watch and committing."""
    with contextlib.closing(open_database(uri)) as database:
        connection: Any = database.db.open()
        registry = connection.root()["malonewatch"].getSiteManager()
        tracker = registry.getUtility(IBugTrackerSet)["tracker-0"]
        bug = registry.getUtility(IBugSet).createBug("New")
        transaction.commit()
        times = []
        for number in range(ADDED):
            started = time.perf_counter()
            bug.addWatch(tracker, str(10_000_000 + number), None)
            transaction.commit()
            times.append(time.perf_counter() - started)
        connection.close()
    return statistics.median(times)


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name:
        few, many = (sqlite_uri(Path(name) / str(count)) for count in (1000, 1_000_000))
        fill(few, ["http://a.example"], 1000)
        fill(many, ["http://a.example"], 1_000_000)
        adding(few)
        few_time, many_time = adding(few), adding(many)
    return [
        Row(
            "Adding a watch to 1,000,000, to adding one to 1,000",
            *(many_time / few_time, "times", 1.5, COMMAND),
            note=f"{many_time * 1e3:.2f} ms and {few_time * 1e3:.2f} ms, commit included",
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
