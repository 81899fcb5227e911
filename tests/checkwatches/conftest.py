import asyncio
import dataclasses
import logging
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import transaction
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.checkwatches.script import main
from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerType,
    IBugSet,
    IBugTrackerFacts,
    IBugTrackerSet,
    IClock,
    IExternalBugTracker,
    RemoteBug,
)
from malonewatch.model import BugTracker
from malonewatch.testing import fresh_site
from malonewatch.testing.bugzilla import BugzillaSimulator

from ..clock import FakeClock

INSTALLED = Path(sysconfig.get_path("scripts"), "checkwatches")
# Buildout makes the script, but in a place of its own.
SCRIPT = [INSTALLED] if INSTALLED.exists() else [sys.executable, "-m", "malonewatch.checkwatches"]

START = "INFO    creating lockfile"
END = "INFO    Time for this run: ... seconds."


class Registry:
    """The global registry, of which all that was registered is taken back in the end."""

    def __init__(self):
        self._registry = getGlobalSiteManager()
        self._undo = []

    def utility(self, component, interface):
        before = self._registry.queryUtility(interface)
        self._registry.registerUtility(component, interface)
        if before is not None:
            self._undo.append(lambda: self._registry.registerUtility(before, interface))
        else:
            self._undo.append(lambda: self._registry.unregisterUtility(component, interface))
        return component

    def type(self, name, fetch=None, base=ExternalBugTracker, **attributes):
        """A type of bug tracker; `fetch` is what its `IExternalBugTracker.fetch` is to be."""
        if fetch is not None:
            attributes["fetch"] = fetch
        factory = type(name.title(), (base,), {"title": name, **attributes})
        adapter = {"provided": IExternalBugTracker, "name": name}
        before = self._registry.adapters.registered((IBugTrackerFacts,), IExternalBugTracker, name)
        self._registry.registerAdapter(factory, **adapter)
        if before is not None:
            self._undo.append(lambda: self._registry.registerAdapter(before, **adapter))
        else:
            self._undo.append(lambda: self._registry.unregisterAdapter(factory, **adapter))
        return BugTrackerType(name)

    def subscriber(self, handler, *required):
        self._registry.registerHandler(handler, required)
        self._undo.append(lambda: self._registry.unregisterHandler(handler, required))

    def undo_last(self):
        self._undo.pop()()

    def undo(self):
        while self._undo:
            self._undo.pop()()


@pytest.fixture(autouse=True)
def users_own_places(monkeypatch, tmp_path):
    """No lock file, database or credentials of whoever runs the tests."""
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("MALONEWATCH_DATABASE", raising=False)
    monkeypatch.delenv("MALONEWATCH_CREDENTIALS", raising=False)


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root, ours = logging.getLogger(), logging.getLogger("malonewatch")
    before = root.level, ours.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    ours.setLevel(before[1])
    root.handlers[:] = before[2]


@pytest.fixture
def site(new_uri):
    """A new and empty site that another process can open, the current one."""
    with fresh_site(new_uri(None)) as site:
        yield site


@pytest.fixture
def registry(site):
    registry = Registry()
    yield registry
    registry.undo()


@pytest.fixture
def clock(registry):
    """What time it is is up to the test."""
    return registry.utility(FakeClock(), IClock)


@pytest.fixture
def trackers(site):
    return getUtility(IBugTrackerSet)


@pytest.fixture
def watch_bugs(clock, trackers):
    """Adds a bug tracker, a bug, and the bug's watches on some remote bugs there."""

    def watch(name, baseurl, remotebugs, bugtrackertype=BugTrackerType.BUGZILLA):
        tracker = trackers.add(BugTracker(name, name.title(), bugtrackertype, baseurl))
        bug = getUtility(IBugSet).createBug()
        for remotebug in remotebugs:
            bug.addWatch(tracker, remotebug, None)
        transaction.commit()
        return tracker

    return watch


@pytest.fixture
def bugzilla():
    with BugzillaSimulator() as simulator:
        yield simulator


@pytest.fixture
def watched(bugzilla, watch_bugs):
    """Makes three bugs in a simulated Bugzilla that are watched, and gives the bug tracker."""
    for remotebug in ("1", "2", "3"):
        bugzilla.add(remotebug)
    return watch_bugs("bugs", bugzilla.url, ["1", "2", "3"])


@dataclasses.dataclass
class Finished:
    """What a run of the script said: its lines, and its exit code."""

    lines: list
    code: int

    def __iter__(self):
        return iter((self.code, self.lines))


@pytest.fixture
def checkwatches(site, capsys):
    """Runs the script in this process; transactions begin anew after it."""

    def run(*args, uri=None):
        capsys.readouterr()
        transaction.abort()
        code = main(["--database", site.uri if uri is None else uri, *map(str, args)])
        transaction.begin()
        out, err = capsys.readouterr()
        assert out == ""
        return Finished(lines_of(err), code)

    return run


def pass_time(seconds):
    """Let time go by for the event loop that is running."""
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds


def lines_of(text):
    """The lines, with the time that a run took as an ellipsis."""
    return re.sub(r"run: [0-9]+\.[0-9]{3} seconds", "run: ... seconds", text).splitlines()


def in_process(*args):
    """Run the installed script; (exit code, lines)."""
    finished = subprocess.run([*SCRIPT, *args], capture_output=True, text=True)
    assert finished.stdout == ""
    return finished.returncode, lines_of(finished.stderr)


def statuses(tracker):
    """Remote status by remote bug."""
    return {watch.remotebug: watch.remotestatus for watch in tracker.watches}


def errors(tracker):
    """Error type by remote bug."""
    return {watch.remotebug: watch.last_error_type for watch in tracker.watches}


async def all_new(self, session, batch):
    """For a type in a test: all bugs are new."""
    for remotebug in batch.remotebugs:
        yield RemoteBug(remotebug, "NEW", BugTaskStatus.NEW)
