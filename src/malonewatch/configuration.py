"""Registering everything, for programs that are not Zope applications of their own.

An embedding application includes the package's ZCML instead::

    <include package="malonewatch" />
"""

import importlib
import importlib.metadata
import logging
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from zope.component import queryUtility

from malonewatch.interfaces import BadInput, IDatabaseOpener

log = logging.getLogger("malonewatch")

#: A package that brings more types of bug tracker names itself under this
#: entry point group; its configure.zcml is loaded too.
ENTRY_POINTS = "malonewatch.plugins"


def configure(more: Iterable[str] = ()) -> None:
    """Load malonewatch's configure.zcml, and those of the packages that extend it.

    Where it has been loaded already, by an embedding application, what that
    has registered stays.  Then `more` is loaded in any case: names of packages
    that have a configure.zcml, or paths of ZCML files.

    A package that extends malonewatch and cannot be loaded is named in a
    warning.

    :raises BadInput: one of `more` cannot be loaded.
    """
    is_loaded = queryUtility(IDatabaseOpener) is not None
    if is_loaded and not more:
        return
    from zope.configuration import xmlconfig

    context = xmlconfig.file(
        "configure.zcml", importlib.import_module("malonewatch"), execute=not is_loaded
    )
    # It has been read, so whatever includes it does not register it once more.
    context.actions.clear()
    for entry_point in () if is_loaded else importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            _load(context, entry_point.load())
        except Exception as error:
            log.warning(
                "The plug-in %s (%s) cannot be loaded, and is left out: %s: %s",
                *(entry_point.name, entry_point.value, type(error).__name__, _line(error)),
            )
    for name in more:
        try:
            if name.endswith(".zcml"):
                _load(context, None, str(Path(name).absolute()))
            else:
                _load(context, importlib.import_module(name))
        except Exception as error:
            raise BadInput(
                f"{name} cannot be loaded ({type(error).__name__}: {_line(error)}); give the name "
                "of a package that has a configure.zcml, or the path of a ZCML file."
            ) from error


def _load(context: Any, package: ModuleType | None, file: str = "configure.zcml") -> None:
    """Load a ZCML file, all of it or nothing."""
    from zope.configuration import xmlconfig

    depth = len(context.stack)
    try:
        xmlconfig.file(file, package, context)
    finally:
        # Nothing of one that failed half-way is left for the next.
        context.actions.clear()
        del context.stack[depth:]


def _line(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())
