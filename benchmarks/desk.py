"""What the desk's pages cost where there are 1,000,000 watches, to where there are 1,000; and how
long people wait while a run writes.

``python -m benchmarks.desk``
"""

import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from pyramid.request import Request

from benchmarks.measure import Row
from benchmarks.searching import BATCH, few_and_many, outcomes
from malonewatch.configuration import configure
from malonewatch.garbage import seldom_collected
from malonewatch.interfaces import Batch, Fetched
from malonewatch.model import open_database
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import ProxyPolicy

COMMAND = "python -m benchmarks.desk"
TIMES = 50
#: How many pages are read while a run writes, and how long it rests after each commit: as long
#: as a fast bug tracker takes to answer for as many bugs.
READS = 1000
REST = 0.5

PAGES = {
    "the watches": "/watches",
    "a page in their midst": "/watches?after=after-500",
    "those that are open": "/watches?q=open",
    "those that changed last": "/watches?sort=changed",
    "a bug": "/bugs/1",
    "what moved": "/?since=30d",
    "the feed of what moved": "/feeds/all",
}


@contextlib.contextmanager
def desk(uri: str) -> Iterator[Callable[[str], int]]:
    """A function that gets a page, and tells how many octets it has."""
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_USER": "anna"}
    policy = ProxyPolicy("X-User", "127.0.0.1", frozenset({"anna"}))
    with contextlib.closing(open_database(uri)) as database:
        application: Any = make_application(database, Place.at("http://localhost"), policy)

        def get(path: str) -> int:
            response = Request.blank(path, environ).get_response(application)
            assert response.status_int == 200, (path, response.text)
            return len(response.body)

        # As where it is served.
        with seldom_collected():
            yield get


def apply(trackers: Any, number: int) -> None:
    """Record what was said just now of one batch after the other, by number."""
    tracker = trackers["tracker-0"]
    start = number * BATCH % min(tracker.watches.count(), 100_000) + 1
    told = tuple(outcomes(range(start, start + BATCH), is_first=number % 400 < 200))
    batch = Batch(tracker.facts, tuple(each.remotebug for each in told))
    tracker.apply(Fetched(batch, datetime.now(timezone.utc), told))


def measure(uri: str) -> dict[str, float]:
    """The median CPU time of each page, in seconds."""
    found = {}
    with contextlib.closing(open_database(uri)) as database:
        # So that something moved.
        database.write(lambda trackers: apply(trackers, 0))
    with desk(uri) as get:
        for name, path in PAGES.items():
            assert get(path) > 10_000, name
            times = []
            for _ in range(TIMES):
                started = time.process_time()
                get(path)
                times.append(time.process_time() - started)
            found[name] = statistics.median(times)
    return found


def write(uri: str, wrote: Any) -> None:
    """What a run does, for ever: record what was said of one batch after the other."""
    configure()
    with contextlib.closing(open_database(uri)) as database:
        number = 0
        while True:
            database.write(lambda trackers, number=number: apply(trackers, number))
            number += 1
            wrote.value = number
            time.sleep(REST)


def waits(uri: str) -> tuple[list[float], int]:
    """How long each of many reads took, in seconds, while another process wrote; and how often
    that did."""
    wrote = multiprocessing.Value("q", 0)
    writer = multiprocessing.Process(target=write, args=(uri, wrote), daemon=True)
    paths = list(PAGES.values())
    times = []
    with desk(uri) as get:
        for path in paths:
            get(path)
        writer.start()
        try:
            while not wrote.value:
                time.sleep(0.1)
            for number in range(READS):
                started = time.perf_counter()
                get(paths[number % len(paths)])
                times.append(time.perf_counter() - started)
        finally:
            writer.terminate()
            writer.join()
    return times, wrote.value


def rows() -> list[Row]:
    configure()
    with few_and_many() as uris:
        return measured(*uris)


def measured(few: str, many: str) -> list[Row]:
    """The rows for two such databases."""
    before, after = measure(few), measure(many)
    slowest = max(PAGES, key=lambda name: after[name] / before[name])
    times, wrote = waits(many)
    return [
        Row(
            "A page of 50, the front page, or a feed, of 1,000,000 watches to one of 1,000, in CPU "
            "time",
            *(after[slowest] / before[slowest], "times", 2, COMMAND),
            note=f"{slowest}: {after[slowest] * 1e3:.1f} ms and {before[slowest] * 1e3:.1f} ms",
        ),
        Row(
            "The slowest of 1,000 pages to the median, while a run writes",
            *(max(times) / statistics.median(times), "times", 10, COMMAND),
            note=f"{max(times) * 1e3:.0f} ms and {statistics.median(times) * 1e3:.1f} ms; "
            f"{wrote} commits",
        ),
    ]


if __name__ == "__main__":
    for row in rows():
        print(row)
