"""Google Code's archive.

Google Code became read-only in August 2015 and closed in January 2016.  What is
left are files, one in JSON for each issue,
https://code.google.com/archive/schema, of which nothing changes any more.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read
from malonewatch.externalbugtracker.driver.times import from_epoch
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES
from malonewatch.interfaces import BugTaskStatus, IValidators, Polling, Response

BASE = "https://code.google.com"
HOST = "code.google.com"
BUCKET = "/google-code-archive/v2"
#: Two organisations had projects of their own, under the same roof.
DOMAIN = r"(?:eclipselabs|apache-extras)\.org"
ROOF = f"(?:/a/{DOMAIN})?"
PROJECT = r"[A-Za-z][A-Za-z0-9-]{0,99}"
#: An issue that is known to be there.
WITNESS = "closure-compiler/884"
#: Projects may leave the status empty; such an issue was listed as open.
NO_STATUS = "(none)"

# Those that each project began with, and those that Android, Chromium, Go and others added.
OWN_STATUSES = {
    BugTaskStatus.NEW: f"{NO_STATUS}, New, Unconfirmed, Untriaged, Unassigned, Open, Reopened",
    BugTaskStatus.CONFIRMED: (
        "Accepted, Acknowledged, Available, Assigned, Reviewed, HelpWanted, LongTerm, Thinking, "
        "ExternalDependency, Upstream"
    ),
    BugTaskStatus.TRIAGED: "Triaged, FutureRelease",
    BugTaskStatus.INPROGRESS: "Started",
    BugTaskStatus.INCOMPLETE: "NeedsInfo, Question, WaitingForReply",
    BugTaskStatus.FIXCOMMITTED: "FixedNotReleased, FixedInTrunk",
    BugTaskStatus.FIXRELEASED: "Fixed, Verified, Done, Released",
    BugTaskStatus.INVALID: (
        "Invalid, Duplicate, Retracted, Spam, Unreproducible, UserError, WrongForum"
    ),
    BugTaskStatus.WONTFIX: "WontFix, Declined, Unfortunate, WorkingAsIntended",
    BugTaskStatus.EXPIRED: "Archived, Obsolete, TimedOut",
}

_issue = partial(URLShape, remotebug="{roof}/{project}/{id}", registered=True, project=PROJECT)


@implementer(IValidators)
class GoogleCode(ExternalBugTracker):
    """Google Code's archive; https://code.google.com/archive/."""

    name = "GOOGLE_CODE"
    title = "Google Code"
    dialect_name = "archive"
    # An issue comes with all its comments, of which some of Android's have thousands.
    bytes_base = 8 * 1024 * 1024
    values_per_bug = 200_000
    polling = Polling.ONCE
    not_polled = (
        "Google Code is an archive, in which nothing changes any more: "
        "each of its bugs is asked for until it is known how it is, and then never again."
    )
    hosts = dict.fromkeys((HOST, f"www.{HOST}", "storage.googleapis.com"), BASE)
    urls = (
        _issue("/archive{roof}/p/{project}/issues/{id}", roof=ROOF),
        _issue("{roof}/p/{project}/issues/detail?id={id}", roof=ROOF),
        _issue(BUCKET + "/{roof}/{project}/issues/issue-{id}.json", roof=f"{HOST}|{DOMAIN}"),
    )
    # Elsewhere than at Google there may be a copy of all those files.
    services = {HOST: "https://storage.googleapis.com"}
    id_pattern = rf"(?:{DOMAIN}/)?{PROJECT}/[1-9][0-9]{{0,8}}"
    statuses = Workflow((OWN_STATUSES, STATUSES, RESOLUTIONS))

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        project, _, number = remotebug.strip().replace("#", "/").rpartition("/")
        project = project.strip("/").lower().removeprefix("a/").removeprefix(f"{HOST}/")
        return f"{project}/{super().canonicalRemoteBug(number)}"

    def parts(self, remotebug: str) -> Mapping[str, str]:
        *domain, project, number = remotebug.split("/")
        roof = f"/a/{domain[0]}" if domain else ""
        return {"roof": roof, "project": project, "id": number}

    def called(self, remotebug: str) -> str:
        return self.parts(remotebug)["id"]

    def ask_one(self, remotebug: str) -> Ask:
        *domain, project, number = remotebug.split("/")
        roof = domain[0] if domain else HOST
        path = self.urls[2].build({"roof": roof, "project": project, "id": number})
        return Ask(path, (), (remotebug,), alone=True)

    def ask_identity(self) -> Ask:
        return Ask(self.ask_one(WITNESS).path)

    def identity(self, answer: Any) -> str | None:
        return "Google Code's archive" if answer.keys() >= {"id", "summary", "comments"} else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if response.status == 403 and b"<Code>AccessDenied</Code>" in response.body:
            # So much for a file that is not there: nobody may see a list of those that are.
            return Finding.MISSING
        return super().judge(ask, response, answer)

    def read(self, record: Mapping[str, Any]) -> Read:
        # Each change was a comment.  Of what a duplicate duplicates only their text tells.
        moments = [comment["timestamp"] for comment in record.get("comments") or ()]
        kinds = dict(label.partition("-")[::2] for label in reversed(record.get("labels") or ()))
        return Read(
            (record["status"] or "").strip() or NO_STATUS,
            record["summary"],
            kinds.get("Priority", ""),
            modified=from_epoch(max(moments, default=0)),
        )
