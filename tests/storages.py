"""The kinds of storage that tests can run on.

``pytest --storage zeo tests/model`` runs what has no reason to be on one kind
of storage only on a ZEO server; without the option each test is on what is
quickest for it.
"""

import contextlib
import functools
import itertools
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from ZEO.ClientStorage import ClientStorage

from malonewatch.model import database, sqlite_uri, storage

from .postgres import Postgres, running_postgres
from .zeo import wait_for

#: How many storages a ZEO server has; when these are used up there is another server.
STORAGES = 200


class Places:
    """New databases: one in a folder of its own each time; `new_uri` names one that is empty."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._numbers = itertools.count(1)

    def next_folder(self) -> Path:
        return self.directory / str(next(self._numbers))

    def free(self) -> None:
        """Nothing is used again."""


class SQLite(Places):
    def new_uri(self) -> str:
        return sqlite_uri(self.next_folder())


class File(Places):
    def new_uri(self) -> str:
        folder = self.next_folder()
        folder.mkdir()
        return f"file://{folder / 'Data.fs'}"


@contextlib.contextmanager
def opened_once(directory: Path) -> Iterator[None]:
    """Let who opens in this process what is open there already share it, if it is below a folder.

    A FileStorage is one process's, and one database's there: an application that
    has one gives its own to a run.
    """
    opened: dict[str, Any] = {}
    uses: Counter[str] = Counter()

    def open_storage(uri: str, *how: bool, **more: bool) -> Any:
        if not uri.startswith(f"file://{directory}"):
            return storage.open_storage(uri, *how, **more)
        if uri not in opened:
            db = opened[uri] = storage.open_storage(uri, *how, **more)
            db.close = functools.partial(close, uri, db.close)
        uses[uri] += 1
        return opened[uri]

    def close(uri: str, really_close: Callable[[], None]) -> None:
        uses[uri] -= 1
        if not uses[uri]:
            del opened[uri]
            really_close()

    with mock.patch.object(database, "open_storage", open_storage):
        yield


@contextlib.contextmanager
def synchronised() -> Iterator[None]:
    """Let a client ask its server what is new where a transaction begins.

    Else it hears that a moment after another client has written, and tests have
    several in one process and look at once.
    """
    made = functools.partialmethod(ClientStorage.__init__, server_sync=True)
    with mock.patch.object(ClientStorage, "__init__", made):
        yield


class ZEO(Places):
    """Servers with many storages each, one after the other."""

    _server: Any = None
    _left: Iterator[str] = iter(())

    def new_uri(self) -> str:
        uri = next(self._left, None)
        if uri is None:
            self.stop()
            self._left = iter(self._start())
            uri = next(self._left)
        return uri

    def _start(self) -> list[str]:
        folder = self.next_folder()
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        storages = [
            f"<filestorage {number}>\npath {folder / str(number)}.fs\n</filestorage>\n"
            for number in range(STORAGES)
        ]
        configuration = folder / "zeo.conf"
        configuration.write_text(f"<zeo>\naddress 127.0.0.1:{port}\n</zeo>\n{''.join(storages)}")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "ZEO.runzeo", "-C", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )
        wait_for(self._server, port)
        return [f"zeo://127.0.0.1:{port}?storage={number}" for number in range(STORAGES)]

    def stop(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()


class PostgreSQL:
    """A server; its databases are emptied to be used again."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._used: list[str] = []
        self._free: list[str] = []

    def new_uri(self) -> str:
        uri = self._free.pop() if self._free else self._server.new_uri()
        self._used.append(uri)
        return uri

    def free(self) -> None:
        """Empty what was used."""
        for uri in self._used:
            self._server.empty(uri)
        self._free += self._used
        self._used.clear()


KINDS = ("sqlite", "file", "zeo", "postgresql")


@contextlib.contextmanager
def storages(kind: str) -> Iterator[Any]:
    """What makes databases of a kind."""
    if kind == "postgresql":
        with running_postgres() as server:
            yield PostgreSQL(server)
        return
    directory = Path(tempfile.mkdtemp(prefix="malonewatch-"))
    try:
        if kind == "zeo":
            made = ZEO(directory)
            try:
                with synchronised():
                    yield made
            finally:
                made.stop()
        elif kind == "file":
            with opened_once(directory):
                yield File(directory)
        else:
            yield SQLite(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
