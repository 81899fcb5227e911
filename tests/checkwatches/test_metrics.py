"""checkwatches --metrics-file."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import tempfile
from datetime import timedelta

import pytest
import transaction
from prometheus_client.parser import text_string_to_metric_families
from zope.component import getUtility, hooks

from malonewatch.checkwatches import run as run_module
from malonewatch.interfaces import DatabaseError, IBugSet, IBugTrackerSet
from malonewatch.lock import lock_path, run_lock
from malonewatch.model import BugTracker, BugTrackerSet, Site, install, sqlite_uri

from .conftest import END, all_new

OLD = "# The one before.\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "collected" / "bugs.prom"


@pytest.fixture
def metrics(path, checkwatches):
    """Runs the script for metrics; gives its exit code, its lines, and what is in the file."""
    path.parent.mkdir()
    path.write_text(OLD)

    def run(*args, **values):
        code, lines = checkwatches("--metrics-file", path, *args, **values)
        # No other file is left there.
        assert list(path.parent.iterdir()) == [path]
        return code, lines, read(path)

    return run


def read(path):
    """Values by name and labels, without those labels that tell no more here."""
    found = {}
    for family in text_string_to_metric_families(path.read_text()):
        for name, labels, value, *_ in family.samples:
            assert labels.pop("file") == "bugs.prom"
            labels = {key: each for key, each in labels.items() if key not in ("type", "baseurl")}
            key = " ".join([name.removeprefix("malonewatch_"), *map("=".join, labels.items())])
            assert key not in found
            found[key] = value
    return found


def of_run(found):
    return found["last_run_exit_code"], {name for name in found if name.startswith("last_run")}


IN_SITE = "site=/malonewatch tracker=bugs"


def test_a_run_leaves_what_it_found(watched, metrics, bugzilla, clock, path):
    bugzilla.change("3", status="RESOLVED", resolution="FIXED")
    code, lines, found = metrics()
    assert (code, lines[-1]) == (0, END)
    assert found["last_run_exit_code"] == 0
    assert found["last_run_timestamp_seconds"] == clock.moment.timestamp()
    assert found["last_run_duration_seconds"] > 0
    assert found[f"watches meaning=open {IN_SITE}"] == 2
    assert found[f"watches meaning=fixed {IN_SITE}"] == 1
    assert found[f"watches_due {IN_SITE}"] == 0
    assert found[f"checks_total {IN_SITE}"] == 3
    assert found[f"requests_total {IN_SITE}"] == len(bugzilla.requests)
    assert found[f"tracker_in_trouble {IN_SITE}"] == 0
    assert path.stat().st_mode & 0o777 == 0o644


def test_so_does_one_with_nothing_to_do(watched, metrics, bugzilla, clock):
    metrics()
    bugzilla.requests.clear()
    clock.tick(hours=2)
    code, _, found = metrics()
    assert (code, bugzilla.requests) == (0, [])
    assert found[f"staleness_seconds quantile=0.95 {IN_SITE}"] == 7200
    assert found["site_staleness_seconds quantile=0.5 site=/malonewatch"] == 7200


def test_totals_go_on_from_run_to_run(watched, metrics, bugzilla, clock):
    for count in (1, 2):
        assert metrics()[2][f"checks_total {IN_SITE}"] == 3 * count
        clock.tick(days=1)


def test_trouble_of_a_bug_tracker_is_among_them(watched, metrics, bugzilla, clock):
    bugzilla.quota = 0
    bugzilla.retry_after = 7200
    code, _, found = metrics()
    assert (code, found["last_run_exit_code"]) == (1, 1)
    assert found[f"tracker_in_trouble {IN_SITE}"] == 1
    assert found[f"tracker_trouble_info error=RATE_LIMITED {IN_SITE}"] == 1
    assert found[f"failures_total owner=tracker {IN_SITE}"] == 1
    retry_at = clock.moment + timedelta(hours=2)
    name = f"origin_retry_timestamp_seconds origin={bugzilla.url} site=/malonewatch"
    assert found[name] == retry_at.timestamp()


# A run that ends early.


def test_a_run_that_is_interrupted_leaves_them_too(registry, watch_bugs, metrics):
    async def interrupted(self, session, batch):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        yield

    watch_bugs("bugs", "https://bugs.example.com", ["1"], registry.type("NEW", interrupted))
    code, _, found = metrics()
    assert (code, found["last_run_exit_code"], found[f"watches_due {IN_SITE}"]) == (5, 5, 1)


def test_a_database_that_is_not_there_leaves_the_exit_code(metrics, tmp_path):
    code, lines, found = metrics(uri=sqlite_uri(tmp_path / "nowhere"))
    assert (code, len(lines)) == (4, 1)
    assert found["last_run_exit_code"] == 4
    assert all(name.startswith("last_run_") for name in found)


def test_one_that_fails_half_way_leaves_what_can_be_read(watched, metrics, monkeypatch):
    def failing(self, names):
        raise DatabaseError("The disk is full.")

    monkeypatch.setattr(run_module.Run, "update", failing)
    code, lines, found = metrics()
    assert (code, lines[-1]) == (4, "ERROR   The disk is full.")
    assert (found["last_run_exit_code"], found[f"watches_due {IN_SITE}"]) == (4, 3)


def test_a_fault_leaves_them_too(watched, metrics, monkeypatch):
    monkeypatch.setattr(run_module.Run, "update", lambda self, names: 1 / 0)
    code, lines, found = metrics()
    assert (code, found["last_run_exit_code"], found[f"watches_due {IN_SITE}"]) == (70, 70, 3)
    assert lines.count("  ZeroDivisionError: division by zero") == 1


def test_a_bug_tracker_that_is_not_there_leaves_them_too(watched, metrics):
    code, _, found = metrics("-t", "nobody")
    assert (code, found["last_run_exit_code"], found[f"watches_due {IN_SITE}"]) == (2, 2, 3)


def test_another_run_that_is_at_work_will_write_them(watched, checkwatches, metrics, path, site):
    with run_lock(lock_path(site.database.identity), "0123456789ab"):
        assert checkwatches("--metrics-file", path).code == 3
    assert path.read_text() == OLD


def test_a_dry_run_leaves_those_of_before(watched, checkwatches, metrics, path):
    code, lines = checkwatches("--metrics-file", path, "--dry-run")
    assert (code, lines[0]) == (0, "INFO    A dry run writes no metrics.")
    assert path.read_text() == OLD


# Sites.


def test_each_site_has_its_own_however_it_is_named(site, clock, registry, metrics):
    new = registry.type("NEW", all_new)
    root = site.connection.root()
    root["app"] = install(Site())
    for place in (root["malonewatch"], root["app"]):
        with hooks.site(place):
            tracker = getUtility(IBugTrackerSet).add(
                BugTracker("bugs", "Bugs", new, "https://bugs.example.com")
            )
            getUtility(IBugSet).createBug().addWatch(tracker, 1, None)
    transaction.commit()
    # That no series is there twice is asked by `read`.
    _, _, found = metrics("--site", "/app", "--site", "malonewatch", "--site", "/malonewatch/")
    for path in ("/app", "/malonewatch"):
        assert found[f"checks_total site={path} tracker=bugs"] == 1
    assert metrics()[2].keys() == found.keys()


# What cannot be written.


def left_out(path, reason):
    return (
        f"ERROR   The metrics file {path} cannot be written ({reason}), so it is left out; see "
        "that its folder is there, and that this user may write there."
    )


def test_a_folder_that_is_not_there_is_told_of_first_and_costs_the_run_nothing(
    watched, checkwatches, tmp_path
):
    path = tmp_path / "nowhere" / "bugs.prom"
    code, lines = checkwatches("--metrics-file", path)
    assert (code, lines[0]) == (1, left_out(path, "No such file or directory"))
    assert lines[-1] == END
    assert watched.countDue(watched.datecreated) == 0
    assert not path.parent.exists()
    # It is said once.
    assert len(lines) == 7


def test_what_is_no_file_is_not_replaced(watched, checkwatches, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        code, lines = checkwatches("--metrics-file", path)
        assert (code, lines[0]) == (1, left_out(path, "it is no file"))
    assert pipe.is_fifo()


def test_a_folder_that_may_not_be_written_to_is_told_of(
    watched, metrics, monkeypatch, checkwatches, path
):
    def refused(**values):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), values["dir"])

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refused)
    code, lines = checkwatches("--metrics-file", path)
    assert (code, lines[0]) == (1, left_out(path, "Permission denied"))
    assert path.read_text() == OLD


def test_a_full_disk_leaves_the_file_of_before(watched, metrics, monkeypatch, checkwatches, path):
    really = os.fsync

    def full(descriptor):
        # Storages write to others.
        disk = [each.stat() for each in path.parent.iterdir()]
        if any(os.path.samestat(os.fstat(descriptor), each) for each in disk):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    code, lines = checkwatches("--metrics-file", path)
    assert (code, lines[-1]) == (1, left_out(path, "No space left on device"))
    assert path.read_text() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_what_went_wrong_before_stays_the_exit_code(checkwatches, tmp_path):
    uri = sqlite_uri(tmp_path / "nowhere")
    assert checkwatches("--metrics-file", tmp_path / "no" / "bugs.prom", uri=uri).code == 4


def test_a_site_that_cannot_be_read_is_left_out(watched, metrics, monkeypatch):
    def failing(self, now):
        raise DatabaseError("The server is gone.")

    monkeypatch.setattr(BugTrackerSet, "getFigures", failing)
    code, lines, found = metrics()
    assert code == 1
    assert "ERROR   There are no metrics of /malonewatch: The server is gone." in lines
    assert all(name.startswith("last_run_") for name in found)


KILLED = """
import os, signal, sys
from malonewatch.checkwatches.script import main
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
main(sys.argv[1:])
"""


def test_a_kill_in_the_middle_leaves_the_file_of_before(site, tmp_path):
    path = tmp_path / "bugs.prom"
    path.write_text(OLD)
    command = [sys.executable, "-c", KILLED, "--database", site.uri, "--metrics-file", str(path)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    assert path.read_text() == OLD
    # What was begun is none of the collector's.
    assert list(tmp_path.glob("*.prom")) == [path]


def test_what_a_link_leads_to_is_replaced(watched, metrics, path, checkwatches, tmp_path):
    link = tmp_path / "link.prom"
    link.symlink_to(path)
    assert checkwatches("--metrics-file", link).code == 0
    assert link.is_symlink()
    assert read(path)["last_run_exit_code"] == 0


def test_without_the_library_nothing_is_begun(watched, checkwatches, bugzilla, monkeypatch, path):
    for name in ("families", "metrics"):
        monkeypatch.delitem(sys.modules, f"malonewatch.checkwatches.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    code, lines = checkwatches("--metrics-file", path)
    assert code == 2
    assert lines == [
        "ERROR   --metrics-file needs the package prometheus_client (malonewatch[metrics])."
    ]
    assert bugzilla.requests == []
