"""The Pyramid application in examples/ works: own tickets, own staff, a site below the root."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_a_pyramid_application_is_told_what_changed(tmp_path):
    path = os.pathsep.join([str(EXAMPLES), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "HOME": str(tmp_path)}
    # Pyramid and WebOb import what is deprecated.
    quiet = [
        "-W",
        "error",
        "-W",
        "ignore:'cgi' is",
        "-W",
        "ignore:pkg_resources is",
        "-W",
        "ignore:Deprecated call to",
    ]
    process = subprocess.run(
        [sys.executable, *quiet, "-m", "helpdesk"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert [line.split(" #")[-1] for line in process.stdout.splitlines()] == [
        "Ticket 1: The mill stands still",
        "42 is In Progress now",
        "42 is In Progress now",
        "42 is Fix Released now",
    ]
