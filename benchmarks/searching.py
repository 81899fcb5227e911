"""What a page of a search costs where there are 1,000,000 watches, to where there are 1,000.

``python -m benchmarks.searching``
"""

import contextlib
import dataclasses
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import transaction
from zope.component import getUtility, hooks

from benchmarks.databases import fill
from benchmarks.measure import Row
from malonewatch.configuration import configure
from malonewatch.interfaces import (
    Batch,
    BugTaskStatus,
    BugWatchErrorType,
    BugWatchQuery,
    Fetched,
    IBugTrackerSet,
    IBugWatchSet,
    Outcome,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import open_database, sqlite_uri

COMMAND = "python -m benchmarks.searching"
#: Few, and so are statuses and words, so that there are 50 of each of 1,000 watches.
TRACKERS = 2
TIMES = 100
#: How many bugs are told of at once, and how many before a commit.
BATCH = 500
COMMIT_EVERY = 5000

MONDAY = datetime(2024, 5, 6, tzinfo=timezone.utc)
STATUSES = ("NEW", "TRIAGED", "INPROGRESS", "FIXRELEASED", "WONTFIX")
WORDS = ("crash", "dialog", "driver", "file", "image", "kernel", "leak", "network", "panel", "slow")

ONE = {
    "a bug": BugWatchQuery(bug=1),
    "a bug tracker": BugWatchQuery(tracker="tracker-0"),
    "a meaning": BugWatchQuery(meanings=frozenset({BugTaskStatus.TRIAGED})),
    "an error": BugWatchQuery(errors=frozenset({BugWatchErrorType.UNPARSABLE_BUG})),
    "changed since": BugWatchQuery(changed_since=MONDAY + timedelta(days=2)),
}
TWO = {
    f"a bug tracker and {name}": dataclasses.replace(query, tracker="tracker-0")
    for name, query in ONE.items()
    if query.tracker is None
}
WORD = {
    "a word": BugWatchQuery(words=("kernel",)),
    "a bug tracker and a word": BugWatchQuery(words=("kernel",), tracker="tracker-0"),
}


def titled(number: int) -> str:
    words = (WORDS[number * step % len(WORDS)] for step in (1, 3, 7))
    return f"{' '.join(words)} {number}"


def outcomes(numbers: range, is_first: bool) -> Iterator[Outcome]:
    """What is said of bugs: first of all of them, and then of some that they are otherwise."""
    for number in numbers:
        status = STATUSES[(number + is_first) % len(STATUSES)]
        if is_first or number % 2:
            title = titled(number)
            yield RemoteBug(str(number), status, BugTaskStatus[status], title=title)
        elif number % 4:
            error_type = BugWatchErrorType.UNPARSABLE_BUG
            yield RemoteBugError(str(number), error_type, f"Bug {number} makes no sense.")


def tell(uri: str) -> None:
    """Let the watches know what they are searched by."""
    with contextlib.closing(open_database(uri)) as database:
        connection: Any = database.db.open()
        with hooks.site(connection.root()["malonewatch"]):
            for tracker in list(getUtility(IBugTrackerSet)):
                last = tracker.watches.count()
                for is_first, start in itertools.product((True, False), range(1, last + 1, BATCH)):
                    told = tuple(outcomes(range(start, min(start + BATCH, last + 1)), is_first))
                    batch = Batch(tracker.facts, tuple(each.remotebug for each in told))
                    moment = MONDAY + timedelta(days=0 if is_first else 2, seconds=start)
                    tracker.apply(Fetched(batch, moment, told))
                    if start % COMMIT_EVERY == 1:
                        transaction.commit()
                        connection.cacheMinimize()
            transaction.commit()
        connection.close()


def measure(uri: str, queries: dict[str, BugWatchQuery]) -> dict[str, float]:
    """The median time, in seconds, of finding and reading the first page of each query."""

    def look(query: BugWatchQuery) -> int:
        page = getUtility(IBugWatchSet).search(query)
        return sum(watch.remotestatus is not None for watch in page.watches)

    medians = {}
    with contextlib.closing(open_database(uri)) as database:
        for name, query in queries.items():
            times = []
            for _ in range(TIMES):
                started = time.perf_counter()
                found = database.read(lambda trackers, query=query: look(query))
                times.append(time.perf_counter() - started)
                assert found == 50, (name, found)
            medians[name] = statistics.median(times)
    return medians


def worst(what: str, limit: float, few: str, many: str, queries: dict[str, BugWatchQuery]) -> Row:
    """The row for the query of which a page costs most, to what it costs in the small database."""
    queries = queries | {
        f"{name}, newest change first": dataclasses.replace(query, newest_change_first=True)
        for name, query in queries.items()
    }
    before, after = measure(few, queries), measure(many, queries)
    name = max(queries, key=lambda name: after[name] / before[name])
    return Row(
        f"The first 50 of 1,000,000 watches to those of 1,000, by {what}",
        *(after[name] / before[name], "times", limit, COMMAND),
        note=f"{name}: {after[name] * 1e3:.2f} ms and {before[name] * 1e3:.2f} ms",
    )


@contextlib.contextmanager
def few_and_many() -> Iterator[tuple[str, str]]:
    """Two databases, of 1,000 watches and of 1,000,000, of which something is known."""
    with tempfile.TemporaryDirectory() as name:
        few, many = (sqlite_uri(Path(name) / str(count)) for count in (1000, 1_000_000))
        for uri, count in ((few, 1000), (many, 1_000_000)):
            fill(uri, [f"http://host{number}.example" for number in range(TRACKERS)], count)
            tell(uri)
        yield few, many


def rows() -> list[Row]:
    configure()
    with few_and_many() as (few, many):
        return [
            worst("one criterion, or a bug tracker and one more", 2, few, many, ONE | TWO),
            worst("words of the title", 20, few, many, WORD),
        ]


if __name__ == "__main__":
    for row in rows():
        print(row)
