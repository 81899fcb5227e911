"""GNATS, as it is seen on the web.

Its own protocol is hardly ever open to strangers.  What there is for everybody is the text of
each problem report on a page: https://www.netbsd.org/developers/PR.html,
https://www.gnu.org/software/gnats/doc/.  The dialect ``single`` is NetBSD's page, ``query`` the
one that others have.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.reading import text_of
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import importances_with
from malonewatch.interfaces import BugTaskStatus, Politeness, Response

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


class Single(PageDialect):
    """Each problem report by its page."""

    dialect_name = "single"
    page = "/cgi-bin/query-pr-single.pl?number="

    def page_of(self, remotebug: str) -> str:
        return self.page + remotebug

    def ask_identity(self) -> Ask:
        return Ask(self.page_of("1"), form=Form.PAGE)

    def identity(self, answer: str) -> str | None:
        return "GNATS" if self.item_of(answer) or NO_REPORT.search(answer) else None

    def refusal(self, page: str) -> Finding | None:
        if NO_REPORT.search(page):
            return Finding.MISSING
        return Finding.PRIVATE if CONFIDENTIAL.search(page) else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if not ask.alone or response.status not in (200, 404):
            return super().judge(ask, response, answer)
        if response.status == 200 and self.item_of(answer):
            return None
        # The page is not there, or it is another.
        other = Finding.ABSENT if response.status == 404 else Finding.SPOILED
        return self.refusal(answer or "") or other

    def item_of(self, page: str) -> dict[str, str] | None:
        """The fields of one line in a report, by name."""
        fields: dict[str, str] = {}
        for name, value in FIELD.findall(page):
            if name == REST:
                break
            fields[name] = text_of(value)
        return {**fields, "id": fields["Number"]} if "Number" in fields else None

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


class Query(Single):
    dialect_name = "query"
    page = "/cgi-bin/query-pr.cgi?pr="


class GNATS(ExternalBugTracker):
    """GNATS; https://www.gnu.org/software/gnats/."""

    title = "GNATS"
    protocols = (Single, Query)
    politeness = Politeness(concurrency=1)
    hosts = {
        **{f"{name}netbsd.org": "https://gnats.netbsd.org" for name in ("gnats.", "www.", "")},
        **dict.fromkeys(("www.freebsd.org", "freebsd.org"), "https://www.freebsd.org"),
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
    importances = importances_with(high="serious", low="non-critical")

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        # People write kern/1234 and PR kern/1234; the number alone says which it is.
        return super().canonicalRemoteBug(remotebug.rpartition("/")[2])

    def getBugURL(self, remotebug: str) -> str:
        is_other = self.dialect == Query.dialect_name
        parts = {"id": remotebug, "cgi": "cgi-bin", "category": ""}
        return self.baseurl + self.urls[1 if is_other else 0].build(parts)


def moment(text: str) -> datetime | None:
    """A time such as "Fri May 14 20:45:00 +0000 2021"; None for none."""
    try:
        # Without an offset it is anybody's.
        return parsedate_to_datetime(text).astimezone(timezone.utc) if OFFSET.search(text) else None
    except (TypeError, ValueError, OverflowError):
        return None
