"""What storages raise, told apart and turned into sentences.

Their exceptions are recognised without importing them: a run loads no other
storage than the one that it uses.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from transaction.interfaces import TransientError
from ZODB.POSException import POSError, ReadOnlyError, StorageError

from malonewatch.interfaces import DatabaseBusy, DatabaseError
from malonewatch.model.uri import shown, without_passwords

#: Whose exceptions are a storage's, where one raises them.
_PACKAGES = ("sqlite3", "relstorage", "psycopg2", "MySQLdb", "ZEO", "ZConfig", "zc")
#: The packages that a storage's exception comes through.
_STORAGES = ("ZODB", "ZEO", "ZConfig", "relstorage", "zodburi")

#: What is meant by exceptions that do not say it well.
_REASONS = {"ClientDisconnected": "the server cannot be reached"}


def is_conflict(error: BaseException) -> bool:
    """Whether others got in the way, so that another try may do.

    ZEO calls a lost server transient too, and RelStorage a lock that it
    waited for in vain not.
    """
    if isinstance(error, StorageError):
        return any(cls.__name__ == "UnableToAcquireLockError" for cls in type(error).__mro__)
    return isinstance(error, TransientError)


def is_storages(error: BaseException) -> bool:
    """Whether it is a storage that failed, and not something else by the same means.

    An application's subscriber may open files and databases of its own.
    """
    if isinstance(error, POSError | TransientError):
        return True
    if not isinstance(error, OSError) and _package(type(error).__module__) not in _PACKAGES:
        return False
    return any(
        _package(frame.f_globals.get("__name__", "")) in _STORAGES
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )


def _package(module: str) -> str:
    return module.partition(".")[0]


@contextmanager
def database_errors(uri: str) -> Iterator[None]:
    """Turn what a storage raises into a `DatabaseError` of one sentence."""
    try:
        yield
    except Exception as error:
        failure = failure_of(error, uri)
        if failure is None:
            raise
        raise failure from error


def failure_of(error: BaseException, uri: str) -> DatabaseError | None:
    """See `IDatabaseOpener.failure`."""
    if is_conflict(error):
        return DatabaseBusy(f"{_named(uri)} was changed by others again and again; try later.")
    if isinstance(error, ReadOnlyError):
        return DatabaseError(f"{_named(uri)} is read-only; nothing was written.")
    return DatabaseError(cannot_be_used(uri, error)) if is_storages(error) else None


def _named(uri: str) -> str:
    return f"The database {shown(uri)}" if uri else "The database"


def cannot_be_used(uri: str, error: BaseException) -> str:
    """The sentence about `error`, which kept the database at `uri` from being used."""
    name = type(error).__name__
    reason = (_REASONS.get(name) or getattr(error, "strerror", None) or str(error)).strip()
    if not reason or (uri and reason in uri):
        # Nothing but the path, or nothing at all.
        reason = name
    reason = without_passwords(reason.splitlines()[0], uri)
    return f"{_named(uri)} cannot be used ({reason}); nothing was written by this step."
