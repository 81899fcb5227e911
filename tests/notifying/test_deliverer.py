import contextlib
import itertools
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from zope.component import getGlobalSiteManager, getUtility
from zope.interface.verify import verifyObject

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    DatabaseBusy,
    DatabaseError,
    Delivered,
    DeliveryFailed,
    DeliverySettings,
    IClock,
    IDeliverer,
    IOutbox,
    ISubscriptionSet,
)
from malonewatch.lock import lock_path, run_lock
from malonewatch.model import open_database, sqlite_uri
from malonewatch.model.outbox import REFUSALS
from malonewatch.notifying import claim, deliverer, record
from malonewatch.notifying.claim import CLAIM, WHAT
from malonewatch.notifying.deliverer import LANES, Delivery
from malonewatch.notifying.routes import AHEAD, Lane, Route

from ..channels import KeepingChannel, in_place_of, refusal
from ..clock import FakeClock
from .killed import WritingChannel
from .mailserver import running
from .waiting import add_destination, add_notices, facts, pending


class Channel(KeepingChannel):
    """Does with each message what `do` does; each address has a route of its own if `is_split`."""

    def __init__(self, do=None, is_split=False):
        super().__init__()
        self.do = do
        self.is_split = is_split
        self.tried = []

    def route(self, settings):
        return settings.address if self.is_split else "kept"

    def send(self, message):
        self.tried.append(message)
        if self.do is not None:
            self.do(message)
        super().send(message)


@pytest.fixture
def uri(tmp_path, new_uri):
    return new_uri(sqlite_uri(tmp_path / "database"))


@pytest.fixture
def database(uri):
    configure()
    with contextlib.closing(open_database(uri, create=True)) as database:
        yield database


@pytest.fixture
def kept():
    with in_place_of("kept", Channel()) as channel:
        yield channel


@pytest.fixture
def fill(database):
    """Lets so many notices wait for each of some people; the numbers of the destinations."""

    def fill(count=1, people=("ann",), kind="kept", **values):
        def step(trackers):
            numbers = [add_destination(kind, person, **values) for person in people]
            add_notices(*numbers, count=count)
            return numbers

        return database.write(step)

    return fill


def told(channel):
    """The notices that were told, by person."""
    return [
        (message.destination.person, [notice.id for notice in message.notices])
        for message in channel.sent
    ]


def test_it_is_registered(database):
    verifyObject(IDeliverer, getUtility(IDeliverer))
    verifyObject(IDeliverer, deliverer.deliver)
    assert getUtility(IDeliverer)(database) == Delivered()


def test_each_is_told_in_order(database, kept, fill):
    fill(3, ["ann", "bob"])
    assert getUtility(IDeliverer)(database) == Delivered(messages=6, notices=6)
    assert sorted(told(kept)) == [
        (person, [number]) for person in ("ann", "bob") for number in (1, 2, 3)
    ]
    for person in ("ann", "bob"):
        assert [numbers for who, numbers in told(kept) if who == person] == [[1], [2], [3]]
    assert kept.openings == [DeliverySettings()]
    assert (pending(database), Delivery(database).run()) == (0, Delivered())


def test_what_is_told_in_one_message_is_counted(database, kept, fill):
    fill(3, limit=0)
    assert Delivery(database).run() == Delivered(messages=1, notices=3)


def test_nobody_is_told_before_the_time(database, kept, fill):
    clock = FakeClock()
    getGlobalSiteManager().registerUtility(clock, IClock)
    people = [f"person{number}" for number in range(AHEAD + 1)]
    fill(1, people, quiet=(0, 18 * 60), timezone="UTC")
    assert Delivery(database).run() == Delivered()
    clock.tick(hours=6)
    assert Delivery(database).run().notices == len(people)


def test_the_sites_settings_reach_the_channel(database, kept, fill):
    fill()
    settings = DeliverySettings(sender="bugs@example.org")
    database.write(lambda trackers: setattr(getUtility(IOutbox), "settings", settings))
    Delivery(database).run()
    assert kept.openings == [settings]


# What fails.


def test_what_fails_is_left_for_later(database, kept, fill):
    def fail(message):
        if message.destination.person == "bob":
            raise DeliveryFailed("bob's server is down.", retry_after=600)

    kept.do = fail
    fill(2, ["ann", "bob", "eve"])
    done = Delivery(database).run()
    assert done == Delivered(4, 4, {"kept": "bob's server is down."})
    assert {who for who, _ in told(kept)} == {"ann", "eve"}
    bob = facts(database)[2]
    assert (bob.pending, bob.failures, bob.last_error) == (2, 1, "bob's server is down.")
    assert Delivery(database).run() == Delivered()


def test_what_fails_for_good_is_disabled(database, kept, fill):
    kept.failure = DeliveryFailed("There is no ann.", is_permanent=True)
    fill()
    done = Delivery(database).run()
    assert done.disabled == {1: "There is no ann."}
    assert facts(database)[1].disabled == "There is no ann."


def test_what_is_refused_is_given_up_and_the_others_go_on(database, kept, fill):
    def refuse(message):
        if message.notices[0].id == 2:
            raise DeliveryFailed("It is spam.", is_refused=True)

    kept.do = refuse
    fill(4)
    done = Delivery(database).run()
    assert done == Delivered(3, 3, {"kept": "It is spam."})
    assert told(kept) == [("ann", [1]), ("ann", [3]), ("ann", [4])]
    ann = facts(database)[1]
    assert (ann.pending, ann.failures, ann.disabled, ann.next_attempt) == (0, 0, None, None)
    (refused,) = ann.refused
    assert (refused.about, refused.notices, refused.error) == (" #42", 1, "It is spam.")


def test_who_takes_nothing_again_and_again_is_disabled(database, kept, fill):
    kept.failure = DeliveryFailed("It is spam.", is_refused=True)
    fill(REFUSALS + 2)
    done = Delivery(database).run()
    assert done == Delivered(0, 0, {"kept": "It is spam."}, {1: "It is spam."})
    assert len(kept.tried) == REFUSALS
    ann = facts(database)[1]
    assert (ann.pending, ann.disabled, len(ann.refused)) == (2, "It is spam.", REFUSALS)


def test_a_real_mail_server_refuses_a_mail_and_takes_the_next(database, fill):
    with running() as server:
        transport = f"smtp://127.0.0.1:{server.port}"
        settings = DeliverySettings(sender="bugs@example.org", transport=transport)
        database.write(lambda trackers: setattr(getUtility(IOutbox), "settings", settings))
        says = iter(["554 5.7.1 Spam"])
        server.says["DATA"] = lambda smtp: next(says, None)
        fill(2, ["ann", "bob"], kind="mail")
        done = Delivery(database).run()
        server.says = {"RCPT": "550 5.1.1 No such user"}
        fill(1, ["eve"], kind="mail")
        gone = Delivery(database).run()
    (sentence,) = done.failed.values()
    assert "does not take the mail to " in sentence
    assert "(554: 5.7.1 Spam)" in sentence
    assert (done.messages, done.disabled) == (3, {})
    assert len(server.received) == 3
    assert sorted(len(each.refused) for each in facts(database).values()) == [0, 0, 1]
    assert list(gone.disabled) == [3]
    assert pending(database) == 1


def test_a_channel_that_cannot_be_opened_fails_for_all(database, kept, fill):
    @contextlib.contextmanager
    def refuse(delivery):
        raise refusal()
        yield

    kept.open = refuse
    fill(1, ["ann", "bob", "eve"])
    with in_place_of("other", Channel()) as other:
        fill(1, kind="other")
        done = Delivery(database).run()
    assert done == Delivered(1, 1, {"kept": "The server is down."})
    assert told(other) == [("ann", [2])]
    assert [each.failures for each in facts(database).values()] == [1, 1, 1, 0]


def test_a_fault_in_a_channel_is_in_nobody_elses_way(database, kept, fill, caplog):
    def fail(message):
        if message.destination.person == "ann":
            raise ZeroDivisionError("oops")

    kept.do = fail
    fill(1, ["ann", "bob"])
    done = Delivery(database).run()
    sentence = "Sending by kept failed unexpectedly (ZeroDivisionError); the log has the traceback."
    assert (done.messages, done.failed) == (1, {"kept": sentence})
    assert caplog.records[-1].exc_info[0] is ZeroDivisionError


def test_what_cannot_be_closed_was_sent_all_the_same(database, kept, fill, caplog):
    @contextlib.contextmanager
    def open_once(delivery):
        yield kept
        closed.set()
        raise refusal()

    closed = threading.Event()
    kept.open = open_once
    fill(2)
    assert Delivery(database).run() == Delivered(2, 2)
    assert closed.wait(60)


def test_a_channel_that_is_gone_is_said(database, kept, fill):
    fill(1, kind="pigeon")
    fill()
    done = Delivery(database).run()
    sentence = (
        "Messages cannot go by 'pigeon' any more; install again what brought that, or unsubscribe."
    )
    assert (done.messages, done.failed) == (1, {"pigeon": sentence})


def test_a_route_that_hangs_holds_nobody_up(database, kept, fill):
    others_done, let_go = threading.Event(), threading.Event()
    kept.is_split = True

    def hang(message):
        if message.destination.person == "ann":
            others_done.wait(60)
            delivery._message_seconds = 0.0
            let_go.wait(60)
        elif sum(each.destination.person == "bob" for each in kept.sent) == 2:
            others_done.set()

    kept.do = hang
    fill(3, ["ann", "bob"])
    delivery = Delivery(database)
    done = delivery.run()
    let_go.set()
    assert done.messages == 3
    assert done.failed == {
        "kept to ann@example.com": "Sending by kept to ann@example.com took more than 0 seconds; "
        "look whether the other side answers at all."
    }
    ann, bob = facts(database).values()
    assert (ann.pending, ann.failures, bob.pending) == (3, 1, 0)


def test_what_waits_for_a_route_that_hangs_is_left_for_later(database, kept, fill):
    let_go = threading.Event()

    def hang(message):
        fill(1, ["eve"])
        delivery._message_seconds = 0.0
        let_go.wait(60)

    kept.do = hang
    fill(1, ["ann", "bob"])
    delivery = Delivery(database)
    done = delivery.run()
    let_go.set()
    assert (done.messages, list(done.failed)) == (0, ["kept"])
    # It is no fault of theirs, and the next time it is their turn first.
    assert [each.failures for each in facts(database).values()] == [1, 0, 0]
    kept.do = None
    assert Delivery(database).run().messages == 2
    assert [who for who, _ in told(kept) if who != "ann"] == ["bob", "eve"]


@pytest.mark.parametrize("arrives", [True, False])
def test_what_arrives_after_all_is_not_sent_again(database, kept, fill, arrives):
    given_up, noted = threading.Event(), threading.Event()

    def do(message):
        if message.destination.person == "ann":
            delivery._message_seconds = 0.0
            assert given_up.wait(60)
            if not arrives:
                raise refusal()
        else:
            assert noted.wait(60)

    def write_down(results):
        sent(results)
        delivery._message_seconds = 60.0
        if given_up.is_set():
            noted.set()
        given_up.set()

    kept.is_split, kept.do = True, do
    fill(1, ["ann", "bob"])
    delivery = Delivery(database)
    sent, delivery._record.sent = delivery._record.sent, write_down
    done = delivery.run()
    assert (done.messages, list(done.failed)) == (1 + arrives, ["kept to ann@example.com"])
    assert pending(database) == (0 if arrives else 1)
    assert [each.failures for each in facts(database).values()] == [0 if arrives else 1, 0]


def test_what_comes_in_for_a_broken_route_fails_at_once(database, kept, fill):
    def fail(delivery):
        fill(1, ["bob"])
        raise refusal()

    kept.open = fail
    fill()
    Delivery(database).run()
    assert [each.failures for each in facts(database).values()] == [1, 1]


def test_many_routes_take_turns(database, kept, fill):
    kept.is_split = True
    people = [f"person{number}" for number in range(2 * LANES + 3)]
    fill(2, people)
    assert Delivery(database).run() == Delivered(2 * len(people), 2 * len(people))


def test_who_unsubscribes_meanwhile_is_told_no_more(database, kept, fill):
    def unsubscribe(message):
        def step(trackers):
            subscriptions = getUtility(ISubscriptionSet)
            for subscription in list(subscriptions):
                subscriptions.unsubscribe(subscription)

        database.write(step)

    kept.do = unsubscribe
    fill()
    assert Delivery(database).run() == Delivered(1, 1)
    assert (pending(database), facts(database)) == (0, {})


def test_what_is_due_for_nobody_is_forgotten(database, kept, fill):
    database.write(lambda trackers: add_notices(99) and None)
    assert Delivery(database).run() == Delivered()
    assert database.read(lambda trackers: getUtility(IOutbox).nextDue()) is None


# Routes, and who waits for whom.


def test_no_lane_takes_on_more_than_its_share():
    route = Route(("mail", ""), "mail", None, 0, 3)
    route.lanes += [Lane(route, DeliverySettings(), None) for _ in range(3)]
    route.waiting.extend(range(3 * AHEAD + 5))
    taken = [len(route.next_few()) for _ in range(8)]
    assert taken == [AHEAD, 9, 6, 4, 2, 2, 1, 1]
    assert route.next_few() == []


def test_a_slow_route_holds_up_only_who_waits_for_it(database, kept, fill):
    others_done = threading.Event()

    def do(message):
        if message.destination.person == "last":
            others_done.set()
        else:
            assert others_done.wait(60)

    kept.is_split, kept.do = True, do
    fill(1, [f"person{number}" for number in range(2 * AHEAD)], address="slow")
    fill(1, ["last"])
    assert Delivery(database).run().messages == 2 * AHEAD + 1


def test_what_is_due_meanwhile_for_another_route_goes_out_meanwhile(
    database, kept, fill, monkeypatch
):
    other_done = threading.Event()

    def do(message):
        if message.destination.person == "bob":
            other_done.set()
        elif not other_done.is_set():
            fill(1, ["bob"])
            assert other_done.wait(60)

    monkeypatch.setattr(deliverer, "LOOK_EVERY", 0.0)
    kept.is_split, kept.do = True, do
    fill(2, ["ann"])
    assert Delivery(database).run().messages == 3


def test_many_that_fail_hide_nobody_behind_them(database, kept, fill, monkeypatch):
    @contextlib.contextmanager
    def refuse(delivery):
        raise refusal()
        yield

    monkeypatch.setattr(deliverer, "MANY", 3)
    monkeypatch.setattr(record, "SOME", 2)
    kept.open = refuse
    people = [f"person{number}" for number in range(10)]
    fill(1, people)
    with in_place_of("other", Channel()) as other:
        fill(1, ["last"], kind="other")
        done = Delivery(database).run()
    assert (done.messages, done.failed) == (1, {"kept": "The server is down."})
    assert told(other) == [("last", [2])]
    assert [each.failures for each in facts(database).values()] == [*[1] * 10, 0]


def test_routes_without_a_lane_have_their_turn(database, kept, fill, monkeypatch):
    monkeypatch.setattr(deliverer, "LANES", 1)
    kept.is_split = True
    for address in ("one", "two"):
        fill(1, [f"{address}{number}" for number in range(AHEAD + 1)], address=address)
    assert Delivery(database).run().messages == 2 * (AHEAD + 1)
    order = [message.destination.settings.address for message in kept.sent]
    assert order == [*["one"] * AHEAD, *["two"] * AHEAD, "one", "two"]


def test_a_channel_may_send_several_at_once_on_a_route(database, kept, fill):
    # Two wait for each other, in two threads.
    meeting, met = threading.Barrier(2), threading.Event()

    def do(message):
        if len(kept.sent) >= 1 and not met.is_set():
            meeting.wait(60)
            met.set()

    kept.lanes, kept.do = 2, do
    fill(1, [f"person{number}" for number in range(3 * AHEAD)])
    assert Delivery(database).run().messages == 3 * AHEAD
    assert len(kept.openings) == 2
    assert len({message.key for message in kept.sent}) == 3 * AHEAD


def test_where_a_route_takes_no_more_lanes_it_has_those_that_it_has(database, kept, fill):
    refused = threading.Event()
    open_one = kept.open

    def open_once(delivery):
        if kept.openings:
            refused.set()
            raise refusal("Too many connections.")
        return open_one(delivery)

    def do(message):
        if len(kept.sent) == 1:
            assert refused.wait(60)

    kept.lanes, kept.open, kept.do = 5, open_once, do
    fill(1, [f"person{number}" for number in range(4 * AHEAD)])
    assert Delivery(database).run() == Delivered(4 * AHEAD, 4 * AHEAD)


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("route", ZeroDivisionError),
        *itertools.product(("open", "send"), (ZeroDivisionError, SystemExit)),
    ],
)
def test_whatever_a_channel_raises_others_go_on(database, kept, fill, where, error):
    def fail(*args):
        raise error

    setattr(kept, where, fail)
    fill()
    with in_place_of("other", Channel()):
        fill(1, kind="other")
        done = Delivery(database).run()
    assert done.messages == 1
    assert done.failed == {
        "kept": f"Sending by kept failed unexpectedly ({error.__name__}); the log has the "
        "traceback."
    }
    assert facts(database)[1].failures == 1


def test_what_cannot_be_opened_for_good_disables_nobody(database, kept, fill):
    @contextlib.contextmanager
    def refuse(delivery):
        raise DeliveryFailed("The password is wrong.", is_permanent=True, retry_after=900)
        yield

    kept.open = refuse
    fill(1, ["ann", "bob"])
    done = Delivery(database).run()
    assert (done.failed, done.disabled) == ({"kept": "The password is wrong."}, {})
    for each in facts(database).values():
        assert (each.failures, each.disabled) == (1, None)


def test_what_hangs_when_it_is_opened_sends_nothing_when_it_is_open(database, kept, fill):
    let_go, is_closed = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def hang(delivery):
        delivering._message_seconds = 0.0
        assert let_go.wait(60)
        yield kept
        is_closed.set()

    kept.open = hang
    fill()
    delivering = Delivery(database)
    assert list(delivering.run().failed) == ["kept"]
    let_go.set()
    assert is_closed.wait(60)
    assert kept.sent == []
    assert facts(database)[1].failures == 1


def test_other_lanes_of_a_route_that_hangs_end_with_what_they_have(database, kept, fill):
    let_go, other_began = threading.Event(), threading.Event()

    def write_down(results):
        sent(results)
        if any(result.error is not None for result in results):
            delivery._message_seconds = 60.0
            let_go.set()

    def do(message):
        if len(kept.sent) == 0:
            return
        if threading.current_thread() is threads[0]:
            assert other_began.wait(60)
            delivery._message_seconds = 0.0
            assert let_go.wait(60)
        else:
            other_began.set()
            assert let_go.wait(60)

    threads = []
    open_one = kept.open

    def open_and_note(delivery):
        threads.append(threading.current_thread())
        return open_one(delivery)

    kept.lanes, kept.do, kept.open = 2, do, open_and_note
    fill(1, [f"person{number}" for number in range(3 * AHEAD)])
    delivery = Delivery(database)
    sent, delivery._record.sent = delivery._record.sent, write_down
    done = delivery.run()
    assert list(done.failed) == ["kept"]
    # One arrived before, one in the other lane, and maybe the one that hung, late.
    assert done.messages in (2, 3)
    assert sum(each.failures for each in facts(database).values()) <= 1


def test_each_message_is_logged_for_programs(database, kept, fill, caplog):
    caplog.set_level("INFO", "malonewatch.notifying")
    fill()
    fill(1, ["bob"], kind="pigeon")
    Delivery(database).run()
    kept.failure = refusal()
    fill()
    Delivery(database).run()
    assert [record.facts for record in caplog.records] == [
        {
            "event": "not delivered",
            "destination": 2,
            "error": "Messages cannot go by 'pigeon' any more; install again what brought that, "
            "or unsubscribe.",
        },
        *(
            {
                "event": event,
                "person": "ann",
                "destination": 1,
                "channel": "kept",
                "key": message.key,
                "notices": 1,
                **more,
            }
            for event, message, more in (
                ("delivered", kept.sent[0], {}),
                ("not delivered", kept.tried[-1], {"error": "The server is down."}),
            )
        ),
    ]


# Two at once.


def test_what_others_claim_is_left_to_them(database, kept, fill, caplog):
    now = getUtility(IClock).now()
    holder = "delivery on elsewhere (process 7) #0123456789ab"
    database.write(lambda trackers: trackers.claims.claim(CLAIM, holder, now))
    fill()
    assert Delivery(database).run() == Delivered(claimed="delivery on elsewhere (process 7)")
    assert kept.sent == []


def test_two_in_one_process_are_two(database, kept, fill):
    others = []
    kept.do = lambda message: others.append(Delivery(database).run())
    fill()
    assert Delivery(database).run() == Delivered(1, 1)
    which = f"delivery on {socket.gethostname()} (process {os.getpid()})"
    assert others == [Delivered(claimed=which)]


def test_a_lock_file_that_does_not_say_whose_it_is(database, kept, fill):
    path = lock_path(database.identity, WHAT)
    with run_lock(path, "0123456789ab", WHAT):
        path.write_text("nonsense")
        done = Delivery(database).run()
    assert done == Delivered(claimed=f"delivery on {socket.gethostname()}")


def test_where_there_can_be_no_lock_file_the_claim_does(
    database, kept, fill, monkeypatch, tmp_path
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    fill()
    assert Delivery(database).run() == Delivered(1, 1)


def test_what_was_claimed_by_one_that_was_killed_is_free(database, kept, fill):
    killed = "0123456789ab"
    with run_lock(lock_path(database.identity, WHAT), killed, WHAT):
        pass
    now = getUtility(IClock).now()
    database.write(lambda trackers: trackers.claims.claim(CLAIM, f"delivery #{killed}", now))
    fill()
    assert Delivery(database).run() == Delivered(1, 1)


def test_it_lets_go_of_the_outbox(database, kept, fill):
    Delivery(database).run()
    now = getUtility(IClock).now()
    assert database.read(lambda trackers: trackers.claims.get(CLAIM, now)) is None


def test_it_ends_if_another_takes_over(database, kept, fill, monkeypatch, caplog):
    def lose(message):
        def step(trackers):
            claims, now = trackers.claims, getUtility(IClock).now()
            claims.release(CLAIM, claims.get(CLAIM, now).holder)
            claims.claim(CLAIM, "another", now)

        database.write(step)

    monkeypatch.setattr(claim, "RENEW_EVERY", -1.0)
    kept.do = lose
    fill(50)
    done = Delivery(database).run()
    assert done.interrupted
    assert "another has taken the outbox over" in caplog.text
    assert pending(database) == 50 - len(kept.sent)


def test_others_may_write_meanwhile(database, kept, fill, uri):
    with contextlib.closing(open_database(uri)) as other:

        def write(message):
            if len(kept.sent) < 20:
                other.write(lambda trackers: add_notices(1) and None)

        kept.do = write
        fill(10)
        assert Delivery(database).run().messages == 30
    assert sorted(number for _, (number,) in told(kept)) == list(range(1, 31))


# How it ends.


def test_it_begins_nothing_when_time_is_up(database, kept, fill):
    fill()
    assert Delivery(database, seconds=0).run() == Delivered(interrupted=True)
    assert (kept.sent, pending(database)) == ([], 1)


def test_it_ends_when_it_is_told(database, kept, fill):
    fill(50)
    done = Delivery(database, is_over=lambda: len(kept.sent) >= 3).run()
    assert done.interrupted
    assert 3 <= done.messages == len(kept.sent) < 50
    assert pending(database) == 50 - done.messages


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_a_signal(database, kept, fill, number):
    kept.do = lambda message: os.kill(os.getpid(), number)
    fill(50)
    done = Delivery(database).run()
    assert done.interrupted
    assert pending(database) == 50 - len(kept.sent)


def test_another_thread_is_told_otherwise(database, kept, fill):
    fill()
    done = []
    thread = threading.Thread(target=lambda: done.append(Delivery(database).run()))
    thread.start()
    thread.join()
    assert done == [Delivered(1, 1)]


@pytest.mark.parametrize("which", range(2, 8))
def test_a_database_that_fails_has_one_message_sent_again_at_most(
    database, kept, fill, monkeypatch, which
):
    count = 0
    write = database.write

    def fail_once(function, *args):
        nonlocal count
        count += 1
        if count == which:
            raise DatabaseError("There is no room left on the disk.")
        return write(function, *args)

    fill(10)
    with monkeypatch.context() as patched:
        patched.setattr(database, "write", fail_once)
        with pytest.raises(DatabaseError, match="no room left"):
            Delivery(database).run()
    Delivery(database).run()
    keys = Counter(message.key for message in kept.sent)
    assert (len(keys), pending(database)) == (10, 0)
    assert len(kept.sent) <= 11


def test_a_database_that_is_busy_is_waited_for(database, kept, fill, monkeypatch):
    attempts = 0
    write = database.write

    def be_busy(function, patience):
        nonlocal attempts
        attempts += 1
        if attempts % 3:
            raise DatabaseBusy("Others write again and again.")
        return write(function, patience)

    fill(3)
    monkeypatch.setattr(database, "write", be_busy)
    assert Delivery(database).run() == Delivered(3, 3)
    assert len(kept.sent) == 3


@pytest.mark.parametrize("is_over", [True, False])
def test_a_database_that_is_always_busy_is_not_waited_for_for_ever(
    database, kept, fill, monkeypatch, is_over
):
    attempts = []

    def be_busy(function, patience):
        attempts.append(patience)
        raise DatabaseBusy("Others write again and again.")

    fill()
    monkeypatch.setattr(database, "write", be_busy)
    with pytest.raises(DatabaseBusy):
        Delivery(database, is_over=lambda: is_over).run()
    assert len(attempts) == (1 if is_over else deliverer.ATTEMPTS)


SCRIPT = """
import sys
from malonewatch.cli import main
from tests.channels import in_place_of
from tests.notifying.killed import WritingChannel
with in_place_of("kept", WritingChannel(sys.argv[1])):
    sys.exit(main(["deliver", "--database", sys.argv[2]]))
"""


def in_process(*command, limit=None):
    """Run Python in a process of its own; `limit` is how long a file may get, if not as long as
    it likes."""

    def lower_limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    # What is measured of tests is written to files, too.
    unmeasured = {key: value for key, value in os.environ.items() if "COVERAGE" not in key}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        env=None if limit is None else unmeasured,
        preexec_fn=None if limit is None else lower_limit,
    )


def sent_according_to(path):
    """How often each message was sent, by destination and key."""
    return Counter(path.read_text().splitlines() if path.exists() else [])


def test_a_full_disk_ends_it_and_has_one_message_on_each_route_sent_again_at_most(tmp_path, kept):
    uri, path, people = f"file://{tmp_path}/Data.fs", tmp_path / "keys", ("ann", "bob", "eve")
    with contextlib.closing(open_database(uri, create=True)) as database:
        database.write(
            lambda trackers: add_notices(
                *(add_destination("kept", person) for person in people), count=50
            )
        )
    # Writing ends with "file too large", as it does with "no space left".
    limit = (tmp_path / "Data.fs").stat().st_size + 60_000
    full = in_process("-c", SCRIPT, path, uri, limit=limit)
    assert (full.returncode, full.stdout) == (4, ""), full.stderr
    (line,) = full.stderr.splitlines()
    assert line.startswith(f"Error: The database {uri} cannot be used")
    assert 0 < len(sent_according_to(path)) < 150
    assert in_process("-c", SCRIPT, path, uri).returncode == 0
    sent = sent_according_to(path)
    assert len(sent) == 150
    assert {*sent.values()} <= {1, 2}
    again = [each.split()[0] for each, count in sent.items() if count == 2]
    assert len(again) == len({*again})


# The last one is at the end of all that can be counted on.
@pytest.mark.shared
@pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 7, 8, 400, 701, 1000])
def test_a_kill_loses_nothing_and_repeats_one_message_on_each_route_at_most(
    database, uri, fill, tmp_path, step
):
    fill(100, ["ann", "bob", "eve", "joe", "sue"])
    path = tmp_path / "keys"
    killed = in_process("-m", "tests.notifying.killed", uri, path, step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with in_place_of("kept", WritingChannel(path)):
        assert Delivery(database).run().claimed is None
    assert pending(database) == 0
    sent = sent_according_to(path)
    assert len(sent) == 500
    assert {*sent.values()} <= {1, 2}
    # Of these nobody knew whether they had arrived.
    again = [each.split()[0] for each, count in sent.items() if count == 2]
    assert len(again) == len({*again})
