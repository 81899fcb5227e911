"""What words mean.  Pure.

Sites write the same word in many ways, so words are compared folded; a
spelling that a table has to the letter comes first.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, Verdict

Meaning = TypeVar("Meaning", BugTaskStatus, BugTaskImportance)
Words = str | Iterable[str]
#: Meanings with their words, or words with a meaning each.
Statuses = Mapping[BugTaskStatus, Words] | Mapping[str, BugTaskStatus]

_NO_LETTERS = re.compile(r"[\W_]+")


@functools.lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A word in the one spelling that all of its spellings have in common.

    Case, blanks and punctuation do not matter: ``Won't Fix`` is ``wontfix``.
    A word of nothing but punctuation stays as it is.
    """
    return _NO_LETTERS.sub("", text.lower()) or text.strip()


def join(word: str, other: str) -> str:
    """A status and its resolution, or the like, as one remote status; nothing without the first
    but the other."""
    return f"{word} {other}" if word and other else word or other


class Vocabulary(Generic[Meaning]):
    """The meanings of words.

    It is made of meanings, each with its words: a list of them, or one text
    with commas between.
    """

    def __init__(self, table: Mapping[Meaning, Words]) -> None:
        self._words: dict[str, Meaning] = {}
        self._folded: dict[str, Meaning] = {}
        for meaning, words in table.items():
            self._add(meaning, each_of(words))

    def _add(self, meaning: Meaning, words: Iterable[str]) -> None:
        for word in filter(None, map(str.strip, words)):
            self._words.setdefault(word, meaning)
            self._folded.setdefault(fold(word), meaning)

    def get(self, word: str) -> Meaning | None:
        """What `word` means; None if it is not there."""
        found = self._words.get(word)
        return found if found is not None else self._folded.get(fold(word))

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.get(word) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def items(self) -> Iterable[tuple[str, Meaning]]:
        """Each word as the table has it, and what it means."""
        return self._words.items()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Meaning]]) -> "Vocabulary[Meaning]":
        """One of words with a meaning each."""
        made = cls({})
        for word, meaning in pairs:
            made._add(meaning, [word])
        return made

    def plus(self, table: Mapping[Meaning, Words]) -> "Vocabulary[Meaning]":
        """Another one, where what `table` says of a word comes first."""
        both = Vocabulary(table)
        for meaning in dict.fromkeys(self._words.values()):
            both._add(meaning, [word for word in self if self._words[word] is meaning])
        return both


def each_of(words: Words) -> Iterable[str]:
    """Words of which there is a list, or one text with commas between."""
    return words.split(",") if isinstance(words, str) else words


def invert(*tables: Statuses) -> dict[BugTaskStatus, list[str]]:
    """One table of meanings, each with its words, from tables either way round."""
    found: dict[BugTaskStatus, list[str]] = {}
    for table in tables:
        for one, other in table.items():
            if isinstance(other, BugTaskStatus):
                found.setdefault(other, []).append(str(one))
            else:
                found.setdefault(BugTaskStatus(one), []).extend(each_of(other))
    return found


class Workflow:
    """How a remote status is read that may be one word, or several, or a status and a resolution.

    - `statuses`: what a status means whatever comes after it,
    - `closing`: the statuses whose resolution says what they mean, and what
      they mean without one (UNKNOWN: that is not said),
    - `resolutions`: what a resolution means there.

    Each is a table, or several, with meanings and their words or the other way round.
    The whole is looked up first, then what is a known status before a known
    resolution.  Failing that, the bug tracker's own word on whether the bug is
    open or closed is asked, with the resolution: that is a guess.
    """

    def __init__(
        self,
        statuses: Statuses | Sequence[Statuses],
        closing: Statuses | Sequence[Statuses] = (),
        resolutions: Statuses | Sequence[Statuses] = (),
    ) -> None:
        self.statuses, self.closing, self.resolutions = (
            Vocabulary(invert(*([tables] if isinstance(tables, Mapping) else tables)))
            for tables in (statuses, closing, resolutions)
        )

    def table(self) -> dict[str, BugTaskStatus]:
        """Every remote status that means something, as it may come, and what it means."""
        pairs = {
            f"{status} {resolution}": meaning
            for status in self.closing
            for resolution, meaning in self.resolutions.items()
        }
        table = {**dict(self.closing.items()), **dict(self.statuses.items()), **pairs}
        return {
            word: meaning for word, meaning in table.items() if meaning is not BugTaskStatus.UNKNOWN
        }

    def meaning(
        self, remotestatus: str, resolution: str = "", closed: bool | None = None
    ) -> Verdict:
        """What `remotestatus`, which may end with the resolution, means."""
        found = self._known(remotestatus)
        if found is None and resolution and not closed:
            # Some workflows leave any resolution in place when a bug is opened again.
            found = self.statuses.get(remotestatus.removesuffix(resolution).strip())
        if found is not None:
            return Verdict(found, False)
        if closed is None:
            return Verdict(BugTaskStatus.UNKNOWN, False)
        if not closed:
            return Verdict(BugTaskStatus.NEW, True)
        if not resolution:
            # Where there are none, a status may say the same.
            ended = self.resolutions.get(remotestatus) or BugTaskStatus.FIXRELEASED
            return Verdict(ended, True)
        found = self.resolutions.get(resolution) or BugTaskStatus.UNKNOWN
        return Verdict(found, found is not BugTaskStatus.UNKNOWN)

    def _known(self, remotestatus: str) -> BugTaskStatus | None:
        whole = self.statuses.get(remotestatus) or self.closing.get(remotestatus)
        if whole not in (None, BugTaskStatus.UNKNOWN):
            return whole
        words = remotestatus.split()
        # A status of many words is no status of ours; only so many cuts are tried.
        for cut in range(min(len(words) - 1, 6), 0, -1):
            status, resolution = " ".join(words[:cut]), " ".join(words[cut:])
            meaning = self.resolutions.get(resolution)
            if meaning is None:
                continue
            if status in self.closing:
                return meaning
            opened = self.statuses.get(status)
            if opened is not None:
                return opened
        return None
