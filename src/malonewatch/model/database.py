"""Databases: opening them, and what is done in them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import ZODB
from zope.component import hooks
from zope.interface import implementer

from malonewatch.interfaces import (
    DatabaseError,
    IBugTrackerSet,
    IDatabase,
    IDatabaseOpener,
    UpgradeStep,
)
from malonewatch.model import schema
from malonewatch.model.copying import copy_database
from malonewatch.model.failures import database_errors, failure_of
from malonewatch.model.finding import choose_site, find_sites
from malonewatch.model.installation import identity_of, install, schema_of
from malonewatch.model.site import ROOT_KEY, Site, site_of
from malonewatch.model.storage import open_storage
from malonewatch.model.transactions import PATIENCE, Transactions
from malonewatch.model.uri import default_uri, place_of, shown, sqlite_uri

Result = TypeVar("Result")


@implementer(IDatabase)
class Database:
    """See `IDatabase`."""

    def __init__(
        self,
        db: ZODB.DB,
        uri: str,
        site_oid: bytes,
        transaction_manager: Any = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.db = db
        self.uri = uri
        self.site_oid = site_oid
        self._transactions = Transactions(db, uri, transaction_manager, sleep)
        # So that the current site is where getUtility looks.
        hooks.setHooks()

    @property
    def place(self) -> str:
        return place_of(self.uri)

    @property
    def identity(self) -> str:
        return self.read(lambda trackers: identity_of(site_of(trackers), self.uri))

    @property
    def schema(self) -> int:
        return self.read(lambda trackers: schema_of(site_of(trackers)))

    def read(self, function: Callable[[Any], Result]) -> Result:
        return self._call(function, commit=False)

    def write(self, function: Callable[[Any], Result], patience: float = PATIENCE) -> Result:
        return self._call(function, True, patience)

    def _call(
        self, function: Callable[[Any], Result], commit: bool, patience: float = PATIENCE
    ) -> Result:
        def in_site(connection: Any) -> Result:
            site = connection.get(self.site_oid)
            with hooks.site(site):
                return function(site.getSiteManager().getUtility(IBugTrackerSet))

        return self._transactions.run(in_site, commit, patience)

    def lastTransaction(self) -> bytes:
        # That of the connection: the database itself is not told of every change.
        return self._transactions.run(
            lambda connection: bytes(connection._storage.lastTransaction()), commit=False
        )

    def planUpgrade(self) -> list[UpgradeStep]:
        return schema.plan_upgrade(self)

    def upgrade(self, progress: Callable[[str, int, int], None] | None = None) -> None:
        schema.upgrade(self, progress)

    def pack(self, days: float = 0) -> None:
        with database_errors(self.uri):
            self.db.pack(days=days)

    def close(self) -> None:
        with database_errors(self.uri):
            try:
                self.db.close()
            except KeyError:
                # ZODB fails at a connection whose server was lost while it was opened.
                self.db.storage.close()


@implementer(IDatabase)
def database_of(stored: Any) -> Database | None:
    """The database that a bug tracker, or the set of them, is in; None if it is in none yet."""
    connection = stored._p_jar
    site = site_of(stored)
    if connection is None or site is None or site._p_oid is None:
        return None
    db = connection.db()
    return Database(db, db.storage.getName(), site._p_oid, connection.transaction_manager)


@implementer(IDatabaseOpener)
class DatabaseOpener:
    """See `IDatabaseOpener`."""

    def __call__(
        self,
        uri: str | None = None,
        create: bool = False,
        read_only: bool = False,
        transaction_manager: Any = None,
        site: str | None = None,
        upgrade: bool = False,
    ) -> Database:
        uri = uri or default_uri()
        db = open_storage(uri, create, read_only)
        try:
            transactions = Transactions(db, uri)
            if create:
                transactions.run(lambda connection: _ensure_site(connection, uri, site), True)
            oid, version = transactions.run(lambda connection: _look(connection, uri, site), False)
            if oid is None:
                raise DatabaseError(
                    f"There is nothing of malonewatch in the database {shown(uri)}; "
                    "make one with 'malonewatch init'."
                )
            schema.refuse_newer(version, uri)
            database = Database(db, uri, oid, transaction_manager)
            if not read_only and not upgrade:
                schema.upgrade_if_quick(database)
        except BaseException:
            db.close()
            raise
        return database

    def embedded(self, folder: str) -> str:
        return sqlite_uri(Path(folder))

    def copy(self, source: str, target: str, progress: Callable[[int], None] | None = None) -> int:
        return copy_database(source, target, progress or (lambda count: None))

    def failure(self, error: BaseException, uri: str) -> DatabaseError | None:
        return failure_of(error, uri)

    def sites(self, uri: str | None = None) -> list[str]:
        uri = uri or default_uri()
        db = open_storage(uri, create=False, read_only=True)
        try:
            return Transactions(db, uri).run(
                lambda connection: list(find_sites(connection.root())), False
            )
        finally:
            db.close()


open_database = DatabaseOpener()


def _look(connection: Any, uri: str, path: str | None) -> tuple[bytes | None, int]:
    """The object id of the site, and the version of its schema."""
    site = choose_site(connection.root(), uri, path)
    return (None, 0) if site is None else (site._p_oid, schema_of(site))


def _ensure_site(connection: Any, uri: str, path: str | None) -> None:
    root = connection.root()
    if choose_site(root, uri, path) is not None:
        return
    if ROOT_KEY in root:
        raise DatabaseError(
            f"In the database {shown(uri)} there is something else named {ROOT_KEY!r}; "
            "nothing was changed."
        )
    root[ROOT_KEY] = install(Site())
