"""Request Tracker.

The dialect ``rest2`` is the REST interface of RT 5, and of 4.4 with an extension, in JSON,
https://docs.bestpractical.com/rt/5.0.7/RT/REST2.html; ``rest1`` the one of before, in text,
which all have, https://rt-wiki.bestpractical.com/wiki/REST.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.times import is_number, parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, add_to_form, ask_form, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import IMPORTANCES, RESOLUTIONS, STATUSES
from malonewatch.interfaces import BugTaskImportance, BugTaskStatus, Credentials, Response, TableRow
from malonewatch.interfaces.externalbugtracker import IBatches, IMoves

PER_PAGE = 100
FIELDS = "Subject,Status,Priority,LastUpdated,Resolved,CustomFields"
#: What an answer in text begins with: the version, and what the HTTP status should be.
FIRST_LINE = re.compile(r"RT/(\S{1,60}) (\d{3})\b[^\n]*\n?")
RECORD_END = re.compile(r"^--$", re.MULTILINE)
FIELD = re.compile(r"([A-Za-z][^:\n{}]*(?:\{[^}\n]*\})?):(?:[ \t]+(.*))?")
CUSTOM_FIELD = re.compile(r"CF[-.]\{?([^}]*)\}?", re.IGNORECASE)
# Said of one ticket in place of it.
TICKET = re.compile(r"\bticket (\d+)\b", re.IGNORECASE)
#: After that come custom fields only.
LAST = "TimeLeft"
DELETED = "deleted"

# The first are of the life cycle that RT comes with, the others of its approvals, and CPAN's.
OWN_STATUSES = {
    BugTaskStatus.NEW: "new",
    BugTaskStatus.CONFIRMED: "open, stalled",
    BugTaskStatus.FIXCOMMITTED: "patched",
    BugTaskStatus.FIXRELEASED: "resolved",
    BugTaskStatus.INVALID: "rejected, deleted",
}
# From which number on a priority is one of ours: RT calls 0, 50 and 100 low, medium and high.
PRIORITIES = {
    100: BugTaskImportance.HIGH,
    50: BugTaskImportance.MEDIUM,
    1: BugTaskImportance.LOW,
    # What a ticket begins with, if nobody says how urgent it is.
    0: BugTaskImportance.UNDECIDED,
}
# The page of a ticket, of its history and so on; for people with an account, and without.
PAGES = (
    r"(?:Ticket/\w+|SelfService/(?:Display|Update)|Public/(?:Bug|Ticket)/\w+|NoAuth/Bug)\.html"
    "|m/ticket/show"
)


class Rest2(Dialect):
    dialect_name = "rest2"
    asks_what = "/REST/2.0/rt"
    list_field = "items"
    # Nobody is told anything who has not logged in.
    with_credentials = True
    knows_people = True
    page_size = PER_PAGE

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        query = " OR ".join(f"id={remotebug}" for remotebug in ids)
        page = (("per_page", str(PER_PAGE)), ("page", "1"))
        yield Ask("/REST/2.0/tickets", (("query", query), ("fields", FIELDS), *page), tuple(ids))

    def ask_one(self, remotebug: str) -> Ask:
        return Ask(f"/REST/2.0/ticket/{remotebug}", (), (remotebug,), alone=True)

    def identity(self, answer: Any) -> str | None:
        return f"Request Tracker {answer['Version']}"

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.alone and response.status == 200 and answer["Status"] == DELETED:
            return Finding.DELETED
        return super().judge(ask, response, answer)

    def merged_into(self, ask: Ask, answer: Any) -> str | None:
        return merged(ask, str(answer["id"]))

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        # What it says may not be the address that we know it at.
        return ask.for_next_page() if answer.get("next_page") else None

    def read(self, record: Any) -> Read:
        fields = {each["name"].lower(): each["values"] for each in record.get("CustomFields") or ()}
        resolved = moment(record.get("Resolved"))
        return read(
            record["Status"],
            record["Subject"],
            record["Priority"],
            {name: ", ".join(values) for name, values in fields.items()},
        )._replace(
            modified=moment(record.get("LastUpdated")),
            closed=resolved is not None if "Resolved" in record else None,
            date_closed=resolved,
        )


class Rest1(Dialect):
    # Asked by POST: in URLs there would be passwords.
    dialect_name = "rest1"
    knows_people = True
    page_size = PER_PAGE

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        # Not a search: this tells of each what is wrong with it.
        yield ask_form("/REST/1.0/show", [("id", f"ticket/{','.join(ids)}")], ids, Form.TEXT)

    def ask_one(self, remotebug: str) -> Ask:
        path = f"/REST/1.0/ticket/{remotebug}/show"
        return ask_form(path, [("format", "l")], (remotebug,), Form.TEXT).for_one()

    def ask_identity(self) -> Ask:
        return ask_form("/REST/1.0/", [("format", "l")], (), Form.TEXT)

    def sign(self, ask: Ask, credentials: Credentials) -> Ask:
        if not credentials.password:
            return ask
        names = {"user": credentials.username or "", "pass": credentials.password}
        return add_to_form(ask, names.items())

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        line = FIRST_LINE.match(answer or "")
        if response.status != 200 or line is None:
            return super().judge(ask.for_all(), response, answer) or Finding.ABSENT
        status = int(line[2])
        if status == 401:
            # That much it says to everybody.
            return Finding.REFUSED if ask.ids or ask.signed else None
        return {200: None, 403: Finding.REFUSED}.get(status, Finding.SPOILED)

    def identity(self, answer: Any) -> str | None:
        line = FIRST_LINE.match(answer)
        return line and f"Request Tracker {line[1]}"

    def merged_into(self, ask: Ask, answer: Any) -> str | None:
        names = [name for record in self.records(answer) for name in self.ids_of(record)]
        return merged(ask, *names) if len(names) == 1 else None

    def records(self, answer: Any) -> Iterable[Any]:
        _, _, rest = answer.partition("\n")
        records = map(parse, RECORD_END.split(rest))
        found = [record for record in records if record[""] or "id" in record]
        is_whole = found[-1][""] or LAST in found[-1] if found else rest.strip()
        if not is_whole or not answer.endswith("\n"):
            raise ValueError("It was cut off.")
        return found

    def ids_of(self, record: Any) -> Iterable[str]:
        if record[""]:
            said = TICKET.search(record[""])
            return (said[1],) if said else ()
        return (record["id"].removeprefix("ticket/"),)

    def read(self, record: Any) -> Read | Finding:
        if record[""]:
            return Finding.PRIVATE if "not allowed" in record[""] else Finding.MISSING
        if record["Status"] == DELETED:
            return Finding.DELETED
        fields = {
            name[1].lower(): record[name[0]] for name in map(CUSTOM_FIELD.fullmatch, record) if name
        }
        # Its times are in somebody's time zone, which is not told.
        return read(record["Status"], record["Subject"], record["Priority"], fields)


@implementer(IBatches, IMoves)
class RT(ExternalBugTracker):
    """Request Tracker; https://bestpractical.com/request-tracker."""

    title = "Request Tracker"
    protocols = (Rest2, Rest1)
    request_size = 500
    multi_product = True
    token_scheme = "token"
    hosts = by_https("rt.cpan.org")
    urls = (
        URLShape("/Ticket/Display.html?id={id}"),
        URLShape("/{page}?id={id}", page=PAGES),
        URLShape("/REST/{version}/ticket/{id}", version=r"[12]\.0"),
        URLShape("/REST/1.0/ticket/{id}/show"),
    )
    highest_id = 2**31 - 1
    file_link = "/Ticket/Create.html?Queue={product}&Subject={summary}&Content={description}"
    search_link = "/Search/Simple.html?q={summary}"
    statuses = Workflow((OWN_STATUSES, STATUSES, RESOLUTIONS))
    importances = IMPORTANCES.plus(
        {
            BugTaskImportance.CRITICAL: "on fire",
            BugTaskImportance.HIGH: "important",
            BugTaskImportance.LOW: "unimportant",
        }
    )

    def weighed(self, words: str) -> TableRow | None:
        if is_number(words):
            least = next(least for least in PRIORITIES if int(words) >= least)
            return TableRow("numbers", str(least), PRIORITIES[least])
        return super().weighed(words)


def read(status: Any, title: Any, priority: Any, fields: Mapping[str, str]) -> Read:
    """What a ticket says, with custom fields by their names in lower case, as rt.cpan.org has."""
    severity = fields.get("severity", "").strip()
    # A ticket without a subject is one all the same; a duplicate is merged.
    weight = severity or ("" if priority is None else str(priority).strip())
    return Read(status, title or "", weight, fixed_in=fields.get("fixed in", "").strip())


def merged(ask: Ask, remotebug: str) -> str | None:
    """`remotebug` if that is another one than was asked for."""
    return remotebug if is_number(remotebug) and remotebug not in ask.ids else None


def moment(text: str | None) -> datetime | None:
    """A time; None for none, which RT writes as the beginning of 1970."""
    found = parse_time(text or "")
    return found if found and found.year > 1970 else None


def parse(text: str) -> dict[str, str]:
    """The fields of a record, and what is said in place of them, by the name of ""."""
    fields = {"": ""}
    last = ""
    for line in text.split("\n"):
        field = FIELD.fullmatch(line)
        if line.startswith("#"):
            fields[""] += line[1:].strip() + " "
        elif field is not None:
            last = field[1].strip()
            fields.setdefault(last, field[2] or "")
        elif last and line.strip():
            fields[last] += "\n" + line.strip()
    return fields
