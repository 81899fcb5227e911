"""Transactions of one's own, whoever's manager they are of."""

import itertools

import pytest
import transaction
import ZODB
from transaction.interfaces import AlreadyInTransaction, NoTransaction
from ZODB.POSException import ConflictError

from malonewatch.interfaces import DatabaseBusy
from malonewatch.model.transactions import LONGEST_PAUSE, PATIENCE, Transactions, pauses


@pytest.fixture
def db():
    db = ZODB.DB(None)
    yield db
    db.close()


def count(connection):
    root = connection.root()
    root["count"] = root.get("count", 0) + 1
    return root["count"]


def counted(db):
    with db.transaction() as connection:
        return connection.root().get("count", 0)


MANAGERS = {
    "none": lambda: None,
    "explicit": lambda: transaction.TransactionManager(explicit=True),
    "implicit": transaction.TransactionManager,
    "the thread's": lambda: transaction.manager,
}


@pytest.fixture(params=MANAGERS)
def manager(request):
    manager = MANAGERS[request.param]()
    yield manager
    if manager is not None and not manager.explicit:
        manager.abort()


@pytest.fixture
def transactions(db, manager):
    return Transactions(db, "memory://", manager)


def test_what_is_written_is_committed(transactions, db):
    assert [transactions.run(count, commit=True) for _ in range(3)] == [1, 2, 3]
    assert counted(db) == 3


def test_what_is_read_is_not(transactions, db):
    assert transactions.run(count, commit=False) == 1
    assert counted(db) == 0


def test_afterwards_the_manager_is_in_no_transaction(transactions, manager):
    def fail(connection):
        raise LookupError("x")

    transactions.run(count, commit=True)
    with pytest.raises(LookupError):
        transactions.run(fail, commit=True)
    if manager is not None and manager.explicit:
        with pytest.raises(NoTransaction):
            manager.get()


def test_what_joins_the_transaction_is_committed_with_it(transactions, manager):
    if manager is None:
        pytest.skip("Nobody else knows it.")
    done = []

    def join(connection):
        manager.get().addAfterCommitHook(done.append)

    transactions.run(join, commit=True)
    assert done == [True]


def test_a_transaction_that_the_application_is_in_is_left_alone(db):
    manager = transaction.TransactionManager(explicit=True)
    transactions = Transactions(db, "memory://", manager)
    own = manager.begin()
    with pytest.raises(AlreadyInTransaction):
        transactions.run(count, commit=True)
    assert manager.get() is own
    assert transactions.run(count, commit=False) == 1
    assert manager.get() is own


def test_a_transaction_that_cannot_begin_is_none(db):
    class Failing:
        def newTransaction(self, transaction):
            raise LookupError("x")

        def beforeCompletion(self, transaction):
            pass

        def afterCompletion(self, transaction):
            pass

    manager = transaction.TransactionManager(explicit=True)
    failing = Failing()
    manager.registerSynch(failing)
    with pytest.raises(LookupError):
        Transactions(db, "memory://", manager).run(count, commit=True)
    manager.unregisterSynch(failing)
    with pytest.raises(NoTransaction):
        manager.get()


# Conflicts


def test_pauses_grow_and_end():
    found = list(pauses())
    assert sum(found) <= PATIENCE
    assert max(found) <= LONGEST_PAUSE
    longest = [0.01 * 2**number for number in range(8)]
    assert all(half / 2 <= pause <= half for half, pause in zip(longest, found, strict=False))


def test_no_two_wait_alike():
    assert list(pauses()) != list(pauses())


def test_a_conflict_is_waited_out(db, manager):
    slept = []
    transactions = Transactions(db, "memory://", manager, slept.append)
    left = itertools.chain([ConflictError("x")] * 5, itertools.repeat(None))

    def work(connection):
        if error := next(left):
            raise error
        return count(connection)

    assert transactions.run(work, commit=True) == 1
    assert len(slept) == 5
    assert slept[0] < slept[4]


def test_somebody_who_writes_all_the_time_makes_it_busy(db, manager):
    slept = []
    transactions = Transactions(db, "memory://", manager, slept.append)

    def lose(connection):
        count(connection)
        with db.transaction() as other:
            count(other)

    with pytest.raises(DatabaseBusy):
        transactions.run(lose, commit=True)
    assert counted(db) == len(slept) + 1


def test_one_who_pauses_is_got_past(db, manager):
    # While we wait, the other one comes to an end.
    others = iter(range(6))
    transactions = Transactions(db, "memory://", manager, lambda pause: None)

    def work(connection):
        count(connection)
        if next(others, None) is not None:
            with db.transaction() as other:
                count(other)

    transactions.run(work, commit=True)
    assert counted(db) == 7
