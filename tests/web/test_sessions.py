import pytest
from tests.clock import Seconds

from malonewatch.web.sessions import MOST, Session, Sessions


@pytest.fixture
def clock():
    return Seconds()


@pytest.fixture
def sessions(clock):
    return Sessions(100, clock)


def test_who_has_the_key_has_the_session(sessions):
    key = sessions.open("anna", "stamp")
    assert sessions.get(key) == Session("anna", "stamp", 0)
    assert sessions.get("another") is None
    assert len(key) == 43


def test_it_ends_when_it_is_closed(sessions):
    key = sessions.open("anna", "stamp")
    sessions.close(key)
    sessions.close("another")
    assert sessions.get(key) is None


def test_it_ends_when_it_was_not_used_for_long(sessions, clock):
    key, other = sessions.open("anna", "stamp"), sessions.open("anna", "stamp")
    clock.now = 99
    assert sessions.get(key).used == 99
    clock.now = 198
    assert sessions.get(key) is not None
    assert sessions.get(other) is None
    sessions.open("bert", "stamp")
    assert len(sessions) == 2


def test_a_person_has_so_many_at_most(sessions):
    first = sessions.open("anna", "stamp")
    of_another = sessions.open("bert", "stamp")
    keys = [sessions.open("anna", "stamp") for _ in range(MOST)]
    assert len(sessions) == MOST + 1
    assert sessions.get(first) is None
    assert None not in [sessions.get(each) for each in (of_another, *keys)]
