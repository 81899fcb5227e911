import mailbox

import pytest
from tests.web.conftest import Browser, text_of
from zope.component import getUtility

from malonewatch.interfaces import ISubscriptionSet
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import ProxyPolicy


@pytest.fixture
def anna(database):
    """A browser of somebody who may watch, and administers nothing."""
    policy = ProxyPolicy("X-User", "10.0.0.1", frozenset())
    application = make_application(database, Place.at("http://localhost"), policy)
    environ = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "10.0.0.1"}
    return Browser(application, extra_environ={**environ, "HTTP_X_USER": "anna@example.com"})


def subscribe(browser, status=303, path="/subscriptions", **fields):
    """Fill in the form and send it; what is shown then."""
    forms = browser.get(path).forms.values()
    form = next(form for form in forms if form.action.endswith("/subscriptions/add"))
    for name, value in fields.items():
        form[name] = value
    page = form.submit(status=status)
    return page.follow() if status == 303 else page


def test_there_are_none(browser):
    assert "There are no subscriptions." in text_of(browser.get("/subscriptions"))


def test_somebody_is_told_of_everything(browser):
    page = subscribe(browser, email="bert@example.com", kind="ALL", timing="DAILY")
    text = text_of(page)
    assert "bert is told of all by mail." in text
    assert "bert is told of all by mail to bert@example.com: status, duplicate" in text
    assert "Destination 1, of bert: mail to bert@example.com, daily; 0 waiting." in text


def test_a_search_is_kept(browser, watched):
    page = browser.get("/watches?q=open").click("Be told of what it finds")
    subscribe(browser, path=page.request.path_qs, email="bert@example.com")
    page = browser.get("/subscriptions")
    assert "Saved searches" in text_of(page)
    assert "#1" in text_of(page.click("^open$"))


def test_who_is_told_of_what_can_be_chosen(anna, watched):
    page = anna.get("/bugs/1").click("Be told of it")
    forms = page.forms.values()
    form = next(form for form in forms if form.action.endswith("/subscriptions/add"))
    form.set("events", True, index=0)
    text = text_of(form.submit(status=303).follow())
    assert "anna is told of bug 1 by mail to anna@example.com: fixed." in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "ALL", "address": "bert@example.com"}, "lets others be told"),
        ({"kind": "ALL", "by": "webhook", "address": "file:/etc/passwd"}, "begins with https://"),
        ({"kind": "BUG", "key": "7"}, "There is no bug 7"),
        ({"kind": "ALL", "key": "open"}, "Who is told of all is not told of 'open' alone"),
    ],
)
def test_what_may_not_be_is_refused(anna, fields, sentence):
    assert sentence in text_of(subscribe(anna, 400 if "bug" not in sentence else 404, **fields))


def test_who_does_not_administer_writes_no_files(anna):
    token = anna.get("/subscriptions").forms[0]["csrf_token"].value
    fields = {"csrf_token": token, "kind": "ALL", "by": "feed", "timing": "AT_ONCE"}
    page = anna.post("/subscriptions/add", {**fields, "address": "/tmp/feed"}, status=400)
    assert "lets messages go by feed" in text_of(page)


def test_people_see_and_change_their_own_only(anna, browser):
    subscribe(browser, email="bert@example.com", kind="ALL")
    subscribe(anna, kind="ALL")
    page = anna.get("/subscriptions")
    assert "bert" not in text_of(page)
    form = next(form for form in page.forms.values() if "Unsubscribe anna" in form.text)
    form["number"] = "1"
    assert "There is no subscription 1 of yours." in text_of(form.submit(status=400))
    form["number"] = "2"
    assert "anna is told of all no more." in text_of(form.submit(status=303).follow())
    assert "bert is told of all" in text_of(browser.get("/subscriptions"))


def test_a_destination_is_sent_to_again(browser, database):
    subscribe(browser, email="bert@example.com", kind="ALL")

    def disable(trackers):
        subscriptions = getUtility(ISubscriptionSet)
        subscriptions.disable(subscriptions.getDestination(1), "There is no such mailbox.")

    database.write(disable)
    page = browser.get("/subscriptions")
    assert "There is no such mailbox." in text_of(page)
    form = next(form for form in page.forms.values() if "Send to 1 again" in form.text)
    text = text_of(form.submit(status=303).follow())
    assert "Destination 1 is sent to again; waiting: 0." in text
    assert "There is no such mailbox." not in text


def test_a_test_is_sent_as_the_site_sends(browser, tmp_path):
    subscribe(browser, email="bert@example.com", kind="ALL")
    form = browser.get("/subscriptions").click("How the site sends").forms[1]
    form["transport"] = f"maildir:{tmp_path / 'mail'}"
    form["trouble_after"] = "5"
    page = form.submit(status=303).follow()
    assert "The site sends like that from now on." in text_of(page)
    assert page.forms[1]["trouble_after"].value == "5"
    forms = browser.get("/subscriptions").forms.values()
    form = next(form for form in forms if "Send a test to 1" in form.text)
    page = form.submit(status=303).follow()
    assert "Sent a test to destination 1, bert@example.com." in text_of(page)
    assert len(mailbox.Maildir(tmp_path / "mail")) == 1


def test_how_the_site_cannot_send_is_refused(browser):
    form = browser.get("/settings").forms[1]
    form["trouble_after"] = ""
    form["transport"] = "pigeon:"
    assert "Mail cannot go out by 'pigeon:'" in text_of(form.submit(status=400))


def test_settings_are_for_who_administers(anna):
    anna.get("/settings", status=403)


def test_what_a_link_names_is_chosen(browser, database):
    for _ in range(2):
        page = browser.get("/subscriptions?kind=search&key=open")
        form = next(each for each in page.forms.values() if "key" in each.fields)
        assert (form["kind"].value, form["key"].value) == ("SEARCH", "open")
        form["email"] = "ann@example.com"
        page = form.submit(status=303).follow()
        assert "ann is told of search open by mail." in text_of(page)
