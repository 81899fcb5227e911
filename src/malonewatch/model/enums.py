"""Members of enumerations, which the database has by name."""

import enum
from typing import TypeVar

Member = TypeVar("Member", bound=enum.Enum)


def member(kind: type[Member], name: str) -> Member:
    """The member of that name; UNKNOWN if there is none in this version of malonewatch."""
    try:
        return kind[name]
    except KeyError:
        return kind["UNKNOWN"]
