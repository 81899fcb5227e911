import pytest
from tests.web.conftest import Browser, text_of

from malonewatch.application import bugs, people, subscribing, tokens
from malonewatch.interfaces import DestinationSettings, Role, Scope, Target, TargetKind
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import ProxyPolicy

PATHS = ["/?since=30d", "/bugs", "/bugs/1", "/watches/1", "/watches/1/explain"]


@pytest.fixture
def visit(database, watched, check):
    """Has somebody look at a page; the proxy says who that is."""
    watched.add("1", title="Embargoed", status="RESOLVED", resolution="FIXED")
    check()
    bugs.retitle(database, 1, "Confidential")
    bugs.set_private(database, 1, True)
    people.add(database, "mia", "mia@example.com", Role.MANAGER)
    people.add(database, "bert", "bert@example.com", Role.WATCHER)
    policy = ProxyPolicy("X-User", "127.0.0.1", frozenset())
    application = make_application(database, Place.at("http://localhost:8090"), policy)

    def visit(who):
        environ = {"HTTP_HOST": "localhost:8090", "REMOTE_ADDR": "127.0.0.1", "HTTP_X_USER": who}
        return Browser(application, extra_environ=environ)

    return visit


@pytest.mark.parametrize("path", PATHS)
def test_a_private_title_is_for_who_may_see_it(visit, path):
    assert "Confidential" in visit("mia").get(path).text
    text = visit("bert").get(path).text
    assert "Confidential" not in text
    assert "a private bug" in text
    assert "Embargoed" not in text


@pytest.mark.parametrize("path", ["/watches", "/bugs/1"])
def test_nor_are_those_elsewhere_shown(visit, path):
    assert "Embargoed" in visit("mia").get(path).text
    assert "Embargoed" not in visit("bert").get(path).text


@pytest.mark.parametrize("form", ["csv", "json"])
def test_nor_is_it_exported(visit, form):
    path = f"/watches/export?form={form}"
    assert "Confidential" in visit("mia").get(path).text
    exported = visit("bert").get(path).text
    assert "Confidential" not in exported
    assert "a private bug" in exported


def test_a_search_for_words_finds_it_for_who_may_see_it(visit):
    assert "#1" in text_of(visit("mia").get("/watches?q=embargoed"))
    assert "#1" not in text_of(visit("bert").get("/watches?q=embargoed"))


def test_who_is_told_of_it_by_mail_sees_it(visit, database):
    settings = DestinationSettings(kind="mail", address="bert@example.com")
    target = Target(TargetKind.BUG, "1")
    assert "a private bug" in text_of(visit("bert").get("/bugs/1"))
    subscribing.subscribe(database, "bert@example.com", settings, [target])
    assert "Confidential" in text_of(visit("bert").get("/bugs/1"))
    assert "Confidential" not in visit("carl").get("/bugs/1").text


def test_nobody_sees_it_by_subscribing(visit):
    browser = visit("bert")
    page = browser.get("/subscriptions?kind=bug&key=1")
    form = next(each for each in page.forms.values() if each.action.endswith("/add"))
    page = form.submit(status=400)
    assert "Bug 1 is private; who may see it lets people be told of it." in text_of(page)
    assert "Confidential" not in browser.get("/bugs/1").text


def form_to(page, end):
    return next((each for each in page.forms.values() if each.action.endswith(end)), None)


def test_who_may_see_it_makes_it_public_and_private(visit):
    browser = visit("mia")
    page = form_to(browser.get("/bugs/1"), "/private").submit(status=303).follow()
    assert "Bug 1 is public now." in text_of(page)
    assert "Confidential" in visit("bert").get("/bugs/1").text
    page = form_to(page, "/private").submit(status=303).follow()
    assert "Bug 1 is private now." in text_of(page)
    assert "Private: its titles are shown to managers" in text_of(page)
    assert "(private)" in text_of(browser.get("/bugs"))


def test_nobody_else_does(visit):
    browser = visit("bert")
    page = browser.get("/bugs/1")
    assert form_to(page, "/private") is None
    assert form_to(page, "/retitle") is None
    assert form_to(browser.get("/bugs/2"), "/private") is None
    fields = {"csrf_token": page.forms[0]["csrf_token"].value}
    browser.post("/bugs/1/private", fields, status=403)
    browser.post("/bugs/1/retitle", {**fields, "title": "x"}, status=400)


@pytest.mark.parametrize(
    ("owner", "scope", "is_seen"),
    [
        ("mia", Scope.FEEDS, True),
        ("bert@example.com", Scope.FEEDS, False),
    ],
)
def test_a_token_sees_what_its_owner_sees(visit, database, owner, scope, is_seen):
    text = tokens.issue(database, owner, "a reader", scope).text
    feed = visit("").get(f"/feeds/bugs/1?token={text}")
    assert ("Confidential" in feed.text) is is_seen
