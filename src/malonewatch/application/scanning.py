"""Looking for links in source trees, and keeping those that are there."""

import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from zope.component import getUtility

from malonewatch.application.facts import TrackerFacts, now
from malonewatch.application.finding import FoundTracker, find_tracker_at
from malonewatch.application.links import is_within
from malonewatch.application.matching import Known, Plan, Seen, match
from malonewatch.application.references import shortened, watches_on
from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    Certainty,
    IBugSet,
    IBugWatchSet,
    ILinkSet,
    ISourceScanner,
    NotFoundError,
    Place,
    RecognisedURL,
    UnrecognizedBugTrackerURL,
)

Reading = tuple[RecognisedURL, BugTrackerType]

#: How many files are judged, and how many links are written, in one transaction.
_FILES, _LINKS = 500, 200


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
class Scanned:
    """What came of a scan.

    - `project`, `root`: its name, and the folder that its paths begin at,
    - `parts`: as of `ISourceTree`,
    - `is_anew`: whether every file was read, rather than what changed,
    - `files`: how many were read, `ignored`: how many links their authors want
      ignored,
    - `added`, `moved`, `removed`, `kept`: how many links are new, are
      elsewhere, are gone, and are as they were, of those in what was read,
    - `links`: how many the project has now,
    - `registered`: the bug trackers that were accepted,
    - `proposed`: those that were not,
    - `refused`: sentences on those that the tree's configuration names and
      that cannot be used.
    """

    project: str
    root: str
    parts: tuple[str, ...]
    is_anew: bool
    files: int
    ignored: int
    added: int
    moved: int
    removed: int
    kept: int
    links: int
    registered: tuple[TrackerFacts, ...]
    proposed: tuple[ProposedTracker, ...]
    refused: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which bug trackers are to be registered: those on known hosts, and those at base URLs."""

    known: bool
    baseurls: frozenset[str]

    def includes(self, baseurl: str, certainty: Certainty) -> bool:
        """Whether one that a URL leads to is one of them."""
        is_known = self.known and certainty is Certainty.KNOWN_HOST
        return is_known or _plain(baseurl) in self.baseurls


def _plain(baseurl: str) -> str:
    """A base URL as it is compared."""
    return baseurl.strip().rstrip("/").casefold()


def project_of(paths: Sequence[str], configuration: str | None = None) -> tuple[str, str]:
    """The name that the source tree of `paths` has by default, and its root.

    :raises BadInput: as for `ISourceScanner`.
    """
    root: str = getUtility(ISourceScanner)(paths, configuration).root
    return os.path.basename(root) or "root", root


def scan(
    database: Any,
    paths: Sequence[str],
    project: str | None = None,
    configuration: str | None = None,
    accept_known: bool = False,
    accept: Sequence[str] = (),
    anew: bool = False,
) -> Scanned:
    """Find the links in a source tree, and keep those of a project as they are there.

    The project is that of the folder's name by default.  What they lead to is
    watched if its bug tracker is registered; those at the base URLs in
    `accept` are registered, and with `accept_known` those on known hosts, and
    those that the tree's configuration names, marked as guessed.  Only what
    changed since the last scan is read, unless `anew`.

    :raises BadInput: the tree cannot be read, or the name is that of a project
        that is elsewhere.
    :raises DatabaseError: the database cannot be read or written.
    """
    default, root = project_of(paths, configuration)
    name = default if project is None else project
    state = database.read(lambda trackers: _state_of(name, root, insist=project is None))
    tree = getUtility(ISourceScanner)(paths, configuration, None if anew else state)
    found = _find(database, tree)
    wanted = Wanted(accept_known, frozenset(map(_plain, accept)))
    registered, refused = _register(database, tree.trackers) if accept_known else ([], [])
    known = database.read(lambda trackers: _known(name, tree, found))
    plan = match(known, (seen for places in found.values() for seen in places))
    database.write(lambda trackers: getUtility(ILinkSet).ensureProject(name, root) and None)
    registered += _carry_out(database, name, plan, wanted)

    def finish(trackers: Any) -> tuple[int, tuple[ProposedTracker, ...]]:
        it = getUtility(ILinkSet).getProject(name)
        if tree.is_whole:
            it.state = tree.state
        it.scanned = now()
        return it.links.count(), _proposed(it)

    links, proposed = database.write(finish)
    return Scanned(
        project=name,
        root=root,
        parts=tuple(tree.parts),
        is_anew=tree.is_anew,
        files=tree.read_count,
        ignored=tree.ignored_count,
        added=len(plan.added),
        moved=len(plan.moved),
        removed=len(plan.removed),
        kept=plan.kept,
        links=links,
        registered=tuple({facts.name: facts for facts in registered}.values()),
        proposed=proposed,
        refused=tuple(refused),
    )


def forget(database: Any, project: str) -> int:
    """Forget a project, its links, and the watches that only these led to; how many links.

    :raises NotFoundError: there is no such project.
    """

    def read(trackers: Any) -> list[int]:
        found = getUtility(ILinkSet).getProject(project)
        if found is None:
            raise NotFoundError(f"There is no project {shortened(project)!r}.")
        return [link.id for link in found.links]

    ids: list[int] = database.read(read)
    _remove(database, project, ids)
    database.write(lambda trackers: getUtility(ILinkSet).removeProject(project))
    return len(ids)


def recognise(url: str) -> Reading | None:
    """What `url` is the URL of, None if of no bug.  Runs in a transaction."""
    watches = getUtility(IBugWatchSet)
    try:
        reading: Reading = watches.recognise(url)
    except UnrecognizedBugTrackerURL:
        # Something may have stuck to it.
        return next(iter(watches.recogniseText(url)), None)
    return reading


def _state_of(name: str, root: str, insist: bool) -> bytes | None:
    """What the last scan of a project left; `insist` that it was one of `root`."""
    project = getUtility(ILinkSet).getProject(name)
    if project is None:
        return None
    if project.root != root:
        if insist:
            raise BadInput(
                f"The links of project {name!r} are those in {shortened(project.root)}; give "
                f"--project {name} if that is in {shortened(root)} now, or another name."
            )
        return None
    state: bytes | None = project.state
    return state


def _find(database: Any, tree: Any) -> dict[str, list[Seen]]:
    """The links in each file of a tree that was read."""
    found: dict[str, list[Seen]] = {}
    urls: dict[str, bool] = {}
    files = tree.files()
    while chunk := list(islice(files, _FILES)):
        asked = {url for _, places in chunk for place in places for url in place.urls} - {*urls}
        if asked:
            urls.update(database.read(functools.partial(_are_bugs, asked)))
        for path, places in chunk:
            found[path] = list(_seen(places, urls))
    return found


def _are_bugs(asked: Iterable[str], trackers: Any) -> dict[str, bool]:
    return {url: recognise(url) is not None for url in asked}


def _seen(places: Iterable[Place], urls: Mapping[str, bool]) -> Iterator[Seen]:
    for place in places:
        url = next(filter(urls.__getitem__, place.urls), None)
        if url is not None:
            yield Seen(url, place._replace(urls=(url,)))


def _known(name: str, tree: Any, found: Mapping[str, Any]) -> list[Known]:
    """The links in the database that are in what was read of the tree."""
    project = getUtility(ILinkSet).getProject(name)
    if project is None:
        return []
    if not tree.is_anew:
        links = [link for path in found for link in project.getLinksIn(path)]
    elif tree.is_whole:
        links = list(project.links)
    else:
        links = [link for link in project.links if is_within(link.path, tree.parts)]
    return [Known(link.id, link.url, place_of(link)) for link in links]


def place_of(link: Any) -> Place:
    """Where a link is."""
    return Place(link.path, link.line, link.column, link.written, link.text, (link.url,), link.wish)


def _register(
    database: Any, accepted: Mapping[str, str | None]
) -> tuple[list[TrackerFacts], list[str]]:
    """Register the bug trackers that a tree's configuration names, as guessed."""
    registered: list[TrackerFacts] = []
    refused: list[str] = []
    for baseurl, type_name in accepted.items():
        try:
            found = find_tracker_at(database, baseurl, type_name)
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


def _carry_out(database: Any, name: str, plan: Plan, wanted: Wanted) -> list[TrackerFacts]:
    """Do what is planned; the bug trackers that were registered for it."""
    for chunk in _chunks([*plan.moved, *plan.added]):
        database.write(functools.partial(_place, name=name, chunk=chunk))
    _remove(database, name, plan.removed)
    unbound = database.read(
        lambda trackers: [link.id for link in getUtility(ILinkSet).getProject(name).proposals]
    )
    registered: list[TrackerFacts] = []
    for chunk in _chunks(unbound):
        registered += database.write(functools.partial(_bind, name=name, ids=chunk, wanted=wanted))
    return registered


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


def _remove(database: Any, name: str, ids: Sequence[int]) -> None:
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


def _proposed(project: Any) -> tuple[ProposedTracker, ...]:
    """The bug trackers that links of a project lead to and that are not accepted."""
    counts: dict[tuple[str, BugTrackerType, Certainty], int] = {}
    for link in project.proposals:
        reading = recognise(link.url)
        if reading is not None:
            key = (reading[0].baseurl, reading[1], reading[0].certainty)
            counts[key] = counts.get(key, 0) + 1
    most = sorted(counts.items(), key=lambda item: (-item[0][2], -item[1], item[0]))
    return tuple(ProposedTracker(*key, count) for key, count in most)
