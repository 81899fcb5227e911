"""One question to a bug tracker: put, judged and read."""

import dataclasses
import json
from typing import Any

from malonewatch.externalbugtracker.driver import reading
from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Instead
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.said import Said
from malonewatch.externalbugtracker.driver.urls import build_url
from malonewatch.interfaces import (
    AnswerTooLarge,
    BugTrackerCredentialsRefused,
    BugTrackerServerError,
    BugTrackerTrouble,
    CredentialsUnreadable,
    IValidators,
    Outcome,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    Response,
    UnparsableBugTracker,
)

#: How many pages of an answer are followed beyond one for each bug.
MOST_PAGES = 20
#: How much of an error message is looked at by types, in bytes.
LONGEST_MESSAGE = 64 * 1024

#: What a type raises for an answer or a record that is not what it should be.
_UNFIT = (LookupError, TypeError, AttributeError, ValueError, RecursionError)


class Spoiled(Exception):
    """No data came; `trouble` is what that is if no bug is to blame."""

    def __init__(self, trouble: BugTrackerTrouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why


class Shut(Spoiled):
    """No data came, but a finding about the place that all the bugs are in."""

    def __init__(self, trouble: BugTrackerTrouble, why: str, finding: Finding) -> None:
        super().__init__(trouble, why)
        self.finding = finding


class Absent(Exception):
    """The dialect is not spoken here; the text says how that shows."""


class Switch(Exception):
    """The dialect of this name is spoken instead."""

    def __init__(self, dialect: str) -> None:
        super().__init__(dialect)
        self.dialect = dialect


class Asking:
    """Asks one bug tracker, through one session, in one dialect at a time."""

    def __init__(self, tracker: Any, session: Any) -> None:
        self.tracker = tracker
        self.session = session
        self.said = Said(tracker.baseurl, tracker.title)
        self.known: Dialect | None = tracker.dialect_named(tracker.dialect)
        if self.known is not None and not self.known.is_for(session.credentials is not None):
            # It was learnt before there were any, or before they were taken away.
            self.known = None
        self.dialect: Dialect = self.known or tracker.all_dialects()[0]
        # Whether this has been seen to be a bug tracker of the type: only then
        # does "not found" tell something of a bug.
        self.confirmed = self.known is not None
        self.validates = IValidators.providedBy(tracker)

    def stays(self) -> bool:
        """Whether the dialect was spoken before, so that one bad answer does not change it."""
        return self.known is not None

    async def alone(self, ask: Ask) -> Outcome:
        """The outcome of a question for one bug."""
        return await self._alone(ask, None)

    async def _alone(self, ask: Ask, moved_to: str | None) -> Outcome:
        (remotebug,) = ask.ids
        response, answer, finding = await self._put(ask)
        url = self.dialect.led_to(ask, response)
        if url is not None:
            moved_to = url if response.moved else moved_to
            known_as = self.tracker.id_at(url)
            if ask.form is not Form.PAGE:
                ask = dataclasses.replace(ask, known_as=known_as)
            elif known_as is None:
                return self.said.moved(remotebug, url)
            else:
                itself = dataclasses.replace(
                    self.dialect.ask_one(known_as),
                    ids=ask.ids,
                    known_as=known_as,
                    validator=ask.validator,
                )
                return await self._alone(itself, moved_to)
        outcome: Outcome
        if finding is not None:
            outcome = await self.judged(remotebug, finding)
        else:
            found, strangers = self._read(ask, answer)
            if remotebug in found:
                outcome = found[remotebug]
            elif strangers:
                outcome = self.said.not_understood(remotebug, "the answer is about another bug")
            else:
                outcome = self.said.not_found(remotebug)
        if isinstance(outcome, RemoteBug):
            if moved_to is not None:
                outcome = outcome._replace(moved_to=moved_to)
            if self.validates:
                outcome = outcome._replace(validator=_validator(response))
        elif moved_to is not None and isinstance(outcome, RemoteBugError):
            return self.said.moved(remotebug, moved_to)
        return outcome

    async def judged(self, remotebug: str, finding: Finding) -> Outcome:
        """The outcome that a finding about a bug is."""
        if finding is Finding.UNCHANGED:
            return RemoteBugUnchanged(remotebug)
        if finding is Finding.INVALID:
            return self.said.invalid(remotebug)
        if not self.confirmed:
            await self._confirm()
        if finding is Finding.PRIVATE:
            return self.said.private(remotebug)
        if finding is Finding.DELETED:
            return self.said.deleted(remotebug)
        assert finding is Finding.MISSING
        return self.said.not_found(remotebug)

    async def _confirm(self) -> None:
        """Raise if this is no bug tracker of the type, whose "not found" would mean nothing."""
        if self.dialect.ask_identity() is not None and await self.identity(self.dialect) is None:
            raise self.said.unsupported()
        self.confirmed = True

    async def found(self, ask: Ask) -> dict[str, Outcome]:
        """Outcomes of the bugs that the answer to a question for many speaks of."""
        found: dict[str, Outcome] = {}
        next_ask: Ask | None = ask
        for _ in range(len(ask.ids) + MOST_PAGES):
            assert next_ask is not None
            response, answer, finding = await self._put(next_ask)
            if finding is not None:
                why = f"HTTP status {response.status}, where there should be bugs"
                raise Shut(self.said.unparsable(why), why, finding)
            found.update(self._read(ask, answer)[0])
            try:
                next_ask = self.dialect.next_page(next_ask, response, answer)
            except _UNFIT:
                raise self._spoiled("it does not tell whether there is more") from None
            if next_ask is None or len(found) == len(ask.ids):
                break
        return found

    def _read(self, ask: Ask, answer: Any) -> tuple[dict[str, Outcome], bool]:
        """Outcomes by the id that was asked for, and whether there are other bugs in it."""
        names = ask.ids if ask.known_as is None else (ask.known_as,)
        asked = dict(zip(map(self.dialect.called, names), ask.ids, strict=True))
        folds = self.tracker.folds_ids
        if folds:
            asked.update((remotebug.casefold(), remotebug) for remotebug in ask.ids)
        found: dict[str, Outcome] = {}
        strangers = False
        dialect = self.dialect
        ids_of, outcome = dialect.ids_of, self._outcome
        try:
            for record in dialect.records(answer):
                for name in ids_of(record) or (ask.ids if ask.alone else ()):
                    remotebug = asked.get(name)
                    if remotebug is None and folds:
                        remotebug = asked.get(name.casefold())
                    if remotebug is None:
                        strangers = True
                    else:
                        found[remotebug] = outcome(remotebug, record)
        except _UNFIT:
            raise self._spoiled("there are no bugs in it where they should be") from None
        return found, strangers

    def _outcome(self, remotebug: str, record: Any) -> Outcome:
        """What a record says of its bug."""
        try:
            read = self.dialect.read(record)
        except KeyError as error:
            return self.said.not_understood(remotebug, f"it has no {str(error.args[0])[:40]}")
        except _UNFIT:
            return self.said.not_understood(remotebug, "a field is of the wrong kind")
        if isinstance(read, Finding):
            return (
                self.said.private(remotebug)
                if read is Finding.PRIVATE
                else self.said.not_found(remotebug)
            )
        # Plainly, and in order: this is done for each bug of each answer.
        words, title, weight, resolution, modified, closed, same, moved, private, date, release = (
            read
        )
        if not (type(words) is type(title) is type(weight) is type(resolution) is str):
            return self.said.not_understood(remotebug, "a field is of the wrong kind")
        if not words or words.isspace():
            return self.said.not_understood(remotebug, "it has no status")
        tracker = self.tracker
        status, guessed = tracker.meaning(words, resolution, closed)
        return RemoteBug(
            remotebug,
            words,
            status,
            weight,
            tracker.convertRemoteImportance(weight),
            title,
            resolution,
            modified,
            same,
            moved,
            None,
            closed,
            guessed,
            private,
            date,
            release,
            record if type(record) is dict else self.dialect.plain(record),
        )

    async def _put(self, ask: Ask) -> tuple[Response, Any, Finding | None]:
        """Put a question: the response, its value, and what it says instead of data.

        :raises Spoiled, Absent, Switch, BugTrackerTrouble:
        """
        dialect, form = self.dialect, ask.form
        credentials = self.session.credentials
        if credentials is not None:
            ask = dialect.sign(dataclasses.replace(ask, signed=True), credentials)
        # A page has validators of its own.
        condition = {} if form is Form.PAGE else _condition(ask.validator)
        headers = {"Accept": form.value, **condition, **ask.headers}
        body = ask.body
        if ask.json is not None:
            body = json.dumps(ask.json).encode()
            headers["Content-Type"] = "application/json"
        bugs = max(len(ask.ids), 1)
        try:
            response: Response = await self.session.request(
                ask.method,
                self._url(ask),
                body=body,
                headers=headers,
                html=form is Form.PAGE,
                limit=dialect.bytes_base + bugs * dialect.bytes_per_bug,
            )
        except (UnparsableBugTracker, AnswerTooLarge, BugTrackerServerError) as trouble:
            raise Spoiled(trouble, _clause(trouble, self.said.baseurl)) from None
        except CredentialsUnreadable:
            raise
        except BugTrackerCredentialsRefused:
            if not self.confirmed:
                raise
            # A log-in page: as good as that, and maybe not what others lead to.
            response = Response(self._url(ask), 401, {}, b"")
        answer = None
        if response.status != 304:
            answer = await self._value(ask, response, bugs)
        finding = dialect.judge(ask, response, answer)
        if isinstance(finding, Instead) and (finding.certain or not self.stays()):
            raise Switch(finding.dialect)
        if finding is Finding.REFUSED:
            raise self.said.refused(credentials is not None)
        if finding is Finding.ABSENT or isinstance(finding, Instead):
            raise Absent(f"HTTP status {response.status}, as if that were not there")
        if finding is Finding.SPOILED:
            raise self._spoiled(f"HTTP status {response.status}, where there should be data")
        return response, answer, finding

    async def _value(self, ask: Ask, response: Response, bugs: int) -> Any:
        charset = reading.charset_of(response.headers.get("content-type", ""))
        good = 200 <= response.status < 300
        body = response.body if good else response.body[:LONGEST_MESSAGE]
        try:
            return await reading.read(body, ask.form, bugs, charset)
        except reading.Unreadable as error:
            if good:
                raise self._spoiled(str(error)) from None
            return None

    def _spoiled(self, why: str) -> Spoiled:
        return Spoiled(self.said.unparsable(why), why)

    def _url(self, ask: Ask) -> str:
        base = ask.path if "://" in ask.path else self.tracker.baseurl + ask.path
        return build_url(base, ask.query)

    # Who it is, and who we are.

    async def identify(self) -> str | None:
        """See `IExternalBugTracker`."""
        for dialect in self.tracker.all_dialects():
            found = await self.identity(dialect)
            if found is not None:
                return found
        return None

    async def identity(self, dialect: Dialect) -> str | None:
        ask = dialect.ask_identity()
        if ask is None:
            return None
        answer = await self._quietly(dialect, ask)
        try:
            return None if answer is None else dialect.identity(answer)
        except _UNFIT:
            return None

    async def whoami(self) -> str | None:
        """See `IExternalBugTracker`."""
        for dialect in self.tracker.all_dialects():
            ask = dialect.ask_whoami()
            if ask is None or not dialect.speaks(True):
                continue
            self.dialect = dialect
            try:
                _, answer, finding = await self._put(ask)
                name = dialect.whoami(answer) if finding is None else None
                if name is None:
                    raise self.said.refused(True)
                return str(name)
            except (Absent, Switch, *_UNFIT):
                continue
            except Spoiled as spoiled:
                raise spoiled.trouble from None
        return None

    async def _quietly(self, dialect: Dialect, ask: Ask) -> Any:
        """The value of an answer with data; None if there is none."""
        self.dialect = dialect
        try:
            _, answer, finding = await self._put(ask)
        except (Spoiled, Absent, Switch, BugTrackerCredentialsRefused):
            return None
        return answer if finding is None else None


def _clause(trouble: BugTrackerTrouble, baseurl: str) -> str:
    """What a sentence about a bug tracker says, as a part of another one."""
    return str(trouble).removeprefix(baseurl).strip().rstrip(".")


def _validator(response: Response) -> str | None:
    """The ETag, or the time of Last-Modified; which of them it is can be seen."""
    for name in ("etag", "last-modified"):
        value = response.headers.get(name, "").strip()
        if value and len(value) <= 200 and value.isascii() and value.isprintable():
            return value
    return None


def _condition(validator: str | None) -> dict[str, str]:
    """The header that asks for a bug only if it is not as it was."""
    if validator is None:
        return {}
    is_etag = validator.startswith(('"', 'W/"'))
    return {"If-None-Match" if is_etag else "If-Modified-Since": validator}
