"""Asking a bug tracker for a batch: what all types have in common.

A type says which questions there are and what an answer means; here they are
put, judged, followed from page to page, asked again in halves where one bug
spoils the answer for all, and asked alone where something is missing.
"""

import dataclasses
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from malonewatch.externalbugtracker.driver.ask import Ask, Finding, Situation
from malonewatch.externalbugtracker.driver.asking import Absent, Asking, Shut, Spoiled, Switch
from malonewatch.externalbugtracker.driver.dialect import Dialect
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

#: How many further requests one batch may take to find the bugs that spoil it.
MOST_HALVINGS = 60
#: How often one batch may make us change the dialect.
MOST_SWITCHES = 8
_random = random.Random()


class Fetching(Asking):
    """One fetch of a batch; see `IExternalBugTracker.fetch`."""

    def __init__(self, tracker: Any, session: Any, batch: Batch) -> None:
        super().__init__(tracker, session)
        self.batch = batch
        #: The dialect that the bug tracker itself said that it speaks.
        self.told: Dialect | None = None

    async def fetch(self) -> AsyncIterator[Outcome | DialectLearnt]:
        pending: dict[str, None] = {}
        for remotebug in self.batch.remotebugs:
            if self.tracker.is_valid(remotebug):
                pending[remotebug] = None
            else:
                yield self.said.invalid(remotebug)
        for _ in range(MOST_SWITCHES):
            if not pending:
                return
            try:
                async for said in self._round(tuple(pending)):
                    if not isinstance(said, DialectLearnt):
                        del pending[said.remotebug]
                    yield said
                return
            except Switch as switch:
                self._switch(switch.dialect)
        raise self.said.unparsable("it seems to speak one dialect after the other")

    def stays(self) -> bool:
        return super().stays() and not self.batch.probe

    def _switch(self, name: str) -> None:
        self.told = self.tracker.dialect_named(name)
        assert self.told is not None, name
        self.known = None

    async def _round(self, ids: Sequence[str]) -> AsyncIterator[Outcome | DialectLearnt]:
        """Ask for `ids` in the dialect that is known, or find out which one it is."""
        if self.stays():
            try:
                async for outcome in self._all(ids):
                    yield outcome
            except Absent as absent:
                raise self.said.unparsable(str(absent)) from None
            return
        # Where others lead to nothing, the first tells what is wrong.
        trouble: BugTrackerTrouble | None = None
        reasons: list[str] = []
        for dialect in self._candidates():
            self.dialect = dialect
            heard = False
            try:
                async for outcome in self._all(ids):
                    if not heard:
                        heard = self.confirmed = True
                        yield self._learnt(reasons)
                    yield outcome
                return
            except Absent as absent:
                if heard:
                    raise self.said.unparsable(str(absent)) from None
                reasons.append(f"{dialect.dialect_name}: {absent}")
            except (
                UnparsableBugTracker,
                BugTrackerServerError,
                BugTrackerCredentialsRefused,
            ) as caught:
                refused = isinstance(caught, BugTrackerCredentialsRefused)
                if heard or (refused and self.session.credentials is not None):
                    # Another dialect may not look at credentials at all.
                    raise
                trouble = trouble or caught
                reasons.append(f"{dialect.dialect_name}: {caught}")
        raise trouble or self.said.unsupported()

    def _candidates(self) -> list[Dialect]:
        """The dialects to try, the best first."""
        authenticated = self.session.credentials is not None
        found: list[Dialect] = []
        for dialect in self.tracker.all_dialects():
            if dialect.speaks(authenticated):
                found.append(dialect)
        if self.told is not None:
            names = [dialect.dialect_name for dialect in found]
            after = (
                names.index(self.told.dialect_name) + 1 if self.told.dialect_name in names else 0
            )
            return [self.told, *(found[after:] if after else ())]
        return found

    def _learnt(self, reasons: Iterable[str]) -> DialectLearnt:
        because = "; ".join(["it answers", *reasons])
        return DialectLearnt(self.dialect.full_name, because[:500])

    async def _all(self, ids: Sequence[str]) -> AsyncIterator[Outcome]:
        if self.batch.apart:
            for remotebug in ids:
                yield await self._apart(remotebug)
            return
        situation = Situation(
            self.batch.seen,
            self.batch.validators,
            self.session.credentials is not None,
            self.session.quota,
        )
        alone = []
        for ask in self.dialect.plan(ids, situation):
            if ask.alone:
                alone.append(ask)
                continue
            async for outcome in self._group(ask):
                yield outcome
        async for outcome in self._one_by_one(alone):
            yield outcome

    async def _group(self, ask: Ask) -> AsyncIterator[Outcome]:
        """What a question for many leads to, one outcome for each bug."""
        try:
            found = await self.found(ask)
        except Shut as shut:
            async for outcome in self._shut(ask.ids, shut.finding):
                yield outcome
            return
        except Spoiled as spoiled:
            if len(ask.ids) == 1:
                raise spoiled.trouble from None
            async for outcome in self._in_halves(ask.ids, spoiled):
                yield outcome
            return
        missing: list[str] = []
        for remotebug in ask.ids:
            if remotebug in found:
                yield found[remotebug]
            elif ask.since is not None:
                yield RemoteBugUnchanged(remotebug)
            else:
                missing.append(remotebug)
        async for outcome in self._missing(missing):
            yield outcome

    async def _shut(self, ids: Sequence[str], finding: Finding) -> AsyncIterator[Outcome]:
        """What becomes of bugs in a place that is said to be gone or private: if one that is asked
        for alone says the same, it is so for all."""
        one, *others = ids
        said = await self.judged(one, finding)
        async for outcome in self._one_by_one([self.dialect.ask_one(one)], True):
            yield outcome
        if outcome == said:
            for remotebug in others:
                yield await self.judged(remotebug, finding)
        else:
            async for outcome in self._missing(others):
                yield outcome

    async def _missing(self, ids: Sequence[str]) -> AsyncIterator[Outcome]:
        """Ask again for bugs that an answer left out: nothing is concluded from absence."""
        alone: list[Ask] = []
        for ask in self.dialect.ask_missing(ids) if ids else ():
            if ask.alone:
                alone.append(ask)
                continue
            try:
                found = await self.found(ask)
            except (Spoiled, Absent, BugTrackerCredentialsRefused, BugTrackerChallenge):
                # Some sites close such a page to robots; ask one by one.
                found, ask = {}, dataclasses.replace(ask, conclusive=False)
            for remotebug in ask.ids:
                outcome = found.get(remotebug)
                if outcome is None and ask.conclusive:
                    outcome = self.said.not_found(remotebug)
                if outcome is not None:
                    yield outcome
                else:
                    alone.append(self.dialect.ask_one(remotebug))
        async for each in self._one_by_one(alone, True):
            yield each

    async def _one_by_one(
        self, asks: Sequence[Ask], answered: bool = False
    ) -> AsyncIterator[Outcome]:
        """Outcomes of questions for one bug each; `answered` says that others were answered before.

        One that fails may be the bug's fault; two in a row are the bug
        tracker's.
        """
        failed: tuple[Ask, Spoiled] | None = None
        for ask in asks:
            try:
                outcome = await self.alone(ask)
            except Spoiled as spoiled:
                if failed is not None:
                    raise spoiled.trouble from None
                failed = ask, spoiled
                continue
            answered = True
            if failed is not None:
                yield self.said.not_understood(failed[0].ids[0], failed[1].why)
                failed = None
            yield outcome
        if failed is not None:
            if not answered:
                raise failed[1].trouble from None
            yield self.said.not_understood(failed[0].ids[0], failed[1].why)

    # Bugs that spoil the answer for others.

    async def _in_halves(self, ids: Sequence[str], spoiled: Spoiled) -> AsyncIterator[Outcome]:
        """Ask again for bugs of which an answer for all told nothing.

        Two are asked for by themselves first: if neither can be had, it is not
        a bug's fault.  Which two is left to chance, so that two bad ones do not
        hide the others for ever.
        """
        rest = list(ids)
        one, other = (rest.pop(_random.randrange(len(rest))) for _ in range(2))
        found = await self._try([one])
        if found is None:
            others = await self._try([other])
            if others is None:
                raise spoiled.trouble from None
            yield await self._apart(one, spoiled.why)
            one, found = other, others
        else:
            rest.append(other)
        async for outcome in self._outcomes([one], found):
            yield outcome
        # If the bad one is among the others for sure, there is no need to ask for them all.
        portions = _halves(rest) if other in rest else [rest]
        for _ in range(MOST_HALVINGS):
            if not portions:
                return
            portion = portions.pop(0)
            if not portion:
                continue
            found = await self._try(portion)
            if found is not None:
                async for outcome in self._outcomes(portion, found):
                    yield outcome
            elif len(portion) == 1:
                yield await self._apart(portion[0], spoiled.why)
            else:
                portions = _halves(portion) + portions
        if portions:
            raise spoiled.trouble from None

    async def _try(self, ids: Sequence[str]) -> dict[str, Outcome] | None:
        """What is found of `ids`, None if the answer tells nothing."""
        found: dict[str, Outcome] = {}
        try:
            for ask in self.dialect.ask_many(ids, None):
                found.update(await self.found(ask))
        except Spoiled:
            return None
        return found

    async def _outcomes(
        self, ids: Sequence[str], found: dict[str, Outcome]
    ) -> AsyncIterator[Outcome]:
        missing = []
        for remotebug in ids:
            if remotebug in found:
                yield found[remotebug]
            else:
                missing.append(remotebug)
        async for outcome in self._missing(missing):
            yield outcome

    async def _apart(self, remotebug: str, why: str = "") -> Outcome:
        """Ask for a bug alone that spoils the answer for others."""
        try:
            outcome = await self.alone(self.dialect.ask_one(remotebug))
            if getattr(outcome, "error_type", None) is BugWatchErrorType.BUG_NOT_FOUND:
                (outcome,) = [each async for each in self._missing([remotebug])]
        except Spoiled as spoiled:
            return self.said.not_understood(remotebug, why or spoiled.why, apart=True)
        if isinstance(outcome, (RemoteBug, RemoteBugError)) and why:
            return outcome._replace(apart=True)
        return outcome


def _halves(ids: list[str]) -> list[list[str]]:
    middle = (len(ids) + 1) // 2
    return [ids[:middle], ids[middle:]]
