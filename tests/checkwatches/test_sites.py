import asyncio
import io
import os
import signal
import sys

import pytest
import transaction
from persistent import Persistent
from persistent.mapping import PersistentMapping
from zope.component import getUtility, hooks
from zope.lifecycleevent.interfaces import IObjectModifiedEvent

from malonewatch.checkwatches.script import main
from malonewatch.interfaces import (
    BugTrackerConnectError,
    IBugSet,
    IBugTrackerEvent,
    IBugTrackerSet,
    IBugWatch,
    IBugWatchStatusChanged,
)
from malonewatch.lock import lock_path, run_lock
from malonewatch.model import BugTracker, Site, install, open_database, sqlite_uri

from .conftest import END, all_new, errors, in_process, pass_time, statuses

ID = "0123456789ab"


# --dry-run


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    watched, checkwatches, bugzilla, registry, site, tmp_path
):
    notified = []
    registry.subscriber(notified.append, IBugWatchStatusChanged)
    bugzilla.change("2", private=True)
    with site.database.db.transaction() as connection:
        before = connection.db().lastTransaction()
    assert list(checkwatches("--dry-run")) == [
        0,
        [
            f"INFO    Updating 3 watches on {watched.baseurl}",
            "INFO    Bug 1: bugs #1 would now be CONFIRMED (was not known)",
            "INFO    Bug 1: bugs #3 would now be CONFIRMED (was not known)",
            f"INFO    Bug 1: Bug 2 on {watched.baseurl} is private.",
            END,
        ],
    ]
    assert notified == []
    assert set(statuses(watched).values()) == {None}
    assert set(errors(watched).values()) == {None}
    assert watched.dialect is None
    with site.database.db.transaction() as connection:
        assert connection.db().lastTransaction() == before
    assert list(tmp_path.rglob("*.lock")) == []


@pytest.mark.parametrize("kind", ["sqlite", "file"])
def test_a_dry_run_leaves_the_database_as_it_is_byte_for_byte(
    registry, tmp_path, capsys, kind, checkwatches, clock
):
    new = registry.type("NEW", all_new)
    uri = sqlite_uri(tmp_path / "db") if kind == "sqlite" else f"file://{tmp_path}/db/Data.fs"
    database = open_database(uri, create=True)

    def add(trackers):
        tracker = trackers.add(BugTracker("bugs", "Bugs", new, "https://bugs.example.com"))
        getUtility(IBugSet).createBug().addWatch(tracker, "1", None)

    database.write(add)
    database.close()
    before = contents(tmp_path / "db")
    code, lines = checkwatches("--dry-run", uri=uri)
    assert code == 0
    assert "INFO    Bug 1: bugs #1 would now be NEW (was not known)" in lines
    after = contents(tmp_path / "db")
    assert {path: after[path] for path in before} == before


def test_a_dry_run_records_no_trouble(watched, checkwatches, bugzilla):
    bugzilla.quota = 0
    code, lines = checkwatches("--dry-run")
    assert code == 1
    assert "ERROR   Rate limit reached" in lines[1]
    assert watched.last_error_type is None
    assert watched.next_attempt is None
    assert set(errors(watched).values()) == {None}


def test_a_dry_run_cannot_reset(watched, checkwatches):
    code, lines = checkwatches("--dry-run", "--reset")
    assert code == 2
    assert lines[-1] == "Error: --dry-run writes nothing, and --reset would have to."


def test_a_dry_run_does_not_wait_for_another_run(watched, checkwatches, site):
    with run_lock(lock_path(site.database.identity), ID):
        assert checkwatches("--dry-run").code == 0


# One run at a time.


def test_another_run_is_at_work(watched, checkwatches, bugzilla, site):
    with run_lock(lock_path(site.database.identity), ID):
        code, (_, line) = checkwatches()
    assert code == 3
    assert line == (
        f"WARNING Another checkwatches (process {os.getpid()}) is at work on this database; "
        "this one ends here."
    )
    assert bugzilla.requests == []


@pytest.mark.shared
def test_another_run_is_at_work_in_another_process(site, tmp_path):
    path = tmp_path / "some" / "where.lock"
    with run_lock(path, ID):
        code, lines = in_process("--database", site.uri, "--lock-file", str(path))
    assert code == 3
    assert f"(process {os.getpid()}) is at work" in lines[1]


def test_a_lock_file_that_a_dead_process_left_is_no_obstacle(watched, checkwatches, tmp_path):
    path = tmp_path / "run.lock"
    path.write_text(" 1\n")
    assert checkwatches("--lock-file", path).code == 0
    assert statuses(watched)["1"] == "CONFIRMED"


def test_a_lock_file_that_cannot_be_made(watched, checkwatches, tmp_path):
    code, (_, line) = checkwatches("--lock-file", tmp_path)
    assert code == 4
    assert line == (
        f"ERROR   The lock file {tmp_path} cannot be made (Is a directory); "
        "name another with --lock-file."
    )


# On a terminal.


@pytest.mark.parametrize(
    ("args", "watches", "is_shown"), [((), 300, True), (("-q",), 300, False), ((), 100, False)]
)
def test_a_long_run_on_a_terminal_shows_how_far_it_is(
    registry, watch_bugs, site, monkeypatch, args, watches, is_shown
):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    new = registry.type("NEW", all_new, request_size=50)
    watch_bugs("bugs", "https://b.example.com", range(watches), new)
    transaction.abort()
    assert main(["--database", site.uri, *args]) == 0
    shown = sys.stderr.getvalue()
    assert ("Watches" in shown and "100%" in shown) == is_shown
    assert (f"Updating {watches} watches on https://b.example.com" in shown) == (not args)


# Several sites.


class Folder(Persistent):
    """A container of an application's."""

    def __init__(self, **things):
        self._things = PersistentMapping(things)

    def items(self):
        return self._things.items()

    def __getitem__(self, name):
        return self._things[name]


class Application(Site):
    """A site of an application's own, as far as its class tells."""


@pytest.fixture
def two_sites(site, clock, registry):
    """Makes a second site in the database, and a bug tracker with a watch in each."""
    new = registry.type("NEW", all_new)
    root = site.connection.root()
    root["app"] = Folder(desk=install(Application()))
    for name, place in (("ours", root["malonewatch"]), ("theirs", root["app"]["desk"])):
        with hooks.site(place):
            tracker = getUtility(IBugTrackerSet).add(
                BugTracker(name, name.title(), new, f"https://{name}.example.com")
            )
            getUtility(IBugSet).createBug().addWatch(tracker, 1, None)
    transaction.commit()
    registry.subscriber(lambda event: None, IBugWatchStatusChanged)


def updated(lines):
    return [line.split("//")[1].split(".")[0] for line in lines if "Updating" in line]


def test_all_sites_are_updated(two_sites, checkwatches):
    code, lines = checkwatches()
    assert code == 0
    assert updated(lines) == ["ours", "theirs"]
    assert updated(checkwatches().lines) == []


@pytest.mark.parametrize(
    ("sites", "names"),
    [
        (["/app/desk"], ["theirs"]),
        (["/malonewatch"], ["ours"]),
        (["/app/desk", "/malonewatch"], ["theirs", "ours"]),
    ],
)
def test_or_those_that_are_named(two_sites, checkwatches, sites, names):
    options = [option for site in sites for option in ("--site", site)]
    code, lines = checkwatches(*options)
    assert (code, updated(lines)) == (0, names)


def test_a_site_that_is_not_there(two_sites, checkwatches):
    code, (line,) = checkwatches("--site", "/nowhere")
    assert code == 4
    assert line.startswith("ERROR   There is no site with malonewatch at /nowhere")


def test_a_bug_tracker_is_looked_for_in_all_sites(two_sites, checkwatches):
    code, lines = checkwatches("-t", "theirs")
    assert (code, updated(lines)) == (0, ["theirs"])


def test_before_anything_is_asked(two_sites, checkwatches):
    code, lines = checkwatches("-t", "theirs", "-t", "nobody")
    assert (code, updated(lines)) == (2, [])
    assert lines == [
        "ERROR   There is no bug tracker named 'nobody'; 'malonewatch tracker list' shows them."
    ]


def test_a_site_that_another_run_is_at_work_in_costs_no_other(two_sites, checkwatches, site):
    with run_lock(lock_path(site.database.identity), ID):
        code, lines = checkwatches()
    assert (code, updated(lines)) == (3, ["theirs"])
    assert lines[1].startswith("WARNING /malonewatch: Another checkwatches (process ")


def test_the_worst_that_happens_in_a_site_is_the_exit_code(two_sites, checkwatches, registry):
    async def down(self, session, batch):
        if "ours" in batch.tracker.baseurl:
            raise BugTrackerConnectError("It is down.")
        async for outcome in all_new(self, session, batch):
            yield outcome

    registry.type("NEW", down)
    code, lines = checkwatches()
    assert (code, updated(lines)) == (1, ["ours", "theirs"])


def test_a_run_that_is_told_to_end_goes_on_to_no_other_site(two_sites, checkwatches, registry):
    async def interrupted(self, session, batch):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        yield

    registry.type("NEW", interrupted)
    code, lines = checkwatches()
    assert (code, updated(lines)) == (5, ["ours"])
    assert lines[-1] == "WARNING Interrupted; what was fetched is saved, the rest is still due."


def test_the_sites_share_the_time(two_sites, checkwatches, registry):
    async def slow(self, session, batch):
        pass_time(61)
        await asyncio.Event().wait()
        yield

    registry.type("NEW", slow)
    code, lines = checkwatches("--time-limit", "1", "--site", "/malonewatch")
    assert code == 0
    assert lines[-2] == (
        "WARNING Time is up after 1 minutes; what was fetched is saved, the rest is still due."
    )


# An origin that another run has.

HOLDER = f"checkwatches on h2 (process 12) #{ID}"
BY_ANOTHER = "is being asked by checkwatches on h2 (process 12), until 12:10 UTC."


@pytest.fixture
def claimed(watched, site, clock, bugzilla):
    """Another run is at work on the origin of the bug tracker."""
    site.database.write(lambda trackers: trackers.claims.claim(bugzilla.url, HOLDER, clock.moment))


def test_a_claimed_origin_is_passed_by(claimed, checkwatches, bugzilla):
    code, lines = checkwatches()
    assert code == 0
    assert lines[1:-1] == [f"INFO    {bugzilla.url} {BY_ANOTHER}"]
    assert bugzilla.requests == []


def test_whoever_asks_for_it_by_name_is_told(claimed, checkwatches, bugzilla):
    code, lines = checkwatches("-t", "bugs", "--quiet")
    assert code == 3
    assert lines == [f"WARNING {bugzilla.url} {BY_ANOTHER}"]
    assert bugzilla.requests == []


def test_of_a_run_that_held_our_lock_and_ended_nothing_is_left(claimed, checkwatches, tmp_path):
    lock = tmp_path / "lock"
    lock.write_text(f" 12 {ID}\n")
    code, lines = checkwatches("--lock-file", lock)
    assert (code, lines[1]) == (0, f"INFO    Updating 3 watches on {lines[1].split()[-1]}")


# An application's site, and its subscribers.

UNTOLD = (
    "WARNING The site is an application's, of which nothing is loaded that would be told what "
    "changes; name its package or its ZCML with --configure."
)


@pytest.fixture
def application(two_sites, registry):
    """The second site alone, and no subscriber."""
    registry.undo_last()
    return ("--site", "/app/desk")


def test_of_an_application_that_nothing_is_loaded_of_there_is_a_warning(application, checkwatches):
    code, lines = checkwatches(*application)
    assert code == 0
    assert lines[1] == UNTOLD
    assert updated(lines) == ["theirs"]


def test_there_is_none_while_nothing_is_due(application, checkwatches):
    checkwatches(*application)
    assert UNTOLD not in checkwatches(*application).lines


def test_nor_in_a_dry_run(application, checkwatches):
    assert UNTOLD not in checkwatches(*application, "--dry-run").lines


def test_nor_for_a_site_of_our_own(application, checkwatches):
    assert UNTOLD not in checkwatches("--site", "/malonewatch").lines


@pytest.mark.parametrize(
    "required",
    [(IBugWatchStatusChanged,), (IBugTrackerEvent,), (IBugWatch, IObjectModifiedEvent)],
)
def test_nor_where_something_listens(application, checkwatches, registry, required):
    registry.subscriber(lambda *args: None, *required)
    assert UNTOLD not in checkwatches(*application).lines


def test_what_is_named_is_loaded(application, checkwatches, tmp_path):
    zcml = tmp_path / "site.zcml"
    zcml.write_text('<configure xmlns="http://namespaces.zope.org/zope" />')
    code, lines = checkwatches(*application, "--configure", zcml)
    assert code == 0
    assert UNTOLD not in lines


def test_what_cannot_be_loaded_ends_it(application, checkwatches):
    code, (line,) = checkwatches(*application, "--configure", "no.such.package")
    assert code == 2
    assert line.startswith("ERROR   no.such.package cannot be loaded (ModuleNotFoundError: ")


def test_an_application_that_fails_is_told_of_in_the_end(watched, checkwatches, registry):
    def subscriber(event):
        raise LookupError("no")

    registry.subscriber(subscriber, IBugWatchStatusChanged)
    code, lines = checkwatches("--quiet")
    assert code == 1
    first, last = [line for line in lines if line.startswith("ERROR")]
    assert first == (
        f"ERROR   The application failed when told of bug 1 on {watched.baseurl}; "
        "that is still due."
    )
    assert last == "ERROR   The application failed to take in 3 changes; they are still due."
    assert lines.count("  LookupError: no") == 1
    assert set(statuses(watched).values()) == {None}
    assert watched.countDue(watched.datecreated) == 3
