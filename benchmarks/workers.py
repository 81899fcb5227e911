"""Workers on PostgreSQL: how much faster several are, and what one costs that has nothing to do.

``python -m benchmarks.workers [WATCHES TRACKERS]``; the numbers are those of the
worker that has nothing to do.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from tests.postgres import Postgres, running_postgres

from benchmarks.databases import fill, make_due, settle
from benchmarks.measure import Row
from benchmarks.server import Running, running
from malonewatch.clock import SystemClock
from malonewatch.configuration import configure
from malonewatch.model import open_database

COMMAND = "python -m benchmarks.workers"

#: How many bug trackers are due, on as many hosts; and watches on each.
DUE = 200
WATCHES_EACH = 5
JOBS = 4

#: How often the same is done, of which the fastest counts.
ROUNDS = 5
#: For how many seconds an idle one is watched, after as many as it takes to begin.
IDLE = 20.0
BEGINNING = 5.0
#: How often a change is waited for.
CHANGES = 5

PATIENCE = 300.0
#: In so many seconds no number of workers is done with a bug tracker.
FASTEST = 0.005


@contextlib.contextmanager
def at_work(uri: str, count: int, *options: str) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """So many workers."""
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "malonewatch.cli", "worker", "-q", "--database", uri]
        environment = {**os.environ, "XDG_STATE_HOME": state}
        workers = [subprocess.Popen([*command, *options], env=environment) for _ in range(count)]
        try:
            yield workers
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait()


def left(trackers: Any) -> int:
    """How many bug trackers are due."""
    return len(trackers.getDueBugTrackers(SystemClock().now()).trackers)


def finish(database: Any) -> float:
    """How many seconds it takes until nothing is due any more."""
    started = time.perf_counter()
    while count := database.read(left):
        assert time.perf_counter() - started < PATIENCE
        # Looking takes from the two cores, so it is seldom as long as there is much to do.
        time.sleep(max(0.02, count * FASTEST))
    return time.perf_counter() - started


def seconds_of(postgres: Postgres, server: Running, count: int) -> float:
    """How long so many workers take for the same work."""
    uri = postgres.new_uri()
    hosts = [f"http://127.0.1.{number + 1}:{server.port}/near" for number in range(DUE)]
    fill(uri, hosts, DUE * WATCHES_EACH)
    taken = []
    with (
        contextlib.closing(open_database(uri)) as database,
        at_work(uri, count, "--jobs", str(JOBS), "--no-deliver"),
    ):
        # The first time everything is loaded.
        finish(database)
        for _ in range(ROUNDS):
            server.change()
            make_due(uri)
            taken.append(finish(database))
    return min(taken)


def cpu_of(pid: int) -> float:
    """How many seconds of a processor a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    """How many MB a process has used at most."""
    with open(f"/proc/{pid}/status") as file:
        (line,) = (line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def idle(
    postgres: Postgres, server: Running, watches: int, trackers: int
) -> tuple[float, float, float]:
    """Of a worker with nothing due: per cent of a core, MB, and how many seconds go by at most
    until it sees a change."""
    uri = postgres.new_uri()
    urls = [
        f"http://127.{2 + number // 250}.0.{number % 250 + 1}:{server.port}/near"
        for number in range(trackers)
    ]
    fill(uri, urls, watches)
    settle(uri)
    delays = []
    with (
        contextlib.closing(open_database(uri)) as database,
        at_work(uri, 1, "--no-deliver") as (worker,),
    ):
        time.sleep(BEGINNING)
        before = cpu_of(worker.pid)
        time.sleep(IDLE)
        used = cpu_of(worker.pid) - before
        server.requests()
        for number in range(CHANGES):
            name = f"tracker-{number * trackers // CHANGES}"
            database.write(lambda trackers, name=name: trackers[name].resetWatches() and None)
            started = time.perf_counter()
            while not server.requests():
                assert time.perf_counter() - started < PATIENCE
                time.sleep(0.01)
            delays.append(time.perf_counter() - started)
        memory = memory_of(worker.pid)
    return 100 * used / IDLE, memory, max(delays)


def rows(watches: int = 1_000_000, trackers: int = 10_000) -> list[Row]:
    configure()
    # Changing much at once is what is measured, and nothing to be suspicious of.
    with running_postgres() as postgres, running(watches // trackers) as server:
        taken = {count: seconds_of(postgres, server, count) for count in (1, 2, 4)}
        cores, memory, delay = idle(postgres, server, watches, trackers)
    work = f"{DUE} bug trackers, {WATCHES_EACH} watches each, 50 ms away, --jobs {JOBS}"
    note = f"{os.cpu_count()} cores for workers, simulators and PostgreSQL"
    seconds = ", ".join(f"{count}: {each:.2f} s" for count, each in taken.items())
    size = f"{watches:,} watches on {trackers:,} bug trackers, on PostgreSQL, nothing due"
    return [
        Row(
            f"Two workers against one: {work}",
            taken[2] / taken[1],
            "of the time",
            1 / 1.7,
            COMMAND,
            f"{seconds}; {note}",
        ),
        Row(
            f"Four workers against one: {work}",
            taken[4] / taken[1],
            "of the time",
            1 / 2.5,
            COMMAND,
            f"{seconds}; {note}",
        ),
        Row(f"A worker's processor: {size}", cores, "% of a core", 1, COMMAND),
        Row(f"A worker's memory: {size}", memory, "MB", 200, COMMAND),
        Row(f"A change is asked for: {size}", delay, "s after it", 1, COMMAND),
    ]


if __name__ == "__main__":
    for row in rows(*map(int, sys.argv[1:])):
        print(row.name, f"{row.value:.3g} {row.unit}", row.note, sep="; ")
