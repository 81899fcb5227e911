import pytest

from malonewatch.interfaces import BugTaskStatus, meanings_of
from malonewatch.web.filters import STATUSES, Filters


@pytest.mark.parametrize(
    ("search", "filters"),
    [
        ("", Filters()),
        ("open", Filters(status="open")),
        ('status:wontfix "dark theme" x', Filters('"dark theme" x', status="status:wontfix")),
        ("tracker:gtk changed<7d", Filters(tracker="gtk", changed="changed<7d")),
        ("open fixed", Filters("open fixed")),
        ("tracker:a tracker:b changed<9d", Filters("tracker:a tracker:b changed<9d")),
        ('open "', Filters('"', status="open")),
    ],
)
def test_what_could_be_chosen_is_told_from_what_is_written(search, filters):
    assert Filters.of(search) == filters
    assert sorted(filters.search.split()) == sorted(search.split())


def test_each_meaning_can_be_chosen():
    assert len(STATUSES) == 3 + len(BugTaskStatus)
    assert all(meanings_of(term.removeprefix("status:")) for term, _ in STATUSES)
