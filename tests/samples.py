"""Recorded answers of real bug trackers.

They belong to others and lie beside the repository where they are at all;
tests that read them skip where they are not.
"""

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"


class Sample(NamedTuple):
    """An answer's `body`, and what is to be read in it (see MANIFEST.tsv)."""

    body: bytes
    must_read: Any


def sample(bugtrackertype: str, name: str) -> Sample:
    """The sample of that type and file name; skips the test where there is none."""
    folder = SAMPLES / bugtrackertype
    if not (folder / name).exists():
        pytest.skip(f"there are no recorded answers at {folder}")
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        table = csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE)
        (row,) = [row for row in table if row["file"] == name]
    return Sample((folder / name).read_bytes(), json.loads(row["must_read"]))


def answer_in(data: bytes) -> tuple[int, dict[str, str], bytes]:
    """The (status, headers by lower-case name, body) of a recorded answer; one that is a body
    alone had the status 200."""
    if not data.startswith(b"HTTP/"):
        return 200, {}, data
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    pairs = (line.partition(":")[::2] for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}, body
