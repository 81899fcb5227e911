import pytest
from zope.interface.verify import verifyObject

from malonewatch.interfaces import IReplySet, Reply
from malonewatch.model import replies as module
from malonewatch.model.replies import ReplySet

DONE = Reply(b"digest", 201, "/bugs/1", b'{"id": 1}' * 100)


@pytest.fixture
def replies(clock):
    return ReplySet()


def test_it_provides_the_interface(replies):
    verifyObject(IReplySet, replies)


def test_a_reply_is_found_by_token_and_key(replies):
    replies.keep(1, "a", DONE)
    assert replies.query(1, "a") == DONE
    assert replies.query(2, "a") is None
    assert replies.query(1, "b") is None


def test_a_reply_takes_the_place_of_another(replies):
    replies.keep(1, "a", Reply(b"digest"))
    replies.keep(1, "a", DONE)
    assert replies.query(1, "a") == DONE
    assert len(replies) == 1


def test_a_reply_is_forgotten(replies):
    replies.keep(1, "a", DONE)
    replies.forget(1, "a")
    replies.forget(1, "a")
    assert replies.query(1, "a") is None
    assert len(replies) == 0


def test_a_reply_is_kept_for_a_day(replies, clock):
    replies.keep(1, "a", DONE)
    clock.tick(hours=23, minutes=59)
    assert replies.query(1, "a") == DONE
    clock.tick(minutes=1)
    assert replies.query(1, "a") is None
    replies.keep(1, "b", DONE)
    assert len(replies) == 1


def test_what_is_at_work_for_an_hour_is_given_up(replies, clock):
    replies.keep(1, "a", Reply(b"digest"))
    clock.tick(minutes=59)
    assert replies.query(1, "a") == Reply(b"digest")
    clock.tick(minutes=1)
    assert replies.query(1, "a") is None


def test_the_oldest_go_where_there_are_too_many(replies, clock, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    for key in "abcd":
        clock.tick(seconds=1)
        replies.keep(1, key, DONE)
    assert [key for key in "abcd" if replies.query(1, key)] == ["b", "c", "d"]


def test_few_are_forgotten_at_once(replies, clock):
    for number in range(15):
        replies.keep(number, "a", DONE)
    clock.tick(days=1)
    replies.keep(20, "a", DONE)
    assert len(replies) == 6
