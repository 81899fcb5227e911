"""Running a command and measuring what it took."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: Scripts of the environment that the benchmarks run in.
CHECKWATCHES = [sys.executable, "-m", "malonewatch.checkwatches"]


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a process took: CPU and wall-clock seconds, most memory in MB."""

    cpu: float
    wall: float
    memory: float
    code: int


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the table: what was measured, the value, the limit, and how to get it again."""

    name: str
    value: float
    unit: str
    limit: float | None
    command: str
    note: str = ""

    @property
    def met(self) -> bool:
        return self.limit is None or self.value <= self.limit


#: Starts the command that it is given, and prints what that took, without its own start.  What
#: a process used at most is at least what the one that started it uses, so that is a small one.
LAUNCHER = """
import json, os, sys, time
started = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
    file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print(json.dumps([usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, code]))
"""


def run(command: Sequence[str], **environment: str) -> Measured:
    """Run a command to its end; its output goes nowhere."""
    # What is installed is compiled, and so are the libraries that it is compared with.
    environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": ""}
    said = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=Path(__file__).parent.parent,
        check=True,
    )
    cpu, wall, memory, code = json.loads(said.stdout)
    return Measured(cpu, wall, memory, code)


def best(measured: Sequence[Measured]) -> Measured:
    """The one that took the least CPU: what disturbs a process only ever adds to it."""
    return min(measured, key=lambda one: one.cpu)
