"""Answers: from bytes to values, within bounds.  Pure."""

import codecs
import contextlib
import csv
import html
import io
import json
import re
from collections.abc import Iterable
from html.entities import html5
from typing import Any, TypedDict, cast
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat

import msgspec

from malonewatch.externalbugtracker.driver.ask import Form

#: How many values an answer may hold, whatever was asked, and for each bug; a
#: reader makes some hundred bytes of each.
VALUES = 20_000
VALUES_PER_BUG = 400
#: How many bytes that are not in the charset are looked at one by one.
LONE_BYTES = 1_000

# What stands at the beginning of each value, or between two.
_MARKS = {
    Form.JSON: (b",", b"[", b"{"),
    Form.CSV: (b",", b"\n"),
    Form.XML: (b"<", b"="),
    # Attributes stay where they are.
    Form.TAGS: (b"<",),
}

# All below space but tab, line feed and carriage return: not XML at all.
_CONTROL_CHARACTERS = bytes(set(range(32)) - {9, 10, 13})
_DECLARATION = re.compile(
    rb"\s{0,9}<\?xml\s[^<>]{0,99}?\bencoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._-]{1,40})[\"']"
)
# Nothing else has a turn while the parser is fed; and whenever it is, it goes
# back to where the tag began that it is in.
_PORTION = 256 * 1024

_TAG = re.compile(r"<[^<>]*>")
_NO_TAG = re.compile("<[!?]")
_GUARD = b")]}'"
_PAGE = re.compile("<html", re.IGNORECASE)
# Some leave out the last tag, but not both.
_PAGE_END = re.compile("</(?:body|html)>", re.IGNORECASE)

#: What bug trackers write in, as Python calls it.  It knows others, and some take very long.
CHARSETS = frozenset(
    (
        *("ascii", "utf-8", "koi8-r", "koi8-u", "big5", "gb2312", "gbk", "gb18030"),
        *("euc_jp", "shift_jis", "cp932", "iso2022_jp", "euc_kr", "cp949"),
        *(f"iso8859-{number}" for number in range(1, 17) if number != 12),
        *(f"cp{number}" for number in range(1250, 1259)),
    )
)
_LONE_BYTES = re.compile("[\udc80-\udcff]+")


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


class Unreadable(ValueError):
    """An answer, or a part of it, is not what it should be; the text says what it is not."""


def parse(
    body: bytes,
    form: Form,
    bugs: int,
    charset: str | None = None,
    values_per_bug: int = VALUES_PER_BUG,
    shape: Any = Any,
) -> Any:
    """The value of an answer for so many bugs, each of so many values at most.

    JSON is whatever it holds, in that `shape` if it has it; CSV a `Table`, XML the root element,
    other text, tags among it, a str.

    :raises Unreadable: it has none.
    """
    most, marks = VALUES + values_per_bug * bugs, _MARKS.get(form, ())
    # So short an answer has no room for more.
    if len(body) > most and sum(map(body.count, marks)) > most:
        raise Unreadable("it holds more values than what was asked for can need")
    if form is Form.JSON:
        return parse_json(body, shape)
    if form is Form.CSV:
        return parse_csv(body, charset)
    if form is Form.XML:
        return parse_xml(body, charset)
    if form is Form.TAGS:
        text = decode_xml(body, charset).strip()
        if is_plain(text):
            return text
        root = parse(body, Form.XML, bugs, charset, values_per_bug)
        try:
            return tostring(root, "unicode")
        except RecursionError:
            raise Unreadable("it is nested more deeply than any answer is") from None
    text = decode(body, charset)
    if form is Form.PAGE and _PAGE.search(text, 0, 1000) and not _PAGE_END.search(text):
        raise Unreadable("the page has no end")
    return text


def parse_json(body: bytes, shape: Any = Any) -> Any:
    """The JSON value in `body`, in that `shape` if it has it.

    Google's servers, and others, put a line before it which no script can run.
    """
    if body.startswith(_GUARD):
        body = body.partition(b"\n")[2]
    # In less than half the time; but it takes UTF-8 only, without a mark before it, and no halves
    # of characters.
    with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
        return msgspec.json.decode(body, type=shape)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("it should be JSON and is not") from None


def list_of(names: Iterable[str], unread: Iterable[str]) -> Any:
    """The shape of a list of records of which nothing is made but the fields of those `names`; the
    `unread` stay as they are written, for `written` and `parse_json`."""
    fields = {**dict.fromkeys(names, Any), **dict.fromkeys(unread, msgspec.Raw)}
    record: Any = cast(Any, TypedDict)("Record", fields, total=False)
    return list[record]


def written(value: Any) -> bytes | None:
    """What is written of a value that was not read; None if it was."""
    return bytes(value) if isinstance(value, msgspec.Raw) else None


def parse_csv(body: bytes, charset: str | None = None) -> Table:
    """The records of a CSV table, by the names in its first line, in lower case.

    Empty lines are left out.  There is no other sign of an answer that was
    broken off than a line that is not whole.
    """
    text = decode(body, charset)
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

    Names are as they stand there, with their prefixes: namespaces make long
    names of short ones.  A document type is allowed, and never followed;
    entities of its own are not.  Characters that XML cannot have are left out,
    and what is in no encoding that it declares is read all the same; see
    `decode`.
    """
    body = decode_xml(body, charset).encode().translate(None, _CONTROL_CHARACTERS)
    builder = TreeBuilder()

    def skipped(name: str, is_parameter: bool) -> None:
        # One of HTML's, where there is a document type that might have it.
        builder.data(html5.get(f"{name};", ""))

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.SkippedEntityHandler = skipped
    parser.EntityDeclHandler = _refuse
    try:
        for start in range(0, len(body), _PORTION):
            parser.Parse(body[start : start + _PORTION], False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise Unreadable("it should be XML and is not") from None
    return builder.close()


def _refuse(*declared: object) -> None:
    raise Unreadable("it has entities of its own")


def is_plain(xml: str) -> bool:
    """Whether an XML document has nothing in it but tags and what stands between them, beside a
    declaration: no comments, for one, and no document type."""
    start = xml.find("?>") if xml.startswith("<?xml") else 0
    return _NO_TAG.search(xml, start) is None and xml.startswith("<") and xml.endswith(">")


def decode_xml(body: bytes, charset: str | None = None) -> str:
    """An XML document as text, in the charset that it declares, else as `decode` has it."""
    declared = _DECLARATION.match(body)
    return decode(body, declared[1].decode() if declared else charset)


def decode(body: bytes, charset: str | None = None) -> str:
    """`body` as text: in `charset` if it is, else in UTF-8.

    What is no UTF-8 there is taken for what Windows wrote, byte by byte, so
    that one bug's text does not spoil those of others.
    """
    if charset is not None:
        try:
            name = codecs.lookup(charset).name
            if name in CHARSETS:
                return body.decode(name).removeprefix("\ufeff")
        except (LookupError, ValueError):
            pass
    text = body.decode("utf-8-sig", "surrogateescape")
    if text.isascii():
        return text
    text, changes = _LONE_BYTES.subn(_from_windows, text, count=LONE_BYTES)
    # So many are no slip.
    return text if changes < LONE_BYTES else body.decode("cp1252", "replace")


def _from_windows(found: re.Match[str]) -> str:
    return found[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def text_of(markup: str) -> str:
    """What people see of some HTML, in one line."""
    return " ".join(html.unescape(_TAG.sub("", markup)).split())


def charset_of(content_type: str) -> str | None:
    """The ``charset`` of a Content-Type header, if it has one."""
    _, _, rest = content_type.lower().partition("charset=")
    return rest.partition(";")[0].strip("\"' ")[:40] or None
