from datetime import datetime, timedelta, timezone

import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    DeliverySettings,
    Happening,
    IInstallation,
    IOutbox,
    ISubscriptionSet,
    Notice,
    Timing,
)
from malonewatch.model.outbox import GIVE_UP, HOUR, MOST, PAUSES, REFUSALS, Outbox

from .telling import destination_of, waiting

NOTICE = Notice(
    0,
    datetime(2024, 5, 6, 12, tzinfo=timezone.utc),
    Happening.FIXED,
    bug=1,
    bug_title="Ours",
    tracker="bugs",
    tracker_title="Bugs",
    watch=1,
    remotebug="42",
    title="It crashes",
    url="https://bugs.example.com/show_bug.cgi?id=42",
    old_remotestatus="NEW",
    new_remotestatus="RESOLVED FIXED",
    old_status=BugTaskStatus.NEW,
    new_status=BugTaskStatus.FIXRELEASED,
    since=datetime(2024, 4, 1, tzinfo=timezone.utc),
    text="",
)


@pytest.fixture
def outbox(clock):
    return getUtility(IOutbox)


@pytest.fixture
def add(outbox, clock):
    """Lets so many notices wait for some destinations."""

    def add(*destinations, count=1, **values):
        for _ in range(count):
            notice = NOTICE._replace(moment=clock.moment, **values)
            outbox.add(notice, [each.id for each in destinations])

    return add


@pytest.fixture
def deliver(outbox, clock):
    """Takes and delivers all that may go now; the numbers of the notices in each message."""

    def deliver(destination, keeps=0):
        messages = waiting(destination, clock.moment, keeps)
        for message in messages:
            outbox.delivered(message, clock.moment, keeps)
        return [[notice.id for notice in message.notices] for message in messages]

    return deliver


def due(outbox, clock):
    """When the next is looked at, in seconds from now."""
    moment = outbox.nextDue()
    return None if moment is None else (moment - clock.moment).total_seconds()


def test_it_provides_the_interface(outbox):
    verifyObject(IOutbox, outbox)


def test_it_is_empty_at_first(outbox, clock):
    assert (outbox.pending, outbox.nextDue(), outbox.getDue(clock.moment, 10)) == (0, None, [])


def test_a_notice_waits_as_it_was(outbox, clock, add):
    destination = destination_of()
    add(destination)
    (message,) = waiting(destination, clock.moment)
    assert message.notices == (NOTICE._replace(id=1),)
    assert (message.is_digest, message.recent) == (False, ())
    assert message.destination == destination.facts
    assert message.key == f"{getUtility(IInstallation).identity}.1.1"
    nothing = Notice(0, clock.moment, Happening.TROUBLE)
    outbox.add(nothing, [destination.id])
    assert waiting(destination, clock.moment)[1].notices == (nothing._replace(id=2),)


def test_what_waits_is_due_at_once(outbox, clock, add):
    one, other = destination_of(), destination_of("bob")
    add(one)
    clock.tick(seconds=2)
    add(one, other)
    assert outbox.pending == 3
    assert outbox.getDue(clock.moment, 10) == [1, 2]
    assert outbox.getDue(clock.moment, 1) == [1]
    assert outbox.getDue(clock.moment - timedelta(seconds=1), 10) == [1]
    assert (outbox.count_for(1), outbox.count_for(2)) == (2, 1)
    assert due(outbox, clock) == -2


def test_what_arrived_is_not_sent_again(outbox, clock, add, deliver):
    one, other = destination_of(), destination_of("bob")
    add(one, other, count=2)
    messages = waiting(one, clock.moment)
    outbox.delivered(messages[0], clock.moment, 0)
    outbox.delivered(messages[0], clock.moment, 0)
    assert deliver(one) == [[2]]
    assert deliver(one) == []
    assert outbox.getDue(clock.moment, 10) == [2]
    assert deliver(other) == [[1], [2]]
    assert (outbox.pending, outbox.nextDue()) == (0, None)


def test_nothing_is_left_of_what_all_were_told(outbox, clock, add, deliver):
    one, other = destination_of(), destination_of("bob")
    add(one, other)
    deliver(one)
    assert len(outbox._notices) == 1
    deliver(other)
    assert (len(outbox._notices), len(outbox._readers)) == (0, 0)
    add(one)
    # No number is given twice, so that no key is.
    assert deliver(one) == [[2]]


def test_a_message_that_arrived_late_changes_nothing(outbox, clock, add):
    destination = destination_of()
    add(destination)
    (message,) = waiting(destination, clock.moment)
    outbox.drop(destination.id)
    outbox.delivered(message, clock.moment, 0)
    assert outbox.pending == 0
    outbox.failed(99, "It is gone.", clock.moment)


# Digests.


def test_a_digest_waits_for_its_hour(outbox, clock, add, deliver):
    destination = destination_of(timing=Timing.HOURLY)
    add(destination, count=3)
    assert (deliver(destination), due(outbox, clock)) == ([], HOUR)
    clock.tick(minutes=59)
    add(destination)
    assert deliver(destination) == []
    clock.tick(minutes=1)
    assert outbox.getDue(clock.moment, 10) == [1]
    (message,) = waiting(destination, clock.moment)
    assert (message.is_digest, message.key.rpartition(".")[2]) == (True, "1-4")
    assert deliver(destination) == [[1, 2, 3, 4]]
    assert outbox.nextDue() is None


def test_a_digest_of_one_is_a_message(outbox, clock, add):
    destination = destination_of(timing=Timing.HOURLY)
    add(destination)
    clock.tick(hours=1)
    assert [message.is_digest for message in waiting(destination, clock.moment)] == [False]


def test_a_digest_that_may_have_arrived_stays_the_same(outbox, clock, add, deliver):
    destination = destination_of(timing=Timing.HOURLY)
    add(destination, count=2)
    clock.tick(hours=1)
    (before,) = waiting(destination, clock.moment)
    add(destination, count=2)
    (after,) = waiting(destination, clock.moment)
    assert (after.key, after.notices) == (before.key, before.notices)
    assert deliver(destination) == [[1, 2]]
    assert deliver(destination) == []
    clock.tick(hours=1)
    assert deliver(destination) == [[3, 4]]


def test_a_digest_is_no_longer_than_it_may_be(outbox, clock, add, deliver):
    destination = destination_of(timing=Timing.HOURLY)
    add(destination, count=MOST + 1)
    clock.tick(hours=1)
    assert list(map(len, deliver(destination))) == [MOST]
    assert list(map(len, deliver(destination))) == [1]


# Floods.


def test_a_flood_is_told_in_one_message(outbox, clock, add, deliver):
    destination = destination_of(limit=3)
    add(destination, count=3)
    assert deliver(destination) == [[1], [2], [3]]
    add(destination)
    assert (deliver(destination), due(outbox, clock)) == ([], HOUR)
    add(destination, count=3)
    clock.tick(hours=1)
    assert deliver(destination) == [[4, 5, 6, 7]]
    add(destination)
    assert deliver(destination) == [[8]]


def test_the_messages_of_an_hour_are_counted_together(clock, add, deliver):
    destination = destination_of(limit=3)
    for number in (1, 2):
        add(destination)
        assert deliver(destination) == [[number]]
    add(destination, count=2)
    assert deliver(destination) == [[3, 4]]


def test_without_a_limit_all_is_one_message(clock, add, deliver):
    destination = destination_of(limit=0)
    add(destination, count=3)
    assert deliver(destination) == [[1, 2, 3]]


# Quiet hours.


def test_nothing_is_sent_in_quiet_hours(outbox, clock, add, deliver):
    destination = destination_of(quiet=(11 * 60, 13 * 60 + 30))
    add(destination)
    assert (deliver(destination), due(outbox, clock)) == ([], 1.5 * HOUR)
    clock.tick(minutes=90)
    assert deliver(destination) == [[1]]


def test_a_digest_waits_for_their_end_too(outbox, clock, add, deliver):
    destination = destination_of(timing=Timing.HOURLY, quiet=(11 * 60, 13 * 60 + 30))
    add(destination)
    assert (deliver(destination), due(outbox, clock)) == ([], 1.5 * HOUR)


def test_new_settings_count_at_once(outbox, clock, add, deliver):
    destination = destination_of(timing=Timing.WEEKLY)
    add(destination)
    assert deliver(destination) == []
    destination_of()
    assert outbox.getDue(clock.moment, 10) == [1]
    assert deliver(destination) == [[1]]
    destination_of(timing=Timing.DAILY)
    assert outbox.nextDue() is None


# Failures.


def test_after_a_failure_it_is_tried_again_later_and_later(outbox, clock, add, deliver):
    destination = destination_of()
    add(destination)
    pauses = []
    for _ in range(7):
        outbox.failed(destination.id, "The server is down.", clock.moment)
        assert deliver(destination) == []
        pauses.append(due(outbox, clock))
        clock.tick(seconds=pauses[-1])
    assert pauses == [*PAUSES, PAUSES[-1]]
    facts = destination.facts
    assert (facts.failures, facts.last_error) == (7, "The server is down.")
    assert facts.failing_since == clock.moment - timedelta(seconds=sum(pauses))
    assert facts.next_attempt == clock.moment
    assert deliver(destination) == [[1]]
    facts = destination.facts
    assert (facts.failures, facts.last_error, facts.failing_since) == (0, None, None)


@pytest.mark.parametrize(
    ("retry_after", "pause"), [(5.0, PAUSES[0]), (3600.0, 3600), (1e9, 2 * PAUSES[-1])]
)
def test_the_other_side_may_ask_for_a_pause(outbox, clock, add, retry_after, pause):
    destination = destination_of()
    add(destination)
    outbox.failed(destination.id, "Too many.", clock.moment, retry_after=retry_after)
    assert due(outbox, clock) == pause


def test_what_arrived_after_all_ends_the_pause(outbox, clock, add, deliver):
    destination = destination_of()
    add(destination)
    add(destination)
    message, _ = waiting(destination, clock.moment)
    outbox.failed(destination.id, "It took too long.", clock.moment)
    assert due(outbox, clock) == PAUSES[0]
    outbox.delivered(message, clock.moment, 0)
    assert due(outbox, clock) == 0
    assert deliver(destination) == [[2]]


def test_what_fails_for_three_days_is_disabled(outbox, clock, add, deliver):
    destination = destination_of()
    other = destination_of(kind="feed", address="/feed.xml")
    add(destination)
    outbox.failed(destination.id, "It is down.", clock.moment)
    clock.tick(seconds=GIVE_UP - 1)
    outbox.failed(destination.id, "It is down.", clock.moment)
    assert destination.disabled is None
    clock.tick(seconds=1)
    outbox.failed(destination.id, "It is down still.", clock.moment)
    assert destination.disabled == "It is down still."
    assert outbox.getDue(clock.moment, 10) == [other.id]
    (message,) = waiting(other, clock.moment)
    (notice,) = message.notices
    assert (notice.happening, notice.text) == (Happening.DISABLED, "It is down still.")
    assert notice.title == "mail to ann@example.com"
    assert deliver(destination) == []
    outbox.failed(destination.id, "Again.", clock.moment)
    assert destination.last_error == "It is down still."


def test_what_failed_for_good_is_disabled_at_once(outbox, clock, add, deliver):
    destination = destination_of()
    add(destination)
    outbox.failed(destination.id, "It is gone.", clock.moment, is_permanent=True)
    assert (destination.disabled, outbox.nextDue()) == ("It is gone.", None)
    # What waited is sent when it is enabled again.
    getUtility(ISubscriptionSet).enable(destination)
    assert deliver(destination) == [[1]]


@pytest.fixture
def refuse(outbox, clock):
    """Has the next message to a destination refused; whether that is disabled by that."""

    def refuse(destination):
        message = waiting(destination, clock.moment)[0]
        return outbox.refused(message, "It is spam.", clock.moment)

    return refuse


def test_what_is_refused_is_given_up(outbox, clock, add, deliver, refuse):
    destination, other = destination_of(), destination_of("bob")
    add(destination, other, count=2)
    outbox.failed(destination.id, "It is down.", clock.moment)
    clock.tick(seconds=60)
    message = waiting(destination, clock.moment)[0]
    assert not outbox.refused(message, "It is spam.", clock.moment)
    # As the other side does answer, it is not down.
    facts = destination.facts
    assert (facts.pending, facts.failures, facts.last_error, facts.disabled) == (1, 0, None, None)
    assert facts.refused == ((clock.moment, "bugs #42", 1, "It is spam."),)
    assert (len(outbox._notices), outbox.count_for(other.id)) == (2, 2)
    # To say so twice does no harm.
    assert not outbox.refused(message, "It is spam.", clock.moment)
    assert destination.facts == facts
    assert deliver(destination) == [[2]]


def test_a_digest_that_is_refused_is_not_sent_again(clock, add, deliver, refuse):
    destination = destination_of(limit=0)
    add(destination, count=2)
    assert not refuse(destination)
    assert destination.facts.refused[0].notices == 2
    assert deliver(destination) == []
    add(destination, tracker="other", remotebug="")
    assert deliver(destination) == [[3]]


def test_whose_messages_are_all_refused_is_disabled(outbox, clock, add, deliver, refuse):
    destination, other = destination_of(), destination_of(kind="feed", address="/feed.xml")
    add(destination, count=REFUSALS + 1)
    assert [refuse(destination) for _ in range(REFUSALS)] == [*[False] * (REFUSALS - 1), True]
    assert destination.disabled == "It is spam."
    assert (outbox.due_for(destination.id), outbox.count_for(destination.id)) == (None, 1)
    ((notice,),) = [message.notices for message in waiting(other, clock.moment)]
    assert (notice.happening, notice.text) == (Happening.DISABLED, "It is spam.")
    getUtility(ISubscriptionSet).enable(destination)
    assert deliver(destination) == [[REFUSALS + 1]]


def test_what_is_on_its_way_to_who_was_disabled_waits(outbox, clock, add):
    destination = destination_of()
    add(destination)
    (message,) = waiting(destination, clock.moment)
    outbox.failed(destination.id, "It is gone.", clock.moment, is_permanent=True)
    assert not outbox.refused(message, "It is spam.", clock.moment)
    assert outbox.count_for(destination.id) == 1


def test_one_that_arrives_makes_good_for_those_that_were_refused(clock, add, deliver, refuse):
    destination = destination_of()
    for _ in range(2):
        add(destination, count=REFUSALS - 1)
        assert not any(refuse(destination) for _ in range(REFUSALS - 1))
        add(destination)
        deliver(destination)
    assert destination.disabled is None


def test_a_few_refusals_are_known_for_a_while(clock, add, deliver, refuse):
    destination = destination_of()
    for _ in range(11):
        add(destination, remotebug="", tracker="", title="mail to ann@example.com")
        refuse(destination)
        getUtility(ISubscriptionSet).enable(destination)
    assert len(destination.facts.refused) == 10
    assert destination.facts.refused[0].about == "mail to ann@example.com"
    clock.tick(days=14)
    assert destination.facts.refused == ()


def test_a_secret_place_is_not_shown_to_others(outbox, clock, add):
    destination = destination_of(kind="webhook", address="https://example.org/secret")
    other = destination_of()
    outbox.failed(destination.id, "It is gone.", clock.moment, is_permanent=True)
    ((notice,),) = [message.notices for message in waiting(other, clock.moment)]
    assert notice.title == "webhook, destination 1"


def test_a_bad_clock_does_not_hold_anything_up(outbox, clock, add, deliver):
    destination = destination_of()
    clock.tick(days=400)
    add(destination)
    clock.tick(days=-400)
    assert outbox.getDue(clock.moment, 10) == []
    add(destination)
    assert outbox.getDue(clock.moment, 10) == [1]


# What was told before.


def test_a_feed_is_given_what_it_had(outbox, clock, add, deliver):
    destination = destination_of(kind="feed", address="/feed.xml", limit=0)
    for numbers in ([1, 2], [3], [4]):
        add(destination, count=len(numbers))
        assert deliver(destination, keeps=3) == [numbers]
    add(destination)
    (message,) = waiting(destination, clock.moment, 3)
    assert [notice.id for notice in message.recent] == [2, 3, 4]
    assert len(outbox._notices) == 4


def test_messages_that_follow_one_another_know_of_each_other(clock, add):
    destination = destination_of()
    add(destination, count=3)
    recent = [message.recent for message in waiting(destination, clock.moment, 1)]
    assert [[notice.id for notice in each] for each in recent] == [[], [1], [2]]


def test_what_is_dropped_leaves_nothing(outbox, clock, add, deliver):
    destination, other = destination_of(limit=0), destination_of("bob")
    add(destination, count=2)
    deliver(destination, keeps=1)
    add(destination, other)
    outbox.drop(destination.id)
    assert (outbox.pending, len(outbox._notices), outbox.due_for(1)) == (1, 1, None)
    assert (list(outbox._sent), list(outbox._told)) == ([], [])


# The site's settings.


def test_settings_are_saved(outbox, reopened):
    assert outbox.settings == DeliverySettings()
    outbox.settings = DeliverySettings(sender="bugs@example.org", trouble_after=5)
    assert reopened(outbox).settings.sender == "bugs@example.org"
    with pytest.raises(BadInput, match="after one attempt at least"):
        outbox.settings = DeliverySettings(trouble_after=0)


def test_it_is_saved(outbox, add, reopened, clock):
    destination = destination_of()
    add(destination)
    assert isinstance(reopened(outbox), Outbox)
    assert reopened(outbox).pending == 1
