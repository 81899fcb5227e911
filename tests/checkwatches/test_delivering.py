import os
import signal
import threading

import pytest
import transaction
from zope.component import getUtility

from malonewatch.checkwatches import delivering
from malonewatch.guard import Guard
from malonewatch.interfaces import DatabaseError, Delivered, DeliveryFailed, IDeliverer, IOutbox

from ..channels import in_place_of
from ..notifying.waiting import add_destination, add_notices
from .conftest import END, START

SENT = "INFO    Messages sent: 1, with 1 notices."


@pytest.fixture
def kept():
    with in_place_of("kept") as channel:
        yield channel


@pytest.fixture
def subscriber(site, kept):
    """Somebody who is told of all."""
    number = add_destination("kept")
    transaction.commit()
    return number


def test_what_changed_is_told_after_the_run(
    watched, subscriber, kept, checkwatches, bugzilla, clock
):
    checkwatches()
    assert kept.sent == []
    bugzilla.change("1", status="RESOLVED", resolution="FIXED")
    clock.tick(days=1)
    code, lines = checkwatches()
    assert (code, lines[-2:]) == (0, [SENT, END])
    (message,) = kept.sent
    assert message.notices[0].new_remotestatus == "RESOLVED FIXED"
    assert (
        checkwatches().lines == [*(START, f"INFO    No watches to update on {bugzilla.url}/", END)]
        or SENT not in checkwatches().lines
    )


def test_a_digest_goes_out_though_nothing_is_to_be_asked(
    site, clock, subscriber, kept, checkwatches
):
    add_notices(subscriber)
    transaction.commit()
    assert checkwatches().lines == [START, "INFO    Told ann by kept; notices: 1", SENT, END]
    assert len(kept.sent) == 1
    assert checkwatches().lines == [START, END]


@pytest.mark.parametrize("option", ["--no-deliver", "--dry-run"])
def test_it_can_be_left_alone(site, clock, subscriber, kept, checkwatches, option):
    add_notices(subscriber)
    transaction.commit()
    assert checkwatches(option).code == 0
    assert kept.sent == []


def test_what_cannot_be_delivered_is_said(site, clock, subscriber, kept, checkwatches):
    add_notices(subscriber)
    transaction.commit()
    kept.failure = DeliveryFailed("There is no ann.", is_permanent=True)
    code, lines = checkwatches("--quiet")
    assert (code, lines) == (
        1,
        [
            "ERROR   There is no ann.",
            (
                "ERROR   Destination 1 is sent nothing any more: There is no ann. 'malonewatch "
                "destination enable 1' takes that back."
            ),
        ],
    )
    assert checkwatches().code == 0


def test_another_that_delivers_is_no_trouble(site, clock, subscriber, registry, checkwatches):
    add_notices(subscriber)
    transaction.commit()
    registry.utility(lambda database, **options: Delivered(claimed="another"), IDeliverer)
    code, lines = checkwatches()
    assert (code, lines) == (0, [START, "INFO    another delivers already.", END])


def test_a_signal_ends_it(site, clock, subscriber, kept, checkwatches):
    add_notices(subscriber, count=50)
    transaction.commit()
    send = kept.send

    def send_last(message):
        os.kill(os.getpid(), signal.SIGTERM)
        send(message)

    kept.send = send_last
    assert checkwatches().code == 5
    transaction.begin()
    assert getUtility(IOutbox).pending == 50 - len(kept.sent) > 0


def test_a_signal_counts_for_more_than_a_failure(site, clock, subscriber, kept, checkwatches):
    def fail(message):
        os.kill(os.getpid(), signal.SIGTERM)
        raise DeliveryFailed("There is no ann.")

    add_notices(subscriber)
    transaction.commit()
    kept.send = fail
    assert checkwatches().code == 5


def test_a_fault_of_the_deliverers_spoils_nothing(site, clock, subscriber, registry, checkwatches):
    def fail(database, **options):
        raise ZeroDivisionError

    add_notices(subscriber)
    transaction.commit()
    registry.utility(fail, IDeliverer)
    code, lines = checkwatches()
    assert code == 70
    assert lines[1] == "ERROR   Unexpected failure when delivering"
    assert lines[-2:] == ["  ZeroDivisionError", END]


def test_a_database_that_cannot_be_written_ends_it(site, clock, subscriber, registry, checkwatches):
    def fail(database, **options):
        raise DatabaseError("There is no room left on the disk.")

    add_notices(subscriber)
    transaction.commit()
    registry.utility(fail, IDeliverer)
    code, lines = checkwatches()
    assert (code, lines) == (4, [START, "ERROR   There is no room left on the disk."])


def test_it_has_so_much_time(site, clock, subscriber, registry):
    add_notices(subscriber)
    transaction.commit()
    given = []

    def deliver(database, seconds, is_over):
        given.append(seconds)
        return Delivered(interrupted=True)

    registry.utility(deliver, IDeliverer)
    with Guard() as guard:
        assert delivering.deliver_due(site.database, 3000.0, guard) == 0
        assert delivering.deliver_due(site.database, 30.0, guard) == 0
        # A run whose time is always up would never tell anybody else.
        assert delivering.deliver_due(site.database, 0.0, guard) == 0
    assert given == [delivering.LONGEST, 30.0, delivering.SHORTEST]


def test_it_does_without_signals_in_another_thread(site, clock, subscriber, kept):
    add_notices(subscriber)
    transaction.commit()
    codes = []

    def run():
        with Guard() as guard:
            codes.append(delivering.deliver_due(site.database, 30.0, guard))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert (codes, len(kept.sent)) == ([0], 1)
