"""What becomes of what a bug tracker says."""

import dataclasses
from datetime import date, datetime, timedelta, timezone

import pytest
import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ZODB.POSException import ConflictError, POSKeyError
from zope.component import getGlobalSiteManager
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import IObjectModifiedEvent

from malonewatch.interfaces import (
    ApplicationFailed,
    Applied,
    BadInput,
    Brake,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerTimeout,
    BugWatchActivity,
    BugWatchChange,
    BugWatchErrorType,
    DailyCounters,
    Exchange,
    FailureOwner,
    IBugTrackerInTrouble,
    IBugWatch,
    IBugWatchDuplicateFound,
    IBugWatchGone,
    IBugWatchMoved,
    IBugWatchRecovered,
    IBugWatchStatusChanged,
    KeptAnswer,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.model.kept import digest_of, pack
from malonewatch.testing import fresh_site

from ..fetching import apply, fail, fetched, preview

NEW = RemoteBug("42", "NEW", BugTaskStatus.CONFIRMED)
FIXED = RemoteBug("42", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED)
FULL = RemoteBug(
    "42",
    "RESOLVED FIXED",
    BugTaskStatus.FIXRELEASED,
    "P1 critical",
    BugTaskImportance.CRITICAL,
    "It crashes",
    "FIXED",
    datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
    "7",
    "https://new.example.com/show_bug.cgi?id=42",
    "etag",
    closed=True,
    guessed=True,
    private=True,
    date_closed=datetime(2024, 1, 2, tzinfo=timezone.utc),
    fixed_in="5.0",
)
NOT_FOUND = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")
PRIVATE = RemoteBugError("42", BugWatchErrorType.PRIVATE_REMOTE_BUG, "Bug 42 is private.")


@pytest.fixture
def changes(events):
    """The changes of status that are notified."""

    def changes():
        return [
            (
                event.object.id,
                event.old_remotestatus,
                event.new_remotestatus,
                event.old_status,
                event.new_status,
            )
            for event in events
            if IBugWatchStatusChanged.providedBy(event)
        ]

    return changes


def kinds(events):
    """The kinds of events about watches."""
    return [type(event).__name__ for event in events if IBugWatch.providedBy(event.object)]


@dataclasses.dataclass(frozen=True)
class Failing:
    """A subscriber of the application's that fails, for as long as the with block lasts."""

    kind: type = IObjectModifiedEvent

    def __call__(self, event):
        raise LookupError("Something of the application's.")

    def __enter__(self):
        getGlobalSiteManager().registerHandler(self, (self.kind,))

    def __exit__(self, *error):
        getGlobalSiteManager().unregisterHandler(self, (self.kind,))


# A bug that could be read.


def test_all_that_is_said_is_taken_over(tracker, watch, clock):
    applied = apply(tracker, [FULL], clock.tick(minutes=1))
    assert watch.remotestatus == "RESOLVED FIXED"
    assert watch.status is BugTaskStatus.FIXRELEASED
    assert watch.remote_importance == "P1 critical"
    assert watch.importance is BugTaskImportance.CRITICAL
    assert watch.remote_title == "It crashes"
    assert watch.resolution == "FIXED"
    assert watch.remote_modified == FULL.modified
    assert watch.duplicate_of == "7"
    assert watch.moved_to == "https://new.example.com/show_bug.cgi?id=42"
    assert (watch.closed, watch.guessed, watch.private) == (True, True, True)
    assert (watch.date_closed, watch.fixed_in) == (FULL.date_closed, "5.0")
    assert watch.lastchecked == watch.lastchanged == clock.moment
    assert watch.last_error_type is None
    change = BugWatchChange(
        *(watch.id, 1, "bugs", "42", None, "RESOLVED FIXED"),
        *(BugTaskStatus.UNKNOWN, BugTaskStatus.FIXRELEASED),
    )
    assert applied == Applied(checked=1, changes=[change])


def test_it_is_due_again_a_day_later(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment)
    assert timedelta(hours=22) <= watch.next_check - clock.moment <= timedelta(hours=23)


def test_what_is_not_said_any_more_is_gone(tracker, watch, clock):
    apply(tracker, [FULL], clock.moment)
    apply(tracker, [FIXED], clock.tick(days=1))
    assert (watch.remote_title, watch.resolution, watch.remote_importance) == ("", "", "")
    assert (watch.remote_modified, watch.duplicate_of, watch.moved_to) == (None, None, None)
    assert watch.importance is BugTaskImportance.UNKNOWN
    assert (watch.closed, watch.guessed, watch.private) == (None, False, False)
    assert (watch.date_closed, watch.fixed_in) == (None, "")


def test_a_change_of_status_is_notified_with_what_was_before(tracker, watch, clock, changes):
    apply(tracker, [NEW], clock.moment)
    apply(tracker, [FIXED], clock.tick(days=1))
    assert changes() == [
        (1, None, "NEW", BugTaskStatus.UNKNOWN, BugTaskStatus.CONFIRMED),
        (1, "NEW", "RESOLVED FIXED", BugTaskStatus.CONFIRMED, BugTaskStatus.FIXRELEASED),
    ]
    assert [entry.message for entry in watch.activity] == [
        "NEW -> RESOLVED FIXED",
        "nothing known -> NEW",
    ]


def test_the_event_provides_its_interface(tracker, watch, clock, events):
    apply(tracker, [NEW], clock.moment)
    (event,) = (event for event in events if IBugWatchStatusChanged.providedBy(event))
    verifyObject(IBugWatchStatusChanged, event)


def test_an_event_has_what_the_bug_tracker_told_as_it_came(tracker, watch, clock, events):
    told = NEW._replace(title="x" * 5000, raw={"id": 42})
    apply(tracker, [told], clock.moment)
    (event,) = (event for event in events if IBugWatchStatusChanged.providedBy(event))
    assert event.remote is told


@pytest.mark.parametrize(
    ("remote", "rule"),
    [
        (NEW, "table"),
        (NEW._replace(guessed=True), "flag"),
        (NEW._replace(status=BugTaskStatus.UNKNOWN), ""),
    ],
)
def test_the_history_says_how_the_status_changed_and_by_which_rule(
    tracker, watch, clock, remote, rule
):
    apply(tracker, [FIXED], clock.moment)
    apply(tracker, [remote], clock.tick(days=1))
    new, first = watch.activity
    assert new == BugWatchActivity(
        *(clock.moment, None, "RESOLVED FIXED -> NEW", "status", "RESOLVED FIXED", "NEW"),
        *(BugTaskStatus.FIXRELEASED, remote.status, rule),
    )
    assert (first.old_remotestatus, first.old_status) == (None, None)
    assert (first.new_remotestatus, first.new_status) == (FIXED.remotestatus, FIXED.status)


def test_a_subscriber_for_the_kind_of_object_is_notified(tracker, watch, clock):
    seen = []
    registry = getGlobalSiteManager()

    def subscriber(bugwatch, event):
        seen.append((bugwatch, event.new_remotestatus))

    registry.registerHandler(subscriber, (IBugWatch, IBugWatchStatusChanged))
    try:
        apply(tracker, [NEW], clock.moment)
    finally:
        registry.unregisterHandler(subscriber, (IBugWatch, IBugWatchStatusChanged))
    assert seen == [(watch, "NEW")]


def test_a_subscriber_sees_the_watch_as_it_is_now(tracker, watch, clock):
    seen = []
    registry = getGlobalSiteManager()

    def subscriber(event):
        seen.append((event.object.remotestatus, event.object.status, event.object.lastchecked))

    registry.registerHandler(subscriber, (IBugWatchStatusChanged,))
    try:
        apply(tracker, [NEW], clock.moment)
    finally:
        registry.unregisterHandler(subscriber, (IBugWatchStatusChanged,))
    assert seen == [("NEW", BugTaskStatus.CONFIRMED, clock.moment)]


def test_an_unchanged_answer_does_not_rewrite_the_watch(tracker, watch, clock, events):
    apply(tracker, [FULL], clock.moment)
    transaction.commit()
    serial = watch._p_serial
    events.clear()
    applied = apply(tracker, [FULL], clock.tick(days=1))
    assert applied == Applied(checked=1, brake=Brake(1))
    assert not watch._p_changed
    assert not tracker._p_changed
    transaction.commit()
    assert watch._p_serial == serial
    assert watch.lastchecked == clock.moment
    assert watch.lastchanged == clock.moment - timedelta(days=1)
    assert events == []


def test_another_validator_is_no_change(tracker, watch, clock):
    apply(tracker, [FULL], clock.moment)
    transaction.commit()
    apply(tracker, [FULL._replace(validator="other")], clock.tick(days=1))
    assert not watch._p_changed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("remote_importance", "P2"),
        ("importance", BugTaskImportance.LOW),
        ("title", "It burns"),
        ("resolution", "WONTFIX"),
        ("modified", datetime(2024, 2, 1, tzinfo=timezone.utc)),
        ("duplicate_of", None),
        ("moved_to", None),
        ("closed", False),
        ("guessed", False),
        ("private", False),
        ("date_closed", None),
        ("fixed_in", "5.1"),
    ],
)
def test_what_is_not_the_status_changes_without_being_news(
    tracker, watch, clock, events, field, value
):
    apply(tracker, [FULL], clock.moment)
    before = watch.activity
    events.clear()
    applied = apply(tracker, [FULL._replace(**{field: value})], clock.tick(days=1))
    # What moved is followed no further.
    follow = ("7",) if field == "moved_to" else ()
    assert applied == Applied(checked=1, brake=Brake(1), follow=follow)
    assert kinds(events) == ["ObjectModifiedEvent"]
    assert watch.activity == before
    assert watch.lastchanged == clock.moment - timedelta(days=1)


def test_the_same_status_with_another_meaning_is_a_change(tracker, watch, clock, changes):
    apply(tracker, [RemoteBug("42", "ODD")], clock.moment)
    apply(tracker, [RemoteBug("42", "ODD", BugTaskStatus.TRIAGED)], clock.tick(days=1))
    assert changes()[-1] == (1, "ODD", "ODD", BugTaskStatus.UNKNOWN, BugTaskStatus.TRIAGED)
    assert watch.activity[0].message == "ODD means Triaged, was Unknown"


def test_each_watch_on_a_remote_bug_is_told(tracker, bugs, watch, clock, changes):
    other = bugs.createBug().addWatch(tracker, "42", None)
    applied = apply(tracker, [NEW], clock.moment)
    assert applied.checked == 2
    assert [change.bug_id for change in applied.changes] == [1, 2]
    assert [change[0] for change in changes()] == [watch.id, other.id]
    assert watch.remotestatus == other.remotestatus == "NEW"


def test_a_watch_that_came_later_learns_it_too(tracker, bugs, watch, clock):
    apply(tracker, [NEW], clock.moment)
    other = bugs.createBug().addWatch(tracker, "42", None)
    applied = apply(tracker, [NEW], clock.tick(days=1))
    assert applied.checked == 2
    assert [change.watch_id for change in applied.changes] == [other.id]


def test_what_nobody_watches_is_ignored(tracker, bug, watch, clock):
    bug.removeWatch(watch)
    unchanged = RemoteBugUnchanged("42")
    for outcome in (NEW, NOT_FOUND, unchanged):
        assert apply(tracker, [outcome], clock.moment) == Applied()
        assert preview(tracker, [outcome], clock.moment) == Applied()


def test_many_at_once(tracker, bugs, clock):
    for number in range(250):
        bugs.createBug().addWatch(tracker, number, None)
    outcomes = [RemoteBug(str(number), f"S{number}") for number in range(250)]
    applied = apply(tracker, reversed(outcomes), clock.moment)
    assert applied.checked == len(applied.changes) == 250
    assert all(watch.remotestatus == f"S{watch.remotebug}" for watch in tracker.watches)
    assert tracker.countDue(clock.moment) == 0


@pytest.mark.parametrize("uri", ["memory://", None])
def test_a_watch_that_is_not_stored_yet_can_be_told(uri):
    from zope.component import getUtility

    from malonewatch.interfaces import IBugSet, IBugTrackerSet
    from malonewatch.model import BugTracker

    with fresh_site(uri):
        tracker = getUtility(IBugTrackerSet).add(
            BugTracker("bugs", "Bugs", "BUGZILLA", "https://bugs.example.com")
        )
        transaction.commit()
        watch = getUtility(IBugSet).createBug().addWatch(tracker, "42", None)
        apply(tracker, [NEW], watch.datecreated)
        transaction.commit()
        assert watch.remotestatus == "NEW"


def test_a_naive_time_of_change_is_refused(tracker, watch, clock):
    with pytest.raises(BadInput, match="has no time zone"):
        apply(tracker, [NEW._replace(modified=datetime(2024, 1, 2))], clock.moment)


# A transaction that is aborted.


@pytest.mark.parametrize("outcome", [FIXED, NOT_FOUND, RemoteBugUnchanged("42")])
def test_an_aborted_transaction_leaves_nothing(tracker, watch, clock, reopened, outcome):
    apply(tracker, [NEW], clock.moment, 0)
    transaction.commit()
    before = clock.moment
    apply(tracker, [outcome], clock.tick(days=1), 0)
    transaction.abort()
    for found in (watch, reopened(watch)):
        assert found.remotestatus == "NEW"
        assert found.lastchecked == found.lastchanged == before
        assert found.next_check < before + timedelta(days=1)
        assert found.last_error_type is None
        assert len(found.activity) == 1


# An application that fails.


@pytest.mark.parametrize("outcome", [FIXED, NOT_FOUND])
def test_a_subscriber_that_fails_leaves_nothing(tracker, watch, bugs, clock, outcome):
    other = bugs.createBug().addWatch(tracker, "41", None)
    transaction.commit()
    with Failing():
        with pytest.raises(ApplicationFailed, match=r"told of Bugs #4[12]: LookupError") as caught:
            apply(tracker, [NOT_FOUND._replace(remotebug="41"), outcome], clock.moment)
    assert type(caught.value.__cause__) is LookupError
    transaction.abort()
    for each in (watch, other):
        assert each.lastchecked is None
        assert each.last_error_type is None
        assert each.remotestatus is None
    assert tracker.countDue(clock.moment) == 2
    apply(tracker, [NOT_FOUND], clock.moment)
    transaction.commit()
    assert other.lastchecked is None


def test_a_subscriber_to_trouble_may_fail_as_well(tracker, clock):
    with Failing(IBugTrackerInTrouble):
        with pytest.raises(ApplicationFailed, match="told of Bugs: LookupError"):
            fail(tracker, BugTrackerTimeout("Late."), clock.moment)


@pytest.mark.parametrize("error", [ConflictError(), POSKeyError(b"\0" * 8)])
def test_what_the_storage_raises_is_not_the_applications_fault(tracker, watch, clock, error):
    def subscriber(event):
        raise error

    registry = getGlobalSiteManager()
    registry.registerHandler(subscriber, (IObjectModifiedEvent,))
    try:
        with pytest.raises(type(error)):
            apply(tracker, [NEW], clock.moment)
    finally:
        registry.unregisterHandler(subscriber, (IObjectModifiedEvent,))


REFUSED = RemoteBugError("42", BugWatchErrorType.APPLICATION_FAILED, "The application failed.")


def test_what_the_application_could_not_be_told_stays_due(tracker, watch, clock, events):
    apply(tracker, [NEW], clock.moment, 0)
    before = clock.moment
    due = watch.next_check
    events.clear()
    applied = apply(tracker, [REFUSED], clock.tick(days=1))
    assert (applied.checked, applied.failed) == (0, 1)
    assert [failure.error_type for failure in applied.failures] == [REFUSED.error_type]
    assert watch.last_error_type is BugWatchErrorType.APPLICATION_FAILED
    assert (watch.next_check, watch.lastchecked) == (due, before)
    assert watch.activity[0] == BugWatchActivity(
        clock.moment, REFUSED.error_type, "The application failed.", "error"
    )
    # It is the one who cannot be told.
    assert events == []
    # What it could not be told is asked for in full.
    _, (batch,) = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)
    assert batch.seen == {}


def test_that_the_application_failed_says_nothing_of_the_bug_tracker(tracker, watch, clock):
    fail(tracker, BugTrackerTimeout("Late."), clock.moment)
    apply(tracker, [REFUSED], clock.moment, 99.0)
    assert tracker.last_error_type is BugWatchErrorType.TIMEOUT
    assert tracker.clock_skew is None


def test_once_the_application_is_mended_it_is_told(tracker, watch, clock, changes):
    apply(tracker, [NEW], clock.moment)
    apply(tracker, [REFUSED], clock.tick(days=1))
    applied = apply(tracker, [FIXED], clock.tick(days=1))
    assert len(applied.changes) == 1
    assert changes()[-1][1:3] == ("NEW", "RESOLVED FIXED")
    assert watch.last_error_type is None


# A bug that could not be read.


def test_an_error_keeps_what_is_known(tracker, watch, clock, changes):
    apply(tracker, [FULL], clock.moment)
    applied = apply(tracker, [NOT_FOUND], clock.tick(days=1))
    assert watch.last_error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert watch.remotestatus == "RESOLVED FIXED"
    assert watch.status is BugTaskStatus.FIXRELEASED
    assert watch.remote_title == "It crashes"
    assert watch.lastchanged == clock.moment - timedelta(days=1)
    assert watch.activity[0] == BugWatchActivity(
        clock.moment, BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.", "error"
    )
    failure = BugWatchChange(
        *(watch.id, 1, "bugs", "42", "RESOLVED FIXED", "RESOLVED FIXED"),
        *(BugTaskStatus.FIXRELEASED, BugTaskStatus.FIXRELEASED),
        *(BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42."),
    )
    assert applied == Applied(failed=1, failures=[failure], brake=Brake(1, 1))
    assert len(changes()) == 1


def test_an_error_of_a_bug_that_was_never_read_is_a_modification(tracker, watch, clock, events):
    apply(tracker, [NOT_FOUND], clock.moment)
    assert kinds(events) == ["ObjectModifiedEvent"]


@pytest.mark.parametrize(
    "error_type",
    [
        BugWatchErrorType.BUG_NOT_FOUND,
        BugWatchErrorType.BUG_DELETED,
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
    ],
)
def test_a_bug_of_known_status_that_cannot_be_had_is_gone(
    tracker, watch, clock, events, error_type
):
    apply(tracker, [NEW], clock.moment)
    events.clear()
    apply(tracker, [RemoteBugError("42", error_type, "It is gone.")], clock.tick(days=1))
    (event,) = events
    verifyObject(IBugWatchGone, event)
    assert event.object is watch
    assert (event.error_type, event.message) == (error_type, "It is gone.")


@pytest.mark.parametrize(
    "error_type", [BugWatchErrorType.UNPARSABLE_BUG, BugWatchErrorType.BUG_MOVED]
)
def test_one_that_cannot_be_understood_is_not_gone(tracker, watch, clock, events, error_type):
    apply(tracker, [NEW], clock.moment)
    events.clear()
    apply(tracker, [RemoteBugError("42", error_type, "Hm.")], clock.tick(days=1))
    assert kinds(events) == ["ObjectModifiedEvent"]


def test_a_bug_is_gone_once(tracker, watch, clock, events):
    apply(tracker, [NEW], clock.moment)
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    events.clear()
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    apply(tracker, [PRIVATE], clock.tick(days=1))
    fail(tracker, BugTrackerTimeout("Late."), clock.tick(days=1), ["42"])
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    assert kinds(events) == ["ObjectModifiedEvent"] * 3
    apply(tracker, [NEW], clock.tick(days=1))
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    assert kinds(events)[3:] == ["BugWatchRecovered", "BugWatchGone"]


def test_errors_put_a_watch_off_for_longer_and_longer_up_to_a_week(tracker, watch, clock):
    waits = []
    for _ in range(300):
        apply(tracker, [NOT_FOUND], clock.tick(hours=1))
        assert watch.lastchecked == clock.moment
        waits.append(watch.next_check - clock.moment)
    assert timedelta(hours=20) < waits[0] < timedelta(hours=24)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) <= timedelta(days=7)
    assert min(waits[5:]) > timedelta(days=6)


def test_a_bug_that_can_be_read_again_is_in_order(tracker, watch, clock, events):
    apply(tracker, [FULL], clock.moment)
    for _ in range(5):
        apply(tracker, [NOT_FOUND], clock.tick(days=1))
    events.clear()
    apply(tracker, [FULL], clock.tick(days=1))
    assert watch.last_error_type is None
    assert watch.next_check - clock.moment <= timedelta(hours=23)
    assert watch.activity[0] == BugWatchActivity(
        clock.moment, None, "It can be read again.", "recovered"
    )
    assert kinds(events) == ["BugWatchRecovered"]
    (event,) = events
    verifyObject(IBugWatchRecovered, event)
    assert event.object is watch
    # It starts anew, should it fail again.
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    assert watch.next_check - clock.moment <= timedelta(hours=24)


def test_a_bug_that_came_back_changed_is_a_change(tracker, watch, clock, events, changes):
    apply(tracker, [NEW], clock.moment)
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    apply(tracker, [FIXED], clock.tick(days=1))
    assert watch.last_error_type is None
    assert watch.activity[0].message == "NEW -> RESOLVED FIXED"
    assert changes()[-1][1:3] == ("NEW", "RESOLVED FIXED")
    assert kinds(events)[-2:] == ["BugWatchStatusChanged", "BugWatchRecovered"]


MOVED = RemoteBugError("42", BugWatchErrorType.BUG_MOVED, "It moved.", "https://new.example.com/7")


def test_where_a_bug_moved_to_is_kept(tracker, watch, clock, events):
    apply(tracker, [MOVED], clock.moment)
    assert watch.moved_to == "https://new.example.com/7"
    assert watch.last_error_type is BugWatchErrorType.BUG_MOVED
    assert [(entry.kind, entry.message) for entry in watch.activity] == [
        ("error", "It moved."),
        ("moved", "https://new.example.com/7"),
    ]
    (event,) = (event for event in events if IBugWatch.providedBy(event.object))
    verifyObject(IBugWatchMoved, event)
    assert (event.object, event.moved_to) == (watch, "https://new.example.com/7")


def test_that_it_moved_is_news_once(tracker, watch, clock, events):
    apply(tracker, [MOVED], clock.moment)
    events.clear()
    apply(tracker, [MOVED], clock.tick(days=1))
    apply(tracker, [NEW._replace(moved_to=MOVED.moved_to)], clock.tick(days=1))
    assert [kind for kind in kinds(events) if kind == "BugWatchMoved"] == []
    assert len(watch.activity) == 3
    apply(tracker, [NEW._replace(moved_to="https://new.example.com/8")], clock.tick(days=1))
    assert kinds(events)[-1] == "BugWatchMoved"
    assert watch.activity[0].message == "https://new.example.com/8"


def test_a_duplicate_is_notified_once(tracker, watch, clock, events):
    apply(tracker, [NEW], clock.moment)
    events.clear()
    duplicate = NEW._replace(duplicate_of="7")
    apply(tracker, [duplicate], clock.tick(days=1))
    (event,) = events
    verifyObject(IBugWatchDuplicateFound, event)
    assert (event.object, event.duplicate_of) == (watch, "7")
    assert watch.activity[0] == BugWatchActivity(clock.moment, None, "7", "duplicate")
    apply(tracker, [duplicate._replace(title="Other")], clock.tick(days=1))
    assert kinds(events)[1:] == ["ObjectModifiedEvent"]


def test_all_that_happened_is_notified(tracker, watch, clock, events):
    apply(tracker, [FULL], clock.moment)
    assert kinds(events) == ["BugWatchStatusChanged", "BugWatchMoved", "BugWatchDuplicateFound"]
    assert [entry.kind for entry in watch.activity] == ["status", "duplicate", "moved"]


def test_another_error_takes_the_place_of_the_first(tracker, watch, clock):
    apply(tracker, [NOT_FOUND], clock.moment)
    apply(tracker, [PRIVATE], clock.tick(days=1))
    assert watch.last_error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert [entry.error_type for entry in watch.activity] == [
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
        BugWatchErrorType.BUG_NOT_FOUND,
    ]


# A bug that is as it was.


def test_a_known_bug_that_is_as_it_was_is_in_order(tracker, watch, clock):
    apply(tracker, [FULL], clock.moment)
    transaction.commit()
    applied = apply(tracker, [RemoteBugUnchanged("42")], clock.tick(days=1))
    assert applied == Applied(checked=1, brake=Brake(1))
    assert watch.lastchecked == clock.moment
    assert tracker.countDue(clock.moment) == 0
    assert not watch._p_changed


def test_a_watch_that_knows_nothing_stays_due(tracker, bugs, watch, clock):
    apply(tracker, [FULL], clock.moment)
    other = bugs.createBug().addWatch(tracker, "42", None)
    applied = apply(tracker, [RemoteBugUnchanged("42")], clock.tick(days=1))
    assert applied == Applied(checked=1, brake=Brake(1))
    assert other.lastchecked is None
    assert watch.lastchecked == clock.moment
    assert tracker.countDue(clock.moment) == 1


# What would be.

ids = st.sampled_from(["1", "2", "3", "4"])
outcomes = st.lists(
    st.builds(RemoteBugUnchanged, ids)
    | st.builds(
        lambda *values: RemoteBug(*values, title=values[1]),
        ids,
        st.sampled_from(["NEW", "FIXED"]),
        st.sampled_from(BugTaskStatus),
    )
    | st.builds(
        lambda *values: RemoteBugError(*values),
        ids,
        st.sampled_from(BugWatchErrorType),
        st.sampled_from(["One.", "Another."]),
    ),
    unique_by=lambda outcome: outcome.remotebug,
)


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=outcomes, after=outcomes)
def test_a_preview_is_what_applying_gives(tracker, bugs, clock, before, after):
    for remotebug in ("1", "2", "2", "3"):
        bugs.createBug().addWatch(tracker, remotebug, None)
    apply(tracker, before, clock.moment)
    transaction.commit()
    foreseen = dataclasses.replace(preview(tracker, after, clock.moment), foreseen=None)
    assert not tracker._p_jar._registered_objects
    assert dataclasses.asdict(foreseen) == dataclasses.asdict(
        apply(tracker, after, clock.tick(days=1))
    )
    transaction.abort()
    for watch in list(tracker.watches):
        watch.bug.removeWatch(watch)


def test_a_preview_notifies_nobody(tracker, watch, clock, events):
    preview(tracker, [NEW], clock.moment)
    preview(tracker, [NOT_FOUND], clock.moment)
    assert events == []


# What is kept.


def test_a_time_of_change_in_another_zone_is_the_same(tracker, watch, clock):
    apply(tracker, [FULL], clock.moment)
    transaction.commit()
    utc = FULL._replace(modified=FULL.modified.astimezone(timezone.utc))
    apply(tracker, [utc], clock.tick(days=1))
    assert not watch._p_changed


def test_what_is_kept_of_an_answer_is_bounded(tracker, watch, clock):
    long = NEW._replace(title="x" * 100_000, remotestatus="y" * 5000, moved_to="z" * 9000)
    apply(tracker, [long], clock.moment)
    assert len(watch.remote_title) == 1000
    assert len(watch.remotestatus) == 200
    assert len(watch.moved_to) == 2000
    # It is the same the next time.
    applied = apply(tracker, [long], clock.moment)
    assert applied.changes == []


class Text(str):
    """A kind of string of a parser's own."""


def test_strings_of_a_parsers_own_are_strings(tracker, watch, clock):
    apply(tracker, [NEW._replace(title=Text("A title"))], clock.moment)
    assert type(watch.remote_title) is str
    assert digest_of(NEW._replace(title=Text("A title"))) == digest_of(
        NEW._replace(title="A title")
    )


def test_a_failed_watch_recovers_after_the_bug_trackers_trouble(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment)
    apply(tracker, [PRIVATE], clock.moment)
    fail(tracker, BugTrackerTimeout("It is slow."), clock.moment, ["42"])
    apply(tracker, [NEW], clock.moment)
    assert watch.activity[0].message == "It can be read again."


# What a day costs and gives.


EXCHANGE = Exchange("GET", "https://bugs.example.com/rest/bug")


def test_what_was_done_is_counted_by_the_day(tracker, add_watches, clock):
    assert tracker.getDailyCounters() == []
    add_watches(3)
    new = [RemoteBug(remotebug, "NEW") for remotebug in "01"]
    lost = NOT_FOUND._replace(remotebug="2")
    apply(tracker, [*new, lost], clock.moment, exchanges=(EXCHANGE, EXCHANGE))
    apply(tracker, new, clock.tick(hours=1), exchanges=(EXCHANGE,))
    first = DailyCounters(date(2024, 5, 6), 3, 5, 2, {FailureOwner.WATCH: 1})
    assert tracker.getDailyCounters() == [first]
    clock.tick(days=1)
    fail(tracker, BugTrackerTimeout("Late."), clock.moment, "01", [REFUSED._replace(remotebug="2")])
    ours = RemoteBugError("2", BugWatchErrorType.UNKNOWN, "A fault of ours.")
    apply(tracker, [ours], clock.moment)
    failures = {FailureOwner.TRACKER: 1, FailureOwner.APPLICATION: 1, FailureOwner.US: 1}
    second = DailyCounters(date(2024, 5, 7), 0, 2, 0, failures)
    assert tracker.getDailyCounters() == [second, first]
    assert tracker.getDailyCounters(1) == [second]


def test_looking_at_the_counters_changes_nothing(tracker, clock):
    transaction.commit()
    tracker.getDailyCounters()
    tracker.preview(fetched(tracker, [], clock.moment))
    assert not tracker._p_jar._registered_objects


# What is kept of an answer.


def test_the_answer_that_said_something_new_is_kept(tracker, watch, clock, reopened):
    assert watch.answer is None
    apply(tracker, [NEW._replace(raw={"id": 42, "body": "x" * 10_000})], clock.moment)
    asked = clock.moment
    apply(tracker, [NEW._replace(raw={"id": 42, "votes": 7})], clock.tick(days=1))
    apply(tracker, [NOT_FOUND], clock.tick(days=1))
    assert (watch.answer.asked, watch.answer.record["id"]) == (asked, 42)
    assert watch.answer.record["body"].endswith("x…")
    assert reopened(watch).answer == watch.answer
    apply(tracker, [FIXED._replace(raw={"id": 42, "votes": 8})], clock.tick(days=1))
    assert watch.answer == KeptAnswer(clock.moment, {"id": 42, "votes": 8})


def test_nothing_secret_is_kept_of_an_answer(tracker, watch, clock):
    told = NEW._replace(raw={"id": 42, "url": "/rest/bug/42?token=sesame"})
    apply(tracker, [told], clock.moment, scrub=lambda text: text.replace("sesame", "***"))
    assert watch.answer.record == {"id": 42, "url": "/rest/bug/42?token=***"}


def test_an_answer_to_which_nothing_is_new_writes_nothing(tracker, watch, clock):
    apply(tracker, [NEW._replace(raw={"votes": 7})], clock.moment)
    transaction.commit()
    apply(tracker, [NEW._replace(raw={"votes": 8})], clock.tick(days=1))
    assert not watch._p_changed


def test_what_is_forgotten_of_a_bug_is_its_answer_too(tracker, watch, clock):
    apply(tracker, [NEW._replace(raw={"id": 42})], clock.moment)
    watch.reset()
    assert watch.answer is None


def test_there_is_no_answer_to_what_is_accepted_later(tracker, watch, clock):
    apply(tracker, [NEW._replace(raw={"id": 42})], clock.moment)
    tracker.ledger.hold("42", 0, pack(FIXED))
    tracker.acceptChanges(clock.tick(hours=1))
    assert (watch.remotestatus, watch.answer) == (FIXED.remotestatus, None)
