"""Links and what is known of their bugs, as plain values."""

import dataclasses
import enum
from datetime import datetime

from malonewatch.application.references import shortened
from malonewatch.interfaces import BugTaskStatus, BugWatchErrorType, Wish


class LinkVerdict(enum.Enum):
    """What the state of the bug means for the place that names it.  The value is the title."""

    FIXED = "fixed"
    CLOSED = "closed"
    INVALID = "invalid"
    GONE = "gone"
    UNEXPECTED = "unexpected"  #: not as the author expects
    STAYS = "stays"  #: the bug is open, or as the author expects
    UNKNOWN = "unknown"  #: it has not been asked for, or could not be
    PROPOSED = "proposed"  #: its bug tracker has not been accepted yet

    @property
    def can_go(self) -> bool:
        """Whether what was written because of the bug can go, or wants to be looked at."""
        return self in _CAN_GO


_CAN_GO = frozenset(
    {
        LinkVerdict.FIXED,
        LinkVerdict.CLOSED,
        LinkVerdict.INVALID,
        LinkVerdict.GONE,
        LinkVerdict.UNEXPECTED,
    }
)

#: The failures that say that there is no such bug.
GONE = frozenset({BugWatchErrorType.BUG_NOT_FOUND, BugWatchErrorType.BUG_DELETED})


def verdict_of(
    status: BugTaskStatus,
    wish: Wish | None = None,
    error_type: BugWatchErrorType | None = None,
    *,
    is_watched: bool = True,
) -> LinkVerdict:
    """What the state of a bug means for the place that names it.

    `status` is what is known of the bug, even if by now it is from an earlier
    answer; `error_type` is why it was not told the last time, None if it was.
    """
    if not is_watched:
        return LinkVerdict.PROPOSED
    if error_type in GONE:
        return LinkVerdict.UNEXPECTED if wish is Wish.EXPECT_OPEN else LinkVerdict.GONE
    if status is BugTaskStatus.UNKNOWN:
        return LinkVerdict.UNKNOWN
    match wish:
        case Wish.EXPECT_OPEN:
            return _expected(status.is_open)
        case Wish.EXPECT_CLOSED:
            return _expected(status.is_closed)
        case Wish.EXPECT_FIXED:
            return _expected(status.is_fixed)
    if status.is_fixed:
        return LinkVerdict.FIXED
    if status.is_open or wish is Wish.UNTIL_FIXED:
        return LinkVerdict.STAYS
    return LinkVerdict.INVALID if status is BugTaskStatus.INVALID else LinkVerdict.CLOSED


def _expected(is_so: bool) -> LinkVerdict:
    return LinkVerdict.STAYS if is_so else LinkVerdict.UNEXPECTED


#: How much of a bug's title is told.
_LONGEST_TITLE = 100


@dataclasses.dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link, and what is known of its bug.

    - `project`, `path`, `line`, `column`, `written`, `text`, `url`, `wish`: as
      of `ILink`,
    - `verdict`: what that means for the place,
    - `watch`: the number of the watch, None if there is none,
    - `remote`: the remote bug in short, such as ``gtk #12``; empty without,
    - `title`, `remotestatus`: the remote bug's, empty as long as not known,
    - `meaning`: what that status means, for people; empty as long as not known,
    - `since`: when the bug came to be so (aware, UTC), None if that is not known,
    - `fixed_in`: the release that the fix is in; empty if that is not known,
    - `survivor`: the bug that it is a duplicate of, in short; empty if of none,
    - `trouble`: why it is not known how the bug is, or that it is gone: a
      sentence; empty as long as its status holds.
    """

    project: str
    path: str
    line: int
    column: int
    written: str
    text: str
    url: str
    wish: Wish | None
    verdict: LinkVerdict
    watch: int | None = None
    remote: str = ""
    title: str = ""
    remotestatus: str = ""
    meaning: str = ""
    since: datetime | None = None
    fixed_in: str = ""
    survivor: str = ""
    trouble: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether the bug tracker has the bug no more, whatever it was."""
        if self.verdict is LinkVerdict.UNEXPECTED:
            return bool(self.trouble)
        return self.verdict is LinkVerdict.GONE

    @property
    def sentence(self) -> str:
        """What a person is told of it."""
        return _sentence(self)


def _sentence(link: LinkFacts) -> str:
    name = link.remote or link.url
    if link.verdict is LinkVerdict.PROPOSED:
        return f"{name} is in a bug tracker that has not been accepted yet."
    if link.verdict is LinkVerdict.UNKNOWN:
        return f"It is not known how {name} is{_because(link.trouble)}"
    bug = f"{name} ({shortened(link.title, _LONGEST_TITLE)})" if link.title else name
    if link.is_gone:
        said = _since(bug, "gone", link) + _because(link.trouble)
    else:
        if link.survivor:
            bug = f"{bug}, a duplicate of {link.survivor},"
        fix = f"; the fix is in {link.fixed_in}." if link.fixed_in else "."
        said = _since(bug, _state(link), link) + fix
    if link.verdict is LinkVerdict.UNEXPECTED and link.wish is not None:
        return f"{said} The line says '{link.wish.value}'."
    return said


def _since(bug: str, state: str, link: LinkFacts) -> str:
    if link.since is None:
        return f"{bug} is {state}"
    return f"{bug} has been {state} since {link.since:%Y-%m-%d}"


def _because(sentence: str) -> str:
    """The end of a sentence that is explained by another one, if there is one."""
    return f": {sentence}" if sentence else "."


def _state(link: LinkFacts) -> str:
    """The remote status, and what it means where it does not say so itself."""
    if link.remotestatus.casefold() == link.meaning.casefold():
        return link.remotestatus
    return f"{link.remotestatus} ({link.meaning})"
