"""The sections of a credentials file, each by itself.  Pure.

It is read forgivingly: whatever is wrong with a section, the others can be
used, and it is known which bug trackers it was meant for.
"""

import codecs
import io
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from malonewatch.http.urls import clean, origin, shown

_COMMENT = re.compile(r"\s[#;]")


class Section(NamedTuple):
    """What a file has for the bug tracker, or the host, called `name`.

    `wrong` says what keeps it from being used, going on a sentence that began
    with the section; it is empty if nothing does.
    """

    name: str
    values: Mapping[str, str]
    wrong: str = ""


def parse(data: bytes) -> tuple[dict[str, Section], bool]:
    """The sections, by their names; and whether there is anything before the first of them."""
    found: dict[str, Section] = {}
    before: list[str] = []
    lines = before
    blocks: list[tuple[str, list[str]]] = []
    for line in io.StringIO(_text(data), newline=None):
        if line.lstrip().startswith("["):
            lines = []
            blocks.append((line.strip(), lines))
        else:
            lines.append(line)
    for header, lines in blocks:
        section = _section(header, lines)
        if section.name in found:
            section = Section(section.name, {}, "is there twice")
        found[section.name] = section
    return found, any(line.strip() and line.strip()[0] not in "#;" for line in before)


def names(baseurl: str) -> list[str]:
    """What a section for the bug tracker at `baseurl` may be called, the best first."""
    try:
        baseurl = clean(baseurl)
    except ValueError:
        return []
    scheme, host, port = origin(baseurl)
    found = [baseurl.rstrip("/"), f"{host}:{port}"]
    if port == {"http": 80, "https": 443}[scheme]:
        found.append(host)
    return found


def _text(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    # What is no text shows where it is used.
    return data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def _section(header: str, lines: Iterable[str]) -> Section:
    name, bracket, _ = _COMMENT.split(header)[0][1:].rpartition("]")
    name = _normal(name if bracket else header[1:])
    if not bracket:
        return Section(name, {}, "has no bracket at the end of its name")
    # Only now: few have such a file.
    import configparser

    parser = configparser.RawConfigParser(default_section="")
    try:
        parser.read_string("[section]\n" + "".join(lines))
    except configparser.DuplicateOptionError:
        return Section(name, {}, "says one thing twice")
    except configparser.Error:
        # The error's own text may quote a line with a secret in it.
        return Section(name, {}, "has a line that is not 'name = value'")
    return Section(name, dict(parser.items("section")))


def _normal(name: str) -> str:
    """A section's name, as it is compared and shown."""
    try:
        return clean(name).rstrip("/")
    except ValueError:
        return shown(name.strip().lower())
