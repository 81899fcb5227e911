"""Opening the storage that a URI names."""

import contextlib
import logging
import sqlite3
from pathlib import Path
from typing import Any

import ZODB
import zodburi
from ZODB.POSException import POSKeyError, StorageError
from ZODB.utils import load_current, z64

from malonewatch.interfaces import BadInput, DatabaseError
from malonewatch.model.failures import cannot_be_used, database_errors
from malonewatch.model.uri import completed, local_path, shown

#: Whose errors are shown as one sentence, and so need no tracebacks in the log.
_LOGGERS = ("relstorage", "ZEO", "ZODB", "zc.lockfile")


def open_storage(uri: str, create: bool, read_only: bool) -> ZODB.DB:
    """The ZODB database at `uri`.

    :raises BadInput: `uri` cannot be the URI of a database.
    :raises DatabaseError: it cannot be opened, or nothing is there and
        `create` is false.
    """
    storage, options = bare_storage(uri, create, read_only)
    with database_errors(uri):
        try:
            if not create and is_empty(storage):
                raise DatabaseError(
                    f"There is nothing in the database {shown(uri)}; "
                    "make one with 'malonewatch init'."
                )
            return ZODB.DB(storage, **{"large_record_size": 1 << 24, **options})
        except BaseException:
            storage.close()
            raise


def bare_storage(uri: str, create: bool, read_only: bool) -> tuple[Any, dict[str, Any]]:
    """The storage at `uri`, which may be empty, and the options for a ZODB database on it.

    :raises BadInput: as for `open_storage`.
    :raises DatabaseError: it cannot be opened, or is a file or folder that is not there and
        `create` is false.
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
    if uri.startswith("zeo:"):
        logging.getLogger("asyncio").addFilter(_says_something)
    path = local_path(uri)
    if path is not None:
        _look(uri, path, create)
    with database_errors(uri):
        try:
            return _resolved(uri, read_only, path is not None and _keeps_history(path))
        except StorageError as error:
            # RelStorage has no exception of its own for it.
            if "to a history-preserving database" not in str(error):
                raise
            return _resolved(uri, read_only, True)


def _says_something(record: logging.LogRecord) -> bool:
    # For a moment ZEO goes on writing to a server that is gone, and asyncio does not say to whom.
    return record.msg != "socket.send() raised exception."


def _resolved(uri: str, read_only: bool, keeps_history: bool) -> tuple[Any, dict[str, Any]]:
    """See `bare_storage`."""
    try:
        storage_factory, options = _resolve(completed(uri, read_only, keeps_history))
    except KeyError:
        raise BadInput(
            f"{shown(uri)} is not the URI of a database: there is no such kind of storage, "
            "or no such option."
        ) from None
    except (ValueError, TypeError):
        # What these say may quote a part of a password.
        raise BadInput(
            f"{shown(uri)} is not the URI of a database: a port or an option in it has a "
            "value that it cannot have."
        ) from None
    return storage_factory(), options


def _resolve(uri: str) -> Any:
    if uri.startswith("postgres:"):
        from malonewatch.model.postgres import resolve_uri

        return resolve_uri(uri)
    return zodburi.resolve_uri(uri)


def _look(uri: str, path: Path, create: bool) -> None:
    """See that a file or folder is there, or can be."""
    is_folder = uri.startswith("sqlite:")
    try:
        there = (path / "main.sqlite3").exists() if is_folder else path.exists()
        if not there and not create:
            raise DatabaseError(
                f"There is no database at {path}; make one with 'malonewatch init'."
            )
        if create:
            (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(cannot_be_used(uri, error)) from error


def _keeps_history(path: Path) -> bool:
    """Whether there is an embedded database that an application made with old revisions."""
    file = path / "main.sqlite3"
    if not file.is_file():
        return False
    with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
        try:
            # RelStorage makes this table for them alone.
            found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'current_object'")
            return found.fetchone() is not None
        except sqlite3.Error:
            # The storage says better what is wrong with it.
            return False


def is_empty(storage: object) -> bool:
    """Whether not even a root is in it: ZODB would make one, whoever opens it."""
    try:
        load_current(storage, z64)
    except POSKeyError:
        return True
    return False
