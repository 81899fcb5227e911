"""Searches that people keep, to be had again with a click."""

from typing import Any

from zope.component import getUtility, queryUtility

from malonewatch.application.facts import now
from malonewatch.application.references import get_part
from malonewatch.interfaces import (
    BadInput,
    IBugWatchSet,
    IPersonSet,
    ISubscriptionSet,
    TargetKind,
)

#: How many a person may keep.
MOST = 50


def list_kept(database: Any, who: str) -> tuple[str, ...]:
    """The searches that who logs in by that name keeps, in the order of the letters; none where
    the database was made before anybody could."""

    def step(trackers: Any) -> tuple[str, ...]:
        subscriptions = queryUtility(ISubscriptionSet)
        return () if subscriptions is None else tuple(subscriptions.getKeptSearches(who))

    kept: tuple[str, ...] = database.read(step)
    return kept


def list_subscribed(database: Any, email: str) -> tuple[str, ...]:
    """The searches that a person, by address, is subscribed to, each once; none where the
    database was made before anybody could."""

    def step(trackers: Any) -> tuple[str, ...]:
        person = getUtility(IPersonSet).getByEmail(email)
        subscriptions = queryUtility(ISubscriptionSet)
        if person is None or subscriptions is None:
            return ()
        targets = [each.target for each in subscriptions.ofPerson(person)]
        return tuple(sorted({each.key for each in targets if each.kind is TargetKind.SEARCH}))

    found: tuple[str, ...] = database.read(step)
    return found


def keep(database: Any, who: str, search: str) -> None:
    """Let who logs in by that name keep a search; nobody is told of anything for it.

    :raises BadInput: it cannot be read, or looks for nothing; or there are too many; or it is
        not known who that is.
    """
    if not who:
        raise BadInput("A search is kept for who has logged in.")
    search = search.strip()

    def step(trackers: Any) -> None:
        subscriptions = get_part(ISubscriptionSet)
        if not search:
            raise BadInput("There is nothing in the search that could be kept.")
        getUtility(IBugWatchSet).parseSearch(search, now())
        kept = subscriptions.getKeptSearches(who)
        if search not in kept and len(kept) >= MOST:
            raise BadInput(f"Nobody keeps more than {MOST} searches; drop some first.")
        subscriptions.keepSearch(who, search)

    database.write(step)


def drop(database: Any, who: str, search: str) -> None:
    """Let who logs in by that name keep that search no more."""
    database.write(lambda trackers: get_part(ISubscriptionSet).dropSearch(who, search))
