"""Feeds: what moved, for programs that read feeds."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from zope.component import getUtility

from malonewatch.application.facts import now
from malonewatch.application.privacy import hides_titles, remote_title_of, shown, title_of
from malonewatch.application.references import (
    find_tracker,
    get_part,
    is_id,
    shortened,
)
from malonewatch.application.subscribing import usual_happenings
from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchPage,
    BugWatchQuery,
    Feed,
    Happening,
    IBugSet,
    IBugWatchSet,
    IFeedWriter,
    IInstallation,
    IOutbox,
    IPersonSet,
    ISubscriptionSet,
    NotFoundError,
    Notice,
    Target,
    TargetKind,
)

#: How many changes a feed tells of.
MOST = 50

#: At the histories of so many watches is looked for them, as what changed last of a watch may be
#: nothing to tell of.
_FARTHEST = 500

#: First sight of a status is no change of it.
_EVER = datetime.fromtimestamp(1, timezone.utc)


#: What is no change of status, but for destinations, which are nobody else's matter.
_OTHERS = frozenset(
    each
    for each in Happening
    if Happening.STATUS not in each.kinds and each is not Happening.DISABLED
)


def _names(happenings: frozenset[Happening]) -> tuple[str, ...]:
    """The names of what is told to who asked for those happenings."""
    return tuple(each.name for each in Happening if not each.kinds.isdisjoint(happenings))


class Source(NamedTuple):
    """What a feed tells of: a target (not a person), and what of it, by name."""

    target: Target
    happenings: tuple[str, ...]

    @property
    def others(self) -> frozenset[Happening]:
        """What of that is no change of status."""
        return frozenset(each for each in _OTHERS if each.name in self.happenings)


@dataclasses.dataclass(frozen=True, slots=True)
class FeedFacts:
    """A feed.

    - `name`: what it is known by in the database,
    - `title`: for people,
    - `sources`: what it tells of,
    - `owner`: whose it is, by address; None where it is for everybody who may
      see what it is of.
    """

    name: str
    title: str
    sources: tuple[Source, ...]
    owner: str | None = None


class Stamp(NamedTuple):
    """What tells whether anything is new: another `tag` says so, and the `moment` of the last
    change (aware); None if there never was one."""

    tag: str
    moment: datetime | None


def find_feed(database: Any, target: Target) -> FeedFacts:
    """The feed of what happens to a target; of a person it is all that the person is told.

    :raises NotFoundError: there is no such bug, bug tracker or person.
    :raises BadInput: the target is none.
    """
    found: FeedFacts = database.read(lambda trackers: _feed_of(trackers, target))
    return found


def _feed_of(trackers: Any, target: Target) -> FeedFacts:
    kind, key = target
    if kind is TargetKind.PERSON:
        return _feed_of_person(key)
    match kind:
        case TargetKind.ALL:
            title = "what moved"
        case TargetKind.BUG:
            if not is_id(key):
                raise NotFoundError(f"There is no bug {shortened(key, 40)!r}.")
            bug = getUtility(IBugSet).get(int(key))
            key = str(bug.id)
            title = f"bug {bug.id}: {title_of(bug)}" if bug.title else f"bug {bug.id}"
        case TargetKind.TRACKER:
            tracker = find_tracker(trackers, key)
            key, title = tracker.name, tracker.title
        case _:
            key = " ".join(key.split())
            if not key:
                raise BadInput("Say what to search for.")
            getUtility(IBugWatchSet).parseSearch(key, now())
            title = key
    target = Target(kind, key)
    source = Source(target, _names(usual_happenings(target)))
    return FeedFacts(str(target), f"Remote bugs: {title}", (source,))


def _feed_of_person(name: str) -> FeedFacts:
    person = getUtility(IPersonSet).getByName(name)
    if person is None:
        raise NotFoundError(f"There is no person named {shortened(name, 40)!r}.")
    sources = dict.fromkeys(_sources_of(person, {name}))
    title = f"Remote bugs: what {name} is told"
    return FeedFacts(f"person {name}", title, tuple(sources), person.email)


def _sources_of(person: Any, seen: set[str]) -> Iterator[Source]:
    """What a person is told of; who is told whatever another one is, is told of that."""
    for subscription in get_part(ISubscriptionSet).ofPerson(person):
        yield from _sources(subscription, seen)


def _sources(subscription: Any, seen: set[str]) -> Iterator[Source]:
    target, happenings = subscription.target, subscription.happenings
    if target.kind is not TargetKind.PERSON:
        yield Source(target, _names(happenings))
    elif target.key not in seen:
        seen.add(target.key)
        for source in _sources_of(getUtility(IPersonSet).getByName(target.key), seen):
            kept = [name for name in _names(happenings) if name in source.happenings]
            yield source._replace(happenings=tuple(kept))


def find_own_feed(database: Any, email: str) -> FeedFacts:
    """The feed of all that the person with that address is told; an empty one if nobody has it.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> FeedFacts:
        person = getUtility(IPersonSet).getByEmail(email)
        if person is None:
            return FeedFacts(f"address {email}", "Remote bugs: what you are told", (), email)
        return _feed_of_person(person.name)

    found: FeedFacts = database.read(step)
    return found


def find_subscription_feed(database: Any, number: int) -> FeedFacts:
    """The feed of what a subscription is to.

    :raises NotFoundError: there is no such subscription.
    """

    def step(trackers: Any) -> FeedFacts:
        subscription = get_part(ISubscriptionSet).get(number)
        person = subscription.destination.person
        return FeedFacts(
            f"subscription {number}",
            f"Remote bugs: {subscription.target}, as {person.name} is told",
            tuple(_sources(subscription, {person.name})),
            person.email,
        )

    found: FeedFacts = database.read(step)
    return found


def stamp_of(database: Any, feed: FeedFacts) -> Stamp:
    """What tells whether anything is new, in less time than it takes to write the feed.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> Stamp:
        seen = [
            (watch.id, watch.lastchanged)
            for source in feed.sources
            for watch in _page(_query_of(source.target), None).watches
        ]
        # As it is in the histories.
        seen += [(notice.id, notice.moment) for notice in _other_notices(feed.sources)]
        text = repr((feed, [(number, moment.timestamp()) for number, moment in seen]))
        tag = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
        return Stamp(tag, max((moment for _, moment in seen), default=None))

    stamp: Stamp = database.read(step)
    return stamp


def write_feed(
    database: Any, feed: FeedFacts, url: str = "", page: str = "", bug_url: str = ""
) -> bytes:
    """The feed as Atom, with the last `MOST` things that happened.

    `url` is where it is, and `page` where people see the same.  Of a bug of
    ours that is where the site says, else at `bug_url`.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> tuple[Feed, list[Notice]]:
        found: dict[int, Notice] = {}
        for source in feed.sources:
            found.update((notice.id, notice) for notice in _notices(source))
        found.update((notice.id, notice) for notice in _other_notices(feed.sources))
        notices = sorted(found.values(), key=lambda notice: (notice.moment, notice.id))
        where = get_part(IOutbox).settings.bug_page or bug_url
        identity = get_part(IInstallation).identity
        return Feed(identity, feed.name, feed.title, where, url, page), notices[-MOST:]

    values = database.read(step)
    written: bytes = getUtility(IFeedWriter)(*values)
    return written


def _query_of(target: Target) -> BugWatchQuery:
    """What finds the watches that a target is of."""
    if target.kind is TargetKind.BUG:
        return BugWatchQuery(bug=int(target.key))
    if target.kind is TargetKind.TRACKER:
        return BugWatchQuery(tracker=target.key)
    if target.kind is TargetKind.SEARCH:
        query: BugWatchQuery = getUtility(IBugWatchSet).parseSearch(target.key, now())
        return query
    return BugWatchQuery()


def _page(query: BugWatchQuery, start: str | None) -> BugWatchPage:
    """A page of the watches that `query` is about and whose status ever changed, the latest first.

    What a search is to find it may have found before the change, so the status is no matter.
    """
    query = dataclasses.replace(
        query,
        meanings=None,
        changed_since=query.changed_since or _EVER,
        newest_change_first=True,
        start=start,
        limit=MOST,
        shown=shown() if query.words else None,
    )
    found: BugWatchPage = getUtility(IBugWatchSet).search(query)
    return found


def _other_notices(sources: Sequence[Source]) -> list[Notice]:
    """The last of what any of these sources is of that is no change of status."""
    wanted = [
        (source.target, _query_of(source.target), others)
        for source in sources
        if (others := source.others)
    ]
    found: list[Notice] = []
    for notice in get_part(IOutbox).happened() if wanted else ():
        if len(found) >= MOST:
            break
        of = {target: query for target, query, others in wanted if notice.happening in others}
        told = _told(notice, of) if of else None
        if told is not None:
            found.append(told)
    return found


def _told(notice: Notice, targets: Mapping[Target, BugWatchQuery]) -> Notice | None:
    """The notice as who asks may see it, if it is of one of those targets, and what it is on is
    still there."""
    if notice.watch is None:
        keys = {(TargetKind.ALL, ""), (TargetKind.TRACKER, notice.tracker)}
        return notice if any(target in keys for target in targets) else None
    try:
        watch = getUtility(IBugWatchSet).get(notice.watch)
    except NotFoundError:
        return None
    if not any(_is_of(query, notice, watch) for query in targets.values()):
        return None
    bug = watch.bug
    return notice._replace(bug=bug.id, bug_title=title_of(bug), title=remote_title_of(watch, bug))


def _is_of(query: BugWatchQuery, notice: Notice, watch: Any) -> bool:
    """Whether what happened to that watch is what `query` is about."""
    if query.changed_since is not None and notice.moment < query.changed_since:
        return False
    if query.words and hides_titles(watch):
        return False
    statuses = notice.old_status, notice.new_status
    return bool(getUtility(IBugWatchSet).isFoundBy(query, watch, statuses))


def _notices(source: Source) -> list[Notice]:
    """The last changes of status that a source is of."""
    query = _query_of(source.target)
    notices: list[Notice] = []
    start: str | None = None
    for _ in range(0, _FARTHEST, MOST):
        page = _page(query, start)
        for watch in page.watches:
            notices += _changes(watch, source.happenings, query.meanings)
        start = page.next
        if start is None:
            break
        # All others have changed for the last time before this.
        end = page.watches[-1].lastchanged.replace(microsecond=0)
        if sum(notice.moment >= end for notice in notices) >= MOST:
            break
    return notices


def _changes(
    watch: Any, names: Sequence[str], meanings: frozenset[BugTaskStatus] | None
) -> Iterator[Notice]:
    """What the history of a watch tells of: the changes of its status that have these names,
    from or to one of these meanings."""
    entries = [entry for entry in watch.activity if entry.kind == "status"]
    # Each began when the one before ended; the newest is the first.
    befores = [entry.date for entry in entries[1:]] + [None]
    for entry, since in zip(entries, befores, strict=True):
        old, new = entry.old_status, entry.new_status
        if old is None or (meanings is not None and meanings.isdisjoint((old, new))):
            continue
        happening = Happening.of(old, new)
        if happening.name not in names:
            continue
        tracker, bug = watch.bugtracker, watch.bug
        yield Notice(
            # Of what waits to be told none has so high a number.
            watch.id << 32 | int(entry.date.timestamp()),
            entry.date,
            happening,
            bug=bug.id,
            bug_title=title_of(bug),
            tracker=tracker.name,
            tracker_title=tracker.title,
            watch=watch.id,
            remotebug=watch.remotebug,
            title=remote_title_of(watch),
            url=watch.url,
            old_remotestatus=entry.old_remotestatus,
            new_remotestatus=entry.new_remotestatus,
            old_status=old,
            new_status=new,
            since=since,
        )
