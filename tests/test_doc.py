"""Every chapter of the documentation runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import malonewatch.doc

DOC = Path(malonewatch.doc.__file__).parent
CHAPTERS = sorted(path.name for path in DOC.glob("*.rst"))
OPTIONS = ("ELLIPSIS", "NORMALIZE_WHITESPACE", "REPORT_NDIFF")


def environment(home):
    """That of somebody who has never run malonewatch, with `home` for a home directory."""
    kept = {name: value for name, value in os.environ.items() if "MALONEWATCH" not in name}
    places = ("HOME", "TMPDIR", *(f"XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE")))
    return {**kept, **dict.fromkeys(places, str(home)), "PYTHONWARNINGS": "error"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_says_what_happens(chapter, tmp_path):
    options = [part for name in OPTIONS for part in ("-o", name)]
    process = subprocess.run(
        [sys.executable, "-m", "doctest", "--fail-fast", *options, DOC / chapter],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    # What goes wrong where no exception can be raised, such as a file never closed.
    assert "Exception ignored" not in process.stderr, process.stderr


def test_the_table_of_contents_is_complete():
    listed = re.findall(r"<([a-z-]+\.rst)>", (DOC / "index.rst").read_text())
    assert sorted([*listed, "index.rst"]) == CHAPTERS
