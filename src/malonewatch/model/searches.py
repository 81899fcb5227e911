"""Searches as people write them: ``open tracker:gtk changed<7d "dark theme"``.  Pure."""

import dataclasses
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchErrorType,
    BugWatchQuery,
    folded,
    meanings_of,
)
from malonewatch.model.words import words_of

LONGEST_SEARCH = 500

#: A term: a field and a value with a colon or a less-than sign between, or a value; with quotes
#: around the value if there are blanks in it.
_TERM = re.compile(r'\s*(?:([a-z]{1,20})([:<]))?(?:"([^"]*)"|([^\s"]+))(?=\s|$)')
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ERRORS = {folded(name): each for each in BugWatchErrorType for name in (each.name, each.title)}


def parse_search(text: str, now: datetime) -> BugWatchQuery:
    """See `IBugWatchSet.parseSearch`."""
    if len(text) > LONGEST_SEARCH:
        raise BadInput(f"A search has {LONGEST_SEARCH} characters at most, not {len(text)}.")
    query, place, text = BugWatchQuery(), 0, text.rstrip()
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise BadInput(f"{text[place:].strip()[:50]!r} is no part of a search.")
        place = term.end()
        field, sign, quoted, plain = term.groups()
        query = _with_term(query, field, sign, plain if quoted is None else quoted, now)
    return query


def _with_term(
    query: BugWatchQuery, field: str | None, sign: str | None, value: str, now: datetime
) -> BugWatchQuery:
    if field is None:
        meanings = meanings_of(value)
        return _with_words(query, value) if meanings is None else _with_meanings(query, meanings)
    if (field, sign) == ("changed", "<"):
        return dataclasses.replace(query, changed_since=now - _length(value))
    add = _FIELDS.get(field)
    if add is None or sign != ":":
        raise BadInput(
            f"{field}{sign} is nothing to search for; that is open, closed, fixed, status:, "
            "tracker:, bug:, error:, title:, changed< or words of a title, in quotes if need be."
        )
    return add(query, value)


def _with_words(query: BugWatchQuery, value: str) -> BugWatchQuery:
    if not words_of(value):
        raise BadInput(f"{value[:50]!r} has no letter and no digit to look for.")
    return dataclasses.replace(query, words=(*query.words, value))


def _with_meanings(query: BugWatchQuery, meanings: frozenset[BugTaskStatus]) -> BugWatchQuery:
    return dataclasses.replace(query, meanings=meanings | (query.meanings or frozenset()))


def _with_status(query: BugWatchQuery, value: str) -> BugWatchQuery:
    meanings = meanings_of(value)
    if meanings is None:
        raise BadInput(
            f"{value[:50]!r} is no status; that is open, closed, fixed or one of "
            f"{', '.join(status.title for status in BugTaskStatus)}."
        )
    return _with_meanings(query, meanings)


def _with_tracker(query: BugWatchQuery, value: str) -> BugWatchQuery:
    if query.tracker not in (None, value):
        raise BadInput(f"A bug is on one bug tracker, not on {query.tracker} and {value[:50]}.")
    return dataclasses.replace(query, tracker=value)


def _with_bug(query: BugWatchQuery, value: str) -> BugWatchQuery:
    if re.fullmatch("[0-9]{1,18}", value, re.ASCII) is None or query.bug not in (None, int(value)):
        raise BadInput(f"{value[:50]!r} is not the number of the one bug that is looked for.")
    return dataclasses.replace(query, bug=int(value))


def _with_error(query: BugWatchQuery, value: str) -> BugWatchQuery:
    error = _ERRORS.get(folded(value))
    if error is None:
        raise BadInput(f"{value[:50]!r} is no error; one is {BugWatchErrorType.TIMEOUT.title!r}.")
    return dataclasses.replace(query, errors=frozenset({error, *(query.errors or ())}))


_FIELDS: dict[str, Callable[[BugWatchQuery, str], BugWatchQuery]] = {
    "status": _with_status,
    "tracker": _with_tracker,
    "bug": _with_bug,
    "error": _with_error,
    "title": _with_words,
}


def _length(value: str) -> timedelta:
    length = re.fullmatch("([0-9]{1,6})([mhdw])", value, re.ASCII)
    if length is None:
        raise BadInput(f"{value[:50]!r} is no length of time, such as 30m, 12h, 7d or 2w.")
    return min(timedelta(**{_UNITS[length[2]]: int(length[1])}), timedelta(days=36_500))


def matches(query: BugWatchQuery, watch: Any, statuses: Iterable[BugTaskStatus]) -> bool:
    """Whether a search finds a watch that just changed, with one of these statuses."""
    if query.bug not in (None, watch.bug_id) or query.tracker not in (None, watch.bugtracker.name):
        return False
    if query.meanings is not None and query.meanings.isdisjoint(statuses):
        return False
    if query.errors is not None and watch.last_error_type not in query.errors:
        return False
    if not query.words:
        return True
    titled = set(words_of(title_of(watch)))
    return all(titled.issuperset(words_of(words)) for words in query.words)


def title_of(watch: Any) -> str:
    """What words are looked for in."""
    return str(watch.remote_title or watch.bug.title or "")
