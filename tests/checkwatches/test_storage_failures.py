"""A database that cannot be written: one clear line, an exit code of its own, nothing half-done."""

import contextlib
import resource
import subprocess
import sys

import pytest
from zope.component import getUtility

from malonewatch.configuration import configure
from malonewatch.exitcodes import EXIT_DATABASE
from malonewatch.interfaces import BugTrackerType, IBugSet
from malonewatch.model import open_database, sqlite_uri
from malonewatch.testing.bugzilla import BugzillaSimulator

from ..postgres import running_postgres
from ..zeo import Zeo
from .conftest import all_new


def fill(trackers, url):
    from zope.component import getUtility

    tracker = trackers.ensureBugTracker(url, None, BugTrackerType.BUGZILLA, name="simulated")
    bug = getUtility(IBugSet).createBug()
    for number in range(1, 1501):
        bug.addWatch(tracker, number, None)


def statuses(uri):
    with contextlib.closing(open_database(uri)) as database:
        return database.read(
            lambda trackers: [watch.remotestatus for watch in trackers["simulated"].watches]
        )


def checkwatches(uri, tmp_path, *options, limit=None):
    def lower_limit():
        # Where writing ends with "file too large", as it does with "no space left".
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [
            *(sys.executable, "-m", "malonewatch.checkwatches", "-b", "0"),
            *("--database", uri, "--lock-file", str(tmp_path / "lock"), *options),
        ],
        capture_output=True,
        text=True,
        preexec_fn=lower_limit if limit is not None else None,
        timeout=120,
    )


@pytest.fixture(params=["file", "sqlite"])
def uri(request, tmp_path):
    configure()
    if request.param == "file":
        return f"file://{tmp_path}/Data.fs"
    return sqlite_uri(tmp_path / "database")


@pytest.fixture
def simulator(uri):
    with BugzillaSimulator() as simulator:
        for number in range(1, 1501):
            simulator.add(str(number), title="A title that takes some room " * 8)
        with contextlib.closing(open_database(uri, create=True)) as database:
            database.write(lambda trackers: fill(trackers, simulator.url))
        yield simulator


def size_of(uri, tmp_path):
    file = tmp_path / ("Data.fs" if uri.startswith("file") else "database/main.sqlite3")
    return file.stat().st_size


def test_a_full_disk_ends_the_run_with_one_line(uri, simulator, tmp_path):
    # Enough for a batch or two of the three.
    limit = size_of(uri, tmp_path) + 800_000 if uri.startswith("file") else 700_000
    process = checkwatches(uri, tmp_path, limit=limit)
    assert process.returncode == EXIT_DATABASE, process.stderr
    (error,) = [line for line in process.stderr.splitlines() if line.startswith("ERROR")]
    assert "Traceback" not in process.stderr
    assert "cannot be used" in error
    # What is there is whole: batches as they were committed.
    known = sum(status is not None for status in statuses(uri))
    assert known % 500 == 0
    assert known < 1500
    # With room again, the next run does the rest.
    assert checkwatches(uri, tmp_path).returncode == 0
    assert set(statuses(uri)) == {"CONFIRMED"}


def test_a_read_only_database_ends_the_run_with_one_line(uri, simulator, tmp_path):
    separator = "&" if "?" in uri else "?"
    process = checkwatches(f"{uri}{separator}read_only=true", tmp_path)
    assert process.returncode == EXIT_DATABASE, process.stderr
    (error,) = [line for line in process.stderr.splitlines() if line.startswith("ERROR")]
    assert "read-only" in error
    assert "Traceback" not in process.stderr
    assert set(statuses(uri)) == {None}


def test_a_dry_run_does_with_a_read_only_database(uri, simulator, tmp_path):
    separator = "&" if "?" in uri else "?"
    process = checkwatches(f"{uri}{separator}read_only=true", tmp_path, "--dry-run")
    assert process.returncode == 0, process.stderr
    assert process.stderr.count("would now be CONFIRMED") == 1500


# A server that goes away in the middle.


@pytest.fixture
def postgres():
    with running_postgres() as server:
        yield server.new_uri(), server.stop


@pytest.fixture
def zeo(tmp_path):
    server = Zeo(tmp_path)
    yield server.new_uri(), server.stop
    server.stop()


@pytest.mark.parametrize("kind", ["postgres", "zeo"])
def test_a_server_that_is_stopped_ends_the_run_with_one_line(
    kind, request, registry, checkwatches, caplog
):
    uri, stop = request.getfixturevalue(kind)
    tried = []

    async def fetch(self, session, batch):
        tried.append(batch.tracker.name)
        stop()
        async for outcome in all_new(self, session, batch):
            yield outcome

    new = registry.type("NEW", fetch)

    def add(trackers):
        bug = getUtility(IBugSet).createBug()
        for name in ("one", "two", "three"):
            tracker = trackers.ensureBugTracker(f"https://{name}.example.com", None, new, name=name)
            for number in range(50):
                bug.addWatch(tracker, number, None)

    with contextlib.closing(open_database(uri, create=True)) as database:
        database.write(add)
    code, lines = checkwatches("--jobs", 1, uri=uri)
    assert code == EXIT_DATABASE, lines
    assert len(tried) == 1
    *_, line = lines
    assert line.startswith(f"ERROR   The database {uri} cannot be used (")
    assert [line for line in lines if not line.startswith("INFO")] == [line]
    # Nor has anybody else something to add.
    assert {record.name for record in caplog.records} == {"malonewatch.checkwatches"}
