import io
import json
import sys
from typing import NamedTuple

import pytest

from malonewatch.cli import main
from malonewatch.testing.bugzilla import BugzillaSimulator


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command line, on a database that is not there yet."""
    monkeypatch.setenv("MALONEWATCH_DATABASE", f"sqlite://?data_dir={tmp_path / 'database'}")

    def run(*args, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = main([str(arg) for arg in args])
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def cli(run):
    """Runs a command line, on a database that is empty."""
    assert run("init").code == 0
    return run


@pytest.fixture
def bugzilla():
    with BugzillaSimulator() as simulator:
        yield simulator


@pytest.fixture
def url(bugzilla):
    """The URL of a bug in the simulated Bugzilla."""
    return lambda remotebug: f"{bugzilla.url}/show_bug.cgi?id={remotebug}"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal in place of standard output: what it shows, at a width."""

    def show(function, width=200):
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        function()
        monkeypatch.undo()
        return screen.getvalue()

    return show
