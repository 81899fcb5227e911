"""Answers that would lose or close many bugs at once are held until they are confirmed."""

from datetime import timedelta

import pytest

from malonewatch.interfaces import (
    Applied,
    Brake,
    BrakeSettings,
    BugTaskStatus,
    BugTrackerTimeout,
    BugWatchChange,
    BugWatchErrorType,
    FailureOwner,
    IBugWatch,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    SuspiciousAnswer,
)

from ..fetching import apply, fail, fetched, preview

SUSPICIOUS = BugWatchErrorType.SUSPICIOUS_ANSWER


def known(watch):
    return RemoteBug(watch.remotebug, "NEW", BugTaskStatus.NEW, "P1", validator="etag")


def closed(watch, remotestatus="FIXED"):
    return RemoteBug(watch.remotebug, remotestatus, BugTaskStatus.FIXRELEASED, validator="new")


def lost(watch, error_type=BugWatchErrorType.BUG_NOT_FOUND):
    return RemoteBugError(watch.remotebug, error_type, f"There is no bug {watch.remotebug}.")


def hidden(watch):
    return lost(watch, BugWatchErrorType.PRIVATE_REMOTE_BUG)


def deleted(watch):
    return lost(watch, BugWatchErrorType.BUG_DELETED)


@pytest.fixture
def added(tracker, add_watches, clock):
    """Sixty watches, all of them known."""
    added = add_watches(60)
    apply(tracker, map(known, added), clock.moment, 0)
    clock.tick(days=1)
    return added


@pytest.fixture
def held(tracker, added, clock):
    """The same, after the bug tracker said that all are lost."""
    apply(tracker, map(lost, added), clock.moment)
    return added


def statuses(watches):
    return {(watch.remotestatus, watch.last_error_type) for watch in watches}


@pytest.mark.parametrize("outcome", [lost, hidden, deleted, closed])
def test_what_would_happen_to_too_many_at_once_is_held(tracker, added, clock, events, outcome):
    applied = apply(tracker, map(outcome, added), clock.moment)
    assert applied == Applied(held=60, brake=Brake(60, 60, True), trouble=applied.trouble)
    # Nothing happened to the watches, and they show why.
    assert statuses(added) == {("NEW", SUSPICIOUS)}
    assert all(watch.lastchecked == clock.moment - timedelta(days=1) for watch in added)
    assert {len(watch.activity) for watch in added} == {1}
    assert not any(IBugWatch.providedBy(event.object) for event in events)


def test_the_bug_tracker_is_in_trouble_then(tracker, trackers, held, clock):
    assert tracker.last_error_type is SUSPICIOUS
    assert tracker.last_error == (
        "https://bugs.example.com closed or lost 60 bugs at once; that is held back until it says "
        "so again."
    )
    assert tracker.activity[0].error_type is SUSPICIOUS
    # It could be asked, but it is no use to do so before it can be confirmed.
    assert tracker.failures == 0
    wait = tracker.next_attempt - clock.moment
    assert timedelta(hours=1) <= wait <= timedelta(hours=1, minutes=6)
    assert tracker.getDailyCounters(1)[0].failures == {FailureOwner.TRACKER: 1}


def test_it_is_not_that_it_could_not_be_asked(tracker, added, clock):
    fail(tracker, BugTrackerTimeout("Late."), clock.moment)
    apply(tracker, map(lost, added), clock.tick(hours=1))
    assert tracker.failures == 0
    assert tracker.next_attempt >= clock.moment + timedelta(hours=1)


def test_a_run_is_told_of_that_trouble(tracker, added, clock):
    applied = apply(tracker, map(lost, added), clock.moment)
    assert isinstance(applied.trouble, SuspiciousAnswer)
    assert str(applied.trouble) == tracker.last_error


@pytest.mark.parametrize(("count", "held"), [(19, 0), (20, 20), (25, 25)])
def test_few_are_not_too_many(tracker, added, clock, count, held):
    outcomes = [
        lost(watch) if number < count else known(watch) for number, watch in enumerate(added)
    ]
    applied = apply(tracker, outcomes, clock.moment)
    assert (applied.held, applied.failed) == (held, 0 if held else count)
    assert applied.checked == 60 - count


def test_nor_are_twenty_of_many(tracker, added, clock):
    applied = apply(tracker, map(lost, added[:20]), clock.moment, brake=Brake(41, 0))
    assert (applied.held, applied.failed) == (0, 20)


def test_the_rest_is_applied(tracker, added, clock):
    outcomes = [*map(lost, added[:30]), *(closed(watch) for watch in added[30:40])]
    outcomes += [known(watch)._replace(remotestatus="ASSIGNED") for watch in added[40:50]]
    outcomes += [lost(watch, BugWatchErrorType.UNPARSABLE_BUG) for watch in added[50:55]]
    outcomes += map(known, added[55:])
    applied = apply(tracker, outcomes, clock.moment)
    assert (applied.held, applied.failed, applied.checked) == (40, 5, 15)
    assert len(applied.changes) == 10
    assert statuses(added[:40]) == {("NEW", SUSPICIOUS)}
    assert statuses(added[40:50]) == {("ASSIGNED", None)}
    assert statuses(added[50:55]) == {("NEW", BugWatchErrorType.UNPARSABLE_BUG)}


def test_what_was_applied_before_it_was_too_many_stays(tracker, added, clock):
    first = apply(tracker, map(lost, added[:19]), clock.moment)
    assert (first.failed, first.brake) == (19, Brake(19, 19, False))
    second = apply(tracker, map(lost, added[19:40]), clock.moment, brake=first.brake)
    assert (second.held, second.brake) == (21, Brake(40, 40, True))
    # One is enough from there on.
    third = apply(tracker, map(lost, added[40:41]), clock.moment, brake=second.brake)
    assert (third.held, third.brake) == (1, Brake(41, 41, True))
    assert len(tracker.held) == 22


def test_everything_is_due_again_and_asked_for_in_full(tracker, added, clock):
    fine = apply(tracker, map(known, added[:20]), clock.moment, 0)
    bad = apply(tracker, map(lost, added[20:50]), clock.moment, 0, brake=fine.brake)
    apply(tracker, map(known, added[50:]), clock.moment, 0, brake=bad.brake)
    count, batches = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)
    assert count == 60
    assert all(batch.seen == {} for batch in batches)


def test_failures_are_due_again_too(tracker, added, clock):
    bad = apply(tracker, map(lost, added[:30]), clock.moment)
    error = lost(added[30], BugWatchErrorType.UNPARSABLE_BUG)
    apply(tracker, [error], clock.moment, brake=bad.brake)
    assert added[30].next_check == clock.moment


def test_what_is_held_is_asked_for_first(tracker, added, clock):
    for number, watch in enumerate(added):
        watch.next_check = clock.moment - timedelta(hours=number)
    apply(tracker, map(lost, added[:20]), clock.moment)
    _, (batch,) = tracker.getDueBatches(clock.moment, 20, 100)
    assert {int(remotebug) for remotebug in batch.remotebugs} == set(range(20))


def test_a_watch_that_is_seen_for_the_first_time_never_counts(tracker, add_watches, clock):
    added = add_watches(60)
    applied = apply(tracker, [*map(lost, added[:30]), *map(closed, added[30:])], clock.moment)
    assert (applied.held, applied.brake) == (0, Brake())


def test_a_first_sight_is_not_held_by_an_engaged_brake(tracker, added, bugs, clock):
    new = bugs.createBug().addWatch(tracker, "0", None)
    applied = apply(tracker, [closed(added[0])], clock.moment, brake=Brake(60, 60, True))
    assert (applied.held, applied.checked) == (1, 1)
    assert (new.remotestatus, added[0].remotestatus) == ("FIXED", "NEW")


def test_a_bug_that_was_lost_or_closed_already_does_not_count(tracker, added, clock):
    for number in range(0, 60, 15):
        apply(tracker, map(lost, added[number : number + 15]), clock.moment)
    applied = apply(tracker, map(hidden, added), clock.tick(days=1))
    assert (applied.held, applied.brake) == (0, Brake(60, 0))


@pytest.mark.parametrize("status", [BugTaskStatus.UNKNOWN, BugTaskStatus.INVALID])
def test_a_bug_that_was_not_open_is_not_closed(tracker, added, clock, status):
    odd = [RemoteBug(watch.remotebug, "ODD", status) for watch in added]
    for number in range(0, 60, 15):
        apply(tracker, odd[number : number + 15], clock.moment)
    applied = apply(tracker, map(closed, added), clock.tick(days=1))
    assert (applied.held, applied.brake) == (0, Brake(60, 0))


def test_the_numbers_are_the_sites_to_set(tracker, trackers, added, clock):
    trackers.brake_settings = BrakeSettings(2, 1, 60.0)
    assert apply(tracker, map(lost, added[:3]), clock.moment).held == 3
    assert apply(tracker, map(lost, added[:3]), clock.tick(minutes=1)).failed == 3


# The next time.


@pytest.mark.parametrize("outcome", [lost, closed])
def test_what_is_said_again_an_hour_later_is_applied(tracker, added, clock, events, outcome):
    apply(tracker, map(outcome, added), clock.moment)
    events.clear()
    applied = apply(tracker, map(outcome, added), clock.tick(hours=1))
    assert (applied.held, applied.trouble) == (0, None)
    assert applied.checked + applied.failed == 60
    assert applied.brake == Brake(60, 0)
    assert tracker.held == []
    expected = {("NEW", BugWatchErrorType.BUG_NOT_FOUND)} if outcome is lost else {("FIXED", None)}
    assert statuses(added) == expected
    assert all(watch.activity[0].date == clock.moment for watch in added)
    # The bug tracker is in order.
    assert (tracker.last_error_type, tracker.next_attempt) == (None, None)
    kinds = [type(event).__name__ for event in events]
    assert kinds.count("BugWatchGone" if outcome is lost else "BugWatchStatusChanged") == 60
    assert kinds[-1] == "BugTrackerRecovered"


@pytest.mark.parametrize("outcome", [lost, closed])
def test_what_is_said_again_sooner_is_not(tracker, added, clock, outcome):
    apply(tracker, map(outcome, added), clock.moment)
    for _ in range(2):
        # Even if it is a single bug that is asked for.
        clock.tick(minutes=29)
        assert apply(tracker, [outcome(added[0])], clock.moment).held == 1
    assert statuses(added) == {("NEW", SUSPICIOUS)}
    # What counts is when it was said first.
    assert tracker.next_attempt <= clock.moment + timedelta(minutes=2 + 6)
    assert apply(tracker, [outcome(added[0])], clock.tick(minutes=2)).held == 0


def test_all_of_it_can_be_confirmed_at_the_next_attempt(tracker, held, clock):
    apply(tracker, map(lost, held[:30]), clock.tick(minutes=30))
    applied = apply(tracker, [*map(lost, held[:30]), *map(closed, held[30:])], clock.moment)
    assert applied.held == 60
    clock.moment = tracker.next_attempt
    applied = apply(tracker, [*map(lost, held[:30]), *map(closed, held[30:])], clock.moment)
    assert applied.held == 0


def test_as_long_as_anything_is_held_the_bug_tracker_is_in_trouble(tracker, held, clock):
    before = tracker.next_attempt
    applied = apply(tracker, map(lost, held[:40]), clock.tick(hours=1))
    assert applied.failed == 40
    assert "lost 20 bugs" in str(applied.trouble)
    assert tracker.last_error == str(applied.trouble)
    assert tracker.next_attempt == before
    assert len(tracker.activity) == 1
    applied = apply(tracker, map(lost, held[40:]), clock.moment)
    assert applied.trouble is None
    assert tracker.last_error_type is None


@pytest.mark.parametrize("validator", ["etag", None])
def test_what_it_says_otherwise_is_dropped(tracker, add_watches, clock, validator):
    held = add_watches(60)
    outcomes = [known(watch)._replace(validator=validator) for watch in held]
    apply(tracker, outcomes, clock.moment)
    apply(tracker, map(lost, held), clock.tick(days=1))
    applied = apply(tracker, outcomes, clock.tick(minutes=5))
    assert (applied.checked, applied.changes, applied.trouble) == (60, [], None)
    assert tracker.held == []
    assert statuses(held) == {("NEW", None)}
    assert {len(watch.activity) for watch in held} == {1}
    # The next time it begins anew.
    assert apply(tracker, map(lost, held), clock.tick(hours=2)).held == 60


def test_another_thing_that_is_hard_to_believe_takes_its_place(tracker, held, clock):
    assert apply(tracker, map(closed, held), clock.tick(hours=1)).held == 60
    assert {change.new_remotestatus for change in tracker.held} == {"FIXED"}
    assert apply(tracker, map(closed, held), clock.tick(minutes=59)).held == 60
    assert apply(tracker, map(closed, held), clock.tick(minutes=1)).held == 0


def test_as_it_was_is_neither(tracker, held, clock):
    apply(tracker, [RemoteBugUnchanged(watch.remotebug) for watch in held], clock.tick(hours=1))
    assert len(tracker.held) == 60


def test_a_bug_tracker_that_is_down_says_nothing(tracker, held, clock):
    down = BugTrackerTimeout("Late.")
    remotebugs = [watch.remotebug for watch in held]
    applied = fail(tracker, down, clock.tick(hours=1), remotebugs)
    assert applied.trouble is down
    assert tracker.last_error_type is down.error_type
    assert len(tracker.held) == 60
    assert apply(tracker, map(lost, held), clock.tick(hours=1)).failed == 60
    assert tracker.last_error_type is None


def test_a_failing_application_says_nothing_either(tracker, held, clock):
    refused = lost(held[0], BugWatchErrorType.APPLICATION_FAILED)
    apply(tracker, [refused], clock.tick(hours=1))
    assert len(tracker.held) == 60
    assert apply(tracker, [lost(held[0])], clock.moment).failed == 1


def test_no_validator_is_kept_of_what_is_held(tracker, added, clock):
    apply(tracker, map(closed, added), clock.moment)
    # Not even if somebody says that nothing is wrong with them.
    for watch in added:
        watch.last_error_type = None
    _, (batch,) = tracker.getDueBatches(clock.moment, 0, 100)
    assert batch.validators == {}


def test_of_a_bug_that_nobody_watches_any_more_nothing_is_held(tracker, held, clock):
    for watch in held[1:]:
        watch.bug.removeWatch(watch)
    apply(tracker, [lost(held[0])], clock.tick(hours=1))
    assert tracker.held == []
    assert tracker.last_error_type is None


def test_a_clock_that_was_wrong_holds_nothing_for_ever(tracker, added, clock):
    apply(tracker, map(lost, added), clock.moment + timedelta(days=365))
    tracker.setClockBack(clock.moment)
    assert apply(tracker, map(lost, added), clock.tick(hours=1)).failed == 60


# Looking at it, and believing it.


def test_what_is_held_can_be_seen_by_watch(tracker, bugs, added, clock):
    other = bugs.createBug().addWatch(tracker, "7", None)
    apply(tracker, [known(other)], clock.moment)
    outcomes = [closed(watch) if watch is added[7] else lost(watch) for watch in added]
    apply(tracker, outcomes, clock.moment)
    changes = tracker.held
    assert [change.watch_id for change in changes] == [*range(1, 61), other.id]
    assert changes[0] == BugWatchChange(
        *(1, 1, "bugs", "0", "NEW", "NEW", BugTaskStatus.NEW, BugTaskStatus.NEW),
        *(BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 0.", True),
    )
    assert changes[7] == BugWatchChange(
        *(8, 8, "bugs", "7", "NEW", "FIXED", BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED),
        held=True,
    )
    assert changes[60] == changes[7]._replace(watch_id=other.id, bug_id=61)


def test_somebody_may_believe_it_without_asking_again(tracker, added, clock, events):
    outcomes = [*map(lost, added[:20]), *map(closed, added[20:])]
    apply(tracker, outcomes, clock.moment)
    events.clear()
    applied = tracker.acceptChanges(clock.tick(minutes=1))
    assert (applied.checked, applied.failed, applied.held) == (40, 20, 0)
    assert len(applied.changes) == 40
    assert tracker.held == []
    assert statuses(added) == {("NEW", BugWatchErrorType.BUG_NOT_FOUND), ("FIXED", None)}
    assert added[0].activity[0].date == added[30].lastchanged == clock.moment
    assert (tracker.last_error_type, tracker.next_attempt) == (None, None)
    assert [type(event).__name__ for event in events] == [
        *["BugWatchGone"] * 20,
        *["BugWatchStatusChanged"] * 40,
        "BugTrackerRecovered",
    ]


def test_where_nothing_is_held_there_is_nothing_to_believe(tracker, added, clock, events):
    assert tracker.acceptChanges(clock.moment) == Applied()
    assert events == []


def test_believing_it_does_not_end_other_trouble(tracker, held, clock):
    fail(tracker, BugTrackerTimeout("Late."), clock.moment)
    before = tracker.next_attempt
    assert tracker.acceptChanges(clock.moment).failed == 60
    assert tracker.last_error_type is BugWatchErrorType.TIMEOUT
    assert tracker.next_attempt == before


def test_a_preview_says_what_would_be_held(tracker, added, clock):
    foreseen = preview(tracker, map(lost, added), clock.moment)
    assert (foreseen.held, foreseen.brake) == (60, Brake(60, 60, True))
    assert isinstance(foreseen.trouble, SuspiciousAnswer)
    assert tracker.held == []
    # Nothing is different for it.
    applied = tracker.apply(fetched(tracker, map(lost, added), clock.moment), foreseen.brake)
    assert applied.held == 60
