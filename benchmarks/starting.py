"""What all types cost who meets none of them: all registered, to the five of 0.1.0.

``python -m benchmarks.starting``
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import malonewatch
from benchmarks.databases import fill, settle
from benchmarks.measure import CHECKWATCHES, Measured, Row, best, run
from malonewatch.configuration import configure
from malonewatch.model import sqlite_uri

COMMAND = "python -m benchmarks.starting"
FIVE = ("BUGZILLA", "DEBBUGS", "ROUNDUP", "SOURCEFORGE", "TRAC")
ROUNDS = 15
REGISTER = "import malonewatch.configuration as it; it.configure()"
DIRECTIVE = re.compile(r' *<adapter factory="\.externalbugtracker\.[^"]*" name="([^"]*)" />\n')


def copies(directory: Path) -> tuple[Path, Path]:
    """Two directories to import malonewatch from: with all types, and with five."""
    every, five = directory / "every", directory / "five"
    for copy in (every, five):
        shutil.copytree(Path(malonewatch.__file__).parent, copy / "malonewatch")
    zcml = five / "malonewatch" / "configure.zcml"
    text = zcml.read_text()
    less = DIRECTIVE.sub(lambda found: found[0] if found[1] in FIVE else "", text)
    assert len(DIRECTIVE.findall(less)) == len(FIVE) < len(DIRECTIVE.findall(text))
    zcml.write_text(less)
    return every, five


def compare(command: Sequence[str], places: Sequence[Path]) -> list[Measured]:
    """What a command takes with either; in turn, as a machine is now faster and now slower."""
    measured: list[list[Measured]] = [[], []]
    for _ in range(ROUNDS):
        for place, some in zip(places, measured, strict=True):
            some.append(run(command, PYTHONPATH=str(place)))
            assert some[-1].code == 0, some[-1]
    return [best(some) for some in measured]


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        uri, lock = sqlite_uri(directory / "database"), directory / "lock"
        fill(uri, ["http://host.example/bugs"], 1000)
        settle(uri)
        places = copies(directory)
        registering = compare([sys.executable, "-c", REGISTER], places)
        idle = compare([*CHECKWATCHES, "--database", uri, "--lock-file", str(lock)], places)
    return [
        Row(
            f"{what}, all types to five",
            *(every.cpu / five.cpu, "times", 1.1, COMMAND),
            note=f"{every.cpu:.2f} s and {five.cpu:.2f} s of CPU",
        )
        for what, (every, five) in (("Import and registration", registering), ("Idle run", idle))
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
