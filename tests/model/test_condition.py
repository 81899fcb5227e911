from datetime import timedelta

import pytest
import transaction
from zope.interface.verify import verifyObject

from malonewatch.interfaces import (
    Batch,
    BugTaskStatus,
    BugTrackerAddressRefused,
    BugTrackerConnectError,
    BugTrackerRateLimited,
    BugTrackerTimeout,
    BugTrackerType,
    BugWatchActivity,
    BugWatchErrorType,
    CredentialsUnreadable,
    DialectLearnt,
    Fetched,
    IBugTracker,
    IBugTrackerInTrouble,
    IBugTrackerRecovered,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)

from ..fetching import answer, apply, fail

NEW = RemoteBug("42", "NEW", BugTaskStatus.CONFIRMED)
FULL = RemoteBug("42", "RESOLVED FIXED", BugTaskStatus.FIXRELEASED, title="It crashes")
NOT_FOUND = RemoteBugError("42", BugWatchErrorType.BUG_NOT_FOUND, "There is no bug 42.")


LATE = BugTrackerTimeout("It did not answer within 30 seconds.")
DOWN = BugTrackerConnectError("It is down.")


@pytest.fixture
def told(events):
    """What is notified about bug trackers: the kind of event, the error type and the message."""

    def told():
        return [
            (
                type(event).__name__,
                getattr(event, "error_type", None),
                getattr(event, "message", None),
            )
            for event in events
            if IBugTracker.providedBy(event.object)
        ]

    return told


def test_trouble_is_the_bug_trackers_and_not_its_watches(tracker, watch, clock):
    apply(tracker, [FULL], clock.moment)
    due, checked = watch.next_check, watch.lastchecked
    trouble = BugTrackerTimeout("https://bugs.example.com did not answer within 30 seconds.")
    fail(tracker, trouble, clock.tick(days=1), ["42"])
    assert tracker.last_error_type is BugWatchErrorType.TIMEOUT
    assert tracker.last_error == str(trouble)
    assert tracker.failures == 1
    assert tracker.activity == [
        BugWatchActivity(clock.moment, BugWatchErrorType.TIMEOUT, str(trouble), "error")
    ]
    # The watch shows it, and is else as it was.
    assert watch.last_error_type is BugWatchErrorType.TIMEOUT
    assert (watch.next_check, watch.lastchecked) == (due, checked)
    assert watch.remotestatus == "RESOLVED FIXED"
    assert len(watch.activity) == 1


def test_trouble_does_not_rewrite_watches(tracker, watch, clock):
    transaction.commit()
    fail(tracker, BugTrackerTimeout("Late."), clock.moment, ["42"])
    assert not watch._p_changed


def test_watches_that_were_not_asked_for_show_nothing(tracker, bug, watch, clock):
    other = bug.addWatch(tracker, "43", None)
    fail(tracker, BugTrackerTimeout("Late."), clock.moment, ["43", "44"])
    assert watch.last_error_type is None
    assert other.last_error_type is BugWatchErrorType.TIMEOUT


def test_trouble_is_over_with_the_next_answer(tracker, watch, clock):
    fail(tracker, BugTrackerTimeout("Late."), clock.moment, ["42"])
    apply(tracker, [NEW], clock.tick(hours=1), 0.0)
    assert (tracker.last_error_type, tracker.last_error) == (None, None)
    assert (tracker.failures, tracker.next_attempt) == (0, None)
    assert watch.last_error_type is None
    assert tracker.activity[0] == BugWatchActivity(
        clock.moment, None, "It can be asked again.", "recovered"
    )
    assert [entry.message for entry in watch.activity] == ["nothing known -> NEW"]


def test_trouble_that_is_over_is_no_recovery_of_the_watch(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment)
    fail(tracker, BugTrackerTimeout("Late."), clock.tick(days=1), ["42"])
    transaction.commit()
    apply(tracker, [NEW], clock.tick(hours=1))
    assert watch.last_error_type is None
    assert not watch._p_changed


def test_an_answer_that_is_an_error_is_an_answer(tracker, watch, clock):
    fail(tracker, LATE, clock.moment)
    apply(tracker, [NOT_FOUND], clock.tick(hours=1))
    assert tracker.last_error_type is None


def test_that_there_was_no_time_to_ask_is_no_answer(tracker, watch, clock):
    fail(tracker, LATE, clock.moment)
    before = tracker.next_attempt
    apply(tracker, [], clock.tick(hours=1), missing=("42",))
    assert (tracker.last_error_type, tracker.next_attempt) == (LATE.error_type, before)
    assert watch.lastchecked is None


def test_what_was_learnt_before_the_trouble_is_kept(tracker, bug, watch, clock):
    other = bug.addWatch(tracker, "43", None)
    applied = fail(tracker, LATE, clock.moment, ["43"], [NEW])
    assert applied.checked == 1
    assert applied.trouble is LATE
    assert (watch.remotestatus, watch.last_error_type) == ("NEW", None)
    assert (other.lastchecked, other.last_error_type) == (None, LATE.error_type)
    assert tracker.last_error_type is LATE.error_type


def test_the_same_trouble_again_is_one_entry(tracker, clock, told):
    for _ in range(3):
        fail(tracker, LATE, clock.tick(hours=1))
    assert len(tracker.activity) == 1
    assert tracker.failures == 3
    assert len(told()) == 1


def test_trouble_and_its_end_are_notified(tracker, clock, told):
    fail(tracker, LATE, clock.moment)
    fail(tracker, DOWN, clock.moment)
    answer(tracker, clock.moment)
    assert told() == [
        ("BugTrackerInTrouble", LATE.error_type, str(LATE)),
        ("BugTrackerInTrouble", DOWN.error_type, str(DOWN)),
        ("BugTrackerRecovered", None, None),
    ]


def test_other_words_for_the_same_trouble_are_a_modification(tracker, clock, told):
    fail(tracker, LATE, clock.moment)
    fail(tracker, BugTrackerTimeout("Still."), clock.moment)
    assert told()[1:] == [("ObjectModifiedEvent", None, None)]
    assert tracker.last_error == "Still."


def test_the_events_provide_their_interfaces(tracker, clock, events):
    fail(tracker, LATE, clock.moment)
    answer(tracker, clock.moment)
    in_trouble, recovered = events
    verifyObject(IBugTrackerInTrouble, in_trouble)
    verifyObject(IBugTrackerRecovered, recovered)


def test_credentials_that_cannot_be_read_are_no_reason_to_leave_it_alone(tracker, watch, clock):
    fail(tracker, DOWN, clock.moment)
    unreadable = CredentialsUnreadable("Its section in the credentials file makes no sense.")
    fail(tracker, unreadable, clock.moment, ["42"])
    assert (tracker.next_attempt, tracker.failures) == (None, 1)
    assert tracker.last_error == str(unreadable)
    assert watch.last_error_type is BugWatchErrorType.CREDENTIALS_REFUSED


def test_the_history_of_a_bug_tracker_is_bounded(tracker, clock):
    for _ in range(50):
        fail(tracker, BugTrackerTimeout("Late."), clock.tick(hours=1))
        answer(tracker, clock.tick(hours=1))
    assert len(tracker.activity) == 30
    assert tracker.activity[0].date == clock.moment


def test_trouble_leaves_it_alone_for_longer_and_longer_up_to_some_hours(tracker, clock):
    waits = []
    for _ in range(50):
        fail(tracker, BugTrackerTimeout("Late."), clock.tick(hours=1))
        waits.append(tracker.next_attempt - clock.moment)
    assert timedelta(minutes=4) < waits[0] < timedelta(minutes=6)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) < timedelta(hours=7)
    assert min(waits[10:]) > timedelta(hours=5)


def test_retry_after_is_honoured(tracker, clock):
    fail(tracker, BugTrackerRateLimited("Slow.", retry_after=36_000), clock.moment)
    assert tracker.next_attempt == clock.moment + timedelta(hours=10)


def test_a_short_retry_after_does_not_shorten_the_wait(tracker, clock):
    fail(tracker, BugTrackerRateLimited("Slow.", retry_after=1), clock.moment)
    assert tracker.next_attempt > clock.moment + timedelta(minutes=4)


@pytest.mark.parametrize("retry_after", [1e12, float("inf")])
def test_no_retry_after_is_longer_than_a_week(tracker, clock, retry_after):
    trouble = BugTrackerRateLimited("Slow.", retry_after=retry_after)
    fail(tracker, trouble, clock.moment)
    assert tracker.next_attempt == clock.moment + timedelta(days=7)


def test_an_answer_is_written_once(tracker, clock):
    answer(tracker, clock.moment, 0.4)
    transaction.commit()
    answer(tracker, clock.tick(days=1), -0.7)
    assert not tracker._p_changed


# A bug tracker whose clock is off.


@pytest.mark.parametrize(
    ("skew", "words"),
    [(1800, "30 minutes ahead of"), (-7200, "120 minutes behind")],
)
def test_a_clock_that_is_off_is_noted(tracker, clock, skew, words):
    answer(tracker, clock.moment, skew)
    assert tracker.clock_skew == skew
    assert tracker.last_error_type is BugWatchErrorType.CLOCK_SKEW
    assert tracker.last_error == (
        f"The clock of https://bugs.example.com is {words} this machine's."
    )
    assert tracker.activity[0].error_type is BugWatchErrorType.CLOCK_SKEW
    # It can be asked all the same.
    assert (tracker.failures, tracker.next_attempt) == (0, None)


def test_a_clock_that_drifts_is_one_entry(tracker, clock):
    for minutes in (30, 33, 36):
        answer(tracker, clock.tick(days=1), 60.0 * minutes)
    assert "36 minutes" in tracker.last_error
    assert len(tracker.activity) == 1


def test_a_clock_that_was_set_right_is_trouble_over(tracker, clock):
    answer(tracker, clock.moment, 1800.0)
    answer(tracker, clock.moment, 2.0)
    assert tracker.clock_skew == 2
    assert tracker.last_error_type is None


def test_a_clock_that_is_a_little_off_is_in_order(tracker, clock):
    answer(tracker, clock.moment, 299.0)
    assert tracker.clock_skew == 299
    assert tracker.last_error_type is None


def test_a_server_that_tells_no_time_leaves_what_is_known_of_its_clock(tracker, clock):
    answer(tracker, clock.moment, 100.0)
    answer(tracker, clock.moment, None)
    assert tracker.clock_skew == 100


def test_answers_of_a_clock_that_is_off_are_used(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment, 86_400.0)
    assert watch.remotestatus == "NEW"
    assert watch.lastchecked == clock.moment


# What dialect it speaks.


def learn(tracker, moment, dialect="xml", reason="REST is not there.", **values):
    learnt = DialectLearnt(dialect, reason)
    return answer(tracker, moment, dialect=learnt, **values)


def test_a_dialect_is_kept_with_when_and_why(tracker, clock):
    learn(tracker, clock.moment)
    assert tracker.dialect == tracker.facts.dialect == "xml"
    assert tracker.dialect_learnt == clock.moment
    assert tracker.dialect_reason == "REST is not there."
    assert tracker.activity == []


def test_another_dialect_takes_its_place(tracker, clock):
    learn(tracker, clock.moment)
    learn(tracker, clock.tick(days=1), "rest", "It is\nthere.")
    assert (tracker.dialect, tracker.dialect_reason) == ("rest", "It is there.")
    assert tracker.dialect_learnt == clock.moment
    assert tracker.activity == [
        BugWatchActivity(clock.moment, None, "It speaks rest now: It is there.", "note")
    ]


def test_the_same_dialect_again_is_no_news(tracker, clock):
    learn(tracker, clock.moment)
    transaction.commit()
    learn(tracker, clock.tick(days=1))
    assert not tracker._p_changed


def test_one_that_was_doubted_and_confirmed_is_learnt_anew(tracker, clock):
    learn(tracker, clock.moment)
    batch = Batch(tracker.facts, ("1",), probe=True)
    learnt = DialectLearnt("xml", "REST is still not there.")
    tracker.apply(Fetched(batch, clock.tick(days=8), dialect=learnt))
    assert tracker.dialect_learnt == clock.moment
    assert tracker.dialect_reason == "REST is still not there."
    assert tracker.activity == []


def test_one_of_which_nobody_knows_since_when_is_learnt_anew(tracker, clock):
    tracker.dialect = "xml"
    learn(tracker, clock.moment)
    assert tracker.dialect_learnt == clock.moment


def test_an_answer_without_news_of_the_dialect_leaves_it(tracker, clock):
    learn(tracker, clock.moment)
    answer(tracker, clock.tick(days=1))
    assert tracker.dialect == "xml"


# Somebody does something about it.


@pytest.fixture
def known(tracker, watch, clock):
    """A bug tracker of which all is known that can be known, and which is in trouble."""
    tracker.aliases = ["https://www.example.com/bugs"]
    tracker.guessed = True
    spoiler = RemoteBug("42", "NEW", validator="etag", apart=True)
    apply(tracker, [spoiler], clock.moment, 7.0, dialect=DialectLearnt("xml", "It answers."))
    fail(tracker, BugTrackerAddressRefused("It is on a private network."), clock.moment, ["42"])
    clock.tick(minutes=1)
    return tracker


def is_forgotten(tracker, watch, now):
    """Whether it is asked for as if it never had been."""
    _, (batch,) = tracker.getDueBatches(now, 0, 100, changed_since=True)
    known = (tracker.dialect, tracker.dialect_learnt, tracker.dialect_reason, tracker.clock_skew)
    nothing = batch == Batch(tracker.facts, ("42",)) and known == (None, None, None, None)
    # What is shown stays until it is asked.
    return nothing and (watch.last_error_type, watch.remotestatus) == (None, "NEW")


def is_in_order(tracker):
    return (
        tracker.last_error_type,
        tracker.last_error,
        tracker.failures,
        tracker.next_attempt,
    ) == (*(None, None, 0, None),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("baseurl", "https://other.example.com"),
        ("baseurl", "https://bugs.example.com/path"),
        ("baseurl", "https://bugs.example.com:8443"),
        ("bugtrackertype", BugTrackerType.TRAC),
        ("bugtrackertype", "roundup"),
    ],
)
def test_of_another_server_or_type_nothing_is_known(known, watch, clock, name, value):
    setattr(known, name, value)
    assert is_forgotten(known, watch, clock.moment)
    assert is_in_order(known)


@pytest.mark.parametrize(
    "baseurl",
    [
        "http://bugs.example.com",
        "https://BUGS.example.com:443/",
        "https://www.example.com/bugs",
    ],
)
def test_the_same_server_by_another_address_is_the_same(known, watch, clock, baseurl):
    known.baseurl = baseurl
    assert known.dialect == "xml"
    _, (batch,) = known.getDueBatches(clock.tick(days=1), 0, 100)
    assert batch.apart
    # But the address may have been what was wrong.
    assert is_in_order(known)


def test_one_that_somebody_registers_may_be_what_it_was_not(known, watch, trackers, clock):
    known.guessed = False
    assert is_in_order(known)
    assert known.dialect == "xml"
    assert known.activity[0] == BugWatchActivity(
        clock.moment, None, "It was changed, and is asked anew.", "note"
    )
    (state,) = trackers.getBugTrackerStates(clock.moment)
    assert state.next_attempt is None


def test_naming_it_on_purpose_is_registering_it(known, trackers):
    trackers.ensureBugTracker(known.baseurl, None, BugTrackerType.BUGZILLA)
    assert is_in_order(known)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("baseurl", "https://bugs.example.com"),
        ("bugtrackertype", BugTrackerType.BUGZILLA),
        ("bugtrackertype", "Bugzilla"),
        ("guessed", True),
        ("title", "Other"),
    ],
)
def test_what_is_as_it_was_mends_nothing(known, clock, name, value):
    setattr(known, name, value)
    assert known.last_error_type is BugWatchErrorType.ADDRESS_REFUSED
    assert known.next_attempt is not None
    assert known.dialect == "xml"


def test_one_in_order_has_no_note_of_being_changed(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment)
    tracker.baseurl = "https://other.example.com"
    assert tracker.activity == []


def test_what_another_server_says_is_news(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment)
    tracker.baseurl = "https://other.example.com"
    applied = apply(tracker, [FULL], clock.tick(days=1))
    assert len(applied.changes) == 1
    assert watch.remotestatus == "RESOLVED FIXED"


def test_as_it_was_is_no_answer_of_another_server(tracker, watch, clock):
    apply(tracker, [NEW], clock.moment)
    tracker.baseurl = "https://other.example.com"
    applied = apply(tracker, [RemoteBugUnchanged("42")], clock.tick(days=1))
    assert applied.checked == 0
    assert tracker.countDue(clock.moment) == 1


def test_forgetting_is_for_all_watches(tracker, bugs, add_watches, clock):
    added = add_watches(150)
    apply(tracker, [RemoteBug(watch.remotebug, "NEW") for watch in added], clock.moment, 0)
    tracker.baseurl = "https://other.example.com"
    count, found = tracker.getDueBatches(clock.moment, 0, 100, changed_since=True)
    assert count == 150
    assert all(batch.seen == {} for batch in found)


# A clock that went back.


def test_a_dialect_that_was_learnt_in_the_future_was_learnt_now(tracker, clock):
    learn(tracker, clock.moment + timedelta(days=365))
    tracker.setClockBack(clock.moment)
    assert tracker.dialect_learnt == clock.moment
