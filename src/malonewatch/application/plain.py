"""Values as JSON has them, for programs."""

import dataclasses
import enum
import functools
import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

#: What is in JSON as it is.
_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """`value` as JSON has it: enumerations by name, times in ISO 8601, values as objects, and sets
    as lists in order."""
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    return _way_of(kind)(value)


def joined(value: Any) -> dict[str, Any]:
    """The same of a dataclass whose first field has facts: these, and its other fields."""
    first, *rest = (field.name for field in dataclasses.fields(value))
    others = {name: plain(getattr(value, name)) for name in rest}
    return {**plain(getattr(value, first)), **others}


@functools.cache
def _way_of(kind: Any) -> Callable[[Any], Any]:
    """How values of that type are made plain; lists of watches have many of them."""
    if issubclass(kind, enum.Enum):
        # What `name` gives as well, by a function in Python.
        return operator.attrgetter("_name_")
    if issubclass(kind, date):
        return kind.isoformat  # type: ignore[no-any-return]
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        if len(names) > 1:
            values_of = operator.attrgetter(*names)
            return lambda value: _object(dict(zip(names, values_of(value), strict=True)))
        return lambda value: _object({name: getattr(value, name) for name in names})
    if issubclass(kind, Mapping):
        return lambda value: {plain(key): plain(each) for key, each in value.items()}
    if issubclass(kind, tuple) and hasattr(kind, "_asdict"):
        return lambda value: _object(value._asdict())
    if issubclass(kind, list | tuple):
        return lambda value: [plain(each) for each in value]
    if issubclass(kind, frozenset):
        return lambda value: sorted(plain(each) for each in value)
    return lambda value: value


def _object(values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        # Most of them are, and a call costs more than the look.
        if type(value) not in _AS_IT_IS:
            values[name] = plain(value)
    return values
