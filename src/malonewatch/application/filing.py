"""Filing a bug of ours in somebody else's bug tracker: where to look for it there first, and where
to file it."""

import dataclasses
from typing import Any

from zope.component import getUtility, queryAdapter, queryUtility

from malonewatch.application.facts import BugFacts
from malonewatch.application.privacy import is_hidden
from malonewatch.application.references import find_tracker
from malonewatch.interfaces import IBugSet, IExternalBugTracker, IOutbox


@dataclasses.dataclass(frozen=True, slots=True)
class Filing:
    """How to file a bug of ours in a bug tracker.

    - `bug`: the bug,
    - `name`, `title`, `baseurl`: the bug tracker,
    - `needs_product`: whether it files and finds nothing unless it is told of which product,
    - `product`, `summary`, `description`: what the links say,
    - `search`: where to look whether somebody has filed it, None if there is no such page,
    - `file`: where to file it, None if there is no such page.
    """

    bug: BugFacts
    name: str
    title: str
    baseurl: str
    needs_product: bool
    product: str
    summary: str
    description: str
    search: str | None
    file: str | None

    @property
    def lacks_product(self) -> bool:
        """Whether there would be more links if it were known of which product the bug is."""
        return self.needs_product and not self.product


def find_links(
    database: Any,
    bug_id: int,
    what: str,
    product: str = "",
    summary: str = "",
    description: str = "",
) -> Filing:
    """How to file a bug of ours in the bug tracker that `what` names, as in `trackers.show`.

    Without a `summary` it is the bug's title, unless that is not for who asks;
    without a `description`, where to see the bug, if the site has a URL for that.

    :raises NotFoundError: there is no such bug or bug tracker.
    """

    def step(trackers: Any) -> Filing:
        bug = getUtility(IBugSet).get(bug_id)
        tracker = find_tracker(trackers, what)
        external = queryAdapter(tracker.facts, IExternalBugTracker, name=tracker.bugtrackertype)
        said = product, summary or _title_of(bug), description or _where(bug_id)
        search = file = None
        if external is not None:
            file, search = external.getBugFilingAndSearchLinks(product or None, *said[1:])
        return Filing(
            BugFacts.of(bug),
            tracker.name,
            tracker.title,
            tracker.baseurl,
            external is not None and external.multi_product,
            *said,
            search,
            file,
        )

    filing: Filing = database.read(step)
    return filing


def find_summary(database: Any, bug_id: int) -> str:
    """What sums a bug of ours up elsewhere, unless it is said: its title; empty if that is not for
    who asks.

    :raises NotFoundError: there is no such bug.
    """
    summary: str = database.read(lambda trackers: _title_of(getUtility(IBugSet).get(bug_id)))
    return summary


def _title_of(bug: Any) -> str:
    """The title that a bug elsewhere may have; empty where it may not be seen."""
    return "" if is_hidden(bug) else bug.title or ""


def _where(bug_id: int) -> str:
    """Where to see a bug of ours; empty if that is not known."""
    outbox = queryUtility(IOutbox)
    url = "" if outbox is None else outbox.settings.bug_url
    return url.replace("{bug}", str(bug_id))
