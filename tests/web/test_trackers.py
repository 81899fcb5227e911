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
    assert "It failed 1 times in a row" in text
    assert "trouble: Connection failed" in text_of(browser.get("/trackers"))


def test_what_is_not_there_is_not_found(browser):
    browser.get("/trackers/none", status=404)
