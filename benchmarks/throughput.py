"""What a watch costs: 100,000 watches on one Bugzilla, all due.

``python -m benchmarks.throughput [WATCHES]``
"""

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.databases import fill, make_due
from benchmarks.measure import CHECKWATCHES, Measured, Row, best, run
from benchmarks.server import Running, running
from malonewatch.configuration import configure
from malonewatch.model import sqlite_uri

COMMAND = "python -m benchmarks.throughput"


def check(uri: str, lock: Path, *options: str) -> Measured:
    measured = run(
        [*CHECKWATCHES, "-q", "-b", "0", "--database", uri, "--lock-file", str(lock), *options]
    )
    assert measured.code == 0, measured
    return measured


def bare(server: Running, paths: list[str], directory: Path) -> Measured:
    file = directory / "paths.json"
    file.write_text(json.dumps(paths))
    return best(
        [run([sys.executable, "-m", "benchmarks.bare", server.url, str(file)]) for _ in range(3)]
    )


def rows(watches: int = 100_000) -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name, running(watches) as server:
        directory = Path(name)
        uri, lock = sqlite_uri(directory / "database"), directory / "lock"
        fill(uri, [server.url], watches)
        first = check(uri, lock)
        paths = server.requests()
        loop = bare(server, paths, directory)
        unchanged = []
        changed = []
        for _ in range(3):
            make_due(uri)
            unchanged.append(check(uri, lock))
            make_due(uri)
            server.change()
            changed.append(check(uri, lock))
        server.requests()
        each = loop.cpu / watches * 1e6
        note = f"bare loop {each:.1f} µs a watch"
        one = best(unchanged)
        other = best(changed)
        return [
            Row("Requests for all watches", len(paths), "requests", 250, COMMAND),
            Row(
                "CPU, nothing changed, to the bare loop's",
                *(one.cpu / loop.cpu, "times", 6, COMMAND),
                note=f"{note}; {one.cpu / watches * 1e6:.1f} µs a watch",
            ),
            Row(
                "CPU, every status changed, to the bare loop's",
                *(other.cpu / loop.cpu, "times", 30, COMMAND),
                note=f"{note}; {other.cpu / watches * 1e6:.1f} µs a watch",
            ),
            Row(
                "Memory, all due in one run",
                *(max(m.memory for m in (first, *unchanged, *changed)), "MB", 300, COMMAND),
            ),
        ]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(row)
