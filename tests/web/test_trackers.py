import pytest
from tests.web.conftest import text_of

NAME = "auto-127.0.0.1"


def test_the_bug_trackers_are_listed(browser, watched):
    page = browser.get("/trackers")
    assert "BUGZILLA 2 0 active" in text_of(page)
    page.click(href=f"/trackers/{NAME}")


def test_there_are_none(browser):
    assert "There are no bug trackers yet." in text_of(browser.get("/trackers"))


def test_all_is_told_of_a_bug_tracker(browser, watched):
    page = browser.get(f"/trackers/{NAME}")
    text = text_of(page)
    assert "asked on 1, failed on 0; 1 request, 2 checks, 2 changes of status." in text
    assert "Dialectrest" in text
    assert len(page.html.find_all("rect")) == 1


def test_what_it_is_in_trouble_for_is_told(browser, watched, check):
    watched.listen(False)
    check()
    text = text_of(browser.get(f"/trackers/{NAME}"))
    assert "It failed 1 time in a row" in text
    assert "trouble: Connection failed" in text_of(browser.get("/trackers"))


def test_what_is_not_there_is_not_found(browser):
    browser.get("/trackers/none", status=404)


def test_a_bug_tracker_is_registered(browser, bugzilla):
    form = browser.get("/trackers").forms[1]
    form["url"] = bugzilla.url
    page = form.submit(status=303).follow()
    assert f"{NAME}, of type BUGZILLA, is registered at {bugzilla.url}." in text_of(page)


def changed(browser, **fields):
    """Fill in the form that changes a bug tracker; what is answered."""
    page = browser.get(f"/trackers/{NAME}")
    form = next(form for form in page.forms.values() if form.action.endswith("/edit"))
    for name, value in fields.items():
        form[name] = value
    return form


def test_what_is_said_of_it_is_changed(browser, watched):
    form = changed(browser, title="Paint", summary="Brushes.", active=False, gap="2.5")
    page = form.submit(status=303).follow()
    text = text_of(page)
    assert f"{NAME} is changed." in text
    assert "Paint" in page.html.find("h1").text
    assert "Brushes." in text
    assert "Stateinactive" in text
    form = changed(browser, active=True, gap="", concurrency="3")
    page = form.submit(status=303).follow()
    assert "Stateactive" in text_of(page)
    form = changed(browser)
    assert (form["gap"].value, form["concurrency"].value) == ("", "3")


@pytest.mark.parametrize(("gap", "sentence"), [("x", "no number of seconds"), ("-1", "")])
def test_what_makes_no_sense_is_refused(browser, watched, gap, sentence):
    assert sentence in text_of(changed(browser, gap=gap).submit(status=400))


def test_a_status_is_mapped(browser, watched):
    page = browser.get(f"/trackers/{NAME}")
    form = next(form for form in page.forms.values() if form.action.endswith("/map"))
    form["word"] = "CONFIRMED"
    form["meaning"] = "TRIAGED"
    text = text_of(form.submit(status=303).follow())
    assert "is mapped to Triaged; 2 watches mean another thing now." in text
