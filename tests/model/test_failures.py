"""Servers that are not there, or no longer: one sentence, and soon."""

import contextlib
import socket

import pytest
from transaction.interfaces import TransientError
from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import ConflictError, ReadConflictError, StorageError

from malonewatch.configuration import configure
from malonewatch.interfaces import BugTrackerType, DatabaseBusy, DatabaseError
from malonewatch.model import open_database
from malonewatch.model.failures import database_errors, is_conflict

from ..postgres import running_postgres
from ..zeo import Zeo

configure()


def add(name):
    def add_one(trackers):
        trackers.ensureBugTracker(f"https://{name}.example.com", None, BugTrackerType.TRAC)

    return add_one


def count(trackers):
    return trackers.count()


@pytest.fixture(scope="module")
def postgres_server():
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_server):
    yield postgres_server
    postgres_server.start()


@pytest.fixture
def zeo(tmp_path):
    server = Zeo(tmp_path)
    yield server
    server.stop()


@pytest.fixture(params=["postgres", "zeo"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def database(server):
    with contextlib.closing(open_database(server.new_uri(), create=True)) as database:
        yield database


def assert_is_one_sentence(caught, uri):
    assert type(caught.value) is DatabaseError
    text = str(caught.value)
    assert text.startswith(f"The database {uri} cannot be used (")
    assert len(text.splitlines()) == 1


def test_it_is_used_like_any_other(database):
    database.write(add("one"))
    assert database.read(count) == 1
    database.pack()
    assert database.read(count) == 1


@pytest.mark.parametrize("read_only", [False, True])
def test_one_with_nothing_in_it(server, read_only):
    uri = server.new_uri()
    with pytest.raises(DatabaseError, match=r"is nothing in the database .*malonewatch init"):
        open_database(uri, read_only=read_only)
    open_database(uri, create=True).close()
    open_database(uri, read_only=read_only).close()


def test_a_database_that_the_server_does_not_have(postgres):
    uri = postgres.uri("no_such")
    with pytest.raises(DatabaseError, match='database "no_such" does not exist') as caught:
        open_database(uri)
    assert_is_one_sentence(caught, uri)


@pytest.mark.parametrize("create", [False, True])
def test_a_server_that_is_not_there(server, create):
    uri = server.new_uri()
    server.stop()
    with pytest.raises(DatabaseError) as caught:
        open_database(uri, create=create)
    assert_is_one_sentence(caught, uri)


def test_a_port_where_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    uri = f"postgres://user:s3cret@127.0.0.1:{port}/some"
    with pytest.raises(DatabaseError, match="Connection refused") as caught:
        open_database(uri)
    assert_is_one_sentence(caught, uri.replace("s3cret", "..."))


def test_a_server_that_is_stopped_meanwhile(database, server, caplog):
    server.stop()
    with pytest.raises(DatabaseError) as caught:
        database.write(add("one"))
    assert_is_one_sentence(caught, database.uri)
    with pytest.raises(DatabaseError) as caught:
        database.pack()
    assert_is_one_sentence(caught, database.uri)
    # They have more to say, but it is nothing more.
    assert caplog.records == []


def test_a_server_that_is_stopped_in_the_middle(database, server):
    calls = []

    def add_and_stop(trackers):
        calls.append(trackers.count())
        add("one")(trackers)
        server.stop()

    with pytest.raises(DatabaseError) as caught:
        database.write(add_and_stop)
    assert_is_one_sentence(caught, database.uri)
    assert calls == [0]


def test_a_server_that_comes_back_is_used_again(postgres):
    with contextlib.closing(open_database(postgres.new_uri(), create=True)) as database:
        postgres.stop()
        with pytest.raises(DatabaseError):
            database.write(add("one"))
        postgres.start()
        database.write(add("one"))
        assert database.read(count) == 1


# Telling them apart.


@pytest.mark.parametrize("error", [ConflictError, ReadConflictError, TransientError])
def test_conflicts_are_worth_another_try(error):
    assert is_conflict(error())
    with pytest.raises(DatabaseBusy, match="changed by others again and again"):
        with database_errors("memory://"):
            raise error()


class UnableToAcquireLockError(Exception):
    """As RelStorage has it."""


def test_so_is_a_lock_that_others_hold():
    class UnableToAcquireCommitLockError(StorageError, UnableToAcquireLockError):
        pass

    assert is_conflict(UnableToAcquireCommitLockError())
    assert not is_conflict(StorageError())
    assert not is_conflict(ClientDisconnected())


@pytest.mark.parametrize("error", [OSError("x"), LookupError("x")])
def test_what_did_not_happen_in_a_storage_is_not_the_databases_failure(error):
    with pytest.raises(type(error)) as caught:
        with database_errors("memory://"):
            raise error
    assert caught.value is error
