"""Duplicates: a watch on a bug that duplicates another shows how that one is.

What is needed for that lies with the bug trackers concerned, in a record that
those have no part of which nothing is followed.
"""

from collections.abc import Callable, Iterable
from typing import Any

from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from malonewatch.interfaces import (
    BugWatchChange,
    Outcome,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
)
from malonewatch.model import schedule
from malonewatch.model.kept import pack, unpack
from malonewatch.model.pages import NEVER
from malonewatch.model.relisting import Relisting
from malonewatch.model.times import from_seconds, to_seconds
from malonewatch.model.times import now as _now
from malonewatch.model.ways import NO_WAY, find_new_place, known_itself, own_of, shown, walk


class Followed(Persistent):
    """What is followed from the watches of a bug tracker, and to its bugs.

    - `chains`: by number of a watch of the bug tracker, what its own remote bug
      was last said to be, packed, and the places that it is followed along,
      each the number of a bug tracker and a remote id,
    - `followers`: by remote id, the numbers of the watches that are followed
      along that bug, whosever watches they are,
    - `said`: by remote id, what was last said of those, packed,
    - `due`: when those are due that are not just asked for with their watch.
    """

    def __init__(self) -> None:
        self.chains = LOBTree()
        self.followers = OOBTree()
        self.said = OOBTree()
        self.due = OLBTree()


# What was said.


def follow(
    tracker: Any, told: Iterable[tuple[Any, RemoteBug]], outcomes: Iterable[Outcome], moment: float
) -> tuple[list[BugWatchChange], list[str]]:
    """Follow the watches of a bug tracker that were told something of their own remote bug, and
    those that are followed to what there are outcomes for.

    Returns what changed, and the bugs of the bug tracker to ask for next.
    """
    concerned = {}
    for watch, own in told:
        if own.duplicate_of is not None and tracker.follows:
            start(watch, own, moment)
            concerned[watch.id] = watch
        else:
            leave(watch)
    if tracker.followed is None:
        return [], []
    get = tracker.bugwatches.get
    for watch_id in _hear(tracker, outcomes, moment):
        concerned[watch_id] = get(watch_id)
    changes = settle(concerned.values(), moment)
    followed = tracker.followed
    return changes, [name for name, at in followed.due.items() if at <= int(moment)]


def _hear(tracker: Any, outcomes: Iterable[Outcome], moment: float) -> set[int]:
    """Note what was said of bugs that are followed to; the numbers of the watches concerned."""
    followed, concerned = tracker.followed, set()
    for outcome in outcomes:
        name = outcome.remotebug
        followers = followed.followers.get(name)
        if followers is None:
            continue
        before = followed.said.get(name)
        if isinstance(outcome, RemoteBugUnchanged):
            if before is None:
                # It is to be asked for in full.
                continue
        elif before is None or isinstance(outcome, RemoteBug):
            packed = pack(outcome)
            if packed != before:
                followed.said[name] = packed
                concerned.update(followers)
        _put_off(tracker, name, outcome, moment)
    _note_due(tracker)
    return concerned


def _put_off(tracker: Any, name: str, outcome: Outcome, moment: float) -> None:
    """Note when a bug is due that was asked for: with its watch, or by itself."""
    followed, get = tracker.followed, tracker.bugwatches.get
    if moment < followed.due.get(name, NEVER) <= to_seconds(_now()) + schedule.LEAST_PAUSE:
        # An event made it due while it was asked for.
        return
    if isinstance(outcome, RemoteBugError):
        followed.due[name] = int(schedule.next_check_after_failure(moment, 2))
    elif all(get(number).bugtracker is tracker for number in followed.followers[name]):
        followed.due.pop(name, None)
    else:
        followed.due[name] = int(schedule.next_check(moment))


def _note_due(tracker: Any) -> None:
    """Let runs know when the first is due."""
    due = min(tracker.followed.due.values(), default=NEVER)
    tracker.__parent__.note_followed(tracker, due)


def settle(watches: Iterable[Any], moment: float) -> list[BugWatchChange]:
    """Let watches show what they are followed to; what changes."""
    changes, news = [], []
    relistings: dict[int, tuple[Any, Relisting]] = {}
    for watch in watches:
        tracker, own = watch.bugtracker, own_of(watch)
        start(watch, own, moment)
        now, known = shown(tracker, watch, own), watch.known
        if known is not None and pack(now) == pack(known):
            continue
        _, relisting = relistings.setdefault(tracker.id, (tracker, Relisting(tracker.id)))
        change = watch.news(now)
        relisting.told(watch, now, change, moment)
        if change is not None:
            changes.append(change)
        news.append((watch, now))
    for tracker, relisting in relistings.values():
        tracker.relist(relisting)
    # All is written before anybody is told.
    for watch, now in news:
        watch.update(now, None, moment, recovered=False)
    return changes


def start(watch: Any, own: RemoteBug, moment: float) -> None:
    """Follow a watch along the way that its own remote bug leads to."""
    tracker = watch.bugtracker
    way = walk(tracker, watch.remotebug, own.duplicate_of)
    places = tuple((there.id, name) for there, name in way.hops if there is not None)
    chain = pack(own), places
    chains = ensure(tracker).chains
    before = chains.get(watch.id)
    if before == chain:
        return
    _forsake(tracker, watch.id, set(before[1] if before else ()) - set(places))
    chains[watch.id] = chain
    for there, name in way.hops:
        if there is not None:
            _let_follow(there, name, watch, moment)


def _let_follow(tracker: Any, name: str, watch: Any, moment: float) -> None:
    followed = ensure(tracker)
    followers = followed.followers.get(name, ())
    if watch.id not in followers:
        followed.followers[name] = (*followers, watch.id)
    if name not in followed.said:
        # It may be known, as it is watched itself.
        known = known_itself(tracker, name)
        if known is not None:
            followed.said[name] = pack(known)
    is_new = name not in followed.said
    if is_new or (tracker is not watch.bugtracker and name not in followed.due):
        followed.due[name] = int(moment if is_new else schedule.next_check(moment))
        _note_due(tracker)


def leave(watch: Any) -> None:
    """Follow a watch no more."""
    tracker = watch.bugtracker
    if tracker.followed is not None:
        _, places = tracker.followed.chains.pop(watch.id, NO_WAY)
        _forsake(tracker, watch.id, places)


def _forsake(tracker: Any, watch_id: int, places: Iterable[tuple[int, str]]) -> None:
    for tracker_id, name in places:
        there = tracker.__parent__.by_id(tracker_id)
        if there is None:
            # It was removed meanwhile.
            continue
        followed = there.followed
        rest = tuple(each for each in followed.followers[name] if each != watch_id)
        if rest:
            followed.followers[name] = rest
            continue
        del followed.followers[name]
        followed.said.pop(name, None)
        followed.due.pop(name, None)
        if not there.ledger.slots(name):
            there.ledger.let_go(name)
        _note_due(there)


def ensure(tracker: Any) -> Followed:
    """What is followed there, made if it is the first."""
    if tracker.followed is None:
        tracker.followed = Followed()
    followed: Followed = tracker.followed
    return followed


# What is hard to believe.


def make_due(tracker: Any, moment: float) -> None:
    """Make all due that is followed to and is not asked for with a watch."""
    for name, due in list(tracker.followed.due.items()):
        tracker.followed.due[name] = min(due, int(moment))
    _note_due(tracker)


def keep_due(tracker: Any, name: str, moment: float) -> None:
    """Have a bug that is followed to asked for at the next attempt."""
    tracker.followed.due[name] = int(moment)
    _note_due(tracker)


# What moved.


def go_along(tracker: Any, watch: Any, moved_to: str, moment: float) -> list[str]:
    """Let a watch go along with its remote bug; what is to be asked for next of the same bug
    tracker."""
    place = find_new_place(tracker, watch, moved_to)
    if place is None:
        return []
    there, name = place
    tracker.bugwatches.relocateBugWatch(watch, there, name, from_seconds(moment))
    return [name] if there is tracker else []


# What people change.


def begin_all(tracker: Any, known: Iterable[tuple[Any, RemoteBug]], moment: float) -> None:
    """Follow all watches of a bug tracker, of which that is known, that were not until now."""
    watches = [(watch, own) for watch, own in known if own.duplicate_of is not None]
    for watch, own in watches:
        start(watch, own, moment)
    settle([watch for watch, _ in watches], moment)


def end_all(tracker: Any, moment: float) -> None:
    """Let all watches of a bug tracker show how their own remote bugs are, and follow none."""
    if tracker.followed is None:
        return
    watches = [tracker.bugwatches.get(number) for number in list(tracker.followed.chains)]
    settle(watches, moment)
    for watch in watches:
        leave(watch)


def reread(
    tracker: Any, read: Callable[[RemoteBug], RemoteBug], moment: float
) -> list[BugWatchChange]:
    """Read anew what was said of bugs of a bug tracker that are followed, or followed to."""
    followed = tracker.followed
    if followed is None:
        return []
    concerned = set(followed.chains)
    for watch_id, (packed, places) in list(followed.chains.items()):
        followed.chains[watch_id] = _read(packed, read), places
    for name, packed in list(followed.said.items()):
        followed.said[name] = _read(packed, read)
        concerned.update(followed.followers[name])
    get = tracker.bugwatches.get
    return settle([get(number) for number in sorted(concerned)], moment)


def _read(packed: Any, read: Callable[[RemoteBug], RemoteBug]) -> Any:
    said = unpack("", packed)
    return packed if isinstance(said, RemoteBugError) else pack(read(said))


def forget(tracker: Any, moment: float) -> None:
    """Know nothing of the bugs that are followed to."""
    followed = tracker.followed
    if followed is not None:
        followed.said.clear()
        for name in followed.followers:
            followed.due[name] = int(moment)
        _note_due(tracker)
