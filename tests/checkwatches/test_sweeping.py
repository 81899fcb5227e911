"""A quiet sweep, from the run to the database."""

import asyncio
import logging
from datetime import timedelta

import pytest
import transaction
from zope.interface import classImplements

from malonewatch.checkwatches import Run
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.interfaces import BugTaskStatus, IBatches, ISweeps, RemoteBug


class Said:
    """What a bug tracker says, and what it was asked for."""

    def __init__(self):
        self.changed = ()
        self.asked = []
        self.sweeps = []


@pytest.fixture
def said():
    return Said()


@pytest.fixture
def tracker(said, registry, watch_bugs, clock):
    """One of ten watches, two of which a request asks for."""

    async def fetch(self, session, batch):
        session.clock_skew = 0.0
        said.asked.append(batch.remotebugs)
        for remotebug in batch.remotebugs:
            yield RemoteBug(remotebug, "NEW", BugTaskStatus.NEW)

    async def sweep(self, session, since):
        session.clock_skew = 0.0
        said.sweeps.append(since)
        if isinstance(said.changed, Exception):
            raise said.changed
        if said.changed == "silence":
            await asyncio.Event().wait()
        return said.changed

    class Sweepable(ExternalBugTracker):
        pass

    classImplements(Sweepable, IBatches, ISweeps)
    kind = registry.type("SWEPT", fetch, Sweepable, sweep=sweep, request_size=2)
    return watch_bugs("bugs", "https://b.example.com", map(str, range(10)), kind)


@pytest.fixture
def run(site, tracker, said, clock):
    """Runs at a time when nothing but a sweep is due; the bugs that are asked for."""

    def run(**options):
        for watch in tracker.watches:
            watch.next_check = clock.moment + timedelta(days=2)
        transaction.commit()
        said.asked.clear()
        Run(site.database, **options).update(["bugs"])
        transaction.begin()
        return [name for names in said.asked for name in names]

    Run(site.database).update(["bugs"])
    transaction.begin()
    clock.tick(hours=23)
    return run


def test_only_what_changed_is_asked_for(run, said, tracker, clock, caplog):
    caplog.set_level(logging.INFO, "malonewatch")
    said.changed = ("3", "7", "99")
    assert run() == ["3", "7"]
    assert len(said.sweeps) == 1
    assert "Swept https://b.example.com: 3 bugs changed, 2 of them watched" in caplog.text
    assert {watch.lastchecked for watch in tracker.watches} == {clock.moment}
    assert tracker.swept == clock.moment


def test_where_nothing_changed_nothing_is_asked_for(run, said, tracker, clock):
    assert run() == []
    assert tracker.swept == clock.moment


def test_a_sweep_that_fails_costs_nothing_else(run, said, tracker, caplog):
    said.changed = LookupError("Odd.")
    assert run() == []
    assert tracker.swept is None
    assert "Unexpected failure when asking https://b.example.com what changed" in caplog.text


def test_a_sweep_that_does_not_end_is_ended(run, said, tracker, caplog):
    caplog.set_level(logging.INFO, "malonewatch")
    said.changed = "silence"
    assert run(tracker_seconds=0.05) == []
    assert tracker.swept is None
    assert "it did not tell what changed" in caplog.text


def test_a_dry_run_notes_no_sweep(run, said, tracker):
    said.changed = ("3",)
    assert run(dry_run=True) == []
    assert tracker.swept is None


def test_who_asks_for_certain_bugs_sweeps_nothing(run, said, site):
    run()
    said.sweeps.clear()
    said.asked.clear()
    Run(site.database).update_only("bugs", ["4"])
    assert (said.asked, said.sweeps) == ([("4",)], [])


def test_a_bug_tracker_that_is_gone_meanwhile_learns_nothing(run, said, site, tracker, monkeypatch):
    said.changed = ("3",)
    trackers = tracker.__parent__
    before = type(trackers).getByName
    calls = []

    def once(self, name, default=None):
        calls.append(name)
        return before(self, name) if len(calls) == 1 else default

    monkeypatch.setattr(type(trackers), "getByName", once)
    assert run() == []
    monkeypatch.undo()
    assert tracker.swept is None


def test_a_type_that_cannot_be_asked_any_more_is_not(run, said, tracker, registry):
    registry.type("SWEPT", ExternalBugTracker.fetch)
    assert run() == []
    assert tracker.ledger.sweeps is None
    assert said.sweeps == []
