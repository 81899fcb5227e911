import contextlib
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import transaction
from zope.interface.verify import verifyObject

from malonewatch.interfaces import Claim, IClaims, OriginState, Politeness, Quota
from malonewatch.model import open_database
from malonewatch.model.claims import Claims

ORIGIN = "https://bugs.example.com"
NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
UNTIL = NOW + timedelta(minutes=10)


@pytest.fixture
def claims():
    return Claims()


def after(**span):
    return NOW + timedelta(**span)


def test_the_set_of_bug_trackers_has_them(trackers):
    verifyObject(IClaims, trackers.claims)
    assert trackers.claims is trackers.claims


def test_an_old_set_of_bug_trackers_gets_them(trackers, reopened):
    del trackers._claims
    trackers.claims.claim(ORIGIN, "one", NOW)
    assert reopened(trackers).claims.get(ORIGIN, NOW).holder == "one"


def test_nobody_has_an_origin_at_first(claims):
    assert claims.get(ORIGIN, NOW) is None
    claims.release(ORIGIN, "one")
    assert claims.get(ORIGIN, NOW) is None


def test_a_claim_holds_for_ten_minutes(claims):
    assert claims.claim(ORIGIN, "one", NOW)
    assert claims.get(ORIGIN, NOW) == Claim(ORIGIN, "one", UNTIL)
    assert not claims.claim(ORIGIN, "other", after(minutes=9))
    assert claims.get(ORIGIN, after(minutes=9)) == Claim(ORIGIN, "one", UNTIL)


def test_another_origin_is_free(claims):
    assert claims.claim(ORIGIN, "one", NOW)
    assert claims.claim("https://other.example.com", "other", NOW)


def test_its_holder_may_go_on(claims):
    claims.claim(ORIGIN, "one", NOW)
    assert claims.claim(ORIGIN, "one", after(minutes=9))
    assert claims.get(ORIGIN, after(minutes=9)).until == after(minutes=19)


def test_it_can_be_let_go_by_its_holder_alone(claims):
    claims.claim(ORIGIN, "one", NOW)
    claims.release(ORIGIN, "other")
    assert not claims.claim(ORIGIN, "other", NOW)
    claims.release(ORIGIN, "one")
    assert claims.claim(ORIGIN, "other", NOW)


def test_that_of_a_dead_holder_runs_out(claims):
    claims.claim(ORIGIN, "dead", NOW)
    # Its clock may have been five minutes behind.
    almost = after(minutes=14, seconds=59)
    assert claims.get(ORIGIN, almost) == Claim(ORIGIN, "dead", UNTIL)
    assert not claims.claim(ORIGIN, "other", almost)
    assert claims.get(ORIGIN, after(minutes=15)) is None
    assert claims.claim(ORIGIN, "other", after(minutes=15))
    assert not claims.claim(ORIGIN, "dead", after(minutes=15))


def test_a_clock_that_is_five_minutes_ahead_is_allowed_for(claims):
    claims.claim(ORIGIN, "one", after(minutes=5))
    assert not claims.claim(ORIGIN, "other", NOW)


def test_nobody_waits_for_a_clock_that_was_wrong(claims):
    claims.claim(ORIGIN, "one", after(days=10_000))
    assert claims.get(ORIGIN, NOW) is None
    assert claims.claim(ORIGIN, "other", NOW)


STATES = [
    OriginState(),
    OriginState(Politeness(2, 1.5), Quota(5000, 12, NOW), UNTIL),
    OriginState(Politeness(gap=10.0), Quota(remaining=0)),
    OriginState(asked=NOW, mark=7, others=(OriginState(Politeness(1)), OriginState(mark=8))),
]


@pytest.mark.parametrize("state", STATES)
def test_what_is_known_of_an_origin_is_kept(trackers, reopened, state):
    claims = trackers.claims
    assert claims.getState(ORIGIN) is None
    claims.claim(ORIGIN, "one", NOW)
    assert claims.getState(ORIGIN) is None
    claims.setState(ORIGIN, state)
    claims.release(ORIGIN, "one")
    assert reopened(claims).getState(ORIGIN) == state
    assert reopened(claims).get(ORIGIN, NOW) is None


def test_what_is_as_it_was_is_not_written_again(trackers):
    trackers.claims.setState(ORIGIN, STATES[1])
    transaction.commit()
    record = trackers.claims._records[ORIGIN]
    trackers.claims.setState(ORIGIN, STATES[1])
    assert not record._p_changed
    trackers.claims.setState(ORIGIN, STATES[2])
    assert record._p_changed


# Several processes.


@pytest.fixture(params=["sqlite", "zeo"])
def uri(request, tmp_path):
    return request.getfixturevalue(f"{request.param}_uri")


@pytest.fixture
def database(uri):
    with contextlib.closing(open_database(uri, create=True)) as database:
        yield database


@pytest.mark.parametrize("count", [2, 8])
def test_no_two_processes_have_one_origin(database, tmp_path, count):
    command = [sys.executable, Path(__file__).with_name("claiming.py"), database.uri]
    command += [tmp_path / "file", str(16 // count)]
    processes = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * count, said


DIE = """
import os, sys
from datetime import datetime
from malonewatch.configuration import configure
from malonewatch.model import open_database

configure()
_, uri, origin, now = sys.argv
now = datetime.fromisoformat(now)
assert open_database(uri).write(lambda trackers: trackers.claims.claim(origin, "dead", now))
os._exit(0)
"""


def test_that_of_a_process_that_died_runs_out(database):
    command = [sys.executable, "-c", DIE, database.uri, ORIGIN, NOW.isoformat()]
    subprocess.run(command, check=True)

    def take(now):
        return database.write(lambda trackers: trackers.claims.claim(ORIGIN, "other", now))

    assert [take(after(minutes=minutes)) for minutes in (0, 9, 14, 15)] == [
        *(False, False, False, True)
    ]
