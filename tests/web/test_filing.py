import pytest
from tests.web.conftest import Browser, text_of

from malonewatch.application import bugs, subscribing, trackers
from malonewatch.application.trackers import TrackerChanges
from malonewatch.web.application import Place, make_application
from malonewatch.web.security import ProxyPolicy

NAME = "auto-127.0.0.1"


def links_of(page):
    """The links that lead elsewhere, by what they say."""
    found = page.html.find("ol", "steps").find_all("a")
    return {each.text: each["href"] for each in found}


def form_in(page):
    """The form that makes the links."""
    return next(form for form in page.forms.values() if "summary" in form.fields)


def ask(browser, **fields):
    form = form_in(browser.get("/bugs/2").click("File it in another bug tracker"))
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def test_a_bug_is_looked_for_then_filed_then_watched(browser, database, watched):
    subscribing.change_delivery(database, {"bug_url": "https://ours.example.com/{bug}"})
    page = ask(browser, tracker=NAME, product="Paint", summary="It & that")
    links = links_of(page)
    assert links["Look there first"].startswith(f"{watched.url}/query.cgi?product=Paint")
    assert "It%20%26%20that" in links["Look there first"].replace("+", "%20")
    assert links["File it there"].startswith(f"{watched.url}/enter_bug.cgi?product=Paint")
    assert "https:%2F%2Fours.example.com%2F2" in links["File it there"]
    watched.add("7", title="Filed")
    form = page.forms[2]
    form["text"] = f"{watched.url}/show_bug.cgi?id=7"
    page = form.submit(status=303).follow()
    assert page.request.path == "/bugs/2"
    assert "Added 1 watch." in text_of(page)


def test_the_title_is_that_of_the_bug_unless_another_is_given(browser, watched):
    form = browser.get("/bugs/2/file").forms[1]
    assert form["summary"].value.startswith("Ours <script>")
    page = ask(browser, tracker=NAME, summary="")
    assert "Ours" in links_of(page)["Look there first"]


def test_a_title_that_is_not_for_everybody_does_not_go_along(database, watched):
    bugs.set_private(database, 2, True)
    policy = ProxyPolicy("X-User", "10.0.0.1", frozenset())
    application = make_application(database, Place.at("http://localhost"), policy)
    environ = {"HTTP_HOST": "localhost", "REMOTE_ADDR": "10.0.0.1", "HTTP_X_USER": "anna"}
    page = ask(Browser(application, extra_environ=environ), tracker=NAME)
    assert form_in(page)["summary"].value == ""
    assert "Ours" not in page.text


def test_a_product_may_be_needed(browser, watched):
    page = ask(browser, tracker=NAME)
    assert "nothing unless it is told of which product" in text_of(page)
    assert "there is no link that leads to its form" in text_of(page)


def test_there_may_be_no_such_pages(browser, database, watched):
    url = "mailto:bugs@example.com"
    trackers.add(database, url, TrackerChanges(type_name="EMAILADDRESS", name="mail"))
    page = ask(browser, tracker="mail")
    assert links_of(page) == {}
    assert "Look there first, for" in text_of(page)


def test_the_type_may_be_gone(browser, database, watched):
    def forget(all_trackers):
        all_trackers[NAME]._bugtrackertype = "GONE"

    database.write(forget)
    page = ask(browser, tracker=watched.url)
    assert links_of(page) == {"there": watched.url}


@pytest.mark.parametrize(
    "path", ["/bugs/2/file?tracker=none", "/bugs/7/file", "/bugs/2/file?tracker=http://x.example"]
)
def test_what_is_not_there_is_not_found(browser, watched, path):
    browser.get(path, status=404)
