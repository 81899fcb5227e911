"""Which bug a URL leads to, and the bugs whose URLs stand in a text.

Each function is what `IBugWatchSet` says of the method of that name;
`trackers` is the `IBugTrackerSet`.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult

from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    Certainty,
    NoBugTrackerFound,
    RecognisedURL,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model.baseurl import base_key
from malonewatch.model.urltext import normalised, shortened, without_user
from malonewatch.texturls import find_urls

#: A way to read a URL: which bug it is of, and which type of bug tracker that takes.
Reading = tuple[RecognisedURL, BugTrackerType]
Types = Mapping[BugTrackerType, Any]


def recognise(trackers: Any, url: str) -> Reading:
    found = _surest(trackers, dict(trackers.getBugTrackerTypes()), url)
    if found is None:
        raise UnrecognizedBugTrackerURL(without_user(url))
    return found


def get_readings(trackers: Any, url: str) -> list[Reading]:
    parts = normalised(url)
    if parts is None:
        return []
    found = dict.fromkeys(_readings(trackers, dict(trackers.getBugTrackerTypes()), parts))
    return sorted(found, key=lambda reading: -reading[0].certainty)


def recognise_text(trackers: Any, text: str) -> Iterator[Reading]:
    types = dict(trackers.getBugTrackerTypes())
    seen = set()
    for url in find_urls(text):
        found = _surest(trackers, types, url)
        if found is None:
            short = shortened(url)
            found = None if short is None else _surest(trackers, types, short)
        if found is not None:
            bug = found[0].baseurl, found[0].remotebug
            if bug not in seen:
                seen.add(bug)
                yield found


def extract_bug(trackers: Any, url: str) -> tuple[Any, str]:
    (baseurl, remotebug, _), bugtrackertype = recognise(trackers, url)
    bugtracker = trackers.getByBaseURL(baseurl)
    if bugtracker is None:
        raise NoBugTrackerFound(baseurl, remotebug, bugtrackertype)
    return bugtracker, bugtracker.canonicalRemoteBug(remotebug)


def from_text(trackers: Any, text: str, bug: Any, owner: Any) -> list[Any]:
    added = []
    for (baseurl, remotebug, certainty), bugtrackertype in recognise_text(trackers, text):
        if certainty is Certainty.GUESS:
            continue
        try:
            bugtracker = trackers.getByBaseURL(baseurl) or trackers.ensureBugTracker(
                baseurl, owner, bugtrackertype, guessed=True
            )
            if bug.getBugWatch(bugtracker, remotebug) is None:
                added.append(bug.addWatch(bugtracker, remotebug, owner))
        except BadInput:
            # Something that only looks like the URL of a bug.
            continue
    return added


def _surest(trackers: Any, types: Types, url: str) -> Reading | None:
    parts = normalised(url)
    best: Reading | None = None
    for reading in () if parts is None else _readings(trackers, types, parts):
        if reading[0].certainty is Certainty.REGISTERED:
            return reading
        if best is None or reading[0].certainty > best[0].certainty:
            best = reading
    return best


def _readings(trackers: Any, types: Types, url: SplitResult) -> Iterator[Reading]:
    """Every way to read `url`; those of bug trackers that it begins with come first."""
    for bugtracker, base in _registered(trackers, url):
        external = types.get(bugtracker.bugtrackertype)
        said = None if external is None else external.parseBugURL(url, base)
        if said is not None:
            there = bugtracker if said[0] == base else trackers.getByBaseURL(said[0])
            yield from _judged(bugtracker.bugtrackertype, said, there)
    known: set[BugTrackerType] | None = None
    for bugtrackertype, external in types.items():
        said = external.parseBugURL(url)
        if said is None:
            continue
        if RecognisedURL(*said).certainty is Certainty.GUESS:
            # Looked up for the first guess at a URL only: most URLs have none, and some several.
            if known is None:
                known = _known_at(types, url.netloc)
            if known and bugtrackertype not in known:
                continue
        yield from _judged(bugtrackertype, said, trackers.getByBaseURL(said[0]))


def _known_at(types: Types, netloc: str) -> set[BugTrackerType]:
    """The types that a host is known to run: others only guess that it is theirs."""
    return {name for name, external in types.items() if external.getKnownBaseURL(netloc)}


def _registered(trackers: Any, url: SplitResult) -> list[tuple[Any, str]]:
    """As `IBugTrackerSet.getByURLPrefix`, but each one's own base URL before its aliases."""
    pairs = list(trackers.getByURLPrefix(url))
    if len(pairs) < 2:
        return pairs
    bases: dict[Any, list[str]] = {}
    for bugtracker, base in pairs:
        own = base_key(base) == base_key(bugtracker.baseurl)
        known = bases.setdefault(bugtracker, [])
        known.insert(0 if own else len(known), base)
    return [(bugtracker, base) for bugtracker, known in bases.items() for base in known]


def _judged(
    bugtrackertype: BugTrackerType, said: RecognisedURL, bugtracker: Any
) -> Iterator[Reading]:
    """What a type said of a URL, in the light of the bug tracker that is registered there."""
    if bugtracker is None:
        yield RecognisedURL(*said), bugtrackertype
    elif bugtracker.bugtrackertype == bugtrackertype:
        registered = RecognisedURL(bugtracker.baseurl, said[1], Certainty.REGISTERED)
        yield registered, bugtrackertype
    # Else there is one of another type, which knows no such URL.
