"""Titles of private bugs, and whom messages tell them."""

import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    PRIVATE_TITLE,
    BugTrackerType,
    BugWatchQuery,
    Happening,
    IBugSet,
    IBugTrackerSet,
    IBugWatchSet,
    IMayBePrivate,
    IOutbox,
    ISubscriptionSet,
    Notice,
    RemoteBug,
)

from ..fetching import apply
from .telling import (
    ALL,
    bug_target,
    destination_of,
    person_target,
    search_target,
    subscribe,
    waiting,
)


@pytest.fixture
def bug(clock):
    return getUtility(IBugSet).createBug("The mill stands still")


@pytest.fixture
def change(bug, clock):
    """Lets the remote bug of a watch, which may be private itself, change its status."""
    tracker = getUtility(IBugTrackerSet).ensureBugTracker(
        "https://bugs.example.com", None, BugTrackerType.BUGZILLA
    )
    watch = bug.addWatch(tracker, "42", None)

    def change(**more):
        for status in ("NEW", "ASSIGNED"):
            remote = RemoteBug("42", status, title="Wind is missing", **more)
            apply(tracker, [remote], clock.tick(days=1))
        return watch

    return change


def test_a_bug_is_public_until_it_is_said_not_to_be(bug):
    verifyObject(IMayBePrivate, bug)
    assert not bug.private


def titles(destination, clock):
    return [
        (notice.bug_title, notice.title)
        for message in waiting(destination, clock.tick(days=1))
        for notice in message.notices
    ]


OPEN = ("The mill stands still", "Wind is missing")
HIDDEN = (PRIVATE_TITLE, "")


@pytest.mark.parametrize("of_remote_bug", [True, False])
def test_mail_to_who_is_told_of_the_very_bug_has_its_titles_and_nothing_else_has(
    bug, change, clock, of_remote_bug
):
    bug.private = not of_remote_bug
    subscribe(bug_target(1), "ann")
    subscribe(ALL, "bob")
    subscribe(bug_target(1), "cleo", kind="webhook", address="https://example.com/hook")
    subscribe(person_target("ann"), "dan")
    change(private=of_remote_bug)
    assert {
        person: titles(destination_of(person, **more), clock)
        for person, more in {
            "ann": {},
            "bob": {},
            "cleo": {"kind": "webhook", "address": "https://example.com/hook"},
            "dan": {},
        }.items()
    } == {"ann": [OPEN], "bob": [HIDDEN], "cleo": [HIDDEN], "dan": [HIDDEN]}


def test_what_is_public_is_told_to_all(change, clock):
    subscribe(ALL, "bob")
    change()
    assert titles(destination_of("bob"), clock) == [OPEN]


def test_what_was_told_already_is_told_again_in_the_same_way(bug, change, clock):
    bug.private = True
    feed = subscribe(ALL, "bob", kind="feed", address="/tmp/feed").destination
    change()
    outbox = getUtility(IOutbox)
    (message,) = waiting(feed, clock.tick(days=1))
    outbox.delivered(message, clock.moment, 10)
    (notice,) = outbox.told(feed.id, 10)
    assert (notice.bug_title, notice.title) == HIDDEN
    assert outbox.told(999, 10) == ()


def test_a_search_for_words_is_told_of_no_private_bug(bug, change, clock):
    bug.private = True
    subscribe(search_target("wind"), "ann")
    subscribe(search_target("tracker:auto-bugs.example.com"), "bob")
    change()
    assert titles(destination_of("ann"), clock) == []
    assert titles(destination_of("bob"), clock) == [HIDDEN]


def test_which_bug_a_destination_is_told_of_is_known(bug):
    subscription = subscribe(bug_target(1))
    subscriptions = getUtility(ISubscriptionSet)
    assert subscriptions.leadsToBug(subscription.destination, 1)
    assert not subscriptions.leadsToBug(subscription.destination, 2)


def test_a_notice_of_before_is_public(bug):
    assert not Notice(0, bug.datecreated, Happening.FIXED).private


def test_a_search_finds_what_may_be_shown(bug, change):
    tracker = change().bugtracker
    for number in range(5):
        bug.addWatch(tracker, str(number), None)
    watches = getUtility(IBugWatchSet)
    query = BugWatchQuery(limit=2, shown=lambda watch: watch.id % 2 == 0)
    first = watches.search(query)
    assert [watch.id for watch in first.watches] == [2, 4]
    rest = watches.search(BugWatchQuery(limit=2, shown=query.shown, start=first.next))
    assert ([watch.id for watch in rest.watches], rest.next) == ([6], None)
