"""The places in a file that may name bugs."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from malonewatch.interfaces import Place
from malonewatch.scanning.lines import Line, line_before, lines_after, promising_lines, text_of
from malonewatch.scanning.shortforms import ShortForm
from malonewatch.scanning.splitting import gone_on, has_id, may_go_on
from malonewatch.scanning.wishes import Said, said_in
from malonewatch.texturls import find_spans

#: How many characters of the words around a place are told.
LONGEST_TEXT = 200

# How JSON, JavaScript, TeX, shells and Go's JSON write a character of a URL.
_ESCAPE = re.compile(r"\\(?:([/_&#])|u0026)")
_NOTHING = Said()


class _Found(NamedTuple):
    """Where a bug is named: the number and the text of the line, from what character on, and
    up to which."""

    number: int
    start: int
    end: int
    text: str
    urls: tuple[str, ...]


def places_in(
    path: str, content: bytes, forms: Sequence[ShortForm] = ()
) -> tuple[list[Place], int]:
    """The places in a file, in their order, and how many more the author wants ignored.

    `path` is only told with the places.
    """
    places: list[Place] = []
    ignored_count = 0
    for line in promising_lines(content, [form.literal for form in forms]):
        text = text_of(content[line.start : line.end])
        found = _found_in(text, content, line, forms)
        if not found:
            continue
        said = said_in(text) or _said_before(content, line, forms)
        if said.ignore:
            ignored_count += len(found)
        else:
            places += (_place(path, each, said) for each in found)
    # A list may go on in a line that has other places.
    places.sort(key=lambda place: (place.line, place.column))
    return places, ignored_count


def _found_in(text: str, content: bytes, line: Line, forms: Sequence[ShortForm]) -> list[_Found]:
    """What a line names, by column; and what the next one does, where a list goes on."""
    found: list[_Found] = []
    plain, origins = _unescaped(text)
    for start, end in find_spans(plain):
        closed = plain.find("*/", start, end)
        if closed >= 0:
            # The end of a comment.
            end = start + len(plain[start:closed].rstrip(".,;:!?*"))
        longer = None
        if may_go_on(plain, end):
            after = (_unescaped(each)[0] for each in lines_after(content, line))
            longer = gone_on(plain, start, end, after)
        urls = _ways(plain[start:end], longer)
        if origins is not None:
            start, end = origins[start], origins[end - 1] + 1
        found.append(_Found(line.number, start, end, text, urls))
    if forms:
        found += _forms_in(text, content, line, forms, found)
        found.sort(key=lambda each: (each.number, each.start))
    return [each for each in found if each.urls]


def _forms_in(
    text: str, content: bytes, line: Line, forms: Sequence[ShortForm], urls: Sequence[_Found]
) -> list[_Found]:
    """The short forms in a line, and where a list of them goes on; not those in one of `urls`."""
    found: list[_Found] = []
    # The characters that are read already.
    taken = bytearray(len(text))
    for each in urls:
        taken[each.start : each.end] = b"x" * (each.end - each.start)
    for form in forms:
        for start, end, url in form.find(text):
            if not any(taken[start:end]):
                taken[start:end] = b"x" * (end - start)
                found.append(_Found(line.number, start, end, text, (url,)))
        if form.is_open(text):
            following = next(lines_after(content, line), "")
            for start, end, url in form.go_on(following):
                found.append(_Found(line.number + 1, start, end, following, (url,)))
    return found


def _ways(url: str, longer: str | None) -> tuple[str, ...]:
    """The ways to read a URL, which may be longer, the likeliest first; none if no bug can be
    meant."""
    if longer is None:
        ways = [url] if has_id(url) else []
    else:
        ways = [url, longer] if has_id(url) else [longer, url]
    if not any("&amp;" in way for way in ways):
        return tuple(ways)
    # In most files with such an entity, that is what it means.
    plain = [way.replace("&amp;", "&") for way in ways]
    return tuple(dict.fromkeys((*plain, *ways)))


def _unescaped(text: str) -> tuple[str, list[int] | None]:
    """The text without escapes of URLs, and where its characters stand; None where they are."""
    if "\\" not in text or _ESCAPE.search(text) is None:
        return text, None
    pieces: list[str] = []
    origins: list[int] = []
    position = 0
    for escape in _ESCAPE.finditer(text):
        pieces += text[position : escape.start()], escape[1] or "&"
        origins += range(position, escape.start() + 1)
        position = escape.end()
        # The last character of what was escaped.
        if escape[1]:
            origins[-1] = position - 1
    pieces.append(text[position:])
    origins += range(position, len(text))
    return "".join(pieces), origins


def _said_before(content: bytes, line: Line, forms: Sequence[ShortForm]) -> Said:
    """What the line before says, if it names no bug itself."""
    line_before_it = line_before(content, line)
    if b"malonewatch" not in line_before_it.lower():
        return _NOTHING
    before = text_of(line_before_it)
    said = said_in(before)
    if said is None or "://" in before or any(form.is_in(before) for form in forms):
        return _NOTHING
    return said


def _place(path: str, found: _Found, said: Said) -> Place:
    number, start, end, text, urls = found
    written = " ".join(text[start:end].split())
    return Place(path, number, start + 1, written, words_around(text, start, end), urls, said.wish)


def words_around(text: str, start: int, end: int) -> str:
    """The words around what stands at `start` to `end`, in one line of printable characters."""
    left, right = 0, len(text)
    if right > LONGEST_TEXT:
        # Two characters say that something was left out.
        size = LONGEST_TEXT - 2
        left = max(min((start + end - size) // 2, start, right - size), 0)
        right = min(left + size, right)
    words = " ".join(text[left:right].split())
    words = f"{'…' if text[:left].strip() else ''}{words}{'…' if right < len(text) else ''}"
    if not words.isprintable():
        words = "".join(each if each.isprintable() else "\ufffd" for each in words)
    return words
