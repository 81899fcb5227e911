"""The persistent objects, their indexes, and the site that they live in."""

import sys

from malonewatch.clock import SystemClock
from malonewatch.model.bug import Bug, BugSet
from malonewatch.model.bugtracker import BugTracker
from malonewatch.model.bugtrackerset import BugTrackerSet
from malonewatch.model.bugwatch import BugWatch
from malonewatch.model.bugwatchset import BugWatchSet
from malonewatch.model.database import Database, open_database
from malonewatch.model.events import BugWatchStatusChanged
from malonewatch.model.installation import install
from malonewatch.model.latest import Latest
from malonewatch.model.person import Person, PersonSet
from malonewatch.model.resultset import ResultSet
from malonewatch.model.site import Site
from malonewatch.model.uri import sqlite_uri

__all__ = [
    "Bug",
    "BugSet",
    "BugTracker",
    "BugTrackerSet",
    "BugWatch",
    "BugWatchSet",
    "BugWatchStatusChanged",
    "Database",
    "Person",
    "PersonSet",
    "ResultSet",
    "Site",
    "SystemClock",
    "install",
    "open_database",
    "sqlite_uri",
]

# Databases of 0.1.0 know these classes by the modules that they were in.
for _module, _class in (
    ("bugtracker", BugTrackerSet),
    ("bugwatch", BugWatchSet),
    ("ledger", Latest),
):
    setattr(sys.modules[f"{__name__}.{_module}"], _class.__name__, _class)
