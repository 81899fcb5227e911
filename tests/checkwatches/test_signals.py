"""Runs that are told to end, in a process of their own."""

import asyncio
import signal
import subprocess
import sys
import threading
from datetime import datetime, timezone

import pytest
import transaction

from malonewatch.testing.bugzilla import BugzillaSimulator

from .conftest import lines_of, statuses

SCRIPT = [sys.executable, "-m", "malonewatch.checkwatches"]

#: So long that not all fit into the URL of one request.
IDS = [str(10**17 + number) for number in range(300)]


class Stalling(BugzillaSimulator):
    """Answers the first request, and never the second, as long as it `stalls`."""

    def __init__(self):
        super().__init__()
        self.stalls = True
        self.has_stalled = threading.Event()

    def now(self):
        # The runs are in processes of their own, with the machine's clock.
        return datetime.now(timezone.utc)

    async def _search(self, request):
        if self.stalls and len(self.requests) > 1:
            self.has_stalled.set()
            await asyncio.Event().wait()
        return await super()._search(request)


@pytest.fixture
def stalling():
    with Stalling() as simulator:
        for remotebug in IDS:
            simulator.add(remotebug)
        yield simulator


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_saves_what_was_fetched(stalling, watch_bugs, site, number):
    tracker = watch_bugs("bugs", stalling.url, IDS)
    process = subprocess.Popen(
        [*SCRIPT, "--database", site.uri], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert stalling.has_stalled.wait(60)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert out == ""
    lines = lines_of(err)
    assert lines[-2:] == [
        "INFO    Time for this run: ... seconds.",
        "WARNING Interrupted; what was fetched is saved, the rest is still due.",
    ]
    assert not any("Traceback" in line for line in lines)
    transaction.begin()
    fetched = {name for name, status in statuses(tracker).items() if status == "CONFIRMED"}
    assert fetched == set(stalling.requests[0].partition("?id=")[2].partition("&")[0].split(","))
    assert 0 < len(fetched) < len(IDS)
    # The rest is as it was.
    assert tracker.countDue(tracker.datecreated) == len(IDS) - len(fetched)
    assert {watch.last_error_type for watch in tracker.watches} == {None}
    assert tracker.last_error_type is None
    # The next run takes it up.
    stalling.stalls = False
    again = subprocess.run([*SCRIPT, "--database", site.uri, "-q"], timeout=60)
    assert again.returncode == 0
    transaction.begin()
    assert set(statuses(tracker).values()) == {"CONFIRMED"}
