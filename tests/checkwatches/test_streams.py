"""Standard streams that are closed or full: the script says a sentence, or nothing."""

import subprocess
import sys

import pytest

from .conftest import END, START, lines_of

COMMAND = [sys.executable, "-m", "malonewatch.checkwatches"]


def shell(line, *args):
    """Run a line of a shell, in which "$@" is the script."""
    return subprocess.run(
        ["sh", "-c", line, "sh", *COMMAND, *args], capture_output=True, text=True, timeout=120
    )


@pytest.mark.shared
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_with_a_stream_closed_a_run_is_a_run(site, closed):
    process = shell(f'"$@" {closed}', "--database", site.uri)
    assert process.returncode == 0
    assert process.stdout == ""
    assert lines_of(process.stderr) == ([] if "2>&-" in closed else [START, END])


def test_what_goes_wrong_then_is_the_exit_code(site):
    process = shell('"$@" 2>&-', "--database", "nonsense")
    assert (process.returncode, process.stdout, process.stderr) == (2, "", "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_output_that_cannot_be_written(option, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    process = shell('"$@" >/dev/full', option)
    assert process.returncode == 1
    assert process.stderr == "Standard output cannot be written (No space left on device).\n"


@pytest.mark.shared
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_log_that_cannot_be_written(site, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    process = shell('"$@" 2>/dev/full', "--database", site.uri)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")


def test_a_wrong_command_line_that_nobody_can_be_told_of():
    process = shell('"$@" 2>/dev/full', "--no-such-option")
    assert (process.returncode, process.stdout) == (2, "")


def test_with_few_files_to_open_there_is_a_sentence(site):
    process = shell('ulimit -n 12; "$@"', "--database", site.uri)
    assert process.returncode == 4
    assert process.stderr == (
        "ERROR   This process may have 12 files open, and a run needs 52; "
        "raise the limit (ulimit -n).\n"
    )
