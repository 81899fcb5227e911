import pytest
from zope.component import getUtility

from malonewatch.interfaces import (
    BugTaskStatus,
    BugWatchErrorType,
    IBugWatchSet,
    RemoteBug,
    RemoteBugError,
    WatchTally,
)
from malonewatch.model import tallies

from ..fetching import apply

SAID = [
    RemoteBug("0", "NEW", BugTaskStatus.NEW),
    RemoteBug("1", "TRIAGED", BugTaskStatus.TRIAGED),
    RemoteBug("2", "FIXED", BugTaskStatus.FIXRELEASED),
    RemoteBug("3", "GONE", BugTaskStatus.WONTFIX),
    RemoteBug("4", "ODD", BugTaskStatus.UNKNOWN),
]


@pytest.fixture
def tally(tracker, bugs, clock):
    """That of a bug; another one has watches too."""
    bug, other = bugs.createBug("Ours"), bugs.createBug("Another")
    for number in range(6):
        bug.addWatch(tracker, str(number), None)
        other.addWatch(tracker, str(number), None)
    apply(tracker, SAID, clock.moment)
    lost = RemoteBugError("0", BugWatchErrorType.BUG_NOT_FOUND, "There is no such bug.")
    apply(tracker, [lost], clock.moment)
    return lambda: getUtility(IBugWatchSet).getTally(bug)


@pytest.mark.parametrize("few", [0, 5, 6, 20])
def test_few_and_many_watches_are_counted_alike(tally, few, monkeypatch):
    monkeypatch.setattr(tallies, "FEW", few)
    assert tally() == WatchTally(watches=6, open=2, closed=2, failing=1)


@pytest.mark.parametrize("index", [None, "growing"])
def test_where_there_is_no_index_they_are_looked_at(tally, index, monkeypatch):
    monkeypatch.setattr(tallies, "FEW", 0)
    watches = getUtility(IBugWatchSet)
    if index is None:
        watches.index = None
    else:
        watches.index.complete = False
    assert tally() == WatchTally(6, 2, 2, 1)
