import pytest
from tests.web.conftest import text_of

from malonewatch.application.facts import now


def paste(browser, text, path="/watches", **fields):
    """Fill in the form and send it; what is shown then."""
    form = next(
        form for form in browser.get(path).forms.values() if form.action.endswith("/watches/add")
    )
    form["text"] = text
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=303).follow()


def test_urls_are_watched_for_a_new_bug(browser, bugzilla):
    page = paste(browser, f"{bugzilla.url}/show_bug.cgi?id=1", title="Ours")
    text = text_of(page)
    assert page.request.path == "/bugs/1"
    assert "Registered auto-127.0.0.1, of type BUGZILLA, at http://127.0.0.1" in text
    assert "Added 1 watch." in text
    assert "Bug 1: Ours" in text
    # It is said once.
    assert "Added" not in text_of(browser.get("/bugs/1"))


def test_what_is_watched_already_stays(browser, watched):
    url = f"{watched.url}/show_bug.cgi?id=1"
    page = paste(browser, url)
    assert page.request.path == "/bugs/1"
    assert "#1 is watched for bug 1 already." in text_of(page)
    page = paste(browser, url, "/bugs/2", title="Another")
    assert "Added 1 watch." in text_of(page)
    assert "Bug 2 keeps its title." in text_of(page)


def test_urls_are_found_in_a_text(browser):
    url = "https://bugzilla.example.com/show_bug.cgi?id=7"
    guess = "https://redmine.example.com/issues/5"
    page = paste(browser, f"See {url} and maybe {guess}.")
    text = text_of(page)
    assert "Added 1 watch." in text
    assert "https://bugzilla.example.com was guessed from the text." in text
    assert f"{guess} may be a bug's (" in text
    again = paste(browser, f"See {url}.", "/bugs/1")
    assert "There is nothing in the text that bug 1 does not watch already." in text_of(again)


def test_what_a_cookie_has_no_room_for_is_counted(browser):
    urls = (f"https://bugzilla{number}.example.com/show_bug.cgi?id=7" for number in range(60))
    text = text_of(paste(browser, f"See {' '.join(urls)}."))
    assert "https://bugzilla0.example.com was guessed" in text
    assert "https://bugzilla59.example.com was guessed" not in text
    assert " more." in text


def test_what_is_only_a_guess_is_proposed(browser):
    page = paste(browser, "Maybe https://redmine.example.com/issues/5 it is.")
    assert page.request.path == "/watches"
    assert "may be a bug's (" in text_of(page)


def test_a_text_without_urls_is_refused(browser, monkeypatch):
    form = browser.get("/watches").forms[2]
    form["text"] = "Nothing."
    assert "There is no URL of a bug in the text." in text_of(form.submit(status=400))
    form["bug"] = "x"
    assert "'x' is not a whole number." in text_of(form.submit(status=400))
    monkeypatch.setattr("malonewatch.web.forms.LONGEST", 7)
    assert "at most 7 characters" in text_of(form.submit(status=400))


def test_a_bug_gets_another_title(browser, watched):
    forms = browser.get("/bugs/1").forms.values()
    form = next(each for each in forms if each.action.endswith("/retitle"))
    form["title"] = "Another"
    page = form.submit(status=303).follow()
    assert "Bug 1: Another" in text_of(page)


def test_a_bug_is_asked_for_now(browser, watched):
    watched.change("2", status="RESOLVED", resolution="FIXED")
    page = browser.get("/watches/2").forms[1].submit(status=303).follow()
    assert "auto-127.0.0.1 #2 is RESOLVED FIXED (Fix Released)." in text_of(page)


def test_why_it_cannot_be_asked_for_is_told(browser, watched):
    del watched.bugs["2"]
    page = browser.get("/watches/2").forms[1].submit(status=303).follow()
    assert page.html.find("p", "message").text.endswith(" has no bug 2.")
    watched.listen(False)
    page = browser.get("/watches/1").forms[1].submit(status=303).follow()
    assert "cannot be reached" in page.html.find("p", "message").text


def test_another_run_may_be_asking(browser, watched, database):
    def take(trackers):
        (tracker,) = trackers
        trackers.claims.claim(tracker.origin, "elsewhere", now())

    database.write(take)
    page = browser.get("/watches/1").forms[1].submit(status=303).follow()
    assert "It was not asked: elsewhere asks auto-127.0.0.1 now." in text_of(page)


def test_an_inactive_bug_tracker_is_not_asked(browser, watched, database):
    database.write(lambda trackers: setattr(next(iter(trackers)), "active", False))
    page = browser.get("/watches/1").forms[1].submit(status=400)
    assert "is inactive, so it is not asked" in text_of(page)


def test_a_watch_is_forgotten_after_a_question(browser, watched):
    page = browser.get("/watches/2").click("Forget it")
    assert "Watch 2 for bug 2 is forgotten, with its history." in text_of(page)
    page = page.forms[1].submit(status=303).follow()
    assert "#2 is not watched for it any more." in text_of(page)
    browser.get("/watches/2", status=404)


@pytest.mark.parametrize(
    "path", ["/watches/add", "/watches/1/check", "/watches/1/unwatch", "/bugs/1/retitle"]
)
def test_a_form_of_anothers_does_nothing(browser, watched, path):
    browser.post(path, {"text": "x", "csrf_token": "x"}, status=400)
    assert browser.get("/watches/1", status=200)


def test_a_link_does_nothing(browser, watched):
    browser.get("/watches/1/check", status=404)
