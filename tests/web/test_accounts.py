import re

import pytest
from tests.clock import Seconds
from tests.web.conftest import Browser, text_of

from malonewatch.application import audit, people, watches
from malonewatch.interfaces import Role
from malonewatch.web.accounts import AccountPolicy
from malonewatch.web.application import Place, make_application

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def clock():
    return Seconds(1000.0)


@pytest.fixture
def application(database, clock):
    for name, role in (("anna", Role.ADMINISTRATOR), ("bert", Role.WATCHER), ("eve", Role.VIEWER)):
        people.add(database, name, f"{name}@example.com", role)
        people.set_password(database, name, PASSWORD)
    people.add(database, "mia", "", Role.MANAGER)
    people.set_password(database, "mia", PASSWORD)
    watches.watch(database, ["https://bugzilla.example.com/show_bug.cgi?id=7"])
    return make_application(database, Place.at("http://localhost:8090"), AccountPolicy(clock))


@pytest.fixture
def open_browser(application):
    """A new browser, in which somebody logs in."""

    def open_browser(name=None, password=PASSWORD, **environ):
        environ = {"HTTP_HOST": "localhost:8090", "REMOTE_ADDR": "10.0.0.1", **environ}
        browser = Browser(application, extra_environ=environ)
        if name is not None:
            log_in(browser, name, password, status=303)
        return browser

    return open_browser


def log_in(browser, name, password=PASSWORD, status="*", following=None):
    form = browser.get("/log-in", {} if following is None else {"next": following}).forms[0]
    form["name"], form["password"] = name, password
    return form.submit(status=status)


def test_a_page_leads_to_the_log_in_and_back(open_browser):
    browser = open_browser()
    page = browser.get("/watches?q=open&sort=changed", status=303).follow()
    assert "<h1>Log in</h1>" in page.text
    assert page.forms[0]["password"].attrs["autocomplete"] == "current-password"
    page.forms[0]["name"], page.forms[0]["password"] = "Anna", PASSWORD
    answer = page.forms[0].submit(status=303)
    assert answer.location == "http://localhost:8090/watches?q=open&sort=changed"
    page = answer.follow()
    assert "anna" in text_of(page)
    assert browser.get("/log-in?next=/bugs", status=303).location.endswith("8090/bugs")


def test_what_is_sent_without_a_log_in_is_refused(open_browser):
    browser = open_browser()
    token = browser.get("/log-in").forms[0]["csrf_token"].value
    page = browser.post("/bugs/1/retitle", {"csrf_token": token, "title": "x"}, status=403)
    assert "You have to log in" in text_of(page)


@pytest.mark.parametrize(
    "following",
    [
        "",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/bugs\r\nX: y",
        "/\t/evil.example",
        "/ bugs",
        "javascript:alert(1)",
        "/bügs",
        "/log-in?next=/bugs",
        "/" + "x" * 2000,
    ],
)
def test_a_log_in_leads_to_our_own_pages_only(open_browser, following):
    answer = log_in(open_browser(), "anna", status=303, following=following)
    assert answer.location == "http://localhost:8090/"


def test_what_leads_on_is_one_text(open_browser):
    browser = open_browser()
    token = browser.get("/log-in").forms[0]["csrf_token"].value
    fields = {"csrf_token": token, "name": "anna", "password": PASSWORD}
    answer = browser.post("/log-in", fields, upload_files=[("next", "x", b"y")], status=303)
    assert answer.location == "http://localhost:8090/"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "wrong"),
        ("anna", ""),
        ("anna", PASSWORD + " "),
        ("anna", "x" * 5000),
        ("nobody", PASSWORD),
        ("an\nna", PASSWORD),
        ('"><script>', PASSWORD),
        ("", ""),
    ],
)
def test_nobody_else_comes_in(open_browser, name, password):
    browser = open_browser()
    page = log_in(browser, name, password, status=403)
    assert "There is no such name with that password." in text_of(page)
    assert password not in page.text or not password
    browser.get("/", status=303)


def test_a_file_is_no_password(open_browser):
    browser = open_browser()
    token = browser.get("/log-in").forms[0]["csrf_token"].value
    fields = {"csrf_token": token, "name": "anna"}
    browser.post("/log-in", fields, upload_files=[("password", "x", b"y")], status=403)


def test_a_log_in_form_of_anothers_is_refused(open_browser):
    fields = {"name": "anna", "password": PASSWORD}
    assert "not one of ours" in text_of(open_browser().post("/log-in", fields, status=400))


def test_the_session_is_another_after_the_log_in(open_browser):
    browser = open_browser()
    browser.get("/log-in")
    before = dict(browser.cookies)
    log_in(browser, "anna", status=303)
    assert dict(browser.cookies) != before
    other = open_browser()
    for name, value in before.items():
        other.set_cookie(name, value.strip('"'))
    other.get("/", status=303)


def copy_of(browser, other):
    for name, value in browser.cookies.items():
        other.set_cookie(name, value.strip('"'))
    return other


def test_a_session_ends_for_whoever_has_its_cookie(open_browser):
    browser = open_browser("anna")
    copy = copy_of(browser, open_browser())
    copy.get("/", status=200)
    browser.get("/").forms[0].submit(status=303)
    browser.get("/", status=303)
    copy.get("/", status=303)


@pytest.mark.parametrize(
    "change",
    [
        lambda database: people.disable(database, "bert"),
        lambda database: people.remove(database, "bert"),
        lambda database: people.set_password(database, "bert", "another password"),
        lambda database: people.remove(database, "bert") and people.add(database, "bert"),
        lambda database: people.disable(database, "bert") and people.enable(database, "bert"),
    ],
    ids=["disabled", "removed", "another password", "added again", "enabled again"],
)
def test_sessions_end_with_what_let_them_in(open_browser, database, change):
    browser, other = open_browser("bert"), open_browser("anna")
    change(database)
    browser.get("/", status=303)
    browser.get("/", status=303)
    other.get("/", status=200)


def test_a_session_ends_when_nobody_uses_it(open_browser, clock):
    browser = open_browser("bert")
    clock.now += 11 * 3600
    browser.get("/", status=200)
    clock.now += 13 * 3600
    browser.get("/", status=303)


def test_the_cookie_is_for_our_pages_alone(database, open_browser, application):
    place = Place.at("https://bugs.example.com")
    secure = make_application(database, place, AccountPolicy())
    environ = {"HTTP_HOST": "bugs.example.com", "wsgi.url_scheme": "https"}
    cookies = Browser(secure, extra_environ=environ).get("/log-in").headers.getall("Set-Cookie")
    for cookie in cookies:
        assert {"secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    plain = log_in(open_browser(), "anna").headers.getall("Set-Cookie")
    assert plain
    assert all("HttpOnly" in each and "SameSite=Lax" in each for each in plain)


@pytest.mark.parametrize(
    ("name", "see", "watch", "manage", "administer"),
    [
        ("eve", 200, 403, 403, 403),
        ("bert", 200, 303, 403, 403),
        ("mia", 200, 303, 303, 403),
        ("anna", 200, 303, 303, 200),
    ],
)
def test_a_role_says_what_somebody_may(open_browser, name, see, watch, manage, administer):
    browser = open_browser(name)
    token = browser.get("/", status=see).forms[0]["csrf_token"].value
    fields = {"csrf_token": token, "title": "x", "active": "1"}
    browser.post("/bugs/1/retitle", fields, status=watch)
    browser.post("/trackers/auto-bugzilla.example.com/edit", fields, status=manage)
    browser.get("/settings", status=administer)
    browser.get("/people", status=administer)


def test_a_role_holds_at_once(open_browser, database):
    browser = open_browser("bert")
    browser.get("/settings", status=403)
    people.edit(database, "bert", role=Role.ADMINISTRATOR)
    browser.get("/settings", status=200)


def test_who_guesses_has_to_wait(open_browser, clock):
    browser = open_browser()
    for _ in range(5):
        log_in(browser, "anna", "wrong", status=403)
    page = log_in(browser, "ANNA", PASSWORD, status=429)
    assert page.headers["Retry-After"] == "1"
    assert "There were too many attempts; try again in 1 second." in text_of(page)
    clock.now += 1
    log_in(browser, "anna", status=303)


def test_from_where_somebody_logged_in_there_is_no_wait_for_the_name(open_browser):
    open_browser("bert")
    for number in range(7):
        elsewhere = open_browser(REMOTE_ADDR=f"10.0.1.{number}")
        log_in(elsewhere, "bert", "wrong")
    log_in(elsewhere, "bert", status=429)
    open_browser("bert").get("/", status=200)


def test_a_person_changes_the_own_password(open_browser, database):
    browser, other = open_browser("bert"), open_browser("bert")
    page = browser.get("/account")
    assert "with the role watcher; your subscriptions are those of bert@example.com." in text_of(
        page
    )
    form = page.forms[1]
    form["old"], form["new"], form["again"] = PASSWORD, "another password", "another password"
    before = dict(browser.cookies)
    page = form.submit(status=303).follow()
    assert "You have another password now." in text_of(page)
    assert dict(browser.cookies) != before
    other.get("/", status=303)
    open_browser("bert", "another password")


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", "another password", "another password", "that you have now is another one"),
        (PASSWORD, "another password", "something else", "was typed in two ways"),
        (PASSWORD, "short", "short", "A password has 10 to 1000 characters."),
        (PASSWORD, "x" * 3000, "x" * 3000, "A password has 10 to 1000 characters."),
    ],
)
def test_a_password_that_cannot_be_changed_stays(open_browser, old, new, again, sentence):
    browser = open_browser("bert")
    form = browser.get("/account").forms[1]
    form["old"], form["new"], form["again"] = old, new, again
    assert sentence in text_of(form.submit(status=400))
    open_browser("bert")


def test_who_found_a_browser_guesses_the_password_no_faster(open_browser):
    browser = open_browser("bert")
    for _ in range(21):
        form = browser.get("/account").forms[1]
        form["old"], form["new"], form["again"] = "wrong", "another password", "another password"
        page = form.submit(expect_errors=True)
    assert page.status_int == 429
    assert "try again in 1 second." in text_of(page)


def test_only_who_has_an_address_subscribes(open_browser):
    page = open_browser("bert").get("/subscriptions")
    form = next(each for each in page.forms.values() if each.action.endswith("/add"))
    form["kind"], form["key"] = "BUG", "1"
    assert "bert is told of bug 1 by mail" in text_of(form.submit(status=303).follow())
    browser = open_browser("mia")
    page = browser.get("/subscriptions")
    assert "bert" not in text_of(page)
    assert "no e-mail address is known of you" in text_of(browser.get("/account"))
    fields = {"csrf_token": page.forms[0]["csrf_token"].value, "kind": "BUG", "key": "1"}
    fields["timing"] = "AT_ONCE"
    page = browser.post("/subscriptions/add", fields, status=400)
    assert "It takes an e-mail address to subscribe; none is known of you." in text_of(page)


def test_where_the_database_cannot_be_used_nobody_is_known():
    policy = AccountPolicy()
    assert policy.identity(None) is None


def form_of(page, action):
    return next(
        each for each in page.forms.values() if re.search(f"/people/{action}$", each.action)
    )


def test_an_administrator_adds_people(open_browser, database):
    browser = open_browser("anna")
    form = form_of(browser.get("/people"), "add")
    form["name"], form["email"], form["password"] = "Cleo", "cleo@example.com", PASSWORD
    page = form.submit(status=303).follow()
    assert "cleo has the role watcher." in text_of(page)
    open_browser("cleo")
    form = form_of(page, "add")
    form["name"] = "dan"
    form.submit(status=303)
    assert not people.find(database, "dan").has_password
    form["name"] = "two\nlines"
    assert "cannot be a name" in text_of(form.submit(status=400))
    form["name"], form["password"] = "fay", "short"
    form.submit(status=400)
    assert people.known(database, "fay") is None


def test_an_administrator_changes_people(open_browser, database):
    browser = open_browser("anna")
    token = browser.get("/people").forms[0]["csrf_token"].value

    def send(action, **fields):
        page = browser.post(f"/people/{action}", {"csrf_token": token, **fields}, status=303)
        return text_of(page.follow())

    told = send("edit", name="bert", email="b@example.com", role="MANAGER")
    assert "bert has the role manager." in told
    told = send("password", name="bert", password="another password")
    assert "bert has that password now." in told
    open_browser("bert", "another password")
    told = send("disable", name="bert")
    assert "bert may not log in any more; 0 tokens revoked." in told
    assert "manager, disabled" in told
    assert "bert may log in again." in send("enable", name="bert")
    page = browser.get("/people/remove?name=bert")
    assert "<h1>Forget bert?</h1>" in page.text
    page = page.forms[1].submit(status=303).follow()
    assert "Forgot bert; 0 tokens revoked." in text_of(page)
    assert people.known(database, "bert") is None


@pytest.mark.parametrize("action", ["disable", "remove"])
def test_nobody_shuts_the_door_on_oneself(open_browser, action):
    browser = open_browser("anna")
    token = browser.get("/people").forms[0]["csrf_token"].value
    fields = {"csrf_token": token, "name": "ANNA"}
    page = browser.post(f"/people/{action}", fields, status=400)
    assert "Nobody shuts the door on oneself" in text_of(page)


def told(database):
    found = audit.find_page(database, size=1000)
    return [(entry.actor, entry.action, entry.target, entry.detail) for entry in found]


def test_who_logs_in_is_kept_and_who_fails(open_browser, database):
    open_browser("bert")
    browser = open_browser(REMOTE_ADDR="10.0.9.9")
    log_in(browser, "Bert", "wrong")
    log_in(browser, "my secret password", "wrong")
    assert told(database)[:3] == [
        ("", "failed log-in", "nobody known", "from 10.0.9.9"),
        ("", "failed log-in", "person bert", "from 10.0.9.9"),
        ("bert", "log in", "person bert", "from 10.0.0.1"),
    ]
    assert "secret" not in str(told(database))


def test_nobody_fills_the_audit_trail(open_browser, database, clock, monkeypatch):
    monkeypatch.setattr("malonewatch.web.accounts.MOST_FAILURES", 2)
    for number in range(4):
        log_in(open_browser(REMOTE_ADDR=f"10.0.0.{number}"), f"name{number}", "wrong", status=403)
    failed = [each for each in told(database) if each[1] == "failed log-in"]
    assert [each[3] for each in failed] == [
        "from 10.0.0.1; further ones of this hour are not kept",
        "from 10.0.0.0",
    ]
    clock.now += 3600
    log_in(open_browser(), "anna", "wrong", status=403)
    assert told(database)[0] == ("", "failed log-in", "person anna", "from 10.0.0.1")


def test_what_somebody_does_is_kept_with_the_name(open_browser, database):
    browser = open_browser("bert")
    token = browser.get("/").forms[0]["csrf_token"].value
    browser.post("/bugs/1/retitle", {"csrf_token": token, "title": "Mill"}, status=303)
    assert told(database)[0] == ("bert", "retitle", "bug 1", "was '', is 'Mill'")
