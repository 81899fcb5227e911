"""FusionForge, and GForge before it.

An item of a tracker is read from its page, ``src/common/tracker/actions/detail.php``
in the sources, https://scm.fusionforge.org: only whoever knows the numbers of its project
and its tracker can have CSV, of all items at once with all their comments.  A task is read
from what ``src/www/pm/t_lookup.php`` gives, which is JSON.

An item's number is the site's; its id is that number, and a task's ``task/12``.
"""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from malonewatch.externalbugtracker.driver.ask import Finding, Read
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.reading import text_of
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import join
from malonewatch.externalbugtracker.driver.words import former_workflow, importances_with
from malonewatch.interfaces import BugTaskStatus

_TASK = re.compile(r"task\s*[/#]\s*#?([0-9]{1,18})|\[?T([0-9]{1,18})\]?", re.IGNORECASE)
_ITEM = re.compile(r"\[#([0-9]{1,18})\]")
_HEADING = re.compile(r"<h[1-4]\b[^<>]*>\s*\[#([0-9]{1,18})\]([^<]*)")
# What is said in place of an item, with no other HTTP status, once somebody is told that the
# page exits with an error.
_EXIT = "Exiting with"
_DENIED = re.compile("permission denied", re.IGNORECASE)
_MISSING = re.compile(
    "does not exist|no (?:artifact|task) with id|could not get artifact|invalid artifact id",
    re.IGNORECASE,
)
_POWERED = re.compile("Powered By (FusionForge|GForge)", re.IGNORECASE)

STATES = {"Open": False, "Closed": True, "Pending": None}
# The resolutions that a new project's trackers come with, beside those of old.
OPEN = {
    BugTaskStatus.CONFIRMED: "Accepted As Bug",
    BugTaskStatus.INCOMPLETE: "Awaiting Response",
}
CLOSED = {
    BugTaskStatus.FIXRELEASED: "Accepted As Bug",
    BugTaskStatus.EXPIRED: "Awaiting Response",
}


class FusionForge(PageDialect, ExternalBugTracker):
    """A FusionForge or GForge; https://fusionforge.org/."""

    title = "FusionForge"
    login = "/account/login.php"
    multi_product = True
    # https://wiki.debian.org/Alioth, https://gitlab.inria.fr/siteadmin/doc/-/wikis
    shut_down = {
        "alioth.debian.org": (
            "Alioth was shut down for good in 2018; Debian's projects are at salsa.debian.org."
        ),
        "gforge.inria.fr": (
            "InriaForge was shut down for good; Inria's projects are at gitlab.inria.fr."
        ),
        "rubyforge.org": "RubyForge was shut down for good in 2014.",
    }
    hosts = by_https("fusionforge.org", "r-forge.r-project.org", *shut_down)
    urls = (
        URLShape("/tracker/index.php?aid={id}"),
        URLShape("/tracker?aid={id}"),
        URLShape("/tracker/a_follow.php/{id}"),
        URLShape("/tracker/a_follow.php?aid={id}"),
        URLShape("/tracker/t_follow.php/{id}"),
        URLShape("/support/tracker.php?aid={id}"),
        URLShape("/pm/task.php?project_task_id={id}", "task/{id}"),
        URLShape("/pm/t_follow.php/{id}", "task/{id}"),
        URLShape("/pm/t_follow.php?tid={id}", "task/{id}"),
        URLShape("/pm/t_lookup.php?tid={id}", "task/{id}"),
    )
    id_pattern = r"(?:task/)?[1-9][0-9]{0,17}"
    highest_id = 2**31 - 1
    file_link = "/tracker/?func=add&group_id={group}&atid={tracker}"
    search_link = "/search/?type_of_search=trackers&group_id={group}&words={summary}"
    statuses = former_workflow(OPEN, CLOSED)
    # The highest priority is 5.
    importances = importances_with("5", "4", "3", "2, 1")

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        remotebug = remotebug.strip()
        item, task = _ITEM.fullmatch(remotebug), _TASK.fullmatch(remotebug)
        if task is not None:
            return f"task/{super().canonicalRemoteBug(task[1] or task[2])}"
        return super().canonicalRemoteBug(item[1] if item is not None else remotebug)

    def getBugURL(self, remotebug: str) -> str:
        kind, _, number = remotebug.rpartition("/")
        if kind:
            return f"{self.baseurl}/pm/t_follow.php/{number}"
        return f"{self.baseurl}/tracker/index.php?func=detail&aid={number}"

    def link_values(
        self, remote_product: str | None, summary: str, description: str
    ) -> dict[str, str | None]:
        # The numbers of the project and of the tracker, as they stand in URLs.
        group, _, tracker = (remote_product or "").partition("&")
        numbers = {"group": group or None, "tracker": tracker.removeprefix("atid=") or None}
        return {**super().link_values(remote_product, summary, description), **numbers}

    def page_of(self, remotebug: str) -> str:
        return super().page_of(remotebug).replace("t_follow.php/", "t_lookup.php?tid=")

    def identity(self, answer: str) -> str | None:
        found = _POWERED.search(answer)
        return None if found is None else found[1]

    def refusal(self, page: str) -> Finding | None:
        if _EXIT not in page:
            return None
        if _DENIED.search(page):
            return Finding.PRIVATE
        return Finding.MISSING if _MISSING.search(page) else None

    def item_of(self, page: str) -> dict[str, Any] | None:
        """A task, or the fields of an item by the labels on its page, with its id and title."""
        if page.lstrip().startswith("{"):
            task = json.loads(page)
            return {**task, "id": f"task/{task['project_task_id']}"}
        heading = _HEADING.search(page)
        if heading is None:
            return None
        fields = {"id": heading[1], "title": text_of(heading[2])}
        # What people wrote comes after the fields, where tabs begin.
        for part in page[heading.end() :].partition("tabber")[0].split("<strong")[1:]:
            label, _, rest = part.partition(">")[2].partition("</strong")
            beside, _, after = rest.partition(">")[2].partition("</td")
            # Below the label, or in the next cell.
            value = text_of(beside) or text_of(after.partition(">")[2].partition("</td")[0])
            fields.setdefault(text_of(label).rstrip("*: "), value)
        return fields

    def read(self, record: Mapping[str, Any]) -> Read | Finding:
        if "project_task_id" in record:
            if "summary" not in record:
                # No more than its numbers are for everybody.
                return Finding.PRIVATE
            status, priority = record["status_name"], str(record["priority"])
            title = html.unescape(record["summary"])
            return Read(status, title, priority, closed=STATES.get(status))
        # Before 4.8 "Status" was what "State" is now; it may be a field of the tracker's own.
        names = ("State", "Status") if "State" in record else ("Status", "")
        state, own, resolution, severity, priority = (
            "" if (value := record.get(name, "")).casefold() == "none" else value
            for name in (*names, "Resolution", "Severity", "Priority")
        )
        if state == "Deleted":
            return Finding.DELETED
        resolution = resolution or own
        # The page tells when an item was filed, in the server's own time, and not when it was
        # changed; what an item duplicates is told in a comment.
        return Read(
            join(state, resolution) if state else "",
            record["title"],
            severity or priority,
            resolution if STATES.get(state) is not False else "",
            closed=STATES.get(state),
        )
