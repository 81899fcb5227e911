"""What a watch costs: 100,000 watches on one Bugzilla, all due.

``python -m benchmarks.throughput [WATCHES]``
"""

import json
import sys
import tempfile
from pathlib import Path
from statistics import fmean, median

from benchmarks.databases import fill, make_due
from benchmarks.measure import CHECKWATCHES, Measured, Row, run
from benchmarks.server import Running, running
from malonewatch.configuration import configure
from malonewatch.model import sqlite_uri

COMMAND = "python -m benchmarks.throughput"
ROUNDS = 5


def check(uri: str, lock: Path, *options: str) -> Measured:
    measured = run(
        [*CHECKWATCHES, "-q", "-b", "0", "--database", uri, "--lock-file", str(lock), *options]
    )
    assert measured.code == 0, measured
    return measured


def bare(server: Running, file: Path) -> float:
    """CPU seconds of the bare loop, which is over too soon to be measured once."""
    command = [sys.executable, "-m", "benchmarks.bare", server.url, str(file)]
    return fmean(run(command).cpu for _ in range(3))


def rows(watches: int = 100_000) -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name, running(watches) as server:
        directory = Path(name)
        uri, lock = sqlite_uri(directory / "database"), directory / "lock"
        fill(uri, [server.url], watches)
        measured = [check(uri, lock)]
        paths = server.requests()
        file = directory / "paths.json"
        file.write_text(json.dumps(paths))
        loops, unchanged, changed = [], [], []
        # Next to each other, as a machine that others use as well is now faster, now slower.
        for _ in range(ROUNDS):
            loops.append(bare(server, file))
            for ratios in (unchanged, changed):
                make_due(uri)
                if ratios is changed:
                    server.change()
                measured.append(check(uri, lock))
                ratios.append(measured[-1].cpu / loops[-1])
        each = median(loops) / watches * 1e6
        one, other = median(unchanged), median(changed)

        def note(times: float) -> str:
            return f"bare loop {each:.1f} µs a watch; {times * each:.1f} µs a watch"

        return [
            Row("Requests for all watches", len(paths), "requests", 250, COMMAND),
            Row(
                "CPU, nothing changed, to the bare loop's",
                *(one, "times", 6, COMMAND),
                note=note(one),
            ),
            Row(
                "CPU, every status changed, to the bare loop's",
                *(other, "times", 30, COMMAND),
                note=note(other),
            ),
            Row(
                "Memory, all due in one run",
                *(max(each.memory for each in measured), "MB", 300, COMMAND),
            ),
        ]


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(row)
