"""The types of external bug tracker, a module each.

A module knows all that is known about its type and nothing else: its URLs,
its protocol, what its statuses and importances mean.
"""

from malonewatch.externalbugtracker.base import ExternalBugTracker
from malonewatch.externalbugtracker.bugzilla import Bugzilla
from malonewatch.externalbugtracker.debbugs import Debbugs

__all__ = [
    "Bugzilla",
    "Debbugs",
    "ExternalBugTracker",
]
