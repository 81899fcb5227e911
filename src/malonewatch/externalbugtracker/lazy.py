"""The types as adapter factories that load nothing before it is wanted.

``lazy.Bugzilla`` stands for `malonewatch.externalbugtracker.Bugzilla`: a run
that meets no Bugzilla never loads what is known about them.
"""

from typing import Any

from zope.interface import alsoProvides, implementer

import malonewatch.externalbugtracker as types
from malonewatch.interfaces import (
    IBugTrackerFacts,
    IExternalBugTracker,
    IExternalBugTrackerType,
)


class LazyType:
    """Stands for the type whose class has that name."""

    def __init__(self, class_name: str) -> None:
        self._class_name = class_name
        self.__component_adapts__ = (IBugTrackerFacts,)
        implementer(IExternalBugTracker)(self)
        alsoProvides(self, IExternalBugTrackerType)

    def __call__(self, facts: Any) -> Any:
        return getattr(types, self._class_name)(facts)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(getattr(types, self._class_name), name)

    def __repr__(self) -> str:
        return f"<type {self._class_name}>"


def __getattr__(name: str) -> LazyType:
    if name[:1].isupper():
        return LazyType(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
