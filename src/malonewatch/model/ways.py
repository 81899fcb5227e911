"""The ways that duplicates lead: looking, and changing nothing."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from malonewatch.interfaces import (
    BugWatchChange,
    FollowedBug,
    FollowedWay,
    NoBugTrackerFound,
    Outcome,
    Polling,
    RemoteBug,
    RemoteBugError,
    RemoteBugUnchanged,
    UnrecognizedBugTrackerURL,
)
from malonewatch.model.kept import unpack
from malonewatch.model.pages import UNKNOWN

#: How far a watch is followed.
MOST_HOPS = 10

#: What is said of bugs now, before that is written: by number of the bug
#: tracker, and remote id.
Sayings = Mapping[tuple[int, str], RemoteBug | RemoteBugError]
NOTHING: Sayings = MappingProxyType({})


class Way(NamedTuple):
    """Where duplicates lead: the bugs on the way, each a bug tracker and a remote id (None and a
    URL for one that is not asked), what the last one is, and whether that is still to be asked."""

    hops: list[tuple[Any, str]]
    end: RemoteBug | None
    pending: bool


def walk(tracker: Any, remotebug: str, duplicate_of: str | None, sayings: Sayings = NOTHING) -> Way:
    """The way from a remote bug to the one that survives."""
    hops: list[tuple[Any, str]] = []
    places = {(tracker.id, remotebug)}
    end: RemoteBug | None = None
    while duplicate_of is not None and tracker.follows and len(hops) < MOST_HOPS:
        there, name = find_place(tracker, duplicate_of)
        if there is None:
            return Way([*hops, (None, name)], None, False)
        if (there.id, name) in places:
            # All are duplicates of one another, so none is the one that survives.
            return Way(hops, None, False)
        places.add((there.id, name))
        hops.append((there, name))
        said = _said(there, name, sayings)
        if said is None:
            return Way(hops, None, True)
        if isinstance(said, RemoteBugError):
            return Way(hops, None, False)
        tracker, end, duplicate_of = there, said, said.duplicate_of
    return Way(hops, end, False)


def _said(tracker: Any, name: str, sayings: Sayings) -> RemoteBug | RemoteBugError | None:
    """What is said of a bug that a way leads to; None if it is still to be asked for."""
    new = sayings.get((tracker.id, name))
    if isinstance(new, RemoteBug):
        return new
    packed = None if tracker.followed is None else tracker.followed.said.get(name)
    if packed is not None:
        return unpack(name, packed)
    # That it cannot be read now is nothing to what is known.
    return known_itself(tracker, name) or new


def known_itself(tracker: Any, name: str) -> RemoteBug | None:
    """What is known of a bug as it is watched itself, and is no duplicate; None if nothing is."""
    known: RemoteBug | None = next((each.known for each in tracker.watches_on(name)), None)
    return None if known is None or known.duplicate_of is not None else known


def find_place(tracker: Any, reference: str) -> tuple[Any, str]:
    """The bug tracker and the id of the bug that `reference`, an id or a URL, is to, seen from a
    bug tracker; None and the URL where it is not asked."""
    if "://" not in reference:
        return tracker, tracker.canonicalRemoteBug(reference)
    try:
        there, name = tracker.bugwatches.extractBugTrackerAndBug(reference)
    except (NoBugTrackerFound, UnrecognizedBugTrackerURL):
        return None, reference
    return (None, reference) if there.polling is Polling.NEVER else (there, name)


def find_new_place(tracker: Any, watch: Any, moved_to: str) -> tuple[Any, str] | None:
    """Where a watch of the bug tracker goes along with its remote bug; None if it stays."""
    there, name = find_place(tracker, moved_to)
    # Where bugs are said to have moved to and fro, going along would never end.
    if there is None or (there is tracker and name == watch.remotebug) or watch.was_on(there, name):
        return None
    return there, name


def shown(tracker: Any, watch: Any, own: RemoteBug, sayings: Sayings = NOTHING) -> RemoteBug:
    """What a watch shows whose own remote bug is said to be that."""
    if own.duplicate_of is None or not tracker.follows:
        return own
    way = walk(tracker, watch.remotebug, own.duplicate_of, sayings)
    # What it shows stays until the other one was asked for.
    end = watch.known if way.pending else way.end
    if end is None:
        return own
    return own._replace(
        remotestatus=end.remotestatus,
        status=end.status,
        resolution=end.resolution,
        closed=end.closed,
        guessed=end.guessed,
        date_closed=end.date_closed,
        fixed_in=end.fixed_in,
        mapped=end.mapped,
    )


def chain_of(watch: Any) -> list[FollowedBug]:
    """See `IBugWatch.followed`."""
    if watch.duplicate_of is None:
        return []
    way = walk(watch.bugtracker, watch.remotebug, watch.duplicate_of)
    return [
        FollowedBug(None, name, name)
        if there is None
        else FollowedBug(there.name, name, there.getBugURL(name))
        for there, name in way.hops
    ]


def way_of(watch: Any) -> FollowedWay:
    """See `IBugWatch.way`."""
    tracker, own = watch.bugtracker, watch.known
    if own is None or own.duplicate_of is None:
        return FollowedWay((own,))
    if tracker.followed is not None and watch.id in tracker.followed.chains:
        own = own_of(watch)
    way = walk(tracker, watch.remotebug, own.duplicate_of)
    said = (None if there is None else _said(there, name, NOTHING) for there, name in way.hops)
    end = 0 if way.end is None else len(way.hops)
    return FollowedWay((own, *said), None if way.pending else end)


def own_of(watch: Any) -> RemoteBug:
    """What the own remote bug of a watch that is followed was last said to be."""
    packed, _ = watch.bugtracker.followed.chains[watch.id]
    return cast(RemoteBug, unpack(watch.remotebug, packed))


# What to ask for.


def to_ask(tracker: Any, seen_by: Mapping[int, int], moment: float = 0) -> dict[str, int]:
    """The bugs of a bug tracker that are to be asked for together with some of its watches, and
    those that are due by themselves; with as of when they are known, UNKNOWN to ask in full.

    `seen_by` has the same of the watches, by number.
    """
    found: dict[str, int] = {}
    followed = tracker.followed
    if followed is None:
        return found
    for watch_id, seen in seen_by.items():
        for there, name in followed.chains.get(watch_id, NO_WAY)[1]:
            if there == tracker.id:
                # It was asked for with the watch before, unless it is due by itself.
                is_known = name in followed.said and name not in followed.due
                found[name] = min(seen, found.get(name, seen)) if is_known else UNKNOWN
    found.update((name, UNKNOWN) for name, at in followed.due.items() if at <= moment)
    return found


#: The entry of a watch that is not followed.
NO_WAY: tuple[Any, tuple[tuple[int, str], ...]] = (None, ())


# What it comes to.


def sayings_of(tracker: Any, outcomes: Iterable[Outcome]) -> Sayings:
    """What a bug tracker says of its bugs."""
    return {
        (tracker.id, outcome.remotebug): outcome
        for outcome in outcomes
        if not isinstance(outcome, RemoteBugUnchanged)
    }


def asked_along(tracker: Any, names: Collection[str]) -> set[int]:
    """The watches of known status that are asked for by way of these bugs, and not themselves."""
    return {
        watch.id
        for name in names
        for watch in _known_followers(tracker, name)
        if watch.bugtracker is not tracker or watch.remotebug not in names
    }


def closed_along(tracker: Any, name: str, sayings: Sayings) -> set[int]:
    """The watches followed to a bug that would close by what is said, and were open until now."""
    return {
        watch.id
        for watch in _known_followers(tracker, name)
        if watch.would_close(_shown_along(watch, sayings))
    }


def change_along(watch: Any, sayings: Sayings) -> BugWatchChange:
    """What a watch that is followed would show by what is said."""
    change: BugWatchChange = watch.change(_shown_along(watch, sayings))
    return change


def _known_followers(tracker: Any, name: str) -> list[Any]:
    if tracker.followed is None:
        return []
    watches = map(tracker.bugwatches.get, tracker.followed.followers.get(name, ()))
    return [watch for watch in watches if watch.remotestatus is not None]


def _shown_along(watch: Any, sayings: Sayings) -> RemoteBug:
    own = sayings.get((watch.bugtracker.id, watch.remotebug))
    if not isinstance(own, RemoteBug):
        own = own_of(watch)
    return shown(watch.bugtracker, watch, own, sayings)
