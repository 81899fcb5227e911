"""A protocol that bug trackers speak: questions, and how answers are read.  Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote
from xml.etree.ElementTree import Element

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Judgement, Read, Situation
from malonewatch.externalbugtracker.driver.reading import VALUES_PER_BUG
from malonewatch.externalbugtracker.driver.urls import is_plain
from malonewatch.interfaces import (
    Credentials,
    IChangesSince,
    IValidators,
    RemoteVocabulary,
    Response,
)


class Dialect:
    """A protocol that bug trackers of a type speak: questions, and how answers are read.

    All of it is pure.  A type with one dialect is that itself; one with
    several lists them in `ExternalBugTracker.protocols`.
    """

    #: How it is called in the database and by people.
    dialect_name: ClassVar[str] = "only"
    #: How many bugs are in a page of those that changed since a time, where such pages have
    #: numbers, and one that is not full is the last; 0 where `next_page` leads on.
    swept_at_once: ClassVar[int] = 100
    #: How many bytes of answer one bug may take, and any answer beside that.
    bytes_per_bug: ClassVar[int] = 4 * 1024
    bytes_base: ClassVar[int] = 256 * 1024
    #: How many bugs an answer may tell of though fewer were asked for, as a page of a list does.
    bugs_at_once: ClassVar[int] = 1
    #: Where an answer has its list of bugs, if it is none itself; and where a bug has its id.
    list_field: ClassVar[str] = ""
    id_field: ClassVar[str] = "id"
    #: Whether a bug that moved to another project has its id there, as in ``FROB-1``, and
    #: answers to the one that it had.
    renames_moved: ClassVar[bool] = False
    #: How many values one bug may have in an answer.
    values_per_bug: ClassVar[int] = VALUES_PER_BUG
    #: How many bugs one question is for, at most; None for as many as fit into its URL.
    page_size: ClassVar[int | None] = None
    #: How long the ids in a request's URL may get, in bytes; servers commonly
    #: refuse a request line beyond 8 KiB.
    url_budget: ClassVar[int] = 6000
    #: Whether it is for those with credentials, or for those without; None for both.
    with_credentials: ClassVar[bool | None] = None
    #: Whether it is spoken only where the bug tracker itself says so.
    only_if_told: ClassVar[bool] = False
    #: Whether 401 says that a log-in is wanted for anything at all, and nothing of the one bug.
    wants_login: ClassVar[bool] = False
    #: Whether wrong credentials are refused, though nobody is named, where it is asked what it is.
    knows_people: ClassVar[bool] = False
    #: The path where it is asked what it is; and that where it is asked whose the credentials
    #: are, with the fields of which the first that is filled has the name.
    asks_what: ClassVar[str | None] = None
    asks_who: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, tracker: Any) -> None:
        #: The `ExternalBugTracker` that it is spoken by.
        self.tracker = tracker

    @classmethod
    def named(cls, tracker: Any, name: str) -> "Dialect | None":
        """The dialect of that name, None if it is none of this class."""
        return cls(tracker) if name == cls.dialect_name else None

    @property
    def full_name(self) -> str:
        """The name that `named` makes this dialect of."""
        return self.dialect_name

    def is_for(self, authenticated: bool) -> bool:
        """Whether it is for those who have credentials, or who have none."""
        return self.with_credentials in (None, authenticated)

    def speaks(self, authenticated: bool) -> bool:
        """Whether it is worth trying, with credentials or without."""
        return self.is_for(authenticated) and not self.only_if_told

    def one_by_one(self) -> "Dialect | None":
        """The dialect to speak where answers for many cannot be read whichever bugs are asked
        for, and those for one can; None where there is none."""
        return None

    # Questions.

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        """Questions for many bugs; by default one for each, alone."""
        for remotebug in ids:
            yield self.ask_one(remotebug)

    def ask_one(self, remotebug: str) -> Ask:
        """The question for one bug alone, which tells why it cannot be had; by default that for
        many, of one."""
        if type(self).ask_many is Dialect.ask_many:
            raise TypeError(f"{type(self).__name__} asks for no bug alone")
        return next(iter(self.ask_many([remotebug], None))).for_one()

    def ask_missing(self, ids: Sequence[str]) -> Iterator[Ask]:
        """Questions for bugs that an answer for many left out."""
        for remotebug in ids:
            yield self.ask_one(remotebug)

    def plan(self, ids: Sequence[str], situation: Situation) -> Iterable[Ask]:
        """The questions for `ids`: as few as may be.

        Asking what changed since a time is worth it only where it takes fewer
        questions than asking for all: a full answer also tells of bugs that
        are gone, hidden or renamed.
        """
        full = list(self.in_full(ids))
        if not IChangesSince.providedBy(self.tracker):
            return full
        known = [remotebug for remotebug in ids if remotebug in situation.seen]
        if not known:
            return full
        since = min(situation.seen[remotebug] for remotebug in known)
        rest = [remotebug for remotebug in ids if remotebug not in situation.seen]
        changes = [*self.ask_many(known, since), *self.in_full(rest)]
        return changes if len(changes) < len(full) else full

    def ask_changed(self, since: datetime, page: int) -> Ask:
        """The question for a page of all bugs that changed since then: that of this number, from
        0 on, with `swept_at_once` of them, or the first.  `since` is in UTC.

        :raises TypeError: that cannot be asked.
        """
        raise TypeError(f"{type(self).__name__} does not ask what changed at all")

    def changed(self, answer: Any) -> Iterable[Iterable[str]]:
        """The ids of each bug in the answer to `ask_changed`."""
        return map(self.ids_of, self.records(answer))

    def in_full(self, ids: Sequence[str]) -> Iterator[Ask]:
        """The questions for all that there is to know of `ids`."""
        if len(ids) == 1 and IValidators.providedBy(self.tracker):
            # Alone it can be asked for on condition that it changed.
            yield self.ask_one(ids[0])
            return
        for portion in self.portions(ids):
            yield from self.ask_many(portion, None)

    def portions(self, ids: Sequence[str]) -> Iterator[Sequence[str]]:
        """`ids` in portions that fit into a page of an answer, and into a URL."""
        start = used = 0
        for index, remotebug in enumerate(ids):
            # With room for a separator such as "%2C" or "&id=".
            length = 4 + len(remotebug if is_plain(remotebug) else quote(remotebug))
            used += length
            if index > start and (used > self.url_budget or index - start == self.page_size):
                yield ids[start:index]
                start, used = index, length
        if start < len(ids):
            yield ids[start:]

    def ask_identity(self) -> Ask | None:
        """A question whose answer shows what the server is; None if there is none."""
        return None if self.asks_what is None else Ask(self.asks_what)

    def ask_whoami(self) -> Ask | None:
        """A question whose answer shows whose the credentials are; None if there is none."""
        if self.asks_who is not None:
            return Ask(self.asks_who[0])
        return self.ask_identity() if self.knows_people else None

    def ask_vocabulary(self) -> Iterable[Ask]:
        """Questions whose answers have the bug tracker's own words; none where it cannot tell."""
        return ()

    def sign(self, ask: Ask, credentials: Credentials) -> Ask:
        """`ask` with credentials in its body, where the protocol wants them there."""
        return ask

    # Answers.

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        """What an answer says instead of data, None if it is data.

        `answer` is None where it could not be read, which only happens with an
        HTTP status other than 200.

        :raises BugTrackerTrouble: it says that the bug tracker as a whole is in trouble.
        """
        status = response.status
        if status == 304 and ask.validator is not None:
            return Finding.UNCHANGED
        if 200 <= status < 300:
            return None
        if status == 401 and (
            self.wants_login or (ask.signed and response.url.startswith(self.tracker.service))
        ):
            # To those whom it knows it would say 403.
            return Finding.REFUSED
        if ask.alone:
            return {
                401: Finding.PRIVATE,
                403: Finding.PRIVATE,
                404: Finding.MISSING,
                410: Finding.DELETED,
            }.get(status, Finding.SPOILED)
        if status in (401, 403):
            return Finding.REFUSED
        return Finding.ABSENT if status in (404, 405, 410, 501) else Finding.SPOILED

    def records(self, answer: Any) -> Iterable[Any]:
        """The records of bugs in an answer: a list, or what it has of one, else it is one itself.

        :raises LookupError, TypeError, AttributeError: it is no such answer.
        """
        if isinstance(answer, list):
            return answer
        is_it = not isinstance(answer, dict) or self.list_field not in answer
        found: Iterable[Any] = [answer] if is_it else answer[self.list_field]
        return found

    def ids_of(self, record: Any) -> Iterable[str]:
        """The ids that the bug of a record has; none if it is the one that was asked for alone."""
        return (str(record[self.id_field]),)

    def called(self, remotebug: str) -> str:
        """What the bug of that id is called in an answer: one of `ids_of`."""
        return remotebug

    def read(self, record: Any) -> Read | Finding:
        """What a record says.

        :raises LookupError, TypeError, AttributeError, ValueError: it cannot be read.
        """
        raise TypeError(f"{type(self).__name__} reads no records")

    def plain(self, record: Any) -> Any:
        """A record that is no dict as plain values; by default an XML element's children."""
        if isinstance(record, Element):
            return {child.tag.rpartition(":")[2]: child.text for child in record}
        return record

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        """The question for the rest of an answer; None if that was all of it.

        :raises LookupError, TypeError, AttributeError, ValueError: it does not tell.
        """
        return None

    def ask_more(self, ask: Ask, answers: Sequence[Any]) -> Ask | None:
        """The question for what `answers` do not tell of their bugs yet; None if they tell all.

        They are those to a question that the others led to, the last one to
        `ask`.  Once there is nothing more to ask, `records` is given all of
        them.  The validator that is kept is that of the first.
        """
        return None

    def ask_rest(self, ask: Ask, answer: Any) -> Ask | None:
        """The question for the bugs that an answer left out; None if it has all, or none.

        :raises ValueError: none were asked for by their ids.
        """
        if not ask.ids:
            raise ValueError(ask)
        found = {name.casefold() for each in self.records(answer) for name in self.ids_of(each)}
        rest = [remotebug for remotebug in ask.ids if remotebug.casefold() not in found]
        if not 0 < len(rest) < len(ask.ids):
            return None
        return next(iter(self.ask_many(rest, ask.since)))

    def led_to(self, ask: Ask, response: Response) -> str | None:
        """The URL that people see of another bug, which redirects led to instead of the one
        asked for; None if they led to none.

        From a `Form.PAGE` it is asked for by its own id then.
        """
        return None

    def merged_into(self, ask: Ask, answer: Any) -> str | None:
        """The id of the bug that the one asked for alone became a part of, and whose answer this
        is, though nothing redirected there; None if it is its own."""
        if not self.renames_moved:
            return None
        remotebug: str = self.tracker.canonicalRemoteBug(str(answer[self.id_field]))
        (project, _, _), (before, _, _) = remotebug.rpartition("-"), ask.ids[0].rpartition("-")
        return None if project == before else remotebug

    def identity(self, answer: Any) -> str | None:
        """What the answer to `ask_identity` says that the server is; None if something else."""
        return None

    def whoami(self, answer: Any) -> str | None:
        """Whom the answer to `ask_whoami` names, "" if nobody; None if nobody is logged in."""
        if self.asks_who is not None:
            _, *first, last = self.asks_who
            return str(next(filter(None, map(answer.get, first)), None) or answer[last])
        return "" if self.identity(answer) else None

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        """What the answers to `ask_vocabulary` say, in that order."""
        raise TypeError(f"{type(self).__name__} tells no vocabulary")
