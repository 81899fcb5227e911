import mailbox

import pytest
from tests.web.conftest import text_of
from zope.component import getUtility

from malonewatch.application import subscribing
from malonewatch.application.audit import list_entries
from malonewatch.interfaces import (
    DestinationSettings,
    IOutbox,
    ISubscriptionSet,
    Target,
    TargetKind,
)

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
DESK = "https://localhost:8090"


@pytest.fixture
def desk(database, monkeypatch, tmp_path):
    """The site says where the desk is, and what signs links."""
    monkeypatch.setenv("LINKS", "a secret that is long enough")
    values = {"desk_url": f"{DESK}/", "link_secret": "env:LINKS"}
    values["transport"] = f"maildir:{tmp_path / 'mail'}"
    subscribing.change_delivery(database, values)


@pytest.fixture
def subscribe(database):
    def subscribe(*targets, address="jane@example.com"):
        found = subscribing.subscribe(
            database, address, DestinationSettings(kind="mail", address=address), targets
        )
        return [each.id for each in found]

    return subscribe


@pytest.fixture
def link(database, desk, tmp_path):
    """Sends a mail to a destination; the path of the link by which that is ended."""

    def link(destination=1):
        subscribing.send_test(database, destination)
        (mail,) = mailbox.Maildir(tmp_path / "mail")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        url = mail["List-Unsubscribe"].strip("<>")
        assert url.startswith(f"{DESK}/unsubscribe/")
        return url.removeprefix(DESK)

    return link


def numbers(database):
    return [each.id for each in subscribing.list_subscriptions(database)]


ALL = Target(TargetKind.ALL)
SEARCH = Target(TargetKind.SEARCH, "open <script>alert(1)</script>")


def test_one_click_ends_a_subscription_without_a_log_in(stranger, subscribe, database, link):
    subscribe(ALL)
    subscribe(ALL, address="bert@example.com")
    path = link()
    page = stranger.post(path, ONE_CLICK)
    assert "jane is told of all by mail no more." in text_of(page)
    assert numbers(database) == [2]
    ((entry, *_),) = list_entries(database, limit=5)
    told = (entry.face, entry.actor, entry.action, entry.target, entry.detail)
    assert told == ("desk", "", "unsubscribe", "subscription 1", "jane of all by mail")
    assert page.headers["Cache-Control"].startswith("private")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    # Twice is once.
    for page in (stranger.post(path, ONE_CLICK), stranger.get(path)):
        assert "there is nothing left to do" in text_of(page)
    assert numbers(database) == [2]


def test_a_mail_program_may_send_it_as_a_form_with_parts(stranger, subscribe, database, link):
    subscribe(ALL)
    stranger.post(link(), ONE_CLICK, upload_files=[("other", "other.txt", b"")])
    assert numbers(database) == []


def test_who_follows_the_link_is_asked_first(stranger, subscribe, database, link):
    subscribe(SEARCH)
    page = stranger.get(link())
    assert numbers(database) == [1]
    assert "jane is told of search open <script>alert(1)</script> by mail." in text_of(page)
    assert "jane@" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    page = page.forms[0].submit()
    assert "no more" in text_of(page)
    assert numbers(database) == []


def test_one_click_ends_all_that_leads_there(stranger, subscribe, database, link):
    subscribe(ALL, SEARCH)
    subscribe(ALL, address="bert@example.com")
    path = link()
    assert "/destination/1/" in path
    assert "Be told no more of these" in text_of(stranger.get(path))
    stranger.post(path, ONE_CLICK)
    assert numbers(database) == [3]
    assert "nothing left to do" in text_of(stranger.post(path, ONE_CLICK))


@pytest.mark.parametrize("fields", [{}, {"List-Unsubscribe": "Two-Clicks"}])
def test_what_is_not_one_click_changes_nothing(stranger, subscribe, database, link, fields):
    subscribe(ALL)
    page = stranger.post(link(), fields, status=400)
    assert "What was sent is not List-Unsubscribe=One-Click" in text_of(page)
    assert numbers(database) == [1]


REFUSED = "This link to unsubscribe by is not one of ours, or too old;"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_link_is_refused(stranger, subscribe, database, link, method):
    subscribe(ALL, address="bert@example.com")
    subscribe(ALL)
    *_, kind, number, created, signature = link().split("/")
    assert (kind, number) == ("subscription", "1")
    forged = [
        (kind, "2", created, signature),
        ("destination", "1", created, signature),
        (kind, number, "0", signature),
        (kind, number, created, signature[:-1]),
        (kind, number, created, signature + "A"),
        (kind, number, created, ""),
        (kind, number, created, "%C3%A9"),
        (kind, number, created),
        (kind, f"0{number}", created, signature),
        (kind, number, created, signature, signature),
        ("x",),
        (),
        ("9" * 5000,),
    ]
    for parts in forged:
        path = "/unsubscribe/" + "/".join(parts)
        fields = [ONE_CLICK] if method == "post" else []
        page = getattr(stranger, method)(path, *fields, status=400)
        assert REFUSED in text_of(page)
    assert numbers(database) == [1, 2]


def test_a_link_of_another_secret_is_refused(stranger, subscribe, database, link, monkeypatch):
    subscribe(ALL)
    path = link()
    monkeypatch.setenv("LINKS", "another secret that is long enough")
    assert REFUSED in text_of(stranger.post(path, ONE_CLICK, status=400))
    subscribing.change_delivery(database, {"link_secret": ""})
    assert REFUSED in text_of(stranger.post(path, ONE_CLICK, status=400))
    assert numbers(database) == [1]


@pytest.mark.parametrize("secret", [None, "short"])
def test_without_the_secret_nobody_can_say(stranger, subscribe, link, monkeypatch, secret):
    subscribe(ALL)
    path = link()
    monkeypatch.delenv("LINKS")
    if secret is not None:
        monkeypatch.setenv("LINKS", secret)
    page = stranger.get(path, status=502)
    assert "cannot be checked here now" in text_of(page)
    assert "LINKS" not in page.text


def test_a_number_that_was_given_again_is_not_meant(stranger, subscribe, database, link):
    """As where a database went back to a copy of before."""
    subscribe(ALL)
    path = link()

    def again(trackers):
        getUtility(ISubscriptionSet).getDestination(1).created += 10

    database.write(again)
    assert "nothing left to do" in text_of(stranger.post(path, ONE_CLICK))
    assert numbers(database) == [1]


def test_one_from_before_that_was_noted_has_a_link_too(stranger, subscribe, database, link):
    subscribe(ALL)

    def before(trackers):
        del getUtility(ISubscriptionSet).getDestination(1).created

    database.write(before)
    path = link()
    assert path.startswith("/unsubscribe/subscription/1/0/")
    stranger.post(path, ONE_CLICK)
    assert numbers(database) == []


def test_where_the_desk_is_is_set_at_the_desk(browser, database):
    form = browser.get("/settings").forms[1]
    form["desk_url"] = "https://bugs.example.com/desk/"
    form["link_secret"] = "env:LINKS"
    form.submit(status=303)
    settings = database.read(lambda trackers: getUtility(IOutbox).settings)
    assert settings.desk_url == "https://bugs.example.com/desk"
    assert settings.bug_page == "https://bugs.example.com/desk/bugs/{bug}"
    form["link_secret"] = "hunter2"
    page = form.submit(status=400)
    assert "What links are signed with is not kept in the database" in text_of(page)
    assert "hunter2" not in page.text
