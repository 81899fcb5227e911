"""Numbers, each given once."""

from typing import Any

from persistent import Persistent

#: Below and above every number.
FIRST, LAST = 0, 2**62


class Numbered(Persistent):
    """A set whose things have numbers: the next one is higher than any that there ever was.

    What is noted for that is the highest number of what is gone, when it
    goes; so adding something writes no more than it has to.
    """

    _highest = 0

    def _next_number(self, things: Any) -> int:
        """The next number in `things`, a BTree by number."""
        return max(things.maxKey() if things else 0, self._highest) + 1

    def _retire_number(self, things: Any, number: int) -> None:
        """Note that what has that number in `things` is about to go."""
        if number == things.maxKey() and number > self._highest:
            self._highest = number
