"""The persistent objects, their indexes, and the site that they live in."""

from malonewatch.model.bug import Bug, BugSet
from malonewatch.model.bugtracker import BugTracker, BugTrackerSet
from malonewatch.model.bugwatch import BugWatch, BugWatchSet
from malonewatch.model.database import Database, open_database, sqlite_uri
from malonewatch.model.events import BugWatchStatusChanged
from malonewatch.model.person import Person, PersonSet
from malonewatch.model.site import Site, install
from malonewatch.model.times import SystemClock

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
    "Site",
    "SystemClock",
    "install",
    "open_database",
    "sqlite_uri",
]
