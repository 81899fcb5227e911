"""What is known of the sweeps of one bug tracker."""

from typing import Any

from persistent import Persistent


class Sweeps(Persistent):
    """What is known of the sweeps of one bug tracker.

    - `start`: watches that were checked from then on are in all sweeps since;
    - `seen`: as of which moment of the bug tracker's clock all that changed is
      known;
    - `swept`: when it last said what changed, by our clock, 0 for never;
    - `cost`: how many requests that took, with those for what had changed;
    - `due`: when it is to be asked that again.
    """

    def __init__(self, start: int, seen: int) -> None:
        self.start, self.seen = start, seen
        self.swept = self.due = 0
        self.cost = 1

    def __getstate__(self) -> Any:
        return self.start, self.seen, self.swept, self.cost, self.due

    def __setstate__(self, state: Any) -> None:
        self.start, self.seen, self.swept, self.cost, self.due = state
