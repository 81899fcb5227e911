"""Each page as it is shown, large and small, light and dark."""

import html
import itertools
import re
import urllib.request

import pytest

from malonewatch.cli.demo import BUGS

from .chromium import SCHEMES
from .conftest import NAME, PASSWORD, link

#: The pages, of what the demonstration has left, by what each is called in pictures.
PAGES = {
    "front": "/",
    "bugs": "/bugs",
    "bug": "/bugs/1",
    "forget-bug": "/bugs/1/delete",
    "file": "/bugs/1/file",
    "filed": "/bugs/1/file?tracker=desktop&summary=It+crashes",
    "watches": "/watches",
    "search": "/watches?q=open&sort=changed",
    "wrong-search": "/watches?q=error:nonsense",
    "watch": "/watches/1",
    "failed-watch": "/watches/9",
    "moved-watch": "/watches/4",
    "explain": "/watches/5/explain",
    "explain-then": "/watches/5/explain?at=2024-01-31T12:00",
    "unwatch": "/watches/1/unwatch",
    "import": "/watches/import",
    "export": "/watches/export?q=open",
    "trackers": "/trackers",
    "forget-tracker": "/trackers/desktop/remove",
    "tracker": "/trackers/desktop",
    "tracker-in-trouble": "/trackers/garden",
    "credentials": "/trackers/credentials",
    "links": "/links",
    "needs": "/needs",
    "subscriptions": "/subscriptions",
    "settings": "/settings",
    "feeds": "/feeds",
    "people": "/people",
    "audit": "/audit",
    "remove-person": f"/people/remove?name={NAME}",
    "not-found": "/watches/999",
}

#: The names of the bug trackers there.
TRACKERS = {bug.split()[0] for _, _, bugs in BUGS for bug in bugs}

WIDTHS = (360, 800, 1440)

#: What the browser says of pages that tell of a failure, as they should.
_FAILURE = re.compile(r"Failed to load resource: the server responded with a status of 40[034] ")


@pytest.fixture(scope="module")
def place(demonstrated):
    return link(demonstrated).partition("/log-in")[0]


@pytest.fixture(scope="module")
def session(running_chromium, demonstrated):
    """The cookies of who has logged in."""
    running_chromium.open(link(demonstrated))
    return running_chromium.cookies


@pytest.fixture
def logged_in(session, chromium):
    chromium.cookies = session
    return chromium


@pytest.fixture
def visit(pictures):
    """Look at the page that is open in all ways, and take pictures; what is wrong with it."""

    def visit(chromium, name):
        wrong = []
        for width, scheme in itertools.product(WIDTHS, SCHEMES):
            chromium.look(width, 900, scheme)
            if chromium.overflow > 0:
                wrong.append(f"At {width} pixels, {chromium.overflow} more are needed.")
            if width != 800:
                wrong += chromium.violations()
            if pictures is not None:
                chromium.picture(pictures / f"{name}-{width}-{scheme}.png")
        return wrong + [each for each in chromium.complaints() if not _FAILURE.search(each)]

    return visit


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody_everywhere(logged_in, place, visit, name):
    logged_in.open(place + PAGES[name])
    logged_in.unfold_all()
    assert visit(logged_in, name) == []


def test_so_can_that_of_who_is_not_logged_in(chromium, place, visit):
    chromium.open(place)
    assert visit(chromium, "nobody") == []


def test_so_can_the_pages_of_who_has_an_account(chromium, demonstrated_to_people, visit):
    chromium.open(link(demonstrated_to_people))
    assert visit(chromium, "log-in") == []
    chromium.fill("Name", NAME)
    chromium.fill("Password", "wrong")
    chromium.press("Log in")
    assert "There is no such name" in chromium.text
    assert visit(chromium, "log-in-refused") == []
    chromium.fill("Password", PASSWORD)
    chromium.press("Log in")
    chromium.follow(NAME)
    assert visit(chromium, "account") == []


def test_so_can_one_that_shows_a_token(logged_in, place, visit):
    logged_in.open(f"{place}/feeds")
    logged_in.fill("What it is for", "The reader on my telephone")
    logged_in.press("Make a token")
    assert visit(logged_in, "feed-token") == []


def test_so_can_one_that_shows_what_would_be_done(logged_in, place, visit):
    logged_in.open(f"{place}/trackers/garden")
    logged_in.unfold("It is elsewhere, or gone")
    logged_in.fill("Name or URL of the one that stays", "desktop")
    logged_in.press("Show what a merger does")
    assert "Nothing is changed yet." in logged_in.text
    assert visit(logged_in, "preview") == []


def test_no_page_is_forgotten(demonstrated, place):
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    opener.open(link(demonstrated)).close()
    found, ahead = {}, ["/"]
    while ahead:
        path = ahead.pop()
        if shape(path) not in found:
            with opener.open(place + path) as answer:
                found[shape(path)] = answer.headers.get_content_type() == "text/html"
                links = re.findall(r'<a [^>]*href="(/[^"#]*)"', answer.read().decode())
            ahead += map(html.unescape, links)
    pages = {each for each, is_page in found.items() if is_page}
    assert pages <= {shape(path) for path in PAGES.values()}


def shape(path):
    """What all paths to pages of one kind have in common: ``/bugs/*`` for that of a bug."""
    parts = path.partition("?")[0].split("/")
    return "/".join("*" if each.isdigit() or each in TRACKERS else each for each in parts)
