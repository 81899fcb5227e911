"""Who does what is being done now, and from which face.

A face says so; what changes something writes it down.  It holds for a thread,
or a task of asyncio, until it is taken back.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import NamedTuple


class Actor(NamedTuple):
    """From which face something is done, and by whom; empty where nobody is known."""

    face: str
    name: str = ""


#: What is done by code that says nothing, such as an application's own.
PROGRAM = Actor("program")

# A function, as who makes a request is looked up where something is changed only.
_current: ContextVar[Callable[[], Actor]] = ContextVar("actor", default=lambda: PROGRAM)


def current() -> Actor:
    """Who does what is being done now."""
    return _current.get()()


def begin(actor: Callable[[], Actor]) -> Callable[[], None]:
    """Let it be who `actor` returns from now on; what is returned takes that back."""
    token = _current.set(actor)
    return lambda: _current.reset(token)


@contextlib.contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let it be `actor` for the length of the block."""
    end = begin(lambda: actor)
    try:
        yield
    finally:
        end()
