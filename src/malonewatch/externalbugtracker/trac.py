"""Trac, from 0.10 on.

It is asked with its ticket query in CSV, which needs no plug-in.
https://trac.edgewall.org/wiki/TracQuery
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, quote

from malonewatch.externalbugtracker.base import (
    ExternalBugTracker,
    build_url,
    by_word,
    format_time,
    is_number,
    parse_time,
)
from malonewatch.interfaces import (
    BugFilingAndSearchLinks,
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerCredentialsRefused,
    Outcome,
    RemoteBug,
    UnparsableBugTracker,
    UnsupportedBugTracker,
)

COLUMNS = ("id", "summary", "status", "resolution", "priority", "severity", "changetime")
# The labels, in lower case, that are not the name of their field.
LABELS = {"modified": "changetime"}


# A workflow is whatever a site makes of it.  Here are the statuses of all
# workflows that come with Trac, and those that are common elsewhere, as `fold`
# leaves them.
OPEN_STATUSES = by_word(
    {
        BugTaskStatus.NEW: "new open reopened unconfirmed",
        BugTaskStatus.CONFIRMED: (
            "accepted assigned confirmed acknowledged upstream deferred postponed"
        ),
        BugTaskStatus.TRIAGED: "triaged",
        BugTaskStatus.INPROGRESS: (
            "started inwork inprogress needswork needsrevision patch"
            " review inreview reviewing needsreview positivereview mergeready"
        ),
        BugTaskStatus.INCOMPLETE: (
            "infoneeded infoneedednew needinfo needinfonew newneedinfo needsinfo needsinformation"
            " needmoreinfo needsmoreinfo feedback needsfeedback awaitsfeedback awaitingfeedback"
            " incomplete pending waiting"
        ),
        BugTaskStatus.FIXCOMMITTED: (
            "inqa qa testing intesting readyfortesting needsverification merge fixcommitted staged"
        ),
    }
)
CLOSED_STATUSES = ("closed", "resolved", "verified")
# A ticket closed as a duplicate is Invalid, as it is in Bugzilla: it is over, and
# what is still to happen happens in another one.
RESOLUTIONS = by_word(
    {
        BugTaskStatus.FIXRELEASED: "fixed fixverified fixreleased done completed implemented",
        BugTaskStatus.WONTFIX: (
            "wontfix willnotfix wontdo rejected later maybelater remind deferred postponed"
            " upstream reportedupstream notourbug thirdparty moved"
        ),
        BugTaskStatus.EXPIRED: (
            "obsolete outdated outofdate expired stale abandoned incomplete insufficientinfo"
            " needinfo needsinfo needmoreinfo needsmoreinfo noresponse userdisappeared"
        ),
        BugTaskStatus.INVALID: (
            "invalid worksforme duplicate cantfix cantreproduce unreproducible notreproducible"
            " notabug spam"
        ),
    }
)

IMPORTANCES = by_word(
    {
        BugTaskImportance.CRITICAL: "blocker critical immediate urgent highest p1",
        BugTaskImportance.HIGH: "crash grave major high p2",
        BugTaskImportance.MEDIUM: "normal medium p3",
        BugTaskImportance.LOW: "minor trivial low lowest p4 p5",
        BugTaskImportance.WISHLIST: "enhancement wishlist feature",
    }
)


class Trac(ExternalBugTracker):
    """A Trac; https://trac.edgewall.org/."""

    title = "Trac"
    # Trac makes two SQL parameters of each run of ids, and older SQLite takes
    # no more than 999: 500 ids have 250 runs of two or more at most.
    request_size = 500
    changed_since = True
    status_table = {
        # Some workflows have no resolutions but a status for each.
        **RESOLUTIONS,
        **OPEN_STATUSES,
        **{
            f"{status} {resolution}": meaning
            for status in CLOSED_STATUSES
            for resolution, meaning in RESOLUTIONS.items()
        },
        # Closed without a word why.
        **dict.fromkeys(CLOSED_STATUSES, BugTaskStatus.FIXRELEASED),
    }
    importance_table = IMPORTANCES

    @classmethod
    def parseBugURL(cls, url: SplitResult, baseurl: str | None = None) -> tuple[str, str] | None:
        head, page, remotebug = url.path.rpartition("/ticket/")
        if page and is_number(remotebug):
            return f"{url.scheme}://{url.netloc}{head}", cls.canonicalRemoteBug(remotebug)
        return None

    def getBugURL(self, remotebug: str) -> str:
        return f"{self.baseurl}/ticket/{quote(remotebug, safe='')}"

    def getBugFilingAndSearchLinks(
        self, remote_product: str | None = None, summary: str = "", description: str = ""
    ) -> BugFilingAndSearchLinks:
        return BugFilingAndSearchLinks(
            build_url(
                f"{self.baseurl}/newticket", [("summary", summary), ("description", description)]
            ),
            build_url(f"{self.baseurl}/search", [("ticket", "on"), ("q", summary)]),
        )

    def convertRemoteStatus(self, remotestatus: str) -> BugTaskStatus:
        status, _, resolution = remotestatus.partition(" ")
        status = fold(status)
        # Some workflows leave the resolution in place when a ticket is opened again.
        if status in OPEN_STATUSES:
            return OPEN_STATUSES[status]
        return self.status_table.get(
            f"{status} {fold(resolution)}",
            # A status of several words, or one word without a resolution.
            self.status_table.get(fold(remotestatus), BugTaskStatus.UNKNOWN),
        )

    def convertRemoteImportance(self, remote_importance: str) -> BugTaskImportance:
        """The last word that is known decides: the severity, where there are severities."""
        for word in reversed(remote_importance.lower().split()):
            if word in self.importance_table:
                return self.importance_table[word]
        return BugTaskImportance.UNKNOWN

    async def fetch_many(
        self, session: Any, remotebugs: Sequence[str], since: datetime | None
    ) -> Mapping[str, Outcome]:
        parameters = [("id", format_ranges(remotebugs))]
        if since is not None:
            # In a URL Trac ignores `modified`, which is its manual's name for
            # this.  0.11 ignores this one too, and answers in full.
            parameters.append(("changetime", format_time(since) + ".."))
        parameters += [("format", "csv"), ("max", "0"), *(("col", name) for name in COLUMNS)]
        parameters.append(("order", "id"))
        response = await session.request(
            "GET", build_url(f"{self.baseurl}/query", parameters), headers={"Accept": "text/csv"}
        )
        if response.status in (401, 403):
            raise self.credentials_refused(session)
        if response.status == 404:
            raise UnsupportedBugTracker(
                f"{self.baseurl} does not answer like a Trac: it has no page for ticket queries."
            )
        tickets = self.read_csv(response.body)
        asked = {self.canonicalRemoteBug(remotebug) for remotebug in remotebugs}
        if not all(
            number in asked and ticket.keys() <= set(COLUMNS) for number, ticket in tickets.items()
        ):
            # 0.10 ignores ids and columns, and lists all tickets without their resolutions.
            return {remotebug: await self.fetch_one(session, remotebug) for remotebug in remotebugs}
        return self.parse_tickets(tickets, remotebugs)

    async def fetch_one(self, session: Any, remotebug: str) -> Outcome:
        try:
            response = await session.request(
                "GET",
                build_url(self.getBugURL(remotebug), [("format", "csv")]),
                headers={"Accept": "text/csv"},
            )
            if response.status in (401, 403):
                return self.private(remotebug)
            if response.status == 404:
                return self.not_found(remotebug)
            found = self.parse_tickets(self.read_csv(response.body), [remotebug])
        except BugTrackerCredentialsRefused:
            # The query needs no log-in, this ticket does.
            return self.private(remotebug)
        except UnparsableBugTracker:
            # Some sites show a page whatever the format, and say on it what they like.
            return self.unparsable_bug(
                remotebug, "the query leaves it out, and its own data cannot be read"
            )
        return found.get(remotebug) or self.not_found(remotebug)

    def read_csv(self, body: bytes) -> dict[str, dict[str, str]]:
        """The tickets in a CSV answer, by id: values by the name of their field.

        The first line has the fields' labels, or before 1.0 their names.

        :raises UnparsableBugTracker: it is not Trac's CSV.
        """
        try:
            lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig", "replace"), newline="")))
        except csv.Error:
            raise self.unparsable("it should be CSV and is not") from None
        if not lines:
            # Trac says so if it does not understand the query; if it finds
            # nothing, there is still the first line.
            raise self.unparsable("it is empty")
        labels = [label.strip().lower() for label in lines[0]]
        names = [LABELS.get(label, label) for label in labels]
        if "id" not in names or "status" not in names:
            raise self.unparsable("it lists no ids and statuses of tickets")
        tickets = {}
        for line in lines[1:]:
            ticket = dict(zip(names, line, strict=False))
            if is_number(ticket.get("id", "")):
                tickets[ticket["id"]] = ticket
        return tickets

    def parse_tickets(
        self, tickets: Mapping[str, Mapping[str, str]], remotebugs: Iterable[str]
    ) -> dict[str, Outcome]:
        """Outcomes by remote id, of those `remotebugs` that are among `tickets`."""
        return {
            remotebug: self._bug(remotebug, tickets[number])
            for remotebug in remotebugs
            if (number := self.canonicalRemoteBug(remotebug)) in tickets
        }

    def _bug(self, remotebug: str, ticket: Mapping[str, str]) -> Outcome:
        status, resolution, priority, severity = (
            # 0.11 has two dashes for nothing.
            "" if (value := ticket.get(name, "").strip()) == "--" else value
            for name in ("status", "resolution", "priority", "severity")
        )
        if not status:
            return self.unparsable_bug(remotebug, "it has no status")
        remotestatus = f"{status} {resolution}".strip()
        remote_importance = f"{priority} {severity}".strip()
        # Of what a ticket duplicates Trac has no field: people write it in a comment.
        return RemoteBug(
            remotebug,
            remotestatus,
            self.convertRemoteStatus(remotestatus),
            remote_importance,
            self.convertRemoteImportance(remote_importance),
            ticket.get("summary", ""),
            resolution,
            parse_changetime(ticket.get("changetime", "")),
        )


def fold(text: str) -> str:
    """A status or resolution in one of its spellings: ``Won't Fix`` is ``wontfix``."""
    return re.sub(r"[\W_]+", "", text.lower())


def format_ranges(remotebugs: Iterable[str]) -> str:
    """Numbers as Trac's query takes them: ``1,5-9``."""
    runs: list[list[int]] = []
    for number in sorted({int(remotebug) for remotebug in remotebugs}):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def parse_changetime(text: str) -> datetime | None:
    """The time, aware and in UTC, if `text` is certain about it; else None.

    It is where a site's ``default_date_format`` is ``iso8601``.  Otherwise
    Trac formats times for people: by the server's locale, in a time zone that
    it does not name.  Only its web pages would tell more, at several times the
    cost, and each of them leaves a session behind in Trac's database.
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.ASCII):
        return parse_time(text)
    return None
