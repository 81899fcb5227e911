from datetime import datetime, timedelta, timezone

import pytest
from tests.application.remote import apply, bug_url
from zope.component import queryAdapter

from malonewatch.application import facts, listing, watches
from malonewatch.application.listing import Order, Wanted, list_watches
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchErrorType,
    NotFoundError,
    RemoteBugError,
    meanings_of,
)

NAME = "auto-bugzilla.example.com"
TRAC = "auto-trac.example.org"


@pytest.fixture
def five(database, tell):
    """Watches 1 to 4 on a Bugzilla, of bug 1; 5 on a Trac, of bug 2; 4 and 5 never checked."""
    watches.watch(database, [bug_url(number) for number in (1, 2, 3, 4)], bug_id=1, title="Ours")
    watches.watch(database, ["https://trac.example.org/ticket/1"], bug_id=2, title="Another")
    tell(NAME, "1", "NEW", BugTaskStatus.NEW, title="windows Flicker")
    tell(NAME, "2", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED, title="Crash")
    tell(NAME, "3", "RESOLVED WONTFIX", BugTaskStatus.WONTFIX, title="Flicker of windows")
    return database


@pytest.fixture
def ids(database):
    """The numbers of the watches that are wanted, in order."""

    def ids(**wanted):
        return [facts.id for page in list_watches(database, Wanted(**wanted)) for facts in page]

    return ids


def test_all_are_listed_by_number(five, ids):
    assert ids() == [1, 2, 3, 4, 5]


def test_no_watches_are_no_page(database):
    assert list(list_watches(database, Wanted())) == []


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["open"], [1]),
        (["closed"], [2, 3]),
        (["fixed"], [2]),
        (["Fix Released"], [2]),
        (["FIXRELEASED"], [2]),
        (["won't-fix"], [3]),
        (["unknown"], [4, 5]),
        (["resolved"], [2, 3]),
        (["resolved wontfix"], [3]),
        (["WONTFIX"], [3]),
        (["new", "fixed"], [1, 2]),
        (["open", "resolved"], [1, 2, 3]),
        (["nonsense"], []),
    ],
)
def test_those_with_a_status(five, ids, statuses, expected):
    assert ids(statuses=tuple(statuses)) == expected


def test_a_status_without_a_letter_is_refused(five, ids):
    with pytest.raises(BadInput):
        ids(statuses=(" -",))


def test_unknown_is_neither_open_nor_closed():
    grouped = meanings_of("open") | meanings_of("closed")
    assert set(BugTaskStatus) - grouped == {BugTaskStatus.UNKNOWN}
    assert not meanings_of("open") & meanings_of("closed")
    assert meanings_of("fixed") < meanings_of("closed")
    assert BugTaskStatus.FIXCOMMITTED in meanings_of("Closed")
    assert meanings_of("resolved") is None


def test_those_of_a_bug(five, ids):
    assert ids(bug=2) == [5]
    with pytest.raises(NotFoundError):
        ids(bug=99)


def test_those_on_a_bug_tracker(five, ids):
    assert ids(tracker=TRAC) == ids(tracker="https://trac.example.org/") == [5]
    assert ids(tracker=NAME, bug=1, statuses=("fixed",)) == [2]
    with pytest.raises(NotFoundError):
        ids(tracker="nope")


def test_those_that_fail_and_how(five, ids):
    error = RemoteBugError("1", BugWatchErrorType.PRIVATE_REMOTE_BUG, "Private.")
    five.write(lambda trackers: apply(trackers[NAME], error))
    assert ids(errors=frozenset(BugWatchErrorType)) == [1]
    assert ids(errors=frozenset({BugWatchErrorType.PRIVATE_REMOTE_BUG})) == [1]
    assert ids(errors=frozenset({BugWatchErrorType.BUG_NOT_FOUND})) == []


def test_those_that_changed_but_not_those_first_seen(five, ids, tell):
    long_ago = datetime(2000, 1, 1, tzinfo=timezone.utc)
    assert ids(changed_since=long_ago) == []
    tell(NAME, "1", "ASSIGNED", BugTaskStatus.INPROGRESS)
    assert ids(changed_since=long_ago) == [1]
    assert ids(changed_since=datetime.now(timezone.utc) + timedelta(days=1)) == []


def test_those_with_words_in_the_title(five, ids):
    assert ids(words=("FLICKER",)) == [1, 3]
    assert ids(words=("of", "flicker")) == [3]
    assert ids(words=("another",)) == [5]


def test_in_other_orders(five, ids, tell):
    tell(NAME, "3", "REOPENED", BugTaskStatus.NEW, title="Flicker of windows")
    assert ids(order=Order.STATUS) == [1, 3, 2, 4, 5]
    assert ids(order=Order.TRACKER) == [1, 2, 3, 4, 5]
    assert ids(order=Order.TITLE) == [5, 2, 3, 4, 1]
    assert ids(order=Order.CHANGED)[0] == 3


def test_orders_go_with_criteria(five, ids):
    assert ids(order=Order.STATUS, statuses=("closed",)) == [2, 3]
    assert ids(order=Order.STATUS, statuses=("resolved",)) == [2, 3]
    assert ids(order=Order.TRACKER, tracker=TRAC) == [5]
    assert ids(order=Order.TITLE, tracker=NAME, statuses=("open", "fixed")) == [2, 1]


def test_a_bug_tracker_without_watches_does_no_harm(five, ids):
    from malonewatch.application import trackers
    from malonewatch.application.trackers import TrackerChanges

    trackers.add(five, "https://aaa.example.com", TrackerChanges(type_name="TRAC"))
    assert ids(order=Order.TRACKER) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9])
def test_the_first_few_are_the_first_of_all(five, ids, monkeypatch, order, limit):
    everything = ids(order=order)
    for page in (1, 2, 500):
        monkeypatch.setattr(listing, "PAGE", page)
        assert ids(order=order, limit=limit) == everything[:limit]
        assert (
            ids(order=order, limit=limit, statuses=("resolved",))
            == [number for number in everything if number in (2, 3)][:limit]
        )


def test_each_page_is_read_for_itself(five, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    pages = list_watches(five, Wanted())
    assert [facts.id for facts in next(pages)] == [1, 2]
    watches.unwatch(five, [3])
    assert [[facts.id for facts in page] for page in pages] == [[4, 5]]


def test_what_talks_to_a_bug_tracker_is_made_once_for_a_page(five, monkeypatch):
    made = []

    def adapt(tracker, interface, name):
        made.append(tracker.name)
        return queryAdapter(tracker, interface, name=name)

    monkeypatch.setattr(facts, "queryAdapter", adapt)
    (page,) = list_watches(five, Wanted())
    assert [each.url for each in page[:2]] == [bug_url(1), bug_url(2)]
    assert sorted(made) == [NAME, TRAC]


def test_one_that_goes_while_titles_are_sorted_is_left_out(five, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    pages = list_watches(five, Wanted(order=Order.TITLE))
    assert [facts.id for facts in next(pages)] == [5, 2]
    watches.unwatch(five, [3])
    assert [facts.id for page in pages for facts in page] == [4, 1]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (f"open tracker:{NAME}", [1]),
        ("closed", [2, 3]),
        ("fixed crash", [2]),
        ("flicker status:new", [1]),
        ("bug:2", [5]),
        ("changed<1d", []),
        ("error:timeout", []),
    ],
)
def test_a_search_finds_watches(five, search, found):
    pages = list_watches(five, Wanted(search=search))
    assert [watch.id for page in pages for watch in page] == found


def test_a_search_goes_with_what_is_given_otherwise(five):
    pages = list_watches(five, Wanted(search="flicker", statuses=("open",)))
    assert [watch.id for page in pages for watch in page] == [1]


@pytest.mark.parametrize(
    ("search", "problem"),
    [
        ("open", "The search has the status in it; give that once."),
        ("owner:me", "owner: is nothing to search for"),
    ],
)
def test_a_search_that_cannot_be_is_refused(five, search, problem):
    with pytest.raises(BadInput) as raised:
        list(list_watches(five, Wanted(search=search, statuses=("new",))))
    assert problem in str(raised.value)
