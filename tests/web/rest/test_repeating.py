import pytest

from malonewatch.interfaces import BadInput
from malonewatch.web.rest.calls import WAYS

URL = "https://bugzilla.example.com/show_bug.cgi?id={}"


def watch(client, number, key="a", **options):
    body = {"urls": [URL.format(number)]}
    return client.post_json("/watches", body, headers={"Idempotency-Key": key}, **options)


@pytest.fixture(params=["client", "watcher"])
def either(request):
    """One for whom watching waits for the network, and one for whom it does not."""
    return request.getfixturevalue(request.param)


def test_what_is_sent_again_is_answered_again_and_not_done_again(client):
    first = client.post_json("/watches", {"urls": [URL.format(1)]}, status=201)
    assert first.headers["Location"] == "http://localhost:8090/api/v1/bugs/1"
    one = watch(client, 2, status=201)
    other = watch(client, 2, status=201)
    assert one.json == other.json
    assert one.headers["Location"] == other.headers["Location"]
    assert one.content_type == other.content_type
    assert len(client.get("/bugs").json["items"]) == 2


def test_it_is_so_too_where_nothing_is_waited_for(client, watched):
    body = {"word": "CONFIRMED", "meaning": "TRIAGED"}
    path = "/trackers/auto-127.0.0.1/words"
    one = client.post_json(path, body, headers={"Idempotency-Key": "a"})
    assert one.json["changes"]
    assert client.post_json(path, body, headers={"Idempotency-Key": "a"}).json == one.json
    assert client.post_json(path, body).json["changes"] == []


def test_another_key_is_another_request(client):
    watch(client, 1)
    assert watch(client, 1, "b", status=200).json["existing"]


def test_a_key_belongs_to_a_token(client, watcher):
    watch(client, 1)
    assert watch(watcher, 1).json["bug"]["id"] == 2


def test_a_key_is_good_for_one_request(either):
    watch(either, 1)
    problem = watch(either, 2, status=422)
    assert problem.json["type"] == "urn:malonewatch:problem:key-reused"


def test_what_failed_is_tried_again(either):
    body = {"urls": ["https://example.com/"]}
    either.post_json("/watches", body, headers={"Idempotency-Key": "a"}, status=422)
    watch(either, 1, status=201)


def test_what_is_at_work_is_not_begun_again(client, watched, monkeypatch):
    seen = []

    def busy(call):
        seen.append(watch(client, 1, status=409))
        with call.detached():
            raise BadInput("No.")

    way = WAYS["watches.watch"]
    monkeypatch.setitem(WAYS, "watches.watch", way._replace(do=busy))
    watch(client, 1, status=422)
    (problem,) = seen
    assert problem.json["type"] == "urn:malonewatch:problem:at-work"
    assert problem.headers["Retry-After"] == "5"
    monkeypatch.setitem(WAYS, "watches.watch", way)
    watch(client, 1, status=201)


def test_two_that_begin_at_once_are_one(client, watched, monkeypatch):
    from malonewatch.web.rest import repeating

    begin = repeating._begin

    def late(number, key, mark):
        begin(number, key, mark)
        begin(number, key, mark)

    monkeypatch.setattr(repeating, "_begin", late)
    watch(client, 1, status=409)


def test_what_tokens_say_is_not_kept(client, database):
    body = {"owner": "bob", "title": "x", "scope": "READ"}
    texts = {
        client.post_json("/tokens", body, headers={"Idempotency-Key": "a"}, status=201).json["text"]
        for _ in range(2)
    }
    assert len(texts) == 2
    assert len(client.get("/tokens").json["items"]) == 3
