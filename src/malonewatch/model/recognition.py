"""Which bug a URL leads to, and the bugs whose URLs stand in a text."""

from collections.abc import Iterator
from typing import Any

from malonewatch.interfaces import (
    BadInput,
    BugTrackerType,
    Certainty,
    NoBugTrackerFound,
    RecognisedURL,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model.urltext import find_urls, normalised, without_user

#: A way to read a URL: which bug it is of, and which type of bug tracker that takes.
Reading = tuple[RecognisedURL, BugTrackerType]


def readings(trackers: Any, url: str) -> list[Reading]:
    """See `IBugWatchSet.getReadings`; `trackers` is the `IBugTrackerSet`."""
    parts = normalised(url)
    if parts is None:
        return []
    types = dict(trackers.getBugTrackerTypes())
    found: list[Reading] = []
    for bugtracker in trackers.getByURLPrefix(parts):
        external = types.get(bugtracker.bugtrackertype)
        if external is not None:
            said = external.parseBugURL(parts, bugtracker.baseurl.rstrip("/"))
            if said is not None:
                found.append((_judged(trackers, *said), bugtracker.bugtrackertype))
    for bugtrackertype, external in types.items():
        said = external.parseBugURL(parts)
        if said is not None:
            found.append((_judged(trackers, *said), bugtrackertype))
    # Stable, so of two that are as sure the one of a registered bug tracker comes first.
    return sorted(found, key=lambda reading: -reading[0].certainty)


def _judged(
    trackers: Any, baseurl: str, remotebug: str, certainty: Certainty = Certainty.SHAPE
) -> RecognisedURL:
    if trackers.getByBaseURL(baseurl) is not None:
        certainty = Certainty.REGISTERED
    return RecognisedURL(baseurl, remotebug, certainty)


def recognise(trackers: Any, url: str) -> Reading:
    """See `IBugWatchSet.recognise`."""
    for reading in readings(trackers, url):
        return reading
    raise UnrecognizedBugTrackerURL(without_user(url))


def recognise_text(trackers: Any, text: str) -> Iterator[Reading]:
    """See `IBugWatchSet.recogniseText`."""
    seen = set()
    for url in find_urls(text):
        for reading in readings(trackers, url)[:1]:
            if reading not in seen:
                seen.add(reading)
                yield reading


def extract_bug(trackers: Any, url: str) -> tuple[Any, str]:
    """See `IBugWatchSet.extractBugTrackerAndBug`."""
    found, bugtrackertype = recognise(trackers, url)
    bugtracker = trackers.getByBaseURL(found.baseurl)
    if bugtracker is None:
        raise NoBugTrackerFound(found.baseurl, found.remotebug, bugtrackertype)
    if bugtracker.bugtrackertype != bugtrackertype:
        # There is one of another type, which knows no such URL.
        raise UnrecognizedBugTrackerURL(url)
    return bugtracker, bugtracker.canonicalRemoteBug(found.remotebug)


def watch_text(trackers: Any, text: str, bug: Any, owner: Any) -> list[Any]:
    """See `IBugWatchSet.fromText`."""
    added = []
    for url in find_urls(text):
        try:
            bugtracker, remotebug = extract_bug(trackers, url)
        except UnrecognizedBugTrackerURL:
            continue
        except NoBugTrackerFound as missing:
            remotebug = missing.remotebug
            try:
                bugtracker = trackers.ensureBugTracker(
                    missing.baseurl, owner, missing.bugtrackertype, guessed=True
                )
            except BadInput:
                # Something that only looks like a URL, or is far too long.
                continue
        if bug.getBugWatch(bugtracker, remotebug) is None:
            added.append(bug.addWatch(bugtracker, remotebug, owner))
    return added
