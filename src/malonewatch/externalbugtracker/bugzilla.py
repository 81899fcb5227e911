"""Bugzilla, from 2.18 on.

With credentials the dialect is ``jsonrpc``: stock Bugzilla reads them nowhere but among the
parameters, and there these are not in the URL,
https://bugzilla.readthedocs.io/en/5.0/integrating/apis.html; or ``rest+key``, with an API key in a
header, as Mozilla's and Red Hat's take it,
https://bmo.readthedocs.io/en/latest/api/core/v1/general.html.  Without, it is ``rest``, from 5.0
on, and ``rest.cgi`` where a site rewrites no URLs,
https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html.  ``xml`` is the export of
``show_bug.cgi``, which older ones have, and the only request for many bugs that says of each why
it cannot be shown.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.times import format_time, parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join, joined
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES
from malonewatch.interfaces import BugTaskStatus, Credentials, RemoteVocabulary, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, ISweeps

# What the web services call a bug's fields, and what the XML export does.
XML_FIELDS = {
    "id": "bug_id",
    "alias": "alias",
    "status": "bug_status",
    "resolution": "resolution",
    "summary": "short_desc",
    "severity": "bug_severity",
    "priority": "priority",
    "last_change_time": "delta_ts",
    "dupe_of": "dup_id",
    "target_milestone": "target_milestone",
}
FIELDS = (*XML_FIELDS, "is_open")
# The fields that have words, as the web services tell what these are.
FIELDS_OF_WORDS = ("bug_status", "resolution", "priority", "bug_severity")
# Codes of Bugzilla's web services; Bugzilla/WebService/Constants.pm.
FINDINGS = {100: Finding.MISSING, 101: Finding.MISSING, 102: Finding.PRIVATE}
CREDENTIAL_ERRORS = (300, 301, 302, 303, 304, 305, 306, 307, 410, 505)
NO_SUCH_RESOURCE = 32614

OPEN = {
    # Bugzilla's own NEW is one that was confirmed; FreeBSD's is not.
    BugTaskStatus.NEW: "New",
    BugTaskStatus.CONFIRMED: "NEW, REOPENED, Open",
    BugTaskStatus.INPROGRESS: "ASSIGNED, ON_DEV, FAILS_QA",
    # As Red Hat has it: what was verified is still to be released.
    BugTaskStatus.FIXCOMMITTED: "VERIFIED",
    BugTaskStatus.INVALID: "REJECTED",
}

# They take an API key in a header, and nowhere else.
HEADER_HOSTS = ("bugzilla.mozilla.org", "bugzilla.redhat.com")


class _Bugzilla(Dialect):
    """Reads what all dialects answer: records as the web services give them."""

    bytes_per_bug = 2 * 1024
    list_field = "bugs"

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        error = answer.get("error") if isinstance(answer, dict) else None
        if not error:
            # An HTTP status alone is not about a bug.
            return super().judge(ask.for_all(), response, answer)
        said = error if isinstance(error, dict) else answer
        code: Any = said.get("code")
        if code in CREDENTIAL_ERRORS or "API key" in str(said.get("message")):
            return Finding.REFUSED
        if code == NO_SUCH_RESOURCE:
            return Finding.ABSENT
        return FINDINGS.get(code, Finding.SPOILED) if ask.alone else Finding.SPOILED

    def records(self, answer: Any) -> Iterable[Any]:
        if isinstance(answer, dict):
            return super().records(answer)
        if answer.tag not in ("bugzilla", "issuezilla"):
            raise LookupError(answer.tag)
        return map(from_xml, answer.iterfind("bug"))

    def ids_of(self, record: Any) -> Iterable[str]:
        # A string in Bugzilla 4, a list since.
        aliases = record.get("alias") or ()
        return str(record["id"]), *([aliases] if isinstance(aliases, str) else aliases)

    def read(self, record: Any) -> Read | Finding:
        get = record.get
        if "error" in record:
            # "NotFound", and "InvalidBugId", which newer ones say of both.
            return Finding.PRIVATE if record["error"] == "NotPermitted" else Finding.MISSING
        status, dupe_of, is_open = record["status"].strip(), get("dupe_of"), get("is_open")
        is_fixed = record["resolution"] == "FIXED"
        return Read(
            join(status, record["resolution"]) if status else "",
            get("summary", ""),
            join(get("priority", ""), get("severity", "")),
            record["resolution"],
            parse_time(get("last_change_time") or "", zoned=True),
            None if is_open is None else not is_open,
            str(dupe_of) if dupe_of else None,
            # It is called --- where there is none.
            fixed_in=get("target_milestone", "").strip("-") if is_fixed else "",
        )

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        fields = (field for each in answers for field in each.get("result", each)["fields"])
        values = {field["name"]: field["values"] for field in fields}
        names = {name: [each["name"] for each in values[name]] for name in FIELDS_OF_WORDS}
        closed = {status["name"]: not status["is_open"] for status in values["bug_status"]}
        statuses = joined(closed, names["resolution"], self.tracker.isMapped)
        return RemoteVocabulary(statuses, (*names["priority"], *names["bug_severity"]))


class Xml(_Bugzilla):
    dialect_name = "xml"
    # Old ones give all comments, whatever fields they are asked for.
    bytes_per_bug = 32 * 1024

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield ask_xml(ids)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        yield ask_xml(ids)

    def ask_identity(self) -> Ask:
        return ask_xml(["1"])

    def identity(self, answer: Any) -> str | None:
        name = f"Bugzilla {answer.get('version', '')}".strip()
        return name if answer.tag == "bugzilla" else None


class JsonRpc(_Bugzilla):
    dialect_name = "jsonrpc"
    with_credentials = True

    def speaks(self, authenticated: bool) -> bool:
        header = urlsplit(self.tracker.baseurl).hostname in HEADER_HOSTS
        return super().speaks(authenticated) and not header

    def call(self, method: str, parameters: Mapping[str, Any], ids: Sequence[str] = ()) -> Ask:
        call = {"method": method, "params": [{"include_fields": FIELDS, **parameters}], "id": 1}
        return Ask("/jsonrpc.cgi", ids=tuple(ids), method="POST", json=call)

    def sign(self, ask: Ask, credentials: Credentials) -> Ask:
        name, password = credentials.username, credentials.password
        given = {"api_key": credentials.token, "login": name, "password": password}
        secrets = {f"Bugzilla_{what}": value for what, value in given.items() if value}
        named = {**ask.json["params"][0], **secrets}
        return dataclasses.replace(ask, json={**ask.json, "params": [named]})

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for name, some in by_kind(ids):
            yield self.call("Bug.search", {name: some, "limit": len(some)}, some)

    def ask_one(self, remotebug: str) -> Ask:
        return self.call("Bug.get", {"ids": [remotebug]}, [remotebug]).for_one()

    def records(self, answer: Any) -> Iterable[Any]:
        return super().records(answer["result"])

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # There may be a limit to what a search gives.
        return self.ask_rest(ask, answer)

    def ask_vocabulary(self) -> Iterable[Ask]:
        fields = {"names": FIELDS_OF_WORDS, "include_fields": ("name", "values")}
        yield self.call("Bug.fields", fields)

    def ask_whoami(self) -> Ask:
        return self.call("User.get", {"ids": []})

    def whoami(self, answer: Any) -> str | None:
        # It names nobody; but only who is logged in may ask for people by their ids.
        return "" if "users" in answer["result"] else None


class Rest(_Bugzilla):
    dialect_name = "rest"
    path = "/rest"
    swept_at_once = 500
    with_credentials = False

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for name, some in by_kind(ids):
            limits = (("include_fields", ",".join(FIELDS)), ("limit", str(len(some))))
            yield Ask(f"{self.path}/bug", ((name, ",".join(some)), *limits), tuple(some))

    def ask_one(self, remotebug: str) -> Ask:
        path = f"{self.path}/bug/{quote(remotebug, safe='')}"
        return Ask(path, (("include_fields", ",".join(FIELDS)),), (remotebug,), alone=True)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        return iter([ask_xml(ids)]) if len(ids) > 1 else super().ask_missing(ids)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        when = (("last_change_time", format_time(since)), ("include_fields", "id,alias"))
        start, size = str(page * self.swept_at_once), str(self.swept_at_once)
        return Ask(f"{self.path}/bug", (*when, ("limit", size), ("offset", start)))

    def ask_identity(self) -> Ask:
        return Ask(f"{self.path}/version")

    def identity(self, answer: Any) -> str | None:
        return f"Bugzilla {answer['version']}"

    def ask_vocabulary(self) -> Iterable[Ask]:
        for name in FIELDS_OF_WORDS:
            yield Ask(f"{self.path}/field/bug/{name}", (("include_fields", "name,values"),))


class RestCgi(Rest):
    dialect_name = "rest.cgi"
    path = "/rest.cgi"


class RestWithKey(Rest):
    dialect_name = "rest+key"
    with_credentials = True
    asks_who = ("/rest/whoami", "name")


@implementer(IBatches, IDuplicates, ISweeps)
class Bugzilla(ExternalBugTracker):
    """A Bugzilla; https://www.bugzilla.org/."""

    title = "Bugzilla"
    request_size = 500
    protocols = (JsonRpc, RestWithKey, Rest, RestCgi, Xml)
    signatures = {"X-API-Key": None}
    named_in = ("bug.id",)
    # Where a number alone leads to the bug.
    hosts = {
        **by_https("bugs.gentoo.org", "bugs.kde.org", *HEADER_HOSTS),
        "bugzil.la": "https://bugzilla.mozilla.org",
    }
    urls = (
        URLShape("/show_bug.cgi?id={id}"),
        # Issuezilla said "issue".
        URLShape("/show_bug.cgi?issue={id}"),
        URLShape("/{id}", registered=True),
        # What begins with a digit is a number that something has stuck to.
        URLShape(
            "/show_bug.cgi?id={alias}", "{alias}", registered=True, alias=r"[^\s,/\d][^\s,/]{0,39}"
        ),
    )
    # Aliases have no white space and no comma; their case does not matter.
    folds_ids = True
    id_pattern = r"[0-9]{1,10}|(?![0-9]*\Z)[^\s,]{1,40}"
    highest_id = 2**31 - 1
    file_link = "/enter_bug.cgi?product={product}&short_desc={summary}&comment={description}"
    multi_product = True
    search_link = (
        "/query.cgi?product={product}&short_desc={summary}",
        "/query.cgi?short_desc={summary}",
    )
    statuses = Workflow(
        (OPEN, STATUSES),
        # Closed; without a word why, RESOLVED says nothing.
        {
            BugTaskStatus.FIXRELEASED: "CLOSED, DONE",
            BugTaskStatus.UNKNOWN: "RESOLVED, VERIFIED, NEW IN BUILD",
        },
        RESOLUTIONS,
    )

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        # Mozilla's way; Red Hat takes the Bearer, and stock Bugzilla neither.
        key = {"X-BUGZILLA-API-KEY": credentials.token} if credentials.token else {}
        return {**super().authorization(credentials), **key}


def by_kind(ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Numbers and aliases: among numbers an alias finds nothing, or fails on PostgreSQL."""
    numbers = [each for each in ids if each.isdecimal()]
    if numbers:
        yield "id", numbers
    if len(numbers) < len(ids):
        yield "alias", [each for each in ids if not each.isdecimal()]


def from_xml(bug: Element) -> dict[str, Any]:
    """A bug as the web services would give it, or with the "error" why it is not shown."""
    record: dict[str, Any] = {
        name: (bug.findtext(tag) or "").strip() for name, tag in XML_FIELDS.items()
    }
    record["alias"] = [(alias.text or "").strip() for alias in bug.iterfind("alias")]
    record["resolution"] = record["resolution"].removeprefix("---")
    return {**record, **bug.attrib}


def ask_xml(ids: Sequence[str]) -> Ask:
    fields = (("field", name) for name in XML_FIELDS.values())
    query = (("ctype", "xml"), ("id", ",".join(ids)), *fields)
    return Ask("/show_bug.cgi", query, tuple(ids), len(ids) == 1, form=Form.XML)
