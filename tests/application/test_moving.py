import pytest
from tests.application.remote import BUGZILLA, bug_url
from tests.channels import in_place_of
from zope.component import hooks

from malonewatch.application import moving, subscribing, trackers, watches
from malonewatch.application.trackers import TrackerChanges
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    DestinationSettings,
    ISubscriptionSet,
    NotFoundError,
    Target,
    TargetKind,
    UnknownBugTrackerType,
)

NAME = "auto-bugzilla.example.com"
NEW = "https://bugs.example.org"


@pytest.fixture
def watched(database, tell):
    watches.watch(database, [bug_url(1)])
    tell(NAME, "1", "NEW")


def test_watches_follow_and_the_old_base_url_becomes_an_alias(database, watched):
    before, after = moving.move(database, NAME, NEW)
    assert (before.baseurl, after.baseurl, after.aliases) == (BUGZILLA, NEW, (BUGZILLA,))
    facts = watches.show(database, "1").facts
    assert facts.url == f"{NEW}/show_bug.cgi?id=1"
    assert after.due == 1
    assert watches.watch(database, [bug_url(1)]).existing[0].id == 1


def test_the_type_can_be_another(database, watched):
    _, after = moving.move(database, NAME, NEW, "trac")
    assert after.bugtrackertype == "TRAC"
    with pytest.raises(UnknownBugTrackerType):
        moving.move(database, NAME, BUGZILLA, "nonsense")


def test_a_dry_run_says_the_same_and_changes_nothing(database, watched):
    _, after = moving.move(database, NAME, NEW, dry_run=True)
    assert after.baseurl == NEW
    assert trackers.show(database, NAME).facts.baseurl == BUGZILLA
    assert watches.show(database, "1").facts.remotestatus == "NEW"


def test_where_another_is_nothing_is_moved(database, watched):
    trackers.add(database, NEW, TrackerChanges(type_name="BUGZILLA", name="other"))
    with pytest.raises(BaseURLTaken, match=f"merge {NAME} into it"):
        moving.move(database, NAME, f"{NEW}/")


def test_where_it_is_already_it_is_not_moved(database, watched):
    with pytest.raises(BadInput, match="already"):
        moving.move(database, NAME, BUGZILLA)
    _, after = moving.move(database, NAME, BUGZILLA, "TRAC")
    assert (after.bugtrackertype, after.aliases) == ("TRAC", ())


def test_what_is_no_base_url_is_refused(database, watched):
    for bad in ("nonsense", "https://me:secret@h/"):
        with pytest.raises(BadInput):
            moving.move(database, NAME, bad, dry_run=True)
    with pytest.raises(NotFoundError):
        moving.move(database, "nope", NEW)


@pytest.fixture
def twice(database, watched):
    """The same bug tracker registered twice; bug 1 watches its bug 1 on both."""
    trackers.add(database, NEW, TrackerChanges(type_name="BUGZILLA", name="other"))
    urls = [f"{NEW}/show_bug.cgi?id={number}" for number in (1, 2)]
    watches.watch(database, urls, bug_id=1)
    watches.watch(database, urls[:1], bug_id=2)
    trackers.edit(database, "other", TrackerChanges(aliases=["https://old.example.org"]))


def test_two_are_made_one(database, twice, stored):
    merged = moving.merge(database, "other", NAME)
    assert (merged.source.name, merged.target.name) == ("other", NAME)
    assert merged.moved == (3, 4)
    assert [facts.id for facts in merged.dropped] == [2]
    assert merged.target.aliases == (NEW, "https://old.example.org")
    assert stored().trackers == {NAME: BUGZILLA}
    assert stored().watches == {1: (1, NAME, "1"), 3: (1, NAME, "2"), 4: (2, NAME, "1")}


def test_a_dry_run_of_that_changes_nothing(database, twice, stored):
    before = stored().watches
    merged = moving.merge(database, "other", NAME, dry_run=True)
    assert merged.moved == (3, 4)
    assert stored().watches == before
    assert len(stored().trackers) == 2


def test_subscriptions_go_along(database, twice):
    with in_place_of("mail"):
        subscribing.subscribe(
            database,
            "ann@example.com",
            DestinationSettings(kind="mail", address="ann@example.com"),
            [Target(TargetKind.TRACKER, "other")],
        )
    moving.merge(database, "other", NAME)
    (subscription,) = subscribing.list_subscriptions(database)
    assert subscription.target == Target(TargetKind.TRACKER, NAME)


def test_there_need_be_no_subscriptions(database, twice):
    def forget(trackers):
        hooks.getSite().getSiteManager().unregisterUtility(provided=ISubscriptionSet)

    database.write(forget)
    assert moving.merge(database, "other", NAME).moved == (3, 4)


def test_one_is_not_merged_into_itself_or_another_type(database, twice):
    trackers.add(database, "https://t.example.org", TrackerChanges(type_name="TRAC", name="trac"))
    with pytest.raises(BadInput, match="into itself"):
        moving.merge(database, NAME, BUGZILLA)
    with pytest.raises(BadInput, match="of type BUGZILLA and trac of type TRAC"):
        moving.merge(database, NAME, "trac")
