import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.channels import in_place_of
from tests.notifying.waiting import add_destination, add_notices
from tests.zeo import Zeo
from zope.component import getGlobalSiteManager, getUtility

from malonewatch.application.database import open_database
from malonewatch.configuration import configure
from malonewatch.exitcodes import EXIT_DATABASE
from malonewatch.interfaces import Delivered, DeliveryFailed, IDeliverer
from malonewatch.model import open_database as make_database


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
        def deliver(database, seconds, is_over):
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


@pytest.mark.shared
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


# A server that answers nothing any more, once there is something to write down.
FROZEN = """
import sys
from malonewatch import guard
from malonewatch.cli import main
from tests.channels import KeepingChannel, in_place_of

guard.LEEWAY, guard.GRACE = 2, 1

class FreezingChannel(KeepingChannel):
    def send(self, message):
        print("sending", flush=True)
        sys.stdin.readline()

with in_place_of("kept", FreezingChannel()):
    sys.exit(main(["deliver", "--database", {uri!r}, "--time-limit", "{minutes}"]))
"""


@pytest.fixture
def zeo(tmp_path):
    server = Zeo(tmp_path)
    yield server
    server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, None])
def test_it_ends_though_its_database_does_not_answer(zeo, tmp_path, number):
    """At a signal, or when the time is up."""
    uri = zeo.new_uri()
    configure()
    with in_place_of("kept"), contextlib.closing(make_database(uri, create=True)) as database:
        database.write(lambda trackers: add_notices(add_destination("kept")))
    seconds = 3600 if number else 0.2
    code = FROZEN.format(uri=uri, minutes=seconds / 60)
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "sending\n"
    zeo.freeze()
    if number is not None:
        process.send_signal(number)
    _, err = process.communicate("\n", timeout=60)
    assert process.returncode == EXIT_DATABASE, err
    assert err.splitlines()[-1] == (
        f"Error: The database {uri} does not answer, so the run is broken off; what was not saved "
        "is still due."
    )
