import pickle
from datetime import datetime, timedelta, timezone

import pytest
import transaction
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import (
    IObjectAddedEvent,
    IObjectCreatedEvent,
    IObjectModifiedEvent,
)
from zope.schema import getValidationErrors

from malonewatch.interfaces import (
    BadInput,
    BugTaskImportance,
    BugTaskStatus,
    BugWatchErrorType,
    IBugWatch,
    RemoteBug,
    RemoteBugError,
)

from ..fetching import apply

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
    closed=True,
    guessed=True,
    private=True,
    date_closed=datetime(2024, 1, 2, tzinfo=timezone.utc),
    fixed_in="5.0",
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
        watch.closed,
        watch.guessed,
        watch.private,
        watch.date_closed,
        watch.fixed_in,
        watch.lastchecked,
        watch.lastchanged,
        watch.last_error_type,
    ) == (
        *(None, "", BugTaskStatus.UNKNOWN, BugTaskImportance.UNKNOWN, "", ""),
        *(None, None, None, None, False, False, None, "", None, None, None),
    )


def test_it_provides_the_interface(watch):
    verifyObject(IBugWatch, watch)


def test_its_values_are_what_the_interface_says(tracker, watch, clock):
    apply(tracker, [KNOWN], clock.moment)
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
    apply(tracker, [KNOWN], clock.moment)
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
    apply(tracker, [KNOWN], clock.moment)
    events.clear()
    clock.tick(minutes=1)
    watch.reset()
    assert nothing_is_known_of(watch)
    assert watch.next_check == clock.moment
    (event,) = events
    assert IObjectModifiedEvent.providedBy(event)
    assert event.object is watch


def test_resetting_a_watch_that_is_not_loaded_yet(site, tracker, watch, clock):
    apply(tracker, [KNOWN], clock.moment)
    transaction.commit()
    site.connection.cacheMinimize()
    watch.reset()
    transaction.commit()
    site.connection.cacheMinimize()
    assert nothing_is_known_of(watch)
    assert watch.remotebug == "42"


def test_resetting_keeps_the_history(tracker, watch, clock):
    apply(tracker, [KNOWN], clock.moment)
    before = watch.activity
    watch.reset()
    assert watch.activity == before != []


def test_after_resetting_the_same_answer_is_news(tracker, watch, clock):
    apply(tracker, [KNOWN], clock.moment)
    watch.reset()
    applied = apply(tracker, [KNOWN], clock.moment)
    assert len(applied.changes) == 1
    assert watch.remotestatus == "RESOLVED FIXED"


def test_after_resetting_a_watch_is_asked_for_in_full(tracker, watch, clock):
    apply(tracker, [KNOWN], clock.moment, 0)
    watch.reset()
    _, (batch,) = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)
    assert (batch.since, batch.validators) == (None, {})


# History


def test_the_history_is_bounded_and_newest_first(tracker, watch, clock):
    for number in range(50):
        remote = RemoteBug("42", str(number), BugTaskStatus.NEW)
        apply(tracker, [remote], clock.tick(days=1))
    assert len(watch.activity) == 30
    assert watch.activity[0].message == "48 -> 49"
    assert watch.activity[0].date == clock.moment
    assert watch.activity[-1].message == "19 -> 20"


def test_the_same_failure_again_is_one_entry_and_no_write(tracker, watch, clock):
    failure = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")
    apply(tracker, [failure], clock.moment)
    transaction.commit()
    apply(tracker, [failure], clock.tick(days=1))
    assert not watch._p_changed
    assert len(watch.activity) == 1


def test_the_history_can_be_pruned(tracker, watch, clock):
    for number in range(5):
        remote = RemoteBug("42", str(number), BugTaskStatus.NEW)
        apply(tracker, [remote], clock.tick(days=1))
    assert watch.pruneActivity(clock.moment - timedelta(days=1)) == 3
    assert [entry.message for entry in watch.activity] == ["3 -> 4", "2 -> 3"]
    transaction.commit()
    assert watch.pruneActivity(clock.moment - timedelta(days=1)) == 0
    assert not watch._p_changed
    with pytest.raises(BadInput):
        watch.pruneActivity(datetime(2024, 5, 6))


# Records of other versions.


def values_in(watch):
    """What the record of a watch holds beside its bug tracker."""
    return pickle.loads(watch.__getstate__()[1])


def test_words_of_a_later_version_are_unknown(watch, reopened):
    values = values_in(watch)
    assert values.count("UNKNOWN") == 2
    changed = tuple("FROBBED" if value == "UNKNOWN" else value for value in values)
    watch.__setstate__((watch.bugtracker, pickle.dumps(changed)))
    watch._p_changed = True
    found = reopened(watch)
    assert found.status is BugTaskStatus.UNKNOWN
    assert found.importance is BugTaskImportance.UNKNOWN


def test_a_record_of_a_later_version_is_not_cut(watch):
    more = pickle.dumps((*values_in(watch), "more"))
    with pytest.raises(ValueError, match="longer"):
        watch.__setstate__((watch.bugtracker, more))


def test_a_record_of_the_first_version_lacks_some(tracker, watch, clock):
    apply(tracker, [KNOWN], clock.moment)
    watch.__setstate__((watch.bugtracker, *values_in(watch)[:-7]))
    assert (watch.closed, watch.guessed, watch.private) == (None, False, False)
    assert (watch.date_closed, watch.fixed_in, watch.answer) == (None, "", None)
    assert watch.remotestatus == "RESOLVED FIXED"


def test_a_record_of_before_answers_were_kept_lacks_that(tracker, watch, clock):
    apply(tracker, [KNOWN._replace(raw={"id": 42})], clock.moment)
    watch.__setstate__((watch.bugtracker, pickle.dumps(values_in(watch)[:-2])))
    assert (watch.answer, watch.closed) == (None, True)
