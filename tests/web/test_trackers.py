import re

import pytest
from tests.web.conftest import text_of

from malonewatch.application import watches
from malonewatch.application.facts import now
from malonewatch.interfaces import BugWatchErrorType, OriginState, Quota

NAME = "auto-127.0.0.1"


def test_the_bug_trackers_are_listed(browser, watched):
    page = browser.get("/trackers")
    assert re.search(r"BUGZILLA 2 in 2[0-9]h active", text_of(page))
    assert page.html.find("ol", "top").text.endswith(": 2 watches")
    page.click(href=f"/trackers/{NAME}", index=0)


def test_there_are_none(browser):
    assert "There are no bug trackers yet." in text_of(browser.get("/trackers"))
    assert "There are no bug trackers from there on." in text_of(browser.get("/trackers?from=7"))


def test_there_are_fifty_to_a_page(browser, database, monkeypatch):
    def register(all_trackers):
        for name in "abc":
            all_trackers.ensureBugTracker(f"https://{name}.example.com", None, "BUGZILLA")

    database.write(register)
    monkeypatch.setattr("malonewatch.web.views.trackers._PAGE", 2)
    page = browser.get("/trackers")
    assert "c.example.com" not in text_of(page)
    # None of them has a watch.
    assert page.html.find("ol", "top") is None
    page = page.click("Next")
    assert "b.example.com" not in text_of(page)
    assert "https://c.example.com BUGZILLA 0 never active" in text_of(page)


def test_all_is_told_of_a_bug_tracker(browser, watched):
    page = browser.get(f"/trackers/{NAME}")
    text = text_of(page)
    assert "asked on 1, failed on 0; 1 request, 2 checks, 2 changes of status." in text
    assert "Dialectrest" in text
    assert len(page.html.find_all("rect")) == 1


def test_how_fresh_it_is_and_what_it_costs_is_told(browser, database, watched):
    def learn(all_trackers):
        (tracker,) = all_trackers
        all_trackers.claims.setState(tracker.origin, OriginState(quota=Quota(60, 7)))

    database.write(learn)
    text = text_of(browser.get(f"/trackers/{NAME}"))
    assert re.search(r"\ds at most for half of the watches, \ds at most for 95 of 100", text)
    assert "Requests1 today, 0 a day in the week before" in text
    assert "Quota7 of 60 left" in text
    assert "The next watch is due on " in text
    assert f"{now():%Y-%m-%d}1220" in text


def test_when_it_is_asked_next_and_why_is_told(browser, database, watched):
    text = "Watches are due since"
    assert text not in text_of(browser.get(f"/trackers/{NAME}"))
    watches.watch(database, [f"{watched.url}/show_bug.cgi?id=3"])
    assert text in text_of(browser.get(f"/trackers/{NAME}"))


def test_what_it_is_in_trouble_for_is_told(browser, watched, check):
    watched.listen(False)
    check()
    text = text_of(browser.get(f"/trackers/{NAME}"))
    assert re.search("It is left alone until .* UTC, as it failed 1 time in a row.", text)
    assert BugWatchErrorType.CONNECTION_ERROR.help in text
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


def test_where_the_secrets_of_its_webhook_are_is_said(browser, watched):
    changed(browser, hook_secrets="env:NEW\r\n\r\n file:/old ").submit(status=303)
    form = changed(browser)
    assert form["hook_secrets"].value.split() == ["env:NEW", "file:/old"]
    text = text_of(browser.get(f"/trackers/{NAME}"))
    assert f"/hooks/{NAME}, signed with env:NEW or file:/old; no event came yet" in text
    form["hook_secrets"] = "hunter2"
    page = form.submit(status=400)
    assert "is not kept here" in text_of(page)
    assert "hunter2" not in page.text
    changed(browser, hook_secrets="").submit(status=303)
    assert "Webhook" not in text_of(browser.get(f"/trackers/{NAME}")).partition("Change it")[0]


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
