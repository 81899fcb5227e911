from datetime import datetime, timedelta, timezone

import pytest
import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import (
    IObjectAddedEvent,
    IObjectCreatedEvent,
    IObjectModifiedEvent,
)
from zope.schema import getValidationErrors

from malonewatch.externalbugtracker import Bugzilla
from malonewatch.interfaces import (
    BadInput,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    IBugWatch,
    IBugWatchSet,
    IExternalBugTracker,
    NoBugTrackerFound,
    NotFoundError,
    RemoteBug,
    RemoteBugError,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model import BugTracker

LATER = datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone.utc)

KNOWN = RemoteBug(
    "42",
    "RESOLVED FIXED",
    BugTaskStatus.FIXRELEASED,
    "P1 critical",
    BugTaskImportance.CRITICAL,
    "It crashes",
    "FIXED",
    datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    "7",
    "https://new.example.com/show_bug.cgi?id=42",
    "etag",
)


def nothing_is_known_of(watch):
    return (
        watch.remotestatus,
        watch.remote_importance,
        watch.status,
        watch.importance,
        watch.remote_title,
        watch.resolution,
        watch.remote_modified,
        watch.duplicate_of,
        watch.moved_to,
        watch.lastchecked,
        watch.lastchanged,
        watch.last_error_type,
    ) == (
        *(None, "", BugTaskStatus.UNKNOWN, BugTaskImportance.UNKNOWN, "", ""),
        *(None, None, None, None, None, None),
    )


def test_they_provide_the_interfaces(watches, watch):
    verifyObject(IBugWatchSet, watches)
    verifyObject(IBugWatch, watch)


def test_its_values_are_what_the_interface_says(tracker, watch, clock):
    tracker.applyOutcomes([KNOWN], clock.moment)
    assert getValidationErrors(IBugWatch, watch) == []


def test_of_a_new_watch_nothing_is_known(watch, clock):
    assert nothing_is_known_of(watch)
    assert watch.next_check == clock.moment
    assert watch.activity == []


def test_where_a_person_sees_it(watch):
    assert watch.url == "https://bugs.example.com/show_bug.cgi?id=42"
    assert watch.title == "Bugs #42"


def test_a_new_watch_is_notified(bug, tracker, owner, watches, events):
    watch = bug.addWatch(tracker, "42", owner)
    created, added = events
    assert IObjectCreatedEvent.providedBy(created)
    assert IObjectAddedEvent.providedBy(added)
    assert created.object is added.object is watch
    assert added.newParent is watches
    assert added.newName == watch.__name__ == "1"
    assert watch.__parent__ is watches


def test_all_of_it_is_stored(tracker, watch, owner, clock, reopened):
    tracker.applyOutcomes([KNOWN], clock.moment)
    found = reopened(watch)
    names = [name for name in IBugWatch if not hasattr(IBugWatch[name], "getSignatureInfo")]
    names = set(names) - {"bug", "bugtracker", "owner"}
    assert "remote_title" in names
    for name in names:
        assert getattr(found, name) == getattr(watch, name), name
    assert found.bug.id == watch.bug.id
    assert found.owner.name == owner.name
    assert found.bugtracker.name == "bugs"


def test_nobody_may_own_it(bug, tracker, reopened):
    assert reopened(bug.addWatch(tracker, "42", None)).owner is None


# When it is checked.


def test_when_it_was_last_checked_decides_when_it_is_due(watch, clock):
    watch.lastchecked = clock.moment
    assert watch.lastchecked == clock.moment
    assert watch.next_check == clock.moment + timedelta(hours=23)


def test_times_are_kept_to_the_second(watch, clock):
    watch.lastchecked = clock.moment + timedelta(seconds=1, microseconds=999_999)
    assert watch.lastchecked == clock.moment + timedelta(seconds=1)


def test_a_watch_that_was_never_checked_is_due(watch, clock, tracker):
    watch.lastchecked = clock.moment
    watch.lastchecked = None
    assert watch.lastchecked is None
    assert watch.next_check == clock.moment
    assert tracker.countDue(clock.moment) == 1


def test_when_it_is_due_can_be_set(watch, clock, tracker):
    watch.next_check = clock.moment + timedelta(days=3)
    assert watch.next_check == clock.moment + timedelta(days=3)
    assert watch.lastchecked is None
    assert tracker.countDue(clock.moment + timedelta(days=2)) == 0


def test_times_of_any_zone_are_accepted(watch, clock):
    zone = timezone(timedelta(hours=-7))
    watch.lastchecked = clock.moment.astimezone(zone)
    assert watch.lastchecked == clock.moment
    watch.next_check = clock.moment.astimezone(zone)
    assert watch.next_check == clock.moment


@pytest.mark.parametrize("name", ["lastchecked", "next_check"])
def test_naive_times_are_refused(watch, name):
    before = getattr(watch, name)
    with pytest.raises(BadInput, match="has no time zone"):
        setattr(watch, name, datetime(2024, 5, 6))
    assert getattr(watch, name) == before


@pytest.mark.parametrize("year", [1, 1960, 2107, 9999])
def test_times_beyond_what_can_be_stored_are_the_nearest_that_can(watch, year):
    moment = datetime(year, 6, 1, tzinfo=timezone.utc)
    watch.lastchecked = moment
    watch.next_check = moment
    expected = 1970 if year < 1970 else 2106
    assert watch.lastchecked.year == watch.next_check.year == expected
    assert not nothing_is_known_of(watch)


@pytest.mark.parametrize("error_type", BugWatchErrorType)
def test_what_went_wrong_can_be_set(watch, error_type, reopened):
    watch.last_error_type = error_type
    assert watch.last_error_type is error_type
    assert reopened(watch).last_error_type is error_type
    watch.last_error_type = None
    assert watch.last_error_type is None


# Forgetting


def test_resetting_forgets_all_that_is_known(tracker, watch, clock, events):
    tracker.applyOutcomes([KNOWN], clock.moment)
    events.clear()
    clock.tick(minutes=1)
    watch.reset()
    assert nothing_is_known_of(watch)
    assert watch.next_check == clock.moment
    (event,) = events
    assert IObjectModifiedEvent.providedBy(event)
    assert event.object is watch


def test_resetting_a_watch_that_is_not_loaded_yet(site, tracker, watch, clock):
    tracker.applyOutcomes([KNOWN], clock.moment)
    transaction.commit()
    site.connection.cacheMinimize()
    watch.reset()
    transaction.commit()
    site.connection.cacheMinimize()
    assert nothing_is_known_of(watch)
    assert watch.remotebug == "42"


def test_resetting_keeps_the_history(tracker, watch, clock):
    tracker.applyOutcomes([KNOWN], clock.moment)
    watch.reset()
    assert len(watch.activity) == 1


def test_after_resetting_the_same_answer_is_news(tracker, watch, clock):
    tracker.applyOutcomes([KNOWN], clock.moment)
    watch.reset()
    applied = tracker.applyOutcomes([KNOWN], clock.moment)
    assert len(applied.changes) == 1
    assert watch.remotestatus == "RESOLVED FIXED"


def test_after_resetting_a_watch_is_asked_for_in_full(tracker, watch, clock):
    tracker.applyOutcomes([KNOWN], clock.moment, 0)
    watch.reset()
    _, (batch,) = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)
    assert (batch.since, batch.validators) == (None, {})


# History


def test_the_history_is_bounded_and_newest_first(tracker, watch, clock):
    for number in range(50):
        remote = RemoteBug("42", str(number), BugTaskStatus.NEW)
        tracker.applyOutcomes([remote], clock.tick(days=1))
    assert len(watch.activity) == 30
    assert watch.activity[0].message == "48 -> 49"
    assert watch.activity[0].date == clock.moment
    assert watch.activity[-1].message == "19 -> 20"


def test_the_same_failure_again_is_one_entry_and_no_write(tracker, watch, clock):
    failure = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")
    tracker.applyOutcomes([failure], clock.moment)
    transaction.commit()
    tracker.applyOutcomes([failure], clock.tick(days=1))
    assert not watch._p_changed
    assert len(watch.activity) == 1


def test_the_history_can_be_pruned(tracker, watch, clock):
    for number in range(5):
        remote = RemoteBug("42", str(number), BugTaskStatus.NEW)
        tracker.applyOutcomes([remote], clock.tick(days=1))
    assert watch.pruneActivity(clock.moment - timedelta(days=1)) == 3
    assert [entry.message for entry in watch.activity] == ["3 -> 4", "2 -> 3"]
    transaction.commit()
    assert watch.pruneActivity(clock.moment - timedelta(days=1)) == 0
    assert not watch._p_changed
    with pytest.raises(BadInput):
        watch.pruneActivity(datetime(2024, 5, 6))


# The set


def test_watches_by_number(watches, bug, tracker, watch, owner):
    other = bug.addWatch(tracker, "43", owner)
    assert list(watches) == [watch, other]
    assert watches.count() == 2
    assert watches.get(watch.id) is watch


@pytest.mark.parametrize("number", [0, 2, -1, 2**80, "1", None])
def test_a_watch_that_is_not_there(watches, watch, number):
    with pytest.raises(NotFoundError, match=f"^There is no bug watch {number}"):
        watches.get(number)


# From URLs


def test_a_url_on_a_registered_bug_tracker(watches, tracker):
    for url in (
        "https://bugs.example.com/show_bug.cgi?id=42",
        " http://BUGS.example.com/show_bug.cgi?id=042#c1 ",
        "https://bugs.example.com/42",
    ):
        assert watches.extractBugTrackerAndBug(url) == (tracker, "42")


def test_a_url_under_an_alias(watches, tracker):
    tracker.aliases = ["https://old.example.com/bugs"]
    found = watches.extractBugTrackerAndBug("https://old.example.com/bugs/show_bug.cgi?id=42")
    assert found == (tracker, "42")


def test_the_bug_tracker_with_the_longest_base_url_is_asked_first(watches, tracker, make_tracker):
    part = make_tracker("part", baseurl="https://bugs.example.com/part")
    url = "https://bugs.example.com/part/show_bug.cgi?id=1"
    assert watches.extractBugTrackerAndBug(url) == (part, "1")
    url = "https://bugs.example.com/show_bug.cgi?id=1"
    assert watches.extractBugTrackerAndBug(url) == (tracker, "1")


def test_a_bug_tracker_that_is_not_registered(watches, tracker):
    with pytest.raises(NoBugTrackerFound, match=r"https://other\.example\.com") as caught:
        watches.extractBugTrackerAndBug("https://other.example.com/show_bug.cgi?id=42")
    assert caught.value.baseurl == "https://other.example.com"
    assert caught.value.remotebug == "42"
    assert caught.value.bugtrackertype == BugTrackerType.BUGZILLA


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bugs",
        "https://",
        "https://bugs.example.com/",
        "https://example.org/about",
        "ftp://bugs.example.com/show_bug.cgi?id=42",
        "https://bugs.example.com:port/show_bug.cgi?id=42",
        "https://[bugs/show_bug.cgi?id=42",
        "https://user@bugs.example.com/show_bug.cgi?id=42",
    ],
)
def test_what_is_not_the_url_of_a_bug(watches, tracker, url):
    with pytest.raises(UnrecognizedBugTrackerURL, match="is not the URL of a bug"):
        watches.extractBugTrackerAndBug(url)


def test_credentials_in_a_url_are_not_quoted(watches, tracker):
    for url in (
        "https://user:s3cret@bugs.example.com/show_bug.cgi?id=42",
        "https://user:s3cret@bugs.example.com:port/show_bug.cgi?id=42",
    ):
        with pytest.raises(UnrecognizedBugTrackerURL) as caught:
            watches.extractBugTrackerAndBug(url)
        assert "s3cret" not in str(caught.value)
        assert "bugs.example.com" in str(caught.value)


@pytest.fixture
def other_type():
    """A type whose bugs are at <base>/other/<number>."""

    class Other(Bugzilla):
        title = "Other"

        @classmethod
        def parseBugURL(cls, url, baseurl=None):
            head, separator, number = url.path.rpartition("/other/")
            if separator and number.isdigit():
                return f"{url.scheme}://{url.netloc}{head}", number
            return None

        def getBugURL(self, remotebug):
            return f"{self.baseurl}/other/{remotebug}"

    registry = getGlobalSiteManager()
    registry.registerAdapter(Other, provided=IExternalBugTracker, name="OTHER")
    yield BugTrackerType.OTHER
    registry.unregisterAdapter(Other, provided=IExternalBugTracker, name="OTHER")


def test_a_url_of_another_type_than_the_bug_tracker_there(watches, make_tracker, other_type):
    make_tracker(bugtrackertype=other_type)
    # No bug of the bug tracker that is registered there, whatever else it may be.
    with pytest.raises(UnrecognizedBugTrackerURL):
        watches.extractBugTrackerAndBug("https://bugs.example.com/show_bug.cgi?id=42")


# From texts


def found_in(text, watches, bug):
    return [(watch.bugtracker.name, watch.remotebug) for watch in watches.fromText(text, bug, None)]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "See {}.",
        "See {}, please!",
        "See {}; or {}?",
        "(see {})",
        "[{}]",
        "<{}>",
        '"{}"',
        "'{}'",
        "“{}”",
        "«{}»",
        "‘{}’",
        "`{}`",
        "*{}*",
        "_{}_",
        "[the bug]({}).",
        "[{}|the bug]",
        '<a href="{}">bug</a>',
        "{}...",
        "{}…",
        "见{}。谢谢",
        "（{}）",
        "{}\n{}\r\n\t{}",
        "\x00{}\x00",
        "HTTPS://bugs.example.com/show_bug.cgi?id=42",
    ],
)
def test_a_url_in_a_text(watches, bug, tracker, text):
    text = text.replace("{}", "https://bugs.example.com/show_bug.cgi?id=42")
    assert found_in(text.replace("\x00", " "), watches, bug) == [("bugs", "42")]


def test_brackets_of_the_url_itself_stay(watches, bug, make_tracker):
    make_tracker(baseurl="https://bugs.example.com/(x)")
    text = "(https://bugs.example.com/(x)/show_bug.cgi?id=42)"
    assert found_in(text, watches, bug) == [("bugs", "42")]
    text = "(See https://bugs.example.com/(x)/show_bug.cgi?id=alias(7).)"
    assert found_in(text, watches, bug) == [("bugs", "alias(7)")]


def test_urls_in_the_order_of_the_text_each_bug_once(watches, bug, tracker, owner):
    bug.addWatch(tracker, "5", owner)
    text = " ".join(
        f"https://bugs.example.com/show_bug.cgi?id={number}" for number in (9, 5, "007", 9, 7, 8)
    )
    assert found_in(text, watches, bug) == [("bugs", "9"), ("bugs", "7"), ("bugs", "8")]
    assert found_in(text, watches, bug) == []
    assert bug.watches.count() == 4


def test_bug_trackers_that_are_not_registered_are_added_as_guessed(
    watches, trackers, bug, tracker, owner
):
    text = "https://other.example.com/show_bug.cgi?id=1 https://other.example.com/show_bug.cgi?id=2"
    added = watches.fromText(text, bug, owner)
    assert [watch.remotebug for watch in added] == ["1", "2"]
    other = trackers["auto-other.example.com"]
    assert {watch.bugtracker for watch in added} == {other}
    assert other.guessed
    assert other.owner is owner
    assert other.bugtrackertype == BugTrackerType.BUGZILLA
    assert not tracker.guessed
    assert trackers.count() == 2


def test_bugs_of_several_types_in_one_text(watches, trackers, bug, other_type):
    text = "https://a.example.com/show_bug.cgi?id=1 and https://b.example.com/other/2"
    assert found_in(text, watches, bug) == [
        ("auto-a.example.com", "1"),
        ("auto-b.example.com", "2"),
    ]
    assert [tracker.bugtrackertype for tracker in trackers] == ["BUGZILLA", "OTHER"]


def test_a_text_without_bugs(watches, trackers, bug):
    text = "Nothing at https://example.com/ nor at http://[ or https://u:p@bugs.example.com/1"
    assert watches.fromText(text, bug, None) == []
    assert trackers.count() == 0


def test_a_url_that_cannot_be_a_bug_trackers_costs_the_others_nothing(watches, trackers, bug):
    text = (
        f"https://{'x' * 3000}.example.com/show_bug.cgi?id=1 "
        f"https://example.com/{'x' * 3000}/show_bug.cgi?id=1 "
        f"https://{'x' * 200}.example.com/show_bug.cgi?id=2 "
        "https://bugs.example.com/show_bug.cgi?id=3"
    )
    assert [remotebug for _, remotebug in found_in(text, watches, bug)][-1] == "3"


words = st.sampled_from(
    [
        *("https://", "http://", "bugs.example.com", "[", "]", "(", ")", ":", "80", "@", "/", "?"),
        *("show_bug.cgi", "id=", "42", "#", "%", "%0a", ".", ",", " ", "\\", "é", "\u202e", "\x00"),
        *("bugreport.cgi?bug=", "/ticket/", "/issue", "tracker/index.php?aid=", "&", ";", "=", "-"),
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=12).map("https://bugs.example.com/".join) | st.text())
def test_any_text_has_watches_in_it_or_none(watches, bug, tracker, text):
    for watch in watches.fromText(text, bug, None):
        assert watch.bug is bug
        assert watch.remotebug.isprintable()
        assert watch.url


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=12).map("".join))
def test_any_url_is_that_of_a_bug_or_bad_input(watches, tracker, url):
    try:
        found, remotebug = watches.extractBugTrackerAndBug(url)
    except BadInput:
        return
    assert isinstance(found, BugTracker)
    assert remotebug
