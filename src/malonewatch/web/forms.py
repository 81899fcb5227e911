"""What people fill in: reading it."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from malonewatch.application.references import MOST_DIGITS, shortened
from malonewatch.interfaces import BadInput

Choice = TypeVar("Choice", bound=Enum)

#: No field has more characters.
LONGEST = 100_000


def text(fields: Mapping[str, Any], name: str) -> str:
    """What stands in a field, without the white space around it; empty if nothing does.

    :raises BadInput: it is far too long, or a file.
    """
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise BadInput(f"The field {name!r} has a text of at most {LONGEST} characters.")
    return value.strip()


def secret(fields: Mapping[str, Any], name: str) -> str:
    """What stands in a field, with the white space around it; empty if nothing does, or a file."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def whole_number(value: str, digits: int = MOST_DIGITS) -> int:
    """The whole number of so many digits at most that a field, or a link, has.

    :raises BadInput: it is none.
    """
    if not (value.isascii() and value.isdigit() and len(value) <= digits):
        raise BadInput(f"{shortened(value, 40)!r} is not a whole number.")
    return int(value)


def number(fields: Mapping[str, Any], name: str) -> int | None:
    """The whole number in a field; None if it is empty.

    :raises BadInput: it is none.
    """
    value = text(fields, name)
    return whole_number(value) if value else None


def choice(fields: Mapping[str, Any], name: str, kind: type[Choice]) -> Choice:
    """The member of an enumeration whose name a field has.

    :raises BadInput: there is none of that name.
    """
    value = text(fields, name)
    try:
        return kind[value]
    except KeyError:
        raise BadInput(f"{shortened(value, 40)!r} is nothing to choose.") from None
