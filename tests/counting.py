"""What a function does is counted, so that no test depends on how fast a machine is."""

import sys


def operations(function, *arguments):
    """How many functions, Python's own too, are called on the way to the last result."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for _ in function(*arguments):
            pass
    finally:
        sys.setprofile(before)
    return count
