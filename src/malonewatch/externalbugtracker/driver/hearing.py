"""What an answer says: from a response to outcomes.  Pure."""

import dataclasses
from collections.abc import Callable
from typing import Any

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Form, Instead
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.reading import Unreadable, charset_of, parse
from malonewatch.externalbugtracker.driver.said import Said
from malonewatch.externalbugtracker.driver.urls import is_beside, url_of
from malonewatch.interfaces import (
    BugTaskImportance,
    BugTaskStatus,
    BugTrackerTrouble,
    Outcome,
    RemoteBug,
    Response,
)

#: How much of an error message is looked at by types, in bytes.
LONGEST_MESSAGE = 64 * 1024
#: Longer words are no status and no importance.
LONGEST_WORDS = 200

#: Accepted, but not done yet; no content; reset; a part of it.
NO_DATA = (202, 204, 205, 206)

#: What a type raises for an answer or a record that is not what it should be.
UNFIT = (LookupError, TypeError, AttributeError, ValueError, RecursionError)

WRONG_KIND = "a field is of the wrong kind"

#: The remote words of a bug (status, importance and resolution) and what they mean: the status,
#: whether that is guessed, the importance, and whether the site has mapped them.
Meant = tuple[str, str, str, BugTaskStatus, bool, BugTaskImportance, bool]

# A `RemoteBug` from all of its values, in half the time that its own constructor takes.
_new: Any = tuple.__new__


class Spoiled(Exception):
    """No data came; `trouble` is what that is if no bug is to blame."""

    def __init__(self, trouble: BugTrackerTrouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why


@dataclasses.dataclass(slots=True)
class Heard:
    """What an answer says.

    - `value`: what it holds, None if it cannot be read,
    - `finding`, `instead`: what it says in place of data,
    - `led_to`: where redirects led from the one bug that was asked for,
    - `merged_into`: what it became a part of, without any,
    - `outcomes`: of the bugs that were asked for,
    - `strangers`: whether others are in it,
    - `next_ask`: the question for the rest of it,
    - `more`: the question for what it does not tell of the bugs.
    """

    response: Response
    value: Any = None
    finding: Finding | None = None
    instead: Instead | None = None
    led_to: str | None = None
    merged_into: str | None = None
    outcomes: dict[str, Outcome] = dataclasses.field(default_factory=dict)
    strangers: bool = False
    next_ask: Ask | None = None
    more: Ask | None = None


class Hearing:
    """Takes in the answers to questions in one dialect of one bug tracker.

    `scrub` takes secrets out of a text; None if there are none.
    """

    def __init__(
        self, tracker: Any, dialect: Dialect, scrub: Callable[[str], str] | None = None
    ) -> None:
        self.tracker = tracker
        self.dialect = dialect
        self.scrub = scrub
        self.said = Said(tracker.baseurl, tracker.title)
        # By what was said: the same few words come again and again.
        self._meant: dict[tuple[str, str, str, bool | None], Meant] = {}

    def hear(self, ask: Ask, response: Response) -> Heard:
        """What the answer to `ask` says.

        :raises Spoiled: it makes no sense.
        :raises BugTrackerTrouble: it says that the bug tracker is in trouble.
        """
        heard = Heard(response)
        dialect = self.dialect
        if response.status != 304:
            heard.value = self._value(ask, response)
        try:
            finding = dialect.judge(ask, response, heard.value)
            if ask.alone:
                heard.led_to = dialect.led_to(ask, response)
            if heard.led_to is not None:
                ask = dataclasses.replace(ask, known_as=self.tracker.id_at(heard.led_to))
            elif ask.alone and finding is None:
                heard.merged_into = dialect.merged_into(ask, heard.value)
                ask = dataclasses.replace(ask, known_as=heard.merged_into or ask.known_as)
        except UNFIT:
            raise self.spoiled("it is nothing that such a bug tracker answers") from None
        if isinstance(finding, Instead):
            heard.instead = finding
            return heard
        heard.finding = finding
        elsewhere = heard.led_to is not None and ask.form is Form.PAGE
        if finding is None and ask.ids and not elsewhere:
            answers = (*ask.answers, heard.value)
            heard.more = self._more(ask, answers)
            if heard.more is None:
                heard.value = answers if ask.answers else heard.value
                self._read(ask, heard)
        return heard

    def _more(self, ask: Ask, answers: tuple[Any, ...]) -> Ask | None:
        """The question for what `answers` do not tell of the bugs, None if they tell all."""
        try:
            more = self.dialect.ask_more(ask, answers)
        except UNFIT:
            raise self.spoiled("there are no bugs in it where they should be") from None
        if more is None:
            return None
        return dataclasses.replace(
            more,
            ids=ask.ids,
            alone=ask.alone,
            since=ask.since,
            known_as=ask.known_as,
            answers=answers,
        )

    def spoiled(self, why: str) -> Spoiled:
        return Spoiled(self.said.unparsable(why), why)

    def _value(self, ask: Ask, response: Response) -> Any:
        if response.status in NO_DATA:
            raise self.spoiled(f"HTTP status {response.status}, where there should be data")
        good = 200 <= response.status < 300
        body = response.body if good else response.body[:LONGEST_MESSAGE]
        charset = charset_of(response.headers.get("content-type", ""))
        try:
            bugs = max(len(ask.ids), ask.expected, self.dialect.bugs_at_once)
            return parse(body, ask.form, bugs, charset, self.dialect.values_per_bug, ask.shape)
        except Unreadable as error:
            if good:
                raise self.spoiled(str(error)) from None
            return None

    def _read(self, ask: Ask, heard: Heard) -> None:
        """Read the bugs that are in an answer."""
        dialect, folds, outcome = self.dialect, self.tracker.folds_ids, self._outcome
        if ask.alone and type(heard.value) is list and not heard.value:
            raise self.spoiled("it says nothing of the bug that was asked for")
        names = ask.ids if ask.known_as is None else (ask.known_as,)
        asked = dict(zip(map(dialect.called, names), ask.ids, strict=True))
        if folds:
            asked.update((remotebug.casefold(), remotebug) for remotebug in ask.ids)
        outcomes = heard.outcomes
        try:
            for record in dialect.records(heard.value):
                for name in dialect.ids_of(record) or (ask.ids if ask.alone else ()):
                    remotebug = asked.get(name)
                    if remotebug is None and folds:
                        remotebug = asked.get(name.casefold())
                    if remotebug is None:
                        heard.strangers = True
                    else:
                        outcomes[remotebug] = outcome(remotebug, record)
        except UNFIT:
            raise self.spoiled("there are no bugs in it where they should be") from None
        if not ask.alone:
            heard.next_ask = self.next_ask(ask, heard)

    def next_ask(self, ask: Ask, heard: Heard) -> Ask | None:
        """The question for the rest of an answer, None if that was all.

        :raises Spoiled: it does not tell, or leads elsewhere.
        """
        try:
            rest = self.dialect.next_page(ask, heard.response, heard.value)
            if rest is None:
                return None
            service = self.tracker.service
            if is_beside(url_of(rest, service), url_of(ask, service), service):
                return rest
        except UNFIT:
            raise self.spoiled("it does not tell whether there is more") from None
        raise self.spoiled("it goes on at another place")

    def _outcome(self, remotebug: str, record: Any) -> Outcome:
        """What a record says of its bug."""
        try:
            read = self.dialect.read(record)
        except KeyError as error:
            return self.said.not_understood(remotebug, f"it has no {str(error.args[0])[:40]}")
        except UNFIT:
            return self.said.not_understood(remotebug, WRONG_KIND)
        if isinstance(read, Finding):
            if read is Finding.PRIVATE:
                return self.said.private(remotebug)
            if read is Finding.DELETED:
                return self.said.deleted(remotebug)
            return self.said.not_found(remotebug)
        # Plainly, and in order: this is done for each bug of each answer.
        words, title, weight, resolution, modified, closed, same, moved, private, date, release = (
            read
        )
        said = words, weight, resolution, closed
        try:
            meant: Meant | str | None = self._meant.get(said)
            texts = "".join((title, same or "", moved or "", release))
        except TypeError:
            return self.said.not_understood(remotebug, WRONG_KIND)
        if meant is None:
            meant = self._mean(*said)
        if isinstance(meant, str):
            return self.said.not_understood(remotebug, meant)
        words, weight, resolution, status, guessed, importance, mapped = meant
        # Once for all of them: hardly ever is there anything to change.
        if not self._is_fit(texts):
            title, release = self._fit(title), self._fit(release)
            same, moved = same and self._fit(same), moved and self._fit(moved)
        bug: RemoteBug = _new(
            RemoteBug,
            (
                remotebug,
                words,
                status,
                weight,
                importance,
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
                False,
                mapped,
            ),
        )
        return bug

    def _mean(self, words: str, weight: str, resolution: str, closed: bool | None) -> Meant | str:
        """The words of a bug as they may be kept, and what they mean; or why they cannot be."""
        try:
            whole = "".join((words, weight, resolution))
        except TypeError:
            return WRONG_KIND
        if not words or words.isspace():
            return "it has no status"
        if max(len(words), len(weight), len(resolution)) > LONGEST_WORDS:
            return "it has a text where there should be words"
        said = words, weight, resolution, closed
        if not self._is_fit(whole):
            words, weight, resolution = map(self._fit, (words, weight, resolution))
        status, guessed = self.tracker.meaning(words, resolution, closed)
        importance = self.tracker.convertRemoteImportance(weight)
        mapped = self.tracker.isMapped(words, resolution)
        meant = words, weight, resolution, status, guessed, importance, mapped
        self._meant[said] = meant
        return meant

    def _is_fit(self, text: str) -> bool:
        """Whether `text` may be kept as it is, which is told fast."""
        return text.isascii() and (self.scrub is None or self.scrub(text) == text)

    def _fit(self, text: str) -> str:
        """`text` as it may be kept: without secrets, and without halves of characters, which JSON
        can have and no encoding can write."""
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole if self.scrub is None else self.scrub(whole)
