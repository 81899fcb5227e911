"""Each page as it is shown, large and small, light and dark."""

import itertools
import re

import pytest

from .chromium import SCHEMES
from .conftest import link

#: The pages, of what the demonstration has left, by what each is called in pictures.
PAGES = {
    "front": "/",
    "bugs": "/bugs",
    "bug": "/bugs/1",
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
    "trackers": "/trackers",
    "tracker": "/trackers/desktop",
    "tracker-in-trouble": "/trackers/garden",
    "needs": "/needs",
    "subscriptions": "/subscriptions",
    "settings": "/settings",
    "not-found": "/watches/999",
}

WIDTHS = (360, 800, 1440)

#: What the browser says of pages that tell of a failure, as they should.
_FAILURE = re.compile(r"Failed to load resource: the server responded with a status of 40[034] ")


@pytest.fixture(scope="module")
def place(demonstrated):
    return link(demonstrated).partition("/log-in")[0]


@pytest.fixture
def logged_in(chromium, demonstrated):
    chromium.open(link(demonstrated))
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
