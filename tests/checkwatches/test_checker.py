import asyncio

import pytest
import transaction
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BugTrackerRateLimited,
    IBugWatchChecker,
    IBugWatchUpdater,
    NotFoundError,
    RemoteBug,
    Updated,
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


# All that is due


@pytest.fixture
def update(site):
    """Asks for all that is due."""
    updater = getUtility(IBugWatchUpdater)
    return lambda *args, **values: updater(site.database, *args, **values)


def test_the_updater_provides_the_interface(site):
    assert verifyObject(IBugWatchUpdater, getUtility(IBugWatchUpdater))


def test_all_that_is_due_is_asked_for_and_nothing_else(update, watched, bugzilla, clock):
    done = []
    assert update(progress=lambda *counts: done.append(counts)) == Updated(3)
    transaction.begin()
    assert set(statuses(watched).values()) == {"CONFIRMED"}
    assert done[-1] == (3, 3)
    bugzilla.requests.clear()
    assert update() == Updated()
    assert bugzilla.requests == []


def test_a_bug_tracker_that_cannot_be_asked_is_told(update, watched, bugzilla, clock):
    bugzilla.quota = 0
    updated = update()
    assert isinstance(updated.troubled["bugs"], BugTrackerRateLimited)
    bugzilla.requests.clear()
    # It is left alone from then on, as in any run.
    assert update() == Updated()
    assert bugzilla.requests == []


def test_a_bug_tracker_that_another_run_asks_is_told(update, watched, bugzilla, site, clock):
    site.database.write(lambda trackers: trackers.claims.claim(bugzilla.url, "they", clock.moment))
    assert update() == Updated(left=("bugs",))


def test_it_ends_when_its_time_is_up(update, watch_bugs, registry):
    async def fetch(self, session, batch):
        yield RemoteBug(batch.remotebugs[0], "NEW")
        pass_time(61)
        await asyncio.Event().wait()

    slow = registry.type("SLOW", fetch)
    watch_bugs("bugs", "https://b.example.com", ["1", "2", "3"], slow)
    assert update(60) == Updated(1, out_of_time=True)
