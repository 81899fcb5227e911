import pytest
import transaction
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    USUAL,
    BadInput,
    BugTaskStatus,
    Happening,
    IDestination,
    IOutbox,
    ISubscription,
    ISubscriptionSet,
    NotFoundError,
    Target,
    TargetKind,
    Timing,
)
from malonewatch.model.installation import ensure_installation
from malonewatch.model.site import query_utility, site_of

from ..fetching import apply
from .telling import (
    ALL,
    bug_target,
    destination_of,
    person_target,
    search_target,
    subscribe,
    tracker_target,
)
from .test_following import bug_is

NEW, FIXED = BugTaskStatus.NEW, BugTaskStatus.FIXRELEASED


@pytest.fixture
def subscriptions(clock):
    return getUtility(ISubscriptionSet)


@pytest.fixture
def told(subscriptions, watch):
    """The people who are told what happened to the watch."""

    def told(happening=Happening.FIXED, old_status=NEW):
        numbers = subscriptions.subscribersOf(watch, happening, old_status)
        return sorted(subscriptions.getDestination(number).person.name for number in numbers)

    return told


def test_they_provide_the_interfaces(subscriptions):
    verifyObject(ISubscriptionSet, subscriptions)
    verifyObject(ISubscription, subscribe())
    verifyObject(IDestination, destination_of())


def test_a_subscription_says_what_it_is(subscriptions, tracker):
    subscription = subscribe(tracker_target("bugs"), happenings={Happening.TROUBLE})
    assert subscription.target == tracker_target("bugs")
    assert str(subscription.target) == "tracker bugs"
    assert str(ALL) == "all"
    assert repr(subscription) == "<Subscription 1>"
    assert repr(subscription.destination) == "<Destination 1>"
    facts = subscription.facts
    assert (facts.id, facts.destination, facts.kind) == (1, 1, "mail")
    assert (facts.address, facts.person) == ("ann@example.com", "ann")
    assert facts.happenings == {Happening.TROUBLE}
    assert (list(subscriptions), subscriptions.count()) == ([subscription], 1)
    assert list(subscriptions.destinations()) == [subscription.destination]


def test_a_destination_says_what_it_is(subscriptions):
    destination = destination_of(timing=Timing.DAILY, hour=7)
    subscribe(timing=Timing.DAILY, hour=7)
    facts = destination.facts
    assert (facts.id, facts.person, facts.email) == (1, "ann", "ann@example.com")
    assert (facts.settings.timing, facts.settings.hour) == (Timing.DAILY, 7)
    assert (facts.subscriptions, facts.pending, facts.next_attempt) == ((1,), 0, None)
    assert (facts.failures, facts.failing_since, facts.disabled) == (0, None, None)


def test_settings_are_saved(subscriptions, reopened):
    destination = destination_of()
    assert reopened(destination).settings.timing is Timing.AT_ONCE
    destination_of(timing=Timing.WEEKLY, quiet=(60, 120))
    assert reopened(destination).settings.timing is Timing.WEEKLY
    assert reopened(destination).settings.quiet == (60, 120)


def test_subscribing_again_changes_what_is_told(subscriptions, told):
    subscription = subscribe(happenings={Happening.GONE})
    assert told() == []
    assert subscribe(happenings={Happening.FIXED}) is subscription
    assert told() == ["ann"]
    assert subscriptions.count() == 1


def test_a_person_has_a_destination_for_each_address(subscriptions):
    one, other = subscribe(), subscribe(kind="webhook", address="https://example.org/hook")
    assert one.destination is not other.destination
    assert subscribe(person="bob").destination not in (one.destination, other.destination)
    assert destination_of() is one.destination


@pytest.mark.parametrize(
    ("target", "error", "problem"),
    [
        (bug_target(99), NotFoundError, "99"),
        (bug_target("one"), BadInput, "'one' is not the number of a bug"),
        (tracker_target("gtk"), NotFoundError, "There is no bug tracker named 'gtk'"),
        (person_target("eve"), NotFoundError, "There is no person named 'eve'"),
        (search_target("status:oops"), BadInput, "'oops' is no status"),
        (search_target("  "), BadInput, "A search has to look for something"),
    ],
)
def test_a_target_has_to_be_there(subscriptions, target, error, problem):
    destination = destination_of()
    with pytest.raises(error) as raised:
        subscriptions.subscribe(destination, target, USUAL)
    assert problem in str(raised.value)
    assert subscriptions.count() == 0


def test_a_subscription_is_to_something(subscriptions):
    with pytest.raises(BadInput, match="something that can happen"):
        subscribe(happenings=())


def test_an_impossible_timing_is_refused(subscriptions):
    with pytest.raises(BadInput, match="no time zone"):
        destination_of(timezone="Nowhere")


@pytest.mark.parametrize(
    ("target", "is_told"),
    [
        (ALL, True),
        (bug_target(1), True),
        (bug_target(2), False),
        (tracker_target("bugs"), True),
        (tracker_target("other"), False),
        (search_target("open"), True),
        (search_target("fixed"), True),
        (search_target("invalid"), False),
        (search_target("bug:1"), True),
        (search_target("bug:11"), False),
        (search_target("tracker:bugs fixed"), True),
        (search_target("tracker:bugs invalid"), False),
        (search_target("tracker:other"), False),
        (search_target("crash"), True),
        (search_target("crash wanted"), False),
        (search_target("wanted"), False),
    ],
)
def test_a_subscriber_is_found_by_the_target(
    subscriptions, told, bugs, owner, make_tracker, tracker, watch, clock, target, is_told
):
    make_tracker("other")
    for _ in range(10):
        bugs.createBug("Another", owner)
    remote = bug_is("42", "RESOLVED FIXED", FIXED)._replace(title="A crash")
    apply(tracker, [remote], clock.moment)
    subscribe(target)
    assert told() == (["ann"] if is_told else [])


@pytest.mark.parametrize(
    ("happening", "kinds"),
    [
        (Happening.FIXED, {Happening.FIXED, Happening.CLOSED, Happening.STATUS}),
        (Happening.CLOSED, {Happening.CLOSED, Happening.STATUS}),
        (Happening.REOPENED, {Happening.REOPENED, Happening.STATUS}),
        (Happening.STATUS, {Happening.STATUS}),
        (Happening.GONE, {Happening.GONE}),
        (Happening.RECOVERED, {Happening.RECOVERED, Happening.TROUBLE}),
    ],
)
def test_a_subscriber_is_told_of_what_was_asked_for(subscriptions, told, happening, kinds):
    for each in Happening:
        subscribe(person=each.name.lower(), happenings={each})
    assert told(happening) == sorted(each.name.lower() for each in kinds)


def test_one_is_told_once_however_often_subscribed(subscriptions, watch):
    for target in (ALL, bug_target(1), search_target("open")):
        subscribe(target)
    assert subscriptions.subscribersOf(watch, Happening.FIXED, NEW) == {1}


def test_what_a_person_is_told_can_be_followed(subscriptions, told):
    subscribe(bug_target(1), person="ann", happenings={Happening.FIXED})
    subscribe(person_target("ann"), person="bob")
    assert told() == ["ann", "bob"]
    assert told(Happening.GONE) == []


def test_subscribers_of_a_bug_tracker(subscriptions, tracker, make_tracker):
    kinds = {Happening.TROUBLE}
    make_tracker("other")
    subscribe(happenings=kinds)
    subscribe(tracker_target("bugs"), person="bob", happenings=kinds)
    subscribe(tracker_target("other"), person="eve", happenings=kinds)
    subscribe(tracker_target("bugs"), person="joe")
    subscribe(person_target("bob"), person="sue", happenings=kinds)
    numbers = subscriptions.subscribersOfTracker(tracker, Happening.RECOVERED)
    people = {subscriptions.getDestination(number).person.name for number in numbers}
    assert people == {"ann", "bob", "sue"}


def test_unsubscribing(subscriptions, told):
    one, other = subscribe(search_target("open")), subscribe(search_target("new"))
    subscriptions.unsubscribe(one)
    assert told() == ["ann"]
    assert list(subscriptions) == [other]
    subscriptions.unsubscribe(other)
    assert told() == []
    assert (subscriptions.count(), list(subscriptions.destinations())) == (0, [])
    with pytest.raises(NotFoundError, match=r"^There is no subscription 2\.$"):
        subscriptions.get(2)
    with pytest.raises(NotFoundError, match=r"^There is no destination 1\.$"):
        subscriptions.getDestination(1)
    assert subscribe().id == 3
    assert subscribe().destination.id == 2


def test_a_search_that_others_have_too_stays(subscriptions, told):
    mine = subscribe(search_target("open"))
    subscribe(search_target("open"), person="bob")
    subscriptions.unsubscribe(mine)
    assert told() == ["bob"]


def test_one_that_is_disabled_is_not_told(subscriptions, told):
    subscribe()
    destination = destination_of()
    subscriptions.disable(destination, "It is gone.")
    assert (told(), destination.facts.disabled) == ([], "It is gone.")
    subscriptions.enable(destination)
    assert (told(), destination.facts.disabled) == (["ann"], None)


def test_enabling_one_that_is_in_order_changes_nothing(subscriptions, told):
    subscribe()
    before = destination_of().facts
    subscriptions.enable(destination_of())
    assert (told(), destination_of().facts) == (["ann"], before)


def test_a_disabled_one_can_be_removed(subscriptions):
    subscription = subscribe()
    subscriptions.disable(subscription.destination, "It is gone.")
    subscriptions.unsubscribe(subscription)
    assert list(subscriptions.destinations()) == []


def test_the_others_of_a_person(subscriptions):
    one, other = destination_of(), destination_of(kind="feed", address="/feed.xml")
    destination_of("anna")
    assert subscriptions.others_of(one) == [other.id]
    subscriptions.disable(other, "It is gone.")
    assert subscriptions.others_of(one) == []


def test_a_bug_tracker_that_goes_takes_its_subscriptions_along(
    subscriptions, trackers, make_tracker
):
    other = make_tracker("other")
    subscribe(tracker_target("other"))
    kept = subscribe(person="bob")
    trackers.remove(other)
    assert list(subscriptions) == [kept]


def test_subscriptions_go_to_the_bug_tracker_that_takes_the_place(
    subscriptions, tracker, make_tracker
):
    other = make_tracker("other")
    subscription = subscribe(tracker_target("other"))
    both = [subscribe(tracker_target(name), person="bob") for name in ("other", "bugs")]
    subscriptions.retarget(other, tracker)
    assert subscription.target == tracker_target("bugs")
    assert list(subscriptions) == [subscription, both[1]]
    assert len(subscriptions.subscribersOfTracker(tracker, Happening.STATUS)) == 2


def test_it_is_empty_as_long_as_nobody_subscribed(subscriptions):
    assert not subscriptions
    subscribe()
    assert subscriptions


def test_a_database_from_before_gets_room_for_them(site, trackers, watch):
    manager = site_of(trackers).getSiteManager()
    for interface in (ISubscriptionSet, IOutbox):
        manager.unregisterUtility(provided=interface)
    ensure_installation(site_of(trackers)).schema = 3
    assert query_utility(trackers, ISubscriptionSet) is None
    transaction.commit()
    step, *_ = site.database.planUpgrade()
    assert step == (4, "Make room for subscriptions, and for an outbox", True)
    site.database.upgrade()
    assert site.database.read(lambda trackers: getUtility(IOutbox).pending) == 0
    assert site.database.read(lambda trackers: getUtility(ISubscriptionSet).count()) == 0


def test_target_of_a_kind():
    assert Target(TargetKind.SEARCH, "open") == search_target("open")
