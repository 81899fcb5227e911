"""SOAP 1.1: questions, and values in answers.  Pure.

https://www.w3.org/TR/2000/NOTE-SOAP-20000508/.  Names are told by their local
part: which of the namespaces they are in depends on how old a server is.

An answer is looked at as the text that it is (see `Form.TAGS`): a record has some dozens of
fields, and of a bug that is as it was few are ever wanted.
"""

import base64
import contextlib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape

from malonewatch.externalbugtracker.driver.ask import Ask, Form
from malonewatch.externalbugtracker.driver.reading import decode

_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    "<soap:Body>{}</soap:Body></soap:Envelope>"
)

# An element that holds text, or an array or a map of texts: its name, what else is in its tag, and
# what it holds.  No two parts can begin alike, and none begins where another one may look on, so
# that this takes but one look.
_ITEM = r"<item[^<]*(?:<key[^<]*</key>\s*<value[^<]*(?:</value>\s*)?)?(?:</item>\s*)?"
_CONTENT = r"(\s[^<>]*)?(?:/>|>([^<]*{})</{})"
_ELEMENT = rf"<({{}}){_CONTENT.format(f'(?:{_ITEM})*', '')}"
_FIELD = re.compile(_ELEMENT.format(r"(?!(?:item|key|value)[\s/>])[\w.-]+"))
_PART = re.compile(rf"<(?:item|key|value){_CONTENT.format('', '')}")
_KEY = r"\s*<key[^<>]*>([^<]*)</key>\s*<value"
_ENTRY = re.compile(_KEY + _CONTENT.format(f"(?:{_ITEM})*", "value>"))
_PAIR = re.compile(rf"{_KEY}(?:\s[^<>]*)?(?:/>|>(.*)</value>)\s*", re.DOTALL)
# What ends an item, or begins one that is not closed at once.
_ITEM_TAG = re.compile(r"<(/?)item(?:\s[^<>]*)?(?<!/)>")
_BEGIN = r"<({})(\s[^<>]*|/)?>"
_RETURNS = r"\bBody[^<]*<(?:[\w.-]+:)?{}Response[^<]*<([\w.:-]+)(\s[^<>]*|/)?>"
_OCTETS = re.compile(r":type\s*=\s*[\"'](?:[\w.-]+:)?base64", re.IGNORECASE)


def ask(path: str, call: str, ids: Sequence[str]) -> Ask:
    """A question for the bugs `ids`: a call, given as XML, of the service at `path`."""
    return Ask(
        path,
        ids=tuple(ids),
        form=Form.TAGS,
        method="POST",
        body=_ENVELOPE.format(call).encode(),
        headers=_HEADERS,
    )


def numbers(name: str, values: Iterable[str]) -> str:
    """An argument of that name: an array of whole numbers."""
    items = [f'<item xsi:type="xsd:int">{value}</item>' for value in values]
    kind = f'xsi:type="soapenc:Array" soapenc:arrayType="xsd:int[{len(items)}]"'
    return f"<{name} {kind}>{''.join(items)}</{name}>"


class Part:
    """What is in an element of an answer, or in all of it: the text from `start` to `end`.

    It stays a part of the answer's text: copies of so much, for each bug, take their time.
    """

    __slots__ = ("end", "start", "xml")

    def __init__(self, xml: str, start: int = 0, end: int | None = None) -> None:
        self.xml, self.start = xml, start
        self.end = len(xml) if end is None else end

    def __str__(self) -> str:
        return self.xml[self.start : self.end]

    def inside(self, name: str, pattern: str = _BEGIN) -> "Part":
        """What is in the first element of that name.

        :raises LookupError, ValueError: there is none, or it has no end.
        """
        begin = _compiled(pattern, name).search(self.xml, self.start, self.end)
        if begin is None:
            raise LookupError(name)
        start = begin.end()
        if (begin[2] or "").endswith("/"):
            return Part(self.xml, start, start)
        return Part(self.xml, start, self.xml.index(f"</{begin[1]}>", start, self.end))

    def text(self, name: str) -> str:
        """The same where that is text of a type that needs no telling."""
        return _text("", str(self.inside(name)))

    def items(self) -> Iterator["Part"]:
        """What is in each item of an array or of a map.

        :raises ValueError: there is something beside them.
        """
        depth, start, end = 0, 0, self.start
        for tag in _ITEM_TAG.finditer(self.xml, self.start, self.end):
            if tag[1]:
                depth -= 1
                if depth == 0:
                    end = tag.end()
                    yield Part(self.xml, start, tag.start())
            else:
                if depth == 0:
                    start = tag.end()
                    if self.xml[end : tag.start()].strip():
                        break
                depth += 1
        if depth or self.xml[end : self.end].strip():
            raise ValueError("there is something beside the items")

    def pairs(self) -> Iterator[tuple[str, "Part"]]:
        """The keys and values of a map, of which each may hold more.

        :raises ValueError: it is none.
        """
        for item in self.items():
            found = _PAIR.fullmatch(self.xml, item.start, item.end)
            if found is None:
                raise ValueError("an item is no pair")
            yield found[1].strip(), Part(self.xml, *found.span(2))


def result(answer: str, call: str) -> Part:
    """What is in that which a call of that name, a regular expression, returned.

    :raises LookupError, ValueError: there is something else, such as a fault, or not all of it.
    """
    return Part(answer).inside(call, _RETURNS)


class Struct(Mapping[str, str]):
    """The fields of a struct, or of a map, as text.

    Those that `wanted` finds are read at once, the others when they are looked at; `more` are
    beside them, or in their place.
    """

    __slots__ = ("_all", "_part", "_texts")

    def __init__(self, part: Part, wanted: re.Pattern[str], **more: str) -> None:
        self._part = part
        found = wanted.findall(part.xml, part.start, part.end)
        # Most are plain words.
        self._texts = {
            name: content if content.isalnum() and "base64" not in tag else _text(tag, content)
            for name, tag, content in found
        }
        self._texts.update(more)
        self._all: dict[str, str] | None = None

    def _read(self) -> dict[str, str]:
        """All of them."""
        if self._all is not None:
            return self._all
        xml, start, end = self._part.xml, self._part.start, self._part.end
        found = _FIELD.findall(xml, start, end)
        if _ITEM_TAG.match(str(self._part).lstrip()):
            entries = (_ENTRY.match(xml, item.start, item.end) for item in self._part.items())
            found = [entry.groups("") for entry in entries if entry is not None]
        self._all = {**{name.strip(): _text(*rest) for name, *rest in found}, **self._texts}
        return self._all

    def __getitem__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            return self._read()[name]

    def texts(self, *names: str) -> list[str]:
        """Those of some names.

        :raises LookupError: there is none of a name.
        """
        known = self._texts
        return [known[name] if name in known else self[name] for name in names]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def wanted(*names: str) -> re.Pattern[str]:
    """What finds the fields of those names in a `Struct`."""
    return re.compile(_ELEMENT.format("|".join(map(re.escape, names))))


@functools.lru_cache(maxsize=64)
def _compiled(pattern: str, name: str) -> re.Pattern[str]:
    """A pattern for elements of a name."""
    return re.compile(pattern.format(name))


def _text(tag: str, content: str) -> str:
    """A scalar of whatever type, or all that is in an array or in a map with spaces between."""
    if "<" in content:
        return " ".join(filter(None, (_text(*part) for part in _PART.findall(content))))
    plain = (unescape(content) if "&" in content else content).strip()
    if "base64" in tag and _OCTETS.search(tag):
        with contextlib.suppress(ValueError):
            return decode(base64.b64decode(plain)).strip()
    return plain
