"""Asking a bug tracker which of all its bugs changed."""

import dataclasses
from datetime import datetime

from malonewatch.externalbugtracker.driver.asking import Absent, Asking, Switch
from malonewatch.externalbugtracker.driver.hearing import UNFIT, Spoiled
from malonewatch.interfaces import BugTrackerTrouble

#: How many pages of an answer are followed.  With more to come, asking for the bugs themselves
#: is likely to be cheaper.
MOST_PAGES = 20


class Sweeping(Asking):
    """See `ISweeps`."""

    async def sweep(self, since: datetime) -> tuple[str, ...] | None:
        try:
            return None if self.known is None else await self._sweep(since)
        except (Spoiled, Absent, Switch, BugTrackerTrouble, *UNFIT):
            # What is wrong is found out, and said, where bugs are asked for.
            return None

    async def _sweep(self, since: datetime) -> tuple[str, ...] | None:
        found: dict[str, None] = {}
        canonical, at_once = self.tracker.canonicalRemoteBug, self.dialect.swept_at_once
        for page in range(MOST_PAGES):
            ask = self.dialect.ask_changed(since, page)
            heard = await self._put(dataclasses.replace(ask, expected=at_once))
            if heard.finding is not None:
                return None
            records = list(self.dialect.changed(heard.value))
            found.update((canonical(name), None) for names in records for name in names)
            if len(records) < at_once:
                return tuple(found)
        return None
