import pytest
import transaction
from zope.interface.verify import verifyObject
from zope.lifecycleevent.interfaces import (
    IObjectAddedEvent,
    IObjectCreatedEvent,
    IObjectRemovedEvent,
)
from zope.schema import getValidationErrors

from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    BugWatchTaken,
    IBug,
    IBugSet,
    IResultSet,
    NotFoundError,
    RemoteBug,
)
from malonewatch.model import BugTracker

from ..fetching import apply


def test_they_provide_the_interfaces(bugs, bug, watch):
    verifyObject(IBugSet, bugs)
    verifyObject(IBug, bug)
    verifyObject(IResultSet, bug.watches)
    assert getValidationErrors(IBug, bug) == []


def test_a_new_bug(bugs, bug, owner, clock):
    assert (bug.id, bug.title, bug.owner) == (1, "Something is broken", owner)
    assert bug.datecreated == clock.moment
    assert bug.watches.count() == 0
    assert list(bug.watches) == []


def test_the_next_bug_has_the_next_number(bugs, bug):
    assert bugs.createBug(id=7).id == 7
    assert bugs.createBug().id == 8
    assert [each.id for each in bugs] == [1, 7, 8]
    assert bugs.count() == 3


def test_a_number_is_given_once(bugs, bug):
    bugs.createBug(id=7)
    for expected in (8, 9):
        newest = bugs.createBug()
        assert newest.id == expected
        bugs.removeBug(newest)
    # One that was not the highest does not matter.
    bugs.removeBug(bug)
    assert bugs.createBug().id == 10
    bugs.removeBug(bugs.get(10))
    bugs.removeBug(bugs.get(7))
    assert bugs.createBug().id == 11


def test_a_number_may_be_chosen_again(bugs, bug):
    bugs.removeBug(bug)
    assert bugs.createBug(id=1).id == 1
    bugs.removeBug(bugs.get(1))
    assert bugs.createBug().id == 2


def test_the_bugs_from_a_number_on(bugs):
    for number in (3, 5, 8):
        bugs.createBug(id=number)
    assert [bug.id for bug in bugs.getBugsFrom(4)] == [5, 8]
    assert [bug.id for bug in bugs.getBugsFrom(5)] == [5, 8]
    assert list(bugs.getBugsFrom(9)) == []


def test_a_removed_bug_is_gone_with_its_watches(bugs, bug, tracker, watch, watches, events):
    other = bugs.createBug().addWatch(tracker, "42", None)
    bug.addWatch(tracker, "43", None)
    bugs.removeBug(bug)
    assert bugs.query(1) is None
    assert list(watches) == list(tracker.watches) == [other]
    removed = [event.object for event in events if IObjectRemovedEvent.providedBy(event)]
    assert len(removed) == 3
    assert removed[-1] is bug


def test_a_bug_that_is_gone_is_not_removed_again(bugs, bug):
    bugs.removeBug(bug)
    again = bugs.createBug(id=1)
    with pytest.raises(NotFoundError, match="no bug 1"):
        bugs.removeBug(bug)
    assert bugs.get(1) is again


@pytest.mark.parametrize("number", [1, 0, -1, 2**62, 2**80])
def test_a_number_that_is_taken_or_cannot_be_is_refused(bugs, bug, number):
    with pytest.raises(BadInput, match=str(number)):
        bugs.createBug(id=number)
    assert list(bugs) == [bug]


def test_a_bug_by_number(bugs, bug):
    assert bugs.get(1) is bug
    assert bugs.query(1) is bug


@pytest.mark.parametrize("number", [2, -1, 2**80, "1", None])
def test_a_bug_that_is_not_there(bugs, bug, number):
    assert bugs.query(number) is None
    assert bugs.query(number, "nothing") == "nothing"
    with pytest.raises(NotFoundError, match=f"^There is no bug {number}"):
        bugs.get(number)


def test_a_new_bug_is_notified(bugs, events):
    bug = bugs.createBug()
    created, added = events
    assert IObjectCreatedEvent.providedBy(created)
    assert IObjectAddedEvent.providedBy(added)
    assert created.object is added.object is bug
    assert added.newParent is bugs


# Watches


def test_watches_come_newest_first(bug, tracker, make_tracker, owner):
    other = make_tracker("other")
    added = [
        bug.addWatch(bugtracker, remotebug, owner)
        for bugtracker, remotebug in [(tracker, 1), (other, 1), (tracker, 2)]
    ]
    assert list(bug.watches) == added[::-1]
    assert bug.watches.count() == 3
    assert bug.watches[0] is added[2]
    assert bug.watches[-1] is added[0]
    assert bug.watches[1:] == added[1::-1]
    with pytest.raises(IndexError):
        bug.watches[3]


def test_watches_can_be_removed_one_after_the_other(bug, tracker, owner):
    for remotebug in range(5):
        bug.addWatch(tracker, remotebug, owner)
    for watch in bug.watches:
        bug.removeWatch(watch)
    assert bug.watches.count() == 0
    assert tracker.watches.count() == 0


def test_a_new_watch(bug, tracker, owner, clock):
    watch = bug.addWatch(tracker, 42, owner)
    assert watch.bug is bug
    assert watch.bugtracker is tracker
    assert watch.remotebug == "42"
    assert watch.owner is owner
    assert watch.datecreated == clock.moment
    assert bug.getBugWatch(tracker, "42") is watch


@pytest.mark.parametrize("remotebug", [42, "42", "#42", " 42 ", "0042", "#042"])
def test_a_watch_that_is_there_is_returned_as_it_is(bug, tracker, watch, remotebug):
    assert bug.addWatch(tracker, remotebug, None) is watch
    assert bug.getBugWatch(tracker, remotebug) is watch
    assert bug.watches.count() == tracker.watches.count() == 1


def test_another_bug_may_watch_the_same(bugs, bug, tracker, watch, owner):
    other = bugs.createBug()
    assert other.getBugWatch(tracker, "42") is None
    second = other.addWatch(tracker, "42", owner)
    assert second is not watch
    assert tracker.getBugsWatching("42") == [bug, other]


def test_the_same_bug_may_watch_that_number_elsewhere(bug, watch, make_tracker, owner):
    other = make_tracker("other")
    assert bug.getBugWatch(other, "42") is None
    assert bug.addWatch(other, "42", owner) is not watch
    assert bug.watches.count() == 2


@pytest.mark.parametrize("remotebug", ["", " ", "#", "x" * 201, "1\n2", "\x1b[31m"])
def test_what_cannot_be_an_id_is_refused(bug, tracker, owner, watches, remotebug):
    with pytest.raises(BadInput, match="cannot be the id of a bug"):
        bug.addWatch(tracker, remotebug, owner)
    assert bug.watches.count() == tracker.watches.count() == watches.count() == 0


@pytest.mark.parametrize("has_watches", [True, False])
def test_a_bug_tracker_that_is_in_no_set_cannot_be_watched(
    bug, tracker, owner, watches, has_watches
):
    if has_watches:
        bug.addWatch(tracker, "42", owner)
    before = watches.count()
    loose = BugTracker("other", "Other", BugTrackerType.BUGZILLA, "https://other.example.com")
    assert bug.getBugWatch(loose, "42") is None
    with pytest.raises(BadInput, match="add it first"):
        bug.addWatch(loose, "42", owner)
    assert watches.count() == before


def test_a_watch_is_unique(bug, tracker, watch, watches, owner):
    with pytest.raises(BugWatchTaken, match="Bug 1 has a watch on bug 42 of Bugs already"):
        watches.createBugWatch(bug, owner, tracker, "#42")
    assert watches.count() == bug.watches.count() == 1


def test_a_removed_watch_is_gone_everywhere(bug, tracker, watch, watches, events):
    bug.removeWatch(watch)
    assert list(bug.watches) == list(tracker.watches) == list(watches) == []
    assert bug.watches.count() == tracker.watches.count() == watches.count() == 0
    assert bug.getBugWatch(tracker, "42") is None
    assert tracker.getBugsWatching("42") == []
    (event,) = (event for event in events if IObjectRemovedEvent.providedBy(event))
    assert event.object is watch
    assert event.oldParent is watches


def test_after_it_is_removed_a_watch_can_be_added_anew(bug, tracker, watch, owner, clock):
    apply(tracker, [RemoteBug("42", "NEW")], clock.moment)
    bug.removeWatch(watch)
    again = bug.addWatch(tracker, "42", owner)
    assert again is not watch
    assert again.remotestatus is None
    assert again.lastchecked is None
    assert list(tracker.watches) == [again]


def test_a_watch_of_another_bug_is_not_removed(bugs, bug, watch):
    with pytest.raises(NotFoundError, match="Bugs #42 is not watched for bug 2"):
        bugs.createBug().removeWatch(watch)
    assert list(bug.watches) == [watch]


def test_a_watch_is_not_removed_twice(bug, tracker, watch, owner):
    bug.removeWatch(watch)
    with pytest.raises(NotFoundError):
        bug.removeWatch(watch)
    again = bug.addWatch(tracker, "42", owner)
    with pytest.raises(NotFoundError):
        bug.removeWatch(watch)
    assert list(bug.watches) == [again]


def test_all_of_it_is_stored(bug, tracker, watch, owner, reopened):
    bug.addWatch(tracker, "43", owner)
    found = reopened(bug)
    assert found.title == "Something is broken"
    assert [each.remotebug for each in found.watches] == ["43", "42"]
    assert found.getBugWatch(found.watches[0].bugtracker, "42").id == watch.id


def test_an_aborted_watch_leaves_nothing(bug, tracker, watches, owner):
    transaction.commit()
    bug.addWatch(tracker, "42", owner)
    transaction.abort()
    assert watches.count() == bug.watches.count() == tracker.watches.count() == 0
    assert bug.getBugWatch(tracker, "42") is None
    assert tracker.getBugsWatching("42") == []


def test_the_first_watches_of_a_bug_of_many_cost_no_more(site, bug, tracker, owner):
    def loads(count):
        connection = site.database.db.open(transaction.TransactionManager())
        try:
            found = connection.get(bug._p_oid)
            connection.getTransferCounts(clear=True)
            assert len([watch.remotebug for watch in found.watches[:count]]) == count
            return connection.getTransferCounts()[0]
        finally:
            connection.transaction_manager.abort()
            connection.cacheMinimize()
            connection.close()

    for remotebug in range(10):
        bug.addWatch(tracker, remotebug, owner)
    transaction.commit()
    few = loads(10)
    for remotebug in range(10, 2000):
        bug.addWatch(tracker, remotebug, owner)
    transaction.commit()
    assert loads(10) <= few + 4
