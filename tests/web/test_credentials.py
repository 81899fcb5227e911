import pytest
from tests.application.test_credentials import Kept
from tests.web.conftest import text_of
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.interfaces import BugTrackerCredentialsRefused, Credentials, ICredentials

from ..fetching import fail

NAME = "auto-127.0.0.1"


@pytest.fixture
def kept(watched):
    """The credentials that there are for the bug tracker."""
    registry = getGlobalSiteManager()
    before = getUtility(ICredentials)
    kept = Kept()
    registry.registerUtility(kept, ICredentials)
    yield kept.by_section
    registry.registerUtility(before, ICredentials)


def ask(browser):
    page = browser.get("/trackers").click("Check the credentials")
    assert page.html.find("table") is None
    return page.forms[1].submit()


def test_nobody_has_any(browser):
    page = ask(browser)
    assert "There are no bug trackers, and no credentials." in text_of(page)


def test_each_bug_tracker_says_whether_it_takes_its_credentials(browser, watched, kept):
    kept["https://nobody.example.com"] = Credentials(token="secret")
    kept[watched.url] = Credentials(token="a wrong secret")
    page = ask(browser)
    text = text_of(page)
    assert f"{NAME} {watched.url} refused: " in text
    assert "https://nobody.example.com no active bug tracker uses it" in text
    assert "secret" not in page.text
    del kept[watched.url]
    assert f"{NAME} none" in text_of(ask(browser))


def test_where_they_are_refused_it_is_said_where_to_check_them(browser, database, watched):
    def refuse(trackers):
        error = BugTrackerCredentialsRefused("The key is not taken.")
        fail(trackers[NAME], error, trackers[NAME].datecreated, ["1"])

    database.write(refuse)
    page = browser.get("/needs")
    assert "The key is not taken." in text_of(page)
    assert page.click("Check the credentials").request.path == "/trackers/credentials"
