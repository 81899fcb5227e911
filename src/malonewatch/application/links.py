"""What the state of remote bugs means for the places that name them."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from zope.component import getUtility, queryUtility

from malonewatch.application.facts import WatchFacts
from malonewatch.application.linkfacts import GONE, LinkFacts, LinkVerdict, verdict_of
from malonewatch.application.linking import (
    ProposedTracker,
    project_named,
    proposed_trackers,
    recognise,
)
from malonewatch.application.references import get_part, shortened
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    BugTaskStatus,
    IBugTrackerSet,
    IBugWatchUpdater,
    ILinkSet,
    Scope,
    Updated,
    remote_name,
)

#: How many links that lead to no watch are looked at.
_PROPOSALS = 1000


@remote(Scope.READ)
def report(
    database: Any, projects: Sequence[str] = (), parts: Sequence[str] = ()
) -> tuple[LinkFacts, ...]:
    """The links of some projects, or of all, by project, file and line.

    With `parts` only those in files that are, or are below, one of these.

    :raises NotFoundError: there is no project of some name.
    """

    def step(trackers: Any) -> tuple[LinkFacts, ...]:
        return tuple(
            link_facts(link)
            for project in _projects(projects)
            for link in project.links
            if not parts or is_within(link.path, parts)
        )

    links: tuple[LinkFacts, ...] = database.read(step)
    return links


def is_within(path: str, parts: Sequence[str]) -> bool:
    """Whether a path is, or is below, one of these."""
    return any(path == part or path.startswith(f"{part}/") for part in parts)


def ask_due(
    database: Any,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Updated:
    """Ask for all that is due in a database, as `IBugWatchUpdater` has it."""
    updated: Updated = getUtility(IBugWatchUpdater)(database, seconds, progress)
    return updated


def _projects(names: Sequence[str]) -> Iterator[Any]:
    if not names:
        yield from get_part(ILinkSet)
    yield from map(project_named, dict.fromkeys(names))


@dataclasses.dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What is known of a source tree: its name, where it was scanned last and when (aware, UTC),
    how many links it has, and the bug trackers that wait for somebody to accept them."""

    name: str
    root: str
    scanned: datetime | None
    links: int
    proposed: tuple[ProposedTracker, ...]


def list_projects(database: Any) -> list[ProjectFacts]:
    """The source trees that were scanned, by name; none where the database knows of no links.

    Of very many links that lead to no watch, some thousand are looked at.
    """

    def step(trackers: Any) -> list[ProjectFacts]:
        return [
            ProjectFacts(
                project.name,
                project.root,
                project.scanned,
                project.links.count(),
                proposed_trackers(project, _PROPOSALS),
            )
            for project in queryUtility(ILinkSet) or ()
        ]

    projects: list[ProjectFacts] = database.read(step)
    return projects


def list_page(database: Any, project: str, first: int = 1, size: int = 50) -> list[LinkFacts]:
    """At most `size` links of a project by file and line, from that place on; the first is at 1.

    :raises NotFoundError: there is no such project.
    """

    def step(trackers: Any) -> list[LinkFacts]:
        links = project_named(project).links[first - 1 : first - 1 + size]
        return list(map(link_facts, links))

    page: list[LinkFacts] = database.read(step)
    return page


def link_facts(link: Any) -> LinkFacts:
    """A link and what is known of its bug.  Runs in a transaction."""
    watch = link.watch
    place = {
        "project": link.project.name,
        "path": link.path,
        "line": link.line,
        "column": link.column,
        "written": link.written,
        "text": link.text,
        "url": link.url,
        "wish": link.wish,
    }
    if watch is None:
        if _is_registered(link.url):
            trouble = "It is not watched; the next scan of its tree has it watched."
            return LinkFacts(**place, verdict=LinkVerdict.UNKNOWN, trouble=trouble)
        verdict = verdict_of(BugTaskStatus.UNKNOWN, link.wish, is_watched=False)
        return LinkFacts(**place, verdict=verdict)
    facts = WatchFacts.of(watch)
    verdict = verdict_of(facts.status, link.wish, facts.last_error_type)
    return LinkFacts(
        **place,
        verdict=verdict,
        watch=facts.id,
        remote=watch.title,
        title=facts.remote_title,
        remotestatus=facts.remotestatus or "",
        meaning=facts.status.title if facts.remotestatus else "",
        since=_since(watch, facts),
        fixed_in=facts.fixed_in,
        survivor=_survivor(watch),
        trouble=_trouble(watch, facts, verdict),
    )


def _is_registered(url: str) -> bool:
    """Whether the bug tracker is registered that a URL leads to."""
    reading = recognise(url)
    trackers = getUtility(IBugTrackerSet)
    return reading is not None and trackers.getByBaseURL(reading[0].baseurl) is not None


def _since(watch: Any, facts: WatchFacts) -> datetime | None:
    """When the bug came to be as it is, as far as that is known."""
    # Of a bug that was so when it was first seen, that moment says nothing.
    if facts.last_error_type in GONE:
        failures = [each for each in watch.activity if each.error_type is facts.last_error_type]
        return failures[0].date if failures and facts.remotestatus is not None else None
    if facts.date_closed is not None:
        return facts.date_closed
    return None if facts.old_status is None else facts.lastchanged


def _survivor(watch: Any) -> str:
    if not watch.followed:
        return watch.duplicate_of or ""
    last = watch.followed[-1]
    if last.tracker is None:
        return str(last.url)
    return remote_name(getUtility(IBugTrackerSet)[last.tracker].title, last.remotebug)


def _trouble(watch: Any, facts: WatchFacts, verdict: LinkVerdict) -> str:
    """Why it is not known how the bug is, or that it is gone; empty if its status holds."""
    if facts.last_error_type is not None and facts.last_error_type in GONE:
        return facts.last_error or ""
    if verdict is not LinkVerdict.UNKNOWN:
        return ""
    if facts.last_error:
        return facts.last_error
    if facts.remotestatus is not None:
        return (
            f"What {shortened(facts.remotestatus)!r} means is not known; 'malonewatch tracker "
            "map' says so."
        )
    if facts.not_polled:
        return facts.not_polled
    if not watch.bugtracker.active:
        return f"{facts.tracker_title} is inactive; 'malonewatch tracker enable' changes that."
    return watch.bugtracker.last_error or "It has not been asked for yet."
