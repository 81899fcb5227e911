"""Cyclic garbage, of which what we do makes next to none."""

import atexit
import contextlib
import gc
from collections.abc import Iterator

#: After how many objects more it is looked for; Python's own 700 would have it
#: looked for in the middle of every answer, and with many more, what ZODB leaves
#: of every write would fill more memory than the processor has at hand.
OBJECTS = 5_000
#: After how many times those that were still in use then are looked through as well: that is
#: what a batch holds until it is written, and hardly ever garbage.
TIMES = 100
#: After how many in a command, most of whose time goes into loading modules: more than these
#: have objects, all of which stay.
OBJECTS_OF_A_COMMAND = 200_000


@contextlib.contextmanager
def seldom_collected(objects: int = OBJECTS) -> Iterator[None]:
    """Look for cyclic garbage only after so many `objects` more, not among what is there already.

    Modules stay, and records of bugs go as soon as nobody refers to them; both
    cost a fifth of a run's time if they are looked through again and again.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(objects, TIMES, *before[2:])
    try:
        yield
    finally:
        # What came meanwhile is no reason to look at once.
        gc.freeze()
        gc.set_threshold(*before)
        gc.unfreeze()


def left_at_exit() -> None:
    """Look for no garbage when the process ends, which takes as long as all that it imported did
    to be made: whatever is there goes with the process."""
    # Once, however often that is asked for.
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
