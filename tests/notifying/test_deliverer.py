import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from zope.component import getUtility
from zope.interface.verify import verifyObject

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    DatabaseError,
    Delivered,
    DeliveryFailed,
    DeliverySettings,
    IClock,
    IDeliverer,
    IOutbox,
    ISubscriptionSet,
)
from malonewatch.model import open_database, sqlite_uri
from malonewatch.notifying import deliverer
from malonewatch.notifying.deliverer import CLAIM, ROUTES, Delivery

from ..channels import KeepingChannel, in_place_of, refusal
from .waiting import add_destination, add_notices, facts, pending


class Channel(KeepingChannel):
    """Does with each message what `do` does; each address has a route of its own if `is_split`."""

    def __init__(self, do=None, is_split=False):
        super().__init__()
        self.do = do
        self.is_split = is_split

    def route(self, settings):
        return settings.address if self.is_split else "kept"

    def send(self, message):
        if self.do is not None:
            self.do(message)
        super().send(message)


@pytest.fixture
def uri(tmp_path):
    return sqlite_uri(tmp_path / "database")


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
    (number,) = fill(2, quiet=(0, 1439), timezone="UTC")
    done = Delivery(database).run()
    assert done in (Delivered(), Delivered(2, 2))
    assert facts(database)[number].pending == 2 - done.notices


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


def test_what_waits_for_a_route_that_hangs_fails_too(database, kept, fill):
    let_go = threading.Event()

    def hang(message):
        delivery._message_seconds = 0.0
        let_go.wait(60)

    kept.do = hang
    fill(1, ["ann", "bob"])
    delivery = Delivery(database)
    done = delivery.run()
    let_go.set()
    assert (done.messages, list(done.failed)) == (0, ["kept"])
    assert [each.failures for each in facts(database).values()] == [1, 1]


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
    people = [f"person{number}" for number in range(2 * ROUTES + 3)]
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


# Two at once.


@pytest.mark.parametrize(
    ("host", "process", "claimed"),
    [
        (socket.gethostname(), os.getppid(), True),
        (socket.gethostname(), 1, True),
        (socket.gethostname(), 999_999_999, False),
        ("elsewhere.example.com", 999_999_999, True),
    ],
)
def test_one_delivers_at_a_time(database, kept, fill, host, process, claimed):
    holder = f"malonewatch on {host} (process {process})"
    now = getUtility(IClock).now()
    database.write(lambda trackers: trackers.claims.claim(CLAIM, holder, now))
    fill()
    done = Delivery(database).run()
    assert done == (Delivered(claimed=holder) if claimed else Delivered(1, 1))


def test_another_users_process_is_there(database, kept, monkeypatch):
    def refuse(process, number):
        raise PermissionError

    holder = f"malonewatch on {socket.gethostname()} (process 7)"
    now = getUtility(IClock).now()
    database.write(lambda trackers: trackers.claims.claim(CLAIM, holder, now))
    monkeypatch.setattr(os, "kill", refuse)
    assert Delivery(database).run() == Delivered(claimed=holder)


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

    monkeypatch.setattr(deliverer, "RENEW_EVERY", -1.0)
    kept.do = lose
    fill(50)
    done = Delivery(database).run()
    assert done.interrupted
    assert "Another process has taken the outbox over" in caplog.text
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
def test_a_database_that_fails_has_two_messages_sent_again_at_most(
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
    assert len(kept.sent) <= 12


@pytest.mark.parametrize("step", [1, 3, 6, 7, 8, 9, 50, 101])
def test_a_kill_loses_nothing(database, uri, kept, fill, tmp_path, step):
    fill(25)
    path = tmp_path / "keys"
    command = [sys.executable, "-m", "tests.notifying.killed", uri, str(path), str(step)]
    root = Path(__file__).parents[2]
    killed = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
    sent = path.read_text().split() if path.exists() else []
    Delivery(database).run()
    keys = Counter([*sent, *(message.key for message in kept.sent)])
    assert (len(keys), pending(database)) == (25, 0)
    # Of so many nobody knows whether they arrived.
    assert sum(keys.values()) <= 27
