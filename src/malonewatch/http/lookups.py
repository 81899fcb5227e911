"""Looking names up without anybody having to wait for it in the end."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any


class LookUps:
    """Has the two methods of an event loop that a resolver uses.

    The loop's own run in a pool of few threads, which one name server that
    does not answer can fill, and which the loop waits for when it ends.  Here
    each look-up has a thread, which ends when it likes.
    """

    def __init__(self, getaddrinfo: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo

    async def getaddrinfo(
        self, host: str, port: int, *, family: int = 0, type: int = 0, flags: int = 0
    ) -> Any:
        return await in_thread(self._getaddrinfo, host, port, family, type, 0, flags)

    async def getnameinfo(self, address: Any, flags: int = 0) -> Any:
        return await in_thread(socket.getnameinfo, address, flags)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """What `function` returns or raises, called in a thread that nobody waits for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def deliver(result: Any, error: Exception | None) -> None:
        if future.done():
            # Whoever asked has given up.
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result = error = None
        try:
            result = function(*args)
        except Exception as caught:
            error = caught
        # Whoever asked may be gone, with the loop.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=work, daemon=True, name="look-up").start()
    return await future
