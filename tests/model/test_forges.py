"""Databases of 0.1.0 in which a forge is many bug trackers become those in which it is one."""

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import transaction
from zope.component import getUtility, hooks
from zope.lifecycleevent import ObjectModifiedEvent

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    BugWatchQuery,
    Fetched,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    RemoteBug,
)
from malonewatch.model import forges, open_database
from malonewatch.model.index import WatchIndex

OLD = Path(__file__).parent / "data" / "schema-1-forges.fs"

FIRST = datetime(2024, 5, 7, 12, tzinfo=timezone.utc)
SECOND = FIRST + timedelta(days=1)

configure()


@pytest.fixture
def database(tmp_path):
    """A copy of the database that make_old_forges.py made, as it was."""
    path = shutil.copy(OLD, tmp_path / "Data.fs")
    database = open_database(f"file://{path}", upgrade=True)
    yield database
    database.close()


@pytest.fixture
def trackers(database):
    """Its bug trackers, once it is upgraded."""
    database.upgrade()
    connection = database.db.open()
    with hooks.site(connection.root()["malonewatch"]):
        yield getUtility(IBugTrackerSet)
    transaction.abort()
    connection.close()


def listed(trackers):
    return [(tracker.name, tracker.baseurl) for tracker in trackers]


def watched(tracker):
    """(number, remote bug, local bug) of its watches, by number."""
    return sorted((watch.id, watch.remotebug, watch.bug.id) for watch in tracker.watches)


def test_it_is_small():
    assert OLD.stat().st_size < 40_000


def test_it_has_been_many(database):
    assert len(database.read(listed)) == 9
    assert "Make one bug tracker of all parts of a forge" in [
        step.description for step in database.planUpgrade()
    ]


def test_a_forge_is_one_bug_tracker(trackers):
    assert listed(trackers) == [
        ("debian", "https://bugs.debian.org"),
        ("auto-forge.example.com", "https://forge.example.com"),
        ("sf", "http://sourceforge.net/"),
    ]


def test_the_base_urls_of_its_parts_are_aliases(trackers):
    assert trackers["sf"].aliases == (
        "https://sf.net/p/frob/bugs",
        "https://sourceforge.net/p/frob/bugs",
        "https://sourceforge.net/p/frob/feature-requests/",
        "https://sourceforge.net/p/old-frob/bugs",
        "https://sourceforge.net/u/jane/tickets",
    )
    assert trackers["auto-forge.example.com"].aliases == (
        "https://forge.example.com/p/it/empty",
        "https://forge.example.com/p/it/matters",
        "https://forge.example.com/p/it/tickets",
    )


def test_watches_keep_their_numbers_and_have_the_ids_of_the_forge(trackers):
    assert watched(trackers["sf"]) == [
        (1, "3200655", 1),
        (2, "frob/bugs#35", 1),
        (3, "frob/bugs#36", 1),
        (4, "frob/bugs#35", 2),
        (5, "frob/feature-requests#35", 1),
        (7, "frob/bugs#37", 2),
        (8, "u/jane/tickets#3", 2),
    ]
    assert watched(trackers["auto-forge.example.com"]) == [
        (9, "it/tickets#1", 1),
        (10, "it/matters#1", 2),
    ]
    assert watched(trackers["debian"]) == [(11, "424242", 1)]


def test_the_newest_of_each_part_come_first(trackers):
    assert [watch.id for watch in trackers["sf"].watches] == [5, 7, 4, 3, 2, 8, 1]


def test_a_second_watch_of_a_bug_on_what_is_one_bug_now_is_gone(trackers):
    """Bug 1 had one by each of the tracker's two names."""
    watches = getUtility(IBugWatchSet)
    assert [watch.id for watch in watches] == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
    assert watches.count() == 10


def test_bugs_know_their_watches_by_the_new_ids(trackers):
    sf, bug = trackers["sf"], getUtility(IBugSet).get(1)
    assert [watch.id for watch in bug.watches] == [11, 9, 5, 3, 2, 1]
    assert bug.getBugWatch(sf, "frob/bugs#0035").id == 2
    assert bug.getBugWatch(sf, "35") is None
    assert len(bug._by_remote) == 6
    assert [each.id for each in sf.getBugsWatching("frob/bugs#35")] == [1, 2]


def test_what_is_known_of_a_bug_stays(trackers):
    watch = getUtility(IBugWatchSet).get(2)
    assert (watch.remotestatus, watch.status) == ("closed-fixed", BugTaskStatus.FIXRELEASED)
    assert (watch.remote_importance, watch.importance) == ("5", BugTaskImportance.MEDIUM)
    assert watch.remote_title == "The frob is loose"
    assert watch.resolution == "fixed"
    assert watch.lastchecked == watch.lastchanged == SECOND
    assert timedelta(0) < watch.next_check - SECOND < timedelta(days=1)
    assert [(entry.date, entry.message) for entry in watch.activity] == [
        (SECOND, "open -> closed-fixed"),
        (FIRST, "nothing known -> open"),
    ]
    assert watch.url == "http://sourceforge.net/p/frob/bugs/35/"


def test_what_went_wrong_with_a_bug_stays(trackers):
    watch = getUtility(IBugWatchSet).get(3)
    assert watch.last_error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert [entry.message for entry in watch.activity] == ["It is private."]
    assert getUtility(IBugWatchSet).get(9).last_error_type is BugWatchErrorType.RATE_LIMITED


def test_the_same_answer_is_no_news(trackers):
    remote = RemoteBug(
        "frob/bugs#35",
        "closed-fixed",
        BugTaskStatus.FIXRELEASED,
        "5",
        BugTaskImportance.MEDIUM,
        "The frob is loose",
        "fixed",
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    )
    sf = trackers["sf"]
    _, batches = sf.getDueBatches(SECOND + timedelta(days=1), 0, 100)
    asked = {name: batch for batch in batches for name in batch.remotebugs}
    assert asked["frob/bugs#35"].validators["frob/bugs#35"] == '"etag"'
    applied = sf.apply(Fetched(batches[0], SECOND + timedelta(days=1), (remote,)))
    assert (applied.checked, applied.changes) == (2, [])


def test_its_urls_lead_to_it(trackers):
    watches = getUtility(IBugWatchSet)
    for url in (
        "https://sourceforge.net/p/frob/bugs/35/",
        "https://sf.net/p/frob/bugs/35",
        "http://www.sourceforge.net/p/frob/bugs/35/#c1",
    ):
        assert watches.extractBugTrackerAndBug(url) == (trackers["sf"], "frob/bugs#35")
    assert watches.extractBugTrackerAndBug("https://forge.example.com/p/it/matters/4/") == (
        trackers["auto-forge.example.com"],
        "it/matters#4",
    )


@pytest.mark.parametrize("guessed", [True, False])
def test_a_forge_is_guessed_if_all_its_parts_were(join, guessed):
    def change(trackers):
        trackers["empty"].guessed = guessed

    def look(trackers):
        return trackers["sf"].guessed, trackers["auto-forge.example.com"].guessed

    assert join(change, look) == (False, guessed)


def test_a_second_time_there_is_nothing_to_be_done(database):
    database.upgrade()
    before = database.read(listed)
    told = []
    forges.join_forges(database, lambda done, total: told.append((done, total)))
    assert told == []
    assert database.read(listed) == before


def test_it_is_done_in_portions(database, monkeypatch):
    monkeypatch.setattr(forges, "PORTION", 2)
    told = []
    forges.join_forges(database, lambda done, total: told.append((done, total)))
    assert len(told) > 4
    assert told == sorted(told)
    # Nine watches, and seven bug trackers.
    assert told[-1] == (16, 16)
    assert database.read(lambda trackers: len(watched(trackers["sf"]))) == 7


def test_many_small_parts_are_one_portion(database):
    told = []
    forges.join_forges(database, lambda done, total: told.append((done, total)))
    assert told == [(16, 16)]


def test_a_few_are_quick_and_many_are_not(database, monkeypatch):
    assert database.read(forges.is_quick)
    monkeypatch.setattr(forges, "QUICK", 15)
    assert not database.read(forges.is_quick)
    forges.join_forges(database, lambda done, total: None)
    assert database.read(forges.is_quick)


@pytest.fixture
def join(database):
    """Joins the forges of `database`, after something was done to it."""

    def joined(change, look):
        database.write(change)
        forges.join_forges(database, lambda done, total: None)
        return database.read(look)

    return joined


def test_an_alias_that_is_the_forges_own_goes_to_the_forge(join):
    def change(trackers):
        trackers["it"].aliases = ["http://forge.example.com/"]

    def look(trackers):
        forge = trackers.getByBaseURL("https://forge.example.com")
        return forge.name, forge.aliases, watched(forge)

    assert join(change, look) == (
        "auto-forge.example.com",
        (
            "https://forge.example.com/p/it/empty",
            "https://forge.example.com/p/it/matters",
            "https://forge.example.com/p/it/tickets",
        ),
        [(9, "it/tickets#1", 1), (10, "it/matters#1", 2)],
    )


def test_a_bug_tracker_of_another_type_on_the_host_is_left_alone(join):
    def change(trackers):
        trackers.ensureBugTracker("https://forge.example.com", None, BugTrackerType.TRAC)

    def look(trackers):
        return [name for name, url in listed(trackers) if "forge.example.com" in url]

    assert join(change, look) == ["empty", "auto-forge.example.com", "it", "matters"]


def test_a_bug_tracker_of_a_type_that_is_gone_is_left_alone(join):
    def change(trackers):
        trackers["it"]._bugtrackertype = "GONE"

    assert "it" in [name for name, _ in join(change, listed)]


@pytest.mark.parametrize(
    ("active", "is_active"), [((), False), (("it",), True), (("empty", "it", "matters"), True)]
)
def test_a_forge_is_asked_if_a_part_of_it_was(join, active, is_active):
    def change(trackers):
        for name in ("empty", "it", "matters"):
            trackers[name].active = name in active

    assert join(change, lambda trackers: trackers["auto-forge.example.com"].active) is is_active


def test_what_people_wrote_of_the_parts_is_kept_together(join):
    def change(trackers):
        trackers["frob"].summary = "Bugs of the frob"
        trackers["jane"].summary = "Whatever Jane does"
        trackers["jane"].contactdetails = trackers["frob"].contactdetails = "jane@example.com"

    def look(trackers):
        return trackers["sf"].summary, trackers["sf"].contactdetails

    assert join(change, look) == ("Whatever Jane does\nBugs of the frob", "jane@example.com")


def make_index(trackers):
    """So that watches can be searched before the forges are joined."""
    watches = getUtility(IBugWatchSet)
    watches.index = WatchIndex(watches)
    watches.index.add(watches)


def test_they_are_found_by_their_new_bug_tracker(join):
    def look(trackers):
        watches = getUtility(IBugWatchSet)
        fixed = frozenset({BugTaskStatus.FIXRELEASED})
        private = frozenset({BugWatchErrorType.PRIVATE_REMOTE_BUG})
        return [
            [watch.id for watch in watches.search(query).watches]
            for query in (
                BugWatchQuery(tracker="sf"),
                BugWatchQuery(tracker="sf", meanings=fixed),
                BugWatchQuery(tracker="sf", errors=private),
            )
        ]

    assert join(make_index, look) == [[1, 2, 3, 4, 5, 7, 8], [1, 2, 4, 5], [3]]


def test_they_are_found_by_one_bug_tracker_at_a_time(database, monkeypatch):
    def look(trackers):
        watches = getUtility(IBugWatchSet)
        return all(
            sorted(watch.id for watch in watches.search(BugWatchQuery(tracker=name)).watches)
            == sorted(watch.id for watch in trackers[name].watches)
            for name, _ in listed(trackers)
        )

    monkeypatch.setattr(forges, "PORTION", 2)
    database.write(make_index)
    found = []
    forges.join_forges(database, lambda done, total: found.append(database.read(look)))
    assert all(found)


def test_whoever_listens_is_told_of_each_watch(database, monkeypatch):
    from zope.event import subscribers

    told = []
    monkeypatch.setattr(
        "zope.event.subscribers", [*subscribers, lambda event: told.append(type(event))]
    )
    forges.join_forges(database, lambda done, total: None)
    assert told.count(ObjectModifiedEvent) >= 8
