"""Asking a bug tracker which of all its bugs changed."""

import dataclasses
from datetime import datetime, timezone

from malonewatch.externalbugtracker.driver.asking import Absent, Asking, Switch
from malonewatch.externalbugtracker.driver.hearing import UNFIT, Hearing, Spoiled
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
        since = since.astimezone(timezone.utc)
        dialect, canonical = self.dialect, self.tracker.canonicalRemoteBug
        at_once, hearing = dialect.swept_at_once, Hearing(self.tracker, dialect)
        ask = dialect.ask_changed(since, 0)
        for page in range(1, MOST_PAGES + 1):
            heard = await self._put(dataclasses.replace(ask, expected=at_once or ask.expected))
            if heard.finding is not None:
                return None
            records = list(dialect.changed(heard.value))
            found.update((canonical(name), None) for names in records for name in names)
            if at_once:
                rest = dialect.ask_changed(since, page) if len(records) >= at_once else None
            else:
                rest = hearing.next_ask(ask, heard)
            if rest is None:
                return tuple(found)
            if rest == ask:
                # It leads nowhere.
                return None
            ask = rest
        return None
