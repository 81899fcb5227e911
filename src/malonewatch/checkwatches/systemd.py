"""Telling the service manager how this process is, as sd_notify(3) describes."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send a state such as ``READY=1`` to the service manager, if one started this process."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
        # A name that begins with @ is one of Linux' abstract ones.
        sending.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sending.sendall(state.encode())
