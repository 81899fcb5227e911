"""What would close many watches that are followed is held like what would close them itself."""

import pytest

from malonewatch.interfaces import (
    Brake,
    BugTaskStatus,
    BugWatchErrorType,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    SuspiciousAnswer,
)

from ..fetching import apply, preview

SUSPICIOUS = BugWatchErrorType.SUSPICIOUS_ANSWER
COUNT = 30


def new(number):
    return RemoteBug(str(number), "NEW", BugTaskStatus.NEW)


def closed(number):
    return RemoteBug(str(number), "FIXED", BugTaskStatus.FIXRELEASED)


def duplicate(number, of):
    return RemoteBug(str(number), "DUPLICATE", BugTaskStatus.INVALID, duplicate_of=of)


def survivors(say, numbers=range(COUNT)):
    """That, of the bugs that survive."""
    return [say(100 + number) for number in numbers]


def same(numbers):
    return [RemoteBugUnchanged(str(number)) for number in numbers]


@pytest.fixture(params=["here", "elsewhere"])
def surviving(request, tracker, make_tracker):
    """The bug tracker that the bugs are on that survive."""
    return tracker if request.param == "here" else make_tracker("others")


@pytest.fixture
def open_watches(tracker, surviving, add_watches, clock):
    """Thirty watches on duplicates, each of another bug, which is open."""
    added = add_watches(COUNT)
    apply(tracker, [new(number) for number in range(COUNT)], clock.moment, 0)
    apply(tracker, _duplicates(tracker, surviving), clock.moment, 0)
    apply(surviving, survivors(new), clock.moment, 0)
    clock.tick(days=1)
    return added


def _duplicates(tracker, surviving):
    where = "" if surviving is tracker else f"{surviving.baseurl}/show_bug.cgi?id="
    return [duplicate(number, f"{where}{100 + number}") for number in range(COUNT)]


def statuses(watches):
    return {watch.remotestatus for watch in watches}


def test_what_would_close_too_many_is_held(surviving, open_watches, clock):
    applied = apply(surviving, survivors(closed), clock.moment)
    assert (applied.held, applied.changes) == (COUNT, [])
    assert applied.brake == Brake(COUNT, COUNT, True)
    assert isinstance(applied.trouble, SuspiciousAnswer)
    assert surviving.last_error_type is SUSPICIOUS
    assert statuses(open_watches) == {"NEW"}


def test_all_of_it_is_asked_for_at_the_next_attempt(surviving, open_watches, clock):
    fine = apply(surviving, survivors(new, range(5)), clock.moment)
    apply(surviving, survivors(closed, range(5, COUNT)), clock.moment, brake=fine.brake)
    _, batches = surviving.getDueBatches(surviving.next_attempt, 0, 100)
    asked = {name for batch in batches for name in batch.remotebugs}
    assert {str(100 + number) for number in range(COUNT)} <= asked


def test_what_is_said_again_an_hour_later_is_applied(surviving, open_watches, clock):
    apply(surviving, survivors(closed), clock.moment)
    assert apply(surviving, survivors(closed), clock.tick(minutes=59)).held == COUNT
    applied = apply(surviving, survivors(closed), clock.tick(minutes=1))
    assert (applied.held, applied.trouble, len(applied.changes)) == (0, None, COUNT)
    assert applied.brake == Brake(COUNT, 0)
    assert (surviving.held, surviving.last_error_type) == ([], None)
    assert statuses(open_watches) == {"FIXED"}


def test_what_is_said_otherwise_then_is_dropped(surviving, open_watches, clock):
    apply(surviving, survivors(closed), clock.moment)
    applied = apply(surviving, survivors(new), clock.tick(hours=1))
    assert (applied.held, applied.changes, applied.trouble) == (0, [], None)
    assert surviving.held == []


def test_a_single_one_is_asked_for_again_with_all_that_is_held(surviving, open_watches, clock):
    apply(surviving, survivors(closed), clock.moment)
    clock.tick(minutes=30)
    applied = apply(surviving, survivors(closed, range(1)), clock.moment)
    assert (applied.held, applied.brake.engaged) == (1, False)
    _, batches = surviving.getDueBatches(clock.moment, 0, 100)
    assert "100" in {name for batch in batches for name in batch.remotebugs}


def test_somebody_may_believe_it_without_asking_again(surviving, open_watches, clock):
    apply(surviving, survivors(closed), clock.moment)
    changes = surviving.held
    assert [change.watch_id for change in changes] == [watch.id for watch in open_watches]
    assert {(each.tracker, each.new_remotestatus, each.held) for each in changes} == {
        ("bugs", "FIXED", True)
    }
    before = surviving.getDailyCounters(1)[0].changes
    applied = surviving.acceptChanges(clock.tick(minutes=1))
    assert [each._replace(held=True) for each in applied.changes] == changes
    assert surviving.getDailyCounters(1)[0].changes - before == COUNT
    assert statuses(open_watches) == {"FIXED"}
    assert (surviving.held, surviving.last_error_type) == ([], None)


def test_the_rest_is_applied(surviving, open_watches, clock):
    outcomes = [*survivors(closed, range(25)), *survivors(_assigned, range(25, COUNT))]
    applied = apply(surviving, outcomes, clock.moment)
    assert (applied.held, len(applied.changes)) == (25, 5)
    assert statuses(open_watches[25:]) == {"ASSIGNED"}


def _assigned(number):
    return RemoteBug(str(number), "ASSIGNED", BugTaskStatus.INPROGRESS)


def test_few_are_not_too_many(surviving, open_watches, clock):
    assert apply(surviving, survivors(closed, range(19)), clock.moment).held == 0
    assert statuses(open_watches[:19]) == {"FIXED"}


def test_a_watch_that_is_asked_for_with_its_survivor_counts_once(tracker, clock, add_watches):
    add_watches(COUNT)
    apply(tracker, [new(number) for number in range(COUNT)], clock.moment, 0)
    apply(tracker, _duplicates(tracker, tracker), clock.moment, 0)
    apply(tracker, survivors(new), clock.moment, 0)
    outcomes = [*same(range(COUNT)), *survivors(closed, range(10))]
    assert apply(tracker, outcomes, clock.moment).brake == Brake(COUNT, 10)


def test_a_watch_that_nothing_is_known_of_never_counts(surviving, open_watches, clock):
    for watch in open_watches[1:]:
        watch.reset()
    applied = apply(surviving, survivors(closed), clock.moment)
    assert (applied.held, applied.brake) == (0, Brake(1, 1))


def test_nor_does_one_that_is_told_for_the_first_time(tracker, surviving, add_watches, clock):
    added = add_watches(COUNT)
    apply(tracker, _duplicates(tracker, surviving), clock.moment, 0)
    applied = apply(surviving, survivors(closed), clock.moment)
    # Until now they showed that they are duplicates, and so closed.
    assert (applied.held, applied.brake.suspicious) == (0, 0)
    assert statuses(added) == {"FIXED"}


def test_duplicates_of_what_cannot_be_read_are_held_too(tracker, surviving, add_watches, clock):
    added = add_watches(COUNT)
    apply(tracker, [new(number) for number in range(COUNT)], clock.moment, 0)
    apply(tracker, _duplicates(tracker, surviving), clock.moment, 0)
    assert apply(surviving, survivors(lost), clock.moment).held == COUNT
    assert statuses(added) == {"NEW"}
    assert {change.new_remotestatus for change in surviving.held} == {"DUPLICATE"}
    assert apply(surviving, survivors(lost), clock.tick(hours=1)).held == 0
    assert statuses(added) == {"DUPLICATE"}


def lost(number):
    return RemoteBugError(str(number), BugWatchErrorType.BUG_NOT_FOUND, "It is not there.")


def test_so_are_duplicates_of_what_is_known_to_be_closed(tracker, bugs, add_watches, clock):
    added = add_watches(COUNT)
    bugs.createBug().addWatch(tracker, 100, None)
    apply(tracker, [*map(new, range(COUNT)), closed(100)], clock.moment, 0)
    applied = apply(tracker, [duplicate(number, "100") for number in range(COUNT)], clock.moment)
    assert applied.held == COUNT
    assert statuses(added) == {"NEW"}


def test_a_bug_that_is_watched_and_followed_to_is_held_for_both(tracker, bugs, open_watches, clock):
    watched = [bugs.createBug().addWatch(tracker, 100 + number, None) for number in range(COUNT)]
    apply(tracker, survivors(new), clock.moment)
    here = open_watches[0].followed[0].tracker == "bugs"
    applied = apply(tracker, survivors(closed), clock.moment)
    assert applied.held == COUNT * (2 if here else 1)
    assert len(tracker.held) == applied.held
    assert statuses(open_watches) == statuses(watched) == {"NEW"}
    open_watches[0].bug.removeWatch(open_watches[0])
    count = COUNT * 2 - 1 if here else COUNT
    assert len(tracker.held) == count
    applied = apply(tracker, survivors(closed), clock.tick(hours=1))
    assert (len(applied.changes), tracker.held) == (count, [])


def test_what_the_watch_shows_itself_and_would_show_by_that_is_one_change(tracker, clock, bugs):
    for number in range(COUNT):
        bugs.createBug().addWatch(tracker, number, None)
    apply(tracker, [new(number) for number in range(COUNT)], clock.moment, 0)
    apply(tracker, _duplicates(tracker, tracker), clock.moment, 0)
    apply(tracker, survivors(new), clock.moment, 0)
    outcomes = [each._replace(title="Another") for each in _duplicates(tracker, tracker)]
    applied = apply(tracker, [*outcomes, *survivors(closed)], clock.moment)
    assert applied.brake == Brake(COUNT, COUNT, True)
    assert len(tracker.held) == COUNT


def test_of_a_bug_that_nobody_is_followed_to_any_more_nothing_is_held(
    surviving, open_watches, clock
):
    apply(surviving, survivors(closed), clock.moment)
    for watch in open_watches[1:]:
        watch.bug.removeWatch(watch)
    assert len(surviving.held) == 1
    assert len(surviving.ledger.held) == 1


def test_as_it_was_is_neither(surviving, open_watches, clock):
    apply(surviving, survivors(closed), clock.moment)
    apply(surviving, same(range(100, 100 + COUNT)), clock.tick(hours=1))
    assert len(surviving.held) == COUNT


def test_a_preview_says_what_would_be_held(surviving, open_watches, clock):
    applied = preview(surviving, survivors(closed), clock.moment)
    assert (applied.held, applied.brake) == (COUNT, Brake(COUNT, COUNT, True))
    assert surviving.held == []
