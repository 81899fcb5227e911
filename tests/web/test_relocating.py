import pytest
from tests.web.conftest import text_of

from malonewatch.application import trackers, watches
from malonewatch.testing.bugzilla import BugzillaSimulator

NAME = "auto-127.0.0.1"


@pytest.fixture
def other():
    with BugzillaSimulator() as simulator:
        simulator.add("7", title="Elsewhere")
        yield simulator


def fill(browser, path, action, **fields):
    """Fill in a form of a page and send it; what is answered."""
    page = browser.get(path)
    form = next(form for form in page.forms.values() if form.action.endswith(f"/{action}"))
    for name, value in fields.items():
        form[name] = value
    return form.submit(status="*")


def sure(page):
    """Say that it is to be done; what is shown then."""
    return page.forms[1].submit(status=303).follow()


def test_a_watch_goes_to_another_url(browser, watched, other):
    page = fill(browser, "/watches/2", "move", url=f"{other.url}/show_bug.cgi?id=7").follow()
    text = text_of(page)
    assert page.request.path == "/watches/2"
    assert f"Registered {NAME}-1, of type BUGZILLA." in text
    assert f"{NAME} #2 is {NAME}-1 #7 from now on." in text
    page = fill(browser, "/watches/2", "move", url=f"{watched.url}/show_bug.cgi?id=5").follow()
    assert "Registered" not in text_of(page)


def test_a_watch_goes_nowhere_else(browser, watched):
    page = fill(browser, "/watches/2", "move", url="https://example.com")
    assert page.status_int == 400


def test_a_bug_tracker_moves_when_somebody_is_sure(browser, database, watched):
    page = fill(browser, f"/trackers/{NAME}", "move", url="https://bugs.example.com", type="trac")
    told = f"{NAME} goes from {watched.url} to https://bugs.example.com, of type TRAC, with 2 "
    assert "Nothing is changed yet." in text_of(page)
    assert told in text_of(page)
    assert trackers.show(database, NAME).facts.baseurl == watched.url
    assert told in text_of(sure(page))
    assert trackers.show(database, NAME).facts.baseurl == "https://bugs.example.com"


def test_two_bug_trackers_become_one_when_somebody_is_sure(browser, database, watched, other):
    urls = [f"{other.url}/show_bug.cgi?id={number}" for number in (1, 7)]
    watches.watch(database, urls, 1)
    page = fill(browser, f"/trackers/{NAME}-1", "merge", into=NAME)
    text = text_of(page)
    assert f"1 watch of {NAME}-1 goes to {NAME}, and {NAME}-1 is forgotten." in text
    assert f"{NAME} has the aliases {other.url} then." in text
    assert f"Watch 3: {NAME}-1 #1 for bug 1" in text
    assert len(trackers.list_lines(database)) == 2
    assert sure(page).request.path == f"/trackers/{NAME}"
    assert len(trackers.list_lines(database)) == 1


def test_what_cannot_be_merged_is_refused(browser, watched):
    page = fill(browser, f"/trackers/{NAME}", "merge", into=NAME)
    assert "cannot be merged into itself" in text_of(page)


def test_watches_go_by_a_rule_when_somebody_is_sure(browser, database, watched):
    changes = trackers.TrackerChanges(type_name="redmine")
    trackers.add(database, "https://new.example.com", changes)
    watches.watch(database, ["https://new.example.com/issues/52"], 2)
    rule = {"url": "https://new.example.com", "type": "redmine", "template": r"5\g<0>"}
    page = fill(browser, f"/trackers/{NAME}", "migrate", pattern="2", **rule)
    text = text_of(page)
    assert f"1 watch of {NAME} goes." in text
    assert f"Watch 2 for bug 2: {NAME} #2 → auto-new.example.com #52, one with watch 3" in text
    assert f"Watch 1: {NAME} #1 for bug 1" in text
    assert len(trackers.show(database, NAME).activity) == 0
    assert "1 watch of" in text_of(sure(page))
    browser.get("/watches/2", status=404)
    page = fill(browser, f"/trackers/{NAME}", "migrate", **{**rule, "url": "https://x.example"})
    assert "auto-x.example, of type REDMINE, at https://x.example, is registered." in text_of(page)
    assert "#51" in text_of(page)


def test_nobody_can_be_sure_of_nothing(browser, watched):
    page = fill(browser, f"/trackers/{NAME}", "migrate")
    assert f"0 watches of {NAME} go." in text_of(page)
    assert len(page.forms) == 1


def test_very_many_are_not_all_named(browser, watched, monkeypatch):
    monkeypatch.setattr("malonewatch.web.views.relocating._SHOWN", 1)
    page = fill(browser, f"/trackers/{NAME}", "migrate")
    assert "And 1 more." in text_of(page)


def test_a_rule_that_makes_no_sense_is_refused(browser, watched):
    page = fill(browser, f"/trackers/{NAME}", "migrate", url="https://x.example", pattern="(")
    assert "The pattern or the id cannot be used" in text_of(page)


def test_a_bug_tracker_is_forgotten_after_a_question(browser, database, watched):
    page = browser.get(f"/trackers/{NAME}").click("Forget it")
    assert f"{NAME}, at {watched.url}, has 2 watches; only one without" in text_of(page)
    assert list(page.forms) == [0]
    watches.unwatch(database, [2])
    page = browser.get(f"/trackers/{NAME}").click("Forget it")
    assert "has 1 watch;" in text_of(page)
    watches.unwatch(database, [1])
    page = browser.get(f"/trackers/{NAME}").click("Forget it")
    assert f"{NAME}, at {watched.url}, is forgotten." in text_of(page)
    assert f"{NAME} is forgotten." in text_of(sure(page))
    browser.get(f"/trackers/{NAME}", status=404)


@pytest.mark.parametrize("name", ["move", "merge", "migrate", "remove"])
def test_a_form_of_anothers_does_nothing(browser, watched, name):
    browser.post(f"/trackers/{NAME}/{name}", {"sure": "1", "csrf_token": "x"}, status=400)
    assert browser.get(f"/trackers/{NAME}", status=200)
