"""Asking a bug tracker for a batch: what all types have in common.

A type says which questions there are and what an answer means; here they are
put, followed from page to page, asked again in halves where one bug spoils the
answer for all, and asked alone where something is missing.
"""

import dataclasses
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Situation
from malonewatch.externalbugtracker.driver.asking import Absent, Asking, Endless, Shut, Switch
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.hearing import Spoiled
from malonewatch.interfaces import (
    Batch,
    BugTrackerChallenge,
    BugTrackerCredentialsRefused,
    BugTrackerServerError,
    BugTrackerTrouble,
    BugWatchErrorType,
    DialectLearnt,
    Outcome,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnparsableBugTracker,
)

#: How many further requests one question may take to find the bugs that spoil it.
MOST_HALVINGS = 60
#: How often one batch may make us change the dialect.
MOST_SWITCHES = 12
_NOT_FOUND = BugWatchErrorType.BUG_NOT_FOUND
_random = random.Random()

#: Outcomes come in portions: each step of the way costs what a portion does, not what a bug does.
Portions = AsyncIterator[Sequence[Outcome]]


class Fetching(Asking):
    """One fetch of a batch; see `IExternalBugTracker.fetch`."""

    def __init__(self, tracker: Any, session: Any, batch: Batch) -> None:
        super().__init__(tracker, session)
        self.batch = batch
        self.settled = self.known is not None and not batch.probe
        #: What was spoken before, in whatever variant.
        self.before = None if self.known is None else self.known.dialect_name
        #: The dialect that the bug tracker itself said that it speaks.
        self.told: Dialect | None = None

    async def fetch(self) -> AsyncIterator[Outcome | DialectLearnt]:
        pending: dict[str, None] = {}
        for remotebug in dict.fromkeys(self.batch.remotebugs):
            if self.tracker.is_valid(remotebug):
                pending[remotebug] = None
            else:
                yield self.said.invalid(remotebug)
        for _ in range(MOST_SWITCHES):
            if not pending:
                return
            try:
                async for said in self._round(tuple(pending)):
                    if isinstance(said, DialectLearnt):
                        yield said
                        continue
                    for outcome in said:
                        del pending[outcome.remotebug]
                        yield outcome
                return
            except Switch as switch:
                self._switch(switch.dialect)
        raise self.said.unparsable("it seems to speak one dialect after the other")

    # Dialects.

    def _switch(self, name: str) -> None:
        self.told = self.tracker.dialect_named(name)
        assert self.told is not None, name
        self.settled = False

    async def _round(self, ids: Sequence[str]) -> AsyncIterator[Sequence[Outcome] | DialectLearnt]:
        """Ask for `ids` in the dialect that is known, or find out which one it is."""
        if self.settled:
            async for portion in self._all(ids):
                yield portion
            return
        # Where others lead to nothing, the first tells what is wrong; best of all, that somebody
        # has to log in.
        trouble: BugTrackerTrouble | None = None
        reasons: list[str] = []
        for dialect in self._candidates():
            self.dialect, self.settled = dialect, False
            try:
                async for portion in self._all(ids):
                    if not self.settled:
                        self.settled = self.confirmed = True
                        yield self._learnt(reasons)
                    yield portion
                return
            except Absent as absent:
                reasons.append(f"{dialect.dialect_name}: {absent}")
            except (
                UnparsableBugTracker,
                BugTrackerServerError,
                BugTrackerCredentialsRefused,
            ) as caught:
                if self.settled or dialect.dialect_name == self.before:
                    # A bad answer is a bad day.
                    raise
                if (
                    isinstance(caught, BugTrackerCredentialsRefused)
                    and self.session.credentials is not None
                ):
                    # Another dialect may not look at credentials at all.
                    raise
                if trouble is None or isinstance(caught, BugTrackerCredentialsRefused):
                    trouble = caught
                reasons.append(f"{dialect.dialect_name}: {caught}")
        raise trouble or self.said.unsupported()

    def _candidates(self) -> list[Dialect]:
        """The dialects to try, the best first."""
        authenticated = self.session.credentials is not None
        found: list[Dialect] = []
        for dialect in self.tracker.all_dialects():
            if dialect.speaks(authenticated):
                found.append(dialect)
        if self.told is None:
            return found
        names = [dialect.dialect_name for dialect in found]
        name = self.told.dialect_name
        return [self.told, *(found[names.index(name) + 1 :] if name in names else ())]

    def _learnt(self, reasons: Iterable[str]) -> DialectLearnt:
        because = "; ".join(["it answers", *reasons])
        return DialectLearnt(self.dialect.full_name, because[:500])

    # Questions.

    async def _all(self, ids: Sequence[str]) -> Portions:
        if self.batch.apart:
            asks = [self.dialect.ask_one(remotebug) for remotebug in ids]
        else:
            situation = Situation(
                self.batch.seen,
                self.batch.validators,
                self.session.credentials is not None,
                self.session.quota,
            )
            # Those for many first, as they tell most.
            asks = sorted(self.dialect.plan(ids, situation), key=lambda ask: ask.alone)
        async for portion in self._each(asks):
            yield [await self._sure(each) for each in portion] if self.batch.apart else portion

    async def _each(self, asks: Iterable[Ask], answered: bool = False) -> Portions:
        """What questions lead to; `answered` says that others were answered before.

        That one leads to nothing may be the fault of its bugs, or of the place
        that they are in.  If two in a row do, it is the bug tracker's, unless
        that still says what it is.
        """
        failed: list[tuple[Ask, Spoiled]] = []
        in_a_row = 0
        for ask in asks:
            try:
                async for portion in self._answers(ask):
                    in_a_row, answered = 0, True
                    yield portion
            except Spoiled as spoiled:
                failed.append((ask, spoiled))
                in_a_row += 1
                if in_a_row % 2 == 0:
                    answered = await self._is_there()
                    if not answered:
                        raise failed[0][1].trouble from None
        # Bugs that were bad before need no others to show that it is not their bug tracker.
        if failed and not answered and not (self.batch.apart and await self._is_there()):
            raise failed[0][1].trouble from None
        for ask, trouble in failed:
            apart = self.batch.apart
            yield [self.said.not_understood(each, trouble.why, apart=apart) for each in ask.ids]

    async def _is_there(self) -> bool:
        """Whether the bug tracker still says what it is."""
        if self.dialect.ask_identity() is None:
            return self.batch.apart
        return await self.identity(self.dialect) is not None

    async def _answers(self, ask: Ask) -> Portions:
        """What a question leads to, one outcome for each bug.

        :raises Spoiled: nothing, so that there is none for any.
        """
        if ask.alone:
            if self.validates:
                ask = dataclasses.replace(ask, validator=self.batch.validators.get(ask.ids[0]))
            yield [await self.alone(ask)]
            return
        try:
            found = await self.found(ask)
        except Shut as shut:
            answers = self._shut(ask.ids, shut.finding)
        except Endless:
            answers = self._each(self.dialect.in_full(ask.ids))
        except Spoiled as spoiled:
            if len(ask.ids) == 1:
                instead = self.dialect.one_by_one()
                if instead is not None and await self._tells_alone(ask.ids[0]):
                    raise Switch(instead.full_name) from None
                raise
            answers = self._in_halves(ask.ids, spoiled)
        else:
            if ask.since is not None:
                unchanged = ((remotebug, RemoteBugUnchanged(remotebug)) for remotebug in ask.ids)
                found = {**dict(unchanged), **found}
            answers = self._outcomes(ask.ids, found)
        async for portion in answers:
            yield portion

    async def _outcomes(self, ids: Sequence[str], found: Mapping[str, Outcome]) -> Portions:
        """What was found of bugs that were asked for together, and what becomes of the others."""
        if found:
            yield list(found.values())
        missing = [remotebug for remotebug in ids if remotebug not in found]
        async for portion in self._missing(missing):
            yield portion

    async def _shut(self, ids: Sequence[str], finding: Finding) -> Portions:
        """What becomes of bugs in a place that is said to be gone or private: if one that is asked
        for alone says the same, it is so for all."""
        one, *others = ids
        said = await self.judged(one, finding)
        (portion,) = [each async for each in self._each([self.dialect.ask_one(one)], True)]
        yield portion
        if portion == [said]:
            yield [await self.judged(remotebug, finding) for remotebug in others]
        else:
            async for portion in self._each(map(self.dialect.ask_one, others), True):
                yield portion

    async def _missing(self, ids: Sequence[str]) -> Portions:
        """Ask again for bugs that an answer left out: nothing is concluded from absence."""
        alone: list[Ask] = []
        for ask in self.dialect.ask_missing(ids) if ids else ():
            if ask.alone:
                alone.append(ask)
                continue
            try:
                found = await self.found(ask)
            except Shut as shut:
                async for portion in self._shut(ask.ids, shut.finding):
                    yield portion
                continue
            except (Spoiled, Absent, BugTrackerCredentialsRefused, BugTrackerChallenge):
                # Some sites close such a page to robots; ask one by one.
                found, ask = {}, dataclasses.replace(ask, conclusive=False)
            absent = [remotebug for remotebug in ask.ids if remotebug not in found]
            if ask.conclusive:
                found = {**found, **{each: self.said.not_found(each) for each in absent}}
            else:
                alone += map(self.dialect.ask_one, absent)
            if found:
                yield list(found.values())
        async for portion in self._each(alone, True):
            yield portion

    # Bugs that spoil the answer for others.

    async def _in_halves(self, ids: Sequence[str], spoiled: Spoiled) -> Portions:
        """Ask again for bugs of which an answer for all told nothing.

        Two are asked for by themselves first: if neither can be had, it is not
        a bug's fault.  Which two is left to chance, so that two bad ones do not
        hide the others for ever.
        """
        rest = list(ids)
        one, other = (rest.pop(_random.randrange(len(rest))) for _ in range(2))
        found = await self._try([one])
        if found is not None:
            rest.append(other)
            # The bad one is among the others, so there is no need to ask for them all.
            portions = _halves(rest)
        else:
            instead = self.dialect.one_by_one()
            if instead is not None and not await self._tells_alone(other):
                raise spoiled
            found = await self._try([other])
            if found is None and instead is not None:
                # Its lists are spoiled by bugs that they were not asked for.
                raise Switch(instead.full_name)
            if found is None:
                raise spoiled
            yield [await self._suspect(one, spoiled.why)]
            one, portions = other, [rest] if rest else []
        async for outcomes in self._outcomes([one], found):
            yield outcomes
        asked = 0
        while portions:
            if asked == MOST_HALVINGS:
                raise spoiled.trouble from None
            asked += 1
            portion = portions.pop(0)
            found = await self._try(portion)
            if found is not None:
                async for outcomes in self._outcomes(portion, found):
                    yield outcomes
            elif len(portion) == 1:
                yield [await self._suspect(portion[0], spoiled.why)]
            else:
                portions = _halves(portion) + portions

    async def _try(self, ids: Sequence[str]) -> dict[str, Outcome] | None:
        """What is found of `ids`, None if the answer tells nothing."""
        found: dict[str, Outcome] = {}
        try:
            for ask in self.dialect.ask_many(ids, None):
                found.update(await self.found(ask))
        except Spoiled:
            return None
        return found

    async def _tells_alone(self, remotebug: str) -> bool:
        """Whether a bug can be read that is asked for by itself."""
        try:
            outcome = await self.alone(self.dialect.ask_one(remotebug))
        except Spoiled:
            return False
        return isinstance(outcome, RemoteBug)

    async def _suspect(self, remotebug: str, why: str) -> Outcome:
        """The outcome of a bug that spoils the answer for others, which is told."""
        try:
            outcome = await self._sure(await self.alone(self.dialect.ask_one(remotebug)))
        except Spoiled:
            return self.said.not_understood(remotebug, why, apart=True)
        assert not isinstance(outcome, RemoteBugUnchanged)
        return outcome._replace(apart=True)

    async def _sure(self, outcome: Outcome) -> Outcome:
        """The outcome of a question for one bug, if need be of the question for one that is not
        there: the former may be for a list of one, which does not tell why it is empty."""
        if isinstance(outcome, RemoteBugError) and outcome.error_type is _NOT_FOUND:
            remotebug = outcome.remotebug
            if [*self.dialect.ask_missing([remotebug])] != [self.dialect.ask_one(remotebug)]:
                ((outcome,),) = [each async for each in self._missing([remotebug])]
        return outcome


def _halves(ids: list[str]) -> list[list[str]]:
    middle = (len(ids) + 1) // 2
    return [half for half in (ids[:middle], ids[middle:]) if half]
