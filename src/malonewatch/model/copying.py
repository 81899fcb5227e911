"""Copying a database from one storage to another, and seeing that all has arrived."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ZODB.POSException import POSKeyError
from ZODB.serialize import referencesf
from ZODB.utils import load_current, z64

from malonewatch.interfaces import BadInput, DatabaseError
from malonewatch.model.failures import database_errors
from malonewatch.model.storage import bare_storage, is_empty
from malonewatch.model.uri import location_of, shown

#: After how many objects it is told how far it is.
SOME = 1000


def copy_database(source: str, target: str, progress: Callable[[int], None]) -> int:
    """See `IDatabaseOpener.copy`."""
    if location_of(source) == location_of(target):
        raise BadInput(f"{shown(target)} is where it is copied from; name another place.")
    with _opened(source, create=False) as old:
        if is_empty(old):
            raise DatabaseError(f"There is nothing in the database {shown(source)} to be copied.")
        with _opened(target, create=True) as new:
            if not is_empty(new):
                raise BadInput(
                    f"There is something in {shown(target)} already; what is copied goes to a new "
                    "database."
                )
            with database_errors(target):
                new.copyTransactionsFrom(old)
        # Opened again, so that it is read as it will be.
        with _opened(target, create=False) as new, database_errors(target):
            return _compare(old, new, target, progress)


@contextlib.contextmanager
def _opened(uri: str, create: bool) -> Iterator[Any]:
    storage, _ = bare_storage(uri, create, read_only=not create)
    with contextlib.closing(storage):
        yield storage


def _compare(old: Any, new: Any, target: str, progress: Callable[[int], None]) -> int:
    """Look at every object that can be reached from the root; how many there are.

    :raises DatabaseError: one is not there, or is another.
    """
    # What is still to be looked at is no more than the objects that were referred to.
    seen, waiting, count = {z64}, [z64], 0
    while waiting:
        oid = waiting.pop()
        count += 1
        if count % SOME == 0:
            progress(count)
        data, _ = load_current(old, oid)
        try:
            copied, _ = load_current(new, oid)
        except POSKeyError:
            copied = None
        if copied != data:
            raise DatabaseError(
                f"What was copied to {shown(target)} is not what was there (object "
                f"{oid.hex()}): somebody wrote meanwhile; remove it, and copy again while nobody "
                "does."
            )
        for other in referencesf(data):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return count
