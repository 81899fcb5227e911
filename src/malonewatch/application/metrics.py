"""How a site is doing, for programs that keep an eye on it."""

from typing import Any

from zope.component import getUtility

from malonewatch.application.facts import now
from malonewatch.interfaces import Exposition, IExposer


def read_metrics(database: Any, accept: str = "") -> Exposition:
    """The figures of the site, in the format that ``accept``, the header of a request, wants.

    :raises PackageMissing: what writes them is not installed.
    :raises DatabaseError: the database cannot be read.
    """
    moment = now()
    figures = database.read(lambda trackers: trackers.getFigures(moment))
    exposition: Exposition = getUtility(IExposer)(figures, accept)
    return exposition
