"""Azure DevOps, once Visual Studio Team Services, and its server, once Team Foundation Server.

https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-items/get-work-items-batch
https://learn.microsoft.com/en-us/azure/devops/boards/work-items/guidance/choose-process
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import SplitResult, urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Judgement, Read
from malonewatch.externalbugtracker.driver.times import parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES, importances_with
from malonewatch.interfaces import BugTaskStatus, Certainty, Credentials, RecognisedURL, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates

CLOUD, FORMER_CLOUD = "dev.azure.com", ".visualstudio.com"
#: What is there beside the organisations.
NO_ORGANISATIONS = {"code", "developercommunity", "marketplace", "my", "www"}
#: Servers of 2019 and later know it as well as the cloud.
VERSION = ("api-version", "5.0")
FIELDS = TITLE, STATE, REASON, CHANGED, PRIORITY, SEVERITY, CLOSED = (
    *(f"System.{name}" for name in ("Title", "State", "Reason", "ChangedDate")),
    *(f"Microsoft.VSTS.Common.{name}" for name in ("Priority", "Severity", "ClosedDate")),
)
DUPLICATE_OF = "System.LinkTypes.Duplicate-Reverse"
#: How a message begins that there is no such work item, or that it may not be seen.
NO_WORK_ITEM = "TF401232"
#: Instead of leading to a page where people log in it shall say that somebody has to.
NO_REDIRECT = {"X-TFS-FedAuthRedirect": "Suppress"}

# Those of the processes that come with it: Agile, Basic, CMMI and Scrum.
OPEN = {
    BugTaskStatus.NEW: "to do, proposed, open, requested",
    BugTaskStatus.CONFIRMED: "ready",
    BugTaskStatus.INPROGRESS: "active, committed, doing, design",
}
CLOSING = {
    BugTaskStatus.FIXCOMMITTED: "resolved",
    BugTaskStatus.FIXRELEASED: "closed, done, completed",
    BugTaskStatus.WONTFIX: "removed, cut, inactive",
}
#: Why it is over, if not because it was done: that the state says.
REASONS = {**RESOLUTIONS, BugTaskStatus.FIXRELEASED: ""}
LEFT_OUT = {BugTaskStatus.WONTFIX: "copied to backlog, removed from the backlog, cut"}

# It is recognised once it is known where the organisation ends.
_page = partial(URLShape, registered=True, project=r"(?:/defaultcollection)?/[^/_][^/]{0,200}|")
HUB = r"_(?:boards|backlogs|sprints|workitems|queries)"


@implementer(IBatches, IDuplicates)
class AzureDevOps(ExternalBugTracker):
    """An organisation of Azure DevOps, or a collection of its server; https://dev.azure.com."""

    title = "Azure DevOps"
    # The question for relations gives descriptions, too.
    bytes_per_bug = 128 * 1024
    values_per_bug = 2000
    request_size = 200
    highest_id = 2**31 - 1
    multi_product = True
    knows_people = True
    # Of whatever is not public it tells strangers nothing.
    wants_login = True
    urls = (
        _page("/_workitems/edit/{id}"),
        _page("{project}/_workitems/edit/{id}"),
        _page("{project}/_workitems?id={id}"),
        _page("{project}/{hub}/{rest}?workitem={id}", hub=HUB, rest=r"[^?]{1,400}"),
        _page("{project}/_apis/wit/workitems/{id}"),
    )
    file_link = (
        "/{product}/_workitems/create/Bug"
        "?%5BSystem.Title%5D={summary}&%5BSystem.Description%5D={description}"
    )
    search_link = (
        "/{product}/_search?text={summary}&type=workitem",
        "/_search?text={summary}&type=workitem",
    )
    statuses = Workflow((OPEN, STATUSES), CLOSING, (LEFT_OUT, REASONS))
    importances = importances_with("1, 1 - Critical", "2, 2 - High", "3, 3 - Medium", "4, 4 - Low")

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        if "/_" not in url.path:
            return None
        base, certainty = base_of(url) if baseurl is None else (baseurl, Certainty.REGISTERED)
        if base is None:
            return None
        # All of it means the same in capitals.
        found = super().parseBugURL(urlsplit(url.geturl().lower()), base.lower())
        if found is None or found.certainty is not Certainty.REGISTERED:
            return None
        known = cls.getKnownBaseURL(url.netloc.lower()) if baseurl is None else None
        return RecognisedURL(known or base, found.remotebug, certainty)

    @classmethod
    def getKnownBaseURL(cls, netloc: str) -> str | None:
        organisation = netloc.removesuffix(FORMER_CLOUD)
        if organisation == netloc or "." in organisation or organisation in NO_ORGANISATIONS:
            return None
        return f"https://{CLOUD}/{organisation}"

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield batch(ids, {"fields": FIELDS})

    def ask_one(self, remotebug: str) -> Ask:
        query = (VERSION, ("$expand", "Relations"))
        path = f"/_apis/wit/workitems/{remotebug}"
        return Ask(path, query, (remotebug,), alone=True, headers=NO_REDIRECT)

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        # Relations cannot be had together with but a few fields.
        if ask.alone or len(answers) > 1:
            return None
        same = [str(item["id"]) for item in items(answers[0]) if is_duplicate(item)]
        return batch(same, {"$expand": "Relations"}) if same else None

    def ask_identity(self) -> Ask:
        return Ask("/_apis/connectionData", headers=NO_REDIRECT)

    def identity(self, answer: Any) -> str | None:
        if "instanceId" not in answer or "authenticatedUser" not in answer:
            return None
        in_cloud = answer.get("deploymentType") == "hosted"
        return "Azure DevOps" if in_cloud else "Azure DevOps Server"

    def whoami(self, answer: Any) -> str | None:
        name = answer["authenticatedUser"].get("providerDisplayName")
        return None if name in (None, "", "Anonymous") else str(name)

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        if credentials.token:
            # A personal access token is a password of nobody in particular.
            credentials = Credentials(password=credentials.token)
        return super().authorization(credentials)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        message = answer.get("message") if isinstance(answer, dict) else None
        is_about_it = response.status != 404 or str(message).startswith(NO_WORK_ITEM)
        return super().judge(ask if is_about_it else ask.for_all(), response, answer)

    def records(self, answer: Any) -> Iterable[Any]:
        few, *rest = answer if isinstance(answer, tuple) else (answer,)
        if "value" not in few:
            return [few]
        whole = {item["id"]: item for each in rest for item in items(each)}
        return [whole.get(item["id"], item) for item in items(few)]

    def read(self, record: Mapping[str, Any]) -> Read:
        fields = record["fields"]
        state, reason = fields[STATE], fields.get(REASON) or ""
        # Most reasons only tell the way that it went.
        if state not in self.statuses.closing or reason not in self.statuses.resolutions:
            reason = ""
        # To the second: as many digits follow as are no zeros.
        changed, date_closed = (
            parse_time((fields.get(name) or "")[:19]) for name in (CHANGED, CLOSED)
        )
        relations = record.get("relations") or () if is_duplicate(record) else ()
        same = (each["url"] for each in relations if each["rel"] == DUPLICATE_OF)
        # Which states are over is told for each kind of work item apart, and not here.
        may_be_over = state in self.statuses.closing or state in self.statuses.resolutions
        return Read(
            join(state, reason),
            fields.get(TITLE) or "",
            # Every kind of work item has a priority, which is 2 until somebody changes it.
            str(fields.get(SEVERITY) or fields.get(PRIORITY) or ""),
            reason,
            changed,
            True if date_closed is not None else None if may_be_over else False,
            duplicate_of=next(same, "").rpartition("/")[2] or None,
            date_closed=date_closed,
        )


def base_of(url: SplitResult) -> tuple[str | None, Certainty]:
    """The base URL that `url` has, None if it has none, and how sure that is."""
    host = url.netloc.lower()
    head = url.path.partition("/_")[0].split("/")
    if host == CLOUD:
        base = f"https://{host}/{head[1].lower()}" if len(head) > 1 else None
        return base, Certainty.KNOWN_HOST
    if host.endswith(FORMER_CLOUD):
        return f"https://{host}", Certainty.KNOWN_HOST
    # On a server there is a collection, and below that there may be a project.
    above = [part.lower() for part in head]
    end = above.index("tfs") + 2 if "tfs" in above else max(len(head) - 1, 2)
    if len(head) < end:
        return None, Certainty.SHAPE
    return f"{url.scheme}://{url.netloc}{'/'.join(head[:end])}", Certainty.SHAPE


def batch(ids: Sequence[str], what: Mapping[str, Any]) -> Ask:
    """The question for something of many work items, whichever of them there are."""
    return Ask(
        "/_apis/wit/workitemsbatch",
        (VERSION,),
        tuple(ids),
        method="POST",
        json={"ids": [int(each) for each in ids], "errorPolicy": "Omit", **what},
        headers=NO_REDIRECT,
    )


def items(answer: Any) -> list[Any]:
    """The work items in an answer; what is not there, or not to be seen, is null."""
    return [item for item in answer["value"] if item is not None]


def is_duplicate(item: Mapping[str, Any]) -> bool:
    """Whether a work item is said to be a duplicate."""
    return "duplicate" in str(item["fields"].get(REASON, "")).lower()
