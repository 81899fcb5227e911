"""Which functions are for use from elsewhere, such as over REST, and what that takes."""

from collections.abc import Callable
from typing import Any, TypeVar

from malonewatch.interfaces import Scope

Function = TypeVar("Function", bound=Callable[..., Any])

_SCOPES: dict[Callable[..., Any], Scope] = {}


def remote(scope: Scope) -> Callable[[Function], Function]:
    """Decorator: the function is one for use from elsewhere, for whom `scope` allows that.

    What registers a bug tracker on purpose, or asks it with credentials that
    nothing else would send, is for administrators; so is what touches all.
    """

    def mark(function: Function) -> Function:
        _SCOPES[function] = scope
        return function

    return mark


def scope_of(function: Callable[..., Any]) -> Scope:
    """What it takes to use that function from elsewhere.

    :raises KeyError: it is not for that.
    """
    return _SCOPES[function]


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function of this package, with its module, such as ``watches.show``."""
    module = function.__module__.removeprefix(f"{__package__}.")
    return f"{module}.{function.__qualname__}"


def marked() -> dict[str, Callable[..., Any]]:
    """All functions that are marked, by `name_of`, of the modules that were imported."""
    return {name_of(function): function for function in _SCOPES}
