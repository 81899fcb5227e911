"""Forgetting what is old."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any

from zope.component import getUtility

from malonewatch.application.facts import now
from malonewatch.interfaces import BadInput, BugWatchPage, BugWatchQuery, IBugWatchSet
from malonewatch.wording import exact

#: How many watches are looked at in one transaction.
PAGE = 500


@dataclasses.dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten: so many entries, of the histories of so many watches."""

    entries: int
    watches: int


def prune(
    database: Any, before: datetime, progress: Callable[[int, int], None] | None = None
) -> Pruned:
    """Forget what happened to watches before a time (aware): entries of their histories.

    How each is, and since when, stays.  It can be interrupted, and others go
    on working.  `progress` is called with how many watches were looked at, and
    how many there are.

    :raises BadInput: that time is still to come.
    """
    if before > now():
        raise BadInput(f"{exact(before)} is still to come.")
    total: int = database.read(lambda trackers: getUtility(IBugWatchSet).count())
    entries = watches = done = 0
    start: str | None = ""
    while start is not None:

        def step(trackers: Any, start: str | None = start or None) -> tuple[int, list[int], Any]:
            query = BugWatchQuery(limit=PAGE, start=start)
            page: BugWatchPage = getUtility(IBugWatchSet).search(query)
            dropped = [watch.pruneActivity(before) for watch in page.watches]
            return len(page.watches), [count for count in dropped if count], page.next

        looked, dropped, start = database.write(step)
        entries, watches, done = entries + sum(dropped), watches + len(dropped), done + looked
        if progress is not None:
            progress(done, total)
    return Pruned(entries, watches)
