from zope.component import getGlobalSiteManager
from zope.interface import implementer

from malonewatch.application.types import CAPABILITIES, list_types
from malonewatch.externalbugtracker import ExternalBugTracker
from malonewatch.interfaces import IBugTrackerFacts, IExternalBugTracker, Polling


def test_all_types_are_there_with_what_they_can_do(database, trackers):
    by_name = {each.name: each for each in list_types(database)}
    assert list(by_name) == [name for name, _ in trackers(lambda each: each.getBugTrackerTypes())]
    bugzilla = by_name["BUGZILLA"]
    assert (bugzilla.title, bugzilla.dialects[-1]) == ("Bugzilla", "xml")
    assert bugzilla.capabilities == ("batches", "duplicates", "sweeps")
    assert (bugzilla.polling, bugzilla.not_polled) == (Polling.ALWAYS, "")
    assert by_name["SOURCEFORGE"].capabilities == ("batches", "moves", "validators")


@implementer(*CAPABILITIES)
class Chore(ExternalBugTracker):
    title = "Chore"
    polling = Polling.ONCE
    not_polled = "All is done."


def test_types_of_other_packages_are_among_them(database):
    registry = getGlobalSiteManager()
    registered = (Chore, (IBugTrackerFacts,), IExternalBugTracker, "CHORE")
    registry.registerAdapter(*registered)
    try:
        (chore,) = [each for each in list_types(database) if each.name == "CHORE"]
    finally:
        registry.unregisterAdapter(*registered)
    assert chore.capabilities == tuple(CAPABILITIES.values())
    assert (chore.polling, chore.not_polled) == (Polling.ONCE, "All is done.")
