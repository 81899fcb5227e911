"""What 1,000 due watches cost, type by type: requests, and CPU time beside Bugzilla's.

``python -m benchmarks.requests [TYPE...]``
"""

import contextlib
import dataclasses
import functools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import transaction
from zope.component import getUtility

from benchmarks.measure import Row
from benchmarks.simulated import Simulated, simulated
from malonewatch.checkwatches import Run
from malonewatch.configuration import configure
from malonewatch.garbage import seldom_collected
from malonewatch.interfaces import (
    BugTrackerType,
    Credentials,
    IBugSet,
)
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing.asking import only_credentials

COMMAND = "python -m benchmarks.requests"
WATCHES = 1_000
ROUNDS = 15
#: How much more CPU time a watch may take than one of Bugzilla's.
MOST_CPU = 1.5


@dataclasses.dataclass(frozen=True)
class Case:
    """A type, or a dialect of it.

    - `limit`: how many requests it may take once the dialect is known,
    - `batches`: whether many bugs are asked for in one, and `full` whether as many as it may be
      for: what a tenth of that costs is what requests cost, Bugzilla's as well as any,
    - `attributes`: of the simulator.
    """

    type: str
    module: str
    simulator: str
    limit: int
    name: str = ""
    id: Callable[[int], str] = str
    credentials: Credentials | None = None
    batches: bool = True
    full: bool = True
    attributes: dict[str, Any] = dataclasses.field(default_factory=dict)


def in_places(count: int, pattern: str) -> Callable[[int], str]:
    """Ids of bugs in so many places."""
    return lambda number: pattern.format(number % count, number // count + 1)


TOKEN = Credentials(token="sesame")
CASES = [
    Case("BUGZILLA", "bugzilla", "BugzillaSimulator", 3),
    Case("DEBBUGS", "debbugs", "DebbugsSimulator", 2),
    Case("ROUNDUP", "roundup", "RoundupSimulator", 10),
    Case("TRAC", "trac", "TracSimulator", 10),
    Case(
        *("SOURCEFORGE", "sourceforge", "SourceForgeSimulator", 110),
        id=in_places(10, "project{}/bugs#{}"),
    ),
    Case(
        *("GITHUB", "github", "GitHubSimulator", 12, "with a token, over 300 repositories"),
        id=in_places(300, "example/p{}#{}"),
        credentials=TOKEN,
        attributes={"token": "sesame"},
    ),
    Case(
        *("GITLAB", "gitlab", "GitLabSimulator", 20, "GraphQL, over 100 projects"),
        id=in_places(100, "example/p{}#{}"),
    ),
    Case(
        *("GITLAB", "gitlab", "GitLabSimulator", 110, "REST, over 100 projects"),
        id=in_places(100, "example/p{}#{}"),
        full=False,
        attributes={"has_graphql": False},
    ),
    Case(
        *("GITLAB", "gitlab", "GitLabSimulator", 110, "REST, over 10 projects"),
        id=in_places(10, "example/p{}#{}"),
        attributes={"has_graphql": False},
    ),
    Case("JIRA", "jira", "JiraSimulator", 10, id="FROB-{}".format),
    Case("REDMINE", "redmine", "RedmineSimulator", 10),
    Case("MANTIS", "mantis", "MantisSimulator", 10),
    Case(
        *("RT", "rt", "RTSimulator", 10),
        credentials=TOKEN,
        attributes={"people": {"sesame": True}},
    ),
    Case(
        *("PHABRICATOR", "phabricator", "PhabricatorSimulator", 10, "with a token"),
        id="T{}".format,
        credentials=Credentials(token="api-sesame"),
        attributes={"tokens": {"api-sesame": True}},
    ),
    Case("YOUTRACK", "youtrack", "YouTrackSimulator", 10, id="FROB-{}".format),
    Case("GOOGLEISSUETRACKER", "googleissuetracker", "GoogleIssueTrackerSimulator", 10),
    Case(
        *("LAUNCHPAD", "launchpad", "LaunchpadSimulator", 1000, "on condition"),
        batches=False,
        attributes={"validators": True},
    ),
]


def fill(database: Any, case: Case, url: str, ids: list[str]) -> None:
    def step(trackers: Any) -> None:
        tracker = trackers.ensureBugTracker(url, None, BugTrackerType(case.type), name="one")
        bug = getUtility(IBugSet).createBug("A bug")
        for remotebug in ids:
            bug.addWatch(tracker, remotebug, None)

    database.write(step)


def known(database: Any) -> int:
    """Of how many watches a status is known."""

    def count(trackers: Any) -> int:
        return sum(watch.remotestatus is not None for watch in trackers["one"].watches)

    return int(database.read(count))


def make_due(trackers: Any) -> None:
    """Make every watch due, to be asked for in full."""
    trackers["one"].resetWatches()


def make_due_again(trackers: Any) -> None:
    """Make every watch due, to be asked for on condition that it changed."""
    for watch in trackers["one"].watches:
        watch.next_check = watch.datecreated


class Round(NamedTuple):
    """What all watches of a case took when nothing had changed: seconds of CPU time, requests and
    points."""

    seconds: float
    requests: int
    points: int


@contextlib.contextmanager
def prepared(case: Case) -> Iterator[Callable[[], Round]]:
    """What checks all watches of a case once more; all is known of them."""
    ids = [case.id(number) for number in range(1, WATCHES + 1)]
    attributes = dict(case.attributes)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        server: Simulated = stack.enter_context(
            simulated(case.module, case.simulator, ids, attributes)
        )
        database = open_database(sqlite_uri(Path(name) / "database"), create=True)
        stack.enter_context(contextlib.closing(database))
        fill(database, case, server.url, ids)
        run = functools.partial(Run(database, batch_size=0, tracker_seconds=None).update, ["one"])
        with only_credentials(case.credentials):
            run()
        assert known(database) == WATCHES, (case.type, known(database))

        def once() -> Round:
            server.counts()
            database.write(make_due if case.batches else make_due_again)
            # As the script does.
            with only_credentials(case.credentials), seldom_collected():
                started = time.process_time()
                run()
                seconds = time.process_time() - started
            return Round(seconds, *server.counts())

        yield once
        transaction.abort()


def rows(wanted: tuple[str, ...] = ()) -> list[Row]:
    configure()
    found = []
    with prepared(CASES[0]) as bugzilla:
        for case in CASES:
            if wanted and case.type not in (*wanted, "BUGZILLA"):
                continue
            with prepared(case) as checked:
                # In turns, as the machine's speed is not the same from one minute to the next.
                rounds = [(bugzilla(), checked()) for _ in range(ROUNDS if case.batches else 1)]
            found += rows_of(case, rounds)
    return found


def rows_of(case: Case, rounds: list[tuple[Round, Round]]) -> Iterator[Row]:
    """The rows of a case, by its rounds and those of Bugzilla's before them."""
    title = f"{case.type}, {case.name}" if case.name else case.type
    _, requests, points = rounds[-1][1]
    # Whatever else the machine did only added to the others.
    others, each = (min(some).seconds / WATCHES * 1e6 for some in zip(*rounds, strict=True))
    yield Row(
        f"Requests for {WATCHES:,} due watches: {title}",
        *(requests, "requests", case.limit, COMMAND),
        note=f"{each:.0f} µs of CPU time a watch",
    )
    if points:
        yield Row(f"Quota for {WATCHES:,}: {title}", points, "points", case.limit, COMMAND)
    if case.batches and case.full and case.type != "BUGZILLA":
        yield Row(
            f"CPU for an unchanged watch, to Bugzilla's: {title}",
            *(each / others, "times", MOST_CPU, COMMAND),
            note=f"{each:.1f} and {others:.1f} µs",
        )


if __name__ == "__main__":
    for row in rows(tuple(sys.argv[1:])):
        print(row)
