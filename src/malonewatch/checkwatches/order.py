"""In which order a worker takes what is due."""

import random
from collections.abc import Collection, Iterable

#: By how many places at most an origin that others had last comes before its turn.
SPREAD = 20

_random = random.Random()


def in_order(origins: Iterable[str], own: Collection[str]) -> list[str]:
    """`origins` in the order to take them in.

    First come its `own`, those that the worker had last and whose records are
    in its memory, in an order that all workers know; then those that others
    had last, from the end where these get to them last.  So what is left in
    the end is shared out, and seldom do two want the same at the same time;
    that several who have done with their own do not either is left to chance.
    """
    places = {origin: place for place, origin in enumerate(sorted(origins))}
    # Where none are its own, nothing is known of what others had, either.
    spread = SPREAD if own else len(places)
    others = {
        origin: place + _random.uniform(0, spread)
        for origin, place in places.items()
        if origin not in own
    }
    mine = [origin for origin in places if origin in own]
    return mine + sorted(others, key=others.__getitem__, reverse=True)
