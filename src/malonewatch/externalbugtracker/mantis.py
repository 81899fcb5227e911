"""MantisBT, from 1.0 on.

The dialect ``soap`` is the web service, which since MantisBT 1.3 gives many issues by their ids,
https://www.mantisbt.org/bugs/api/soap/mantisconnect.php; ``rest`` the REST interface of 2.3 and
later, an issue at a time, https://documenter.getpostman.com/view/29959/mantis-bt-rest-api/7Lt6zkP;
``csv`` the export of all issues that are not closed, and ``page`` the pages of others, or of all.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape, unescape
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import soap
from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Instead, Judgement, Read
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.remembering import remembered
from malonewatch.externalbugtracker.driver.times import parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import IMPORTANCES, RESOLUTIONS, STATUSES
from malonewatch.interfaces import RemoteVocabulary
from malonewatch.interfaces.enumerations import BugTaskImportance, BugTaskStatus, Certainty
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, IValidators
from malonewatch.interfaces.http import Credentials, Response

# As config_defaults_inc.php has them.  Sites add others, with numbers between these.
NAMES = {
    field: dict(each.split(":") for each in names.split(","))
    for field, names in {
        "status": (
            "10:new,20:feedback,30:acknowledged,40:confirmed,50:assigned,80:resolved,90:closed"
        ),
        "resolution": (
            "10:open,20:fixed,30:reopened,40:unable to duplicate,50:not fixable,60:duplicate,"
            "70:not a bug,80:suspended,90:wont fix"
        ),
        "priority": "10:none,20:low,30:normal,40:high,50:urgent,60:immediate",
        "severity": "10:feature,20:trivial,30:text,40:tweak,50:minor,60:major,70:crash,80:block",
    }.items()
}
NUMBERS = {name: number for number, name in NAMES["status"].items()}
ENUMERATIONS = ("status", "resolutions", "priorities", "severities")
#: The status from which on an issue is over, a view state, a resolution, and a relationship.
RESOLVED, PRIVATE, DUPLICATE, DUPLICATE_OF = 80, "50", "60", "0"

SOAP, REST = "/api/soap/mantisconnect.php", "/api/rest/index.php"
NAMESPACE = "http://futureware.biz/mantisconnect"
EXISTS = "mc_issue_exists"
NOBODY = "<username></username><password></password>"
SHOWN = (*NAMES, "summary", "view_state", "last_updated")
HEADER = soap.wanted("id", *SHOWN)
FIELDS = ("id", "summary", *NAMES, "updated_at", "view_state", "fixed_in_version", "relationships")

# MantisBT names the cells of a page; before 1.3 what stands before them did, and a comment.
CELL = re.compile(r'<td class="bug-([\w-]{1,30})"[^<>]{0,200}>')
LABELLED = re.compile(
    r'(?:<!-- ([\w ]{1,30}) -->|<td class="category"[^<>]{0,40}>\s{0,20}([^<>]{1,40}?)\s{0,20}</td>'
    r')\s{0,40}<td(?! class="category")[^<>]{0,60}>([^<>]{0,300})</td>'
)
TAG = re.compile(r"<[^<>]{0,300}>")
COLOURED = re.compile(r'<td class="bug-status"[^<>]{0,99}>\s{0,9}<[^<>]{0,99}\bstatus-(\d{1,3})-fg')
RELATED = re.compile(
    r"duplicate of\s{0,9}</td>\s{0,40}<td[^<>]{0,99}>(?:<[^<>]{0,300}>|\s){0,9}0*(\d{1,10})"
)
NOT_FOUND, LOGIN = "APPLICATION ERROR #1100", "/login_page.php"


def read_words(words: Mapping[str, str], number: str | None, duplicate_of: str | None) -> Read:
    """What an issue says whose words are those, and the number of whose status is that."""
    status, resolution = words["status"], words.get("resolution", "")
    resolution = "" if resolution.lower() in ("open", "reopened") else resolution
    number = number or NUMBERS.get(status.lower())
    over = None if number is None else int(number) >= RESOLVED
    return Read(
        join(status, resolution),
        words.get("summary", ""),
        join(words.get("priority", ""), words.get("severity", "")),
        resolution,
        parse_time(words.get("updated", ""), zoned=True),
        over,
        duplicate_of,
        private=words.get("view_state") == PRIVATE,
        fixed_in=words.get("fixed in version", "") if over else "",
    )


@remembered
def read_numbers(said: str) -> Read:
    """What an issue says whose header has those numbers, in the order of `NAMES`, in one text."""
    numbers = said.split("\0")
    words = {name: NAMES[name].get(each, each) for name, each in zip(NAMES, numbers, strict=True)}
    return read_words(words, numbers[0], None)


class Soap(Dialect):
    dialect_name = "soap"
    # Those that are duplicates come with all their notes.
    bytes_per_bug = 32 * 1024

    def call(self, name: str, ids: Sequence[str], arguments: str = "") -> Ask:
        # A name and a password come first, of nobody unless somebody signs.
        call = f'<m:{name} xmlns:m="{NAMESPACE}">{NOBODY}{arguments}</m:{name}>'
        return soap.ask(SOAP, call, ids)

    def sign(self, ask: Ask, credentials: Credentials) -> Ask:
        # A token is a password of somebody's.
        name, secret = credentials.username, credentials.token or credentials.password or ""
        if ask.body is None or not name:
            return ask
        login = f"<username>{escape(name)}</username><password>{escape(secret)}</password>"
        return dataclasses.replace(ask, body=ask.body.replace(NOBODY.encode(), login.encode()))

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        return self.ask_many(ids, None)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield self.call("mc_issues_get_header", ids, soap.numbers("issue_ids", ids))

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        # Of what an issue is a duplicate is told only with all the rest of it; mostly none is.
        headers, *more = answers
        issues = () if more or f">{DUPLICATE}</resolution" not in headers else items_in(headers)
        same = [each.text("id") for each in issues if each.text("resolution") == DUPLICATE]
        return self.call("mc_issues_get", same, soap.numbers("issue_ids", same)) if same else None

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        for remotebug in ids:
            number = f'<issue_id xsi:type="xsd:int">{remotebug}</issue_id>'
            yield self.call(EXISTS, [remotebug], number).for_one()

    def ask_identity(self) -> Ask:
        return soap.ask(SOAP, f'<m:mc_version xmlns:m="{NAMESPACE}"></m:mc_version>', ())

    def identity(self, answer: str) -> str | None:
        return f"MantisBT {soap.result(answer, 'mc_version')}"

    def ask_whoami(self) -> Ask:
        return self.call("mc_login", ())

    def whoami(self, answer: str) -> str | None:
        return soap.Part(answer).inside("account_data").text("name")

    def ask_vocabulary(self) -> Iterable[Ask]:
        return tuple(self.call(f"mc_enum_{each}", ()) for each in ENUMERATIONS)

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        # What a site has added goes by its number, as in headers.
        statuses, resolutions, *weights = (
            {(number := each.text("id")): names.get(number, number) for each in items_in(answer)}
            for names, answer in zip(NAMES.values(), answers, strict=True)
        )
        found = (
            read_words({"status": name, "resolution": resolution}, number, None)
            for number, name in statuses.items()
            for resolution in (resolutions.values() if int(number) >= RESOLVED else ("",))
        )
        closed = {read.remotestatus: read.closed for read in found}
        return RemoteVocabulary(closed, tuple(name for each in weights for name in each.values()))

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.signed and ask.body is not None and NOBODY.encode() in ask.body:
            # Whose a token is has to be said here, but not there.
            return Instead(Rest.dialect_name)
        found = super().judge(ask.for_all(), response, answer)
        if found is None and EXISTS.encode() in (ask.body or b""):
            # What is there, and in no list, is private.
            exists = str(soap.result(answer, EXISTS)).strip()
            return {"true": Finding.PRIVATE, "false": Finding.MISSING}[exists]
        return found

    def records(self, answer: Any) -> Iterable[soap.Struct]:
        headers, *more = answer if isinstance(answer, tuple) else (answer,)
        whole = (issue for each in more for issue in items_in(each))
        same = {issue.text("id"): original_of(issue) for issue in whole}
        for header in items_in(headers):
            original = same.get(header.text("id")) if same else None
            yield soap.Struct(header, HEADER, duplicate_of=original or "")

    def read(self, record: Any) -> Read:
        *numbers, title, view_state, updated, same = record.texts(*SHOWN, "duplicate_of")
        words, _, weight, resolution, _, over, *_ = read_numbers("\0".join(numbers))
        modified, private = parse_time(updated, zoned=True), view_state == PRIVATE
        return Read(words, title, weight, resolution, modified, over, same or None, private=private)


class Rest(Dialect):
    dialect_name = "rest"
    list_field = "issues"
    asks_who = (f"{REST}/users/me", "name")

    def ask_one(self, remotebug: str) -> Ask:
        query = (("select", ",".join(FIELDS)),)
        return Ask(f"{REST}/issues/{remotebug}", query, (remotebug,), alone=True)

    def ask_identity(self) -> Ask:
        return Ask(f"{REST}/issues", (("page_size", "1"), ("page", "1"), ("select", "id")))

    def identity(self, answer: Any) -> str | None:
        return "MantisBT" if "issues" in answer else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        # Without a message it is not about the issue.
        says_why = isinstance(answer, dict) and response.status != 401
        return super().judge(ask if says_why else ask.for_all(), response, answer)

    def read(self, record: Mapping[str, Any]) -> Read:
        words = {name: (record.get(name) or {}).get("name", "") for name in NAMES}
        same = (
            str(each["issue"]["id"])
            for each in record.get("relationships") or ()
            if str(each["type"]["id"]) == DUPLICATE_OF
        )
        words["summary"], words["updated"] = record["summary"], record.get("updated_at") or ""
        words["view_state"] = str(record["view_state"]["id"])
        words["fixed in version"] = (record.get("fixed_in_version") or {}).get("name", "")
        return read_words(words, str(record["status"]["id"]), next(same, None))


class Page(PageDialect):
    bytes_base = 1024 * 1024

    def ask_identity(self) -> Ask:
        return Ask("/my_view_page.php", form=Form.PAGE)

    def identity(self, answer: Any) -> str | None:
        return "MantisBT" if "mantis" in answer.lower() else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if LOGIN in response.url:
            return Finding.REFUSED
        if response.status < 300 or response.status == 404:
            return super().judge(ask, response, answer)
        return Dialect.judge(self, ask, response, answer)

    def refusal(self, page: str) -> Finding:
        return Finding.MISSING if NOT_FOUND in page else Finding.SPOILED

    def item_of(self, page: str) -> dict[str, str] | None:
        cells = cells_of(page)
        if "summary" not in cells:
            return None
        cells["summary"] = cells["summary"].partition(": ")[2]
        for name, pattern in (("number", COLOURED), ("duplicate id", RELATED)):
            found = pattern.search(page)
            cells[name] = found[1] if found else ""
        return cells

    def ids_of(self, record: Any) -> Iterable[str]:
        # Old pages name only what has a name for people, too.
        number = record.get("id", "").lstrip("0")
        return (number,) if number else ()

    def read(self, record: Any) -> Read:
        # Of when it was changed there is but the day.
        same = record.get("duplicate id", "").lstrip("0")
        return read_words(record, record.get("number"), same or None)


class Csv(Page):
    dialect_name = "csv"
    # It has all issues that are not closed, whatever was asked for.
    bytes_base = 8 * 1024 * 1024

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield Ask("/csv_export.php", (), tuple(ids), form=Form.CSV)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.alone or not ask.ids:
            return super().judge(ask, response, answer)
        has_columns = response.status == 200 and {"id", "status", "resolution"} <= {*answer.names}
        return None if has_columns else Instead(Page.dialect_name)

    def records(self, answer: Any) -> Iterable[Any]:
        return super().records(answer) if isinstance(answer, str) else answer


@implementer(IBatches, IDuplicates, IValidators)
class Mantis(ExternalBugTracker):
    """A MantisBT; https://www.mantisbt.org/."""

    title = "MantisBT"
    request_size = 250
    protocols = (Soap, Rest, Csv, Page)
    hosts = {
        **by_https("www.austingroupbugs.net", "bugs.scribus.net", "bugs.limesurvey.org"),
        **dict.fromkeys(("www.mantisbt.org", "mantisbt.org"), "https://www.mantisbt.org/bugs"),
    }
    urls = (
        # Other programs have pages of that name too.
        URLShape("/view.php?id={id}", certainty=Certainty.GUESS),
        URLShape("/{page}?bug_id={id}", page=r"(?:bug_)?view(?:_bug)?(?:_advanced)?_page\.php"),
        URLShape("/view_bug_page.php?f_id={id}"),
        URLShape("/api/rest/{php}issues/{id}", php=r"(?:index\.php/)?"),
    )
    highest_id = 2**31 - 1
    token_header = "Authorization"
    file_link = "/bug_report_page.php?summary={summary}&description={description}"
    search_link = "/view_all_set.php?type=1&temporary=y&new=true&search={summary}"
    statuses = Workflow(
        ({BugTaskStatus.NEW: "open, reopened", BugTaskStatus.INPROGRESS: "assigned"}, STATUSES),
        # Nobody says what became of those that have no resolution.
        {BugTaskStatus.UNKNOWN: "resolved, closed"},
        (
            {
                BugTaskStatus.WONTFIX: "not fixable, suspended",
                BugTaskStatus.INVALID: "unable to duplicate",
            },
            RESOLUTIONS,
        ),
    )
    importances = IMPORTANCES.plus(
        {BugTaskImportance.CRITICAL: "block", BugTaskImportance.LOW: "text, tweak"}
    )


def items_in(answer: str) -> Iterator[soap.Part]:
    """The issues, or whatever else there are many of, that a call returned."""
    return soap.result(answer, r"mc_(?:issues_get|enum)\w*").items()


def original_of(issue: soap.Part) -> str | None:
    """The id of the issue that one is a duplicate of."""
    for related in issue.inside("relationships").items():
        if related.inside("type").text("id") == DUPLICATE_OF:
            return related.text("target_id")
    return None


def cells_of(page: str) -> dict[str, str]:
    """What a page has in its cells, by their names in lower case."""
    found: dict[str, str] = {}
    for cell in CELL.finditer(page):
        content, _, _ = page[cell.end() : cell.end() + 4096].partition("</td>")
        found[cell[1].replace("-", " ")] = TAG.sub("", content)
    for comment, label, content in LABELLED.findall(page) if not found else ():
        found.setdefault((comment or label).lower(), content)
    return {name: unescape(content).strip() for name, content in found.items()}
