"""Google Issue Tracker, and Monorail, from which many bugs came there.

The interface for programs, https://issuetracker.googleapis.com, is for those whom Google lets in.
So the one is asked that Google's own pages use: it is documented by others only,
https://github.com/rly0nheart/buganize/tree/main/src/buganize/api, and Google may change it any
day.  Its records are lists, in which a place stands for a field.

Issues have one number, whatever host a project has for them.  The id of one that is known by its
number in Monorail is ``project#12``; what is there in Monorail's place redirects to the issue.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.times import from_epoch
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import importances_with
from malonewatch.interfaces import BugTaskStatus, IBugTrackerFacts, RecognisedURL, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IMoves

HOST = "issuetracker.google.com"
BASE = f"https://{HOST}"
CRBUG = "crbug.com"
#: Where Monorail was whose issues are at a host now.
MONORAILS = {HOST: "https://bugs.chromium.org"}
#: Each is the same bug tracker.
HOSTS = (
    *(HOST, "b", "b.corp.google.com", "buganizer.corp.google.com"),
    *("issues.chromium.org", "project-zero.issues.chromium.org", "gn.issues.chromium.org"),
    *("libyuv.issues.chromium.org", "aomedia.issues.chromium.org", "issues.angleproject.org"),
    *("issues.fuchsia.dev", "issues.gerritcodereview.com", "git.issues.gerritcodereview.com"),
    *("issues.oss-fuzz.com", "issues.pigweed.dev", "issues.skia.org", "issues.webmproject.org"),
    "issues.webrtc.org",
    *("bugs.chromium.org", "bugs.fuchsia.dev", CRBUG, f"www.{CRBUG}"),
)
#: From which number on crbug.com means the issue of that number, and not Monorail's.
FIRST_NUMBER = 40_000_000

PROJECT = r"[A-Za-z][A-Za-z0-9-]{1,99}"
_CRBUG_PATH = re.compile(rf"/(?:({PROJECT})/)?0*([0-9]{{1,18}})/?")
_SIGN_IN = re.compile(r"/(?:v[0-9]/)?(?:signin/|ServiceLogin)")
_SHORT = re.compile(rf"(?:b/|({PROJECT})[#:])0*([0-9]{{1,18}})")

# By their numbers; from the fourth on an issue is closed.
NAMES = (
    "NEW ASSIGNED ACCEPTED FIXED VERIFIED NOT_REPRODUCIBLE INTENDED_BEHAVIOR OBSOLETE INFEASIBLE "
    "DUPLICATE"
)
STATUSES = dict(enumerate(NAMES.split(), start=1))
MEANINGS = {
    BugTaskStatus.NEW: "NEW",
    BugTaskStatus.CONFIRMED: "ASSIGNED",
    BugTaskStatus.INPROGRESS: "ACCEPTED",
    BugTaskStatus.FIXRELEASED: "FIXED, VERIFIED",
    BugTaskStatus.WONTFIX: "INTENDED_BEHAVIOR, INFEASIBLE",
    BugTaskStatus.EXPIRED: "OBSOLETE",
    BugTaskStatus.INVALID: "NOT_REPRODUCIBLE, DUPLICATE",
}
# Where things are: in an issue, and in the details of it.
ID, DETAILS, MODIFIED = 1, 2, 5
STATUS, PRIORITY, TITLE = 2, 3, 5


@implementer(IBatches, IMoves)
class GoogleIssueTracker(ExternalBugTracker):
    """Google Issue Tracker; https://issuetracker.google.com."""

    title = "Google Issue Tracker"
    dialect_name = "pages"
    request_size = 200
    # An issue comes with all that its project might know of one, and those pages have lists of 250.
    page_size = 100
    # Chromium's.
    asks_what = "/action/trackers/157"
    bytes_per_bug = 64 * 1024
    values_per_bug = 4_000
    multi_product = True
    hosts = dict.fromkeys(HOSTS, BASE)
    urls = tuple(
        URLShape(path, remotebug, registered=True, at_root=True, project=PROJECT, user=r"\d{1,2}")
        for path, remotebug in (
            ("/issues/{id}", "{id}"),
            ("/p/{project}/issues/detail?id={id}", "{project}#{id}"),
            ("/u/{user}/issues/{id}", "{id}"),
            ("/issues/{id}/dependencies", "{id}"),
            ("/issues/{id}/resources", "{id}"),
            ("/action/issues/{id}/getIssue", "{id}"),
            ("/{id}", "{id}"),
        )
    )
    id_pattern = rf"[1-9][0-9]{{0,17}}|{PROJECT}#[1-9][0-9]{{0,8}}"
    file_link = "/issues/new?component={product}&title={summary}&description={description}"
    search_link = "/issues?q={summary}"
    statuses = Workflow(MEANINGS)
    importances = importances_with("P0", "P1", "P2", "P3, P4")

    def __init__(self, facts: IBugTrackerFacts) -> None:
        super().__init__(facts)
        self._monorail = MONORAILS.get(urlsplit(self.baseurl).netloc, self.baseurl)

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        remotebug = super().canonicalRemoteBug(remotebug)
        found = _SHORT.fullmatch(remotebug)
        if found is None:
            return remotebug
        return f"{found[1].lower()}#{found[2]}" if found[1] else found[2]

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> RecognisedURL | None:
        if url.netloc.removeprefix("www.") == CRBUG:
            short = _CRBUG_PATH.fullmatch(url.path)
            if short is None:
                return None
            # What it leads to.
            if int(short[2]) < FIRST_NUMBER:
                path = f"/p/{short[1] or 'chromium'}/issues/detail"
                url = url._replace(path=path, query=f"id={short[2]}")
            else:
                url = url._replace(path=f"/issues/{short[2]}")
        return super().parseBugURL(url, baseurl)

    def parts(self, remotebug: str) -> Mapping[str, str]:
        project, _, number = remotebug.rpartition("#")
        return {"project": project, "id": number}

    def getBugURL(self, remotebug: str) -> str:
        is_old = "#" in remotebug
        base = self._monorail if is_old else self.baseurl
        return base + self.urls[is_old].build(self.parts(remotebug))

    def _ask(self, path: str, body: Any, ids: Sequence[str]) -> Ask:
        # As for the pages at that very address: others are refused.
        headers = {"Origin": self.baseurl, "Referer": f"{self.baseurl}/"}
        return Ask(path, ids=tuple(ids), method="POST", json=body, headers=headers)

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        yield from super().in_full([remotebug for remotebug in ids if remotebug.isdecimal()])
        yield from (self.ask_one(remotebug) for remotebug in ids if not remotebug.isdecimal())

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        body = ["b.BatchGetIssuesRequest", None, None, [list(map(int, ids)), 1, 1]]
        yield self._ask("/action/issues/batch", body, ids)

    def ask_one(self, remotebug: str) -> Ask:
        project, _, number = remotebug.rpartition("#")
        if project:
            url = f"{self._monorail}/p/{project}/issues/detail"
            return Ask(url, (("id", number),), (remotebug,), alone=True, form=Form.PAGE)
        path = f"/action/issues/{number}/getIssue"
        return self._ask(path, [int(number), 1, 1], (remotebug,)).for_one()

    def identity(self, answer: Any) -> str | None:
        return self.title if answer[0][0] == "b.Tracker" else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.form is Form.PAGE and response.status < 400:
            # A page that leads to no issue has none in it either.
            return Finding.PRIVATE if _SIGN_IN.match(urlsplit(response.url).path) else None
        return super().judge(ask, response, answer)

    def led_to(self, ask: Ask, response: Response) -> str | None:
        found = self.id_at(response.url) if ask.form is Form.PAGE else None
        return self.getBugURL(found) if found is not None and found.isdecimal() else None

    def records(self, answer: Any) -> Iterable[Any]:
        kind, *rest = answer[0]
        if kind == "b.BatchGetIssuesResponse":
            issues = (rest[1] or [[]])[0] or []
        elif kind == "b.IssueFetchResponse":
            # Among much else; which place it has there differs.
            issues = [each for each in rest[0] if isinstance(each, list) and _is_issue(each)]
        else:
            raise LookupError(kind)
        return [{"id": str(issue[ID]), "issue": issue} for issue in issues]

    def read(self, record: Mapping[str, Any]) -> Read:
        issue = record["issue"]
        details = issue[DETAILS]
        status, priority = details[STATUS], details[PRIORITY]
        if type(status) is not int:
            raise TypeError("no number of a status")
        return Read(
            STATUSES.get(status, str(status)),
            details[TITLE],
            # They are counted from 1 there, and from 0 everywhere else.
            f"P{priority - 1}" if priority else "",
            modified=from_epoch(issue[MODIFIED][0]),
            # Of which issue a duplicate is one is not known to be in it.
            closed=status > 3 if status in STATUSES else None,
        )


def _is_issue(entry: Sequence[Any]) -> bool:
    return len(entry) > MODIFIED and type(entry[ID]) is int and isinstance(entry[DETAILS], list)
