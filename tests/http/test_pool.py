"""Few requests at once, none at another's expense, and none that is not wanted."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from aiohttp import web
from zope.interface.verify import verifyObject

from malonewatch.http import HTTPClient
from malonewatch.interfaces import (
    BugTrackerRateLimited,
    BugTrackerTimeout,
    BugTrackerUnavailable,
    Credentials,
    IHTTPPool,
    OriginState,
    Politeness,
    Quota,
)
from malonewatch.testing.faults import answer, redirect


def test_the_interface_is_provided():
    async def run():
        async with HTTPClient().open() as pool:
            verifyObject(IHTTPPool, pool)

    asyncio.run(run())


class Crowd:
    """A handler that lets two in before it answers, and counts."""

    def __init__(self, meeting=2):
        self.meeting = meeting
        self.inside = self.most = 0

    async def __call__(self, request):
        self.inside += 1
        self.most = max(self.most, self.inside)
        while self.most < self.meeting:
            await asyncio.sleep(0)
        # Time for more to come in, if they may.
        for _ in range(500):
            await asyncio.sleep(0)
        self.inside -= 1
        return web.json_response({})


def test_a_host_is_asked_by_few_at_once(recorder, facts):
    simulator = recorder()
    simulator.answers["/"] = crowd = Crowd()

    async def run():
        async with HTTPClient(per_host=2).open() as pool:
            sessions = [pool.session(facts(simulator.url)) for _ in range(8)]
            await asyncio.gather(*(session.request("GET", simulator.url) for session in sessions))

    asyncio.run(run())
    assert crowd.most == 2


def test_a_host_that_others_redirect_to_is_asked_by_few_at_once(recorder, facts, credentials):
    others, target = [recorder() for _ in range(6)], recorder()
    target.answers["/"] = crowd = Crowd()
    for other in others:
        other.answers["/"] = redirect(target.url)
        credentials[other.url] = Credentials(token=other.url)

    async def run():
        async with HTTPClient(per_host=2).open() as pool:
            await asyncio.gather(
                *(pool.session(facts(other.url)).request("GET", other.url) for other in others)
            )

    asyncio.run(run())
    assert crowd.most == 2


def test_waiting_for_ones_turn_is_not_held_against_the_host(recorder, facts):
    simulator = recorder()

    async def hang(request):
        await asyncio.Event().wait()

    simulator.answers["/hang"] = hang

    async def run():
        async with HTTPClient(per_host=1).open() as pool:
            hanging = pool.session(facts(simulator.url), 0.6)
            waiting = pool.session(facts(simulator.url), 0.4)
            return await asyncio.gather(
                hanging.request("GET", f"{simulator.url}/hang"),
                waiting.request("GET", simulator.url),
                return_exceptions=True,
            )

    trouble, response = asyncio.run(run())
    assert isinstance(trouble, BugTrackerTimeout)
    assert response.status == 200


@pytest.mark.parametrize(
    ("politeness", "defaults", "most"),
    [
        (Politeness(), Politeness(), 2),
        (Politeness(), Politeness(1), 1),
        (Politeness(1), Politeness(3), 1),
        (Politeness(3), Politeness(1), 3),
    ],
)
def test_a_bug_tracker_is_asked_as_a_person_or_its_type_says(
    politeness, defaults, most, recorder, facts
):
    simulator = recorder()
    simulator.answers["/"] = crowd = Crowd(meeting=most)

    async def run():
        async with HTTPClient(per_host=2).open() as pool:
            session = pool.session(facts(simulator.url), politeness=politeness, defaults=defaults)
            await asyncio.gather(*(session.request("GET", simulator.url) for _ in range(6)))

    asyncio.run(run())
    assert crowd.most == most


# A server that wants no more.


@pytest.fixture
def limited(recorder):
    """A server whose quota is spent."""
    simulator = recorder()
    simulator.quota = 0
    return simulator


def test_a_limit_ends_the_asking_for_all_bug_trackers_of_the_origin(limited, facts, clock):
    trackers = [facts(f"{limited.url}/{name}") for name in "abc"]

    async def run():
        async with HTTPClient(per_host=1).open() as pool:
            sessions = [pool.session(tracker) for tracker in trackers]
            troubles = await asyncio.gather(
                *(session.request("GET", session.baseurl) for session in sessions * 2),
                return_exceptions=True,
            )
            clock.tick(seconds=45)
            with pytest.raises(BugTrackerRateLimited) as caught:
                await pool.session(trackers[0]).request("GET", trackers[0].baseurl)
            return [*troubles, caught.value]

    first, *others = asyncio.run(run())
    assert limited.requests == ["GET /a"]
    assert str(first) == f"{limited.url}/a asks to be left alone for a while (HTTP status 429)."
    assert {type(trouble) for trouble in others} == {BugTrackerRateLimited}
    assert str(others[0]) == (f"{limited.url}/b wants no more requests until 2024-05-06 12:01 UTC.")
    assert [trouble.retry_after for trouble in others] == [60] * 5 + [15]
    assert all(trouble.__suppress_context__ for trouble in others)


def test_a_limit_is_over_when_the_server_says(limited, facts, clock):
    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(limited.url))
            with pytest.raises(BugTrackerRateLimited):
                await session.request("GET", limited.url)
            limited.quota = None
            clock.tick(seconds=60)
            return await session.request("GET", limited.url)

    assert asyncio.run(run()).status == 200


def test_a_limit_of_one_is_none_of_anothers(limited, recorder, facts, credentials, clock):
    other = recorder()
    credentials[f"{limited.url}/jane"] = Credentials(token="s3cret")

    async def run():
        async with HTTPClient().open() as pool:
            with pytest.raises(BugTrackerRateLimited):
                await pool.session(facts(limited.url)).request("GET", limited.url)
            limited.quota = None
            await pool.session(facts(other.url)).request("GET", other.url)
            await pool.session(facts(f"{limited.url}/jane")).request("GET", limited.url)
            with pytest.raises(BugTrackerRateLimited):
                await pool.session(facts(f"{limited.url}/joan")).request("GET", limited.url)

    asyncio.run(run())
    assert len(limited.requests) == 2


def test_a_limit_on_the_way_is_the_bug_trackers_that_leads_there(limited, recorder, facts, clock):
    simulator = recorder()
    simulator.answers["/"] = redirect(limited.url)

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(simulator.url))
            return await asyncio.gather(
                *(session.request("GET", simulator.url) for _ in range(9)), return_exceptions=True
            )

    troubles = asyncio.run(run())
    assert len(limited.requests) <= 2
    assert {type(trouble) for trouble in troubles} == {BugTrackerRateLimited}
    assert all(str(trouble).startswith(simulator.url) for trouble in troubles)


def test_maintenance_of_one_is_none_of_anothers(recorder, facts, clock):
    """They may be different programs on one machine."""
    simulator = recorder()
    simulator.answers["/a"] = answer(503, "maintenance", Retry_After="60")

    async def run():
        async with HTTPClient().open() as pool:
            with pytest.raises(BugTrackerUnavailable):
                await pool.session(facts(simulator.url)).request("GET", f"{simulator.url}/a")
            await pool.session(facts(simulator.url)).request("GET", f"{simulator.url}/b")

    asyncio.run(run())


def test_a_quota_is_told_and_kept_to(recorder, facts, clock):
    simulator = recorder()
    simulator.quota = 3
    simulator.retry_after = 600
    reset = clock.now() + timedelta(seconds=600)

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(facts(simulator.url))
            told = [session.quota]
            for simulator.tells_quota in (True, False, True):
                await session.request("GET", simulator.url)
                told.append(session.quota)
            with pytest.raises(BugTrackerRateLimited) as caught:
                await session.request("GET", simulator.url)
            assert caught.value.retry_after == pytest.approx(600, abs=1)
            return told, pool.state(facts(simulator.url))

    told, state = asyncio.run(run())
    assert told == [None, *(Quota(None, left, reset) for left in (2, 2, 0))]
    assert state == OriginState(Politeness(), Quota(None, 0, reset), reset)
    assert len(simulator.requests) == 3


# From run to run.


def test_what_an_earlier_run_kept_is_kept_to(recorder, facts, clock):
    simulator = recorder()
    tracker = facts(simulator.url)
    kept = OriginState(Politeness(1), Quota(60, 7), clock.now() + timedelta(seconds=60))

    async def run():
        async with HTTPClient().open() as pool:
            session = pool.session(tracker, state=kept)
            with pytest.raises(BugTrackerRateLimited) as caught:
                await session.request("GET", simulator.url)
            assert caught.value.retry_after == 60
            assert pool.state(tracker) == kept
            # They share the origin, so it is the same that is known of them.
            neighbour = facts(f"{simulator.url}/neighbour")
            pool.session(neighbour)
            assert pool.state(neighbour) == kept

    asyncio.run(run())
    assert simulator.requests == []


def test_a_limit_is_kept_for_the_next_run(limited, facts, clock):
    tracker = facts(limited.url)

    async def run():
        async with HTTPClient().open() as pool:
            with pytest.raises(BugTrackerRateLimited):
                await pool.session(tracker).request("GET", limited.url)
            return pool.state(tracker)

    retry_at = clock.now() + timedelta(seconds=60)
    assert asyncio.run(run()) == OriginState(Politeness(1), Quota(), retry_at)


@pytest.mark.parametrize("baseurl", ["http://bugs.example.com", "none"])
def test_nothing_is_known_of_who_was_never_asked(baseurl, facts):
    async def run():
        async with HTTPClient().open() as pool:
            assert pool.state(facts(baseurl)) == OriginState()
            pool.session(facts(baseurl))
            return pool.state(facts(baseurl))

    assert asyncio.run(run()) == OriginState()


def test_what_is_known_is_known_of_each_set_of_credentials(limited, facts, clock, credentials):
    one, two = facts(f"{limited.url}/one"), facts(f"{limited.url}/two")
    credentials[one.baseurl] = Credentials(token="one")
    credentials[two.baseurl] = Credentials(token="two")
    retry_at = clock.now() + timedelta(seconds=60)

    async def ask(tracker, state, *others):
        async with HTTPClient().open() as pool:
            with pytest.raises(BugTrackerRateLimited):
                await pool.session(tracker, state=state).request("GET", tracker.baseurl)
            for other in others:
                pool.session(other, state=state)
            return pool.state(tracker)

    first = asyncio.run(ask(one, None, two))
    assert (first.retry_at, first.others) == (retry_at, ())
    # The other one is asked all the same, and what is known of the first stays.
    both = asyncio.run(ask(two, first))
    assert len(limited.requests) == 2
    assert (both.retry_at, both.others) == (retry_at, (first,))
    # Now both are to be left alone.
    again = asyncio.run(ask(one, both, two))
    assert len(limited.requests) == 2
    assert again == dataclasses.replace(first, others=(dataclasses.replace(both, others=()),))
