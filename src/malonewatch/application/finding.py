"""What the URLs that a person gives lead to.

Where a URL could be that of a bug in bug trackers of several types, its server
is asked which it is.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from zope.component import getUtility

from malonewatch.application.references import check_url, shortened
from malonewatch.application.remote import remote
from malonewatch.application.servers import ask_each, identify
from malonewatch.interfaces import (
    BadInput,
    BugTrackerConnectError,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugTrackerType,
    Certainty,
    IBugWatchSet,
    RecognisedURL,
    Refused,
    Scope,
    UnknownBugTrackerType,
    UnrecognizedBugTrackerURL,
)

Reading = tuple[RecognisedURL, BugTrackerType]

#: What servers said that they are, or why they could not be asked, by base URL and type.
Answers = dict[tuple[str, str], str | BugTrackerTrouble]


@dataclasses.dataclass(frozen=True, slots=True)
class FoundBug:
    """What a URL leads to, and how it was found out.

    `identified` is what the server says that it is, None if it was not asked.
    """

    url: str
    baseurl: str
    remotebug: str
    bugtrackertype: BugTrackerType
    certainty: Certainty
    identified: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FoundTracker:
    """Which bug tracker a URL leads to; as in `FoundBug`, None where a person said so."""

    baseurl: str
    bugtrackertype: BugTrackerType
    certainty: Certainty | None = None
    identified: str | None = None


@remote(Scope.WATCH)
def find_bugs(database: Any, urls: Sequence[str], guessed: bool = False) -> list[FoundBug]:
    """What each of `urls` leads to, each once; `guessed` as for `find_tracker_at`.

    :raises Refused: some are no URLs of bugs, or cannot be told to be.
    """
    found = look_up(database, urls, guessed)
    refused = [each for each in found.values() if isinstance(each, str)]
    if refused:
        raise Refused(refused, len(found))
    return [each for each in found.values() if isinstance(each, FoundBug)]


def look_up(database: Any, urls: Sequence[str], guessed: bool = False) -> dict[str, FoundBug | str]:
    """What each of `urls` leads to, or a sentence on why that is not known.

    No server is asked if some are no URLs of bugs at all.
    """
    titles, readings = database.read(lambda trackers: _read_all(trackers, urls))
    found: dict[str, FoundBug | str] = {
        url: ways if isinstance(ways, str) else _found(url, *ways[0])
        for url, ways in readings.items()
    }
    if not any(isinstance(each, str) for each in found.values()):
        doubtful = {url: readings[url] for url, each in found.items() if _is_guess(each)}
        found.update(_decide(doubtful, titles, guessed))
    return found


def find_tracker_at(
    database: Any, url: str, type_name: str | None = None, guessed: bool = False
) -> FoundTracker:
    """Which bug tracker is at `url`: its base URL, or that of any bug there.

    With the name of a type it is of that, whatever it looks like.  Where the
    URL only stood in some text, it is `guessed`, and nothing is asked on
    private networks.

    :raises UnknownBugTrackerType: there is no such type.
    :raises BadInput: it cannot be told.
    """
    url = check_url(url)
    titles, known, ways, hosts = database.read(lambda trackers: _read_base(trackers, url))
    if type_name is not None:
        bugtrackertype = known_type(type_name, titles)
        bases = [reading.baseurl for reading, name in ways if name == bugtrackertype]
        bases += [baseurl for name, baseurl in hosts.items() if name == bugtrackertype]
        return FoundTracker(bases[0] if bases else url, bugtrackertype)
    if known is not None:
        baseurl, bugtrackertype = known
        return FoundTracker(baseurl, bugtrackertype, Certainty.REGISTERED)
    if ways:
        (found,) = find_bugs(database, [url], guessed)
        return FoundTracker(found.baseurl, found.bugtrackertype, found.certainty, found.identified)
    for name, baseurl in hosts.items():
        return FoundTracker(baseurl, name, Certainty.KNOWN_HOST)
    return _identify_base(url, titles, guessed)


def known_type(type_name: str, types: Iterable[str]) -> BugTrackerType:
    """The type of that name, whatever the case, which is one of `types`.

    :raises UnknownBugTrackerType: there is no such type.
    """
    for name in types:
        if name.casefold() == type_name.casefold():
            return BugTrackerType(name)
    raise UnknownBugTrackerType(
        f"There is no bug tracker type {shortened(type_name)!r}; those known are "
        f"{', '.join(types)}."
    )


def _read_all(
    trackers: Any, urls: Sequence[str]
) -> tuple[dict[str, str], dict[str, list[Reading] | str]]:
    """The types' titles; and for each URL all ways to read it, or why there is none."""
    watches = getUtility(IBugWatchSet)
    readings: dict[str, list[Reading] | str] = {}
    for url in dict.fromkeys(urls):
        try:
            ways = watches.getReadings(check_url(url))
            if not ways:
                raise UnrecognizedBugTrackerURL(shortened(url.strip()))
        except BadInput as error:
            readings[url] = str(error)
        else:
            readings[url] = ways
    return _titles(trackers), readings


def _read_base(
    trackers: Any, url: str
) -> tuple[
    dict[str, str], tuple[str, BugTrackerType] | None, list[Reading], dict[BugTrackerType, str]
]:
    """The types' titles, what is registered at `url`, the ways to read it as a bug's, and the
    types that its host is known to run, with the base URLs there."""
    found = trackers.getByBaseURL(url)
    known = None if found is None else (found.baseurl, found.bugtrackertype)
    host = _host_of(url)
    hosts = {
        name: baseurl
        for name, external in trackers.getBugTrackerTypes()
        if (baseurl := external.getKnownBaseURL(host)) is not None
    }
    return _titles(trackers), known, getUtility(IBugWatchSet).getReadings(url), hosts


def _titles(trackers: Any) -> dict[str, str]:
    return {str(name): external.title for name, external in trackers.getBugTrackerTypes()}


def _found(url: str, reading: RecognisedURL, bugtrackertype: BugTrackerType) -> FoundBug:
    return FoundBug(url, reading.baseurl, reading.remotebug, bugtrackertype, reading.certainty)


def _is_guess(found: FoundBug | str) -> bool:
    return isinstance(found, FoundBug) and found.certainty is Certainty.GUESS


def _decide(
    doubtful: Mapping[str, list[Reading]], titles: Mapping[str, str], guessed: bool
) -> dict[str, FoundBug | str]:
    """What each of the doubtful URLs leads to, as its server says; or why that is not known."""
    if not doubtful:
        return {}
    # Many URLs may lead to one server, which is asked once.
    servers: dict[str, dict[BugTrackerFacts, None]] = {}
    for ways in doubtful.values():
        for reading, bugtrackertype in ways:
            facts = BugTrackerFacts("", bugtrackertype, reading.baseurl, guessed=guessed)
            servers.setdefault(reading.baseurl, {})[facts] = None
    answers: Answers = {}
    for said in ask_each([_Which(list(candidates)) for candidates in servers.values()]):
        answers.update(said)
    return {url: _decided(url, ways, titles, answers) for url, ways in doubtful.items()}


def _decided(
    url: str,
    ways: Sequence[Reading],
    titles: Mapping[str, str],
    answers: Answers,
) -> FoundBug | str:
    trouble = None
    for reading, bugtrackertype in ways:
        answer = answers.get((reading.baseurl, bugtrackertype))
        if isinstance(answer, str):
            return dataclasses.replace(_found(url, reading, bugtrackertype), identified=answer)
        trouble = trouble or answer
    types = " or ".join(titles[bugtrackertype] for _, bugtrackertype in ways)
    if trouble is not None:
        return f"Whether {shortened(url)} is a bug in {types} cannot be told: {trouble}"
    return (
        f"{shortened(url)} looks like a bug in {types}, but the server does not say that it is "
        "one; if it is, register the bug tracker with its type first."
    )


class _Which:
    """The question which of some bug trackers that could be at one base URL is there.

    They are asked for one after the other, until one is found.
    """

    def __init__(self, candidates: Sequence[BugTrackerFacts]) -> None:
        self.candidates = candidates

    async def __call__(self, pool: Any) -> Answers:
        answers: Answers = {}
        for facts in self.candidates:
            answer = await identify(pool, facts)
            if answer is None:
                continue
            answers[facts.baseurl, facts.bugtrackertype] = answer
            if isinstance(answer, str | BugTrackerConnectError):
                break
        return answers


def _identify_base(url: str, titles: Mapping[str, str], guessed: bool) -> FoundTracker:
    """Ask which of all types is at the base URL `url`."""
    answers: Answers = {}
    if _could_be_base(url):
        candidates = [
            BugTrackerFacts("", BugTrackerType(name), url, guessed=guessed) for name in titles
        ]
        (answers,) = ask_each([_Which(candidates)])
    troubles = []
    for (baseurl, name), answer in answers.items():
        if isinstance(answer, str):
            return FoundTracker(baseurl, BugTrackerType(name), Certainty.GUESS, answer)
        troubles.append(answer)
    known = f"say so with --type, as one of {', '.join(titles)}."
    if troubles:
        raise BadInput(
            f"Of which type {shortened(url)} is cannot be told: {troubles[0]} If need be, {known}"
        )
    raise BadInput(f"{shortened(url)} does not tell of which type the bug tracker is; {known}")


def _could_be_base(url: str) -> bool:
    return (
        url.lower().startswith(("http://", "https://")) and _host_of(url) != "" and "?" not in url
    )


def _host_of(url: str) -> str:
    """The host in `url`, with the port if it has one; empty if there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.hostname else ""
