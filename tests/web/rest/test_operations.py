from datetime import timedelta

import pytest
from zope.component import getUtility

from malonewatch.application import bugs, subscribing, watches
from malonewatch.application.facts import now
from malonewatch.application.scanning import open_tree, scan
from malonewatch.interfaces import DestinationSettings, IBugSet, Role, Target, TargetKind

from .conftest import ANN

TRACKER = "/trackers/auto-127.0.0.1"
GONE = "https://bugzilla.example.com/show_bug.cgi?id=7"


def all_of(client, path, **query):
    """All that is on the pages of a list, each of which has `limit` at most; and how many."""
    found, pages, response = [], 0, client.get(path, query)
    while True:
        found += response.json["items"]
        pages += 1
        if response.json["next"] is None:
            assert "Link" not in response.headers
            return found, pages
        link = response.headers["Link"]
        assert link.endswith('>; rel="next"')
        response = client.get(path + link[1:].partition(">")[0])


class TestWatches:
    @pytest.mark.parametrize("sort", ["number", "changed"])
    def test_they_are_found_page_by_page(self, reader, database, watched, sort):
        for number in range(3, 6):
            watches.watch(database, [GONE[:-1] + str(number)], number)
        found, pages = all_of(reader, "/watches", limit=2, q="tracker:auto-127.0.0.1", sort=sort)
        assert sorted(each["id"] for each in found) == [1, 2]
        found, pages = all_of(reader, "/watches", limit=2)
        assert [each["id"] for each in found] == [1, 2, 3, 4, 5]
        assert pages == 3
        assert len(reader.get("/watches").json["items"]) == 5

    def test_a_cursor_of_another_list_leads_nowhere(self, reader, watched):
        for path in ("/watches", "/bugs", "/trackers"):
            # Not in base64, not in JSON, of another list, and none.
            for cursor in ("x", "MWUzM", "%C3%A9", "eyJ9", "e30"):
                problem = reader.get(f"{path}?cursor={cursor}", status="4*")
                assert problem.json["type"] == "urn:malonewatch:problem:unusable"
        reader.get("/bugs?cursor=IngI", status=422)

    def test_they_are_found_by_the_remote_bug(self, reader, database, watched):
        url = f"{watched.url}/show_bug.cgi?id=1"
        watches.watch(database, [url], 7)
        problem = reader.get("/watches/at", {"url": url}, status=422).json
        assert "is watched for several bugs (1, 7)" in problem["detail"]
        found = reader.get("/watches/at", {"url": url, "bug": 7}).json["items"]
        assert [each["bug"] for each in found] == [7]
        reader.get("/watches/at", {"url": GONE}, status=422)

    def test_bugs_are_watched_by_url(self, client, watched):
        made = client.post_json(
            "/watches",
            {"urls": [f"{watched.url}/show_bug.cgi?id=3"], "bug": 7, "title": "T"},
            status=201,
        )
        assert made.json["bug"]["title"] == "T"
        assert made.headers["Location"].endswith("/api/v1/bugs/7")
        found = client.get(made.headers["Location"].partition("/api/v1")[2])
        assert found.json["watches"] == 1
        again = client.post_json("/watches", {"urls": [f"{watched.url}/show_bug.cgi?id=3"]})
        assert again.status_int == 200
        assert again.headers["Location"] == made.headers["Location"]

    def test_who_does_not_administer_registers_nothing_on_purpose(self, watcher):
        made = watcher.post_json("/watches", {"urls": [GONE]}, status=201).json
        assert made["trackers"][0]["guessed"]
        guess = "https://redmine.example.com/issues/5"
        made = watcher.post_json("/watches", {"urls": [guess]}, status=200).json
        assert made["proposals"] == [{"url": guess, "bugtrackertype": "REDMINE"}]

    def test_bugs_are_watched_whose_urls_stand_in_a_text(self, watcher):
        made = watcher.post_json("/watches/from-text", {"text": f"See {GONE}."}, status=201)
        assert made.json["watches"][0]["remotebug"] == "7"
        made = watcher.post_json("/watches/from-text", {"text": "See https://a.example/issues/1"})
        assert "Location" not in made.headers

    def test_a_watch_is_moved(self, client, watched):
        moved = client.post_json("/watches/1/move", {"url": GONE}).json
        assert moved["before"]["remotebug"] == "1"
        assert moved["after"]["remotebug"] == "7"
        assert moved["registered"]["tracker"]["baseurl"] == "https://bugzilla.example.com"
        client.post_json("/watches/9/move", {"url": GONE}, status=404)
        client.post_json("/watches/1/move", {"url": "x"}, status=422)

    def test_one_is_checked_within_a_time(self, watcher, watched):
        changed = watcher.patch_json("/watches/1", {"longest_interval": 86400}).json
        assert changed["longest_interval"] == 86400
        changed = watcher.patch_json("/watches/1", {"longest_interval": None}).json
        assert changed["longest_interval"] is None
        watcher.patch_json("/watches/9", {"longest_interval": 86400}, status=404)
        watcher.patch_json("/watches/1", {"longest_interval": 0}, status=422)

    def test_it_is_explained(self, reader, watched):
        explained = reader.get("/watches/1/explanation").json
        assert explained["watch"]["id"] == 1
        assert explained["sections"]
        at = (now() - timedelta(days=1)).isoformat()
        assert reader.get("/watches/1/explanation", {"at": at}).json["then"] is not None
        reader.get("/watches/1/explanation", {"at": "2999-01-01T00:00:00Z"}, status=422)
        reader.get("/watches/1/explanation", {"at": "2020-01-01T00:00:00"}, status=400)

    def test_they_are_asked_for_now(self, watcher, watched):
        watched.change("1", status="RESOLVED", resolution="FIXED")
        (check,) = watcher.post_json("/checks", {"watches": [1, 2]}).json["checks"]
        assert check["tracker"] == "auto-127.0.0.1"
        first, second = check["answered"]
        assert first["before"]["status"] == "CONFIRMED"
        assert first["after"]["status"] == "FIXRELEASED"
        assert second["after"]["status"] == "CONFIRMED"
        assert check["trouble"] is None
        watched.listen(False)
        (check,) = watcher.post_json("/checks", {"watches": [1]}).json["checks"]
        assert check["answered"] == []
        assert "cannot be reached" in check["trouble"]
        watcher.post_json("/checks", {"watches": [9]}, status=422)

    def test_urls_are_looked_up(self, watcher, client):
        for each in (watcher, client):
            (found,) = each.post_json("/lookups", {"urls": [GONE]}).json["bugs"]
            assert found["bugtrackertype"] == "BUGZILLA"
            assert found["certainty"] == "SHAPE"
        assert client.get("/trackers").json["items"] == []

    def test_what_moved_is_shown(self, reader, watcher, watched):
        since = now().isoformat()
        assert reader.get("/moved", {"since": since}).json["items"] == []
        watched.change("1", status="RESOLVED", resolution="FIXED")
        watcher.post_json("/checks", {"watches": [1]})
        day_ago = (now() - timedelta(days=1)).isoformat()
        (moved,) = reader.get("/moved", {"since": day_ago, "limit": 10}).json["items"]
        assert moved["bug"] == 1
        assert moved["watches"][0]["old_remotestatus"] == "CONFIRMED"


class TestBugs:
    def test_they_are_listed_page_by_page(self, reader, database, watched):
        found, pages = all_of(reader, "/bugs", limit=1)
        assert [each["id"] for each in found] == [1, 2]
        assert pages == 2

    def test_one_gets_another_title(self, watcher, watched):
        changed = watcher.patch_json("/bugs/2", {"title": "Another"}).json
        assert changed["after"]["title"] == "Another"
        assert changed["before"]["id"] == 2
        watcher.patch_json("/bugs/2", {"title": "a\nb"}, status=422)
        watcher.patch_json("/bugs/9", {"title": "a"}, status=404)

    def test_one_is_forgotten(self, watcher, database, watched):
        watcher.delete("/bugs/2", status=204)
        assert [each.id for each in bugs.list_page(database)] == [1]
        watcher.delete("/bugs/2", status=404)
        watcher.get("/bugs/2", status=404)


class TestTrackers:
    def test_they_are_listed_page_by_page(self, client, watched):
        for name in ("aa", "bb"):
            body = {"url": f"https://{name}.example.com", "type_name": "bugzilla", "name": name}
            made = client.post_json("/trackers", body, status=201)
            assert made.headers["Location"].endswith(f"/api/v1/trackers/{name}")
            assert made.json["found"]["certainty"] is None
        client.post_json("/trackers", body, status=409)
        found, pages = all_of(client, "/trackers", limit=2)
        assert [each["name"] for each in found] == ["aa", "auto-127.0.0.1", "bb"]
        assert pages == 2

    def test_one_is_shown(self, reader, watched):
        shown = reader.get(TRACKER).json
        assert shown["watches"] == 2
        assert len(shown["counters"]) == 1
        assert reader.get(f"{TRACKER}?days=1").json["type_title"] == "Bugzilla"
        reader.get("/trackers/nowhere", status=404)

    def test_one_is_changed(self, client, watched):
        changed = client.patch_json(TRACKER, {"title": "T", "gap": 2.5, "active": False}).json
        assert changed["after"]["title"] == "T"
        assert changed["after"]["politeness"]["gap"] == 2.5
        assert changed["before"]["active"]
        client.patch_json(TRACKER, {"title": None}, status=400)

    def test_one_is_forgotten_that_has_no_watches(self, client, watched):
        client.delete(TRACKER, status=422)
        client.delete("/watches/1")
        client.delete("/watches/2")
        assert client.delete(TRACKER).json["name"] == "auto-127.0.0.1"

    def test_held_changes_are_applied(self, client, watched):
        assert client.post(f"{TRACKER}/accept").json["changes"] == []

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_one_is_moved(self, client, watched, dry_run):
        body = {"url": "https://bugs.example.com", "dry_run": dry_run}
        changed = client.post_json(f"{TRACKER}/move", body).json
        assert changed["after"]["baseurl"] == "https://bugs.example.com"
        now_at = client.get(TRACKER).json["baseurl"]
        assert (now_at == "https://bugs.example.com") is not dry_run

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_one_is_merged_into_another(self, client, watched, dry_run):
        body = {"url": "https://b.example.com", "type_name": "BUGZILLA", "name": "bb"}
        client.post_json("/trackers", body, status=201)
        merged = client.post_json(f"{TRACKER}/merge", {"target": "bb", "dry_run": dry_run}).json
        assert merged["moved"] == [1, 2]
        client.get(TRACKER, status=200 if dry_run else 404)

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_its_watches_go_where_the_bugs_went(self, client, watched, dry_run):
        body = {"url": "https://b.example.com", "type_name": "BUGZILLA", "dry_run": dry_run}
        migrated = client.post_json(f"{TRACKER}/migrate", body).json["migrated"]
        assert [each["before"]["id"] for each in migrated] == [1, 2]
        url = client.get("/watches/1").json["url"]
        assert url.startswith("https://b.example.com/") is not dry_run


class TestWords:
    def test_one_is_mapped_and_what_is_mapped_is_shown(self, client, watched):
        body = {"word": "CONFIRMED", "meaning": "TRIAGED"}
        changed = client.post_json(f"{TRACKER}/words", body).json
        assert [each["new_status"] for each in changed["changes"]] == ["TRIAGED", "TRIAGED"]
        assert client.get(f"{TRACKER}/words").json == {
            "tracker": "auto-127.0.0.1",
            "statuses": {"CONFIRMED": "TRIAGED"},
            "importances": {},
        }
        client.post_json(f"{TRACKER}/words", {**body, "meaning": None})
        client.post_json(f"{TRACKER}/words", {**body, "meaning": None}, status=422)
        body = {"word": "major", "meaning": "HIGH", "is_importance": True}
        client.post_json(f"{TRACKER}/words", body)
        assert client.get(f"{TRACKER}/words").json["importances"] == {"major": "HIGH"}

    def test_those_that_no_table_knows_are_listed(self, client, watched):
        assert client.get("/words/unknown").json["items"] == []
        watched.change("1", status="ODD")
        client.post_json("/checks", {"watches": [1]})
        (found,) = client.get("/words/unknown", {"tracker": "auto-127.0.0.1"}).json["items"]
        assert [each["word"] for each in found["statuses"]] == ["ODD"]

    def test_what_is_known_is_read_anew(self, client, watched):
        assert client.post_json("/words/reread", {}).json == {
            "reread": [{"tracker": "auto-127.0.0.1", "changes": []}]
        }

    def test_a_bug_tracker_is_asked_for_them(self, client, watched):
        found = client.post(f"{TRACKER}/vocabulary").json
        assert found["tracker"] == "auto-127.0.0.1"


class TestSubscriptions:
    BODY = {"targets": [{"kind": "BUG", "key": "1"}]}

    def test_somebody_subscribes(self, watcher, watched):
        (made,) = watcher.post_json("/subscriptions", self.BODY, status=201).json["subscriptions"]
        assert made["address"] == ANN
        assert watcher.get("/subscriptions").json["items"] == [made]
        assert [each["email"] for each in watcher.get("/destinations").json["items"]] == [ANN]
        assert watcher.delete(f"/subscriptions/{made['id']}").json == made
        watcher.delete(f"/subscriptions/{made['id']}", status=404)

    def test_what_is_others_is_for_administrators(self, client, client_for, watcher, watched):
        body = {**self.BODY, "email": "bob@example.com", "happenings": ["FIXED"]}
        watcher.post_json("/subscriptions", body, status=422)
        (made,) = client.post_json("/subscriptions", body, status=201).json["subscriptions"]
        for path in ("/subscriptions", "/destinations"):
            assert watcher.get(path).json["items"] == []
            assert len(client.get(path).json["items"]) == 1
        watcher.delete(f"/subscriptions/{made['id']}", status=404)
        assert client.get("/subscriptions?email=x@example.com").json["items"] == []
        client.delete(f"/subscriptions/{made['id']}")

    @pytest.mark.parametrize(
        ("kind", "address"),
        [
            ("webhook", "http://hooks.example.com/"),
            ("mail", "bob@example.com"),
            ("feed", "/tmp/feed.xml"),
        ],
    )
    def test_anybody_is_told_by_open_ways_only(self, watcher, watched, kind, address):
        body = {**self.BODY, "kind": kind, "address": address}
        watcher.post_json("/subscriptions", body, status=422)

    def test_a_webhook_is_open(self, watcher, watched):
        body = {**self.BODY, "kind": "webhook", "address": "https://hooks.example.com/"}
        watcher.post_json("/subscriptions", body, status=201)

    def test_it_takes_an_address(self, client_for, database, watched):
        from malonewatch.application import people
        from malonewatch.interfaces import Scope

        people.add(database, "bob", "", Role.WATCHER)
        bob = client_for(Scope.WATCH, "bob")
        assert bob.get("/subscriptions").json["items"] == []
        assert bob.get("/subscriptions?email=x@example.com").json["items"] == []
        problem = bob.post_json("/subscriptions", self.BODY, status=422)
        assert "none is known of you" in problem.json["detail"]

    def test_a_destination_is_sent_to(self, client, database, tmp_path, watched):
        settings = DestinationSettings(kind="mail", address=ANN)
        subscribing.subscribe(database, ANN, settings, [Target(TargetKind.ALL)])
        changed = client.patch_json("/delivery", {"transport": f"maildir:{tmp_path / 'mail'}"}).json
        assert changed == client.get("/delivery").json
        assert client.post("/destinations/1/test").json["id"] == 1
        assert len(list((tmp_path / "mail" / "new").iterdir())) == 1
        assert client.post("/destinations/1/enable").json["disabled"] is None
        client.post("/destinations/9/enable", status=404)

    def test_what_waits_is_listed_and_goes_on_waiting(self, client, database, watched):
        client.post_json("/subscriptions", {"targets": [{"kind": "ALL"}]}, status=201)
        watched.change("1", status="RESOLVED", resolution="FIXED")
        client.post_json("/checks", {"watches": [1]})
        for _ in range(2):
            (waits,) = client.get("/outbox").json["items"]
            assert [each["happening"] for each in waits["notices"]] == ["FIXED"]
        assert client.get("/destinations").json["items"][0]["pending"] == 1


class TestTheRest:
    def test_types_are_listed(self, reader):
        names = {each["name"] for each in reader.get("/types").json["items"]}
        assert {"BUGZILLA", "TRAC"} <= names

    def test_links_are_listed_page_by_page(self, reader, database, watched, tmp_path):
        url = f"{watched.url}/show_bug.cgi?id=1"
        for name in "ab":
            (tmp_path / f"{name}.py").write_text(f"# {url} and\n# {url}\n")
        scan(database, open_tree([str(tmp_path)]), "mill")
        found, pages = all_of(reader, "/links", limit=3)
        assert [(each["path"], each["line"]) for each in found] == [
            *(("a.py", 1), ("a.py", 2), ("b.py", 1), ("b.py", 2))
        ]
        assert pages == 2
        found = reader.get("/links", {"project": "mill", "part": "a.py"}).json["items"]
        assert len(found) == 2
        reader.get("/links?project=other", status=404)

    def test_what_is_exported_is_imported(self, client, watched):
        exported = client.get("/export").json
        assert [each["bug"] for each in exported] == [1, 2]
        assert client.get("/export?tracker=auto-127.0.0.1").json == exported
        assert client.post_json("/imports", {"lines": exported}).json["existing"] == 2
        client.get("/export?tracker=nowhere", status=404)
        lines = [{"url": GONE, "title": "Ours", "bug": None}]
        assert client.post_json("/imports", {"lines": lines}).json["watches"] == 1
        client.delete("/bugs/1")
        client.delete("/bugs/2")
        client.delete("/bugs/3")
        assert client.get("/export").json == []

    def test_titles_of_private_bugs_are_for_who_may_see_them(
        self, client, watcher, database, watched
    ):
        def hide(trackers):
            for number in (1, 2):
                getUtility(IBugSet).get(number).private = True

        database.write(hide)
        for each, is_seen in ((client, True), (watcher, False)):
            titles = [line["title"] for line in each.get("/export").json]
            titles.append(each.get("/watches/1").json["bug_title"])
            titles.append(each.get("/bugs/1").json["title"])
            assert [title.startswith("Ours") for title in titles] == [is_seen] * 4

    def test_credentials_are_checked(self, client, watched):
        (check,) = client.post("/credentials/check").json["checks"]
        assert check["tracker"] == "auto-127.0.0.1"
        assert check["section"] is None

    def test_tokens_are_made_and_taken_back(self, client, checked):
        later = (now() + timedelta(days=1)).isoformat()
        body = {"owner": "bob", "title": "a script", "scope": "READ", "expires": None}
        for moment in (None, "tomorrow"):
            client.post_json("/tokens", {**body, "expires": moment}, status=400)
        body["expires"] = later
        made = client.post_json("/tokens", body, status=201).json
        assert made["text"].startswith("mw_")
        assert made["token"]["scope"] == "READ"
        found, pages = all_of(client, "/tokens", limit=1)
        assert found[-1] == made["token"]
        assert pages == 2
        assert client.get("/tokens?owner=bob").json["items"] == [made["token"]]
        path = f"/tokens/{made['token']['id']}"
        assert client.delete(path).json == made["token"]
        client.delete(path, status=404)
