"""What becomes of what a bug tracker says: `IBugTracker.applyOutcomes` and its like."""

import dataclasses
from datetime import datetime, timedelta, timezone

import pytest
import transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from zope.component import getGlobalSiteManager
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import IObjectModifiedEvent

from malonewatch.interfaces import (
    Applied,
    BadInput,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerRateLimited,
    BugTrackerTimeout,
    BugWatchActivity,
    BugWatchChange,
    BugWatchErrorType,
    IBugWatch,
    IBugWatchStatusChanged,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.model.kept import digest_of
from malonewatch.model.schedule import OVERLAP
from malonewatch.testing import fresh_site

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
    return [
        "status" if IBugWatchStatusChanged.providedBy(event) else "modified"
        for event in events
        if IObjectModifiedEvent.providedBy(event)
    ]


# A bug that could be read.


def test_all_that_is_said_is_taken_over(tracker, watch, clock):
    applied = tracker.applyOutcomes([FULL], clock.tick(minutes=1))
    assert watch.remotestatus == "RESOLVED FIXED"
    assert watch.status is BugTaskStatus.FIXRELEASED
    assert watch.remote_importance == "P1 critical"
    assert watch.importance is BugTaskImportance.CRITICAL
    assert watch.remote_title == "It crashes"
    assert watch.resolution == "FIXED"
    assert watch.remote_modified == FULL.modified
    assert watch.duplicate_of == "7"
    assert watch.moved_to == "https://new.example.com/show_bug.cgi?id=42"
    assert watch.lastchecked == watch.lastchanged == clock.moment
    assert watch.last_error_type is None
    change = BugWatchChange(
        *(watch.id, 1, "bugs", "42", None, "RESOLVED FIXED"),
        *(BugTaskStatus.UNKNOWN, BugTaskStatus.FIXRELEASED),
    )
    assert applied == Applied(checked=1, changes=[change])


def test_it_is_due_again_a_day_later(tracker, watch, clock):
    tracker.applyOutcomes([NEW], clock.moment)
    assert timedelta(hours=22) <= watch.next_check - clock.moment <= timedelta(hours=23)


def test_what_is_not_said_any_more_is_gone(tracker, watch, clock):
    tracker.applyOutcomes([FULL], clock.moment)
    tracker.applyOutcomes([FIXED], clock.tick(days=1))
    assert (watch.remote_title, watch.resolution, watch.remote_importance) == ("", "", "")
    assert (watch.remote_modified, watch.duplicate_of, watch.moved_to) == (None, None, None)
    assert watch.importance is BugTaskImportance.UNKNOWN


def test_a_change_of_status_is_notified_with_what_was_before(tracker, watch, clock, changes):
    tracker.applyOutcomes([NEW], clock.moment)
    tracker.applyOutcomes([FIXED], clock.tick(days=1))
    assert changes() == [
        (1, None, "NEW", BugTaskStatus.UNKNOWN, BugTaskStatus.CONFIRMED),
        (1, "NEW", "RESOLVED FIXED", BugTaskStatus.CONFIRMED, BugTaskStatus.FIXRELEASED),
    ]
    assert [entry.message for entry in watch.activity] == [
        "NEW -> RESOLVED FIXED",
        "nothing known -> NEW",
    ]


def test_the_event_provides_its_interface(tracker, watch, clock, events):
    tracker.applyOutcomes([NEW], clock.moment)
    (event,) = (event for event in events if IBugWatchStatusChanged.providedBy(event))
    verifyObject(IBugWatchStatusChanged, event)


def test_a_subscriber_for_the_kind_of_object_is_notified(tracker, watch, clock):
    seen = []
    registry = getGlobalSiteManager()

    def subscriber(bugwatch, event):
        seen.append((bugwatch, event.new_remotestatus))

    registry.registerHandler(subscriber, (IBugWatch, IBugWatchStatusChanged))
    try:
        tracker.applyOutcomes([NEW], clock.moment)
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
        tracker.applyOutcomes([NEW], clock.moment)
    finally:
        registry.unregisterHandler(subscriber, (IBugWatchStatusChanged,))
    assert seen == [("NEW", BugTaskStatus.CONFIRMED, clock.moment)]


def test_an_unchanged_answer_does_not_rewrite_the_watch(tracker, watch, clock, events):
    tracker.applyOutcomes([FULL], clock.moment)
    transaction.commit()
    serial = watch._p_serial
    events.clear()
    applied = tracker.applyOutcomes([FULL], clock.tick(days=1))
    assert applied == Applied(checked=1)
    assert not watch._p_changed
    assert not tracker._p_changed
    transaction.commit()
    assert watch._p_serial == serial
    assert watch.lastchecked == clock.moment
    assert watch.lastchanged == clock.moment - timedelta(days=1)
    assert events == []


def test_another_validator_is_no_change(tracker, watch, clock):
    tracker.applyOutcomes([FULL], clock.moment)
    transaction.commit()
    tracker.applyOutcomes([FULL._replace(validator="other")], clock.tick(days=1))
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
    ],
)
def test_what_is_not_the_status_changes_without_being_news(
    tracker, watch, clock, events, field, value
):
    tracker.applyOutcomes([FULL], clock.moment)
    events.clear()
    applied = tracker.applyOutcomes([FULL._replace(**{field: value})], clock.tick(days=1))
    assert applied == Applied(checked=1)
    assert kinds(events) == ["modified"]
    assert len(watch.activity) == 1
    assert watch.lastchanged == clock.moment - timedelta(days=1)


def test_the_same_status_with_another_meaning_is_a_change(tracker, watch, clock, changes):
    tracker.applyOutcomes([RemoteBug("42", "ODD")], clock.moment)
    tracker.applyOutcomes([RemoteBug("42", "ODD", BugTaskStatus.TRIAGED)], clock.tick(days=1))
    assert changes()[-1] == (1, "ODD", "ODD", BugTaskStatus.UNKNOWN, BugTaskStatus.TRIAGED)
    assert watch.activity[0].message == "ODD means Triaged, was Unknown"


def test_each_watch_on_a_remote_bug_is_told(tracker, bugs, watch, clock, changes):
    other = bugs.createBug().addWatch(tracker, "42", None)
    applied = tracker.applyOutcomes([NEW], clock.moment)
    assert applied.checked == 2
    assert [change.bug_id for change in applied.changes] == [1, 2]
    assert [change[0] for change in changes()] == [watch.id, other.id]
    assert watch.remotestatus == other.remotestatus == "NEW"


def test_a_watch_that_came_later_learns_it_too(tracker, bugs, watch, clock):
    tracker.applyOutcomes([NEW], clock.moment)
    other = bugs.createBug().addWatch(tracker, "42", None)
    applied = tracker.applyOutcomes([NEW], clock.tick(days=1))
    assert applied.checked == 2
    assert [change.watch_id for change in applied.changes] == [other.id]


def test_what_nobody_watches_is_ignored(tracker, bug, watch, clock):
    bug.removeWatch(watch)
    unchanged = RemoteBugUnchanged("42")
    for outcome in (NEW, NOT_FOUND, unchanged):
        assert tracker.applyOutcomes([outcome], clock.moment) == Applied()
        assert tracker.previewOutcomes([outcome]) == Applied()


def test_many_at_once(tracker, bugs, clock):
    for number in range(250):
        bugs.createBug().addWatch(tracker, number, None)
    outcomes = [RemoteBug(str(number), f"S{number}") for number in range(250)]
    applied = tracker.applyOutcomes(reversed(outcomes), clock.moment)
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
        tracker.applyOutcomes([NEW], watch.datecreated)
        transaction.commit()
        assert watch.remotestatus == "NEW"


def test_a_naive_time_of_change_is_refused(tracker, watch, clock):
    with pytest.raises(BadInput, match="has no time zone"):
        tracker.applyOutcomes([NEW._replace(modified=datetime(2024, 1, 2))], clock.moment)


# A transaction that is aborted.


@pytest.mark.parametrize("outcome", [FIXED, NOT_FOUND, RemoteBugUnchanged("42")])
def test_an_aborted_transaction_leaves_nothing(tracker, watch, clock, reopened, outcome):
    tracker.applyOutcomes([NEW], clock.moment, 0)
    transaction.commit()
    before = clock.moment
    tracker.applyOutcomes([outcome], clock.tick(days=1), 0)
    transaction.abort()
    for found in (watch, reopened(watch)):
        assert found.remotestatus == "NEW"
        assert found.lastchecked == found.lastchanged == before
        assert found.next_check < before + timedelta(days=1)
        assert found.last_error_type is None
        assert len(found.activity) == 1


@pytest.mark.parametrize("outcome", [FIXED, NOT_FOUND])
def test_a_subscriber_that_fails_leaves_nothing(tracker, watch, bugs, clock, outcome):
    other = bugs.createBug().addWatch(tracker, "41", None)
    transaction.commit()
    registry = getGlobalSiteManager()

    def subscriber(event):
        raise LookupError(event.object)

    registry.registerHandler(subscriber, (IObjectModifiedEvent,))
    try:
        with pytest.raises(LookupError):
            tracker.applyOutcomes([NOT_FOUND._replace(remotebug="41"), outcome], clock.moment)
    finally:
        registry.unregisterHandler(subscriber, (IObjectModifiedEvent,))
    transaction.abort()
    for each in (watch, other):
        assert each.lastchecked is None
        assert each.last_error_type is None
        assert each.remotestatus is None
    assert tracker.countDue(clock.moment) == 2
    tracker.applyOutcomes([NOT_FOUND], clock.moment)
    transaction.commit()
    assert other.lastchecked is None


# A bug that could not be read.


def test_an_error_keeps_what_is_known(tracker, watch, clock, changes):
    tracker.applyOutcomes([FULL], clock.moment)
    applied = tracker.applyOutcomes([NOT_FOUND], clock.tick(days=1))
    assert watch.last_error_type is BugWatchErrorType.BUG_NOT_FOUND
    assert watch.remotestatus == "RESOLVED FIXED"
    assert watch.status is BugTaskStatus.FIXRELEASED
    assert watch.remote_title == "It crashes"
    assert watch.lastchanged == clock.moment - timedelta(days=1)
    assert watch.activity[0] == BugWatchActivity(
        clock.moment, BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42."
    )
    failure = BugWatchChange(
        *(watch.id, 1, "bugs", "42", "RESOLVED FIXED", "RESOLVED FIXED"),
        *(BugTaskStatus.FIXRELEASED, BugTaskStatus.FIXRELEASED),
        *(BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42."),
    )
    assert applied == Applied(failed=1, failures=[failure])
    assert len(changes()) == 1


def test_an_error_is_notified_as_a_modification(tracker, watch, clock, events):
    tracker.applyOutcomes([NOT_FOUND], clock.moment)
    assert kinds(events) == ["modified"]


def test_errors_put_a_watch_off_for_longer_and_longer_up_to_a_week(tracker, watch, clock):
    waits = []
    for _ in range(300):
        tracker.applyOutcomes([NOT_FOUND], clock.tick(hours=1))
        assert watch.lastchecked == clock.moment
        waits.append(watch.next_check - clock.moment)
    assert timedelta(hours=20) < waits[0] < timedelta(hours=24)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) <= timedelta(days=7)
    assert min(waits[5:]) > timedelta(days=6)


def test_a_bug_that_can_be_read_again_is_in_order(tracker, watch, clock, events):
    tracker.applyOutcomes([FULL], clock.moment)
    for _ in range(5):
        tracker.applyOutcomes([NOT_FOUND], clock.tick(days=1))
    events.clear()
    tracker.applyOutcomes([FULL], clock.tick(days=1))
    assert watch.last_error_type is None
    assert watch.next_check - clock.moment <= timedelta(hours=23)
    assert watch.activity[0] == BugWatchActivity(clock.moment, None, "It can be read again.")
    assert kinds(events) == ["modified"]
    # It starts anew, should it fail again.
    tracker.applyOutcomes([NOT_FOUND], clock.tick(days=1))
    assert watch.next_check - clock.moment <= timedelta(hours=24)


def test_a_bug_that_came_back_changed_is_a_change(tracker, watch, clock, changes):
    tracker.applyOutcomes([NEW], clock.moment)
    tracker.applyOutcomes([NOT_FOUND], clock.tick(days=1))
    tracker.applyOutcomes([FIXED], clock.tick(days=1))
    assert watch.last_error_type is None
    assert watch.activity[0].message == "NEW -> RESOLVED FIXED"
    assert changes()[-1][1:3] == ("NEW", "RESOLVED FIXED")


def test_where_a_bug_moved_to_is_kept(tracker, watch, clock):
    moved = RemoteBugError(
        "42", BugWatchErrorType.BUG_MOVED, "It moved.", "https://new.example.com/7"
    )
    tracker.applyOutcomes([moved], clock.moment)
    assert watch.moved_to == "https://new.example.com/7"
    assert watch.last_error_type is BugWatchErrorType.BUG_MOVED


def test_another_error_takes_the_place_of_the_first(tracker, watch, clock):
    tracker.applyOutcomes([NOT_FOUND], clock.moment)
    tracker.applyOutcomes([PRIVATE], clock.tick(days=1))
    assert watch.last_error_type is BugWatchErrorType.PRIVATE_REMOTE_BUG
    assert [entry.error_type for entry in watch.activity] == [
        BugWatchErrorType.PRIVATE_REMOTE_BUG,
        BugWatchErrorType.BUG_NOT_FOUND,
    ]


# A bug that is as it was.


def test_a_known_bug_that_is_as_it_was_is_in_order(tracker, watch, clock):
    tracker.applyOutcomes([FULL], clock.moment)
    transaction.commit()
    applied = tracker.applyOutcomes([RemoteBugUnchanged("42")], clock.tick(days=1))
    assert applied == Applied(checked=1)
    assert watch.lastchecked == clock.moment
    assert tracker.countDue(clock.moment) == 0
    assert not watch._p_changed


def test_a_watch_that_knows_nothing_stays_due(tracker, bugs, watch, clock):
    tracker.applyOutcomes([FULL], clock.moment)
    other = bugs.createBug().addWatch(tracker, "42", None)
    applied = tracker.applyOutcomes([RemoteBugUnchanged("42")], clock.tick(days=1))
    assert applied == Applied(checked=1)
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
    tracker.applyOutcomes(before, clock.moment)
    transaction.commit()
    preview = tracker.previewOutcomes(after)
    assert not tracker._p_jar._registered_objects
    assert dataclasses.asdict(preview) == dataclasses.asdict(
        tracker.applyOutcomes(after, clock.tick(days=1))
    )
    transaction.abort()
    for watch in list(tracker.watches):
        watch.bug.removeWatch(watch)


def test_a_preview_notifies_nobody(tracker, watch, events):
    tracker.previewOutcomes([NEW])
    tracker.previewOutcomes([NOT_FOUND])
    assert events == []


# A bug tracker in trouble.


def test_trouble_is_the_bug_trackers_and_not_its_watches(tracker, watch, clock, changes):
    tracker.applyOutcomes([FULL], clock.moment)
    due, checked = watch.next_check, watch.lastchecked
    trouble = BugTrackerTimeout("https://bugs.example.com did not answer within 30 seconds.")
    tracker.recordTrouble(trouble, clock.tick(days=1), ["42"])
    assert tracker.last_error_type is BugWatchErrorType.TIMEOUT
    assert tracker.last_error == str(trouble)
    assert tracker.failures == 1
    assert tracker.activity == [
        BugWatchActivity(clock.moment, BugWatchErrorType.TIMEOUT, str(trouble))
    ]
    # The watch shows it, and is else as it was.
    assert watch.last_error_type is BugWatchErrorType.TIMEOUT
    assert (watch.next_check, watch.lastchecked) == (due, checked)
    assert watch.remotestatus == "RESOLVED FIXED"
    assert len(watch.activity) == 1
    assert len(changes()) == 1


def test_trouble_does_not_rewrite_watches(tracker, watch, clock):
    transaction.commit()
    tracker.recordTrouble(BugTrackerTimeout("Late."), clock.moment, ["42"])
    assert not watch._p_changed


def test_watches_that_were_not_asked_for_show_nothing(tracker, bug, watch, clock):
    other = bug.addWatch(tracker, "43", None)
    tracker.recordTrouble(BugTrackerTimeout("Late."), clock.moment, ["43", "44"])
    assert watch.last_error_type is None
    assert other.last_error_type is BugWatchErrorType.TIMEOUT


def test_trouble_is_over_with_the_next_answer(tracker, watch, clock, events):
    tracker.recordTrouble(BugTrackerTimeout("Late."), clock.moment, ["42"])
    tracker.applyOutcomes([NEW], clock.tick(hours=1))
    tracker.recordAnswer(clock.moment, "rest", 0.0)
    assert (tracker.last_error_type, tracker.last_error) == (None, None)
    assert (tracker.failures, tracker.next_attempt) == (0, None)
    assert watch.last_error_type is None
    assert tracker.activity[0] == BugWatchActivity(clock.moment, None, "It can be asked again.")
    assert [entry.message for entry in watch.activity] == ["nothing known -> NEW"]


def test_trouble_that_is_over_is_no_recovery_of_the_watch(tracker, watch, clock):
    tracker.applyOutcomes([NEW], clock.moment)
    tracker.recordTrouble(BugTrackerTimeout("Late."), clock.tick(days=1), ["42"])
    transaction.commit()
    tracker.applyOutcomes([NEW], clock.tick(hours=1))
    assert watch.last_error_type is None
    assert not watch._p_changed


def test_the_same_trouble_again_is_one_entry(tracker, clock, events):
    for _ in range(3):
        tracker.recordTrouble(BugTrackerTimeout("Late."), clock.tick(hours=1))
    assert len(tracker.activity) == 1
    assert tracker.failures == 3
    assert kinds(events) == ["modified"]


def test_the_history_of_a_bug_tracker_is_bounded(tracker, clock):
    for _ in range(50):
        tracker.recordTrouble(BugTrackerTimeout("Late."), clock.tick(hours=1))
        tracker.recordAnswer(clock.tick(hours=1), None)
    assert len(tracker.activity) == 30
    assert tracker.activity[0].date == clock.moment


def test_trouble_leaves_it_alone_for_longer_and_longer_up_to_some_hours(tracker, clock):
    waits = []
    for _ in range(50):
        tracker.recordTrouble(BugTrackerTimeout("Late."), clock.tick(hours=1))
        waits.append(tracker.next_attempt - clock.moment)
    assert timedelta(minutes=4) < waits[0] < timedelta(minutes=6)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) < timedelta(hours=7)
    assert min(waits[10:]) > timedelta(hours=5)


def test_retry_after_is_honoured(tracker, clock):
    tracker.recordTrouble(BugTrackerRateLimited("Slow.", retry_after=36_000), clock.moment)
    assert tracker.next_attempt == clock.moment + timedelta(hours=10)


def test_a_short_retry_after_does_not_shorten_the_wait(tracker, clock):
    tracker.recordTrouble(BugTrackerRateLimited("Slow.", retry_after=1), clock.moment)
    assert tracker.next_attempt > clock.moment + timedelta(minutes=4)


@pytest.mark.parametrize("retry_after", [1e12, float("inf")])
def test_no_retry_after_is_longer_than_a_week(tracker, clock, retry_after):
    trouble = BugTrackerRateLimited("Slow.", retry_after=retry_after)
    tracker.recordTrouble(trouble, clock.moment)
    assert tracker.next_attempt == clock.moment + timedelta(days=7)


def test_an_answer_is_written_once(tracker, clock):
    tracker.recordAnswer(clock.moment, "rest", 0.4)
    transaction.commit()
    tracker.recordAnswer(clock.tick(days=1), "rest", -0.7)
    assert not tracker._p_changed


def test_the_dialect_is_kept(tracker, clock):
    tracker.recordAnswer(clock.moment, "rest")
    assert tracker.dialect == "rest"
    tracker.recordAnswer(clock.moment, "xml")
    assert tracker.dialect == "xml"


# A bug tracker whose clock is off.


@pytest.mark.parametrize(
    ("skew", "words"),
    [(1800, "30 minutes ahead of"), (-7200, "120 minutes behind")],
)
def test_a_clock_that_is_off_is_noted(tracker, clock, skew, words):
    tracker.recordAnswer(clock.moment, "rest", skew)
    assert tracker.clock_skew == skew
    assert tracker.last_error_type is BugWatchErrorType.CLOCK_SKEW
    assert tracker.last_error == (
        f"The clock of https://bugs.example.com is {words} this machine's."
    )
    assert tracker.activity[0].error_type is BugWatchErrorType.CLOCK_SKEW
    # It can be asked all the same.
    assert (tracker.failures, tracker.next_attempt) == (0, None)


def test_a_clock_that_drifts_is_one_entry(tracker, clock):
    for minutes in (30, 33, 36):
        tracker.recordAnswer(clock.tick(days=1), "rest", 60.0 * minutes)
    assert "36 minutes" in tracker.last_error
    assert len(tracker.activity) == 1


def test_a_clock_that_was_set_right_is_trouble_over(tracker, clock):
    tracker.recordAnswer(clock.moment, "rest", 1800.0)
    tracker.recordAnswer(clock.moment, "rest", 2.0)
    assert tracker.clock_skew == 2
    assert tracker.last_error_type is None


def test_a_clock_that_is_a_little_off_is_in_order(tracker, clock):
    tracker.recordAnswer(clock.moment, "rest", 299.0)
    assert tracker.clock_skew == 299
    assert tracker.last_error_type is None


def test_a_server_that_tells_no_time_leaves_what_is_known_of_its_clock(tracker, clock):
    tracker.recordAnswer(clock.moment, "rest", 100.0)
    tracker.recordAnswer(clock.moment, "rest", None)
    assert tracker.clock_skew == 100


def test_answers_of_a_clock_that_is_off_are_used(tracker, watch, clock):
    tracker.applyOutcomes([NEW], clock.moment, 86_400.0)
    assert watch.remotestatus == "NEW"
    assert watch.lastchecked == clock.moment


# Asking only for what changed.


@pytest.fixture
def on_a_common_day(tracker, watch, clock):
    """A day on which the watch is not checked in full just in case."""
    from malonewatch.model.schedule import day_of, is_full_check
    from malonewatch.model.times import to_seconds

    while is_full_check(watch.slot, day_of(to_seconds(clock.moment))):
        clock.tick(days=1)
    clock.tick(days=-1)
    return watch


def batches(tracker, clock, changed_since=True):
    return tracker.getDueBatches(clock.moment, 0, 100, changed_since)[1]


def test_of_a_known_bug_only_changes_are_asked_for(tracker, on_a_common_day, clock):
    tracker.applyOutcomes([NEW], clock.moment, 60)
    asked = clock.moment
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert batch.remotebugs == ("42",)
    # By the bug tracker's clock, with some time to spare.
    assert batch.since == asked + timedelta(seconds=60 - OVERLAP)
    (batch,) = batches(tracker, clock, changed_since=False)
    assert batch.since is None


@pytest.mark.parametrize("skew", [None, 301, -301, 86_400])
def test_a_clock_that_cannot_be_relied_on_is_not(tracker, on_a_common_day, clock, skew):
    tracker.applyOutcomes([NEW], clock.moment, skew)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert batch.since is None


def test_after_an_error_the_bug_is_asked_for_in_full(tracker, on_a_common_day, clock):
    tracker.applyOutcomes([NEW._replace(validator="etag")], clock.moment, 0)
    tracker.applyOutcomes([NOT_FOUND], clock.moment, 0)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert (batch.since, batch.validators) == (None, {})


def test_after_trouble_the_bug_is_asked_for_in_full(tracker, on_a_common_day, clock):
    tracker.applyOutcomes([NEW], clock.moment, 0)
    tracker.recordTrouble(BugTrackerConnectError("Down."), clock.moment, ["42"])
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert batch.since is None


def test_once_a_week_a_bug_is_asked_for_in_full(tracker, watch, clock):
    full = 0
    for _ in range(28):
        tracker.applyOutcomes([NEW], clock.moment, 0)
        clock.tick(days=1)
        (batch,) = batches(tracker, clock)
        full += batch.since is None
    assert full == 4


def test_a_bug_with_a_new_watch_is_asked_for_in_full(tracker, bugs, on_a_common_day, clock):
    tracker.applyOutcomes([NEW._replace(validator="etag")], clock.moment, 0)
    clock.tick(days=1)
    bugs.createBug().addWatch(tracker, "42", None)
    (batch,) = batches(tracker, clock)
    assert (batch.remotebugs, batch.since, batch.validators) == (("42",), None, {})


def test_whichever_of_its_watches_is_due_first(tracker, bugs, on_a_common_day, clock):
    tracker.applyOutcomes([NEW._replace(validator="etag")], clock.moment, 0)
    other = bugs.createBug().addWatch(tracker, "42", None)
    clock.tick(days=1)
    for watch in (other, on_a_common_day):
        watch.next_check = clock.tick(minutes=-1)
        (batch,) = batches(tracker, clock)
        assert (batch.remotebugs, batch.since, batch.validators) == (("42",), None, {})
        clock.tick(minutes=1)


def test_what_is_known_and_what_is_not_are_in_batches_of_their_own(
    tracker, bugs, on_a_common_day, clock
):
    tracker.applyOutcomes([NEW], clock.moment, 0)
    clock.tick(days=1)
    bugs.createBug().addWatch(tracker, "7", None)
    assert [(batch.remotebugs, batch.since is None) for batch in batches(tracker, clock)] == [
        (("7",), True),
        (("42",), False),
    ]


def test_validators_go_along(tracker, bugs, on_a_common_day, clock):
    bugs.createBug().addWatch(tracker, "7", None)
    answers = [NEW._replace(validator="etag"), NEW._replace(remotebug="7")]
    tracker.applyOutcomes(answers, clock.moment)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock, changed_since=False)
    assert batch.validators == {"42": "etag"}
    tracker.applyOutcomes([NEW], clock.moment)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock, changed_since=False)
    assert batch.validators == {}


# Digests

texts = st.text(max_size=4) | st.sampled_from(["", "\0", "None"])
remotes = st.builds(
    RemoteBug,
    st.just("42"),
    texts,
    st.sampled_from(BugTaskStatus),
    texts,
    st.sampled_from(BugTaskImportance),
    texts,
    texts,
    st.none() | st.datetimes(timezones=st.just(timezone.utc)),
    st.none() | texts,
    st.none() | texts,
    st.none() | texts,
)


@settings(deadline=None)
@given(remotes, remotes, st.sets(st.sampled_from(RemoteBug._fields[1:-1])))
def test_digests_differ_where_any_field_does(one, other, fields):
    other = one._replace(**{field: getattr(other, field) for field in fields})
    assume(one[:-1] != other[:-1])
    assert digest_of(one) != digest_of(other)


@settings(deadline=None)
@given(remotes, st.none() | texts)
def test_equal_answers_have_equal_digests(remote, validator):
    # Made anew, as the strings of another answer are.
    again = RemoteBug(
        *("".join(list(value)) if type(value) is str else value for value in remote[:-1]),
        validator,
    )
    assert digest_of(remote) == digest_of(again)
    assert 0 < digest_of(remote) < 2**64


def test_a_time_of_change_in_another_zone_is_the_same(tracker, watch, clock):
    tracker.applyOutcomes([FULL], clock.moment)
    transaction.commit()
    utc = FULL._replace(modified=FULL.modified.astimezone(timezone.utc))
    tracker.applyOutcomes([utc], clock.tick(days=1))
    assert not watch._p_changed


def test_what_is_kept_of_an_answer_is_bounded(tracker, watch, clock):
    long = NEW._replace(title="x" * 100_000, remotestatus="y" * 5000, moved_to="z" * 9000)
    tracker.applyOutcomes([long], clock.moment)
    assert len(watch.remote_title) == 1000
    assert len(watch.remotestatus) == 200
    assert len(watch.moved_to) == 2000
    # It is the same the next time.
    applied = tracker.applyOutcomes([long], clock.moment)
    assert applied.changes == []


class Text(str):
    """A kind of string of a parser's own."""


def test_strings_of_a_parsers_own_are_strings(tracker, watch, clock):
    tracker.applyOutcomes([NEW._replace(title=Text("A title"))], clock.moment)
    assert type(watch.remote_title) is str
    assert digest_of(NEW._replace(title=Text("A title"))) == digest_of(
        NEW._replace(title="A title")
    )


def test_a_failed_watch_recovers_after_the_bug_trackers_trouble(tracker, watch, clock):
    tracker.applyOutcomes([NEW], clock.moment)
    tracker.applyOutcomes([PRIVATE], clock.moment)
    tracker.recordTrouble(BugTrackerTimeout("It is slow."), clock.moment, ["42"])
    tracker.applyOutcomes([NEW], clock.moment)
    assert watch.activity[0].message == "It can be read again."
