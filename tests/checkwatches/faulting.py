"""Let workers on PostgreSQL meet every kind of fault, and see that nothing is lost.

``python -m tests.checkwatches.faulting [KILLS] [RESTARTS] [PARTITIONS] [WORKERS]
[SEED]`` has so many workers at work while remote bugs change.  By chance one of
them is killed, the database is restarted, or what is between them and the
database goes silent for a while.  Time goes `SPEED` times as fast for them, and
their clocks are up to two minutes apart.  It prints what it counted, and exits
with 1 if anything is wrong.
"""

import asyncio
import contextlib
import itertools
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytz
from aiohttp import web
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.checkwatches import claims, worker
from malonewatch.configuration import configure
from malonewatch.http import HTTPClient
from malonewatch.interfaces import BugTrackerType, IBugSet, IClock, IHTTPClient, IOutbox
from malonewatch.model import open_database

from ..notifying.waiting import add_destination
from ..postgres import Postgres, running_postgres

SPEED = 60
TRACKERS = 12
WATCHES_EACH = 5
STATUSES = ("CONFIRMED", "IN_PROGRESS", "UNCONFIRMED")
#: How long, in seconds, an answer takes, the network is silent at most, and all is waited for.
LATENCY = 0.02
SILENT = 6.0
PATIENCE = 240.0
#: How long, in seconds, what was claimed by who was killed is nobody's.
CLAIMED = 15 * 60 / SPEED
#: After how many seconds a worker ends that the database leaves waiting.
SILENCE = 4.0


class Clock:
    """One that runs faster, and is wrong by so many seconds."""

    def __init__(self, began: float, wrong: float) -> None:
        self._began = began
        self._wrong = wrong

    def now(self) -> Any:
        moment = self._began + (time.time() - self._began) * SPEED + self._wrong
        return datetime.fromtimestamp(moment, pytz.utc)


class Trackers:
    """Bug trackers on hosts of their own that notice who asks them, and when."""

    def __init__(self) -> None:
        self.statuses = {host: dict.fromkeys(range(1, WATCHES_EACH + 1), 0) for host in HOSTS}
        self.inside: dict[str, Counter[str]] = defaultdict(Counter)
        self.asked = self.together = 0
        self.messages = Counter[str]()
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Trackers":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())

    async def _start(self) -> None:
        app = web.Application()
        app.add_routes([web.get("/rest/bug", self._search), web.post("/told", self._told)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "0.0.0.0", 0).start()
        self.port = self._runner.addresses[0][1]
        self._ready.set()

    async def _search(self, request: web.Request) -> web.Response:
        host, who = request.url.host or "", request.headers["User-Agent"]
        inside = self.inside[host]
        self.asked += 1
        self.together += any(count for other, count in inside.items() if other != who)
        inside[who] += 1
        try:
            await asyncio.sleep(LATENCY)
        finally:
            inside[who] -= 1
        bugs = [
            {
                "id": int(name),
                "status": STATUSES[self.statuses[host][int(name)] % len(STATUSES)],
                "resolution": "",
                "summary": "Something is wrong",
                "last_change_time": "2024-01-02T03:04:05Z",
                "dupe_of": None,
            }
            for name in request.query["id"].split(",")
        ]
        return web.json_response({"bugs": bugs})

    async def _told(self, request: web.Request) -> web.Response:
        self.messages[request.headers["webhook-id"]] += 1
        return web.Response()


class Network:
    """What is between the workers and the server of the database: a socket in a folder."""

    def __init__(self, server: Path, directory: Path) -> None:
        self._server = str(server / ".s.PGSQL.5432")
        self._flows = threading.Event()
        self._flows.set()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(directory / ".s.PGSQL.5432"))
        self._listening.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._server)
                except OSError:
                    ours.close()
                    server.close()
                    continue
                threading.Thread(target=self._connect, args=(ours, server), daemon=True).start()

    def _connect(self, ours: socket.socket, server: socket.socket) -> None:
        with ours, server:
            back = threading.Thread(target=self._pass_on, args=(server, ours), daemon=True)
            back.start()
            self._pass_on(ours, server)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                self._flows.wait()
                target.sendall(piece)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def be_silent(self, seconds: float) -> None:
        """Pass nothing on for so long, and tell nobody."""
        self._flows.clear()
        time.sleep(seconds)
        self._flows.set()

    def close(self) -> None:
        self._listening.close()


HOSTS = [f"127.0.3.{number}" for number in range(1, TRACKERS + 1)]


class Trial:
    """So many workers, kept at work on one database."""

    def __init__(
        self, postgres: Postgres, trackers: Trackers, directory: Path, count: int, seed: int
    ) -> None:
        self.postgres = postgres
        self.trackers = trackers
        self.random = random.Random(seed)
        self.counts = Counter[str]()
        self.network = Network(postgres.directory / "postgres", directory)
        self.uri = postgres.new_uri()
        config = postgres.directory / "test_1.conf"
        proxied = config.with_name("proxied.conf")
        text = config.read_text()
        proxied.write_text(
            text.replace(f"host={postgres.directory / 'postgres'}", f"host={directory}")
        )
        self._proxied = f"zconfig://{proxied}#main"
        self._directory = directory
        self._began = time.time()
        self._log = (directory / "log").open("ab")
        configure()
        getGlobalSiteManager().registerUtility(Clock(self._began, 0), IClock)
        self.database = open_database(self.uri, create=True)
        self.database.write(self._fill)
        self.workers = [self._start() for _ in range(count)]

    def _fill(self, trackers: Any) -> None:
        bug = getUtility(IBugSet).createBug("Watched by many")
        for number, host in enumerate(HOSTS):
            tracker = trackers.ensureBugTracker(
                f"http://{host}:{self.trackers.port}",
                None,
                BugTrackerType.BUGZILLA,
                name=f"tracker-{number}",
            )
            tracker.dialect = "rest"
            for remotebug in range(1, WATCHES_EACH + 1):
                bug.addWatch(tracker, str(remotebug), None)
        add_destination("webhook", address=f"http://127.0.0.1:{self.trackers.port}/told")

    def _start(self) -> "subprocess.Popen[bytes]":
        wrong = self.random.uniform(-60, 60)
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.checkwatches.faulting", "--worker"),
                *(self._proxied, str(self._began), str(wrong)),
            ],
            stderr=self._log,
            env={**os.environ, "XDG_STATE_HOME": str(self._directory)},
        )

    def keep(self) -> None:
        """Start those again that have ended, as a service manager does."""
        for place, process in enumerate(self.workers):
            code = process.poll()
            if code is not None:
                self.counts[{-9: "killed", 4: "gave up"}.get(code, "ended wrongly")] += 1
                self.workers[place] = self._start()

    def change_some(self) -> None:
        """Other statuses for some bugs, and all is due."""
        for host in HOSTS:
            for remotebug in self.trackers.statuses[host]:
                self.trackers.statuses[host][remotebug] += self.random.random() < 0.3
        self.database.write(lambda trackers: [each.resetWatches() for each in trackers] and None)

    def kill(self) -> None:
        process = self.random.choice(self.workers)
        process.kill()
        process.wait()

    def restart(self) -> None:
        self.counts["restarts"] += 1
        self.database.close()
        self.postgres.stop()
        time.sleep(self.random.uniform(0, 2))
        self.postgres.start()
        self.database = open_database(self.uri)

    def part(self) -> None:
        self.counts["partitions"] += 1
        self.network.be_silent(self.random.uniform(0.1, SILENT))

    def run(self, kills: int, restarts: int, partitions: int) -> Counter[str]:
        events = [self.kill] * kills + [self.restart] * restarts + [self.part] * partitions
        self.random.shuffle(events)
        self._wait()
        for event in events:
            self.change_some()
            self._wait_for_requests()
            time.sleep(self.random.uniform(0, 0.3))
            event()
            self.keep()
        # Until what was asked for before the last change is written down, too.
        self._wait()
        self.change_some()
        self._wait()
        self._end()
        self.database.read(self._count)
        told = self.trackers.messages
        # A message may have arrived of which that could not be written down.
        again = sum(told.values()) - len(told)
        faults = self.counts["killed"] + self.counts["gave up"] + restarts + partitions
        self.counts.update(
            {"told": len(told), "told again": again, "told too often": max(again - faults, 0)}
        )
        self.counts.update(asked=self.trackers.asked, together=self.trackers.together)
        return self.counts

    def _wait_for_requests(self) -> None:
        """Wait until somebody asks again, or may not as those who did were killed."""
        asked, end = self.trackers.asked, time.monotonic() + CLAIMED
        while self.trackers.asked == asked and time.monotonic() < end:
            time.sleep(0.01)
            self.keep()

    def _wait(self) -> None:
        """Wait until all is done, but no longer than `PATIENCE`."""
        end = time.monotonic() + PATIENCE

        def is_done(trackers: Any) -> bool:
            now = getUtility(IClock).now() + timedelta(minutes=5)
            return not (trackers.getDueBugTrackers(now).trackers or getUtility(IOutbox).pending)

        while not self.database.read(is_done):
            if time.monotonic() > end:
                self.counts["not done"] += 1
                return
            time.sleep(0.2)
            self.keep()

    def _end(self) -> None:
        started = time.monotonic()
        for process in self.workers:
            process.terminate()
        for process in self.workers:
            self.counts["ended wrongly"] += process.wait() != 0
        self.counts["slow to end"] += time.monotonic() - started > 5
        self._log.flush()
        self.counts["tracebacks"] = (self._directory / "log").read_text().count("Traceback")

    def _count(self, trackers: Any) -> None:
        for number, host in enumerate(HOSTS):
            tracker = trackers[f"tracker-{number}"]
            self.counts["lost"] += WATCHES_EACH - tracker.watches.count()
            for watch in tracker.watches:
                status = self.trackers.statuses[host][int(watch.remotebug)] % len(STATUSES)
                self.counts["stale"] += watch.remotestatus != STATUSES[status]
                self.counts["broken"] += watch.last_error_type is not None
                history = [entry.message for entry in watch.activity if " -> " in entry.message]
                for later, earlier in itertools.pairwise(history):
                    self.counts["twice"] += later.split(" -> ")[0] != earlier.split(" -> ")[1]

    def close(self) -> None:
        for process in self.workers:
            process.kill()
            process.wait()
        self.database.close()
        self.network.close()
        self._log.close()


#: What is to be 0.
WRONG = ("ended wrongly", "tracebacks", "not done", "lost", "stale", "broken", "twice")
WRONG += ("told too often", "together", "slow to end")


@contextlib.contextmanager
def trial(workers: int, seed: int) -> Iterator[Trial]:
    registry = getGlobalSiteManager()
    configure()
    clock = registry.getUtility(IClock)
    with (
        running_postgres() as postgres,
        Trackers() as trackers,
        tempfile.TemporaryDirectory() as directory,
    ):
        made = Trial(postgres, trackers, Path(directory), workers, seed)
        try:
            yield made
        finally:
            made.close()
            registry.registerUtility(clock, IClock)


def work(uri: str, began: str, wrong: str) -> int:
    """Be a worker."""
    from malonewatch.cli import main as malonewatch

    configure()
    registry, client = getGlobalSiteManager(), HTTPClient()
    # So that the bug trackers see who asks.
    object.__setattr__(client.settings, "user_agent", f"worker {os.getpid()}")
    registry.registerUtility(client, IHTTPClient)
    registry.registerUtility(Clock(float(began), float(wrong)), IClock)
    claims.RENEW_EVERY /= SPEED
    worker.SILENCE = SILENCE
    return malonewatch(["worker", "--quiet", "--jobs", "3", "--database", uri])


def main(
    kills: int = 500, restarts: int = 20, partitions: int = 20, workers: int = 4, seed: int = 1
) -> int:
    with trial(workers, seed) as tried:
        counts = tried.run(kills, restarts, partitions)
        if any(counts[name] for name in WRONG):
            print((tried._directory / "log").read_text()[-5000:], file=sys.stderr)
    print(", ".join(f"{value} {name}" for name, value in counts.items()))
    return 1 if any(counts[name] for name in WRONG) else 0


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        sys.exit(work(*sys.argv[2:]))
    sys.exit(main(*map(int, sys.argv[1:])))
