"""What labels say of a bug.  Pure.

Forges have no fields for how important a bug is, and why it was closed; projects make labels for
that, and write them in many ways: ``priority::high``, ``Severity: 1``, ``P1``, ``kind/feature``,
``status::needs info``, ``wontfix``.
"""

import re
from collections.abc import Iterable, Sequence

from malonewatch.externalbugtracker.driver.remembering import remembered
from malonewatch.externalbugtracker.driver.vocabulary import (
    Statuses,
    Vocabulary,
    Workflow,
    fold,
    row_of,
)
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES, in_state
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, TableRow

#: What a label begins with, or ends with, that tells an importance; and with which letter its
#: numbers are written elsewhere.
WEIGHTS = {
    **dict.fromkeys(("priority", "prio", "importance", "urgency"), "p"),
    **dict.fromkeys(("severity", "sev", "impact"), "s"),
}
KINDS = frozenset({"type", "kind", "category"})
#: What one begins with that tells a status, while a bug is open; and when it is closed.
STATES = frozenset({"status", "workflow", "state", "stage", "reviewed"})
ENDS = frozenset({"resolution", "reason"})
#: Labels that tell a status though nothing before them says so.
OPEN_LABELS = {
    BugTaskStatus.NEW: "unconfirmed, needs triage",
    BugTaskStatus.CONFIRMED: "accepted, blocked, confirmed",
    BugTaskStatus.TRIAGED: "triaged",
    BugTaskStatus.INPROGRESS: "doing, in progress, in review, needs review, review, wip",
    BugTaskStatus.INCOMPLETE: (
        "info needed, need more info, needinfo, needs info, needs information, needs more info,"
        "waiting for info"
    ),
}
CLOSED_LABELS = {
    BugTaskStatus.WONTFIX: (
        "as designed, by design, declined, rejected, wont do, wontfix, will not fix,"
        "works as intended"
    ),
    BugTaskStatus.EXPIRED: "obsolete, stale",
    BugTaskStatus.INVALID: (
        "cannot reproduce, cant reproduce, dup, duplicate, invalid, not a bug, not an issue, spam,"
        "works for me"
    ),
}


def issue_workflow(
    opened: str, statuses: Statuses, resolutions: Sequence[Statuses] = ()
) -> Workflow:
    """What becomes of issues and pull requests which are `opened`, as that is called, closed or
    merged; a label, or a reason, beside that says more."""
    common = {
        BugTaskStatus.NEW: opened,
        BugTaskStatus.FIXCOMMITTED: "merged",
        BugTaskStatus.WONTFIX: "closed unmerged",
    }
    return Workflow(
        (common, statuses, in_state(opened, OPEN_LABELS, STATUSES)),
        {BugTaskStatus.FIXRELEASED: "closed"},
        (*resolutions, RESOLUTIONS),
    )


#: That of GitHub and those that took after it.
ISSUE_STATUSES = issue_workflow(
    "open",
    {BugTaskStatus.INPROGRESS: "open draft"},
    ({BugTaskStatus.WONTFIX: "not planned"},),
)

_OPEN, _CLOSED, _RESOLUTIONS = map(Vocabulary, (OPEN_LABELS, CLOSED_LABELS, RESOLUTIONS))
_WORDS = re.compile(r"[^\W_]+")
# GNOME numbers its labels: "2. Needs Information".
_NUMBER = re.compile(r"\d{1,2}\.\s+")
_SCOPE = re.compile(r"([\w -]{1,40}?)\s*(?:::|[:/=])\s*(\S.*)", re.DOTALL)

Importances = Vocabulary[BugTaskImportance]


def row_of_label(label: str, importances: Importances) -> TableRow | None:
    """The row with the importance that a label tells; None if it tells none that is known."""
    return _weigh(label, importances)[1]


def weight_of(labels: Iterable[str], importances: Importances) -> str:
    """The label that tells how important a bug is, "" if none does.

    One that says what it is about comes before one that does not, and that before the kind of
    bug that it is; what is known before what is not.
    """
    best, least = "", (True, 3)
    for label in labels:
        rank, row = _weigh(label, importances)
        if rank and (row is None or row.meaning is BugTaskImportance.UNDECIDED):
            continue
        if (row is None, rank) < least:
            best, least = label, (row is None, rank)
    return best


@remembered
def _weigh(label: str, importances: Importances) -> tuple[int, TableRow | None]:
    """How sure it is that a label is about importance, 0 being surest, and what it tells."""
    words = _WORDS.findall(label.lower())
    keys = [word for word in words if word in WEIGHTS]
    rest = [word for word in words if word not in WEIGHTS]
    if keys and rest:
        value = " ".join(rest)
        if value.isdecimal():
            value = WEIGHTS[keys[0]] + value
        # A site may mean one label by it, whatever such a word means.
        return 0, _row(importances, label, value)
    if len(words) > 1 and words[0] in KINDS:
        return 2, _row(importances, label, " ".join(words[1:]))
    return 1, _row(importances, _NUMBER.sub("", label, count=1))


def _row(importances: Importances, *words: str) -> TableRow | None:
    """The row of the first of those words that is known."""
    rows = (row_of("importances", importances, word) for word in words)
    return next((row for row in rows if row is not None), None)


def status_of(labels: Iterable[str], closed: bool) -> str:
    """What labels say of the status of a bug that is open, or `closed`; "" if nothing."""
    bare = ""
    for label in labels:
        is_sure, said = _say(label, closed)
        if is_sure:
            return said
        bare = bare or said
    return bare


@remembered
def _say(label: str, closed: bool) -> tuple[bool, str]:
    """Whether a label is about the status, for sure, and what it says; "" if nothing."""
    scope = _SCOPE.fullmatch(label.strip())
    if scope is not None:
        key, value = fold(scope[1]), scope[2].strip()
        if closed and key in STATES:
            # What else it says is of the time before, as that something was to be told.
            is_end = value in _RESOLUTIONS and value not in _OPEN
            return (True, value) if is_end else (False, "")
        return (True, value) if key in (ENDS if closed else STATES) else (False, "")
    word = _NUMBER.sub("", label.strip(), count=1)
    return False, word if word in (_CLOSED if closed else _OPEN) else ""
