"""Work that takes its time, beside the event loop."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_thread(function: Callable[..., Result], *args: Any) -> Result:
    """What `function` returns or raises, called in a thread of its own.

    Nobody waits for the thread in the end: not whoever is cancelled meanwhile,
    and not the process.
    """
    # Only now: all types are registered by programs that ask nobody, too.
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def deliver(set_it: Callable[[Any], None], what: Any) -> None:
        if not future.done():
            set_it(what)

    def work() -> None:
        set_it: Callable[[Any], None] = future.set_result
        what: Any
        try:
            what = function(*args)
        except Exception as error:
            set_it, what = future.set_exception, error
        # The loop may be closed by now, as nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver, set_it, what)

    threading.Thread(target=work, daemon=True, name="reading").start()
    return await future
