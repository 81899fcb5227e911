"""Telling people: who is told of what, what waits to be told, and by which way it goes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from zope.interface import Attribute, Interface
from zope.schema import Bool, Int, TextLine

from malonewatch.interfaces.notices import (
    Delivered,
    DeliverySettings,
    DestinationSettings,
    Feed,
    Happening,
    Message,
    Notice,
    Target,
)


class IDestination(Interface):
    """Where messages to a person go."""

    id = Int(title="Number", description="Unique in its database.", readonly=True)
    person = Attribute("Whose it is: an `IPerson`.")
    settings = Attribute("The `DestinationSettings`.")
    disabled = TextLine(title="Why it is sent nothing any more; None if it is.", required=False)
    facts = Attribute("The `DestinationFacts`.")


class ISubscription(Interface):
    """That a destination is told of something."""

    id = Int(title="Number", description="Unique in its database.", readonly=True)
    target = Attribute("What it is to: a `Target`.")
    happenings = Attribute("Of what it is told: a frozenset of `Happening`.")
    destination = Attribute("The `IDestination`.")
    facts = Attribute("The `SubscriptionFacts`.")


class ISubscriptionSet(Interface):
    """Utility: who is told of what, and where."""

    def __iter__() -> Iterator[Any]:
        """The subscriptions, by number."""

    def count() -> int:
        """How many there are."""

    def get(subscription_id: int) -> Any:
        """The `ISubscription` of that number.

        :raises NotFoundError: there is none.
        """

    def subscribe(destination: Any, target: Target, happenings: frozenset[Happening]) -> Any:
        """A new `ISubscription`; the one that there is if its destination and target are these,
        which is told of those happenings from now on.

        :raises BadInput: the target is not one, or nothing can happen to it.
        :raises NotFoundError: there is no such bug, bug tracker or person.
        """

    def unsubscribe(subscription: Any) -> None:
        """Forget a subscription, and its destination if no other leads there; what waits for
        that is dropped."""

    def retarget(old: Any, new: Any) -> None:
        """Let subscriptions to one `IBugTracker` be to another, which takes its place."""

    def ofPerson(person: Any) -> list[Any]:
        """Each `ISubscription` that leads to a destination of an `IPerson`."""

    def leadsToBug(destination: Any, bug_id: int) -> bool:
        """Whether a destination is told of this very bug of ours."""

    def destinations() -> Iterator[Any]:
        """The destinations, by number."""

    def getDestination(destination_id: int) -> Any:
        """The `IDestination` of that number.

        :raises NotFoundError: there is none.
        """

    def ensureDestination(person: Any, settings: DestinationSettings) -> Any:
        """The person's destination of that kind and address, a new one if need be; it has these
        settings from now on.

        The settings are taken as they are; `IChannel.check` says whether they can be used.
        """

    def enable(destination: Any) -> None:
        """Send to a destination again, at once: also what waited."""

    def getKeptSearches(who: str) -> tuple[str, ...]:
        """The searches that somebody keeps without being told of them, by the name that they log
        in with, whatever its case; in order."""

    def keepSearch(who: str, search: str) -> None:
        """Let somebody keep a search, as `IBugWatchSet.parseSearch` reads it."""

    def dropSearch(who: str, search: str) -> None:
        """Let somebody keep a search no more, if they did."""

    def subscribersOf(bugwatch: Any, happening: Happening, old_status: Any) -> set[int]:
        """The numbers of the destinations that are told what happened to a watch, whose status
        meant `old_status` before."""

    def subscribersOfTracker(bugtracker: Any, happening: Happening) -> set[int]:
        """The numbers of the destinations that are told what happened to a bug tracker."""


class IOutbox(Interface):
    """Utility: what waits to be told.

    It is filled in the transaction in which something happens, so that what is
    told is what was committed.  Moments are aware, in UTC.
    """

    settings = Attribute("The `DeliverySettings`.")
    pending = Attribute("How many notices wait, counted once for each destination.")

    def note(notice: Notice) -> None:
        """Keep a notice of what is no change of status, whoever is told, for feeds; its `id` is
        given here."""

    def happened() -> Iterator[Notice]:
        """The last of these, some hundreds, the newest first; with titles whoever may see them."""

    def getDue(now: datetime, limit: int) -> list[int]:
        """The numbers of destinations that are to be looked at by now: some of those that have
        waited longest, `limit` at most."""

    def nextDue() -> datetime | None:
        """When the next destination is to be looked at; None if nothing waits."""

    def take(destination_id: int, now: datetime, keeps: int) -> list[Message]:
        """The messages that are to go to a destination now, in their order.

        None of them if it is not the time yet, or the hour has had its
        messages; it is looked at again at the right moment then.  What is in a
        digest stays the same until it is `delivered`.  Each message has the
        last `keeps` notices that were told before.
        """

    def told(destination_id: int, keeps: int) -> tuple[Notice, ...]:
        """The last `keeps` notices that a destination was told, as far as they were kept; the
        oldest first."""

    def delivered(message: Message, now: datetime, keeps: int) -> None:
        """Note that a message has arrived.  Its notices are told, and the last `keeps` are kept.

        To note it twice does no harm.
        """

    def failed(
        destination_id: int,
        error: str,
        now: datetime,
        is_permanent: bool = False,
        retry_after: float | None = None,
    ) -> bool:
        """Note that a message could not be delivered, and why, in a sentence.

        It is tried again after a pause, the longer the more often it failed,
        or after `retry_after` seconds; after three days, or if `is_permanent`,
        the destination is disabled, and the person told by another one, if
        there is any.  Returns whether it was.
        """

    def refused(message: Message, error: str, now: datetime) -> bool:
        """Note that a message was refused for good, and why, in a sentence.

        It is given up: its notices wait no more, and others go on.  After three
        in a row the destination is disabled as if it had `failed`, and what waits
        then stays.  Returns whether it was.
        """


class IChannel(Interface):
    """How messages reach a kind of destination.  A utility by the name of the kind.

    What is opened is used in one thread; several may be open in several threads.
    `lanes` says how many of them serve one route where much waits there, each
    for other destinations.  Of one message on each nobody knows whether it
    arrived, if a process is killed.
    """

    title = TextLine(title="Title", description="For people.")
    keeps = Int(title="How many notices of the past each message is to have with it")
    is_prompt = Bool(title="Whether timing and limits are no matter, as it disturbs nobody")
    lanes = Int(title="How many messages may go out on one route at the same time")

    def check(settings: DestinationSettings) -> DestinationSettings:
        """The settings as they are best stored.

        :raises BadInput: they cannot be used, or a secret stands in them.
        """

    def route(settings: DestinationSettings) -> str:
        """What messages to that destination go through, for people: what has the same route waits
        for one another."""

    def open(delivery: DeliverySettings) -> AbstractContextManager[Any]:
        """Something to send with: a context manager whose value is an `ISender`.

        :raises DeliveryFailed: what all messages go through cannot be used.
        """


class ISender(Interface):
    """Sends messages by one channel."""

    def send(message: Message) -> None:
        """Send a message; it has arrived, as far as can be known, when this returns.

        It takes a minute at most.

        :raises DeliveryFailed: it did not.
        """


class IDeliverer(Interface):
    """Utility: delivers what waits in a database."""

    def __call__(
        database: Any,
        *,
        seconds: float | None = None,
        is_over: Callable[[], bool] | None = None,
    ) -> Delivered:
        """Deliver all that is due, to each destination in its order.

        What came of each message is written down before the next one goes out
        on the same route (on the same lane of it, see `IChannel.lanes`).  A
        channel that hangs or fails holds up nobody but those who wait for the
        same: what cannot be opened has failed for all of them, and after a
        message that takes longer than a minute they are left for the next
        time.  It ends after `seconds`, and soon after `is_over` says so; in
        the main thread, at SIGTERM and SIGINT, too.

        While another delivers from the same database, nothing is done.

        :raises DatabaseError: the database cannot be read or written.
        """


class ISecrets(Interface):
    """Utility: finds secrets by what refers to them."""

    def get(reference: str) -> str:
        """What ``env:NAME``, ``file:PATH`` or ``keyring:SERVICE/USER`` refers to.

        :raises BadInput: it is not there, or that is no reference.
        """

    def isReference(text: str) -> bool:
        """Whether a text refers to a secret, rather than being one."""


class ITexts(Interface):
    """Utility: what messages say."""

    def __call__(name: str, folder: str, values: Mapping[str, Any]) -> str:
        """The template of that name with these values in it: the one in the site's `folder` if
        there is one, else malonewatch's own.

        :raises DeliveryFailed: the site's own cannot be used.
        """


class IFeedWriter(Interface):
    """Utility: writes Atom feeds (``application/atom+xml``)."""

    def __call__(feed: Feed, notices: Sequence[Notice]) -> bytes:
        """The feed, with the last fifty of these notices, the oldest of which is first.

        Every entry and every feed is known by an identifier that stays the same,
        and that no other has anywhere.
        """
