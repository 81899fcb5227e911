"""What changed at all, of types of the tests' own."""

from datetime import datetime, timedelta, timezone

import pytest
from tests.scripted import Server

from malonewatch.externalbugtracker.driver import Ask, Dialect, ExternalBugTracker, Finding
from malonewatch.externalbugtracker.driver.sweeping import MOST_PAGES
from malonewatch.testing.asking import Asker

SINCE = datetime(2024, 5, 6, tzinfo=timezone.utc)


class Swept(ExternalBugTracker):
    title = "Swept"
    swept_at_once = 2

    def ask_changed(self, since, page):
        return Ask("/changed", (("page", str(page)),))


def sweep(answer, factory=Swept):
    server = Server(answer)
    asker = Asker(factory, "https://swept.example", dialect="only", client=server)
    return asker.sweep(SINCE), len(server.requests)


def test_pages_are_followed_until_one_is_not_full():
    pages = [[{"id": 3}, {"id": 5}], [{"id": "03"}]]
    assert sweep(lambda path, given: pages[int(given["page"])]) == (("3", "5"), 2)
    assert sweep(lambda path, given: []) == ((), 1)


def test_what_goes_on_and_on_is_as_good_as_nothing():
    assert sweep(lambda path, given: [{"id": 1}, {"id": 2}]) == (None, MOST_PAGES)


@pytest.mark.parametrize("answer", [404, 403, 410, b"<html>", {"nonsense": 1}, [{"number": 3}]])
def test_what_makes_no_sense_is_as_good_as_nothing(answer):
    assert sweep(lambda path, given: answer)[0] is None


class Timed(Swept):
    def ask_changed(self, since, page):
        return Ask("/changed", (("since", since.isoformat()),))


def test_times_are_asked_for_in_utc():
    server = Server(lambda path, given: [{"id": 1 if "T22:00:00+00:00" in given["since"] else 2}])
    asker = Asker(Timed, "https://swept.example", dialect="only", client=server)
    assert asker.sweep(datetime(2024, 5, 6, tzinfo=timezone(timedelta(hours=2)))) == ("1",)


class Led(Swept):
    """One whose answers say where it goes on."""

    swept_at_once = 0
    list_field = "bugs"

    def next_page(self, ask, response, answer):
        return Ask(answer["next"]) if answer["next"] else None


def test_where_pages_have_no_numbers_one_leads_to_the_next():
    pages = {
        "/changed": {"bugs": [{"id": 3}], "next": "/more"},
        "/more": {"bugs": [{"id": 5}, {"id": 7}], "next": None},
    }
    assert sweep(lambda path, given: pages[path], Led) == (("3", "5", "7"), 2)


@pytest.mark.parametrize(
    ("more", "requests"),
    [
        # Another server, the same page again, and nothing that tells.
        ({"next": "https://other.example/more"}, 1),
        ({"next": "/changed"}, 2),
        ({}, 1),
    ],
)
def test_what_leads_nowhere_is_as_good_as_nothing(more, requests):
    page = {"bugs": [{"id": 3}], **more}
    assert sweep(lambda path, given: page, Led) == (None, requests)


class Full(Led):
    """One that says how many bugs a page has."""

    bytes_base = 0
    bytes_per_bug = 40

    def ask_changed(self, since, page):
        return Ask("/changed", expected=2)


def test_a_page_may_be_as_long_as_is_expected():
    pages = [
        {"bugs": [{"id": 3}, {"id": 5}], "next": None},
        {"bugs": [{"id": 3}] * 9, "next": None},
    ]
    assert sweep(lambda path, given: pages[0], Full) == (("3", "5"), 1)
    assert sweep(lambda path, given: pages[1], Full) == (None, 1)


class Other(ExternalBugTracker):
    title = "Other"


def test_a_dialect_that_cannot_be_asked_is_not():
    assert sweep(lambda path, given: [], Other) == (None, 0)


def test_a_dialect_says_how_it_asks():
    with pytest.raises(TypeError, match="Dialect does not ask what changed"):
        Dialect(None).ask_changed(SINCE, 0)


class Shut(Swept):
    def judge(self, ask, response, answer):
        return Finding.MISSING


def test_what_is_not_there_is_as_good_as_nothing():
    assert sweep(lambda path, given: [], Shut) == (None, 1)
