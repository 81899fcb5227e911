"""Running a command and measuring what it took."""

import dataclasses
import os
import subprocess
import sys
import time
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


def run(command: Sequence[str], **environment: str) -> Measured:
    """Run a command to its end; its output goes nowhere."""
    # What is installed is compiled, and so are the libraries that it is compared with.
    environment = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": ""}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=Path(__file__).parent.parent,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        usage.ru_utime + usage.ru_stime,
        time.perf_counter() - started,
        usage.ru_maxrss / 1024,
        process.returncode,
    )


def best(measured: Sequence[Measured]) -> Measured:
    """The one that took the least CPU: what disturbs a process only ever adds to it."""
    return min(measured, key=lambda one: one.cpu)
