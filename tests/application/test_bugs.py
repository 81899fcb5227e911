import pytest
from tests.application.remote import bug_url

from malonewatch.application import bugs, watches
from malonewatch.interfaces import BadInput, BugTaskStatus, NotFoundError, Refused

NAME = "auto-bugzilla.example.com"


@pytest.fixture
def three(database):
    for number, title in ((1, "One"), (5, ""), (7, "Seven")):
        watches.watch(database, [bug_url(number)], bug_id=number, title=title)


def listed(database, *args):
    return [facts.id for page in bugs.list_bugs(database, *args) for facts in page]


def test_bugs_are_listed_by_number(database, three):
    assert listed(database) == [1, 5, 7]


def test_the_first_few_are_listed(database, three):
    assert listed(database, 2) == [1, 5]
    assert listed(database, 3) == [1, 5, 7]


def test_a_page_begins_at_a_number(database, three):
    assert [facts.id for facts in bugs.list_page(database, 2, 1)] == [5]
    assert bugs.list_page(database, 8) == []


def test_no_bugs_are_no_page(database):
    assert list(bugs.list_bugs(database)) == []


def test_many_are_read_a_page_at_a_time(database, three, monkeypatch):
    monkeypatch.setattr(bugs, "PAGE", 2)
    assert [len(page) for page in bugs.list_bugs(database)] == [2, 1]
    assert [len(page) for page in bugs.list_bugs(database, 2)] == [2]
    assert [len(page) for page in bugs.list_bugs(database, 3)] == [2, 1]


def test_watches_are_counted_by_what_they_mean(database, tell):
    watches.watch(database, [bug_url(number) for number in (1, 2, 3, 4)])
    tell(NAME, "1", "NEW", BugTaskStatus.NEW)
    tell(NAME, "2", "FIXED", BugTaskStatus.FIXCOMMITTED)
    tell(NAME, "3", "WONTFIX", BugTaskStatus.WONTFIX)
    (facts,) = bugs.find(database, [1])
    assert (facts.watches, facts.open, facts.closed, facts.failing) == (4, 1, 2, 0)


def test_a_bug_is_retitled(database, three, stored):
    before, after = bugs.retitle(database, 1, " Uno ")
    assert (before.title, after.title) == ("One", "Uno")
    assert stored().bugs[1] == "Uno"


def test_a_title_that_cannot_be_changes_nothing(database, three, stored):
    with pytest.raises(BadInput):
        bugs.retitle(database, 1, "two\nlines")
    with pytest.raises(NotFoundError):
        bugs.retitle(database, 99, "Uno")
    assert stored().bugs[1] == "One"


def test_bugs_are_forgotten_with_their_watches(database, three, stored):
    bugs.delete(database, [1, 7, 1])
    assert list(stored().bugs) == [5]
    assert list(stored().watches) == [2]


def test_if_one_is_not_there_none_is_forgotten(database, three, stored):
    with pytest.raises(Refused) as raised:
        bugs.delete(database, [1, 98, 99])
    assert len(raised.value.sentences) == 2
    assert list(stored().bugs) == [1, 5, 7]
