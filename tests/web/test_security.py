import pytest
from tests.web.conftest import Browser, text_of

from malonewatch.application import people
from malonewatch.interfaces import Role
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import ADMINISTRATOR, Identity, Policy, ProxyPolicy

PAGES = ["/", "/bugs", "/watches", "/watches/1", "/trackers", "/trackers/auto-127.0.0.1"]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_seen_without_a_log_in(stranger, watched, path):
    page = stranger.get(path, status=403)
    assert "You have to log in to see this." in text_of(page)
    assert "127.0.0.1" not in page.text


def test_a_log_in_link_does_for_once(stranger, links):
    first = links[-1]
    assert stranger.get(f"/log-in?token={first}", status=303).location == "http://localhost:8090/"
    assert stranger.get("/", status=200)
    stranger.reset()
    assert "used already" in text_of(stranger.get(f"/log-in?token={first}", status=400))
    assert len(links) == 2
    stranger.get(f"/log-in?token={links[-1]}", status=303)


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_no_other_link_does(stranger, token):
    stranger.get("/log-in", {"token": token}, status=400)


def test_a_session_ends_for_whoever_has_its_cookie(browser):
    kept = dict(browser.cookies)
    browser.get("/").forms[0].submit(status=303)
    browser.get("/", status=403)
    for name, value in kept.items():
        browser.set_cookie(name, value.strip('"'))
    browser.get("/", status=403)


def test_a_form_of_anothers_is_refused(browser):
    page = browser.post("/log-out", status=400)
    assert "not one of ours" in text_of(page)
    browser.post("/log-out", {"csrf_token": "x"}, status=400)
    assert browser.get("/", status=200)


def test_the_cookie_is_for_our_pages_alone(stranger, links):
    response = stranger.get(f"/log-in?token={links[-1]}")
    (cookie,) = response.headers.getall("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "secure" not in cookie.lower()


@pytest.mark.parametrize("path", ["/%ff", "/bugs/%ff", "/static/%ff", "/api/v1/%ff", "/hooks/%ff"])
def test_a_path_that_is_no_text_is_refused(stranger, path):
    assert stranger.get(path, status=400).text == "The address is not in UTF-8.\n"


@pytest.mark.parametrize("path", ["/watches?q=%ff", "/log-in?token=%ff", "/feeds/all?token=%ff"])
def test_so_is_a_query_that_is_none(browser, path):
    assert "The address is not in UTF-8" in text_of(browser.get(path, status=400))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "localhost", "127.0.0.1:1"])
def test_under_another_name_nothing_is_answered(browser, host):
    response = browser.get("/", headers={"Host": host}, status=421)
    assert "other names" in response.text


@pytest.mark.parametrize(
    "host", ["localhost:8090", "127.0.0.1:8090", "[::1]:8090", "LOCALHOST:8090"]
)
def test_this_machine_has_several_names(stranger, host):
    stranger.get("/", headers={"Host": host}, status=403)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://Bugs.example.com/desk/", {"bugs.example.com"}),
        ("https://bugs.example.com:8443", {"bugs.example.com:8443"}),
        ("https://bugs.example.com:443", {"bugs.example.com"}),
        ("http://127.0.0.1:80", {"localhost", "127.0.0.1", "[::1]"}),
    ],
)
def test_a_place_is_known_by_its_url(url, hosts):
    assert Place.at(url).hosts == hosts


@pytest.fixture
def behind(database):
    """A browser whose requests come by a proxy that names people."""
    policy = ProxyPolicy("X-Remote-User", "10.0.0.1", frozenset({"anna"}))
    application = make_application(database, Place.at("https://bugs.example.com"), policy)
    environ = {
        "HTTP_HOST": "bugs.example.com",
        "REMOTE_ADDR": "10.0.0.1",
        "wsgi.url_scheme": "https",
    }
    return Browser(application, extra_environ=environ)


def test_whom_the_proxy_names_may_see(behind):
    page = behind.get("/", headers={"X-Remote-User": "bert"})
    assert "Log out" not in text_of(page)
    assert all("secure" in cookie.lower() for cookie in page.headers.getall("Set-Cookie"))
    behind.get("/", status=403)
    usual = {"Host": "bugs.example.com:443", "X-Remote-User": "bert"}
    behind.get("/", headers=usual)
    behind.get("/log-in?token=", headers={"X-Remote-User": "bert"}, status=404)


def test_nobody_else_is_believed(behind):
    elsewhere = {"REMOTE_ADDR": "10.0.0.2"}
    behind.get("/", headers={"X-Remote-User": "bert"}, extra_environ=elsewhere, status=403)


def test_an_account_says_what_whom_the_proxy_names_may_do(behind, database):
    people.add(database, "eve", role=Role.VIEWER)
    people.add(database, "bert", role=Role.ADMINISTRATOR)
    people.add(database, "anna", role=Role.VIEWER)
    eve, bert, anna = ({"X-Remote-User": name} for name in ("eve", "bert", "anna"))
    for headers, status in ((bert, 200), (anna, 200), (eve, 403)):
        behind.get("/settings", headers=headers, status=status)
    behind.get("/bugs", headers=eve)
    people.disable(database, "eve")
    behind.get("/bugs", headers=eve, status=403)


@pytest.mark.parametrize("name", [ADMINISTRATOR, "system.Everyone"])
def test_a_name_is_no_group(name):
    assert name not in Identity(name, False).principals[2:]
    assert Identity("anna", False).principals[2:] == ["anna"]


class Fixed(Policy):
    def identity(self, request):
        return None


def test_a_policy_remembers_by_itself():
    policy = Fixed()
    assert (policy.remember(None, "anna"), policy.forget(None)) == ([], [])


def test_by_default_nobody_is_known():
    assert Policy().identity(None) is None
