"""What a dry run would come to where watches are followed: looking, and changing nothing.

A run finds what it wrote of one answer when the next one comes.  A dry run
writes nothing, and takes that along instead.
"""

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from malonewatch.interfaces import (
    BugWatchChange,
    NotFoundError,
    Outcome,
    RemoteBug,
    RemoteBugUnchanged,
)
from malonewatch.model.comparing import Comparison
from malonewatch.model.kept import bounded
from malonewatch.model.ways import Sayings, find_new_place, own_of, shown, walk


class Stand(NamedTuple):
    """What would be of a watch: the number of the bug tracker, and the remote bug, that it would
    be on; what that is said to be itself, None before it was asked for; and what would be known
    of the watch."""

    tracker_id: int
    remotebug: str
    own: RemoteBug | None
    known: RemoteBug | None


@dataclasses.dataclass(frozen=True, slots=True)
class Foreseen:
    """What a dry run foresaw until now: by number, the watches that go somewhere, and what was
    said of the bugs that they may come to."""

    stands: Mapping[int, Stand] = dataclasses.field(default_factory=dict)
    said: Sayings = dataclasses.field(default_factory=dict)


def foresee(
    tracker: Any, found: Comparison, outcomes: Iterable[Outcome], before: Foreseen
) -> tuple[Foreseen, list[BugWatchChange], tuple[str, ...]]:
    """What follows from what a bug tracker said.

    Returns all that is foreseen then, what changes on top of what was `found`,
    and the bugs of the bug tracker to ask for next.
    """
    heard = _heard(tracker, found, outcomes)
    said = {**before.said, **heard}
    told = {each.watch.id for each in found.told}
    stands = {number: stand for number, stand in before.stands.items() if number not in told}
    for number, stand in _followers(tracker, heard):
        if number not in told:
            stands.setdefault(number, stand)
    stands.update(_begun(tracker, found))
    changes: list[BugWatchChange] = []
    more: list[str] = []
    for number, stand in stands.items():
        # It, or where it would go, may have been removed meanwhile.
        with contextlib.suppress(NotFoundError):
            watch = tracker.bugwatches.get(number)
            there, now = _settle(tracker, watch, stand, said)
            stands[number] = now
            changes += _changes(there, watch, stand.known, now)
            more += _to_ask(tracker, there, now, said)
    return Foreseen(stands, said), changes, tuple(dict.fromkeys(more))


def _heard(tracker: Any, found: Comparison, outcomes: Iterable[Outcome]) -> Sayings:
    """What was said that the database does not know as well."""
    held = found.held_bugs
    told = {each.told.remotebug for each in found.told}
    heard = {}
    for outcome in outcomes:
        name = outcome.remotebug
        if isinstance(outcome, RemoteBugUnchanged) or name in held:
            continue
        if isinstance(outcome, RemoteBug):
            outcome = bounded(outcome)._replace(raw=None)
            is_known = outcome.duplicate_of is None and name not in told
        else:
            is_known = True
        if not (is_known and tracker.ledger.slots(name)):
            heard[tracker.id, name] = outcome
    return heard


def _followers(tracker: Any, heard: Sayings) -> Iterator[tuple[int, Stand]]:
    """The watches that are followed to bugs of the bug tracker already."""
    if tracker.followed is not None:
        for _, name in heard:
            for number in tracker.followed.followers.get(name, ()):
                watch = tracker.bugwatches.get(number)
                place = watch.bugtracker.id, watch.remotebug
                yield number, Stand(*place, own_of(watch), watch.known)


def _begun(tracker: Any, found: Comparison) -> Iterator[tuple[int, Stand]]:
    """The watches that turn out to be on duplicates, or on what moved."""
    if not tracker.follows:
        return
    moved = [
        (failing.watch, failing.error.moved_to, failing.watch.known) for failing in found.failing
    ]
    for told in found.told:
        own, watch = told.told, told.watch
        moved.append((watch, own.moved_to, told.remote))
        if own.moved_to is None and own.duplicate_of is not None:
            own = bounded(own)._replace(raw=None)
            yield watch.id, Stand(tracker.id, watch.remotebug, own, told.remote)
    for watch, moved_to, known in moved:
        place = None if moved_to is None else find_new_place(tracker, watch, moved_to)
        if place is not None and watch.bug.getBugWatch(*place) is None:
            # Else it would be one with that.
            there, name = place
            yield watch.id, Stand(there.id, name, None, known)


def _settle(tracker: Any, watch: Any, stand: Stand, said: Sayings) -> tuple[Any, Stand]:
    """The bug tracker that a watch would be on, and what would be of it there, by what is said.

    :raises NotFoundError: there is no such bug tracker.
    """
    there = tracker.__parent__.by_id(stand.tracker_id)
    if there is None:
        raise NotFoundError(f"There is no bug tracker {stand.tracker_id}.")
    own = stand.own or said.get((there.id, stand.remotebug))
    if not isinstance(own, RemoteBug):
        return there, stand
    settled = stand._replace(own=own)
    return there, settled._replace(known=shown(there, settled, own, said))


def _changes(
    there: Any, watch: Any, before: RemoteBug | None, now: Stand
) -> Iterator[BugWatchChange]:
    """That the status of a watch would be another one, if it would."""
    known = now.known
    if known is None:
        return
    change = watch.change(known)._replace(tracker=there.name, remotebug=now.remotebug)
    if before is not None:
        change = change._replace(old_remotestatus=before.remotestatus, old_status=before.status)
    old = change.old_remotestatus, change.old_status
    if old != (change.new_remotestatus, change.new_status):
        yield change


def _to_ask(tracker: Any, there: Any, stand: Stand, said: Sayings) -> Iterator[str]:
    """What the bug tracker is to be asked for next, for the sake of a watch."""
    if stand.own is None:
        if there is tracker:
            yield stand.remotebug
    elif stand.own.duplicate_of is not None:
        way = walk(there, stand.remotebug, stand.own.duplicate_of, said)
        if way.pending and way.hops[-1][0] is tracker:
            yield way.hops[-1][1]
