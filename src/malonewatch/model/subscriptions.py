"""Subscriptions: who is told of what, and where."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import (
    BadInput,
    BugTaskStatus,
    BugWatchQuery,
    DestinationSettings,
    Happening,
    IBugSet,
    IBugTrackerSet,
    IPersonSet,
    ISubscription,
    ISubscriptionSet,
    NotFoundError,
    SubscriptionFacts,
    Target,
    TargetKind,
)
from malonewatch.model.destinations import Destination, DestinationSet
from malonewatch.model.numbers import FIRST, LAST, Numbered
from malonewatch.model.privacy import is_private
from malonewatch.model.readonly import stored
from malonewatch.model.searches import matches, parse_search, title_of
from malonewatch.model.site import find_utility
from malonewatch.model.times import now
from malonewatch.model.words import words_of

#: A kind of target, the number, name or search that is meant, and nothing for all.
_Key = tuple[str, str]


@implementer(ISubscription)
class Subscription(Persistent):
    """See `ISubscription`."""

    id = stored("id")
    destination = stored("destination")

    def __init__(self, subscriptions: Any, id: int, destination: Destination, key: _Key) -> None:
        self.__parent__ = subscriptions
        self.__dict__.update(id=id, destination=destination)
        self.key = key
        self._happenings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Subscription {self.id}>"

    @property
    def target(self) -> Target:
        kind, key = TargetKind[self.key[0]], self.key[1]
        if kind is TargetKind.TRACKER:
            tracker = find_utility(self, IBugTrackerSet).by_id(int(key))
            key = "that was removed" if tracker is None else tracker.name
        return Target(kind, key)

    @property
    def happenings(self) -> frozenset[Happening]:
        return frozenset(Happening[name] for name in self._happenings)

    @happenings.setter
    def happenings(self, happenings: frozenset[Happening]) -> None:
        # By name, as every enumeration is stored.
        self._happenings = tuple(sorted(each.name for each in happenings))

    @property
    def facts(self) -> SubscriptionFacts:
        settings = self.destination.settings
        return SubscriptionFacts(
            *(self.id, self.target, self.happenings, self.destination.id),
            *(settings.kind, settings.address, self.destination.person.name),
        )


@implementer(ISubscriptionSet)
class SubscriptionSet(Numbered):
    """See `ISubscriptionSet`."""

    __parent__: Any = None
    __name__ = "subscriptions"
    #: By who keeps them, searches that nobody is told of; made when somebody does.
    _kept: Any = None

    def __init__(self) -> None:
        self._subscriptions = LOBTree()
        self._destinations = DestinationSet(self)
        #: For each kind of target, by key and number of the subscription: the number of the
        #: destination, and the names of what is told.  All that has to be known to find out whom
        #: to tell is here, so that no subscription is loaded for it.
        self._targets = {kind.name: OOBTree() for kind in TargetKind}
        #: (where to look, search) of each search that is subscribed to.
        self._searches = OOTreeSet()
        #: By number of a destination, and kind and key of a target: the number of the subscription.
        self._leading = OOBTree()

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._subscriptions.values())

    def __bool__(self) -> bool:
        return bool(self._subscriptions)

    def count(self) -> int:
        return len(self._subscriptions)

    def get(self, subscription_id: int) -> Subscription:
        try:
            subscription: Subscription = self._subscriptions[subscription_id]
        except (KeyError, TypeError):
            raise NotFoundError(f"There is no subscription {subscription_id}.") from None
        return subscription

    def subscribe(
        self, destination: Destination, target: Target, happenings: frozenset[Happening]
    ) -> Subscription:
        if not happenings:
            raise BadInput("A subscription has to be to something that can happen.")
        key = self._key_of(target)
        subscription = self._find(destination, key)
        if subscription is None:
            number = self._next_number(self._subscriptions)
            subscription = Subscription(self, number, destination, key)
            self._subscriptions[number] = subscription
            if target.kind is TargetKind.SEARCH:
                self._searches.insert((_place_of(key[1]), key[1]))
        subscription.happenings = happenings
        self._enlist(subscription)
        return subscription

    def _enlist(self, subscription: Subscription) -> None:
        """Let it be found by what it is to, and by where it leads."""
        (kind, key), destination = subscription.key, subscription.destination
        self._targets[kind][key, subscription.id] = (destination.id, subscription._happenings)
        self._leading[destination.id, kind, key] = subscription.id

    def _delist(self, subscription: Subscription) -> None:
        kind, key = subscription.key
        del self._targets[kind][key, subscription.id]
        del self._leading[subscription.destination.id, kind, key]

    def unsubscribe(self, subscription: Subscription) -> None:
        (kind, key), destination = subscription.key, subscription.destination
        self._delist(subscription)
        if kind == TargetKind.SEARCH.name and not self._to(kind, key):
            self._searches.remove((_place_of(key), key))
        self._retire_number(self._subscriptions, subscription.id)
        del self._subscriptions[subscription.id]
        if not self.leading_to(destination.id):
            self._destinations.remove(destination)

    def forget_tracker(self, bugtracker: Any) -> None:
        """Forget all subscriptions to a bug tracker that is about to go."""
        for _, number in self._to(TargetKind.TRACKER.name, str(bugtracker.id)):
            self.unsubscribe(self.get(number))

    def retarget(self, old: Any, new: Any) -> None:
        for _, number in self._to(TargetKind.TRACKER.name, str(old.id)):
            subscription = self.get(number)
            target = Target(TargetKind.TRACKER, new.name)
            if self._find(subscription.destination, self._key_of(target)) is not None:
                self.unsubscribe(subscription)
                continue
            self._delist(subscription)
            subscription.key = self._key_of(target)
            self._enlist(subscription)

    def _find(self, destination: Destination, key: _Key) -> Subscription | None:
        number = self._leading.get((destination.id, *key))
        return None if number is None else self.get(number)

    def _key_of(self, target: Target) -> _Key:
        """What a target is found by.

        :raises BadInput: it is none.
        :raises NotFoundError: there is no such thing.
        """
        key = target.key
        if target.kind is TargetKind.BUG:
            if not (key.isascii() and key.isdigit() and len(key) < 19):
                raise BadInput(f"{key[:50]!r} is not the number of a bug.")
            key = str(find_utility(self, IBugSet).get(int(key)).id)
        elif target.kind is TargetKind.TRACKER:
            tracker = find_utility(self, IBugTrackerSet).getByName(key)
            if tracker is None:
                raise NotFoundError(f"There is no bug tracker named {key[:50]!r}.")
            key = str(tracker.id)
        elif target.kind is TargetKind.PERSON:
            if find_utility(self, IPersonSet).getByName(key) is None:
                raise NotFoundError(f"There is no person named {key[:50]!r}.")
        elif target.kind is TargetKind.SEARCH:
            key = " ".join(key.split())
            query = parse_search(key, now())
            if query == BugWatchQuery():
                raise BadInput("A search has to look for something; to be told of all, say so.")
        return target.kind.name, key

    def ofPerson(self, person: Any) -> list[Subscription]:
        numbers = self._destinations.of_person(person)
        return [self.get(each) for number in numbers for each in self.leading_to(number)]

    def leadsToBug(self, destination: Destination, bug_id: int) -> bool:
        return (destination.id, TargetKind.BUG.name, str(bug_id)) in self._leading

    # Searches that are only kept.

    def getKeptSearches(self, who: str) -> tuple[str, ...]:
        return () if self._kept is None else self._kept.get(who.lower(), ())

    def keepSearch(self, who: str, search: str) -> None:
        if self._kept is None:
            self._kept = OOBTree()
        self._kept[who.lower()] = tuple(sorted({search, *self.getKeptSearches(who)}))

    def dropSearch(self, who: str, search: str) -> None:
        kept = tuple(each for each in self.getKeptSearches(who) if each != search)
        if kept:
            self._kept[who.lower()] = kept
        elif self._kept is not None:
            self._kept.pop(who.lower(), None)

    # Destinations.

    def destinations(self) -> Iterator[Destination]:
        return iter(self._destinations)

    def getDestination(self, destination_id: int) -> Destination:
        destination = self.queryDestination(destination_id)
        if destination is None:
            raise NotFoundError(f"There is no destination {destination_id}.")
        return destination

    def queryDestination(self, destination_id: int) -> Destination | None:
        return self._destinations.query(destination_id)

    def ensureDestination(self, person: Any, settings: DestinationSettings) -> Destination:
        return self._destinations.ensure(person, settings)

    def enable(self, destination: Destination) -> None:
        self._destinations.enable(destination)

    def disable(self, destination: Destination, why: str) -> None:
        """Send nothing there any more; what waits stays."""
        self._destinations.disable(destination, why)

    def others_of(self, destination: Destination) -> list[int]:
        """The numbers of the person's other destinations that take messages."""
        return self._destinations.others_of(destination)

    def leading_to(self, destination_id: int) -> list[int]:
        """The numbers of the subscriptions that lead to a destination."""
        return sorted(self._leading.values((destination_id,), (destination_id + 1,)))

    # Whom to tell.

    def subscribersOf(
        self, bugwatch: Any, happening: Happening, old_status: BugTaskStatus
    ) -> set[int]:
        names = {each.name for each in happening.kinds}
        tracker, found = bugwatch.bugtracker, set()
        keys: list[_Key] = [
            (TargetKind.ALL.name, ""),
            (TargetKind.BUG.name, str(bugwatch.bug_id)),
            (TargetKind.TRACKER.name, str(tracker.id)),
        ]
        if self._searches:
            statuses = {old_status, bugwatch.status}
            keys += [
                (TargetKind.SEARCH.name, text)
                for text in self._searches_for(bugwatch, tracker.name)
                if matches(_parsed(text), bugwatch, statuses)
                # Who is told that a word is in a title knows it.
                and not (_parsed(text).words and is_private(bugwatch))
            ]
        for key in keys:
            found |= self._told(*key, names)
        return self._with_people(found, names)

    def subscribersOfTracker(self, bugtracker: Any, happening: Happening) -> set[int]:
        names = {each.name for each in happening.kinds}
        found = self._told(TargetKind.ALL.name, "", names)
        found |= self._told(TargetKind.TRACKER.name, str(bugtracker.id), names)
        return self._with_people(found, names)

    def _searches_for(self, bugwatch: Any, tracker: str) -> Iterator[str]:
        """The searches that may find a watch."""
        places = ["", f"bug {bugwatch.bug_id}", f"tracker {tracker}"]
        if any(self._searches.keys(("word ",), ("word!",))):
            places += [f"word {word}" for word in words_of(title_of(bugwatch))]
        for place in places:
            for _, text in self._searches.keys((place,), (f"{place}\0",)):
                yield text

    def _told(self, kind: str, key: str, names: set[str]) -> set[int]:
        """The destinations of those who subscribed to a target and any of such happenings."""
        items = self._targets[kind].values((key, FIRST), (key, LAST))
        return {number for number, told in items if not names.isdisjoint(told)}

    def _to(self, kind: str, key: str) -> list[tuple[int, int]]:
        """The (number of the destination, number) of all subscriptions to a target."""
        items = self._targets[kind].items((key, FIRST), (key, LAST))
        return [(value[0], place[1]) for place, value in items]

    def _with_people(self, found: set[int], names: set[str]) -> set[int]:
        """`found`, and the destinations that are told whatever a person is told; but none that
        is sent nothing."""
        kind = TargetKind.PERSON.name
        if self._targets[kind]:
            people: Iterable[str] = {self._destinations.people[number] for number in found}
            found = found.union(*(self._told(kind, person, names) for person in people))
        return found.difference(self._destinations.disabled)


@lru_cache(maxsize=1000)
def _parsed(text: str) -> BugWatchQuery:
    # What just changed did so late enough, whenever it is.
    return parse_search(text, now())


def _place_of(text: str) -> str:
    """Where to look for a search: by what is the least likely of what it looks for."""
    query = _parsed(text)
    if query.bug is not None:
        return f"bug {query.bug}"
    if query.tracker is not None:
        return f"tracker {query.tracker}"
    if query.words:
        return f"word {words_of(query.words[0])[0]}"
    return ""
