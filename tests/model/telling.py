"""Subscriptions and messages, in short."""

from zope.component import getUtility

from malonewatch.interfaces import (
    USUAL,
    DestinationSettings,
    IOutbox,
    IPersonSet,
    ISubscriptionSet,
    Target,
    TargetKind,
)

ALL = Target(TargetKind.ALL)


def bug_target(number):
    return Target(TargetKind.BUG, str(number))


def tracker_target(name):
    return Target(TargetKind.TRACKER, name)


def search_target(text):
    return Target(TargetKind.SEARCH, text)


def person_target(name):
    return Target(TargetKind.PERSON, name)


def destination_of(person="ann", kind="mail", address=None, **values):
    """The destination of a person, made if need be."""
    email = f"{person}@example.com"
    settings = DestinationSettings(kind=kind, address=address or email, **values)
    owner = getUtility(IPersonSet).ensurePerson(email)
    return getUtility(ISubscriptionSet).ensureDestination(owner, settings)


def subscribe(target=ALL, person="ann", happenings=USUAL, **values):
    """A subscription of a person."""
    destination = destination_of(person, **values)
    return getUtility(ISubscriptionSet).subscribe(destination, target, frozenset(happenings))


def waiting(destination, now, keeps=0):
    """The messages for a destination that may go out now."""
    return getUtility(IOutbox).take(destination.id, now, keeps)


def told_of(message):
    """What a message tells, in short."""
    return [(notice.happening.value, notice.new_remotestatus) for notice in message.notices]
