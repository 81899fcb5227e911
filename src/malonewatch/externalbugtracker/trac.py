"""Trac, from 0.10 on.

Dialects:

``query``
    The ticket query in CSV, which needs no plug-in.
    https://trac.edgewall.org/wiki/TracQuery
``ticket``
    Each ticket in CSV: Trac 0.10 ignores ids in a query, and lists all tickets
    without their resolutions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    RESOLUTIONS,
    STATUSES,
    Ask,
    Dialect,
    ExternalBugTracker,
    Finding,
    Form,
    Instead,
    Read,
    Table,
    URLShape,
    Workflow,
    invert,
    parse_time,
)
from malonewatch.interfaces import BugTaskStatus, IBatches, Response

COLUMNS = ("id", "summary", "status", "resolution", "priority", "severity", "changetime")
# The first line has the fields' labels, or before 1.0 their names; this label differs.
MODIFIED = "modified"


# A workflow is whatever a site makes of it; this is what Trac comes with.
OPEN = {BugTaskStatus.NEW: "new, open, reopened", BugTaskStatus.CONFIRMED: "assigned, accepted"}


class Ticket(Dialect):
    """Each ticket by itself."""

    dialect_name = "ticket"
    # The query shows that it does not work.
    only_if_told = True

    def ask_one(self, remotebug: str) -> Ask:
        query = (("format", "csv"),)
        return Ask(f"/ticket/{remotebug}", query, (remotebug,), True, form=Form.CSV)

    def ask_identity(self) -> Ask:
        return Ask("/query", (("format", "csv"), ("max", "1"), ("col", "id")), form=Form.CSV)

    def identity(self, answer: Table) -> str | None:
        return "Trac" if answer.having("id") is answer else None

    def records(self, answer: Table) -> Iterable[Any]:
        return answer.having("id", "status")

    def read(self, record: Mapping[str, str]) -> Read:
        status, resolution, priority, severity = (
            # 0.11 has two dashes for nothing.
            "" if (value := record.get(name, "").strip()) == "--" else value
            for name in ("status", "resolution", "priority", "severity")
        )
        # Of what a ticket duplicates Trac has no field: people write it in a comment.
        return Read(
            f"{status} {resolution}".strip() if status else "",
            record.get("summary", ""),
            f"{priority} {severity}".strip(),
            resolution,
            # For certain where a site's `default_date_format` is iso8601.  Else Trac writes
            # for people, by the server's locale, and only its web pages would tell more, at
            # several times the cost; each leaves a session behind in Trac's database.
            parse_time(record.get("changetime") or record.get(MODIFIED, ""), zoned=True),
        )


class Query(Ticket):
    """Many tickets by a query, single ones by themselves."""

    dialect_name = "query"
    only_if_told = False

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        columns = tuple(("col", name) for name in COLUMNS)
        query = (("id", format_ranges(ids)), ("format", "csv"), ("max", "0"), *columns)
        yield Ask("/query", (*query, ("order", "id")), tuple(ids), form=Form.CSV)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if ask.ids and not ask.alone and response.status == 200:
            for record in answer:
                if record.get("id") not in ask.ids or not record.keys() <= {*COLUMNS, MODIFIED}:
                    return Instead(Ticket.dialect_name)
        return super().judge(ask, response, answer)


@implementer(IBatches)
class Trac(ExternalBugTracker):
    """A Trac; https://trac.edgewall.org/."""

    title = "Trac"
    # Trac makes two SQL parameters of each run of ids, and older SQLite takes
    # no more than 999: 500 ids have 250 runs of two or more at most.
    request_size = 500
    protocols = (Query, Ticket)
    urls = (URLShape("/ticket/{id}"),)
    file_link = "/newticket?summary={summary}&description={description}"
    search_link = "/search?ticket=on&q={summary}"
    statuses = Workflow(
        # Some sites have a status for each resolution.
        invert(OPEN, STATUSES, RESOLUTIONS),
        # Closed without a word why.
        {BugTaskStatus.FIXRELEASED: "closed, resolved, verified"},
        RESOLUTIONS,
    )


def format_ranges(remotebugs: Iterable[str]) -> str:
    """Numbers as Trac's query takes them: ``1,5-9``."""
    runs: list[list[int]] = []
    for number in sorted({int(remotebug) for remotebug in remotebugs}):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
