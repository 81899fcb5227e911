import contextlib

import pytest
from ZODB.FileStorage import FileStorage

from malonewatch.configuration import configure
from malonewatch.interfaces import BadInput, DatabaseError
from malonewatch.model import copying, open_database
from malonewatch.testing.sample import add_sample_data

from ..postgres import running_postgres

configure()


@pytest.fixture
def file_uri(tmp_path):
    return f"file://{tmp_path / 'Copy.fs'}"


@pytest.fixture
def filled(sqlite_uri):
    """Where a database is with something in it."""
    with contextlib.closing(open_database(sqlite_uri, create=True)) as database:
        database.write(lambda trackers: add_sample_data())
    return sqlite_uri


def content(uri):
    """What is in a database, as far as people see it."""
    with contextlib.closing(open_database(uri, read_only=True)) as database:
        return database.identity, database.read(
            lambda trackers: [
                (watch.id, watch.url, watch.bug.title)
                for tracker in trackers
                for watch in tracker.watches
            ]
        )


def test_everything_is_copied_there_and_back(filled, file_uri, tmp_path):
    back = f"sqlite://?data_dir={tmp_path / 'back'}"
    count = open_database.copy(filled, file_uri)
    assert count > 200
    assert open_database.copy(file_uri, back) == count
    assert content(filled) == content(file_uri) == content(back)


def test_a_copy_can_be_written_to(filled, file_uri):
    open_database.copy(filled, file_uri)
    with contextlib.closing(open_database(file_uri)) as database:
        database.write(lambda trackers: setattr(trackers["debbugs"], "title", "Another"))
        assert database.read(lambda trackers: trackers["debbugs"].title) == "Another"


def test_how_far_it_is_is_told(filled, file_uri, monkeypatch):
    monkeypatch.setattr(copying, "SOME", 100)
    told = []
    open_database.copy(filled, file_uri, told.append)
    assert told[:2] == [100, 200]


def test_it_comes_from_a_server_too(zeo_uri, file_uri):
    with contextlib.closing(open_database(zeo_uri, create=True)) as database:
        database.write(lambda trackers: add_sample_data())
    open_database.copy(zeo_uri, file_uri)
    assert content(zeo_uri) == content(file_uri)


def test_it_goes_to_such_a_server(filled, zeo_uri):
    open_database.copy(filled, zeo_uri)
    assert content(zeo_uri) == content(filled)


def test_it_goes_to_postgresql_and_comes_back(filled, file_uri):
    with running_postgres() as server:
        uri = server.new_uri()
        count = open_database.copy(filled, uri)
        assert content(uri) == content(filled)
        assert open_database.copy(uri, file_uri) == count
    assert content(file_uri) == content(filled)


def test_it_goes_nowhere_where_something_is(filled, file_uri):
    with contextlib.closing(open_database(file_uri, create=True)):
        pass
    before = content(file_uri)
    with pytest.raises(BadInput, match=r"There is something in .* already"):
        open_database.copy(filled, file_uri)
    assert content(file_uri) == before


def test_it_does_not_go_where_it_is(filled):
    with pytest.raises(BadInput, match="is where it is copied from"):
        open_database.copy(filled, filled)


def test_there_has_to_be_something_to_copy(file_uri, tmp_path):
    with pytest.raises(DatabaseError, match="There is no database at"):
        open_database.copy(f"file://{tmp_path / 'none.fs'}", file_uri)
    FileStorage(str(tmp_path / "empty.fs")).close()
    with pytest.raises(DatabaseError, match=r"There is nothing in the database .* to be copied"):
        open_database.copy(f"file://{tmp_path / 'empty.fs'}", file_uri)
    assert not (tmp_path / "Copy.fs").exists()


@pytest.mark.parametrize("loss", [b"", b"another"])
def test_what_did_not_arrive_is_noticed(filled, file_uri, monkeypatch, loss):
    copied = copying.load_current

    def load(storage, oid):
        data, serial = copied(storage, oid)
        if oid[-1] == 7 and isinstance(storage, FileStorage):
            if not loss:
                raise copying.POSKeyError(oid)
            data += loss
        return data, serial

    monkeypatch.setattr(copying, "load_current", load)
    with pytest.raises(DatabaseError, match=r"object 0000000000000007\): somebody wrote meanwhile"):
        open_database.copy(filled, file_uri)
