import logging
import sys
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import etree
from tests.application.remote import apply
from tests.clock import fake_time
from tests.web.conftest import HOSTILE, Browser, text_of
from zope.component import getUtility

from malonewatch.application import bugs, feeds, subscribing, tokens, watches
from malonewatch.application import people as accounts
from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerConnectError,
    BugWatchErrorType,
    DestinationSettings,
    Happening,
    RemoteBug,
    RemoteBugError,
    Scope,
    Target,
    TargetKind,
)
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import ProxyPolicy

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent.parent / "notifying" / "atom.rng"))


@pytest.fixture
def clock(database):
    with fake_time() as clock:
        yield clock


@pytest.fixture
def moved(clock, watched, database, check):
    """Both remote bugs have moved, the second later."""

    def due(trackers):
        trackers["auto-127.0.0.1"].resetWatches()

    for number, status in (("1", "ASSIGNED"), ("2", "RESOLVED")):
        clock.tick(hours=1)
        resolution = "FIXED" if status == "RESOLVED" else ""
        watched.change(number, status=status, resolution=resolution)
        database.write(due)
        check()
    return watched


@pytest.fixture
def people(database):
    """Makes a browser of somebody whom a proxy names."""
    policy = ProxyPolicy("X-User", "10.0.0.1", frozenset({"root@example.com"}))
    application = make_application(database, Place.at("http://localhost"), policy)
    environ = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "10.0.0.1"}
    return lambda name: Browser(application, extra_environ={**environ, "HTTP_X_USER": name})


@pytest.fixture
def issue(database):
    def issue(owner="anna@example.com", scope=Scope.FEEDS, **more):
        return tokens.issue(database, owner, "A reader", scope, **more).text

    return issue


@pytest.fixture
def subscribe(database):
    def subscribe(email, kind, key="", happenings=None):
        settings = DestinationSettings(kind="mail", address=email)
        (made,) = subscribing.subscribe(
            database, email, settings, [Target(kind, key)], happenings and frozenset(happenings)
        )
        return made.id

    return subscribe


def read(response):
    """A feed as readers have it; it is valid, and is for whoever asked only."""
    assert response.content_type == "application/atom+xml"
    assert response.headers["Cache-Control"].startswith("private")
    SCHEMA.assertValid(etree.fromstring(response.body))
    found = feedparser.parse(response.body)
    assert found.bozo is False
    return found


def said(response):
    """What the entries of a feed are on, and what happened."""
    return [
        (entry.title.partition(" bug ")[2].partition(" ")[0], entry.tags[0].term)
        for entry in read(response).entries
    ]


ONE, TWO = ("1", "status"), ("2", "fixed")


def test_what_moved_is_told_newest_first(browser, moved):
    found = read(browser.get("/feeds/all"))
    assert found.feed.title == "Remote bugs: what moved"
    assert [(link.rel, link.href) for link in found.feed.links] == [
        ("self", "http://localhost:8090/feeds/all"),
        ("alternate", "http://localhost:8090/"),
    ]
    newest, older = found.entries
    assert found.feed.updated == newest.updated == "2024-05-06T14:00:00Z"
    assert newest.title.endswith("bug 2 is fixed: Second")
    assert "Its status was NEW (New)" in older.summary or "CONFIRMED" in older.summary
    assert [(link.rel, link.href) for link in newest.links] == [
        ("alternate", f"{moved.url}/show_bug.cgi?id=2"),
        ("related", "http://localhost:8090/bugs/2"),
    ]
    assert "<script>" not in older.title.replace(HOSTILE, "")
    assert "<script" not in older.content[0].value


@pytest.mark.parametrize(
    ("path", "title", "entries", "page"),
    [
        ("bugs/1", "Remote bugs: bug 1: Ours", [ONE], "bugs/1"),
        ("trackers/auto-127.0.0.1", "Remote bugs: ", [TWO, ONE], "trackers/auto-127.0.0.1"),
        # What was open is found by the search for what is, when it closes.
        ("search?q=open", "Remote bugs: open", [TWO, ONE], "watches?q=open"),
        ("search?q=second++open", "Remote bugs: second open", [TWO], "watches?q=second++open"),
        (
            "search?q=status:invalid",
            "Remote bugs: status:invalid",
            [],
            "watches?q=status%3Ainvalid",
        ),
        ("search?q=changed%3C1m", "Remote bugs: changed<1m", [TWO], "watches?q=changed%3C1m"),
    ],
)
def test_a_feed_is_of_one_thing(browser, moved, path, title, entries, page):
    response = browser.get(f"/feeds/{path}")
    assert said(response) == entries
    feed = read(response).feed
    assert feed.title.startswith(title)
    assert [link.href for link in feed.links if link.rel == "alternate"] == [
        f"http://localhost:8090/{page}"
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("bugs/7", 404),
        ("bugs/x", 404),
        ("bugs", 404),
        ("bugs/1/2", 404),
        (f"bugs/{'9' * 30}", 404),
        ("trackers/nowhere", 404),
        ("people/nobody", 404),
        ("subscriptions/1", 404),
        ("subscriptions/x", 400),
        ("search", 400),
        ("search?q=tracker%3Aa%20tracker%3Ab", 400),
        ("other", 404),
    ],
)
def test_of_what_is_not_there_is_no_feed(browser, path, status):
    browser.get(f"/feeds/{path}", status=status)


def test_entries_are_known_by_the_same_identifiers_in_all_feeds(browser, moved):
    def ids(path):
        found = read(browser.get(path))
        return found.feed.id, [entry.id for entry in found.entries]

    name, (two, one) = ids("/feeds/all")
    bug, (again,) = ids("/feeds/bugs/1")
    assert again == one
    assert len({name, bug, one, two}) == 4
    assert all(each.startswith("urn:uuid:") for each in (name, one))
    assert ids("/feeds/all") == (name, [two, one])


@pytest.mark.parametrize(
    ("farthest", "path", "entries"),
    [
        (500, "all", [TWO]),
        # The last change is none of these.
        (500, "search?q=status:in-progress", [ONE]),
        (1, "search?q=status:in-progress", []),
    ],
)
def test_so_many_are_told_and_so_far_is_looked(
    browser, moved, monkeypatch, farthest, path, entries
):
    monkeypatch.setattr(feeds, "MOST", 1)
    monkeypatch.setattr(feeds, "_FARTHEST", farthest)
    assert said(browser.get(f"/feeds/{path}")) == entries


# What is no change of status.

NEW = BugTaskStatus.NEW
NAME = "auto-127.0.0.1"


@pytest.fixture
def tell(database, watched, clock):
    """Lets the bug tracker have said something, an hour later each time."""

    def tell(*outcomes, **values):
        clock.tick(hours=1)
        database.write(lambda trackers: apply(trackers[NAME], *outcomes, **values))

    return tell


@pytest.fixture
def eventful(tell, watched):
    """The first bug is a duplicate, then somewhere else; the second private, the third gone."""
    words = {"title": HOSTILE}
    tell(*(RemoteBug(number, "NEW", NEW, **words) for number in ("1", "2")))
    tell(RemoteBug("1", "NEW", NEW, duplicate_of="2", **words))
    tell(RemoteBug("1", "NEW", NEW, duplicate_of="2", moved_to="https://example.com/9", **words))
    tell(RemoteBugError("2", BugWatchErrorType.PRIVATE_REMOTE_BUG, "It is private."))
    return watched


@pytest.fixture
def troubled(tell):
    def troubled(times=3):
        for _ in range(times):
            tell(trouble=BugTrackerConnectError("It does not answer."))

    return troubled


DUPLICATE, MOVED, PRIVATE = ("1", "duplicate"), ("1", "moved"), ("2", "private")


@pytest.mark.parametrize(
    ("path", "entries"),
    [
        ("all", [PRIVATE, MOVED, DUPLICATE]),
        (f"trackers/{NAME}", [PRIVATE, MOVED, DUPLICATE]),
        ("bugs/1", [MOVED, DUPLICATE]),
        ("bugs/2", [PRIVATE]),
        (f"search?q=open+tracker:{NAME}", [PRIVATE, MOVED, DUPLICATE]),
        ("search?q=bug:2", [PRIVATE]),
        ("search?q=closed", []),
        ("search?q=tracker:other", []),
        ("search?q=changed%3C90m", [PRIVATE, MOVED]),
        ("search?q=nothing", []),
        ("search?q=alert", [PRIVATE, MOVED, DUPLICATE]),
    ],
)
def test_what_happens_to_a_bug_is_told_of_what_it_is_of(browser, eventful, path, entries):
    response = browser.get(f"/feeds/{path}")
    told = [each for each in said(response) if each[1] not in ("status", "fixed", "closed")]
    assert told == entries


def test_it_is_told_as_mails_tell_it(browser, eventful):
    entries = read(browser.get("/feeds/bugs/1")).entries
    moved, duplicate = [each for each in entries if each.tags[0].term in ("moved", "duplicate")]
    assert " bug 1 has moved" in moved.title
    assert "It is at https://example.com/9 now" in moved.summary
    assert f"It is the same as {eventful.url}/show_bug.cgi?id=2" in duplicate.summary
    assert "<script" not in duplicate.content[0].value
    assert moved.id != duplicate.id
    assert moved.id in [entry.id for entry in read(browser.get("/feeds/all")).entries]


def test_what_happens_makes_another_tag(browser, watched, tell):
    tell(RemoteBug("1", "NEW", NEW))
    before = browser.get("/feeds/bugs/1")
    same = {"If-None-Match": before.headers["ETag"]}
    browser.get("/feeds/bugs/1", headers=same, status=304)
    tell(RemoteBug("1", "NEW", NEW, moved_to="https://example.com/9"))
    after = browser.get("/feeds/bugs/1", headers=same)
    assert said(after)[0] == MOVED
    assert after.headers["Last-Modified"] > before.headers.get("Last-Modified", "")


def test_a_bug_that_is_gone_is_told(browser, watched, tell):
    tell(RemoteBug("1", "NEW", NEW))
    tell(RemoteBugError("1", BugWatchErrorType.BUG_NOT_FOUND, "There is no such bug."))
    assert said(browser.get("/feeds/bugs/1"))[0] == ("1", "gone")


def test_what_happened_to_a_watch_that_is_gone_is_not(browser, eventful, database):
    watches.unwatch(database, [1])
    assert said(browser.get("/feeds/all"))[0] == PRIVATE
    assert not {MOVED, DUPLICATE} & set(said(browser.get("/feeds/all")))


def test_the_trouble_of_a_bug_tracker_and_its_end_are_told_once(
    browser, people, subscribe, tell, troubled
):
    subscribe("anna@example.com", TargetKind.TRACKER, NAME, [Happening.TROUBLE])
    subscribe("bert@example.com", TargetKind.BUG, "1")
    troubled(2)
    tell(RemoteBug("1", "NEW", NEW))
    paths = (f"/feeds/trackers/{NAME}", "/feeds/mine")
    anna = people("anna@example.com")
    assert all("trouble" not in dict(said(anna.get(path))).values() for path in paths)
    troubled(5)
    tell(RemoteBug("1", "NEW", NEW))
    for path in paths:
        told = [each for each in said(anna.get(path)) if each[1] in ("trouble", "recovered")]
        assert told == [("", "recovered"), ("", "trouble")]
    recovered, trouble = read(anna.get("/feeds/mine")).entries
    assert recovered.title.endswith(" can be asked again")
    assert "It does not answer." in trouble.summary
    for other in ("/feeds/all", "/feeds/bugs/1", "/feeds/search?q=open"):
        assert not {"trouble", "recovered"} & set(dict(said(browser.get(other))).values())
    assert "trouble" not in dict(said(people("bert@example.com").get("/feeds/mine"))).values()


def test_it_is_told_where_nobody_is_told_of_it_otherwise(browser, tell, troubled):
    troubled(4)
    tell(RemoteBug("1", "NEW", NEW))
    told = [each for _, each in said(browser.get(f"/feeds/trackers/{NAME}"))]
    assert [each for each in told if each != "status"] == ["recovered", "trouble"]


def test_the_titles_of_a_private_bug_are_for_who_may_see_it(people, eventful, database):
    bugs.set_private(database, 1, True)
    anna, root = people("anna@example.com"), people("root@example.com")
    assert HOSTILE in read(root.get("/feeds/bugs/1")).entries[0].title
    (moved, *_) = read(anna.get("/feeds/bugs/1")).entries
    assert HOSTILE not in moved.title
    assert "a private bug" in moved.summary
    assert not said(anna.get("/feeds/search?q=alert+bug:1"))


def test_so_many_of_these_are_told(browser, eventful, monkeypatch):
    monkeypatch.setattr(feeds, "MOST", 1)
    assert said(browser.get("/feeds/all")) == [PRIVATE]


# Whoever has it already.


def test_what_a_reader_has_already_is_not_written_again(browser, moved, monkeypatch):
    first = browser.get("/feeds/all")
    has = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Last-Modified"] == "Mon, 06 May 2024 14:00:00 GMT"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "malonewatch.notifying.feeds", None)
        again = browser.get("/feeds/all", headers=has, status=304)
        browser.get(
            "/feeds/all", headers={"If-Modified-Since": first.headers["Last-Modified"]}, status=304
        )
    assert again.body == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-Modified-Since": "Mon, 06 May 2024 13:59:59 GMT"},
        # The first of both counts.
        {"If-None-Match": '"x"', "If-Modified-Since": "Mon, 06 May 2024 14:00:00 GMT"},
        {"If-Modified-Since": "nonsense"},
    ],
)
def test_what_it_has_not_is(browser, moved, headers):
    assert said(browser.get("/feeds/all", headers=headers)) == [TWO, ONE]


def test_another_change_makes_another_tag(browser, moved, database, clock, check):
    before = browser.get("/feeds/all").headers["ETag"]
    clock.tick(hours=1)
    moved.change("1", status="NEW")
    database.write(lambda trackers: trackers["auto-127.0.0.1"].resetWatches())
    check()
    response = browser.get("/feeds/all", headers={"If-None-Match": before})
    assert len(said(response)) == 3


def test_one_that_is_empty_was_never_changed(browser, database):
    response = browser.get("/feeds/all")
    assert read(response).entries == []
    assert "Last-Modified" not in response.headers
    since = {"If-Modified-Since": "Mon, 06 May 2024 14:00:00 GMT"}
    browser.get("/feeds/all", headers=since, status=200)
    browser.get("/feeds/all", headers={"If-None-Match": response.headers["ETag"]}, status=304)


# People.


def test_a_person_has_a_feed_of_all_that_the_person_is_told(people, moved, subscribe):
    subscribe("anna@example.com", TargetKind.BUG, "1")
    subscribe("anna@example.com", TargetKind.SEARCH, "open", [Happening.FIXED])
    anna, bert, root = map(people, ("anna@example.com", "bert@example.com", "root@example.com"))
    assert said(anna.get("/feeds/mine")) == [TWO, ONE]
    assert said(anna.get("/feeds/people/anna")) == [TWO, ONE]
    assert said(anna.get("/feeds/subscriptions/2")) == [TWO]
    assert said(root.get("/feeds/people/anna")) == [TWO, ONE]
    assert said(bert.get("/feeds/mine")) == []
    for path in ("people/anna", "subscriptions/1"):
        assert "no such feed of yours" in text_of(bert.get(f"/feeds/{path}", status=404))


def test_who_is_told_whatever_others_are_is_told_that(people, moved, subscribe):
    subscribe("anna@example.com", TargetKind.BUG, "1")
    subscribe("bert@example.com", TargetKind.BUG, "2", [Happening.STATUS])
    subscribe("bert@example.com", TargetKind.PERSON, "anna")
    # In a circle.
    subscribe("anna@example.com", TargetKind.PERSON, "bert", [Happening.FIXED])
    assert said(people("bert@example.com").get("/feeds/mine")) == [TWO, ONE]
    assert said(people("anna@example.com").get("/feeds/mine")) == [TWO, ONE]


def test_a_feed_says_where_our_bugs_are_as_mails_do(browser, moved, database):
    subscribing.change_delivery(database, {"bug_url": "https://example.org/{bug}"})
    (entry,) = read(browser.get("/feeds/bugs/1")).entries
    assert entry.links[1].href == "https://example.org/1"


# Who may read them.


def test_a_stranger_reads_none(stranger, moved):
    response = stranger.get("/feeds/all", status=401)
    assert response.headers["WWW-Authenticate"] == 'Basic realm="malonewatch"'
    assert "for who is logged in, or has a token" in response.text
    # Nor learns what there is.
    stranger.get("/feeds/bugs/7", status=401)
    stranger.get("/feeds/", status=403)


@pytest.mark.parametrize("scope", [Scope.FEEDS, Scope.ADMIN])
def test_a_token_lets_read_in_the_url_or_in_the_header(stranger, moved, issue, scope):
    token = issue(scope=scope)
    assert said(stranger.get(f"/feeds/all?token={token}")) == [TWO, ONE]
    assert said(stranger.get("/feeds/all", headers={"Authorization": f"Bearer {token}"}))


def test_a_token_is_for_what_its_owner_may_see(stranger, moved, issue, subscribe):
    subscribe("anna@example.com", TargetKind.BUG, "1")
    subscribe("bert@example.com", TargetKind.ALL)
    token = issue("ANNA@example.com")
    assert said(stranger.get(f"/feeds/mine?token={token}")) == [ONE]
    stranger.get(f"/feeds/subscriptions/2?token={token}", status=404)
    admin = issue("root", Scope.ADMIN)
    assert said(stranger.get(f"/feeds/subscriptions/2?token={admin}")) == [TWO, ONE]


def test_what_may_not_be_seen_is_not_read_by_a_token(stranger, moved, issue, database):
    from pyramid.authorization import Deny, Everyone

    from malonewatch.interfaces import IBugSet

    def hide(trackers):
        getUtility(IBugSet).get(1).__acl__ = [(Deny, Everyone, "view")]

    database.write(hide)
    token = issue()
    hidden = stranger.get(f"/feeds/bugs/1?token={token}", status=403)
    assert hidden.text == "What this feed is of may not be seen by whoever asks for it.\n"
    assert said(stranger.get(f"/feeds/bugs/2?token={token}")) == [TWO]


def test_a_token_of_who_logs_in_is_for_the_address_of_the_account(
    stranger, moved, issue, subscribe, database
):
    accounts.add(database, "anna", "anna.b@example.com")
    subscribe("anna.b@example.com", TargetKind.BUG, "1")
    # An administrator's token is no better than the account.
    for token in (issue("anna"), issue("anna", Scope.ADMIN)):
        assert said(stranger.get(f"/feeds/mine?token={token}")) == [ONE]
        stranger.get(f"/feeds/people/bert?token={token}", status=404)
    accounts.remove(database, "anna")
    stranger.get(f"/feeds/mine?token={token}", status=401)


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WATCH, Scope.METRICS])
def test_other_tokens_are_not_good_for_it(stranger, issue, scope):
    stranger.get(f"/feeds/all?token={issue(scope=scope)}", status=401)


@pytest.mark.parametrize(
    "token", ["x", "mw_", "mw_" + "A" * 43, "%00", "%C3%A9" * 99, "A" * 5000, "' OR 1=1", "../.."]
)
def test_a_forged_token_lets_nobody_in(browser, moved, token):
    """Not even who is logged in."""
    response = browser.get(f"/feeds/all?token={token}", status=401)
    assert response.headers["Cache-Control"].startswith("private")


def test_the_password_for_a_proxy_is_no_token(people, moved):
    headers = {"Authorization": "Basic YW5uYTpzZWNyZXQ="}
    assert said(people("anna@example.com").get("/feeds/all", headers=headers)) == [TWO, ONE]


def test_where_anybody_may_look_nobody_has_the_tokens_of_others(stranger, moved, issue, database):
    from pyramid.authorization import Allow, Everyone

    acl = [(Allow, Everyone, "view")]
    database.write(lambda trackers: setattr(trackers.__parent__, "__acl__", acl))
    token = issue()
    page = stranger.get("/feeds/")
    assert "A reader" not in text_of(page)
    fields = {"csrf_token": page.forms[0]["csrf_token"].value, "number": "1"}
    stranger.post("/feeds/revoke", fields, status=404)
    stranger.get(f"/feeds/all?token={token}")


def test_a_token_ends(stranger, moved, issue, clock, database):
    token = issue(expires=clock.moment + timedelta(hours=1))
    stranger.get(f"/feeds/all?token={token}")
    clock.tick(hours=1)
    stranger.get(f"/feeds/all?token={token}", status=401)


def test_a_token_is_good_for_no_page(stranger, moved, issue):
    for path in ("/", "/feeds/", "/watches", "/metrics"):
        stranger.get(f"{path}?token={issue()}", status=(401, 403)[path != "/metrics"])


def test_a_token_goes_nowhere_else(stranger, moved, issue, caplog):
    caplog.set_level(logging.DEBUG)
    token = issue()
    for path in ("all", "mine", "bugs/1", "search?q=open", "bugs/99"):
        mark = "&" if "?" in path else "?"
        response = stranger.get(f"/feeds/{path}{mark}token={token}", status="*")
        assert token not in response.text
        assert response.headers["Cache-Control"].startswith("private")
        assert response.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert token not in caplog.text


# Tokens are made, and taken back.


def make(browser, **fields):
    form = browser.get("/feeds/").forms
    form = next(each for each in form.values() if each.action.endswith("/feeds/issue"))
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=200)


def test_a_token_is_shown_once(people, stranger, moved, subscribe):
    subscribe("anna@example.com", TargetKind.BUG, "1")
    anna = people("anna@example.com")
    response = make(anna, title="My telephone")
    token = response.html.code.text if hasattr(response, "html") else ""
    assert token.startswith("mw_")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert said(stranger.get(f"/feeds/mine?token={token}")) == [ONE]
    page = anna.get("/subscriptions").click("Feeds of the same")
    assert "My telephone, for anna@example.com" in text_of(page)
    assert token not in page.text
    form = next(each for each in page.forms.values() if each.action.endswith("/revoke"))
    assert "good for nothing any more" in text_of(form.submit(status=303).follow())
    stranger.get(f"/feeds/mine?token={token}", status=401)


def test_tokens_are_ones_own(people, issue):
    issue("bert@example.com")
    issue("anna@example.com", Scope.READ)
    anna = people("anna@example.com")
    make(anna, title="Mine")
    page = anna.get("/feeds/")
    assert "bert" not in text_of(page)
    form = next(each for each in page.forms.values() if each.action.endswith("/revoke"))
    for number in ("1", "2"):
        form["number"] = number
        assert "no token" in text_of(form.submit(status=404))


def test_who_administers_makes_and_revokes_those_of_others(browser):
    make(browser, title="Reader", owner="bert@example.com")
    page = browser.get("/feeds/")
    assert "Reader, for bert@example.com" in text_of(page)
    form = next(each for each in page.forms.values() if each.action.endswith("/revoke"))
    form.submit(status=303)
    assert "bert" not in text_of(browser.get("/feeds/"))


def test_pages_name_their_feeds_without_a_token(browser, stranger, moved):
    def named(path):
        links = browser.get(path).lxml.findall(".//link[@rel='alternate']")
        assert {link.get("type") for link in links} <= {"application/atom+xml"}
        return [link.get("href") for link in links]

    assert named("/") == ["/feeds/all"]
    assert named("/bugs/1") == ["/feeds/all", "/feeds/bugs/1"]
    assert named("/trackers/auto-127.0.0.1")[1] == "/feeds/trackers/auto-127.0.0.1"
    assert named("/watches") == named("/watches/1") == ["/feeds/all"]
    assert named("/watches?q=open")[1] == "/feeds/search?q=open"
    for path in named("/bugs/1"):
        assert said(browser.get(path))
    browser.reset()
    assert not stranger.get("/", status=403).lxml.findall(".//link[@rel='alternate']")
