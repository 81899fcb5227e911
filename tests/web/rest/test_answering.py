import json

import pytest
from transaction import Transaction
from transaction.interfaces import TransientError
from ZODB.POSException import ConflictError, StorageError
from zope.component import getUtility

from malonewatch.application import people, tokens
from malonewatch.interfaces import (
    BadInput,
    BaseURLTaken,
    BugTrackerTimeout,
    DatabaseBusy,
    DatabaseError,
    IPersonSet,
    MalonewatchError,
    PackageMissing,
    Role,
    Scope,
)
from malonewatch.web.rest import answering
from malonewatch.web.rest.calls import WAYS
from malonewatch.web.rest.problems import misread

from .conftest import Client


def test_a_watch_is_shown_as_the_command_line_has_it(reader, watched):
    shown = reader.get("/watches/2").json
    assert shown["remote_title"] == "Second"
    assert shown["status"] == "CONFIRMED"
    assert shown["activity"][0]["kind"] == "status"
    assert shown["links"] == []


def test_who_has_seen_it_is_sent_nothing(reader, watched):
    first = reader.get("/watches/2")
    assert first.headers["Vary"] == "Authorization, Cookie"
    assert first.headers["Cache-Control"] == "private, no-cache"
    seen = {"If-None-Match": first.headers["ETag"]}
    again = reader.get("/watches/2", headers=seen, status=304)
    assert again.body == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    watched.change("2", title="Another")
    reader.get("/watches/1", headers=seen, status=200)


def test_head_is_answered_without_the_body(reader, watched):
    assert reader.head("/watches/2").headers["ETag"] == reader.get("/watches/2").headers["ETag"]
    reader.head("/watches/9", status=404)


def test_what_was_seen_is_changed(client, watched):
    seen = client.get("/bugs/2").headers["ETag"]
    body = {"title": "Another"}
    client.patch_json("/bugs/2", body, headers={"If-Match": seen})
    problem = client.patch_json("/bugs/2", body, headers={"If-Match": seen}, status=412)
    assert problem.json["type"] == "urn:malonewatch:problem:changed"
    client.patch_json("/bugs/2", body, headers={"If-Match": "*"})


def test_what_is_done_to_a_thing_is_done_to_what_was_seen(client, watched):
    seen = client.get("/trackers/auto-127.0.0.1").headers["ETag"]
    path = "/trackers/auto-127.0.0.1/move"
    body = {"url": "https://bugs.example.com", "dry_run": True}
    client.post_json(path, body, headers={"If-Match": '"other"'}, status=412)
    client.post_json(path, body, headers={"If-Match": seen})


def test_what_refers_to_the_secrets_of_a_webhook_is_changed(client, watched):
    path, both = "/trackers/auto-127.0.0.1", {"hook_secrets": ["env:A", "env:B"]}
    assert client.patch_json(path, both).json["after"]["hook_secrets"] == ["env:A", "env:B"]
    client.patch_json(path, {"hook_secrets": ["hunter2"]}, status=422)
    client.patch_json(path, {"no_hook_secrets": True})
    shown = client.get(path).json
    assert (shown["hook_secrets"], shown["lasthook"]) == ([], None)


def test_what_refers_to_secrets_is_for_who_may_change_it(
    client, reader, client_for, watched, database
):
    path = "/trackers/auto-127.0.0.1"
    client.patch_json(path, {"hook_secrets": ["env:A", "env:B"]})
    hidden = ["not shown", "not shown"]
    for seen in (reader, client_for(Scope.WATCH)):
        assert seen.get(path).json["hook_secrets"] == hidden
        assert seen.get("/trackers").json["items"][0]["hook_secrets"] == hidden
        explained = seen.get("/watches/1/explanation")
        assert explained.json["tracker"]["hook_secrets"] == hidden
        assert "env:A" not in explained.text
    assert client.get(path).json["hook_secrets"] == ["env:A", "env:B"]
    assert client.get("/watches/1/explanation").json["tracker"]["hook_secrets"][0] == "env:A"
    # Whose it is sees it, whatever the token is good for.
    people.add(database, "mia", "mia@example.com", Role.MANAGER)
    assert client_for(Scope.READ, "mia").get(path).json["hook_secrets"] == hidden

    def give(trackers):
        person = getUtility(IPersonSet).ensurePerson("Mia@example.com")
        trackers["auto-127.0.0.1"].owner = person

    database.write(give)
    assert client_for(Scope.READ, "mia").get(path).json["hook_secrets"] == ["env:A", "env:B"]
    assert reader.get(path).json["hook_secrets"] == hidden


def test_what_cannot_be_seen_does_not_match(client, watched):
    client.delete("/tokens/1", headers={"If-Match": "*"}, status=412)
    client.delete("/watches/9", headers={"If-Match": "*"}, status=404)


@pytest.mark.parametrize("method", ["put", "post", "options"])
def test_another_method_is_refused(reader, watched, method):
    problem = getattr(reader, method)("/watches/2", status=405)
    assert problem.headers["Allow"] == "DELETE, GET, HEAD, PATCH"
    assert problem.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/watches/x", "/watches/0", f"/watches/{'9' * 19}"]
)
def test_what_is_not_there_is_not_found(reader, watched, path):
    problem = reader.get(path, status=404)
    assert problem.json == {
        "type": "urn:malonewatch:problem:not-found",
        "title": "Not Found",
        "status": 404,
        "detail": f"There is nothing at /api/v1{path}.",
    }


def test_parameters_that_are_wrong_are_named(reader, watched):
    problem = reader.get("/watches?limit=0&sort=x", status=400).json
    assert problem["type"] == "urn:malonewatch:problem:invalid"
    assert {each["parameter"] for each in problem["errors"]} == {"limit", "sort"}
    problem = reader.get("/watches?limits=1", status=400).json
    assert problem["errors"] == [{"detail": "There is no such parameter.", "parameter": "limits"}]
    (error,) = reader.get("/moved", status=400).json["errors"]
    assert error["parameter"] == "since"
    assert "not in UTF-8" in reader.get("/watches?q=%ff", status=400).json["detail"]


def test_a_semicolon_in_a_query_stands_for_itself(reader):
    assert reader.get("/watches?q=first;limits=7").json == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2024-01-31t12:00:00z", 200),
        ("2024-01-31T12:00:00.123456789-02:30", 200),
        ("0001-01-01T00:00:00%2B01:00", 400),
        ("9999-12-31T23:59:59-01:00", 400),
        ("2024-01-31T12:00:60Z", 400),
        ("2024-01-31T12:00:00", 400),
        ("2024-01-31", 400),
    ],
)
def test_a_moment_is_one_that_can_be_told_in_utc(reader, watched, moment, status):
    reader.get(f"/moved?since={moment}", status=status)


def test_what_is_wrong_in_a_body_is_pointed_at(client):
    body = {"lines": [{"url": "https://example.com/1"}, {"url": 3, "bug": "x/y"}]}
    errors = client.post_json("/imports", body, status=400).json["errors"]
    assert {each.get("pointer") for each in errors} == {"/lines/1/url", "/lines/1/bug"}
    (error,) = client.post_json("/watches", {"urls": [], "a/b": 1}, status=400).json["errors"][:1]
    assert set(error) == {"detail", "pointer"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\\ud800"', b"[" * 5000, b"NaN"])
def test_a_body_that_is_not_json_is_refused(client, body):
    problem = client.post("/watches", body, content_type="application/json", status=400)
    assert problem.json["detail"] == "The body is not JSON in UTF-8."


def test_a_number_is_whole_however_it_is_written(client, watched):
    body = b'{"text": "https://github.com/a/b/issues/1", "bug": 2.0}'
    json = {"content_type": "application/json"}
    assert client.post("/watches/from-text", body, **json).json["bug"]["id"] == 2
    body = b'{"targets": [{"kind": "ALL"}], "timing": "DAILY", "hour": 9e0}'
    client.post("/subscriptions", body, **json, status=201)
    (destination,) = client.get("/destinations").json["items"]
    assert type(destination["settings"]["hour"]) is int
    body = b'{"gap": 1.5}'
    changed = client.patch("/trackers/auto-127.0.0.1", body, **json).json["after"]
    assert changed["politeness"]["gap"] == 1.5


def test_a_body_of_another_type_is_refused(client):
    assert client.post("/watches", {"urls": "x"}, status=415).json["title"] == (
        "Unsupported Media Type"
    )


def test_a_body_that_is_too_large_is_refused(client, monkeypatch):
    monkeypatch.setattr(answering, "LONGEST", 10)
    problem = client.post_json("/watches", {"urls": ["x"]}, status=413).json
    assert problem["detail"] == "A body has at most 10 bytes."


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (BaseURLTaken("One."), 409, "taken"),
        (BadInput("One."), 422, "unusable"),
        (PackageMissing("One."), 501, "package-missing"),
        (BugTrackerTimeout("One."), 502, "trouble"),
        (DatabaseBusy("One."), 503, "busy"),
        (DatabaseError("One."), 503, "database"),
        (TransientError("One."), 503, "busy"),
        (StorageError("One."), 503, "database"),
    ],
)
def test_what_goes_wrong_is_told_in_a_sentence(reader, watched, monkeypatch, error, status, kind):
    def fail(call):
        raise error

    monkeypatch.setitem(WAYS, "types.list_types", WAYS["types.list_types"]._replace(do=fail))
    problem = reader.get("/types", status=status)
    assert problem.json["type"] == f"urn:malonewatch:problem:{kind}"
    assert "errors" not in problem.json
    is_ours = isinstance(error, MalonewatchError)
    assert (problem.json["detail"] == "One.") == is_ours
    assert ("Retry-After" in problem.headers) == (kind == "busy")


def test_what_others_got_in_the_way_of_is_tried_again(client, watched, monkeypatch):
    real, failing = Transaction.commit, [ConflictError("x")]

    def commit(transaction):
        if failing:
            transaction.abort()
            raise failing.pop()
        return real(transaction)

    monkeypatch.setattr(Transaction, "commit", commit)
    client.patch_json("/bugs/1", {"title": "One"})
    assert not failing
    assert client.get("/bugs/1").json["title"] == "One"


def test_what_was_refused_is_told_one_by_one(client):
    body = {"urls": ["https://example.com/", "x"]}
    problem = client.post_json("/watches", body, status=422).json
    assert len(problem["errors"]) == 2
    assert problem["detail"] == " ".join(each["detail"] for each in problem["errors"])


def test_a_fault_is_logged_and_not_shown(reader, watched, monkeypatch, caplog):
    def fail(call):
        raise ZeroDivisionError("secret")

    monkeypatch.setitem(WAYS, "types.list_types", WAYS["types.list_types"]._replace(do=fail))
    problem = reader.get("/types", status=500)
    assert "secret" not in problem.text
    assert "secret" in caplog.text


def test_the_document_is_there_for_everybody(stranger, checked):
    document = stranger.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    text = stranger.get("/api/v1/openapi.yaml").text
    assert text.startswith("openapi: 3.1.0")
    assert json.dumps(document["info"]["title"]) in stranger.get("/api/v1/openapi.json").text


def test_an_answer_that_is_not_as_the_document_has_it_is_a_fault(reader, monkeypatch, caplog):
    def odd(call):
        return {"items": "x"}

    monkeypatch.setitem(WAYS, "types.list_types", WAYS["types.list_types"]._replace(do=odd))
    reader.get("/types", status=500)
    assert "InvalidData" in caplog.text


def test_answers_are_checked_in_tests_only(application, database, watched, monkeypatch):
    client = Client(application, tokens.issue(database, "ann", "x", Scope.READ).text)
    assert client.get("/watches/2").json["id"] == 2
    monkeypatch.setitem(
        WAYS, "types.list_types", WAYS["types.list_types"]._replace(do=lambda call: {"items": 1})
    )
    assert client.get("/types").json == {"items": 1}
    client.get("/watches?limit=0", status=400)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("/watches?limit=q", "'q' is not a whole number."),
        ("/moved?since=x", "'x' is no time such as 2024-01-31T12:00:00Z."),
        ("/moved?since=2024-01-31T12:00:00", "is no time such as"),
    ],
)
def test_what_a_parameter_has_to_be_is_told(reader, query, sentence):
    (error,) = reader.get(query, status=400).json["errors"]
    assert sentence in error["detail"]


def test_what_is_wrong_beside_the_schema_is_told_as_it_is():
    problem = misread([ValueError("It has no beginning.")])
    assert problem.errors == ({"detail": "It has no beginning."},)
