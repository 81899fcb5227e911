"""Destinations: where messages to people go."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from BTrees.LLBTree import LLTreeSet
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from malonewatch.interfaces import (
    DestinationFacts,
    DestinationSettings,
    GivenUp,
    IDestination,
    IOutbox,
    Message,
    Timing,
    remote_name,
)
from malonewatch.model.numbers import Numbered
from malonewatch.model.readonly import stored
from malonewatch.model.site import find_utility
from malonewatch.model.times import from_optional, from_seconds, now, to_seconds
from malonewatch.model.timings import check_timing

#: How many messages that were given up are known, and for how many seconds.
_MOST_REFUSED = 10
_REFUSED_SECONDS = 14 * 86_400


@implementer(IDestination)
class Destination(Persistent):
    """See `IDestination`."""

    id = stored("id")
    person = stored("person")

    disabled: str | None = None
    last_error: str | None = None
    failures = 0
    #: Moments: since when it fails, and before when it is not tried again.
    failing_since: float | None = None
    not_before: float | None = None
    #: How many messages in a row were given up, and the last of them: moment, and the rest of a
    #: `GivenUp`.
    refusals = 0
    _refused: tuple[tuple[float, str, int, str], ...] = ()
    #: The last notice of a digest that may be on its way.
    digest_end: int | None = None
    #: The moment at which it was made.
    created: float | None = None

    def __init__(
        self, subscriptions: Any, id: int, person: Any, settings: DestinationSettings
    ) -> None:
        self.__parent__ = subscriptions
        self.__dict__.update(id=id, person=person)
        self.settings = settings
        self.created = to_seconds(now())

    def __repr__(self) -> str:
        return f"<Destination {self.id}>"

    def recover(self) -> None:
        """Know of no failure any more."""
        self.failures = self.refusals = 0
        self.failing_since = self.not_before = self.last_error = None

    def refuse(self, message: Message, error: str, moment: datetime) -> None:
        """Know of a message that was given up; all else about it is well."""
        refusals = self.refusals + 1
        self.recover()
        self.refusals = refusals
        first = message.notices[0]
        about = first.tracker or first.title
        if first.remotebug:
            about = remote_name(first.tracker, first.remotebug)
        new = to_seconds(moment), about, len(message.notices), error
        self._refused = (*self._refused, new)[-_MOST_REFUSED:]

    @property
    def settings(self) -> DestinationSettings:
        values = dict(self.__dict__["settings"])
        return DestinationSettings(**{**values, "timing": Timing[values["timing"]]})

    @settings.setter
    def settings(self, settings: DestinationSettings) -> None:
        values = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
        self.__dict__["settings"] = {**values, "timing": settings.timing.name}
        self._p_changed = True

    @property
    def facts(self) -> DestinationFacts:
        outbox = find_utility(self, IOutbox)
        return DestinationFacts(
            self.id,
            self.person.name,
            self.person.email,
            self.settings,
            subscriptions=tuple(self.__parent__.leading_to(self.id)),
            pending=outbox.count_for(self.id),
            next_attempt=outbox.due_for(self.id),
            failures=self.failures,
            failing_since=from_optional(self.failing_since),
            last_error=self.last_error,
            disabled=self.disabled,
            created=from_optional(self.created),
            refused=tuple(
                GivenUp(from_seconds(second), about, notices, error)
                for second, about, notices, error in self._refused
                if second > to_seconds(now()) - _REFUSED_SECONDS
            ),
        )


class DestinationSet(Numbered):
    """All destinations."""

    def __init__(self, subscriptions: Any) -> None:
        self.__parent__ = subscriptions
        self._destinations = LOBTree()
        #: (person, kind, address) of each: its number.
        self._places = OOBTree()
        #: By number, the name of the person.
        self.people = LOBTree()
        #: The numbers of those that are sent nothing.
        self.disabled = LLTreeSet()

    def __iter__(self) -> Iterator[Destination]:
        return iter(self._destinations.values())

    def query(self, destination_id: int) -> Destination | None:
        """The destination of that number, None if there is none."""
        destination: Destination | None = self._destinations.get(destination_id)
        return destination

    def ensure(self, person: Any, settings: DestinationSettings) -> Destination:
        """See `ISubscriptionSet.ensureDestination`."""
        check_timing(settings)
        place = person.name, settings.kind, settings.address
        number = self._places.get(place)
        if number is not None:
            destination: Destination = self._destinations[number]
            if destination.settings != settings:
                destination.settings = settings
                self._wake(destination)
            return destination
        number = self._next_number(self._destinations)
        destination = Destination(self.__parent__, number, person, settings)
        self._destinations[number] = destination
        self._places[place] = number
        self.people[number] = person.name
        return destination

    def enable(self, destination: Destination) -> None:
        """See `ISubscriptionSet.enable`."""
        if destination.disabled is not None:
            self.disabled.remove(destination.id)
        destination.disabled = None
        destination.recover()
        self._wake(destination)

    def disable(self, destination: Destination, why: str) -> None:
        """Send nothing there any more; what waits stays."""
        destination.disabled = why
        self.disabled.insert(destination.id)

    def others_of(self, destination: Destination) -> list[int]:
        """The numbers of the person's other destinations that take messages."""
        numbers = self.of_person(destination.person)
        return [each for each in numbers if each != destination.id and each not in self.disabled]

    def of_person(self, person: Any) -> list[int]:
        """The numbers of a person's destinations."""
        return list(self._places.values((person.name,), (f"{person.name}\0",)))

    def remove(self, destination: Destination) -> None:
        """Forget a destination, and what waits for it."""
        find_utility(self, IOutbox).drop(destination.id)
        settings = destination.settings
        del self._places[destination.person.name, settings.kind, settings.address]
        del self.people[destination.id]
        if destination.disabled is not None:
            self.disabled.remove(destination.id)
        self._retire_number(self._destinations, destination.id)
        del self._destinations[destination.id]

    def _wake(self, destination: Destination) -> None:
        find_utility(self, IOutbox).wake(destination)
