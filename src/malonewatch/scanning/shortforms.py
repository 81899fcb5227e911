"""Short forms of bugs, as a configuration maps them to URLs: ``rhbz#123``."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from malonewatch.interfaces import BadInput

#: What a form may have in it, and what stands there.
FIELDS = {
    "owner": r"[A-Za-z0-9][\w.-]{0,99}",
    "repo": r"[A-Za-z0-9][\w.-]{0,99}",
    "project": r"[A-Za-z0-9][\w.-]{0,99}(?:/[\w.-]{1,100}){0,5}",
    "key": r"[A-Za-z][A-Za-z0-9_]{0,29}",
    "number": r"[0-9]{1,15}",
}
_CHARACTERS = {
    **dict.fromkeys(("owner", "repo"), r"[\w.-]"),
    "project": r"[\w./-]",
    "key": r"[A-Za-z0-9_]",
    "number": "[0-9]",
}
_LIST = "numbers"

# A list of numbers, as Debian's changelogs have it.
_ITEM = re.compile(r"(?:bug)?\s{0,2}#?\s{0,2}([0-9]{1,15})(?!\w)", re.IGNORECASE)
_COMMA = re.compile(r"\s{0,4},\s{0,4}")
_COMMA_AT_END = re.compile(r"\s{0,4},\s{0,4}$")
_LEADER = re.compile(r"\s{0,200}(?:[-+*;%>|]|#(?=\s)|//|--)?\s{0,200}")
_MOST_ITEMS = 200

_FIELD = re.compile(r"\{([^{}]*)\}")
_BLANKS = re.compile(r"\s+")
_SHORTEST_LITERAL = 2
_LONGEST_FORM = 200


class ShortForm(NamedTuple):
    """A short form.

    - `literal`: bytes in lower case that are in every line that has it,
    - `pattern`: what it looks like, up to the numbers if it is a list,
    - `is_list`: whether numbers follow,
    - `url`: that of the bug, with fields in braces.
    """

    literal: bytes
    pattern: re.Pattern[str]
    is_list: bool
    url: str

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where bugs are named in a line, and their URLs."""
        for found in self.pattern.finditer(text):
            if self.is_list:
                yield from self._items(text, found.end())
            else:
                yield found.start(), found.end(), self._filled(found.groupdict())

    def go_on(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where a list, which the line before has begun, goes on in a line."""
        leader = _LEADER.match(text)
        yield from self._items(text, leader.end() if leader else 0)

    def is_open(self, text: str) -> bool:
        """Whether the line ends within a list."""
        if not self.is_list or not text.rstrip().endswith(","):
            return False
        for found in self.pattern.finditer(text):
            ends = [found.end(), *(end for _, end, _ in self._items(text, found.end()))]
            if _COMMA_AT_END.match(text, ends[-1]):
                return True
        return False

    def is_in(self, text: str) -> bool:
        """Whether the line has it."""
        return next(self.find(text), None) is not None

    def _items(self, text: str, position: int) -> Iterator[tuple[int, int, str]]:
        for _ in range(_MOST_ITEMS):
            item = _ITEM.match(text, position)
            if item is None:
                return
            yield item.start(), item.end(), self._filled({"number": item[1]})
            comma = _COMMA.match(text, item.end())
            if comma is None:
                return
            position = comma.end()

    def _filled(self, values: dict[str, str]) -> str:
        return _FIELD.sub(lambda field: values[field[1]], self.url)


def short_form(form: str, url: str) -> ShortForm:
    """The short form that is written so, and means that URL.

    :raises BadInput: a sentence about the one that cannot be used.
    """
    parts = _FIELD.split(form)
    names = parts[1::2]
    for name in names:
        if name not in FIELDS and name != _LIST:
            raise BadInput(f"there is no {{{name}}}; use {_fields()}")
    if len(set(names)) < len(names):
        raise BadInput("a field is in it twice; use each once")
    if "{" in "".join(parts[::2]) or "}" in "".join(parts[::2]) or len(form) > _LONGEST_FORM:
        raise BadInput(f"it cannot be read; write text and {_fields()}")
    is_list = names[-1:] == [_LIST]
    if not names or (_LIST in names and (len(names) > 1 or parts[-1])):
        raise BadInput("it needs a {number}, or ends with {numbers} and has no other field")
    _check_seams(parts)
    _check_url(url, {"number"} if is_list else set(names))
    if is_list:
        # What stands before each number of a list may stand before the first one.
        parts[0] = parts[0].rstrip().removesuffix("#")
    literal = max(_BLANKS.split(" ".join(parts[::2])), key=len).lower().encode()
    if len(literal) < _SHORTEST_LITERAL or not literal.isascii():
        raise BadInput("it needs two ASCII characters, besides fields and blanks, in a row")
    return ShortForm(literal, re.compile(_pattern(parts, is_list), re.IGNORECASE), is_list, url)


def _pattern(parts: list[str], is_list: bool) -> str:
    pieces = [r"(?<![\w/])" if parts[0][:1].isalnum() or not parts[0] else ""]
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pieces.append(r"\s{0,4}".join(map(re.escape, _BLANKS.split(part))))
        elif part != _LIST:
            pieces.append(f"(?P<{part}>{FIELDS[part]})")
    pieces.append(r"\s{0,4}" if is_list else r"(?!\w)")
    return "".join(pieces)


def _check_seams(parts: list[str]) -> None:
    """Let there be few ways to divide a text among the fields, so that no line takes long."""
    for field, between, following in zip(parts[1::2], parts[2::2], parts[3::2], strict=False):
        # A number has few; and blanks need not be there.
        if following != "number" and re.fullmatch(rf"(?:\s|{_CHARACTERS[field]})*", between):
            raise BadInput(
                f"write something between {{{field}}} and {{{following}}} that the former cannot "
                "have, such as a #"
            )


def _check_url(url: str, names: set[str]) -> None:
    used = set(_FIELD.findall(url))
    if re.match("https?://[^/]", url) is None:
        raise BadInput(f"{url!r} is not the URL of a bug; begin it with https://")
    if not used or used - names:
        raise BadInput(
            f"the URL needs some of {', '.join(sorted(f'{{{name}}}' for name in names))}, "
            "and has no others"
        )


def _fields() -> str:
    *most, last = (f"{{{name}}}" for name in (*FIELDS, _LIST))
    return f"{', '.join(most)} or {last}"
