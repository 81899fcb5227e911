from tests.web.conftest import text_of

NAME = "auto-127.0.0.1"


def press(browser, name):
    """Press a button on the page of the bug tracker; what is answered."""
    forms = browser.get(f"/trackers/{NAME}").forms.values()
    return next(form for form in forms if form.action.endswith(f"/{name}")).submit()


def test_a_bug_tracker_says_which_words_it_has(browser, watched):
    text = text_of(press(browser, "vocabulary"))
    assert "statuses" in text
    assert "that it has them." in text


def test_why_it_cannot_be_asked_is_told(browser, watched):
    watched.listen(False)
    page = press(browser, "vocabulary")
    assert "cannot be reached" in page.html.find("p", "problem").text
    assert "that it has them." not in text_of(page)


def test_what_is_known_is_read_anew(browser, watched):
    page = press(browser, "reread").follow()
    assert "0 watches mean another thing now." in text_of(page)
