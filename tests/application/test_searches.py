import pytest
from zope.component import getSiteManager, getUtility

from malonewatch.application import searches, subscribing
from malonewatch.interfaces import (
    BadInput,
    DatabaseError,
    DestinationSettings,
    IPersonSet,
    ISubscriptionSet,
    Target,
    TargetKind,
)


def test_people_keep_searches_of_their_own(database):
    assert searches.list_kept(database, "anna") == ()
    for search in ("open", "fixed", "open "):
        searches.keep(database, "Anna", search)
    assert searches.list_kept(database, "anna") == ("fixed", "open")
    assert searches.list_kept(database, "bert") == ()
    for search in ("open", "fixed", "closed"):
        searches.drop(database, "anna", search)
    assert searches.list_kept(database, "anna") == ()


def test_nothing_is_dropped_where_nothing_is_kept(database):
    searches.drop(database, "anna", "open")
    assert searches.list_kept(database, "anna") == ()


@pytest.mark.parametrize(
    ("search", "sentence"), [(" ", "nothing in the search"), ("colour:red", "nothing to search")]
)
def test_what_is_no_search_is_not_kept(database, search, sentence):
    with pytest.raises(BadInput, match=sentence):
        searches.keep(database, "anna", search)


def test_nothing_is_kept_for_who_is_not_known(database):
    with pytest.raises(BadInput, match="who has logged in"):
        searches.keep(database, "", "open")


def test_nobody_keeps_very_many(database, monkeypatch):
    monkeypatch.setattr(searches, "MOST", 2)
    for search in ("one", "two", "two"):
        searches.keep(database, "anna", search)
    with pytest.raises(BadInput, match="more than 2 searches"):
        searches.keep(database, "anna", "three")


def test_a_search_that_somebody_is_told_of_is_one_too(database):
    assert searches.list_subscribed(database, "anna@example.com") == ()
    settings = DestinationSettings(kind="mail", address="anna@example.com")
    targets = [Target(TargetKind.SEARCH, "open"), Target(TargetKind.ALL)]
    subscribing.subscribe(database, "anna@example.com", settings, targets)
    assert searches.list_subscribed(database, "anna@example.com") == ("open",)


def test_in_a_database_of_an_earlier_version_there_are_none(database):
    def forget(trackers):
        getUtility(IPersonSet).ensurePerson("anna@example.com")
        getSiteManager().unregisterUtility(provided=ISubscriptionSet)

    database.write(forget)
    assert searches.list_kept(database, "anna") == ()
    assert searches.list_subscribed(database, "anna@example.com") == ()
    with pytest.raises(DatabaseError, match="malonewatch upgrade"):
        searches.keep(database, "anna", "open")
