"""A real ZEO server, for tests."""

import os
from pathlib import Path

import ZEO


class Zeo:
    """A server of its own, on an empty FileStorage; `uri` is its database's."""

    def __init__(self, directory: Path) -> None:
        # Its configuration is written to the current directory, and stays
        # there if the tests are interrupted.
        before = Path.cwd()
        os.chdir(directory)
        try:
            (_, port), self._stop = ZEO.server(str(directory / "Data.fs"), threaded=True)
        finally:
            os.chdir(before)
        self.uri = f"zeo://127.0.0.1:{port}"
        self._is_running = True

    def new_uri(self) -> str:
        """With that, the server is waited for no longer than a second."""
        return f"{self.uri}?wait_timeout=1"

    def stop(self) -> None:
        if self._is_running:
            self._is_running = False
            self._stop()
