"""Every word of every type, from its simulator through a run to a watch.

Which simulator is a type's, and how its ids look, is found in the type's own tests.
"""

import importlib
import inspect

import pytest
import transaction
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.checkwatches import Run
from malonewatch.configuration import configure
from malonewatch.externalbugtracker.driver import fold
from malonewatch.interfaces import (
    BugTrackerFacts,
    BugTrackerType,
    BugWatchErrorType,
    IBugSet,
    IBugTrackerSet,
    ICredentials,
    Politeness,
    Polling,
)
from malonewatch.model.trackertypes import all_types
from malonewatch.testing import fresh_site
from malonewatch.testing.asking import OnlyCredentials
from malonewatch.testing.conformance import ExternalBugTrackerConformance

#: From how many words on not each is tried.
MANY = 1000


def polled_types():
    configure()
    return [
        name
        for name, factory in all_types()
        if factory(BugTrackerFacts("", name, "")).polling is not Polling.NEVER
    ]


def suite_of(name):
    """The first of the type's tests that has the whole type for its subject."""
    external = dict(all_types())[name](BugTrackerFacts("", name, ""))
    module = type(external).__module__.rpartition(".")[2]
    tests = importlib.import_module(f"tests.externalbugtracker.test_{module}")
    return next(
        each
        for _, each in sorted(inspect.getmembers(tests, inspect.isclass), key=_line)
        if issubclass(each, ExternalBugTrackerConformance)
        and getattr(each, "factory", None) is type(external)
    )


def _line(member):
    try:
        return inspect.getsourcelines(member[1])[1]
    except (OSError, TypeError):
        return 0


def enough_of(table):
    """All words, or of very many, which are statuses with a resolution each, those with anything
    in them that no word before has."""
    if len(table) <= MANY:
        return table
    met, enough = set(), {}
    for word, meaning in table.items():
        words = word.split(" ")
        parts = {" ".join(words[:cut]) for cut in range(1, len(words) + 1)}
        parts |= {" ".join(words[cut:]) for cut in range(1, len(words))}
        if not parts - {word} <= met or len(words) == 1:
            enough[word] = meaning
        met |= parts
    return enough


@pytest.mark.parametrize("name", polled_types())
def test_every_status_that_a_type_knows_comes_through_a_run_as_what_it_means(name):
    suite = suite_of(name)
    if getattr(suite, "simulator_with_login", None) is suite.simulator:
        # It tells nothing without.
        getGlobalSiteManager().registerUtility(OnlyCredentials(suite.login), ICredentials)
    with suite.simulator() as simulator, fresh_site() as site:
        bugtrackertype = BugTrackerType(name)
        external = suite.factory(BugTrackerFacts("", bugtrackertype, simulator.url))
        table = enough_of(external.status_table)
        tracker = getUtility(IBugTrackerSet).ensureBugTracker(
            simulator.url, None, bugtrackertype, name="all"
        )
        tracker.politeness = Politeness(20, 0)
        bugs = getUtility(IBugSet)
        said, count = {}, 0
        for word in table:
            for values in simulator.ways_to_say(word):
                count += 1
                watch = bugs.createBug().addWatch(tracker, suite.ids(count), None)
                simulator.add(watch.remotebug, **values)
                said.setdefault(word, []).append(watch.remotebug)
        transaction.commit()
        Run(site.database, batch_size=0).update(["all"])
        transaction.begin()
        # There are words for a bug that is none any more.
        gone = {
            watch.remotebug
            for watch in tracker.watches
            if watch.last_error_type is BugWatchErrorType.BUG_DELETED
        }
        seen = {watch.remotebug: (watch.remotestatus, watch.status) for watch in tracker.watches}
    wrong = {}
    for word, remotebugs in said.items():
        there = [seen[remotebug] for remotebug in remotebugs]
        same = [each for each in there if each[0] == word]
        alike = [each for each in there if each[0] and fold(each[0]) == fold(word)]
        # What people are shown may be another word than the one that was said.
        found = same or alike or there[:1]
        statuses = {status for _, status in found}
        # It may be another one while the bug is open, or once it is not.
        if table[word] not in statuses and not gone.intersection(remotebugs):
            wrong[word] = table[word], there
    assert wrong == {}
