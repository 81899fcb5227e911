"""All benchmarks: a table, ``RESULTS.md`` and ``results.json``."""

import dataclasses
import datetime
import importlib.metadata
import json
import os
import platform
import sys
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
PACKAGES = ("malonewatch", "aiohttp", "ZODB", "RelStorage", "BTrees", "persistent")


def machine() -> str:
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"


def table(rows: list[Row]) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    lines = [
        "# Benchmarks",
        "",
        f"Measured on {datetime.date.today()} by `make bench`: {machine()}.",
        f"Python {platform.python_version()}, {versions}.",
        "",
        "| what | measured | at most | met | command | |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.value:.3g} {row.unit} | {row.limit} | "
        f"{'yes' if row.met else 'no'} | `{row.command}` | {row.note} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    rows: list[Row] = []
    for module in (
        *(throughput, writing, idle, hanging, fairness, isolation, hostile, adding),
        *(searching, text, starting, requests, scanning, metrics, mail),
        *(telling, delivery, desk, rest, soak, freshness, workers),
    ):
        print(f"{module.COMMAND} ...", file=sys.stderr, flush=True)
        rows += module.rows()
    shown = table(rows)
    print(shown)
    (HERE / "RESULTS.md").write_text(shown)
    (HERE / "results.json").write_text(
        json.dumps([dataclasses.asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n"
    )
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
