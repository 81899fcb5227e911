import pytest
from tests.application.remote import BUGZILLA, apply, bug_url

from malonewatch.application import trackers, watches
from malonewatch.application.facts import TROUBLE
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BrakeSettings,
    BugTaskStatus,
    BugTrackerNameTaken,
    BugWatchErrorType,
    Certainty,
    Freshness,
    NotFoundError,
    Politeness,
    RemoteBug,
    UnknownBugTrackerType,
)

NAME = "auto-bugzilla.example.com"


@pytest.fixture
def some(database):
    trackers.add(database, BUGZILLA, TrackerChanges(type_name="BUGZILLA", name="some"))
    return database


def test_all_that_is_said_of_a_new_one_is_kept(database):
    changes = TrackerChanges(
        name="ex", type_name="trac", title="Example", summary="S", contactdetails="C"
    )
    facts, found = trackers.add(database, "https://example.com/trac", changes)
    assert (facts.name, facts.bugtrackertype, facts.title) == ("ex", "TRAC", "Example")
    assert (facts.summary, facts.contactdetails, facts.guessed) == ("S", "C", False)
    assert found.certainty is None


def test_the_url_of_a_bug_will_do(database):
    facts, found = trackers.add(database, bug_url(5))
    assert (facts.name, facts.baseurl) == (NAME, BUGZILLA)
    assert found.certainty is Certainty.SHAPE


def test_one_that_is_there_is_not_added_again(some):
    for url in (BUGZILLA, bug_url(5), "http://bugzilla.example.com/"):
        with pytest.raises(BaseURLTaken, match="'some' already"):
            trackers.add(some, url)


def test_one_that_was_guessed_is_registered_as_it_was_found(database):
    watches.watch_text(database, bug_url(1))
    changes = TrackerChanges(name="some", type_name="TRAC", title="Some", summary="S")
    facts, _ = trackers.add(database, BUGZILLA, changes)
    assert (facts.name, facts.title, facts.guessed) == ("some", "Some", False)
    assert facts.bugtrackertype == "TRAC"
    assert [each.name for each in trackers.list_trackers(database)] == ["some"]


def test_one_that_was_guessed_keeps_what_nothing_is_said_of(database):
    watches.watch_text(database, bug_url(1))
    facts, _ = trackers.add(database, BUGZILLA)
    assert (facts.name, facts.bugtrackertype, facts.guessed) == (NAME, "BUGZILLA", False)


def test_what_cannot_be_used_adds_nothing(some):
    with pytest.raises(BugTrackerNameTaken):
        trackers.add(
            some, "https://other.example.com", TrackerChanges(type_name="TRAC", name="some")
        )
    assert len(trackers.list_trackers(some)) == 1


def test_all_of_it_can_be_changed(some):
    before, after = trackers.edit(
        some,
        BUGZILLA,
        TrackerChanges(
            name="other",
            type_name="trac",
            title="Other",
            summary="S",
            contactdetails="C",
            baseurl="https://other.example.com/",
            aliases=("https://b.example.com", "https://a.example.com"),
            active=False,
            concurrency=2,
            gap=0.5,
        ),
    )
    assert before.name == "some"
    assert (after.name, after.bugtrackertype, after.title) == ("other", "TRAC", "Other")
    assert (after.summary, after.contactdetails) == ("S", "C")
    assert after.baseurl == "https://other.example.com/"
    assert after.aliases == ("https://a.example.com", "https://b.example.com")
    assert (after.active, after.state) == (False, "inactive")
    assert after.politeness == Politeness(2, 0.5)


def test_aliases_are_added_or_replaced(some):
    for alias, forget, expected in (
        ("https://a.example.com", False, ("https://a.example.com",)),
        ("https://b.example.com", False, ("https://a.example.com", "https://b.example.com")),
        ("https://c.example.com", True, ("https://c.example.com",)),
    ):
        changes = TrackerChanges(aliases=(alias,), no_aliases=forget)
        assert trackers.edit(some, "some", changes)[1].aliases == expected
    assert trackers.edit(some, "some", TrackerChanges(no_aliases=True))[1].aliases == ()


def test_politeness_is_changed_in_part_or_forgotten(some):
    trackers.edit(some, "some", TrackerChanges(concurrency=2))
    _, after = trackers.edit(some, "some", TrackerChanges(gap=0.0))
    assert after.politeness == Politeness(2, 0.0)
    _, after = trackers.edit(some, "some", TrackerChanges(no_politeness=True, gap=1.0))
    assert after.politeness == Politeness(None, 1.0)


def test_a_change_that_cannot_be_changes_nothing_at_all(some):
    with pytest.raises(UnknownBugTrackerType):
        trackers.edit(some, "some", TrackerChanges(summary="S", active=False, type_name="NONSENSE"))
    with pytest.raises(BadInput):
        trackers.edit(some, "some", TrackerChanges(baseurl="https://other", name="Not a name"))
    facts = trackers.show(some, "some").facts
    assert (facts.summary, facts.active, facts.baseurl) == ("", True, BUGZILLA)


def test_one_without_watches_is_forgotten(some):
    assert trackers.remove(some, "some").baseurl == BUGZILLA
    assert trackers.list_trackers(some) == []
    with pytest.raises(NotFoundError):
        trackers.remove(some, "some")


def test_one_with_watches_is_not_forgotten(some):
    watches.watch(some, [bug_url(1)])
    with pytest.raises(BadInput, match="has watches"):
        trackers.remove(some, "some")


def test_details_have_the_types_title(some):
    details = trackers.show(some, "some")
    assert details.type_title == "Bugzilla"
    assert (details.held, details.counters, details.activity) == ((), (), ())
    assert (details.origin, details.claim) == (None, None)


def test_one_of_a_type_that_is_gone_can_be_looked_at(database, software):
    from zope.component import getGlobalSiteManager

    from malonewatch.interfaces import IBugTrackerFacts, IExternalBugTracker

    changes = TrackerChanges(type_name="FIRST", name="gone")
    trackers.add(database, "https://things.example.com", changes)
    registry = getGlobalSiteManager()
    registry.unregisterAdapter(
        name="FIRST", required=(IBugTrackerFacts,), provided=IExternalBugTracker
    )
    details = trackers.show(database, "gone")
    assert details.type_title is None
    assert details.type_politeness == Politeness()


def test_a_run_that_is_at_work_and_what_is_known_of_the_server_are_shown(some):
    from malonewatch.application.facts import now
    from malonewatch.interfaces import OriginState, Quota

    def step(all_trackers):
        origin = all_trackers["some"].origin
        all_trackers.claims.claim(origin, "somebody", now())
        all_trackers.claims.setState(origin, OriginState(quota=Quota(60, 7)))

    some.write(step)
    details = trackers.show(some, "some")
    assert details.claim.holder == "somebody"
    assert details.origin.quota.remaining == 7


def test_changes_that_are_held_are_taken_without_asking(some, tell):
    watches.watch(some, [bug_url(1)])
    tell("some", "1", "NEW")

    def step(all_trackers):
        all_trackers.brake_settings = BrakeSettings(least=1)
        apply(all_trackers["some"], RemoteBug("1", "CLOSED", BugTaskStatus.INVALID))

    some.write(step)
    assert watches.show(some, "1").facts.remotestatus == "NEW"
    before = trackers.show(some, "some").facts
    assert before.held_count == 1
    assert before.last_error_type is BugWatchErrorType.SUSPICIOUS_ANSWER
    (line,) = trackers.list_lines(some)
    assert (line.held_count, line.state) == (1, TROUBLE)
    assert trackers.show(some, "some", most=0).held == ()
    facts, held = trackers.accept_changes(some, "some")
    assert [(change.bug_id, change.new_remotestatus) for change in held] == [(1, "CLOSED")]
    assert (facts.held_count, facts.last_error_type) == (0, None)
    assert watches.show(some, "1").facts.remotestatus == "CLOSED"


def test_without_held_changes_there_is_nothing_to_accept(some):
    facts, held = trackers.accept_changes(some, "some")
    assert (facts.name, held) == ("some", ())


def test_freshness_is_changed_in_part_or_forgotten(some):
    trackers.edit(some, "some", TrackerChanges(budget=7, longest=86_400.0))
    _, after = trackers.edit(some, "some", TrackerChanges(longest_closed=172_800.0))
    assert after.freshness == Freshness(7, 86_400.0, 172_800.0)
    _, after = trackers.edit(some, "some", TrackerChanges(no_freshness=True, budget=9))
    assert after.freshness == Freshness(9)
