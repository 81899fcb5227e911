"""Events, as the real senders document them."""

import base64
import contextlib
import hashlib
import hmac
import json
import logging
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.clock import fake_time
from tests.web.conftest import text_of
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.application import trackers, watches
from malonewatch.application.asking import check as check_now
from malonewatch.application.asking import find_targets
from malonewatch.application.hooks import LARGEST, receive
from malonewatch.interfaces import BadInput, IBugWatchUpdater, ISecrets
from malonewatch.testing.github import GitHubSimulator

#: The example in https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
SECRET = "It's a Secret to Everybody"
EXAMPLE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


#: What was sent to others; see the README there.
RECORDED = Path(__file__).parent / "recorded"

#: Else WebOb copies it to a file, and leaves it to the garbage collector to close that.
IN_MEMORY = {"webob.is_body_seekable": True}


def hexed(body, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Sender:
    """Sends what is signed as a tracker of some type signs it."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path

    def post(self, body, headers, status):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers(body)}
        return self.browser.post(self.path, body, headers, IN_MEMORY, status)


@pytest.fixture
def clock(database):
    with fake_time() as clock:
        yield clock


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("HOOK_NEW", "another")
    monkeypatch.setenv("STANDARD", WHSEC)


@pytest.fixture
def register(database, stranger, clock):
    """Registers a bug tracker that takes events, and watches on bugs there; a `Sender`."""

    def register(type_name, url, *remotebugs, name="there", secret="env:HOOK"):
        changes = trackers.TrackerChanges(name=name, type_name=type_name)
        trackers.add(database, url, changes)
        if secret:
            trackers.edit(database, name, trackers.TrackerChanges(hook_secrets=(secret,)))
        for number, remotebug in enumerate(remotebugs, 1):
            watches.watch(database, [remotebug], number, "Ours")
        database.write(check_all)
        return Sender(stranger, f"/hooks/{name}")

    def check_all(found):
        """Let all be as if it was checked just now."""
        moment = int(clock.moment.timestamp())
        for tracker in found:
            for slot in range(len(tracker.ledger)):
                tracker.ledger.set(slot, checked=moment, due=moment + 80_000)

    return register


def due(database, clock):
    """The ids of the watches that are due."""

    def read(found):
        return {
            watch.remotebug
            for tracker in found
            for watch in tracker.watches
            if watch.next_check <= clock.moment
        }

    return database.read(read)


def github(event):
    return lambda body: {
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Event": event,
        "X-Hub-Signature": "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6",
        "X-Hub-Signature-256": f"sha256={hexed(body)}",
    }


def standard(clock, secret=WHSEC, id="msg_p5jXN8AQM9LWM0D4loKWxJek", ago=0):
    """Headers as https://www.standardwebhooks.com has them."""

    def headers(body):
        moment = str(int(clock.moment.timestamp()) - ago)
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{id}.{moment}.".encode() + body
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        return {
            "webhook-id": id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(bytes(32)).decode()} "
            f"v1,{base64.b64encode(digest).decode()}",
        }

    return headers


REPOSITORY = {"id": 186853002, "full_name": "Codertocat/Hello-World"}


def issues(number=1, action="edited", **more):
    """An event ``issues`` of GitHub, in short."""
    return {
        "action": action,
        "issue": {
            "url": f"https://api.github.com/repos/Codertocat/Hello-World/issues/{number}",
            "html_url": f"https://github.com/Codertocat/Hello-World/issues/{number}",
            "number": number,
            "state": "closed",
        },
        "repository": REPOSITORY,
        "sender": {"login": "Codertocat"},
        **more,
    }


HELLO = "https://github.com/Codertocat/Hello-World/issues"


@pytest.fixture
def hub(register):
    """A GitHub of which the issues 1 and 2, and the pull request 3, are watched."""
    return register("GITHUB", "https://github.com", *(f"{HELLO}/{n}" for n in (1, 2, 3)))


def test_the_signature_in_githubs_documentation_is_good(hub):
    headers = {"X-Hub-Signature-256": EXAMPLE}
    # It was, but is no event.
    said = hub.post(b"Hello, World!", lambda body: headers, 400)
    assert said.text == "The event cannot be read: its body is no object in JSON.\n"
    hub.post(b"Hello, World?", lambda body: headers, 401)


PULL = {"pull_request": {"html_url": "https://github.com/Codertocat/Hello-World/pull/3"}}
MOVED = {"new_issue": {"html_url": "https://github.com/Codertocat/Hello-World/issues/2"}}


@pytest.mark.parametrize(
    ("event", "payload", "numbers"),
    [
        ("issues", issues(), "1"),
        ("issues", issues(2, "deleted"), "2"),
        ("issues", issues(1, "transferred", changes=MOVED), "12"),
        ("issue_comment", issues(1, "created", comment={"id": 492700400}), "1"),
        ("pull_request", {"action": "closed", "number": 3, **PULL}, "3"),
        ("issues", issues(99), ""),
        ("ping", {"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {}}, ""),
        ("push", {"ref": "refs/heads/main", "repository": REPOSITORY}, ""),
    ],
)
def test_what_githubs_events_are_about_is_due(hub, database, clock, event, payload, numbers):
    said = hub.post(payload, github(event), 202)
    assert said.text == "The event is noted; what it is about is looked at soon.\n"
    assert "Set-Cookie" not in said.headers
    clock.tick(minutes=1)
    assert due(database, clock) == {f"codertocat/hello-world#{number}" for number in numbers}


@pytest.mark.parametrize(
    ("name", "remotebugs"),
    [
        ("issues.reopened", {"codertocat/hello-world#1"}),
        ("issues.deleted", {"codertocat/hello-world#1"}),
        ("issues.transferred", {"codertocat/hello-world#1", "octo-org/hello-world-npm#1"}),
        ("pull_request.closed", {"codertocat/hello-world#2"}),
    ],
)
def test_what_github_has_sent_names_bugs(register, database, clock, name, remotebugs):
    sender = register(
        *("GITHUB", "https://github.com"),
        "https://github.com/Codertocat/Hello-World/issues/1",
        "https://github.com/Codertocat/Hello-World/pull/2",
        "https://github.com/octo-org/hello-world-npm/pull/1",
        "https://github.com/octo-org/hello-world-npm/issues/7",
    )
    clock.tick(hours=1)
    body = (RECORDED / f"github.{name}.json").read_bytes()
    sender.post(body, github(name.partition(".")[0]), 202)
    clock.tick(seconds=1)
    assert due(database, clock) == remotebugs


def test_github_may_send_them_as_forms(hub, database, clock):
    body = urlencode({"payload": json.dumps(issues())}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    hub.post(body, lambda body: {**github("issues")(body), **form}, 202)
    clock.tick(minutes=1)
    assert due(database, clock) == {"codertocat/hello-world#1"}
    for body in (b"", b"payload=", b"payload=1", b"other=%7B%7D", b"\xff=1"):
        hub.post(body, lambda body: {**github("issues")(body), **form}, 400)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + 64 * "0"},
        {"X-Hub-Signature-256": "sha256=\xe9"},
        {"X-Gitlab-Token": SECRET},
        {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,"},
    ],
    ids=str,
)
def test_what_is_not_signed_is_refused(hub, database, clock, headers):
    said = hub.post(issues(), lambda body: headers, 401)
    assert "not signed with a secret that is known for this address" in said.text
    clock.tick(minutes=1)
    assert due(database, clock) == set()
    assert trackers.show(database, "there").facts.lasthook is None


def test_that_there_is_no_such_bug_tracker_cannot_be_told(hub, register):
    register("BUGZILLA", "https://bugs.example.com", name="deaf", secret=None)
    refused = hub.post(issues(), lambda body: {}, 401)
    for path in ("/hooks/none", "/hooks/deaf", "/hooks/%C3%A9"):
        hub.path = path
        other = hub.post(issues(), github("issues"), 401)
        assert (other.text, other.headers) == (refused.text, refused.headers)


def test_there_is_nothing_to_be_seen(hub):
    hub.browser.get(hub.path, status=404)
    hub.browser.post("/hooks", status=404)


def test_what_is_far_too_long_is_not_read(hub):
    hub.post(bytes(LARGEST + 1), github("issues"), 413)
    hub.post(issues(more="x" * (LARGEST - 1000)), github("issues"), 202)


def test_nor_is_it_where_its_length_is_not_told(hub):
    environ = {"wsgi.input_terminated": True, **IN_MEMORY}
    request = hub.browser.RequestClass.blank(hub.path, environ, method="POST")
    request.body = bytes(LARGEST + 1)
    request.headers.update(github("issues")(b""), Host="localhost:8090")
    del request.environ["CONTENT_LENGTH"]
    assert hub.browser.do_request(request, status=413)


def test_under_another_name_nothing_is_taken(hub):
    hub.post(issues(), lambda body: {**github("issues")(body), "Host": "evil.example"}, 421)


def test_two_secrets_are_good_while_one_takes_the_place_of_the_other(hub, database):
    hub.post(issues(), lambda body: {"X-Hub-Signature-256": f"sha256={hexed(body)}"}, 202)
    new = lambda body: {"X-Hub-Signature-256": f"sha256={hexed(body, 'another')}"}  # noqa: E731
    hub.post(issues(), new, 401)
    edit = trackers.TrackerChanges
    trackers.edit(database, "there", edit(hook_secrets=("env:HOOK_NEW",)))
    hub.post(issues(), new, 202)
    hub.post(issues(), github("issues"), 202)
    only = edit(hook_secrets=("env:HOOK_NEW",), no_hook_secrets=True)
    trackers.edit(database, "there", only)
    hub.post(issues(), new, 202)
    hub.post(issues(), github("issues"), 401)


def test_where_a_secret_is_missing_the_log_says_so(hub, monkeypatch, caplog):
    monkeypatch.delenv("HOOK")
    with caplog.at_level(logging.WARNING, "malonewatch.hooks"):
        said = hub.post(issues(), github("issues"), 401)
    assert "Events of there cannot be checked: The reference env:HOOK" in caplog.text
    assert "HOOK" not in said.text


# Others that send events.


def hubbed(body):
    """As Jira, https://developer.atlassian.com/cloud/jira/platform/webhooks/, says."""
    return {"X-Atlassian-Webhook-Identifier": "1", "X-Hub-Signature": f"sha256={hexed(body)}"}


def signed_with(header, prefix=""):
    return lambda body: {header: prefix + hexed(body)}


def shown_in(header, secret=SECRET):
    return lambda body: {header: secret}


JIRA = "https://jira.example.com/browse"
KEYS = [
    {"field": "project", "fromString": "Paint", "toString": "Brush"},
    {"field": "Key", "fieldtype": "jira", "fromString": "PAINT-1", "toString": "BRUSH-2"},
    {"field": "summary", "fromString": "PAINT-3", "toString": "PAINT-4"},
]
GITLAB = "https://gitlab.example.com/paint/brush/-"
GITEA = "https://gitea.example.com/paint/brush"


@pytest.mark.parametrize(
    ("type_name", "urls", "payload", "headers", "named"),
    [
        (
            "GITLAB",
            [f"{GITLAB}/issues/23", f"{GITLAB}/merge_requests/23"],
            {
                "object_kind": "issue",
                "object_attributes": {"iid": 23, "url": f"{GITLAB}/issues/23"},
            },
            shown_in("X-Gitlab-Token"),
            {"paint/brush#23"},
        ),
        (
            "GITLAB",
            [f"{GITLAB}/merge_requests/7", f"{GITLAB}/issues/7"],
            {
                "object_kind": "note",
                "object_attributes": {"id": 1244, "url": f"{GITLAB}/merge_requests/7#note_1244"},
                "merge_request": {"id": 7, "iid": 7},
            },
            shown_in("X-Gitlab-Token"),
            {"paint/brush!7"},
        ),
        (
            "GITEA",
            [f"{GITEA}/issues/2", f"{GITEA}/issues/3"],
            {"action": "closed", "number": 2, "issue": {"html_url": f"{GITEA}/issues/2"}},
            signed_with("X-Gitea-Signature"),
            {"paint/brush#2"},
        ),
        (
            "GITEA",
            [f"{GITEA}/pulls/2", f"{GITEA}/issues/3"],
            {"action": "closed", "number": 2, "pull_request": {"html_url": f"{GITEA}/pulls/2"}},
            signed_with("X-Forgejo-Signature"),
            {"paint/brush#2"},
        ),
        (
            "JIRA",
            [f"{JIRA}/JRA-20002", f"{JIRA}/JRA-20003"],
            {
                "timestamp": 1606480436302,
                "webhookEvent": "jira:issue_updated",
                "issue": {"id": "99291", "key": "JRA-20002"},
                "issue_event_type_name": "issue_commented",
            },
            hubbed,
            {"JRA-20002"},
        ),
        (
            "JIRA",
            [f"{JIRA}/{key}" for key in ("PAINT-1", "BRUSH-2", "PAINT-3", "PAINT-4")],
            {"issue": {"key": "BRUSH-2"}, "changelog": {"items": KEYS, "id": 10124}},
            hubbed,
            {"PAINT-1", "BRUSH-2"},
        ),
        (
            "BUGZILLA",
            [f"https://bugs.example.com/show_bug.cgi?id={n}" for n in (2, 3)],
            {
                "webhook_id": 23,
                "webhook_name": "Example webhook",
                "event": {"action": "modify", "time": "2020-07-24T20:11:22", "target": "bug"},
                "bug": {"id": 2, "is_private": True},
            },
            shown_in("X-API-Key"),
            {"2"},
        ),
        (
            "REDMINE",
            [f"https://redmine.example.com/issues/{n}" for n in (191, 192)],
            {
                "type": "issue.updated",
                "timestamp": "2026-03-01T15:17:48Z",
                "data": {"issue": {"id": 191, "status": {"id": 1}}, "journal": {"id": 192}},
            },
            signed_with("X-Redmine-Signature-256", "sha256="),
            {"191"},
        ),
        (
            # What the plug-in of before sends, signed by whoever sends it on.
            "REDMINE",
            [f"https://redmine.example.com/issues/{n}" for n in (191, 192)],
            {
                "payload": {
                    "action": "updated",
                    "issue": {"id": 191, "root_id": 192, "status": {"id": 1}},
                    "journal": {"id": 192},
                    "url": "not yet implemented",
                }
            },
            signed_with("X-Redmine-Signature-256", "sha256="),
            {"191"},
        ),
    ],
)
def test_what_others_send_is_read(
    register, database, clock, type_name, urls, payload, headers, named
):
    base = urls[0].split("/paint")[0].split("/browse")[0].split("/show")[0].split("/issues")[0]
    sender = register(type_name, base, *urls)
    signature = list(headers(b""))[-1]
    for wrong in ("", "wrong", f"sha256={hexed(b'other')}", hexed(b"other")):
        sender.post(payload, shown_in(signature, wrong), 401)
    clock.tick(minutes=1)
    assert due(database, clock) == set()
    sender.post(payload, headers, 202)
    assert due(database, clock) == named


def test_gitlab_may_sign_them_instead(register, database, clock):
    url = f"{GITLAB}/work_items/23"
    sender = register("GITLAB", "https://gitlab.example.com", url, secret="env:STANDARD")
    clock.tick(minutes=1)
    sender.post({"object_attributes": {"iid": 23, "url": url}}, standard(clock), 202)
    assert due(database, clock) == {"paint/brush#23"}


# What comes in place of events.


def test_whoever_signs_can_say_that_something_happened(register, database, clock):
    url = "https://bugs.example.com"
    sender = register(
        *("BUGZILLA", url),
        *(f"{url}/show_bug.cgi?id={n}" for n in (1, 2, 3)),
        secret="env:STANDARD",
    )
    sender.post({"url": f"{url}/show_bug.cgi?id=1"}, standard(clock), 202)
    clock.tick(minutes=1)
    assert due(database, clock) == {"1"}
    sender.post({"bugs": ["#02", 3, "none", True, None, {}, "\n"]}, standard(clock), 202)
    assert due(database, clock) == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 202),
        ({"ago": 300}, 202),
        ({"ago": -300}, 202),
        ({"ago": 301}, 401),
        ({"ago": -301}, 401),
        ({"secret": "whsec_bm90IGl0"}, 401),
    ],
    ids=str,
)
def test_such_an_event_is_good_for_five_minutes(register, clock, options, status):
    sender = register("TRAC", "https://trac.example.com", secret="env:STANDARD")
    sender.post({}, standard(clock, **options), status)


@pytest.mark.parametrize("secret", ["x", "whsec_!", "whsec_é"])
def test_what_is_no_key_opens_nothing(register, clock, monkeypatch, secret):
    monkeypatch.setenv("STANDARD", secret)
    sender = register("TRAC", "https://trac.example.com", secret="env:STANDARD")
    sender.post({}, standard(clock), 401)


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "9" * 13, "１"])
def test_a_timestamp_is_a_number(register, clock, timestamp):
    sender = register("TRAC", "https://trac.example.com", secret="env:STANDARD")
    # A server hands on the bytes of a header one by one.
    more = {"webhook-timestamp": timestamp.encode().decode("latin-1")}
    sender.post({}, lambda body: {**standard(clock)(body), **more}, 401)


def test_a_bug_of_another_bug_tracker_does_not_matter(register, database, clock):
    register("BUGZILLA", "https://bugs.example.com", "https://bugs.example.com/show_bug.cgi?id=1")
    sender = register("TRAC", "https://trac.example.com", name="trac", secret="env:STANDARD")
    for url in (
        "https://bugs.example.com/show_bug.cgi?id=1",
        "https://[",
        "//",
        "https://x.test/1",
    ):
        sender.post({"url": url}, standard(clock), 202)
    clock.tick(minutes=1)
    assert due(database, clock) == set()


def test_an_event_is_about_some_bugs_and_not_about_very_many(register, clock):
    sender = register("TRAC", "https://trac.example.com", secret="env:STANDARD")
    sender.post({"bugs": list(range(100))}, standard(clock), 202)
    said = sender.post({"bugs": list(range(101))}, standard(clock), 400)
    assert said.text == "The event names 101 bugs, and 100 at most are taken.\n"


# Hostile ones.

HOSTILE = [
    b"",
    b"[]",
    b"1",
    b"null",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b'{"a": "\xff"}',
    b"[" * 100_000,
    b'{"issue":' * 100_000,
    b'{"issue": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_what_cannot_be_read_is_refused(hub, body):
    hub.post(body, github("issues"), 400)


@pytest.mark.parametrize(
    "body",
    [
        b'{"issue": NaN, "bugs": Infinity, "url": -0.0}',
        b'{"issue": {"html_url": ["https://github.com/", {}, [[1]]]}}',
        b'{"bugs": [[["1"]]], "url": {"url": 1}}',
        b'{"url": "https://github.com/\\ud800/x/issues/1"}',
        b'{"bugs": [%s]}' % (b"9" * 4000),
        b'{"url": "%s"}' % (b"x" * 100_000),
        b'{"changes": {"new_issue": [null, true, {"html_url": null}]}}',
    ],
)
def test_what_makes_no_sense_does_not_matter(hub, database, clock, body):
    hub.post(body, github("issues"), 202)
    clock.tick(minutes=1)
    assert due(database, clock) == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["issue", "html_url", "url", "bugs", "changes", "new_issue", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(value=JSON | st.binary(max_size=200))
def test_whatever_is_sent_is_answered(fuzzed, value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    signed = {"x-hub-signature-256": f"sha256={hexed(body)}"}
    with contextlib.suppress(BadInput):
        assert receive(fuzzed, "there", signed, body)


@pytest.fixture(scope="module")
def fuzzed():
    """A database with a GitHub that takes events, for many examples."""
    from malonewatch.testing import fresh_site

    with fresh_site("memory://") as site:
        database = site.database
        changes = trackers.TrackerChanges(name="there", type_name="GITHUB")
        trackers.add(database, "https://github.com", changes)
        trackers.edit(database, "there", trackers.TrackerChanges(hook_secrets=("env:HOOK",)))
        yield database


# What an event costs.


def test_a_burst_of_events_is_one_check_and_one_write(hub, database, clock):
    clock.tick(hours=1)

    def serial(found):
        records = found["there"], found["there"].ledger._times[0]
        for record in records:
            record._p_activate()
        return [record._p_serial for record in records]

    before = database.read(serial)
    hub.post(issues(), github("issues"), 202)
    first = database.read(serial)
    assert first[0] != before[0]
    assert first[1] != before[1]
    for seconds in (0, 1, 200):
        clock.tick(seconds=seconds)
        hub.post(issues(), github("issues"), 202)
    assert database.read(serial) == first
    assert due(database, clock) == {"codertocat/hello-world#1"}


class MeddlingSecrets:
    """Lets another change the same page of the ledger while an event is taken."""

    def __init__(self, database):
        self.database = database
        self.times = 0

    def get(self, reference):
        self.times += 1
        if self.times < 6:
            self.database.write(lambda found: found["there"].ledger.set(1, failures=self.times))
        return SECRET


def test_where_others_get_in_the_way_it_is_tried_again(hub, database, clock):
    clock.tick(hours=1)
    registry = getGlobalSiteManager()
    before, meddling = registry.getUtility(ISecrets), MeddlingSecrets(database)
    registry.registerUtility(meddling, ISecrets)
    try:
        hub.post(issues(), github("issues"), 202)
    finally:
        registry.registerUtility(before, ISecrets)
    assert meddling.times == 6
    assert due(database, clock) == {"codertocat/hello-world#1"}


def test_a_bug_checked_just_now_is_left_alone_for_a_minute(hub, database, clock):
    clock.tick(seconds=10)
    hub.post(issues(), github("issues"), 202)
    assert due(database, clock) == set()
    clock.tick(seconds=50)
    assert due(database, clock) == {"codertocat/hello-world#1"}


def test_when_an_event_came_is_told(hub, database, clock, browser):
    def told():
        return text_of(browser.get("/trackers/there"))

    where = "http://localhost:8090/hooks/there, signed with env:HOOK; "
    assert f"Webhook{where}no event came yet" in told()
    hub.post({"zen": "Design for failure."}, github("ping"), 202)
    clock.tick(minutes=4)
    hub.post({"zen": "Design for failure."}, github("ping"), 202)
    assert f"{where}the last event came 4m ago" in told()
    clock.tick(minutes=1)
    hub.post({"zen": "Design for failure."}, github("ping"), 202)
    assert f"{where}the last event came now" in told()
    clock.tick(days=8)
    assert "came 8d ago; see whether the other side still sends them" in told()
    clock.moment -= timedelta(days=9)
    hub.post({"zen": "Design for failure."}, github("ping"), 202)
    assert "the last event came now" in told()


def test_nothing_is_told_where_none_are_taken(register, browser):
    register("TRAC", "https://trac.example.com", secret=None)
    assert "Webhook" not in text_of(browser.get("/trackers/there"))


def test_after_an_event_a_run_asks_and_the_status_moves(database, stranger, clock):
    clock.moment = datetime.now(timezone.utc).replace(microsecond=0)
    with GitHubSimulator() as simulator:
        for number in (1, 2):
            simulator.add(f"paint/brush#{number}")
        changes = trackers.TrackerChanges(name="there", type_name="GITHUB")
        trackers.add(database, simulator.url, changes)
        trackers.edit(database, "there", trackers.TrackerChanges(hook_secrets=("env:HOOK",)))
        for number in (1, 2):
            url = f"{simulator.url}/paint/brush/issues/{number}"
            watches.watch(database, [url], number, "Ours")
        for target in find_targets(database, ["there"]):
            check_now(database, target)
        database.write(lambda found: long_ago(found["there"].ledger))
        for number in (1, 2):
            simulator.change(f"paint/brush#{number}", status="closed", resolution="completed")
        event = {"issue": {"html_url": f"{simulator.url}/paint/brush/issues/2", "state": "open"}}
        Sender(stranger, "/hooks/there").post(event, github("issues"), 202)
        before = len(simulator.requests)
        getUtility(IBugWatchUpdater)(database)
        asked = "".join(str(each) for each in simulator.requests[before:])
        assert watches.show(database, "2").facts.remotestatus == "closed completed"
        assert watches.show(database, "1").facts.remotestatus == "open"
        assert "issues/1" not in asked


def long_ago(ledger):
    """Let all have been checked an hour ago."""
    for slot in range(len(ledger)):
        ledger.set(slot, checked=ledger.get(slot, "checked") - 3600)
