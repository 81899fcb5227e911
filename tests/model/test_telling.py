"""What happens in the model is told to those who subscribed."""

from datetime import timedelta

import pytest
from zope.component import getUtility

from malonewatch.interfaces import (
    BugTaskStatus,
    BugTrackerConnectError,
    BugTrackerRateLimited,
    BugWatchErrorType,
    CredentialsUnreadable,
    DeliverySettings,
    Happening,
    IOutbox,
    ISubscriptionSet,
    Mappings,
    RemoteBug,
    RemoteBugError,
)
from malonewatch.model import BugTracker, telling
from malonewatch.model.condition import Condition
from malonewatch.model.site import site_of
from malonewatch.model.telling import note_trouble, trouble_limit

from ..fetching import answer, apply, fail
from .telling import destination_of, subscribe, told_of, tracker_target, waiting

NEW = RemoteBug("42", "NEW", BugTaskStatus.NEW, title="It crashes")
FIXED = RemoteBug("42", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED, title="It crashes")
DOWN = BugTrackerConnectError("https://bugs.example.com cannot be reached.")


@pytest.fixture
def say(tracker, clock):
    """Lets the bug tracker say something, a day later each time."""

    def say(*outcomes, **values):
        return apply(tracker, outcomes, clock.tick(days=1), **values)

    return say


@pytest.fixture
def told(clock):
    """What the person is told, in short; and forgets it."""

    def told(destination=None):
        destination = destination or destination_of()
        messages = waiting(destination, clock.moment)
        for message in messages:
            getUtility(IOutbox).delivered(message, clock.moment, 0)
        return [told_of(message) for message in messages]

    return told


def test_a_change_is_told_with_what_was_and_is(watch, say, clock):
    subscribe()
    say(NEW)
    seen = clock.moment
    say(FIXED)
    ((notice,),) = [message.notices for message in waiting(destination_of(), clock.moment)]
    assert notice.happening is Happening.FIXED
    assert (notice.moment, notice.since) == (clock.moment, seen)
    assert (notice.bug, notice.bug_title, notice.watch) == (1, "Something is broken", 1)
    assert (notice.tracker, notice.tracker_title, notice.remotebug) == ("bugs", "Bugs", "42")
    assert (notice.title, notice.url) == ("It crashes", watch.url)
    assert (notice.old_remotestatus, notice.new_remotestatus) == ("NEW", "RESOLVED FIXED")
    assert notice.old_status is BugTaskStatus.NEW
    assert (notice.new_status, notice.text) == (BugTaskStatus.FIXRELEASED, "")


def test_what_is_no_change_of_status_is_kept_whoever_is_told(watch, say):
    say(NEW)
    say(FIXED)
    assert not list(getUtility(IOutbox).happened())
    say(NEW._replace(duplicate_of="43"))
    (notice,) = getUtility(IOutbox).happened()
    assert (notice.happening, notice.watch, notice.bug) == (Happening.DUPLICATE, 1, 1)
    assert getUtility(IOutbox).pending == 0


def test_without_an_outbox_nothing_is(tracker, watch, say, clock, monkeypatch):
    """As in a database that was not upgraded yet."""
    say(NEW)
    with monkeypatch.context() as patch:
        patch.setattr(telling, "query_utility", lambda *args: None)
        say(NEW._replace(duplicate_of="43"))
        assert not note_trouble(tracker, Happening.TROUBLE, "It is down.", clock.moment)
    assert not list(getUtility(IOutbox).happened())


@pytest.mark.parametrize(
    ("old", "new", "happening"),
    [
        (BugTaskStatus.NEW, BugTaskStatus.FIXCOMMITTED, "fixed"),
        (BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED, "status"),
        (BugTaskStatus.INVALID, BugTaskStatus.FIXRELEASED, "fixed"),
        (BugTaskStatus.NEW, BugTaskStatus.WONTFIX, "closed"),
        (BugTaskStatus.WONTFIX, BugTaskStatus.INVALID, "status"),
        (BugTaskStatus.FIXRELEASED, BugTaskStatus.NEW, "reopened"),
        (BugTaskStatus.NEW, BugTaskStatus.INPROGRESS, "status"),
        (BugTaskStatus.UNKNOWN, BugTaskStatus.FIXRELEASED, "fixed"),
        (BugTaskStatus.FIXRELEASED, BugTaskStatus.UNKNOWN, "status"),
    ],
)
def test_a_change_is_called_by_its_meaning(watch, say, told, old, new, happening):
    subscribe()
    say(NEW._replace(remotestatus="before", status=old))
    say(NEW._replace(remotestatus="after", status=new))
    assert told() == [[(happening, "after")]]


def test_first_sight_is_no_change(watch, say, told):
    subscribe()
    say(NEW)
    assert told() == []


def test_what_our_own_tables_change_is_not_told(tracker, watch, say, told, clock):
    subscribe()
    say(NEW)
    tracker.setMappings(Mappings((("NEW", BugTaskStatus.FIXRELEASED),)), clock.moment)
    assert watch.status is BugTaskStatus.FIXRELEASED
    assert told() == []


def test_nobody_is_told_who_did_not_subscribe(watch, say):
    subscribe(happenings={Happening.GONE})
    say(NEW)
    say(FIXED)
    assert getUtility(IOutbox).pending == 0


@pytest.mark.parametrize(
    ("error_type", "happening"),
    [
        (BugWatchErrorType.BUG_NOT_FOUND, "gone"),
        (BugWatchErrorType.BUG_DELETED, "gone"),
        (BugWatchErrorType.PRIVATE_REMOTE_BUG, "private"),
    ],
)
def test_what_is_gone_is_told_once(watch, say, told, clock, error_type, happening):
    subscribe()
    say(NEW)
    say(RemoteBugError("42", error_type, "It cannot be had."))
    ((notice,),) = [message.notices for message in waiting(destination_of(), clock.moment)]
    assert (notice.text, notice.since) == ("It cannot be had.", clock.moment - timedelta(days=1))
    assert (notice.old_status, notice.new_status) == (BugTaskStatus.NEW, BugTaskStatus.NEW)
    assert told() == [[(happening, "NEW")]]
    say(RemoteBugError("42", error_type, "It cannot be had."))
    assert told() == []


@pytest.mark.parametrize(
    ("duplicate_of", "text"),
    [
        ("7", "https://bugs.example.com/show_bug.cgi?id=7"),
        ("https://trac.example.org/ticket/7", "https://trac.example.org/ticket/7"),
    ],
)
def test_a_duplicate_is_told_with_the_other_one(watch, say, clock, duplicate_of, text):
    subscribe(happenings={Happening.DUPLICATE})
    say(NEW)
    say(NEW._replace(duplicate_of=duplicate_of))
    ((notice,),) = [message.notices for message in waiting(destination_of(), clock.moment)]
    assert (notice.happening, notice.text) == (Happening.DUPLICATE, text)


def test_a_move_is_told_with_the_new_place(watch, say, clock):
    subscribe()
    say(NEW)
    say(NEW._replace(moved_to="https://trac.example.org/ticket/7"))
    ((notice,),) = [message.notices for message in waiting(destination_of(), clock.moment)]
    assert notice.happening is Happening.MOVED
    assert notice.text == "https://trac.example.org/ticket/7"


# Trouble.


@pytest.fixture
def trouble(tracker, watch, clock):
    """Somebody who is told of trouble, of which this is."""
    subscribe(tracker_target("bugs"), happenings={Happening.TROUBLE})

    def trouble(error=DOWN, times=1):
        for _ in range(times):
            fail(tracker, error, clock.tick(hours=1), ["42"])

    return trouble


def test_trouble_is_told_once_if_it_goes_on(tracker, trouble, told, clock):
    trouble(times=2)
    assert told() == []
    trouble()
    ((notice,),) = [message.notices for message in waiting(destination_of(), clock.moment)]
    assert (notice.tracker, notice.tracker_title, notice.url) == (
        *("bugs", "Bugs"),
        "https://bugs.example.com",
    )
    assert (notice.bug, notice.watch) == (None, None)
    assert notice.since == clock.moment - timedelta(hours=2)
    assert notice.text == (
        "Connection failed: https://bugs.example.com cannot be reached. Nothing, if it passes; "
        "otherwise look whether the base URL is still right."
    )
    assert told() == [[("trouble", None)]]
    trouble(times=20)
    assert told() == []


def test_its_end_is_told_to_those_who_were_told_of_it(tracker, trouble, told, clock):
    trouble(times=5)
    told()
    answer(tracker, clock.tick(hours=1))
    assert told() == [[("recovered", None)]]
    answer(tracker, clock.tick(hours=1))
    assert told() == []


def test_an_end_of_what_was_not_told_is_not_told(tracker, trouble, told, clock):
    for _ in range(3):
        trouble(times=2)
        answer(tracker, clock.tick(hours=1))
    assert told() == []


@pytest.mark.parametrize("error", [DOWN, CredentialsUnreadable("They cannot be read.")])
def test_how_often_it_has_to_fail_is_the_sites_to_say(trouble, told, error):
    getUtility(IOutbox).settings = DeliverySettings(trouble_after=1)
    trouble(error)
    assert told() == [[("trouble", None)]]


def test_a_limit_is_no_trouble(trouble, told):
    trouble(BugTrackerRateLimited("No more requests until noon."), times=5)
    assert told() == []


def test_whoever_comes_later_is_told_of_what_still_goes_on(tracker, watch, told, clock):
    for _ in range(5):
        fail(tracker, DOWN, clock.tick(hours=1), ["42"])
    subscribe(tracker_target("bugs"), happenings={Happening.TROUBLE})
    fail(tracker, DOWN, clock.tick(hours=1), ["42"])
    assert told() == [[("trouble", None)]]


def test_what_is_held_is_told_as_trouble(tracker, add_watches, clock, told):
    getUtility(IOutbox).settings = DeliverySettings(trouble_after=1)
    add_watches(30)
    subscribe(happenings={Happening.TROUBLE})
    news = [NEW._replace(remotebug=str(number)) for number in range(30)]
    apply(tracker, news, clock.tick(days=1))
    gone = [
        RemoteBugError(str(number), BugWatchErrorType.BUG_NOT_FOUND, "Gone.")
        for number in range(30)
    ]
    apply(tracker, gone, clock.tick(days=1))
    assert told() == [[("trouble", None)]]


# Databases from before.


def test_without_an_outbox_nothing_is_told(trackers, tracker, watch, say, clock):
    manager = site_of(trackers).getSiteManager()
    for interface in (IOutbox, ISubscriptionSet):
        manager.unregisterUtility(provided=interface)
    say(NEW)
    say(FIXED)
    for _ in range(3):
        fail(tracker, DOWN, clock.tick(hours=1), ["42"])
    assert trouble_limit(tracker) == 3


def test_nobody_is_told_of_a_bug_tracker_that_is_in_no_set(site, owner, clock):
    subscribe(happenings={Happening.TROUBLE})
    stray = BugTracker(
        name="stray",
        title="Stray",
        bugtrackertype="BUGZILLA",
        baseurl="https://stray.example.com",
        owner=owner,
    )
    assert not note_trouble(stray, Happening.TROUBLE, "It is down.", clock.moment)


def test_a_bug_tracker_from_before_has_had_no_trouble():
    assert (Condition._troubles, Condition._is_trouble_told) == (0, False)
