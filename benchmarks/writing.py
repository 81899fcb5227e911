"""How much a FileStorage grows for a watch that is checked and unchanged, one by one and in a quiet
sweep.

``python -m benchmarks.writing``
"""

import tempfile
from pathlib import Path

from benchmarks.databases import fill, make_due, make_swept
from benchmarks.measure import CHECKWATCHES, Row, run
from benchmarks.server import running
from malonewatch.configuration import configure

COMMAND = "python -m benchmarks.writing"
WATCHES = 100_000


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name, running(WATCHES) as server:
        file = Path(name) / "Data.fs"
        uri = f"file://{file}"
        fill(uri, [server.url], WATCHES)
        command = [*CHECKWATCHES, "-q", "-b", "0", "--database", uri]
        command += ["--lock-file", str(Path(name) / "lock")]
        assert run(command).code == 0
        make_due(uri)
        before = file.stat().st_size
        assert run(command).code == 0
        growth = (file.stat().st_size - before) / WATCHES
        make_swept(uri)
        server.requests()
        before = file.stat().st_size
        assert run(command).code == 0
        swept = (file.stat().st_size - before) / WATCHES
        assert len(server.requests()) == 1
    return [
        Row("FileStorage growth for a checked, unchanged watch", growth, "bytes", 20, COMMAND),
        Row("FileStorage growth for an unchanged watch in a sweep", swept, "bytes", 2, COMMAND),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
