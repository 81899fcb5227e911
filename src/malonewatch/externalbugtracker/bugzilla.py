"""Bugzilla, from 2.18 on.

Dialects:

``rest``, ``rest.cgi``
    The REST interface of Bugzilla 5.0 and later, and of the forks; the second
    is where it is on sites that rewrite no URLs.
    https://bugzilla.readthedocs.io/en/latest/api/core/v1/bug.html
``jsonrpc``
    JSON-RPC, with credentials: stock Bugzilla reads them nowhere but among the
    parameters, and here these are not in the URL.
    https://bugzilla.readthedocs.io/en/5.0/integrating/apis.html
``xml``
    The XML export of ``show_bug.cgi``, which older ones have, and the only
    request for many bugs that says of each why it cannot be shown.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    RESOLUTIONS,
    Ask,
    Dialect,
    ExternalBugTracker,
    Finding,
    Form,
    Instead,
    Read,
    URLShape,
    Workflow,
    is_number,
    join,
    parse_time,
)
from malonewatch.interfaces import (
    BugTaskStatus,
    Credentials,
    IBatches,
    IDuplicates,
    Response,
)

FIELDS = "id,alias,status,resolution,summary,severity,priority,last_change_time,dupe_of,is_open"
XML_FIELDS = (
    *("bug_id", "alias", "bug_status", "resolution", "short_desc", "bug_severity", "priority"),
    *("delta_ts", "dup_id"),
)

# Codes of Bugzilla's web services; Bugzilla/WebService/Constants.pm.
NO_SUCH_BUG = (100, 101)
ACCESS_DENIED = 102
CREDENTIAL_ERRORS = (300, 301, 302, 303, 304, 305, 306, 307, 410)
NO_SUCH_RESOURCE = 32614

# They take an API key in a header, as the forks do that they run.
HEADER_HOSTS = frozenset({"bugzilla.mozilla.org", "bugzilla.redhat.com"})


class _Reading(Dialect):
    """Reads what all dialects answer."""

    path = ""

    def ids_of(self, record: Any) -> Iterable[str]:
        if not isinstance(record, dict):
            return [_text(record, "bug_id"), *_texts(record, "alias")]
        aliases = record.get("alias")
        if not aliases:
            return (str(record["id"]),)
        # A string in Bugzilla 4, a list since.
        return [str(record["id"]), *([aliases] if isinstance(aliases, str) else aliases)]

    def records(self, answer: Any) -> Iterable[Any]:
        if not isinstance(answer, dict):
            if answer.tag not in ("bugzilla", "issuezilla"):
                raise LookupError(answer.tag)
            found: Iterable[Any] = answer.iterfind("bug")
            return found
        bugs: Iterable[Any] = answer["bugs"]
        return bugs

    def read(self, record: Any) -> Read | Finding:
        if not isinstance(record, dict):
            return self._read_xml(record)
        get = record.get
        dupe_of, is_open = get("dupe_of"), get("is_open")
        return Read(
            join(record["status"], record["resolution"]),
            get("summary", ""),
            join(get("priority", ""), get("severity", "")),
            record["resolution"],
            parse_time(get("last_change_time") or ""),
            None if is_open is None else not is_open,
            None if dupe_of is None else str(dupe_of),
        )

    def _read_xml(self, bug: Element) -> Read | Finding:
        error = bug.get("error")
        if error is not None:
            # "NotFound", and "InvalidBugId", which newer ones say of both.
            return Finding.PRIVATE if error == "NotPermitted" else Finding.MISSING
        status, resolution = _text(bug, "bug_status"), _text(bug, "resolution")
        if resolution == "---":
            resolution = ""
        return Read(
            join(status, resolution),
            _text(bug, "short_desc"),
            join(_text(bug, "priority"), _text(bug, "bug_severity")),
            resolution,
            parse_delta_ts(_text(bug, "delta_ts")),
            None,
            _text(bug, "dup_id") or None,
        )


class Xml(_Reading):
    dialect_name = "xml"
    # Old ones give all comments, whatever fields they are asked for.
    bytes_per_bug = 32 * 1024

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield _ask_xml(ids)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        yield _ask_xml(ids)

    def ask_one(self, remotebug: str) -> Ask:
        return _ask_xml([remotebug])

    def ask_identity(self) -> Ask:
        return _ask_xml(["1"])

    def identity(self, answer: Any) -> str | None:
        if answer.tag != "bugzilla":
            return None
        return f"Bugzilla {answer.get('version', '')}".strip()


class Rest(_Reading):
    dialect_name = "rest"
    path = "/rest"
    bytes_per_bug = 2 * 1024

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for name, some in by_kind(ids):
            query = ((name, ",".join(some)), ("include_fields", FIELDS), ("limit", str(len(some))))
            yield Ask(f"{self.path}/bug", query, tuple(some))

    def ask_one(self, remotebug: str) -> Ask:
        path = f"{self.path}/bug/{quote(remotebug, safe='')}"
        return Ask(path, (("include_fields", FIELDS),), (remotebug,), alone=True)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        if len(ids) > 1:
            yield _ask_xml(ids)
        else:
            yield from map(self.ask_one, ids)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if ask.form is Form.XML:
            return super().judge(ask, response, answer)
        if isinstance(answer, dict) and answer.get("error"):
            return judge_code(answer.get("code"), str(answer.get("message")), ask.alone)
        if response.status == 404:
            return Finding.ABSENT
        return super().judge(ask, response, answer)

    def ask_identity(self) -> Ask:
        return Ask(f"{self.path}/version")

    def identity(self, answer: Any) -> str | None:
        return f"Bugzilla {answer['version']}"[:100]

    def ask_whoami(self) -> Ask:
        return Ask(f"{self.path}/whoami")

    def whoami(self, answer: Any) -> str | None:
        name: str | None = answer.get("name")
        return name


class RestCgi(Rest):
    dialect_name = "rest.cgi"
    path = "/rest.cgi"


class JsonRpc(_Reading):
    dialect_name = "jsonrpc"
    bytes_per_bug = 2 * 1024

    def speaks(self, authenticated: bool) -> bool:
        return authenticated and urlsplit(self.tracker.baseurl).hostname not in HEADER_HOSTS

    def _call(self, method: str, parameters: Mapping[str, Any]) -> Any:
        named = {"include_fields": FIELDS.split(","), **parameters}
        return {"method": method, "params": [named], "id": 1}

    def _ask(self, ids: Sequence[str], call: Any, alone: bool = False) -> Ask:
        return Ask("/jsonrpc.cgi", (), tuple(ids), alone, method="POST", json=call)

    def sign(self, ask: Ask, credentials: Credentials) -> Ask:
        if ask.json is None:
            return ask
        if credentials.token:
            secrets = {"Bugzilla_api_key": credentials.token}
        else:
            secrets = {
                "Bugzilla_login": credentials.username or "",
                "Bugzilla_password": credentials.password or "",
            }
        (parameters,) = ask.json["params"]
        call = {**ask.json, "params": [{**parameters, **secrets}]}
        return dataclasses.replace(ask, json=call)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        for name, some in by_kind(ids):
            yield self._ask(some, self._call("Bug.search", {name: some, "limit": len(some)}))

    def ask_one(self, remotebug: str) -> Ask:
        return self._ask([remotebug], self._call("Bug.get", {"ids": [remotebug]}), True)

    def records(self, answer: Any) -> Iterable[Any]:
        bugs: Iterable[Any] = answer["result"]["bugs"]
        return bugs

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | None:
        error = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(error, dict):
            return judge_code(error.get("code"), str(error.get("message")), ask.alone)
        return Finding.ABSENT if response.status != 200 else None

    def ask_whoami(self) -> Ask:
        return self._ask([], self._call("User.get", {"match": ["x"], "limit": 1}))

    def whoami(self, answer: Any) -> str | None:
        # It names nobody; but only who is logged in may look for people.
        return "" if "users" in answer["result"] else None


@implementer(IBatches, IDuplicates)
class Bugzilla(ExternalBugTracker):
    """A Bugzilla; https://www.bugzilla.org/."""

    title = "Bugzilla"
    request_size = 500
    protocols = (JsonRpc, Rest, RestCgi, Xml)
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
    # Beside Bugzilla's own words there are those of Red Hat, KDE, GNOME, the
    # Linux kernel, WineHQ, LibreOffice, FreeBSD, Gentoo and others.
    statuses = Workflow(
        {
            # As FreeBSD has it; Bugzilla's own NEW is one that was confirmed.
            BugTaskStatus.NEW: "UNCONFIRMED, REPORTED, New, Needs Triage, UNTRIAGED",
            BugTaskStatus.CONFIRMED: (
                "CONFIRMED, NEW, REOPENED, UPSTREAM, DEFERRED, Open, In Discussion"
            ),
            BugTaskStatus.INPROGRESS: (
                "IN_PROGRESS, ASSIGNED, STARTED, ON_DEV, FAILS_QA, POST, Patch Ready"
            ),
            BugTaskStatus.INCOMPLETE: (
                "NEEDINFO, NEEDINFO_REPORTER, NEEDSINFO, WAITING, SUSPENDED, PLEASETEST"
            ),
            BugTaskStatus.FIXCOMMITTED: (
                "MODIFIED, ON_QA, PENDINGUPLOAD, RELEASE_PENDING, STAGED, NEW IN BUILD"
            ),
            BugTaskStatus.INVALID: "REJECTED",
        },
        # Closed without a word why.
        {
            BugTaskStatus.FIXRELEASED: "VERIFIED, CLOSED, DONE, NEW IN BUILD",
            BugTaskStatus.UNKNOWN: "RESOLVED",
        },
        RESOLUTIONS,
    )

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        headers = dict(super().authorization(credentials))
        if credentials.token:
            # Mozilla's way; Red Hat takes the Bearer, and stock Bugzilla neither.
            headers["X-BUGZILLA-API-KEY"] = credentials.token
        return headers


def by_kind(ids: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Numbers and aliases: among numbers an alias finds nothing, or fails on PostgreSQL."""
    for name in ("id", "alias"):
        some = [each for each in ids if is_number(each) == (name == "id")]
        if some:
            yield name, some


def judge_code(code: Any, message: str, alone: bool) -> Finding:
    """What an error of Bugzilla's web services says."""
    if code in CREDENTIAL_ERRORS or "API key" in message:
        return Finding.REFUSED
    if code == NO_SUCH_RESOURCE:
        return Finding.ABSENT
    if alone and code == ACCESS_DENIED:
        return Finding.PRIVATE
    if alone and code in NO_SUCH_BUG:
        return Finding.MISSING
    return Finding.SPOILED


def parse_delta_ts(text: str) -> datetime | None:
    """The time that ``2024-01-02 03:04:05 +0100`` gives; None if it gives none.

    Without an offset it is in the server's own zone, which nobody tells.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z").astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _ask_xml(ids: Sequence[str]) -> Ask:
    fields = tuple(("field", field) for field in XML_FIELDS)
    query = (("ctype", "xml"), ("id", ",".join(ids)), *fields)
    return Ask("/show_bug.cgi", query, tuple(ids), len(ids) == 1, form=Form.XML)


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _texts(element: Element, name: str) -> list[str]:
    return [(found.text or "").strip() for found in element.iterfind(name)]
