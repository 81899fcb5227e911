"""Questions to a bug tracker, and what a record in the answer says."""

import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from malonewatch.interfaces import Quota


class Form(enum.Enum):
    """In what form an answer comes; the value is the request's ``Accept``."""

    JSON = "application/json"
    #: Records by the names in the first line, in lower case.
    CSV = "text/csv"
    XML = "application/xml, text/xml"
    #: XML as text, of nothing but tags and what stands between them.
    TAGS = "text/xml"
    TEXT = "text/plain, */*"
    #: A web page, as text.
    PAGE = "text/html"


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """One question.

    - `path`: below the base URL, or a URL of its own,
    - `query`: its parameters,
    - `ids`: the remote ids that it covers,
    - `alone`: it is for one bug, so that the HTTP status is about that bug,
    - `conclusive`: what is not in the answer is not there at all,
    - `since`: what is not in the answer has not changed since then,
    - `form`: what comes back,
    - `shape`: what is to be made of JSON, as ``msgspec.json.decode`` takes it, where that is less
      than all that comes; an answer that is not so is taken as it comes,
    - `method`, `body`, `headers`: as in HTTP; `json` is a body to be, which
      credentials may go into,
    - `validator`: ask only if it is not as it was,
    - `known_as`: the id that the one bug has itself, where it is asked for by
      another one: that of before it moved, say,
    - `signed`: credentials go along; the driver says so,
    - `expected`: how many bugs may be in the answer where it has no `ids`,
    - `answers`: those to the questions that led to it; see `Dialect.ask_more`.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    ids: tuple[str, ...] = ()
    alone: bool = False
    conclusive: bool = False
    since: datetime | None = None
    form: Form = Form.JSON
    shape: Any = Any
    method: str = "GET"
    body: bytes | None = None
    json: Any = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    validator: str | None = None
    known_as: str | None = None
    signed: bool = False
    expected: int = 0
    answers: tuple[Any, ...] = ()

    def for_one(self) -> "Ask":
        """The same question as one for a single bug."""
        return dataclasses.replace(self, alone=True)

    def for_next_page(self) -> "Ask":
        """The same question for the page after it; its number is the last parameter."""
        *rest, (name, page) = self.query
        return dataclasses.replace(self, query=(*rest, (name, str(int(page) + 1))))

    def for_all(self) -> "Ask":
        """The same question as one of which the HTTP status is about no bug in particular."""
        return dataclasses.replace(self, alone=False)


class Read(NamedTuple):
    """What a record says of its bug, in the remote's words; as in `RemoteBug`."""

    remotestatus: str
    title: str = ""
    remote_importance: str = ""
    resolution: str = ""
    modified: datetime | None = None
    closed: bool | None = None
    duplicate_of: str | None = None
    moved_to: str | None = None
    private: bool = False
    date_closed: datetime | None = None
    fixed_in: str = ""


class Finding(enum.Enum):
    """What an answer, or a record in it, says instead of how a bug is."""

    #: There is no such bug.
    MISSING = enum.auto()
    DELETED = enum.auto()
    PRIVATE = enum.auto()
    #: There can be no bug of that id.
    INVALID = enum.auto()
    #: It is as it was.
    UNCHANGED = enum.auto()
    #: The credentials, or their absence, are refused.
    REFUSED = enum.auto()
    #: This dialect is not spoken here.
    ABSENT = enum.auto()
    #: No data: some bug that was asked for, or the server, is the cause.
    SPOILED = enum.auto()


class Instead(NamedTuple):
    """That the bug tracker speaks another dialect than it was asked in: the name of that.

    Where it is not `certain`, a dialect that was spoken before is not left for it.
    """

    dialect: str
    certain: bool = True


#: What an answer is judged to say; None if it is data.
Judgement = Finding | Instead | None


@dataclasses.dataclass(frozen=True, slots=True)
class Situation:
    """What questions are planned by.

    `seen` and `validators` are those of the batch; `authenticated` says
    whether there are credentials, and `quota` what the server said of how much
    more it may be asked.
    """

    seen: Mapping[str, datetime] = dataclasses.field(default_factory=dict)
    validators: Mapping[str, str] = dataclasses.field(default_factory=dict)
    authenticated: bool = False
    quota: Quota | None = None
