"""All benchmarks, or some of them: a table, ``RESULTS.md`` and ``results.json``.

``python -m benchmarks [NAME...]``; with names the other rows stay as they were
measured before.
"""

import dataclasses
import datetime
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import (
    adding,
    delivery,
    desk,
    fairness,
    freshness,
    hanging,
    hostile,
    idle,
    isolation,
    mail,
    metrics,
    requests,
    rest,
    scanning,
    searching,
    soak,
    starting,
    telling,
    text,
    throughput,
    workers,
    writing,
)
from benchmarks.measure import Row

HERE = Path(__file__).parent
MODULES = (
    *(throughput, writing, idle, hanging, fairness, isolation, hostile, adding),
    *(searching, text, starting, requests, scanning, metrics, mail),
    *(telling, delivery, desk, rest, soak, freshness, workers),
)
PACKAGES = ("malonewatch", "aiohttp", "ZODB", "RelStorage", "BTrees", "persistent")


def machine() -> str:
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"


def table(rows: list[tuple[str, Row]]) -> str:
    """`rows` are the days on which they were measured, and what was."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    lines = [
        "# Benchmarks",
        "",
        f"Measured by `make bench` or `python -m benchmarks NAME`: {machine()}.",
        f"Python {platform.python_version()}, {versions}.",
        "",
        "| what | measured | at most | met | on | command | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.value:.4g} {row.unit} | {row.limit:.4g} | "
        f"{'yes' if row.met else 'no'} | {day} | `{row.command}` | {row.note} |"
        for day, row in rows
    ]
    return "\n".join(lines) + "\n"


def before(path: Path) -> list[tuple[str, Row]]:
    """What was measured before."""
    return [(each.pop("day"), Row(**each)) for each in json.loads(path.read_text())]


def main(names: Sequence[str]) -> int:
    results, today = HERE / "results.json", str(datetime.date.today())
    by_command = {module.COMMAND: list[tuple[str, Row]]() for module in MODULES}
    for day, row in before(results) if names else ():
        by_command[row.command].append((day, row))
    for module in MODULES:
        if not names or module.__name__.rpartition(".")[2] in names:
            print(f"{module.COMMAND} ...", file=sys.stderr, flush=True)
            by_command[module.COMMAND] = [(today, row) for row in module.rows()]
    rows = [each for found in by_command.values() for each in found]
    shown = table(rows)
    print(shown)
    (HERE / "RESULTS.md").write_text(shown)
    kept = [{"day": day, **dataclasses.asdict(row)} for day, row in rows]
    results.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return 0 if all(row.met for _, row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
