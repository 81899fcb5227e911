import contextlib
from datetime import timedelta

import pytest
import transaction

from malonewatch.checkwatches.due import due
from malonewatch.interfaces import (
    BugTrackerConnectError,
    BugTrackerRateLimited,
    BugTrackerType,
)
from malonewatch.model import BugTracker, open_database

from ..fetching import fail
from .conftest import END, START, all_new, statuses

# Which bug trackers.


def test_only_the_bug_trackers_named(watched, watch_bugs, checkwatches, registry):
    new = registry.type("NEW", all_new)
    other = watch_bugs("other", "https://other.example.com", ["1"], new)
    third = watch_bugs("third", "https://third.example.com", ["1"], new)
    code, lines = checkwatches("-t", "other", "--bug-tracker", "third")
    assert code == 0
    assert [line for line in lines if "Updating" in line] == [
        "INFO    Updating 1 watches on https://other.example.com",
        "INFO    Updating 1 watches on https://third.example.com",
    ]
    assert statuses(other) == statuses(third) == {"1": "NEW"}
    assert set(statuses(watched).values()) == {None}


def test_a_bug_tracker_that_is_not_there(watched, checkwatches):
    code, lines = checkwatches("-t", "bugs", "-t", "nobody")
    assert code == 2
    assert lines[1:] == [
        "ERROR   There is no bug tracker named 'nobody'; 'malonewatch tracker list' shows them."
    ]
    assert set(statuses(watched).values()) == {None}


@pytest.mark.parametrize("args", [(), ("-t", "bugs"), ("--reset",)])
def test_an_inactive_bug_tracker_is_not_asked(watched, checkwatches, bugzilla, args):
    watched.active = False
    transaction.commit()
    assert list(checkwatches(*args)) == [
        0,
        [START, "INFO    Skipping updating Bugs watches.", END],
    ]
    assert bugzilla.requests == []


def test_one_in_trouble_is_left_alone_for_a_while(watched, checkwatches, bugzilla, clock):
    trouble = BugTrackerRateLimited("Slow.", retry_after=3600)
    fail(watched, trouble, clock.moment)
    transaction.commit()
    assert list(checkwatches()) == [
        0,
        [START, f"INFO    Leaving {watched.baseurl} alone until 2024-05-06 13:00:01 UTC", END],
    ]
    assert bugzilla.requests == []
    clock.tick(hours=2)
    assert checkwatches().code == 0
    assert len(bugzilla.requests) == 1


# --reset


def test_reset_makes_all_due_and_forgets_back_off(watched, checkwatches, clock, bugzilla):
    checkwatches()
    fail(watched, BugTrackerConnectError("Down."), clock.tick(hours=1))
    transaction.commit()
    bugzilla.requests.clear()
    code, lines = checkwatches("--reset")
    assert (code, lines[1]) == (0, f"INFO    Updating 3 watches on {watched.baseurl}")
    assert {watch.lastchecked for watch in watched.watches} == {clock.moment}
    assert watched.next_attempt is None
    # In full, whatever is known.
    assert [request for request in bugzilla.requests if "last_change_time=" in request] == []


def test_reset_updates_all_however_many(registry, watch_bugs, checkwatches):
    new = registry.type("NEW", all_new, batch_size=2)
    watch_bugs("bugs", "https://bugs.example.com", range(5), new)
    assert "Updating 5 watches" in checkwatches("--reset").lines[1]


def test_reset_of_one_bug_tracker_is_of_that_one(watched, watch_bugs, checkwatches, registry):
    new = registry.type("NEW", all_new)
    other = watch_bugs("other", "https://other.example.com", ["1"], new)
    checkwatches()
    before = other.watches[0].next_check
    checkwatches("--reset", "-t", "bugs")
    assert other.watches[0].next_check == before


def test_reset_leaves_inactive_bug_trackers_as_they_are(watched, checkwatches, clock):
    for watch in watched.watches:
        watch.lastchecked = clock.moment
    watched.active = False
    transaction.commit()
    checkwatches("--reset")
    assert {watch.next_check for watch in watched.watches} == {clock.moment + timedelta(hours=23)}


# A clock that went back.


def test_a_clock_that_went_back(watched, checkwatches, clock):
    clock.tick(days=365)
    checkwatches()
    clock.tick(days=-365)
    code, lines = checkwatches()
    assert code == 0
    assert lines[1:3] == [
        "WARNING The clock went back; watches checked in what is now the future are due.",
        f"INFO    Updating 3 watches on {watched.baseurl}",
    ]
    assert {watch.lastchecked for watch in watched.watches} == {clock.moment}
    assert len(checkwatches().lines) == 3


def test_a_bug_tracker_that_was_removed_meanwhile_is_left_out(trackers, site, clock):
    trackers.add(BugTracker("bugs", "Bugs", BugTrackerType.BUGZILLA, "https://bugs.example.com"))
    transaction.commit()
    database = open_database(site.uri)

    class Meanwhile:
        """The database, in which somebody removes the bug tracker before the next write."""

        read = staticmethod(database.read)

        def write(self, step):
            database.write(lambda trackers: trackers.remove(trackers["bugs"]))
            return database.write(step)

    with contextlib.closing(database):
        assert due(Meanwhile(), [], clock.now(), reset=True, dry_run=False) == []
