"""What the outcomes of a batch would do to the watches: looking, and changing nothing."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from malonewatch.interfaces import (
    Applied,
    Brake,
    BrakeSettings,
    BugWatchChange,
    BugWatchErrorType,
    FailureOwner,
    Outcome,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.model.brake import LOST, advance, says_the_same
from malonewatch.model.enums import member
from malonewatch.model.kept import bounded, digest_of, unpack
from malonewatch.model.ledger import Ledger
from malonewatch.model.ledgerpages import Pages
from malonewatch.model.pages import PAGE
from malonewatch.model.ways import asked_along, change_along, closed_along, sayings_of, shown


class Told(NamedTuple):
    """A watch that is told something new of a bug that could be read.

    `remote` is what is kept of what was `told`, and `digest` that of it;
    `change` is that of the status, None if that is as it was, and `failed`
    whether the last check failed, and not for the bug tracker's trouble.
    """

    slot: int
    watch: Any
    remote: RemoteBug
    told: RemoteBug
    digest: int
    change: BugWatchChange | None
    failed: bool


class Failing(NamedTuple):
    """A watch whose bug could not be read; `is_loss` is whether it could until now."""

    slot: int
    watch: Any
    error: RemoteBugError
    is_loss: bool


class Held(NamedTuple):
    """What is kept back from one watch, and when it was first said.

    `slot` is None where the watch is followed to that bug.
    """

    slot: int | None
    outcome: RemoteBug | RemoteBugError
    said: float


@dataclasses.dataclass(slots=True)
class Comparison:
    """What outcomes would do.

    - `applied`: the same, for whoever asked,
    - `pages`: the pages of the ledger that are concerned,
    - `unchanged`: by the number of the page, the rows of the watches that are
      as they were, going by an answer in full; `passed_over`: the same where
      the bug tracker was only asked what changed,
    - `told`, `failing`, `held`: the other watches, by what becomes of them,
    - `refused`: those where it is the application that failed,
    - `released`: the remote ids of which something was held until now, and is
      no longer,
    - `holding`: of how many remote bugs something is held then,
    - `noted`: the outcomes that say how to ask next time,
    - `heard`: those that watches are to be told that are followed to their bugs.
    """

    pages: Pages
    applied: Applied = dataclasses.field(default_factory=Applied)
    unchanged: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    passed_over: dict[int, list[int]] = dataclasses.field(default_factory=dict)
    told: list[Told] = dataclasses.field(default_factory=list)
    failing: list[Failing] = dataclasses.field(default_factory=list)
    held: list[Held] = dataclasses.field(default_factory=list)
    refused: list[Failing] = dataclasses.field(default_factory=list)
    released: set[str] = dataclasses.field(default_factory=set)
    holding: int = 0
    noted: list[RemoteBug | RemoteBugError] = dataclasses.field(default_factory=list)
    heard: list[Outcome] = dataclasses.field(default_factory=list)

    @property
    def held_bugs(self) -> set[str]:
        """The remote ids of which something is in `held`."""
        return {each.outcome.remotebug for each in self.held}


class _News(NamedTuple):
    """What one watch was not told before.

    `known` is whether it was told anything before.
    """

    slot: int
    watch_id: int
    outcome: RemoteBug | RemoteBugError
    digest: int
    known: bool
    failed: bool


class _Again(NamedTuple):
    """When it was said first, whether it was held then, and whether that is long ago."""

    said: float
    is_repeated: bool
    is_confirmed: bool

    def is_to_be_held(self, brake: Brake) -> bool:
        """Whether what is hard to believe is held."""
        return not self.is_confirmed and (self.is_repeated or brake.engaged)


def compare(
    tracker: Any,
    outcomes: Sequence[Outcome],
    seen: Mapping[str, datetime],
    moment: float,
    brake: Brake | None,
) -> Comparison:
    """What `outcomes` would do to the watches of a bug tracker.

    `seen` is that of the batch.  Without a `brake` nothing is held.
    """
    ledger: Ledger = tracker.ledger
    found = Comparison(Pages(ledger))
    news: list[_News] = []
    is_notable = ledger.has_validators() or bool(ledger.apart) or bool(ledger.held)
    number = -1
    # This loop is what an unchanged watch costs.
    for outcome in outcomes:
        slots = ledger.slots(outcome[0])
        if isinstance(outcome, RemoteBug):
            digest = digest_of(outcome)
            if slots and (is_notable or outcome.validator or outcome.apart):
                found.noted.append(outcome)
        elif isinstance(outcome, RemoteBugError):
            digest = 0
            if slots:
                found.noted.append(outcome)
        else:
            _leave(found, slots, outcome[0] in seen)
            continue
        for slot in slots:
            if slot // PAGE != number:
                number = slot // PAGE
                names, times = found.pages.look(number)
                digests, failures, errors = names.digests, times.failures, times.errors
                unchanged = found.unchanged.setdefault(number, [])
            row = slot % PAGE
            before = digests[row]
            failed = False
            if failures[row] or errors[row]:
                failed = failures[row] > 0 or _is_own(ledger, errors[row])
            if before == digest != 0 and not failed:
                unchanged.append(row)
            else:
                watch_id = names.watch_ids[row]
                news.append(_News(slot, watch_id, outcome, digest, before != 0, failed))
    _judge(tracker, outcomes, found, news, moment, brake)
    return found


def _leave(found: Comparison, slots: Iterable[int], was_only_asked_for_changes: bool) -> None:
    """The bug tracker says that a bug is as it was."""
    rows = found.passed_over if was_only_asked_for_changes else found.unchanged
    for slot in slots:
        number, row = divmod(slot, PAGE)
        names, _ = found.pages.look(number)
        # "As it was" is nothing to a watch that knows nothing.
        if names.digests[row]:
            rows.setdefault(number, []).append(row)


def _is_own(ledger: Ledger, code: int) -> bool:
    """Whether an error in the ledger is not for the bug tracker's trouble."""
    error_type = member(BugWatchErrorType, ledger.error_names[code])
    return error_type.owner is not FailureOwner.TRACKER


def _judge(
    tracker: Any,
    outcomes: Sequence[Outcome],
    found: Comparison,
    news: list[_News],
    moment: float,
    brake: Brake | None,
) -> None:
    """Decide which of the news are taken over, and which are held."""
    ledger, applied = tracker.ledger, found.applied
    settings: BrakeSettings = tracker.brake_settings
    in_order = sum(map(len, (*found.unchanged.values(), *found.passed_over.values())))
    # Most bug trackers have nothing that is followed.
    is_concerned = tracker.followed is not None or any(
        isinstance(each.outcome, RemoteBug) and each.outcome.duplicate_of for each in news
    )
    answers = [each for each in outcomes if not is_refusal(each)] if is_concerned else []
    sayings = sayings_of(tracker, answers)
    asked, suspicious = in_order, set[int]()
    judged = []
    # Mostly nothing is held.
    held, new = ledger.held, _Again(moment, False, False)
    for each, watch in zip(news, _load(tracker, news), strict=True):
        outcome = each.outcome
        if isinstance(outcome, RemoteBugError):
            if is_refusal(outcome):
                found.refused.append(Failing(each.slot, watch, outcome, False))
                applied.failures.append(_failure(tracker, watch, outcome))
                continue
            is_loss = outcome.error_type in LOST and not watch.was_lost()
        else:
            is_loss = watch.would_close(shown(tracker, watch, outcome, sayings))
        is_loss = is_loss and each.known
        again = _again(ledger, outcome, moment, settings) if held else new
        asked += each.known
        if is_loss and not again.is_confirmed:
            suspicious.add(watch.id)
        judged.append((each, watch, is_loss, again))
    asked += len(asked_along(tracker, {answer.remotebug for answer in answers}))
    followed = []
    for (_, name), said in sayings.items():
        closing = closed_along(tracker, name, sayings)
        if closing:
            again = _again(ledger, said, moment, settings)
            if not again.is_confirmed:
                suspicious |= closing
            followed.append((said, len(closing), again))
    if brake is not None:
        applied.brake = advance(brake, settings, asked, len(suspicious))
    for each, watch, is_loss, again in judged:
        outcome = each.outcome
        if is_loss and brake is not None and again.is_to_be_held(applied.brake):
            found.held.append(Held(each.slot, outcome, again.said))
        elif isinstance(outcome, RemoteBugError):
            found.failing.append(Failing(each.slot, watch, outcome, is_loss))
            applied.failures.append(_failure(tracker, watch, outcome))
        else:
            remote = shown(tracker, watch, bounded(outcome))
            change = watch.news(remote)
            found.told.append(
                Told(each.slot, watch, remote, outcome, each.digest, change, each.failed)
            )
            if change is not None:
                applied.changes.append(change)
    for said, count, again in followed:
        if brake is not None and again.is_to_be_held(applied.brake):
            found.held += [Held(None, said, again.said)] * count
    held_bugs = found.held_bugs
    found.heard = [outcome for outcome in answers if outcome.remotebug not in held_bugs]
    applied.checked = in_order + len(found.told)
    applied.failed = len(found.failing) + len(found.refused)
    applied.held = len(found.held)
    _settle(ledger, found)


def _again(
    ledger: Ledger,
    outcome: RemoteBug | RemoteBugError,
    moment: float,
    settings: BrakeSettings,
) -> _Again:
    """Whether the same was said, and held, before."""
    said, before = ledger.held.get(outcome.remotebug, (moment, None))
    if before is None or not says_the_same(before, outcome):
        return _Again(moment, False, False)
    return _Again(said, True, moment - said >= settings.confirm_after)


def _settle(ledger: Ledger, found: Comparison) -> None:
    """See of which remote bugs something is held from now on."""
    names = found.held_bugs
    answered = {outcome.remotebug for outcome in found.noted if not is_refusal(outcome)}
    answered.update(e.remotebug for e in found.heard if not isinstance(e, RemoteBugUnchanged))
    found.released = {name for name in answered - names if name in ledger.held}
    found.holding = len(names.union(ledger.held)) - len(found.released)


def is_refusal(outcome: Outcome) -> bool:
    """Whether it stands for an outcome that the application could not be told."""
    return (
        isinstance(outcome, RemoteBugError)
        and outcome.error_type is BugWatchErrorType.APPLICATION_FAILED
    )


def _load(tracker: Any, news: list[_News]) -> list[Any]:
    """The watches that there are news for, read from the database all at once."""
    get = tracker.bugwatches.get
    watches = [get(each.watch_id) for each in news]
    if tracker._p_jar is not None:
        tracker._p_jar.prefetch(watch._p_oid for watch in watches if watch._p_oid is not None)
    return watches


def _failure(tracker: Any, watch: Any, error: RemoteBugError) -> BugWatchChange:
    return BugWatchChange(
        watch.id,
        watch.bug_id,
        tracker.name,
        watch.remotebug,
        watch.remotestatus,
        watch.remotestatus,
        watch.status,
        watch.status,
        error.error_type,
        error.message,
    )


def held_changes(
    tracker: Any, remotebugs: Iterable[str] | None, limit: int | None
) -> list[BugWatchChange]:
    """See `IBugTracker.getHeld`."""
    everything = tracker.ledger.held
    names = everything if remotebugs is None else filter(everything.__contains__, remotebugs)
    held = {name: unpack(name, everything[name][1]) for name in islice(names, limit)}
    sayings = sayings_of(tracker, held.values())
    changes: dict[int, BugWatchChange] = {}
    for remotebug, outcome in held.items():
        for watch in tracker.watches_on(remotebug):
            if isinstance(outcome, RemoteBugError):
                change = _failure(tracker, watch, outcome)
            else:
                change = watch.change(shown(tracker, watch, outcome, sayings))
            changes[watch.id] = change
        for number in closed_along(tracker, remotebug, sayings) - changes.keys():
            changes[number] = change_along(tracker.bugwatches.get(number), sayings)
    return [changes[number]._replace(held=True) for number in sorted(changes)]
