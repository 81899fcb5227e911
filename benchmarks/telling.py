"""What it costs that people are told: filling the outbox, and finding out whom to tell.

``python -m benchmarks.telling``
"""

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zope.component import getUtility

from benchmarks.databases import fill, make_due
from benchmarks.measure import CHECKWATCHES, Measured, Row, best, run
from benchmarks.server import running
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    USUAL,
    BugTaskStatus,
    DestinationSettings,
    Happening,
    IBugSet,
    IBugWatchSet,
    IOutbox,
    IPersonSet,
    ISubscriptionSet,
    Target,
    TargetKind,
)
from malonewatch.model import open_database, sqlite_uri

COMMAND = "python -m benchmarks.telling"
WATCHES = 500
#: How many people there are, and how many of them subscribe to each bug.
PEOPLE = 100
EACH = 10
BATCH = 2000


def destination(number: int, **values: Any) -> Any:
    """The destination of a person by number."""
    email = f"person{number}@example.com"
    settings = DestinationSettings(kind="mail", address=email, **values)
    person = getUtility(IPersonSet).ensurePerson(email)
    return getUtility(ISubscriptionSet).ensureDestination(person, settings)


def in_batches(database: Any, count: int, do: Callable[[int], None]) -> None:
    """Do that for each number below `count`, some thousand in a transaction."""
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        database.write(
            lambda trackers, numbers=numbers: [do(number) for number in numbers] and None
        )


def split_up(trackers: Any) -> None:
    """Give each watch a bug of its own."""
    watches = getUtility(IBugWatchSet)
    for watch in list(watches):
        tracker, remotebug = watch.bugtracker, watch.remotebug
        watch.bug.removeWatch(watch)
        getUtility(IBugSet).createBug(f"Bug {remotebug}").addWatch(tracker, remotebug, None)


def filling() -> Row:
    """A run in which everything changes, with subscribers and without."""

    def check(uri: str, lock: Path) -> Measured:
        options = ["-q", "-b", "0", "--no-deliver", "--database", uri, "--lock-file", str(lock)]
        measured = run([*CHECKWATCHES, *options])
        assert measured.code == 0, measured
        return measured

    def subscribe(number: int) -> None:
        bug = Target(TargetKind.BUG, bugs[number // EACH])
        person = (number // EACH + number % EACH * 7) % PEOPLE
        getUtility(ISubscriptionSet).subscribe(destination(person, limit=0), bug, USUAL)

    taken: dict[bool, list[Measured]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name, running(WATCHES) as server:
        uris = {told: sqlite_uri(Path(name) / str(told)) for told in taken}
        for told, uri in uris.items():
            fill(uri, [server.url], WATCHES)
            with contextlib.closing(open_database(uri)) as database:
                database.write(split_up)
                bugs = database.read(
                    lambda trackers: [str(watch.bug.id) for watch in getUtility(IBugWatchSet)]
                )
                if told:
                    in_batches(database, WATCHES * EACH, subscribe)
            check(uri, Path(name) / "lock")
        for _ in range(5):
            server.change()
            for told, uri in uris.items():
                make_due(uri)
                taken[told].append(check(uri, Path(name) / "lock"))
        with contextlib.closing(open_database(uris[True])) as database:
            waiting = database.read(lambda trackers: getUtility(IOutbox).pending)
    assert waiting == 5 * WATCHES * EACH, waiting
    alone, with_them = best(taken[False]).cpu, best(taken[True]).cpu
    return Row(
        "CPU of a run with 500 changes and 10 subscriptions to each, to that without any",
        *(with_them / alone, "times", 1.3, COMMAND),
        note=f"{with_them:.2f} s and {alone:.2f} s",
    )


def finding(subscriptions: int, directory: Path) -> float:
    """How many seconds it takes to find whom to tell of a change, 1,000 times over."""
    uri = sqlite_uri(directory / str(subscriptions))
    fill(uri, ["http://host.example/bugs"], 1)
    with contextlib.closing(open_database(uri)) as database:
        bug = database.read(lambda trackers: str(next(iter(getUtility(IBugWatchSet))).bug.id))

        def subscribe(number: int) -> None:
            # Ten to the bug, and the rest to what has nothing to do with it.
            target = Target(TargetKind.BUG, bug)
            if number >= EACH:
                other = f"tracker:tracker{number % 1000} title{number}"
                target = Target(TargetKind.SEARCH, other)
            getUtility(ISubscriptionSet).subscribe(
                destination(number % (EACH if number < EACH else PEOPLE)), target, USUAL
            )

        in_batches(database, subscriptions, subscribe)

        def find(trackers: Any) -> float:
            watch, found = next(iter(getUtility(IBugWatchSet))), getUtility(ISubscriptionSet)
            taken = []
            for _ in range(20):
                started = time.perf_counter()
                for _ in range(1000):
                    told = found.subscribersOf(watch, Happening.FIXED, BugTaskStatus.NEW)
                taken.append(time.perf_counter() - started)
            assert len(told) == EACH
            return min(taken)

        seconds: float = database.read(find)
    return seconds


def rows() -> list[Row]:
    configure()
    with tempfile.TemporaryDirectory() as name:
        few, many = (finding(count, Path(name)) for count in (1_000, 100_000))
    return [
        filling(),
        Row(
            "Finding whom to tell of a change with 100,000 subscriptions, to that with 1,000",
            *(many / few, "times", 1.2, COMMAND),
            note=f"{many * 1e3:.0f} and {few * 1e3:.0f} µs",
        ),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
