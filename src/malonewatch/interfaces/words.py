"""What the words of bug trackers mean, and which they have."""

from collections.abc import Mapping
from typing import NamedTuple

from malonewatch.interfaces.enumerations import BugTaskImportance, BugTaskStatus


class Verdict(NamedTuple):
    """What a remote status means, and whether that was guessed from the bug tracker's own flag."""

    status: BugTaskStatus
    guessed: bool


class TableRow(NamedTuple):
    """A row of a table that says what a word means.

    `table` is ``mappings`` for what the site has mapped; of the type's tables
    it is ``statuses``, ``closing`` (the statuses of which a resolution says
    what they mean) or ``resolutions``, and of importances ``importances`` or
    ``numbers`` (from which number on one means that).  `word` is as it stands there.
    """

    table: str
    word: str
    meaning: BugTaskStatus | BugTaskImportance


class StatusReading(NamedTuple):
    """How a remote status is read: what it means, and why.

    `rule` is ``site``, ``table``, ``flag`` (the bug tracker's own word on
    whether the bug is open or closed), or nothing where no table knows it.
    `rows` are those that had a part in it, in order; the last one has the
    meaning, unless the flag says more.
    """

    status: BugTaskStatus
    rule: str = ""
    rows: tuple[TableRow, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The same in short."""
        return Verdict(self.status, self.rule == "flag")


class ImportanceReading(NamedTuple):
    """How a remote importance is read: what it means, and why.

    `rule` is ``site``, ``table``, or nothing where no table knows it; `row` is
    the one that has the meaning, None if none has.
    """

    importance: BugTaskImportance = BugTaskImportance.UNKNOWN
    rule: str = ""
    row: TableRow | None = None


class Mappings(NamedTuple):
    """What a site says that remote words mean in one bug tracker, whatever its type says.

    Pairs of a word, which may be several such as ``RESOLVED SHELVED``, and
    what it means; a word is there once.  An importance may be a label.
    """

    statuses: tuple[tuple[str, BugTaskStatus], ...] = ()
    importances: tuple[tuple[str, BugTaskImportance], ...] = ()


class RemoteVocabulary(NamedTuple):
    """The words that a bug tracker has, as it says itself.

    `statuses` are its remote statuses, as they may come, and whether such a
    bug is closed; None where it does not tell.
    """

    statuses: Mapping[str, bool | None]
    importances: tuple[str, ...] = ()


class UnknownWord(NamedTuple):
    """A remote status or importance that no table knows.

    It is UNKNOWN what it means, or was `guessed` from the bug tracker's own
    open or closed flag.  So many `watches` have it, the one on the remote bug
    `example` for one.
    """

    word: str
    meaning: BugTaskStatus | BugTaskImportance
    guessed: bool
    watches: int
    example: str
