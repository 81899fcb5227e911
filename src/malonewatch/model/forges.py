"""A forge is one bug tracker per host.

In databases of 0.1.0 each project's tracker on it is one, which become part of
the forge's: their watches keep their numbers, histories and all that is known,
and get the ids that their remote bugs have there.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from malonewatch.model.baseurl import base_key

#: How many watches are seen to in one transaction.
PORTION = 500
#: How many are seen to within a second or so.
QUICK = 1000


def is_quick(trackers: Any) -> bool:
    """Whether there is little to be done; `trackers` is the set of bug trackers."""
    return _left(trackers) <= QUICK


def join_forges(database: Any, progress: Callable[[int, int], None]) -> None:
    """Let all bug trackers that are parts of a forge become part of the one that is the forge."""
    total = left = database.read(_left)
    while left:
        left = database.write(lambda trackers: _join_some(trackers, PORTION))
        progress(total - left, total)


def _left(trackers: Any) -> int:
    """How much there is to be done: bug trackers, and watches on them."""
    return sum(len(part.ledger) + 1 for part, _, _ in _parts(trackers))


def _parts(trackers: Any) -> Iterator[tuple[Any, str, str]]:
    """The bug trackers that are parts of a forge, the base URL of that, and what has to come
    before their remote ids there.

    The type says so, which reads the URL of a bug as that of one in the forge.
    """
    types = dict(trackers.getBugTrackerTypes())
    # All of them first: some go meanwhile.
    for tracker in list(trackers):
        base = tracker.baseurl.rstrip("/")
        external = types.get(tracker.bugtrackertype)
        found = None if external is None else external.parseBugURL(urlsplit(f"{base}/1"), base)
        if found is None or base_key(found[0]) == base_key(base):
            continue
        forge = trackers.getByBaseURL(found[0])
        if forge is None or forge.bugtrackertype == tracker.bugtrackertype:
            yield tracker, found[0], found[1].removesuffix("1")


def _join_some(trackers: Any, most: int) -> int:
    """Do as much of it as concerns `most` watches; returns how much is left."""
    for part, baseurl, prefix in _parts(trackers):
        forge = _forge_of(trackers, part, baseurl)
        oldest = list(part.watches[-most:])[::-1]
        for watch in oldest:
            remotebug = forge.canonicalRemoteBug(prefix + watch.remotebug)
            if watch.bug.getBugWatch(forge, remotebug) is None:
                forge.bugwatches.carry_over(watch, forge, remotebug)
            else:
                # It was watched by another name of the same bug tracker, too.
                watch.bug.removeWatch(watch)
        if not part.ledger:
            trackers.remove(part)
            forge.aliases = (*forge.aliases, part.baseurl, *part.aliases)
        most -= len(oldest) + 1
        if most <= 0:
            break
    return _left(trackers)


def _forge_of(trackers: Any, part: Any, baseurl: str) -> Any:
    """The forge that a bug tracker is a part of; it is asked if any part of it was."""
    if trackers.getByBaseURL(baseurl) is part:
        part.aliases = [url for url in part.aliases if base_key(url) != base_key(baseurl)]
    is_new = trackers.getByBaseURL(baseurl) is None
    forge = trackers.ensureBugTracker(
        baseurl, part.owner, part.bugtrackertype, guessed=part.guessed
    )
    if is_new or part.active:
        forge.active = part.active
    for name in ("summary", "contactdetails"):
        text = getattr(forge, name)
        if getattr(part, name) not in text:
            setattr(forge, name, f"{text}\n{getattr(part, name)}".strip())
    return forge
