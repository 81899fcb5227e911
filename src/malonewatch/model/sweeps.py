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
    - `due`: when it is to be asked that again;
    - `apiece`: how many requests ask for as many bugs as the type would like to ask
      for in one.
    """

    def __init__(self, start: int, seen: int, apiece: int) -> None:
        self.start, self.seen, self.apiece = start, seen, apiece
        self.swept = self.due = 0
        self.cost = 1

    def __getstate__(self) -> Any:
        return self.start, self.seen, self.swept, self.cost, self.due, self.apiece

    def __setstate__(self, state: Any) -> None:
        # The last was not known at first.
        self.start, self.seen, self.swept, self.cost, self.due, self.apiece = (*state, 1)[:6]
