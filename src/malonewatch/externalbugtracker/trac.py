"""Trac, from 0.10 on.

The dialects ``jsonrpc``, and ``xmlrpc`` where it cannot write JSON, are those of its plug-in for
remote procedure calls, with credentials; https://trac-hacks.org/wiki/XmlRpcPlugin.  ``query`` is
the ticket query in CSV, which needs no plug-in; https://trac.edgewall.org/wiki/TracQuery.
``ticket`` is each ticket in CSV: Trac 0.10 ignores ids in a query, and lists all tickets without
their resolutions.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import xmlrpc
from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Instead, Judgement, Read
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.reading import Table
from malonewatch.externalbugtracker.driver.times import format_time, parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join, joined
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES
from malonewatch.interfaces import BugTaskStatus, IBatches, ISweeps, RemoteVocabulary, Response

WORDS = ("status", "resolution", "priority", "severity")
COLUMNS = ("id", "summary", *WORDS, "changetime")
# The first line has the fields' labels, or before 1.0 their names; this label differs.
MODIFIED = "modified"

# Where a web server asks for names and passwords, before Trac is even asked.
RPC = "/login/rpc"
# Codes of errors, which are HTTP's.
FORBIDDEN, NOT_FOUND = 403, 404
FINDINGS = {FORBIDDEN: Finding.PRIVATE, NOT_FOUND: Finding.MISSING}

# A workflow is whatever a site makes of it; this is what Trac comes with.
OPEN = {BugTaskStatus.NEW: "new, open, reopened", BugTaskStatus.CONFIRMED: "assigned, accepted"}


class Ticket(Dialect):
    """Each ticket by itself."""

    dialect_name = "ticket"
    # The query shows that it does not work.
    only_if_told = True
    swept_at_once = 0

    def ask_one(self, remotebug: str) -> Ask:
        query = (("format", "csv"),)
        return Ask(f"/ticket/{remotebug}", query, (remotebug,), True, form=Form.CSV)

    def ask_identity(self) -> Ask:
        return Ask("/query", (("format", "csv"), ("max", "1"), ("col", "id")), form=Form.CSV)

    def identity(self, answer: Table) -> str | None:
        return "Trac" if answer.having("id") is answer else None

    def records(self, answer: Table) -> Iterable[Any]:
        return answer.having("id", "status")

    def read(self, record: Any) -> Read | Finding:
        # 0.11 has two dashes for nothing.
        words = (record.get(name, "").strip() for name in WORDS)
        status, resolution, priority, severity = ("" if each == "--" else each for each in words)
        # Of what a ticket duplicates Trac has no field: people write it in a comment.
        return Read(
            join(status, resolution) if status else "",
            record.get("summary", ""),
            join(priority, severity),
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

    def ask_changed(self, since: datetime, page: int) -> Ask:
        # Trac 0.11 does not look at the time; then all tickets are in it, but without any ids
        # only some.  Pages would be short where some of their tickets may not be seen.
        which = (("id", f"1-{2**31 - 1}"), ("changetime", f"{format_time(since)}.."))
        columns = ("format", "csv"), ("max", "0"), ("col", "id"), ("col", "status")
        return Ask("/query", which + columns, form=Form.CSV)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.ids and not ask.alone and response.status == 200:
            for record in answer:
                if record.get("id") not in ask.ids or not record.keys() <= {*COLUMNS, MODIFIED}:
                    return Instead(Ticket.dialect_name)
        return super().judge(ask, response, answer)


class JsonRpc(Ticket):
    """Many tickets in one call of the plug-in, which says of each why it cannot be had."""

    dialect_name = "jsonrpc"
    only_if_told = False
    # Others may call nothing, in most Tracs; and so they are not asked once more in vain.
    with_credentials = True
    # Tickets come with their descriptions.
    bytes_per_bug = 32 * 1024
    ask_one = Dialect.ask_one

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        calls = [{"method": "ticket.get", "params": [int(id)], "id": int(id)} for id in ids]
        call = {"method": "system.multicall", "params": calls, "id": 0}
        yield Ask(RPC, ids=tuple(ids), method="POST", json=call)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        # In XML, which all of them take.
        return xmlrpc.ask(RPC, "ticket.getRecentChanges", since, ())

    def changed(self, answer: Any) -> Iterable[Iterable[str]]:
        return ((number,) for number in xmlrpc.result(answer))

    def ask_vocabulary(self) -> Iterable[Ask]:
        yield xmlrpc.multicall(RPC, ((f"ticket.{name}.getAll",) for name in WORDS), ())

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        (statuses,), (resolutions,), (priorities,), (severities,) = xmlrpc.result(answers[0])
        # A workflow does not tell; what says so is over, with or without a word why.
        closed = {each: each in self.tracker.statuses.closing or None for each in statuses}
        found = {**closed, **joined(closed, resolutions, self.tracker.isMapped)}
        return RemoteVocabulary(found, (*priorities, *severities))

    def ask_whoami(self) -> Ask | None:
        return Ask(RPC, method="POST", json={"method": "system.getAPIVersion", "params": []})

    def whoami(self, answer: Any) -> str | None:
        return "" if answer["result"] else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        error = answer["error"] if isinstance(answer, dict) else None
        if response.status == 415 or (error and "not available" in error["message"]):
            return Instead(XmlRpc.dialect_name)
        if error:
            # Who may not call may look all the same.
            is_forbidden = error["code"] == FORBIDDEN
            return Instead(Query.dialect_name) if is_forbidden else Finding.SPOILED
        return super().judge(ask.for_all(), response, answer)

    def records(self, answer: Any) -> Iterable[Any]:
        for each in answer["result"]:
            if each["error"]:
                yield {"id": each["id"], "code": each["error"]["code"]}
            else:
                number, _, changed, fields = each["result"]
                _, moment = changed["__jsonclass__"]
                yield {**fields, "id": number, "changetime": f"{moment}Z"}

    def read(self, record: Any) -> Read | Finding:
        # A site's tickets may have a field of that name.
        if "code" in record and "status" not in record:
            return FINDINGS[record["code"]]
        return super().read(record)


class XmlRpc(JsonRpc):
    """The same in XML, where an error does not say which ticket it is about."""

    dialect_name = "xmlrpc"
    only_if_told = True

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield xmlrpc.multicall(RPC, (("ticket.get", int(id)) for id in ids), ids)

    def ask_one(self, remotebug: str) -> Ask:
        return xmlrpc.ask(RPC, "ticket.get", int(remotebug), [remotebug]).for_one()

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        fault = xmlrpc.fault(answer)
        if fault is None:
            return super().judge(ask, response, None)
        code = int(fault["faultCode"])
        if ask.alone:
            return FINDINGS.get(code, Finding.SPOILED)
        return Instead(Query.dialect_name) if code == FORBIDDEN else Finding.SPOILED

    def records(self, answer: Any) -> Iterable[Any]:
        found = xmlrpc.result(answer)
        if isinstance(found[0], str):
            tickets = [found]
        else:
            # A list of lists of one, among which errors are something else.
            tickets = [each[0] for each in found if isinstance(each, list)]
        for number, _, changed, fields in tickets:
            moment = f"{changed[:4]}-{changed[4:6]}-{changed[6:]}Z"
            yield {**fields, "id": number, "changetime": moment}


@implementer(IBatches, ISweeps)
class Trac(ExternalBugTracker):
    """A Trac; https://trac.edgewall.org/."""

    title = "Trac"
    # Trac makes two SQL parameters of each run of ids, and older SQLite takes
    # no more than 999: 500 ids have 250 runs of two or more at most.
    request_size = 500
    protocols = (JsonRpc, XmlRpc, Query, Ticket)
    urls = (URLShape("/ticket/{id}"),)
    file_link = "/newticket?summary={summary}&description={description}"
    search_link = "/search?ticket=on&q={summary}"
    statuses = Workflow(
        # Some sites have a status for each resolution.
        (OPEN, STATUSES, RESOLUTIONS),
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
