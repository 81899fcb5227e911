"""Databases with something to deliver."""

from datetime import datetime, timezone

from zope.component import getUtility

from malonewatch.interfaces import (
    USUAL,
    DestinationSettings,
    Happening,
    IOutbox,
    IPersonSet,
    ISubscriptionSet,
    Notice,
    Target,
    TargetKind,
)

MOMENT = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


def add_destination(kind, person="ann", **values):
    """The number of a destination of a person; in a transaction."""
    email = f"{person}@example.com"
    settings = DestinationSettings(kind=kind, **{"address": email, "limit": 1000, **values})
    subscriptions = getUtility(ISubscriptionSet)
    owner = getUtility(IPersonSet).ensurePerson(email)
    destination = subscriptions.ensureDestination(owner, settings)
    subscriptions.subscribe(destination, Target(TargetKind.ALL), USUAL)
    return destination.id


def add_notices(*destinations, count=1):
    """Let so many notices wait for these destinations; in a transaction."""
    for _ in range(count):
        notice = Notice(0, MOMENT, Happening.FIXED, bug=1, bug_title="Ours", remotebug="42")
        getUtility(IOutbox).add(notice, destinations)


def pending(database):
    """How many notices wait."""
    return database.read(lambda trackers: getUtility(IOutbox).pending)


def facts(database):
    """The facts of all destinations, by number."""
    return database.read(
        lambda trackers: {
            each.id: each.facts for each in getUtility(ISubscriptionSet).destinations()
        }
    )
