import copy
import dataclasses
from itertools import islice

import pytest
import transaction
import ZODB
from BTrees.LLBTree import LLBTree
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from ZODB.MappingStorage import MappingStorage

from malonewatch.interfaces import BugWatchErrorType
from malonewatch.model import schedule
from malonewatch.model.ledger import Ledger
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pages import NEVER, PAGE, UNKNOWN
from malonewatch.model.sweeping import not_checked_since

TODAY = 1_700_000_000

#: Few, so that some have many watches.
remotebugs = st.sampled_from(["1", "2", "3", "ünïcode", "x" * 200])
moments = st.integers(min_value=TODAY - 100, max_value=TODAY + 100)
error_types = st.none() | st.sampled_from(BugWatchErrorType)


@dataclasses.dataclass
class Row:
    """What a row of the ledger is to hold."""

    watch_id: int
    remotebug: str
    due: int
    checked: int = UNKNOWN
    seen: int = UNKNOWN
    failures: int = 0
    full: int = 0
    digest: int = 0
    error_type: BugWatchErrorType | None = None


class LedgerMachine(RuleBasedStateMachine):
    """A ledger in a storage, beside a dictionary of rows by slot."""

    def __init__(self):
        super().__init__()
        self.manager = transaction.TransactionManager()
        self.db = ZODB.DB(MappingStorage())
        self.connection = self.db.open(self.manager)
        self.root = self.connection.root()
        self.root["ledger"], self.root["earliest"] = Ledger(), LLBTree()
        self.rows = {}
        self.validators = {}
        self.held = {}
        self.apart = {}
        self.added = 0

    @initialize(attached=st.booleans())
    def attach(self, attached):
        self.attached = attached
        if attached:
            self.root["ledger"].attach(self.root["earliest"], 7)
        self.commit()

    def teardown(self):
        self.manager.abort()
        self.connection.close()
        self.db.close()

    @property
    def known(self):
        return self.rows, self.validators, self.held, self.apart, self.added

    @known.setter
    def known(self, known):
        self.rows, self.validators, self.held, self.apart, self.added = known

    @property
    def ledger(self):
        return self.root["ledger"]

    def slot(self, data):
        return data.draw(st.sampled_from(sorted(self.rows)), label="slot")

    # What is done to it.

    @rule(
        count=st.sampled_from([1, 2, PAGE - 1, PAGE + 20]),
        remotebug=remotebugs,
        due=moments,
        apart=st.integers(min_value=0, max_value=3),
    )
    def add(self, count, remotebug, due, apart):
        for number in range(count):
            self.added += 1
            slot = self.ledger.add(self.added, remotebug, due + apart * number + 0.5)
            assert slot == self.added - 1
            self.rows[slot] = Row(self.added, remotebug, due + apart * number)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), count=st.sampled_from([1, 1, 1, 50, 200]))
    def remove(self, data, count):
        first = self.slot(data)
        for slot in [slot for slot in sorted(self.rows) if slot >= first][:count]:
            self.ledger.remove(slot)
            row = self.rows.pop(slot)
            if not any(other.remotebug == row.remotebug for other in self.rows.values()):
                for known in (self.validators, self.held, self.apart):
                    known.pop(row.remotebug, None)

    @precondition(lambda self: self.rows)
    @rule(
        data=st.data(),
        columns=st.fixed_dictionaries(
            {},
            optional={
                "due": moments,
                "checked": moments,
                "seen": moments,
                "failures": st.integers(min_value=0, max_value=255),
                "full": st.integers(min_value=0, max_value=255),
                "digest": st.integers(min_value=0, max_value=2**64 - 1),
            },
        ),
    )
    def set(self, data, columns):
        slot = self.slot(data)
        self.ledger.set(slot, **columns)
        self.rows[slot] = dataclasses.replace(self.rows[slot], **columns)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), error_type=error_types)
    def set_error(self, data, error_type):
        slot = self.slot(data)
        self.ledger.set(slot, errors=self.ledger.error_code(error_type))
        self.rows[slot].error_type = error_type

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), due=moments, checked=moments, count=st.integers(1, 150))
    def write_many(self, data, due, checked, count):
        first = self.slot(data)
        pages = Pages(self.ledger)
        for slot in [slot for slot in sorted(self.rows) if slot >= first][:count]:
            pages.look(slot // PAGE)
            _, times = pages.page(slot // PAGE)
            times.due[slot % PAGE], times.checked[slot % PAGE] = due, checked
            self.rows[slot].due, self.rows[slot].checked = due, checked
        pages.finish()

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), moment=moments, packed=st.none() | st.tuples(st.text(max_size=3)))
    def hold(self, data, moment, packed):
        remotebug = self.rows[self.slot(data)].remotebug
        if packed is None:
            self.ledger.let_go(remotebug)
            self.held.pop(remotebug, None)
        else:
            self.ledger.hold(remotebug, moment, packed)
            self.held[remotebug] = moment, packed

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), moment=st.none() | moments)
    def set_apart(self, data, moment):
        remotebug = self.rows[self.slot(data)].remotebug
        self.ledger.set_apart(remotebug, moment)
        self.apart[remotebug] = moment
        if moment is None:
            del self.apart[remotebug]

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), validator=st.none() | st.text(max_size=3))
    def set_validator(self, data, validator):
        remotebug = self.rows[self.slot(data)].remotebug
        self.ledger.set_validator(remotebug, validator)
        self.validators[remotebug] = validator
        if validator is None:
            del self.validators[remotebug]

    @rule(now=moments)
    def make_due(self, now):
        self.ledger.make_due(now + 0.5)
        for row in self.rows.values():
            row.due, row.seen = min(row.due, now), UNKNOWN

    @rule(now=moments)
    def forget(self, now):
        self.ledger.forget(now + 0.5)
        for row in self.rows.values():
            row.due, row.seen, row.failures = min(row.due, now), UNKNOWN, 0
            row.digest, row.error_type = 0, None
        for known in (self.validators, self.held, self.apart):
            known.clear()

    @rule(now=moments)
    def reset(self, now):
        self.ledger.reset(now + 0.5)
        for row in self.rows.values():
            row.due, row.seen, row.failures = min(row.due, now), UNKNOWN, 0
        self.validators.clear()

    @rule(now=moments)
    def set_clock_back(self, now):
        self.ledger.set_clock_back(now + 0.5)
        for row in self.rows.values():
            if row.checked > now or (row.checked == UNKNOWN and row.due > now):
                row.checked = min(row.checked, now)
                row.due, row.seen = now, UNKNOWN
        # The ledger is given part of a second more.
        self.held = {
            remotebug: (now + 0.5 if moment > now else moment, packed)
            for remotebug, (moment, packed) in self.held.items()
        }
        self.apart = {remotebug: min(moment, now) for remotebug, moment in self.apart.items()}

    @rule()
    def commit(self):
        self.manager.commit()
        # All has to be read from the storage again.
        self.connection.cacheMinimize()
        self.committed = copy.deepcopy(self.known)

    @rule()
    def abort(self):
        self.manager.abort()
        self.known = copy.deepcopy(self.committed)

    # What it says.

    @rule(now=moments)
    def what_is_due(self, now):
        expected = sorted((row.due, slot) for slot, row in self.rows.items() if row.due <= now)
        assert self.ledger.due(now) == expected
        assert self.ledger.count_due(now) == len(expected)
        found = list(self.ledger.rows(expected, now))
        assert [remotebug for remotebug, _, _ in found] == [
            self.rows[slot].remotebug for _, slot in expected
        ]
        day = schedule.day_of(now)
        for (_, slot), (_, seen, known) in zip(expected, found, strict=True):
            row = self.rows[slot]
            assert known == (row.digest != 0 and row.error_type is None)
            since = schedule.days_since(row.full, row.checked, day)
            full = not known or since >= schedule.FULL_CHECK_DAYS
            assert seen == (UNKNOWN if full else row.seen)

    @rule(moment=moments | st.just(0))
    def what_was_not_checked_since(self, moment):
        assert sorted(not_checked_since(self.ledger, moment)) == sorted(
            (row.remotebug, row.watch_id) for row in self.rows.values() if row.checked <= moment
        )

    @rule(start=st.integers(min_value=0, max_value=4 * PAGE), count=st.sampled_from([1, 20, 1000]))
    def what_is_newest(self, start, count):
        expected = sorted((row.watch_id for row in self.rows.values()), reverse=True)[start:]
        found = list(islice(self.ledger.newest(start), count))
        assert found == expected[:count]

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def what_a_row_holds(self, data):
        slot = self.slot(data)
        row = self.rows[slot]
        assert self.ledger.watch_id(slot) == row.watch_id
        for column in ("due", "checked", "seen", "failures", "full"):
            assert self.ledger.get(slot, column) == getattr(row, column)
        assert self.ledger.error(slot) is row.error_type

    @rule(remotebug=remotebugs)
    def which_watches_a_remote_bug_has(self, remotebug):
        assert self.ledger.slots(remotebug) == tuple(
            slot for slot, row in sorted(self.rows.items()) if row.remotebug == remotebug
        )
        assert self.ledger.validator(remotebug) == self.validators.get(remotebug)

    @invariant()
    def how_many_there_are(self):
        assert len(self.ledger) == len(self.rows)
        assert self.ledger.has_validators() == bool(self.validators)

    @invariant()
    def what_is_held_and_what_is_asked_for_apart(self):
        assert dict(self.ledger.held) == self.held
        assert dict(self.ledger.apart) == self.apart

    @invariant()
    def when_the_first_is_due(self):
        if self.root["earliest"]:
            assert self.attached
            earliest = min((row.due for row in self.rows.values()), default=NEVER)
            assert dict(self.root["earliest"]) == {7: earliest}


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(deadline=None, max_examples=100, stateful_step_count=40)


def test_an_error_is_stored_by_its_name():
    ledger = Ledger()
    ledger.add(1, "1", TODAY)
    ledger.set(0, errors=ledger.error_code(BugWatchErrorType.TIMEOUT))
    assert ledger.error_names == ("", "TIMEOUT")


def test_a_validator_goes_with_the_last_watch():
    ledger = Ledger()
    for watch_id in (1, 2):
        ledger.add(watch_id, "42", TODAY)
    ledger.set_validator("42", "etag")
    ledger.remove(0)
    assert ledger.validator("42") == "etag"
    ledger.remove(1)
    assert ledger.validator("42") is None
    assert not ledger.has_validators()


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger: ledger.set(0, digest=7),
        lambda ledger: ledger.set(0, due=TODAY + 1),
        lambda ledger: ledger.set(0, errors=ledger.error_code(BugWatchErrorType.TIMEOUT)),
        lambda ledger: ledger.add(2, "43", TODAY),
        lambda ledger: ledger.remove(0),
        lambda ledger: ledger.reset(TODAY - 1),
        lambda ledger: ledger.make_due(TODAY - 1),
        lambda ledger: ledger.forget(TODAY - 1),
        lambda ledger: ledger.set_clock_back(TODAY - 1),
    ],
)
def test_each_change_is_stored(change):
    def look(ledger):
        pages = [*ledger._times.values(), *ledger._names.values()]
        return [page.__getstate__() for page in pages], ledger.error_names

    db = ZODB.DB(MappingStorage())
    with db.transaction() as connection:
        connection.root()["ledger"] = ledger = Ledger()
        ledger.add(1, "42", TODAY)
        before = look(ledger)
    with db.transaction() as connection:
        change(connection.root()["ledger"])
        after = look(connection.root()["ledger"])
    with db.transaction() as connection:
        connection.cacheMinimize()
        assert look(connection.root()["ledger"]) == after != before
    db.close()


def test_a_thousand_checked_watches_are_a_few_small_records():
    with ZODB.DB(MappingStorage()).transaction() as connection:
        connection.root()["ledger"] = ledger = Ledger()
        for number in range(1000):
            ledger.add(number + 1, str(number), TODAY)
        db = connection.db()
    with db.transaction() as connection:
        ledger = connection.root()["ledger"]
        pages = Pages(ledger)
        for slot in range(1000):
            _, times = pages.page(slot // PAGE)
            times.checked[slot % PAGE], times.due[slot % PAGE] = TODAY, TODAY + 1000
        pages.finish()
        tid = db.storage.lastTransaction()
    written = [
        record for written in db.storage.iterator() if written.tid > tid for record in written
    ]
    assert len(written) <= 1000 / PAGE + 4
    assert sum(len(record.data) for record in written) < 20 * 1000
    db.close()


def test_what_a_wrong_clock_said_of_a_bug_that_spoils_answers_it_said_now():
    ledger = Ledger()
    for number, moment in (("1", TODAY), ("2", TODAY + 100)):
        ledger.add(int(number), number, TODAY)
        ledger.set_apart(number, moment)
        ledger.hold(number, moment, ())
    ledger.set_clock_back(TODAY + 50)
    assert dict(ledger.apart) == {"1": TODAY, "2": TODAY + 50}
    assert dict(ledger.held) == {"1": (TODAY, ()), "2": (TODAY + 50, ())}


def test_an_error_of_a_later_version_is_unknown():
    ledger = Ledger()
    ledger.add(1, "1", TODAY)
    ledger.error_names += ("FROBBED",)
    ledger.set(0, errors=1)
    assert ledger.error(0) is BugWatchErrorType.UNKNOWN


def test_a_page_of_which_all_rows_were_removed_is_gone():
    ledger, earliest = Ledger(), LLBTree()
    ledger.attach(earliest, 1)
    slots = [ledger.add(number, str(number), TODAY + number) for number in range(1, 3 * PAGE)]
    for slot in slots[PAGE : 2 * PAGE]:
        ledger.remove(slot)
    assert list(ledger._names) == list(ledger._times) == [0, 2]
    left = [*range(1, PAGE + 1), *range(2 * PAGE + 1, 3 * PAGE)]
    assert list(ledger.newest()) == left[::-1]
    assert list(islice(ledger.newest(PAGE - 1), 2)) == [PAGE, PAGE - 1]
    assert [slot for _, slot in ledger.due(TODAY + 10 * PAGE)] == [
        slot for slot in slots if not PAGE <= slot < 2 * PAGE
    ]
    for slot in slots[:PAGE]:
        ledger.remove(slot)
    assert earliest[1] == TODAY + 2 * PAGE + 1
    assert ledger.add(7, "7", TODAY) == 3 * PAGE - 1
    assert (len(ledger), earliest[1]) == (PAGE, TODAY)


def test_the_last_page_stays_for_what_is_added():
    ledger = Ledger()
    for number in range(1, PAGE + 1):
        ledger.add(number, str(number), TODAY)
    for slot in range(PAGE):
        ledger.remove(slot)
    assert list(ledger.newest()) == []
    assert ledger.add(1, "1", TODAY) == PAGE
    assert list(ledger.newest()) == [1]
