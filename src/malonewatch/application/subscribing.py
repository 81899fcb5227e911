"""Subscriptions: who is told of what, where, and when."""

import dataclasses
import os
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from zope.component import getUtilitiesFor, getUtility, queryUtility

from malonewatch.application.audit import record
from malonewatch.application.facts import now
from malonewatch.application.privacy import is_hidden
from malonewatch.application.references import (
    find_tracker,
    get_part,
    is_id,
    shortened,
)
from malonewatch.application.remote import remote
from malonewatch.interfaces import (
    USUAL,
    BadInput,
    BugTaskStatus,
    DeliverySettings,
    DestinationFacts,
    DestinationSettings,
    Happening,
    IBugSet,
    IChannel,
    IOutbox,
    IPersonSet,
    ISecrets,
    ISubscriptionSet,
    Message,
    Notice,
    Scope,
    SubscriptionFacts,
    Target,
    TargetKind,
    Timing,
)

#: A URL that may stand in a mail.
_PAGE = re.compile(r"https?://[!#-;=?-~]+")


@remote(Scope.WATCH)
def subscribe(
    database: Any,
    email: str,
    settings: DestinationSettings,
    targets: Sequence[Target],
    happenings: frozenset[Happening] | None = None,
) -> list[SubscriptionFacts]:
    """Let a person, by address, be told of what happens to these targets, as the settings have it.

    Without `happenings` it is the usual ones, and trouble too where the target
    is a bug tracker.  Who is subscribed to a target already is told of these
    from now on; a destination that is there already has these settings from
    now on.

    :raises BadInput: the address, the settings or a target cannot be used.
    :raises NotFoundError: there is no such bug, bug tracker or person.
    """
    settings = _checked(settings)

    def step(trackers: Any) -> list[SubscriptionFacts]:
        subscriptions = get_part(ISubscriptionSet)
        person = getUtility(IPersonSet).ensurePerson(email)
        destination = subscriptions.ensureDestination(person, settings)
        made = [
            subscriptions.subscribe(
                destination, _named(trackers, target), happenings or usual_happenings(target)
            ).facts
            for target in targets
        ]
        for facts in made:
            record("subscribe", f"subscription {facts.id}", _told(facts))
        return made

    found: list[SubscriptionFacts] = database.write(step)
    return found


def _told(facts: SubscriptionFacts) -> str:
    """Who is told of what; not where, as the URL of a webhook is a secret."""
    return f"{facts.person} of {facts.target} by {facts.kind}"


def _checked(settings: DestinationSettings) -> DestinationSettings:
    channel = _channel(settings.kind)
    settings = channel.check(settings)
    if channel.is_prompt:
        # It disturbs nobody.
        settings = dataclasses.replace(settings, timing=Timing.AT_ONCE, quiet=None, limit=0)
    return settings


def _channel(kind: str) -> Any:
    channel = queryUtility(IChannel, name=kind)
    if channel is None:
        known = ", ".join(sorted(name for name, _ in getUtilitiesFor(IChannel)))
        raise BadInput(f"Messages cannot go by {shortened(kind, 40)!r}; they go by {known}.")
    return channel


def usual_happenings(target: Target) -> frozenset[Happening]:
    """What is told of a target if nobody says."""
    return USUAL | {Happening.TROUBLE} if target.kind is TargetKind.TRACKER else USUAL


def _named(trackers: Any, target: Target) -> Target:
    """A target with its bug tracker by name, which a person may name by its URL."""
    if target.kind is TargetKind.ALL and target.key:
        raise BadInput(
            f"Who is told of all is not told of {shortened(target.key, 40)!r} alone; leave that "
            "out, or say of what kind it is."
        )
    if target.kind is TargetKind.TRACKER:
        return target._replace(key=find_tracker(trackers, target.key).name)
    if target.kind is TargetKind.BUG and is_id(target.key):
        bug = getUtility(IBugSet).query(int(target.key))
        # Who is told of it by mail sees its title.
        if bug is not None and is_hidden(bug):
            raise BadInput(f"Bug {bug.id} is private; who may see it lets people be told of it.")
    return target


@remote(Scope.WATCH)
def unsubscribe(database: Any, numbers: Iterable[int]) -> list[SubscriptionFacts]:
    """Forget subscriptions, all or none of them; what they were.

    What waits for a destination that no other subscription leads to is dropped.

    :raises NotFoundError: there is no such subscription.
    """

    def step(trackers: Any) -> list[SubscriptionFacts]:
        subscriptions = get_part(ISubscriptionSet)
        chosen = [subscriptions.get(number) for number in dict.fromkeys(numbers)]
        facts = [subscription.facts for subscription in chosen]
        for subscription in chosen:
            subscriptions.unsubscribe(subscription)
        for each in facts:
            record("unsubscribe", f"subscription {each.id}", _told(each))
        return facts

    found: list[SubscriptionFacts] = database.write(step)
    return found


@remote(Scope.READ)
def list_subscriptions(database: Any, email: str | None = None) -> list[SubscriptionFacts]:
    """The subscriptions by number; those of one person, by address, only.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> list[SubscriptionFacts]:
        return [
            subscription.facts
            for subscription in get_part(ISubscriptionSet)
            if email is None or subscription.destination.person.email.lower() == email.lower()
        ]

    found: list[SubscriptionFacts] = database.read(step)
    return found


@remote(Scope.READ)
def list_destinations(database: Any) -> list[DestinationFacts]:
    """Where messages go, by number.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> list[DestinationFacts]:
        return [destination.facts for destination in get_part(ISubscriptionSet).destinations()]

    found: list[DestinationFacts] = database.read(step)
    return found


@remote(Scope.ADMIN)
def enable_destination(database: Any, number: int) -> DestinationFacts:
    """Send to a destination again, at once, also what waited.

    :raises NotFoundError: there is no such destination.
    """

    def step(trackers: Any) -> DestinationFacts:
        subscriptions = get_part(ISubscriptionSet)
        destination = subscriptions.getDestination(number)
        subscriptions.enable(destination)
        facts: DestinationFacts = destination.facts
        record("enable", f"destination {number}", f"of {facts.person}")
        return facts

    enabled: DestinationFacts = database.write(step)
    return enabled


@remote(Scope.ADMIN)
def send_test(database: Any, number: int) -> DestinationFacts:
    """Send a message to a destination that says that it is a test; nothing is noted.

    :raises NotFoundError: there is no such destination.
    :raises DeliveryFailed: it did not arrive.
    """

    def step(trackers: Any) -> tuple[DestinationFacts, DeliverySettings, Any, tuple[Notice, ...]]:
        destination = get_part(ISubscriptionSet).getDestination(number)
        channel, outbox = _channel(destination.settings.kind), get_part(IOutbox)
        told = outbox.told(number, channel.keeps)
        return destination.facts, outbox.settings, channel, told

    destination, delivery, channel, told = database.read(step)
    moment = now()
    notice = Notice(
        0,
        moment,
        Happening.STATUS,
        bug=0,
        bug_title="A test message",
        tracker="test",
        tracker_title="Test",
        watch=0,
        remotebug="0",
        title="This is how messages look; nothing happened",
        old_remotestatus="NEW",
        new_remotestatus="TESTED",
        old_status=BugTaskStatus.NEW,
        new_status=BugTaskStatus.INPROGRESS,
        since=moment,
    )
    key = f"{database.identity}.{number}.test-{uuid.uuid4()}"
    message = Message(key, destination, (notice,), recent=told)
    with channel.open(delivery) as sender:
        sender.send(message)
    facts: DestinationFacts = destination
    return facts


@remote(Scope.ADMIN)
def list_waiting(database: Any) -> list[Message]:
    """The messages that would be delivered by now; nothing is sent or noted.

    :raises DatabaseError: the database cannot be read.
    """

    def step(trackers: Any) -> list[Message]:
        outbox, moment = get_part(IOutbox), now()
        due = outbox.getDue(moment, outbox.pending)
        # What this writes is not kept.
        return [message for number in due for message in outbox.take(number, moment, 0)]

    found: list[Message] = database.read(step)
    return found


@remote(Scope.ADMIN)
def delivery_settings(database: Any) -> DeliverySettings:
    """How the site sends.

    :raises DatabaseError: the database cannot be read.
    """
    settings: DeliverySettings = database.read(lambda trackers: get_part(IOutbox).settings)
    return settings


@remote(Scope.ADMIN)
def change_delivery(database: Any, values: Mapping[str, Any]) -> DeliverySettings:
    """Change how the site sends, by name of `DeliverySettings`; how that is then.

    An empty text takes a value back.

    :raises BadInput: it cannot send so.
    """
    usual = DeliverySettings()
    if "desk_url" in values:
        values = {**values, "desk_url": values["desk_url"].rstrip("/")}
    changes = {
        name: getattr(usual, name) if value == "" else value for name, value in values.items()
    }

    def step(trackers: Any) -> DeliverySettings:
        outbox = get_part(IOutbox)
        settings: DeliverySettings = dataclasses.replace(outbox.settings, **changes)
        _check_delivery(settings)
        outbox.settings = settings
        # Not what they are: a URL may have a secret in it.
        record("change", "delivery", ", ".join(changes))
        return settings

    changed: DeliverySettings = database.write(step)
    return changed


def _check_delivery(settings: DeliverySettings) -> None:
    if not _is_transport(settings.transport):
        raise BadInput(
            f"Mail cannot go out by {shortened(settings.transport, 60)!r}; that is "
            "smtp://HOST:PORT, smtps://HOST:PORT, sendmail:PATH or maildir:PATH, with an absolute "
            "path, and without a name or a password."
        )
    # Mail comes from such an address as it goes to.
    _channel("mail").check(DestinationSettings(kind="mail", address=settings.sender))
    if settings.password and not getUtility(ISecrets).isReference(settings.password):
        raise BadInput(
            "A password is not kept in the database; say where it is, with env:NAME, file:PATH or "
            "keyring:SERVICE/USER."
        )
    if settings.link_secret and not getUtility(ISecrets).isReference(settings.link_secret):
        raise BadInput(
            "What links are signed with is not kept in the database; say where it is, with "
            "env:NAME, file:PATH or keyring:SERVICE/USER."
        )
    if settings.desk_url and not _is_place(settings.desk_url):
        raise BadInput(
            f"{shortened(settings.desk_url, 60)!r} is not the URL of the desk, such as "
            "https://bugs.example.com."
        )
    for url, names in (
        (settings.bug_url, ("{bug}",)),
        (settings.unsubscribe_url, ("{subscription}", "{destination}")),
    ):
        is_page = _PAGE.fullmatch(url) is not None
        if url and not (is_page and any(name in url for name in names)):
            raise BadInput(
                f"{shortened(url, 60)!r} is not the URL of a page with {' or '.join(names)} in it."
            )
    if settings.templates and not os.path.isdir(settings.templates):
        raise BadInput(
            f"{shortened(settings.templates)} is not a folder; make it first, and put the texts "
            "there."
        )


def _is_place(url: str) -> bool:
    """Whether pages can be below that URL."""
    return _PAGE.fullmatch(url) is not None and not set(url) & set("?#{}") and url[-1] != "/"


def _is_transport(transport: str) -> bool:
    """Whether mail can go out that way, as far as that can be seen."""
    kind, _, path = transport.partition(":")
    if kind in ("sendmail", "maildir"):
        return os.path.isabs(path) and path.isprintable()
    try:
        parts = urlsplit(transport)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = parts.username is None and not (parts.path.strip("/") or parts.query)
    return kind in ("smtp", "smtps") and bool(parts.hostname) and is_port and is_plain
