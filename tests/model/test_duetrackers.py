from datetime import timedelta

import pytest

from malonewatch.interfaces import BugTrackerTrouble, DueBugTrackers
from malonewatch.model.duetrackers import find_due


@pytest.fixture
def due(trackers, clock):
    return lambda *names: trackers.getDueBugTrackers(clock.now(), *names)


def test_without_watches_nothing_is_ever_due(tracker, due):
    assert due() == DueBugTrackers((), None)


def test_what_is_due_is_told_with_its_origin(tracker, bug, due):
    bug.addWatch(tracker, "1", None)
    assert due() == DueBugTrackers((("https://bugs.example.com", "bugs"),), None)


def test_of_what_is_not_it_is_told_when_the_first_is(make_tracker, bug, clock, due):
    for hours, name in enumerate(("one", "two")):
        tracker = make_tracker(name)
        bug.addWatch(tracker, "1", None)
        tracker.put_off((clock.now() + timedelta(hours=1 + hours)).timestamp())
    found = due()
    assert found.trackers == ()
    assert timedelta(0) <= found.next - clock.now() - timedelta(hours=1) <= timedelta(seconds=1)


def test_only_some_can_be_looked_at(make_tracker, bug, due):
    for name in ("one", "two", "three"):
        bug.addWatch(make_tracker(name), "1", None)
    names = [name for _, name in due(["two", "gone", "three"]).trackers]
    assert sorted(names) == ["three", "two"]


def test_what_is_inactive_or_left_alone_is_not_to_be_asked(make_tracker, bug, clock, due):
    inactive, troubled = make_tracker("inactive", active=False), make_tracker("troubled")
    for tracker in (inactive, troubled):
        bug.addWatch(tracker, "1", None)
    troubled.record_trouble(BugTrackerTrouble("It is down."), clock.now().timestamp(), [])
    assert due().trackers == ()
    clock.tick(days=1)
    assert due().trackers == (("https://troubled.example.com", "troubled"),)


def test_what_is_left_of_one_that_was_removed_is_nothing():
    assert find_due({}, {1: 5, -2: 5}, {}, 10) == DueBugTrackers((), None)
