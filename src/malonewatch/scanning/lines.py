"""The lines of a file that are worth a look, found without looking at each."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: How many bytes a line may have: longer ones are not written by people.
LONGEST_LINE = 20_000

#: What all URLs have, also in a JSON text that escapes slashes.
SCHEME_ENDS = (b"://", rb":\/\/")

_BOM = b"\xef\xbb\xbf"

# The rest of a URL, and the rest of one that has a digit after its host.
_REST = re.compile(rb"[^\s\"'<>]*")
_REST_WITH_DIGIT = re.compile(
    rb":(?:\\?/){2}[^\s/?#\"'<>\\]+\\?[/?#][^\s\"'<>]*[0-9]",
)
# The end of a line after a URL; and in the next one, after the signs of a comment
# or a string, what may be of a URL: most often there is none.  The signs are
# looked ahead for, so that they are not tried in any other length.
_MAY_GO_ON = re.compile(
    rb"[\"'`]?[ \t]{0,4}[^\w\s]{0,3}[ \t]{0,4}[\\_]?[ \t]{0,4}\r?\n"
    rb"(?=([^\w\n]{0,80}))\1(?:(?:dnl|rem|c)[ \t]{1,9})?[^\s]{0,500}?[0-9/=?&#]",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A line: its number, from 1 on, and where it begins and ends in the file."""

    number: int
    start: int
    end: int


def promising_lines(content: bytes, literals: Sequence[bytes] = ()) -> Iterator[Line]:
    """The lines that may have the URL of a bug or one of those literals, which are in lower case.

    What is done goes with the length of the file, however long its lines are.
    """
    offsets = list(_urls_from(content, SCHEME_ENDS[0]))
    if b"\\" in content:
        offsets += _urls_from(content, SCHEME_ENDS[1])
    if literals:
        lowered = content.lower()
        for literal in literals:
            offsets += _offsets(lowered, literal)
    number, end = 1, -1
    counted = 0
    for offset in sorted(offsets):
        if offset < end:
            continue
        start = content.rfind(b"\n", max(end, 0), offset) + 1
        number += content.count(b"\n", counted, start)
        counted = start
        end = content.find(b"\n", offset)
        if end < 0:
            end = len(content)
        if start == 0 and content.startswith(_BOM):
            start = len(_BOM)
        if end - start <= LONGEST_LINE:
            yield Line(number, start, end)


def _urls_from(content: bytes, scheme_end: bytes) -> Iterator[int]:
    """Where the schemes end of URLs that may be those of bugs, one for each line at most."""
    offset = content.find(scheme_end)
    while offset >= 0:
        end = offset
        if _REST_WITH_DIGIT.match(content, offset):
            is_promising = True
        else:
            rest = _REST.match(content, offset)
            end = rest.end() if rest else offset
            is_promising = _MAY_GO_ON.match(content, end) is not None
        if is_promising:
            yield offset
            end = content.find(b"\n", end)
            if end < 0:
                return
        offset = content.find(scheme_end, end)


def _offsets(content: bytes, literal: bytes) -> Iterator[int]:
    """Where that stands, once for each line that has it."""
    offset = content.find(literal)
    while offset >= 0:
        yield offset
        end = content.find(b"\n", offset)
        offset = content.find(literal, end) if end >= 0 else -1


def text_of(line: bytes) -> str:
    """The text of a line, without blanks at its end."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        # So that a character is a character, whichever it is.
        text = line.decode("latin-1")
    return text.rstrip()


def line_before(content: bytes, line: Line) -> bytes:
    """The line before; nothing if there is none, and the end of one that is very long."""
    end = max(line.start - 1, 0)
    least = max(end - LONGEST_LINE, 0)
    return content[max(content.rfind(b"\n", least, end) + 1, least) : end]


def lines_after(content: bytes, line: Line) -> Iterator[str]:
    """The texts of the lines after, up to one that is very long."""
    end = line.end
    while end < len(content):
        start = end + 1
        end = content.find(b"\n", start, start + LONGEST_LINE)
        if end < 0:
            end = len(content)
        if end - start > LONGEST_LINE:
            return
        yield text_of(content[start:end])
