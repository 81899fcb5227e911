"""Building the index in a database that was made before there was one."""

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from zope.component import getUtility

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchErrorType,
    BugWatchQuery,
    DatabaseError,
    IBugSet,
    IBugWatchSet,
    RemoteBug,
)
from malonewatch.model import Bug, index, open_database
from malonewatch.model.index import WatchIndex, bug_retitled

from ..fetching import apply

OLD = Path(__file__).parent / "data" / "schema-1.fs"
SECOND = datetime(2024, 5, 8, 12, tzinfo=timezone.utc)

QUERIES = {
    "all": BugWatchQuery(),
    "bug": BugWatchQuery(bug=8),
    "tracker": BugWatchQuery(tracker="bugs"),
    "meaning": BugWatchQuery(meanings=frozenset({BugTaskStatus.CONFIRMED})),
    "error": BugWatchQuery(errors=frozenset({BugWatchErrorType.RATE_LIMITED})),
    "local title": BugWatchQuery(words=("crashes",)),
    "remote title": BugWatchQuery(words=("ünïcode",)),
    "changed": BugWatchQuery(changed_since=SECOND - timedelta(days=7)),
    "newest": BugWatchQuery(newest_change_first=True),
}
FOUND = {
    "all": [1, 2, 3, 5, 6, 7],
    "bug": [6, 7],
    "tracker": [1, 2, 3, 5, 6],
    "meaning": [1, 6],
    "error": [7],
    "local title": [2, 3, 5],
    "remote title": [1, 6],
    # Bug 43 has had one status only.
    "changed": [1, 6],
    "newest": [1, 6, 2, 3, 5, 7],
}

configure()


@pytest.fixture
def uri(tmp_path):
    """A copy of a database that 0.1.0 made."""
    return f"file://{shutil.copy(OLD, tmp_path / 'Data.fs')}"


@pytest.fixture
def opened(uri):
    databases = []

    def open_one(**options):
        databases.append(open_database(uri, **options))
        return databases[-1]

    yield open_one
    for database in databases:
        database.close()


def find(trackers):
    watches = getUtility(IBugWatchSet)
    return {
        name: [watch.id for watch in watches.search(query).watches]
        for name, query in QUERIES.items()
    }


def state(trackers):
    found = getUtility(IBugWatchSet).index
    return None if found is None else found.complete


@pytest.mark.parametrize("options", [{"read_only": True}, {"upgrade": True}])
def test_without_one_everything_is_found(opened, options):
    database = opened(**options)
    assert database.read(find) == FOUND
    assert database.read(state) is None


def test_a_small_one_is_built_by_opening_the_database(opened):
    database = opened()
    assert database.read(state) is True
    assert database.read(find) == FOUND


def test_a_large_one_is_built_by_upgrading(opened, monkeypatch):
    monkeypatch.setattr(index, "QUICK", 5)
    monkeypatch.setattr(index, "PORTION", 2)
    with pytest.raises(DatabaseError, match="malonewatch upgrade"):
        opened()
    told = []
    database = opened(upgrade=True)
    database.upgrade(lambda *progress: told.append(progress))
    assert [progress for progress in told if "indexes" in progress[0]] == [
        ("Build the indexes that bug watches are searched by", done, 6) for done in (2, 4, 6, 6)
    ]
    assert database.read(find) == FOUND
    database.upgrade()
    assert database.read(find) == FOUND


def test_it_may_be_interrupted_and_watches_change_meanwhile(opened, monkeypatch):
    monkeypatch.setattr(index, "PORTION", 2)
    database = opened(upgrade=True)

    def stop(*progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.build(database, stop)
    assert database.read(state) is False
    assert database.read(find) == FOUND

    def change(trackers):
        watches, tracker = getUtility(IBugWatchSet), trackers["bugs"]
        # One that is in it and one that is not, alike.
        for number in (2, 5):
            watches.removeBugWatch(watches.get(number))
        fixed = BugTaskStatus.FIXRELEASED
        apply(tracker, [RemoteBug("42", "FIXED", fixed, title="Crashes")], SECOND)
        getUtility(IBugSet).get(8).addWatch(tracker, 99, None)

    database.write(change)
    expected = {
        "all": [1, 3, 6, 7, 8],
        "bug": [6, 7, 8],
        "tracker": [1, 3, 6, 8],
        "meaning": [],
        "error": [7],
        "local title": [1, 3, 6],
        "remote title": [],
        "changed": [1, 6],
        "newest": [1, 6, 3, 7, 8],
    }
    assert database.read(find) == expected
    index.build(database, lambda done, total: None)
    assert database.read(state) is True
    assert database.read(find) == expected


def test_where_there_is_none_changes_are_made_all_the_same(opened):
    database = opened(upgrade=True)

    def change(trackers):
        watches, tracker, bugs = getUtility(IBugWatchSet), trackers["bugs"], getUtility(IBugSet)
        bugs.get(7).title = "It hangs"
        watch = bugs.get(8).addWatch(tracker, 99, None)
        apply(tracker, [RemoteBug("99", "NEW", BugTaskStatus.NEW)], SECOND)
        watches.moveBugWatch(watch, tracker, "98")
        watch.last_error_type = BugWatchErrorType.TIMEOUT
        watch.reset()
        watches.removeBugWatch(watch)
        trackers.remove(trackers["idle"])

    database.write(change)
    assert database.read(find) == {**FOUND, "local title": []}
    assert database.read(state) is None


def test_a_bug_that_is_nowhere_is_retitled_without_a_word():
    bug = Bug(1, "It crashes")
    bug.title = "It hangs"
    bug_retitled(bug)
    assert bug.title == "It hangs"


def test_the_set_of_a_bug_tracker_that_is_gone_goes(trackers, watches, tracker, watch):
    number = tracker.id
    watches.removeBugWatch(watch)
    assert list(watches.index.get("tracker", number).pages())
    trackers.remove(tracker)
    assert not list(watches.index.get("tracker", number).pages())


def test_a_watch_is_added_once(watches, watch):
    watches.index.add([watch])
    assert [each.id for each in watches.search(BugWatchQuery(words=("broken",))).watches] == [1]


def test_it_is_complete_from_the_beginning_in_a_new_database(watches):
    assert isinstance(watches.index, WatchIndex)
    assert watches.index.complete
