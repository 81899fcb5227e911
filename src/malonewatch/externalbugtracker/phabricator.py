"""Phabricator, and Phorge, which goes on with it.

Dialects: ``conduit``, https://we.phorge.it/conduit/method/maniphest.search/, for who has a token;
``page``, the page of each task, as no stranger may use the other and many sites show them.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Judgement, Read
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.times import from_epoch
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, add_to_form, ask_form, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow
from malonewatch.externalbugtracker.driver.words import RESOLUTIONS, STATUSES, importances_with
from malonewatch.interfaces import BugTaskStatus, Certainty, Credentials, RemoteVocabulary, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates

#: What is said of a token, and that there is no such method.
REFUSALS = ("ERR-INVALID-AUTH", "ERR-INVALID-SESSION", "ERR-INVALID-TOKEN")
NO_METHOD = "ERR-CONDUIT-CALL"
# "⚓ T12 A frob is loose"; and below that in the head of the page "Open, Needs Triage".
TITLE = re.compile(r"<title>[^<\w]{0,20}T([0-9]{1,18}) ([^<]{0,2000})</title>")
STATUS = re.compile(
    r'<div class="phui-header-subheader">\s{0,9}<span class="phui-tag-view[^>]{0,300}>\s{0,9}'
    r'<span class="phui-tag-core[^>]{0,300}>(?:<span[^>]{0,300}></span>)?([^<]{1,200})</span>'
)
LOG_IN = "/auth/"

# Those that it comes with, by value and by name, and those that Wikimedia, KDE and others have.
OWN_STATUSES = {
    BugTaskStatus.NEW: "open",
    BugTaskStatus.INPROGRESS: "progress, inprogress",
    BugTaskStatus.INCOMPLETE: "stalled, needs information",
    BugTaskStatus.FIXRELEASED: "resolved",
    BugTaskStatus.WONTFIX: "wontfix, declined, spite",
    BugTaskStatus.INVALID: "invalid, duplicate",
}


class Page(PageDialect):
    """Tasks by their pages, which tell why one cannot be had."""

    with_credentials: ClassVar[bool | None] = False

    def ask_identity(self) -> Ask:
        return call("conduit.ping")

    def identity(self, answer: Any) -> str | None:
        is_one = answer.keys() == {"result", "error_code", "error_info"}
        return "Phabricator" if is_one and isinstance(answer["result"], str) else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        found = super().judge(ask, response, answer)
        if found is None and ask.form is Form.PAGE and self.item_of(answer) is None:
            # In place of what strangers may not see there is a form to log in, or nothing.
            return Finding.PRIVATE if LOG_IN in answer else Finding.SPOILED
        return found

    def item_of(self, page: str) -> Mapping[str, Any] | None:
        title, found = TITLE.search(page), STATUS.search(page)
        if title is None:
            return None
        text = html.unescape(found[1]).strip() if found else ""
        return {"id": f"T{title[1]}", "title": html.unescape(title[2]), "text": text}

    def read(self, record: Any) -> Read:
        status, closed, priority = split_status(record["text"])
        return Read(status, record["title"], priority, closed=closed)


class Conduit(Page):
    """Tasks a hundred at once; those that are not found by their pages."""

    dialect_name = "conduit"
    with_credentials = True
    # No page of a search is longer.
    page_size = 100

    def sign(self, ask: Ask, credentials: Credentials) -> Ask:
        if ask.form is Form.PAGE or not credentials.token:
            return ask
        return add_to_form(ask, [("api.token", credentials.token)])

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        numbers = [each.removeprefix("T") for each in ids]
        yield call("maniphest.search", listed("constraints[ids]", numbers), ids)

    def ask_one(self, remotebug: str) -> Ask:
        return next(self.ask_many([remotebug], None)).for_one()

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        # A search does not tell what is hidden from what is not there.
        return map(super().ask_one, ids)

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        if ask.form is Form.PAGE or len(answers) == 3:
            return None
        if len(answers) == 1:
            same = [task["phid"] for task in data(answers[0]) if status_of(task) == "duplicate"]
            edges = [*listed("sourcePHIDs", same), ("types[0]", "task.duplicate")]
            return call("edge.search", edges) if same else None
        others = dict.fromkeys(edge["destinationPHID"] for edge in data(answers[1]))
        return call("maniphest.search", listed("constraints[phids]", others)) if others else None

    def ask_whoami(self) -> Ask:
        return call("user.whoami")

    def whoami(self, answer: Any) -> str | None:
        return str(answer["result"]["userName"])

    def ask_vocabulary(self) -> Iterable[Ask]:
        return call("maniphest.status.search"), call("maniphest.priority.search")

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        closed = {each["value"]: each["closed"] for each in data(answers[0])}
        return RemoteVocabulary(closed, tuple(each["name"] for each in data(answers[1])))

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.form is Form.PAGE or response.status != 200:
            return super().judge(ask if ask.form is Form.PAGE else ask.for_all(), response, answer)
        error = answer["error_code"]
        if error is None or ask.answers:
            # An old one may not have what leads from a duplicate to the other task.
            return None
        if error in REFUSALS:
            return Finding.REFUSED
        return Finding.ABSENT if error == NO_METHOD else Finding.SPOILED

    def records(self, answer: Any) -> Iterable[Any]:
        if isinstance(answer, str):
            return super().records(answer)
        first, *more = map(data, answer if isinstance(answer, tuple) else (answer,))
        edges, others = (*more, (), ())[:2]
        numbers = {task["phid"]: f"T{task['id']}" for task in others}
        same = {edge["sourcePHID"]: numbers.get(edge["destinationPHID"]) for edge in edges}
        for task in first:
            task.update(id=f"T{task['id']}", duplicate_of=same.get(task["phid"]))
        return list(first)

    def read(self, record: Any) -> Read:
        if "fields" not in record:
            return super().read(record)
        fields = record["fields"]
        ended = from_epoch(fields.get("dateClosed") or 0)
        return Read(
            status_of(record),
            fields["name"],
            (fields["priority"] or {}).get("name") or "",
            modified=from_epoch(fields["dateModified"]),
            closed=ended is not None if "dateClosed" in fields else None,
            duplicate_of=record["duplicate_of"],
            date_closed=ended,
        )


@implementer(IBatches, IDuplicates)
class Phabricator(ExternalBugTracker):
    """Phabricator or Phorge; https://we.phorge.it/."""

    title = "Phabricator"
    protocols = (Conduit, Page)
    request_size = 500
    folds_ids = True
    id_pattern = r"T[1-9][0-9]{0,17}"
    hosts = by_https(
        *("dev.gnupg.org", "developer.blender.org", "feedback.bistudio.com"),
        *("phabricator.kde.org", "phabricator.wikimedia.org", "reviews.llvm.org"),
        *("secure.phabricator.com", "vyos.dev", "we.phorge.it"),
    )
    # Others write such URLs too.
    urls = (URLShape("/{id}", at_root=True, certainty=Certainty.GUESS, id=r"T\d{1,18}"),)
    shut_down = {
        "developer.blender.org": (
            "Blender's bugs moved from developer.blender.org to projects.blender.org in 2023."
        ),
        "reviews.llvm.org": (
            "reviews.llvm.org is an archive of pages, where nobody answers any more."
        ),
    }
    file_link = (
        "/maniphest/task/edit/?title={summary}&description={description}&projects={product}",
        "/maniphest/task/edit/?title={summary}&description={description}",
    )
    search_link = "/maniphest/?query={summary}"
    statuses = Workflow((OWN_STATUSES, STATUSES, RESOLUTIONS))
    importances = importances_with("unbreak now", undecided="needs triage")

    @classmethod
    def canonicalRemoteBug(cls, remotebug: str) -> str:
        number = remotebug.strip().removeprefix("#").removeprefix("T").removeprefix("t")
        return f"T{super().canonicalRemoteBug(number)}"

    def authorization(self, credentials: Credentials) -> Mapping[str, str]:
        # A token is in the body of a request.
        return {}


def call(method: str, fields: Iterable[tuple[str, str]] = (), ids: Sequence[str] = ()) -> Ask:
    """A call of a method of Conduit."""
    return ask_form(f"/api/{method}", fields, ids)


def listed(name: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A list as PHP has it in a form."""
    return ((f"{name}[{number}]", value) for number, value in enumerate(values))


def data(answer: Any) -> Any:
    """The records in an answer; none if it is an error."""
    return answer["result"]["data"] if answer.get("result") else []


def status_of(task: Any) -> Any:
    return task["fields"]["status"]["value"]


def split_status(text: str) -> tuple[str, bool, str]:
    """The status, whether that is an end, and the priority, which only what is open has."""
    first, comma, rest = text.partition(", ")
    if not comma:
        return text, True, ""
    if first.lower() == "closed":
        return rest, True, ""
    status, _, priority = text.rpartition(", ")
    return status, False, priority
