"""Bug trackers that become known because a person names a bug in them."""

import dataclasses
from typing import Any

from malonewatch.application.facts import TrackerFacts
from malonewatch.application.finding import FoundBug
from malonewatch.application.references import shortened
from malonewatch.interfaces import BadInput, Certainty


@dataclasses.dataclass(frozen=True, slots=True)
class Registration:
    """A bug tracker that was registered, and how it was found out what it is.

    `identified` is what the server says that it is, None if it was not asked.
    """

    tracker: TrackerFacts
    certainty: Certainty
    identified: str | None


class Registrar:
    """Registers bug trackers in a transaction, and keeps account of it.

    `registered` lists those that are new, `approved` the names of those that
    were guessed and are no longer.
    """

    def __init__(self, trackers: Any) -> None:
        self.trackers = trackers
        self.registered: list[Registration] = []
        self.approved: list[str] = []

    def tracker_of(self, found: FoundBug) -> Any:
        """The bug tracker that a bug was found in, registered on purpose.

        :raises BadInput: another is registered there, or it cannot be registered.
        """
        tracker = self.trackers.getByBaseURL(found.baseurl)
        if tracker is None:
            tracker = self.trackers.ensureBugTracker(found.baseurl, None, found.bugtrackertype)
            facts = TrackerFacts.of(tracker)
            self.registered.append(Registration(facts, found.certainty, found.identified))
        elif tracker.bugtrackertype != found.bugtrackertype:
            raise BadInput(
                f"{shortened(found.url)} looks like a bug in a bug tracker of type "
                f"{found.bugtrackertype}, but {tracker.name}, which is registered there, is of "
                f"type {tracker.bugtrackertype}."
            )
        if tracker.guessed:
            tracker.guessed = False
            self.approved.append(tracker.name)
        return tracker
