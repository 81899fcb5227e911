"""YouTrack, from 2019.1 on, asked with its REST API.

https://www.jetbrains.com/help/youtrack/devportal/resource-api-issues.html
https://www.jetbrains.com/help/youtrack/devportal/api-query-syntax.html
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Judgement, Read
from malonewatch.externalbugtracker.driver.reading import list_of, parse_json, written
from malonewatch.externalbugtracker.driver.times import from_epoch
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES, importances_with
from malonewatch.interfaces import RemoteVocabulary, Response, StatusReading
from malonewatch.interfaces.enumerations import BugTaskStatus, Certainty
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, IMoves

FIELDS = (
    "idReadable,summary,updated,resolved,customFields($type,name,value(name)),"
    "links(direction,linkType(sourceToTarget,targetToSource),issues(idReadable))"
)
#: All kinds of links there are come with each issue, and hardly ever an issue at any.
ISSUES = list_of(("idReadable", "summary", "updated", "resolved", "customFields"), ("links",))
#: A project has the fields that it likes, and calls them what it likes; these are of the kinds
#: whose values say whether an issue is over.
STATE_KINDS = ("StateIssueCustomField", "StateMachineIssueCustomField")
STATE, PRIORITY, FIXED_IN = (
    ("state", "status", "stage"),
    ("priority", "severity"),
    ("fix versions", "fix version", "fixed in version"),
)
DUPLICATES = "duplicates"
#: What it says of a list where none of the issues is there.
INVALID_QUERY = "invalid_query"

# Those that come with its templates, and JetBrains' own.
OPEN = {
    BugTaskStatus.NEW: "submitted, open, reopened, backlog, unresolved, to do",
    BugTaskStatus.CONFIRMED: "to be discussed, shelved",
    BugTaskStatus.INPROGRESS: "develop, investigating, fixed in branch",
    BugTaskStatus.INCOMPLETE: "wait for reply, waiting for reply",
    BugTaskStatus.FIXCOMMITTED: "test, staging, to verify, without verification",
}
OVER = {
    BugTaskStatus.FIXRELEASED: "verified, closed, included",
    BugTaskStatus.WONTFIX: "third party problem",
}

_page = partial(URLShape, slug=r"[^/]{1,500}", board=r"[^/]{1,99}(?:/[^/]{1,99})?")


@implementer(IBatches, IDuplicates, IMoves)
class YouTrack(ExternalBugTracker):
    """A YouTrack; https://www.jetbrains.com/youtrack/."""

    title = "YouTrack"
    # It lists all kinds of links there are, of each issue.
    bytes_per_bug = 32 * 1024
    values_per_bug = 1500
    page_size = 250
    request_size = 500
    id_field = "idReadable"
    asks_what = "/api/config?fields=version"
    multi_product = True
    folds_ids = keyed_ids = True
    renames_moved = True
    id_pattern = r"[A-Z][A-Z0-9_]{0,30}-[1-9][0-9]{0,17}"
    hosts = {"youtrack.jetbrains.com": "https://youtrack.jetbrains.com"}
    clouds = {".youtrack.cloud": "", ".myjetbrains.com": "/youtrack"}
    urls = (
        _page("/issue/{id:key}"),
        _page("/issue/{id:key}/{slug}"),
        _page("/agiles/{board}?issue={id:key}"),
        # Others write these, too.
        _page("/api/issues/{id:key}", certainty=Certainty.GUESS),
        _page("/tickets/{id:key}", certainty=Certainty.GUESS),
        _page("/tickets/{id:key}/{slug}", certainty=Certainty.GUESS),
    )
    file_link = (
        "/newIssue?project={product}&summary={summary}&description={description}",
        "/newIssue?summary={summary}&description={description}",
    )
    search_link = ("/issues/{product}?q={summary}", "/issues?q={summary}")
    statuses = Workflow((OPEN, OVER, STATUSES, RESOLUTIONS), (), (OVER, RESOLUTIONS))
    importances = importances_with("show-stopper")

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        query = f"issue id: {', '.join(ids)}"
        # Without a number they are 42 at most.
        parameters = (("query", query), ("fields", FIELDS), ("$top", str(len(ids))))
        yield Ask("/api/issues", parameters, tuple(ids), shape=ISSUES)

    def ask_one(self, remotebug: str) -> Ask:
        return Ask(f"/api/issues/{remotebug}", (("fields", FIELDS),), (remotebug,), alone=True)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        # One that is not there may cost a list all others, so they come in shorter lists.
        size = math.isqrt(len(ids))
        for start in range(0, len(ids), size):
            some = ids[start : start + size]
            yield from self.ask_many(some, None) if len(some) > 1 else map(self.ask_one, some)

    def identity(self, answer: Any) -> str | None:
        # Whatever it gives has that.
        return f"YouTrack {answer['version']}" if "$type" in answer else None

    def ask_whoami(self) -> Ask:
        return Ask("/api/users/me", (("fields", "login,guest"),))

    def whoami(self, answer: Any) -> str | None:
        return None if answer.get("guest") else str(answer["login"])

    def ask_vocabulary(self) -> Iterable[Ask]:
        wanted = (("fields", "name,values(name,isResolved)"), ("$top", "1000"))
        for kind in ("state", "enum"):
            yield Ask(f"/api/admin/customFieldSettings/bundles/{kind}", wanted)

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        states, others = answers
        closed = {
            value["name"]: bool(value["isResolved"]) for each in states for value in each["values"]
        }
        priorities = dict.fromkeys(
            value["name"]
            for each in others
            if "priorit" in each["name"].lower()
            for value in each["values"]
        )
        return RemoteVocabulary(closed, tuple(priorities))

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        says_why = isinstance(answer, dict) and "error" in answer
        if says_why and response.status == 400 and answer["error"] == INVALID_QUERY:
            return None
        # Where guests are let in at all, what they may not see is said not to be there.
        about_it = says_why and response.status != 401
        return super().judge(ask if about_it else ask.for_all(), response, answer)

    def records(self, answer: Any) -> Iterable[Any]:
        if "error" in answer:
            return
        for record in super().records(answer):
            if (links := written(record.get("links"))) is not None:
                record["links"] = parse_json(links) if b"idReadable" in links else []
            yield record

    def read(self, record: Mapping[str, Any]) -> Read:
        fields, states = {}, {}
        for field in record["customFields"]:
            name = field["name"].lower()
            fields[name] = field
            if field.get("$type") in STATE_KINDS:
                states[name] = field
        resolved = record["resolved"]
        over = resolved is not None
        return Read(
            values_of(states or fields, STATE)
            or values_of(states, states)
            # A project may do without.
            or ("Resolved" if over else "Unresolved"),
            record["summary"] or "",
            values_of(fields, PRIORITY),
            modified=from_epoch(record["updated"] / 1000),
            closed=over,
            duplicate_of=original(record),
            date_closed=from_epoch(resolved / 1000) if over else None,
            # Of an open issue it is but a plan.
            fixed_in=values_of(fields, FIXED_IN) if over else "",
        )

    def reading(self, remotestatus: str, resolution: str, closed: bool | None) -> StatusReading:
        if closed:
            return self.statuses.read_over(remotestatus, resolution)
        found = super().reading(remotestatus, resolution, closed)
        if closed is False and found.status is BugTaskStatus.FIXRELEASED:
            return found._replace(status=BugTaskStatus.FIXCOMMITTED)
        return found


def values_of(fields: Mapping[str, Any], names: Iterable[str]) -> str:
    """The names of the values of the first field, of those that are called so, that has any."""
    for field in filter(None, map(fields.get, names)):
        value = field["value"]
        if type(value) is dict and value.get("name"):
            # Most have one.
            return str(value["name"])
        found = [
            each["name"]
            for each in (value if isinstance(value, list) else [value])
            if isinstance(each, dict) and each.get("name")
        ]
        if found:
            return ", ".join(found)
    return ""


def original(record: Mapping[str, Any]) -> str | None:
    """The id of the issue that an issue duplicates."""
    for link in record.get("links") or ():
        # All kinds of links are there, most of them to no issue.
        if link["issues"]:
            kind = link["linkType"]
            words = kind["targetToSource" if link["direction"] == "INWARD" else "sourceToTarget"]
            if (words or "").lower() == DUPLICATES:
                issue: str = link["issues"][0]["idReadable"]
                return issue
    return None
