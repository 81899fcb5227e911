"""Flyspray, from 0.9.9 on.

Its export as CSV tells neither of single tasks nor why one was closed.  So what is read is the
page of each, as the themes that come with it make it.  https://github.com/flyspray/flyspray
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES, importances_with
from malonewatch.interfaces import BugTaskStatus, Certainty, IDuplicates, Polling, Response

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

# Those that it comes with, and what else it means by common words.
OPEN = {
    BugTaskStatus.NEW: "unconfirmed, new, open, reopened",
    BugTaskStatus.CONFIRMED: "assigned",
    BugTaskStatus.INPROGRESS: "researching",
    BugTaskStatus.INCOMPLETE: "waiting on customer, waiting on response",
    BugTaskStatus.FIXCOMMITTED: "requires testing",
}


@implementer(IDuplicates)
class Flyspray(PageDialect, ExternalBugTracker):
    """A Flyspray; https://www.flyspray.org/."""

    title = "Flyspray"
    archives = {
        "bugs.archlinux.org": (
            "Arch Linux moved to gitlab.archlinux.org in 2023, and left an archive: "
            "each of its bugs is asked for until it is known how it is, and then never again."
        )
    }
    hosts = by_https("bugs.flyspray.org", *archives)
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
        (OPEN, STATUSES),
        {BugTaskStatus.FIXRELEASED: "closed"},
        ({BugTaskStatus.WONTFIX: "wont implement"}, RESOLUTIONS),
    )
    importances = importances_with(critical="flash", low="very low, defer")

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        return super().canonicalRemoteBug(re.sub(r"\A\s*FS#", "", remotebug, flags=re.IGNORECASE))

    def getBugURL(self, remotebug: str) -> str:
        # Not every live one has the short URLs; what is made of files has no others.
        shape = self.urls[4 if self.polling is Polling.ONCE else 0]
        return self.baseurl + shape.build({"id": remotebug})

    def identity(self, answer: Any) -> str | None:
        return "Flyspray" if MARK in answer else None

    def refusal(self, page: str) -> Finding | None:
        return Finding.PRIVATE if MARK in page and FORBIDDEN.search(page) else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        finding = super().judge(ask, response, answer)
        if finding is not None or not ask.alone or TITLE.search(answer):
            return finding
        # Who asks for what is not there is led to the start.
        is_led = MARK in answer and not response.url.endswith(ask.path)
        return Finding.MISSING if is_led else Finding.SPOILED

    def item_of(self, page: str) -> dict[str, Any] | None:
        title = TITLE.search(page)
        if title is None:
            return None
        fields = {
            (new or old).lower(): unescape(value).strip()
            for new, old, value in reversed(FIELD.findall(page))
        }
        start = CLOSED.search(page)
        closing = "" if start is None else page[start.end() : start.end() + 4096]
        reason = REASON.search(closing)
        resolution = "" if reason is None else unescape(reason[1]).strip()
        same = SAME.search(closing, reason.end()) if reason is not None else None
        itself = {"id": title[1], "title": unescape(title[2]).strip(), "closed": start is not None}
        return {**fields, **itself, "reason": resolution, "same": same[1] if same else None}

    def read(self, record: Mapping[str, Any]) -> Read:
        resolution, closed = record["reason"], record["closed"]
        # A project may choose not to show the status.
        status = record.get("status") or ("Closed" if closed else "Open")
        # When a task was changed is told in a time zone that is not.
        return Read(
            join(status, resolution),
            record["title"],
            join(record.get("priority", ""), record.get("severity", "")),
            resolution,
            closed=closed,
            duplicate_of=record["same"] if resolution.lower() == "duplicate" else None,
        )
