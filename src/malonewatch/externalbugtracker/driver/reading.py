"""Answers: from bytes to values, within bounds.

What is large is read in a thread, so that the event loop goes on meanwhile.
"""

import codecs
import csv
import io
import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from malonewatch.externalbugtracker.driver.ask import Form

#: From how many bytes on an answer is read in a thread.
LARGE = 128 * 1024
#: How many values an answer may hold, whatever was asked, and for each bug; a
#: reader makes some hundred bytes of each.
VALUES = 20_000
VALUES_PER_BUG = 1_000

# What stands at the beginning of each value, or between two.
_MARKS = {Form.JSON: (b",", b"[", b"{"), Form.CSV: (b",", b"\n"), Form.XML: (b"<",)}

# All below space but tab, line feed and carriage return: not XML at all.
_CONTROL_CHARACTERS = bytes(set(range(32)) - {9, 10, 13})
_DECLARATION = re.compile(rb"<\?xml[^>]{0,200}?>")
_PORTION = 64 * 1024


class Table(list[dict[str, str]]):
    """The records of a table, by the `names` of its columns."""

    def __init__(self, names: list[str], records: Iterable[dict[str, str]]) -> None:
        super().__init__(records)
        self.names = names

    def having(self, *names: str) -> "Table":
        """Itself, if it has columns of those names.

        :raises LookupError: it has not.
        """
        if not {*names} <= {*self.names}:
            raise LookupError(self.names)
        return self


class Unreadable(Exception):
    """An answer is not what it should be; the text says what it is not."""


async def read(body: bytes, form: Form, bugs: int, charset: str | None = None) -> Any:
    """The value of an answer for so many bugs.

    :raises Unreadable: it has none.
    """
    if len(body) < LARGE:
        return parse(body, form, bugs, charset)
    return await in_thread(parse, body, form, bugs, charset)


def parse(body: bytes, form: Form, bugs: int, charset: str | None = None) -> Any:
    """The value of an answer.

    JSON is whatever it holds, CSV a `Table`, XML the root element, other
    text a str.

    :raises Unreadable: it has none.
    """
    marks = _MARKS.get(form, ())
    if sum(map(body.count, marks)) > VALUES + VALUES_PER_BUG * bugs:
        raise Unreadable("it holds more values than what was asked for can need")
    if form is Form.JSON:
        return parse_json(body)
    if form is Form.CSV:
        return parse_csv(body)
    if form is Form.XML:
        return parse_xml(body, charset)
    return decode(body, charset)


def parse_json(body: bytes) -> Any:
    """The JSON value in `body`."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("it should be JSON and is not") from None


def parse_csv(body: bytes) -> Table:
    """The records of a CSV table, by the names in its first line, in lower case.

    Empty lines are left out.  There is no other sign of an answer that was
    broken off than a line that is not whole.
    """
    text = body.decode("utf-8-sig", "replace")
    if text and not text.endswith("\n"):
        raise Unreadable("its last line has no end")
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        names = [name.strip().lower() for name in next(lines, [])]
        records = [dict(zip(names, line, strict=True)) for line in lines if line]
    except (csv.Error, ValueError):
        raise Unreadable("it should be CSV and is not, or not all of it") from None
    if not names:
        raise Unreadable("it is empty")
    return Table(names, records)


def parse_xml(body: bytes, charset: str | None = None) -> Element:
    """The root element of an XML document.

    A document type is allowed, and never followed; entities of its own are
    not.  What is in no encoding that it declares is read as its `charset`, or
    as what servers of old wrote.
    """
    body = body.translate(None, _CONTROL_CHARACTERS)
    if _DECLARATION.match(body) is None or b"encoding" not in body[:200]:
        body = decode(body, charset).encode()
        parser = DefusedXMLParser(forbid_dtd=False, encoding="utf-8")
    else:
        parser = DefusedXMLParser(forbid_dtd=False)
    try:
        # In portions: the parser does not let others have a turn while it is fed.
        for start in range(0, len(body), _PORTION):
            parser.feed(body[start : start + _PORTION])
        root: Element = parser.close()
        return root
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable("it should be XML and is not") from None


def decode(body: bytes, charset: str | None = None) -> str:
    """`body` as text: in `charset` if there is one, else UTF-8, else what Windows wrote."""
    for name in (charset, "utf-8-sig", "cp1252"):
        try:
            return body.decode(codecs.lookup(name).name) if name else body.decode("utf-8-sig")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("latin-1")


def charset_of(content_type: str) -> str | None:
    """The ``charset`` of a Content-Type header, if it has one."""
    _, _, rest = content_type.partition("charset=")
    return rest.partition(";")[0].strip("\"' ")[:40] or None


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """What `function` returns or raises, called in a thread that nobody waits for in the end."""
    # Only now: all types are registered by programs that ask nobody, too.
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def deliver(result: Any, error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result = error = None
        try:
            result = function(*args)
        except Exception as caught:
            error = caught
        if not loop.is_closed():
            loop.call_soon_threadsafe(deliver, result, error)

    threading.Thread(target=work, daemon=True, name="reading").start()
    return await future
