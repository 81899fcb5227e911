import pytest
from tests.web.conftest import HOSTILE, text_of

from malonewatch.application.listing import find_page
from malonewatch.interfaces import BadInput


def test_the_watches_are_listed(browser, watched):
    text = text_of(browser.get("/watches"))
    assert f"#1 {HOSTILE} CONFIRMED Confirmed" in text
    assert "#2 Second CONFIRMED Confirmed" in text


def test_there_are_none(browser):
    assert "There are no such watches." in text_of(browser.get("/watches"))


def test_a_search_leaves_some(browser, watched):
    page = browser.get("/watches")
    form = page.forms[1]
    form["q"] = "open second"
    found = form.submit()
    assert "#2 Second" in text_of(found)
    assert "#1" not in text_of(found)
    assert found.forms[1]["q"].value == "open second"
    assert "There are no such watches." in text_of(page.click("Fixed"))


def test_a_search_that_cannot_be_read_is_shown_again(browser, watched):
    page = browser.get("/watches?q=colour:red", status=400)
    assert "colour: is nothing to search for" in text_of(page)
    assert page.forms[1]["q"].value == "colour:red"


def test_what_a_status_means_is_seen(browser, watched, check):
    watched.change("1", status="RESOLVED", resolution="WONTFIX")
    watched.change("2", status="RESOLVED", resolution="SHELVED")
    check()
    page = browser.get("/watches")
    looks = [each["class"] for each in page.html.find_all("span", "status")]
    assert looks == [["status", "closed"], ["status", "unknown"]]


@pytest.mark.parametrize("sort", ["", "changed"])
def test_there_are_fifty_to_a_page(browser, database, watched, sort, monkeypatch):
    monkeypatch.setattr(find_page, "__defaults__", ("", False, None, 1))
    page = browser.get("/watches", {"q": "open", "sort": sort})
    assert "#2" not in text_of(page)
    last = page.click("Next")
    assert "#2 Second" in text_of(last)
    assert "Next" not in text_of(last)


def test_a_page_that_is_none_is_refused(database):
    with pytest.raises(BadInput, match="leads to no page"):
        find_page(database, start="x")


def test_all_is_told_of_a_watch(browser, watched):
    page = browser.get("/watches").click("#1")
    text = text_of(page)
    assert HOSTILE in text
    assert "Bug tracker127.0.0.1" in text
    assert "CONFIRMED" in text
    assert page.html.find("a", string="Why?")


def test_what_went_wrong_and_what_to_do_is_told(browser, watched, check):
    del watched.bugs["2"]
    check()
    text = text_of(browser.get("/watches/2"))
    assert "Bug not found: " in text
    assert "Look whether the remote bug was deleted" in text


def test_why_a_watch_is_as_it_is(browser, watched):
    page = browser.get("/watches/1").click("Why")
    assert "How it is asked" in text_of(page)
    assert "malonewatch tracker map" in text_of(page)


def test_why_it_was_as_it_was(browser, watched):
    page = browser.get("/watches/1/explain")
    form = page.forms[1]
    form["at"] = "2020-01-31T12:00"
    assert "On 2020-01-31 12:00" in text_of(form.submit())
    form["at"] = "2520-01-31T12:00"
    assert "is still to come" in text_of(form.submit(status=400))
    form["at"] = "noon"
    assert "is no time such as" in text_of(form.submit(status=400))


@pytest.mark.parametrize(
    "path", ["/watches/7", "/watches/x", "/watches/1/x", "/x", "/watches/%C2%B2"]
)
def test_what_is_not_there_is_not_found(browser, watched, path):
    assert "There is nothing here" in text_of(browser.get(f"/{path}", status=404))
