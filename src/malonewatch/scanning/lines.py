"""The lines of a file that are worth a look, found without looking at each."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: How many bytes a line may have: longer ones are not written by people.
LONGEST_LINE = 20_000

#: What all URLs have, also in a JSON text that escapes slashes.
SCHEME_ENDS = (b"://", rb":\/\/")

_BOM = b"\xef\xbb\xbf"

# The rest of a URL that has a digit after its host, or that ends where its line
# does, so that it may go on in the next one.
_PROMISING = re.compile(
    rb":(?:\\?/){2}[^\s/?#\"'<>\\]{1,260}"
    rb"(?:\\?[/?#][^\s\"'<>]{0,2000}?[0-9]"
    rb"|[^\s\"'<>]{0,2000}[\"'`]?[ \t]{0,4}[^\w\s]{0,3}\s{0,4}\n)"
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
    offsets = [
        offset
        for scheme_end in SCHEME_ENDS
        for offset in _offsets(content, scheme_end)
        if _PROMISING.match(content, offset)
    ]
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


def _offsets(content: bytes, literal: bytes) -> Iterator[int]:
    offset = content.find(literal)
    while offset >= 0:
        yield offset
        offset = content.find(literal, offset + 1)


def text_of(line: bytes) -> str:
    """The text of a line, without the carriage return at its end."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        # So that a character is a character, whichever it is.
        text = line.decode("latin-1")
    return text.rstrip("\r")


def line_before(content: bytes, line: Line) -> str:
    """The text of the line before; nothing if there is none, or if it is very long."""
    end = line.start - 1
    start = content.rfind(b"\n", max(end - LONGEST_LINE, 0), max(end, 0)) + 1
    return text_of(content[start : max(end, 0)])


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
