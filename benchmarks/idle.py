"""What a run costs that finds nothing to do: 1,000,000 watches on 1,000 bug trackers.

``python -m benchmarks.idle``
"""

import tempfile
from pathlib import Path

from benchmarks.databases import fill, settle
from benchmarks.measure import CHECKWATCHES, Measured, Row, best, run
from malonewatch.configuration import configure
from malonewatch.model import sqlite_uri

COMMAND = "python -m benchmarks.idle"
TRACKERS = 1000


def idle(directory: Path, trackers: int, watches: int) -> Measured:
    uri = sqlite_uri(directory / f"{trackers}-{watches}")
    fill(uri, [f"http://host{number}.example/bugs" for number in range(trackers)], watches)
    settle(uri)
    command = [*CHECKWATCHES, "--database", uri, "--lock-file", str(directory / "lock")]
    measured = [run(command) for _ in range(7)]
    assert all(one.code == 0 for one in measured)
    return best(measured)


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        many = idle(directory, TRACKERS, 1_000_000)
        few = idle(directory, TRACKERS, 10_000)
        fewer = idle(directory, 10, 10_000)
    return [
        Row(
            "Idle run, 1,000,000 watches to 10,000 on as many trackers",
            *(many.cpu / few.cpu, "times", 1.3, COMMAND),
            note=f"{many.cpu:.2f} s and {few.cpu:.2f} s of CPU",
        ),
        Row(
            "Idle run, 1,000,000 watches on 1,000 trackers to 10,000 on 10",
            *(many.cpu / fewer.cpu, "times", 1.3, COMMAND),
            note=f"{many.cpu:.2f} s and {fewer.cpu:.2f} s of CPU",
        ),
        Row("Memory of the idle run, 1,000,000 watches", many.memory, "MB", 150, COMMAND),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
