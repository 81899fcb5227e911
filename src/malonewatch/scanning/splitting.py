"""URLs that go on in the next line, or in the next two.

In a comment, a paragraph or a field that was wrapped, in strings that are put
together, or after a backslash.  Whether a URL does go on is a guess.
"""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from malonewatch.texturls import find_urls

#: How many lines a URL may go on for.
_MOST_LINES = 2

# What may stand between the end of a URL and that of its line: more of the URL,
# and what closes a string and puts it together with the next one.
_MORE = re.compile(r"[-_~+=&#%?/.:@]{0,8}")
_WRAPPED = re.compile(r"[-_~+=&#%?/]{0,8}")
_CLOSED = re.compile(r"""["'`]\s{0,4}(?:\+|\.{1,3}|&|\|\||<>|~|\^)?\s{0,4}[\\_]?""")
_LONGEST_ENDING = 24

# What may stand before the rest of it in the next line.
_OPERATORS = " \t-+.&|<>~^"
_OPENED = re.compile(r"""[A-Za-z]{0,2}["'`]""")
_LEADER = re.compile(
    r"#+|//+[!/]?|--+|;+|%+|\*+(?!/)|>+|!+|[\"'|]|\.\.|(?:dnl|rem|c)(?=\s)", re.IGNORECASE
)
# Begins a comment that ends with its line.
_LINE_COMMENT = re.compile(r"(?:^|\s)(?:#|//|--|;|%|dnl\s|rem\s)", re.IGNORECASE)

_REST = re.compile(r"[\w!#$%&()*+,\-./:;=?@\[\]~]{1,500}")
_SEAM = "-/_=&#%?+~"
_SEAM_WITHIN = re.compile(r"[/=?&#]")
_DIGIT = re.compile(r"[0-9]")
_ID = re.compile(r"https?://[^/?#]+[/?#].*[0-9]", re.IGNORECASE | re.DOTALL)


class _Ending(NamedTuple):
    """How the line ends that a URL is the last of."""

    more: str
    is_string: bool = False
    is_broken: bool = False


def has_id(url: str) -> bool:
    """Whether there is a digit after the host: no bug is without one."""
    return _ID.match(url) is not None


def may_go_on(line: str, end: int) -> bool:
    """Whether so little follows the URL that ends at `end` of `line` that it may go on."""
    return len(line) - end <= _LONGEST_ENDING


def gone_on(line: str, start: int, end: int, after: Iterator[str]) -> str | None:
    """The URL at `start` to `end` of `line` with what `after`, the next lines, have of it.

    None if it does not look as if they had.  No line ends with blanks.
    """
    ending = _ending(line, end)
    if ending is None:
        return None
    before, joined = line[:start], line[start:end]
    for following in itertools.islice(after, _MOST_LINES):
        found = _rest_of(following, before, ending)
        if found is None or not _fit(joined + ending.more, found.group(), ending):
            break
        joined += ending.more + found.group()
        ending = _ending(following, found.end())
        if ending is None or _DIGIT.search(found.group()):
            break
    if not _DIGIT.search(joined, end - start):
        return None
    longer = next(find_urls(joined))
    return longer if len(longer) > end - start and has_id(longer) else None


def _ending(line: str, end: int) -> _Ending | None:
    """How the line ends after a URL that ends at `end`; None if other things follow."""
    if not may_go_on(line, end):
        return None
    rest = line[end:]
    if _WRAPPED.fullmatch(rest):
        return _Ending(rest)
    more = _MORE.match(rest)
    assert more is not None
    if rest[more.end() :] == "\\":
        return _Ending(more.group(), is_broken=True)
    if _CLOSED.fullmatch(rest, more.end()):
        return _Ending(more.group(), is_string=True)
    return None


def _rest_of(line: str, before: str, ending: _Ending) -> re.Match[str] | None:
    """Where a line has the rest of a URL, before which that stood in its own line."""
    position = len(line) - len(line.lstrip())
    if ending.is_string:
        opened = _OPENED.match(line, len(line) - len(line.lstrip(_OPERATORS)))
        return _REST.match(line, opened.end()) if opened else None
    if ending.is_broken:
        # Haskell's strings have another backslash there.
        position = len(line) - len(line.lstrip(" \t\\"))
    elif before[:1] in ("+", "-") and line[:1] == before[0] != line[1:2]:
        # In a patch.
        position = len(line) - len(line[1:].lstrip())
    leader = _LEADER.match(line, position)
    if leader is not None and _leads(leader.group(), before):
        position = leader.end() + len(line[leader.end() :]) - len(line[leader.end() :].lstrip())
    elif _LINE_COMMENT.search(before) and not ending.is_broken:
        return None
    return _REST.match(line, position)


def _leads(sign: str, before: str) -> bool:
    """Whether a comment's sign stands before the URL as well."""
    if sign[0].isalpha():
        return before.lstrip().lower().startswith(sign.lower())
    return sign[0] in before


def _fit(head: str, rest: str, ending: _Ending) -> bool:
    """Whether two parts look as if they were of one URL."""
    if "://" in rest:
        return False
    if ending.is_string or ending.is_broken:
        return True
    if head[-1] in _SEAM or rest[0] in _SEAM or _SEAM_WITHIN.search(rest):
        return True
    # The number itself is broken.
    return head[-1].isdigit() and rest.rstrip(".,;:)]").isdigit()
