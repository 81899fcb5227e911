"""Words that mean the same in most bug trackers.

A type takes these tables as they are, or has its own.
"""

from collections.abc import Mapping

from malonewatch.externalbugtracker.driver.vocabulary import Vocabulary, Workflow
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus

#: What a bug is that is open, where a type does not mean something of its own by a word: those
#: of workflows that come with the software, and those that sites commonly add.
STATUSES = {
    BugTaskStatus.NEW: "new, unconfirmed, reported, untriaged, needs triage",
    BugTaskStatus.CONFIRMED: (
        "confirmed, acknowledged, accepted, upstream, forwarded, deferred,"
        "postponed, languishing, in discussion"
    ),
    BugTaskStatus.TRIAGED: "triaged, analyzed, approved, planned, scheduled",
    BugTaskStatus.INPROGRESS: (
        "started, in progress, in work, in development, in progress design,"
        "in progress implementation, in progress patch, in progress review, patch, patch ready,"
        "has patch, review, in review, reviewing, needs review, code review, positive review,"
        "needs work, needs revision, merge ready, ready for merge, post"
    ),
    BugTaskStatus.INCOMPLETE: (
        "incomplete, needinfo, needinfo new, needinfo reporter, new needinfo, needs info,"
        "needs more info, needs information, need more info, info needed, info needed new,"
        "information required, feedback, needs feedback, feedback required, awaits feedback,"
        "awaiting feedback, awaiting response, pending, waiting, waiting for info,"
        "waiting for upstream, suspended, on hold, please test"
    ),
    BugTaskStatus.FIXCOMMITTED: (
        "fix committed, modified, merge, merged, staged, in qa, on qa, qa, testing, in testing,"
        "ready for testing, needs verification, pending upload, release pending, new in build"
    ),
}

#: What became of a bug that is closed.  Beside Bugzilla's and Trac's own words there are those
#: of Apache, Django, Eclipse, freedesktop.org, FreeBSD, Gentoo, GNOME, Haiku, KDE, LibreOffice,
#: Mageia, Mozilla, openSUSE, Red Hat, Tor, WebKit, Wine, WordPress and others.
RESOLUTIONS = {
    BugTaskStatus.FIXRELEASED: (
        "fixed, fix verified, fix released, fixed without code, fixed upstream, code fix, done,"
        "done errata, completed, complete, implemented, applied, delivered, released,"
        "current release, errata, next release, rawhide, patch already available, documented,"
        "answered, information provided, support, resolved"
    ),
    BugTaskStatus.WONTFIX: (
        "wontfix, will not fix, wont do, will fix later, rejected, not accepted, declined,"
        "later, maybe later, remind, deferred, postponed, upstream, reported upstream,"
        "upstream bug, not upstream, downstream, not our bug, third party, moved, migrated,"
        "eol, trac eol, old, intentional, by design, as designed, works as intended,"
        "behaves as intended, not supported, unsupported, unmaintained, pkgremoved,"
        "patch welcome, feature"
    ),
    BugTaskStatus.EXPIRED: (
        "obsolete, outdated, out of date, expired, stale, abandoned, inactive, incomplete,"
        "insufficient data, insufficient info, insufficient information, not enough information,"
        "missing information, needinfo, needs info, need more info, needs more info,"
        "waiting for info, too vague, backtrace, feedback timeout, no response, no feedback,"
        "user disappeared, overcome by events, configuration changed"
    ),
    # A bug that duplicates another is over; what is still to happen happens there.
    BugTaskStatus.INVALID: (
        "invalid, works for me, duplicate, dup, not a bug, not a problem, not a defect,"
        "not an issue, no change required, notgnome, not eclipse, not an ooo issue, cantfix,"
        "cant reproduce, cannot reproduce, irreproducible, unreproducible, not reproducible,"
        "unable to reproduce, user error, test-request, test bug, spam"
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


#: What a bug is in each state of that tracker, where nothing says more.
FORMER_STATES = {
    "Open": BugTaskStatus.NEW,
    "Closed": BugTaskStatus.FIXRELEASED,
    "Pending": BugTaskStatus.INCOMPLETE,
}
_COLUMNS = {"closed": 1, "pending": 2}


def by_state(states: Mapping[str, BugTaskStatus] = FORMER_STATES) -> dict[str, BugTaskStatus]:
    """What each state means, by itself and with each of the resolutions in
    `RESOLUTIONS_BY_STATE`: it is closed or pending if it is called so, else open."""
    return {
        **states,
        **{
            f"{state} {resolution}": meanings[_COLUMNS.get(state.lower(), 0)]
            for state in states
            for resolution, meanings in RESOLUTIONS_BY_STATE.items()
        },
    }


def in_state(state: str, *tables: Mapping[BugTaskStatus, str]) -> dict[str, BugTaskStatus]:
    """What each word of some tables means after the name of a state."""
    return {
        f"{state} {word.strip()}": meaning
        for table in tables
        for meaning, words in table.items()
        for word in words.split(",")
    }


def former_workflow(
    opened: Mapping[BugTaskStatus, str],
    closed: Mapping[BugTaskStatus, str],
    states: Mapping[str, BugTaskStatus] = FORMER_STATES,
) -> Workflow:
    """That of programs which came from SourceForge's: a state, and a word beside it that means
    what such words do, or as `opened` and `closed` tell."""
    return Workflow(
        (
            in_state("Open", opened),
            in_state("Closed", closed),
            by_state(states),
            in_state("Open", STATUSES),
            in_state("Closed", RESOLUTIONS),
        )
    )


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


def importances_with(*ranked: str, **named: str) -> Vocabulary[BugTaskImportance]:
    """`IMPORTANCES`, before which come words of a type's own: for each importance from the
    highest down, and by its name, as in ``high="urgent, severe"``."""
    table = dict(zip(reversed(BugTaskImportance), ranked, strict=False))
    table.update((BugTaskImportance[name.upper()], words) for name, words in named.items())
    return IMPORTANCES.plus(table)
