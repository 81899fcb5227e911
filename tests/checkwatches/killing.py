"""Kill checkwatches again and again, and see that nothing is lost.

``python tests/checkwatches/killing.py [RUNS] [SEED]`` starts a run, kills it
with SIGKILL after a random moment, changes some remote bugs, and so on, until
that many have been killed before they were done; in the end a run is left in
peace.  It prints what it counted, and exits with 1 if
anything is wrong.
"""

import contextlib
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from malonewatch.configuration import configure
from malonewatch.interfaces import BugTrackerType, IBugSet, IBugTrackerSet
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing.bugzilla import BugzillaSimulator

WATCHES = 3000
STATUSES = ("CONFIRMED", "IN_PROGRESS", "UNCONFIRMED")


class Loop:
    """Runs that are killed, on one database with watches on one simulated Bugzilla."""

    def __init__(self, directory: Path, simulator: BugzillaSimulator, watches: int, seed: int):
        self.uri = sqlite_uri(directory / "database")
        self.lock = directory / "lock"
        self.simulator = simulator
        self.watches = watches
        self.random = random.Random(seed)
        self.killed = 0
        self.version = Counter[str]()
        configure()
        for number in range(1, watches + 1):
            simulator.add(str(number), status=STATUSES[0], title="Version 0")
        with contextlib.closing(open_database(self.uri, create=True)) as database:
            database.write(self._fill)

    def _fill(self, trackers: Any) -> None:
        from zope.component import getUtility

        tracker = trackers.ensureBugTracker(
            self.simulator.url, None, BugTrackerType.BUGZILLA, name="simulated"
        )
        bug = getUtility(IBugSet).createBug("Killed again and again")
        for number in range(1, self.watches + 1):
            bug.addWatch(tracker, str(number), None)

    def start(self) -> "subprocess.Popen[bytes]":
        """A run over everything."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "malonewatch.checkwatches", "-q", "-b", "0", "--reset"),
                *("--database", self.uri, "--lock-file", str(self.lock)),
            ]
        )

    def change_some(self) -> None:
        """Another status for a tenth of the bugs."""
        for remotebug in self.random.sample(sorted(self.simulator.bugs), self.watches // 10):
            self.version[remotebug] += 1
            version = self.version[remotebug]
            self.simulator.change(
                remotebug,
                status=STATUSES[version % len(STATUSES)],
                title=f"Version {version}",
            )

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            self.killed += 1

    def verdict(self) -> dict[str, int]:
        """What is there in the end: counts, of which all from `lost` on should be 0."""
        assert self.start().wait() == 0
        with contextlib.closing(open_database(self.uri)) as database:
            return database.read(self._count)

    def _count(self, trackers: IBugTrackerSet) -> dict[str, int]:
        tracker = trackers["simulated"]
        counts = Counter(killed=self.killed, watches=tracker.watches.count())
        counts.update(dict.fromkeys(("activities", "lost", "stale", "broken", "twice"), 0))
        for watch in tracker.watches:
            bug = self.simulator.bugs[watch.remotebug]
            history = [entry.message for entry in watch.activity]
            counts["activities"] += len(history)
            counts["stale"] += (watch.remotestatus, watch.remote_title) != (bug.status, bug.title)
            counts["broken"] += watch.last_error_type is not None
            # Each entry goes on where the one before it ended.
            for later, earlier in itertools.pairwise(history):
                counts["twice"] += later.split(" -> ")[0] != earlier.split(" -> ")[1]
        counts["lost"] = self.watches - counts["watches"]
        return dict(counts)


def main(runs: int = 200, seed: int = 1) -> int:
    with tempfile.TemporaryDirectory() as directory, BugzillaSimulator() as simulator:
        loop = Loop(Path(directory), simulator, WATCHES, seed)
        loop.start().wait()
        loop.change_some()
        started = time.monotonic()
        loop.start().wait()
        whole = time.monotonic() - started
        while loop.killed < runs:
            loop.change_some()
            process = loop.start()
            time.sleep(loop.random.uniform(0.1, 1.0) * whole)
            loop.kill(process)
        counts = loop.verdict()
    print(", ".join(f"{value} {name}" for name, value in counts.items()))
    return 1 if any(counts[name] for name in ("lost", "stale", "broken", "twice")) else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
