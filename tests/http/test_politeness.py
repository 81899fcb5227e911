import asyncio
import math
import selectors
from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.http.politeness import (
    LONGEST_GAP,
    PATIENCE,
    SHORT_WAIT,
    Lane,
    Lanes,
    LeftAlone,
    mark_of,
)
from malonewatch.interfaces import Credentials, OriginState, Politeness, Quota

USUAL = Politeness(2, 0.0)
ORIGIN = ("https", "bugs.example.com", 443)


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    class Selector(selectors.DefaultSelector):
        def select(self, timeout=None):
            ready = super().select(0)
            if not ready and timeout:
                self.loop.moment += timeout
            return ready

    def __init__(self):
        selector = self.Selector()
        selector.loop = self
        self.moment = 1000.0
        self.timers = 0
        super().__init__(selector)

    def call_at(self, *args, **kwargs):
        self.timers += 1
        return super().call_at(*args, **kwargs)

    def time(self):
        return self.moment


@pytest.fixture
def run():
    loop = Loop()
    yield loop.run_until_complete
    loop.close()


class Visitors:
    """What came of those who wanted to go along a lane, in the order of what came."""

    def __init__(self, lane):
        self.lane = lane
        self.came = []
        self.tasks = {}
        self.ends = {}

    async def send(self, *names):
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._go(name))
        await self.settle()

    async def came_first(self):
        """When somebody has come."""
        while not self.came:
            await asyncio.sleep(0.01)

    async def _go(self, name):
        try:
            async with self.lane.turn():
                self.came.append(name)
                await self.ends[name].wait()
        except LeftAlone as refusal:
            self.came.append((name, refusal.until))

    async def end(self, *names):
        for name in names:
            self.ends[name].set()
        await self.settle()

    async def cancel(self, *names):
        for name in names:
            self.tasks[name].cancel()
        await self.settle()

    async def settle(self):
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def visitors():
    return Visitors(Lane(USUAL))


def moment(clock, **span):
    return clock.now() + timedelta(**span)


def refuse(lane, wait=None, quota=None):
    lane.heard(quota, True, wait)


# The queue.


def test_those_who_wait_go_in_the_order_of_coming(visitors, run):
    async def scene():
        await visitors.send("a", "b", "c", "d")
        assert visitors.came == ["a", "b"]
        await visitors.end("b")
        assert visitors.came == ["a", "b", "c"]
        await visitors.end("a", "c")
        assert visitors.came == ["a", "b", "c", "d"]
        await visitors.end("d")

    run(scene())


def test_who_gives_up_while_waiting_is_passed_over(visitors, run):
    async def scene():
        await visitors.send("a", "b", "c", "d")
        await visitors.cancel("c")
        await visitors.end("a")
        assert visitors.came == ["a", "b", "d"]
        await visitors.end("b", "d")

    run(scene())


def test_who_gives_up_at_the_very_moment_leaves_the_turn_to_the_next(visitors, run):
    async def scene():
        await visitors.send("a", "b", "c", "d")
        visitors.ends["a"].set()
        # So far that the turn is given, and not taken.
        while not visitors.tasks["a"].done():
            await asyncio.sleep(0)
        visitors.tasks["c"].cancel()
        await visitors.settle()
        assert visitors.came == ["a", "b", "d"]
        await visitors.end("b", "d")
        await visitors.send("e", "f")
        assert visitors.came[-2:] == ["e", "f"]
        await visitors.end("e", "f")

    run(scene())


def test_who_fails_leaves_the_turn_to_the_next(visitors, run):
    async def scene():
        await visitors.send("a", "b", "c")
        await visitors.cancel("a")
        assert visitors.came == ["a", "b", "c"]
        await visitors.end("b", "c")

    run(scene())


def test_between_two_beginnings_there_is_the_gap(visitors, run):
    visitors.lane.agree(Politeness(8, 3.0), Politeness(), None)

    async def scene():
        loop = asyncio.get_running_loop()
        begun = []
        for name in "abc":
            visitors.ends[name] = asyncio.Event()
            visitors.ends[name].set()

        async def visit():
            async with visitors.lane.turn():
                begun.append(loop.time())

        await asyncio.gather(*(visit() for _ in range(3)))
        await visit()
        assert begun == pytest.approx([1000.0, 1003.0, 1006.0, 1009.0])
        # However many wait for it.
        assert loop.timers == 3
        loop.moment += 60
        await visit()
        assert begun[-1] == loop.time()

    run(scene())


def test_each_server_and_each_credentials_have_a_lane():
    lanes = Lanes(USUAL)
    jane = lanes.to(ORIGIN, Credentials(token="jane"))
    assert lanes.to(ORIGIN, Credentials(token="jane")) is jane
    assert lanes.to(ORIGIN, None) is not jane
    assert lanes.to(("http", "bugs.example.com", 80), Credentials(token="jane")) is not jane


# Who says how.


def test_a_person_is_heard_before_what_was_learnt_and_that_before_the_type():
    lane = Lane(USUAL)
    assert lane.politeness == (2, 0.0)
    lane.agree(Politeness(), Politeness(5, 1.0), None)
    assert lane.politeness == (5, 1.0)
    lane.agree(Politeness(), Politeness(), OriginState(Politeness(3)))
    assert lane.politeness == (3, 1.0)
    lane.agree(Politeness(4), Politeness(), None)
    assert lane.politeness == (4, 1.0)
    lane.agree(Politeness(gap=0.0), Politeness(), None)
    assert lane.politeness == (4, 0.0)


def test_the_most_careful_of_several_counts():
    lane = Lane(USUAL)
    lane.agree(Politeness(4, 1.0), Politeness(), None)
    lane.agree(Politeness(3, 2.0), Politeness(), None)
    lane.agree(Politeness(9, 0.5), Politeness(1, 9.0), None)
    assert lane.politeness == (3, 2.0)


def test_nobody_is_locked_out_for_ever(visitors, run):
    visitors.lane.agree(Politeness(0), Politeness(), None)

    async def scene():
        await visitors.send("a", "b")
        assert visitors.came == ["a"]
        await visitors.end("a", "b")

    run(scene())


# A server that wants no more.


def test_a_refusal_sends_away_all_who_wait_and_all_who_come(visitors, run, clock):
    until = moment(clock, seconds=60).timestamp()

    async def scene():
        await visitors.send("a", "b", "c", "d")
        await visitors.cancel("d")
        refuse(visitors.lane, 60)
        await visitors.settle()
        assert visitors.came == ["a", "b", ("c", until)]
        await visitors.send("e")
        assert visitors.came[-1] == ("e", until)
        clock.tick(seconds=60)
        await visitors.end("a", "b")
        await visitors.send("f")
        assert visitors.came[-1] == "f"
        await visitors.end("f")

    run(scene())


def test_a_refusal_without_a_time_holds_to_the_end_and_a_while_longer(visitors, run, clock):
    async def scene():
        refuse(visitors.lane)
        clock.tick(days=365)
        await visitors.send("a")
        assert visitors.came == [("a", math.inf)]

    run(scene())
    assert visitors.lane.state().retry_at == moment(clock, minutes=5)


def test_a_later_answer_does_not_shorten_the_wait(run, clock):
    lane = Lane(USUAL)

    async def scene():
        refuse(lane, 60)
        refuse(lane, 10)
        lane.heard(None, False, None)

    run(scene())
    assert lane.state().retry_at == moment(clock, seconds=60)


def test_a_quota_at_its_end_is_waited_for(visitors, run, clock):
    reset = moment(clock, minutes=10)

    async def scene():
        visitors.lane.heard(Quota(60, 0, reset), False, None)
        await visitors.send("a")
        assert visitors.came == [("a", reset.timestamp())]
        clock.tick(minutes=10)
        await visitors.send("b")
        assert visitors.came[-1] == "b"
        await visitors.end("b")

    run(scene())


def test_a_quota_that_is_soon_whole_again_is_waited_for_in_the_queue(visitors, run, clock):
    soon = Quota(60, 0, moment(clock, seconds=SHORT_WAIT))

    async def scene():
        loop = asyncio.get_running_loop()
        visitors.lane.heard(soon, False, None)
        async with visitors.lane.turn():
            assert loop.time() == pytest.approx(1000 + SHORT_WAIT)
        # Once it refuses, there is no more asking.
        refuse(visitors.lane, 1, soon)
        await visitors.send("a")
        assert visitors.came == [("a", soon.reset.timestamp())]

    run(scene())


@pytest.mark.parametrize("quota", [Quota(60, 0), Quota(60, 1, datetime(2099, 1, 1)), Quota(60)])
def test_a_quota_that_does_not_say_that_and_when_it_ends_keeps_nobody(quota, visitors, run):
    async def scene():
        visitors.lane.heard(quota, False, None)
        await visitors.send("a")
        assert visitors.came == ["a"]
        await visitors.end("a")

    run(scene())


# What is learnt.


def test_refusals_halve_the_concurrency_and_then_make_a_gap(run):
    lane = Lane(Politeness(4, 0.0))

    async def scene():
        seen = []
        for _ in range(8):
            refuse(lane, 0)
            seen.append(lane.politeness)
        assert seen[:5] == [(2, 0.0), (1, 0.0), (1, 1.0), (1, 2.0), (1, 4.0)]
        assert seen[-1] == (1, LONGEST_GAP)

    run(scene())
    assert lane.state().learnt == (1, LONGEST_GAP)


def test_several_refusals_at_once_are_one(run):
    lane = Lane(Politeness(8, 0.0))

    async def scene():
        refuse(lane, 60)
        refuse(lane, 60)

    run(scene())
    assert lane.politeness == (4, 0.0)


def test_a_quota_at_its_end_is_not_held_against_the_pace(run, clock):
    lane = Lane(USUAL)

    async def scene():
        refuse(lane, 60, Quota(60, 0, moment(clock, seconds=60)))

    run(scene())
    assert lane.politeness == USUAL


def test_many_answers_in_a_row_undo_a_step(run):
    lane = Lane(Politeness(4, 0.0))
    lane.agree(Politeness(), Politeness(), OriginState(Politeness(1, 2.0)))

    async def scene():
        seen = []
        for _ in range(5):
            for _ in range(PATIENCE - 1):
                lane.heard(None, False, None)
            before = lane.politeness
            lane.heard(None, False, None)
            seen.append((before, lane.politeness))
        assert [after for _, after in seen] == [(1, 1.0), (1, 0.0), (2, 0.0), (4, 0.0), (4, 0.0)]
        assert [before for before, _ in seen[1:]] == [after for _, after in seen[:-1]]

    run(scene())
    assert lane.state().learnt == Politeness()


def test_a_refusal_begins_the_row_anew(run):
    lane = Lane(USUAL)

    async def scene():
        for _ in range(2):
            for _ in range(PATIENCE - 1):
                lane.heard(None, False, None)
            refuse(lane, 0)

    run(scene())
    assert lane.politeness == (1, 1.0)


# From run to run.


def test_what_is_known_is_kept_and_given_to_the_next_run(visitors, run, clock):
    quota = Quota(60, 7, moment(clock, minutes=30))

    async def scene():
        before = Lane(USUAL)
        before.heard(quota, False, None)
        refuse(before, 60)
        return before.state()

    state = run(scene())
    assert state == OriginState(Politeness(1), quota, moment(clock, seconds=60))
    assert state.retry_at.tzinfo is timezone.utc
    visitors.lane.agree(Politeness(), Politeness(), state)
    assert visitors.lane.state() == state

    async def next_run():
        await visitors.send("a")
        assert visitors.came == [("a", state.retry_at.timestamp())]

    run(next_run())


def test_only_the_first_state_that_is_given_counts(clock):
    lane = Lane(USUAL)
    lane.agree(Politeness(), Politeness(), None)
    first = OriginState(Politeness(1), Quota(60, 9))
    lane.agree(Politeness(), Politeness(), first)
    lane.agree(
        Politeness(),
        Politeness(),
        OriginState(Politeness(2, 3.0), Quota(60, 1), moment(clock, days=1)),
    )
    assert lane.state() == first


def test_what_was_learnt_meanwhile_is_newer_than_a_state(run, clock):
    lane = Lane(USUAL)

    async def scene():
        lane.heard(Quota(60, 7), False, None)
        refuse(lane, 60)

    run(scene())
    lane.agree(
        Politeness(),
        Politeness(),
        OriginState(Politeness(2, 3.0), Quota(60, 50), moment(clock, seconds=5)),
    )
    assert lane.state() == OriginState(Politeness(1, 3.0), Quota(60, 7), moment(clock, seconds=60))


def test_nothing_known_is_nothing_kept():
    assert Lane(USUAL).state() == OriginState()


def test_a_time_that_has_passed_is_not_kept(run, clock):
    lane = Lane(USUAL)

    async def scene():
        refuse(lane, 60)

    run(scene())
    clock.tick(seconds=60)
    assert lane.state().retry_at is None


def known(lane, state, gap=None):
    """Let a lane know what an earlier run kept."""
    lane.agree(Politeness(gap=gap), Politeness(), state)


def test_a_gap_is_kept_from_run_to_run(visitors, run, clock):
    known(visitors.lane, None, gap=10.0)

    async def scene():
        await visitors.send("a")
        await visitors.end("a")
        return visitors.lane.state()

    state = run(scene())
    assert state == OriginState(asked=clock.now())
    clock.tick(seconds=4)
    later = Visitors(Lane(USUAL))
    known(later.lane, state, gap=10.0)

    async def next_run():
        loop = asyncio.get_running_loop()
        started = loop.time()
        await later.send("b")
        assert later.came == []
        await asyncio.wait_for(later.came_first(), 60)
        assert loop.time() - started == pytest.approx(6, abs=0.01)
        await later.end("b")

    run(next_run())


def test_where_there_is_no_gap_nothing_is_kept_of_when_it_was_asked(visitors, run):
    async def scene():
        await visitors.send("a")
        await visitors.end("a")

    run(scene())
    assert visitors.lane.state() == OriginState()


def test_a_clock_that_is_wrong_makes_no_gap_longer(visitors, run, clock):
    known(visitors.lane, OriginState(asked=moment(clock, days=1)), gap=10.0)

    async def scene():
        loop = asyncio.get_running_loop()
        started = loop.time()
        await visitors.send("a")
        await asyncio.wait_for(visitors.came_first(), 60)
        assert loop.time() - started == pytest.approx(10, abs=0.01)
        await visitors.end("a")

    run(scene())


@pytest.mark.parametrize("seconds", [SHORT_WAIT - 1, SHORT_WAIT + 1])
def test_a_quota_that_another_run_used_up_is_kept_to(visitors, run, clock, seconds):
    reset = moment(clock, seconds=seconds)
    known(visitors.lane, OriginState(quota=Quota(60, 0, reset)))

    async def scene():
        await visitors.send("a")
        if seconds > SHORT_WAIT:
            assert visitors.came == [("a", reset.timestamp())]
            return
        assert visitors.came == []
        await asyncio.wait_for(visitors.came_first(), 60)
        await visitors.end("a")

    run(scene())


def test_a_mark_tells_credentials_apart_and_little_of_them():
    marks = {mark_of(Credentials(token=str(number))) for number in range(10)}
    assert len(marks) > 5
    assert all(0 <= mark < 1 << 16 for mark in marks)
    assert mark_of(Credentials("ann", "secret")) == mark_of(Credentials("ann", "secret"))
    assert mark_of(None) is None
