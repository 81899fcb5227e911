"""Threads that nobody waits for."""

import concurrent.futures
import threading
from collections.abc import Callable
from typing import Any


class Threads(concurrent.futures.ThreadPoolExecutor):
    """A thread for each call, which ends when it likes.

    The executor that an event loop makes for itself is waited for when the
    loop ends, and again when the process does: whatever reads a hostile answer
    in it would keep a run from ending.
    """

    def submit(
        self, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> "concurrent.futures.Future[Any]":
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, daemon=True, name="fetch").start()
        return future
