"""The latest moment at which anything was recorded."""

from persistent import Persistent


class Latest(Persistent):
    """The latest moment at which anything was recorded, in whole seconds."""

    def __init__(self) -> None:
        self.moment = 0

    def __getstate__(self) -> int:
        return self.moment

    def __setstate__(self, state: int) -> None:
        self.moment = state

    def note(self, moment: int) -> None:
        if moment > self.moment:
            self.moment = moment

    def _p_resolveConflict(self, old: int, saved: int, new: int) -> int:
        return max(saved, new)
