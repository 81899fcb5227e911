import pytest
from tests.web.conftest import HOSTILE, text_of
from zope.component import getUtility

from malonewatch.application import links
from malonewatch.interfaces import ILinkSet, Place

URL = "https://bugzilla.example.com/show_bug.cgi?id="


@pytest.fixture
def scanned(database):
    """The source tree of a mill names two bugs, one of them twice."""

    def step(trackers):
        project = getUtility(ILinkSet).ensureProject("mill", "/src/mill")
        for line, number in enumerate((1, 2, 1), 1):
            url = f"{URL}{number}"
            project.addLink(Place("a.c", line, 3, url, f"{HOSTILE} {url}", (url,), None), url)

    database.write(step)
    return database


def accept(browser):
    forms = browser.get("/needs").forms.values()
    form = next(form for form in forms if form.action.endswith("/links/accept"))
    return form.submit(status=303).follow()


def test_no_tree_was_scanned(browser):
    page = browser.get("/watches").click("Links in source trees")
    assert "No source tree was scanned yet" in text_of(page)
    assert "There is no project 'mill'" in text_of(browser.get("/links?project=mill", status=404))


def test_what_a_tree_names_is_listed(browser, scanned):
    page = browser.get("/links")
    assert "mill /src/mill 3 never" in text_of(page)
    page = page.click("^mill$")
    text = text_of(page)
    assert "a.c:1 proposed" in text
    assert f"{HOSTILE} {URL}2" in text
    accept(browser)
    page = browser.get("/links?project=mill").click("is not known", index=0)
    assert page.request.path == "/watches/1"


def test_there_are_fifty_to_a_page(browser, scanned, monkeypatch):
    monkeypatch.setattr("malonewatch.web.views.links._PAGE", 2)
    page = browser.get("/links?project=mill").click("Next")
    assert "a.c:3" in text_of(page)
    assert "a.c:2" not in text_of(page)
    assert "There are no links." in text_of(browser.get("/links?project=mill&from=7"))


def test_a_bug_tracker_that_links_lead_to_waits_to_be_accepted(browser, scanned):
    page = browser.get("/needs")
    assert "3 links of mill: of type BUGZILLA, at https://bugzilla.example.com" in text_of(page)
    text = text_of(accept(browser))
    assert "Registered auto-bugzilla.example.com, of type BUGZILLA." in text
    assert "What mill names there is watched." in text
    assert "Nothing waits for you." in text
    assert [each.watch for each in links.report(scanned)] == [1, 2, 1]


def test_what_no_link_leads_to_is_not_accepted(browser, scanned):
    token = browser.get("/needs").forms[0]["csrf_token"].value
    fields = {"csrf_token": token, "project": "mill", "baseurl": "https://other.example.com"}
    page = browser.post("/links/accept", fields, status=400)
    assert "No link of mill waits for a bug tracker at https://other.example.com" in text_of(page)
