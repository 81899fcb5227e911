"""Databases: opening them, and transactions of one's own."""

import os
import re
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
import transaction
import ZODB
import zodburi
from transaction.interfaces import TransientError
from ZODB.POSException import POSError, ReadOnlyError, StorageError
from zope.component import adapter, hooks
from zope.component.interfaces import ISite
from zope.interface import implementer, provider

from malonewatch.interfaces import (
    BadInput,
    DatabaseError,
    IBugTracker,
    IBugTrackerSet,
    IDatabase,
    IDatabaseOpener,
)
from malonewatch.model.site import ROOT_KEY, Site, install, site_of

Result = TypeVar("Result")

#: How often a transaction is tried that others get in the way of.
ATTEMPTS = 20

#: Whose exceptions are a storage's.
STORAGE_PACKAGES = ("sqlite3", "relstorage", "ZConfig", "zc")


def default_uri() -> str:
    """The URI of the user's own database."""
    named = os.environ.get("MALONEWATCH_DATABASE")
    return named or sqlite_uri(platformdirs.user_data_path("malonewatch") / "database")


def sqlite_uri(directory: Path) -> str:
    """The URI of the embedded database in `directory`."""
    return f"sqlite://?{urllib.parse.urlencode({'data_dir': str(directory)}, safe='/')}"


@implementer(IDatabase)
class Database:
    """See `IDatabase`."""

    def __init__(
        self,
        db: ZODB.DB,
        uri: str,
        site_oid: bytes | None = None,
        transaction_manager: Any = None,
    ) -> None:
        self.db = db
        self.uri = uri
        self._site_oid = site_oid
        self._transaction_manager = transaction_manager
        # So that the current site is where getUtility looks.
        hooks.setHooks()

    def read(self, function: Callable[[Any], Result]) -> Result:
        return self._call(function, commit=False)

    def write(self, function: Callable[[Any], Result]) -> Result:
        return self._call(function, commit=True)

    def _call(self, function: Callable[[Any], Result], commit: bool) -> Result:
        # Reading leaves the transaction alone that an application is in.
        manager = self._transaction_manager if commit else None
        if manager is None:
            manager = transaction.TransactionManager(explicit=True)
        with _errors_of_function(), database_errors(self.uri):
            connection = self.db.open(manager)
            try:
                for attempts_left in reversed(range(ATTEMPTS)):
                    manager.begin()
                    try:
                        result = self._in_site(connection, function)
                        if commit:
                            manager.commit()
                        else:
                            manager.abort()
                        return result
                    except TransientError:
                        manager.abort()
                        if not attempts_left:
                            raise
                    except BaseException:
                        manager.abort()
                        raise
                raise AssertionError("not reached")
            finally:
                connection.close()

    def _in_site(self, connection: Any, function: Callable[[Any], Result]) -> Result:
        if self._site_oid is None:
            site = find_site(connection.root(), self.uri)
        else:
            site = connection.get(self._site_oid)
        with hooks.site(site):
            try:
                return function(site.getSiteManager().getUtility(IBugTrackerSet))
            except OSError as error:
                # Of an application's subscriber that sends mail, say, and not the storage's.
                raise _FunctionFailedError from error

    def close(self) -> None:
        self.db.close()


class _FunctionFailedError(Exception):
    """Carries what a function raised, as its cause, past `database_errors`."""


@contextmanager
def _errors_of_function() -> Iterator[None]:
    try:
        yield
    except _FunctionFailedError as failed:
        assert failed.__cause__ is not None
        raise failed.__cause__ from None


@implementer(IDatabase)
@adapter(IBugTracker)
def database_of(bugtracker: Any) -> Database | None:
    """The database that a stored bug tracker is in, None if it is in none yet."""
    connection = bugtracker._p_jar
    site = site_of(bugtracker)
    if connection is None or site is None or site._p_oid is None:
        return None
    db = connection.db()
    return Database(db, db.storage.getName(), site._p_oid, connection.transaction_manager)


def find_site(root: Any, uri: str) -> Any:
    """The site in a database: malonewatch's own, else the one it is installed in.

    :raises DatabaseError: there is none.
    """
    site = _find_site(root)
    if site is None:
        raise DatabaseError(
            f"There is nothing of malonewatch in the database {_shown(uri)}; "
            "make one with 'malonewatch init'."
        )
    return site


def _find_site(root: Any) -> Any:
    for candidate in (root.get(ROOT_KEY), *root.values()):
        if (
            ISite.providedBy(candidate)
            and candidate.getSiteManager().queryUtility(IBugTrackerSet) is not None
        ):
            return candidate
    return None


@provider(IDatabaseOpener)
def open_database(
    uri: str | None = None,
    create: bool = False,
    read_only: bool = False,
    transaction_manager: Any = None,
) -> Database:
    """See `IDatabaseOpener`."""
    uri = uri or default_uri()
    db = _open(uri, create, read_only)
    database = Database(db, uri, transaction_manager=transaction_manager)
    try:
        if create:
            _ensure_site(database)
        else:
            # Is there a site in it?
            database.read(lambda trackers: None)
    except BaseException:
        database.close()
        raise
    return database


def _open(uri: str, create: bool, read_only: bool) -> ZODB.DB:
    scheme, separator, rest = uri.partition("://")
    if not separator:
        raise BadInput(
            f"{_shown(uri)} is not the URI of a database; it looks like "
            "sqlite://?data_dir=/some/where or file:///some/where/Data.fs."
        )
    place, _, query = rest.partition("?")
    options = dict(urllib.parse.parse_qsl(query))
    local = {"sqlite": options.get("data_dir", ""), "file": place}.get(scheme)
    if local == "":
        raise BadInput(f"{_shown(uri)} does not say where the database is.")
    if read_only and scheme in ("sqlite", "file", "zeo", "postgres", "mysql"):
        uri += f"{'&' if query else '?'}read_only=1"
    if local:
        path = Path(local)
        with database_errors(uri):
            there = (path / "main.sqlite3").exists() if scheme == "sqlite" else path.exists()
        if not there and not create:
            raise DatabaseError(
                f"There is no database at {path}; make one with 'malonewatch init'."
            )
        if create:
            with database_errors(uri):
                (path if scheme == "sqlite" else path.parent).mkdir(parents=True, exist_ok=True)
    with database_errors(uri):
        try:
            storage_factory, options = zodburi.resolve_uri(_without_history(uri))
        except KeyError:
            raise BadInput(
                f"{_shown(uri)} is not the URI of a database: there is no such kind of storage, "
                "or no such option."
            ) from None
        except (ValueError, TypeError):
            # What these say may quote a part of a password.
            raise BadInput(
                f"{_shown(uri)} is not the URI of a database: a port or an option in it has a "
                "value that it cannot have."
            ) from None
        storage = storage_factory()
        try:
            return ZODB.DB(storage, **{"large_record_size": 1 << 24, **options})
        except BaseException:
            storage.close()
            raise


def _without_history(uri: str) -> str:
    """An embedded database keeps no old revisions, unless its URI asks for them.

    With them each commit costs what the database holds rather than what it
    writes.
    """
    if uri.startswith("sqlite:") and "keep_history=" not in uri:
        return f"{uri}{'&' if '?' in uri else '?'}keep_history=false"
    return uri


def _ensure_site(database: Database) -> None:
    manager = transaction.TransactionManager(explicit=True)
    with database_errors(database.uri):
        connection = database.db.open(manager)
        try:
            manager.begin()
            root = connection.root()
            if _find_site(root) is None:
                root[ROOT_KEY] = install(Site())
                manager.commit()
            else:
                manager.abort()
        finally:
            connection.close()


@contextmanager
def database_errors(uri: str) -> Iterator[None]:
    """Turn what a storage raises into a `DatabaseError` of one sentence."""
    try:
        yield
    except TransientError as error:
        raise DatabaseError(
            f"The database {_shown(uri)} was changed by others again and again; try later."
        ) from error
    except ReadOnlyError as error:
        raise DatabaseError(
            f"The database {_shown(uri)} is read-only; nothing was written."
        ) from error
    except (OSError, POSError, StorageError) as error:
        raise DatabaseError(_sentence(uri, error)) from error
    except Exception as error:
        # The storages' own, whose modules a run on another storage does not
        # load: SQLite's, RelStorage's, a file's that another process has open.
        if type(error).__module__.partition(".")[0] not in STORAGE_PACKAGES:
            raise
        raise DatabaseError(_sentence(uri, error)) from error


def _sentence(uri: str, error: BaseException) -> str:
    reason = (getattr(error, "strerror", None) or str(error)).strip()
    if reason in uri:
        # Nothing but the path, or nothing at all.
        reason = type(error).__name__
    return (
        f"The database {_shown(uri)} cannot be used ({reason.splitlines()[0]}); "
        "nothing was written by this step."
    )


def _shown(uri: str) -> str:
    """The URI without the passwords that it may hold."""
    uri = re.sub(r"^((?:[^:/?]*://)?[^:/?@]*):(?!//)[^?#]*@", r"\1:...@", uri)
    return re.sub(r"(?i)(?<=password=)[^&#]*", "...", uri)
