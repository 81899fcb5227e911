"""What it costs to know how 100,000 watches are doing, for the metrics file.

``python -m benchmarks.metrics``
"""

import contextlib
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.databases import fill
from benchmarks.measure import Row
from malonewatch.checkwatches.families import Finished, families
from malonewatch.checkwatches.metrics import text_of
from malonewatch.configuration import configure
from malonewatch.model import open_database, sqlite_uri

COMMAND = "python -m benchmarks.metrics"
TRACKERS = 100
WATCHES = 100_000


def seconds(uri: str) -> float:
    """How long it takes in a database of which nothing was read yet."""
    now = datetime.now(timezone.utc)
    with contextlib.closing(open_database(uri)) as database:
        started = time.perf_counter()
        figures = database.read(lambda trackers: trackers.getFigures(now))
        text = text_of(families("bugs.prom", {"/": figures}, Finished(now, 1.0, 0)))
        taken = time.perf_counter() - started
    assert figures.staleness.count == WATCHES
    assert text.count(b"malonewatch_watches_due{") == TRACKERS
    return taken


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name:
        uri = sqlite_uri(Path(name) / "database")
        fill(uri, [f"http://host{number}.example/bugs" for number in range(TRACKERS)], WATCHES)
        taken = min(seconds(uri) for _ in range(5))
    return [Row("Metrics of 100,000 watches on 100 trackers", taken, "seconds", 0.2, COMMAND)]


if __name__ == "__main__":
    for row in rows():
        print(row)
