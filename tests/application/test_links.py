from datetime import datetime, timezone

import pytest
from tests.application.remote import apply, bug_url
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.application.linkfacts import LinkVerdict
from malonewatch.application.links import ask_due, report
from malonewatch.application.watches import show
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
    IBugSet,
    IBugWatchUpdater,
    ILinkSet,
    NotFoundError,
    Place,
    RemoteBugError,
    Updated,
    Wish,
)

WHEN = datetime(2024, 5, 6, tzinfo=timezone.utc)
FIXED = BugTaskStatus.FIXRELEASED


@pytest.fixture
def link(database):
    """Adds a link to a bug in a Bugzilla; watched unless it is said that it is not."""

    def add(number, wish=None, project="gtk", path="a.c", is_watched=True):
        def step(trackers):
            url = bug_url(number)
            it = getUtility(ILinkSet).ensureProject(project, "/src")
            added = it.addLink(Place(path, 7, 3, url, f"see {url}", (url,), wish), url)
            if not is_watched:
                return
            tracker = trackers.ensureBugTracker(
                "https://bugzilla.example.com", None, BugTrackerType.BUGZILLA, name="bugzilla"
            )
            bugs = getUtility(IBugSet)
            bug = bugs.query(1) or bugs.createBug("Links")
            it.bindLink(added, bug.addWatch(tracker, number, None))

        database.write(step)

    return add


def only(database):
    (found,) = report(database)
    return found


def fail(database, error_type, message="There is no such bug."):
    error = RemoteBugError("1", error_type, message)
    database.write(lambda trackers: apply(trackers["bugzilla"], error))


def test_a_link_says_where_it_is_and_how_its_bug_is(database, link, tell):
    link("1", Wish.UNTIL_FIXED)
    tell("bugzilla", "1", "RESOLVED FIXED", FIXED, title="Broken", date_closed=WHEN, fixed_in="3.2")
    found = only(database)
    assert (found.project, found.path, found.line, found.column) == ("gtk", "a.c", 7, 3)
    assert (found.written, found.url, found.wish) == (bug_url(1), bug_url(1), Wish.UNTIL_FIXED)
    assert (found.text, found.watch, found.remote) == (
        f"see {bug_url(1)}",
        1,
        "bugzilla.example.com #1",
    )
    assert (found.title, found.remotestatus, found.meaning) == (
        "Broken",
        "RESOLVED FIXED",
        "Fix Released",
    )
    assert (found.verdict, found.since, found.fixed_in) == (LinkVerdict.FIXED, WHEN, "3.2")
    assert (found.survivor, found.trouble) == ("", "")


def test_links_by_project_file_and_line(database, link):
    link("1")
    link("2", path="0.c")
    link("3", project="abiword")
    assert [(each.project, each.path) for each in report(database)] == [
        ("abiword", "a.c"),
        ("gtk", "0.c"),
        ("gtk", "a.c"),
    ]
    assert [each.project for each in report(database, ["gtk", "gtk"])] == ["gtk", "gtk"]
    with pytest.raises(NotFoundError) as raised:
        report(database, ["nautilus"])
    assert str(raised.value) == (
        "There is no project 'nautilus'; 'malonewatch scan PATH' makes one."
    )


def test_a_link_without_a_watch(database, link):
    link("1", is_watched=False)
    found = only(database)
    assert (found.verdict, found.watch, found.remote) == (LinkVerdict.PROPOSED, None, "")


def test_a_link_whose_watch_was_removed_is_not_known_until_the_next_scan(database, link):
    link("1")
    database.write(lambda trackers: getUtility(IBugSet).removeBug(getUtility(IBugSet).get(1)))
    found = only(database)
    assert (found.verdict, found.trouble) == (
        LinkVerdict.UNKNOWN,
        "It is not watched; the next scan of its tree has it watched.",
    )


def test_a_bug_that_was_not_asked_for_since_its_bug_tracker_is_inactive(database, link):
    link("1")

    def disable(trackers):
        trackers["bugzilla"].active = False

    database.write(disable)
    assert only(database).trouble == (
        "bugzilla.example.com is inactive; 'malonewatch tracker enable' changes that."
    )


def test_a_bug_that_was_closed_when_it_was_first_seen_is_so_since_nobody_knows_when(
    database, link, tell
):
    link("1")
    tell("bugzilla", "1", "RESOLVED", FIXED)
    assert only(database).since is None


def test_a_bug_whose_closing_was_seen_is_so_since_then(database, link, tell):
    link("1")
    tell("bugzilla", "1", "NEW")
    tell("bugzilla", "1", "RESOLVED", FIXED)
    found = only(database)
    assert found.since == show(database, "1").facts.lastchanged


@pytest.mark.parametrize("error_type", ["BUG_NOT_FOUND", "BUG_DELETED"])
def test_a_bug_that_is_gone_is_so_since_it_was_not_found(database, link, tell, error_type):
    link("1")
    tell("bugzilla", "1", "NEW")
    fail(database, BugWatchErrorType[error_type])
    found = only(database)
    assert (found.verdict, found.trouble) == (LinkVerdict.GONE, "There is no such bug.")
    assert found.since == show(database, "1").activity[0].date


def test_a_bug_that_was_never_there_is_so_since_nobody_knows_when(database, link):
    link("1")
    fail(database, BugWatchErrorType.BUG_NOT_FOUND)
    found = only(database)
    assert (found.verdict, found.since) == (LinkVerdict.GONE, None)


def test_the_moment_of_a_failure_may_be_forgotten(database, link, tell):
    link("1")
    tell("bugzilla", "1", "NEW")
    fail(database, BugWatchErrorType.BUG_NOT_FOUND)

    def prune(trackers):
        (watch,) = trackers["bugzilla"].watches
        watch.pruneActivity(datetime(2100, 1, 1, tzinfo=timezone.utc))

    database.write(prune)
    found = only(database)
    assert (found.verdict, found.since) == (LinkVerdict.GONE, None)


def test_a_duplicate_has_the_state_of_the_bug_that_it_duplicates(database, link, tell):
    link("1")
    tell("bugzilla", "1", "RESOLVED DUPLICATE", BugTaskStatus.INVALID, duplicate_of="2")
    tell("bugzilla", "2", "RESOLVED FIXED", FIXED)
    tell("bugzilla", "1", "RESOLVED DUPLICATE", BugTaskStatus.INVALID, duplicate_of="2")
    found = only(database)
    assert (found.verdict, found.survivor) == (LinkVerdict.FIXED, "bugzilla.example.com #2")


def test_a_duplicate_of_a_bug_elsewhere_that_is_not_asked(database, link, tell):
    link("1")
    elsewhere = "https://bugs.debian.org/12"
    tell("bugzilla", "1", "DUPLICATE", BugTaskStatus.INVALID, duplicate_of=elsewhere)
    assert only(database).survivor == "https://bugs.debian.org/12"


def test_a_duplicate_that_is_not_followed(database, link, tell):
    link("1")
    database.write(lambda trackers: setattr(trackers["bugzilla"], "follows", False))
    tell("bugzilla", "1", "DUPLICATE", BugTaskStatus.INVALID, duplicate_of="2")
    assert only(database).survivor == "2"


# Why it is not known


def trouble(database):
    found = only(database)
    assert found.verdict is LinkVerdict.UNKNOWN
    return found.trouble


def test_a_bug_that_was_not_asked_for(database, link):
    link("1")
    assert trouble(database) == "It has not been asked for yet."


def test_a_bug_that_cannot_be_read(database, link):
    link("1")
    fail(database, BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private.")
    assert trouble(database) == "It is private."


def test_a_bug_in_a_bug_tracker_that_does_not_answer(database, link):
    link("1")
    timeout = BugTrackerTimeout("It took too long.")
    database.write(lambda trackers: apply(trackers["bugzilla"], missing=["1"], trouble=timeout))
    assert trouble(database) == "It took too long."


def test_a_bug_in_a_bug_tracker_that_is_never_asked(database, link, monkeypatch):
    link("1")

    monkeypatch.setattr("malonewatch.model.bugtracker.BugTracker.not_polled", "It was shut down.")
    assert trouble(database) == "It was shut down."


def test_a_status_that_means_nothing_here(database, link, tell):
    link("1")
    tell("bugzilla", "1", "PENDING MOON", BugTaskStatus.UNKNOWN)
    assert trouble(database) == (
        "What 'PENDING MOON' means is not known; 'malonewatch tracker map' says so."
    )


def test_a_status_holds_as_long_as_there_is_no_other(database, link, tell):
    link("1")
    tell("bugzilla", "1", "RESOLVED FIXED", FIXED)
    fail(database, BugWatchErrorType.UNPARSABLE_BUG, "It makes no sense.")
    found = only(database)
    assert (found.verdict, found.trouble) == (LinkVerdict.FIXED, "")


# The rest


def test_a_watch_tells_of_its_links(database, link, tell):
    link("1")
    link("1", path="b.c")
    tell("bugzilla", "1", "NEW")
    details = show(database, "1")
    assert [(each.path, each.verdict) for each in details.links] == [
        ("a.c", LinkVerdict.STAYS),
        ("b.c", LinkVerdict.STAYS),
    ]


def test_what_is_due_is_asked_by_the_updater(database):
    def updater(*asked):
        return Updated(left=asked)

    registry = getGlobalSiteManager()
    before = registry.getUtility(IBugWatchUpdater)
    registry.registerUtility(updater, IBugWatchUpdater)
    try:
        assert ask_due(database, 60, None).left == (database, 60, None)
    finally:
        registry.registerUtility(before, IBugWatchUpdater)
