import pytest
import transaction
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BugTrackerRateLimited,
    IBugWatchChecker,
    NotFoundError,
)

from .conftest import all_new, pass_time, statuses


@pytest.fixture
def check(site):
    """Asks for bugs at once."""
    checker = getUtility(IBugWatchChecker)
    return lambda *args, **values: checker(site.database, *args, **values)


def test_it_provides_the_interface(site):
    checker = getUtility(IBugWatchChecker)
    assert verifyObject(IBugWatchChecker, checker)


def test_some_bugs_are_asked_for_due_or_not(check, watched, bugzilla, clock):
    check("bugs", ["1", "2", "3"])
    bugzilla.change("2", status="IN_PROGRESS")
    bugzilla.change("3", status="IN_PROGRESS")
    done = []
    checked = check("bugs", ["1", "2"], progress=lambda *counts: done.append(counts))
    transaction.begin()
    assert statuses(watched) == {"1": "CONFIRMED", "2": "IN_PROGRESS", "3": "CONFIRMED"}
    assert checked.applied.checked == 2
    assert [change.remotebug for change in checked.applied.changes] == ["2"]
    assert [exchange.status for exchange in checked.exchanges] == [200]
    assert (checked.trouble, checked.claim, checked.faults) == (None, None, 0)
    assert not checked.interrupted
    assert done[-1] == (2, 2)


def test_a_bug_tracker_that_is_to_be_left_alone_is_asked_too(check, watched, bugzilla, clock):
    bugzilla.quota = 0
    assert isinstance(check("bugs", ["1"]).trouble, BugTrackerRateLimited)
    bugzilla.quota = None
    assert check("bugs", ["1"]).applied.checked == 1


def test_whoever_waits_for_it_decides_for_how_long(check, watch_bugs, registry):
    async def fetch(self, session, batch):
        pass_time(10_000)
        async for outcome in all_new(self, session, batch):
            yield outcome

    watch_bugs("bugs", "https://b.example.com", ["1"], registry.type("SLOW", fetch))
    assert check("bugs", ["1"]).applied.checked == 1


def test_what_another_run_is_at_work_on_is_left_to_it(check, watched, bugzilla, site, clock):
    site.database.write(lambda trackers: trackers.claims.claim(bugzilla.url, "they", clock.moment))
    checked = check("bugs", ["1"])
    assert (checked.claim.holder, checked.exchanges) == ("they", ())
    assert bugzilla.requests == []


def test_a_bug_tracker_that_is_not_there(check):
    with pytest.raises(NotFoundError):
        check("nobody", ["1"])
