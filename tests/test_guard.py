"""What waits for its database without a limit is ended all the same."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading

import pytest
from zope.component import getUtility

from malonewatch import guard
from malonewatch.configuration import configure
from malonewatch.exitcodes import EXIT_DATABASE
from malonewatch.guard import Guard
from malonewatch.interfaces import BugTrackerType, IBugSet
from malonewatch.model import open_database
from malonewatch.signals import heard
from malonewatch.testing.bugzilla import BugzillaSimulator

from .zeo import Zeo

PATIENCE = 60


class Ended:
    """Takes the place of the end of the process."""

    def __init__(self):
        self.codes = []
        self._was_called = threading.Event()

    def __call__(self, code):
        self.codes.append(code)
        self._was_called.set()

    def wait(self):
        assert self._was_called.wait(PATIENCE)


@pytest.fixture
def ended():
    return Ended()


def test_what_takes_too_long_is_broken_off(ended, caplog):
    with Guard(-guard.LEEWAY, ended) as guarded:
        ended.wait()
    assert ended.codes == [EXIT_DATABASE]
    assert caplog.messages == [
        "The database does not answer, so the run is broken off; what was not saved is still due."
    ]
    assert guarded.place == ""


def test_there_may_be_more_time_again(ended):
    with Guard(0, ended) as guarded:
        guarded.allow(1e9)
        guarded.allow(-1)
        # It looks when the time is up that there was before.
        with guarded._news:
            guarded._news.notify()
        ended.wait()
    assert ended.codes == [EXIT_DATABASE]


def test_what_is_to_end_soon_gets_no_more(ended):
    with Guard(end=ended, grace=0) as guarded:
        guarded.hurry()
        guarded.allow(1e9)
        ended.wait()
    assert ended.codes == [EXIT_DATABASE]


def test_what_ends_in_time_is_not(ended):
    with Guard(1e9, ended):
        pass
    with Guard(None, ended):
        pass
    assert ended.codes == []


@pytest.mark.parametrize("seconds", [None, 1e9, math.inf])
def test_a_signal_makes_it_hurry(ended, caplog, monkeypatch, seconds):
    monkeypatch.setattr(guard, "GRACE", 0)
    with Guard(seconds, ended) as guarded:
        guarded.place = "zeo://example.com"
        guarded.hurry()
        ended.wait()
    assert "The database zeo://example.com does not answer" in caplog.text


def test_no_signal_gives_it_more_time(ended):
    with Guard(-guard.LEEWAY, ended) as guarded:
        guarded.hurry()
        ended.wait()


def test_signals_are_heard_in_a_thread_of_their_own():
    calls = []
    was_heard = threading.Event()

    def told():
        calls.append(threading.current_thread().name)
        was_heard.set()

    before = [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)]
    signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        with heard((signal.SIGUSR1,), told):
            # This one is somebody else's.
            os.kill(os.getpid(), signal.SIGUSR2)
            os.kill(os.getpid(), signal.SIGUSR1)
            assert was_heard.wait(PATIENCE)
    finally:
        signal.signal(signal.SIGUSR2, before[1])
    assert calls == ["signals"]
    assert [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)] == before


# A server that answers nothing any more, while a run commits.

RUN = """
import sys
from malonewatch import guard
from malonewatch.checkwatches import script

guard.GRACE, guard.LEEWAY = {grace}, {leeway}
sys.exit(script.main())
"""


@pytest.fixture
def zeo(tmp_path):
    server = Zeo(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def simulator(zeo):
    """A bug tracker that the database is gone with, once it was asked."""

    class Last(BugzillaSimulator):
        asked = threading.Event()

        async def _search(self, request):
            zeo.freeze()
            self.asked.set()
            return await super()._search(request)

    def add(trackers):
        tracker = trackers.ensureBugTracker(simulator.url, None, BugTrackerType.BUGZILLA)
        getUtility(IBugSet).createBug().addWatch(tracker, "1", None)

    configure()
    with Last() as simulator:
        simulator.add("1")
        with contextlib.closing(open_database(zeo.new_uri(), create=True)) as database:
            database.write(add)
        yield simulator


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_ends_at_a_signal_though_its_database_does_not_answer(
    zeo, simulator, tmp_path, number
):
    uri = zeo.new_uri()
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", RUN.format(grace=0.2, leeway=PATIENCE)),
            *("--database", uri, "--lock-file", str(tmp_path / "lock")),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert simulator.asked.wait(PATIENCE)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == EXIT_DATABASE, err
    assert err.splitlines()[-1] == (
        f"ERROR   The database {uri} does not answer, so the run is broken off; what was not "
        "saved is still due."
    )
