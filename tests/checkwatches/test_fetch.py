import asyncio
import pickle
from datetime import datetime, timedelta, timezone

import pytest

from malonewatch.checkwatches import fetch as fetching
from malonewatch.checkwatches.fetch import fetch, join
from malonewatch.http.scrubbing import Scrubber
from malonewatch.interfaces import (
    Batch,
    BugTrackerConnectError,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    BugWatchErrorType,
    DatabaseError,
    DialectLearnt,
    Exchange,
    Fetched,
    Quota,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)

from .conftest import pass_time

NOW = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)
FACTS = BugTrackerFacts("bugs", BugTrackerType("NEW"), "https://b.example.com")


class Session:
    """An `IHTTPSession`, as far as a fetch has to do with it."""

    clock_skew = scrub = None
    quota = None

    def __init__(self):
        self.exchanges = []


class External:
    """Asks by calling a function, which is an asynchronous generator."""

    def __init__(self, function):
        self._function = function

    def fetch(self, session, batch):
        return self._function(session, batch)


async def nothing():
    pass


def fetched(
    function,
    remotebugs=("1", "2", "3"),
    seconds=None,
    session=None,
    stopped=False,
    meanwhile=nothing,
):
    """What comes of a fetch; `function` is also given the event that stops it."""

    async def run():
        stop = asyncio.Event()
        if stopped:
            stop.set()
        External.stop = stop
        return await fetch(
            *(External(function), session or Session(), Batch(FACTS, tuple(remotebugs))),
            asked=NOW,
            seconds=seconds,
            stop=stop,
            meanwhile=meanwhile,
        )

    return asyncio.run(run())


async def all_of_them(session, batch):
    for remotebug in batch.remotebugs:
        yield RemoteBug(remotebug, "NEW")


async def one_and_no_more(session, batch):
    yield RemoteBug(batch.remotebugs[0], "NEW")
    await asyncio.Event().wait()


def test_all_that_came_is_one_plain_value():
    session = Session()
    session.exchanges.append(Exchange("GET", "https://b.example.com/before"))

    async def asking(session, batch):
        session.clock_skew, session.quota = 5.0, Quota(60, 59)
        session.exchanges.append(Exchange("GET", "https://b.example.com/now", 200))
        yield DialectLearnt("rest", "It said so.")
        yield RemoteBugUnchanged("3")
        yield RemoteBugError("2", BugWatchErrorType.BUG_NOT_FOUND, "Gone.")
        yield RemoteBug("1", "NEW")

    value = fetched(asking, session=session)
    assert value.batch == Batch(FACTS, ("1", "2", "3"))
    assert value.asked == NOW
    # In the order in which they were asked for.
    assert value.outcomes == (
        RemoteBug("1", "NEW"),
        RemoteBugError("2", BugWatchErrorType.BUG_NOT_FOUND, "Gone."),
        RemoteBugUnchanged("3"),
    )
    assert value.missing == ()
    assert value.dialect == DialectLearnt("rest", "It said so.")
    assert value.clock_skew == 5.0
    assert value.quota == Quota(60, 59)
    assert value.trouble is None
    # Only those of this batch.
    assert value.exchanges == (Exchange("GET", "https://b.example.com/now", 200),)
    assert pickle.loads(pickle.dumps(value)) == value


def test_what_takes_secrets_out_goes_along_where_there_are_any():
    session = Session()
    session.scrub = Scrubber()
    assert fetched(all_of_them, session=session).scrub is None
    session.scrub = Scrubber(["sesame"])
    value = pickle.loads(pickle.dumps(fetched(all_of_them, session=session)))
    assert value.scrub("open sesame") == "open ***"
    assert "sesame" not in repr(value)


def test_what_came_before_trouble_stands_and_the_rest_is_missing():
    trouble = BugTrackerConnectError("It is down.")

    async def asking(session, batch):
        yield RemoteBug("2", "NEW")
        raise trouble

    value = fetched(asking)
    assert value.outcomes == (RemoteBug("2", "NEW"),)
    assert value.missing == ("1", "3")
    assert value.trouble is trouble


def test_trouble_after_the_last_bug_is_trouble_all_the_same():
    async def asking(session, batch):
        yield RemoteBug("1", "NEW")
        raise BugTrackerConnectError("It is down.")

    value = fetched(asking, ["1"])
    assert (value.missing, str(value.trouble)) == ((), "It is down.")


def test_a_fault_in_a_type_is_trouble_of_ours_with_its_traceback_in_the_log(caplog):
    async def asking(session, batch):
        yield RemoteBug("1", "NEW")
        raise ZeroDivisionError

    value = fetched(asking)
    assert value.outcomes == (RemoteBug("1", "NEW"),)
    assert type(value.trouble) is BugTrackerTrouble
    assert value.trouble.error_type is BugWatchErrorType.UNKNOWN
    assert str(value.trouble) == "malonewatch failed when updating https://b.example.com."
    (record,) = caplog.records
    assert record.getMessage() == "Unexpected failure when updating https://b.example.com"
    assert record.exc_info[0] is ZeroDivisionError


def test_a_bug_that_a_type_says_nothing_of_is_an_error_of_ours():
    async def asking(session, batch):
        yield RemoteBug("1", "NEW")

    value = fetched(asking, ["1", "2"])
    assert value.missing == ()
    assert value.outcomes[1] == RemoteBugError(
        "2",
        BugWatchErrorType.UNKNOWN,
        "Bug 2 on https://b.example.com was asked for, and the NEW type said nothing of it.",
    )


def test_a_bug_that_was_not_asked_for_is_left_out():
    async def asking(session, batch):
        yield RemoteBug("99", "NEW")
        yield RemoteBug("1", "NEW")

    assert fetched(asking, ["1"]).outcomes == (RemoteBug("1", "NEW"),)


# Ending it.


def test_when_time_is_up_what_came_is_returned():
    async def asking(session, batch):
        yield RemoteBug("1", "NEW")
        pass_time(301)
        await asyncio.Event().wait()

    value = fetched(asking, seconds=300)
    assert value.outcomes == (RemoteBug("1", "NEW"),)
    assert value.missing == ("2", "3")
    assert value.trouble is None


def test_time_that_is_not_up_changes_nothing():
    async def asking(session, batch):
        pass_time(299)
        await asyncio.sleep(0)
        async for answer in all_of_them(session, batch):
            yield answer

    value = fetched(asking, seconds=300)
    assert (len(value.outcomes), value.missing) == (3, ())


def test_when_it_is_told_to_stop_what_came_is_returned():
    async def asking(session, batch):
        yield RemoteBug("1", "NEW")
        External.stop.set()
        await asyncio.Event().wait()

    value = fetched(asking)
    assert value.outcomes == (RemoteBug("1", "NEW"),)
    assert value.missing == ("2", "3")
    assert value.trouble is None


@pytest.mark.parametrize(("seconds", "stopped"), [(0, False), (-1, False), (300, True)])
def test_without_time_nothing_is_asked(seconds, stopped):
    async def asking(session, batch):
        raise AssertionError("not reached")
        yield

    value = fetched(asking, seconds=seconds, stopped=stopped)
    assert (value.outcomes, value.missing, value.trouble) == ((), ("1", "2", "3"), None)


def test_a_type_is_told_to_end_and_its_own_end_is_waited_for():
    ended = []

    async def asking(session, batch):
        try:
            async for answer in one_and_no_more(session, batch):
                yield answer
                External.stop.set()
        finally:
            await asyncio.sleep(0)
            ended.append("closed")

    fetched(asking)
    assert ended == ["closed"]


def test_a_type_that_did_not_heed_it_is_told_again():
    told = []

    async def asking(session, batch):
        External.stop.set()
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told.append("end")
        yield RemoteBug("1", "NEW")
        raise BugTrackerConnectError("It is down.")

    value = fetched(asking)
    assert told == ["end", "end"]
    # What came all the same is taken, but nothing that may be for want of time.
    assert value.outcomes == (RemoteBug("1", "NEW"),)
    assert value.trouble is None


def test_who_waits_gets_on_with_something_else_if_it_takes_its_time(monkeypatch):
    monkeypatch.setattr(fetching, "QUICK", 0.0)
    saved = asyncio.Event()

    async def asking(session, batch):
        await saved.wait()
        async for outcome in all_of_them(session, batch):
            yield outcome

    async def meanwhile():
        saved.set()

    assert len(fetched(asking, seconds=60, meanwhile=meanwhile).outcomes) == 3


def test_nothing_is_asked_any_more_if_that_fails(monkeypatch):
    monkeypatch.setattr(fetching, "QUICK", 0.0)
    ended = []

    async def asking(session, batch):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(batch)
        yield

    async def meanwhile():
        raise DatabaseError("The disk is full.")

    with pytest.raises(DatabaseError):
        fetched(asking, meanwhile=meanwhile)
    assert len(ended) == 1


def test_what_came_of_two_batches_is_joined():
    learnt = DialectLearnt("rest", "It said so.")
    first = Fetched(
        Batch(FACTS, ("1",), {"1": NOW}, {"1": "a"}, probe=True),
        *(NOW, (RemoteBug("1", "NEW"),), ()),
        dialect=learnt,
        exchanges=(Exchange("GET", "https://b.example.com/1"),),
    )
    trouble = BugTrackerConnectError("It is down.")
    then = Fetched(
        Batch(FACTS, ("2", "3"), {"2": NOW}, {"3": "b"}),
        *(NOW + timedelta(seconds=1), (RemoteBug("2", "OLD"),), ("3",)),
        clock_skew=2.0,
        trouble=trouble,
        exchanges=(Exchange("GET", "https://b.example.com/2"),),
        quota=Quota(60, 59),
    )
    assert join(first, then) == Fetched(
        Batch(FACTS, ("1", "2", "3"), {"1": NOW, "2": NOW}, {"1": "a", "3": "b"}, probe=True),
        *(NOW, (RemoteBug("1", "NEW"), RemoteBug("2", "OLD")), ("3",)),
        dialect=learnt,
        clock_skew=2.0,
        trouble=trouble,
        exchanges=(*first.exchanges, *then.exchanges),
        quota=Quota(60, 59),
    )
