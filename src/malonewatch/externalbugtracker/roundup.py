"""Roundup.

Dialects begin with one of these, then come the class that bugs are of and
the fields that they have beyond the usual, as in ``rest+issue+priority``:

``rest``
    The REST interface of Roundup 2.0 and later, which the administrator has
    to grant to anonymous users.
    https://www.roundup-tracker.org/docs/rest.html
``csv``
    The export of a list of bugs as CSV, which needs no more than the right to
    look at them.  https://www.roundup-tracker.org/docs/user_guide.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver import (
    RESOLUTIONS_BY_STATE,
    Ask,
    Dialect,
    ExternalBugTracker,
    Finding,
    Form,
    Instead,
    Read,
    Table,
    URLShape,
    Vocabulary,
    Workflow,
    by_state,
    invert,
    is_number,
    parse_time,
)
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    IBatches,
    IDuplicates,
    Response,
)

# What bugs are called: in most trackers, and in those made from the "devel"
# and "responsive" templates.
CLASSES = ("issue", "bug")
LINKS = frozenset({"status", "priority", "resolution", "substatus"})
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

# Old exports give numbers for labels, which count in the order of the template.
# Which template it was shows in the fields.
NUMBERED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "": {
        "status": tuple(CLASSIC_STATUSES),
        "priority": ("critical", "urgent", "bug", "feature", "wish"),
    },
    "resolution": {
        "status": ("open", "closed", "pending"),
        "resolution": tuple(RESOLUTIONS_BY_STATE)[:11],
    },
    "substatus": {
        "status": ("new", "open", "closed"),
        "substatus": (
            *("new", "open", "reproduced", "analyzed", "needs more info", "approved", "approved"),
            *("duplicate", "invalid", "fixed", "wont fix", "works for me"),
            *("implemented", "wont implement", "applied", "reject"),
        ),
    },
}


class _Roundup(Dialect):
    """Bugs of a class, with fields that each tracker chooses for itself."""

    all_fields: tuple[str, ...]

    def __init__(
        self, tracker: Any, classname: str = CLASSES[0], fields: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(tracker)
        self.classname = classname
        self.fields = self.all_fields if fields is None else fields

    @classmethod
    def named(cls, tracker: Any, name: str) -> "Dialect | None":
        protocol, _, rest = name.partition("+")
        classname, *fields = rest.split("+")
        if protocol != cls.dialect_name or classname not in CLASSES:
            return None
        return cls(tracker, classname, tuple(fields)) if set(fields) <= {*cls.all_fields} else None

    @property
    def full_name(self) -> str:
        return "+".join((self.dialect_name, self.classname, *self.fields))

    def _with(self, classname: str, fields: tuple[str, ...]) -> Instead:
        return Instead(type(self)(self.tracker, classname, fields).full_name)

    def _less(self, message: str) -> Instead | None:
        """The dialect less the field that an error message is about; None if it is about none."""
        for field in self.fields:
            if re.search(rf"\b{field}\b", message):
                fields = tuple(other for other in self.fields if other != field)
                return self._with(self.classname, fields)
        return None

    def ask_one(self, remotebug: str) -> Ask:
        (ask,) = self.ask_many([remotebug], None)
        return ask.for_one()

    def ids_of(self, record: Any) -> Iterable[str]:
        # A page is about the bug that it was asked for.
        return () if isinstance(record, str) else (record["id"],)

    def _values(self, values: Mapping[str, str]) -> Read:
        """What a bug with those labels and texts says."""
        words = [values.get(name) or "" for name in ("status", "resolution", "substatus")]
        # A list of them in CSV; the first is as good as any.
        superseder = re.search("[0-9]+", values.get("superseder") or "")
        return Read(
            " ".join(filter(None, words)) if words[0] else "",
            values.get("title") or "",
            values.get("priority") or "",
            words[1],
            parse_activity(values.get("activity") or ""),
            None,
            superseder.group() if superseder else None,
        )


class Rest(_Roundup):
    dialect_name = "rest"
    all_fields = ("priority", "superseder", "resolution")

    @property
    def _path(self) -> str:
        return f"/rest/data/{self.classname}"

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        names = (f"{name}.name" if name in LINKS else name for name in ("status", *self.fields))
        query = (("@fields", ",".join(("title", "activity", *names))), ("@verbose", "0"))
        chosen = tuple(("id", remotebug) for remotebug in ids)
        yield Ask(self._path, (*query, *chosen), tuple(ids))

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        for remotebug in ids:
            query = (("@fields", "title"),)
            yield Ask(f"{self._path}/{remotebug}", query, (remotebug,), alone=True)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        if response.status == 401:
            return Finding.REFUSED
        if not ask.path.endswith(self.classname):
            return super().judge(ask, response, answer)
        if response.status == 200:
            return Finding.SPOILED if len(ask.ids) > 1 and is_cut(answer) else None
        if response.status in (400, 403):
            less = self._less(str(answer))
            if less is not None:
                return less
        if response.status == 404 and isinstance(answer, dict) and self.classname == CLASSES[0]:
            return self._with(CLASSES[1], self.fields)
        return Finding.ABSENT if response.status in (403, 404) else Finding.SPOILED

    def records(self, answer: Any) -> Iterable[Any]:
        data = answer["data"]
        found: Iterable[Any] = data.get("collection", [data])
        return found

    def read(self, record: Any) -> Read | Finding:
        if "attributes" in record:
            # It can be looked at, but no list has it: it was retired.
            return Finding.MISSING
        superseder = record.get("superseder")
        if isinstance(superseder, list):
            superseder = superseder[0] if superseder else None
        values = {name.removesuffix(".name"): value for name, value in record.items()}
        return self._values({**values, "superseder": superseder or ""})

    def ask_identity(self) -> Ask:
        return Ask("/rest/", headers={"Accept": "application/json"})

    def identity(self, answer: Any) -> str | None:
        return "Roundup" if "data" in answer["data"].get("links", answer["data"]) else None


class Csv(_Roundup):
    dialect_name = "csv"
    all_fields = ("priority", "superseder", "resolution", "substatus")

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        columns = ",".join(("id", "title", "activity", "status", *self.fields))
        query = (
            ("@action", "export_csv"),
            ("@columns", columns),
            # Old ones fail without these.
            *(("@sort", "id"), ("@group", "priority")),
            *(("@pagesize", str(len(ids))), ("@startwith", "0")),
            *(("@filter", "id"), ("id", ",".join(ids))),
        )
        yield Ask(f"/{self.classname}", query, tuple(ids), form=Form.CSV)

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        for remotebug in ids:
            yield Ask(f"/{self.classname}{remotebug}", (), (remotebug,), True, form=Form.PAGE)

    def judge(self, ask: Ask, response: Response, answer: Any) -> Finding | Instead | None:
        status = response.status
        if status == 200 or ask.form is Form.PAGE:
            return Finding.REFUSED if status == 401 else super().judge(ask, response, answer)
        if status in (401, 403):
            return Finding.REFUSED
        less = self._less(response.body[:4096].decode("utf-8", "replace"))
        if less is not None:
            return less
        if self.fields:
            # Old ones do not say which column they lack.
            return self._with(self.classname, ())
        if status == 404 and self.classname == CLASSES[0]:
            return self._with(CLASSES[1], self.all_fields)
        return Finding.ABSENT if status == 404 else Finding.SPOILED

    def records(self, answer: Any) -> Iterable[Any]:
        if isinstance(answer, str):
            return [answer]
        table: Table = answer
        if not {"id", "status"} <= set(table.names):
            raise LookupError(table.names)
        return table

    def read(self, record: Any) -> Read | Finding:
        if isinstance(record, str):
            # A private bug has a page too, with nothing of the bug in it.
            return Finding.MISSING if HISTORY.search(record) else Finding.PRIVATE
        if record["status"] == HIDDEN:
            return Finding.PRIVATE
        template = next((name for name in ("resolution", "substatus") if name in record), "")
        numbered = NUMBERED[template]
        return self._values(
            {
                name: _label(numbered.get(name, ()), value) if name in LINKS else value
                for name, value in record.items()
                if value != HIDDEN
            }
        )

    def plain(self, record: Any) -> Any:
        return record


@implementer(IBatches, IDuplicates)
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
    statuses = Workflow(
        invert(
            CLASSIC_STATUSES,
            # As on bugs.python.org.
            by_state(
                {
                    **dict.fromkeys(("new", "open"), BugTaskStatus.NEW),
                    "closed": BugTaskStatus.WONTFIX,
                    "pending": BugTaskStatus.INCOMPLETE,
                },
                {"new": 0, "open": 0, "closed": 1, "pending": 2},
            ),
            SUBSTATUSES,
        )
    )
    importances = Vocabulary(
        {
            BugTaskImportance.CRITICAL: "critical, immediate, release blocker",
            BugTaskImportance.HIGH: "urgent, high, major, deferred blocker",
            BugTaskImportance.MEDIUM: "bug, normal",
            BugTaskImportance.LOW: "low, minor",
            BugTaskImportance.WISHLIST: "feature, wish",
        }
    )

    @property
    def places(self) -> Mapping[str, str]:
        dialect = self.dialect_named(self.dialect)
        return {"classname": dialect.classname if isinstance(dialect, _Roundup) else CLASSES[0]}


def is_cut(answer: Any) -> bool:
    """Whether a REST answer says that it does not hold all that was asked for."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        return False
    links = data.get("@links")
    return data.get("@total_size") == -1 or (isinstance(links, dict) and bool(links.get("next")))


def parse_activity(text: str) -> datetime | None:
    """The time that ``2024-01-02.03:04:05`` gives; None if it gives none.

    ``2024-01-02 03:04``, as in a newer Roundup's CSV, is in a time zone that
    nobody tells.
    """
    date, dot, time = text.partition(".")
    return parse_time(f"{date}T{time}") if dot else None


def _label(labels: Sequence[str], value: str) -> str:
    """`value`, or the label that it is the number of."""
    if value == "None":
        return ""
    if is_number(value) and 0 < int(value) <= len(labels):
        return labels[int(value) - 1]
    return value
