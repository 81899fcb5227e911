import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.channels import in_place_of
from tests.notifying.waiting import add_destination, add_notices
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.application.database import open_database
from malonewatch.interfaces import Delivered, DeliveryFailed, IDeliverer


@pytest.fixture
def kept(cli):
    """A channel by which a notice waits."""
    with in_place_of("kept") as channel, open_database() as database:
        database.write(lambda trackers: add_notices(add_destination("kept")))
        yield channel


@pytest.fixture
def delivered(cli):
    """Has the deliverer say that this came of it."""
    registry = getGlobalSiteManager()
    before = getUtility(IDeliverer)

    def say(**values):
        def deliver(database, seconds):
            return Delivered(**values)

        registry.registerUtility(deliver, IDeliverer)

    yield say
    registry.registerUtility(before, IDeliverer)


def test_what_is_due_is_sent(cli, kept):
    result = cli("deliver")
    assert (result.code, result.out) == (0, "Sent 1 message with 1 notice.\n")
    assert len(kept.sent) == 1
    assert cli("deliver").out == "Sent 0 messages with 0 notices.\n"


def test_programs_read_what_came_of_it(cli, kept):
    assert cli("deliver", "--json").json == {
        "messages": 1,
        "notices": 1,
        "failed": {},
        "disabled": {},
        "claimed": None,
        "interrupted": False,
    }


def test_what_cannot_be_sent_is_said(cli, kept):
    kept.failure = DeliveryFailed("There is no ann.", is_permanent=True)
    result = cli("deliver")
    assert (result.code, result.out) == (1, "Sent 0 messages with 0 notices.\n")
    assert result.err.splitlines() == [
        "Warning: There is no ann.",
        (
            "Warning: Destination 1 is sent nothing any more: There is no ann. 'malonewatch "
            "destination enable 1' takes that back."
        ),
    ]


def test_another_that_delivers_is_said(cli, delivered):
    delivered(claimed="malonewatch on host (process 7)")
    result = cli("deliver")
    assert (result.code, result.out, result.err) == (
        3,
        "",
        "Warning: malonewatch on host (process 7) delivers already.\n",
    )


def test_an_early_end_is_said(cli, delivered):
    delivered(interrupted=True, messages=3, notices=4)
    result = cli("deliver")
    assert (result.code, result.out) == (5, "Sent 3 messages with 4 notices.\n")
    assert "what still waits is for the next time" in result.err


# A channel that hangs, once it has something to send.
HANGING = """
import sys, threading
from malonewatch.cli import main
from tests.channels import KeepingChannel, in_place_of

class HangingChannel(KeepingChannel):
    def send(self, message):
        print("sending", flush=True)
        threading.Event().wait()

with in_place_of("kept", HangingChannel()):
    sys.exit(main(["deliver"]))
"""

#: How long to wait for the end; it takes less than five seconds.
SOON = 30


def test_a_signal_ends_it_though_a_channel_hangs(cli, kept):
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "sending\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=SOON)
    assert (process.returncode, out) == (5, "Sent 0 messages with 0 notices.\n"), err
    # What was on its way is sent again, with the same key.
    assert cli("deliver").code == 0
    assert len(kept.sent) == 1
