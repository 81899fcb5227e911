"""Jira, of Atlassian's cloud and of servers.

The dialect ``server`` is the search of Jira Server and Data Center,
https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/#api/2/search, ``cloud`` the one
that took its place in the cloud,
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.times import parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES
from malonewatch.interfaces import BugTaskStatus, Certainty, RemoteVocabulary, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, IMoves, ISweeps

FIELDS = (
    *("summary", "status", "resolution", "priority", "updated", "resolutiondate"),
    *("fixVersions", "issuelinks", "security"),
)
KEY = r"[A-Za-z][A-Za-z0-9_]{0,254}-[0-9]{1,18}"
CLOUD = ".atlassian.net"

_page = partial(
    URLShape,
    id=KEY,
    project=r"[A-Za-z0-9_]{1,255}",
    view=r"jira\.issueviews:issue-\w{1,20}",
    portal=r"\d{1,9}",
    version=r"\d|latest",
    part=r"core|discovery|polaris|servicedesk|software|work",
    rest=r"[^?]{1,200}",
    file=r"[\w.-]{1,255}",
)


class Server(Dialect):
    """A search, from one issue to the next."""

    dialect_name = "server"
    # A link names the other issue, with its summary and status.
    bytes_per_bug = 32 * 1024
    # It gives a thousand, where nobody says otherwise.
    page_size = 250
    swept_at_once = 0
    list_field = "issues"
    id_field = "key"
    renames_moved = True
    asks_what = "/rest/api/2/serverInfo"
    # In the cloud people have no log-in names.
    asks_who = ("/rest/api/2/myself", "name", "displayName")
    search = "/rest/api/2/search"
    issue = "/rest/api/2/issue"

    def speaks(self, authenticated: bool) -> bool:
        in_cloud = (urlsplit(self.tracker.baseurl).hostname or "").endswith(CLOUD)
        return super().speaks(authenticated) and not in_cloud

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        # Without being told, it fails as a whole for a key that there is not.
        yield self.find(ids, startAt=0, validateQuery=False)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        # Milliseconds; a date would be in the time zone of whoever asks.  What changes meanwhile
        # comes first, so that nothing slips from one page to one that was read.
        jql = f"updated >= {since.timestamp() * 1000:.0f} order by updated desc"
        return self.find((), jql=jql, fields=("key",), maxResults=500)

    def find(self, ids: Sequence[str], **parameters: Any) -> Ask:
        query = {"jql": f"key in ({','.join(ids)})", "fields": FIELDS, "maxResults": len(ids)}
        return Ask(self.search, ids=tuple(ids), method="POST", json={**query, **parameters})

    def ask_one(self, remotebug: str) -> Ask:
        query = (("fields", ",".join(FIELDS)),)
        return Ask(f"{self.issue}/{remotebug}", query, (remotebug,), alone=True)

    def identity(self, answer: Any) -> str | None:
        version = answer["version"]
        return "Jira Cloud" if answer.get("deploymentType") == "Cloud" else f"Jira {version}"

    def ask_vocabulary(self) -> Iterable[Ask]:
        return tuple(Ask(f"/rest/api/2/{what}") for what in ("status", "priority"))

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        closed = {status["name"]: is_done(status) for status in answers[0]}
        return RemoteVocabulary(closed, tuple(priority["name"] for priority in answers[1]))

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        # It says so of an issue that there is not; else it is the page that is not there.
        keys = answer.keys() if isinstance(answer, dict) else ()
        is_other = response.status == 404 and "errorMessages" not in keys
        if ask.alone and "issues" in keys:
            return Finding.SPOILED
        return super().judge(ask.for_all() if is_other else ask, response, answer)

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # The server may allow shorter pages only.
        end = answer["startAt"] + len(answer["issues"])
        if end >= answer["total"] or (ask.ids and not answer["issues"]):
            return None
        return replace(ask, json={**ask.json, "startAt": end})

    def read(self, record: Mapping[str, Any]) -> Read:
        fields = record["fields"]
        status, get = fields["status"], fields.get
        resolution = (get("resolution") or {}).get("name", "")
        closed = is_done(status)
        if closed is None:
            # Before Jira 6.2 there were no categories.
            closed = bool(resolution)
        versions = [version["name"] for version in get("fixVersions") or ()]
        return Read(
            join(status["name"], resolution),
            get("summary") or "",
            (get("priority") or {}).get("name", ""),
            resolution,
            parse_time(get("updated") or ""),
            closed,
            next(originals(fields), None) if "duplicate" in resolution.lower() else None,
            private=get("security") is not None,
            date_closed=parse_time(get("resolutiondate") or ""),
            # Of an open issue it is but a plan.
            fixed_in=", ".join(versions) if closed else "",
        )


class Cloud(Server):
    """A search, from token to token."""

    dialect_name = "cloud"
    page_size = 100
    search = "/rest/api/3/search/jql"
    issue = "/rest/api/3/issue"

    def speaks(self, authenticated: bool) -> bool:
        return Dialect.speaks(self, authenticated)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield self.find(ids)

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        token = answer.get("nextPageToken")
        if answer.get("isLast", token is None) or not token:
            return None
        return replace(ask, json={**ask.json, "nextPageToken": token})


@implementer(IBatches, IDuplicates, IMoves, ISweeps)
class Jira(ExternalBugTracker):
    """A Jira; https://www.atlassian.com/software/jira."""

    title = "Jira"
    request_size = 500
    multi_product = True
    protocols = (Server, Cloud)
    folds_ids = keyed_ids = True
    id_pattern = KEY
    hosts = {
        **by_https("bugreports.qt.io", "bugs.openjdk.org", "hibernate.atlassian.net"),
        **by_https("issues.jboss.org", "issues.jenkins.io", "issues.redhat.com"),
        **by_https("issues.sonatype.org", "jira.mariadb.org", "jira.mongodb.org"),
        **by_https("jira.slf4j.org", "tickets.puppet.com"),
        "issues.apache.org": "https://issues.apache.org/jira",
    }
    clouds = {CLOUD: ""}
    signatures = {"X-Hub-Signature": "sha256="}
    named_in = ("issue.key", "changelog.items.field=Key.fromString")
    urls = (
        _page("/browse/{id}"),
        # The cloud's own, before what elsewhere would be below a base URL.
        _page("/jira/{part}/{rest}/{id}", at_root=True),
        _page("/projects/{project}/issues/{id}"),
        _page("/si/{view}/{id}/{file}"),
        _page("/rest/api/{version}/issue/{id}"),
        _page("/servicedesk/customer/portal/{portal}/{id}"),
        _page("/jira/{rest}?selectedIssue={id}", at_root=True),
        _page("/secure/RapidBoard.jspa?selectedIssue={id}"),
        # YouTrack writes that, too.
        _page("/issues/{id}", certainty=Certainty.GUESS),
        _page("/issues?selectedIssue={id}", certainty=Certainty.GUESS),
    )
    file_link = "/secure/CreateIssueDetails!init.jspa?pid={product}&issuetype=1&summary={summary}"
    search_link = "/issues/?jql=text%20~%20%22{words}%22"
    statuses = Workflow(
        (
            {
                BugTaskStatus.NEW: "Open, To Do, Backlog, Gathering Impact, Reopened",
                BugTaskStatus.TRIAGED: "Selected for Development, Ready",
                BugTaskStatus.INPROGRESS: (
                    "Patch Available, In Implementation, Changes Suggested, Pull Request Sent,"
                    "Coding in Progress, Under Review"
                ),
                BugTaskStatus.INCOMPLETE: (
                    "Waiting for customer, Waiting for Infra, Waiting for user, Blocked"
                ),
                BugTaskStatus.FIXCOMMITTED: "Ready to Commit, Dev Complete, Verification, Testable",
                BugTaskStatus.WONTFIX: "Canceled, Cancelled",
            },
            STATUSES,
        ),
        {BugTaskStatus.FIXRELEASED: "Resolved, Closed, Done, Verified, Release"},
        (
            {
                BugTaskStatus.INVALID: "Non-Issue",
                BugTaskStatus.EXPIRED: "Auto Closed, Timed out, Gone away",
                BugTaskStatus.FIXRELEASED: (
                    "Staged, Workaround, Partially Completed, Explained, Community Answered,"
                    "Feedback Received"
                ),
                BugTaskStatus.WONTFIX: (
                    "Out of scope, Can't Do, External, Future Project, Withdrawn,"
                    "Works as Designed, Migrated to another ITS"
                ),
            },
            RESOLUTIONS,
        ),
    )

    def link_values(
        self, remote_product: str | None, summary: str, description: str
    ) -> dict[str, str | None]:
        # In the language of searches a quotation mark and a backslash mean something.
        words = summary.replace("\\", " ").replace('"', " ").strip()
        # A page for a new issue wants the number of a project, which nobody knows.
        product = remote_product if (remote_product or "").isdecimal() else None
        return {**super().link_values(product, summary, description), "words": words}


def is_done(status: Mapping[str, Any]) -> bool | None:
    """Whether a status is one of issues that are over; None if it does not tell."""
    category = (status.get("statusCategory") or {}).get("key")
    return None if category in (None, "undefined") else category == "done"


def originals(fields: Mapping[str, Any]) -> Iterator[str]:
    """The keys of the issues that an issue duplicates."""
    for link in fields.get("issuelinks") or ():
        for end, words in (("outwardIssue", "outward"), ("inwardIssue", "inward")):
            said = str(link["type"].get(words, "")).lower()
            # A site may have turned the link round: "is duplicated by" is what the other one is.
            if end in link and "duplicate" in said and "duplicated" not in said:
                yield str(link[end]["key"])
