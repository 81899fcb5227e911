import contextlib
import gc
import logging
import os
import subprocess
import sys
import threading
import warnings

import pytest
import transaction
import ZODB
from transaction.interfaces import TransientError
from ZODB.POSException import ConflictError, POSKeyError
from zope.component import getUtility, hooks, queryAdapter
from zope.interface.verify import verifyObject

from malonewatch.configuration import configure
from malonewatch.interfaces import (
    BadInput,
    DatabaseBusy,
    DatabaseError,
    IBugSet,
    IBugTrackerSet,
    IDatabase,
    IDatabaseOpener,
    NotFoundError,
)
from malonewatch.model import BugTracker, Database, Site, install, open_database, sqlite_uri
from malonewatch.model.transactions import PATIENCE

configure()


def add_tracker(name="bugs"):
    def add(trackers):
        trackers.add(BugTracker(name, name, "BUGZILLA", f"https://{name}.example.com"))

    return add


def names(trackers):
    return [tracker.name for tracker in trackers]


@pytest.fixture(params=["sqlite", "file"])
def uri(request, tmp_path):
    """Where a database could be."""
    if request.param == "sqlite":
        return sqlite_uri(tmp_path / "some where" / "database")
    return f"file://{tmp_path}/some where/Data.fs"


@pytest.fixture
def database(uri):
    database = open_database(uri, create=True)
    yield database
    database.close()


@contextlib.contextmanager
def files_left_open():
    """For a file storage that cannot be opened, which closes nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def last_transaction(database):
    with database.db.transaction() as connection:
        return connection.db().lastTransaction()


def test_they_provide_the_interfaces(database):
    verifyObject(IDatabase, database)
    verifyObject(IDatabaseOpener, open_database)
    assert getUtility(IDatabaseOpener).embedded("/x") == open_database.embedded("/x")


# Opening


def test_a_new_database_is_empty(database, uri):
    assert database.uri == uri
    assert database.read(names) == []


def test_what_is_written_is_there_when_it_is_opened_again(uri):
    database = open_database(uri, create=True)
    database.write(add_tracker())
    database.close()
    for create in (False, True):
        database = open_database(uri, create=create)
        assert database.read(names) == ["bugs"]
        database.close()


def test_a_database_that_is_not_there_is_not_made(uri, tmp_path):
    with pytest.raises(DatabaseError, match=r"There is no database at .*malonewatch init"):
        open_database(uri)
    assert list(tmp_path.iterdir()) == []


def test_the_database_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("MALONEWATCH_DATABASE", f"file://{tmp_path}/Data.fs")
    database = open_database(create=True)
    assert database.uri == f"file://{tmp_path}/Data.fs"
    database.close()


def test_by_default_it_is_the_users_own(monkeypatch, tmp_path):
    monkeypatch.delenv("MALONEWATCH_DATABASE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    open_database(create=True).close()
    assert (tmp_path / "malonewatch" / "database" / "main.sqlite3").exists()


@pytest.mark.parametrize(
    "uri",
    [
        *("", " ", "Data.fs", "/some/where/Data.fs", "sqlite:", "://", "nosuch://somewhere"),
        *("https://example.com/", "sqlite://", "sqlite://[", "sqlite://?data_dir=", "file://"),
        *("zeo://localhost:port", "memory://?pool_size=x", "memory://?nosuch=1"),
    ],
)
def test_what_is_no_uri_of_a_database(monkeypatch, tmp_path, uri):
    monkeypatch.setenv("MALONEWATCH_DATABASE", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises((BadInput, DatabaseError)) as caught:
        open_database(uri)
    assert isinstance(caught.value, BadInput) == bool(uri)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "uri",
    [
        "nosuch://user:s3cret@localhost/database",
        "user:s3cret@localhost",
        "postgres://user:s3cret@localhost:port/database",
        "postgres://user:s3c/ret@localhost/database",
        "zeo://localhost:port?username=user&password=s3cret",
        "zconfig://user:s3cret@localhost/no/such/file",
    ],
)
def test_a_password_in_a_uri_is_not_shown(uri):
    with pytest.raises((BadInput, DatabaseError)) as caught:
        open_database(uri)
    assert "s3c" not in str(caught.value)
    assert "ret@" not in str(caught.value)
    assert "..." in str(caught.value)


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "Data.fs"
    path.write_text("No database, whatever its name says.\n" * 100)
    with files_left_open():
        with pytest.raises(DatabaseError, match=r"cannot be used \(FileStorageFormatError\)"):
            open_database(f"file://{path}")


def test_a_directory_of_no_database(tmp_path):
    (tmp_path / "main.sqlite3").write_text("No database, whatever its name says.\n" * 100)
    with pytest.raises(DatabaseError, match=r"cannot be used \(.*not a database.*\)"):
        open_database(sqlite_uri(tmp_path))


def test_a_directory_where_there_should_be_a_file(tmp_path):
    (tmp_path / "Data.fs").mkdir()
    with files_left_open():
        with pytest.raises(DatabaseError, match=r"cannot be used \(Is a directory\)"):
            open_database(f"file://{tmp_path}/Data.fs")


def test_a_file_where_there_should_be_a_directory(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError):
        open_database(f"file://{tmp_path}/file/Data.fs", create=True)
    with pytest.raises(DatabaseError):
        open_database(sqlite_uri(tmp_path / "file"), create=True)


def test_a_path_that_nobody_can_look_at(tmp_path):
    with pytest.raises(DatabaseError, match="File name too long"):
        open_database(f"file://{tmp_path}/{'x' * 500}")
    with pytest.raises(DatabaseError, match="File name too long"):
        open_database(sqlite_uri(tmp_path / ("x" * 500)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(uri, tmp_path):
    open_database(uri, create=True).close()
    (tmp_path / "some where").chmod(0)
    try:
        with pytest.raises(DatabaseError, match="Permission denied"):
            open_database(uri)
    finally:
        (tmp_path / "some where").chmod(0o700)


def test_a_database_of_something_else(tmp_path):
    path = tmp_path / "Data.fs"
    with ZODB.DB(str(path)).transaction() as connection:
        connection.root()["malonewatch"] = "something else"
        connection.root()["other"] = 42
    connection.db().close()
    with pytest.raises(DatabaseError, match="There is nothing of malonewatch in the database"):
        open_database(f"file://{path}")


def test_a_file_that_another_process_has_open(tmp_path):
    uri = f"file://{tmp_path}/Data.fs"
    database = open_database(uri, create=True)
    try:
        with pytest.raises(DatabaseError, match=r"cannot be used \(Couldn't lock .*Data.fs.lock"):
            open_database(uri)
    finally:
        database.close()


def test_making_one_that_is_there_keeps_what_is_in_it(database, uri):
    database.write(add_tracker())
    if uri.startswith("sqlite"):
        other = open_database(uri, create=True)
        assert other.read(names) == ["bugs"]
        other.close()


# An application's own site.


@pytest.fixture
def embedding(tmp_path):
    """The URI of a database of an application that has malonewatch in its own site."""
    uri = f"file://{tmp_path}/Application.fs"
    db = ZODB.DB(str(tmp_path / "Application.fs"))
    with db.transaction() as connection:
        root = connection.root()
        root["other"] = 42
        root["app"] = install(Site())
        with hooks.site(root["app"]):
            add_tracker("embedded")(getUtility(IBugTrackerSet))
    db.close()
    return uri


@pytest.mark.parametrize("create", [False, True])
def test_the_site_of_an_application_is_found(embedding, create):
    database = open_database(embedding, create=create)
    try:
        assert database.read(names) == ["embedded"]
        with database.db.transaction() as connection:
            assert sorted(connection.root()) == ["app", "other"]
    finally:
        database.close()


# Reading and writing


def test_reading_returns_what_the_function_returns(database):
    assert database.read(lambda trackers: trackers.count()) == 0


def test_the_function_is_called_in_the_site(database):
    assert database.read(lambda trackers: getUtility(IBugTrackerSet) is trackers)
    assert hooks.getSite() is None


def test_reading_never_writes(database):
    before = last_transaction(database)
    database.read(add_tracker())
    assert last_transaction(database) == before
    assert database.read(names) == []


def test_writing_commits(database):
    database.write(add_tracker())
    assert database.read(names) == ["bugs"]


@pytest.mark.parametrize("call", ["read", "write"])
@pytest.mark.parametrize(
    "error", [LookupError("x"), BadInput("x"), NotFoundError("x"), OSError("x"), KeyboardInterrupt]
)
def test_what_the_function_raises_is_raised_and_nothing_is_written(database, call, error):
    def fail(trackers):
        add_tracker()(trackers)
        raise error

    with pytest.raises(type(error) if isinstance(error, Exception) else error) as caught:
        getattr(database, call)(fail)
    assert not isinstance(error, Exception) or caught.value is error
    assert database.read(names) == []
    assert hooks.getSite() is None


def test_a_record_that_is_missing_is_the_databases_failure(database):
    def fail(trackers):
        raise POSKeyError(b"\0" * 8)

    with pytest.raises(DatabaseError, match="cannot be used"):
        database.read(fail)


@pytest.mark.parametrize("call", ["read", "write"])
def test_no_connection_stays_open(database, call):
    getattr(database, call)(lambda trackers: None)
    with pytest.raises(LookupError):
        getattr(database, call)(lambda trackers: {}["x"])
    assert [info for info in database.db.connectionDebugInfo() if info["opened"]] == []


def test_a_conflict_is_tried_again_on_the_new_state(database):
    seen = []

    def rename(trackers):
        seen.append([tracker.title for tracker in trackers])
        if len(seen) == 1:
            other = Database(database.db, database.uri, database.site_oid)
            other.write(lambda trackers: setattr(trackers["bugs"], "title", "From elsewhere"))
        trackers["bugs"].title = "From here"
        return "done"

    database.write(add_tracker())
    assert database.write(rename) == "done"
    assert seen == [["bugs"], ["From elsewhere"]]
    assert database.read(lambda trackers: trackers["bugs"].title) == "From here"


@pytest.mark.parametrize("call", ["read", "write"])
def test_it_is_not_tried_for_ever(database, call):
    slept = []
    impatient = Database(database.db, database.uri, database.site_oid, sleep=slept.append)

    def conflict(trackers):
        raise ConflictError("again")

    with pytest.raises(DatabaseBusy, match="changed by others again and again"):
        getattr(impatient, call)(conflict)
    assert len(slept) > 10
    assert 15 < sum(slept) <= PATIENCE


def test_a_caller_may_have_less_patience(database):
    slept = []
    impatient = Database(database.db, database.uri, database.site_oid, sleep=slept.append)

    def conflict(trackers):
        raise ConflictError("again")

    with pytest.raises(DatabaseBusy):
        impatient.write(conflict, patience=0.5)
    assert len(slept) == 5
    assert sum(slept) <= 0.5
    with pytest.raises(DatabaseBusy):
        impatient.write(conflict, patience=0)
    assert len(slept) == 5


def test_a_new_state_is_seen_by_the_next_call(database, uri):
    assert database.read(names) == []
    with database.db.transaction() as connection:
        add_tracker()(connection.root()["malonewatch"].getSiteManager().getUtility(IBugTrackerSet))
    assert database.read(names) == ["bugs"]


def count_up(database, times):
    def count(trackers):
        trackers["bugs"].summary = str(int(trackers["bugs"].summary or "0") + 1)

    for _ in range(times):
        database.write(count)


def test_two_threads_lose_nothing(database):
    # ZODB notes each conflict that it does not resolve.
    logging.getLogger("ZODB").setLevel(logging.CRITICAL)
    database.write(add_tracker())
    failures = []

    def work():
        try:
            count_up(database, 20)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert database.read(lambda trackers: trackers["bugs"].summary) == "40"


COUNT_UP = """
import sys
from malonewatch.configuration import configure
from malonewatch.model import open_database

configure()
database = open_database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    def count(trackers):
        trackers["bugs"].summary = str(int(trackers["bugs"].summary or "0") + 1)
    database.write(count)
database.close()
"""


def test_two_processes_lose_nothing(tmp_path):
    uri = sqlite_uri(tmp_path / "database")
    database = open_database(uri, create=True)
    database.write(add_tracker())
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COUNT_UP, uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    count_up(database, 20)
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert database.read(lambda trackers: trackers["bugs"].summary) == "60"
    database.close()


def test_two_processes_that_make_it_make_one(tmp_path):
    uri = sqlite_uri(tmp_path / "database")
    one, other = open_database(uri, create=True), open_database(uri, create=True)
    one.write(add_tracker("one"))
    other.write(add_tracker("other"))
    assert one.read(names) == ["one", "other"]
    one.close()
    other.close()


# Read-only


def test_one_that_is_opened_to_be_read_is_not_written(uri, tmp_path):
    open_database(uri, create=True).close()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    database = open_database(uri, read_only=True)
    assert database.read(names) == []
    with pytest.raises(DatabaseError, match="is read-only; nothing was written"):
        database.write(add_tracker())
    assert database.read(names) == []
    database.close()
    for path, content in before.items():
        assert path.read_bytes() == content, path


def test_a_file_can_be_read_while_another_process_has_it_open(tmp_path):
    uri = f"file://{tmp_path}/Data.fs"
    database = open_database(uri, create=True)
    database.write(add_tracker())
    reader = open_database(uri, read_only=True)
    assert reader.read(names) == ["bugs"]
    reader.close()
    database.close()


# The database of a bug tracker.


def test_a_stored_bug_tracker_is_in_a_database(site):
    add_tracker()(getUtility(IBugTrackerSet))
    tracker = getUtility(IBugTrackerSet)["bugs"]
    assert queryAdapter(tracker, IDatabase) is None
    transaction.commit()
    database = IDatabase(tracker)
    verifyObject(IDatabase, database)
    assert database.db is site.database.db
    assert database.read(names) == ["bugs"]


def test_reading_leaves_the_applications_own_transaction_alone(site):
    add_tracker()(getUtility(IBugTrackerSet))
    tracker = getUtility(IBugTrackerSet)["bugs"]
    transaction.commit()
    tracker.summary = "Pending"
    assert IDatabase(tracker).read(lambda trackers: trackers["bugs"].summary) == ""
    assert tracker.summary == "Pending"
    transaction.commit()
    assert IDatabase(tracker).read(lambda trackers: trackers["bugs"].summary) == "Pending"


def test_a_loose_bug_tracker_is_in_none(site):
    tracker = BugTracker("bugs", "Bugs", "BUGZILLA", "https://bugs.example.com")
    assert queryAdapter(tracker, IDatabase) is None


def test_one_that_is_stored_in_no_bug_tracker_set_is_in_none(site):
    tracker = BugTracker("bugs", "Bugs", "BUGZILLA", "https://bugs.example.com")
    site.connection.root()["stored"] = tracker
    transaction.commit()
    assert queryAdapter(tracker, IDatabase) is None


def test_the_site_of_the_bug_tracker_is_the_one_that_counts(site):
    other = install(Site())
    site.connection.root()["other"] = other
    trackers = other.getSiteManager().getUtility(IBugTrackerSet)
    add_tracker("elsewhere")(trackers)
    transaction.commit()
    assert IDatabase(trackers["elsewhere"]).read(names) == ["elsewhere"]
    assert IDatabase(trackers["elsewhere"]).read(
        lambda trackers: getUtility(IBugSet).__parent__ is trackers.__parent__
    )


def test_a_transient_error_is_what_is_tried_again():
    assert issubclass(ConflictError, TransientError)


def test_each_change_is_told_from_what_was_before(uri):
    with contextlib.closing(open_database(uri, create=True)) as database:
        before = database.lastTransaction()
        assert database.lastTransaction() == before
        database.write(add_tracker())
        assert database.lastTransaction() > before


def test_so_are_the_changes_of_others(tmp_path):
    uri = sqlite_uri(tmp_path / "database")
    with (
        contextlib.closing(open_database(uri, create=True)) as database,
        contextlib.closing(open_database(uri)) as other,
    ):
        before = database.lastTransaction()
        other.write(add_tracker())
        assert database.lastTransaction() > before
