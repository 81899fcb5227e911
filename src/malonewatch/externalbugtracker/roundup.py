"""Roundup.

The dialect ``rest`` is for those whom the administrator grants it, from Roundup 2.0 on,
https://www.roundup-tracker.org/docs/rest.html, ``csv`` the export of a list, which needs no more
than the right to look at it, https://www.roundup-tracker.org/docs/user_guide.html.  Then come the
class that bugs are of and the fields that they have beyond the usual: ``rest+issue+priority``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Instead, Judgement, Read
from malonewatch.externalbugtracker.driver.details import DetailedDialect
from malonewatch.externalbugtracker.driver.times import is_number, parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import (
    RESOLUTIONS_BY_STATE,
    by_state,
    importances_with,
)
from malonewatch.interfaces import BugTaskStatus, RemoteVocabulary, Response
from malonewatch.interfaces.externalbugtracker import IBatches, IDuplicates, ISweeps

# What bugs are called: in most trackers, and in those made from the "devel"
# and "responsive" templates.
CLASSES = ("issue", "bug")
# What they may have beyond the usual; all but the second are links to what has a name.
FIELDS = ("priority", "superseder", "resolution", "substatus")
HIDDEN = "[hidden]"
# In the page of a bug if its contents are shown; Roundup itself writes this.
HISTORY = re.compile("<table[^<>]{0,200} class=[\"']?history")

CLASSIC_STATUSES = {
    "unread": BugTaskStatus.NEW,
    "deferred": BugTaskStatus.CONFIRMED,
    "chatting": BugTaskStatus.INCOMPLETE,
    "need-eg": BugTaskStatus.INCOMPLETE,
    "in-progress": BugTaskStatus.INPROGRESS,
    "testing": BugTaskStatus.INPROGRESS,
    "done-cbb": BugTaskStatus.FIXCOMMITTED,
    "resolved": BugTaskStatus.FIXRELEASED,
}

STATES = {
    **dict.fromkeys(("new", "open"), BugTaskStatus.NEW),
    "closed": BugTaskStatus.WONTFIX,
    "pending": BugTaskStatus.INCOMPLETE,
    "languishing": BugTaskStatus.CONFIRMED,
}

# Status and substatus, as MPlayer had them.
SUBSTATUSES = {
    BugTaskStatus.NEW: "new new, new open, open open",
    BugTaskStatus.TRIAGED: "new analyzed, open analyzed, open approved",
    BugTaskStatus.CONFIRMED: "open reproduced",
    BugTaskStatus.INCOMPLETE: "open needs more info",
    BugTaskStatus.INPROGRESS: "open implemented",
    BugTaskStatus.INVALID: "closed analyzed, closed needs more info, closed approved",
    BugTaskStatus.FIXRELEASED: "closed implemented, closed applied",
    BugTaskStatus.WONTFIX: "closed wont implement, closed reject",
}

# Old exports give numbers for labels, which count in the order of the template; which that was
# shows in the field that comes first here.
NUMBERED: Mapping[tuple[str, str], Sequence[str]] = {
    ("", "status"): tuple(CLASSIC_STATUSES),
    ("", "priority"): ("critical", "urgent", "bug", "feature", "wish"),
    ("resolution", "status"): ("open", "closed", "pending"),
    ("resolution", "resolution"): tuple(RESOLUTIONS_BY_STATE)[:11],
    ("substatus", "status"): ("new", "open", "closed"),
    ("substatus", "substatus"): (
        *("new", "open", "reproduced", "analyzed", "needs more info", "approved", "approved"),
        *("duplicate", "invalid", "fixed", "wont fix", "works for me"),
        *("implemented", "wont implement", "applied", "reject"),
    ),
}


class _Roundup(DetailedDialect):
    """Bugs of a class, with fields that each tracker chooses for itself: these are its details."""

    known_details = frozenset({*CLASSES, *FIELDS})
    wants_login = True
    swept_at_once = 0

    def __init__(self, tracker: Any, *details: str) -> None:
        super().__init__(tracker, *details)
        self.classname = self.details[0] if self.details[0] in CLASSES else CLASSES[0]
        self.fields = tuple(detail for detail in self.details if detail in FIELDS)

    def less(self, message: str) -> Instead | None:
        """The dialect less the field that an error message is about; None if it is about none."""
        words = {*re.findall(r"\w+", message)}
        named = next((field for field in self.fields if field in words), None)
        rest = (detail for detail in self.details if detail != named)
        return self.but(*rest) if named else None

    def ids_of(self, record: Any) -> Iterable[str]:
        # A page is about the bug that it was asked for.
        return () if isinstance(record, str) else (record["id"],)

    def read_labels(self, values: Mapping[str, Any]) -> Read:
        """What a bug with those labels and texts says."""
        words = [values.get(name) or "" for name in ("status", "resolution", "substatus")]
        # There may be several; the first is as good as any.
        superseder = re.search("[0-9]+", str(values.get("superseder") or ""))
        return Read(
            " ".join(filter(None, words)) if words[0] else "",
            values.get("title") or "",
            values.get("priority") or "",
            words[1],
            # In UTC; what a newer one writes in CSV is in a time zone that nobody tells.
            parse_time(re.sub(r"\.(.*)", r"T\1Z", values.get("activity") or ""), zoned=True),
            duplicate_of=superseder.group() if superseder else None,
        )


class Rest(_Roundup):
    dialect_name = "rest"
    # Where there are substatuses, bugs have been closed for many years.
    first_details = (CLASSES[0], *FIELDS[:3])
    asks_what = "/rest/"
    knows_people = True
    list_field = "collection"

    @property
    def path(self) -> str:
        return f"/rest/data/{self.classname}"

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        links = (f"{name}.name" for name in ("status", *self.fields))
        names = ",".join(("title", "activity", *links)).replace("superseder.name", "superseder")
        query = (("@fields", names), ("@verbose", "0"))
        yield Ask(self.path, (*query, *(("id", each) for each in ids)), tuple(ids))

    def ask_changed(self, since: datetime, page: int) -> Ask:
        # All at once: a page from which private bugs were taken may look like the last one.
        return Ask(self.path, (since_then(since),))

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        for remotebug in ids:
            yield Ask(f"{self.path}/{remotebug}", (("@fields", "title"),), (remotebug,), alone=True)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        status, says_why = response.status, isinstance(answer, dict)
        if ask.path != self.path:
            return super().judge(ask if says_why else ask.for_all(), response, answer)
        if status == 404 and says_why and self.classname == CLASSES[0]:
            return self.but(CLASSES[1], *self.fields)
        less = self.less(str(answer)) if status in (400, 403) and says_why else None
        # Who may not use REST may use the rest.
        absent = Finding.ABSENT if status == 403 else None
        return less or absent or super().judge(ask.for_all(), response, answer)

    def records(self, answer: Any) -> Iterable[Any]:
        return super().records(answer["data"])

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        data = answer["data"]
        is_cut = data.get("@total_size") == -1 or "next" in data.get("@links", ())
        return self.ask_rest(ask, answer) if is_cut else None

    def read(self, record: Any) -> Read | Finding:
        if "attributes" in record:
            # It can be looked at, but no list has it: it was retired.
            return Finding.MISSING
        return self.read_labels({name.removesuffix(".name"): record[name] for name in record})

    def identity(self, answer: Any) -> str | None:
        return "Roundup" if "default_version" in answer["data"] else None

    def ask_vocabulary(self) -> Iterable[Ask]:
        # What it has beyond the usual is known once it was asked for bugs.
        is_learnt = self.full_name == self.tracker.dialect
        more = [name for name in FIELDS[2:] if is_learnt and name in self.fields]
        for name in ("priority", "status", *more):
            yield Ask(f"/rest/data/{name}", (("@fields", "name"),))

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        priorities, statuses, *more = (
            [each["name"] for each in answer["data"]["collection"]] for answer in answers
        )
        for words in more:
            # Any of them may go with any status, or none.
            statuses += [join(status, word) for status in statuses for word in words]
        # Whether a bug is over it does not tell.
        return RemoteVocabulary(dict.fromkeys(statuses), tuple(priorities))


class Csv(_Roundup):
    dialect_name = "csv"
    first_details = (CLASSES[0], *FIELDS)
    # A bug's page is as long as what was said of it.
    bytes_base = 1024 * 1024

    def export(self, such: tuple[str, str], ids: Sequence[str] = ()) -> Ask:
        """The question for all bugs that are such."""
        columns = ",".join(("id", "title", "activity", "status", *self.fields))
        query = (
            *(("@action", "export_csv"), ("@columns", columns)),
            # Old ones fail without these.
            *(("@sort", "id"), ("@group", "priority")),
            *(("@pagesize", str(len(ids))), ("@startwith", "0")),
            *(("@filter", such[0]), such),
        )
        return Ask(f"/{self.classname}", query, tuple(ids), form=Form.CSV)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        yield self.export(("id", ",".join(ids)), ids)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        return self.export(since_then(since))

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        for remotebug in ids:
            yield Ask(f"/{self.classname}{remotebug}", (), (remotebug,), True, form=Form.PAGE)

    def ask_identity(self) -> Ask:
        return next(type(self)(self.tracker, CLASSES[0]).ask_many(["1"], None))

    def identity(self, answer: Any) -> str | None:
        return "Roundup" if answer.having("id", "activity") is answer else None

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        status = response.status
        if ask.form is Form.PAGE:
            return super().judge(ask, response, answer)
        # Its own page says what there is none of; one of the server may quote the URL.
        less = self.less(response.body[:4096].decode("utf-8", "replace")) if status == 400 else None
        if less is None and status in (400, 404) and self.fields:
            # Old ones do not say which column they lack.
            return self.but(self.classname, certain=False)
        if status == 404 and self.classname == CLASSES[0]:
            return self.but(CLASSES[1], *FIELDS, certain=False)
        return less or super().judge(ask.for_all(), response, answer)

    def records(self, answer: Any) -> Iterable[Any]:
        return [answer] if isinstance(answer, str) else answer.having("id", "status")

    def read(self, record: Any) -> Read | Finding:
        if isinstance(record, str):
            # A private bug has a page too, with nothing of the bug in it.
            return Finding.MISSING if HISTORY.search(record) else Finding.PRIVATE
        if record["status"] == HIDDEN:
            return Finding.PRIVATE
        template = next((name for name in ("resolution", "substatus") if name in record), "")
        labels = {
            name: label_of(NUMBERED.get((template, name), ()), record[name]) for name in record
        }
        return self.read_labels(labels)


@implementer(IBatches, IDuplicates, ISweeps)
class Roundup(ExternalBugTracker):
    """A Roundup issue tracker; https://www.roundup-tracker.org/."""

    title = "Roundup"
    request_size = 200
    protocols = (Rest, Csv)
    urls = (
        URLShape("/{classname}{id}", classname="issue"),
        # Only "issue" says enough about a URL that nobody registered.
        URLShape("/{classname}{id}", registered=True, classname="bug"),
    )
    file_link = "/{classname}?@template=item&title={summary}&@note={description}"
    search_link = "/{classname}?@template=search&@search_text={summary}"
    # Of the "classic" template; of bugs.python.org, "devel" and "responsive"; of MPlayer.
    statuses = Workflow((CLASSIC_STATUSES, by_state(STATES), SUBSTATUSES))
    importances = importances_with(high="urgent", medium="bug")

    @property
    def places(self) -> Mapping[str, str]:
        dialect = self.dialect_named(self.dialect)
        return {"classname": dialect.classname if isinstance(dialect, _Roundup) else CLASSES[0]}


def label_of(labels: Sequence[str], value: str) -> str:
    """`value`, or the label that it is the number of."""
    if value in (HIDDEN, "None"):
        return ""
    is_one = is_number(value) and 0 < int(value) <= len(labels)
    return labels[int(value) - 1] if is_one else value


def since_then(since: datetime) -> tuple[str, str]:
    """What bugs have that changed since a time, in UTC: so it is stored.  Any other way to write
    it is in the time zone of whoever asks."""
    return "activity", f"{since:%Y%m%d%H%M%S};"
