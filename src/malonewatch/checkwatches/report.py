"""What became of a run."""

import dataclasses
import logging
from collections.abc import Iterable

from malonewatch.checkwatches.logs import said
from malonewatch.identity import shown
from malonewatch.interfaces import Applied, BugTrackerTrouble, Claim, Exchange

log = logging.getLogger("malonewatch.checkwatches")


@dataclasses.dataclass(slots=True)
class Report:
    """What became of a run, or of one bug tracker in it.

    - `watches`: how many were taken on,
    - `changed`: how many of them have another status,
    - `applied`: what became of the outcomes,
    - `troubled`: the bug trackers that could not be asked, or answered what is
      not to be believed, by name,
    - `claimed`: those that were left to another run, by name,
    - `postponed`: those whose answers could not be saved, or not be asked for,
      as others kept the database busy,
    - `late`: those that had no more time in this run,
    - `refused`: how many changes the application failed to take,
    - `faults`: how many failures are malonewatch's own,
    - `interrupted`, `out_of_time`: whether it was told to end, or its own time
      was up,
    - `exchanges`: the requests that were made.
    """

    watches: int = 0
    changed: int = 0
    applied: Applied = dataclasses.field(default_factory=Applied)
    troubled: dict[str, BugTrackerTrouble] = dataclasses.field(default_factory=dict)
    claimed: dict[str, Claim] = dataclasses.field(default_factory=dict)
    postponed: list[str] = dataclasses.field(default_factory=list)
    late: list[str] = dataclasses.field(default_factory=list)
    refused: int = 0
    faults: int = 0
    interrupted: bool = False
    out_of_time: bool = False
    exchanges: list[Exchange] = dataclasses.field(default_factory=list)

    #: Whether the changes, the failures and the requests are kept, or only counted.
    keep_details: bool = False

    def add(self, applied: Applied) -> None:
        self.applied.checked += applied.checked
        self.applied.failed += applied.failed
        self.applied.held += applied.held
        self.changed += len(applied.changes)
        if self.keep_details:
            self.applied.changes += applied.changes
            self.applied.failures += applied.failures

    def note(self, exchanges: Iterable[Exchange]) -> None:
        if self.keep_details:
            self.exchanges += exchanges

    def tell_claimed(self, level: int) -> None:
        """Say which origins were left to other runs, and to whom."""
        for claim in dict.fromkeys(self.claimed.values()):
            name = shown(claim.holder)
            log.log(
                level,
                "%s is being asked by %s, until %s UTC.",
                *(claim.origin, name, claim.until.strftime("%H:%M")),
                extra=said("claimed", origin=claim.origin, holder=name),
            )

    def tell_refused(self) -> None:
        """Say what the application failed to take."""
        if self.refused:
            log.error(
                "The application failed to take in %d changes; they are still due.",
                self.refused,
                extra=said("refused", count=self.refused),
            )
