from datetime import datetime, timedelta, timezone

import pytest
from zope.component import getUtility

from malonewatch.interfaces import Happening, IOutbox, Notice
from malonewatch.model import happened

MOMENT = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


@pytest.fixture
def note(clock):
    """Notes that a bug moved, so many hours later."""

    def note(hours=0, happening=Happening.MOVED, **values):
        notice = Notice(0, MOMENT + timedelta(hours=hours), happening, tracker="bugs", **values)
        getUtility(IOutbox).note(notice)
        return notice

    return note


def moments():
    return [int((each.moment - MOMENT).total_seconds()) // 3600 for each in newest()]


def newest():
    return list(getUtility(IOutbox).happened())


def test_nothing_happened_at_first(clock):
    assert newest() == []


def test_what_happened_is_kept_as_it_was(note):
    noted = note(watch=3, text="https://example.com/9")
    (found,) = newest()
    assert found == noted._replace(id=found.id)
    # No notice that waits has such a number.
    assert found.id > 2**64


def test_the_newest_comes_first_and_the_last_are_kept(note, monkeypatch):
    monkeypatch.setattr(happened, "MOST", 3)
    for hours in (1, 3, 2, 4):
        note(hours, watch=3)
    assert moments() == [4, 3, 2]


def test_each_has_a_number_of_its_own(note):
    note(watch=3)
    note(watch=4)
    note(happening=Happening.DUPLICATE, watch=3)
    note(1, watch=3)
    assert len({each.id for each in newest()}) == 4


def test_a_thing_is_kept_once_and_trouble_since_it_began(note):
    for hours in (1, 2):
        note(5, watch=3)
        note(hours, Happening.TROUBLE, since=MOMENT)
        note(hours, Happening.TROUBLE, since=MOMENT + timedelta(hours=hours))
    assert moments() == [5, 2, 1, 1]
    note(3, Happening.TROUBLE)
    assert len(newest()) == 5


def test_it_is_saved(note, reopened):
    note(watch=3)
    assert len(list(reopened(getUtility(IOutbox)).happened())) == 1
