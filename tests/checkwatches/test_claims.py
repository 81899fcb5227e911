import asyncio
from datetime import timedelta

import pytest

from malonewatch.checkwatches.claims import Claimant
from malonewatch.identity import holder_of
from malonewatch.interfaces import Claim, DatabaseBusy, OriginState, Politeness

from .conftest import pass_time
from .fakes import FakeDatabase

ID, OTHER = "0123456789ab", "ba9876543210"
HERE, THERE = "https://b.example.com", "https://c.example.com"
STATE = OriginState(Politeness(1, 2.0))


class Claims:
    """An `IClaims`, as far as a run has to do with it."""

    def __init__(self):
        self.held = {}
        self.states = {}

    def get(self, origin, now):
        holder = self.held.get(origin)
        return None if holder is None else Claim(origin, holder, now)

    def claim(self, origin, holder, now):
        assert now is not None
        return self.held.setdefault(origin, holder) == holder

    def release(self, origin, holder):
        if self.held.get(origin) == holder:
            del self.held[origin]

    def getState(self, origin):
        return self.states.get(origin)

    def setState(self, origin, state):
        self.states[origin] = state


@pytest.fixture
def database(clock):
    database = FakeDatabase()
    database.trackers.claims = Claims()
    return database


@pytest.fixture
def claims(database):
    return database.trackers.claims


@pytest.fixture
def claimant(database):
    return Claimant(database, ID)


def lost():
    return asyncio.Event()


def take(claimant, *asked):
    return asyncio.run(claimant.take(*asked))


def take_together(claimant, *origins, meanwhile=lambda tasks: None):
    """What comes of taking those at the same time."""

    async def run():
        tasks = [asyncio.create_task(claimant.take(origin, lost())) for origin in origins]
        await asyncio.sleep(0)
        meanwhile(tasks)
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def test_what_is_free_is_taken(claimant, claims):
    claims.states[HERE] = STATE
    assert take(claimant, HERE, lost()) == (None, STATE)
    assert claims.held == {HERE: claimant.holder}


def test_of_what_is_taken_the_holder_is_told(claimant, claims, clock):
    claims.held[HERE] = "somebody else"
    assert take(claimant, HERE, lost()) == (Claim(HERE, "somebody else", clock.moment), None)
    claimant.release(HERE, STATE)
    assert (claims.held, claims.states) == ({HERE: "somebody else"}, {})


def test_what_is_asked_for_at_the_same_time_is_taken_in_one_transaction(claimant, claims, database):
    claims.held[THERE] = "somebody else"
    (claim, state), (elsewhere, _) = take_together(claimant, HERE, THERE)
    assert (claim, state, elsewhere.holder) == (None, None, "somebody else")
    assert (claims.held[HERE], database.written) == (claimant.holder, 1)
    assert (claimant.has(HERE), claimant.has(THERE)) == (True, False)


def test_all_are_told_that_the_database_is_busy(claimant, claims, database, monkeypatch):
    def write(function, patience):
        raise DatabaseBusy("It is busy.")

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", write)
        told = take_together(claimant, HERE, THERE)
    assert [type(each) for each in told] == [DatabaseBusy, DatabaseBusy]
    assert not claimant.has(HERE)
    assert take(claimant, HERE, lost()) == (None, None)


def test_for_who_has_been_cancelled_nothing_is_taken(claimant, claims):
    _, there = take_together(claimant, HERE, THERE, meanwhile=lambda tasks: tasks[0].cancel())
    assert (there, claims.held) == ((None, None), {THERE: claimant.holder})


def test_what_a_run_that_has_ended_still_has_is_free(database, claims):
    claims.held = {HERE: holder_of(OTHER), THERE: holder_of("0" * 12)}
    claimant = Claimant(database, ID, [OTHER])
    assert take(claimant, HERE, lost()) == (None, None)
    claim, _ = take(claimant, THERE, lost())
    assert claim.holder == holder_of("0" * 12)


def test_letting_go_and_what_is_known_are_one_transaction(claimant, claims, database):
    take(claimant, HERE, lost())
    database.written = 0
    claimant.release(HERE, STATE)
    assert (claims.held, claims.states, database.written) == ({}, {HERE: STATE}, 1)


def test_if_nothing_is_known_what_was_known_stays(claimant, claims):
    claims.states[HERE] = STATE
    take(claimant, HERE, lost())
    claimant.release(HERE, None)
    assert (claims.held, claims.states) == ({}, {HERE: STATE})


def test_a_dry_run_takes_nothing(database, claims, clock):
    claimant = Claimant(database, ID, dry_run=True)
    claims.states[HERE] = STATE
    claims.held[THERE] = "somebody else"
    assert take(claimant, HERE, lost()) == (None, STATE)
    assert take(claimant, THERE, lost()) == (Claim(THERE, "somebody else", clock.moment), None)
    claimant.release(HERE, OriginState())
    assert (claims.states, database.written) == ({HERE: STATE}, 0)


def keep(claimant, minutes, meanwhile=lambda: None):
    """Let so many minutes go by while the claimant keeps what it has."""

    async def run():
        keeping = asyncio.create_task(claimant.keep())
        await asyncio.sleep(0)
        meanwhile()
        for _ in range(minutes):
            pass_time(60.5)
            for _ in range(3):
                await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(run())


def test_what_is_held_is_taken_again_each_minute(claimant, claims, database):
    times = []
    claims.claim = lambda origin, holder, now: times.append(origin) or True
    take(claimant, HERE, lost())
    take(claimant, THERE, lost())
    keep(claimant, 3)
    assert times == [HERE, THERE] * 4
    # All of them in one transaction.
    assert database.written == 2 + 3


def test_while_nothing_is_held_nothing_is_written(claimant, database):
    take(claimant, HERE, lost())
    claimant.release(HERE, None)
    keep(claimant, 3)
    assert database.written == 2


def test_what_got_lost_is_said_and_not_taken_back(claimant, claims, caplog):
    here, there = lost(), lost()
    take(claimant, HERE, here)
    take(claimant, THERE, there)
    claims.held[HERE] = "somebody else"
    keep(claimant, 2)
    assert (here.is_set(), there.is_set()) == (True, False)
    assert [record.getMessage() for record in caplog.records] == [
        f"Another run has taken {HERE} over; this one asks no more there."
    ]
    claimant.release(HERE, STATE)
    assert claims.held == {HERE: "somebody else", THERE: claimant.holder}
    assert claims.states == {}


def test_a_database_that_is_busy_is_tried_the_next_time(claimant, claims, database):
    take(claimant, HERE, lost())
    written = database.written
    left = [1]

    def busy():
        if left:
            left.pop()
            raise DatabaseBusy("Others changed it.")

    database.before = busy
    keep(claimant, 2)
    assert database.written == written + 1


def test_it_is_really_in_the_database(site, clock):
    claimant = Claimant(site.database, ID)
    assert take(claimant, HERE, lost()) == (None, None)
    other = Claimant(site.database, OTHER)
    claim, state = take(other, HERE, lost())
    assert (claim.holder, state) == (claimant.holder, None)
    assert claim.until == clock.moment + timedelta(minutes=10)
    claimant.release(HERE, STATE)
    assert take(other, HERE, lost()) == (None, STATE)


def test_what_is_not_wanted_is_not_taken(claimant, claims, clock):
    claims.states[HERE] = STATE
    assert take(claimant, HERE, lost(), lambda trackers: False) == (None, STATE)
    assert (claims.held, claimant.has(HERE)) == ({}, False)
    assert take(claimant, HERE, lost(), lambda trackers: True) == (None, STATE)
    assert claimant.has(HERE)
    claims.held[THERE] = "somebody else"
    claim, _ = take(claimant, THERE, lost(), lambda trackers: False)
    assert claim.holder == "somebody else"


def test_what_could_not_be_let_go_of_is_so_later(claimant, claims, database):
    take(claimant, HERE, lost())

    def busy():
        raise DatabaseBusy("Others changed it.")

    database.before = busy
    with pytest.raises(DatabaseBusy):
        claimant.release(HERE, STATE)
    assert not claimant.has(HERE)
    with pytest.raises(DatabaseBusy):
        claimant.release_rest()
    database.before = lambda: None
    claimant.release_rest()
    assert (claims.held, claims.states) == ({}, {HERE: STATE})
    written = database.written
    claimant.release_rest()
    assert database.written == written


def test_what_is_taken_again_meanwhile_is_kept(claimant, claims, database):
    take(claimant, HERE, lost())
    database.after = lambda: (_ for _ in ()).throw(DatabaseBusy("Others changed it."))
    with pytest.raises(DatabaseBusy):
        claimant.release(HERE, STATE)
    database.after = lambda: None
    take(claimant, HERE, lost())
    claimant.release_rest()
    assert claims.held == {HERE: claimant.holder}
