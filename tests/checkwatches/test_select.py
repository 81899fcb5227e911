import pickle
from datetime import datetime, timezone

import pytest
from zope.interface import implementer

from malonewatch.checkwatches.select import by_origin, select
from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import (
    Batch,
    IChangesSince,
    Politeness,
    Polling,
    UnsupportedBugTracker,
)

from .conftest import all_new
from .fakes import FACTS, FakeDatabase, FakeTracker

NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


class Due(FakeTracker):
    """A bug tracker that says what is due by repeating what it is asked."""

    politeness = Politeness(1, None)
    polling, not_polled = Polling.ALWAYS, ""

    def __init__(self):
        super().__init__()
        self.watches = type("Watches", (), {"count": lambda self: 12_000})()

    def getDueBatches(self, *arguments):
        self.arguments = arguments
        return 3, [Batch(self.facts, ("1", "2"))]

    def getSweep(self, now):
        return None

    def withFollowed(self, remotebugs):
        return remotebugs

    def getBugsWatching(self, remotebug):
        return ["bug", "another"] if remotebug == "2" else ["bug"]


@pytest.fixture
def tracker():
    return Due()


@pytest.fixture
def kind(registry):
    """Registers the type of the bug tracker."""

    def kind(**attributes):
        return registry.type("NEW", all_new, **attributes)

    return kind


def test_what_is_due_is_a_plain_value_but_for_who_asks(kind, tracker):
    kind(request_size=10)
    plan = select(tracker, NOW)
    assert (plan.facts, plan.watches, plan.batches) == (FACTS, 3, [Batch(FACTS, ("1", "2"))])
    assert plan.politeness == Politeness(1, None)
    assert plan.trouble is None
    assert isinstance(plan.external, ExternalBugTracker)
    assert pickle.loads(pickle.dumps(plan.batches)) == plan.batches


@pytest.mark.parametrize(
    ("asked", "of_the_type", "taken"),
    [(7, 5, 7), (0, 5, 0), (None, 5, 5), (None, 0, 0), (None, None, 600)],
)
def test_how_many_are_taken_on(kind, tracker, asked, of_the_type, taken):
    kind(batch_size=of_the_type, request_size=10)
    select(tracker, NOW, asked)
    assert tracker.arguments == (NOW, taken, 10, False)


def test_of_few_watches_five_hundred_are_taken_on(kind, tracker):
    tracker.watches.count = lambda: 1000
    kind()
    select(tracker, NOW)
    assert tracker.arguments[1] == 500


def test_what_tells_changes_is_asked_for_changes(registry, tracker):
    @implementer(IChangesSince)
    class Telling(ExternalBugTracker):
        name = "NEW"

    registry.type("NEW", all_new, base=Telling)
    select(tracker, NOW)
    assert tracker.arguments[3] is True


def test_only_some_bugs_are_asked_for_in_full(kind, tracker):
    kind(request_size=2)
    plan = select(tracker, NOW, only=["1", "2", "3"])
    assert plan.batches == [Batch(FACTS, ("1", "2")), Batch(FACTS, ("3",))]
    # One has two watches.
    assert plan.watches == 4


def test_a_type_that_nothing_here_can_talk_to_is_trouble(site, tracker):
    plan = select(tracker, NOW)
    assert (plan.facts, plan.external, plan.watches, plan.batches) == (FACTS, None, 0, ())
    assert isinstance(plan.trouble, UnsupportedBugTracker)
    assert str(plan.trouble) == (
        "https://b.example.com is of the type NEW, which nothing here can talk to."
    )


def test_bug_trackers_are_put_together_by_their_origins():
    trackers = FakeDatabase().trackers
    for name, origin in (("a", "x"), ("b", "y"), ("c", "x")):
        trackers[name] = FakeTracker()
        trackers[name].origin = origin
    assert by_origin(trackers, ["c", "gone", "b", "a"]) == {"x": ["c", "a"], "y": ["b"]}
