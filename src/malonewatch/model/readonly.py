"""Attributes that the schema says are read-only."""

from typing import Any


def stored(name: str, default: Any = None) -> Any:
    """A property for what a persistent object's record holds under the property's own name.

    The object itself writes it to its ``__dict__``; `default` is for records
    that were made before there was such a value.
    """

    def get(thing: Any) -> Any:
        return thing.__dict__.get(name, default)

    return property(get)
