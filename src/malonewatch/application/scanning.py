"""Looking for links in source trees, and keeping those that are there."""

import dataclasses
import functools
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from zope.component import getUtility

from malonewatch.application.facts import TrackerFacts, now
from malonewatch.application.linking import (
    ProposedTracker,
    Wanted,
    approve,
    carry_out,
    plain,
    proposed_trackers,
    recognise,
    register_accepted,
    remove,
    unmet,
)
from malonewatch.application.links import is_within
from malonewatch.application.matching import Known, Plan, Seen, match
from malonewatch.application.references import get_part, shortened
from malonewatch.interfaces import (
    BadInput,
    IBugSet,
    ILinkSet,
    ISourceScanner,
    NotFoundError,
    Place,
)

#: How many files are judged in one transaction.
_FILES = 500


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


def open_tree(paths: Sequence[str], configuration: str | None = None) -> Any:
    """The `ISourceTree` of `paths`, for `scan`; in a repository, git begins to look what changed.

    :raises BadInput: as for `ISourceScanner`.
    """
    return getUtility(ISourceScanner)(paths, configuration)


def name_of(tree: Any) -> str:
    """The name that the project of a source tree has by default."""
    return os.path.basename(tree.root) or "root"


def scan(
    database: Any,
    tree: Any,
    project: str | None = None,
    accept_known: bool = False,
    accept: Sequence[str] = (),
    anew: bool = False,
) -> Scanned:
    """Find the links in a source tree, and keep those of a project as they are there.

    `tree` is an `ISourceTree` of which nothing was read yet.
    The project is that of the folder's name by default.  What they lead to is
    watched if its bug tracker is registered; those at the base URLs in
    `accept` are registered on purpose, and with `accept_known` those on known hosts, and
    those that the tree's configuration names, marked as guessed.  Only what
    changed since the last scan is read, unless `anew`.

    :raises BadInput: the tree cannot be read, or the name is that of a project
        that is elsewhere.
    :raises DatabaseError: the database cannot be read or written.
    """
    root = tree.root
    name = name_of(tree) if project is None else project
    state = database.read(lambda trackers: _state_of(trackers, name, root, project is None))
    if state is not None and not anew:
        tree.resume(state)
    registered, refused = register_accepted(database, tree.trackers) if accept_known else ([], [])
    found = _find(database, tree)
    wanted = Wanted(accept_known, frozenset(map(plain, accept)))
    plan = _planned(database, name, tree, found)
    database.write(lambda trackers: get_part(ILinkSet).ensureProject(name, root) and None)
    if accept:
        registered += database.write(functools.partial(approve, accept))
    registered += carry_out(database, name, plan, wanted)
    # Another scan may have done the same meanwhile.
    if plan.is_change and (rest := _planned(database, name, tree, found)).is_change:
        registered += carry_out(database, name, rest, wanted)

    def finish(trackers: Any) -> tuple[int, tuple[ProposedTracker, ...]]:
        it = get_part(ILinkSet).getProject(name)
        if tree.is_whole:
            it.state = None if tree.state is None else _bases_digest(trackers) + tree.state
        it.scanned = now()
        return it.links.count(), proposed_trackers(it)

    links, proposed = database.write(finish)
    refused += database.read(functools.partial(unmet, accept))
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

    The bug that these watches were for goes as well, unless it has others.

    :raises NotFoundError: there is no such project.
    """

    def read(trackers: Any) -> list[int]:
        found = get_part(ILinkSet).getProject(project)
        if found is None:
            raise NotFoundError(f"There is no project {shortened(project)!r}.")
        return [link.id for link in found.links]

    ids: list[int] = database.read(read)
    remove(database, project, ids)
    database.write(functools.partial(_forget, project))
    return len(ids)


def _forget(name: str, trackers: Any) -> None:
    links, bugs = get_part(ILinkSet), getUtility(IBugSet)
    number = links.getProject(name).bug
    links.removeProject(name)
    bug = None if number is None else bugs.query(number)
    if bug is not None and not bug.watches:
        bugs.removeBug(bug)


def _state_of(trackers: Any, name: str, root: str, insist: bool) -> bytes | None:
    """What the last scan of a project left; `insist` that it was one of `root`.

    Nothing if other bug trackers are registered by now: what is a bug's URL depends on them.
    """
    project = get_part(ILinkSet).getProject(name)
    if project is None:
        return None
    if project.root != root:
        if insist:
            raise BadInput(
                f"The links of project {name!r} are those in {shortened(project.root)}; give "
                f"--project {name} if that is in {shortened(root)} now, or another name."
            )
        return None
    state: bytes = project.state or b""
    digest = _bases_digest(trackers)
    return state.removeprefix(digest) if state.startswith(digest) else None


def _bases_digest(trackers: Any) -> bytes:
    """What tells one set of registered bug trackers from others, as far as URLs are concerned."""
    bases = sorted(
        (tracker.baseurl, tracker.bugtrackertype, *tracker.aliases) for tracker in trackers
    )
    return hashlib.sha256(repr(bases).encode()).digest()


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


def _planned(database: Any, name: str, tree: Any, found: Mapping[str, Sequence[Seen]]) -> Plan:
    """What is to be done so that a project's links are those that were found."""
    known = database.read(lambda trackers: _known(name, tree, found))
    return match(known, (seen for places in found.values() for seen in places))


def _known(name: str, tree: Any, found: Mapping[str, Any]) -> list[Known]:
    """The links in the database that are in what was read of the tree."""
    project = get_part(ILinkSet).getProject(name)
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
