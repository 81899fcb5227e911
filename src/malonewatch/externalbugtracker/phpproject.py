"""PHP's bug tracker at bugs.php.net, and others that run its software, such as PEAR's.

Each bug is read from its feed, ``www/rss/bug.php`` in https://github.com/php/web-bugs, in XML of
the software's own.  There is nothing for many bugs, and nothing that tells what changed.
"""

import re
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.reading import Unreadable, parse_xml
from malonewatch.externalbugtracker.driver.times import from_epoch
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import IMPORTANCES
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, Certainty, Politeness, Response

# All that it says of a bug that it does not show; PEAR's says it with the HTTP status 200.
SAYINGS = {"Nothing found": Finding.MISSING, "Access restricted": Finding.PRIVATE}
# The root of a feed; and PEAR's.
ROOTS = ("bug", "pearbug")
# Characters that XML cannot have, even so.
CONTROLS = re.compile(r"&#(?:[0-8]|1[124-9]|2[0-9]|3[01]);")

OPEN = {
    BugTaskStatus.NEW: "Open, Re-Opened",
    BugTaskStatus.CONFIRMED: "Critical, Verified",
    BugTaskStatus.TRIAGED: "Analyzed",
    BugTaskStatus.INPROGRESS: "Assigned",
    # The latter waits for what others have to do.
    BugTaskStatus.INCOMPLETE: "Feedback, Suspended",
}
# "Bogus" is what "Not a bug" was called until 2012, and is at PEAR.
CLOSED = {
    BugTaskStatus.FIXRELEASED: "Closed",
    BugTaskStatus.WONTFIX: "Wont fix",
    BugTaskStatus.EXPIRED: "No Feedback",
    BugTaskStatus.INVALID: "Bogus, Duplicate, Not a bug, Spam",
}
_OPEN, _CLOSED = Workflow(OPEN).statuses, Workflow(CLOSED).statuses


class PHPProject(ExternalBugTracker):
    """A bug tracker as PHP has it; https://github.com/php/web-bugs."""

    title = "PHP's bug tracker"
    dialect_name = "feed"
    # It has been known to hang.
    politeness = Politeness(concurrency=1, gap=2)
    # Comments come along.
    bytes_base = 512 * 1024
    hosts = {"bugs.php.net": "https://bugs.php.net"}
    highest_id = 2**31 - 1
    urls = (
        # MySQL's has such URLs, too, and has become another program.
        URLShape("/bug.php?id={id}", certainty=Certainty.GUESS),
        URLShape("/{id}", registered=True),
        URLShape("/rss/bug.php?id={id}", certainty=Certainty.GUESS),
    )
    search_link = "/search.php?cmd=display&status=All&search_for={summary}"
    statuses = Workflow({**OPEN, **CLOSED})
    importances = IMPORTANCES.plus(
        {
            BugTaskImportance.WISHLIST: "Feature/Change Request",
            # It says what a bug is about, and not how bad it is.
            BugTaskImportance.UNDECIDED: "Bug, Documentation Problem, Security",
        }
    )

    def ask_one(self, remotebug: str) -> Ask:
        query = (("id", remotebug), ("format", "xml"))
        return Ask("/rss/bug.php", query, (remotebug,), alone=True, form=Form.PAGE)

    def ask_identity(self) -> Ask:
        return Ask("/rss/bug.php", (("id", "1"), ("format", "xml")), form=Form.PAGE)

    def identity(self, answer: str) -> str | None:
        return self.title if answer.strip() in SAYINGS or self.records(answer) else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        finding = SAYINGS.get(answer.strip()) if isinstance(answer, str) else None
        if finding is None:
            return super().judge(ask, response, answer)
        return finding if ask.ids else None

    def records(self, answer: str) -> Iterable[Any]:
        try:
            bug = parse_xml(CONTROLS.sub("", answer).encode())
        except Unreadable:
            raise LookupError("no XML") from None
        if bug.tag not in ROOTS or bug.find("sdesc") is None:
            raise LookupError(bug.tag)
        return [bug]

    def ids_of(self, record: Element) -> Iterable[str]:
        return (record.findtext("id", ""),)

    def read(self, record: Element) -> Read:
        status, title, kind, modified, submitted = (
            record.findtext(name, "").strip()
            for name in ("status", "sdesc", "bug_type", "modified", "submitted")
        )
        # What a bug duplicates is told in a comment.
        return Read(
            status,
            title,
            # The one status that is an importance.
            status if status == "Critical" else kind,
            modified=from_epoch(
                modified or record.findtext("ts2a") or submitted or record.findtext("ts1a") or ""
            ),
            closed=True if status in _CLOSED else False if status in _OPEN else None,
        )
