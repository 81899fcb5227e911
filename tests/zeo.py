"""A real ZEO server, for tests."""

import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

PATIENCE = 60


def wait_for(process: subprocess.Popen, port: int) -> None:
    """Wait until a server takes connections."""
    for _ in range(10 * PATIENCE):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"The ZEO server ended with {process.wait(0.1)}.")
    process.kill()
    raise AssertionError("The ZEO server does not answer.")


class Zeo:
    """A server of its own, on an empty FileStorage; `uri` is its database's.

    It is a process of its own: when that ends, so do its connections, whatever
    is under way in them.
    """

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        command = [sys.executable, "-m", "ZEO.runzeo", "-a", f"127.0.0.1:{port}"]
        # What it writes to its current directory belongs there.
        self._process = subprocess.Popen(
            [*command, "-f", str(directory / "Data.fs")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
        )
        self.uri = f"zeo://127.0.0.1:{port}"
        wait_for(self._process, port)

    def new_uri(self) -> str:
        """With that, the server is waited for no longer than a second."""
        return f"{self.uri}?wait_timeout=1"

    def freeze(self) -> None:
        """Let it answer nothing any more, and keep its connections."""
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
