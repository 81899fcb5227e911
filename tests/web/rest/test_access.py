from datetime import timedelta

import pytest
from pyramid.authorization import ALL_PERMISSIONS, Deny, Everyone
from zope.component import getUtility

from malonewatch.application import audit, people, tokens
from malonewatch.application.facts import now
from malonewatch.interfaces import IBugWatchSet, ITokenSet, Role, Scope

from .conftest import ANN, Client


def test_a_token_for_reading_reads(reader, watched):
    assert reader.get("/watches/2").json["remote_title"] == "Second"


@pytest.mark.parametrize("text", ["mw_wrong", "", "mw_" + "é" * 43])
def test_a_token_that_is_none_is_refused(checked, watched, text):
    problem = Client(checked, text).get("/watches/2", status=401)
    assert problem.content_type == "application/problem+json"
    assert problem.json["type"] == "urn:malonewatch:problem:bad-token"
    assert 'error="invalid_token"' in problem.headers["WWW-Authenticate"]


def test_a_token_that_has_expired_is_refused(checked, watched, database, monkeypatch):
    text = tokens.issue(database, "ann", "x", Scope.READ, now() + timedelta(hours=1)).text
    client = Client(checked, text)
    client.get("/watches/2")
    later = now() + timedelta(hours=1)
    monkeypatch.setattr("malonewatch.model.tokens.now", lambda: later)
    client.get("/watches/2", status=401)


def test_who_sends_no_token_is_told_to(checked, watched):
    problem = Client(checked, None).get("/watches/2", status=401)
    assert problem.headers["WWW-Authenticate"] == 'Bearer realm="malonewatch"'
    assert "a token for 'read'" in problem.json["detail"]


@pytest.mark.parametrize("scope", [Scope.METRICS, Scope.FEEDS])
def test_other_tokens_are_not_good_for_it(client_for, watched, scope):
    problem = client_for(scope).get("/watches/2", status=403)
    assert problem.json["detail"] == (
        f"This takes a token for 'read', and this one is for {scope.value!r}."
    )
    assert 'scope="read"' in problem.headers["WWW-Authenticate"]


def test_a_token_for_reading_changes_nothing(reader, watched):
    reader.delete("/watches/2", status=403)
    reader.get("/watches/2")


def test_what_is_done_is_kept_with_who_did_it(watcher, watched, database):
    watcher.delete("/watches/2", status=204)
    ((entry, *_),) = audit.list_entries(database)
    assert (entry.face, entry.actor) == ("REST", ANN)


def test_a_token_for_watching_does_not_administer(watcher, watched):
    watcher.get("/tokens", status=403)
    watcher.delete("/watches/2", status=204)


def test_who_is_logged_in_reads_and_changes_nothing(browser, checked, watched):
    assert browser.get("/api/v1/watches/2").json["id"] == 2
    assert browser.get("/api/v1/tokens").json["items"] == []
    problem = browser.delete("/api/v1/watches/2", status=401)
    assert problem.json["type"] == "urn:malonewatch:problem:no-token"


def test_who_is_logged_in_reads_what_is_permitted(browser, checked, watched, database):
    database.write(lambda trackers: setattr(trackers.__parent__, "__acl__", []))
    problem = browser.get("/api/v1/watches/2", status=403)
    assert problem.json["detail"] == "You may not do that here."


@pytest.mark.parametrize("owner", ["bob", "BOB@example.com"])
def test_a_token_is_good_for_what_its_owner_may(client_for, watched, database, owner):
    people.add(database, "bob", "bob@example.com", Role.VIEWER)
    client = client_for(Scope.ADMIN, owner)
    client.get("/watches/2")
    client.delete("/watches/2", status=403)
    people.edit(database, "bob", role=Role.MANAGER)
    client.delete("/watches/2", status=204)
    client.patch_json("/trackers/auto-127.0.0.1", {"title": "T"})
    client.get("/tokens", status=403)
    people.edit(database, "bob", role=Role.ADMINISTRATOR)
    client.get("/tokens")


@pytest.mark.parametrize("owner", ["bob", "bob@example.com"])
def test_a_token_for_who_may_not_come_in_is_refused(client_for, watched, database, owner):
    people.add(database, "bob", "bob@example.com")
    people.disable(database, "bob")
    client = client_for(Scope.ADMIN, owner)
    problem = client.get("/watches/2", status=401)
    assert problem.json["type"] == "urn:malonewatch:problem:bad-token"
    people.enable(database, "bob")
    client.get("/watches/2")


def test_what_has_a_law_of_its_own_is_seen_by_it(watcher, watched, database):
    def close(trackers):
        getUtility(IBugWatchSet).get(2).__acl__ = [(Deny, Everyone, ALL_PERMISSIONS)]

    database.write(close)
    watcher.get("/watches/1")
    watcher.get("/watches/2", status=403)


def test_a_database_without_tokens_knows_none(reader, watched, database):
    database.write(
        lambda trackers: trackers.__parent__.getSiteManager().unregisterUtility(provided=ITokenSet)
    )
    reader.get("/watches/2", status=401)
