"""Keeping links as they are in a source tree, and watching what they lead to."""

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.application.audit import record
from malonewatch.application.facts import TrackerFacts
from malonewatch.application.finding import FoundTracker, find_tracker_at
from malonewatch.application.matching import Plan, Seen
from malonewatch.application.references import get_part, shortened, watches_on
from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    Certainty,
    IBugSet,
    IBugWatchSet,
    ILinkSet,
    NotFoundError,
    RecognisedURL,
    UnrecognizedBugTrackerURL,
)

Reading = tuple[RecognisedURL, BugTrackerType]

#: How many links are written in one transaction.
_LINKS = 200


@dataclasses.dataclass(frozen=True, slots=True)
class ProposedTracker:
    """A bug tracker that links lead to, and that has not been accepted.

    `is_known` is whether its host is known to run that software, and `links`
    how many of the project's links lead there.
    """

    baseurl: str
    bugtrackertype: BugTrackerType
    certainty: Certainty
    links: int

    @property
    def is_known(self) -> bool:
        return self.certainty is Certainty.KNOWN_HOST


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which bug trackers are to be registered: those on known hosts, and those at base URLs."""

    known: bool
    baseurls: frozenset[str]

    def includes(self, baseurl: str, certainty: Certainty) -> bool:
        """Whether one that a URL leads to is one of them."""
        is_known = self.known and certainty is Certainty.KNOWN_HOST
        return is_known or plain(baseurl) in self.baseurls


def recognise(url: str) -> Reading | None:
    """What `url` is the URL of, None if of no bug.  Runs in a transaction."""
    watches = getUtility(IBugWatchSet)
    try:
        reading: Reading = watches.recognise(url)
    except UnrecognizedBugTrackerURL:
        # Something may have stuck to it.
        return next(iter(watches.recogniseText(url)), None)
    return reading


def register_accepted(
    database: Any, accepted: Mapping[str, str | None]
) -> tuple[list[TrackerFacts], list[str]]:
    """Register the bug trackers that a tree's configuration names, as guessed."""
    registered: list[TrackerFacts] = []
    refused: list[str] = []
    for baseurl, type_name in accepted.items():
        try:
            found = find_tracker_at(database, baseurl, type_name, guessed=True)
            registered += database.write(functools.partial(_ensure_tracker, found))
        except BadInput as error:
            refused.append(str(error))
    return registered, refused


def _ensure_tracker(found: FoundTracker, trackers: Any) -> list[TrackerFacts]:
    """Register a bug tracker, unless one is registered there; it, if it is new."""
    if trackers.getByBaseURL(found.baseurl) is not None:
        return []
    new = trackers.ensureBugTracker(found.baseurl, None, found.bugtrackertype, guessed=True)
    return [TrackerFacts.of(new)]


def approve(baseurls: Sequence[str], trackers: Any) -> list[TrackerFacts]:
    """Let bug trackers at `baseurls` that were guessed be registered on purpose; which they are."""
    approved = []
    for tracker in filter(None, map(trackers.getByBaseURL, baseurls)):
        if tracker.guessed:
            tracker.guessed = False
            approved.append(TrackerFacts.of(tracker))
    return approved


def carry_out(database: Any, name: str, plan: Plan, wanted: Wanted) -> list[TrackerFacts]:
    """Do what is planned; the bug trackers that were registered for it."""
    for chunk in _chunks([*plan.moved, *plan.added]):
        database.write(functools.partial(_place, name=name, chunk=chunk))
    remove(database, name, plan.removed)
    unbound = database.read(functools.partial(_unbound, name=name, wanted=wanted))
    registered: list[TrackerFacts] = []
    for chunk in _chunks(unbound):
        registered += database.write(functools.partial(_bind, name=name, ids=chunk, wanted=wanted))
    return registered


def _unbound(trackers: Any, name: str, wanted: Wanted) -> list[int]:
    """The links that lead to no watch; those first that tell best what is to be registered."""
    links = list(getUtility(ILinkSet).getProject(name).proposals)
    if wanted.baseurls:
        links.sort(key=lambda link: _certainty_of(link.url), reverse=True)
    return [link.id for link in links]


def _certainty_of(url: str) -> int:
    reading = recognise(url)
    return 0 if reading is None else reading[0].certainty


def _chunks(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(things), _LINKS):
        yield things[start : start + _LINKS]


def _place(trackers: Any, name: str, chunk: Sequence[Any]) -> None:
    """Add the new links in `chunk`, and move those of before."""
    links = getUtility(ILinkSet)
    project = links.getProject(name)
    for each in chunk:
        if isinstance(each, Seen):
            project.addLink(each.place, each.url)
        else:
            link = links.queryLink(each[0])
            # Another scan may have removed it meanwhile; so it is below.
            if link is not None:
                project.moveLink(link, each[1])


def remove(database: Any, name: str, ids: Sequence[int]) -> None:
    """Remove the links of those numbers from a project; those that are gone already do not count.

    The watches that only these led to, and that a scan has made, go with them.
    """
    for chunk in _chunks(ids):
        database.write(functools.partial(_remove_some, name=name, ids=chunk))


def _remove_some(trackers: Any, name: str, ids: Sequence[int]) -> None:
    links = getUtility(ILinkSet)
    project = links.getProject(name)
    for link in filter(None, map(links.queryLink, ids)):
        watch = link.watch
        project.removeLink(link)
        # A watch that the scan added is asked for no longer than there is a link to it.
        if watch is not None and watch.bug.id == project.bug and not watch.links:
            watch.bug.removeWatch(watch)


def _bind(trackers: Any, name: str, ids: Sequence[int], wanted: Wanted) -> list[TrackerFacts]:
    """Let links lead to watches, where their bug tracker is registered, or may be."""
    links = getUtility(ILinkSet)
    project = links.getProject(name)
    registered = []
    for link in filter(None, map(links.queryLink, ids)):
        reading = recognise(link.url)
        if reading is None:
            # Its type is not supported any more.
            continue
        (baseurl, remotebug, certainty), bugtrackertype = reading
        tracker = trackers.getByBaseURL(baseurl)
        if tracker is None and wanted.includes(baseurl, certainty):
            tracker = trackers.ensureBugTracker(baseurl, None, bugtrackertype)
            registered.append(TrackerFacts.of(tracker))
        if tracker is not None:
            project.bindLink(link, _watch_for(project, tracker, remotebug))
    return registered


def _watch_for(project: Any, tracker: Any, remotebug: str) -> Any:
    """The watch on a remote bug: the project's, another one, or a new one of the project's."""
    watches = watches_on(tracker, tracker.canonicalRemoteBug(remotebug))
    for watch in sorted(watches, key=lambda watch: watch.bug.id != project.bug):
        return watch
    bugs = getUtility(IBugSet)
    bug = None if project.bug is None else bugs.query(project.bug)
    if bug is None:
        bug = bugs.createBug(f"Links in {project.name}")
        project.bug = bug.id
    return bug.addWatch(tracker, remotebug, None)


def accept(database: Any, name: str, baseurl: str) -> list[TrackerFacts]:
    """Register the bug tracker at `baseurl` that links of a project lead to, and have them
    watched; which one that is, none if it was registered meanwhile.

    :raises NotFoundError: there is no such project.
    :raises BadInput: no link of it leads there.
    """
    wanted = Wanted(False, frozenset({plain(baseurl)}))

    def check(trackers: Any) -> None:
        proposed = proposed_trackers(project_named(name))
        if not wanted.baseurls.intersection(plain(each.baseurl) for each in proposed):
            raise BadInput(f"No link of {name} waits for a bug tracker at {shortened(baseurl)}.")
        record("accept", f"project {name}", baseurl)

    database.write(check)
    return carry_out(database, name, Plan((), (), (), 0), wanted)


def project_named(name: str) -> Any:
    """The project of that name.  Runs in a transaction.

    :raises NotFoundError: there is none.
    """
    project = get_part(ILinkSet).getProject(name)
    if project is None:
        raise NotFoundError(
            f"There is no project {shortened(name)!r}; 'malonewatch scan PATH' makes one."
        )
    return project


def proposed_trackers(project: Any, most: int | None = None) -> tuple[ProposedTracker, ...]:
    """The bug trackers that links of a project lead to and that are not accepted; of the first
    `most` links that lead to no watch."""
    readings: dict[tuple[str, BugTrackerType], list[RecognisedURL]] = {}
    for reading in map(recognise, (link.url for link in itertools.islice(project.proposals, most))):
        if reading is not None:
            found, bugtrackertype = reading
            readings.setdefault((plain(found.baseurl), bugtrackertype), []).append(found)
    proposed = (
        # Of http and https the latter.
        ProposedTracker(max(each.baseurl for each in there), name, there[0].certainty, len(there))
        for (_, name), there in readings.items()
    )
    return tuple(sorted(proposed, key=lambda each: (-each.certainty, -each.links, each.baseurl)))


def unmet(accept: Sequence[str], trackers: Any) -> list[str]:
    """A sentence on each base URL that is to be accepted and that no link leads to."""
    return [
        f"No link leads to a bug tracker at {shortened(url)}, so none was registered there."
        for url in accept
        if trackers.getByBaseURL(url) is None
    ]


def plain(baseurl: str) -> str:
    """A base URL as it is compared: what is at both schemes is one bug tracker."""
    return baseurl.strip().rstrip("/").casefold().partition("://")[2]
