"""Databases: making one, and keeping it in order."""

import contextlib
import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from zope.component import getUtility

from malonewatch.interfaces import (
    BadInput,
    DatabaseError,
    IBugSet,
    IBugWatchSet,
    IDatabaseOpener,
    IPersonSet,
    UpgradeStep,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """Where a database is, and whether it is a new one, and was filled."""

    place: str
    is_new: bool
    filled: bool = False


@contextlib.contextmanager
def open_database(uri: str | None = None, **options: Any) -> Iterator[Any]:
    """The `IDatabase` at `uri`, closed in the end; the options are those of `IDatabaseOpener`.

    :raises DatabaseError: it cannot be opened.
    """
    with contextlib.closing(getUtility(IDatabaseOpener)(uri, **options)) as database:
        yield database


def cache_uri(name: str, root: str) -> str:
    """The URI of a database in the user's cache folder, for the source tree in the folder `root`.

    `name` is what the folder is called for people.
    """
    digest = hashlib.sha256(root.encode(errors="surrogateescape")).hexdigest()[:12]
    readable = re.sub(r"[^\w.-]+", "-", name)[:50]
    # Only now: a database that is named needs no folder of the user's.
    import platformdirs

    folder = platformdirs.user_cache_path("malonewatch") / "scan" / f"{readable}-{digest}"
    uri: str = getUtility(IDatabaseOpener).embedded(str(folder))
    return uri


def make(uri: str | None = None, fill: Callable[[], None] | None = None, **options: Any) -> Made:
    """Make the database at `uri`; one that is there already is left as it is.

    `fill` is called in a transaction to put data into it.

    :raises BadInput: it is to be filled, and there are data in it already.
    :raises DatabaseError: it cannot be made or opened.
    """
    has_data = None
    with contextlib.suppress(DatabaseError):
        # Not there; or it cannot be used, and then nor can it be made.
        with open_database(uri, read_only=True, **options) as database:
            has_data, place = database.read(_has_data), database.place
    if has_data is not None and fill is None:
        return Made(place, False)
    if has_data and fill is not None:
        raise BadInput(
            f"There are data in the database already, and it is not filled with others: {place}"
        )
    with open_database(uri, create=True, **options) as database:
        if fill is not None:
            database.write(lambda trackers: fill())
        return Made(database.place, has_data is None, fill is not None)


@dataclasses.dataclass(frozen=True, slots=True)
class Upgrade:
    """What was done, or is to be done, to bring a database up to the latest schema.

    `schema` is the version that it had; without `steps` that is the latest.
    """

    place: str
    schema: int
    steps: tuple[UpgradeStep, ...]


def upgrade(
    uri: str | None = None,
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    **options: Any,
) -> Upgrade:
    """Bring the database at `uri` up to the latest schema; a dry run says how.

    `progress` is called as `IDatabase.upgrade` has it.

    :raises DatabaseError: it cannot be opened, read or written.
    """
    with open_database(uri, read_only=dry_run, upgrade=True, **options) as database:
        found = Upgrade(database.place, database.schema, tuple(database.planUpgrade()))
        if found.steps and not dry_run:
            database.upgrade(progress)
    return found


def pack(uri: str | None = None, days: float = 0, **options: Any) -> str:
    """Drop what the database at `uri` no longer needs, and revisions older than that many days.

    Returns where it is.

    :raises DatabaseError: it cannot be opened or packed.
    """
    with open_database(uri, **options) as database:
        database.pack(days)
        place: str = database.place
    return place


def copy(source: str, target: str, progress: Callable[[int], None] | None = None) -> int:
    """Copy a database from one URI to another, where nothing is yet, and compare both.

    Returns how many objects there are; `progress` is as `IDatabaseOpener.copy` has it.

    :raises BadInput: one is no URI of a database, or there is something in the other already.
    :raises DatabaseError: one cannot be used, or they differ in the end.
    """
    count: int = getUtility(IDatabaseOpener).copy(source, target, progress)
    return count


def _has_data(trackers: Any) -> bool:
    sets = (getUtility(interface) for interface in (IBugSet, IBugWatchSet, IPersonSet))
    return any(each.count() for each in (trackers, *sets))
