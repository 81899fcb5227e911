"""A site's own meanings of remote words, as the database has them: by name.  Pure."""

from collections.abc import Iterable
from typing import Any

from malonewatch.interfaces import BadInput, BugTaskImportance, BugTaskStatus, Mappings
from malonewatch.model.enums import member
from malonewatch.model.kept import LONGEST

#: Words and names of their meanings, of statuses and of importances.
Packed = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


def pack(mappings: Mappings) -> Packed:
    """As it is stored.

    :raises BadInput: a word is empty, far too long, or there twice.
    """
    statuses, importances = mappings
    return _packed(statuses), _packed(importances)


def _packed(pairs: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    found = sorted((word, meaning.name) for word, meaning in pairs)
    words = [word for word, _ in found]
    if len(set(words)) < len(words):
        raise BadInput("A word can be mapped to one meaning only.")
    for word in words:
        if word != word.strip() or not 0 < len(word) <= LONGEST["remotestatus"]:
            raise BadInput(
                "A word that is mapped has from 1 to 200 characters, and no white space around it."
            )
    return tuple(found)


def unpack(packed: Packed) -> Mappings:
    """The mappings again."""
    statuses, importances = packed
    return Mappings(
        tuple((word, member(BugTaskStatus, name)) for word, name in statuses),
        tuple((word, member(BugTaskImportance, name)) for word, name in importances),
    )
