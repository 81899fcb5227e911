import pytest
from tests.web.conftest import HOSTILE, text_of

from malonewatch.application.listing import find_page
from malonewatch.interfaces import BadInput


def test_the_watches_are_listed(browser, watched):
    text = text_of(browser.get("/watches"))
    assert f"#1 {HOSTILE} CONFIRMED Confirmed" in text
    assert "#2 Second CONFIRMED Confirmed" in text


def test_there_are_none(browser):
    assert "Nothing is watched yet." in text_of(browser.get("/watches"))
    assert "There are no such watches." in text_of(browser.get("/watches?q=open"))


def test_a_search_leaves_some(browser, watched):
    page = browser.get("/watches")
    form = page.forms[1]
    form["q"] = "open second"
    found = form.submit()
    assert "#2 Second" in text_of(found)
    assert "#1" not in text_of(found)
    assert found.forms[1]["q"].value == "second"
    assert found.forms[1]["status"].value == "open"
    assert "There are no such watches." in text_of(page.click("Fixed"))


def test_what_is_chosen_becomes_a_part_of_the_search(browser, watched):
    form = browser.get("/watches").forms[1]
    form["q"] = "second"
    form["status"] = "open"
    form["tracker"] = "auto-127.0.0.1"
    form["changed"] = "changed<7d"
    form["sort"] = "changed"
    page = form.submit(status=303).follow()
    assert page.request.GET["q"] == "open tracker:auto-127.0.0.1 changed<7d second"
    assert page.request.GET["sort"] == "changed"
    form = page.forms[1]
    assert (form["q"].value, form["status"].value) == ("second", "open")
    form["status"] = form["changed"] = form["sort"] = ""
    page = form.submit(status=303).follow()
    assert page.request.query_string == "q=tracker%3Aauto-127.0.0.1+second"
    assert "#2 Second" in text_of(page)


def test_a_search_is_kept_and_dropped(browser, watched):
    page = browser.get("/watches?q=second")
    form = next(form for form in page.forms.values() if form.action.endswith("/keep"))
    page = form.submit(status=303).follow()
    assert "The search 'second' is kept." in text_of(page)
    assert "Keep this search" not in text_of(page)
    page = browser.get("/watches").click("^second$")
    assert "#2 Second" in text_of(page)
    form = next(form for form in page.forms.values() if form.action.endswith("/drop"))
    page = form.submit(status=303).follow()
    assert "The search 'second' is kept no more." in text_of(page)
    assert "Searches of yours" not in text_of(page)


@pytest.mark.parametrize("search", ["a" * 490, "\u0436" * 490, "\U0001f41b" * 90 + "a" * 400])
def test_a_long_search_is_kept(browser, watched, search):
    token = browser.get("/watches").forms[0]["csrf_token"].value
    for _ in range(9):
        browser.post("/watches/keep", {"csrf_token": token, "q": search}, status=303)
    assert "The search" in text_of(browser.get("/watches"))


def test_a_search_that_cannot_be_read_is_shown_again(browser, watched):
    page = browser.get("/watches?q=colour:red", status=400)
    assert "colour: is nothing to search for" in text_of(page)
    assert page.forms[1]["q"].value == "colour:red"
    token = page.forms[0]["csrf_token"].value
    browser.post("/watches/keep", {"csrf_token": token, "q": "colour:red"}, status=400)


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
    assert "#1" in text_of(last.click("First page"))


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


def test_when_it_is_checked_next_and_why_is_told_as_where_it_is_explained(browser, watched):
    sentence = "and asked for by the next run of checkwatches after that."
    for path in ("/watches/1", "/watches/1/explain"):
        assert sentence in text_of(browser.get(path))


def test_the_history_is_a_timeline_that_leads_to_how_it_was(browser, watched, check):
    watched.change("1", status="RESOLVED", resolution="FIXED")
    check()
    page = browser.get("/watches/1")
    entries = page.html.find("ol", "history").find_all("li")
    assert [entry["class"] for entry in entries] == [["fixed"], ["open"]]
    assert [entry.find("time")["datetime"][10] for entry in entries] == ["T", "T"]
    page = page.click("As it was", index=0)
    assert "RESOLVED FIXED (Fix Released)" in page.html.find("h1").text


def test_the_chain_of_duplicates_is_shown_with_links(browser, watched, check):
    watched.change("1", status="RESOLVED", resolution="DUPLICATE", duplicate_of="2")
    check()
    page = browser.get("/watches/1")
    first, second = page.html.find("ol", "chain").find_all("li")
    assert first.find("a")["href"] == f"{watched.url}/show_bug.cgi?id=1"
    assert [each["href"] for each in second.find_all("a")] == [
        f"{watched.url}/show_bug.cgi?id=2",
        "/trackers/auto-127.0.0.1",
    ]
    assert "RESOLVED DUPLICATE" in first.text
    assert "CONFIRMED" in second.text
    assert "This one counts." in second.text
    assert browser.get("/watches/2").html.find("ol", "chain") is None


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
    form["at"] = "2020-01-31T12:00+02:00"
    assert "On 2020-01-31 10:00" in text_of(form.submit())
    form["at"] = "0001-01-01T00:00+01:00"
    assert "is no time" in text_of(form.submit(status=400))
    form["at"] = "2520-01-31T12:00"
    assert "is still to come" in text_of(form.submit(status=400))
    form["at"] = "noon"
    assert "is no time such as" in text_of(form.submit(status=400))


@pytest.mark.parametrize(
    "path", ["/watches/7", "/watches/x", "/watches/1/x", "/x", "/watches/%C2%B2"]
)
def test_what_is_not_there_is_not_found(browser, watched, path):
    assert "There is nothing here" in text_of(browser.get(f"/{path}", status=404))
