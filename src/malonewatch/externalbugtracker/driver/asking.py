"""One question to a bug tracker: put, judged and read."""

import dataclasses
import json
from typing import Any

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.hearing import UNFIT, Heard, Hearing, Spoiled
from malonewatch.externalbugtracker.driver.said import Said
from malonewatch.externalbugtracker.driver.threads import in_thread
from malonewatch.externalbugtracker.driver.urls import url_of
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
    RemoteVocabulary,
    Response,
    UnparsableBugTracker,
)

#: From how many bytes on an answer is read in a thread.  Less is read within the five milliseconds
#: that Python lets a thread go on for anyway, so that nobody would wait any shorter.
LARGE = 128 * 1024
#: How many pages of an answer for certain bugs are followed beyond one for each.
MOST_PAGES = 20
#: How much of what somebody or something is called is kept, in characters.
LONGEST_NAME = 100


class Shut(Spoiled):
    """No data came, but a finding about the place that all the bugs are in."""

    def __init__(self, trouble: BugTrackerTrouble, why: str, finding: Finding) -> None:
        super().__init__(trouble, why)
        self.finding = finding


class Endless(Spoiled):
    """Data came, but more pages of it than are followed."""


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
        # Whether it is sure that the dialect is spoken here: then an answer
        # that looks as if it were not is a bad one.
        self.settled = self.confirmed
        # Whether it has answered, so that it takes the credentials, if there are any.
        self.welcome = False
        self.validates = IValidators.providedBy(tracker)
        self._hearing: Hearing | None = None

    async def alone(self, ask: Ask, moved_to: str | None = None) -> Outcome:
        """The outcome of a question for one bug, which moved to the URL `moved_to`.

        :raises Spoiled, Absent, Switch, BugTrackerTrouble:
        """
        (remotebug,) = ask.ids
        heard = await self._put(ask)
        if heard.led_to is not None:
            moved_to = heard.led_to if heard.response.moved else moved_to
            if ask.form is Form.PAGE:
                known_as = self.tracker.id_at(heard.led_to)
                if known_as is None:
                    return self.said.moved(remotebug, heard.led_to)
                itself = self.dialect.ask_one(known_as)
                itself = dataclasses.replace(
                    itself, ids=ask.ids, known_as=known_as, validator=ask.validator
                )
                return await self.alone(itself, moved_to)
        if heard.merged_into is not None:
            moved_to = self.tracker.getBugURL(heard.merged_into)
        outcome: Outcome
        if heard.finding is not None:
            outcome = await self.judged(remotebug, heard.finding)
        elif remotebug in heard.outcomes:
            outcome = heard.outcomes[remotebug]
        elif heard.strangers:
            outcome = self.said.not_understood(remotebug, "the answer is about another bug")
        else:
            outcome = self.said.not_found(remotebug)
        if isinstance(outcome, RemoteBug):
            if moved_to is not None:
                outcome = outcome._replace(moved_to=moved_to)
            if self.validates:
                outcome = outcome._replace(validator=_validator(heard.response))
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
        """Outcomes of the bugs that the answer to a question for many speaks of.

        :raises Shut, Endless, Spoiled, Absent, Switch, BugTrackerTrouble:
        """
        found: dict[str, Outcome] = {}
        page = ask
        # What changed is not read on where it would be cheaper by now to ask for each alone.
        for _ in range(len(ask.ids) + (MOST_PAGES if ask.since is None else 0)):
            heard = await self._put(page)
            if heard.finding is not None:
                why = f"HTTP status {heard.response.status}, where there should be bugs"
                raise Shut(self.said.unparsable(why), why, heard.finding)
            found.update(heard.outcomes)
            if heard.next_ask is None or len(found) == len(ask.ids):
                return found
            page = heard.next_ask
        if ask.since is None:
            return found
        # Else what is on the other pages would read as unchanged.
        why = "it goes on and on"
        raise Endless(self.said.unparsable(why), why)

    async def _put(self, ask: Ask) -> Heard:
        """Put a question, and take in the answer.

        :raises Spoiled, Absent, Switch, BugTrackerTrouble:
        """
        dialect, credentials = self.dialect, self.session.credentials
        if credentials is not None:
            ask = dialect.sign(dataclasses.replace(ask, signed=True), credentials)
        response = await self._response(ask)
        hearing = self._hearing
        if hearing is None or hearing.dialect is not dialect:
            scrub = None if credentials is None else self.session.scrub
            hearing = self._hearing = Hearing(self.tracker, dialect, scrub)
        if len(response.body) < LARGE:
            heard = hearing.hear(ask, response)
        else:
            # The event loop goes on meanwhile.
            heard = await in_thread(hearing.hear, ask, response)
        finding, status = heard.finding, response.status
        if heard.instead is not None:
            if heard.instead.certain or not self.settled:
                raise Switch(heard.instead.dialect)
            finding = Finding.ABSENT
        if finding is Finding.REFUSED and ask.alone and self.welcome:
            finding = heard.finding = Finding.PRIVATE
        if finding is Finding.REFUSED:
            raise self.said.refused(credentials is not None)
        if finding is Finding.ABSENT:
            why = f"HTTP status {status}, as if that were not there"
            raise self._spoiled(why) if self.settled else Absent(why)
        if finding is Finding.SPOILED:
            raise self._spoiled(f"HTTP status {status}, where there should be data")
        self.welcome = self.welcome or finding is None
        if heard.more is not None:
            more = await self._put(heard.more)
            if more.finding is not None and not ask.alone:
                raise self._spoiled(f"HTTP status {more.response.status}, where there was more")
            # The validator is that of the first; either may have led to another place.
            moved = response.moved or more.response.moved
            more.response = dataclasses.replace(response, moved=moved)
            more.led_to = more.led_to or heard.led_to
            return more
        return heard

    async def _response(self, ask: Ask) -> Response:
        url = url_of(ask, self.tracker.service)
        # A page has validators of its own.
        condition = {} if ask.form is Form.PAGE else _condition(ask.validator)
        headers = {"Accept": ask.form.value, **condition, **ask.headers}
        body = ask.body
        if ask.json is not None:
            body = json.dumps(ask.json).encode()
            headers["Content-Type"] = "application/json"
        dialect = self.dialect
        try:
            response: Response = await self.session.request(
                ask.method,
                url,
                body=body,
                headers=headers,
                html=ask.form is Form.PAGE,
                limit=dialect.bytes_base
                + max(len(ask.ids), ask.expected, dialect.bugs_at_once) * dialect.bytes_per_bug,
            )
        except (UnparsableBugTracker, AnswerTooLarge, BugTrackerServerError) as trouble:
            raise Spoiled(trouble, _clause(trouble, self.said.baseurl)) from None
        except CredentialsUnreadable:
            raise
        except BugTrackerCredentialsRefused:
            if not self.confirmed:
                raise
            # A log-in page: as good as that, and maybe not what others lead to.
            response = Response(url, 401, {}, b"")
        return response

    def _spoiled(self, why: str) -> Spoiled:
        return Spoiled(self.said.unparsable(why), why)

    # Who it is, and who we are.

    async def identify(self) -> str | None:
        """See `IExternalBugTracker`."""
        asked: list[Ask | None] = []
        for dialect in self.tracker.all_dialects():
            ask = dialect.ask_identity()
            if ask in asked:
                continue
            asked.append(ask)
            found = await self.identity(dialect)
            if found is not None:
                return found
        return None

    async def identity(self, dialect: Dialect) -> str | None:
        """What the server says in `dialect` that it is; None if it does not speak it."""
        ask = dialect.ask_identity()
        if ask is None:
            return None
        self.dialect = dialect
        try:
            heard = await self._put(ask)
            found = dialect.identity(heard.value) if heard.finding is None else None
        except CredentialsUnreadable:
            raise
        except (Spoiled, Absent, Switch, BugTrackerCredentialsRefused, *UNFIT):
            return None
        return None if found is None else str(found)[:LONGEST_NAME]

    async def whoami(self) -> str | None:
        """See `IExternalBugTracker`."""
        # One dialect may be there without the other.
        self.settled = False
        trouble: BugTrackerTrouble | None = None
        for dialect in self.tracker.all_dialects():
            ask = dialect.ask_whoami()
            if ask is None or not dialect.speaks(True):
                continue
            self.dialect = dialect
            try:
                heard = await self._put(ask)
                found = dialect.whoami(heard.value) if heard.finding is None else None
            except (Absent, Switch, *UNFIT):
                continue
            except Spoiled as spoiled:
                trouble = trouble or spoiled.trouble
                continue
            if found is None:
                raise self.said.refused(True)
            return str(found)[:LONGEST_NAME]
        if trouble is not None:
            raise trouble
        return None

    async def vocabulary(self) -> RemoteVocabulary | None:
        """See `IExternalBugTracker`."""
        self.settled = False
        learnt = self.tracker.dialect_named(self.tracker.dialect)
        tried: list[tuple[Ask, ...]] = [()]
        for dialect in filter(None, (learnt, *self.tracker.all_dialects())):
            asks = tuple(dialect.ask_vocabulary())
            if asks in tried or not dialect.speaks(self.session.credentials is not None):
                continue
            tried.append(asks)
            self.dialect = dialect
            try:
                heard = [await self._put(ask) for ask in asks]
                if all(each.finding is None for each in heard):
                    found: RemoteVocabulary = dialect.vocabulary([each.value for each in heard])
                    return found
            except (Absent, Switch, *UNFIT):
                continue
            except Spoiled as spoiled:
                if learnt is None or dialect is learnt:
                    raise spoiled.trouble from None
                # Whatever is there, it is not what bugs are asked for.
        return None


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
