"""Words that mean the same in most bug trackers.

A type takes these tables as they are, or has its own.
"""

from collections.abc import Mapping

from malonewatch.externalbugtracker.driver.vocabulary import Vocabulary
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus

#: What became of a bug that is closed.  Beside Bugzilla's and Trac's own words
#: there are those of Red Hat, KDE, GNOME, LibreOffice, Gentoo and others.
RESOLUTIONS = {
    BugTaskStatus.FIXRELEASED: (
        "fixed, fix verified, fix released, code fix, done, completed, implemented, applied,"
        "current release, errata, next release, rawhide, patch already available, documented,"
        "answered, resolved"
    ),
    BugTaskStatus.WONTFIX: (
        "wontfix, will not fix, wont do, will fix later, rejected, later, maybe later, remind,"
        "deferred, postponed, upstream, reported upstream, downstream, not our bug, third party,"
        "moved, eol, intentional, unmaintained, pkgremoved"
    ),
    BugTaskStatus.EXPIRED: (
        "obsolete, outdated, out of date, expired, stale, abandoned, inactive, incomplete,"
        "insufficient data, insufficient info, needinfo, needs info, need more info,"
        "needs more info, waiting for info, backtrace, feedback timeout, no response,"
        "user disappeared, overcome by events"
    ),
    # A bug that duplicates another is over; what is still to happen happens there.
    BugTaskStatus.INVALID: (
        "invalid, works for me, duplicate, not a bug, notgnome, cantfix, cant reproduce,"
        "unreproducible, not reproducible, unable to reproduce, test-request, spam"
    ),
}

_INVALID, _CONFIRMED, _WONTFIX = (
    (meaning,) * 3
    for meaning in (BugTaskStatus.INVALID, BugTaskStatus.CONFIRMED, BugTaskStatus.WONTFIX)
)
#: What a resolution means while a bug is open, when it is closed, and while it is pending:
#: as bugs.python.org and SourceForge's former tracker had them, and what came from there.
#: A duplicate that is not closed yet is still somebody's bug.
RESOLUTIONS_BY_STATE = {
    "accepted": (BugTaskStatus.CONFIRMED, BugTaskStatus.FIXCOMMITTED, BugTaskStatus.CONFIRMED),
    "duplicate": (BugTaskStatus.CONFIRMED, BugTaskStatus.INVALID, BugTaskStatus.CONFIRMED),
    "fixed": (BugTaskStatus.FIXCOMMITTED, BugTaskStatus.FIXRELEASED, BugTaskStatus.FIXCOMMITTED),
    "invalid": _INVALID,
    # Put off, but not refused.
    "later": _CONFIRMED,
    "out of date": _INVALID,
    "postponed": (BugTaskStatus.CONFIRMED, BugTaskStatus.WONTFIX, BugTaskStatus.WONTFIX),
    "rejected": _WONTFIX,
    "remind": _CONFIRMED,
    "wont fix": _WONTFIX,
    "works for me": _INVALID,
    "not a bug": _INVALID,
    "third party": _INVALID,
}


def by_state(
    states: Mapping[str, BugTaskStatus], column: Mapping[str, int]
) -> dict[str, BugTaskStatus]:
    """What each state means, by itself and with each of the resolutions in
    `RESOLUTIONS_BY_STATE`, whose columns `column` tells by the name of the state."""
    return {
        **states,
        **{
            f"{state} {resolution}": meanings[number]
            for state, number in column.items()
            for resolution, meanings in RESOLUTIONS_BY_STATE.items()
        },
    }


IMPORTANCES = Vocabulary(
    {
        BugTaskImportance.CRITICAL: (
            "blocker, critical, immediate, urgent, highest, vhi, p1, s1, release blocker"
        ),
        BugTaskImportance.HIGH: "crash, grave, major, high, hi, p2, s2, deferred blocker",
        BugTaskImportance.MEDIUM: "normal, nor, medium, p3, s3, affects some people",
        BugTaskImportance.LOW: "minor, low, lo, lowest, vlo, trivial, p4, p5, s4, affects only me",
        BugTaskImportance.WISHLIST: "enhancement, wishlist, wish, feature",
        BugTaskImportance.UNDECIDED: "unspecified, task, --, ---, n/a",
    }
)
