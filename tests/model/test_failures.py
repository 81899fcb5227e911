"""Servers that are not there, or no longer: one sentence, and soon."""

import contextlib
import logging
import socket
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn
from transaction.interfaces import TransientError
from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import ConflictError, ReadConflictError, StorageError

from malonewatch.configuration import configure
from malonewatch.interfaces import BadInput, BugTrackerType, DatabaseBusy, DatabaseError
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


@pytest.fixture
def bare_uri(postgres, monkeypatch):
    """Of a new database, by a URI that leaves to libpq where the server is."""
    path = postgres.new_uri().removeprefix("zconfig://").partition("#")[0]
    monkeypatch.setenv("PGHOST", str(postgres.directory / "postgres"))
    return f"postgres://postgres@/{Path(path).stem}"


def test_a_uri_says_what_is_needed_and_no_more(bare_uri):
    with contextlib.closing(open_database(bare_uri, create=True)) as database:
        database.write(add("one"))
    with contextlib.closing(open_database(f"{bare_uri}?keep_history=false")) as database:
        assert database.read(count) == 1
    with pytest.raises(BadInput, match="no such option"):
        open_database(f"{bare_uri}?nonsense=1")


def test_one_that_keeps_old_revisions_goes_on_doing_so(bare_uri):
    open_database(f"{bare_uri}?keep_history=true", create=True).close()
    with contextlib.closing(open_database(bare_uri)) as database:
        assert database.read(count) == 0
    with pytest.raises(DatabaseError, match="Schema mismatch"):
        open_database(f"{bare_uri}?keep_history=false")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (
            "postgres://ann:se%40%27cr%2F%5C@db.example.com:5433/bugs?sslmode=require",
            {
                "user": "ann",
                "password": "se@'cr/\\",
                "host": "db.example.com",
                "port": "5433",
                "dbname": "bugs",
                "sslmode": "require",
            },
        ),
        (
            "postgres://db/bugs?ssl_mode=prefer",
            {"host": "db", "dbname": "bugs", "sslmode": "prefer"},
        ),
    ],
)
def test_what_a_uri_says_is_told_to_the_server_as_it_is(uri, said, monkeypatch):
    told = []

    def adapter(dsn, options):
        told.append(parse_dsn(dsn))
        raise StorageError("that is all")

    monkeypatch.setattr("relstorage.adapters.postgresql.PostgreSQLAdapter", adapter)
    with pytest.raises(DatabaseError, match="that is all"):
        open_database(uri)
    assert told == [said | {"connect_timeout": "5"}]


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


def test_that_there_is_nobody_to_write_to_any_more_is_not_said_twice(zeo, caplog):
    open_database(zeo.new_uri(), create=True).close()
    logging.getLogger("asyncio").warning("socket.send() raised exception.")
    logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert [each.levelname for each in caplog.records] == ["ERROR"]


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
