"""How often watches are checked, as it stands in the database."""

from datetime import timedelta

import pytest
import transaction

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugTrackerType,
    BugWatchErrorType,
    Freshness,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model.checking import checks_of
from malonewatch.model.pacing import Scale
from malonewatch.model.pages import NamesPage
from malonewatch.model.times import to_seconds

from ..fetching import apply

DAY = timedelta(days=1)
OPEN, CLOSED = BugTaskStatus.CONFIRMED, BugTaskStatus.FIXRELEASED


def remote(name, modified, status=OPEN):
    return RemoteBug(name, status.name, status, modified=modified)


@pytest.fixture
def many(trackers, bug):
    """A bug tracker that has to be asked for each of its bugs, of which 60 are watched."""
    tracker = trackers.ensureBugTracker(
        "https://pagure.example.com", None, BugTrackerType.PAGURE, name="many"
    )
    for number in range(60):
        bug.addWatch(tracker, f"project#{number + 1}", None)
    return tracker


def watch_on(tracker, number):
    return tracker.watches_on(f"project#{number}")[0]


def ask_all(tracker, clock, days=10):
    """Let bug number n be one that changed that many times n days ago."""
    names = [f"project#{number}" for number in range(1, 61)]
    modified = [clock.moment - days * DAY * number for number in range(1, 61)]
    apply(tracker, list(map(remote, names, modified)), clock.moment)


def wait(tracker, number, clock):
    return watch_on(tracker, number).next_check - clock.moment


def test_what_changed_lately_is_asked_for_sooner(many, clock):
    ask_all(many, clock)
    assert wait(many, 1, clock) < timedelta(hours=12) < DAY < wait(many, 60, clock) <= 3 * DAY
    assert watch_on(many, 3).quiet_since == clock.moment - 30 * DAY


def test_as_many_requests_are_made_as_one_check_of_each_takes(many, clock):
    for _ in range(3):
        ask_all(many, clock)
    assert many.requests == 60
    a_day = sum(DAY / wait(many, number, clock) for number in range(1, 61))
    # All at once, which is not how they come, so it is learnt but roughly.
    assert 45 < a_day < 95


def test_a_person_can_allow_more_requests(many, clock):
    ask_all(many, clock)
    before = wait(many, 60, clock)
    many.freshness = Freshness(budget=600)
    ask_all(many, clock)
    assert many.requests == 600
    assert wait(many, 60, clock) < before / 2


def test_a_bug_of_which_nothing_says_when_it_changed_did_so_when_that_was_noticed(
    tracker, watch, clock
):
    assert watch.quiet_since is None
    apply(tracker, [remote("42", None)], clock.moment)
    first = clock.moment
    assert watch.quiet_since == first
    clock.tick(days=2)
    apply(tracker, [remote("42", None)], clock.moment)
    assert watch.quiet_since == first
    apply(tracker, [remote("42", None, CLOSED)], clock.moment)
    assert watch.quiet_since == clock.moment


def test_since_when_a_bug_is_quiet_is_told_to_the_second(tracker, watch, clock):
    odd = clock.moment.replace(second=1, microsecond=0)
    apply(tracker, [remote("42", odd)], clock.moment)
    assert watch.quiet_since == watch.remote_modified == odd
    clock.moment = odd + DAY
    apply(tracker, [remote("42", None, CLOSED)], clock.moment)
    assert watch.quiet_since == watch.lastchanged == clock.moment
    assert checks_of([watch], {})[0].quiet_since == clock.moment
    # Of another title nothing else tells when it came.
    clock.tick(days=1)
    apply(tracker, [remote("42", None, CLOSED)._replace(title="New")], clock.moment)
    assert watch.quiet_since == clock.moment - timedelta(seconds=1)


def test_no_bug_is_quiet_since_a_time_to_come(tracker, watch, clock):
    apply(tracker, [remote("42", clock.moment + DAY)], clock.moment)
    assert watch.quiet_since == clock.moment


def test_a_bug_tracker_that_sends_events_is_hardly_asked(many, clock):
    many._lasthook = to_seconds(clock.moment - DAY)
    assert many.lasthook == clock.moment - DAY
    ask_all(many, clock)
    assert wait(many, 1, clock) > 2 * DAY
    clock.tick(days=10)
    ask_all(many, clock)
    assert wait(many, 1, clock) < DAY


def test_a_longest_interval_brings_watches_forward(many, clock):
    ask_all(many, clock)
    apply(
        many,
        [
            remote("project#59", clock.moment - 590 * DAY, CLOSED),
            RemoteBugError("project#58", BugWatchErrorType.BUG_DELETED, "It is gone."),
        ],
        clock.moment,
    )
    failing = wait(many, 58, clock)
    many.freshness = Freshness(longest=6 * 3600.0, longest_closed=12 * 3600.0)
    assert wait(many, 60, clock) == timedelta(hours=6)
    assert wait(many, 59, clock) <= timedelta(hours=12)
    assert wait(many, 58, clock) == failing
    ask_all(many, clock)
    assert wait(many, 60, clock) <= timedelta(hours=6)


def test_a_watch_can_have_a_longest_interval_of_its_own(many, clock):
    ask_all(many, clock)
    watch = watch_on(many, 60)
    watch.longest_interval = 7200.0
    assert (watch.longest_interval, wait(many, 60, clock)) == (7200.0, timedelta(hours=2))
    ask_all(many, clock)
    assert wait(many, 60, clock) <= timedelta(hours=2)
    assert wait(many, 55, clock) > DAY
    watch.longest_interval = None
    ask_all(many, clock)
    assert watch.longest_interval is None
    assert wait(many, 60, clock) > DAY


def test_the_interval_of_a_watch_goes_with_it(trackers, bug, many):
    watch = watch_on(many, 1)
    watch.longest_interval = 7200.0
    watch.bug.removeWatch(watch)
    other = bug.addWatch(many, "project#1", None)
    assert other.longest_interval is None
    assert not other.__parent__.own_intervals
    # Where there is none, there is none to forget.
    other.longest_interval = None
    many.freshness = Freshness()


@pytest.mark.parametrize("seconds", [0.0, 599.0, 31 * 86_400.0, float("nan")])
def test_what_nobody_can_want_is_refused(tracker, watch, seconds):
    with pytest.raises(BadInput):
        watch.longest_interval = seconds
    for freshness in (Freshness(longest=seconds), Freshness(longest_closed=seconds)):
        with pytest.raises(BadInput):
            tracker.freshness = freshness
    with pytest.raises(BadInput):
        tracker.freshness = Freshness(budget=0)
    assert tracker.freshness == Freshness()


def test_closed_bugs_may_wait_as_long_as_open_ones_at_least():
    assert Freshness(longest=20 * 86_400.0).longest_interval_closed == 20 * 86_400.0
    assert Freshness(longest_closed=86_400.0).longest_interval_closed == 86_400.0


def test_what_was_known_before_there_were_marks_is_marked_when_it_is_checked(
    tracker, watch, bug, clock
):
    modified = clock.moment - 40 * DAY
    told = remote("42", modified, CLOSED)
    apply(tracker, [told], clock.moment)
    removed = bug.addWatch(tracker, "43", None)
    bug.removeWatch(removed)
    names = tracker.ledger._names[0]
    # As a record from before is.
    names.__setstate__(names.__getstate__()[:3])
    assert watch.quiet_since is None
    apply(tracker, [told], clock.tick(days=1))
    assert watch.quiet_since == modified


def test_a_page_of_names_is_read_as_it_was_written():
    page = NamesPage()
    page.append(3, "42")
    page.marks[0] = 17
    again = NamesPage()
    again.__setstate__(page.__getstate__())
    assert (list(again.marks), list(again.watch_ids), again.remotebugs) == ([17], [3], ["42"])


def test_what_is_learnt_is_kept_unless_it_is_as_good_as_the_same(many, clock):
    ask_all(many, clock)
    transaction.commit()
    learnt = many._scale.seconds
    many.learn_scale(learnt * 1.01)
    assert many._scale.seconds == learnt
    many.learn_scale(learnt * 2)
    assert many._scale.seconds == learnt * 2
    transaction.commit()
    many._scale._p_deactivate()
    assert many._scale.seconds == learnt * 2


def test_two_who_learn_at_once_do_not_disturb_each_other():
    assert Scale(1.0)._p_resolveConflict(1.0, 2.0, 3.0) == 2.0
