"""Flyspray, from 0.9.9 on.

It has no interface for programs, and its export as CSV tells neither of single
tasks nor why one was closed.  So what is read is the page of each task, as the
themes that come with Flyspray make it.  https://github.com/flyspray/flyspray
"""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    IMPORTANCES,
    RESOLUTIONS,
    STATUSES,
    Ask,
    ExternalBugTracker,
    Finding,
    Form,
    Instead,
    Read,
    URLShape,
    Workflow,
    invert,
    join,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    Certainty,
    IBugTrackerFacts,
    IDuplicates,
    Polling,
    Response,
)

#: Trackers that are files by now, which nobody changes any more.
ARCHIVES = {
    "bugs.archlinux.org": (
        "Arch Linux moved to gitlab.archlinux.org in 2023, and left an archive: "
        "each of its bugs is asked for until it is known how it is, and then never again."
    )
}
#: What the head of each page says that it is.
MARK = "Flyspray, a Bug Tracking System"
# An error's number is the same in all languages; that there is no such task is told elsewhere.
FORBIDDEN = re.compile(r'<div class="error">(?:<[^<>]{0,99}>){0,9}[^<>#]{0,99}#10[12]\b')
TITLE = re.compile(r'<h2 class="summary[^<>]{0,99}>\s{0,99}FS#(\d{1,10}) - ([^<>]{0,500})</h2>')
# Since 1.0 there is a comment before each field; before that they were cells with headers.
FIELD = re.compile(
    r'(?:<!-- (\w{1,30}) -->\s{0,99}<li>\s{0,99}<span class="label">[^<>]{0,99}</span>\s{0,99}'
    r'<span[^<>]{0,200}class="value">|<td headers="(\w{1,30})"[^<>]{0,99}>)([^<>]{0,200})<'
)
CLOSED = re.compile(r'<div id="taskclosed">')
REASON = re.compile(r"<strong>[^<>]{0,99}</strong>(?:\s|&nbsp;){0,99}([^<>]{0,200})<br")
# Flyspray itself takes no other words for a duplicate.
SAME = re.compile(r"\b(?:FS#|bug )(\d{1,10})\b")


@implementer(IDuplicates)
class Flyspray(ExternalBugTracker):
    """A Flyspray; https://www.flyspray.org/."""

    title = "Flyspray"
    dialect_name = "page"
    # A page has all comments.
    bytes_base = 2 * 1024 * 1024
    hosts = {host: f"https://{host}" for host in (*ARCHIVES, "bugs.flyspray.org")}
    urls = (
        URLShape("/index.php?do=details&task_id={id}"),
        URLShape("/?do=details&task_id={id}"),
        URLShape("/index.php?do=details&id={id}"),
        URLShape("/?do=details&id={id}"),
        # Other programs have tasks as well.
        URLShape("/task/{id}", certainty=Certainty.GUESS),
        URLShape("/{id}", registered=True),
    )
    highest_id = 2**31 - 1
    multi_product = True
    # A product is the number of a project.
    file_link = "/index.php?do=newtask&project={product}&item_summary={summary}"
    search_link = (
        "/index.php?do=index&project={product}&status%5B%5D=&string={summary}",
        "/index.php?do=index&project=0&status%5B%5D=&string={summary}",
    )
    statuses = Workflow(
        invert(
            {
                BugTaskStatus.NEW: "unconfirmed, new, open, reopened",
                BugTaskStatus.CONFIRMED: "assigned",
                BugTaskStatus.INPROGRESS: "researching",
                BugTaskStatus.INCOMPLETE: "waiting on customer, waiting on response",
                BugTaskStatus.FIXCOMMITTED: "requires testing",
            },
            STATUSES,
        ),
        {BugTaskStatus.FIXRELEASED: "closed"},
        invert({BugTaskStatus.WONTFIX: "wont implement"}, RESOLUTIONS),
    )
    importances = IMPORTANCES.plus(
        {BugTaskImportance.CRITICAL: "flash", BugTaskImportance.LOW: "very low, defer"}
    )

    def __init__(self, facts: IBugTrackerFacts) -> None:
        super().__init__(facts)
        archive = ARCHIVES.get(urlsplit(self.baseurl).netloc)
        if archive is not None:
            self.polling, self.not_polled = Polling.ONCE, archive
        # Not every live one has the short URLs; what is made of files has no others.
        self._shape = self.urls[0 if archive is None else 4]

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        return super().canonicalRemoteBug(re.sub(r"\A\s*FS#", "", remotebug, flags=re.IGNORECASE))

    def getBugURL(self, remotebug: str) -> str:
        return self.baseurl + self._shape.build({"id": remotebug})

    def ask_one(self, remotebug: str) -> Ask:
        return Ask(self._shape.build({"id": remotebug}), (), (remotebug,), True, form=Form.PAGE)

    def ask_identity(self) -> Ask:
        return Ask("/", form=Form.PAGE)

    def identity(self, answer: Any) -> str | None:
        return "Flyspray" if MARK in answer else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if response.status != 200 or not ask.alone or TITLE.search(answer):
            return super().judge(ask, response, answer)
        if MARK not in answer:
            return Finding.SPOILED
        if FORBIDDEN.search(answer):
            return Finding.PRIVATE
        # Who asks for what is not there is led to the start.
        return Finding.SPOILED if response.url.endswith(ask.path) else Finding.MISSING

    def records(self, answer: Any) -> Iterable[Any]:
        (number, title), *_ = TITLE.findall(answer)
        return [(number, title, answer)]

    def ids_of(self, record: Any) -> Iterable[str]:
        return (record[0],)

    def read(self, record: Any) -> Read:
        _, title, page = record
        fields = {
            (new or old).lower(): unescape(value).strip()
            for new, old, value in reversed(FIELD.findall(page))
        }
        start = CLOSED.search(page)
        closing = "" if start is None else page[start.end() : start.end() + 4096]
        reason = REASON.search(closing)
        resolution = "" if reason is None else unescape(reason[1]).strip()
        same = SAME.search(closing, reason.end()) if reason is not None else None
        # A project may choose not to show the status.
        status = fields.get("status") or ("Open" if start is None else "Closed")
        # When a task was changed is told in a time zone that is not.
        return Read(
            join(status, resolution),
            unescape(title).strip(),
            join(fields.get("priority", ""), fields.get("severity", "")),
            resolution,
            closed=start is not None,
            duplicate_of=same[1] if same and resolution.lower() == "duplicate" else None,
        )

    def plain(self, record: Any) -> Any:
        return record
