from datetime import datetime, timedelta, timezone

import pytest
import pytz
import transaction
from zope.interface.verify import verifyObject
from zope.schema import getValidationErrors

from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerFacts,
    BugTrackerState,
    BugTrackerType,
    IBugTracker,
    IBugTrackerFacts,
    IResultSet,
    Politeness,
    RemoteBug,
)
from malonewatch.model.pages import PAGE

from ..fetching import answer, apply, fail


def test_its_origin_is_that_of_its_base_url(make_tracker):
    assert make_tracker(baseurl="https://Bugs.example.com/x").origin == "https://bugs.example.com"


def test_it_provides_the_interface(tracker):
    verifyObject(IBugTracker, tracker)


def test_its_values_are_what_the_interface_says(tracker, watch, clock):
    tracker.aliases = ["https://a.example.com"]
    assert getValidationErrors(IBugTracker, tracker) == []
    fail(tracker, BugTrackerConnectError("It is down."), clock.moment, ["42"])
    assert getValidationErrors(IBugTracker, tracker) == []


def test_a_new_one(tracker, clock, owner):
    assert tracker.datecreated == clock.moment
    assert tracker.owner is owner
    assert tracker.active
    assert not tracker.guessed
    assert tracker.aliases == ()
    assert tracker.watches.count() == 0
    assert tracker.activity == []
    assert (tracker.failures, tracker.last_error_type, tracker.last_error) == (0, None, None)
    assert (tracker.next_attempt, tracker.clock_skew, tracker.dialect) == (None, None, None)


def test_how_it_is_to_be_asked_can_be_set(tracker, reopened):
    assert tracker.politeness == Politeness()
    tracker.politeness = Politeness(2, 1.5)
    assert reopened(tracker).politeness == tracker.politeness == Politeness(2, 1.5)
    tracker.politeness = Politeness(gap=0)
    assert tracker.politeness == Politeness(None, 0)


@pytest.mark.parametrize(
    "politeness",
    [
        Politeness(0),
        Politeness(-1),
        Politeness(gap=-1),
        Politeness(gap=float("nan")),
        Politeness(gap=float("inf")),
    ],
)
def test_but_not_to_what_makes_no_sense(tracker, politeness):
    with pytest.raises(BadInput, match="gap is a number of seconds"):
        tracker.politeness = politeness
    assert tracker.politeness == Politeness()


def test_one_that_is_in_no_set_any_more_can_be_told_all_the_same(trackers, tracker, clock):
    trackers.remove(tracker)
    fail(tracker, BugTrackerConnectError("Down."), clock.moment)
    assert tracker.next_attempt is not None
    answer(tracker, clock.moment)
    assert tracker.next_attempt is None
    tracker.baseurl = "https://other.example.com"
    tracker.bugtrackertype = BugTrackerType.TRAC
    assert tracker.bugtrackertype == BugTrackerType.TRAC


def test_what_a_person_sees_in_a_debugger(tracker, bug, watch, owner):
    assert [repr(thing) for thing in (tracker, bug, watch, owner)] == [
        *("<BugTracker bugs>", "<Bug 1>", "<BugWatch 1>", "<Person sample>"),
    ]
    assert [thing.__name__ for thing in (tracker, bug, watch, owner)] == [
        "bugs",
        "1",
        "1",
        "sample",
    ]


def test_the_facts_are_a_plain_value(tracker):
    tracker.dialect, tracker.guessed = "rest", True
    assert tracker.facts == BugTrackerFacts(
        "bugs", BugTrackerType.BUGZILLA, "https://bugs.example.com", "rest", True
    )
    verifyObject(IBugTrackerFacts, tracker.facts)


def test_all_of_it_is_stored(tracker, watch, reopened):
    tracker.aliases = ["https://a.example.com"]
    found = reopened(tracker)
    assert found is not tracker
    assert found.aliases == ("https://a.example.com",)
    assert found.name == "bugs"
    assert found.bugtrackertype == BugTrackerType.BUGZILLA
    assert [each.remotebug for each in found.watches] == ["42"]


@pytest.mark.parametrize("remotebug", [42, "42", "#42", " 42 ", "0042", "#042"])
def test_an_id_has_one_way_to_be_written(tracker, remotebug):
    assert tracker.canonicalRemoteBug(remotebug) == "42"


def test_an_id_of_a_type_that_is_gone_stays_as_it_is(tracker, watch, without_types):
    assert tracker.canonicalRemoteBug(" #42 ") == "#42"
    assert watch.bug.getBugWatch(tracker, "42") is watch
    assert watch.url == tracker.baseurl


# Watches


def test_watches_come_newest_first(tracker, add_watches):
    added = add_watches(5)
    verifyObject(IResultSet, tracker.watches)
    assert tracker.watches.count() == 5
    assert list(tracker.watches) == added[::-1]
    assert tracker.watches[0] is added[4]
    assert tracker.watches[-1] is added[0]
    assert tracker.watches[1:4] == added[3:0:-1]
    with pytest.raises(IndexError):
        tracker.watches[5]


@pytest.mark.parametrize(
    "gone",
    [
        # In the first page, the last, one in the middle, one at its end; a whole page.
        [0, 1, 17],
        [2 * PAGE + 7],
        [2 * PAGE, 2 * PAGE + 15],
        [PAGE + 50, PAGE + 51],
        [PAGE - 1, PAGE],
        range(PAGE, 2 * PAGE),
        [*range(2 * PAGE, 2 * PAGE + 16)],
        range(0, 2 * PAGE + 16, 3),
    ],
)
def test_any_part_of_them_can_be_had_after_some_are_gone(tracker, add_watches, gone):
    added = add_watches(2 * PAGE + 16)
    for number in gone:
        added[number].bug.removeWatch(added[number])
    left = [watch for number, watch in enumerate(added) if number not in gone][::-1]
    assert tracker.watches.count() == len(left)
    assert list(tracker.watches) == left
    for start in range(0, len(left) + 2, 7):
        assert tracker.watches[start : start + 3] == left[start : start + 3]
    assert tracker.watches[len(left) - 1] is left[-1]
    assert tracker.watches[::-50] == left[::-50]


def test_the_latest_watches_are_the_ten_newest(tracker, add_watches):
    added = add_watches(12)
    assert tracker.latestwatches == added[:1:-1]


def test_there_may_be_fewer_latest_watches(tracker, add_watches):
    assert tracker.latestwatches == []
    assert len(tracker.latestwatches) == 0
    add_watches(3)
    assert len(tracker.latestwatches) == 3


def test_the_bugs_that_watch_a_remote_bug_oldest_first(tracker, bugs, owner):
    late, early = bugs.createBug(id=9), bugs.createBug(id=3)
    late.addWatch(tracker, "42", owner)
    early.addWatch(tracker, "42", owner)
    early.addWatch(tracker, "43", owner)
    assert tracker.getBugsWatching("42") == [early, late]
    assert tracker.getBugsWatching("#042") == [early, late]
    assert tracker.getBugsWatching(43) == [early]
    assert tracker.getBugsWatching("44") == []


# What needs to be updated.


def test_watches_not_checked_for_some_hours_by_remote_bug_oldest_first(tracker, bugs, owner, clock):
    ages = [("42", 24), ("42", 36), ("123543", 12), ("2000", None), ("42", 23)]
    for remotebug, hours in ages:
        watch = bugs.createBug().addWatch(tracker, remotebug, owner)
        watch.lastchecked = None if hours is None else clock.moment - timedelta(hours=hours)
    found = [(watch.remotebug, watch.bug.id) for watch in tracker.getBugWatchesNeedingUpdate(23)]
    assert found == [("2000", 4), ("42", 1), ("42", 2), ("42", 5)]


def test_one_that_was_never_checked_needs_it_however_long_the_time(tracker, watch):
    assert list(tracker.getBugWatchesNeedingUpdate(10**9)) == [watch]


def test_parts_of_an_hour_count(tracker, watch, clock):
    watch.lastchecked = clock.moment - timedelta(minutes=20)
    assert list(tracker.getBugWatchesNeedingUpdate(0.25)) == [watch]
    assert list(tracker.getBugWatchesNeedingUpdate(0.5)) == []


def test_a_removed_watch_needs_no_update(tracker, bug, watch):
    bug.removeWatch(watch)
    assert list(tracker.getBugWatchesNeedingUpdate(23)) == []
    assert tracker.getBugsWatching("42") == []


# What is due.


def due(tracker, now, **values):
    """The remote ids in the batches."""
    values = {"batch_size": 0, "request_size": 100, **values}
    _, batches = tracker.getDueBatches(now, **values)
    return [batch.remotebugs for batch in batches]


def test_times_of_any_zone_are_accepted(tracker, watch, clock):
    watch.lastchecked = clock.moment.astimezone(timezone(timedelta(hours=5)))
    eastern = pytz.timezone("US/Eastern")
    assert tracker.countDue((clock.moment + timedelta(hours=22)).astimezone(eastern)) == 0
    assert tracker.countDue((clock.moment + timedelta(hours=24)).astimezone(eastern)) == 1


def test_the_night_the_clocks_are_set_back_is_an_hour_longer(tracker, watch, clock):
    eastern = pytz.timezone("US/Eastern")
    watch.lastchecked = eastern.localize(datetime(2024, 11, 3, 0, 30))
    # 23 hours later by the wall clock are 24 hours later.
    assert tracker.countDue(eastern.localize(datetime(2024, 11, 3, 22, 29))) == 0
    assert tracker.countDue(eastern.localize(datetime(2024, 11, 3, 22, 30))) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda tracker, naive: tracker.countDue(naive),
        lambda tracker, naive: tracker.getDueBatches(naive, 0, 100),
        lambda tracker, naive: tracker.setClockBack(naive),
        lambda tracker, naive: tracker.resetWatches(naive),
        lambda tracker, naive: apply(tracker, [RemoteBug("42", "NEW")], naive),
        lambda tracker, naive: answer(tracker, naive),
        lambda tracker, naive: fail(tracker, BugTrackerConnectError("Down."), naive),
        lambda tracker, naive: list(tracker.__parent__.getBugTrackerStates(naive)),
        lambda tracker, naive: tracker.__parent__.clockWentBack(naive),
    ],
)
def test_naive_times_are_refused(tracker, watch, call):
    transaction.commit()
    with pytest.raises(BadInput, match="has no time zone"):
        call(tracker, datetime(2024, 5, 6))
    assert not tracker._p_changed
    assert not tracker.ledger._p_changed
    assert not watch._p_changed


# Resetting


def test_resetting_makes_all_watches_due_and_forgets_back_off(
    tracker, trackers, add_watches, clock
):
    add_watches(3)
    apply(tracker, [RemoteBug("0", "NEW"), RemoteBug("1", "NEW")], clock.moment, 0)
    fail(tracker, BugTrackerConnectError("It is down."), clock.moment, ["2"])
    assert tracker.countDue(clock.moment) == 1
    assert tracker.resetWatches(clock.tick(hours=1)) == 3
    assert tracker.countDue(clock.moment) == 3
    assert (tracker.failures, tracker.next_attempt) == (0, None)
    (state,) = trackers.getBugTrackerStates(clock.moment)
    assert state.due
    assert state.next_attempt is None
    # What is known stays.
    assert tracker.watches[-1].remotestatus == "NEW"
    assert tracker.watches[-1].lastchecked is not None


def test_after_resetting_all_is_asked_for_in_full(tracker, add_watches, clock):
    add_watches(20)
    answers = [RemoteBug(str(number), "NEW", validator="v") for number in range(20)]
    apply(tracker, answers, clock.moment, 0)
    tracker.resetWatches(clock.tick(days=2))
    for changed_since in (False, True):
        _, batches = tracker.getDueBatches(clock.moment, 0, 100, changed_since)
        assert [(batch.since, batch.validators) for batch in batches] == [(None, {})]


def test_resetting_without_a_time_is_now(tracker, watch, clock):
    watch.next_check = clock.moment + timedelta(days=3)
    tracker.resetWatches()
    assert watch.next_check == clock.moment


# What a run wants to know of all of them.


def test_the_state_of_each_bug_tracker_by_title(trackers, make_tracker, bugs, clock, owner):
    make_tracker("zz", title="Quiet")
    make_tracker("aa", title="Troubled")
    make_tracker("mm", title="Inactive", active=False)
    for name in ("aa", "mm"):
        bugs.createBug().addWatch(trackers[name], "1", owner)
    fail(trackers["aa"], BugTrackerConnectError("Down.", retry_after=3600), clock.moment)
    assert list(trackers.getBugTrackerStates(clock.moment)) == [
        BugTrackerState("mm", "Inactive", "https://mm.example.com", False, True, None),
        BugTrackerState("zz", "Quiet", "https://zz.example.com", True, False, None),
        BugTrackerState(
            "aa",
            "Troubled",
            "https://aa.example.com",
            True,
            True,
            # In whole seconds.
            clock.moment + timedelta(seconds=3601),
        ),
    ]


def test_a_bug_tracker_whose_back_off_is_over_may_be_asked(trackers, tracker, watch, clock):
    trouble = BugTrackerConnectError("Down.", retry_after=3600)
    fail(tracker, trouble, clock.moment)
    (state,) = trackers.getBugTrackerStates(clock.moment + timedelta(minutes=59))
    assert state.next_attempt is not None
    (state,) = trackers.getBugTrackerStates(clock.moment + timedelta(minutes=61))
    assert state.next_attempt is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "other"),
        ("title", "Other"),
        ("baseurl", "https://new.example.com"),
        ("active", False),
    ],
)
def test_the_state_follows_the_bug_tracker(trackers, tracker, clock, name, value):
    (before,) = trackers.getBugTrackerStates(clock.moment)
    setattr(tracker, name, value)
    assert list(trackers.getBugTrackerStates(clock.moment)) == [before._replace(**{name: value})]


def test_a_bug_tracker_that_is_gone_has_no_state(trackers, tracker, clock):
    trackers.remove(tracker)
    assert list(trackers.getBugTrackerStates(clock.moment)) == []


def test_whether_something_is_due_follows_the_watches(trackers, tracker, bugs, owner, clock):
    def is_due(**span):
        (state,) = trackers.getBugTrackerStates(clock.moment + timedelta(**span))
        return state.due

    assert not is_due()
    first, second = (bugs.createBug().addWatch(tracker, remotebug, owner) for remotebug in "12")
    assert is_due()
    first.next_check = clock.moment + timedelta(hours=1)
    assert is_due()
    second.next_check = clock.moment + timedelta(hours=2)
    assert not is_due()
    assert is_due(hours=1)
    first.bug.removeWatch(first)
    assert not is_due(hours=1)
    assert is_due(hours=2)
    second.bug.removeWatch(second)
    assert not is_due(days=9999)


def test_the_state_of_a_stored_bug_tracker(trackers, tracker, watch, clock, reopened):
    watch.next_check = clock.moment + timedelta(hours=1)
    found = reopened(trackers)
    assert [state.due for state in found.getBugTrackerStates(clock.moment)] == [False]
    clock.tick(hours=1)
    assert [state.due for state in found.getBugTrackerStates(clock.moment)] == [True]


# A clock that went back.


def test_a_clock_that_runs_on_has_not_gone_back(trackers, tracker, watch, clock):
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    assert not trackers.clockWentBack(clock.moment)
    assert not trackers.clockWentBack(clock.tick(days=1))
    # Processes on two machines may disagree a little.
    assert not trackers.clockWentBack(clock.tick(days=-1, minutes=-4))


@pytest.mark.parametrize(
    "record",
    [
        lambda tracker, moment: apply(tracker, [RemoteBug("42", "NEW")], moment),
        lambda tracker, moment: fail(tracker, BugTrackerConnectError("Down."), moment),
    ],
)
def test_a_clock_is_noticed_that_went_back(trackers, tracker, watch, clock, record):
    record(tracker, clock.moment + timedelta(days=365))
    assert trackers.clockWentBack(clock.moment)
    trackers.setClockBack(clock.moment)
    assert not trackers.clockWentBack(clock.moment)


def test_a_clock_is_noticed_that_was_wrong_when_a_watch_was_added(
    trackers, tracker, bug, owner, clock
):
    clock.tick(days=365)
    bug.addWatch(tracker, "42", owner)
    clock.tick(days=-365)
    assert tracker.countDue(clock.moment) == 0
    assert trackers.clockWentBack(clock.moment)
    tracker.setClockBack(clock.moment)
    assert tracker.countDue(clock.moment) == 1


def test_what_a_wrong_clock_put_off_is_due(tracker, add_watches, clock):
    wrong, right = add_watches(2)
    apply(tracker, [RemoteBug("1", "NEW")], clock.moment)
    apply(tracker, [RemoteBug("0", "NEW")], clock.moment + timedelta(days=365), 0)
    fail(tracker, BugTrackerConnectError("Down."), clock.moment + timedelta(days=365))
    clock.tick(minutes=1)
    tracker.setClockBack(clock.moment)
    assert due(tracker, clock.moment) == [("0",)]
    assert wrong.lastchecked == wrong.next_check == clock.moment
    assert right.lastchecked == clock.moment - timedelta(minutes=1)
    assert tracker.next_attempt <= clock.moment + timedelta(hours=6)
    # It is asked for in full: what its clock said is not to be trusted.
    _, (batch,) = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)
    assert batch.since is None


# What things cost.


class Counting:
    """A bug tracker in a connection of its own, and how many objects that loads."""

    def __init__(self, site, tracker):
        self._connection = site.database.db.open(transaction.TransactionManager())
        self._oid = tracker._p_oid

    def __call__(self, function):
        """How many objects are loaded for what `function` does with the bug tracker."""
        self._connection.cacheMinimize()
        tracker = self._connection.get(self._oid)
        tracker.title  # noqa: B018
        self._connection.getTransferCounts(clear=True)
        function(tracker)
        loads, stores = self._connection.getTransferCounts(clear=True)
        assert stores == 0
        return loads

    def close(self):
        self._connection.transaction_manager.abort()
        self._connection.close()


@pytest.fixture
def few_and_many(site, clock, make_tracker, bugs, owner):
    """The loads of a bug tracker of 10 watches and of one of 5,000, ten of each due."""
    bug, counting = bugs.createBug(), []
    for name, size in [("few", 10), ("many", 5000)]:
        tracker = make_tracker(name)
        for number in range(size):
            bug.addWatch(tracker, number, owner)
        later = clock.moment + timedelta(hours=9)
        apply(tracker, [RemoteBug(str(number), "NEW") for number in range(size)], later)
        for watch in tracker.watches[:10]:
            watch.next_check = clock.moment
        transaction.commit()
        counting.append(Counting(site, tracker))
    yield counting
    for each in counting:
        each.close()


# A few more: the trees that lead to an object are deeper.
DEEPER = 4


@pytest.mark.parametrize(
    "look",
    [
        lambda tracker: tracker.watches.count(),
        lambda tracker: tracker.watches[0],
        lambda tracker: [watch.remotebug for watch in tracker.watches[:10]],
        lambda tracker: [watch.remotebug for watch in tracker.latestwatches],
        lambda tracker: tracker.getBugsWatching("7"),
        lambda tracker: tracker.countDue(datetime(2024, 5, 6, 13, tzinfo=pytz.utc)),
        lambda tracker: tracker.getDueBatches(datetime(2024, 5, 6, 13, tzinfo=pytz.utc), 0, 100),
        lambda tracker: [
            state.due
            for state in tracker.__parent__.getBugTrackerStates(
                datetime(2024, 5, 6, 13, tzinfo=pytz.utc)
            )
        ],
    ],
    ids=["count", "first", "ten", "latest", "bugs", "countDue", "getDueBatches", "states"],
)
def test_looking_costs_what_is_found_and_not_what_there_is(few_and_many, look):
    few, many = few_and_many
    assert many(look) <= few(look) + DEEPER


def test_one_far_back_costs_no_more_than_the_first(few_and_many):
    _, many = few_and_many
    first = many(lambda tracker: tracker.watches[0].remotebug)
    for position in (2500, 4999, -1):
        assert many(lambda tracker: tracker.watches[position].remotebug) <= first + 3  # noqa: B023
