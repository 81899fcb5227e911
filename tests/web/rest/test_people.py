import pytest

from malonewatch.application import audit, people
from malonewatch.interfaces import Role, Scope

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.usefixtures("quick_hashes")


def test_people_are_added_changed_and_forgotten(client, database):
    made = client.post_json("/people", {"name": "Anna", "role": "MANAGER"}, status=201)
    assert made.location.endswith("/api/v1/people/anna")
    client.post_json("/people", {"name": "bert", "email": "bert@example.com"}, status=201)
    listed = client.get("/people").json["items"]
    assert [(each["name"], each["role"]) for each in listed] == [
        ("anna", "MANAGER"),
        ("bert", "WATCHER"),
    ]
    assert client.get("/people/ANNA").json == listed[0]
    client.patch_json("/people/anna", {"email": "anna@example.com"})
    assert client.patch_json("/people/anna", {"role": "VIEWER"}).json["role"] == "VIEWER"
    client.put_json("/people/anna/password", {"password": PASSWORD})
    assert people.log_in(database, "anna", PASSWORD).account.role is Role.VIEWER
    assert not client.post("/people/anna/disable").json["account"]["enabled"]
    assert client.post("/people/anna/enable").json["enabled"]
    assert client.delete("/people/anna").json["account"]["email"] == "anna@example.com"
    client.get("/people/anna", status=404)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/people", {"name": "two lines"}, 422),
        ("/people", {"name": "anna", "role": "KING"}, 400),
        ("/people", {"name": "anna", "password": PASSWORD}, 400),
    ],
)
def test_what_cannot_be_is_refused(client, database, path, body, status):
    client.post_json(path, body, status=status)
    assert people.list_people(database) == []
    client.put_json("/people/anna/password", {"password": PASSWORD}, status=404)
    client.put_json("/people/anna/password", {"password": "short"}, status=400)


@pytest.mark.parametrize("path", ["/people", "/audit", "/people/anna"])
def test_it_is_for_who_administers(watcher, path):
    watcher.get(path, status=403)


def test_what_was_done_is_told_page_by_page(client, database):
    for name in ("anna", "bert"):
        client.post_json("/people", {"name": name})
    first = client.get("/audit?limit=1").json
    assert [each["target"] for each in first["items"]] == ["person bert"]
    second = client.get("/audit", {"limit": 1, "cursor": first["next"]}).json
    assert [each["target"] for each in second["items"]] == ["person anna"]
    assert second["items"][0]["face"] == "REST"
    assert client.get("/audit?since=2999-01-01T00:00:00Z").json == {"items": [], "next": None}
    assert len(audit.find_page(database)) == len(client.get("/audit").json["items"])


@pytest.mark.parametrize("cursor", ["MA", "ImEi", "dHJ1ZQ", "OTIyMzM3MjAzNjg1NDc3NTgwOA"])
def test_a_cursor_of_another_list_is_refused(client, cursor):
    client.get("/audit", {"cursor": cursor}, status=422)


def test_a_bug_is_made_private(client, client_for, watched, database):
    changed = client.put_json("/bugs/1/private", {"private": True}).json
    assert (changed["before"]["private"], changed["after"]["private"]) == (False, True)
    people.add(database, "eve", role=Role.WATCHER)
    eve = client_for(Scope.WATCH, "eve")
    assert eve.get("/bugs/1").json["title"] == "a private bug"
    assert eve.get("/watches/1").json["remote_title"] == ""
    assert eve.get("/export").text.count("a private bug") == 1
    eve.patch_json("/bugs/1", {"title": "x"}, status=422)
    eve.put_json("/bugs/1/private", {"private": False}, status=403)
    assert "script" in client.get("/bugs/1").json["title"]
    assert "script" in client.get("/export").text
