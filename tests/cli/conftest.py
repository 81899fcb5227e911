import io
import json
import sys
from typing import NamedTuple

import pytest
from zope.component import getGlobalSiteManager
from zope.interface import providedBy

from malonewatch.cli import main
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerType,
    IBugTrackerFacts,
    IExternalBugTracker,
)
from malonewatch.testing.bugzilla import BugzillaSimulator


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def run(tmp_path, new_uri, monkeypatch, capsys):
    """Runs a command line, on a database that is not there yet.

    `stdin` is what it reads, `answer` what a person at a terminal types.
    """
    uri = new_uri(f"sqlite://?data_dir={tmp_path / 'database'}")
    monkeypatch.setenv("MALONEWATCH_DATABASE", uri)

    def run(*args, stdin=b"", answer=None):
        source = io.TextIOWrapper(io.BytesIO(stdin)) if answer is None else Terminal(answer)
        monkeypatch.setattr(sys, "stdin", source)
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


@pytest.fixture
def person(monkeypatch):
    """Has standard error shown on a terminal, and collects it."""

    def person():
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setenv("TERM", "xterm-256color")
        return screen

    return person


@pytest.fixture
def replace_bugzilla():
    """Puts something in the place of the type Bugzilla; None for nothing."""
    configure()
    registry = getGlobalSiteManager()
    facts = BugTrackerFacts("", BugTrackerType("BUGZILLA"), "")
    required, name = (IBugTrackerFacts,), "BUGZILLA"
    before = registry.adapters.lookup((providedBy(facts),), IExternalBugTracker, name)

    def replace(factory):
        if factory is None:
            registry.unregisterAdapter(None, required, IExternalBugTracker, name)
        else:
            registry.registerAdapter(factory, required, IExternalBugTracker, name)

    yield replace
    replace(before)
