"""Runs that are told to end, in a process of their own."""

import asyncio
import gzip
import signal
import subprocess
import sys
import threading
from datetime import datetime, timezone

import pytest
import transaction
from aiohttp import web

from malonewatch.interfaces import BugTrackerType
from malonewatch.signals import heard
from malonewatch.testing.bugzilla import BugzillaSimulator

from .conftest import lines_of, statuses

COMMAND = [sys.executable, "-m", "malonewatch.checkwatches"]

#: More than are asked for in one request.
IDS = [str(number) for number in range(1, 701)]

#: How long to wait for the end of a run that was told to end.  It takes less
#: than five seconds; if it did not heed that, it would take 30 at least.
SOON = 20


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


@pytest.mark.shared
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_saves_what_was_fetched(stalling, watch_bugs, site, number):
    tracker = watch_bugs("bugs", stalling.url, IDS)
    process = subprocess.Popen(
        [*COMMAND, "-b", "0", "--database", site.uri],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert stalling.has_stalled.wait(60)
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON)
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
    # The next run takes it up, and need not wait for the claim.
    stalling.stalls = False
    again = subprocess.run([*COMMAND, "-b", "0", "--database", site.uri, "-q"], timeout=60)
    assert again.returncode == 0
    transaction.begin()
    assert set(statuses(tracker).values()) == {"CONFIRMED"}


# Whatever a server sends.


async def dripping(request):
    """An answer that goes on and on, a byte at a time."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def flooding(request):
    """One that goes on and on as fast as it can."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b"[]," * 20_000)


def whole(body, content_type, **headers):
    async def answer(request):
        return web.Response(body=body, headers={"Content-Type": content_type, **headers})

    return answer


HOSTILE = {
    "drips": (dripping, "BUGZILLA"),
    "floods": (flooding, "BUGZILLA"),
    "nests": (whole(b"[" * 2_000_000, "application/json"), "BUGZILLA"),
    "is full of tables": (whole(b"<table " * 300_000, "text/html"), "ROUNDUP"),
    "is full of lines": (
        whole(gzip.compress(b"\n" * 2**25), "text/csv", **{"Content-Encoding": "gzip"}),
        "TRAC",
    ),
}


@pytest.mark.shared
@pytest.mark.parametrize("what", HOSTILE)
def test_a_run_that_is_told_to_end_does_so_whatever_a_server_sends(what, watch_bugs, site):
    answer, kind = HOSTILE[what]
    asked = threading.Event()

    async def fault(request):
        asked.set()
        return await answer(request)

    with BugzillaSimulator() as simulator:
        simulator.fault = fault
        watch_bugs("bugs", simulator.url, range(1, 20), BugTrackerType(kind))
        process = subprocess.Popen(
            [*COMMAND, "--database", site.uri], stderr=subprocess.PIPE, text=True
        )
        assert asked.wait(60)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=SOON)
    # It may have found out that the answer is none before.
    assert process.returncode in (5, 1), err
    assert "Traceback" not in err
    assert (process.returncode == 5) == ("Interrupted" in err)


# A type that reads its answers in threads, without end.
READING = """
import asyncio
import sys
import threading

from zope.component import getGlobalSiteManager

from malonewatch.checkwatches.script import main
from malonewatch.configuration import configure
from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import IExternalBugTracker


def read_without_end():
    print("reading", flush=True)
    while True:
        pass


class Slow(ExternalBugTracker):
    name = "SLOW"

    async def fetch(self, session, batch):
        await {way}
        yield


configure()
getGlobalSiteManager().registerAdapter(Slow, provided=IExternalBugTracker, name="SLOW")
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.shared
@pytest.mark.parametrize(
    "way",
    [
        "asyncio.to_thread(read_without_end)",
        "asyncio.get_running_loop().run_in_executor(None, read_without_end)",
    ],
)
def test_a_run_that_is_told_to_end_waits_for_no_thread(watch_bugs, registry, site, way):
    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("SLOW"))
    process = subprocess.Popen(
        [sys.executable, "-c", READING.format(way=way), "--database", site.uri],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "reading\n"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=SOON)
    assert process.returncode == 5, err


def test_in_another_thread_nothing_is_heard():
    def listen():
        with heard((signal.SIGTERM,), told.append):
            pass
        told.append("ended")

    told = []
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert told == ["ended"]
    assert signal.getsignal(signal.SIGTERM) is before
