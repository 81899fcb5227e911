"""Batches of a type of the tests' own."""

import json

import pytest

from malonewatch.externalbugtracker.driver import Ask, ExternalBugTracker, Read
from malonewatch.interfaces import BugWatchErrorType, RemoteBug
from malonewatch.testing.asking import Asker, Canned

BASE = "https://drawers.example"


class Drawers(ExternalBugTracker):
    """Numbers from 100 on are in another drawer, which may be shut as a whole."""

    title = "Drawers"
    dialect_name = "drawers"

    def ask_many(self, ids, since):
        for drawer in dict.fromkeys(remotebug[:-2] for remotebug in ids):
            some = [remotebug for remotebug in ids if remotebug[:-2] == drawer]
            yield Ask(f"/{drawer}", (("ids", ",".join(some)),), tuple(some))

    def ask_one(self, remotebug):
        return Ask(f"/{remotebug[:-2]}/{remotebug}", (), (remotebug,), alone=True)

    def judge(self, ask, response, answer):
        return super().judge(ask.for_one(), response, answer)

    def records(self, answer):
        return answer

    def read(self, record):
        return Read("open")


class Cabinet(Canned):
    """Has all bugs but those in a drawer that is `shut`, which it answers with that status."""

    def __init__(self, shut, status, also_alone=True):
        super().__init__(b"")
        self.shut, self.status, self.also_alone = shut, status, also_alone

    async def request(self, method, url, **how):
        path = url.removeprefix(BASE)
        drawer, _, rest = path.strip("/").partition("?")[0].partition("/")
        status, ids = 200, [rest] if rest else path.partition("ids=")[2].split(",")
        if drawer == self.shut and (self.also_alone or not rest):
            status = self.status
        self.response = self.response.__class__(
            url, status, {}, json.dumps([{"id": each} for each in ids]).encode()
        )
        return await super().request(method, url, **how)


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (403, BugWatchErrorType.PRIVATE_REMOTE_BUG),
        (404, BugWatchErrorType.BUG_NOT_FOUND),
        (410, BugWatchErrorType.BUG_DELETED),
    ],
)
def test_a_place_that_is_shut_as_a_whole_is_so_if_one_bug_in_it_is(status, error_type):
    client = Cabinet("2", status)
    ids = ["101", "102", *(str(200 + number) for number in range(50))]
    outcomes = Asker(Drawers, BASE, dialect="drawers", client=client).ask(ids)
    assert len(client.requests) == 3
    assert isinstance(outcomes["101"], RemoteBug)
    assert isinstance(outcomes["102"], RemoteBug)
    assert {outcomes[id].error_type for id in ids[2:]} == {error_type}


def test_where_only_the_question_for_many_is_refused_each_bug_is_asked_for_alone():
    client = Cabinet("2", 403, also_alone=False)
    outcomes = Asker(Drawers, BASE, dialect="drawers", client=client).ask(["201", "202", "203"])
    assert len(client.requests) == 4
    assert all(isinstance(outcome, RemoteBug) for outcome in outcomes.values())
