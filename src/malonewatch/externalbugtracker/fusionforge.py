"""FusionForge, and GForge before it.

An item of a tracker is read from its page, ``src/common/tracker/actions/detail.php``
in the sources, https://scm.fusionforge.org.  A tracker's items can be had in CSV, too,
but only all of them at once with all their comments, and only by whoever knows the
numbers of the project and of the tracker, which many URLs do not tell.  A task is read
from what ``src/www/pm/t_lookup.php`` gives, which is JSON.

An item's number is the site's; its id is that number, and a task's ``task/12``.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

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
    by_state,
    in_state,
    invert,
    join,
    text_of,
)
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, Response

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


class FusionForge(ExternalBugTracker):
    """A FusionForge or GForge; https://fusionforge.org/."""

    title = "FusionForge"
    dialect_name = "page"
    # An item's page has all its comments.
    bytes_base = 4 * 1024 * 1024
    multi_product = True
    hosts = {
        name: f"https://{name}"
        for name in (
            *("fusionforge.org", "r-forge.r-project.org"),
            *("alioth.debian.org", "gforge.inria.fr", "rubyforge.org"),
        )
    }
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
    statuses = Workflow(
        invert(
            in_state("Open", OPEN),
            in_state("Closed", CLOSED),
            by_state(
                {
                    "Open": BugTaskStatus.NEW,
                    "Closed": BugTaskStatus.FIXRELEASED,
                    "Pending": BugTaskStatus.INCOMPLETE,
                },
                {"Open": 0, "Closed": 1, "Pending": 2},
            ),
            in_state("Open", STATUSES),
            in_state("Closed", RESOLUTIONS),
        )
    )
    # The highest priority is 5.
    importances = IMPORTANCES.plus(
        {
            BugTaskImportance.CRITICAL: "5",
            BugTaskImportance.HIGH: "4",
            BugTaskImportance.MEDIUM: "3",
            BugTaskImportance.LOW: "2, 1",
        }
    )

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

    def ask_one(self, remotebug: str) -> Ask:
        kind, _, number = remotebug.rpartition("/")
        if kind:
            path, query = "/pm/t_lookup.php", [("tid", number)]
        else:
            path, query = "/tracker/index.php", [("func", "detail"), ("aid", number)]
        # The labels, and what goes wrong, are in the reader's language.
        headers = {"Accept-Language": "en"}
        return Ask(path, tuple(query), (remotebug,), alone=True, form=Form.PAGE, headers=headers)

    def ask_identity(self) -> Ask:
        return Ask("/", form=Form.PAGE)

    def identity(self, answer: str) -> str | None:
        found = _POWERED.search(answer)
        return None if found is None else found[1]

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if ask.alone and response.status < 400:
            if urlsplit(response.url).path.endswith("/account/login.php"):
                return Finding.PRIVATE
            if _EXIT in answer and item_of(answer) is None:
                if _DENIED.search(answer):
                    return Finding.PRIVATE
                if _MISSING.search(answer):
                    return Finding.MISSING
        return super().judge(ask, response, answer)

    def records(self, answer: str) -> Iterable[Any]:
        if answer.lstrip().startswith("{"):
            task = json.loads(answer)
            return ({**task, "id": f"task/{task['project_task_id']}"},)
        item = item_of(answer)
        if item is None:
            raise LookupError("the page of no item")
        return (item,)

    def ids_of(self, record: Any) -> Iterable[str]:
        return (record["id"],)

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


def item_of(page: str) -> dict[str, str] | None:
    """The fields of an item by the labels on its page, with its id and its title; None if it is
    the page of none."""
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
