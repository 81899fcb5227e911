import pytest
from tests.application.remote import BUGZILLA, bug_url

from malonewatch.application.finding import FoundBug
from malonewatch.application.registering import Registrar
from malonewatch.interfaces import BadInput, BugTrackerType, Certainty

FOUND = FoundBug(bug_url(1), BUGZILLA, "1", BugTrackerType("BUGZILLA"), Certainty.SHAPE)


def test_a_bug_tracker_is_registered_once(database):
    def step(trackers):
        registrar = Registrar(trackers)
        return (
            [registrar.tracker_of(FOUND).name for _ in range(2)],
            [each.tracker.name for each in registrar.registered],
        )

    name = "auto-bugzilla.example.com"
    assert database.write(step) == ([name, name], [name])


def test_one_of_another_type_that_was_registered_meanwhile_is_not_taken_for_it(database):
    def step(trackers):
        trackers.ensureBugTracker(BUGZILLA, None, BugTrackerType("TRAC"), name="trac")
        Registrar(trackers).tracker_of(FOUND)

    with pytest.raises(BadInput, match=r"but trac, which is registered there, is of type TRAC\."):
        database.write(step)
