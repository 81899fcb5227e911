"""Unsubscribing by a link in a mail, without a log-in."""

from collections.abc import Sequence
from typing import Any

from zope.component import getUtility

from malonewatch.application.references import get_part
from malonewatch.application.subscribing import unsubscribe
from malonewatch.interfaces import (
    BadInput,
    IInstallation,
    IOutbox,
    ISecrets,
    ISubscriptionSet,
    MalonewatchError,
    NotFoundError,
    SubscriptionFacts,
)
from malonewatch.unsubscribing import UnsubscribeLink, check_secret, read_link


class CannotCheckLinks(MalonewatchError):
    """What links are signed with is not to be had."""


def find_by_link(database: Any, parts: Sequence[str]) -> list[SubscriptionFacts]:
    """The subscriptions that a link is to end, whose path ends with these parts; none any more if
    that was done.

    :raises BadInput: the link is not one of ours.
    :raises CannotCheckLinks: nobody can say.
    """
    link = _read(database, parts)
    found: list[SubscriptionFacts] = database.read(
        lambda trackers: [subscription.facts for subscription in _meant(link)]
    )
    return found


def unsubscribe_by_link(database: Any, parts: Sequence[str]) -> list[SubscriptionFacts]:
    """Forget the subscriptions that a link is to end; what they were.

    :raises BadInput: the link is not one of ours.
    :raises CannotCheckLinks: nobody can say.
    """
    found = find_by_link(database, parts)
    return unsubscribe(database, [each.id for each in found])


def _read(database: Any, parts: Sequence[str]) -> UnsubscribeLink:
    identity, delivery = database.read(
        lambda trackers: (get_part(IInstallation).identity, get_part(IOutbox).settings)
    )
    link = None
    if delivery.link_secret:
        try:
            secret = getUtility(ISecrets).get(delivery.link_secret)
            check_secret(secret)
        except BadInput:
            # What is wrong with it is nothing for strangers.
            raise CannotCheckLinks(
                "Links to unsubscribe by cannot be checked here now; try again later, or ask "
                "whoever runs this to look after the setting link-secret."
            ) from None
        link = read_link(parts, identity, secret)
    if link is None:
        raise BadInput(
            "This link to unsubscribe by is not one of ours, or too old; take that of a later "
            "mail, or log in and unsubscribe there."
        )
    return link


def _meant(link: UnsubscribeLink) -> list[Any]:
    """The subscriptions that a link is for, as far as they are there."""
    subscriptions = get_part(ISubscriptionSet)
    try:
        if link.kind == "subscription":
            found = [subscriptions.get(link.number)]
            destination = found[0].destination
        else:
            destination = subscriptions.getDestination(link.number)
            found = [subscriptions.get(number) for number in destination.facts.subscriptions]
    except NotFoundError:
        return []
    # The number may be another one's now.
    return found if link.is_of(destination.facts.created) else []
