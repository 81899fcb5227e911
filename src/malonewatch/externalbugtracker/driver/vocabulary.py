"""What words mean.  Pure.

Sites write the same word in many ways, so words are compared folded; a
spelling that a table has to the letter comes first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from malonewatch.externalbugtracker.driver.remembering import remembered
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, StatusReading, TableRow

Meaning = TypeVar("Meaning", BugTaskStatus, BugTaskImportance)
Words = str | Iterable[str]
#: Meanings with their words, or words with a meaning each.
Statuses = Mapping[BugTaskStatus, Words] | Mapping[str, BugTaskStatus]

_NO_LETTERS = re.compile(r"[\W_]+")


@remembered
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


def joined(
    statuses: Mapping[str, bool | None],
    resolutions: Iterable[str],
    is_mapped: Callable[[str, str], bool],
) -> dict[str, bool | None]:
    """Remote statuses as they may come, and whether such a bug is over, going by `statuses`.

    Those that are over come with each of the resolutions, which may have an empty one among
    them; the others with those that the site has mapped together with them.
    """
    ends = tuple(filter(None, resolutions))
    found: dict[str, bool | None] = {}
    for status, closed in statuses.items():
        if not closed or not ends:
            found[status] = closed
        for end in ends:
            pair = join(status, end)
            if closed or is_mapped(pair, end):
                found[pair] = closed
    return found


class Vocabulary(Generic[Meaning]):
    """The meanings of words.

    It is made of meanings, each with its words: a list of them, or one text
    with commas between.
    """

    def __init__(self, table: Mapping[Meaning, Words]) -> None:
        self._words: dict[str, Meaning] = {}
        #: What stands there, by its folded spelling.
        self._folded: dict[str, str] = {}
        for meaning, words in table.items():
            self._add(meaning, each_of(words))

    def _add(self, meaning: Meaning, words: Iterable[str]) -> None:
        for word in filter(None, map(str.strip, words)):
            self._words.setdefault(word, meaning)
            self._folded.setdefault(fold(word), word)

    def get(self, word: str) -> Meaning | None:
        """What `word` means; None if it is not there."""
        row = self.row(word)
        return None if row is None else self._words[row]

    def row(self, word: str) -> str | None:
        """`word` as it stands there, in whatever spelling; None if it does not."""
        return word if word in self._words else self._folded.get(fold(word))

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

    def row(self, table: str, word: str) -> TableRow | None:
        """The row of one of its tables, by the name of that, which `word` is in; None if it is in
        none."""
        return row_of(table, getattr(self, table), word)

    def read(
        self, remotestatus: str, resolution: str = "", closed: bool | None = None
    ) -> StatusReading:
        """What `remotestatus`, which may end with the resolution, means, and why."""
        rows = self._known(remotestatus)
        if not rows and resolution and not closed:
            # Some workflows leave any resolution in place when a bug is opened again.
            rows = _those(self.row("statuses", remotestatus.removesuffix(resolution).strip()))
        if rows:
            return by_table(*rows)
        if closed is not None and not closed:
            return StatusReading(BugTaskStatus.NEW, "flag")
        # Where there are no resolutions, a status may say the same.
        rows = _those(self.row("resolutions", resolution or remotestatus) if closed else None)
        if rows:
            found = by_table(*rows)
            return found._replace(rule=found.rule and "flag")
        if closed and not resolution:
            return StatusReading(BugTaskStatus.FIXRELEASED, "flag")
        # That it ended is all there is to say.
        status = remotestatus.removesuffix(resolution).strip()
        return StatusReading(BugTaskStatus.UNKNOWN, "", _those(self.row("closing", status)))

    def read_over(self, remotestatus: str, resolution: str) -> StatusReading:
        """The same of a bug that is over, as its bug tracker says itself: some words mean one
        thing of what is open, and another of what is not."""
        row = self.row("resolutions", resolution or remotestatus)
        if row is not None:
            return by_table(row)
        found = self.read(remotestatus, resolution, True)
        if found.status.is_resolved or found.status is BugTaskStatus.UNKNOWN:
            return found
        rule = found.rule if found.status.is_fixed else "flag"
        return found._replace(status=BugTaskStatus.FIXRELEASED, rule=rule)

    def _known(self, remotestatus: str) -> tuple[TableRow, ...]:
        whole = self.row("statuses", remotestatus) or self.row("closing", remotestatus)
        if whole is not None and whole.meaning is not BugTaskStatus.UNKNOWN:
            return (whole,)
        words = remotestatus.split()
        # A status of many words is no status of ours; only so many cuts are tried.
        for cut in range(min(len(words) - 1, 6), 0, -1):
            status, resolution = " ".join(words[:cut]), " ".join(words[cut:])
            ended = self.row("resolutions", resolution)
            if ended is None:
                continue
            closing = self.row("closing", status)
            if closing is not None:
                return closing, ended
            opened = self.row("statuses", status)
            if opened is not None:
                return (opened,)
        return ()


def row_of(table: str, vocabulary: Vocabulary[Meaning], word: str) -> TableRow | None:
    """The row that `word` is in, of the table of that name; None if it is in none."""
    meaning, found = vocabulary.get(word), vocabulary.row(word)
    return None if meaning is None or found is None else TableRow(table, found, meaning)


def by_table(*rows: TableRow) -> StatusReading:
    """What is read by those rows of tables, the last of which has the meaning."""
    meaning = BugTaskStatus(rows[-1].meaning)
    return StatusReading(meaning, "" if meaning is BugTaskStatus.UNKNOWN else "table", rows)


def _those(row: TableRow | None) -> tuple[TableRow, ...]:
    return () if row is None else (row,)
