"""What moved: the bugs of ours whose remote bugs have another status."""

import dataclasses
from datetime import datetime
from typing import Any

from malonewatch.application.facts import WatchFacts
from malonewatch.application.listing import Order, Wanted, list_watches
from malonewatch.application.remote import remote
from malonewatch.interfaces import Scope


@dataclasses.dataclass(frozen=True, slots=True)
class MovedBug:
    """A bug of ours, by number and title, and its watches whose status became another one, the
    latest first."""

    bug: int
    title: str
    watches: tuple[WatchFacts, ...]


@remote(Scope.READ)
def find_moved(database: Any, since: datetime, limit: int | None = None) -> list[MovedBug]:
    """The bugs with watches whose status became another one at `since` (aware) or later; the
    latest `limit` of these watches.

    Those with the latest change come first; first sight of a remote bug is none.

    :raises DatabaseError: the database cannot be read.
    """
    found: dict[int, list[WatchFacts]] = {}
    wanted = Wanted(changed_since=since, order=Order.CHANGED, limit=limit)
    for page in list_watches(database, wanted):
        for watch in page:
            found.setdefault(watch.bug, []).append(watch)
    return [MovedBug(bug, watches[0].bug_title, tuple(watches)) for bug, watches in found.items()]
