"""What a tenth of bug trackers that never answer costs the others.

``python -m benchmarks.hanging``
"""

import tempfile
from pathlib import Path

from benchmarks.databases import fill
from benchmarks.measure import CHECKWATCHES, Row, run
from benchmarks.server import running
from malonewatch.configuration import configure
from malonewatch.model import sqlite_uri

COMMAND = "python -m benchmarks.hanging"
TRACKERS = 200
HANGING = 20
WATCHES_EACH = 500
TIME_LIMIT = 30.0


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name, running(WATCHES_EACH) as server:
        directory = Path(name)

        def wall(hanging: int, trackers: int) -> float:
            # Each on a host of its own: all of 127.0.0.0/8 is this machine.
            hosts = [f"http://127.0.1.{number}:{server.port}" for number in range(1, trackers + 1)]
            baseurls = [
                f"{host}/hang" if number < hanging else host for number, host in enumerate(hosts)
            ]
            uri = sqlite_uri(directory / f"{hanging}-{trackers}")
            fill(uri, baseurls, WATCHES_EACH * trackers)
            command = [*CHECKWATCHES, "-q", "--database", uri]
            measured = run([*command, "--lock-file", str(directory / "lock")])
            assert measured.code == (1 if hanging else 0)
            return measured.wall

        alone = wall(0, TRACKERS - HANGING)
        together = wall(HANGING, TRACKERS)
    return [
        Row(
            "200 trackers, 20 hanging: time beyond the limit of 30 s, to the 180 alone",
            *((together - TIME_LIMIT) / alone, "times", 1.2, COMMAND),
            note=f"{together:.1f} s and {alone:.1f} s",
        )
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
