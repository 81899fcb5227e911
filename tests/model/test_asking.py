from datetime import timedelta

import pytest

from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchErrorType,
    DialectLearnt,
    Fetched,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnparsableBugTracker,
)
from malonewatch.model.schedule import OVERLAP

from ..fetching import apply, fail

NEW = RemoteBug("42", "NEW", BugTaskStatus.CONFIRMED)
NOT_FOUND = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")

# What is due.


def due(tracker, now, **values):
    """The remote ids in the batches."""
    values = {"batch_size": 0, "request_size": 100, **values}
    _, batches = tracker.getDueBatches(now, **values)
    return [batch.remotebugs for batch in batches]


def test_a_new_watch_is_due(tracker, watch, clock):
    assert tracker.countDue(clock.moment) == 1
    assert due(tracker, clock.moment) == [("42",)]


def test_a_watch_that_was_checked_is_not_due_for_23_hours(tracker, watch, clock):
    watch.lastchecked = clock.moment
    assert due(tracker, clock.moment + timedelta(hours=22, minutes=59)) == []
    assert due(tracker, clock.moment + timedelta(hours=23)) == [("42",)]


def test_those_due_for_longest_come_first(tracker, add_watches, clock):
    for watch, hours in zip(add_watches(4), [1, 4, 2, 3], strict=True):
        watch.next_check = clock.moment - timedelta(hours=hours)
    assert due(tracker, clock.moment) == [("1", "3", "2", "0")]
    count, batches = tracker.getDueBatches(clock.moment, 2, 100)
    assert count == 2
    assert [batch.remotebugs for batch in batches] == [("1", "3")]


def test_batches_are_no_larger_than_a_request(tracker, add_watches, clock):
    add_watches(5)
    assert due(tracker, clock.moment, request_size=2) == [("0", "1"), ("2", "3"), ("4",)]


def test_each_remote_bug_is_asked_for_once(tracker, bugs, owner, clock):
    for remotebug in ("42", "43", "42"):
        bugs.createBug().addWatch(tracker, remotebug, owner)
    count, batches = tracker.getDueBatches(clock.moment, 0, 100)
    assert count == 3
    assert [batch.remotebugs for batch in batches] == [("42", "43")]


def test_a_batch_says_whom_to_ask(tracker, watch, clock):
    tracker.dialect = "rest"
    _, (batch,) = tracker.getDueBatches(clock.moment, 0, 100)
    assert batch.tracker == tracker.facts
    assert batch.since is None
    assert batch.validators == {}


# Asking only for what changed.


def batches(tracker, clock, changed_since=True):
    return tracker.getDueBatches(clock.moment, 0, 100, changed_since)[1]


def test_of_a_known_bug_only_changes_are_asked_for(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment, 60)
    asked = clock.moment
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert batch.remotebugs == ("42",)
    # By the bug tracker's clock, with some time to spare.
    assert batch.since == asked + timedelta(seconds=60 - OVERLAP)
    (batch,) = batches(tracker, clock, changed_since=False)
    assert batch.since is None


@pytest.mark.parametrize("skew", [None, 301, -301, 86_400])
def test_a_clock_that_cannot_be_relied_on_is_not(tracker, watch, clock, skew):
    apply(tracker, [NEW], clock.moment, skew)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert batch.since is None


def test_after_an_error_the_bug_is_asked_for_in_full(tracker, watch, clock):
    apply(tracker, [NEW._replace(validator="etag")], clock.moment, 0)
    apply(tracker, [NOT_FOUND], clock.moment, 0)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert (batch.since, batch.validators) == (None, {})


def test_after_trouble_the_bug_is_asked_for_in_full(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment, 0)
    fail(tracker, BugTrackerConnectError("Down."), clock.moment, ["42"])
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert batch.since is None


def ask(tracker, clock, remotebug="42"):
    """Ask for what is due; whether the bug was asked for in full."""
    (batch,) = batches(tracker, clock)
    is_full = remotebug not in batch.seen
    outcome = RemoteBug(remotebug, "NEW") if is_full else RemoteBugUnchanged(remotebug)
    tracker.apply(Fetched(batch, clock.moment, (outcome,), clock_skew=0))
    return is_full


def test_a_bug_is_asked_for_in_full_when_the_last_full_answer_is_a_week_old(tracker, watch, clock):
    assert ask(tracker, clock)
    asked = []
    for _ in range(28):
        clock.tick(days=1)
        asked.append(ask(tracker, clock))
    assert asked == [False, False, False, False, False, False, True] * 4


@pytest.mark.parametrize(("days", "full"), [(2, 7), (3, 9), (6, 14), (7, 28), (14, 28), (300, 28)])
def test_however_often_it_is_asked_for(tracker, watch, clock, days, full):
    ask(tracker, clock)
    asked = []
    for _ in range(28):
        clock.tick(days=days)
        asked.append(ask(tracker, clock))
    assert sum(asked) == full


def test_what_changed_was_answered_in_full(tracker, watch, clock):
    ask(tracker, clock)
    for day in range(1, 20):
        clock.tick(days=1)
        (batch,) = batches(tracker, clock)
        assert "42" in batch.seen
        changed = RemoteBug("42", f"S{day}")
        tracker.apply(Fetched(batch, clock.moment, (changed,), clock_skew=0))


def test_that_a_validator_still_holds_is_an_answer_in_full(tracker, watch, clock):
    apply(tracker, [NEW._replace(validator="etag")], clock.moment, 0)
    clock.tick(days=8)
    (batch,) = batches(tracker, clock)
    assert (batch.seen, batch.validators) == ({}, {"42": "etag"})
    apply(tracker, [RemoteBugUnchanged("42")], clock.moment, 0)
    clock.tick(days=6)
    (batch,) = batches(tracker, clock)
    assert "42" in batch.seen


def test_each_bug_is_known_as_of_its_own_moment(tracker, bug, watch, clock):
    bug.addWatch(tracker, "7", None)
    for remotebug in ("42", "7"):
        apply(tracker, [RemoteBug(remotebug, "NEW")], clock.tick(hours=1), 0)
    asked = clock.moment
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    overlap = timedelta(seconds=OVERLAP)
    assert batch.seen == {"42": asked - timedelta(hours=1) - overlap, "7": asked - overlap}
    assert batch.since == asked - timedelta(hours=1) - overlap


def test_a_bug_with_a_new_watch_is_asked_for_in_full(tracker, bugs, watch, clock):
    apply(tracker, [NEW._replace(validator="etag")], clock.moment, 0)
    clock.tick(days=1)
    bugs.createBug().addWatch(tracker, "42", None)
    (batch,) = batches(tracker, clock)
    assert (batch.remotebugs, batch.since, batch.validators) == (("42",), None, {})


def test_whichever_of_its_watches_is_due_first(tracker, bugs, watch, clock):
    apply(tracker, [NEW._replace(validator="etag")], clock.moment, 0)
    other = bugs.createBug().addWatch(tracker, "42", None)
    clock.tick(days=1)
    for first, second in ((other, watch), (watch, other)):
        first.next_check = clock.moment - timedelta(hours=2)
        second.next_check = clock.moment - timedelta(hours=1)
        (batch,) = batches(tracker, clock)
        assert (batch.remotebugs, batch.since, batch.validators) == (("42",), None, {})


def test_what_is_known_and_what_is_not_are_in_batches_of_their_own(tracker, bugs, watch, clock):
    apply(tracker, [NEW], clock.moment, 0)
    clock.tick(days=1)
    bugs.createBug().addWatch(tracker, "7", None)
    assert [(batch.remotebugs, batch.since is None) for batch in batches(tracker, clock)] == [
        (("7",), True),
        (("42",), False),
    ]


def test_validators_go_along(tracker, bugs, watch, clock):
    bugs.createBug().addWatch(tracker, "7", None)
    answers = [NEW._replace(validator="etag"), NEW._replace(remotebug="7")]
    apply(tracker, answers, clock.moment)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock, changed_since=False)
    assert batch.validators == {"42": "etag"}
    apply(tracker, [NEW], clock.moment)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock, changed_since=False)
    assert batch.validators == {}


# Bugs that spoil the answers for others.


def asked(batches):
    return [(batch.remotebugs, batch.apart) for batch in batches]


@pytest.mark.parametrize(
    "spoiler",
    [
        RemoteBug("42", "NEW", apart=True),
        RemoteBugError("42", BugWatchErrorType.UNPARSABLE_BUG, "Odd.", apart=True),
    ],
)
def test_a_bug_that_spoils_answers_is_asked_for_apart_for_a_week(
    tracker, bug, watch, clock, spoiler
):
    bug.addWatch(tracker, "7", None)
    apply(tracker, [spoiler, RemoteBug("7", "NEW")], clock.moment)
    for _ in range(2):
        clock.tick(days=3)
        found = batches(tracker, clock)
        assert asked(found) == [(("7",), False), (("42",), True)]
        # Alone it spoils nothing, which says nothing of how it is among others.
        apply(tracker, [NEW], clock.moment, apart=True)
        apply(tracker, [RemoteBug("7", "NEW")], clock.moment)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert (sorted(batch.remotebugs), batch.apart) == (["42", "7"], False)


def test_one_that_still_spoils_them_then_is_asked_for_apart_for_another_week(tracker, watch, clock):
    for _ in range(3):
        apply(tracker, [NEW._replace(apart=True)], clock.moment)
        clock.tick(days=6)
        assert asked(batches(tracker, clock)) == [(("42",), True)]
        clock.tick(days=1)
        assert asked(batches(tracker, clock)) == [(("42",), False)]


def test_one_that_spoils_nothing_any_more_is_one_among_others(tracker, watch, clock):
    apply(tracker, [NEW._replace(apart=True)], clock.moment)
    apply(tracker, [NEW], clock.moment)
    clock.tick(days=1)
    assert asked(batches(tracker, clock)) == [(("42",), False)]


def test_one_that_is_asked_for_apart_takes_its_validator_along(tracker, watch, clock):
    apply(tracker, [NEW._replace(apart=True, validator="etag")], clock.moment)
    clock.tick(days=1)
    (batch,) = batches(tracker, clock)
    assert (batch.apart, batch.validators, batch.seen) == (True, {"42": "etag"}, {})


def test_those_that_are_asked_for_apart_are_in_batches_of_the_usual_size(tracker, bug, clock):
    for number in range(5):
        bug.addWatch(tracker, number, None)
    spoilers = [RemoteBug(str(number), "NEW", apart=True) for number in range(5)]
    apply(tracker, spoilers, clock.moment)
    clock.tick(days=1)
    _, found = tracker.getDueBatches(clock.moment, 0, 2)
    assert asked(found) == [(("0", "1"), True), (("2", "3"), True), (("4",), True)]


def test_what_nobody_watches_is_not_remembered(tracker, bug, watch, clock):
    apply(tracker, [NEW._replace(apart=True)], clock.moment)
    bug.removeWatch(watch)
    apply(tracker, [NEW._replace(apart=True)], clock.moment)
    bug.addWatch(tracker, "42", None)
    assert asked(batches(tracker, clock)) == [(("42",), False)]


# Dialects that may not be spoken any more.


def probing(tracker, clock):
    _, found = tracker.getDueBatches(clock.moment, 0, 1)
    return [batch.probe for batch in found]


@pytest.fixture
def two_bugs(tracker, bug, watch):
    bug.addWatch(tracker, "7", None)


def learn(tracker, dialect, moment):
    apply(tracker, [], moment, dialect=DialectLearnt(dialect, "It said so."))


def test_better_dialects_are_tried_again_after_a_week_by_one_batch(tracker, two_bugs, clock):
    learn(tracker, "xml", clock.moment)
    assert probing(tracker, clock) == [False, False]
    clock.tick(days=7)
    assert probing(tracker, clock) == [False, False]
    clock.tick(minutes=1)
    assert probing(tracker, clock) == [True, False]


def test_details_of_the_best_do_not_matter(make_tracker, bugs, clock):
    roundup = make_tracker("roundup", bugtrackertype=BugTrackerType.ROUNDUP)
    bugs.createBug().addWatch(roundup, 1, None)
    for dialect, probe in [("rest+issue+title", False), ("csv+issue+title", True)]:
        learn(roundup, dialect, clock.moment)
        clock.tick(days=8)
        assert probing(roundup, clock) == [probe]


def test_there_is_none_better_than_the_best(tracker, two_bugs, clock):
    learn(tracker, "jsonrpc", clock.moment)
    clock.tick(days=8)
    assert probing(tracker, clock) == [False, False]


def test_one_that_was_learnt_nobody_knows_when_is_doubted(tracker, two_bugs, clock):
    tracker.dialect = "xml"
    assert probing(tracker, clock) == [True, False]


def test_what_is_not_known_need_not_be_doubted(tracker, two_bugs, clock):
    assert probing(tracker, clock) == [False, False]


def test_nor_what_a_type_that_is_gone_spoke(tracker, two_bugs, clock, without_types):
    tracker.dialect = "xml"
    assert probing(tracker, clock) == [False, False]


def test_nothing_that_is_due_is_nothing_to_ask(tracker, clock):
    tracker.dialect = "xml"
    assert tracker.getDueBatches(clock.moment, 0, 100) == (0, [])


def test_the_best_is_doubted_once_its_answers_make_no_sense_again_and_again(
    tracker, two_bugs, clock
):
    learn(tracker, "jsonrpc", clock.moment)
    for probe in (False, False, True):
        fail(tracker, UnparsableBugTracker("no sense"), clock.moment, ["42"])
        assert probing(tracker, clock) == [probe, False]
    # That it cannot be reached says nothing of what it speaks.
    fail(tracker, BugTrackerTimeout("slow"), clock.moment, ["42"])
    assert probing(tracker, clock) == [False, False]
