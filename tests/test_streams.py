"""Standard streams that are closed, or take no more."""

import os
import subprocess
import sys

from malonewatch import streams


def test_no_other_file_becomes_a_stream(tmp_path):
    report = tmp_path / "report"
    program = (
        "import os, sys; from malonewatch import streams; streams.ensure(); "
        "file = open(sys.argv[1], 'w'); print(file.fileno(), file=file); "
        "print('to nowhere'); print('to nowhere', file=sys.stderr)"
    )
    subprocess.run(
        ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-c", program, report], check=True
    )
    assert int(report.read_text()) > 2


def test_streams_that_are_there_stay(capsys):
    before = sys.stdout, sys.stderr
    streams.ensure()
    assert (sys.stdout, sys.stderr) == before


def test_a_stream_that_takes_no_more_leads_nowhere_from_then_on(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        full.write("something")
        streams.settle()
        full.write("more")
        full.flush()


def test_no_more_files_are_open_for_it():
    before = len(os.listdir("/proc/self/fd"))
    streams.ensure()
    assert len(os.listdir("/proc/self/fd")) == before
