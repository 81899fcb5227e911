"""The types of external bug tracker, a module each.

A module knows all that is known about its type and nothing else: its URLs,
its protocol, what its statuses and importances mean.
"""

from malonewatch.externalbugtracker.base import ExternalBugTracker
from malonewatch.externalbugtracker.bugzilla import Bugzilla
from malonewatch.externalbugtracker.debbugs import Debbugs
from malonewatch.externalbugtracker.roundup import Roundup
from malonewatch.externalbugtracker.sourceforge import SourceForge
from malonewatch.externalbugtracker.trac import Trac

__all__ = [
    "Bugzilla",
    "Debbugs",
    "ExternalBugTracker",
    "Roundup",
    "SourceForge",
    "Trac",
]
