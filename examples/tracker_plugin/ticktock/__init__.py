"""Tick Tock, a bug tracker that nobody has: a type of bug tracker for malonewatch.

Its makers would describe its interface like this::

    GET /api/tickets/TT-1            {"key": "TT-1", "summary": "It ticks", "state": "open",
                                      "weight": "heavy", "changed": "2024-01-02T03:04:05Z",
                                      "duplicate_of": null}
    GET /api/tickets?keys=TT-1,TT-2  {"tickets": [...]}, those of at most 50 that you may see
    GET /api/changes?since=TIME      {"tickets": [...], "next": "/api/changes?..." or null}
    GET /api                         {"software": "Tick Tock 3.1"}
    GET /api/me                      {"name": "anna"}

A ticket that is not for you is 403, one that was never there 404, and one that
was moved to another project 301.  It comes with an ETag.  Who you are is told by
a token in the header ``X-Tick-Tock-Token``; one that is not known is 401.
"""

import dataclasses

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    Ask,
    ExternalBugTracker,
    Read,
    URLShape,
    Vocabulary,
    Workflow,
    format_time,
    parse_time,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    IBatches,
    IChangesSince,
    IDuplicates,
    IMoves,
    IValidators,
)

API = "/api/tickets"
PAGE = 50


@implementer(IBatches, IChangesSince, IDuplicates, IMoves, IValidators)
class TickTock(ExternalBugTracker):
    title = "Tick Tock"
    request_size = 200
    urls = (URLShape("/tickets/{id:key}"),)
    id_pattern = "[A-Z]{2,10}-[0-9]{1,9}"
    statuses = Workflow(
        {
            BugTaskStatus.NEW: "open, reopened",
            BugTaskStatus.INPROGRESS: "ticking",
            BugTaskStatus.FIXRELEASED: "stopped",
            BugTaskStatus.WONTFIX: "left ticking",
        }
    )
    importances = Vocabulary(
        {BugTaskImportance.HIGH: "heavy", BugTaskImportance.LOW: "light, a feather"}
    )
    file_link = "/new?project={product}&summary={summary}&text={description}"
    multi_product = True
    search_link = "/search?q={summary}"
    token_header = "X-Tick-Tock-Token"
    list_field, id_field = "tickets", "key"
    asks_what, asks_who = "/api", ("/api/me", "name")

    @classmethod
    def canonicalRemoteBug(cls, remotebug):
        project, dash, number = super().canonicalRemoteBug(remotebug).upper().rpartition("-")
        return f"{project}{dash}{number.lstrip('0')}"

    def ask_one(self, remotebug):
        return Ask(f"{API}/{remotebug}", ids=(remotebug,), alone=True)

    def ask_many(self, ids, since):
        if since is not None:
            query = (("since", format_time(since)),)
            yield Ask("/api/changes", query, tuple(ids), since=since)
            return
        for start in range(0, len(ids), PAGE):
            some = tuple(ids[start : start + PAGE])
            yield Ask(API, (("keys", ",".join(some)),), some)

    def read(self, record):
        return Read(
            remotestatus=record["state"],
            title=record["summary"],
            remote_importance=record["weight"],
            modified=parse_time(record["changed"]),
            duplicate_of=record["duplicate_of"],
        )

    def next_page(self, ask, response, answer):
        path = answer.get("next")
        return None if path is None else dataclasses.replace(ask, path=path, query=())

    def led_to(self, ask, response):
        if response.url.endswith(ask.path):
            return None
        return response.url.replace("/api/", "/", 1)

    def identity(self, answer):
        return answer["software"]
