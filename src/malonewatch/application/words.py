"""The words of bug trackers: what they mean here, which no table knows, and which there are."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from malonewatch.application.audit import record
from malonewatch.application.facts import now
from malonewatch.application.references import find_tracker, shortened
from malonewatch.application.remote import remote
from malonewatch.application.servers import ask_each, session_with
from malonewatch.interfaces import (
    BadInput,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerFacts,
    BugTrackerTrouble,
    BugWatchChange,
    Mappings,
    RemoteVocabulary,
    Scope,
    UnknownWord,
    folded,
)

Meaning = BugTaskStatus | BugTaskImportance


@dataclasses.dataclass(frozen=True, slots=True)
class Reread:
    """What became of reading anew what is known of a bug tracker's bugs.

    `tracker` is its name, `changes` are those of status.
    """

    tracker: str
    changes: tuple[BugWatchChange, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class UnknownWords:
    """The words of a bug tracker, of that name, that no table knows."""

    tracker: str
    statuses: tuple[UnknownWord, ...]
    importances: tuple[UnknownWord, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class VocabularyCheck:
    """What a bug tracker says of its words, beside what is known of them here.

    - `tracker`: its name,
    - `statuses`, `importances`: how many there are, as it says; None if it does not,
    - `unmapped`: the statuses among them that no table knows, and
      `unmapped_importances`,
    - `dead`: the words that the site has mapped, and that it does not have,
    - `known`: what the watches have shown so far that no table knows,
    - `problem`: why it could not be asked, a sentence.
    """

    tracker: str
    statuses: int | None
    importances: int | None
    unmapped: tuple[str, ...]
    unmapped_importances: tuple[str, ...]
    dead: tuple[str, ...]
    known: UnknownWords
    problem: str | None = None


def meaning_named(text: str, is_importance: bool) -> Meaning:
    """What a person means by ``Fix Released``, ``fix-released`` or ``FIXRELEASED``.

    :raises BadInput: it is no meaning.
    """
    members: Sequence[Meaning] = tuple(BugTaskImportance if is_importance else BugTaskStatus)
    for member in members:
        if folded(text) in (folded(member.name), folded(member.title)):
            return member
    what = "an importance" if is_importance else "a status"
    raise BadInput(
        f"{shortened(text, 40)!r} is nothing that {what} can mean here; that is one of "
        f"{', '.join(member.title for member in members)}."
    )


@remote(Scope.READ)
def list_mappings(database: Any, what: str) -> tuple[str, Mappings]:
    """The name of a bug tracker, and what the site says that its words mean.

    :raises NotFoundError: there is no such bug tracker.
    """

    def step(trackers: Any) -> tuple[str, Mappings]:
        tracker = find_tracker(trackers, what)
        return tracker.name, tracker.mappings

    mappings: tuple[str, Mappings] = database.read(step)
    return mappings


@remote(Scope.ADMIN)
def map_word(
    database: Any, what: str, word: str, meaning: Meaning | None, is_importance: bool = False
) -> Reread:
    """Say what a remote status, or importance, of a bug tracker means; None takes that back.

    What is known of its bugs is read anew; nothing is asked.

    :raises NotFoundError: there is no such bug tracker.
    :raises BadInput: it can be no word; or there is nothing to take back.
    """
    word = " ".join(word.split())

    def step(trackers: Any) -> Reread:
        tracker = find_tracker(trackers, what)
        before = tracker.mappings
        pairs = dict(before.importances if is_importance else before.statuses)
        if meaning is not None:
            pairs[word] = meaning
        elif pairs.pop(word, None) is None:
            raise BadInput(
                f"{shortened(word, 40)!r} is not mapped for {tracker.name}; 'malonewatch tracker "
                f"map {tracker.name}' shows what is."
            )
        changed = {"importances" if is_importance else "statuses": tuple(pairs.items())}
        changes = tracker.setMappings(before._replace(**changed), now())
        said = "as its type has it" if meaning is None else meaning.name
        record("map", f"tracker {tracker.name}", f"{word!r}: {said}")
        return Reread(tracker.name, tuple(changes))

    reread: Reread = database.write(step)
    return reread


@remote(Scope.ADMIN)
def reread_words(database: Any, what: str | None = None) -> list[Reread]:
    """Read what is known of the bugs of a bug tracker, or of all, by the tables as they are now.

    Nothing is asked.

    :raises NotFoundError: there is no such bug tracker.
    """

    def reread(name: str) -> Reread:
        def step(trackers: Any) -> Reread:
            changes = tuple(trackers[name].rereadWords(now()))
            if changes:
                record("reread", f"tracker {name}", f"{len(changes)} changes")
            return Reread(name, changes)

        found: Reread = database.write(step)
        return found

    # A transaction each.
    return [reread(name) for name in _names(database, what)]


@remote(Scope.READ)
def unknown_words(
    database: Any, what: str | None = None, most: int | None = None
) -> list[UnknownWords]:
    """The words that no table knows, of a bug tracker or of all that have such; of the `most`
    newest watches of each.

    :raises NotFoundError: there is no such bug tracker.
    """

    def look(name: str) -> UnknownWords:
        found: UnknownWords = database.read(lambda trackers: _unknown(trackers[name], most))
        return found

    found = [look(name) for name in _names(database, what)]
    return [each for each in found if each.statuses or each.importances]


@remote(Scope.ADMIN)
def check_vocabulary(database: Any, what: str) -> VocabularyCheck:
    """Ask a bug tracker for its words, and compare them with what is known here.

    :raises NotFoundError: there is no such bug tracker.
    """

    def step(trackers: Any) -> tuple[BugTrackerFacts, UnknownWords]:
        tracker = find_tracker(trackers, what)
        return tracker.facts, _unknown(tracker)

    facts, known = database.read(step)

    async def ask(pool: Any) -> tuple[Any, RemoteVocabulary | None, str | None]:
        try:
            external, session = session_with(pool, facts)
            return external, await external.learn_vocabulary(session), None
        except BugTrackerTrouble as trouble:
            return None, None, str(trouble)

    ((external, found, problem),) = ask_each([ask])
    if found is None:
        return VocabularyCheck(facts.name, None, None, (), (), (), known, problem)
    return _compare(facts, external, found, known)


def _compare(
    facts: BugTrackerFacts, external: Any, found: RemoteVocabulary, known: UnknownWords
) -> VocabularyCheck:
    statuses, importances = facts.mappings
    return VocabularyCheck(
        facts.name,
        len(found.statuses),
        len(found.importances) or None,
        tuple(
            word for word, closed in found.statuses.items() if _is_unknown(external, word, closed)
        ),
        tuple(
            word
            for word in found.importances
            if external.convertRemoteImportance(word) is BugTaskImportance.UNKNOWN
            and word not in dict(importances)
        ),
        (
            *_dead(statuses, found.statuses),
            *(_dead(importances, found.importances) if found.importances else ()),
        ),
        known,
    )


def _dead(mapped: Iterable[tuple[str, Meaning]], words: Iterable[str]) -> Iterator[str]:
    """The words that are mapped, and that a bug tracker does not have."""
    there = set(map(folded, words))
    for word, _ in mapped:
        # An importance may be of two fields.
        if folded(word) not in there and not there.issuperset(map(folded, word.split())):
            yield word


def _is_unknown(external: Any, word: str, closed: bool | None) -> bool:
    """Whether no table knows a remote status."""
    if external.isMapped(word):
        return False
    status, guessed = external.meaning(word, "", closed)
    return guessed or status is BugTaskStatus.UNKNOWN


def _names(database: Any, what: str | None) -> list[str]:
    """The names of the bug trackers that are meant: one, or all."""

    def step(trackers: Any) -> list[str]:
        if what is not None:
            return [find_tracker(trackers, what).name]
        return [tracker.name for tracker in trackers]

    names: list[str] = database.read(step)
    return names


def _unknown(tracker: Any, most: int | None = None) -> UnknownWords:
    statuses: list[UnknownWord] = []
    importances: list[UnknownWord] = []
    for word in tracker.getUnknownWords(most):
        is_importance = isinstance(word.meaning, BugTaskImportance)
        (importances if is_importance else statuses).append(word)
    return UnknownWords(tracker.name, tuple(statuses), tuple(importances))
