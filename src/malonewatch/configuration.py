"""Registering everything, for programs that are not Zope applications of their own.

An embedding application includes the package's ZCML instead::

    <include package="malonewatch" />
"""

import importlib.metadata

from zope.component import queryUtility

from malonewatch.interfaces import IDatabaseOpener

#: A package that brings more types of bug tracker names itself under this
#: entry point group; its configure.zcml is loaded too.
ENTRY_POINTS = "malonewatch.plugins"


def configure() -> None:
    """Load malonewatch's configure.zcml, and those of the packages that extend it.

    Where it has been loaded already, by an embedding application, what that
    has registered stays.
    """
    if queryUtility(IDatabaseOpener) is not None:
        return
    from zope.configuration import xmlconfig

    context = xmlconfig.file("configure.zcml", __import__("malonewatch"))
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        xmlconfig.file("configure.zcml", entry_point.load(), context=context)
