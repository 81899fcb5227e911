import contextlib

import pytest
from zope.component import getUtility

from malonewatch.application import (
    bugs,
    feeds,
    filing,
    listing,
    privacy,
    subscribing,
    transfer,
    watches,
)
from malonewatch.application.explaining import explain_watch
from malonewatch.application.moved import find_moved
from malonewatch.interfaces import (
    PRIVATE_TITLE,
    BadInput,
    BugTaskStatus,
    DestinationSettings,
    IBugSet,
    NotFoundError,
    Target,
    TargetKind,
)

TITLE, REMOTE_TITLE = "The mill stands still", "Wind is missing"
TRACKER = "auto-bugzilla.example.com"


@pytest.fixture
def two(database, tell):
    """A private bug, and a public one."""
    for number in (1, 2):
        url = f"https://bugzilla.example.com/show_bug.cgi?id={number}"
        watches.watch(database, [url], number, TITLE)
        tell(TRACKER, str(number), "NEW", BugTaskStatus.NEW, title=REMOTE_TITLE)
        tell(TRACKER, str(number), "OPEN", BugTaskStatus.CONFIRMED, title=REMOTE_TITLE)
    bugs.set_private(database, 1, True)
    return database


@contextlib.contextmanager
def seeing(*numbers):
    """As somebody who may see these private bugs only."""
    end = privacy.begin(lambda bug: bug.id in numbers)
    try:
        yield
    finally:
        end()


def test_a_bug_is_made_private_and_public(two):
    before, after = bugs.set_private(two, 1, False)
    assert (before.private, after.private) == (True, False)
    assert bugs.find(two, [1]) == (after,)
    with pytest.raises(NotFoundError):
        bugs.set_private(two, 3, True)


class Foreign:
    """A bug of an application's own."""

    id = 7


def test_a_bug_of_an_applications_own_may_be_of_a_kind_that_is_never_private(two):
    assert not privacy.is_hidden(Foreign())
    with seeing():
        assert not privacy.is_hidden(Foreign())
    two.write(lambda trackers: getUtility(IBugSet)._bugs.update({7: Foreign()}) and None)
    with pytest.raises(BadInput, match="Bug 7 is of a kind that cannot be private"):
        bugs.set_private(two, 7, True)


def everything_shown(database):
    """All that is told of both bugs, as text."""
    person = subscribing.subscribe(
        database,
        "ann@example.com",
        DestinationSettings(kind="webhook", address="https://example.com/hook"),
        [Target(TargetKind.ALL)],
    )
    return {
        "find": bugs.find(database, [1]),
        "list": bugs.list_page(database, size=1),
        "watch": watches.show(database, "1"),
        "page": listing.find_page(database, "bug:1"),
        "moved": [
            each
            for each in find_moved(database, bugs.find(database, [1])[0].datecreated)
            if each.bug == 1
        ],
        "explain": explain_watch(database, "1"),
        "file": filing.find_links(database, 1, TRACKER),
        "feed": feeds.write_feed(database, feeds.find_feed(database, Target(TargetKind.BUG, "1"))),
        "subscription": person,
    }


def test_titles_of_a_private_bug_are_nowhere_shown_to_who_may_not_see_it(two):
    with seeing():
        hidden = everything_shown(two)
    assert [name for name, value in hidden.items() if TITLE in str(value)] == []
    assert [name for name, value in hidden.items() if REMOTE_TITLE in str(value)] == []
    assert hidden["watch"].facts.title == PRIVATE_TITLE
    assert hidden["find"][0].title == PRIVATE_TITLE
    with seeing():
        assert TITLE in str(bugs.find(two, [2]))
    for sight in (seeing(1), contextlib.nullcontext()):
        with sight:
            shown = everything_shown(two)
        assert all(
            TITLE in str(value) or REMOTE_TITLE in str(value)
            for name, value in shown.items()
            if name != "subscription"
        )


def test_what_is_private_elsewhere_is_not_shown_either(two, tell):
    bugs.set_private(two, 1, False)
    tell(TRACKER, "1", "OPEN", BugTaskStatus.CONFIRMED, title=REMOTE_TITLE, private=True)
    with seeing():
        facts = watches.show(two, "1").facts
    assert (facts.bug_title, facts.remote_title) == (TITLE, "")
    assert watches.show(two, "1").facts.remote_title == REMOTE_TITLE


@pytest.mark.parametrize("order", list(listing.Order))
def test_a_search_for_words_finds_no_private_bug(two, order):
    def found(search):
        page = listing.find_page(two, search)
        wanted = listing.Wanted(search=search, order=order)
        listed = [each.id for part in listing.list_watches(two, wanted) for each in part]
        assert sorted(listed) == [each.id for each in page.watches]
        return sorted(listed)

    assert found("wind") == [1, 2]
    with seeing():
        assert found("wind") == [2]
        assert found("open") == [1, 2]
        feed = feeds.find_feed(two, Target(TargetKind.SEARCH, "wind"))
        assert b"show_bug.cgi?id=1<" not in feeds.write_feed(two, feed)
    with seeing(1):
        assert found("wind") == [1, 2]


def test_only_who_sees_it_changes_it(two):
    with seeing():
        for change in (
            lambda: bugs.retitle(two, 1, "x"),
            lambda: bugs.set_private(two, 1, False),
            lambda: subscribing.subscribe(
                two,
                "bob@example.com",
                DestinationSettings(kind="mail", address="bob@example.com"),
                [Target(TargetKind.BUG, "01")],
            ),
        ):
            with pytest.raises(BadInput, match="Bug 1 is private"):
                change()
    assert bugs.find(two, [1])[0].title == TITLE
    assert subscribing.list_subscriptions(two) == []


def test_a_title_that_is_guessed_is_not_confirmed(two):
    url = "https://bugzilla.example.com/show_bug.cgi?id=1"
    with seeing():
        assert watches.watch(two, [url], 1, TITLE).keep_title == (1,)
    assert watches.watch(two, [url], 1, TITLE).keep_title == ()


@pytest.mark.parametrize(
    ("kind", "target", "is_told"),
    [("mail", "1", True), ("mail", "2", False), ("webhook", "1", False)],
)
def test_who_is_told_of_a_bug_by_mail_is_known(two, kind, target, is_told):
    address = "https://example.com/hook" if kind == "webhook" else "ann@example.com"
    settings = DestinationSettings(kind=kind, address=address)
    subscribing.subscribe(two, "ann@example.com", settings, [Target(TargetKind.BUG, target)])

    def look(trackers):
        bug = getUtility(IBugSet).get(1)
        return privacy.is_told(bug, "ANN@example.com"), privacy.is_told(bug, "bob@example.com")

    assert two.read(look) == (is_told, False)


def test_what_is_read_when_the_request_is_over_is_as_it_was_to_be_seen(two):
    with seeing():
        lines = transfer.export_lines(two, listing.Wanted())
        first = next(lines)
    assert (first["bug"], first["title"]) == (1, PRIVATE_TITLE)
    assert not privacy.is_hidden(first)
    assert [line["title"] for line in lines] == [TITLE]
    with seeing():
        lines = transfer.export_lines(two, listing.Wanted())
    assert [line["title"] for line in lines] == [PRIVATE_TITLE, TITLE]
    lines = transfer.export_lines(two, listing.Wanted())
    assert [line["title"] for line in lines] == [TITLE, TITLE]


def test_nor_is_it_confirmed_by_an_import(two):
    url = "https://bugzilla.example.com/show_bug.cgi?id=1"
    lines = transfer.read_lines(f"bug,title,url\n1,{TITLE},{url}\n")
    with seeing():
        assert transfer.import_lines(two, lines).keep_title == (1,)
    assert transfer.import_lines(two, lines).keep_title == ()
