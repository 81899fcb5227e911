"""Signals that are heard whatever the main thread waits for."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator


@contextlib.contextmanager
def heard(numbers: Collection[signal.Signals], told: Callable[[], object]) -> Iterator[None]:
    """Have `told` called, in a thread of its own, for each of those signals that comes.

    An event loop's own handlers wait as long as the loop does, and others as
    long as the main thread is in some C library.  In another thread nothing is
    heard: signals are the main thread's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, pythons = socket.socketpair()
    with ours, contextlib.ExitStack() as stack:
        listening = threading.Thread(
            target=_listen, args=(ours, numbers, told), daemon=True, name="signals"
        )
        listening.start()
        stack.callback(listening.join)
        # Closing it ends the thread.
        stack.enter_context(pythons)
        pythons.setblocking(False)
        before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
        stack.callback(signal.set_wakeup_fd, before)
        for number in numbers:
            # Python takes note of a signal only where there is a handler for it.
            stack.callback(signal.signal, number, signal.signal(number, _take_note))
        yield


def _take_note(number: int, frame: object) -> None:
    pass


def _listen(
    ours: socket.socket, numbers: Collection[signal.Signals], told: Callable[[], object]
) -> None:
    # An octet for each signal, which is its number.
    for octet in iter(lambda: ours.recv(1), b""):
        if octet[0] in numbers:
            told()
