import importlib
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import click
import pytest
import transaction

from malonewatch.checkwatches import script
from malonewatch.checkwatches.script import main
from malonewatch.exitcodes import EXIT_INTERRUPTED
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerType,
    BugWatchErrorType,
    IBugWatchStatusChanged,
    IClock,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import BugTracker, sqlite_uri

from .conftest import END, START, all_new, errors, in_process, statuses


def rate_limited(tracker):
    return (
        f"ERROR   Rate limit reached when updating {tracker.baseurl}: "
        f"{tracker.baseurl} asks to be left alone for a while (HTTP status 429)."
    )


def test_the_script_is_installed():
    (entry_point,) = importlib.metadata.entry_points(group="console_scripts", name="checkwatches")
    assert entry_point.value == "malonewatch.checkwatches.script:main"


# Nothing to do.


def test_nothing_is_due(watched, watch_bugs, clock, checkwatches, trackers):
    watch_bugs("aaa", "https://aaa.example.com/", [])
    watch_bugs("idle", "https://idle.example.com", ["1"]).active = False
    for watch in watched.watches:
        watch.lastchecked = clock.moment
    transaction.commit()
    assert list(checkwatches()) == [
        0,
        [
            START,
            "INFO    No watches to update on https://aaa.example.com/",
            f"INFO    No watches to update on {watched.baseurl}",
            "INFO    Skipping updating Idle watches.",
            END,
        ],
    ]


@pytest.mark.shared
def test_nothing_is_due_in_a_process_of_its_own(site, trackers):
    trackers.add(BugTracker("bugs", "Bugs", "BUGZILLA", "https://bugs.example.com"))
    transaction.commit()
    code, lines = in_process("--database", site.uri)
    assert (code, lines) == (
        0,
        [START, "INFO    No watches to update on https://bugs.example.com", END],
    )


def test_no_bug_trackers_at_all(checkwatches):
    assert list(checkwatches()) == [0, [START, END]]


@pytest.mark.shared
def test_the_database_of_the_environment_is_the_default(site, monkeypatch):
    monkeypatch.setenv("MALONEWATCH_DATABASE", site.uri)
    assert in_process() == (0, [START, END])


# Something to do.


def test_due_watches_are_updated(watched, checkwatches, clock, bugzilla):
    bugzilla.change("3", status="RESOLVED", resolution="FIXED")
    assert list(checkwatches()) == [
        0,
        [
            START,
            f"INFO    Updating 3 watches on {watched.baseurl}",
            "INFO    Bug 1: bugs #1 is now CONFIRMED (was not known)",
            "INFO    Bug 1: bugs #2 is now CONFIRMED (was not known)",
            "INFO    Bug 1: bugs #3 is now RESOLVED FIXED (was not known)",
            END,
        ],
    ]
    assert statuses(watched) == {"1": "CONFIRMED", "2": "CONFIRMED", "3": "RESOLVED FIXED"}
    assert {watch.lastchecked for watch in watched.watches} == {clock.moment}
    assert watched.dialect == "rest"


def test_the_next_run_has_nothing_to_do(watched, checkwatches, bugzilla):
    checkwatches()
    bugzilla.requests.clear()
    code, lines = checkwatches()
    assert (code, lines[1]) == (0, f"INFO    No watches to update on {watched.baseurl}")
    assert bugzilla.requests == []


def test_what_changed_is_told_the_next_day(watched, checkwatches, bugzilla, clock):
    checkwatches()
    bugzilla.change("2", status="IN_PROGRESS")
    clock.tick(days=1)
    assert list(checkwatches()) == [
        0,
        [
            START,
            f"INFO    Updating 3 watches on {watched.baseurl}",
            "INFO    Bug 1: bugs #2 is now IN_PROGRESS (was CONFIRMED)",
            END,
        ],
    ]


def test_quiet_says_only_what_went_wrong(watched, checkwatches, bugzilla, clock):
    assert list(checkwatches("-q")) == [0, []]
    assert list(checkwatches("--quiet")) == [0, []]
    bugzilla.quota = 0
    clock.tick(days=1)
    code, lines = checkwatches("-q")
    assert code == 1
    assert lines == [rate_limited(watched)]


def test_verbose_says_more(watched, checkwatches):
    code, lines = checkwatches("-v")
    assert code == 0
    assert (
        "DEBUG   3 watches taken on: 3 checked, 3 changed, 0 failed; 0 bug trackers in trouble"
        in lines
    )


def test_a_second_run_in_the_process_says_everything_once(watched, checkwatches):
    checkwatches()
    assert len(checkwatches().lines) == 3


def test_json_is_an_object_a_line(watched, checkwatches, bugzilla):
    bugzilla.change("3", status="RÉSOLU")
    code, lines = checkwatches("--log-format", "json")
    assert code == 0
    entries = [json.loads(line) for line in lines]
    assert [(entry["level"], entry["message"]) for entry in entries] == [
        ("INFO", "creating lockfile"),
        ("INFO", f"Updating 3 watches on {watched.baseurl}"),
        ("INFO", "Bug 1: bugs #1 is now CONFIRMED (was not known)"),
        ("INFO", "Bug 1: bugs #2 is now CONFIRMED (was not known)"),
        ("INFO", "Bug 1: bugs #3 is now RÉSOLU (was not known)"),
        ("INFO", "Time for this run: ... seconds."),
    ]
    for entry in entries:
        assert entry["logger"] == "malonewatch.checkwatches"
        assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{3}\+00:00", entry["time"])


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_control_characters_of_a_remote_bug_do_not_reach_the_terminal(
    watched, checkwatches, bugzilla, log_format
):
    nasty = "\x1b[31mEVIL\x9b2J\u202e\nINFO    \x7f"
    bugzilla.change("2", status=nasty)
    code, lines = checkwatches("--log-format", log_format)
    assert code == 0
    assert len(lines) == 6
    assert all(line.isprintable() for line in lines)
    (line,) = (line for line in lines if "EVIL" in line)
    if log_format == "json":
        assert nasty.strip() in json.loads(line)["message"]
    else:
        assert r"\x1b[31mEVIL\x9b2J\u202e\nINFO" in line
    # What is stored is what was said.
    assert statuses(watched)["2"] == nasty.strip()


# How many watches.


def test_a_run_takes_on_no_more_than_asked_and_the_rest_waits_its_turn(
    watched, checkwatches, clock
):
    for hours, watch in enumerate(watched.watches, start=1):
        watch.next_check = clock.moment - timedelta(hours=hours)
    transaction.commit()
    for expected in ({"1", "2"}, {"1", "2", "3"}):
        code, lines = checkwatches("--batch-size", 2)
        assert code == 0
        assert f"INFO    Updating {2 if '3' not in expected else 1} watches" in lines[1]
        assert {name for name, status in statuses(watched).items() if status} == expected


def test_nought_is_all_that_are_due(registry, watch_bugs, checkwatches):
    new = registry.type("NEW", all_new, batch_size=2)
    tracker = watch_bugs("bugs", "https://bugs.example.com", range(5), new)
    assert "Updating 5 watches" in checkwatches("-b", 0).lines[1]
    assert None not in statuses(tracker).values()


def test_a_type_may_say_how_many(registry, watch_bugs, checkwatches):
    new = registry.type("NEW", all_new, batch_size=2)
    watch_bugs("bugs", "https://bugs.example.com", range(5), new)
    assert "Updating 2 watches" in checkwatches().lines[1]


def test_else_it_is_five_hundred_or_a_twentieth(registry, watch_bugs, checkwatches):
    new = registry.type("NEW", all_new)
    watch_bugs("bugs", "https://bugs.example.com", range(600), new)
    assert "Updating 500 watches" in checkwatches().lines[1]
    assert "Updating 100 watches" in checkwatches().lines[1]


def test_requests_are_no_larger_than_the_type_allows(registry, watch_bugs, checkwatches):
    sizes = []

    async def fetch(self, session, batch):
        sizes.append(len(batch.remotebugs))
        async for outcome in all_new(self, session, batch):
            yield outcome

    new = registry.type("NEW", fetch, request_size=2)
    watch_bugs("bugs", "https://bugs.example.com", range(5), new)
    checkwatches()
    assert sizes == [2, 2, 1]


# What goes wrong.


def test_a_database_that_is_not_there(checkwatches, tmp_path):
    code, (line,) = checkwatches(uri=sqlite_uri(tmp_path / "nowhere"))
    assert code == 4
    assert line == (
        f"ERROR   There is no database at {tmp_path}/nowhere; make one with 'malonewatch init'."
    )
    assert not (tmp_path / "nowhere").exists()


def test_a_database_that_is_not_there_in_a_process_of_its_own(tmp_path):
    code, lines = in_process("--database", sqlite_uri(tmp_path / "nowhere"))
    assert (code, len(lines)) == (4, 1)


def test_a_wrong_uri(checkwatches):
    code, lines = checkwatches(uri="nonsense")
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith("ERROR   nonsense is not the URI of a database")


@pytest.mark.parametrize(
    "args",
    [
        *[("--no-such-option",), ("--batch-size", "-1"), ("--jobs", "0"), ("--log-format", "x")],
        *[("--time-limit", "nan"), ("--time-limit", "0"), ("--time-limit", "soon")],
    ],
)
def test_a_wrong_command_line(checkwatches, args):
    code, lines = checkwatches(*args)
    assert code == 2
    assert lines[0].startswith("Usage: checkwatches")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(capsys, option):
    assert main([option]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for word in ("--bug-tracker", "--dry-run", "--lock-file", "Exit codes: 0 all was asked"):
        assert word in out


def test_trouble_of_one_bug_tracker_holds_no_other_up(
    watched, watch_bugs, checkwatches, bugzilla, registry
):
    other = watch_bugs("other", "https://other.example.com", ["1"], registry.type("NEW", all_new))
    bugzilla.quota = 0
    bugzilla.retry_after = 7200
    code, lines = checkwatches()
    assert code == 1
    assert rate_limited(watched) in lines
    assert statuses(other) == {"1": "NEW"}
    assert watched.last_error_type is BugWatchErrorType.RATE_LIMITED
    assert set(errors(watched).values()) == {BugWatchErrorType.RATE_LIMITED}
    assert watched.next_attempt - watched.activity[0].date == timedelta(hours=2)


def test_a_server_whose_clock_is_off_is_asked_all_the_same(watched, checkwatches, bugzilla):
    bugzilla.clock_offset = timedelta(hours=-2)
    assert checkwatches().code == 0
    assert set(statuses(watched).values()) == {"CONFIRMED"}
    assert watched.last_error_type is BugWatchErrorType.CLOCK_SKEW
    assert "120 minutes behind" in watched.last_error
    assert set(errors(watched).values()) == {None}


def test_a_type_that_is_gone_is_trouble(watched, checkwatches, registry, watch_bugs):
    gone = registry.type("GONE", all_new)
    tracker = watch_bugs("gone", "https://gone.example.com", ["1"], gone)
    registry.undo()
    code, lines = checkwatches()
    assert code == 1
    assert (
        "ERROR   Bug tracker not supported when updating https://gone.example.com: "
        "https://gone.example.com is of the type GONE, which nothing here can talk to." in lines
    )
    assert tracker.last_error_type is BugWatchErrorType.UNSUPPORTED_BUG_TRACKER


def test_one_bad_bug_among_many_costs_the_others_nothing(bugzilla, watch_bugs, checkwatches):
    names = [str(number) for number in range(1, 51)]
    for name in names:
        bugzilla.add(name)
    bugzilla.add("20", malformed=True)
    bugzilla.add("21", private=True)
    del bugzilla.bugs["22"]
    tracker = watch_bugs("bugs", bugzilla.url, [*names, "no such id"])
    code, lines = checkwatches()
    assert code == 0
    found = {name: error for name, error in errors(tracker).items() if error}
    assert found == {
        "20": BugWatchErrorType.UNPARSABLE_BUG,
        "21": BugWatchErrorType.PRIVATE_REMOTE_BUG,
        "22": BugWatchErrorType.BUG_NOT_FOUND,
        "no such id": BugWatchErrorType.INVALID_BUG_ID,
    }
    assert {name for name, status in statuses(tracker).items() if not status} == set(found)
    assert f"INFO    Bug 1: Bug 21 on {bugzilla.url} is private." in lines
    assert tracker.last_error_type is None


def test_a_fault_in_a_type_is_logged_and_the_others_are_done(
    watched, watch_bugs, checkwatches, registry
):
    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        raise ZeroDivisionError("\x1b[31mnonsense\nINFO    nonsense")

    faulty = watch_bugs("faulty", "https://f.example.com", ["1", "2"], registry.type("F", fetch))
    code, lines = checkwatches()
    assert code == 70
    start = lines.index("ERROR   Unexpected failure when updating https://f.example.com")
    assert lines[start + 1] == "  Traceback (most recent call last):"
    assert r"  ZeroDivisionError: \x1b[31mnonsense" in lines
    assert "INFO    nonsense" not in lines
    assert set(statuses(watched).values()) == {"CONFIRMED"}
    # What it said before that stands.
    assert statuses(faulty) == {"1": "NEW", "2": None}
    assert errors(faulty) == {"1": None, "2": BugWatchErrorType.UNKNOWN}
    assert faulty.last_error_type is BugWatchErrorType.UNKNOWN
    assert faulty.last_error == "malonewatch failed when updating https://f.example.com."


def test_a_fault_in_json_has_its_traceback_in_the_line(watch_bugs, checkwatches, registry):
    async def fetch(self, session, batch):
        raise ZeroDivisionError("nonsense")
        yield

    watch_bugs("faulty", "https://f.example.com", ["1"], registry.type("F", fetch))
    code, lines = checkwatches("--log-format", "json")
    assert code == 70
    (entry,) = (json.loads(line) for line in lines if "traceback" in line)
    assert entry["message"] == "Unexpected failure when updating https://f.example.com"
    assert entry["traceback"].endswith("ZeroDivisionError: nonsense")


def test_a_type_that_says_nothing_of_a_bug(watch_bugs, checkwatches, registry):
    async def fetch(self, session, batch):
        for remotebug in batch.remotebugs:
            if remotebug != "2":
                yield RemoteBug(remotebug, "NEW")

    silent = registry.type("F", fetch)
    tracker = watch_bugs("bugs", "https://b.example.com", ["1", "2", "3"], silent)
    code, lines = checkwatches()
    assert statuses(tracker) == {"1": "NEW", "2": None, "3": "NEW"}
    assert errors(tracker)["2"] is BugWatchErrorType.UNKNOWN
    assert (
        "INFO    Bug 1: Bug 2 on https://b.example.com was asked for, and the F type said "
        "nothing of it." in lines
    )
    assert code == 0


def test_a_type_that_speaks_of_bugs_that_were_not_asked_for(watch_bugs, checkwatches, registry):
    async def fetch(self, session, batch):
        yield RemoteBug("1", "NEW")
        yield RemoteBug("99", "NEW", validator="etag")
        yield RemoteBugError("98", BugWatchErrorType.BUG_NOT_FOUND, "Gone.")

    tracker = watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("F", fetch))
    assert checkwatches().code == 0
    assert statuses(tracker) == {"1": "NEW"}
    assert not tracker.ledger.has_validators()


@pytest.mark.parametrize(
    "error", [LookupError("no"), ConnectionError("no"), BadInput("no"), OSError(28, "no")]
)
def test_an_applications_subscriber_that_fails_costs_only_its_watch(
    watch_bugs, checkwatches, registry, error
):
    def subscriber(event):
        if event.object.remotebug == "3":
            raise error

    names = [str(number) for number in range(1, 8)]
    new = registry.type("NEW", all_new, request_size=4)
    registry.subscriber(subscriber, IBugWatchStatusChanged)
    tracker = watch_bugs("bugs", "https://b.example.com", names, new)
    before = tracker.watches[4].next_check
    code, lines = checkwatches()
    assert code == 1
    line = "ERROR   The application failed when told of bug 3 on https://b.example.com; "
    assert lines.count(f"{line}that is still due.") == 1
    assert statuses(tracker) == {**dict.fromkeys(names, "NEW"), "3": None}
    assert errors(tracker) == {
        **dict.fromkeys(names),
        "3": BugWatchErrorType.APPLICATION_FAILED,
    }
    assert tracker.last_error_type is None
    # So the change is not lost.
    (watch,) = (watch for watch in tracker.watches if watch.remotebug == "3")
    assert watch.next_check == before
    registry.undo_last()
    registry.subscriber(lambda event: None, IBugWatchStatusChanged)
    assert "INFO    Bug 1: bugs #3 is now NEW (was not known)" in checkwatches().lines


def test_a_failing_subscriber_does_not_make_trouble_count_twice(watch_bugs, checkwatches, registry):
    def subscriber(event):
        if event.object.remotebug == "2":
            raise LookupError("no")

    async def fetch(self, session, batch):
        for remotebug in batch.remotebugs[:-1]:
            yield RemoteBug(remotebug, "NEW")
        raise BugTrackerConnectError("Down.")

    registry.subscriber(subscriber, IBugWatchStatusChanged)
    tracker = watch_bugs("bugs", "https://b.example.com", range(1, 6), registry.type("F", fetch))
    checkwatches()
    assert tracker.failures == 1
    assert statuses(tracker) == {"1": "NEW", "2": None, "3": "NEW", "4": "NEW", "5": None}
    assert errors(tracker)["5"] is BugWatchErrorType.CONNECTION_ERROR


def test_a_bug_tracker_that_is_removed_meanwhile(watch_bugs, checkwatches, registry, site):
    async def fetch(self, session, batch):
        def remove(trackers):
            for name in ("one", "two"):
                tracker = trackers[name]
                for watch in list(tracker.watches):
                    watch.bug.removeWatch(watch)
                trackers.remove(tracker)

        site.database.write(remove)
        yield RemoteBug(batch.remotebugs[0], "NEW")

    kind = registry.type("F", fetch)
    for name in ("one", "two"):
        watch_bugs(name, f"https://{name}.example.com", ["1"], kind)
    code, lines = checkwatches("--jobs", 1)
    assert code == 0, lines
    assert [line for line in lines if line.startswith(("ERROR", " "))] == []


def test_credentials_that_cannot_be_read_are_trouble(
    watched, checkwatches, bugzilla, monkeypatch, tmp_path
):
    host = bugzilla.origin.removeprefix("http://")
    (tmp_path / "credentials.ini").write_text(f"[{host}]\ns3cret without a name\n")
    monkeypatch.setenv("MALONEWATCH_CREDENTIALS", str(tmp_path / "credentials.ini"))
    code, lines = checkwatches()
    assert code == 1
    assert any("credentials" in line for line in lines)
    assert not any("s3cret" in line for line in lines)
    assert bugzilla.requests == []
    assert watched.last_error_type is BugWatchErrorType.CREDENTIALS_REFUSED


def test_a_fault_of_the_script_itself(watched, checkwatches, registry):
    class Broken:
        def now(self):
            raise ZeroDivisionError

    registry.utility(Broken(), IClock)
    code, lines = checkwatches()
    assert code == 70
    assert "ERROR   Unexpected failure" in lines
    assert "  ZeroDivisionError" in lines


# A database of an earlier version.


def test_a_run_on_a_database_of_the_first_version(checkwatches, registry, clock, tmp_path):
    async def fetch(self, session, batch):
        for remotebug in batch.remotebugs:
            yield RemoteBug(remotebug, "VERIFIED")

    old = Path(__file__).parent.parent / "model" / "data" / "schema-1.fs"
    uri = f"file://{shutil.copy(old, tmp_path / 'Data.fs')}"
    for name in ("BUGZILLA", "TRAC"):
        registry.type(name, fetch)
    clock.tick(days=10)
    code, lines = checkwatches(uri=uri)
    assert code == 0
    assert [line for line in lines if "Updating" in line or "Skipping" in line] == [
        "INFO    Skipping updating Idle watches.",
        "INFO    Updating 5 watches on https://bugs.example.com/",
        "INFO    Updating 1 watches on https://trac.example.com",
    ]
    assert len([line for line in lines if "is now VERIFIED" in line]) == 6
    again = checkwatches(uri=uri).lines
    assert "INFO    No watches to update on https://bugs.example.com/" in again


# An idle run.

IDLE = """
import sys
from malonewatch.checkwatches.script import main
code = main(sys.argv[1:])
print(code, sorted({%s} & set(sys.modules)))
"""
NETWORK = ("aiohttp", "asyncio", "rich", "yarl")
TELLING = ("malonewatch.notifying.deliverer", "malonewatch.notifying.webhook")
METRICS = ("malonewatch.checkwatches.metrics", "malonewatch.model.figures", "prometheus_client")


@pytest.mark.shared
def test_a_run_with_nothing_to_do_loads_nothing_for_the_network_or_for_metrics(site):
    code = IDLE % str([*NETWORK, *TELLING, *METRICS])[1:-1]
    finished = subprocess.run(
        [sys.executable, "-c", code, "--database", site.uri], capture_output=True, text=True
    )
    # With these zodburi loads ZEO, which waits for its server by that.
    loaded = ["asyncio"] if site.uri.startswith(("zeo:", "zconfig:")) else []
    assert finished.stdout == f"0 {loaded}\n"


@pytest.mark.shared
def test_no_type_is_unknown_to_the_installed_script(site, trackers):
    trackers.add(BugTracker("bugs", "Bugs", BugTrackerType.BUGZILLA, "https://bugs.example.com"))
    transaction.commit()
    code, lines = in_process("--database", site.uri, "-v", "-t", "bugs")
    assert (code, lines) == (
        0,
        [START, "INFO    No watches to update on https://bugs.example.com", END],
    )


# How it ends.


@pytest.mark.parametrize(
    ("end", "code"), [(click.exceptions.Exit(3), 3), (click.Abort(), EXIT_INTERRUPTED)]
)
def test_what_ends_the_command_line_ends_the_script(monkeypatch, end, code):
    def main(args, **kwargs):
        raise end

    monkeypatch.setattr(script.command, "main", main)
    assert script.main([]) == code


def test_to_import_the_module_is_not_to_run_it():
    module = importlib.import_module("malonewatch.checkwatches.__main__")
    assert module.main is script.main
