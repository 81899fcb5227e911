"""GNATS, as it is seen on the web.

It has a protocol of its own, at a port of its own, which is hardly ever open to
strangers, and is none of the web's.  What there is for everybody is the text of each
problem report on a page: https://www.netbsd.org/developers/PR.html,
https://www.gnu.org/software/gnats/doc/.

Dialects:

``single``
    NetBSD's page, ``query-pr-single.pl``.
``query``
    The page that others have, ``query-pr.cgi``.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from malonewatch.externalbugtracker.driver import (
    IMPORTANCES,
    Ask,
    Dialect,
    ExternalBugTracker,
    Finding,
    Form,
    Instead,
    Read,
    URLShape,
    Workflow,
    join,
    text_of,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    Politeness,
    Response,
)

BASE = "https://gnats.netbsd.org"
FREEBSD = "https://www.freebsd.org"
#: A line such as ">State:          open", in HTML; mails that follow may quote others.
FIELD = re.compile(
    r"^(?:<[^>\n]{1,200}>){0,5}(?:&gt;|>)([A-Z][A-Za-z-]{1,30}):[ \t]*([^\n]{0,2000})$",
    re.MULTILINE,
)
#: What the fields end with that are of one line.
REST = "Description"
NO_REPORT = re.compile(
    r"\bno (?:such )?PRs?\b"
    r"|\b(?:PR|problem report)[^.<\n]{0,40} (?:not found|does(?: not|n't) exist)",
    re.IGNORECASE,
)
OFFSET = re.compile(r" [+-]\d{4}\b", re.ASCII)
CONFIDENTIAL = re.compile("confidential", re.IGNORECASE)
#: What a closed report was, where that says that there was nothing to do.
NOTHING = ("duplicate", "mistaken")
CLOSED = ("closed", "dead")

# The first of each are those that it comes with; the others are NetBSD's, FreeBSD's and GCC's.
STATUSES = {
    BugTaskStatus.NEW: "open",
    BugTaskStatus.CONFIRMED: "suspended, stuck",
    BugTaskStatus.TRIAGED: "analyzed",
    BugTaskStatus.INPROGRESS: "repocopy",
    BugTaskStatus.INCOMPLETE: "feedback",
    BugTaskStatus.FIXCOMMITTED: "patched, needs-pullups, pending-pullups, validation",
    BugTaskStatus.FIXRELEASED: "closed",
    BugTaskStatus.INVALID: "closed duplicate, closed mistaken",
    BugTaskStatus.EXPIRED: "dead",
}


class _Report(Dialect):
    """Each problem report by its page."""

    path: ClassVar[str]
    parameter: ClassVar[str]
    # With all mails about it.
    bytes_base = 4 * 1024 * 1024

    def ask_one(self, remotebug: str) -> Ask:
        query = ((self.parameter, remotebug),)
        return Ask(self.path, query, (remotebug,), alone=True, form=Form.PAGE)

    def ask_identity(self) -> Ask:
        return Ask(self.path, ((self.parameter, "1"),), form=Form.PAGE)

    def identity(self, answer: Any) -> str | None:
        return "GNATS" if "Number" in fields_of(answer) or is_absent(answer) else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        text = answer or ""
        if "Number" in fields_of(text) and response.status == 200:
            return None
        if response.status in (200, 404) and ask.ids:
            if is_absent(text):
                return Finding.MISSING
            if CONFIDENTIAL.search(text):
                return Finding.PRIVATE
            # The page is not there, or it is another.
            return Finding.ABSENT if response.status == 404 else Finding.SPOILED
        return super().judge(ask, response, answer)

    def records(self, answer: Any) -> Iterable[Any]:
        return [fields_of(answer)]

    def ids_of(self, record: Any) -> Iterable[str]:
        return (record["Number"],)

    def read(self, record: Mapping[str, str]) -> Read:
        state, kind = record["State"].lower(), record.get("Class", "").lower()
        closed = state in CLOSED
        resolution = kind if closed and kind in NOTHING else ""
        # Of what it duplicates only the mails tell.
        return Read(
            join(state, resolution),
            record["Synopsis"],
            join(record.get("Priority", ""), record.get("Severity", "")),
            resolution,
            moment(record.get("Last-Modified", "")),
            closed,
            date_closed=moment(record.get("Closed-Date", "")),
        )


class Single(_Report):
    dialect_name = "single"
    path = "/cgi-bin/query-pr-single.pl"
    parameter = "number"


class Query(_Report):
    dialect_name = "query"
    path = "/cgi-bin/query-pr.cgi"
    parameter = "pr"


class GNATS(ExternalBugTracker):
    """GNATS; https://www.gnu.org/software/gnats/."""

    title = "GNATS"
    protocols = (Single, Query)
    politeness = Politeness(concurrency=1)
    hosts = {
        **dict.fromkeys(("gnats.netbsd.org", "www.netbsd.org", "netbsd.org"), BASE),
        **dict.fromkeys(("www.freebsd.org", "freebsd.org"), FREEBSD),
    }
    shut_down = {
        "www.freebsd.org": (
            "FreeBSD's problem reports moved to its Bugzilla in 2014, under the same numbers."
        )
    }
    urls = (
        URLShape("/cgi-bin/query-pr-single.pl?number={id}"),
        URLShape(
            "/{cgi}/query-pr.cgi?pr={category}{id}",
            cgi="cgi(?:-bin)?",
            category=r"(?:[A-Za-z][\w+-]{0,40}/)?",
        ),
        URLShape("/{id}", registered=True, at_root=True),
    )
    statuses = Workflow(STATUSES)
    importances = IMPORTANCES.plus(
        {BugTaskImportance.HIGH: "serious", BugTaskImportance.LOW: "non-critical"}
    )

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        # People write kern/1234 and PR kern/1234; the number alone says which it is.
        return super().canonicalRemoteBug(remotebug.rpartition("/")[2])

    def getBugURL(self, remotebug: str) -> str:
        is_other = self.dialect == Query.dialect_name
        parts = {"id": remotebug, "cgi": "cgi-bin", "category": ""}
        return self.baseurl + self.urls[1 if is_other else 0].build(parts)


def is_absent(page: str) -> bool:
    """Whether a page says that there is no such report."""
    return NO_REPORT.search(page) is not None


def fields_of(page: str) -> dict[str, str]:
    """The fields of one line in a report, by name."""
    fields: dict[str, str] = {}
    for name, value in FIELD.findall(page):
        if name == REST:
            break
        fields[name] = text_of(value)
    return fields


def moment(text: str) -> datetime | None:
    """A time such as "Fri May 14 20:45:00 +0000 2021"; None for none."""
    try:
        # Without an offset it is anybody's.
        return parsedate_to_datetime(text).astimezone(timezone.utc) if OFFSET.search(text) else None
    except (TypeError, ValueError, OverflowError):
        return None
