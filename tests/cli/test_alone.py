"""Each command works in a process in which none ran before."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OLD = Path(__file__).parents[1] / "model" / "data" / "schema-1.fs"

COMMANDS = """
moved
list open
show 1
bug list
tracker list
tracker show bugs
tracker types
tracker unknown
tracker map bugs
tracker edit bugs --summary x
tracker reread
tracker accept-changes bugs
subscribe --all --mail ann@example.com
subscriptions
destination list
delivery
outbox
token issue x
token list
deliver
explain 1
explain 1 --at 1d
scan --report
credentials check
export
bug retitle 1 x
watch https://bugs.example.com/show_bug.cgi?id=2 --bug 1
unwatch 2 --yes
person add ann
person list
audit
unsubscribe 1
upgrade
pack
"""

#: Runs each line of its input, in a process of its own that has loaded the command.
SCRIPT = """
import os, shlex, sys
from malonewatch.cli import main
for line in sys.stdin.read().splitlines():
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main(shlex.split(line)))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), line)
"""


def test_each_command_does_without_the_others(cli, monkeypatch):
    monkeypatch.delenv("EMAIL", raising=False)
    cli("tracker", "add", "https://bugs.example.com", "--type", "BUGZILLA", "--name", "bugs")
    cli("watch", "https://bugs.example.com/show_bug.cgi?id=1", "--bug", "1")
    finished = subprocess.run(
        [sys.executable, "-u", "-c", SCRIPT],
        input=COMMANDS.strip(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stderr == ""
    expected = [f"0 {line}" for line in COMMANDS.strip().splitlines()]
    assert finished.stdout.splitlines() == expected


@pytest.mark.parametrize(
    "line",
    [
        "subscriptions",
        "destination list",
        "delivery",
        "outbox",
        "scan --report",
        "person list",
        "audit",
    ],
)
def test_what_a_database_of_before_has_no_room_for_is_said(run, monkeypatch, tmp_path, line):
    old = shutil.copy(OLD, tmp_path / "Data.fs")
    monkeypatch.setenv("MALONEWATCH_DATABASE", f"file://{old}")
    result = run(*line.split())
    assert (result.code, result.err) == (
        4,
        (
            "Error: The database was made by an earlier version of malonewatch, which knew "
            "nothing of this; bring it up to date with 'malonewatch upgrade'.\n"
        ),
    )
