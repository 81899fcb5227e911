"""Importing and exporting what is watched: bugs, their titles, and URLs; as CSV or JSON.

The CSV has a first line that names the columns ``bug``, ``title`` and ``url``,
in any order and case, and others that do not matter.  The JSON is a list of
objects with these three.  Only the URL has to be there.

A spreadsheet takes what begins with certain characters for a formula, and
titles are written by anybody.  So in CSV such a text has an apostrophe before
it, and so has what begins with apostrophes and such a character then; one is
taken away when it is read, and nothing is lost.
"""

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.application.audit import record
from malonewatch.application.finding import look_up
from malonewatch.application.listing import Wanted, list_watches
from malonewatch.application.privacy import kept, title_of
from malonewatch.application.references import check_title, is_id, shortened, watches_on
from malonewatch.application.registering import Registrar, Registration
from malonewatch.application.remote import remote
from malonewatch.interfaces import BadInput, IBugSet, Refused, Scope

COLUMNS = ("bug", "title", "url")

#: How many sentences on bad lines there are at most.
_MOST_SENTENCES = 20

#: What a spreadsheet takes for a formula, or would if there were no apostrophes before it.
_FORMULA = re.compile("'*[=+@\t\r\n-]")

#: How many characters are written in one go.
_PORTION = 1 << 16


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """What one line, or one object, of a file says; `place` names it for people."""

    place: str
    bug: int | None
    title: str
    url: str


@dataclasses.dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import.

    `bugs` and `watches` count those that are new, `existing` the lines whose bug is
    watched already, `keep_title` has the numbers of the bugs that have another
    title than a line says.
    """

    registered: tuple[Registration, ...]
    bugs: int
    watches: int
    existing: int
    keep_title: tuple[int, ...]


def read_lines(text: str) -> list[Line]:
    """What the text of a file says.

    :raises Refused: some of its lines cannot be used.
    :raises BadInput: it is neither CSV nor JSON of that form.
    """
    read = _read_json if text.lstrip().startswith(("[", "{")) else _read_csv
    lines, refused = [], []
    for place, fields in read(text.removeprefix("\ufeff")):
        try:
            lines.append(_line(place, fields))
        except BadInput as error:
            refused.append(f"{place}: {error}")
    _refuse(refused, len(lines) + len(refused))
    if not lines:
        raise BadInput("There is nothing in it to import.")
    return lines


@remote(Scope.ADMIN)
def import_lines(database: Any, lines: Sequence[Line], dry_run: bool = False) -> Imported:
    """Watch what `lines` name; what is watched already is left as it is.  A dry run does all of
    it, and undoes it.

    A line without the number of a bug belongs to the bug that watches its URL,
    else to a new one, which it shares with the other such lines of its title.

    :raises Refused: some lines cannot be used; nothing is changed.
    """
    found = look_up(database, [line.url for line in lines])
    bad = {url: each for url, each in found.items() if isinstance(each, str)}
    _refuse([f"{line.place}: {bad[line.url]}" for line in lines if line.url in bad], len(lines))

    def step(trackers: Any) -> Imported:
        added = _Import(trackers).add(lines, found)
        record("import", f"{len(lines)} lines", f"{added.watches} watches added")
        return added

    imported: Imported = (database.read if dry_run else database.write)(step)
    return imported


@remote(Scope.READ)
def export_lines(database: Any, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """What is watched, a line each, to be imported elsewhere; without the watches whose bug
    tracker is of a type that is not known here.

    Titles are as who asks for the lines may see them, whenever they are read.
    """
    return kept(_lines_of(database, wanted))


def _lines_of(database: Any, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for page in list_watches(database, wanted):
        for watch in page:
            if watch.url is not None:
                yield {"bug": watch.bug, "title": watch.bug_title, "url": watch.url}


def as_csv(lines: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The lines of a CSV file, each with its end."""
    row = io.StringIO()
    writer = csv.writer(row, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        yield _taken(row)
        writer.writerow([_guarded(line[name]) for name in COLUMNS])
    yield _taken(row)


def _guarded(value: Any) -> Any:
    """A value as it is written to a cell, where nothing is a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _unguarded(text: str) -> str:
    """What a cell says."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def as_json(lines: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The parts of a JSON list with these."""
    separator = "[\n"
    for line in lines:
        yield f"{separator}  {json.dumps(line)}"
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def in_portions(texts: Iterator[str]) -> Iterator[str]:
    """The same in larger parts; one at least."""
    portion, size = [], 0
    for text in texts:
        portion.append(text)
        size += len(text)
        if size >= _PORTION:
            yield "".join(portion)
            portion, size = [], 0
    yield "".join(portion)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


class _Import:
    """Adds watches in a transaction, and keeps account of it."""

    def __init__(self, trackers: Any) -> None:
        self.registrar = Registrar(trackers)
        self.bugs = getUtility(IBugSet)
        self.by_title: dict[str, Any] = {}
        self.made = 0
        self.keep_title: dict[int, None] = {}

    def add(self, lines: Sequence[Line], found: Mapping[str, Any]) -> Imported:
        added = existing = 0
        refused = []
        for line in lines:
            try:
                remotebug = found[line.url].remotebug
                tracker = self.registrar.tracker_of(found[line.url])
                bug = self._bug_of(line, watches_on(tracker, remotebug))
                if bug.getBugWatch(tracker, remotebug) is not None:
                    existing += 1
                else:
                    bug.addWatch(tracker, remotebug, None)
                    added += 1
            except BadInput as error:
                refused.append(f"{line.place}: {error}")
        _refuse(refused, len(lines))
        return Imported(
            tuple(self.registrar.registered),
            self.made,
            added,
            existing,
            tuple(sorted(self.keep_title)),
        )

    def _bug_of(self, line: Line, watches: Sequence[Any]) -> Any:
        """The bug that a line speaks of, which is made if it is not there."""
        if line.bug is not None:
            bug = self.bugs.query(line.bug)
        elif watches:
            bug = next(
                (watch.bug for watch in watches if title_of(watch.bug) == line.title),
                watches[0].bug,
            )
        else:
            bug = self.by_title.get(line.title)
        if bug is None:
            bug = self.bugs.createBug(line.title, None, line.bug)
            self.made += 1
        elif line.title and title_of(bug) != line.title:
            self.keep_title[bug.id] = None
        if line.title and line.bug is None:
            self.by_title.setdefault(line.title, bug)
        return bug


def _read_csv(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    try:
        names = [str(name).strip().casefold() for name in reader.fieldnames or ()]
        if "url" not in names:
            raise BadInput(
                "The first line has to name the columns, such as 'bug,title,url', and the URL's "
                "among them."
            )
        reader.fieldnames = names
        for fields in reader:
            said = {name: _unguarded(fields.get(name, "")) for name in COLUMNS}
            yield f"Line {reader.line_num}", said
    except csv.Error as error:
        raise BadInput(f"Line {reader.line_num} is no CSV: {error}.") from None


def _read_json(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        objects = json.loads(text)
    except ValueError as error:
        raise BadInput(f"It is no JSON: {shortened(str(error))}.") from None
    except RecursionError:
        raise BadInput("It is no JSON that can be read: too much is nested.") from None
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise BadInput("The JSON has to be a list of objects with 'bug', 'title' and 'url'.")
    for number, fields in enumerate(objects, 1):
        yield f"Object {number}", fields


def _line(place: str, fields: Mapping[str, Any]) -> Line:
    url, title = fields.get("url"), fields.get("title") or ""
    if not isinstance(url, str) or not url.strip():
        raise BadInput("It has no URL.")
    if not isinstance(title, str):
        raise BadInput("Its title is no text.")
    return Line(place, _number(fields.get("bug")), check_title(title), url)


def _number(given: Any) -> int | None:
    text = "" if given is None else str(given).strip()
    if not text:
        return None
    digits = text.lstrip("0")
    if not is_id(digits):
        raise BadInput(f"{shortened(text)!r} is not the number of a bug.")
    return int(digits)


def _refuse(refused: Sequence[str], given: int) -> None:
    """Raise if there are sentences on bad lines; some of them, if they are very many."""
    if not refused:
        return
    sentences = list(refused[:_MOST_SENTENCES])
    if len(refused) > len(sentences):
        sentences.append(f"And {len(refused) - len(sentences)} more.")
    raise Refused(sentences, given)
