import re
from datetime import datetime, timedelta, timezone

import pytest
from tests.clock import FakeClock
from tests.web.conftest import text_of
from zope.component import getGlobalSiteManager

from malonewatch.interfaces import IClock


@pytest.fixture
def moved(watched, check):
    """The remote bug of one of the two was fixed."""
    watched.change("1", status="RESOLVED", resolution="FIXED", extra={"milestone": "3.2"})
    check()
    return watched


def test_it_shows_what_moved_by_bug_of_ours(browser, moved):
    text = text_of(browser.get("/"))
    assert "Bug 1: Ours" in text
    assert "CONFIRMED (Confirmed) → RESOLVED FIXED Fix Released in 3.2 now" in text
    assert "Bug 2" not in text


def test_nothing_moved(browser):
    assert "Nothing moved." in text_of(browser.get("/"))


def test_of_very_many_the_latest_are_shown(browser, moved, monkeypatch):
    monkeypatch.setattr("malonewatch.web.views.front._MOST", 0)
    page = browser.get("/")
    assert "RESOLVED FIXED" in text_of(page.click("More that changed"))


def visit(browser, moment, since=""):
    """What the page says that it shows since, when it is seen at that moment."""
    clock = FakeClock()
    clock.moment = moment
    getGlobalSiteManager().registerUtility(clock, IClock)
    page = browser.get(f"/{since}")
    return re.search(r"since (\S+ \S+) UTC", text_of(page))[1]


def test_it_begins_where_the_last_visit_was(browser):
    start = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
    assert visit(browser, start) == "2024-02-23 12:00"
    # The same visit goes on; as it is the first one, a week is shown.
    assert visit(browser, start + timedelta(minutes=20)) == "2024-02-23 12:20"
    assert visit(browser, start + timedelta(hours=3)) == "2024-03-01 12:20"
    assert visit(browser, start + timedelta(hours=3, minutes=5)) == "2024-03-01 12:20"
    assert visit(browser, start + timedelta(hours=4), "?since=1d") == "2024-02-29 16:00"
    page = browser.get("/?since=1d")
    assert page.forms[1]["since"].options == [
        ("", False, "my last visit"),
        ("1d", True, "a day"),
        ("7d", False, "a week"),
        ("30d", False, "30 days"),
    ]


@pytest.mark.parametrize("kept", ["x", "1-", "99999999999-1", "9999999999-9999999999"])
def test_a_cookie_that_nobody_set_does_no_harm(browser, kept):
    browser.set_cookie("malonewatch-seen", kept)
    browser.get("/")
